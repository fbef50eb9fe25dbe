//! What can go wrong on a session, in the terms that decide what to do next: connect again, ask the operator, read
//! back what the device has, or fall back to a simpler request.

use std::error::Error as _;
use std::fmt;
use std::time::Duration;

use thiserror::Error;
use tonic::{Code, Status};

use crate::link::End;

/// Longest text of a device that is kept, in characters.
const MAX_MESSAGE: usize = 512;

/// How the messages begin that the gRPC library makes itself about an answer that it cannot read. They come without a
/// source, so they look like the device's own words.
const UNREADABLE: [&str; 5] = [
    "failed to decode Protobuf message",
    "Error, decoded message length too large",
    "protocol error: ",
    "Missing response message",
    "Unexpected EOF decoding stream",
];

/// How the library's message begins when a request was never sent.
const NOT_READY: &str = "Service was not ready";

/// What was asked of the device.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Call {
    /// TCP, TLS, HTTP/2 and the first Capabilities.
    Connect,
    /// Get.
    Get,
    /// Set.
    Set,
    /// Subscribe.
    Subscribe,
}

impl fmt::Display for Call {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Connect => "connect",
            Self::Get => "get",
            Self::Set => "set",
            Self::Subscribe => "subscribe",
        })
    }
}

/// A part of gNMI that some devices lack. A caller falls back to sampling.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Feature {
    /// Subscriptions on change.
    OnChange,
    /// Subscriptions whose mode the target chooses.
    TargetDefined,
    /// Poll subscriptions.
    Poll,
}

impl fmt::Display for Feature {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::OnChange => "subscription on change",
            Self::TargetDefined => "target-defined subscription",
            Self::Poll => "poll subscription",
        })
    }
}

/// Why an operation on a session failed. Texts of the device are cut and free of control characters.
#[derive(Clone, Debug, Error)]
pub enum SessionError {
    /// The description of the target cannot be used.
    #[error("{peer}: {why}")]
    BadTarget {
        /// Address of the device.
        peer: String,
        /// What is wrong with it.
        why: String,
    },
    /// No connection, or it broke and nothing was changed. Connect again.
    #[error("{peer}: unreachable: {why}")]
    Unreachable {
        /// Address of the device.
        peer: String,
        /// What the network said.
        why: String,
    },
    /// One side refused the certificate of the other. A person must look.
    #[error("{peer}: certificate refused: {why}")]
    CertificateRefused {
        /// Address of the device.
        peer: String,
        /// Which side, and why.
        why: String,
    },
    /// The device does not accept user and password.
    #[error("{peer}: not authenticated: {message}; check user and password")]
    Unauthenticated {
        /// Address of the device.
        peer: String,
        /// The device's words.
        message: String,
    },
    /// Devices refused this login a short time ago, so it was not tried.
    #[error(
        "{peer} was not asked to let {user} in: {} refused that, and accounts that fail again and again are locked; mend the \
         login there or in the inventory; it is tried again in {} s",
        by.join(" and "), left.as_secs().max(1)
    )]
    LoginHeld {
        /// Address of the device.
        peer: String,
        /// As whom.
        user: String,
        /// Who refused it.
        by: Vec<String>,
        /// How long it is still not tried.
        left: Duration,
    },
    /// The device said no. Nothing was changed.
    #[error("{peer}: {call} refused, {code:?}: {message}")]
    Refused {
        /// Address of the device.
        peer: String,
        /// What was asked.
        call: Call,
        /// The gRPC code.
        code: Code,
        /// The device's words.
        message: String,
    },
    /// The device lacks a part of gNMI. Ask in another way.
    #[error("{peer}: {feature} is not supported: {message}; sample instead")]
    Unsupported {
        /// Address of the device.
        peer: String,
        /// What it lacks.
        feature: Feature,
        /// The device's words.
        message: String,
    },
    /// No answer in time. After a Set the outcome is unknown.
    #[error("{peer}: no answer to {call} within {after:?}")]
    Silent {
        /// Address of the device.
        peer: String,
        /// What was asked.
        call: Call,
        /// How long it was waited.
        after: Duration,
    },
    /// A Set was sent and its answer was lost. Read back what the device has.
    #[error("{peer}: outcome of set unknown: {why}; read back before anything else")]
    OutcomeUnknown {
        /// Address of the device.
        peer: String,
        /// How the answer was lost.
        why: String,
    },
    /// The answer cannot be read.
    #[error("{peer}: answer to {call} cannot be read: {why}")]
    Malformed {
        /// Address of the device.
        peer: String,
        /// What was asked.
        call: Call,
        /// What is wrong with it.
        why: String,
    },
    /// The request cannot be written. Nothing was sent.
    #[error("{peer}: {call} not sent: {why}")]
    NotSent {
        /// Address of the device.
        peer: String,
        /// What was to be asked.
        call: Call,
        /// Why not.
        why: String,
    },
    /// The device ended a subscription that should go on. Subscribe again.
    #[error("{peer}: the device ended the subscription")]
    Ended {
        /// Address of the device.
        peer: String,
    },
}

impl SessionError {
    /// The device may or may not have taken the changes of a Set: it must be read.
    pub fn outcome_unknown(&self) -> bool {
        matches!(self, Self::OutcomeUnknown { .. } | Self::Silent { call: Call::Set, .. })
    }

