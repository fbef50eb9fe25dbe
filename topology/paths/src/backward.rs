//! Shortest path searched from its end, with the start in sight: for a start whose distances to all nodes are known.
//!
//! The same answer as a search from the start. Its ties are simpler: of two equal rests from a node the one with the smaller
//! first edge comes first, and after the same first edge there is only one rest.

use std::{cmp::Reverse, collections::BinaryHeap};

use model::EdgeIx;

use crate::{
    dijkstra::Outcome,
    goal::NEVER,
    problem::{Key, Problem},
};

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// From the node to the end.
    rest: Key,
    next: EdgeIx,
    /// The search that wrote the slot: older contents count as empty.
    epoch: u32,
    settled: bool,
}

const EMPTY: Slot = Slot { rest: NEVER, next: EdgeIx(0), epoch: 0, settled: false };

/// The search, used again and again.
#[derive(Debug, Default)]
pub(crate) struct Backward {
    slots: Vec<Slot>,
    heap: BinaryHeap<Reverse<(Key, u32, u32)>>,
    epoch: u32,
}

impl Backward {
    /// The least path of a direct problem by key, then edge numbers; bounds are not looked at. `behind` says by node what
    /// lies between it and the start at least. Writes the edges into `path`.
    pub(crate) fn shortest(
        &mut self,
        problem: &Problem<'_>,
        behind: &[Key],
        path: &mut Vec<EdgeIx>,
    ) -> Outcome {
        path.clear();
        if problem.start().is_none() {
            return Outcome { found: false, exact: true };
        }
        self.reset(problem.graph.node_count());
        let (from, to) = (problem.request.from, problem.request.to);
        self.slots[to.ix()] = Slot { rest: Key::default(), epoch: self.epoch, ..EMPTY };
        self.heap.push(Reverse((behind[to.ix()], 0, to.0)));
        while let Some(Reverse((_, _, node))) = self.heap.pop() {
            let slot = &mut self.slots[node as usize];
            if slot.settled {
                continue;
            }
            slot.settled = true;
            if node == from.0 {
                self.trace(problem, path);
                return Outcome { found: true, exact: true };
            }
            let rest = slot.rest;
            self.expand(problem, behind, node, rest);
        }
        Outcome { found: false, exact: true }
    }

    fn expand(&mut self, problem: &Problem<'_>, behind: &[Key], node: u32, rest: Key) {
        for ix in problem.graph.into(model::NodeIx(node)) {
            let edge = problem.graph.edge(ix);
            let place = edge.from.ix();
            let slot = self.slots[place];
            let known = slot.epoch == self.epoch;
            if known && slot.settled || behind[place] == NEVER {
                continue;
            }
            let (Some(leave), Some(admit)) = (problem.leave(0, edge.from), problem.admit(ix, edge)) else {
                continue;
            };
            let next = problem.step(rest, edge, leave + admit);
            if known && (next > slot.rest || next == slot.rest && ix >= slot.next) {
                continue;
            }
            if !known || next < slot.rest {
                self.heap.push(Reverse((next.plus(behind[place]), next.hops, edge.from.0)));
            }
            self.slots[place] = Slot { rest: next, next: ix, epoch: self.epoch, settled: false };
        }
    }

    fn trace(&self, problem: &Problem<'_>, path: &mut Vec<EdgeIx>) {
        let mut node = problem.request.from;
        while node != problem.request.to {
            let next = self.slots[node.ix()].next;
            path.push(next);
            node = problem.graph.edge(next).to;
        }
    }

    fn reset(&mut self, nodes: usize) {
        self.heap.clear();
        if self.slots.len() < nodes {
            self.slots.resize(nodes, EMPTY);
        }
        self.epoch = self.epoch.wrapping_add(1);
        if self.epoch == 0 {
            self.slots.fill(EMPTY);
            self.epoch = 1;
        }
    }
}
