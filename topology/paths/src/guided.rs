//! Shortest path toward a place from which everything is known: what still lies ahead of every node, and which of its edges
//! lead there best.
//!
//! A search that adds what lies ahead to what lies behind is exact, because it never says too much (Hart, Nilsson and Raphael
//! 1968). And since the edges of a node stand in the order of what a path by them comes to at least, only the next of them
//! needs to wait in the queue: the others come after it (partial expansion: Yoshizumi, Miura and Ishida 2000). So a node with
//! hundreds of edges costs no more than the few of them by which a path of the answer's length could go.

use std::{cmp::Reverse, collections::BinaryHeap};

use model::{EdgeIx, NodeIx};

use crate::{
    backbone::Backbone,
    dijkstra::Outcome,
    goal::NEVER,
    packed::Lead,
    problem::{Key, Problem, TOLL},
    root::Root,
    ties::comes_before,
};

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// From where the search began to the node.
    key: Key,
    parent: NodeIx,
    via: EdgeIx,
    /// How many of the node's edges have had their turn.
    turn: u32,
    /// The search that wrote the slot: older contents count as empty.
    epoch: u32,
    settled: bool,
}

const EMPTY: Slot = Slot { key: NEVER, parent: NodeIx(0), via: EdgeIx(0), turn: 0, epoch: 0, settled: false };

/// When an edge has its turn. Of equal totals the one that ends nearer to where the search began goes first, so that everything
/// that ties with a node is known before anything goes on from it to where ties matter.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Turn {
    /// What a path over the edge comes to at least.
    total: Key,
    hops: u32,
    /// Which of those that wait.
    number: u32,
}

/// An edge that waits.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    /// From where the search began to the end of the edge.
    key: Key,
    parent: NodeIx,
    via: EdgeIx,
    /// Whether the next edge of the same node waits for this one; edges with tolls are out of their order, and nobody does.
    is_in_turn: bool,
}

/// The search, used again and again.
#[derive(Debug, Default)]
pub(crate) struct Guided {
    slots: Vec<Slot>,
    queue: BinaryHeap<Reverse<Turn>>,
    waiting: Vec<Waiting>,
    /// The rest of a path, from where the search stands to the root.
    rest: Vec<EdgeIx>,
    epoch: u32,
}

impl Guided {
    /// The least path of a direct problem by key, then edge numbers, between its other end and the root; bounds are not looked
    /// at. The problem's objective and preferences are the root's, and it forbids or charges the root's obstacles. Writes the
    /// edges into `path`, and says how many edges had their turn. None where these were to be more than `most`: too much that the
    /// root does not know of is in the way.
    pub(crate) fn shortest(
        &mut self,
        backbone: &Backbone,
        problem: &Problem<'_>,
        root: &mut Root,
        most: usize,
        path: &mut Vec<EdgeIx>,
    ) -> (Option<Outcome>, u32) {
        let (from, to) = (problem.request.from, problem.request.to);
        let (start, end) = if root.lead == Lead::Home { (from, to) } else { (to, from) };
        self.reset(problem.graph.node_count());
        let slot = Slot { key: Key::default(), parent: start, epoch: self.epoch, settled: true, ..EMPTY };
        self.slots[start.ix()] = slot;
        let mut found = (start == end).then_some((Key::default(), 0));
        self.go_on(backbone, problem, root, start);
        let mut turns = 0;
        while let Some(Reverse(turn)) = self.queue.pop() {
            // What ties with the answer may still come before it by edge numbers.
            if found.is_some_and(|found| (turn.total, turn.hops) > found) {
                break;
            }
            if turns as usize >= most {
                return (None, turns);
            }
            turns += 1;
            let next = self.waiting[turn.number as usize];
            if next.is_in_turn {
                self.go_on(backbone, problem, root, next.parent);
            }
            let node = root.next(problem, next.via);
            if !self.settle(root.lead, node, &next) {
                continue;
            }
            if node == end {
                found = Some((turn.total, turn.hops));
            } else if found.is_none() && self.is_clear(backbone, problem, root, node, turn.total) {
                self.trace(root.lead, start, node, path);
                return (Some(Outcome { found: true, exact: true }), turns);
            } else {
                self.go_on(backbone, problem, root, node);
            }
        }
        self.rest.clear();
        if found.is_some() {
            self.trace(root.lead, start, end, path);
        }
        (Some(Outcome { found: found.is_some(), exact: true }), turns)
    }

