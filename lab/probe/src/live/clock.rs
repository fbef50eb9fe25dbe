//! The two clocks: one that tells moments to others, and one that only goes forward, by which is waited.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::moment::Moment;

/// Of the real clock: that by which the kernel says when it received something.
pub fn real() -> Moment {
    let now = Duration::try_from(clock_gettime(ClockId::Realtime)).unwrap_or_default();
    Moment::from_nanos(u64::try_from(now.as_nanos()).unwrap_or(u64::MAX))
}

/// Time that has run. Nobody sets it.
pub fn steady() -> Duration {
    Duration::try_from(clock_gettime(ClockId::Monotonic)).unwrap_or_default()
}
