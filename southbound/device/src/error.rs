//! What can go wrong with a device, in the words that a transaction decides by.

use std::fmt;

use model::NodeId;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::trust;

/// What was asked of the device.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// Opening a session.
    Connect,
    /// Asking whether edits would be taken.
    Rehearse,
    /// Preparing edits.
    Stage,
    /// Putting them into effect.
    Commit,
    /// Reading back.
    Verify,
    /// Making them permanent.
    Confirm,
    /// Undoing them.
    Cancel,
    /// Reading.
    Read,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Connect => "connect",
            Self::Rehearse => "rehearse",
            Self::Stage => "stage",
            Self::Commit => "commit",
            Self::Verify => "verify",
            Self::Confirm => "confirm",
            Self::Cancel => "cancel",
            Self::Read => "read",
        })
    }
}

/// How it failed.
#[derive(Clone, Debug, Eq, Error, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ErrorKind {
    /// No session could be opened; nothing was sent.
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    /// It is not the device that we know, for host key or certificate differ; or it does not take our certificate. Nothing was sent.
    #[error("{}", untrusted(.0))]
    Untrusted(String),
    /// It refused, and holds what it held before.
    #[error("it refused: {0}")]
    Refused(String),
    /// Another session holds the lock.
    #[error("another session holds its lock: {0}")]
    Locked(String),
    /// It did not answer in time, or the session broke while it worked: the outcome is unknown.
    #[error("it fell silent, so the outcome is unknown: {0}")]
    Silent(String),
    /// It answered something that the protocol does not allow: the outcome is unknown.
    #[error("it sent what the protocol does not allow: {0}")]
    Garbage(String),
    /// It cannot hold what was asked.
    #[error("it cannot hold this: {0}")]
    Unsupported(String),
}

/// Which side does not trust the other, and why: one that refuses us is no impostor.
fn untrusted(why: &str) -> String {
    let who = match why.contains(trust::ALERT) {
        true => "it refuses our login",
        false => "it is not the device that we know",
    };
    format!("{who}: {why}")
}

/// Whether asking again can help.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Retry {
    /// Later, after a pause.
    Later,
    /// After reading its state again.
    AfterReading,
    /// Not before a person has acted.
    Never,
}

/// What went wrong, where, and at which step.
#[derive(Clone, Debug, Eq, Error, PartialEq, Serialize, Deserialize)]
#[error("{node}, {step}: {kind}")]
pub struct DeviceError {
    /// The device.
    pub node: NodeId,
    /// What was asked.
    pub step: Step,
    /// How it failed.
    pub kind: ErrorKind,
}

impl DeviceError {
    /// Whether asking again can help.
    pub const fn retry(&self) -> Retry {
        match self.kind {
            ErrorKind::Unreachable(_) | ErrorKind::Locked(_) => Retry::Later,
            ErrorKind::Silent(_) | ErrorKind::Garbage(_) => Retry::AfterReading,
            ErrorKind::Untrusted(_) | ErrorKind::Refused(_) | ErrorKind::Unsupported(_) => Retry::Never,
        }
    }

    /// Whether no session came about, so that nothing was asked: what was refused then is the login, and no order.
    pub const fn is_not_reached(&self) -> bool {
        match self.kind {
            ErrorKind::Unreachable(_) | ErrorKind::Untrusted(_) => true,
            ErrorKind::Refused(_) | ErrorKind::Locked(_) | ErrorKind::Unsupported(_) => {
                matches!(self.step, Step::Connect)
            }
            ErrorKind::Silent(_) | ErrorKind::Garbage(_) => false,
        }
    }

    /// Whether the device may hold either the old or the new state.
    pub const fn is_outcome_unknown(&self) -> bool {
        matches!(self.kind, ErrorKind::Silent(_) | ErrorKind::Garbage(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_that_refuses_us_is_told_from_one_that_we_do_not_know() {
        let told = |why: &str| ErrorKind::Untrusted(why.to_owned()).to_string();
        assert_eq!(told("another host key"), "it is not the device that we know: another host key");
        let ours = "certificate refused: the device refuses our certificate (alert CertificateUnknown)";
        assert_eq!(told(ours), format!("it refuses our login: {ours}"));
    }
}
