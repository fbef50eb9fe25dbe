//! Schedules as they are written to schedules that are open at some time and closed at another.

use model::{Schedule, calendar::Weekday, schedule::BadSchedule};

use super::Judge;
use crate::{
    codes,
    doc::{Document, ScheduleSpec},
    read::At,
    source::Mark,
};

/// The schedule; findings where it would never be open.
pub(super) fn schedule(doc: &Document, spec: &At<ScheduleSpec>, judge: &mut Judge<'_>) -> Option<Schedule> {
    match &spec.value {
        ScheduleSpec::Once(once) => {
            let made = Schedule::once(once.from.value.0, once.to.value.0);
            // With one of the two unread, nobody knows which is first.
            let mark = if once.from.mark == Mark::HOLE { Mark::HOLE } else { once.to.mark };
            made.map_err(|error| tell(doc, mark, &error, judge)).ok()
        }
        ScheduleSpec::Weekly(weekly) => {
            let (days, length) = (weekly.days(), weekly.length.value);
            let made = |days| Schedule::weekly(days, weekly.from.value, length, weekly.offset.value);
            let no_day = days.is_empty();
            if no_day {
                tell(doc, weekly.every.mark, &BadSchedule::NoDay, judge);
            }
            // How long it lasts is judged whatever is wrong with the days.
            let days = if no_day { [Weekday::Mon].into() } else { days };
            let made = made(days).map_err(|error| tell(doc, weekly.length.mark, &error, judge)).ok();
            made.filter(|_| !no_day)
        }
    }
}

fn tell(doc: &Document, mark: Mark, error: &BadSchedule, judge: &mut Judge<'_>) {
    let help = match error {
        BadSchedule::EndsFirst { .. } => "write a later `to`, or an earlier `from`",
        BadSchedule::NoDay => "name at least one, like `every: [sat, sun]`",
        BadSchedule::NoLength => "write how long it lasts, like `for: 4h`",
        BadSchedule::TooLong(_) => "write at most `168h`; without `when` it holds at all times",
    };
    judge.error(codes::BAD_SCHEDULE, doc, mark, error.to_string()).help(help);
}
