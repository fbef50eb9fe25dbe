//! Days, times of day and offsets from UTC, as people write them in schedules. Only what needs no table of time zones: the
//! same file must mean the same moments on every machine and in every year.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::time::Timestamp;

/// Microseconds of a minute.
pub(crate) const MINUTE: u64 = 60_000_000;
/// Microseconds of a day.
pub(crate) const DAY: u64 = 24 * 60 * MINUTE;
/// Microseconds of a week.
pub(crate) const WEEK: u64 = 7 * DAY;

/// Why a text is no time of day or no offset.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum BadTime {
    /// Not a time of day.
    #[error("`{0}` is not a time of day; write hours and minutes like `01:00` or `23:30`")]
    TimeOfDay(String),
    /// Not an offset.
    #[error("`{0}` is not an offset from UTC; write it like `+08:00`, or `Z`")]
    Offset(String),
    /// The name of a time zone.
    #[error(
        "`{0}` is the name of a time zone, whose clocks may be put forward and back: the same file would mean other moments \
         elsewhere or in another year; write the fixed offset, for instance `+08:00`"
    )]
    Zone(String),
}

/// A text cut for a message.
fn short(text: &str) -> String {
    text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A day of the week.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Weekday {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl Weekday {
    /// All, from Monday.
    pub const ALL: [Self; 7] = [Self::Mon, Self::Tue, Self::Wed, Self::Thu, Self::Fri, Self::Sat, Self::Sun];

    /// Days since Monday.
    pub(crate) const fn since_monday(self) -> u64 {
        self as u64
    }
}

impl fmt::Display for Weekday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Mon => "mon",
            Self::Tue => "tue",
            Self::Wed => "wed",
            Self::Thu => "thu",
            Self::Fri => "fri",
            Self::Sat => "sat",
            Self::Sun => "sun",
        })
    }
}

/// Hours and minutes since midnight, written `01:00`.
#[derive(Clone, Copy, Debug, Default, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// From minutes since midnight; none from 24 hours on.
    pub const fn from_minutes(minutes: u16) -> Option<Self> {
        if minutes < 24 * 60 { Some(Self(minutes)) } else { None }
    }

    /// Minutes since midnight.
    pub const fn as_minutes(self) -> u16 {
        self.0
    }
}

/// Two numbers of two digits with a colon between them.
fn hours_and_minutes(text: &str) -> Option<(u16, u16)> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |text: &str| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        if digits { text.parse::<u16>().ok() } else { None }
    };
    Some((number(hours)?, number(minutes).filter(|minutes| *minutes < 60)?))
}

impl FromStr for TimeOfDay {
    type Err = BadTime;
    fn from_str(text: &str) -> Result<Self, BadTime> {
        hours_and_minutes(text)
            .and_then(|(hours, minutes)| Self::from_minutes(hours * 60 + minutes))
            .ok_or_else(|| BadTime::TimeOfDay(short(text)))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:02}:{:02}", self.0 / 60, self.0 % 60))
    }
}

/// A fixed offset from UTC in minutes, east positive, written `+08:00`.
#[derive(Clone, Copy, Debug, Default, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Offset(i16);

impl Offset {
    /// UTC itself.
    pub const UTC: Self = Self(0);
    /// No place on Earth is farther from UTC, minutes.
    const FARTHEST: u16 = 14 * 60;

    /// From minutes east of UTC; none beyond fourteen hours, which no place has.
    pub const fn from_minutes(minutes: i16) -> Option<Self> {
        if minutes.unsigned_abs() <= Self::FARTHEST { Some(Self(minutes)) } else { None }
    }

    /// Minutes east of UTC.
    pub const fn as_minutes(self) -> i16 {
        self.0
    }

    /// Microseconds from UTC to the local clock, and whether the local clock is ahead.
    const fn ahead(self) -> (u64, bool) {
        (self.0.unsigned_abs() as u64 * MINUTE, self.0 >= 0)
    }

    /// What the clock on the wall shows, as microseconds since its own 1970-01-01; the earliest moment where that is before it.
    pub(crate) const fn local(self, at: Timestamp) -> u64 {
        match self.ahead() {
            (micros, true) => at.as_micros().saturating_add(micros),
            (micros, false) => at.as_micros().saturating_sub(micros),
        }
    }
}

