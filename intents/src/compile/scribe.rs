//! Segment lists of paths, each worked out once: the classes of a branch mostly ride the same way.

use std::collections::BTreeMap;

use model::{EdgeIx, Graph, NodeIx, Service, Sid, sr::Dataplane};
use paths::{EncodeError, Encoder, Encoding};

/// A data plane, what is to be visited in order, and the path.
type Question = (Dataplane, Vec<NodeIx>, Vec<EdgeIx>);

/// How every list is written: the fewest segments, with room kept for one SID of the service itself.
pub(crate) const fn encoding(dataplane: Dataplane) -> Encoding<'static> {
    Encoding::new(dataplane, 1)
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
    /// Whether every link has a segment of its own, so that a path closer to the IGP's needs no fewer.
    pins: bool,
    known: BTreeMap<Question, Result<Vec<Sid>, String>>,
}

impl<'a> Scribe<'a> {
    pub(super) const fn new(encoder: Encoder<'a>) -> Self {
        Self { encoder, pins: false, known: BTreeMap::new() }
    }

    /// For an encoder that gives every link a segment of its own.
    pub(super) const fn pinning(encoder: Encoder<'a>) -> Self {
        Self { encoder, pins: true, known: BTreeMap::new() }
    }

    /// The segments that pin a path and lead through the service functions of what it visits, with room kept for the service's own;
    /// or why there are none.
    pub(super) fn segments(
        &mut self,
        path: &[EdgeIx],
        visits: Vec<NodeIx>,
        dataplane: Dataplane,
    ) -> Result<Vec<Sid>, String> {
        let Self { encoder, pins, known } = self;
        let segments =
            known.entry((dataplane, visits, path.to_vec())).or_insert_with_key(|(_, visits, _)| {
                encoder
                    .encode_chain(path, visits, &encoding(dataplane))
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
