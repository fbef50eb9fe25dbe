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
    let micros = moment.as_micros();
    let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    let [hour, minute, second] = [rest / 3_600, rest / 60 % 60, rest % 60];
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:06}Z")
}

/// Year, month and day of a day since 1970-01-01, by eras of 400 years that start on 1 March.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
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
    }
}
