//! Segment lists of paths, each worked out once: the classes of a branch mostly ride the same way.

use std::{cmp::Reverse, collections::BTreeMap};

use model::{EdgeIx, Graph, NextCsid, NodeIx, Service, Sid, Ted, sr::Dataplane};
use paths::{Csid, EncodeError, Encoder, Encoding};

/// A data plane, what is to be visited in order, and the path.
type Question = (Dataplane, Vec<NodeIx>, Vec<EdgeIx>);

/// How every list is written: the fewest segments, with room kept for one SID of the service itself; in SRv6 several SIDs in one address
/// where all their nodes read such containers.
pub(crate) const fn encoding(dataplane: Dataplane, containers: Option<&Csid>) -> Encoding<'_> {
    Encoding { csid: containers, ..Encoding::new(dataplane, 1) }
}

/// Who reads containers, and how their SIDs are built; none where nobody does. Where lengths differ, those that most nodes have, and of
/// equally many the smaller: SIDs of the others are written in full. O(nodes log nodes).
pub(crate) fn containers(ted: &Ted, graph: &Graph) -> Option<Csid> {
    let mut readers: BTreeMap<NextCsid, Vec<NodeIx>> = BTreeMap::new();
    for (id, node) in &ted.nodes {
        if let (Some(lengths), Some(ix)) = (node.reads_containers(), graph.node_ix(id)) {
            readers.entry(lengths).or_default().push(ix);
        }
    }
    let most = readers.into_iter().min_by_key(|(lengths, nodes)| (Reverse(nodes.len()), *lengths));
    let (NextCsid { locator_block_length: block, locator_node_length: node }, nodes) = most?;
    Csid::new(block, node, NextCsid::FUNCTION_LENGTH, nodes.into_iter().collect()).ok()
}

/// What the paths of a service visit, in the order of travel: out, and back.
pub(crate) fn visits(service: &Service, graph: &Graph) -> [Vec<NodeIx>; 2] {
    let out: Vec<NodeIx> = service.sle.waypoints.iter().filter_map(|node| graph.node_ix(node)).collect();
    let back = out.iter().rev().copied().collect();
    [out, back]
}

/// An encoder that remembers. Memory: some 200 bytes a path.
pub(super) struct Scribe<'a> {
    encoder: Encoder<'a>,
    containers: Option<&'a Csid>,
    /// Whether every link has a segment of its own, so that a path closer to the IGP's needs no fewer.
    pins: bool,
    known: BTreeMap<Question, Result<Vec<Sid>, String>>,
}

impl<'a> Scribe<'a> {
    pub(super) const fn new(encoder: Encoder<'a>, containers: Option<&'a Csid>) -> Self {
        Self { encoder, containers, pins: false, known: BTreeMap::new() }
    }

    /// For an encoder that gives every link a segment of its own.
    pub(super) const fn pinning(encoder: Encoder<'a>, containers: Option<&'a Csid>) -> Self {
        Self { encoder, containers, pins: true, known: BTreeMap::new() }
    }

    /// The SIDs that pin a path and lead through the service functions of what it visits, with room kept for the service's own;
    /// or why there are none.
    pub(super) fn segments(
        &mut self,
        path: &[EdgeIx],
        visits: Vec<NodeIx>,
        dataplane: Dataplane,
    ) -> Result<Vec<Sid>, String> {
        let Self { encoder, containers, pins, known } = self;
        let segments =
            known.entry((dataplane, visits, path.to_vec())).or_insert_with_key(|(_, visits, _)| {
                encoder
                    .encode_chain(path, visits, &encoding(dataplane, *containers))
                    .map(|list| list.sids)
                    .map_err(|error| told(&error, *pins))
            });
        segments.clone()
    }
}

/// How it begins where an encrypted path needs more segments than a router pushes.
pub(super) const PINNED: &str = "encryption pins every link by a segment of its own";

/// Why a path has no segments.
fn told(error: &EncodeError, pins: bool) -> String {
    match error {
        EncodeError::TooDeep { node, limit, needs, has } if pins => format!(
            "{PINNED}: the path needs {needs} SIDs with the service SID, and node {node} has \
             room for {has} ({limit})"
        ),
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests;
