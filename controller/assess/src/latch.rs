//! A condition over time as an explicit state machine: it must last before it counts, and must be over for a while before it is
//! forgotten. Unknown neither raises nor clears.
//!
//! ```text
//!            holds             holds for `hold`
//!   Quiet ----------> Pending ------------------> Raised <---------+
//!     ^                 |                           |    not       | holds or
//!     |   not           |                           v              | unknown
//!     +-----------------+                        Clearing ---------+
//!     |                                             |
//!     +---------------------------------------------+
//!                  not for `clear_after`
//! ```

use model::{Span, Timestamp, condition::Truth};
use serde::{Deserialize, Serialize};

/// Where it stands.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Latch {
    /// The condition does not hold.
    #[default]
    Quiet,
    /// It holds, but not yet long enough.
    Pending {
        /// Since when.
        began: Timestamp,
    },
    /// It has held long enough.
    Raised {
        /// When it began to hold.
        began: Timestamp,
        /// When that was long enough.
        raised: Timestamp,
    },
    /// It does not hold any more, but not yet long enough.
    Clearing {
        /// When it began to hold.
        began: Timestamp,
        /// When that was long enough.
        raised: Timestamp,
        /// When it ceased to hold.
        good: Timestamp,
    },
}

/// What a step brought.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Turn {
    /// It was raised just now.
    Raised,
    /// It was cleared just now.
    Cleared,
}

impl Latch {
    /// One step. Each call is at a moment not before the last one's.
    #[must_use]
    pub fn step(self, truth: Truth, now: Timestamp, hold: Span, clear_after: Span) -> (Self, Option<Turn>) {
        match (self, truth) {
            (Self::Quiet, Truth::Holds) => Self::Pending { began: now }.due(now, hold),
            (Self::Pending { .. }, Truth::Holds) => self.due(now, hold),
            (Self::Pending { .. }, Truth::Not) => (Self::Quiet, None),
            (Self::Raised { began, raised }, Truth::Not) => {
                Self::Clearing { began, raised, good: now }.over(now, clear_after)
            }
            (Self::Clearing { .. }, Truth::Not) => self.over(now, clear_after),
            (Self::Clearing { began, raised, .. }, Truth::Holds | Truth::Unknown) => {
                (Self::Raised { began, raised }, None)
            }
            (Self::Quiet | Self::Pending { .. } | Self::Raised { .. }, _) => (self, None),
        }
    }

    fn due(self, now: Timestamp, hold: Span) -> (Self, Option<Turn>) {
        match self {
            Self::Pending { began } if now.since(began) >= hold => {
                (Self::Raised { began, raised: now }, Some(Turn::Raised))
            }
            _ => (self, None),
        }
    }

    fn over(self, now: Timestamp, clear_after: Span) -> (Self, Option<Turn>) {
        match self {
            Self::Clearing { good, .. } if now.since(good) >= clear_after => {
                (Self::Quiet, Some(Turn::Cleared))
            }
            _ => (self, None),
        }
    }

    /// After a time in which nobody watched: what stood stands, and its calm begins anew; what was pending is not known to
    /// have lasted.
    #[must_use]
    pub const fn unwatched(self) -> Self {
        match self {
            Self::Quiet | Self::Pending { .. } => Self::Quiet,
            Self::Raised { began, raised } | Self::Clearing { began, raised, .. } => {
                Self::Raised { began, raised }
            }
        }
    }

    /// Since when the condition has held, and since when long enough; none while it has not.
    pub const fn raised(self) -> Option<(Timestamp, Timestamp)> {
        match self {
            Self::Raised { began, raised } | Self::Clearing { began, raised, .. } => Some((began, raised)),
            Self::Quiet | Self::Pending { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use model::condition::Truth::{Holds, Not, Unknown};

    use super::*;

    /// Steps a second apart; gives the seconds at which it turned.
    fn run(truths: &[Truth], hold: u64, clear: u64) -> Vec<(u64, Turn)> {
        let mut latch = Latch::Quiet;
        let mut turns = Vec::new();
        for (second, truth) in (0_u64..).zip(truths) {
            let now = Timestamp::from_micros(second * 1_000_000);
            let (next, turn) = latch.step(*truth, now, Span::from_secs(hold), Span::from_secs(clear));
            latch = next;
            turns.extend(turn.map(|turn| (second, turn)));
        }
        turns
    }

    #[test]
    fn it_fires_once_however_long_it_lasts() {
        assert_eq!(run(&[Holds; 50], 3, 5), [(3, Turn::Raised)]);
    }

    #[test]
    fn it_clears_after_it_has_been_over_long_enough() {
        let truths = [[Holds; 5], [Not; 5], [Not; 5]].concat();
        assert_eq!(run(&truths, 3, 5), [(3, Turn::Raised), (10, Turn::Cleared)]);
    }

    #[test]
    fn a_short_disturbance_does_not_fire() {
        assert_eq!(run(&[Holds, Holds, Holds, Not, Holds, Holds, Holds, Not], 3, 5), []);
    }

    #[test]
    fn a_short_calm_does_not_clear() {
        let truths = [Holds, Not, Not, Holds, Not, Not, Holds, Not, Not].repeat(9);
        assert_eq!(run(&truths, 0, 5), [(0, Turn::Raised)]);
    }

    #[test]
    fn silence_neither_raises_nor_clears() {
        assert_eq!(run(&[Unknown; 60], 0, 0), []);
        let truths = [[Holds; 4], [Unknown; 4], [Unknown; 4]].concat();
        assert_eq!(run(&truths, 3, 0), [(3, Turn::Raised)]);
        // The calm before the silence does not count: it starts again after it.
        let truths = [vec![Holds; 4], vec![Not; 4], vec![Unknown; 9], vec![Not; 6]].concat();
        assert_eq!(run(&truths, 3, 5), [(3, Turn::Raised), (22, Turn::Cleared)]);
    }

    #[test]
    fn without_a_hold_it_fires_at_once_and_clears_at_once() {
        assert_eq!(
            run(&[Holds, Not, Holds], 0, 0),
            [(0, Turn::Raised), (1, Turn::Cleared), (2, Turn::Raised)]
        );
    }

    proptest::proptest! {
        #[test]
        fn turns_alternate_whatever_happens(
            truths in proptest::collection::vec(proptest::sample::select(vec![Holds, Not, Unknown]), 0..200),
            hold in 0_u64..5, clear in 0_u64..5,
        ) {
            let turns = run(&truths, hold, clear);
            for (place, (_, turn)) in turns.iter().enumerate() {
                let expected = if place % 2 == 0 { Turn::Raised } else { Turn::Cleared };
                proptest::prop_assert_eq!(*turn, expected);
            }
        }
    }
}
