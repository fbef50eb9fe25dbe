//! When something holds: once, or every week. No clock is asked: the moment is an argument, and the answers are exact to the
//! microsecond. A stretch begins at its first moment and ends before its last one.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    calendar::{DAY, MINUTE, Moment, Offset, TimeOfDay, WEEK, Weekday},
    time::{Span, Timestamp},
};

/// The Monday before the first moment, 1970-01-01, which is a Thursday: days between.
const SINCE_MONDAY: u64 = 3;

/// Why a schedule would never or always be open.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum BadSchedule {
    /// It ends before it begins.
    #[error("it ends at {to}, which is not after its beginning at {from}")]
    EndsFirst {
        /// Its beginning.
        from: Moment,
        /// Its end.
        to: Moment,
    },
    /// No day is named.
    #[error("it names no day of the week")]
    NoDay,
    /// It lasts no time at all.
    #[error("it lasts no time at all")]
    NoLength,
    /// It lasts longer than a week.
    #[error("it lasts {0}, and is to begin again after 168h at the latest")]
    TooLong(Span),
}

/// When something holds.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Schedule(Written);

/// A schedule as it is written; what it says was not judged.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Written {
    Once { from: Moment, to: Moment },
    Weekly { days: BTreeSet<Weekday>, from: TimeOfDay, length: Span, offset: Offset },
}

impl TryFrom<Written> for Schedule {
    type Error = BadSchedule;
    fn try_from(written: Written) -> Result<Self, BadSchedule> {
        match written {
            Written::Once { from, to } => Self::once(from, to),
            Written::Weekly { days, from, length, offset } => Self::weekly(days, from, length, offset),
        }
    }
}

impl From<Schedule> for Written {
    fn from(schedule: Schedule) -> Self {
        schedule.0
    }
}

/// When several schedules are open.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Common {
    /// What one schedule can say of it.
    pub schedule: Schedule,
    /// Whether that is all of it; otherwise it is the first stretch.
    pub is_all: bool,
}

impl fmt::Display for Common {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_all {
            true => self.schedule.fmt(f),
            false => write!(f, "first {}, and again after that", self.schedule),
        }
    }
}

impl Schedule {
    /// From one moment to another.
    ///
    /// # Errors
    /// The second is not after the first.
    pub fn once(from: Moment, to: Moment) -> Result<Self, BadSchedule> {
        if from.at >= to.at {
            return Err(BadSchedule::EndsFirst { from, to });
        }
        Ok(Self(Written::Once { from, to }))
    }

    /// Every week on these days, from a time of day by a clock that is this far from UTC. It may last over midnight and over the end
    /// of the week; stretches that touch or overlap are one.
    ///
    /// # Errors
    /// It is never open, or lasts more than a week.
    pub fn weekly(
        days: BTreeSet<Weekday>,
        from: TimeOfDay,
        length: Span,
        offset: Offset,
    ) -> Result<Self, BadSchedule> {
        if days.is_empty() {
            return Err(BadSchedule::NoDay);
        }
        if length == Span::ZERO {
            return Err(BadSchedule::NoLength);
        }
        if length.as_micros() > WEEK {
            return Err(BadSchedule::TooLong(length));
        }
        Ok(Self(Written::Weekly { days, from, length, offset }))
    }

    /// At all times.
    pub fn always() -> Self {
        let (days, length) = (Weekday::ALL.into(), Span::from_micros(WEEK));
        Self(Written::Weekly { days, from: TimeOfDay::default(), length, offset: Offset::UTC })
    }

    /// How far the clock of a weekly one is from UTC; moments have each their own.
    pub const fn clock(&self) -> Option<Offset> {
        match &self.0 {
            Written::Once { .. } => None,
            Written::Weekly { offset, .. } => Some(*offset),
        }
    }

    /// Whether it is open at a moment.
    pub fn is_open(&self, at: Timestamp) -> bool {
        match &self.0 {
            Written::Once { from, to } => from.at <= at && at < to.at,
            Written::Weekly { .. } => is_open(&self.stretches(), at),
        }
    }

