//! How traffic spreads over all shortest paths between two nodes: every node splits equally over its outgoing shortest-path
//! links, so that parallel links count one by one.

use std::collections::BinaryHeap;

use model::{EdgeIx, NodeIx};

use super::tree::{Root, Tree};
use crate::{failure::Parts, mesh::Mesh};

/// An edge on the way, with its ends numbered within the spread.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Step {
    pub(crate) edge: EdgeIx,
    pub(crate) from: u32,
    pub(crate) to: u32,
}

/// All shortest paths between two nodes as an acyclic graph. Steps stand in the direction of travel, those that leave one
/// node beside each other, edges ascending; node 0 is the first, the highest number the last.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Spread {
    pub(crate) steps: Box<[Step]>,
    pub(crate) nodes: u32,
    /// Where it ends, by number, if toward an anycast group; empty otherwise.
    pub(crate) ends: Box<[(u32, NodeIx)]>,
}

impl Spread {
    /// The part of a tree between its root and another node; none where there is no way.
    pub(crate) fn of(tree: &Tree, mesh: &Mesh, other: NodeIx, down: &Parts) -> Option<Self> {
        // The farthest node first: all that lead to a node are farther, so they are done before it.
        let mut waiting = BinaryHeap::from([(tree.far(mesh, other, down)?, other)]);
        let mut order: Vec<(NodeIx, u32)> = Vec::new();
        let mut found: Vec<(EdgeIx, u32, NodeIx)> = Vec::new();
        let mut ends: Vec<(u32, NodeIx)> = Vec::new();
        while let Some((far, node)) = waiting.pop() {
            if order.last().is_some_and(|(last, _)| *last == node) {
                continue;
            }
            let ordinal = order.len() as u32;
            order.push((node, ordinal));
            if far == 0 && matches!(tree.root(), Root::Any(_)) {
                ends.push((ordinal, node));
            }
            for (hop, nearer) in tree.ways(mesh, node, far, down) {
                found.push((tree.root().inward(hop), ordinal, hop.to));
                waiting.push((nearer, hop.to));
            }
        }
        let nodes = order.len() as u32;
        order.sort_unstable();
        let place = |node: NodeIx| {
            let at = order.binary_search_by_key(&node, |(known, _)| *known);
            at.map_or(0, |at| order[at].1)
        };
        let mut steps: Box<[Step]> = match tree.root() {
            Root::To(_) | Root::Any(_) => found
                .iter()
                .map(|(edge, far, near)| Step { edge: *edge, from: *far, to: place(*near) })
                .collect(),
            Root::From(_) => {
                let turned = |ordinal: u32| nodes - 1 - ordinal;
                let step = |(edge, far, near): &(EdgeIx, u32, NodeIx)| Step {
                    edge: *edge,
                    from: turned(place(*near)),
                    to: turned(*far),
                };
                found.iter().map(step).collect()
            }
        };
        steps.sort_unstable_by_key(|step| (step.from, step.edge));
        Some(Self { steps, nodes, ends: ends.into() })
    }

    /// Whether there is one path only.
    pub(crate) fn is_line(&self) -> bool {
        self.steps.len() + 1 == self.nodes as usize
    }

    /// Whether any step uses a link that is down.
    pub(crate) fn meets(&self, down: &Parts) -> Option<EdgeIx> {
        self.steps.iter().map(|step| step.edge).find(|edge| down.has(*edge))
    }

    /// Lets an amount flow; tells each edge what it carries. What comes to a link that is down is gone.
    pub(crate) fn pour(&self, amount: u64, down: &Parts, mut each: impl FnMut(EdgeIx, u64)) {
        if self.is_line() {
            let mut amount = amount;
            for step in &self.steps {
                if down.has(step.edge) {
                    // Behind the cut nothing comes, but it is on the way: it hears so.
                    amount = 0;
                } else {
                    each(step.edge, amount);
                }
            }
            return;
        }
        self.pour_out(amount, down, each);
    }

    /// The same; gives what comes to each node.
    pub(crate) fn pour_out(&self, amount: u64, down: &Parts, mut each: impl FnMut(EdgeIx, u64)) -> Vec<u64> {
        let mut at = vec![0_u64; self.nodes as usize];
        at[0] = amount;
        for ways in self.steps.chunk_by(|a, b| a.from == b.from) {
            let here = at[ways[0].from as usize];
            for (way, step) in (0..).zip(ways) {
                let share = portion(here, ways.len() as u64, way);
                if !down.has(step.edge) {
                    each(step.edge, share);
                    at[step.to as usize] += share;
                }
            }
        }
        at
    }
}

/// The share of way number `way` out of `ways`: equal, and what is left over goes to the first ways.
pub(crate) const fn portion(amount: u64, ways: u64, way: u64) -> u64 {
    amount / ways + (way < amount % ways) as u64
}
