//! Whether any plan could help: what is left of the network, asked without regard to what was planned.
//!
//! Exact for whether there is a way that the compiler may take, and for the least delay of its lines: over encrypted lines alone where that
//! is asked, over no line that is avoided, by all waypoints in their order, and through no node with the overload bit but those that the
//! service names. Waits in queues, jitter, loss, bandwidth, preferred lines and whether routers can push so many segments are not asked:
//! where these alone leave no way, it is still said that a plan may help.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

use model::{Delay, Graph, NodeIx, Service, link::Encryption};

use super::event::{Cut, Event};
use crate::codes;

/// What can be done about a violation.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Remedy {
    /// Something is left that keeps the promised delay; this is its delay.
    Plan(Delay),
    /// Even the quickest way that is left is slower than promised.
    TooSlow(Delay),
    /// Nothing is left between its ends.
    NoWay,
}

impl Remedy {
    /// Whether only other lines, or another promise, help.
    pub(super) const fn is_none(self) -> bool {
        matches!(self, Self::TooSlow(_) | Self::NoWay)
    }
}

/// Answers for one event after the other; what services that share an end would ask again is kept.
pub(super) struct Remedies<'a> {
    graph: &'a Graph,
    event: Event,
    cut: Cut,
    trees: BTreeMap<(NodeIx, Off), Vec<u64>>,
}

/// What a service keeps off.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Off {
    /// Lines without encryption.
    open: bool,
    /// Lines of these affinities.
    avoided: u128,
    /// Nodes with the overload bit, in transit.
    overloaded: bool,
}

/// No way.
const FAR: u64 = u64::MAX;

impl<'a> Remedies<'a> {
    pub(super) fn new(graph: &'a Graph) -> Self {
        Self { graph, event: Event::NONE, cut: Event::NONE.cut(graph), trees: BTreeMap::new() }
    }

    /// What is left for a service whose promise an event breaks. O(links log nodes) for each end that was not asked yet.
    pub(super) fn ask(&mut self, service: &Service, event: Event, code: &str) -> Remedy {
        // Not to be exposed, not to pass by a firewall, and not to go in circles, is in every plan's power.
        let always = [codes::UNENCRYPTED, codes::UNVISITED, codes::LOOP].contains(&code);
        let Some(best) = self.best(service, event, true) else { return Remedy::NoWay };
        let delay = Delay::from_micros(best);
        // The delay that is left says nothing of jitter and loss.
        let other = [codes::JITTER_BROKEN, codes::LOSS_BROKEN].contains(&code);
        match service.slo.one_way_delay.filter(|_| !other) {
            _ if always => Remedy::Plan(delay),
            _ if best == FAR => Remedy::NoWay,
            Some(most) if delay > most => Remedy::TooSlow(delay),
            _ => Remedy::Plan(delay),
        }
    }

    /// Whether nothing but the overload bit of nodes keeps a plan from helping.
    pub(super) fn is_overload(&mut self, service: &Service, event: Event) -> bool {
        if !self.graph.nodes().any(|node| self.graph.is_overloaded(node)) {
            return false;
        }
        let left = self.best(service, event, false).filter(|best| *best != FAR);
        left.is_some_and(|best| service.slo.one_way_delay.is_none_or(|most| Delay::from_micros(best) <= most))
    }

    /// The least delay of a service that is left, in its slower direction; none where the network has not all its nodes.
    fn best(&mut self, service: &Service, event: Event, overloaded: bool) -> Option<u64> {
        let stops = [&service.a].into_iter().chain(&service.sle.waypoints).chain([&service.z]);
        let mut stops = stops.map(|stop| self.graph.node_ix(stop)).collect::<Option<Vec<NodeIx>>>()?;
        let off = Off { open: service.sle.encrypted, avoided: avoided(self.graph, service), overloaded };
        let mut best = self.delay(event, &stops, off);
        if service.bidirectional {
            stops.reverse();
            best = best.max(self.delay(event, &stops, off));
        }
        Some(best)
    }

    /// The least delay from stop to stop.
    fn delay(&mut self, event: Event, stops: &[NodeIx], off: Off) -> u64 {
        if event != self.event {
            (self.event, self.cut) = (event, event.cut(self.graph));
            self.trees.clear();
        }
        let (graph, cut, trees) = (self.graph, &self.cut, &mut self.trees);
        let leg = |ends: &[NodeIx]| {
            let tree = trees.entry((ends[0], off)).or_insert_with(|| tree(graph, cut, ends[0], off));
            tree[ends[1].ix()]
        };
        stops.windows(2).map(leg).fold(0, u64::saturating_add)
    }
}

/// The affinities that a service avoids, as bits.
pub(super) fn avoided(graph: &Graph, service: &Service) -> u128 {
    service.path.avoid.iter().filter_map(|name| graph.affinity_bit(name)).fold(0, |all, bit| all | bit)
}

/// The least delay to each node.
fn tree(graph: &Graph, cut: &Cut, from: NodeIx, off: Off) -> Vec<u64> {
    let mut best = vec![FAR; graph.node_count()];
    let mut waiting = BinaryHeap::from([Reverse((0_u64, from))]);
    best[from.ix()] = 0;
    while let Some(Reverse((delay, node))) = waiting.pop() {
        // A node with the overload bit is arrived at, and carries nothing on (RFC 3787 section 4) but what starts there.
        if delay > best[node.ix()] || off.overloaded && node != from && graph.is_overloaded(node) {
            continue;
        }
        for edge in graph.out(node) {
            let line = graph.edge(*edge);
            let shut = off.open && line.encryption == Encryption::None || line.affinity & off.avoided != 0;
            if shut || cut.has(edge.link()) || cut.node == Some(line.to) {
                continue;
            }
            let next = delay.saturating_add(line.delay);
            if next < best[line.to.ix()] {
                best[line.to.ix()] = next;
                waiting.push(Reverse((next, line.to)));
            }
        }
    }
    best
}
