//! What must hold between the objects of a network.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

use ipnet::Ipv6Net;
use model::{InterfaceName, LinkId, NodeId, Severity};

use super::{Draft, DraftDirection, DraftLink, DraftNode, Unread};
use crate::{
    code,
    text::{Mark, Report, nearest},
};

/// Names, router ids, node SIDs and locators.
pub(super) fn nodes(nodes: &[DraftNode], report: &mut Report) {
    let mut names: BTreeMap<&NodeId, Option<Mark>> = BTreeMap::new();
    let mut router_ids = BTreeMap::new();
    let mut labels = BTreeMap::new();
    for node in nodes {
        let subject = format!("node {}", node.id);
        if let Some(first) = names.insert(&node.id, node.mark) {
            let related = report.related(first, "first here");
            let message = format!("there is another node `{}`", node.id);
            report.error(code::DUPLICATE_NODE, &subject, message, node.mark).related = related;
            continue;
        }
        if let Some(router_id) = node.router_id.filter(|id| !names_one(*id)) {
            let message = format!("router id {router_id} is no address of one router");
            report.error(code::WRONG_VALUE, &subject, message, node.mark);
        } else if let Some(router_id) = node.router_id
            && let Some(first) = router_ids.insert(router_id, node)
        {
            let related = report.related(first.mark, "first here");
            let message = format!("router id {router_id} belongs to node {} already", first.id);
            report.error(code::DUPLICATE_ROUTER_ID, &subject, message, node.mark).related = related;
        }
        blocks(node, &subject, report);
        node_sid(node, &subject, &mut labels, report);
    }
    locators(nodes, report);
}

/// Whether an address can belong to one router, other than to itself.
fn names_one(id: Ipv4Addr) -> bool {
    !(id.is_unspecified() || id.is_multicast() || id.is_broadcast() || id.is_loopback())
}

/// A label of both blocks would mean a node to all and a link to this one (RFC 8402 section 3.1 keeps them apart).
fn blocks(node: &DraftNode, subject: &str, report: &mut Report) {
    let (global, local) = (node.srgb, node.srlb);
    let first = global.base.max(local.base);
    let end = global.base.saturating_add(global.size).min(local.base.saturating_add(local.size));
    if first < end {
        let message = format!(
            "its SRLB, {} labels from {}, overlaps its SRGB, {} labels from {}: label {first} would mean two things",
            local.size, local.base, global.size, global.base
        );
        report.error(code::WRONG_VALUE, subject, message, node.mark).help =
            Some("move one of the two blocks: no label belongs to both".to_owned());
    }
}

fn node_sid<'n>(
    node: &'n DraftNode,
    subject: &str,
    labels: &mut BTreeMap<u32, &'n DraftNode>,
    report: &mut Report,
) {
    let Some(index) = node.node_sid.as_ref().map(|fact| fact.value) else { return };
    let Some(label) = node.srgb.at(index) else {
        let message = format!(
            "node SID {index} is outside the SRGB, which has {} labels from {}",
            node.srgb.size, node.srgb.base
        );
        report.error(code::BAD_NODE_SID, subject, message, node.mark);
        return;
    };
    if let Some(first) = labels.insert(label.number(), node) {
        let related = report.related(first.mark, "first here");
        let message =
            format!("node SID {index} gives label {}, which is node {}'s already", label.number(), first.id);
        report.error(code::BAD_NODE_SID, subject, message, node.mark).related = related;
    }
}

fn locators(nodes: &[DraftNode], report: &mut Report) {
    let mut sound: Vec<_> = Vec::new();
    for node in nodes {
        let Some(locator) = node.locator.as_ref().map(|fact| fact.value) else { continue };
        let fault = if locator.trunc() != locator {
            format!("has bits beyond its length: write {}", locator.trunc())
        } else if locator.prefix_len() > 112 {
            "is longer than 112 bits and leaves no room for a function".to_owned()
        } else if !is_unicast(locator) {
            "does not lead to one router: write a unicast prefix".to_owned()
        } else {
            sound.push((locator, node));
            continue;
        };
        report.error(
            code::BAD_LOCATOR,
            format!("node {}", node.id),
            format!("locator {locator} {fault}"),
            node.mark,
        );
    }
    // Sorted by network, then by length: a prefix stands right before what it contains, or before its first part.
    sound.sort_by_key(|(locator, node)| (locator.network(), locator.prefix_len(), &node.id));
    let mut widest: Option<(ipnet::Ipv6Net, &DraftNode)> = None;
    for (locator, node) in sound {
        match widest {
            Some((outer, first)) if outer.contains(&locator) => {
                let related = report.related(first.mark, "the other one");
                let message = format!("locator {locator} overlaps {outer} of node {}", first.id);
                report.error(code::BAD_LOCATOR, format!("node {}", node.id), message, node.mark).related =
                    related;
            }
            _ => widest = Some((locator, node)),
        }
    }
}

