//! Extensions of requests. The one that we use is commit confirmed: a Set that the target takes back by itself
//! unless it is confirmed in time. An extension that changes what a request means is refused where it is not known,
//! never passed over.

use std::time::Duration;

use tonic::Status;

use crate::proto::gnmi_ext::{self as ext, Extension, commit::Action as WireAction, extension::Ext};

/// How long a target waits for the confirmation when the request does not say (commit confirmed 3.2.1).
pub const DEFAULT_ROLLBACK: Duration = Duration::from_secs(600);
/// Longest commit id that is accepted, in bytes.
pub const MAX_COMMIT_ID: usize = 256;
/// Longest rollback duration that is accepted: a week.
pub const MAX_ROLLBACK: Duration = Duration::from_secs(7 * 24 * 3600);

/// The commit confirmed extension of one Set.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Commit {
    /// Chosen by the client; every later action names the same one.
    pub id: String,
    /// What to do with that commit.
    pub action: CommitAction,
}

/// What a Set does with a confirmed commit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CommitAction {
    /// The changes of this Set go back by themselves after `rollback` unless confirmed.
    Begin {
        /// How long the target waits.
        rollback: Duration,
    },
    /// Make it permanent. The Set carries no changes.
    Confirm,
    /// Take it back now. The Set carries no changes.
    Cancel,
    /// Start the timer anew with `rollback`. The Set carries no changes.
    Extend {
        /// How long the target waits, from now.
        rollback: Duration,
    },
}

impl Commit {
    /// As an extension of the wire. Durations beyond [`MAX_ROLLBACK`] are cut to it.
    pub fn encode(self) -> Extension {
        let action = match self.action {
            CommitAction::Begin { rollback } => {
                WireAction::Commit(ext::CommitRequest { rollback_duration: Some(wire_duration(rollback)) })
            }
            CommitAction::Confirm => WireAction::Confirm(ext::CommitConfirm {}),
            CommitAction::Cancel => WireAction::Cancel(ext::CommitCancel {}),
            CommitAction::Extend { rollback } => {
                WireAction::SetRollbackDuration(ext::CommitSetRollbackDuration {
                    rollback_duration: Some(wire_duration(rollback)),
                })
            }
        };
        Extension { ext: Some(Ext::Commit(ext::Commit { id: self.id, action: Some(action) })) }
    }

    /// Reads the extension of a request.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for an empty or long id, no action, or a duration that is absent where it must not be, zero,
    /// negative or beyond [`MAX_ROLLBACK`].
    pub fn decode(wire: ext::Commit) -> Result<Self, Status> {
        if wire.id.is_empty() || wire.id.len() > MAX_COMMIT_ID {
            return Err(Status::invalid_argument(format!("commit: id of 1 to {MAX_COMMIT_ID} bytes needed")));
        }
        let action = match wire.action.ok_or_else(|| Status::invalid_argument("commit: no action"))? {
            WireAction::Commit(begin) => CommitAction::Begin {
                rollback: begin.rollback_duration.map_or(Ok(DEFAULT_ROLLBACK), read_duration)?,
            },
            WireAction::Confirm(_) => CommitAction::Confirm,
            WireAction::Cancel(_) => CommitAction::Cancel,
            WireAction::SetRollbackDuration(extend) => CommitAction::Extend {
                rollback: read_duration(
                    extend
                        .rollback_duration
                        .ok_or_else(|| Status::invalid_argument("commit: no rollback_duration"))?,
                )?,
            },
        };
        Ok(Self { id: wire.id, action })
    }
}

/// The commit extension of a request, if it has one.
///
/// # Errors
/// `UNIMPLEMENTED` for an extension that changes what the request means and is not served here;
/// `INVALID_ARGUMENT` for a commit that is malformed or given twice.
pub fn commit_of(extensions: Vec<Extension>) -> Result<Option<Commit>, Status> {
    let mut found = None;
    for extension in extensions {
        match extension.ext {
            Some(Ext::Commit(commit)) if found.is_none() => found = Some(Commit::decode(commit)?),
            Some(Ext::Commit(_)) => return Err(Status::invalid_argument("commit: given twice")),
            Some(Ext::MasterArbitration(_)) => return Err(not_served("master arbitration")),
            Some(Ext::History(_)) => return Err(not_served("history")),
            Some(Ext::Depth(_)) => return Err(not_served("depth")),
            Some(Ext::ConfigSubscription(_)) => return Err(not_served("config subscription")),
            // Registered extensions have no meaning without their definition, and none is defined here.
            Some(Ext::RegisteredExt(_)) | None => {}
        }
    }
    Ok(found)
}

