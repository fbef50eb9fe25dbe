//! The standard operations as values: what a client asks and what a server is asked, one vocabulary for both.
//!
//! [`Operation::to_element`] and [`Operation::parse`] undo each other. Whether a peer has what an operation
//! needs is decided by [`Operation::needs`] against the peer's [`Capabilities`](crate::capability::Capabilities), before anything is sent.

mod build;
mod needs;
pub mod nmda;
mod parameters;
mod parse;

#[cfg(test)]
mod tests;

use std::fmt;

pub use needs::Unsupported;
use nmda::DataStore;

use crate::xml::{self, Binding, Element, Limits, XmlError};

/// A configuration datastore (RFC 6241, section 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Datastore {
    /// What is in force.
    Running,
    /// What is being prepared.
    Candidate,
    /// What the device boots with.
    Startup,
}

impl Datastore {
    /// The element name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Candidate => "candidate",
            Self::Startup => "startup",
        }
    }
}

impl fmt::Display for Datastore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a configuration comes from: the source of `<copy-config>` and `<validate>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A datastore.
    Datastore(Datastore),
    /// A configuration given in the request: the content of `<config>`.
    Config(Vec<Element>),
    /// A file.
    Url(String),
}

/// Where a configuration goes: the target of `<copy-config>` and `<delete-config>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A datastore.
    Datastore(Datastore),
    /// A file.
    Url(String),
}

/// Which part of a datastore to read (RFC 6241, sections 6 and 8.9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Subtrees; none selects nothing.
    Subtree(Vec<Element>),
    /// An XPath expression; the peer must have `:xpath`.
    XPath {
        /// The expression.
        select: String,
        /// What its prefixes stand for.
        bindings: Vec<Binding>,
    },
}

impl Filter {
    /// A subtree filter from XML text.
    ///
    /// # Errors
    /// [`XmlError`] if the text is not a sequence of elements.
    pub fn subtree(text: &str) -> Result<Self, XmlError> {
        xml::parse_fragment(text, &Limits::default()).map(Self::Subtree)
    }
}

/// Defaults handling of a read (RFC 6243, section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultsMode {
    /// All nodes, those at their default too.
    ReportAll,
    /// The same, with those at their default marked.
    ReportAllTagged,
    /// None at their default.
    Trim,
    /// Those that a client set.
    Explicit,
}

/// What `<edit-config>` does with nodes that carry no operation attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultOperation {
    /// Merge; what a server does when nothing is said.
    Merge,
    /// Replace the whole datastore by the payload.
    Replace,
    /// Touch only nodes with an operation attribute.
    None,
}

/// Whether `<edit-config>` validates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestOption {
    /// Validate, then change. Safer than a `<validate>` of its own with servers that lose the candidate over it.
    TestThenSet,
    /// Change only.
    Set,
    /// Validate only; `:validate:1.1`.
    TestOnly,
}

/// What `<edit-config>` does at an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorOption {
    /// Stop at the first; what a server does when nothing is said.
    StopOnError,
    /// Note it and go on.
    ContinueOnError,
    /// Restore what was; `:rollback-on-error`.
    RollbackOnError,
}

/// The parameters of `<edit-config>` (RFC 6241, section 7.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditConfig {
    /// The datastore to change.
    pub target: Datastore,
    /// Left to the server if `None`.
    pub default_operation: Option<DefaultOperation>,
    /// Left to the server if `None`.
    pub test_option: Option<TestOption>,
    /// Left to the server if `None`.
    pub error_option: Option<ErrorOption>,
    /// The content of `<config>`.
    pub config: Vec<Element>,
}

impl EditConfig {
    /// An edit of `target` by the elements in the XML text `config`, all options left to the server.
    ///
    /// # Errors
    /// [`XmlError`] if the text is not a sequence of well-formed elements. A payload can therefore never close
    /// its `<config>` and smuggle in something else.
    pub fn new(target: Datastore, config: &str) -> Result<Self, XmlError> {
        Ok(Self::of(target, xml::parse_fragment(config, &Limits::default())?))
    }

    /// An edit of `target` by `config`, all options left to the server.
    pub fn of(target: Datastore, config: Vec<Element>) -> Self {
        Self { target, default_operation: None, test_option: None, error_option: None, config }
    }

    /// The same edit with a default operation.
    #[must_use]
    pub fn default_operation(self, option: DefaultOperation) -> Self {
        Self { default_operation: Some(option), ..self }
    }

    /// The same edit with a test option.
    #[must_use]
    pub fn test_option(self, option: TestOption) -> Self {
        Self { test_option: Some(option), ..self }
    }

    /// The same edit with an error option.
    #[must_use]
    pub fn error_option(self, option: ErrorOption) -> Self {
        Self { error_option: Some(option), ..self }
    }
}

/// The parameters of `<commit>` (RFC 6241, section 8.4.5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commit {
    /// A confirmed commit: rolled back unless a confirming commit follows in time.
    pub confirmed: Option<Confirmed>,
    /// Confirms, or extends, the pending commit that was made persistent under this name.
    pub persist_id: Option<String>,
}

/// How a confirmed commit waits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Confirmed {
    /// Seconds until the rollback; 600 if `None`.
    pub timeout_s: Option<u32>,
    /// A name that makes the pending commit outlive its session, so that another session may confirm it.
    pub persist: Option<String>,
}

/// A standard operation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "fields carry the names of the RFC's parameters")]
pub enum Operation {
    /// Configuration and state.
    Get { filter: Option<Filter>, with_defaults: Option<DefaultsMode> },
    /// One datastore.
    GetConfig { source: Datastore, filter: Option<Filter>, with_defaults: Option<DefaultsMode> },
    /// Change a datastore in part.
    EditConfig(EditConfig),
    /// Replace a datastore.
    CopyConfig { target: Target, source: Source },
    /// Empty a datastore.
    DeleteConfig { target: Target },
    /// Keep others from changing a datastore.
    Lock { target: Datastore },
    /// The opposite.
    Unlock { target: Datastore },
    /// Check a configuration.
    Validate { source: Source },
    /// Candidate to running.
    Commit(Commit),
    /// Roll a pending confirmed commit back.
    CancelCommit { persist_id: Option<String> },
    /// Candidate back to running.
    DiscardChanges,
    /// End this session.
    CloseSession,
    /// End another session.
    KillSession { session_id: u32 },
    /// The text of a module.
    GetSchema { identifier: String, version: Option<String>, format: Option<String> },
    /// One datastore of those of NMDA (RFC 8526, section 3.1).
    GetData { datastore: DataStore, filter: Option<Filter> },
    /// Change one of those in part (section 3.2).
    EditData { datastore: DataStore, default_operation: Option<DefaultOperation>, config: Vec<Element> },
    /// Ask for notifications. Times are RFC 3339.
    CreateSubscription {
        stream: Option<String>,
        filter: Option<Filter>,
        start: Option<String>,
        stop: Option<String>,
    },
    /// Any other operation: a module's or a vendor's own.
    Other(Element),
}
