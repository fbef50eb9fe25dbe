//! What of a network has no place in RFC 8345, so that nobody takes the file for the whole of it.

use model::{
    Finding, Link, Node, Severity, Side, Ted,
    link::{Contract, Direction, Encryption},
};

use crate::code;

/// One finding that names what [`to_rfc8345`](super::to_rfc8345) leaves out; none where everything has a place.
/// O(nodes + links).
pub fn left_out(ted: &Ted) -> Option<Finding> {
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
        ("overload bits", nodes(|node| node.overload)),
        ("jitter", ted.links.values().any(|link| either(link, |way| way.jitter.value.as_micros() > 0))),
        ("loss", ted.links.values().any(|link| either(link, |way| way.loss.value.as_ppb() > 0))),
        (
            "names of affinities and risk groups",
            links(|link| !link.affinity.is_empty() || !link.srlg.is_empty()),
        ),
        ("encryption", links(|link| link.encryption != Encryption::None)),
        ("contracts", links(|link| link.contract != Contract::default())),
        ("prices", links(|link| link.price.is_some())),
    ];
    let lost: Vec<&str> = all.into_iter().filter_map(|(what, is)| is.then_some(what)).collect();
    let (last, others) = lost.split_last()?;
    let list =
        if others.is_empty() { (*last).to_owned() } else { format!("{} and {last}", others.join(", ")) };
    let message = format!("these have no place in RFC 8345 and are left out: {list}");
    let help =
        "keep the file in its own form for `check` and `serve`; this one is for tools that read RFC 8345";
    Some(Finding::new(code::NO_PLACE, Severity::Warning, "network", message).with_help(help))
}
