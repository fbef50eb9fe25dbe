//! What the loop has done, as far as it must know it to restrain itself. Journalled: a restart must not forget that it just acted.

use std::collections::BTreeMap;

use model::{ServiceId, Timestamp, intent::Assurance};
use serde::{Deserialize, Serialize};

use crate::{
    assessment::Assessment,
    case::{Case, Limits},
    damping::doubled,
    decision::{Decision, Home, Step},
    service::{Promise, Standing},
};

/// Moves that are remembered for each service.
const REMEMBERED: usize = 16;

/// The past of the loop's own actions.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// By service; those that were never touched are absent.
    pub(crate) services: BTreeMap<ServiceId, Record>,
    /// When decisions were carried out, the last few.
    pub(crate) decisions: Vec<Timestamp>,
}

/// The past of one service.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Record {
    /// When it was moved away from something, the last few times.
    pub(crate) away: Vec<Timestamp>,
    /// When it was last touched: moved away, moved back, proposed, or tried in vain.
    pub(crate) touched: Option<Timestamp>,
    /// Moves and attempts in a row after which the promise was not kept.
    pub(crate) futile: u32,
    /// Attempts in a row for which no better path was found.
    pub(crate) declined: u32,
    /// Whether anything was done since the promise was last kept.
    pub(crate) pending: bool,
    /// The paths that it was moved away from, by headend.
    pub(crate) home: Home,
    /// Since when the loop leaves it alone.
    pub(crate) frozen: Option<Timestamp>,
}

impl Record {
    /// How often it was moved away within the memory.
    pub(crate) fn recent(&self, now: Timestamp, limits: &Limits) -> usize {
        self.away.iter().filter(|at| now.since(**at) < limits.move_memory).count()
    }

    /// Until when nothing may be done: the intent's hold-down after the last touch, doubled for each further move within the memory
    /// and for each attempt in vain.
    pub(crate) fn held_until(
        &self,
        assurance: &Assurance,
        now: Timestamp,
        limits: &Limits,
    ) -> Option<Timestamp> {
        let again = self.recent(now, limits).saturating_sub(1) + self.declined.saturating_sub(1) as usize;
        let until = self.touched? + doubled(assurance.hold_down, again).min(limits.longest_hold_down);
        (until > now).then_some(until)
    }
}

impl History {
    /// Learns from a judgement: a promise that is kept again forgives the attempts that did not help, and one that has been kept for
    /// the intent's wait-to-restore is not frozen any more. Call it in every turn before `decide`.
    pub fn learn(&mut self, assessment: &Assessment, case: &Case<'_>) {
        let now = assessment.at;
        self.services.retain(|id, _| case.set.services.contains_key(id));
        for (id, record) in &mut self.services {
            let Some(service) = case.set.services.get(id) else { continue };
            let promises = assessment.services.get(id).map(Vec::as_slice).unwrap_or_default();
            let kept = |promise: &Promise| promise.standing == Standing::Kept;
            if promises.is_empty() || !promises.iter().all(kept) {
                continue;
            }
            record.pending = false;
            record.futile = 0;
            record.declined = 0;
            let wait = service.assurance.wait_to_restore;
            let steady = |promise: &Promise| promise.kept_since.is_some_and(|since| now.since(since) >= wait);
            if record.frozen.is_some() && promises.iter().all(steady) {
                record.frozen = None;
            }
        }
        self.decisions.retain(|at| now.since(*at) < case.limits.rate_window);
    }

    /// Notes that a decision was carried out, or published where it only proposes.
    pub fn accept(&mut self, decision: &Decision, now: Timestamp) {
        let mut moved = false;
        for action in &decision.actions {
            let Some(service) = &action.service else { continue };
            let record = self.services.entry(service.clone()).or_default();
            match &action.step {
                Step::Relieve { home, .. } => {
                    record.attempt(now);
                    record.away.push(now);
                    let spare = record.away.len().saturating_sub(REMEMBERED);
                    record.away.drain(..spare);
                    record.home.clone_from(home);
                    record.declined = 0;
                    moved = true;
                }
                Step::Restore => {
                    record.touched = Some(now);
                    record.home.clear();
                    moved = true;
                }
                Step::Propose { .. } => record.touched = Some(now),
                Step::Freeze => record.frozen = Some(now),
                Step::Avoid(_) | Step::Allow(_) => {}
            }
        }
        if moved {
            self.decisions.push(now);
        }
    }

    /// Notes that a service was not moved after all, because no path was better by its margin or the plan was not proved. It is not
    /// tried again before its hold-down is over.
    pub fn decline(&mut self, service: &ServiceId, now: Timestamp) {
        let record = self.services.entry(service.clone()).or_default();
        record.touched = Some(now);
        record.declined = record.declined.saturating_add(1);
    }

    /// Lets the loop act again on all services that it has frozen: a person's order.
    pub fn thaw_all(&mut self) {
        for record in self.services.values_mut().filter(|record| record.frozen.is_some()) {
            record.frozen = None;
            record.futile = 0;
            record.pending = false;
        }
    }

    /// The services that the loop leaves alone, and since when.
    pub fn frozen(&self) -> impl Iterator<Item = (&ServiceId, Timestamp)> {
        self.services.iter().filter_map(|(id, record)| Some((id, record.frozen?)))
    }
}

impl Record {
    /// Learns of the relief in force, which is written before the move and this after it: one that it does not know was a move too.
    pub(crate) fn knows(&mut self, relief: &model::hint::Relief) {
        if self.away.last().is_none_or(|last| *last < relief.since) {
            self.away.push(relief.since);
            self.touched = self.touched.max(Some(relief.since));
        }
    }

    fn attempt(&mut self, now: Timestamp) {
        if self.pending {
            self.futile = self.futile.saturating_add(1);
        }
        self.pending = true;
        self.touched = Some(now);
    }
}
