//! What a failed call means for the transaction.

use ::device::{ErrorKind, Step};
use tonic::Code;

use crate::error::{Call, SessionError};

/// The kind of a failure, and whether the session is still of use.
pub(super) fn kind(step: Step, error: &SessionError) -> ErrorKind {
    let text = error.to_string();
    match error {
        SessionError::CertificateRefused { .. } => ErrorKind::Untrusted(text),
        SessionError::BadTarget { .. }
        | SessionError::Unreachable { .. }
        | SessionError::Ended { .. }
        // Nothing but the opening of a session was asked, so nothing is unknown.
        | SessionError::Silent { call: Call::Connect, .. } => ErrorKind::Unreachable(text),
        // The device has a confirmed commit that waits, and takes no second one (commit confirmed 3.1).
        SessionError::Refused { code: Code::FailedPrecondition, .. } if step == Step::Commit => {
            ErrorKind::Locked(text)
        }
        SessionError::Refused { code: Code::Unimplemented, .. }
        | SessionError::Unsupported { .. }
        | SessionError::NotSent { .. } => ErrorKind::Unsupported(text),
        SessionError::Refused { .. }
        | SessionError::Unauthenticated { .. }
        | SessionError::LoginHeld { .. } => ErrorKind::Refused(text),
        SessionError::Silent { .. } | SessionError::OutcomeUnknown { .. } => ErrorKind::Silent(text),
        SessionError::Malformed { .. } => ErrorKind::Garbage(text),
    }
}

/// After an answer of the device, whatever it said, the session goes on. After silence or a break it does not: a late
/// answer, or a late effect, must not meet the next call.
pub(super) fn session_survives(error: &SessionError) -> bool {
    matches!(
        error,
        SessionError::Refused { .. } | SessionError::Unsupported { .. } | SessionError::NotSent { .. }
    )
}

/// The device says that no such commit waits: none at all, or another one, so that the id is wrong (commit confirmed 3.2.3). The
/// request that it answers holds nothing but the id.
pub(super) fn nothing_waits(error: &SessionError) -> bool {
    let codes = [Code::FailedPrecondition, Code::NotFound, Code::InvalidArgument];
    matches!(error, SessionError::Refused { code, .. } if codes.contains(code))
}

/// A Get that brought nothing, though the connection may be as good as before.
pub(super) fn is_given_up(error: &SessionError) -> bool {
    matches!(
        error,
        SessionError::Silent { call: Call::Get, .. } | SessionError::Malformed { call: Call::Get, .. }
    )
}

/// The device says that there is nothing at a path.
pub(super) fn is_absence(error: &SessionError) -> bool {
    matches!(error, SessionError::Refused { call: Call::Get, code: Code::NotFound, .. })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn refused(call: Call, code: Code) -> SessionError {
        SessionError::Refused { peer: "r1".into(), call, code, message: "no".into() }
    }

    fn silent(call: Call) -> SessionError {
        SessionError::Silent { peer: "r1".into(), call, after: Duration::from_secs(1) }
    }

    #[test]
    fn a_waiting_commit_is_a_lock_and_any_other_no_is_a_refusal() {
        let precondition = refused(Call::Set, Code::FailedPrecondition);
        assert!(matches!(kind(Step::Commit, &precondition), ErrorKind::Locked(_)));
        assert!(matches!(kind(Step::Cancel, &precondition), ErrorKind::Refused(_)));
        let invalid = refused(Call::Set, Code::InvalidArgument);
        assert!(matches!(kind(Step::Commit, &invalid), ErrorKind::Refused(_)));
        let lacking = refused(Call::Set, Code::Unimplemented);
        assert!(matches!(kind(Step::Commit, &lacking), ErrorKind::Unsupported(_)));
    }

    #[test]
    fn silence_is_unknown_unless_only_a_session_was_asked_for() {
        assert!(matches!(kind(Step::Commit, &silent(Call::Set)), ErrorKind::Silent(_)));
        assert!(matches!(kind(Step::Connect, &silent(Call::Connect)), ErrorKind::Unreachable(_)));
        let lost = SessionError::OutcomeUnknown { peer: "r1".into(), why: "reset".into() };
        assert!(matches!(kind(Step::Commit, &lost), ErrorKind::Silent(_)));
    }

    #[test]
    fn a_session_ends_with_silence_and_not_with_a_no() {
        assert!(session_survives(&refused(Call::Set, Code::InvalidArgument)));
        assert!(!session_survives(&silent(Call::Get)));
    }
}
