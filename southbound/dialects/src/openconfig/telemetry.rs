//! What to subscribe to, and what an update means.

use model::{Delay, InterfaceName, Jitter, Loss, Measure, QueueName, state::OWN_PREFIX};
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

/// The names that were read last. The leaves of a notice speak of one interface, and often of one queue: each name is judged and
/// kept once for all of them.
#[derive(Debug, Default)]
pub struct Names {
    interface: Option<InterfaceName>,
    queue: Option<QueueName>,
}

impl Names {
    fn interface(&mut self, text: &str) -> Option<InterfaceName> {
        if self.interface.as_ref().is_none_or(|known| known.as_str() != text) {
            self.interface = Some(text.parse().ok()?);
        }
        self.interface.clone()
    }

    /// None where the queue is not ours.
    fn queue(&mut self, text: &str) -> Option<QueueName> {
        let name = text.strip_prefix(OWN_PREFIX)?;
        if self.queue.as_ref().is_none_or(|known| known.as_str() != name) {
            self.queue = Some(own_queue(text)?);
        }
        self.queue.clone()
    }
}

/// Adds the measures in an update to `found`; none where it says nothing that the loop uses. The value is a leaf, or a container
/// whose leaves are looked at one by one.
pub fn measures(
    path: &[Element<'_>],
    value: &Value,
    names: &mut Names,
    found: &mut Vec<(InterfaceName, Measure)>,
) {
    if let Value::Object(members) = value {
        for (name, member) in members {
            let mut longer = path.to_vec();
            longer.push(Element { name, key: None });
            measures(&longer, member, names, found);
        }
    } else {
        found.extend(measure(path, value, names));
    }
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// The key of the entry of a list on the path.
fn key<'a>(path: &[Element<'a>], list: &str) -> Option<&'a str> {
    path.iter().find(|step| local(step.name) == list)?.key
}

/// From the leaf on: most leaves that a router tells have no use here, and their own names say so.
fn measure(path: &[Element<'_>], value: &Value, names: &mut Names) -> Option<(InterfaceName, Measure)> {
    let [.., above, leaf] = path else { return None };
    let within = |top: &str, parent: &str| {
        local(above.name) == parent && path.first().is_some_and(|step| local(step.name) == top)
    };
    let leaf = local(leaf.name);
    let measure = match leaf {
        "oper-status" if within("interfaces", "state") => Measure::Up(value.as_str()? == "UP"),
        "out-octets" if within("interfaces", "counters") => Measure::OutOctets(number(value)?),
        "one-way-delay" if within("interfaces", "measurement") => {
            Measure::Delay(Delay::from_micros(number(value)?))
        }
        "jitter" if within("interfaces", "measurement") => {
            Measure::Jitter(Jitter::from_micros(number(value)?))
        }
        "loss-ppb" if within("interfaces", "measurement") => {
            Measure::Loss(Loss::from_ppb(u32::try_from(number(value)?).ok()?))
        }
        "transmit-octets" | "dropped-pkts" if within("qos", "state") => {
            let queue = names.queue(key(path, "queue")?)?;
            let count = number(value)?;
            if leaf == "dropped-pkts" {
                Measure::QueueDrops(queue, count)
            } else {
                Measure::QueueOctets(queue, count)
            }
        }
        _ => return None,
    };
    Some((names.interface(key(path, "interface")?)?, measure))
}

/// 64-bit counters travel as text in JSON_IETF and as numbers in PROTO.
fn number(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    }
}
