//! Which packets have not come, in runs, and when they were sent as far as their neighbours tell.
//!
//! A packet that has not come is missing as soon as a later one has; it may still come. Memory is bounded: where more runs are open than
//! fit, the shortest of the older ones is given up. Its packets stay lost, and it is no longer known which they are.

use std::collections::BTreeMap;

use crate::moment::Moment;

/// Runs that are known one by one.
const MOST: usize = 4_096;

/// A packet whose time of sending is known.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Anchor {
    pub(crate) number: u64,
    pub(crate) sent: Moment,
}

/// Packets one after the other that have not come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Gap {
    pub(crate) first: u64,
    pub(crate) last: u64,
    /// The next packet before that is known, or the first one itself.
    pub(crate) before: Option<Anchor>,
    /// The next one after, or the last one itself.
    pub(crate) after: Option<Anchor>,
}

impl Gap {
    pub(crate) const fn packets(&self) -> u64 {
        self.last - self.first + 1
    }

    /// When one of its packets was sent: between its neighbours, as packets of a flow are at equal distances. None where a neighbour is
    /// not known.
    pub(crate) fn sent(&self, number: u64) -> Option<Moment> {
        let (before, after) = (self.before?, self.after?);
        let span = u128::from(after.sent.as_nanos().saturating_sub(before.sent.as_nanos()));
        let gone = u128::from(number.saturating_sub(before.number)) * span;
        let nanos = gone.checked_div(u128::from(after.number.saturating_sub(before.number))).unwrap_or(0);
        Some(Moment::from_nanos(
            before.sent.as_nanos().saturating_add(u64::try_from(nanos).unwrap_or(u64::MAX)),
        ))
    }

    /// How many of its packets were sent before a moment; none where a neighbour is not known.
    pub(crate) fn sent_before(&self, moment: Moment) -> Option<u64> {
        let (before, after) = (self.before?, self.after?);
        let span = u128::from(after.sent.as_nanos().saturating_sub(before.sent.as_nanos()));
        let gone = u128::from(moment.as_nanos().saturating_sub(before.sent.as_nanos()));
        let numbers = u128::from(after.number.saturating_sub(before.number));
        let up_to = if span == 0 {
            // All of them at one moment.
            if gone > 0 { u64::MAX } else { 0 }
        } else {
            let more = u64::try_from((gone * numbers).div_ceil(span)).unwrap_or(u64::MAX);
            before.number.saturating_add(more)
        };
        Some(up_to.clamp(self.first, self.last + 1) - self.first)
    }
}

/// What becomes of a packet that is not further than all before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Filled {
    /// It was missing.
    Missing,
    /// It had come.
    Twice,
    /// It may have been missing or not: runs of its time were given up.
    Unknown,
}

/// All runs of a flow.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gaps {
    /// By their first packet.
    open: BTreeMap<u64, Gap>,
    /// Packets in these.
    missing: u64,
    /// Packets of runs that were given up, how many such runs there were, and the last of these packets.
    given_up: u64,
    runs_given_up: u64,
    last_given_up: Option<u64>,
}

impl Gaps {
    /// Packets that are missing.
    pub(crate) const fn missing(&self) -> u64 {
        self.missing + self.given_up
    }

    /// How many runs are no longer known.
    pub(crate) const fn runs_given_up(&self) -> u64 {
        self.runs_given_up
    }

