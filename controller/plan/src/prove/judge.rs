//! One flow against its promise.

use std::collections::BTreeMap;

use model::{
    Demand, DeviceConfig, DirectedLink, IntentSet, NodeId, Service, ServiceId, Severity, Ted, Verdict,
    verdict::DirectionVerdict,
};
use traffic::{DropReason, Failure, Flow, IgpReason, Via, WHOLE};

use super::tally::{Key, Tally};
use crate::{cause::directions, codes};

/// What a demand was promised.
pub(super) struct Promise<'a> {
    pub(super) service: &'a Service,
    pub(super) direction: &'a DirectionVerdict,
    /// More is offered than was promised to fit: what queues do to it is its own doing.
    greedy: bool,
    /// Its path and its backup each have a link that the network has not: they are known to be down, and the policy stands so that
    /// the traffic is dropped.
    dead: bool,
}

impl<'a> Promise<'a> {
    /// The promise of a demand, where its service is carried.
    pub(super) fn of(
        demand: &Demand,
        set: &'a IntentSet,
        verdicts: &'a BTreeMap<ServiceId, Verdict>,
        ted: &Ted,
    ) -> Option<Self> {
        let id = demand.service.as_ref()?;
        let service = set.services.get(id)?;
        let direction =
            directions(verdicts.get(id)).iter().find(|direction| direction.from == demand.from)?;
        let greedy = service.slo.bandwidth.is_some_and(|most| demand.rate > most);
        let gone = |hop: &DirectedLink| !ted.links.contains_key(&hop.link);
        let mut routes = std::iter::once(&direction.primary).chain(&direction.backup);
        let dead = routes.all(|route| route.path.hops.iter().any(gone));
        Some(Self { service, direction, greedy, dead })
    }
}

/// Judges a flow, without a failure or under one.
pub(super) fn judge(
    flow: &Flow,
    promise: Option<&Promise<'_>>,
    devices: &BTreeMap<NodeId, DeviceConfig>,
    failure: Option<&Failure>,
    tally: &mut Tally,
) {
    let Some(promise) = promise else { return };
    Judge { flow, promise, failure, tally }.all(devices);
}

struct Judge<'a, 'b> {
    flow: &'a Flow,
    promise: &'a Promise<'b>,
    failure: Option<&'a Failure>,
    tally: &'a mut Tally,
}

impl Judge<'_, '_> {
    fn say(&mut self, code: &'static str, severity: Severity, amount: u64, message: &str) {
        let direction = self.promise.direction;
        let key = Key {
            severity: std::cmp::Reverse(severity),
            code,
            subject: self.promise.service.id.to_string(),
            place: format!("from {} to {}", direction.from, direction.to),
        };
        self.tally.add(key, amount, message.to_owned(), self.failure);
    }

    /// An error; under a failure a warning.
    fn breach(&mut self, code: &'static str, amount: u64, message: &str) {
        let severity = if self.failure.is_some() { Severity::Warning } else { Severity::Error };
        self.say(code, severity, amount, message);
    }

    /// Whether the plan says that the service survives this failure: its path or its backup does not touch what failed.
    fn survives(&self) -> bool {
        let Some(Failure::Links(links)) = self.failure else { return false };
        if self.promise.dead {
            return false;
        }
        let clear = |hops: &[DirectedLink]| hops.iter().all(|hop| !links.contains(&hop.link));
        let direction = self.promise.direction;
        let backup = direction.backup.as_ref();
        clear(&direction.primary.path.hops) || backup.is_some_and(|backup| clear(&backup.path.hops))
    }

