//! How long packets took, in bounded memory: 32 steps for each doubling, so that what is read from it is true to 1.6%.

use std::{collections::BTreeMap, time::Duration};

/// Steps for each doubling, as a power of two.
const BITS: u32 = 5;

/// Spans and how often each came. At most 1,920 counters.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Histogram {
    counts: BTreeMap<u16, u64>,
    count: u64,
    sum: u128,
    least: Option<u64>,
    most: u64,
}

impl Histogram {
    /// Counts a span. O(log steps).
    pub fn add(&mut self, span: Duration) {
        let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        *self.counts.entry(step(nanos)).or_default() += 1;
        self.count += 1;
        self.sum += u128::from(nanos);
        self.least = Some(self.least.map_or(nanos, |least| least.min(nanos)));
        self.most = self.most.max(nanos);
    }

    /// How many were counted.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The shortest, exactly; none where nothing was counted.
    pub fn least(&self) -> Option<Duration> {
        self.least.map(Duration::from_nanos)
    }

    /// The longest, exactly; none where nothing was counted.
    pub fn most(&self) -> Option<Duration> {
        self.least.map(|_| Duration::from_nanos(self.most))
    }

    /// The mean, exactly; none where nothing was counted.
    pub fn mean(&self) -> Option<Duration> {
        let mean = self.sum.checked_div(u128::from(self.count))?;
        u64::try_from(mean).ok().map(Duration::from_nanos)
    }

    /// The span that so many of a thousand do not exceed, to 1.6%; none where nothing was counted. O(steps).
    pub fn per_mille(&self, share: u16) -> Option<Duration> {
        let least = self.least?;
        let rank = (u128::from(self.count) * u128::from(share.min(1_000))).div_ceil(1_000).max(1);
        let mut seen = 0_u128;
        for (step, count) in &self.counts {
            seen += u128::from(*count);
            if seen >= rank {
                return Some(Duration::from_nanos(middle(*step).clamp(least, self.most)));
            }
        }
        self.most()
    }
}

/// The step of a span.
fn step(nanos: u64) -> u16 {
    let shift = (u64::BITS - nanos.leading_zeros()).saturating_sub(BITS + 1);
    // A shift is below 59 and what is left below 64, so that there are no more than 1,920 steps.
    u16::try_from((u64::from(shift) << BITS) + (nanos >> shift)).unwrap_or(u16::MAX)
}

/// The middle of a step.
fn middle(step: u16) -> u64 {
    let shift = (u32::from(step) >> BITS).saturating_sub(1);
    let first = (u64::from(step) - (u64::from(shift) << BITS)) << shift;
    first + (1 << shift) / 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn steps_follow_each_other() {
        for nanos in 0..100_000_u64 {
            assert!(step(nanos + 1) == step(nanos) || step(nanos + 1) == step(nanos) + 1, "{nanos}");
        }
        assert_eq!(step(u64::MAX), 1_919);
        assert_eq!(Histogram::default().per_mille(500), None);
        assert_eq!(Histogram::default().mean(), None);
    }

    proptest! {
        #[test]
        fn shares_are_true_to_1_6_percent(mut spans in prop::collection::vec(1_u64..10_000_000_000, 1..300), share in 1_u16..1_001) {
            let mut histogram = Histogram::default();
            spans.iter().for_each(|nanos| histogram.add(Duration::from_nanos(*nanos)));
            spans.sort_unstable();
            let rank = (spans.len() * usize::from(share)).div_ceil(1_000).max(1);
            let exact = spans[rank - 1];
            let told = u64::try_from(histogram.per_mille(share).unwrap().as_nanos()).unwrap();
            prop_assert!(told.abs_diff(exact) <= exact / 60 + 1, "{} for {}", told, exact);
            prop_assert_eq!(histogram.least(), spans.first().copied().map(Duration::from_nanos));
            prop_assert_eq!(histogram.most(), spans.last().copied().map(Duration::from_nanos));
            let mean = spans.iter().sum::<u64>() / u64::try_from(spans.len()).unwrap();
            prop_assert_eq!(histogram.mean(), Some(Duration::from_nanos(mean)));
        }
    }
}
