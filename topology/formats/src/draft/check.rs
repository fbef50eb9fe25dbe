//! What must hold between the objects of a network.

use std::collections::{BTreeMap, BTreeSet};

use model::{InterfaceName, LinkId, NodeId};

use super::{Draft, DraftLink, DraftNode};
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
        if let Some(router_id) = node.router_id
            && let Some(first) = router_ids.insert(router_id, node)
        {
            let related = report.related(first.mark, "first here");
            let message = format!("router id {router_id} belongs to node {} already", first.id);
            report.error(code::DUPLICATE_ROUTER_ID, &subject, message, node.mark).related = related;
        }
        node_sid(node, &subject, &mut labels, report);
    }
    locators(nodes, report);
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
        let mut faults = missing_ends(link, &subject, &nodes, report);
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

fn missing_ends(link: &DraftLink, subject: &str, nodes: &BTreeSet<&NodeId>, report: &mut Report) -> bool {
    let mut any = false;
    for (node, interface) in [&link.a, &link.z] {
        if nodes.contains(node) {
            continue;
        }
        any = true;
        let help = nearest(node.as_str(), nodes.iter().map(|id| id.as_str())).map_or_else(
            || format!("add node `{node}` or remove the link"),
            |near| format!("did you mean `{near}`?"),
        );
        let message = format!("it ends at `{node}:{interface}`, but there is no node `{node}`");
        report.error(code::MISSING_NODE, subject, message, link.mark).help = Some(help);
    }
    any
}
