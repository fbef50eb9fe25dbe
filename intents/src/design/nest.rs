//! Designs that are made of designs: which, how deep, how many documents, and whether one is made of itself. What a design
//! is made of is fixed (no parameter names a design), so all of it is known before anything is made.

use std::collections::{BTreeMap, BTreeSet};

use model::finding::{Finding, Severity};

use super::{Design, Designs, MAX_DEPTH};
use crate::{
    codes,
    doc::{Body, Document},
    faults::Fault,
    source::Mark,
    tree::{Node, Value},
};

/// How many designs of a cycle a finding names.
const SHOWN: usize = 8;

/// An instance within a design.
#[derive(Clone, Copy)]
pub(super) struct PartOf<'a> {
    /// The design that it names.
    pub design: &'a str,
    /// Where.
    pub mark: Mark,
}

/// A field of a mapping.
pub(super) fn field<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    let Value::Map(entries) = &node.value else { return None };
    entries.iter().find(|(key, _)| key.text == name).map(|(_, value)| value)
}

/// The text of a field.
pub(super) fn text(node: Option<&Node>) -> Option<&str> {
    match node.map(|node| &node.value) {
        Some(Value::Scalar(text)) => Some(text),
        _ => None,
    }
}

/// The kind of a document of a design.
pub(super) fn kind(body: &Body) -> Option<&str> {
    text(field(&body.0, "kind"))
}

/// The instances within a design.
pub(super) fn parts<'a>(design: Design<'a>) -> impl Iterator<Item = PartOf<'a>> {
    design.spec.documents.value.iter().filter_map(|body| {
        let name =
            field(field(&body.0, "spec")?, "design").filter(|_| kind(body) == Some("DesignInstance"))?;
        Some(PartOf { design: text(Some(name))?, mark: name.mark })
    })
}

/// What is known of designs before anything is made.
#[derive(Debug, Default)]
pub(super) struct Nesting<'a> {
    /// How deep a design goes: 1 where it is made of none.
    depth: BTreeMap<&'a str, usize>,
    /// How many documents an instance makes, those of instances within it too.
    documents: BTreeMap<&'a str, usize>,
    /// Designs that are too deep, or made of themselves.
    pub faulty: BTreeSet<&'a str>,
    /// Of those that have another fault, the parameters of which nobody knows what they take.
    pub unclear: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Nesting<'a> {
    /// Works it out; designs that are made of themselves, or of designs too deep, are findings. O(documents of designs), and
    /// no recursion, because nothing bounds how long a chain somebody writes.
    pub fn of(designs: &Designs<'a>, findings: &mut Vec<Finding>) -> Self {
        let mut nesting = Self::default();
        let mut parents: BTreeMap<&str, Vec<&'a str>> = BTreeMap::new();
        let mut open: BTreeMap<&'a str, usize> = BTreeMap::new();
        for (name, design) in designs {
            let inner: BTreeSet<&str> =
                parts(*design).map(|part| part.design).filter(|part| designs.contains_key(part)).collect();
            open.insert(name, inner.len());
            inner.into_iter().for_each(|part| parents.entry(part).or_default().push(name));
        }
        let mut ready: Vec<&'a str> =
            open.iter().filter(|(_, left)| **left == 0).map(|(name, _)| *name).collect();
        while let Some(name) = ready.pop() {
            open.remove(name);
            nesting.measure(name, designs[name]);
            for parent in parents.get(name).into_iter().flatten() {
                let left = open.entry(parent).or_default();
                *left -= 1;
                if *left == 0 {
                    ready.push(parent);
                }
            }
        }
        cycles(designs, &open, findings);
        nesting.faulty.extend(open.into_keys());
        nesting.too_deep(designs, findings);
        nesting
    }

    /// How many documents an instance of a design makes.
    pub fn documents(&self, name: &str) -> usize {
        self.documents.get(name).copied().unwrap_or(0)
    }

    fn measure(&mut self, name: &'a str, design: Design<'a>) {
        let inner = || parts(design).map(|part| part.design);
        let depth = inner().filter_map(|part| self.depth.get(part)).max().unwrap_or(&0) + 1;
        let own = design.spec.documents.value.len();
        let documents = inner().fold(own, |sum, part| sum.saturating_add(self.documents(part)));
        self.depth.insert(name, depth);
        self.documents.insert(name, documents);
    }

    fn too_deep(&mut self, designs: &Designs<'a>, findings: &mut Vec<Finding>) {
        for (name, depth) in self.depth.iter().filter(|(_, depth)| **depth > MAX_DEPTH) {
            self.faulty.insert(name);
            // Those that are made of it are too deep as well: the first says it for all.
            if *depth == MAX_DEPTH + 1 {
                let doc = designs[name].doc;
                let message = format!("designs are made of designs more than {MAX_DEPTH} deep here");
                let mark = doc.metadata.name.mark;
                Fault::on(findings, Severity::Error, codes::EXPANSION_TOO_LARGE, doc, mark, message)
                    .help("let one of them say itself what it takes from the next");
            }
        }
    }
}

/// Tells a cycle for each group of designs that are made of themselves: every one of `open` has a part in `open`, so that
/// following the first of these ends in one.
fn cycles<'a>(designs: &Designs<'a>, open: &BTreeMap<&'a str, usize>, findings: &mut Vec<Finding>) {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for (walk, start) in open.keys().copied().enumerate() {
        let mut way: Vec<(&str, &Document, Mark)> = Vec::new();
        let mut name = start;
        while !seen.contains_key(name) {
            seen.insert(name, walk);
            let design = designs[name];
            let Some(part) = parts(design).find(|part| open.contains_key(part.design)) else { break };
            way.push((name, design.doc, part.mark));
            name = part.design;
        }
        // A walk that ends in an earlier one comes to a cycle that is told already.
        if let Some(first) = way.iter().position(|(earlier, ..)| *earlier == name) {
            cycle(&mut way[first..], findings);
        }
    }
}

/// Tells one cycle, from the first of its names on.
fn cycle(way: &mut [(&str, &Document, Mark)], findings: &mut Vec<Finding>) {
    let first = way.iter().enumerate().min_by_key(|(_, (name, ..))| *name).map_or(0, |(place, _)| place);
    way.rotate_left(first);
    let [(name, doc, mark), others @ ..] = way else { return };
    let names: Vec<&str> = way_names(name, others);
    let message = format!("the design `{name}` is made of itself: {}", names.join(" → "));
    let mut fault = Fault::on(findings, Severity::Error, codes::DESIGN_CYCLE, doc, *mark, message)
        .help("remove one of these instances");
    for (name, doc, mark) in others.iter().take(SHOWN) {
        fault = fault.related(doc.place(*mark), &format!("`{name}` goes on here"));
    }
}

/// The names of a cycle, the first at both ends; the middle of a long one is left out.
fn way_names<'a>(first: &'a str, others: &[(&'a str, &Document, Mark)]) -> Vec<&'a str> {
    let mut names = vec![first];
    names.extend(others.iter().take(SHOWN).map(|(name, ..)| *name));
    if others.len() > SHOWN {
        names.push("…");
    }
    names.push(first);
    names
}
