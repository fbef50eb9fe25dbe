//! Asking a device whether it would take a change, and leaving it as it was.

use tracing::warn;

use super::{Candidate, with_options};
use crate::device::way::Way;
use crate::operation::{Datastore, DefaultOperation, EditConfig, Operation, TestOption};
use crate::session::CallError;
use crate::xml::Element;

impl Candidate {
    /// Asks whether the device would take `config`, and leaves nothing behind. Only the store that is edited is locked, because nothing
    /// is committed. Where the device knows test-only, it does not even change; else what was tried in the candidate is discarded.
    /// False where the answer would say little or do much: without `:validate` what goes into the candidate is not checked, and without
    /// `:validate:1.1` what is tried of running would be in force.
    ///
    /// # Errors
    /// As of [`Candidate::stage`].
    pub async fn rehearse(&mut self, config: Vec<Element>) -> Result<bool, CallError> {
        let caps = self.session.capabilities();
        let store = match self.way {
            Some(Way::Direct) => Datastore::Running,
            Some(Way::Persistent | Way::Tied | Way::Plain) | None => Datastore::Candidate,
        };
        let edit = EditConfig::of(store, config).default_operation(DefaultOperation::Merge);
        let edit = with_options(edit, caps);
        Operation::EditConfig(edit.clone()).needs(caps)?;
        let edit = match (caps.validate_1_1, caps.validate && store == Datastore::Candidate) {
            (true, _) => edit.test_option(TestOption::TestOnly),
            (false, true) => edit,
            (false, false) => return Ok(false),
        };
        let writes = edit.test_option != Some(TestOption::TestOnly);

        self.lock(&[store]).await?;
        // No server has to understand an edit without content.
        let tried = match edit.config.is_empty() {
            true => Ok(()),
            false => self.session.edit_config(edit, self.work()).await,
        };
        if let Err(CallError::NotSent(_) | CallError::OutcomeUnknown(_) | CallError::BadReply(_)) = &tried {
            // The session is about to be closed, and takes its lock with it.
            return tried.map(|()| true);
        }
        if writes && let Err(error) = self.session.discard_changes(self.answer()).await {
            warn!(%error, "the candidate could not be reset after a rehearsal: the session is closed");
            self.session.abort();
        }
        self.release().await;
        tried.map(|()| true)
    }
}
