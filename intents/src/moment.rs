//! Moments and schedules as they are written: the only place of this crate where a date is read. An offset belongs to every
//! moment, and is fixed; a name of a time zone is refused, because its rules change.

use jiff::fmt::temporal::Pieces;
use model::{
    Timestamp,
    calendar::{BadTime, Moment, Offset, TimeOfDay, Weekday},
};
use thiserror::Error;

use crate::{
    codes, doc,
    doc::ScheduleSpec,
    faults::Faults,
    print::{self, Write},
    read::{Read, mapping, scalar, texts, words},
    tree::{Node, short},
};

/// Why a text is not a moment.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum BadMoment {
    /// Not a date and a time.
    #[error("`{0}` is not a moment; write date, time and offset like `2026-12-05T01:00:00+08:00`")]
    Unreadable(String),
    /// A date that is in no calendar.
    #[error("`{text}` is no day that exists: {why}")]
    NoSuchDay {
        /// The date.
        text: String,
        /// Which part of it is not there.
        why: String,
    },
    /// It says no offset.
    #[error(
        "`{0}` does not say how far its clock is from UTC; write the offset, like `2026-12-05T01:00:00+08:00`"
    )]
    NoOffset(String),
    /// It names a time zone.
    #[error(transparent)]
    Zone(#[from] BadTime),
    /// Before 1970.
    #[error("`{0}` lies before 1970")]
    TooEarly(String),
}

/// Reads a moment as RFC 3339 writes it, for instance `2026-12-05T01:00:00+08:00`.
///
/// # Errors
/// It is none, has no fixed offset, or lies before 1970.
pub fn moment(text: &str) -> Result<Moment, BadMoment> {
    let shown = || short(text);
    let pieces = Pieces::parse(text)
        .map_err(|_| no_such_day(text).unwrap_or_else(|| BadMoment::Unreadable(shown())))?;
    if pieces.time_zone_annotation().is_some() {
        return Err(BadTime::Zone(shown()).into());
    }
    let offset = pieces.to_numeric_offset().ok_or_else(|| BadMoment::NoOffset(shown()))?;
    let minutes = (offset.seconds() % 60 == 0).then_some(offset.seconds() / 60);
    let offset = minutes.and_then(|minutes| Offset::from_minutes(i16::try_from(minutes).ok()?));
    let offset = offset.ok_or_else(|| BadMoment::Unreadable(shown()))?;
    let at: jiff::Timestamp = text.parse().map_err(|_| BadMoment::Unreadable(shown()))?;
    let micros = u64::try_from(at.as_microsecond()).map_err(|_| BadMoment::TooEarly(shown()))?;
    Ok(Moment { at: Timestamp::from_micros(micros), offset })
}

/// Says which part of a date is not there, where a text begins like a date.
fn no_such_day(text: &str) -> Option<BadMoment> {
    let date = text.split(['T', 't', ' ']).next()?;
    let [year, month, day] = <[&str; 3]>::try_from(date.split('-').collect::<Vec<_>>()).ok()?;
    let number = |text: &str, digits: usize| {
        let plain = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
        if plain { text.parse::<i16>().ok() } else { None }
    };
    let (year, month, day) = (number(year, 4)?, number(month, 2)?, number(day, 2)?);
    let first = i8::try_from(month).ok().and_then(|month| jiff::civil::Date::new(year, month, 1).ok());
    let why = match first {
        None => "months go from 01 to 12".to_owned(),
        Some(first) if !(1..=i16::from(first.days_in_month())).contains(&day) => {
            format!("{} has the days 01 to {}", first.strftime("%B %Y"), first.days_in_month())
        }
        // The day is there; something else is wrong.
        Some(_) => return None,
    };
    Some(BadMoment::NoSuchDay { text: date.to_owned(), why })
}

texts! {
    codes::BAD_TIME => TimeOfDay, Offset;
}

words! {
    Weekday {
        "mon" => Weekday::Mon,
        "tue" => Weekday::Tue,
        "wed" => Weekday::Wed,
        "thu" => Weekday::Thu,
        "fri" => Weekday::Fri,
        "sat" => Weekday::Sat,
        "sun" => Weekday::Sun,
    }
}

