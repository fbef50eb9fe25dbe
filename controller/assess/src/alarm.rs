//! Alarm policies on lines (case E6): combined conditions over a window, raised once after they have lasted, cleared once after
//! they are over.

use std::{
    cell::LazyCell,
    collections::{BTreeMap, BTreeSet},
};

use model::{
    AlarmPolicy, DirectedLink, IntentSet, Link, QueueName, Ratio, ServiceId, Severity, Side, Timestamp,
    Verdict,
    condition::{Measured, Quantity, Truth},
};
use serde::{Deserialize, Serialize};

use crate::{
    case::Case,
    explain::explain,
    latch::{Latch, Turn},
    lines::Ends,
    observed::Reading,
    service::{Promise, Riding},
};

/// An alarm that stands.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    /// The policy that raised it.
    pub policy: String,
    /// The line that it is about.
    pub line: DirectedLink,
    /// How bad it is.
    pub severity: Severity,
    /// When the condition began to hold.
    pub began: Timestamp,
    /// When it had lasted long enough.
    pub raised: Timestamp,
    /// Whether it is not known any more that it holds: the line is silent. It stands until it is known to be over.
    pub unknown: bool,
    /// What held when it was raised, with values.
    pub detail: String,
    /// Services that have ridden the line since the condition began to hold. The loop may have moved them away before the alarm
    /// was raised: it is about them all the same.
    pub services: BTreeSet<ServiceId>,
    /// Those of them that ride it now.
    pub riding: BTreeSet<ServiceId>,
}

/// An alarm that was raised or cleared in this turn.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct AlarmEvent {
    /// The alarm.
    pub alarm: Alarm,
    /// Whether it was raised; otherwise cleared.
    pub raised: bool,
    /// When.
    pub at: Timestamp,
}

/// A latch with what held when it was raised, and who rode the line since it began to hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tracked {
    latch: Latch,
    alarm: Option<Alarm>,
    hit: BTreeSet<ServiceId>,
}

impl Tracked {
    /// What outlives the process: an alarm that stands.
    pub(crate) fn standing(&self) -> Option<Self> {
        Some(Self { latch: self.latch.unwatched(), alarm: Some(self.alarm.clone()?), hit: self.hit.clone() })
    }
}

/// Latches that are not quiet, by policy and line.
pub(crate) type Alarms = BTreeMap<(String, DirectedLink), Tracked>;

