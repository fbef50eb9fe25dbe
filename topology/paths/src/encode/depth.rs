//! Whether a list fits: what the headend can push, and what the nodes on the way can read and pop.

use std::collections::BTreeSet;

use model::{Node, NodeIx, Sid, sr::Dataplane};

use super::{
    EncodeError, Encoder, Encoding, Limit, Segment, SegmentKind,
    csid::{Container, Csid, Element},
};

/// A list as it goes on the wire.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Wire {
    /// Addresses or labels, first to last.
    pub sids: Vec<Sid>,
    /// In which of them each segment stands.
    pub places: Vec<usize>,
}

impl Encoder<'_> {
    /// Puts segments into containers where nodes can read them; else each segment is one SID. What stands alone in an address
    /// is written in full, so that every node can read it.
    pub(super) fn wire(&self, segments: &[Segment], encoding: &Encoding<'_>) -> Result<Wire, EncodeError> {
        let mut wire = Wire::default();
        let mut open: Option<Container> = None;
        for segment in segments {
            let element = encoding.csid.map(|csid| self.element(segment, csid)).transpose()?.flatten();
            let joined = match (encoding.csid, element, &mut open) {
                (Some(csid), Some(element), Some(container)) => container
                    .push(csid, element, |node| self.functions(node, csid))
                    .then(|| Sid::Srv6(container.address(csid))),
                _ => None,
            };
            match (joined, wire.sids.last_mut()) {
                (Some(sid), Some(last)) => *last = sid,
                _ => {
                    open = encoding.csid.zip(element).map(|(csid, element)| Container::of(csid, element));
                    wire.sids.push(segment.sid);
                }
            }
            // A service function goes on with the next SID of the list: what stood behind its own in a container, nobody would read.
            if matches!(segment.kind, SegmentKind::Service(_)) {
                open = None;
            }
            wire.places.push(wire.sids.len() - 1);
        }
        Ok(wire)
    }

    /// What stands for a segment in a container, where it can stand in one.
    fn element(&self, segment: &Segment, csid: &Csid) -> Result<Option<Element>, EncodeError> {
        let (Some(owner), Sid::Srv6(sid)) = (self.reader(segment), segment.sid) else { return Ok(None) };
        let is_end = matches!(segment.kind, SegmentKind::Node(_));
        // That of the graph: it stands there also where the TED was stripped of node segments, so that every link is pinned.
        let locator = match self.sids {
            Some(_) => self.locator(owner)?,
            None => self.graph.sids(owner).locator,
        };
        Ok(locator.and_then(|locator| csid.element(owner, locator, sid, is_end)))
    }

    /// The functions that a node has besides its own End SID.
    fn functions(&self, node: NodeIx, csid: &Csid) -> BTreeSet<u128> {
        let ends = self.graph.out(node).iter().filter_map(|edge| self.graph.edge(*edge).end_x);
        let own = self.node(node).ok().into_iter().flat_map(|node| {
            let function = node.service_function.as_ref().and_then(|fact| fact.value.sid);
            [node.end_sid(), node.service_sid(), function]
        });
        ends.chain(own.flatten()).map(|sid| csid.function_of(sid)).collect()
    }

    /// Who reads a segment; not known for anycast.
    fn reader(&self, segment: &Segment) -> Option<NodeIx> {
        match segment.kind {
            SegmentKind::Node(node) | SegmentKind::Service(node) => Some(node),
            SegmentKind::Adjacency(edge) => Some(self.graph.edge(edge).from),
            SegmentKind::Anycast(_) => None,
        }
    }

    /// Whether the headend can push the list with `more` SIDs behind it, everyone on the way read it, and `tail` decapsulate what
    /// comes under it; none where the list ends in a binding SID.
    pub(super) fn check_depth(
        &self,
        (head, tail): (NodeIx, Option<NodeIx>),
        segments: &[Segment],
        wire: &Wire,
        encoding: &Encoding<'_>,
        more: usize,
    ) -> Result<(), EncodeError> {
        let head = self.node(head)?;
        let needs = wire.sids.len() + more;
        let msd = head.msd.value;
        if encoding.plane == Dataplane::SrMpls {
            return fits(head, Limit::MplsImposition, needs, usize::from(msd.mpls_imposition), 0);
        }
        // One SID alone needs no SRH. With reduced encapsulation the first one is not in the SRH.
        if needs <= 1 {
            return Ok(());
        }
        let outside = usize::from(encoding.reduced);
        fits(head, Limit::Srv6Encaps, needs - outside, usize::from(msd.srv6_encaps), outside)?;
        for (turn, (place, segment)) in wire.places.iter().zip(segments).enumerate() {
            // Within a container nodes do not look at the SRH; the last one does.
            let Some(node) = self.reader(segment).filter(|_| wire.places.get(turn + 1) != Some(place)) else {
                continue;
            };
            let node = self.node(node)?;
            let msd = node.msd.value;
            let left = needs - 1 - place;
            fits(node, Limit::Srv6SegmentsLeft, left, usize::from(msd.srv6_segments_left), 1 + place)?;
            if encoding.pops && left == 1 {
                fits(node, Limit::Srv6EndPop, needs - outside, usize::from(msd.srv6_end_pop), outside)?;
            }
        }
        // Where the SRH is popped before, none is left to decapsulate under.
        if let Some(tail) = tail.filter(|_| !encoding.pops) {
            let tail = self.node(tail)?;
            let most = usize::from(tail.msd.value.srv6_end_d);
            fits(tail, Limit::Srv6EndD, needs - outside, most, outside)?;
        }
        Ok(())
    }
}

/// Whether a node's limit is kept; `outside` SIDs of the list do not count toward it.
fn fits(node: &Node, limit: Limit, counts: usize, most: usize, outside: usize) -> Result<(), EncodeError> {
    if counts <= most {
        return Ok(());
    }
    Err(EncodeError::TooDeep { node: node.id.clone(), limit, needs: counts + outside, has: most + outside })
}