/// Whether the addresses of a prefix are unicast and may be routed (RFC 4291 section 2.4).
fn is_unicast(locator: Ipv6Net) -> bool {
    let first = locator.network();
    !(first.is_multicast() || first.is_unicast_link_local() || first.is_unspecified() || first.is_loopback())
}

/// What a line's values say of each other; findings that stop nothing.
pub(super) fn values(links: &[(LinkId, DraftLink)], report: &mut Report) {
    let ways = |link: &'_ DraftLink| [link.from_a.clone(), link.from_z.clone()];
    let some = links.iter().any(|(_, link)| ways(link).iter().any(|way| way.bandwidth.is_some()));
    for (id, link) in links {
        let subject = format!("link {id}");
        if some && ways(link).iter().any(|way| way.bandwidth.is_none() && !way.garbled) {
            let message = "it has no bandwidth and gets 1Gbps, though other lines have one";
            report.add(code::DERIVED_BANDWIDTH, Severity::Warning, &subject, message, link.mark);
        }
        let contract = &link.line.contract;
        let worse = |way: &DraftDirection| {
            let told = [
                contract
                    .delay
                    .zip(way.delay)
                    .filter(|(most, own)| own > most)
                    .map(|both| show("delay", both)),
                contract
                    .jitter
                    .zip(way.jitter)
                    .filter(|(most, own)| own > most)
                    .map(|both| show("jitter", both)),
                contract.loss.zip(way.loss).filter(|(most, own)| own > most).map(|both| show("loss", both)),
            ];
            told.into_iter().flatten().next()
        };
        if let Some(message) = ways(link).iter().find_map(worse) {
            report.add(code::CONTRACT_BEYOND_LINE, Severity::Warning, &subject, message, link.mark);
        }
    }
}

fn show<T: std::fmt::Display>(what: &str, (most, own): (T, T)) -> String {
    format!("its contract allows a {what} of {most}, and the file says {own}")
}

/// Ends, names and interfaces; gives the sound links with their names.
pub(super) fn links(draft: &Draft, report: &mut Report) -> Vec<(LinkId, DraftLink)> {
    let nodes: BTreeSet<&NodeId> = draft.nodes.iter().map(|node| &node.id).collect();
    let mut names: BTreeMap<LinkId, Option<Mark>> = BTreeMap::new();
    let mut interfaces: BTreeMap<(&NodeId, &InterfaceName), (String, Option<Mark>)> = BTreeMap::new();
    let mut sound = Vec::new();
    for link in &draft.links {
        let Some(id) = link.id() else {
            let message = "the name made of its ends is longer than 128 characters: give it a `name`";
            report.error(code::WRONG_VALUE, format!("link {}:{}", link.a.0, link.a.1), message, link.mark);
            continue;
        };
        let subject = format!("link {id}");
        let mut faults = missing_ends(link, &subject, &nodes, &draft.unread, report);
        if link.a.0 == link.z.0 {
            report.error(code::LOOP_LINK, &subject, format!("both ends are at node {}", link.a.0), link.mark);
            faults = true;
        }
        if let Some(first) = names.insert(id.clone(), link.mark) {
            let related = report.related(first, "first here");
            report
                .error(code::DUPLICATE_LINK, &subject, format!("there is another link `{id}`"), link.mark)
                .related = related;
            faults = true;
        }
        for (node, interface) in [&link.a, &link.z] {
            if let Some((first, mark)) = interfaces.insert((node, interface), (id.to_string(), link.mark)) {
                let related = report.related(mark, "first here");
                let message = format!("interface {interface} of node {node} belongs to link {first} already");
                report.error(code::SHARED_INTERFACE, &subject, message, link.mark).related = related;
                faults = true;
            }
        }
        if !faults {
            sound.push((id, link.clone()));
        }
    }
    sound
}

fn missing_ends(
    link: &DraftLink,
    subject: &str,
    nodes: &BTreeSet<&NodeId>,
    unread: &Unread,
    report: &mut Report,
) -> bool {
    let mut any = false;
    for (node, interface) in [&link.a, &link.z] {
        if nodes.contains(node) {
            continue;
        }
        any = true;
        if unread.may_be(node) {
            continue;
        }
        let help = nearest(node.as_str(), nodes.iter().map(|id| id.as_str())).map_or_else(
            || format!("add node `{node}` or remove the link"),
            |near| format!("did you mean `{near}`?"),
        );
        let message = format!("it ends at `{node}:{interface}`, but there is no node `{node}`");
        report.error(code::MISSING_NODE, subject, message, link.mark).help = Some(help);
    }
    any
}
