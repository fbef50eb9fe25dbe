//! The queue of a shortest-path tree: places in the order of their distance, never before the last one taken.
//!
//! Distances fall into buckets of equal width (Dial 1969; Denardo and Fox 1979). Where no edge is shorter than a bucket is wide,
//! places in one bucket cannot make each other nearer and their order does not matter. Else the bucket at hand is a heap; the
//! others need no order yet, which keeps the heap small.

use std::{cmp::Reverse, collections::BinaryHeap};

/// How many buckets there are at most.
const MOST: u64 = 4096;

/// Places by distance.
#[derive(Debug)]
pub(crate) struct Queue {
    /// A bucket is `1 << shift` wide.
    shift: u32,
    /// Far buckets, used in circles: no edge reaches round.
    far: Vec<Vec<(u64, u32)>>,
    /// The number of the bucket at hand.
    at: u64,
    /// The bucket at hand, where its order matters.
    near: Option<BinaryHeap<Reverse<(u64, u32)>>>,
    count: usize,
}

impl Queue {
    /// For edges from `least` to `most` long.
    pub(crate) fn new(least: u64, most: u64) -> Self {
        // The widest power of two that no edge is shorter than, if that makes few enough buckets.
        let exact = 63_u32.saturating_sub(least.leading_zeros());
        let is_exact = least > 0 && most >> exact < MOST;
        let rough = 64 - (most / (MOST / 4)).leading_zeros();
        let shift = if is_exact { exact } else { rough };
        let buckets = ((most >> shift) + 2).next_power_of_two();
        Self {
            shift,
            far: vec![Vec::new(); buckets as usize],
            at: 0,
            near: (!is_exact).then(BinaryHeap::new),
            count: 0,
        }
    }

    /// Takes everything out.
    pub(crate) fn clear(&mut self) {
        // A search that ran to its end has emptied all buckets.
        if self.count > 0 {
            self.far.iter_mut().for_each(Vec::clear);
        }
        if let Some(near) = &mut self.near {
            near.clear();
        }
        self.at = 0;
        self.count = 0;
    }

    /// Adds a place; it is no nearer than the last one taken.
    #[inline]
    pub(crate) fn push(&mut self, distance: u64, place: u32) {
        self.count += 1;
        let bucket = distance >> self.shift;
        match &mut self.near {
            Some(near) if bucket == self.at => near.push(Reverse((distance, place))),
            _ => {
                let slot = bucket as usize & (self.far.len() - 1);
                self.far[slot].push((distance, place));
            }
        }
    }

    /// The next place: the nearest, or one that no other can make nearer any more.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<(u64, u32)> {
        if self.count == 0 {
            return None;
        }
        self.count -= 1;
        loop {
            let slot = self.at as usize & (self.far.len() - 1);
            match &mut self.near {
                None => {
                    if let Some(next) = self.far[slot].pop() {
                        return Some(next);
                    }
                }
                Some(near) => {
                    if !self.far[slot].is_empty() {
                        near.extend(self.far[slot].drain(..).map(Reverse));
                    }
                    if let Some(Reverse(next)) = near.pop() {
                        return Some(next);
                    }
                }
            }
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    proptest! {
        /// What is taken out never falls back below what was taken before by more than its bucket, and nothing gets lost.
        #[test]
        fn places_come_in_order(
            steps in vec((0_u64..1 << 20, 0_u32..9), 1..200), least in 0_u64..3000, most in 3000_u64..1 << 21,
        ) {
            let mut queue = Queue::new(least, most);
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
                if queue.near.is_some() {
                    prop_assert!(distance >= last && distance <= nearest);
                } else {
                    // Nobody still waiting can reach it by an edge of the least length.
                    prop_assert!(distance < nearest.saturating_add(least));
                }
                last = distance;
                for (step, place) in turn.by_ref().take(2) {
                    let next = distance + (least + step).min(most);
                    queue.push(next, *place);
                    *waiting.entry((next, *place)).or_insert(0) += 1;
                }
            }
            prop_assert!(waiting.is_empty());
        }
    }
}
