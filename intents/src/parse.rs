//! Text to documents: every fault of a file at once, each with its place.

use std::sync::Arc;

use model::finding::Finding;

use crate::{
    codes,
    doc::{Document, Metadata, Spec},
    faults::Faults,
    faulty::Faulty,
    kinds::{KINDS, kind_and_name},
    read::{Read, mapping, nearest, scalar, suggest},
    reading::Reading,
    source::{Chunk, MAX_BYTES, Mark, SourceFile, chunks, too_large},
    tree::{self, Node, Value, short},
};

/// The version of the language.
pub const API_VERSION: &str = "trunkline/v1";

/// Kinds of other files, to say where they belong.
const ELSEWHERE: [(&str, &str); 4] = [
    ("Network", "give the file by `-n`"),
    (
        "Traffic",
        "did you mean `TrafficClass`? What people send is told to the lab, and not to the controller",
    ),
    ("Inventory", "name the file in the configuration of the controller"),
    ("Scenario", "give the file by `trunkline demo --scenario`"),
];

/// How many findings of one file are kept; a file with more is not the file that was meant, and a finding says where it was left.
const MAX_FINDINGS: usize = 10_000;

/// In how many threads a file of many documents is read. The answer does not depend on it.
const THREADS: usize = 4;
/// Fewer documents than this are not worth a thread.
const FEW: usize = 200;

/// Reads the documents of a file. O(bytes).
///
/// # Errors
/// All faults of the file. A document with a fault hides no other.
pub fn parse(file: &SourceFile) -> Result<Vec<Document>, Vec<Finding>> {
    let Reading { documents, findings, .. } = reading(file);
    if findings.is_empty() { Ok(documents) } else { Err(findings) }
}

impl Reading {
    /// Reads a file. O(bytes).
    pub fn of(file: &SourceFile) -> Self {
        reading(file)
    }
}

/// Reads the documents of a file as far as they have no fault. O(bytes).
fn reading(file: &SourceFile) -> Reading {
    let mut whole = Reading::default();
    if file.text.len() > MAX_BYTES {
        whole.lost(too_large(&file.name));
        return whole;
    }
    let chunks = chunks(&file.text);
    let each = chunks.len().div_ceil(THREADS).max(FEW);
    let read = |chunks| read(file, chunks);
    let parts: Vec<Reading> = match chunks.len() > each {
        false => vec![read(&chunks)],
        true => std::thread::scope(|scope| {
            let workers: Vec<_> =
                chunks.chunks(each).map(|chunks| scope.spawn(move || read(chunks))).collect();
            workers.into_iter().map(|worker| worker.join().expect("a reader does not panic")).collect()
        }),
    };
    whole.documents.reserve(chunks.len());
    parts.into_iter().for_each(|part| whole.add(part));
    cut(&mut whole.findings);
    whole
}

/// Leaves out the findings that are too many, and says from where on.
fn cut(findings: &mut Vec<Finding>) {
    let Some(next) = findings.get(MAX_FINDINGS) else { return };
    let message = format!("this file has more than {MAX_FINDINGS} faults: those from here on were not read");
    let last = Finding { code: codes::TOO_LARGE.to_owned(), message, related: Vec::new(), ..next.clone() };
    let last = last.with_help("mend those before this one, and check again");
    findings.truncate(MAX_FINDINGS);
    findings.push(last);
}

