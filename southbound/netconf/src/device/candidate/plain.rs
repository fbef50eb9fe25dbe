//! Changes on devices that take none back by themselves: the candidate with a commit that stands at once, or running itself. The
//! way back is the caller's pre-image.

use super::{Candidate, with_options};
use crate::device::way::Way;
use crate::operation::{
    Commit, Datastore, DefaultOperation, EditConfig, ErrorOption, Filter, Operation, Source, Target,
    TestOption,
};
use crate::rpc_error::{ErrorTag, ErrorType, RpcError, RpcErrors};
use crate::session::CallError;
use crate::xml::Element;

impl Candidate {
    /// Locks running and keeps the edit for the commit. A device that can validate without writing is asked to.
    pub(super) async fn stage_running(&mut self, config: Vec<Element>) -> Result<(), CallError> {
        let caps = self.session.capabilities();
        let edit = EditConfig::of(Datastore::Running, config).default_operation(DefaultOperation::Merge);
        let edit = with_options(edit, caps);
        let trial = (caps.validate_1_1 && !edit.config.is_empty())
            .then(|| edit.clone().test_option(TestOption::TestOnly));
        Operation::EditConfig(edit.clone()).needs(caps)?;
        self.waiting = None;
        self.lock(Way::Direct.stores(self.manners.lock_running)).await?;
        if let Some(trial) = trial {
            let tried = self.session.edit_config(trial, self.work()).await;
            if matches!(tried, Err(CallError::Refused(_) | CallError::Invalid(_))) {
                self.release().await;
            }
            tried?;
        }
        self.waiting = Some(edit);
        Ok(())
    }

    /// Writes what waits to running. A refusal leaves nothing behind where the device rolls back on error; where it does not, it
    /// may be half-way, and the refusal says so by its tag.
    pub(super) async fn write_running(&mut self) -> Result<(), CallError> {
        let Some(edit) = self.waiting.clone() else {
            return Err(CallError::Invalid("no edit of running waits".into()));
        };
        let all_or_nothing = edit.error_option == Some(ErrorOption::RollbackOnError);
        // Nothing to write is a change too, and no server has to understand an edit without content.
        let written = match edit.config.is_empty() {
            true => Ok(()),
            false => self.session.edit_config(edit, self.work()).await,
        };
        match written {
            Ok(()) => {
                self.waiting = None;
                Ok(())
            }
            Err(CallError::Refused(mut errors)) if !all_or_nothing => {
                errors.0.push(half_way());
                Err(CallError::Refused(errors))
            }
            Err(error) => Err(error),
        }
    }

    /// Locks what a change of this device locks; or how it was denied, by whoever has it.
    pub(in crate::device) async fn hold(&mut self) -> Result<Option<RpcErrors>, CallError> {
        let way = self.way.unwrap_or(Way::Plain);
        match self.lock(way.stores(self.manners.lock_running)).await {
            Ok(()) => Ok(None),
            Err(CallError::Refused(denied)) => Ok(Some(denied)),
            Err(error) => Err(error),
        }
    }

    /// Writes `config` for good, under the locks.
    pub(in crate::device) async fn put(&mut self, config: Vec<Element>) -> Result<(), CallError> {
        if self.way == Some(Way::Direct) {
            self.stage_running(config).await?;
            return self.write_running().await;
        }
        self.stage_candidate(config).await?;
        self.session.commit(Commit::default(), self.work()).await
    }

    /// What it boots with, in part. Nobody waits for it, and what does wait is behind it.
    pub(in crate::device) async fn startup(&self, filter: Filter) -> Result<Element, CallError> {
        self.session.get_config(Datastore::Startup, Some(filter), None, self.answer()).await
    }

    /// Copies running to startup, so that a restart brings it again (RFC 6241, section 8.7); nothing where there is none.
    pub(in crate::device) async fn save(&mut self) -> Result<(), CallError> {
        if !self.session.capabilities().startup {
            return Ok(());
        }
        let (from, to) = (Source::Datastore(Datastore::Running), Target::Datastore(Datastore::Startup));
        // It writes to the device's disk, and that is slower than an answer.
        self.session.copy_config(from, to, self.work()).await
    }
}

fn half_way() -> RpcError {
    let why = "it does not roll back on errors, so that what came before this one may be in force";
    RpcError::new(ErrorType::Application, ErrorTag::PartialOperation, why)
}
