//! In which order packets came (RFC 4737): how many were overtaken, by how many places and by how much time.
//!
//! Order is judged within a five-tuple: packets of two of them may well take two ways.

use std::collections::{BTreeMap, VecDeque};

use model::Span;
use serde::{Deserialize, Serialize};

use crate::moment::Moment;

/// Overtakers that are remembered, for all five-tuples of a flow together and for one.
const REMEMBERED: usize = 1 << 16;
const OF_ONE: usize = 4_096;
/// And for one at least.
const OF_ONE_LEAST: usize = 16;

/// What was out of order.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reordered {
    /// Packets that came after one of their five-tuple that was sent later (RFC 4737 section 3.3).
    pub packets: u64,
    /// The most places that a packet was behind the furthest one that had come, counted in packets of its five-tuple.
    pub displacement: u64,
    /// The longest that a packet came after the first one that overtook it (RFC 4737 section 4.3). Of packets that came later than
    /// is remembered, so long at least.
    pub late: Span,
}

/// The order of a flow.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// How many five-tuples there are.
    tuples: u64,
    /// Of each five-tuple the packets that were further than all before, and when they came.
    leaders: BTreeMap<u16, VecDeque<(u64, Moment)>>,
    room: usize,
    seen: Reordered,
}

impl Order {
    pub(crate) fn new(tuples: u16) -> Self {
        let room = (REMEMBERED / usize::from(tuples.max(1))).clamp(OF_ONE_LEAST, OF_ONE);
        let tuples = u64::from(tuples.max(1));
        Self { tuples, leaders: BTreeMap::new(), room, seen: Reordered::default() }
    }

    /// A packet came that had not come before. O(log remembered).
    pub(crate) fn arrived(&mut self, tuple: u16, number: u64, at: Moment) {
        let leaders = self.leaders.entry(tuple).or_default();
        match leaders.back() {
            Some((furthest, _)) if *furthest > number => {
                let first = leaders.partition_point(|(leader, _)| *leader <= number);
                let overtaken = leaders.get(first).and_then(|(_, then)| at.since(*then)).unwrap_or_default();
                let late = Span::from_micros(u64::try_from(overtaken.as_micros()).unwrap_or(u64::MAX));
                self.seen.packets += 1;
                self.seen.displacement = self.seen.displacement.max((furthest - number) / self.tuples);
                self.seen.late = self.seen.late.max(late);
            }
            _ => {
                leaders.push_back((number, at));
                if leaders.len() > self.room {
                    leaders.pop_front();
                }
            }
        }
    }

    pub(crate) const fn seen(&self) -> Reordered {
        self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(tuples: u16, arrivals: &[(u64, u64)]) -> Reordered {
        let mut order = Order::new(tuples);
        for (number, millis) in arrivals {
            let tuple = u16::try_from(number % u64::from(tuples)).unwrap();
            order.arrived(tuple, *number, Moment::from_nanos(millis * 1_000_000));
        }
        order.seen()
    }

    #[test]
    fn in_order_is_in_order_with_holes_too() {
        assert_eq!(seen(1, &[(0, 0), (1, 1), (5, 2), (9, 3)]), Reordered::default());
    }

    #[test]
    fn a_packet_that_was_overtaken() {
        // 4 comes behind 5, 6 and 7.
        let told = seen(1, &[(1, 1), (2, 2), (3, 3), (5, 4), (6, 5), (7, 6), (4, 9), (8, 10)]);
        assert_eq!(told, Reordered { packets: 1, displacement: 3, late: Span::from_millis(5) });
    }

    #[test]
    fn five_tuples_may_take_two_ways() {
        // Even ones take 40 ms more.
        let slow_and_fast = [(1, 1), (3, 3), (5, 5), (0, 40), (2, 42), (4, 44)];
        assert_eq!(seen(2, &slow_and_fast), Reordered::default());
        assert_eq!(seen(1, &slow_and_fast).packets, 3);
        // Within one of four: 4 and 0 are neighbours.
        let told = seen(4, &[(4, 1), (0, 3)]);
        assert_eq!(told, Reordered { packets: 1, displacement: 1, late: Span::from_millis(2) });
    }

    #[test]
    fn who_is_too_late_is_late_by_what_is_remembered() {
        let mut order = Order::new(1);
        (1..10_000).for_each(|number| order.arrived(0, number, Moment::from_nanos(number * 1_000_000)));
        order.arrived(0, 0, Moment::from_nanos(10_000 * 1_000_000));
        let late = Reordered { packets: 1, displacement: 9_999, late: Span::from_millis(4_096) };
        assert_eq!(order.seen(), late);
    }
}
