//! Designs to documents: every instance of a design makes its documents, before anything is judged, so that all later stages
//! see only the kinds that say something about the network.
//!
//! The answer depends on the documents alone and not on their order: instances make theirs in the order of their names. Its
//! size is bounded before anything is made (how many documents, how deep) and while it is made (how much they hold).

mod bind;
mod body;
mod fill;
mod judge;
mod nest;
mod text;
mod value;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use model::finding::{Finding, Severity};

use crate::{
    codes,
    doc::{DesignSpec, Document, InstanceSpec, Spec},
    faults::Fault,
    read::suggest,
    reading::Unread,
    tree::short,
};

/// How deep designs may be made of designs.
const MAX_DEPTH: usize = 5;
/// How many documents all instances together may make.
const MAX_DOCUMENTS: usize = 100_000;
/// How much they may hold: nodes of their trees, long texts counting more. Some 512 MiB.
const MAX_ROOM: usize = 4_000_000;

/// The parameter that every design has: the name of the instance.
const INSTANCE: &str = "instance";

/// Documents of which no one is a design or an instance.
#[derive(Clone, Debug)]
pub struct Expansion<'a> {
    /// The documents that were given, then those that instances made.
    pub documents: Cow<'a, [Document]>,
    /// What is worth knowing about the designs.
    pub warnings: Vec<Finding>,
}

/// A design, as a document and by what it says.
#[derive(Clone, Copy)]
struct Design<'a> {
    doc: &'a Document,
    spec: &'a DesignSpec,
}

/// Designs by name.
type Designs<'a> = BTreeMap<&'a str, Design<'a>>;

/// Makes the documents of all instances. O(what is made).
///
/// # Errors
/// All faults of designs and instances, warnings included. Documents of other kinds are not judged.
pub fn expand(docs: &[Document]) -> Result<Expansion<'_>, Vec<Finding>> {
    let Made { documents, findings, .. } = make(docs, &Unread::default());
    if findings.iter().any(Finding::is_error) {
        return Err(findings);
    }
    Ok(Expansion { documents, warnings: findings })
}

/// What designs came to, faults or not.
pub(crate) struct Made<'a> {
    /// The documents that were given, then those that could be made.
    pub documents: Cow<'a, [Document]>,
    /// The faults of designs and instances, and what is worth knowing about them.
    pub findings: Vec<Finding>,
    /// What could not be made.
    pub unread: Unread,
}

/// Makes the documents of all instances that have no fault, beside documents that were not read. O(what is made).
pub(crate) fn make<'a>(docs: &'a [Document], unread: &Unread) -> Made<'a> {
    make_within(docs, unread, MAX_ROOM)
}

fn make_within<'a>(docs: &'a [Document], unread: &Unread, room: usize) -> Made<'a> {
    let is_design = |doc: &&Document| matches!(doc.spec, Spec::Design(_) | Spec::DesignInstance(_));
    if !docs.iter().any(|doc| is_design(&doc)) {
        return Made { documents: docs.into(), findings: Vec::new(), unread: Unread::default() };
    }
    let mut findings = Vec::new();
    let (designs, instances) = index(docs, &mut findings);
    let mut unmade = Unread::default();
    if !findings.is_empty() {
        // Of two with one name the second makes nothing.
        unmade.of_design();
    }
    let nesting = judge::judge(&designs, &mut findings);
    let mut maker = Maker {
        designs: &designs,
        nesting,
        room: fill::Room(room),
        made: docs.iter().filter(|doc| !is_design(doc)).cloned().collect(),
        unmade,
        findings,
    };
    maker.all(&instances);
    let Maker { made, unmade, mut findings, .. } = maker;
    if !unread.may_have("Design") && !unread.may_have("DesignInstance") {
        unused(&designs, &instances, &mut findings);
    }
    // A design with a fault is not missing.
    let there: BTreeSet<String> = unread.names_of("Design").map(no_such).collect();
    let may_be_there = |finding: &Finding| unread.may_have_any("Design") || there.contains(&finding.message);
    findings.retain(|finding| finding.code != codes::UNKNOWN_DESIGN || !may_be_there(finding));
    Made { documents: made.into(), findings, unread: unmade }
}

/// Instances by name.
type Instances<'a> = BTreeMap<&'a str, (&'a Document, &'a InstanceSpec)>;

/// Designs and instances by name; of those with one name, the first.
fn index<'a>(docs: &'a [Document], findings: &mut Vec<Finding>) -> (Designs<'a>, Instances<'a>) {
    let (mut designs, mut instances) = (Designs::new(), Instances::new());
    for doc in docs {
        let other = match &doc.spec {
            Spec::Design(_) => designs.get(doc.name()).map(|other| other.doc),
            Spec::DesignInstance(_) => instances.get(doc.name()).map(|(other, _)| *other),
            _ => continue,
        };
        if let Some(other) = other {
            let message = format!("there are two of {}", doc.subject());
            let mark = doc.metadata.name.mark;
            Fault::on(findings, Severity::Error, codes::DUPLICATE_NAME, doc, mark, message)
                .help("give one of them another name")
                .related(other.place(other.metadata.name.mark), "first defined here");
            continue;
        }
        match &doc.spec {
            Spec::Design(spec) => drop(designs.insert(doc.name(), Design { doc, spec })),
            Spec::DesignInstance(spec) => drop(instances.insert(doc.name(), (doc, spec))),
            _ => {}
        }
    }
    (designs, instances)
}

