//! Moments of the wall clock, fine enough for the delay of a line without any.
//!
//! All namespaces of a machine share its clock, so the difference of two moments at two hosts is a one-way delay.

use std::time::Duration;

use model::Timestamp;
use serde::{Deserialize, Serialize};

/// Nanoseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(u64);

impl Moment {
    /// From nanoseconds since the epoch.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// From seconds and nanoseconds since the epoch, as the kernel tells them; none where these are no moment.
    pub fn from_parts(seconds: i64, nanos: i64) -> Option<Self> {
        let (seconds, nanos) = (u64::try_from(seconds).ok()?, u64::try_from(nanos).ok()?);
        seconds.checked_mul(1_000_000_000)?.checked_add(nanos).map(Self)
    }

    /// Nanoseconds since the epoch.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// In microseconds, as the rest of the product counts; rounded down.
    pub const fn timestamp(self) -> Timestamp {
        Timestamp::from_micros(self.0 / 1_000)
    }

    /// How long after `earlier` it is; none where that lies ahead.
    pub fn since(self, earlier: Self) -> Option<Duration> {
        self.0.checked_sub(earlier.0).map(Duration::from_nanos)
    }

    /// So much later; the last moment there is where there is none so late.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_known_forwards_alone() {
        let early = Moment::from_parts(1, 5).unwrap();
        let late = early.after(Duration::from_micros(3));
        assert_eq!(late.since(early), Some(Duration::from_micros(3)));
        assert_eq!(early.since(late), None);
        assert_eq!(late.timestamp(), Timestamp::from_micros(1_000_003));
        assert_eq!(Moment::from_parts(-1, 0), None);
        assert_eq!(Moment::from_parts(i64::MAX, 0), None);
    }
}
