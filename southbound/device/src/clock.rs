//! The one clock of controller and sessions. Everything else takes the moment as an argument.
//!
//! It never goes back: whether something was heard lately, and whether a reading is newer than a change, is told by the distance
//! of two moments, and a correction of the system's clock must not make silence look fresh.
//! Deadlines are not counted by it but in the time that the machine has run: the runtime's `Instant`, or [`running`].

use std::{
    sync::{Mutex, OnceLock, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use model::{Span, Timestamp};

/// How far the system's clock may run ahead before it is followed: after a machine was suspended all is old.
const AHEAD: Span = Span::from_secs(1);

/// A moment by the system's clock, and since when time is counted from there.
#[derive(Clone, Copy, Debug)]
struct Steady {
    base: Timestamp,
    since: Instant,
}

impl Steady {
    /// The moment at which the system's clock says `system` and the machine has run until `run`.
    fn at(&mut self, system: Timestamp, run: Instant) -> Timestamp {
        let steady = self.base + span(run.saturating_duration_since(self.since));
        if system <= steady + AHEAD {
            return steady;
        }
        *self = Self { base: system, since: run };
        system
    }
}

fn span(time: Duration) -> Span {
    Span::from_micros(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
}

/// What the system's clock says. A clock before 1970 counts as 1970.
#[expect(clippy::disallowed_methods, reason = "the one clock of the product")]
fn system() -> Timestamp {
    Timestamp::default() + span(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// Now: what the system's clock said at the start, and the time that went by since. A clock that is set forward is followed, one
/// that is set back is not, until the next start.
#[expect(clippy::disallowed_methods, reason = "the one clock of the product")]
pub fn now() -> Timestamp {
    static STEADY: Mutex<Option<Steady>> = Mutex::new(None);
    let system = system();
    // Under the lock, so that two askers get moments in the order in which they asked.
    let mut steady = STEADY.lock().unwrap_or_else(PoisonError::into_inner);
    let run = Instant::now();
    steady.get_or_insert(Steady { base: system, since: run }).at(system, run)
}

/// For deadlines that are kept as moments: what the system's clock said when this was first asked, and the time that the machine has
/// run since. However the clock is set, none of them comes earlier or later for it.
#[expect(clippy::disallowed_methods, reason = "the one clock of the product")]
pub fn running() -> Timestamp {
    static BEGUN: OnceLock<(Timestamp, Instant)> = OnceLock::new();
    let (base, since) = BEGUN.get_or_init(|| (system(), Instant::now()));
    *base + span(since.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(secs: u64) -> Timestamp {
        Timestamp::from_micros(secs * 1_000_000)
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "any instant will do")]
    fn a_clock_that_is_set_back_is_not_followed_and_one_that_is_set_forward_is() {
        let start = Instant::now();
        let after = |secs| start + Duration::from_secs(secs);
        let mut steady = Steady { base: s(1_000), since: start };
        assert_eq!(steady.at(s(1_005), after(5)), s(1_005));
        assert_eq!(steady.at(s(406), after(6)), s(1_006), "ten minutes back");
        assert_eq!(steady.at(s(407), after(7)), s(1_007), "and it goes on");
        assert_eq!(steady.at(s(5_000), after(8)), s(5_000), "the machine slept");
        assert_eq!(steady.at(s(4_000), after(9)), s(5_001));
    }

    #[test]
    fn moments_follow_each_other() {
        let all: Vec<Timestamp> = (0..100).map(|_| now()).collect();
        assert!(all.windows(2).all(|pair| pair[0] <= pair[1]));
        let all: Vec<Timestamp> = (0..100).map(|_| running()).collect();
        assert!(all.windows(2).all(|pair| pair[0] <= pair[1]));
    }
}
