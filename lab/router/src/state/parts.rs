//! How much state a reader asks for. One who follows whether interfaces are up need not wait until all queues were counted, and
//! hears nothing as long as none goes up or down.

use std::sync::Arc;

use super::{PolicyState, RouterState};

/// A kind of state.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Part {
    /// Whether interfaces are up, and their numbers.
    Status,
    /// Counters of interfaces.
    Counters,
    /// What probes say of links.
    Measurement,
    /// Counters of queues.
    Queues,
    /// Whom interfaces hear.
    Neighbours,
    /// Policies and rules: which path is active, what was steered.
    Steering,
    /// Segment lists: which carry, and what probes say of them.
    Lists,
    /// The router's own SIDs.
    Sids,
    /// What IS-IS tells: much, and rarely asked for.
    Database,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Status,
        Self::Counters,
        Self::Measurement,
        Self::Queues,
        Self::Neighbours,
        Self::Steering,
        Self::Lists,
        Self::Sids,
        Self::Database,
    ];

    /// Whether two moments show the same of it.
    fn is_same(self, one: &RouterState, other: &RouterState) -> bool {
        let (mine, theirs) = (&one.interfaces, &other.interfaces);
        let eq = |same: fn(&super::InterfaceState, &super::InterfaceState) -> bool| {
            mine.len() == theirs.len()
                && mine.iter().zip(theirs).all(|((name, a), (its, b))| name == its && same(a, b))
        };
        let policies = |same: fn(&PolicyState, &PolicyState) -> bool| {
            let (mine, theirs) = (&one.policies, &other.policies);
            mine.len() == theirs.len()
                && mine.iter().zip(theirs).all(|((key, a), (its, b))| key == its && same(a, b))
        };
        match self {
            Self::Status => eq(|a, b| a.up == b.up && a.index == b.index),
            Self::Counters => eq(|a, b| {
                let counters = |i: &super::InterfaceState| {
                    (i.received, i.sent, i.in_discards, i.out_discards, i.in_errors, i.out_errors)
                };
                counters(a) == counters(b)
            }),
            Self::Measurement => eq(|a, b| a.measurement == b.measurement),
            Self::Queues => eq(|a, b| a.queues == b.queues),
            Self::Neighbours => one.system_name == other.system_name && eq(|a, b| a.neighbour == b.neighbour),
            Self::Steering => {
                one.rules == other.rules && policies(|a, b| a.active == b.active && a.traffic == b.traffic)
            }
            Self::Lists => policies(|a, b| a.active == b.active && a.lists == b.lists),
            Self::Sids => one.sids == other.sids,
            Self::Database => match (&one.lsdb, &other.lsdb) {
                (Some(one), Some(other)) => Arc::ptr_eq(one, other) || one == other,
                (one, other) => one.is_none() && other.is_none(),
            },
        }
    }
}

/// Some or all kinds of state.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Parts(u16);

impl Parts {
    /// All of them.
    pub fn all() -> Self {
        Part::ALL.into_iter().collect()
    }

    /// All of them but one.
    pub fn all_but(part: Part) -> Self {
        Part::ALL.into_iter().filter(|other| *other != part).collect()
    }

    /// Whether one is among them.
    pub const fn has(self, part: Part) -> bool {
        self.0 & (1 << part as u16) != 0
    }

    /// Whether all of the others are among them.
    pub const fn cover(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Both together.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Whether two moments show the same of all of them.
    pub fn are_same(self, one: &RouterState, other: &RouterState) -> bool {
        std::ptr::eq(one, other)
            || Part::ALL.into_iter().filter(|part| self.has(*part)).all(|part| part.is_same(one, other))
    }
}

impl FromIterator<Part> for Parts {
    fn from_iter<I: IntoIterator<Item = Part>>(parts: I) -> Self {
        Self(parts.into_iter().fold(0, |all, part| all | 1 << part as u16))
    }
}
