//! One document of a design, for one instance.

use std::sync::Arc;

use model::finding::{Finding, Severity};

use super::{
    Design,
    bind::Bindings,
    fill::{Filler, MAX_TEXT, Room, TooMuch},
};
use crate::{
    codes,
    doc::{Body, Document},
    faults::{Fault, Faults},
    origin::{Origin, related},
    parse,
    read::At,
    tree::{Key, Node, Value},
};

/// The document of an instance. Nothing inside where it has a fault; nothing at all where all of them together hold too much.
pub(super) fn document(
    design: Design<'_>,
    body: &Body,
    instance: &Document,
    bindings: &Bindings<'_>,
    room: &mut Room,
    findings: &mut Vec<Finding>,
) -> Option<Option<Document>> {
    inherited(instance).try_for_each(|bytes| room.take(bytes)).ok()?;
    let mut filler = Filler::new(design, bindings, room);
    let node = match filler.fill(&body.0) {
        Ok(node) => node,
        Err(TooMuch::Total) => return None,
        Err(TooMuch::Text(mark)) => {
            let message = format!("with its parameters this text is longer than {MAX_TEXT} bytes");
            Fault::on(findings, Severity::Error, codes::EXPANSION_TOO_LARGE, design.doc, mark, message)
                .help("give shorter values")
                .related(instance.place(instance.metadata.name.mark), "made by this instance");
            return Some(None);
        }
    };
    let Some(node) = node else { return Some(None) };
    let origin = Origin::new(instances(instance), filler.vias);
    let mut faults = Faults::new(&design.doc.file);
    faults.origin = Some(&origin);
    let doc = parse::document(&design.doc.file, &whole(node), &mut faults);
    findings.append(&mut faults.findings);
    Some(doc.map(|doc| of_instance(doc, origin, instance)))
}

/// The instances that make a document: this one, and those that made it.
fn instances(instance: &Document) -> Vec<model::finding::Related> {
    let this = related(instance.place(instance.metadata.name.mark), "made by this instance");
    let earlier = instance.origin.as_ref().map(|origin| origin.instances()).unwrap_or_default();
    std::iter::once(this).chain(earlier.iter().cloned()).collect()
}

/// With the version of the language, which a design says once for all its documents.
pub(super) fn whole(mut node: Node) -> Node {
    if let Value::Map(entries) = &mut node.value
        && !entries.iter().any(|(key, _)| key.text == "apiVersion")
    {
        let version = Node { mark: node.mark, value: Value::Scalar(parse::API_VERSION.to_owned()) };
        entries.push((Key { mark: node.mark, text: "apiVersion".to_owned() }, version));
    }
    node
}

/// The bytes of each text that a document has from its instance.
fn inherited(instance: &Document) -> impl Iterator<Item = usize> {
    let labels = instance.metadata.labels.iter().map(|(label, value)| label.0.len() + value.value.0.len());
    labels.chain(instance.metadata.owner.iter().map(|owner| owner.value.0.len()))
}

/// Owner and labels are the instance's where the design says none.
fn of_instance(mut doc: Document, origin: Origin, instance: &Document) -> Document {
    // Marks of the instance mean nothing in this document: its name's stands for them.
    let mark = doc.metadata.name.mark;
    let owner = instance.metadata.owner.clone();
    doc.metadata.owner = doc.metadata.owner.or(owner.map(|owner| At { mark, ..owner }));
    for (label, value) in &instance.metadata.labels {
        let value = At { mark, ..value.clone() };
        doc.metadata.labels.entry(label.clone()).or_insert(value);
    }
    doc.origin = Some(Arc::new(origin));
    doc
}