/// One turn of all policies on all the lines that they watch; gives the alarms that stand and what happened. An alarm whose policy
/// or line is gone is cleared.
pub(crate) fn turn(
    tracked: &mut Alarms,
    ends: &[Ends<'_>],
    case: &Case<'_>,
    services: &BTreeMap<ServiceId, Vec<Promise>>,
    now: Timestamp,
) -> (Vec<Alarm>, Vec<AlarmEvent>) {
    let riders = LazyCell::new(|| riders(case, services));
    let mut next = Alarms::new();
    let mut events = Vec::new();
    for policy in case.set.alarms.values() {
        for one in ends.iter().filter(|one| watches(policy, one.link)) {
            for from in [Side::A, Side::Z] {
                let (link, reading) = (one.link, one.reading(from));
                let measure = |quantity: &Quantity| measure(reading?, link, from, case.set, policy, quantity);
                let truth = policy.when.judge(&measure);
                // Most lines are quiet, and nothing is remembered of them.
                if truth != Truth::Holds && tracked.is_empty() {
                    continue;
                }
                let key = (policy.name.clone(), DirectedLink { link: link.id.clone(), from });
                let before = tracked.remove(&key).unwrap_or_default();
                if before.latch == Latch::Quiet && truth != Truth::Holds {
                    continue;
                }
                let (latch, turn) = before.latch.step(truth, now, policy.hold, policy.clear_after);
                let Tracked { mut alarm, mut hit, .. } = before;
                let riding = riders.get(&key.1).cloned().unwrap_or_default();
                hit.extend(riding.iter().cloned());
                hit.retain(|service| case.set.services.contains_key(service));
                match (turn, latch.raised()) {
                    (Some(Turn::Raised), Some((began, raised))) => {
                        let mut said = Vec::new();
                        explain(&policy.when, &measure, &mut said);
                        let new = Alarm {
                            policy: policy.name.clone(),
                            line: key.1.clone(),
                            severity: policy.severity,
                            began,
                            raised,
                            unknown: false,
                            detail: said.join(", "),
                            services: hit.clone(),
                            riding: riding.clone(),
                        };
                        events.push(AlarmEvent { alarm: new.clone(), raised: true, at: now });
                        alarm = Some(new);
                    }
                    (Some(Turn::Cleared), _) => {
                        let cleared = alarm.take();
                        events.extend(cleared.map(|alarm| AlarmEvent { alarm, raised: false, at: now }));
                    }
                    _ => {}
                }
                if let Some(alarm) = &mut alarm {
                    alarm.unknown = truth == Truth::Unknown;
                    alarm.services.clone_from(&hit);
                    alarm.riding = riding;
                }
                if latch != Latch::Quiet {
                    next.insert(key, Tracked { latch, alarm, hit });
                }
            }
        }
    }
    let gone = std::mem::replace(tracked, next).into_values().filter_map(|tracked| tracked.alarm);
    events.extend(gone.map(|alarm| AlarmEvent { alarm, raised: false, at: now }));
    (tracked.values().filter_map(|tracked| tracked.alarm.clone()).collect(), events)
}

/// Who rides each line. A service whose path and backup are both down is counted where it would ride: on its path.
fn riders(
    case: &Case<'_>,
    services: &BTreeMap<ServiceId, Vec<Promise>>,
) -> BTreeMap<DirectedLink, BTreeSet<ServiceId>> {
    let mut riders: BTreeMap<DirectedLink, BTreeSet<ServiceId>> = BTreeMap::new();
    for (id, promises) in services {
        let Some(Verdict::Carried { directions, .. }) = case.verdicts.get(id) else { continue };
        for (promise, direction) in promises.iter().zip(directions) {
            let hops = match promise.riding {
                Riding::Nothing => &direction.primary.path.hops,
                Riding::Primary | Riding::Backup => &promise.hops,
            };
            for hop in hops {
                riders.entry(hop.clone()).or_default().insert(id.clone());
            }
        }
    }
    riders
}

/// Whether a policy watches a link: by `role`, `affinity`, `srlg` or `name`; a label of another kind matches nothing.
fn watches(policy: &AlarmPolicy, link: &Link) -> bool {
    policy.links.iter().all(|(label, value)| match label.as_str() {
        "role" => link.role.as_deref() == Some(value),
        "affinity" => link.affinity.iter().any(|name| name.as_str() == value),
        "srlg" => link.srlg.contains(value),
        "name" => link.id.as_str() == value,
        _ => false,
    })
}

fn measure(
    reading: Reading<'_>,
    link: &Link,
    from: Side,
    set: &IntentSet,
    policy: &AlarmPolicy,
    quantity: &Quantity,
) -> Option<Measured> {
    let contract = link.contract;
    let (value, contract) = match quantity {
        Quantity::Utilisation => {
            let rate = reading.out(policy.over)?;
            (Ratio::of(rate, link.direction(from).bandwidth.value).as_ppm(), None)
        }
        Quantity::Delay => (reading.delay()?.as_micros(), contract.delay.map(model::Delay::as_micros)),
        Quantity::Jitter => (reading.jitter()?.as_micros(), contract.jitter.map(model::Jitter::as_micros)),
        Quantity::Loss => {
            (u64::from(reading.loss()?.as_ppb()), contract.loss.map(|loss| u64::from(loss.as_ppb())))
        }
        Quantity::QueueDrops(name) => (drops(reading, set, policy, name.as_ref())?, None),
        // No telemetry of ours brings the depth of a queue.
        Quantity::QueueDepth(_) => return None,
    };
    Some(Measured { value, contract })
}

/// Drops of one queue, named by itself or by a class that uses it; of all queues where none is named.
fn drops(
    reading: Reading<'_>,
    set: &IntentSet,
    policy: &AlarmPolicy,
    name: Option<&QueueName>,
) -> Option<u64> {
    let Some(name) = name else {
        let all = reading.queues().filter_map(|queue| reading.queue_drops(queue, policy.over));
        return all.reduce(u64::saturating_add);
    };
    reading.queue_drops(name, policy.over).or_else(|| {
        let class = set.classes.values().find(|class| class.name.as_str() == name.as_str())?;
        reading.queue_drops(&class.queue, policy.over)
    })
}

#[cfg(test)]
mod tests;
