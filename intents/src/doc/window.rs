//! Schedules, and the windows in which people work on parts of the network.

use std::collections::BTreeSet;

use model::{
    calendar::{self, Offset, TimeOfDay, Weekday},
    id::{Affinity, LinkId},
    time::Span,
};
use schemars::JsonSchema;

use super::{Selector, Text};
use crate::read::{At, record};

/// A moment with its offset from UTC, for instance `2026-12-05T01:00:00+08:00`.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, PartialEq)]
#[schemars(transparent, inline)]
pub struct Moment(#[schemars(with = "String")] pub calendar::Moment);

/// When something holds: once, or every week.
#[derive(Clone, Debug, JsonSchema, PartialEq)]
#[schemars(untagged, inline)]
pub enum ScheduleSpec {
    /// Once.
    Once(OnceSpec),
    /// Every week.
    Weekly(WeeklySpec),
}

record! {
    /// From one moment to another.
    pub struct OnceSpec {
        /// When it begins, for instance `2026-12-05T01:00:00+08:00`.
        "from" => from: At<Moment>,
        /// When it is over.
        "to" => to: At<Moment>,
    }
}

record! {
    /// Every week on some days.
    pub struct WeeklySpec {
        /// The days on which it begins: `mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`.
        "every" => every: At<Vec<At<Weekday>>>,
        /// The time of day at which it begins, for instance `01:00`.
        "from" => from: At<TimeOfDay>,
        /// How long it lasts, for instance `4h`: at most `168h`, also over midnight and the end of the week.
        "for" => length: At<Span>,
        /// How far the clock that shows this is from UTC, for instance `+08:00`.
        "offset" => offset: At<Offset>,
    }
}

impl WeeklySpec {
    /// The days, each once.
    pub fn days(&self) -> BTreeSet<Weekday> {
        self.every.value.iter().map(|day| day.value).collect()
    }
}

/// Which links: a list of names, or what they have in common.
#[derive(Clone, Debug, JsonSchema, PartialEq)]
#[schemars(untagged, inline)]
pub enum LinkSelector {
    /// These links.
    Names(Vec<At<LinkId>>),
    /// All links of which every given line holds.
    By(LinksBy),
}

record! {
    /// All links of which every given line holds.
    pub struct LinksBy {
        /// Their role, for instance `leased-line`.
        "role" => role: Option<At<Text>>,
        /// An affinity that they have (RFC 7308).
        "affinity" => affinity: Option<At<Affinity>>,
        /// A risk that they share (RFC 4202), for instance `duct-3`.
        "srlg" => srlg: Option<At<Text>>,
    }
}

record! {
    /// What is worked on.
    pub struct WorkSpec {
        /// Nodes.
        "nodes" => nodes: Option<At<Selector>>,
        /// Links.
        "links" => links: Option<At<LinkSelector>>,
    }
}

record! {
    /// Time in which people work on parts of the network: these are drained for as long.
    pub struct WindowSpec {
        /// What is worked on.
        "on" => on: At<WorkSpec>,
        /// When.
        "when" => when: At<ScheduleSpec>,
    }
}
