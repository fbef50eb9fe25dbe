//! From samples to judgement to the next turn of the loop, without IO and without a clock: the moment is an argument.
//!
//! `observe` folds samples into bounded rings; `assess` judges lines, alarms and promises on them; `decide` turns a judgement into
//! the hints of the next compilation, or into nothing. Silence is a state of its own: an unheard line is unknown, which is neither
//! good nor bad, clears no alarm and moves no traffic. The modules are listed in the order of the flow.

// Samples become rates and gauges with an age.
pub mod ring;

pub mod observed;

pub mod lines;

// What is judged.
pub mod case;

// What they mean: a score for each line, alarms that fire once, promises kept or broken, and what belongs together.
pub mod score;

pub mod line;

pub mod latch;

mod explain;

pub mod alarm;

pub mod service;

pub mod incident;

pub mod assessment;

// What follows: damped, rate-limited, and able to stop itself.
pub mod damping;

pub mod decision;

pub mod history;

pub mod kept;

pub mod decide;

pub mod codes;

#[cfg(test)]
mod fixture;

pub use alarm::{Alarm, AlarmEvent};
pub use assessment::{Assessment, Memory, assess};
pub use case::{Case, Limits};
pub use decide::{Stance, decide, stances, stopped};
pub use decision::{Action, Decision, Home, Step};
pub use history::History;
pub use incident::Incident;
pub use kept::Kept;
pub use line::Line;
pub use lines::{LineState, Lines, LinkState};
pub use observed::{Observed, Settings, observe};
pub use score::Score;
pub use service::{Blame, Promise, Quality, Riding, Standing, improvement};