impl FromStr for Offset {
    type Err = BadTime;
    fn from_str(text: &str) -> Result<Self, BadTime> {
        if matches!(text, "Z" | "z") {
            return Ok(Self::UTC);
        }
        let (sign, rest) = match text.strip_prefix('+') {
            Some(rest) => (1, rest),
            None => (-1, text.strip_prefix('-').unwrap_or_default()),
        };
        let minutes = hours_and_minutes(rest).and_then(|(hours, minutes)| {
            let minutes = i16::try_from(hours * 60 + minutes).ok()?;
            Self::from_minutes(sign * minutes)
        });
        let named = text.chars().next().is_some_and(char::is_alphabetic);
        minutes.ok_or_else(|| match named {
            true => BadTime::Zone(short(text)),
            false => BadTime::Offset(short(text)),
        })
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = self.0.unsigned_abs();
        let sign = if self.0 < 0 { '-' } else { '+' };
        f.pad(&format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60))
    }
}

macro_rules! by_text {
    ($($name:ident)*) => {$(
        impl TryFrom<String> for $name {
            type Error = BadTime;
            fn try_from(text: String) -> Result<Self, BadTime> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.to_string()
            }
        }
    )*};
}

by_text!(TimeOfDay Offset);

/// A moment as somebody wrote it: it is shown with the offset that it was written with.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// Whose clock shows it.
    pub offset: Offset,
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let local = self.offset.local(self.at);
        let (year, month, day) = date(local / DAY);
        let seconds = local % DAY / 1_000_000;
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let second = if second == 0 { String::new() } else { format!(":{second:02}") };
        f.pad(&format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}{second}{}", self.offset))
    }
}

/// The Gregorian date of a day since 1970-01-01. Years are counted from March, so that the leap day is the last of its year, and in
/// eras of 400 years, all of which have 146,097 days.
fn date(day: u64) -> (u64, u64, u64) {
    /// Days from 0000-03-01 to 1970-01-01.
    const TO_EPOCH: u64 = 719_468;
    let day = day + TO_EPOCH;
    let (era, of_era) = (day / 146_097, day % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    // Months from March, of which every five have 153 days.
    let march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march + 2) / 5 + 1;
    let month = if march < 10 { march + 3 } else { march - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_and_offsets_are_read_as_people_write_them_and_in_no_other_way() {
        assert_eq!("23:30".parse::<TimeOfDay>().unwrap().as_minutes(), 23 * 60 + 30);
        for bad in ["24:00", "1:00", "01:60", "01:00:00", "", "+1:00", "01.00", "0１:00"] {
            assert!(bad.parse::<TimeOfDay>().is_err(), "{bad}");
        }
        for (text, minutes) in [("+08:00", 480), ("-03:30", -210), ("Z", 0), ("+00:00", 0), ("+14:00", 840)] {
            assert_eq!(text.parse::<Offset>().unwrap().as_minutes(), minutes, "{text}");
        }
        for bad in ["08:00", "+8", "+14:01", "--1:00", "+99:00", ""] {
            assert!(matches!(bad.parse::<Offset>(), Err(BadTime::Offset(_))), "{bad}");
        }
        let zone = "Asia/Shanghai".parse::<Offset>().unwrap_err().to_string();
        assert!(zone.contains("name of a time zone") && zone.contains("`+08:00`"), "{zone}");
    }

    #[test]
    fn a_moment_is_shown_on_the_clock_that_it_was_written_with() {
        let at = Timestamp::from_micros(1_796_403_600_000_000);
        let shown = |offset: &str| Moment { at, offset: offset.parse().unwrap() }.to_string();
        assert_eq!(shown("+08:00"), "2026-12-05 01:00+08:00");
        assert_eq!(shown("Z"), "2026-12-04 17:00+00:00");
        assert_eq!(shown("-05:00"), "2026-12-04 12:00-05:00");
    }

    proptest! {
        /// Day after day: the next day of the month, or the first of the next one where the month has no more.
        #[test]
        fn each_day_follows_the_one_before(day in 0_u64..200_000) {
            let (year, month, of_month) = date(day);
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length = match month {
                2 if leap => 29,
                2 => 28,
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            let next = match (month, of_month == length) {
                (_, false) => (year, month, of_month + 1),
                (12, true) => (year + 1, 1, 1),
                (_, true) => (year, month + 1, 1),
            };
            prop_assert!(of_month <= length);
            prop_assert_eq!(date(day + 1), next);
            prop_assert_eq!(date(0), (1970, 1, 1));
        }
    }
}
