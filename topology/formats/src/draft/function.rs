//! Service functions: their SIDs must mean them and nothing else.

use std::{collections::BTreeMap, net::Ipv6Addr};

use model::{Label, Node, NodeId, Side, Ted};

use crate::{
    code,
    text::{Mark, Report},
};

/// Says which SIDs and labels of service functions mean something else where they are read. Adjacencies must be filled in.
pub(super) fn check(ted: &Ted, marks: &BTreeMap<NodeId, Option<Mark>>, report: &mut Report) {
    let mut known: BTreeMap<Ipv6Addr, &NodeId> = BTreeMap::new();
    for node in ted.nodes.values() {
        let Some(function) = node.service_function.as_ref().map(|fact| fact.value) else { continue };
        let mark = marks.get(&node.id).copied().flatten();
        let mut say = |message: String| {
            report.error(code::WRONG_VALUE, format!("node {}", node.id), message, mark);
        };
        if let Some(label) = function.label
            && let Some(other) = other_label(ted, node, label)
        {
            say(format!("the service label {} {other}: take a free label outside the SRGB", label.number()));
        }
        let Some(sid) = function.sid else { continue };
        if let Some(first) = known.insert(sid, &node.id) {
            say(format!("the service SID {sid} is that of node {first} already"));
        } else if let Some(other) = other_sid(ted, node, sid) {
            say(format!("the service SID {sid} {other}: take a free function of the node's own locator"));
        }
    }
}

/// What else a label means at a node.
fn other_label(ted: &Ted, node: &Node, label: Label) -> Option<String> {
    let number = label.number();
    if number.checked_sub(node.srgb.base).is_some_and(|index| index < node.srgb.size) {
        return Some("lies in the SRGB, where it means a node".to_owned());
    }
    let mut ends = ted.links.values().flat_map(|link| [Side::A, Side::Z].map(|side| (link, side)));
    let (link, _) = ends.find(|(link, side)| {
        let own = link.direction(*side).adjacency_label.as_ref().map(|fact| fact.value);
        link.end(*side).node == node.id && own == Some(label)
    })?;
    Some(format!("is the adjacency label of link {} there", link.id))
}

/// What else an SRv6 SID means.
fn other_sid(ted: &Ted, node: &Node, sid: Ipv6Addr) -> Option<String> {
    let of_others = ted.nodes.values().filter(|other| other.id != node.id);
    let mut covering =
        of_others.filter(|other| other.locator.as_ref().is_some_and(|locator| locator.value.contains(&sid)));
    if let Some(other) = covering.next() {
        return Some(format!("lies in the locator of node {}", other.id));
    }
    if node.end_sid() == Some(sid) || node.service_sid() == Some(sid) {
        return Some("is the End or the End.DT46 SID of the node".to_owned());
    }
    let ends = ted.links.values().flat_map(|link| [Side::A, Side::Z].map(|side| (link, side)));
    let mut same =
        ends.filter(|(link, side)| link.direction(*side).end_x.as_ref().map(|fact| fact.value) == Some(sid));
    same.next().map(|(link, _)| format!("is the End.X SID of link {}", link.id))
}