    fn all(&mut self, devices: &BTreeMap<NodeId, DeviceConfig>) {
        let off = if self.survives() { Severity::Error } else { Severity::Warning };
        let off = if self.failure.is_none() { Severity::Error } else { off };
        let expected = self.promise.direction.policy;
        match &self.flow.via {
            Via::Policy { key, .. } if *key != expected => {
                self.say(
                    codes::NOT_STEERED,
                    off,
                    0,
                    &format!("rides the policy {key} instead of {expected}"),
                );
            }
            Via::Policy { preference, .. } => {
                let policy =
                    devices.get(&self.promise.direction.from).and_then(|d| d.policies.get(&expected));
                let best =
                    policy.and_then(|policy| policy.candidates.iter().map(|path| path.preference).max());
                if self.failure.is_none() && best.is_some_and(|best| best > *preference) {
                    let message =
                        format!("its preferred path is not valid, it rides that of preference {preference}");
                    self.say(codes::NOT_STEERED, off, 0, &message);
                }
            }
            Via::Igp(IgpReason::Local) => return,
            Via::Dropped(DropReason::PolicyInvalid { .. }) if self.promise.dead => {
                let message = "dropped rather than sent in clear: its path and its backup each have a link that is down";
                let severity = if self.failure.is_none() { Severity::Major } else { Severity::Warning };
                self.say(codes::NOT_DELIVERED, severity, 0, message);
                return;
            }
            Via::Igp(why) => self.say(codes::NOT_STEERED, off, 0, &format!("follows the IGP: {}", igp(why))),
            Via::Dropped(why) => {
                let severity = match why {
                    // Nothing can carry traffic to or from a node that is down, or over a network in two parts.
                    DropReason::NodeDown(_) | DropReason::Unreachable { .. } if self.failure.is_some() => {
                        Severity::Warning
                    }
                    _ => off,
                };
                self.say(codes::NOT_DELIVERED, severity, 0, &drop_reason(why));
                return;
            }
        }
        if !self.flow.arrives() {
            self.say(codes::NOT_DELIVERED, off, 0, "nothing of it arrives");
            return;
        }
        self.way();
        self.slo();
    }

    fn way(&mut self) {
        if let Some((_, share)) = self.flow.shares.iter().find(|(_, share)| *share > WHOLE) {
            let times = share.div_ceil(WHOLE);
            let message = format!("crosses the same line {times} times in the same direction");
            let hops = &self.promise.direction.primary.path.hops;
            let known = hops.iter().enumerate().any(|(at, hop)| hops[..at].contains(hop));
            match (known, self.failure) {
                (false, None) => self.say(codes::LOOP, Severity::Error, *share, &message),
                _ => self.say(codes::LOOP, Severity::Warning, *share, &message),
            }
        }
        // Under a failure too: traffic may be lost then, but not be exposed.
        if self.promise.service.sle.encrypted && self.flow.crosses_unencrypted {
            self.say(codes::UNENCRYPTED, Severity::Error, 0, "crosses a line without encryption");
        }
    }

    fn slo(&mut self) {
        let slo = self.promise.service.slo;
        let mut broken: Vec<(&'static str, u64, String)> = Vec::new();
        if let (Some(most), Some(is)) = (slo.one_way_delay, self.flow.delay)
            && is > most
        {
            broken.push((codes::DELAY_BROKEN, is.as_micros(), format!("delay {is}, promised {most}")));
        }
        if let (Some(most), Some(is)) = (slo.jitter, self.flow.jitter)
            && is > most
        {
            broken.push((codes::JITTER_BROKEN, is.as_micros(), format!("jitter {is}, promised {most}")));
        }
        if let Some(most) = slo.loss
            && self.flow.loss > most
        {
            let is = self.flow.loss;
            // What is only just too much keeps its digits.
            let said = Some(is.rough()).filter(|rough| *rough > most).unwrap_or(is);
            broken.push((
                codes::LOSS_BROKEN,
                u64::from(is.as_ppb()),
                format!("loss {said}, promised {most}"),
            ));
        }
        for (code, amount, message) in broken {
            if self.promise.greedy {
                let message = format!("{message}; it offers more than it was promised");
                self.say(code, Severity::Warning, amount, &message);
            } else {
                self.breach(code, amount, &message);
            }
        }
    }
}

fn igp(why: &IgpReason) -> String {
    match why {
        IgpReason::NoRule => "no steering rule of its headend matches it".into(),
        IgpReason::NoPolicy(color) => {
            format!("its rule gives color {}, for which no policy leads there", color.number())
        }
        IgpReason::PolicyInvalid { key, faults } => {
            format!("no candidate path of policy {key} is valid ({})", list(faults))
        }
        IgpReason::Local => "it leaves where it enters".into(),
    }
}

fn drop_reason(why: &DropReason) -> String {
    match why {
        DropReason::PolicyInvalid { key, faults } => {
            format!("dropped: no candidate path of policy {key} is valid ({})", list(faults))
        }
        DropReason::Unreachable { from, to, after } => {
            format!("dropped: the IGP has no way from {from} to {to}; {}", igp(after))
        }
        DropReason::NodeDown(node) => format!("dropped: {node} is down"),
        DropReason::UnknownNode(node) => format!("dropped: {node} is not in the network"),
    }
}

fn list(faults: &[traffic::Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
