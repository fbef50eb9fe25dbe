//! Alarm policies on lines (case E6): combined conditions over a window, raised once after they have lasted, cleared once after
//! they are over.

use std::collections::BTreeMap;

use model::{
    AlarmPolicy, Condition, DirectedLink, IntentSet, Link, QueueName, Ratio, Severity, Side, Timestamp,
    condition::{Comparison, Measured, Quantity, Truth},
};
use serde::Serialize;

use crate::{
    assessment::Case,
    latch::{Latch, Turn},
    observed::{Observed, Reading},
};

/// An alarm that stands.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
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

/// A latch with what held when it was raised.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tracked {
    latch: Latch,
    alarm: Option<Alarm>,
}

/// Latches that are not quiet, by policy and line.
pub(crate) type Alarms = BTreeMap<(String, DirectedLink), Tracked>;

/// One turn of all policies on all the lines that they watch; gives the alarms that stand and what happened. An alarm whose policy
/// or line is gone is cleared.
pub(crate) fn turn(
    tracked: &mut Alarms,
    seen: &Observed,
    case: &Case<'_>,
    now: Timestamp,
) -> (Vec<Alarm>, Vec<AlarmEvent>) {
    let mut next = Alarms::new();
    let mut events = Vec::new();
    for policy in case.set.alarms.values() {
        for link in case.ted.links.values().filter(|link| watches(policy, link)) {
            for from in [Side::A, Side::Z] {
                let line = DirectedLink { link: link.id.clone(), from };
                let reading = case.lines.reading(seen, &line, now);
                let measure = |quantity: &Quantity| measure(reading?, link, from, case.set, policy, quantity);
                let truth = policy.when.judge(&measure);
                let key = (policy.name.clone(), line);
                let before = tracked.remove(&key).unwrap_or_default();
                if before.latch == Latch::Quiet && truth != Truth::Holds {
                    continue;
                }
                let (latch, turn) = before.latch.step(truth, now, policy.hold, policy.clear_after);
                let mut alarm = before.alarm;
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
                }
                if latch != Latch::Quiet {
                    next.insert(key, Tracked { latch, alarm });
                }
            }
        }
    }
    let gone = std::mem::replace(tracked, next).into_values().filter_map(|tracked| tracked.alarm);
    events.extend(gone.map(|alarm| AlarmEvent { alarm, raised: false, at: now }));
    (tracked.values().filter_map(|tracked| tracked.alarm.clone()).collect(), events)
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

/// The comparisons that hold, each with the value that was measured.
pub(crate) fn explain(
    condition: &Condition,
    measure: &dyn Fn(&Quantity) -> Option<Measured>,
    said: &mut Vec<String>,
) {
    match condition {
        Condition::All { all: parts } | Condition::Any { any: parts } => {
            for part in parts {
                explain(part, measure, said);
            }
        }
        Condition::One(comparison) => {
            if condition.judge(measure) == Truth::Holds
                && let Some(is) = measure(&comparison.quantity)
            {
                // A comparison writes its bound in its unit; so does one whose bound is the value.
                let value =
                    Comparison { bound: is.value, above_contract: false, ..comparison.clone() }.to_string();
                let value = value.rsplit(' ').next().unwrap_or_default().to_owned();
                said.push(format!("{comparison} (is {value})"));
            }
        }
    }
}

#[cfg(test)]
mod tests;
