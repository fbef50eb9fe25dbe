//! Findings as they come up while a file is read: reading goes on after each.

use model::finding::{Finding, Place, Related, Severity};

use crate::{origin::Origin, source::Mark};

/// The findings of a file as they come up.
pub(crate) struct Faults<'a> {
    /// The file's name.
    pub file: &'a str,
    /// The document that is being read.
    pub subject: String,
    /// Where the document comes from, if an instance of a design made it.
    pub origin: Option<&'a Origin>,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// The finding that was added last, to say more about it.
pub(crate) struct Fault<'a>(pub &'a mut Finding);

impl<'a> Faults<'a> {
    /// For a file of that name.
    pub fn new(file: &'a str) -> Self {
        Self { file, subject: file.to_owned(), origin: None, findings: Vec::new() }
    }

    /// Adds an error.
    pub fn error(&mut self, code: &str, mark: Mark, message: impl Into<String>) -> Fault<'_> {
        let place = mark.place(self.origin.map_or(self.file, |origin| origin.file(mark, self.file)));
        let mut finding = Finding::new(code, Severity::Error, &self.subject, message).at(place);
        finding.related = self.origin.map(|origin| origin.trace(mark)).unwrap_or_default();
        Fault::push(&mut self.findings, finding)
    }
}

impl<'a> Fault<'a> {
    /// Adds a finding.
    pub fn push(findings: &'a mut Vec<Finding>, finding: Finding) -> Self {
        findings.push(finding);
        let last = findings.len() - 1;
        Self(&mut findings[last])
    }

    /// How to mend it.
    pub fn help(self, text: impl Into<String>) -> Self {
        self.0.help = Some(text.into());
        self
    }

    /// Another place that has to do with it.
    pub fn related(self, place: Place, message: &str) -> Self {
        self.0.related.push(Related { place, message: message.to_owned() });
        self
    }
}
