//! Changes of the controller's own that go beyond the limit: they are proposed and not carried out, and an alarm stands until they are not
//! needed any more, or something else was changed: then they are worked out again.

use std::collections::BTreeMap;

use assess::{Decision, Standing, Step};
use model::{Finding, ServiceId};

use super::Controller;
use crate::{job::Request, stages::Occasion};

/// What the alarm calls a change that the loop decided.
const REROUTE: &str = "re-route";
/// What it calls one that a schedule asks for.
const SCHEDULE: &str = "schedule";
/// What it calls one that follows from what routers tell.
const LEARNED: &str = "learned";

/// What is held back, by what asked for it.
#[derive(Debug, Default)]
pub(super) struct HeldBack(BTreeMap<&'static str, Held>);

/// A change that is held back.
#[derive(Debug)]
pub(super) struct Held {
    /// What it is, why it is not carried out, and what to do.
    pub why: String,
    /// The services that it would move.
    pub services: Vec<ServiceId>,
    /// Whether services would go back to their paths: nothing is broken without it, and it is needed all the same.
    goes_back: bool,
}

impl HeldBack {
    /// All of them, by what the alarm calls them.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &Held)> {
        self.0.iter().map(|(subject, held)| (*subject, held))
    }

    /// Somebody has changed something: nothing is held back any more. Gives what was.
    fn clear(&mut self) -> BTreeMap<&'static str, Held> {
        std::mem::take(&mut self.0)
    }

    /// The schedules ask for nothing any more.
    pub(super) fn release_schedule(&mut self) {
        self.0.remove(SCHEDULE);
    }

    /// Routers tell nothing otherwise any more.
    pub(super) fn release_learned(&mut self) {
        self.0.remove(LEARNED);
    }
}

impl Controller {
    /// Notes that a change is held back.
    pub(super) fn hold_back(&mut self, request: &Request, beyond: &Finding) {
        let (subject, services, goes_back) = match &request.occasion {
            Occasion::Loop { decision, .. } => {
                let back = decision.actions.iter().any(|action| action.step == Step::Restore);
                (REROUTE, decision.moved().cloned().collect(), back)
            }
            Occasion::Learned => (LEARNED, Vec::new(), false),
            Occasion::Schedule | Occasion::Person | Occasion::Upkeep => (SCHEDULE, Vec::new(), false),
        };
        let why = format!(
            "`{}` is held back: {}; carry it out by hand (trunkline drain, apply), or raise the limit in the configuration",
            request.why, beyond.message
        );
        self.held_back.0.insert(subject, Held { why, services, goes_back });
    }

    /// A change was carried out: what was held back is looked at again. The loop decides anew by itself; what was proposed once for a
    /// schedule, or for what routers tell, would not be proposed again.
    pub(super) fn look_again_at_what_was_held_back(&mut self) {
        let held = self.held_back.clear();
        if held.contains_key(SCHEDULE) {
            self.schedules.begin_anew();
        }
        if held.contains_key(LEARNED) {
            self.learning.begin_anew();
        }
    }

    /// The loop has decided: what it does not want any more is not held back any more. A service that has its hold-down and is still
    /// broken does want it.
    pub(super) fn ease(&mut self, decision: Option<&Decision>) {
        let Some(held) = self.held_back.0.get(REROUTE).filter(|_| decision.is_none()) else { return };
        let assessment = &self.world.assessment;
        let is_broken = |id: &ServiceId| {
            let promises = assessment.services.get(id).into_iter().flatten();
            promises.into_iter().any(|promise| matches!(promise.standing, Standing::Broken { .. }))
        };
        if !held.goes_back && !held.services.iter().any(is_broken) {
            self.held_back.0.remove(REROUTE);
        }
    }
}
