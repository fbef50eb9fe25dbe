//! The least that is still to come: for each bounded quantity, a search backwards from the end. A walk whose use so far plus
//! this exceeds the bound is dropped at once, which is what keeps label-setting small (Dumitrescu and Boland 2003).

use std::{cmp::Reverse, collections::BinaryHeap};

use model::{EdgeIx, NodeIx, graph::Edge};

use crate::{
    constraint::Bounds,
    found::Totals,
    problem::{Problem, then},
};

/// A quantity that a bound may limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Quantity {
    Delay,
    Jitter,
    Loss,
    Hops,
    Price,
}

impl Quantity {
    pub(crate) const ALL: [Self; 5] = [Self::Delay, Self::Jitter, Self::Loss, Self::Hops, Self::Price];

    /// Its bound.
    pub(crate) fn bound(self, bounds: &Bounds) -> Option<u64> {
        match self {
            Self::Delay => bounds.delay.map(|most| most.as_micros()),
            Self::Jitter => bounds.jitter.map(|most| most.as_micros()),
            Self::Loss => bounds.loss.map(|most| u64::from(most.as_ppb())),
            Self::Hops => bounds.hops.map(u64::from),
            Self::Price => bounds.price.map(|most| most.0),
        }
    }

    /// How much of it is used.
    pub(crate) fn used(self, totals: &Totals) -> u64 {
        match self {
            Self::Delay => totals.delay.as_micros(),
            Self::Jitter => totals.jitter.as_micros(),
            Self::Loss => u64::from(totals.loss.as_ppb()),
            Self::Hops => u64::from(totals.hops),
            Self::Price => totals.price.0,
        }
    }

    /// How much of it an edge uses.
    fn of(self, edge: &Edge) -> u64 {
        match self {
            Self::Delay => edge.delay,
            Self::Jitter => edge.jitter,
            Self::Loss => u64::from(edge.loss),
            Self::Hops => 1,
            Self::Price => edge.price,
        }
    }

    /// Two stretches after each other.
    fn join(self, before: u64, after: u64) -> u64 {
        match self {
            Self::Loss => then(before, u32::try_from(after).unwrap_or(u32::MAX)),
            _ => before.saturating_add(after),
        }
    }
}

/// Nothing leads from here to the end.
const NEVER: u64 = u64::MAX;

/// What is still to come, by quantity and state, and the edge that leads there.
#[derive(Debug, Default)]
pub(crate) struct Lower {
    least: [Vec<u64>; 5],
    next: [Vec<EdgeIx>; 5],
    bounds: [Option<u64>; 5],
    heap: BinaryHeap<Reverse<(u64, NodeIx)>>,
    slack: u64,
}

impl Lower {
    /// Searches backwards for each bounded quantity. O(bounds * legs * edges * log nodes).
    pub(crate) fn build(&mut self, problem: &Problem<'_>) {
        // Loss is rounded down at each step, so the same links put together from the other end may come out higher, by
        // less than 1e-9 for each link of the rest.
        self.slack = problem.states() as u64;
        // What is to be visited in any order is not looked at: that can only make the rest longer.
        let places = problem.legs() * problem.graph.node_count();
        for (slot, quantity) in Quantity::ALL.into_iter().enumerate() {
            self.bounds[slot] = quantity.bound(&problem.bounds);
            if self.bounds[slot].is_none() {
                continue;
            }
            self.least[slot].clear();
            self.least[slot].resize(places, NEVER);
            self.next[slot].clear();
            self.next[slot].resize(places, EdgeIx(u32::MAX));
            let mut rest = 0;
            for leg in (0..problem.legs()).rev() {
                let target = problem.waypoints.get(leg).copied().unwrap_or(problem.request.to);
                self.backwards(problem, slot, leg, target, rest);
                let before = match leg {
                    0 => problem.request.from,
                    _ => problem.waypoints[leg - 1],
                };
                rest = self.least[slot][problem.state(leg, before) as usize];
                if rest == NEVER {
                    break;
                }
            }
        }
    }

    fn backwards(&mut self, problem: &Problem<'_>, slot: usize, leg: usize, target: NodeIx, rest: u64) {
        let quantity = Quantity::ALL[slot];
        self.heap.clear();
        self.least[slot][problem.state(leg, target) as usize] = rest;
        self.heap.push(Reverse((rest, target)));
        while let Some(Reverse((value, node))) = self.heap.pop() {
            if value > self.least[slot][problem.state(leg, node) as usize] {
                continue;
            }
            for ix in problem.graph.into(node) {
                let edge = problem.graph.edge(ix);
                if problem.leave_on(leg, edge.from).is_none() || problem.admit(ix, edge).is_none() {
                    continue;
                }
                let state = problem.state(leg, edge.from) as usize;
                let value = quantity.join(quantity.of(edge), value);
                if value < self.least[slot][state] {
                    self.least[slot][state] = value;
                    self.next[slot][state] = ix;
                    self.heap.push(Reverse((value, edge.from)));
                }
            }
        }
    }

    /// Whether a walk in this state may still keep every bound. Never says no wrongly.
    #[inline]
    pub(crate) fn allows(&self, problem: &Problem<'_>, state: u32, totals: &Totals) -> bool {
        let state = problem.on_leg(state);
        Quantity::ALL.into_iter().enumerate().all(|(slot, quantity)| {
            let Some(bound) = self.bounds[slot] else { return true };
            let rest = self.least[slot][state as usize];
            let slack = if quantity == Quantity::Loss { self.slack } else { 0 };
            rest != NEVER && quantity.join(quantity.used(totals), rest) <= bound.saturating_add(slack)
        })
    }

    /// Whether one walk uses no more of any bounded quantity than another.
    #[inline]
    pub(crate) fn uses_no_more(&self, one: &Totals, other: &Totals) -> bool {
        Quantity::ALL
            .into_iter()
            .enumerate()
            .all(|(slot, quantity)| self.bounds[slot].is_none() || quantity.used(one) <= quantity.used(other))
    }

    /// The edge that leads from a state to the end with the least of a bounded quantity.
    pub(crate) fn next(&self, problem: &Problem<'_>, slot: usize, state: u32) -> Option<EdgeIx> {
        self.bounds[slot]?;
        self.next[slot].get(problem.on_leg(state) as usize).copied().filter(|edge| edge.0 != u32::MAX)
    }
}