/// Makes documents.
struct Maker<'a> {
    designs: &'a Designs<'a>,
    /// How large they are, and which have a fault that is told already: their instances make nothing, and are told their own wrong values.
    nesting: nest::Nesting<'a>,
    room: fill::Room,
    made: Vec<Document>,
    /// What instances with a fault would have made.
    unmade: Unread,
    findings: Vec<Finding>,
}

impl Maker<'_> {
    fn all(&mut self, instances: &Instances<'_>) {
        let mut total = 0;
        for (instance, given) in instances.values() {
            let name = given.design.value.0.as_str();
            total = self.nesting.documents(name).saturating_add(total);
            if total > MAX_DOCUMENTS {
                let message = format!(
                    "with this instance, those of the design `{name}` and all before come to more than {MAX_DOCUMENTS} documents"
                );
                return self.too_large(instance, message);
            }
            if self.one(instance, given).is_none() {
                let message = "the documents of this instance and of all before hold more than is safe";
                return self.too_large(instance, message.to_owned());
            }
        }
    }

    fn too_large(&mut self, instance: &Document, message: String) {
        self.unmade.of_design();
        let mark = instance.metadata.name.mark;
        Fault::on(
            &mut self.findings,
            Severity::Error,
            codes::EXPANSION_TOO_LARGE,
            instance,
            mark,
            message,
        )
        .help("select nodes with a hub-spoke connectivity in place of an instance for each; give shorter values");
    }

    /// Makes what one instance makes; nothing where that is too much.
    fn one(&mut self, instance: &Document, given: &InstanceSpec) -> Option<()> {
        let name = given.design.value.0.as_str();
        let Some(design) = self.designs.get(name) else {
            unknown(self.designs, instance, given, &mut self.findings);
            self.unmade.of_design();
            return Some(());
        };
        let bindings = match self.nesting.faulty.contains(name) {
            true => {
                let unclear = self.nesting.unclear.get(name);
                bind::values(*design, instance, given, unclear, &mut self.findings);
                None
            }
            false => bind::bind(*design, instance, given, &mut self.findings),
        };
        let Some(bindings) = bindings else {
            design.spec.documents.value.iter().for_each(|body| self.unmade.of_kind(nest::kind(body)));
            return Some(());
        };
        for body in &design.spec.documents.value {
            let before = self.findings.len();
            let doc = body::document(*design, body, instance, &bindings, &mut self.room, &mut self.findings)?;
            if self.findings.len() > before {
                self.unmade.of_kind(nest::kind(body));
                continue;
            }
            let Some(doc) = doc else { continue };
            match &doc.spec {
                Spec::DesignInstance(inner) => self.one(&doc, inner)?,
                _ => self.made.push(doc),
            }
        }
        Some(())
    }
}

/// The finding that there is no such design.
fn unknown(designs: &Designs<'_>, doc: &Document, given: &InstanceSpec, findings: &mut Vec<Finding>) {
    let name = short(&given.design.value.0);
    let near = suggest(&name, designs.keys().copied(), "the designs are");
    let help = if designs.is_empty() {
        "no design was given: name the folder of the library beside your own, like `trunkline check library/ my/` or `trunkline plan -i library/ -i my/`"
            .to_owned()
    } else {
        format!("{near} (designs are looked for in all files that are given together)")
    };
    let message = no_such(&name);
    Fault::on(findings, Severity::Error, codes::UNKNOWN_DESIGN, doc, given.design.mark, message).help(help);
}

fn no_such(name: &str) -> String {
    format!("there is no design `{}`", short(name))
}

/// Warns of designs outside libraries that nothing uses.
fn unused(designs: &Designs<'_>, instances: &Instances<'_>, findings: &mut Vec<Finding>) {
    let mut used: BTreeSet<&str> =
        instances.values().map(|(_, given)| given.design.value.0.as_str()).collect();
    for design in designs.values() {
        used.extend(nest::parts(*design).map(|part| part.design));
    }
    for design in designs.values().filter(|design| !used.contains(design.doc.name())) {
        if design.spec.library.is_none_or(|library| !library.value) {
            let message = format!("nothing is an instance of the design `{}`", design.doc.name());
            let mark = design.doc.metadata.name.mark;
            Fault::on(findings, Severity::Warning, codes::UNUSED_DESIGN, design.doc, mark, message)
                .help("remove it; or write `library: true`, if it is there to be chosen from");
        }
    }
}

#[cfg(test)]
mod tests;
