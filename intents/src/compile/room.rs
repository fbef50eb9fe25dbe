//! What is free for paths on every edge. Not all that is left need be free: where packets of a service that has its path would wait too long
//! in a queue at the brim ([`super::waits`]), some bandwidth stays with nobody. What is in strict queues waits for strict queues alone, so
//! that for these both are counted apart.

use std::collections::BTreeMap;

use model::{Bandwidth, EdgeIx, ServiceId};

use crate::route::Free;

/// What is left, held and free, bit/s by edge.
struct Lane {
    /// What paths leave.
    left: Vec<u64>,
    /// What of it has to stay with nobody.
    held: Vec<u64>,
    free: Free,
}

impl Lane {
    fn of(capacities: &[u64]) -> Self {
        let left = capacities.to_vec();
        Self { held: vec![0; left.len()], free: Free::of(left.clone()), left }
    }

    fn take(&mut self, edge: EdgeIx, rate: u64) {
        let left = &mut self.left[edge.ix()];
        *left = left.saturating_sub(rate);
    }

    fn open(&self, edge: EdgeIx) -> u64 {
        self.left[edge.ix()].saturating_sub(self.held[edge.ix()])
    }
}

/// What is left of every edge, and for whom.
pub(super) struct Room<'a> {
    /// Beside all paths.
    all: Lane,
    /// Beside those of services in strict queues.
    strict: Lane,
    /// For whom most is held, by edge.
    keepers: BTreeMap<EdgeIx, (u64, &'a ServiceId)>,
}

impl<'a> Room<'a> {
    /// Where nobody has anything yet.
    pub fn of(capacities: &[u64]) -> Self {
        Self { all: Lane::of(capacities), strict: Lane::of(capacities), keepers: BTreeMap::new() }
    }

    /// What a path may take: one of a service in a strict queue, or any other.
    pub const fn free(&self, is_strict: bool) -> &Free {
        if is_strict { &self.strict.free } else { &self.all.free }
    }

    /// What is left beside the paths so far: all, or those alone that are served before a service waits in a strict queue.
    pub fn left(&self, is_strict: bool) -> &[u64] {
        if is_strict { &self.strict.left } else { &self.all.left }
    }

    /// Gives bandwidth of an edge to a path.
    pub fn take(&mut self, edge: EdgeIx, rate: u64, is_strict: bool) {
        self.all.take(edge, rate);
        if is_strict {
            self.strict.take(edge, rate);
        }
        self.refresh(edge);
    }

    /// Holds so much of an edge for a service: nobody gets it from now on, or nobody in a strict queue.
    pub fn hold(&mut self, edge: EdgeIx, amount: u64, is_strict: bool, service: &'a ServiceId) {
        let lane = if is_strict { &mut self.strict } else { &mut self.all };
        lane.held[edge.ix()] = lane.held[edge.ix()].max(amount);
        if amount > self.keepers.get(&edge).map_or(0, |(most, _)| *most) {
            self.keepers.insert(edge, (amount, service));
        }
        self.refresh(edge);
    }

    /// What is held of an edge, and for whom most of it.
    pub fn held(&self, edge: EdgeIx) -> Option<(Bandwidth, &'a ServiceId)> {
        self.keepers.get(&edge).map(|(amount, service)| (Bandwidth::from_bps(*amount), *service))
    }

    /// Holds nothing any more: all have their paths. What backups take makes nobody wait as long as the paths are there.
    pub fn release(&mut self) {
        for edge in std::mem::take(&mut self.keepers).into_keys() {
            (self.all.held[edge.ix()], self.strict.held[edge.ix()]) = (0, 0);
            self.refresh(edge);
        }
    }

    fn refresh(&mut self, edge: EdgeIx) {
        let all = self.all.open(edge);
        self.all.free.set(edge, all);
        self.strict.free.set(edge, all.min(self.strict.open(edge)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_left_and_not_free() {
        let (edge, one, other) = (EdgeIx(2), ServiceId::lit("one"), ServiceId::lit("other"));
        let mut room = Room::of(&[9, 9, 100, 100]);
        room.take(edge, 60, false);
        room.hold(edge, 10, false, &one);
        room.hold(edge, 5, false, &other);
        assert_eq!((room.left(false)[2], room.free(false).single()[2]), (40, 30));
        assert_eq!(room.free(true).single()[2], 30, "who is served first takes from all");
        assert_eq!(room.held(edge), Some((Bandwidth::from_bps(10), &one)));
        // Strict queues alone wait for strict ones.
        room.take(edge, 20, true);
        assert_eq!((room.left(false)[2], room.left(true)[2]), (20, 80));
        room.hold(edge, 75, true, &other);
        assert_eq!((room.free(false).single()[2], room.free(true).single()[2]), (10, 5));
        room.release();
        assert_eq!((room.free(false).single()[2], room.free(true).single()[2]), (20, 20));
        assert_eq!(room.held(edge), None);
    }
}
