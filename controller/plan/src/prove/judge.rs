//! One flow against its promise: what is wrong with it, as values. How bad that is, is said by who asks: the proof of a plan
//! here, the gate in [`crate::verify`].

use std::collections::BTreeMap;

use model::{
    Demand, DeviceConfig, DirectedLink, IntentSet, NodeId, Service, ServiceId, Severity, Ted, Verdict,
    verdict::DirectionVerdict,
};
use traffic::{DropReason, Failure, Flow, IgpReason, Via, WHOLE};

use super::{
    fault::Fault,
    tally::{Failed, Key, Tally},
    visits::{Held, Missed, Visits},
};
use crate::cause::directions;

/// What a demand was promised.
pub(crate) struct Promise<'a> {
    pub(crate) service: &'a Service,
    pub(crate) direction: &'a DirectionVerdict,
    /// More is offered than was promised to fit: what queues do to it is its own doing.
    pub(crate) greedy: bool,
    /// What it is to visit on its way, where anything.
    visits: Option<Box<Visits<'a>>>,
    /// Its path and its backup each have a link that the network has not: they are known to be down, and the policy stands so that
    /// the traffic is dropped.
    dead: bool,
}

impl<'a> Promise<'a> {
    /// The promise of a demand, where its service is carried.
    pub(crate) fn of(
        demand: &Demand,
        set: &'a IntentSet,
        verdicts: &'a BTreeMap<ServiceId, Verdict>,
        ted: &Ted,
        held: Held<'a>,
    ) -> Option<Self> {
        let id = demand.service.as_ref()?;
        let service = set.services.get(id)?;
        let direction =
            directions(verdicts.get(id)).iter().find(|direction| direction.from == demand.from)?;
        let greedy = service.slo.bandwidth.is_some_and(|most| demand.rate > most);
        let gone = |hop: &DirectedLink| !ted.links.contains_key(&hop.link);
        let mut routes = std::iter::once(&direction.primary).chain(&direction.backup);
        let dead = routes.all(|route| route.path.hops.iter().any(gone));
        Some(Self { service, direction, greedy, visits: Visits::of(service, direction, held), dead })
    }

    /// Whether the plan says that it survives when this is gone: its path or its backup does not touch it.
    pub(crate) fn survives(&self, gone: impl Fn(&DirectedLink) -> bool) -> bool {
        let clear = |hops: &[DirectedLink]| !hops.iter().any(&gone);
        let backup = self.direction.backup.as_ref();
        let spared =
            clear(&self.direction.primary.path.hops) || backup.is_some_and(|backup| clear(&backup.path.hops));
        !self.dead && spared
    }
}

/// Everything that is wrong with a flow; `failed` says whether something is down.
pub(crate) fn faults<'f>(
    flow: &'f Flow,
    promise: &Promise<'f>,
    devices: &BTreeMap<NodeId, DeviceConfig>,
    failed: bool,
    say: &mut dyn FnMut(Fault<'f>),
) {
    let expected = promise.direction.policy;
    if let Some(visits) = &promise.visits {
        visits.missed(flow, expected, failed, &mut |missed| say(Fault::Unvisited(missed)));
    }
    match &flow.via {
        Via::Policy { key, .. } if *key != expected => say(Fault::OtherPolicy { rides: *key, expected }),
        Via::Policy { .. } if failed => {}
        Via::Policy { preference, .. } => {
            let policy = devices.get(&promise.direction.from).and_then(|d| d.policies.get(&expected));
            let best = policy.and_then(|policy| policy.candidates.iter().map(|path| path.preference).max());
            if best.is_some_and(|best| best > *preference) {
                say(Fault::NotPreferred(*preference));
            }
        }
        Via::Igp(IgpReason::Local) => return,
        Via::Dropped(DropReason::PolicyInvalid { .. }) if promise.dead => return say(Fault::KnownDown),
        Via::Igp(why) => say(Fault::ByIgp(why)),
        Via::Dropped(why) => return say(Fault::Dropped(why)),
    }
    if !flow.arrives() {
        return say(Fault::NothingArrives);
    }
    if let Some((_, share)) = flow.shares.iter().find(|(_, share)| *share > WHOLE) {
        let hops = &promise.direction.primary.path.hops;
        let planned = hops.iter().enumerate().any(|(at, hop)| hops[..at].contains(hop));
        say(Fault::Loop { share: *share, planned });
    }
    // Under a failure too: traffic may be lost then, but not be exposed.
    if promise.service.sle.encrypted && flow.crosses_unencrypted {
        say(Fault::Unencrypted);
    }
    slo(flow, promise, failed, say);
}

