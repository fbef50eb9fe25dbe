//! The one place where the router reads a clock. Everything else takes the moment as an argument.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::Timestamp;
use tokio::time::Instant;

/// The moment now.
#[expect(clippy::disallowed_methods, reason = "the IO edge: the datastore below takes time as an argument")]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}

/// When a moment comes, for the runtime's timers.
pub fn instant_of(moment: Timestamp) -> Instant {
    Instant::now() + Duration::from_micros(moment.since(now()).as_micros())
}

/// A moment in nanoseconds since the epoch, as gNMI wants it.
pub fn nanos(moment: Timestamp) -> i64 {
    i64::try_from(moment.as_micros().saturating_mul(1_000)).unwrap_or(i64::MAX)
}

/// A moment as RFC 3339 text in UTC, as NETCONF notifications want it.
pub fn rfc3339(moment: Timestamp) -> String {
    let micros = i64::try_from(moment.as_micros()).unwrap_or(i64::MAX);
    // The calendar ends with the year 9999.
    let at = jiff::Timestamp::from_microsecond(micros).unwrap_or(jiff::Timestamp::MAX);
    format!("{at:.6}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_the_calendar_has_them() {
        let text = |seconds: u64| rfc3339(Timestamp::from_micros(seconds * 1_000_000 + 5));
        assert_eq!(text(0), "1970-01-01T00:00:00.000005Z");
        assert_eq!(text(951_782_400), "2000-02-29T00:00:00.000005Z");
        assert_eq!(text(1_709_251_199), "2024-02-29T23:59:59.000005Z");
        assert_eq!(text(4_102_444_800), "2100-01-01T00:00:00.000005Z");
        assert_eq!(rfc3339(Timestamp::from_micros(1_000_000)), "1970-01-01T00:00:01.000000Z");
        assert_eq!(rfc3339(Timestamp::from_micros(u64::MAX)), "9999-12-30T22:00:00.999999Z");
    }
}