    /// Whether the best path from a node that was just reached is the rest of the answer: nothing stands in its way, and nobody
    /// waits who may come to as little. Then it stands in `rest`.
    fn is_clear(
        &mut self,
        backbone: &Backbone,
        problem: &Problem<'_>,
        root: &Root,
        node: NodeIx,
        total: Key,
    ) -> bool {
        self.queue.peek().is_none_or(|Reverse(other)| other.total > total)
            && backbone.number(node).is_some_and(|number| root.is_clear(problem, number, &mut self.rest))
    }

    /// Whether the node was reached for the first time. A tie changes the way there if it comes first by edge numbers.
    fn settle(&mut self, lead: Lead, node: NodeIx, next: &Waiting) -> bool {
        let slot = self.slots[node.ix()];
        if next.key > slot.key {
            return false;
        }
        if slot.settled && !self.is_before(lead, (next.parent, next.via), (slot.parent, slot.via)) {
            return false;
        }
        self.slots[node.ix()] = Slot { parent: next.parent, via: next.via, settled: true, ..slot };
        !slot.settled
    }

    /// Lets the next edge of a settled node wait, and with it all before it that are out of their order.
    fn go_on(&mut self, backbone: &Backbone, problem: &Problem<'_>, root: &mut Root, node: NodeIx) {
        let lead = root.lead;
        let leave = if lead == Lead::Home { problem.leave(0, node) } else { Some(0) };
        let Some(leave) = leave else { return };
        let Slot { key, mut turn, .. } = self.slots[node.ix()];
        while let Some((via, is_ordered)) = root.way(backbone, problem, node, turn as usize) {
            turn += 1;
            let edge = problem.graph.edge(via);
            let Some(rank) = problem.admit(via, edge) else { continue };
            let enter = if lead == Lead::Away { problem.leave(0, edge.from) } else { Some(leave) };
            let Some(enter) = enter else { continue };
            let next = problem.step(key, edge, rank + enter);
            let place = root.next(problem, via);
            let Some(rest) = root.rest(backbone, problem, place) else { continue };
            let slot = &mut self.slots[place.ix()];
            if slot.epoch != self.epoch {
                *slot = Slot { epoch: self.epoch, ..EMPTY };
            }
            if next > slot.key {
                continue;
            }
            slot.key = next;
            let is_in_turn = is_ordered && rank + enter < TOLL;
            let total = next.plus(rest);
            let number = self.waiting.len() as u32;
            self.queue.push(Reverse(Turn { total, hops: next.hops, number }));
            self.waiting.push(Waiting { key: next, parent: node, via, is_in_turn });
            if is_in_turn {
                break;
            }
        }
        self.slots[node.ix()].turn = turn;
    }

    /// Whether the way by one edge comes before that by another of equal length, edge by edge in order of travel.
    fn is_before(&self, lead: Lead, a: (NodeIx, EdgeIx), b: (NodeIx, EdgeIx)) -> bool {
        if lead == Lead::Away {
            // The edges at hand are the first ones of both, and after the same edge there is only one rest.
            return a.1 < b.1;
        }
        comes_before(a, b, |node| {
            let slot = &self.slots[node.ix()];
            (slot.parent, slot.via)
        })
    }

    /// Writes the way from where the search began to a node, and the rest, in order of travel.
    fn trace(&self, lead: Lead, start: NodeIx, end: NodeIx, path: &mut Vec<EdgeIx>) {
        path.clear();
        path.extend(self.rest.iter().rev());
        let mut node = end;
        while node != start {
            let slot = &self.slots[node.ix()];
            path.push(slot.via);
            node = slot.parent;
        }
        if lead == Lead::Home {
            path.reverse();
        }
    }

    fn reset(&mut self, nodes: usize) {
        self.queue.clear();
        self.waiting.clear();
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
