//! Edges that a walk through stops crosses more often than they have room for.
//!
//! Were the crossings of every edge counted, walks would be kept apart that differ in nothing that matters. So none are
//! counted at first. When the best walk crosses an edge too often, that edge counts from then on, and the search is done again
//! (Righini and Salani 2008 do so with nodes). Each search leaves out walks without room only, so the first best walk
//! that has room is the best of all.

use std::collections::BTreeMap;

use model::EdgeIx;

use crate::problem::Problem;

/// The edges whose crossings count.
#[derive(Debug, Default)]
pub(crate) struct Crowded {
    /// Each with its bits, one for each crossing that it has room for: a walk has so many of them, lowest first, as it has crossed
    /// the edge. So a walk with no bit that another one lacks has crossed no edge more often.
    counted: BTreeMap<EdgeIx, u128>,
    /// How many bits are taken.
    bits: u32,
    gave_up: bool,
}

impl Crowded {
    /// Whether no crossings count.
    pub(crate) fn is_empty(&self) -> bool {
        self.counted.is_empty() && !self.gave_up
    }

    /// Counts the edges of which a walk makes too much. False where that is not possible.
    pub(crate) fn count(&mut self, problem: &Problem<'_>, walk: &[EdgeIx]) -> bool {
        for edge in walk {
            let room = problem.room(*edge);
            let crossings = walk.iter().filter(|other| *other == edge).count() as u64;
            if crossings <= room || self.counted.contains_key(edge) {
                continue;
            }
            // Below the number of crossings, so it fits.
            let room = room as u32;
            if self.bits + room > u128::BITS {
                return false;
            }
            let bits = (1_u128 << room) - 1;
            self.counted.insert(*edge, bits << self.bits);
            self.bits += room;
        }
        true
    }

    /// From now on every edge counts, and a walk that dominates another one may have less room than that: no proof any more.
    pub(crate) fn give_up(&mut self) {
        self.gave_up = true;
    }

    /// Whether it gave up.
    pub(crate) const fn gave_up(&self) -> bool {
        self.gave_up
    }

    /// The crossings of a walk with one more; none where the edge has no room for it.
    pub(crate) fn cross(&self, crossed: u128, edge: EdgeIx) -> Option<u128> {
        let Some(bits) = self.counted.get(&edge) else { return Some(crossed) };
        let free = bits & !crossed;
        (free != 0).then(|| crossed | (free & free.wrapping_neg()))
    }
}
