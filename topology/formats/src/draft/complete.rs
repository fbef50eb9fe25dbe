//! What is filled in, by the conventions in the head of this crate.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
    net::{Ipv4Addr, Ipv6Addr},
};

use ipnet::Ipv6Net;
use model::{
    Bandwidth, Delay, Fact, IgpMetric, InterfaceName, Jitter, Label, Loss, Node, NodeId, Severity, Side,
    TeMetric, Ted, link::Direction, node::function_of, sr::LabelBlock,
};

use super::{Draft, DraftDirection, Missing};
use crate::{code, text::Report};

pub(crate) const SRGB: LabelBlock = LabelBlock { base: 16_000, size: 8_000 };
pub(crate) const SRLB: LabelBlock = LabelBlock { base: 15_000, size: 1_000 };
pub(crate) const QUEUES: u8 = 8;
pub(crate) const DIALECT: &str = "openconfig";

const BANDWIDTH: Bandwidth = Bandwidth::from_bps(1_000_000_000);

/// The first function of End.X SIDs.
const FIRST_END_X: u16 = 0xe000;

/// The router id of a place in the file.
fn by_place(count: u32) -> Ipv4Addr {
    let [_, _, x, y] = count.to_be_bytes();
    Ipv4Addr::new(10, 255, x, y)
}

/// Gives router ids, and SIDs in plain files, to nodes without.
pub(super) fn fill_in(draft: &mut Draft, report: &mut Report) {
    if draft.missing == Missing::Reported {
        return;
    }
    let mut named = Vec::new();
    let mut taken: BTreeSet<Ipv4Addr> = draft.nodes.iter().filter_map(|node| node.router_id).collect();
    for (count, node) in (1_u32..).zip(&mut draft.nodes) {
        if node.router_id.is_none() {
            // One whose place somebody else has taken gets the next that is free.
            node.router_id = (count..=0xffff).map(by_place).find(|id| taken.insert(*id));
            if !node.garbled_id {
                named.push(node.id.to_string());
            }
        }
        if draft.missing == Missing::DeriveAll {
            let locator = Ipv6Addr::from([0xfd00, 0xff, count as u16, 0, 0, 0, 0, 0]);
            node.locator = Ipv6Net::new(locator, 48).ok().map(Fact::derived);
            node.node_sid = Some(Fact::derived(count));
        }
    }
    if draft.missing == Missing::DeriveAll && !draft.nodes.is_empty() {
        let message = "no node has a `trunkline.` label about a router: router ids, node SIDs and locators follow the order of the nodes";
        report.add(code::DERIVED_SIDS, Severity::Info, "network", message, None);
    } else if !named.is_empty() {
        let some = named.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = if named.len() > 5 { ", …" } else { "" };
        let message = match named.len() {
            1 => format!(
                "the node {some} has no router id and gets one of 10.255.0.0/16, by its place in the file"
            ),
            many => format!(
                "{many} nodes have no router id and get one of 10.255.0.0/16 each, by their places in the file: {some}{more}"
            ),
        };
        report.add(code::DERIVED_ROUTER_ID, Severity::Info, "network", message, None).help = Some(
            "a node that is added above changes what is filled in: give each its own, in a containerlab file by the label \
             `trunkline.router-id`"
                .to_owned(),
        );
    }
}

fn fact<T>(said: Option<T>, otherwise: T) -> Fact<T> {
    said.map_or_else(|| Fact::derived(otherwise), Fact::from_file)
}

/// One direction; SIDs that the file does not say come later, when all interfaces are known.
pub(super) fn direction(draft: &DraftDirection) -> Direction {
    let igp = fact(draft.igp, IgpMetric::default());
    Direction {
        bandwidth: fact(draft.bandwidth, BANDWIDTH),
        delay: fact(draft.delay, Delay::ZERO),
        jitter: fact(draft.jitter, Jitter::ZERO),
        loss: fact(draft.loss, Loss::ZERO),
        te: fact(draft.te, TeMetric(igp.value.0)),
        igp,
        adjacency_label: draft.adjacency_label.map(Fact::from_file),
        end_x: draft.end_x.map(Fact::from_file),
    }
}

