//! `<rpc-error>`: RFC 6241, section 4.3. A reply may hold several, and each says something that the others do
//! not, so all of them travel together as [`RpcErrors`].

use std::fmt;

use thiserror::Error;

use crate::ns;
use crate::xml::{Binding, Element};

/// The layer that found the error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorType {
    /// Secure transport.
    Transport,
    /// Message layer.
    Rpc,
    /// Operations.
    Protocol,
    /// Content; also what an unknown word is read as.
    Application,
}

/// Whether the operation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It failed.
    Error,
    /// It was carried out, with a remark.
    Warning,
}

/// The error-tag: RFC 6241, appendix A.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the RFC's own, each defined in its appendix A")]
pub enum ErrorTag {
    InUse,
    InvalidValue,
    TooBig,
    MissingAttribute,
    BadAttribute,
    UnknownAttribute,
    MissingElement,
    BadElement,
    UnknownElement,
    UnknownNamespace,
    AccessDenied,
    LockDenied,
    ResourceDenied,
    RollbackFailed,
    DataExists,
    DataMissing,
    OperationNotSupported,
    OperationFailed,
    PartialOperation,
    MalformedMessage,
    /// A tag that the RFC does not list.
    Other(String),
}

const TAGS: [(ErrorTag, &str); 20] = [
    (ErrorTag::InUse, "in-use"),
    (ErrorTag::InvalidValue, "invalid-value"),
    (ErrorTag::TooBig, "too-big"),
    (ErrorTag::MissingAttribute, "missing-attribute"),
    (ErrorTag::BadAttribute, "bad-attribute"),
    (ErrorTag::UnknownAttribute, "unknown-attribute"),
    (ErrorTag::MissingElement, "missing-element"),
    (ErrorTag::BadElement, "bad-element"),
    (ErrorTag::UnknownElement, "unknown-element"),
    (ErrorTag::UnknownNamespace, "unknown-namespace"),
    (ErrorTag::AccessDenied, "access-denied"),
    (ErrorTag::LockDenied, "lock-denied"),
    (ErrorTag::ResourceDenied, "resource-denied"),
    (ErrorTag::RollbackFailed, "rollback-failed"),
    (ErrorTag::DataExists, "data-exists"),
    (ErrorTag::DataMissing, "data-missing"),
    (ErrorTag::OperationNotSupported, "operation-not-supported"),
    (ErrorTag::OperationFailed, "operation-failed"),
    (ErrorTag::PartialOperation, "partial-operation"),
    (ErrorTag::MalformedMessage, "malformed-message"),
];

impl ErrorTag {
    /// The word on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Other(word) => word,
            known => TAGS.iter().find(|(tag, _)| tag == known).map_or("operation-failed", |(_, word)| word),
        }
    }

    /// From the word on the wire.
    pub fn from_word(word: &str) -> Self {
        let known = TAGS.iter().find(|(_, w)| *w == word).map(|(tag, _)| tag.clone());
        known.unwrap_or_else(|| Self::Other(word.to_owned()))
    }
}

impl ErrorType {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Transport => "transport",
            Self::Rpc => "rpc",
            Self::Protocol => "protocol",
            Self::Application => "application",
        }
    }
}

/// One `<rpc-error>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpcError {
    /// Layer.
    pub error_type: ErrorType,
    /// Kind.
    pub tag: ErrorTag,
    /// Error or warning.
    pub severity: Severity,
    /// The data model's or vendor's own tag.
    pub app_tag: Option<String>,
    /// XPath of the node at fault.
    pub path: Option<String>,
    /// What the prefixes in `path` stand for.
    pub path_bindings: Vec<Binding>,
    /// Text for people.
    pub message: Option<String>,
    /// Content of `<error-info>`, untouched.
    pub info: Vec<Element>,
}

impl RpcError {
    /// An error with nothing but layer, kind and text.
    pub fn new(error_type: ErrorType, tag: ErrorTag, message: impl Into<String>) -> Self {
        Self {
            error_type,
            tag,
            severity: Severity::Error,
            app_tag: None,
            path: None,
            path_bindings: Vec::new(),
            message: Some(message.into()),
            info: Vec::new(),
        }
    }

