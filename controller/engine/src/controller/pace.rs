//! How often the loop judges when samples pour in: as often as it can while about an eighth of the time goes to it, and at least
//! five times a second whatever it takes.

use std::time::Duration;

use tokio::time::Instant;

/// How many times as long as a judgement takes passes until the next.
const SHARE: u32 = 8;
/// The shortest and the longest time between two judgements; time alone asks for one no less often than the longest.
const GAP: (Duration, Duration) = (Duration::from_millis(10), super::JUDGE_EVERY);

/// When the loop judged last, and how long the next judgement waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    begun: Instant,
    took: Duration,
    gap: Duration,
}

impl Pace {
    /// As if a quick judgement had begun now.
    pub(super) const fn new(now: Instant) -> Self {
        Self { begun: now, took: Duration::ZERO, gap: GAP.0 }
    }

    /// When the last judgement began.
    pub(super) const fn last(self) -> Instant {
        self.begun
    }

    /// When the next one may begin.
    pub(super) fn next(self) -> Instant {
        self.begun + self.gap
    }

    /// A judgement begins.
    pub(super) const fn begin(&mut self, now: Instant) {
        self.begun = now;
    }

    /// The judgement that began last has ended. One that was slow by itself does not count: another program had the processor.
    pub(super) fn end(&mut self, now: Instant) {
        let before = std::mem::replace(&mut self.took, now - self.begun);
        self.gap = (self.took.min(before) * SHARE).clamp(GAP.0, GAP.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_judgements_wait_longer_for_the_next_within_bounds() {
        let start = Instant::now();
        let ms = Duration::from_millis;
        for (took, gap) in [(0, 10), (1, 10), (3, 24), (20, 160), (1_000, 200)] {
            let mut pace = Pace::new(start);
            for second in [1_000, 2_000] {
                pace.begin(start + ms(second));
                pace.end(start + ms(second + took));
            }
            assert_eq!(pace.last(), start + ms(2_000));
            assert_eq!(pace.next(), start + ms(2_000 + gap), "{took} ms");
        }
    }

    #[test]
    fn one_slow_judgement_among_quick_ones_changes_nothing() {
        let start = Instant::now();
        let ms = Duration::from_millis;
        let mut pace = Pace::new(start);
        for (at, took) in [(1_000, 3), (2_000, 3), (3_000, 100), (4_000, 3)] {
            pace.begin(start + ms(at));
            pace.end(start + ms(at + took));
            assert!(pace.next() <= start + ms(at + 24), "at {at}");
        }
    }
}
