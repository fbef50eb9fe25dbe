//! What is judged, and the limits that the loop keeps.

use std::collections::BTreeMap;

use model::{Hints, IntentSet, ServiceId, Span, Ted, Verdict};
use serde::{Deserialize, Serialize};

use crate::lines::Lines;

/// What is judged: the network as planned, what is promised on it, and where that goes now.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The network as contracts and advertisements say.
    pub ted: &'a Ted,
    /// Its interfaces by line.
    pub lines: &'a Lines,
    /// What is promised.
    pub set: &'a IntentSet,
    /// Where each service goes now: the verdicts of the compilation that is applied.
    pub verdicts: &'a BTreeMap<ServiceId, Verdict>,
    /// The hints of that compilation.
    pub hints: &'a Hints,
    /// How fast and how often the loop may act.
    pub limits: &'a Limits,
}

/// How fast and how often the loop may act.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Limits {
    /// Decisions that move traffic within the rate window.
    pub rate: usize,
    /// The rate window.
    pub rate_window: Span,
    /// How long moves count toward doubled waits.
    pub move_memory: Span,
    /// The longest hold-down and wait-to-restore, however often they are doubled.
    pub longest_hold_down: Span,
    /// Moves in a row that may fail to help before a service is frozen.
    pub futile_moves: u32,
    /// How long a link must be up before paths use it again.
    pub up_after: Span,
    /// The longest such wait, however often it flaps.
    pub longest_up_after: Span,
    /// How long flaps count.
    pub flap_memory: Span,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rate: 6,
            rate_window: Span::from_secs(60),
            move_memory: Span::from_secs(3_600),
            longest_hold_down: Span::from_secs(3_600),
            futile_moves: 3,
            up_after: Span::from_secs(10),
            longest_up_after: Span::from_secs(300),
            flap_memory: Span::from_secs(600),
        }
    }
}
