//! What goes on the wire for a segment, at the node that reads it.

use std::net::Ipv6Addr;

use ipnet::Ipv6Net;
use model::{
    EdgeIx, Label, Node, NodeIx, Sid,
    graph::Edge,
    node::function_of,
    sr::{Dataplane, LabelBlock},
};

use super::{EncodeError, Encoder, Segment, SegmentKind};

/// A segment that leads to the nearest of several nodes (RFC 8402 section 3.3): services or gateways that stand in for each
/// other. The index must be the same in all SRGBs' terms, as for a node SID.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Anycast {
    /// Who advertises it.
    pub members: Vec<NodeIx>,
    /// Its index into the SRGB, where it has one.
    pub index: Option<u32>,
    /// Its SRv6 SID, where it has one.
    pub sid: Option<Ipv6Addr>,
}

impl Encoder<'_> {
    pub(super) fn adjacency(&self, edge: EdgeIx, plane: Dataplane) -> Option<Segment> {
        let facts = self.graph.edge(edge);
        let srgb = self.node(facts.from).ok().map(|node| node.srgb);
        adjacency_sid(facts, srgb, plane).map(|sid| Segment { sid, kind: SegmentKind::Adjacency(edge) })
    }

    /// An SRv6 segment for a link that leads to the link's node first. None where the SID lies outside the node's locator: then
    /// nothing leads there, or the shortest paths of another algorithm do (RFC 9352 section 7.1: routers forward by the locator
    /// that covers a SID, and each locator belongs to one algorithm).
    pub(super) fn distant_adjacency(
        &self,
        edge: EdgeIx,
        node: NodeIx,
    ) -> Result<Option<Segment>, EncodeError> {
        let Some(locator) = self.locator(node)? else { return Ok(None) };
        Ok(self.adjacency(edge, Dataplane::Srv6).filter(|segment| leads(locator, segment.sid)))
    }

    /// The segment for the node at which a pinned stretch ends.
    pub(super) fn node_segment(
        &self,
        stretch: &[EdgeIx],
        target: NodeIx,
        plane: Dataplane,
    ) -> Result<Option<Segment>, EncodeError> {
        let sid = match plane {
            Dataplane::Srv6 => self.locator(target)?.map(|locator| Sid::Srv6(function_of(locator, END))),
            Dataplane::SrMpls => match self.index(target)? {
                Some(index) => Some(Sid::Mpls(self.label_along(stretch, target, index)?)),
                None => None,
            },
        };
        Ok(sid.map(|sid| Segment { sid, kind: SegmentKind::Node(target) }))
    }

    /// The segment for an anycast group whose nearest member is the end of a pinned stretch.
    pub(super) fn anycast_segment(
        &self,
        stretch: &[EdgeIx],
        target: NodeIx,
        group: usize,
        plane: Dataplane,
    ) -> Option<Segment> {
        let anycast = &self.anycast[group];
        let sid = match plane {
            Dataplane::Srv6 => anycast.sid.map(Sid::Srv6),
            Dataplane::SrMpls => {
                anycast.index.and_then(|index| self.label_along(stretch, target, index).ok()).map(Sid::Mpls)
            }
        };
        sid.map(|sid| Segment { sid, kind: SegmentKind::Anycast(group) })
    }

    /// The label of an index as the first node of a stretch reads it (RFC 8660 section 2.10). Every further node swaps it for
    /// its neighbour's, so each must have one.
    fn label_along(&self, stretch: &[EdgeIx], target: NodeIx, index: u32) -> Result<Label, EncodeError> {
        let mut first = None;
        let nodes = stretch.iter().map(|edge| self.graph.edge(*edge).from).chain([target]);
        for node in nodes {
            let node = self.node(node)?;
            let label = node.srgb.at(index).ok_or_else(|| EncodeError::OutsideSrgb {
                node: node.id.clone(),
                target: self.graph.node_id(target).clone(),
                index,
            })?;
            first.get_or_insert(label);
        }
        Ok(first.expect("the target itself is one of the nodes"))
    }

    /// The locator of a node in the algorithm of this encoder.
    pub(super) fn locator(&self, node: NodeIx) -> Result<Option<Ipv6Net>, EncodeError> {
        Ok(match self.sids {
            Some(sids) => sids.locators.get(&node).copied(),
            None => self.node(node)?.locator.as_ref().map(|locator| locator.value),
        })
    }

    fn index(&self, node: NodeIx) -> Result<Option<u32>, EncodeError> {
        Ok(match self.sids {
            Some(sids) => sids.indices.get(&node).copied(),
            None => self.node(node)?.node_sid.as_ref().map(|index| index.value),
        })
    }

    pub(super) fn node(&self, node: NodeIx) -> Result<&Node, EncodeError> {
        let id = self.graph.node_id(node);
        self.ted.nodes.get(id).ok_or_else(|| EncodeError::MissingNode { node: id.clone() })
    }
}

/// The function of a node's End SID ([`Node::end_sid`]).
pub(super) const END: u16 = 1;

/// The SID of a link where it starts; `srgb` is that of the node there.
pub(crate) fn adjacency_sid(edge: &Edge, srgb: Option<LabelBlock>, plane: Dataplane) -> Option<Sid> {
    match plane {
        Dataplane::Srv6 => edge.end_x.map(Sid::Srv6),
        // A label inside the SRGB means a node there, whatever else was meant by it.
        Dataplane::SrMpls => {
            edge.adjacency_label.filter(|label| srgb.is_some_and(|srgb| !holds(srgb, *label))).map(Sid::Mpls)
        }
    }
}

/// Whether a SID is routed to by a locator.
pub(crate) fn leads(locator: Ipv6Net, sid: Sid) -> bool {
    matches!(sid, Sid::Srv6(sid) if locator.contains(&sid))
}

pub(super) fn holds(srgb: LabelBlock, label: Label) -> bool {
    label.number().checked_sub(srgb.base).is_some_and(|index| index < srgb.size)
}
