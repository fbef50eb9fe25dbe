//! Schedules as they are written to schedules that are open at some time and closed at another.

use model::{Schedule, schedule::BadSchedule};

use super::Judge;
use crate::{
    codes,
    doc::{Document, ScheduleSpec},
    read::At,
};

/// The schedule; a finding where it would never be open.
pub(super) fn schedule(doc: &Document, spec: &At<ScheduleSpec>, judge: &mut Judge<'_>) -> Option<Schedule> {
    let (made, mark) = match &spec.value {
        ScheduleSpec::Once(once) => (Schedule::once(once.from.value.0, once.to.value.0), once.to.mark),
        ScheduleSpec::Weekly(weekly) => {
            let made =
                Schedule::weekly(weekly.days(), weekly.from.value, weekly.length.value, weekly.offset.value);
            let mark = match &made {
                Err(BadSchedule::NoDay) => weekly.every.mark,
                _ => weekly.length.mark,
            };
            (made, mark)
        }
    };
    match made {
        Ok(schedule) => Some(schedule),
        Err(error) => {
            let help = match error {
                BadSchedule::EndsFirst { .. } => "write a later `to`, or an earlier `from`",
                BadSchedule::NoDay => "name at least one, like `every: [sat, sun]`",
                BadSchedule::NoLength => "write how long it lasts, like `for: 4h`",
                BadSchedule::TooLong(_) => "write at most `168h`; without `when` it holds at all times",
            };
            judge.error(codes::BAD_SCHEDULE, doc, mark, error.to_string()).help(help);
            None
        }
    }
}