    /// The next moment after this one at which it opens or closes; none where it does neither any more.
    pub fn next_change(&self, after: Timestamp) -> Option<Timestamp> {
        match &self.0 {
            Written::Once { from, to } => [from.at, to.at].into_iter().find(|change| *change > after),
            Written::Weekly { .. } => next_change(&self.stretches(), after),
        }
    }

    /// When it is over for good; none where it comes again every week.
    pub const fn ends(&self) -> Option<Moment> {
        match &self.0 {
            Written::Once { to, .. } => Some(*to),
            Written::Weekly { .. } => None,
        }
    }

    /// Whether it is over for good at a moment.
    pub fn is_over(&self, at: Timestamp) -> bool {
        self.ends().is_some_and(|end| end.at <= at)
    }

    /// When both are open, see [`Self::overlap_of`].
    pub fn overlaps(&self, other: &Self) -> Option<Self> {
        Self::overlap_of(&[self, other])
    }

    /// When all of some schedules are open, as a schedule; see [`Self::common_of`], of which this is the part that can be said.
    pub fn overlap_of(all: &[&Self]) -> Option<Self> {
        Self::common_of(all).map(|common| common.schedule)
    }

    /// When all of some schedules are open: the first stretch of it where one of them is open once; else every week, all of it where it
    /// is as long on every day and begins at the same time, otherwise the first stretch, counted from Monday 00:00 UTC. None where they
    /// are never open together, or where none is given. Exact; O(days²) for each schedule.
    pub fn common_of(all: &[&Self]) -> Option<Common> {
        let mut once: Option<(Moment, Moment)> = None;
        let mut weekly = vec![ALWAYS];
        let mut clock = None;
        for schedule in all {
            match &schedule.0 {
                Written::Once { from, to } => {
                    let (since, until) = once.unwrap_or((*from, *to));
                    // Of equals the one that was there.
                    let since = if from.at > since.at { *from } else { since };
                    once = Some((since, if to.at < until.at { *to } else { until }));
                }
                Written::Weekly { offset, .. } => {
                    weekly = common(&weekly, &schedule.stretches());
                    clock = clock.or(Some(*offset));
                }
            }
        }
        match (once, clock) {
            (Some((from, to)), _) => within(&weekly, from, to),
            (None, clock) => of_week(&weekly, clock?),
        }
    }

    /// When it is open, from Monday 00:00 UTC; see [`joined`].
    fn stretches(&self) -> Vec<(u64, u64)> {
        let Written::Weekly { days, from, length, offset } = &self.0 else { return Vec::new() };
        let begin = |day: &Weekday| {
            let local = day.since_monday() * DAY + u64::from(from.as_minutes()) * MINUTE;
            // The offset was added to see the local clock; it is taken off again.
            (local + 2 * WEEK - from_utc(*offset)) % WEEK
        };
        joined(days.iter().map(begin).map(|begin| (begin, begin + length.as_micros())).collect())
    }
}

/// Stretches of a week apart from each other and ascending, each beginning within the week; the last may end in the next one. One that
/// never closes is [`ALWAYS`].
fn joined(mut stretches: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    stretches.sort_unstable();
    let mut apart: Vec<(u64, u64)> = Vec::with_capacity(stretches.len());
    for (begin, end) in stretches {
        match apart.last_mut() {
            Some(last) if begin <= last.1 => last.1 = last.1.max(end),
            _ => apart.push((begin, end)),
        }
    }
    // What hangs over the end of the week may reach the first ones again.
    while let [first, .., last] = apart.as_mut_slice()
        && last.1 >= first.0 + WEEK
    {
        last.1 = last.1.max(first.1 + WEEK);
        apart.remove(0);
    }
    match apart.as_slice() {
        [(from, to)] if to - from >= WEEK => vec![ALWAYS],
        _ => apart,
    }
}

