//! How long to search: by a clock that the caller holds, or by a count of steps that is the same on every machine.

use std::time::Duration;

/// What is kept of a time for leaving the searches, and for working out and writing the answer of each demand.
const RESERVE: Duration = Duration::from_millis(6);
const RESERVE_EACH: Duration = Duration::from_nanos(750);

/// What whoever has promised a time keeps of it for what comes after the search: leaving it, the answers of so many demands, and
/// writing them to a file. A clock ([`Budget::Clock`]) is to run over the rest.
pub fn reserve(demands: usize) -> Duration {
    RESERVE.saturating_add(RESERVE_EACH.saturating_mul(u32::try_from(demands).unwrap_or(u32::MAX)))
}

/// When to stop.
#[derive(Clone, Copy)]
pub enum Budget<'a> {
    /// The share of the time that is spent: 0 at the beginning, 1 and above when it is over. The answer depends on the speed
    /// of the machine.
    Clock(&'a (dyn Fn() -> f64 + Sync)),
    /// Millions of elementary steps in each thread. The same input gives the same answer everywhere.
    Effort(u64),
}

impl Budget<'_> {
    /// Works with a part of it: of a clock with that part of what `rest` stands for and is left, of effort with that part of all, but
    /// a million steps at least.
    pub(crate) fn part<T>(self, part: f64, rest: f64, work: impl FnOnce(Budget<'_>) -> T) -> T {
        if part >= 1.0 {
            return work(self);
        }
        match self {
            #[expect(
                clippy::cast_sign_loss,
                clippy::cast_possible_truncation,
                clippy::cast_precision_loss,
                reason = "a share"
            )]
            Self::Effort(millions) => work(Budget::Effort((millions as f64 * part).ceil() as u64)),
            Self::Clock(clock) => {
                let begin = clock();
                let length = ((1.0 - begin) * (part / rest).min(1.0)).max(f64::MIN_POSITIVE);
                work(Budget::Clock(&|| if begin < 1.0 { (clock() - begin) / length } else { begin }))
            }
        }
    }
}

impl std::fmt::Debug for Budget<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Clock(_) => out.write_str("Clock"),
            Self::Effort(effort) => write!(out, "Effort({effort})"),
        }
    }
}

/// One thread's count against the budget.
#[derive(Clone, Debug)]
pub(crate) struct Pace<'a> {
    budget: Budget<'a>,
    steps: u64,
    /// Steps at which the clock is asked next.
    next: u64,
    last: f64,
}

/// Steps between two looks at the clock: well below a tenth of a millisecond.
const LOOK: u64 = 20_000;

impl<'a> Pace<'a> {
    pub fn new(budget: Budget<'a>) -> Self {
        Self { budget, steps: 0, next: 0, last: 0.0 }
    }

    /// The same where this share of effort is spent already, because it is kept for something else.
    #[expect(
        clippy::cast_sign_loss,
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "a share"
    )]
    pub fn without(budget: Budget<'a>, share: f64) -> Self {
        let steps = match budget {
            Budget::Effort(millions) => (millions.max(1) as f64 * 1e6 * share) as u64,
            Budget::Clock(_) => 0,
        };
        Self { steps, ..Self::new(budget) }
    }

    /// Counts steps that were done.
    pub fn count(&mut self, steps: u64) {
        self.steps = self.steps.saturating_add(steps);
    }

    /// The share of the budget that is spent.
    pub fn spent(&mut self) -> f64 {
        match self.budget {
            #[expect(clippy::cast_precision_loss, reason = "a share")]
            Budget::Effort(millions) => self.steps as f64 / (millions.max(1) as f64 * 1e6),
            Budget::Clock(clock) => {
                if self.steps >= self.next {
                    self.next = self.steps + LOOK;
                    self.last = clock();
                }
                self.last
            }
        }
    }
}
