//! Queues as `tc -batch` takes them.
//!
//! The line is a class, and below it one that all weighted queues share. A queue within its guarantee is served before any that is
//! above its own, strict ones first. What is left goes level by level: the shared class is nearer to weighted queues than the line is,
//! so that they take what strict queues leave, by weight, and a strict queue that wants more than its guarantee takes what nobody else
//! wants.

use crate::{
    number::{Device, HTB, Minor, Rate},
    object::Class,
    write::Write,
};

/// The lines that carry a write out; none where it is not about queues. The discipline sends what has no class at once and unshaped:
/// neighbour discovery, and what is not IP.
pub fn lines(write: &Write) -> Vec<String> {
    match write {
        Write::Shape { device, line, weighted, replaces } => {
            let root = format!("qdisc add dev {device} root handle {HTB:x}: htb default 0");
            let action = action(*replaces);
            let line_class = inner(device, action, "", Minor::LINE, (*line, *line));
            let shared = inner(device, action, "1", Minor::WEIGHTED, (*weighted, *line));
            let first = (!replaces).then_some(root);
            first.into_iter().chain([line_class, shared]).collect()
        }
        Write::Unshape(device) => vec![format!("qdisc del dev {device} root handle {HTB:x}:")],
        Write::Class { device, minor, class, replaces } => leaf(device, action(*replaces), *minor, class),
        Write::Unclass { device, minor } => vec![format!("class del dev {device} classid {minor}")],
        _ => Vec::new(),
    }
}

/// What is there is changed in place, by its own number: nothing that waits in it is dropped, and its counters go on. What of it was taken
/// away by hand comes again.
const fn action(replaces: bool) -> &'static str {
    if replaces { "replace" } else { "add" }
}

fn inner(device: &Device, action: &str, parent: &str, minor: Minor, (rate, ceiling): (Rate, Rate)) -> String {
    let rates = rates(rate, ceiling);
    format!("class {action} dev {device} parent {HTB:x}:{parent} classid {minor} htb {rates} quantum 60000")
}

fn leaf(device: &Device, action: &str, minor: Minor, class: &Class) -> Vec<String> {
    let Class { guarantee, ceiling, priority, quantum, limit } = class;
    let (parent, rates) = (minor.parent(), rates(*guarantee, *ceiling));
    vec![
        format!(
            "class {action} dev {device} parent {parent} classid {minor} htb {rates} prio {priority} quantum {quantum}"
        ),
        format!("qdisc {action} dev {device} parent {minor} handle {:x}: bfifo limit {}", minor.0, limit.0),
    ]
}

fn rates(rate: Rate, ceiling: Rate) -> String {
    let (rate_octets, ceiling_octets) = (rate.octets(), ceiling.octets());
    format!(
        "rate {rate_octets}bps ceil {ceiling_octets}bps burst {} cburst {}",
        rate.burst(),
        ceiling.burst()
    )
}
