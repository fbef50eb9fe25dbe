//! Why the store refuses something, in the words of RFC 6241 appendix A; both servers translate from here.

use std::fmt;

use thiserror::Error;

use super::session::SessionId;

/// The error tags of RFC 6241 appendix A that the store uses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Tag {
    /// Someone else has it.
    InUse,
    /// A value, an option or a name is wrong.
    InvalidValue,
    /// An element that is needed is missing.
    MissingElement,
    /// An element is there that must not be.
    BadElement,
    /// An element that no module has.
    UnknownElement,
    /// A namespace that no module has.
    UnknownNamespace,
    /// An attribute's value is wrong.
    BadAttribute,
    /// A lock cannot be had.
    LockDenied,
    /// What should be made exists.
    DataExists,
    /// What should be changed or deleted does not exist.
    DataMissing,
    /// The router does not do this.
    OperationNotSupported,
    /// It did not work for a reason that no other tag names.
    OperationFailed,
    /// It is larger than the router takes.
    TooBig,
}

impl Tag {
    /// The tag as it is written in `<error-tag>`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InUse => "in-use",
            Self::InvalidValue => "invalid-value",
            Self::MissingElement => "missing-element",
            Self::BadElement => "bad-element",
            Self::UnknownElement => "unknown-element",
            Self::UnknownNamespace => "unknown-namespace",
            Self::BadAttribute => "bad-attribute",
            Self::LockDenied => "lock-denied",
            Self::DataExists => "data-exists",
            Self::DataMissing => "data-missing",
            Self::OperationNotSupported => "operation-not-supported",
            Self::OperationFailed => "operation-failed",
            Self::TooBig => "too-big",
        }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refusal: nothing was changed.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{tag}: {message}{}", .path.as_ref().map(|p| format!(" at {p}")).unwrap_or_default())]
pub struct Refusal {
    /// Which kind.
    pub tag: Tag,
    /// What, why, what to do.
    pub message: String,
    /// The place in the data.
    pub path: Option<String>,
    /// The element, attribute or namespace that is meant, for `<error-info>`.
    pub element: Option<String>,
    /// Who has the lock; 0 is something that is no NETCONF session.
    pub holder: Option<SessionId>,
}

impl Refusal {
    /// A refusal of the request as a whole.
    pub fn new(tag: Tag, message: impl Into<String>) -> Self {
        Self { tag, message: message.into(), path: None, element: None, holder: None }
    }

    /// The same, at a place.
    #[must_use]
    pub fn at(self, path: impl Into<String>) -> Self {
        Self { path: Some(path.into()), ..self }
    }

    /// The same, about an element.
    #[must_use]
    pub fn about(self, element: impl Into<String>) -> Self {
        Self { element: Some(element.into()), ..self }
    }
}
