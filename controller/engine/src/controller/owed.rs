//! The journal goes back to what is in force after a change that did not succeed, at once or when it can be written again.

use model::Revision;
use store::{Beside, IntentRevision, StoreError};

use super::{Controller, journal_failed};
use crate::{clock, job::Wanted};

/// What the journal has to be told: always the hints and exceptions in force, and the intents where others were written down.
#[derive(Debug)]
pub(super) struct Owed {
    intents: Option<IntentRevision>,
}

impl Controller {
    /// The journal goes back to what is in force.
    pub(super) fn take_back(&mut self, wanted: &Wanted) {
        let before = self.owed.take().and_then(|owed| owed.intents);
        let intents = match wanted {
            Wanted::Same(_) => before,
            Wanted::New { who, revision, .. } => {
                self.world.accepted.revision = Revision(revision.0 + 1);
                Some(IntentRevision {
                    revision: self.world.accepted.revision,
                    at: clock::now(),
                    who: who.clone(),
                    message: format!("revision {} was rolled back", revision.0),
                    files: self.world.accepted.files.clone(),
                })
            }
        };
        let owed = Owed { intents };
        if let Err(error) = self.settle(&owed) {
            self.publish(journal_failed(&error));
            self.owed = Some(owed);
        }
    }

    /// Writes down what is in force, and that no change is under way where nothing stands half-way: then nothing has to be
    /// compared after a restart.
    fn settle(&self, owed: &Owed) -> Result<(), StoreError> {
        let intents = owed.intents.as_ref().map(|back| (back, &self.world.ids));
        let beside = Beside::default().learned(Some(&*self.world.learned))?;
        let exceptions = self.world.exceptions.all().beside(&self.world.exceptions_absent);
        let beside = beside.exceptions(Some(&exceptions))?;
        let clean = self.world.repair.is_empty();
        self.journal.take_back_beside(&self.world.hints, intents, (&beside, clean))
    }

    /// Writes down what could not be written when it happened: or else a restart would take up what was refused.
    pub(super) fn pay(&mut self) {
        let Some(owed) = self.owed.take_if(|_| self.running.is_none()) else { return };
        if self.settle(&owed).is_err() {
            self.owed = Some(owed);
        }
    }
}