fn slo<'f>(flow: &'f Flow, promise: &Promise<'_>, failed: bool, say: &mut dyn FnMut(Fault<'f>)) {
    let slo = promise.service.slo;
    if let (Some(most), Some(is)) = (slo.one_way_delay, flow.delay)
        && is > most
    {
        let path = &promise.direction.primary.path;
        // Only on the planned path is it known what lines take and what queues do.
        let planned = !failed && flow.edges().count() == path.hops.len() && path.delay <= most;
        let waits = planned.then(|| is.saturating_sub(path.delay));
        say(Fault::Delay { is, most, waits });
    }
    if let (Some(most), Some(is)) = (slo.jitter, flow.jitter)
        && is > most
    {
        say(Fault::Jitter { is, most });
    }
    if let Some(most) = slo.loss
        && flow.loss > most
    {
        say(Fault::Loss { is: flow.loss, most });
    }
}

/// Judges a flow for a proof, without a failure or under one.
pub(super) fn judge<'a>(
    flow: &Flow,
    promise: Option<&Promise<'a>>,
    devices: &BTreeMap<NodeId, DeviceConfig>,
    failure: Failed<'_>,
    tally: &mut Tally<'a>,
) {
    let Some(promise) = promise else { return };
    faults(flow, promise, devices, failure.is_some(), &mut |fault| {
        let direction = promise.direction;
        if let Some((place, _)) = failure {
            tally.breaks(place, fault.breaks(), &promise.service.id);
        }
        let key = Key {
            severity: std::cmp::Reverse(severity(&fault, promise, failure.map(|(_, failure)| failure))),
            code: fault.code(),
            subject: promise.service.id.as_str(),
            from: &direction.from,
            to: &direction.to,
        };
        if promise.greedy && fault.is_slo() {
            let message = format_args!("{fault}; it offers more than it was promised");
            tally.add(key, fault.amount(), &message, failure);
        } else {
            tally.add(key, fault.amount(), &fault, failure);
        }
    });
}

/// Without a failure an error. Under one a warning, unless the plan itself says that the service survives it.
fn severity(fault: &Fault<'_>, promise: &Promise<'_>, failure: Option<&Failure>) -> Severity {
    let breach = if failure.is_some() { Severity::Warning } else { Severity::Error };
    let off = || match failure {
        Some(Failure::Links(links)) if promise.survives(|hop| links.contains(&hop.link)) => Severity::Error,
        _ => breach,
    };
    match fault {
        // That it may be left to the IGP when nothing else is left is what its intent says.
        Fault::Unvisited(Missed::ByIgp { .. }) => breach,
        Fault::Unencrypted | Fault::Unvisited(_) => Severity::Error,
        Fault::KnownDown if failure.is_none() => Severity::Major,
        Fault::KnownDown => Severity::Warning,
        // Nothing can carry traffic to or from a node that is down, or over a network in two parts.
        Fault::Dropped(DropReason::NodeDown(_) | DropReason::Unreachable { .. }) => breach,
        Fault::Loop { planned, .. } => {
            if *planned {
                Severity::Warning
            } else {
                breach
            }
        }
        fault if fault.is_slo() && promise.greedy => Severity::Warning,
        fault if fault.is_slo() => breach,
        _ => off(),
    }
}