/// Refuses a commit extension where none belongs.
pub(crate) fn no_commit(extensions: Vec<Extension>) -> Result<(), Status> {
    match commit_of(extensions)? {
        None => Ok(()),
        Some(_) => Err(Status::invalid_argument("commit: belongs to Set alone")),
    }
}

fn not_served(what: &str) -> Status {
    Status::unimplemented(format!("extension {what} is not served"))
}

fn wire_duration(duration: Duration) -> prost_types::Duration {
    let duration = duration.min(MAX_ROLLBACK);
    // Both fit: a week of seconds, and nanoseconds below one second.
    prost_types::Duration { seconds: duration.as_secs() as i64, nanos: duration.subsec_nanos() as i32 }
}

fn read_duration(wire: prost_types::Duration) -> Result<Duration, Status> {
    let duration = Duration::try_from(wire)
        .map_err(|_| Status::invalid_argument("commit: rollback_duration is negative"))?;
    if duration.is_zero() || duration > MAX_ROLLBACK {
        return Err(Status::invalid_argument(format!(
            "commit: rollback_duration must be above 0 and at most {} s",
            MAX_ROLLBACK.as_secs()
        )));
    }
    Ok(duration)
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;

    fn read(extension: Extension) -> Result<Option<Commit>, Status> {
        commit_of(vec![extension])
    }

    fn raw(id: &str, action: Option<WireAction>) -> Extension {
        Extension { ext: Some(Ext::Commit(ext::Commit { id: id.into(), action })) }
    }

    #[test]
    fn every_action_survives_the_wire() {
        for action in [
            CommitAction::Begin { rollback: Duration::from_millis(1500) },
            CommitAction::Confirm,
            CommitAction::Cancel,
            CommitAction::Extend { rollback: MAX_ROLLBACK },
        ] {
            let commit = Commit { id: "tx-7".into(), action };
            assert_eq!(read(commit.clone().encode()).expect("our own extension"), Some(commit));
        }
    }

    #[test]
    fn a_begin_without_duration_waits_ten_minutes() {
        let begin = raw("a", Some(WireAction::Commit(ext::CommitRequest { rollback_duration: None })));
        let commit = read(begin).expect("the default").expect("a commit");
        assert_eq!(commit.action, CommitAction::Begin { rollback: DEFAULT_ROLLBACK });
    }

    #[test]
    fn malformed_commits_are_invalid() {
        let extend = |duration| {
            WireAction::SetRollbackDuration(ext::CommitSetRollbackDuration { rollback_duration: duration })
        };
        let negative = prost_types::Duration { seconds: -1, nanos: 0 };
        for extension in [
            raw("", Some(WireAction::Confirm(ext::CommitConfirm {}))),
            raw("a", None),
            raw("a", Some(extend(None))),
            raw("a", Some(extend(Some(prost_types::Duration::default())))),
            raw("a", Some(extend(Some(negative)))),
        ] {
            assert_eq!(read(extension).expect_err("malformed").code(), Code::InvalidArgument);
        }
        let twice = vec![Commit { id: "a".into(), action: CommitAction::Confirm }.encode(); 2];
        assert_eq!(commit_of(twice).expect_err("given twice").code(), Code::InvalidArgument);
    }

    #[test]
    fn an_extension_that_changes_the_meaning_is_not_passed_over() {
        let depth = Extension { ext: Some(Ext::Depth(ext::Depth { level: 1 })) };
        assert_eq!(read(depth).expect_err("not served").code(), Code::Unimplemented);
        assert_eq!(read(Extension { ext: None }).expect("nothing asked"), None);
    }
}