/// Reads documents that stand beside each other, and stops where there are too many faults.
fn read(file: &SourceFile, chunks: &[Chunk<'_>]) -> Reading {
    let name: Arc<str> = file.name.as_str().into();
    let mut faults = Faults::new(&file.name);
    let mut part = Reading::default();
    for chunk in chunks {
        let before = faults.findings.len();
        faults.subject.clone_from(&file.name);
        let node = tree::read(*chunk, &mut faults);
        let document = node.as_ref().and_then(|node| document(&name, node, &mut faults));
        let found = &faults.findings[before..];
        if found.is_empty() {
            part.documents.extend(document);
        } else {
            part.unread.document(node.as_ref(), chunk.text);
            let faulty = node
                .as_ref()
                .zip(document)
                .and_then(|(node, document)| Faulty::of(document, node, *chunk, &faults.subject, found));
            if !faulty.as_ref().is_some_and(Faulty::is_named) {
                part.missing.document(node.as_ref(), chunk.text);
            }
            part.faulty.extend(faulty);
        }
        if faults.findings.len() > MAX_FINDINGS {
            part.anything_may_be_missing();
            break;
        }
    }
    part.findings = faults.findings;
    part
}

/// Reads one document, as far as it can be read: whether it has a fault, the faults tell.
pub(crate) fn document(file: &Arc<str>, node: &Node, faults: &mut Faults<'_>) -> Option<Document> {
    let entries = mapping(node, faults)?;
    let field = |name: &str| entries.iter().find(|(key, _)| key.text == name).map(|(_, value)| value);
    faults.subject = subject(file, node);
    version(field("apiVersion"), node.mark, faults);
    for (key, _) in entries {
        const KNOWN: [&str; 4] = ["apiVersion", "kind", "metadata", "spec"];
        if !KNOWN.contains(&key.text.as_str()) {
            let help = suggest(&key.text, KNOWN.into_iter(), "the fields of a document are");
            let message = format!("a document has no field `{}`", short(&key.text));
            faults.error(codes::UNKNOWN_FIELD, key.mark, message).help(help);
        }
    }
    let kind = kind(field("kind"), node.mark, faults);
    let metadata = required(field("metadata"), "metadata", "{name: …}", node.mark, faults)
        .and_then(|node| Metadata::read(node, faults));
    let kind = kind?;
    let spec = required(field("spec"), "spec", "…", node.mark, faults)?;
    let spec = match kind {
        "ServiceIntent" => Read::read(spec, faults).map(|spec| Spec::ServiceIntent(Box::new(spec))),
        "TrafficClass" => Read::read(spec, faults).map(Spec::TrafficClass),
        "QosProfile" => Read::read(spec, faults).map(Spec::QosProfile),
        "AlarmPolicy" => Read::read(spec, faults).map(Spec::AlarmPolicy),
        "SteeringPolicy" => Read::read(spec, faults).map(|spec| Spec::SteeringPolicy(Box::new(spec))),
        "MaintenanceWindow" => Read::read(spec, faults).map(|spec| Spec::MaintenanceWindow(Box::new(spec))),
        "Design" => Read::read(spec, faults).map(|spec| Spec::Design(Box::new(spec))),
        _ => Read::read(spec, faults).map(Spec::DesignInstance),
    };
    let mut metadata = metadata.or_else(Metadata::hole)?;
    if metadata.name.mark == Mark::HOLE {
        // Two documents without a name have not the same one.
        metadata.name.value.0 = format!("line-{}", node.mark.line);
    }
    Some(Document { file: file.clone(), metadata, spec: spec?, origin: None })
}

/// What findings call the document, before it is known to be one.
fn subject(file: &str, node: &Node) -> String {
    match kind_and_name(node) {
        (Some(kind), Some(name)) => format!("{} {}", short(kind), short(name)),
        _ => file.to_owned(),
    }
}

fn required<'n>(
    node: Option<&'n Node>,
    name: &str,
    example: &str,
    mark: Mark,
    faults: &mut Faults<'_>,
) -> Option<&'n Node> {
    let present = node.filter(|node| !matches!(node.value, Value::Null));
    if present.is_none() {
        faults
            .error(
                codes::MISSING_FIELD,
                node.map_or(mark, |node| node.mark),
                format!("a document needs `{name}`"),
            )
            .help(format!("add `{name}: {example}`"));
    }
    present
}

fn version(node: Option<&Node>, mark: Mark, faults: &mut Faults<'_>) {
    let Some(node) = required(node, "apiVersion", API_VERSION, mark, faults) else { return };
    let Some(text) = scalar(node, faults) else { return };
    if text != API_VERSION {
        let message = format!("`{}` is not a version of this language", short(text));
        faults
            .error(codes::UNKNOWN_KIND, node.mark, message)
            .help(format!("write `apiVersion: {API_VERSION}`"));
    }
}

fn kind(node: Option<&Node>, mark: Mark, faults: &mut Faults<'_>) -> Option<&'static str> {
    let node = required(node, "kind", "ServiceIntent", mark, faults)?;
    let text = scalar(node, faults)?;
    if let Some(kind) = KINDS.into_iter().find(|kind| *kind == text) {
        return Some(kind);
    }
    if let Some((_, help)) = ELSEWHERE.iter().find(|(kind, _)| *kind == text) {
        faults
            .error(codes::UNKNOWN_KIND, node.mark, format!("a `{text}` does not belong to the intents"))
            .help(*help);
    } else {
        let near = nearest(text, KINDS.into_iter());
        let help = near.map_or_else(
            || format!("the kinds are {}", KINDS.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        faults
            .error(codes::UNKNOWN_KIND, node.mark, format!("there is no kind `{}`", short(text)))
            .help(help);
    }
    None
}

#[cfg(test)]
mod tests;
