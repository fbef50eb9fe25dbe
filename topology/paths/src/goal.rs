//! The goal in sight: what is still to come from every place at least, as a key. A search that adds this to what lies behind
//! goes straight to the end, and is exact because it never says too much (Hart, Nilsson and Raphael 1968).

use std::{cmp::Reverse, collections::BinaryHeap};

use model::{EdgeIx, NodeIx};

use crate::problem::{Key, Problem};

/// By leg and node: the least key from there to the end.
#[derive(Debug, Default)]
pub(crate) struct Goal {
    rest: Vec<Key>,
    heap: BinaryHeap<Reverse<(Key, NodeIx)>>,
}

pub(crate) const NO_EDGE: EdgeIx = EdgeIx(u32::MAX);

/// Nothing leads from here to the end.
pub(crate) const NEVER: Key = Key { rank: u64::MAX, metric: u64::MAX, delay: u64::MAX, hops: u32::MAX };

impl Goal {
    /// Searches backwards from the end, leg by leg. Things to visit in any order and the way behind a spur are not looked at:
    /// they can only make the rest longer. O(legs * edges * log nodes).
    pub(crate) fn build(&mut self, problem: &Problem<'_>) {
        self.rest.clear();
        self.rest.resize(problem.legs() * problem.graph.node_count(), NEVER);
        let mut rest = Key::default();
        for leg in (0..problem.legs()).rev() {
            let target = problem.waypoints.get(leg).copied().unwrap_or(problem.request.to);
            self.backwards(problem, leg, target, rest);
            let before = if leg == 0 { problem.request.from } else { problem.waypoints[leg - 1] };
            rest = self.rest[problem.state(leg, before) as usize];
            if rest == NEVER {
                return;
            }
        }
    }

    fn backwards(&mut self, problem: &Problem<'_>, leg: usize, target: NodeIx, rest: Key) {
        self.heap.clear();
        self.rest[problem.state(leg, target) as usize] = rest;
        self.heap.push(Reverse((rest, target)));
        while let Some(Reverse((key, node))) = self.heap.pop() {
            if key > self.rest[problem.state(leg, node) as usize] {
                continue;
            }
            for ix in problem.graph.into(node) {
                let edge = problem.graph.edge(ix);
                let place = problem.state(leg, edge.from) as usize;
                let (Some(leave), Some(admit)) = (problem.leave_on(leg, edge.from), problem.admit(ix, edge))
                else {
                    continue;
                };
                let key = problem.step(key, edge, leave + admit);
                if key < self.rest[place] {
                    self.rest[place] = key;
                    self.heap.push(Reverse((key, edge.from)));
                }
            }
        }
    }

    /// What is still to come from a state at least; none where nothing leads to the end.
    #[inline]
    pub(crate) fn rest(&self, problem: &Problem<'_>, state: u32) -> Option<Key> {
        let rest = self.rest[problem.on_leg(state) as usize];
        (rest != NEVER).then_some(rest)
    }
}
