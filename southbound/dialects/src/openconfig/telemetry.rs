//! What to subscribe to, and what an update means.

use model::{Delay, InterfaceName, Jitter, Loss, Measure};
use serde_json::Value;

use super::names::own_queue;

/// One element of a gNMI path: a name without module and its keys.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Element<'a> {
    /// Its name; a module prefix is ignored.
    pub name: &'a str,
    /// The value of its only key, where it is a list entry.
    pub key: Option<&'a str>,
}

/// A path to watch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Subscription {
    /// The gNMI path.
    pub path: &'static str,
    /// Whether every change is worth a message; sampled otherwise.
    pub on_change: bool,
}

/// What the loop watches: state of interfaces, counters of interfaces and queues, measurements of links.
pub const fn subscriptions() -> [Subscription; 4] {
    [
        Subscription { path: "/interfaces/interface[name=*]/state/oper-status", on_change: true },
        Subscription { path: "/interfaces/interface[name=*]/state/counters", on_change: false },
        Subscription { path: "/interfaces/interface[name=*]/measurement", on_change: false },
        Subscription {
            path: "/qos/interfaces/interface[interface-id=*]/output/queues/queue[name=*]/state",
            on_change: false,
        },
    ]
}

/// The measures in an update; none where it says nothing that the loop uses. The value is a leaf, or a container whose
/// leaves are looked at one by one.
pub fn measures(path: &[Element<'_>], value: &Value) -> Vec<(InterfaceName, Measure)> {
    let mut found = Vec::new();
    collect(path, value, &mut found);
    found
}

fn collect(path: &[Element<'_>], value: &Value, found: &mut Vec<(InterfaceName, Measure)>) {
    if let Value::Object(members) = value {
        for (name, member) in members {
            let mut longer = path.to_vec();
            longer.push(Element { name, key: None });
            collect(&longer, member, found);
        }
    } else {
        found.extend(measure(path, value));
    }
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

fn measure(path: &[Element<'_>], value: &Value) -> Option<(InterfaceName, Measure)> {
    let interface = || path.iter().find(|step| local(step.name) == "interface")?.key?.parse().ok();
    let leaf = local(path.last()?.name);
    let above = path.len().checked_sub(2).and_then(|at| path.get(at)).map(|step| local(step.name));
    let measure = match (local(path.first()?.name), above?, leaf) {
        ("interfaces", "state", "oper-status") => Measure::Up(value.as_str()? == "UP"),
        ("interfaces", "counters", "out-octets") => Measure::OutOctets(number(value)?),
        ("interfaces", "measurement", "one-way-delay") => Measure::Delay(Delay::from_micros(number(value)?)),
        ("interfaces", "measurement", "jitter") => Measure::Jitter(Jitter::from_micros(number(value)?)),
        ("interfaces", "measurement", "loss-ppb") => {
            Measure::Loss(Loss::from_ppb(u32::try_from(number(value)?).ok()?))
        }
        ("qos", "state", "transmit-octets" | "dropped-pkts") => {
            let queue = own_queue(path.iter().find(|step| local(step.name) == "queue")?.key?)?;
            let count = number(value)?;
            if leaf == "dropped-pkts" {
                Measure::QueueDrops(queue, count)
            } else {
                Measure::QueueOctets(queue, count)
            }
        }
        _ => return None,
    };
    Some((interface()?, measure))
}

/// 64-bit counters travel as text in JSON_IETF and as numbers in PROTO.
fn number(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    }
}