impl Read for doc::Moment {
    fn read(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        let text = scalar(node, faults)?;
        let read = moment(text).map_err(|error| {
            faults.error(codes::BAD_TIME, node.mark, error.to_string());
        });
        read.ok().map(Self)
    }

    fn hole() -> Option<Self> {
        moment("2000-01-01T00:00:00Z").ok().map(Self)
    }
}

impl Write for doc::Moment {
    fn write(&self) -> Node {
        let micros = i64::try_from(self.0.at.as_micros()).ok();
        let at = micros.and_then(|micros| jiff::Timestamp::from_microsecond(micros).ok());
        let offset = jiff::tz::Offset::from_seconds(i32::from(self.0.offset.as_minutes()) * 60).ok();
        // What was read is in the range that is written; beyond it, the model's own text says what it can.
        print::scalar(match at.zip(offset) {
            Some((at, offset)) => at.display_with_offset(offset).to_string(),
            None => self.0.to_string(),
        })
    }
}

impl Read for ScheduleSpec {
    fn read(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        let entries = mapping(node, faults)?;
        // Either has a `from`; whatever else stands there tells which of the two is meant.
        let weekly = ["every", "for", "offset"];
        match entries.iter().any(|(key, _)| weekly.contains(&key.text.as_str())) {
            true => Read::read(node, faults).map(Self::Weekly),
            false => Read::read(node, faults).map(Self::Once),
        }
    }

    fn hole() -> Option<Self> {
        Read::hole().map(Self::Once)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_a_fixed_offset_and_is_the_same_everywhere() {
        let read = moment("2026-12-05T01:00:00+08:00").unwrap();
        assert_eq!(read.at.as_micros(), 1_796_403_600_000_000);
        assert_eq!(read.to_string(), "2026-12-05 01:00+08:00");
        assert_eq!(moment("2026-12-04T17:00:00Z").unwrap().at, read.at);
        let why = |text: &str| moment(text).unwrap_err().to_string();
        assert!(why("2026-12-05T01:00:00").contains("how far its clock is from UTC"));
        assert!(why("2026-12-05T01:00:00+08:00[Asia/Shanghai]").contains("name of a time zone"));
        assert!(why("next friday").contains("is not a moment"));
        assert!(why("2026-12-05 at one").contains("is not a moment"));
        assert!(why("1969-12-31T23:59:59Z").contains("before 1970"));
    }

    #[test]
    fn a_day_that_does_not_exist_is_told_as_one() {
        let why = |text: &str| moment(text).unwrap_err().to_string();
        for (text, told) in [
            (
                "2026-02-30T01:00:00Z",
                "`2026-02-30` is no day that exists: February 2026 has the days 01 to 28",
            ),
            (
                "2028-02-30T01:00:00+08:00",
                "`2028-02-30` is no day that exists: February 2028 has the days 01 to 29",
            ),
            ("2026-04-31T01:00:00", "`2026-04-31` is no day that exists: April 2026 has the days 01 to 30"),
            (
                "2026-12-00T01:00:00Z",
                "`2026-12-00` is no day that exists: December 2026 has the days 01 to 31",
            ),
            ("2026-13-05T01:00:00Z", "`2026-13-05` is no day that exists: months go from 01 to 12"),
        ] {
            assert_eq!(why(text), told);
        }
        for text in ["2026-2-30T01:00:00Z", "2026-02-28T25:00:00Z", "２０26-02-30T01:00:00Z", "2026-02-30x"]
        {
            assert!(why(text).contains("is not a moment"), "{}", why(text));
        }
    }

    proptest::proptest! {
        /// What the model shows is what a library of dates reads, for every day and offset.
        #[test]
        fn what_is_shown_is_read_again(minutes in 0_u64..150_000_000, offset in -840_i16..=840) {
            let shown = Moment {
                at: Timestamp::from_micros(minutes * 60_000_000 + 86_400_000_000),
                offset: Offset::from_minutes(offset).unwrap(),
            };
            proptest::prop_assert_eq!(moment(&shown.to_string()), Ok(shown));
        }
    }
}
