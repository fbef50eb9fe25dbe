//! Findings on documents, with the instances of designs that made them.

use model::finding::{Finding, Severity};

use crate::{doc::Document, faults::Fault, source::Mark};

impl<'a> Fault<'a> {
    /// Adds a finding on a place of a document, with the ways by which a value or the whole document came there.
    pub fn on(
        findings: &'a mut Vec<Finding>,
        severity: Severity,
        code: &str,
        doc: &Document,
        mark: Mark,
        message: impl Into<String>,
    ) -> Self {
        let mut finding = Finding::new(code, severity, doc.subject(), message).at(doc.place(mark));
        finding.related = doc.trace(mark);
        Self::push(findings, finding)
    }

    /// The instances that made another document.
    pub fn made_by(self, other: &Document) -> Self {
        let instances = other.origin.as_ref().map(|origin| origin.instances()).unwrap_or_default();
        self.0.related.extend(instances.iter().cloned());
        self
    }
}
