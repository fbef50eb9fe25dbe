//! Whether any plan could help: what is left of the network, asked without regard to what was planned.
//!
//! Exact for whether there is a way at all, and for the least delay of its lines. Waits in queues, jitter, loss, bandwidth, affinities
//! and waypoints are not asked: where these alone leave no way, it is still said that a plan may help.

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
    trees: BTreeMap<(NodeIx, bool), Vec<u64>>,
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
        let (Some(a), Some(z)) = (self.graph.node_ix(&service.a), self.graph.node_ix(&service.z)) else {
            return Remedy::NoWay;
        };
        let encrypted = service.sle.encrypted;
        let mut best = self.delay(event, a, z, encrypted);
        if service.bidirectional {
            best = best.max(self.delay(event, z, a, encrypted));
        }
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

    fn delay(&mut self, event: Event, from: NodeIx, to: NodeIx, encrypted: bool) -> u64 {
        if event != self.event {
            (self.event, self.cut) = (event, event.cut(self.graph));
            self.trees.clear();
        }
        let (graph, cut) = (self.graph, &self.cut);
        let tree = self.trees.entry((from, encrypted)).or_insert_with(|| tree(graph, cut, from, encrypted));
        tree[to.ix()]
    }
}

/// The least delay to each node.
fn tree(graph: &Graph, cut: &Cut, from: NodeIx, encrypted: bool) -> Vec<u64> {
    let mut best = vec![FAR; graph.node_count()];
    let mut waiting = BinaryHeap::from([Reverse((0_u64, from))]);
    best[from.ix()] = 0;
    while let Some(Reverse((delay, node))) = waiting.pop() {
        if delay > best[node.ix()] {
            continue;
        }
        for edge in graph.out(node) {
            let line = graph.edge(*edge);
            let open = encrypted && line.encryption == Encryption::None;
            if open || cut.has(edge.link()) || cut.node == Some(line.to) {
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
