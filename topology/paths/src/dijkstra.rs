//! Shortest path with one label a state (Dijkstra 1959): exact where nothing but the key and pruned edges decide.
//! O((nodes + edges) log nodes) for each stage between waypoints; with a goal in sight it looks at little more than the path
//! (Hart, Nilsson and Raphael 1968).

use std::{cmp::Reverse, collections::BinaryHeap};

use model::EdgeIx;

use crate::{
    goal::Goal,
    problem::{Key, Problem},
    ties::comes_before,
};

/// What a search came to. The path itself stands in the workspace.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Outcome {
    /// Whether a path was found.
    pub(crate) found: bool,
    /// Whether that answer is proven.
    pub(crate) exact: bool,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    key: Key,
    parent: u32,
    via: EdgeIx,
    /// The search that wrote the slot: older contents count as empty.
    epoch: u32,
    settled: bool,
}

const EMPTY: Slot = Slot {
    key: Key { rank: 0, metric: 0, delay: 0, hops: 0 },
    parent: 0,
    via: EdgeIx(0),
    epoch: 0,
    settled: false,
};

/// The search tree, used again and again.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    slots: Vec<Slot>,
    /// What a path through the state comes to at least, hops so far, state. Of equal ones the nearer to the start goes first,
    /// so that everything that may tie with a state is settled before it.
    heap: BinaryHeap<Reverse<(Key, u32, u32)>>,
    epoch: u32,
}

impl Tree {
    /// The least path by key, then edge numbers. Bounds are not looked at, nor whether an edge that a walk through stops crosses
    /// again has room for that. Writes the edges into `path`.
    pub(crate) fn shortest(
        &mut self,
        problem: &Problem<'_>,
        goal: Option<&Goal>,
        path: &mut Vec<EdgeIx>,
    ) -> Outcome {
        path.clear();
        let none = Outcome { found: false, exact: true };
        let Some((start, key)) = problem.start() else { return none };
        self.reset(problem.states());
        let end = problem.end();
        self.slots[start as usize] = Slot { key, parent: start, epoch: self.epoch, ..EMPTY };
        self.heap.push(Reverse((key, key.hops, start)));
        while let Some(Reverse((_, _, state))) = self.heap.pop() {
            let slot = &mut self.slots[state as usize];
            if slot.settled {
                continue;
            }
            slot.settled = true;
            let key = slot.key;
            if state == end {
                self.trace(start, end, path);
                return Outcome { found: true, exact: true };
            }
            self.expand(problem, goal, state, key);
        }
        none
    }

    /// Offers every edge out of a settled state.
    fn expand(&mut self, problem: &Problem<'_>, goal: Option<&Goal>, state: u32, key: Key) {
        let (stage, node) = problem.place(state);
        let Some(leave) = problem.leave(stage, node) else { return };
        for ix in problem.graph.out(node) {
            let edge = problem.graph.edge(*ix);
            let target = problem.state(problem.advance(stage, Some(*ix), edge.to), edge.to);
            let slot = self.slots[target as usize];
            let known = slot.epoch == self.epoch;
            if known && slot.settled {
                continue;
            }
            let rest = match goal {
                None => Key::default(),
                Some(goal) => match goal.rest(problem, target) {
                    Some(rest) => rest,
                    None => continue,
                },
            };
            let Some(rank) = problem.admit(*ix, edge).filter(|_| !problem.is_closed(state, *ix, target))
            else {
                continue;
            };
            let next = problem.step(key, edge, leave + rank);
            let better = !known
                || next < slot.key
                || next == slot.key && self.is_before((state, *ix), (slot.parent, slot.via));
            if !better {
                continue;
            }
            if !known || next < slot.key {
                self.heap.push(Reverse((next.plus(rest), next.hops, target)));
            }
            self.slots[target as usize] =
                Slot { key: next, parent: state, via: *ix, epoch: self.epoch, settled: false };
        }
    }

    /// Whether the walk to `a.0` and over `a.1` comes before the other of equal length, edge by edge from the start.
    fn is_before(&self, a: (u32, EdgeIx), b: (u32, EdgeIx)) -> bool {
        comes_before(a, b, |state| {
            let slot = &self.slots[state as usize];
            (slot.parent, slot.via)
        })
    }

    /// The edges behind a settled state, last first.
    fn walked(&self, mut state: u32) -> impl Iterator<Item = EdgeIx> + '_ {
        std::iter::from_fn(move || {
            let slot = &self.slots[state as usize];
            (slot.parent != state).then(|| {
                state = slot.parent;
                slot.via
            })
        })
    }

    fn trace(&self, start: u32, end: u32, path: &mut Vec<EdgeIx>) {
        if start != end {
            path.extend(self.walked(end));
            path.reverse();
        }
    }

    fn reset(&mut self, states: usize) {
        self.heap.clear();
        if self.slots.len() < states {
            self.slots.resize(states, EMPTY);
        }
        self.epoch = self.epoch.wrapping_add(1);
        if self.epoch == 0 {
            self.slots.fill(EMPTY);
            self.epoch = 1;
        }
    }
}
