//! Documents with a fault, as far as they can be read. What is beside the fault is resolved and judged like that of any other
//! document, so that one run shows all there is to mend; what would only follow from the fault is left out.

use std::collections::BTreeSet;

use model::Finding;

use crate::{
    codes,
    doc::{Document, Spec},
    source::{Chunk, Mark},
    tree::{Node, Value},
};

/// Bytes of a file.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Bytes {
    pub first: usize,
    last: usize,
}

impl Bytes {
    pub const fn has(self, offset: usize) -> bool {
        self.first <= offset && offset <= self.last
    }
}

/// A document with a fault.
#[derive(Clone, Debug)]
pub(crate) struct Faulty {
    /// What could be read of it, with holes where that was nothing.
    pub document: Document,
    /// What findings call it.
    pub subject: String,
    /// Where it stands.
    pub stands: Bytes,
    /// The mappings of its `spec` in which something is wrong or missing.
    wrong: BTreeSet<Bytes>,
    /// Whether what is wrong says nothing of ends and paths.
    ways_are_known: bool,
}

/// What is told of one field by itself, whatever is wrong beside it.
const OF_ONE_FIELD: [&str; 14] = [
    codes::BAD_VALUE,
    codes::DUPLICATE_NAME,
    codes::UNKNOWN_NODE,
    codes::UNKNOWN_REFERENCE,
    codes::EMPTY_SELECTION,
    codes::UNKNOWN_AFFINITY,
    codes::SAME_CODE_POINT,
    codes::PREFIX_IN_MESH,
    codes::UNKNOWN_DOMAIN,
    codes::UNKNOWN_LINK,
    codes::SLO_IMPOSSIBLE,
    codes::TOO_MUCH_BANDWIDTH,
    codes::BAD_SCHEDULE,
    codes::WRONG_TYPE,
];

/// What is told of the ends of a service and the ways between them.
const OF_WAYS: [&str; 8] = [
    codes::SAME_ENDS,
    codes::CONTRADICTION,
    codes::SLO_IMPOSSIBLE,
    codes::TOO_MUCH_BANDWIDTH,
    codes::UNREACHABLE,
    codes::CONSTRAINT_IMPOSSIBLE,
    codes::NO_SEGMENTS,
    codes::BEYOND_CONTRACT,
];

/// What is told of a document beside all others: with a part of it unknown, nobody can tell.
const OF_THE_WHOLE: [&str; 13] = [
    codes::UNKNOWN_PARAMETER,
    codes::SAME_TRAFFIC,
    codes::NEVER_SERVED,
    codes::POLICY_CLASH,
    codes::TOO_MANY_QUEUES,
    codes::QUEUE_CLASH,
    codes::WATCHES_NOTHING,
    codes::WORKS_ON_NOTHING,
    codes::WINDOWS_TOGETHER,
    codes::WINDOW_CUTS,
    codes::TOO_MANY_WINDOWS,
    codes::CONSTANT_CONDITION,
    codes::ALWAYS_BREACHED,
];

/// Fields of a service that say nothing of its ends and paths.
const BESIDE_WAYS: [&str; 3] = ["slo", "assurance", "match"];

impl Faulty {
    /// What was read of a document, with its faults.
    pub fn of(
        document: Document,
        node: &Node,
        chunk: Chunk<'_>,
        subject: &str,
        faults: &[Finding],
    ) -> Option<Self> {
        let spec = field(node, "spec")?;
        let mut mappings = Vec::new();
        let end = extent(spec, &mut mappings);
        let here = Bytes { first: spec.mark.offset, last: end };
        let wrong: BTreeSet<Bytes> = faults
            .iter()
            .filter_map(|fault| Some((fault, fault.place.as_ref()?.offset)))
            .filter(|(_, offset)| here.has(*offset))
            .filter_map(|(fault, offset)| innermost(&mappings, offset, fault.code == codes::WRONG_SHAPE))
            .collect();
        let beside: Vec<Bytes> = BESIDE_WAYS
            .iter()
            .filter_map(|name| field(spec, name))
            .map(|node| Bytes { first: node.mark.offset, last: extent(node, &mut Vec::new()) })
            .collect();
        let ways_are_known = wrong.iter().all(|one| beside.iter().any(|field| field.has(one.first)));
        let stands = Bytes { first: chunk.offset, last: chunk.offset + chunk.text.len() };
        Some(Self { document, subject: subject.to_owned(), stands, wrong, ways_are_known })
    }

    /// Whether the name of the document is known.
    pub fn is_named(&self) -> bool {
        self.document.metadata.name.mark != Mark::HOLE
    }

    /// Whether what is found at a place of the document is true whatever the faults hide.
    pub fn is_true(&self, code: &str, offset: usize) -> bool {
        let inside = self.wrong.iter().any(|wrong| wrong.has(offset));
        // Limits of a parameter that contradict each other say nothing of ways.
        let of_limits = code == codes::CONTRADICTION && matches!(self.document.spec, Spec::Design(_));
        let of_ways = OF_WAYS.contains(&code) && !of_limits;
        match (code, self.wrong.is_empty()) {
            (codes::UNUSED | codes::UNUSED_DESIGN, _) => false,
            (_, true) => true,
            _ if of_ways && !self.ways_are_known || OF_THE_WHOLE.contains(&code) => false,
            _ => !inside || OF_ONE_FIELD.contains(&code),
        }
    }
}

fn field<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    let Value::Map(entries) = &node.value else { return None };
    entries.iter().find(|(key, _)| key.text == name).map(|(_, value)| value)
}

/// The last byte of a node. The mappings in it are added, each with its bytes.
fn extent(node: &Node, mappings: &mut Vec<Bytes>) -> usize {
    let own = |mark: Mark| mark.offset + mark.length as usize;
    let first = node.mark.offset;
    match &node.value {
        Value::Null | Value::Scalar(_) => own(node.mark),
        Value::List(items) => items.iter().map(|item| extent(item, mappings)).fold(first, usize::max),
        Value::Map(entries) => {
            let ends = entries.iter().map(|(key, value)| own(key.mark).max(extent(value, mappings)));
            let last = ends.fold(first, usize::max);
            mappings.push(Bytes { first, last });
            last
        }
    }
}

/// The innermost mapping that a byte belongs to. Of a mapping that stands where a value belongs, it is the one around it.
fn innermost(mappings: &[Bytes], offset: usize, around: bool) -> Option<Bytes> {
    let within = mappings.iter().filter(|one| one.has(offset));
    within.max_by_key(|one| (!around || one.first < offset, one.first)).copied()
}

#[cfg(test)]
mod tests;
