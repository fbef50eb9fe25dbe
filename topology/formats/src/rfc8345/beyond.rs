//! What of a network the published modules have no place for, so that nobody takes what others read of a file for the whole of it.

use model::{
    Finding, Link, Node, Severity, Side, Source, Ted,
    link::{Contract, Direction, Encryption},
};

use super::names::{self, GROUPS, RISKS};
use crate::{code, draft};

/// One finding that names what [`to_rfc8345`](super::to_rfc8345) writes in members of our own, which other systems leave out; none
/// where there is nothing of the kind. O(nodes + links).
pub fn beyond(ted: &Ted) -> Option<Finding> {
    let nodes = |has: fn(&Node) -> bool| ted.nodes.values().any(has);
    let links = |has: fn(&Link) -> bool| ted.links.values().any(has);
    let either = |link: &Link, has: fn(&Direction) -> bool| {
        [Side::A, Side::Z].into_iter().any(|side| has(link.direction(side)))
    };
    let all = [
        ("roles", nodes(|node| node.role.is_some()) || links(|link| link.role.is_some())),
        ("sites", nodes(|node| node.site.is_some())),
        ("labels", nodes(|node| !node.labels.is_empty())),
        (
            "segment identifiers and label blocks",
            nodes(|node| node.node_sid.is_some() || node.srgb.size > 0 || node.service_function.is_some()),
        ),
        ("locators", nodes(|node| node.locator.is_some())),
        ("who reads containers of SIDs", nodes(|node| node.next_csid.is_some())),
        ("depths of segment lists", nodes(|node| node.msd.source != Source::Derived)),
        ("queues", nodes(|node| node.queues != draft::QUEUES)),
        ("dialects", nodes(|node| node.dialect != draft::DIALECT)),
        ("overload bits", nodes(|node| node.overload)),
        ("jitter", ted.links.values().any(|link| either(link, |way| way.jitter.source != Source::Derived))),
        ("loss", ted.links.values().any(|link| either(link, |way| way.loss.source != Source::Derived))),
        ("names of affinities", !GROUPS.told(&GROUPS.numbers(&names::groups(ted))).is_empty()),
        ("names of risk groups", !RISKS.told(&RISKS.numbers(&names::risks(ted))).is_empty()),
        ("encryption", links(|link| link.encryption != Encryption::None)),
        ("contracts", links(|link| link.contract != Contract::default())),
        ("prices", links(|link| link.price.is_some())),
    ];
    let ours: Vec<&str> = all.into_iter().filter_map(|(what, is)| is.then_some(what)).collect();
    let (last, others) = ours.split_last()?;
    let list =
        if others.is_empty() { (*last).to_owned() } else { format!("{} and {last}", others.join(", ")) };
    let message =
        format!("RFC 8345 has no place for these, so members of our own (`trunkline:…`) say them: {list}");
    let help = "another system passes over them, or has to be given the module docs/trunkline.yang first";
    Some(Finding::new(code::NO_PLACE, Severity::Info, "network", message).with_help(help))
}
