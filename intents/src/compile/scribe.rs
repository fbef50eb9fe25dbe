//! Segment lists of paths, each worked out once: the classes of a branch mostly ride the same way.

use std::collections::BTreeMap;

use model::{EdgeIx, Graph, NodeIx, Service, Sid, sr::Dataplane};
use paths::{Encoder, Encoding};

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
    known: BTreeMap<Question, Result<Vec<Sid>, String>>,
}

impl<'a> Scribe<'a> {
    pub(super) const fn new(encoder: Encoder<'a>) -> Self {
        Self { encoder, known: BTreeMap::new() }
    }

    /// The segments that pin a path and lead through the service functions of what it visits, with room kept for the service's own;
    /// or why there are none.
    pub(super) fn segments(
        &mut self,
        path: &[EdgeIx],
        visits: Vec<NodeIx>,
        dataplane: Dataplane,
    ) -> Result<Vec<Sid>, String> {
        let Self { encoder, known } = self;
        let segments =
            known.entry((dataplane, visits, path.to_vec())).or_insert_with_key(|(_, visits, _)| {
                encoder
                    .encode_chain(path, visits, &encoding(dataplane))
                    .map(|list| list.sids)
                    .map_err(|error| error.to_string())
            });
        segments.clone()
    }
}

#[cfg(test)]
mod tests;
