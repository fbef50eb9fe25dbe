//! What each operation needs of the peer.

use thiserror::Error;

use super::{
    Commit, Datastore, DefaultsMode, EditConfig, ErrorOption, Filter, Operation, Source, TestOption,
    nmda::DataStore,
};
use crate::capability::Capabilities;

/// An operation that the peer's hello does not offer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("device does not offer {capability}, which {what} needs")]
pub struct Unsupported {
    /// The missing capability, as in the RFC.
    pub capability: &'static str,
    /// What would have been asked.
    pub what: &'static str,
}

impl Operation {
    /// Checks that a peer with `caps` understands this.
    ///
    /// # Errors
    /// [`Unsupported`] with the first capability that is missing.
    pub fn needs(&self, caps: &Capabilities) -> Result<(), Unsupported> {
        let need =
            |has: bool, capability, what| if has { Ok(()) } else { Err(Unsupported { capability, what }) };
        let store = |d: Datastore, what| match d {
            Datastore::Running => Ok(()),
            Datastore::Candidate => need(caps.candidate, ":candidate", what),
            Datastore::Startup => need(caps.startup, ":startup", what),
        };
        let filter = |f: &Option<Filter>| match f {
            Some(Filter::XPath { .. }) => need(caps.xpath, ":xpath", "an xpath filter"),
            _ => Ok(()),
        };
        let defaults = |mode: Option<DefaultsMode>| {
            need(mode.is_none() || caps.with_defaults.is_some(), ":with-defaults", "with-defaults")
        };
        match self {
            Self::Get { filter: f, with_defaults } => filter(f).and_then(|()| defaults(*with_defaults)),
            Self::GetConfig { source, filter: f, with_defaults } => {
                store(*source, "get-config")?;
                filter(f).and_then(|()| defaults(*with_defaults))
            }
            Self::EditConfig(edit) => edit.needs(caps),
            Self::Lock { target } | Self::Unlock { target } => store(*target, "lock"),
            Self::Validate { source } => {
                need(caps.validate, ":validate", "validate")?;
                if let Source::Datastore(d) = source { store(*d, "validate") } else { Ok(()) }
            }
            Self::Commit(commit) => commit.needs(caps),
            Self::CancelCommit { .. } => {
                need(caps.confirmed_commit_1_1, ":confirmed-commit:1.1", "cancel-commit")
            }
            Self::DiscardChanges => need(caps.candidate, ":candidate", "discard-changes"),
            Self::GetSchema { .. } => need(caps.monitoring, "ietf-netconf-monitoring", "get-schema"),
            Self::GetData { filter: f, .. } => {
                need(caps.nmda(), "ietf-netconf-nmda", "get-data")?;
                filter(f)
            }
            Self::EditData { datastore, .. } => {
                need(caps.nmda(), "ietf-netconf-nmda", "edit-data").and_then(|()| datastore.is_written(caps))
            }
            Self::CreateSubscription { .. } => {
                need(caps.notification, ":notification", "create-subscription")
            }
            Self::CopyConfig { .. }
            | Self::DeleteConfig { .. }
            | Self::CloseSession
            | Self::KillSession { .. }
            | Self::Other(_) => Ok(()),
        }
    }
}

impl DataStore {
    fn is_written(self, caps: &Capabilities) -> Result<(), Unsupported> {
        let (has, capability, what) = match self {
            Self::Running => (caps.writable_running, ":writable-running", "an edit of running"),
            Self::Candidate => (caps.candidate, ":candidate", "an edit of the candidate"),
            Self::Startup => (caps.startup, ":startup", "an edit of startup"),
            Self::Intended | Self::Operational => (false, "a datastore that clients write", "edit-data"),
        };
        if has { Ok(()) } else { Err(Unsupported { capability, what }) }
    }
}

impl EditConfig {
    fn needs(&self, caps: &Capabilities) -> Result<(), Unsupported> {
        let missing = |capability, what| Err(Unsupported { capability, what });
        match self.target {
            Datastore::Running if !caps.writable_running => {
                missing(":writable-running", "an edit of running")
            }
            Datastore::Candidate if !caps.candidate => missing(":candidate", "an edit of the candidate"),
            Datastore::Startup if !caps.startup => missing(":startup", "an edit of startup"),
            _ if self.test_option == Some(TestOption::TestOnly) && !caps.validate_1_1 => {
                missing(":validate:1.1", "test-only")
            }
            _ if self.test_option.is_some() && !caps.validate => missing(":validate", "a test-option"),
            _ if self.error_option == Some(ErrorOption::RollbackOnError) && !caps.rollback_on_error => {
                missing(":rollback-on-error", "rollback-on-error")
            }
            _ => Ok(()),
        }
    }
}

impl Commit {
    fn needs(&self, caps: &Capabilities) -> Result<(), Unsupported> {
        let missing = |capability, what| Err(Unsupported { capability, what });
        let persist =
            self.confirmed.as_ref().is_some_and(|c| c.persist.is_some()) || self.persist_id.is_some();
        if !caps.candidate {
            missing(":candidate", "commit")
        } else if persist && !caps.confirmed_commit_1_1 {
            missing(":confirmed-commit:1.1", "a persistent commit")
        } else if self.confirmed.is_some() && !caps.confirmed_commit {
            missing(":confirmed-commit", "a confirmed commit")
        } else {
            Ok(())
        }
    }
}
