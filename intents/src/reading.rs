//! Files as far as they can be read: the documents without a fault, what is wrong with the rest, and what the rest may have been,
//! so that nothing is called missing or unused only because its document has a fault.

use std::collections::BTreeSet;

use model::finding::Finding;

use crate::{
    doc::Document,
    faulty::Faulty,
    kinds::{KINDS, kind_and_name},
    tree::Node,
};

/// What could be read of files.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The documents without a fault, in the order of the files.
    pub documents: Vec<Document>,
    /// The faults of all others.
    pub findings: Vec<Finding>,
    /// The documents with a fault, as far as they can be read.
    pub(crate) faulty: Vec<Faulty>,
    /// What the documents with a fault may have been.
    pub(crate) unread: Unread,
    /// As `unread`, of those of which nothing can be read.
    pub(crate) missing: Unread,
}

impl Reading {
    /// Adds what another file gave.
    pub fn add(&mut self, other: Self) {
        let Self { documents, findings, faulty, unread, missing } = other;
        self.documents.extend(documents);
        self.findings.extend(findings);
        self.faulty.extend(faulty);
        self.unread.add(unread);
        self.missing.add(missing);
    }

    /// Adds a file of which nothing could be read: it is too large, or no text.
    pub fn lost(&mut self, finding: Finding) {
        self.findings.push(finding);
        self.anything_may_be_missing();
    }
}

impl Reading {
    /// Documents of any kind may have been left unread.
    pub(crate) fn anything_may_be_missing(&mut self) {
        self.unread.anything = true;
        self.missing.anything = true;
    }
}

/// What documents may have defined that have a fault, or that a faulty design would have made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unread {
    /// Kind and name of documents of which both can be read.
    names: BTreeSet<(String, String)>,
    /// Kinds of which documents of any name may be missing.
    kinds: BTreeSet<String>,
    /// Whether anything may be missing that designs make.
    made: bool,
    /// Whether documents of any kind may be missing.
    anything: bool,
}

impl Unread {
    /// A document that was not read, by its tree; where its text is no YAML, by the line that says its kind.
    pub fn document(&mut self, node: Option<&Node>, text: &str) {
        let line = || text.lines().find_map(|line| line.strip_prefix("kind:"));
        let word = || Some(line()?.split_whitespace().next()?.trim_matches(['"', '\'']));
        let (kind, name) = node.map_or_else(|| (word(), None), kind_and_name);
        match (kind.filter(|kind| KINDS.contains(kind)), name) {
            (Some(kind), Some(name)) => drop(self.names.insert((kind.to_owned(), name.to_owned()))),
            (kind, _) => self.of_kind(kind),
        }
        // What it would have made has names that only its parts know.
        self.made |= matches!(kind, Some("Design" | "DesignInstance"));
    }

    /// A document of a kind with any name; of any kind where it is not known.
    pub fn of_kind(&mut self, kind: Option<&str>) {
        match kind.filter(|kind| KINDS.contains(kind)) {
            Some(kind) => {
                self.made |= kind.starts_with("Design");
                self.kinds.insert(kind.to_owned());
            }
            None => self.anything = true,
        }
    }

    /// Whatever a design makes.
    pub fn of_design(&mut self) {
        self.made = true;
    }

    /// Adds what is missing elsewhere.
    pub fn add(&mut self, other: Self) {
        let Self { names, kinds, made, anything } = other;
        self.names.extend(names);
        self.kinds.extend(kinds);
        self.made |= made;
        self.anything |= anything;
    }

    /// Whether a document of that kind and name may be missing.
    pub fn may_define(&self, kind: &str, name: &str) -> bool {
        self.may_have_any(kind) || self.names_of(kind).any(|other| other == name)
    }

    /// Whether any document of that kind may be missing.
    pub fn may_have(&self, kind: &str) -> bool {
        self.may_have_any(kind) || self.names_of(kind).next().is_some()
    }

    /// Whether a document of that kind may be missing of which nobody knows the name.
    pub fn may_have_any(&self, kind: &str) -> bool {
        self.anything || self.made && kind != "Design" || self.kinds.contains(kind)
    }

    /// The documents of that kind that have a fault.
    pub fn names_of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a str> {
        self.names.iter().filter(move |(one, _)| one == kind).map(|(_, name)| name.as_str())
    }
}