    /// The same refusal as lack of `feature`, when its code says so.
    pub(crate) fn lacking(self, feature: Option<Feature>) -> Self {
        match (self, feature) {
            (
                Self::Refused { peer, code: Code::Unimplemented | Code::InvalidArgument, message, .. },
                Some(feature),
            ) => Self::Unsupported { peer, feature, message },
            (other, _) => other,
        }
    }

    /// An answer that broke our reader: a Set may have been taken.
    pub(crate) fn unreadable(peer: &str, call: Call, why: String) -> Self {
        match call {
            Call::Set => Self::OutcomeUnknown { peer: peer.into(), why },
            _ => Self::Malformed { peer: peer.into(), call, why },
        }
    }

    /// The connection is gone: a Set that was under way may have been taken.
    fn broken(peer: &str, call: Call, why: String) -> Self {
        match call {
            Call::Set => Self::OutcomeUnknown { peer: peer.into(), why },
            _ => Self::Unreachable { peer: peer.into(), why },
        }
    }

    /// What a status means. `end` is what is known of the connection.
    pub(crate) fn of(peer: &str, call: Call, status: &Status, end: Option<End>) -> Self {
        let (code, message) = (status.code(), clean(status.message()));
        let never_sent = message.starts_with(NOT_READY);
        let why = end.as_ref().map_or_else(|| message.clone(), |end| end.why.clone());
        if let Some(End { certificate: true, why }) = &end
            && (call != Call::Set || never_sent)
        {
            return Self::CertificateRefused { peer: peer.into(), why: why.clone() };
        }
        if never_sent {
            return Self::Unreachable { peer: peer.into(), why };
        }
        if UNREADABLE.iter().any(|text| message.starts_with(text)) {
            return Self::unreadable(peer, call, message);
        }
        // A status with a source was made on our side: the connection or the stream broke. UNKNOWN on a connection that
        // has ended is the same.
        if status.source().is_some() || (code == Code::Unknown && end.is_some()) {
            return Self::broken(peer, call, why);
        }
        match code {
            Code::Unauthenticated => Self::Unauthenticated { peer: peer.into(), message },
            // Said by something between us and the device, or by a device that gave up half-way.
            Code::Cancelled | Code::DeadlineExceeded | Code::Unavailable | Code::DataLoss => {
                Self::broken(peer, call, format!("{code:?}: {message}"))
            }
            code => Self::Refused { peer: peer.into(), call, code, message },
        }
    }
}

/// Text of a device, fit for logs and terminals.
pub(crate) fn clean(text: &str) -> String {
    text.chars().take(MAX_MESSAGE).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn of(call: Call, status: &Status, end: Option<End>) -> SessionError {
        SessionError::of("r1:57400", call, status, end)
    }

    fn closed() -> Option<End> {
        Some(End { certificate: false, why: "the device closed the connection".into() })
    }

    fn with_source(code: Code) -> Status {
        let mut status = Status::new(code, "h2 protocol error");
        status.set_source(Arc::new(std::io::Error::other("broken pipe")));
        status
    }

    #[test]
    fn the_device_s_own_no_is_a_refusal() {
        for code in [Code::InvalidArgument, Code::FailedPrecondition, Code::Internal, Code::Unknown] {
            let error = of(Call::Set, &Status::new(code, "no"), None);
            assert!(matches!(error, SessionError::Refused { .. }) && !error.outcome_unknown(), "{error}");
        }
    }

    #[test]
    fn a_set_whose_answer_was_lost_is_unknown_and_a_get_is_not() {
        for status in [
            with_source(Code::Unknown),
            with_source(Code::Internal),
            Status::unavailable("gone"),
            Status::deadline_exceeded("slow"),
            Status::internal("failed to decode Protobuf message: x"),
            Status::out_of_range("Error, decoded message length too large: found 9 bytes"),
        ] {
            assert!(of(Call::Set, &status, None).outcome_unknown(), "{status}");
            assert!(!of(Call::Get, &status, None).outcome_unknown(), "{status}");
        }
        assert!(of(Call::Set, &Status::unknown("eof"), closed()).outcome_unknown());
    }

    #[test]
    fn what_was_never_sent_is_unreachable() {
        let error = of(Call::Set, &Status::unknown("Service was not ready: x"), closed());
        assert!(matches!(error, SessionError::Unreachable { .. }), "{error}");
    }

    #[test]
    fn only_refusals_of_the_right_code_are_lacks() {
        let lacking =
            |code| of(Call::Subscribe, &Status::new(code, ""), None).lacking(Some(Feature::OnChange));
        assert!(matches!(lacking(Code::Unimplemented), SessionError::Unsupported { .. }));
        assert!(matches!(lacking(Code::InvalidArgument), SessionError::Unsupported { .. }));
        assert!(matches!(lacking(Code::NotFound), SessionError::Refused { .. }));
    }

    #[test]
    fn texts_of_the_device_are_cut_and_cleaned() {
        let long = format!("a\x1b[2J\n{}", "b".repeat(5000));
        let text = of(Call::Get, &Status::internal(long), None).to_string();
        assert!(text.len() < 700 && !text.contains(|c: char| c.is_control()), "{text}");
    }
}