/// What two weeks have in common.
fn common(one: &[(u64, u64)], other: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let both = one.iter().flat_map(|one| other.iter().map(move |other| (one, other)));
    // Each may hang over the end of the week, where the other begins again.
    let pieces = both.flat_map(|(one, other)| {
        [(0, WEEK), (0, 0), (WEEK, 0)].map(|(late, later)| {
            let from = (one.0 + late).max(other.0 + later);
            let to = (one.1 + late).min(other.1 + later);
            (from % WEEK, from % WEEK + to.saturating_sub(from))
        })
    });
    joined(pieces.filter(|(from, to)| from < to).collect())
}

fn is_open(stretches: &[(u64, u64)], at: Timestamp) -> bool {
    let place = place(at);
    let holds = |(from, to): &(u64, u64)| {
        *from <= place && place < *to || *from <= place + WEEK && place + WEEK < *to
    };
    stretches.iter().any(holds)
}

fn next_change(stretches: &[(u64, u64)], after: Timestamp) -> Option<Timestamp> {
    if stretches == [ALWAYS] {
        return None;
    }
    let place = place(after);
    // A change at this very place comes again in a week.
    let wait = |change: u64| (change + 2 * WEEK - place - 1) % WEEK + 1;
    let waits = stretches.iter().flat_map(|(from, to)| [wait(*from), wait(*to)]);
    after.as_micros().checked_add(waits.min()?).map(Timestamp::from_micros)
}

/// The first stretch between two moments.
fn within(stretches: &[(u64, u64)], from: Moment, to: Moment) -> Option<Common> {
    let moment = |at| Moment { at, offset: from.offset };
    let begin = match is_open(stretches, from.at) {
        true => from.at,
        false => next_change(stretches, from.at)?,
    };
    let closes = next_change(stretches, begin);
    let end = closes.map_or(to.at, |end| end.min(to.at));
    let again = closes.and_then(|closes| next_change(stretches, closes));
    let schedule = Schedule::once(moment(begin), moment(end)).ok()?;
    Some(Common { schedule, is_all: again.is_none_or(|again| again >= to.at) })
}

/// Every week, on a clock. Stretches begin with a whole minute there, because times of day and offsets do.
fn of_week(stretches: &[(u64, u64)], offset: Offset) -> Option<Common> {
    let (from, to) = *stretches.first()?;
    let local = |from: u64| (from + from_utc(offset)) % WEEK;
    let is_alike =
        |other: &(u64, u64)| local(other.0) % DAY == local(from) % DAY && other.1 - other.0 == to - from;
    let is_all = stretches.iter().all(is_alike);
    let told = if is_all { stretches } else { &stretches[..1] };
    let on = |day: &Weekday| told.iter().any(|(from, _)| local(*from) / DAY == day.since_monday());
    let days = Weekday::ALL.into_iter().filter(on).collect();
    let time = u16::try_from(local(from) % DAY / MINUTE).ok().and_then(TimeOfDay::from_minutes)?;
    let schedule = Schedule::weekly(days, time, Span::from_micros(to - from), offset).ok()?;
    Some(Common { schedule, is_all })
}

/// The whole week.
const ALWAYS: (u64, u64) = (0, WEEK);

/// An offset in microseconds, a week added so that it is not negative.
fn from_utc(offset: Offset) -> u64 {
    let week = 7 * 24 * 60;
    u64::try_from(week + i64::from(offset.as_minutes())).expect("no offset is as long as a week") * MINUTE
}

/// Where in the week a moment lies, from Monday 00:00 UTC.
const fn place(at: Timestamp) -> u64 {
    (at.as_micros() % WEEK + SINCE_MONDAY * DAY) % WEEK
}

/// `from 2026-12-05 01:00+08:00 to 2026-12-05 05:00+08:00`, or `every sat, sun from 01:00 for 4h (+08:00)`.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Written::Once { from, to } => write!(f, "from {from} to {to}"),
            Written::Weekly { days, from, length, offset } => {
                let days: Vec<String> = days.iter().map(ToString::to_string).collect();
                let days = if days.len() == 7 { "day".to_owned() } else { days.join(", ") };
                write!(f, "every {days} from {from} for {length} ({offset})")
            }
        }
    }
}

#[cfg(test)]
mod tests;