    /// The runs that are known, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Gap> {
        self.open.values()
    }

    /// Packets are missing from now on. Gives a run that was given up for it. O(log runs), or O(runs) where there are too many.
    pub(crate) fn open(&mut self, gap: Gap) -> Option<Gap> {
        self.missing = self.missing.saturating_add(gap.packets());
        self.open.insert(gap.first, gap);
        self.give_up()
    }

    /// A packet came that is not further than all before. Gives a run that was given up for it. O(log runs), as above.
    pub(crate) fn fill(&mut self, packet: Anchor) -> (Filled, Option<Gap>) {
        let number = packet.number;
        let found = self.open.range(..=number).next_back().map(|(_, gap)| *gap);
        let Some(gap) = found.filter(|gap| number <= gap.last) else {
            let is_unknown = self.last_given_up.is_some_and(|last| number <= last);
            return (if is_unknown { Filled::Unknown } else { Filled::Twice }, None);
        };
        self.open.remove(&gap.first);
        self.missing -= 1;
        if gap.first < number {
            self.open.insert(gap.first, Gap { last: number - 1, after: Some(packet), ..gap });
        }
        if number < gap.last {
            let first = number + 1;
            self.open.insert(first, Gap { first, before: Some(packet), ..gap });
        }
        (Filled::Missing, self.give_up())
    }

    fn give_up(&mut self) -> Option<Gap> {
        if self.open.len() <= MOST {
            return None;
        }
        let gap = *self.open.values().take(MOST / 2).min_by_key(|gap| gap.packets())?;
        self.open.remove(&gap.first);
        self.missing -= gap.packets();
        self.given_up += gap.packets();
        self.runs_given_up += 1;
        self.last_given_up = self.last_given_up.max(Some(gap.last));
        Some(gap)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn anchor(number: u64) -> Anchor {
        Anchor { number, sent: Moment::from_nanos(number * 1_000) }
    }

    fn gap(first: u64, last: u64) -> Gap {
        Gap { first, last, before: first.checked_sub(1).map(anchor), after: Some(anchor(last + 1)) }
    }

    #[test]
    fn times_lie_between_those_of_the_neighbours() {
        let gap = gap(5, 7);
        assert_eq!(
            [5, 6, 7].map(|number| gap.sent(number)),
            [5_000, 6_000, 7_000].map(|at| Some(Moment::from_nanos(at)))
        );
        let before = |nanos| gap.sent_before(Moment::from_nanos(nanos)).unwrap();
        assert_eq!([0, 5_000, 5_001, 6_001, 7_001, 99_000].map(before), [0, 0, 1, 2, 3, 3]);
        assert_eq!(Gap { before: None, ..gap }.sent(6), None);
        // One packet that is its own neighbour on both sides.
        let own = Gap { first: 4, last: 4, before: Some(anchor(4)), after: Some(anchor(4)) };
        assert_eq!(own.sent(4), Some(Moment::from_nanos(4_000)));
        assert_eq!(own.sent_before(Moment::from_nanos(4_001)), Some(1));
        assert_eq!(own.sent_before(Moment::from_nanos(4_000)), Some(0));
    }

    #[test]
    fn too_many_runs_give_up_the_shortest_of_the_older_ones() {
        let mut gaps = Gaps::default();
        // The first is long, the others are of one packet each.
        assert_eq!(gaps.open(gap(0, 9)), None);
        for number in 1..4_096 {
            assert_eq!(gaps.open(gap(number * 20, number * 20)), None);
        }
        assert_eq!(gaps.open(gap(1_000_000, 1_000_001)), Some(gap(20, 20)));
        assert_eq!((gaps.missing(), gaps.runs_given_up()), (10 + 4_095 + 2, 1));
        assert_eq!(gaps.fill(anchor(20)).0, Filled::Unknown);
        assert_eq!(gaps.fill(anchor(21)).0, Filled::Twice);
        assert_eq!(gaps.fill(anchor(3)).0, Filled::Missing);
    }

    proptest! {
        /// Against a set of numbers.
        #[test]
        fn runs_are_what_is_missing(numbers in prop::collection::vec(0_u64..60, 1..200)) {
            let (mut gaps, mut next, mut come) = (Gaps::default(), 0, BTreeSet::new());
            for number in numbers {
                if number >= next {
                    if number > next {
                        gaps.open(gap(next, number - 1));
                    }
                    next = number + 1;
                } else {
                    let expected = if come.contains(&number) { Filled::Twice } else { Filled::Missing };
                    prop_assert_eq!(gaps.fill(anchor(number)).0, expected);
                }
                come.insert(number);
                let missing: Vec<u64> = (0..next).filter(|number| !come.contains(number)).collect();
                let known: Vec<u64> = gaps.iter().flat_map(|gap| gap.first..=gap.last).collect();
                prop_assert_eq!(&known, &missing);
                prop_assert_eq!(gaps.missing(), u64::try_from(missing.len()).unwrap());
                for gap in gaps.iter().filter(|gap| gap.before.is_some()) {
                    prop_assert_eq!(gap.sent(gap.first), Some(Moment::from_nanos(gap.first * 1_000)));
                    prop_assert!(gap.last + 1 == next || come.contains(&(gap.last + 1)));
                }
            }
        }
    }
}