    /// The same error with the path of the node at fault.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>, bindings: Vec<Binding>) -> Self {
        self.path = Some(path.into());
        self.path_bindings = bindings;
        self
    }

    /// The same error with one more element in `<error-info>`.
    #[must_use]
    pub fn with_info(mut self, info: Element) -> Self {
        self.info.push(info);
        self
    }

    /// Reads an `<rpc-error>` element. Never fails: an error that is itself ill-made must still be shown.
    pub fn from_element(e: &Element) -> Self {
        let text = |local| e.child_text(ns::BASE, local).filter(|t| !t.is_empty()).map(str::to_owned);
        let error_type = match text("error-type").as_deref() {
            Some("transport") => ErrorType::Transport,
            Some("rpc") => ErrorType::Rpc,
            Some("protocol") => ErrorType::Protocol,
            _ => ErrorType::Application,
        };
        let warning = text("error-severity").as_deref() == Some("warning");
        Self {
            error_type,
            tag: ErrorTag::from_word(text("error-tag").as_deref().unwrap_or("operation-failed")),
            severity: if warning { Severity::Warning } else { Severity::Error },
            app_tag: text("error-app-tag"),
            path: text("error-path"),
            path_bindings: e.child(ns::BASE, "error-path").map(|p| p.bindings.clone()).unwrap_or_default(),
            message: text("error-message"),
            info: e.child(ns::BASE, "error-info").map(|i| i.children.clone()).unwrap_or_default(),
        }
    }

    /// The error as an `<rpc-error>` element.
    pub fn to_element(&self) -> Element {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let mut e = Element::new(ns::BASE, "rpc-error")
            .with_leaf("error-type", self.error_type.as_str())
            .with_leaf("error-tag", self.tag.as_str())
            .with_leaf("error-severity", severity);
        if let Some(tag) = &self.app_tag {
            e = e.with_leaf("error-app-tag", tag.as_str());
        }
        if let Some(path) = &self.path {
            let mut leaf = Element::new(ns::BASE, "error-path").with_text(path.as_str());
            leaf.bindings.clone_from(&self.path_bindings);
            e = e.with_child(leaf);
        }
        if let Some(message) = &self.message {
            let leaf = Element::new(ns::BASE, "error-message").with_text(message.as_str());
            e = e.with_child(leaf.with_attribute(ns::XML, "lang", "en"));
        }
        if !self.info.is_empty() {
            e = e.with_child(Element::new(ns::BASE, "error-info").with_children(self.info.iter().cloned()));
        }
        e
    }
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.tag.as_str(), self.error_type.as_str())?;
        if let Some(path) = &self.path {
            write!(f, " at {path}")?;
        }
        if let Some(message) = &self.message {
            write!(f, ": {message}")?;
        }
        if let Some(tag) = &self.app_tag {
            write!(f, " [{tag}]")?;
        }
        self.info.iter().try_for_each(|info| write!(f, " {info}"))
    }
}

/// All the errors of one reply, in the peer's order; at least one, and warnings may be among them.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct RpcErrors(pub Vec<RpcError>);

impl RpcErrors {
    /// Whether any of them has this tag.
    pub fn has(&self, tag: &ErrorTag) -> bool {
        self.0.iter().any(|e| e.tag == *tag)
    }

    /// The session that holds the lock, if the errors tell (RFC 6241, section 7.5). Zero means another protocol.
    pub fn lock_holder(&self) -> Option<u32> {
        let denied = self.0.iter().filter(|e| matches!(e.tag, ErrorTag::LockDenied | ErrorTag::InUse));
        let ids = denied.flat_map(|e| &e.info).filter(|i| *i.name.local == *"session-id");
        ids.filter_map(|i| i.text.trim().parse().ok()).next()
    }
}

impl From<Box<RpcError>> for RpcErrors {
    fn from(error: Box<RpcError>) -> Self {
        Self(vec![*error])
    }
}

impl From<RpcError> for RpcErrors {
    fn from(error: RpcError) -> Self {
        Self(vec![error])
    }
}

impl fmt::Display for RpcErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, error) in self.0.iter().enumerate() {
            write!(f, "{}{error}", if n == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}