/// A direction of which only the IGP metric is known.
pub(crate) fn usual_direction(igp: IgpMetric) -> Direction {
    direction(&DraftDirection { igp: Some(igp), ..DraftDirection::default() })
}

/// Fills in adjacency labels and End.X SIDs.
pub(super) fn adjacencies(ted: &mut Ted) {
    let derived = convention(ted);
    for link in ted.links.values_mut() {
        for side in [Side::A, Side::Z] {
            let end = link.end(side).clone();
            let Some((label, end_x)) = derived.get(&(end.node, end.interface)) else { continue };
            let direction = link.direction_mut(side);
            direction.adjacency_label = direction.adjacency_label.take().or_else(|| label.map(Fact::derived));
            direction.end_x = direction.end_x.take().or_else(|| end_x.map(Fact::derived));
        }
    }
}

/// The adjacency label and the End.X SID that each interface has by convention.
pub(crate) fn convention(ted: &Ted) -> BTreeMap<(NodeId, InterfaceName), (Option<Label>, Option<Ipv6Addr>)> {
    let mut all = BTreeMap::new();
    for (id, interfaces) in interface_order(ted) {
        let Some(node) = ted.nodes.get(&id) else { continue };
        for (n, interface) in (0_u32..).zip(interfaces) {
            all.insert((id.clone(), interface), (node.srlb.at(n), end_x(node, n)));
        }
    }
    all
}

fn end_x(node: &Node, n: u32) -> Option<Ipv6Addr> {
    let function = u16::try_from(n).ok().and_then(|n| FIRST_END_X.checked_add(n))?;
    let locator = node.locator.as_ref()?.value;
    (locator.prefix_len() <= 112).then(|| function_of(locator, function))
}

/// The interfaces of each node that links use, in natural order: runs of digits compare as numbers, so that `eth2` comes
/// before `eth10`. The place in this order, from 0, gives the adjacency label and the End.X SID by convention.
/// O(links log links).
pub fn interface_order(ted: &Ted) -> BTreeMap<NodeId, Vec<InterfaceName>> {
    let mut sets: BTreeMap<&NodeId, BTreeSet<&InterfaceName>> = BTreeMap::new();
    for link in ted.links.values() {
        for end in [&link.a, &link.z] {
            sets.entry(&end.node).or_default().insert(&end.interface);
        }
    }
    sets.into_iter()
        .map(|(node, names)| {
            let mut names: Vec<InterfaceName> = names.into_iter().cloned().collect();
            names.sort_by(|x, y| natural(x.as_str(), y.as_str()));
            (node.clone(), names)
        })
        .collect()
}

/// Natural order; names that differ only in leading zeros stay apart by plain order.
fn natural(x: &str, y: &str) -> Ordering {
    let (mut a, mut b) = (x, y);
    loop {
        let (digits_a, digits_b) = (digits(a), digits(b));
        if digits_a.is_empty() || digits_b.is_empty() {
            let (Some(first_a), Some(first_b)) = (a.chars().next(), b.chars().next()) else {
                return a.len().cmp(&b.len()).then_with(|| x.cmp(y));
            };
            if first_a != first_b {
                return first_a.cmp(&first_b);
            }
            (a, b) = (&a[first_a.len_utf8()..], &b[first_b.len_utf8()..]);
        } else {
            let (bare_a, bare_b) = (digits_a.trim_start_matches('0'), digits_b.trim_start_matches('0'));
            let order = bare_a.len().cmp(&bare_b.len()).then_with(|| bare_a.cmp(bare_b));
            if order.is_ne() {
                return order;
            }
            (a, b) = (&a[digits_a.len()..], &b[digits_b.len()..]);
        }
    }
}

fn digits(text: &str) -> &str {
    &text[..text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_sort_as_people_count() {
        let mut names = ["eth10", "eth2", "1/1/c10/1", "1/1/c2/1", "eth02", "et", "eth"];
        names.sort_by(|x, y| natural(x, y));
        assert_eq!(names, ["1/1/c2/1", "1/1/c10/1", "et", "eth", "eth02", "eth2", "eth10"]);
    }
}
