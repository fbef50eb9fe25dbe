//! What an edge costs, as numbers that may be taken away again.

use std::ops::{Add, Neg, Sub};

use model::{EdgeIx, graph::Edge};

use crate::problem::{Key, Problem, TOLL};

/// Tolls and demerits, metric, delay, hops: compared in this order, and added one by one.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Cost([i64; 4]);

/// Larger values of one edge count as this: 12 days in microseconds. Sums of a million edges stay exact.
const MOST: u64 = 1 << 40;

impl Cost {
    pub(super) const ZERO: Self = Self([0; 4]);

    /// Of one edge, `rank` being what it adds to the rank.
    pub(super) fn of(problem: &Problem<'_>, edge: &Edge, rank: u64) -> Self {
        let key = problem.step(Key::default(), edge, rank);
        let least = |value: u64| value.min(MOST) as i64;
        Self([key.rank as i64, least(key.metric), least(key.delay), i64::from(key.hops)])
    }

    /// Of a path that the problem allows.
    pub(super) fn of_path(problem: &Problem<'_>, edges: &[EdgeIx]) -> Self {
        edges.iter().fold(Self::ZERO, |cost, ix| {
            let edge = problem.graph.edge(*ix);
            cost + Self::of(problem, edge, problem.admit(*ix, edge).unwrap_or(0))
        })
    }

    /// With that many tolls more.
    pub(super) const fn with_tolls(mut self, tolls: u8) -> Self {
        self.0[0] += TOLL as i64 * tolls as i64;
        self
    }
}

impl Add for Cost {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
        Self([a + e, b + f, c + g, d + h])
    }
}

impl Sub for Cost {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Neg for Cost {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.map(|value| -value))
    }
}
