//! What becomes of exceptions: those that intents come to ask for, those that are taken back, and those whose time passes.

use std::sync::Arc;

use plan::{Exceptions, Laid};
use store::Said;
use tracing::info;

use super::{CONTROLLER, Controller, journal_failed};
use crate::{clock, event::EventKind};

/// Why one ended that intents ask for as it is held.
pub(super) const ASKED_FOR: &str = "the intents ask for it as it is";
/// Why one ended by itself.
const TIME: &str = "its time is over";

/// That exceptions ended, each as an event.
pub(super) fn ended(exceptions: &Exceptions, why: &str) -> Vec<EventKind> {
    let each = exceptions.iter().map(|(node, exception)| EventKind::ExceptionEnded {
        node: node.clone(),
        objects: exception.objects.objects(),
        who: exception.who.clone(),
        why: why.to_owned(),
    });
    each.collect()
}

/// That exceptions ended, for the audit log.
pub(super) fn said(over: &Exceptions, why: &str) -> Said {
    let names: Vec<&str> = over.iter().map(|(node, _)| node.as_str()).collect();
    let what = format!("end {} exception(s): {}", names.len(), names.join(", "));
    Said { at: clock::now(), who: CONTROLLER.to_owned(), what, why: why.to_owned() }
}

impl Controller {
    /// Says which ended by a change, which was made for a reason. `before` are those that stood before it.
    pub(super) fn tell_exceptions(&mut self, before: &Exceptions, laid: &Laid, why: &str) {
        let taken_back = before.without(&laid.standing).without(&laid.over);
        let news = ended(&laid.over, ASKED_FOR).into_iter().chain(ended(&taken_back, why));
        news.for_each(|kind| self.publish(kind));
    }

    /// Ends those whose time has passed. Nothing is written to a router: what it holds is drift from now on. O(1) where there is none.
    pub(super) fn end_exceptions(&mut self) {
        let now = self.schedules.clock.now();
        if self.running.is_some() || !self.world.exceptions.is_due(now) {
            return;
        }
        let over = self.world.end_exceptions(now);
        let said = said(&over, TIME);
        info!(what = said.what, "their time is over");
        let standing = Arc::clone(self.world.exceptions.all());
        // Where it cannot be written, the next start ends them again.
        match self.journal.end_exceptions(&standing.beside(&self.world.exceptions_absent), &said) {
            Ok(()) => self.world.exceptions_kept = standing,
            Err(error) => self.publish(journal_failed(&error)),
        }
        ended(&over, TIME).into_iter().for_each(|kind| self.publish(kind));
        let drift = self.world.compare();
        self.say_drift(drift);
    }
}
