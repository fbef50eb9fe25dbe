//! Shortest-path trees with a queue: places in the order of their distance, never before the last one taken.
//!
//! Distances fall into buckets of equal width (Dial 1969). The bucket at hand is a heap; the others need no order yet, which
//! keeps the heap small.

use std::{cmp::Reverse, collections::BinaryHeap};

use model::NodeIx;

use crate::{
    goal::NO_EDGE,
    packed::{Packed, Reach, UNREACHED},
};

/// How many buckets an edge reaches over at most.
const REACH: u64 = 1024;

/// Places by distance.
#[derive(Debug)]
pub(crate) struct Queue {
    /// A bucket is `1 << shift` wide.
    shift: u32,
    /// Far buckets, used in circles: no edge reaches round.
    far: Vec<Vec<(u64, u32)>>,
    /// The number of the bucket at hand.
    at: u64,
    /// The bucket at hand.
    near: BinaryHeap<Reverse<(u64, u32)>>,
    count: usize,
}

impl Queue {
    /// For edges at most so long.
    pub(crate) fn new(most: u64) -> Self {
        let shift = 64 - (most / REACH).leading_zeros();
        let buckets = ((most >> shift) + 2).next_power_of_two();
        Self { shift, far: vec![Vec::new(); buckets as usize], at: 0, near: BinaryHeap::new(), count: 0 }
    }

    /// The tree of some roots over the arcs that are admitted, by their number.
    pub(crate) fn spread(
        &mut self,
        packed: &Packed<'_>,
        roots: &[NodeIx],
        admits: impl Fn(usize) -> bool,
        reach: &mut Reach,
    ) {
        let Reach { distance, via } = reach;
        distance.fill(UNREACHED);
        self.clear();
        for root in roots {
            distance[root.ix()] = 0;
            via[root.ix()] = NO_EDGE;
            self.push(0, root.0);
        }
        while let Some((here, node)) = self.pop() {
            let carries = packed.is_transit(node) || roots.contains(&NodeIx(node));
            if !carries || here > distance[node as usize] {
                continue;
            }
            for number in packed.first[node as usize] as usize..packed.first[node as usize + 1] as usize {
                let arc = packed.arcs[number];
                let (next, there) = (here.saturating_add(arc.metric), arc.node as usize);
                if next > distance[there] || !admits(number) {
                    continue;
                }
                if next < distance[there] {
                    distance[there] = next;
                    via[there] = arc.edge;
                    self.push(next, arc.node);
                } else if arc.metric > 0 && arc.edge < via[there] {
                    via[there] = arc.edge;
                }
            }
        }
    }

    /// Takes everything out.
    fn clear(&mut self) {
        // A search that ran to its end has emptied all buckets.
        if self.count > 0 {
            self.far.iter_mut().for_each(Vec::clear);
        }
        self.near.clear();
        self.at = 0;
        self.count = 0;
    }

    /// Adds a place; it is no nearer than the last one taken.
    #[inline]
    fn push(&mut self, distance: u64, place: u32) {
        self.count += 1;
        let bucket = distance >> self.shift;
        if bucket == self.at {
            self.near.push(Reverse((distance, place)));
        } else {
            let slot = bucket as usize & (self.far.len() - 1);
            self.far[slot].push((distance, place));
        }
    }

    /// The nearest place.
    #[inline]
    fn pop(&mut self) -> Option<(u64, u32)> {
        if self.count == 0 {
            return None;
        }
        self.count -= 1;
        loop {
            if let Some(Reverse(next)) = self.near.pop() {
                return Some(next);
            }
            self.at += 1;
            let slot = self.at as usize & (self.far.len() - 1);
            self.near.extend(self.far[slot].drain(..).map(Reverse));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    proptest! {
        /// What is taken out is the nearest, and nothing gets lost.
        #[test]
        fn places_come_in_order(
            steps in vec((0_u64..1 << 20, 0_u32..9), 1..200), most in 1_u64..1 << 21,
        ) {
            let mut queue = Queue::new(most);
            let mut waiting = std::collections::BTreeMap::new();
            queue.push(0, u32::MAX);
            waiting.insert((0, u32::MAX), 1);
            let mut last = 0;
            let mut turn = steps.iter();
            while let Some((distance, place)) = queue.pop() {
                let left = waiting.get_mut(&(distance, place)).unwrap();
                *left -= 1;
                waiting.retain(|_, count| *count > 0);
                let nearest = waiting.keys().next().map_or(u64::MAX, |key| key.0);
                prop_assert!(distance >= last && distance <= nearest);
                last = distance;
                for (step, place) in turn.by_ref().take(2) {
                    let next = distance + (*step).min(most);
                    queue.push(next, *place);
                    *waiting.entry((next, *place)).or_insert(0) += 1;
                }
            }
            prop_assert!(waiting.is_empty());
        }
    }
}
