//! Findings: every judgement, from a typing error to a doomed change, in one shape.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How bad it is.
#[derive(Clone, Copy, Debug, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Works, but somebody should look.
    Warning,
    /// Degraded service.
    Minor,
    /// A promise is in danger.
    Major,
    /// Must not go on.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Error => "error",
        })
    }
}

/// A place in a file. Lines and columns count from 1; columns are characters; offsets are bytes.
#[derive(Clone, Debug, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct Place {
    /// The file, as the user named it.
    pub file: String,
    /// Line.
    pub line: u32,
    /// Column.
    pub column: u32,
    /// First byte.
    pub offset: usize,
    /// Number of bytes.
    pub length: usize,
}

/// Another place that has to do with a finding.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize, Deserialize)]
pub struct Related {
    /// Where.
    pub place: Place,
    /// What is there, for instance `first defined here`.
    pub message: String,
}

/// A judgement.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Its stable code, for instance `TL0012`; `trunkline explain` has a page on each.
    pub code: String,
    /// How bad it is.
    pub severity: Severity,
    /// What it is about: a service, a device, a link.
    pub subject: String,
    /// What is the matter, in one sentence.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
    /// Where it is.
    pub place: Option<Place>,
    /// What else to look at.
    pub related: Vec<Related>,
}

impl Finding {
    /// A finding without a place.
    pub fn new(
        code: &str,
        severity: Severity,
        subject: impl fmt::Display,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code: code.to_owned(),
            severity,
            subject: subject.to_string(),
            message: message.into(),
            help: None,
            place: None,
            related: Vec::new(),
        }
    }

    /// With a way to mend it.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// With its place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// Whether it stops the flow.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}] {}: {}", self.severity, self.code, self.subject, self.message)
    }
}
