//! What went wrong, in the words that a transaction decides by.

use device::ErrorKind;

use crate::rpc_error::{ErrorTag, RpcErrors};
use crate::session::{CallError, Cause, End, OpenError};
use crate::ssh::ConnectError;
use crate::tls;

/// Why there is no session over SSH.
pub fn of_connect(error: &ConnectError) -> ErrorKind {
    let text = error.to_string();
    match error {
        ConnectError::HostKey { .. } => ErrorKind::Untrusted(text),
        ConnectError::LoginRefused { .. }
        | ConnectError::LoginHeld { .. }
        | ConnectError::Questions { .. }
        | ConnectError::SubsystemRefused { .. } => ErrorKind::Refused(text),
        ConnectError::Unreachable { .. } | ConnectError::Ssh { .. } | ConnectError::Deadline { .. } => {
            ErrorKind::Unreachable(text)
        }
        ConnectError::Open { source, .. } => of_open(source, text),
    }
}

/// Why there is no session over TLS. A certificate that one side refuses is a matter of trust, whichever side it is, as over gNMI.
pub fn of_tls(error: &tls::ConnectError) -> ErrorKind {
    let text = error.to_string();
    match error {
        tls::ConnectError::CertificateRefused { .. } => ErrorKind::Untrusted(text),
        tls::ConnectError::BadName { .. }
        | tls::ConnectError::Unreachable { .. }
        | tls::ConnectError::Tls { .. }
        | tls::ConnectError::Deadline { .. } => ErrorKind::Unreachable(text),
        tls::ConnectError::Open { source, .. } => of_open(source, text),
    }
}

fn of_open(error: &OpenError, text: String) -> ErrorKind {
    match error {
        OpenError::Deadline | OpenError::Ended(_) => ErrorKind::Unreachable(text),
        OpenError::Frame(_) | OpenError::Message(_) | OpenError::Hello(_) => ErrorKind::Garbage(text),
    }
}

/// How a request failed.
pub fn of_call(error: &CallError) -> ErrorKind {
    let text = error.to_string();
    match error {
        CallError::Unsupported(_) | CallError::Invalid(_) => ErrorKind::Unsupported(text),
        CallError::NotSent(_) => ErrorKind::Unreachable(text),
        CallError::Refused(errors) if is_locked(errors) => match errors.lock_holder() {
            // Zero is anything that is no NETCONF session (RFC 6241, section 7.5).
            None | Some(0) => ErrorKind::Locked(errors.to_string()),
            Some(holder) => ErrorKind::Locked(format!("session {holder}: {errors}")),
        },
        // The device says itself that it is neither here nor there.
        CallError::Refused(errors) if is_half_done(errors) => ErrorKind::Silent(errors.to_string()),
        CallError::Refused(errors) => ErrorKind::Refused(errors.to_string()),
        CallError::BadReply(_) | CallError::OutcomeUnknown(Cause::Ended(End::Protocol(_))) => {
            ErrorKind::Garbage(text)
        }
        CallError::OutcomeUnknown(_) => ErrorKind::Silent(text),
    }
}

/// Whether a request that ended so may have been carried out, in whole or in part.
pub(super) fn may_have_happened(error: &CallError) -> bool {
    error.is_outcome_unknown() || matches!(error, CallError::Refused(errors) if is_half_done(errors))
}

/// Whether another session stands in the way.
pub(super) fn is_locked(errors: &RpcErrors) -> bool {
    errors.has(&ErrorTag::LockDenied) || errors.has(&ErrorTag::InUse)
}

fn is_half_done(errors: &RpcErrors) -> bool {
    errors.has(&ErrorTag::RollbackFailed) || errors.has(&ErrorTag::PartialOperation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ns;
    use crate::rpc_error::{ErrorType, RpcError};
    use crate::xml::Element;

    fn refused(tag: ErrorTag) -> RpcError {
        RpcError::new(ErrorType::Application, tag, "no")
    }

    fn kind(errors: Vec<RpcError>) -> ErrorKind {
        of_call(&CallError::Refused(RpcErrors(errors)))
    }

    #[test]
    fn a_refusal_carries_every_error_with_its_path() {
        let errors = vec![
            refused(ErrorTag::InvalidValue).at("/a/b", Vec::new()),
            refused(ErrorTag::DataMissing).at("/c", Vec::new()),
        ];
        let ErrorKind::Refused(text) = kind(errors) else { panic!("not a refusal") };
        assert!(text.contains("at /a/b") && text.contains("at /c"), "{text}");
    }

    #[test]
    fn a_lock_names_its_holder() {
        let holder = Element::new(ns::BASE, "session-id").with_text("17");
        let ErrorKind::Locked(text) = kind(vec![refused(ErrorTag::LockDenied).with_info(holder)]) else {
            panic!("not locked")
        };
        assert!(text.starts_with("session 17"), "{text}");
    }

    #[test]
    fn a_device_that_is_half_way_is_no_refusal() {
        for tag in [ErrorTag::RollbackFailed, ErrorTag::PartialOperation] {
            let error = CallError::Refused(RpcErrors(vec![refused(tag)]));
            assert!(may_have_happened(&error) && matches!(of_call(&error), ErrorKind::Silent(_)));
        }
    }

    #[test]
    fn what_was_not_sent_is_unreachable_and_what_was_not_answered_is_silent() {
        let not_sent = CallError::NotSent(Cause::Ended(End::Eof));
        assert!(matches!(of_call(&not_sent), ErrorKind::Unreachable(_)));
        let unknown = |end| of_call(&CallError::OutcomeUnknown(Cause::Ended(end)));
        assert!(matches!(unknown(End::Eof), ErrorKind::Silent(_)));
        assert!(matches!(unknown(End::Protocol("x".into())), ErrorKind::Garbage(_)));
        assert!(matches!(of_call(&CallError::OutcomeUnknown(Cause::Deadline)), ErrorKind::Silent(_)));
    }
}
