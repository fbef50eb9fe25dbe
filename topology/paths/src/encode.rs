//! The fewest segments that pin a path (RFC 8402, RFC 8986).
//!
//! A node segment pins a stretch where every node on it has exactly one IGP next hop toward the stretch's end, and that is
//! the next link of the path. An adjacency segment pins one link. In SRv6 an End.X SID is routed to by its node's locator,
//! so one SID pins a stretch and the link after it (RFC 8986 section 4.2); in SR-MPLS an adjacency label means something
//! at its own node only (RFC 8402 section 3.4), so the packet must be there already.
//!
//! Taking the segment that reaches farthest is optimal: a segment that pins a stretch also pins the rest of that stretch from
//! any node on it, so being farther along never makes a later segment reach less far.

use model::{
    EdgeIx, Graph, LinkId, Node, NodeId, NodeIx, Sid, Ted,
    sr::{Dataplane, Label},
};
use thiserror::Error;

use crate::{set::EdgeSet, spf::Spf};

/// What a segment stands for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SegmentKind {
    /// The shortest path to a node.
    Node(NodeIx),
    /// A link; in SRv6 the shortest path to its start first.
    Adjacency(EdgeIx),
}

/// One segment of a list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Segment {
    /// What goes on the wire.
    pub sid: Sid,
    /// What it stands for.
    pub kind: SegmentKind,
}

/// Which maximum SID depth is exceeded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Limit {
    /// Labels that the headend can push (RFC 8491 section 3).
    MplsImposition,
    /// SIDs that the headend can put into H.Encaps (RFC 9352 section 4.3).
    Srv6Encaps,
    /// Segments Left that a node on the way can process (RFC 9352 section 4.1).
    Srv6SegmentsLeft,
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::MplsImposition => "MPLS imposition depth",
            Self::Srv6Encaps => "SRv6 encapsulation depth",
            Self::Srv6SegmentsLeft => "SRv6 segments left",
        })
    }
}

/// Why a path has no segment list.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum EncodeError {
    /// The edges are no path, or one of them is down.
    #[error("link {link} does not continue the path or is down: compute the path on the same network")]
    Broken {
        /// The first link that does not fit.
        link: LinkId,
    },
    /// A node of the path is not in the TED.
    #[error("node {node} of the path is not in the network: compute the path on the same network")]
    MissingNode {
        /// The node.
        node: NodeId,
    },
    /// Nothing pins a link.
    #[error(
        "nothing pins link {link} at node {node}: it has no adjacency SID there, and the shortest path to node {next} is \
         another one or that node has no SID; give the link an adjacency SID"
    )]
    NoSid {
        /// The node at which the link starts.
        node: NodeId,
        /// The link.
        link: LinkId,
        /// The node at which it ends.
        next: NodeId,
    },
    /// A label would mean something else where it is read.
    #[error(
        "node {node} does not read label {label} as node {target}: their SRGBs differ; use one SRGB in the whole domain"
    )]
    SrgbDiffers {
        /// The node that reads the label.
        node: NodeId,
        /// The node that is meant.
        target: NodeId,
        /// Its label there.
        label: u32,
    },
    /// The list is too long.
    #[error(
        "the path needs {needs} SIDs with the service SID, node {node} has room for {has} ({limit}): choose a path closer \
         to the IGP's"
    )]
    TooDeep {
        /// The node whose limit it is.
        node: NodeId,
        /// Which limit.
        limit: Limit,
        /// How many are needed.
        needs: usize,
        /// How many there may be.
        has: usize,
    },
}

/// Encodes paths over one state of the IGP. Shortest-path trees are kept, one for each node that a segment may lead to.
#[derive(Debug)]
pub struct Encoder<'a> {
    graph: &'a Graph,
    ted: &'a Ted,
    down: &'a EdgeSet,
    trees: Vec<Option<Spf>>,
}

impl<'a> Encoder<'a> {
    /// For a graph frozen from `ted`, with some edges down: those that the IGP does not use now.
    pub fn new(graph: &'a Graph, ted: &'a Ted, down: &'a EdgeSet) -> Self {
        Self { graph, ted, down, trees: vec![None; graph.node_count()] }
    }

    /// The fewest segments that pin `path`, arrival at its end included: the last one is the end's node SID or an adjacency
    /// into it. Where a node and an adjacency segment reach equally far, the node segment is taken. An empty path has none.
    /// Room is kept for `service` SIDs or labels behind them, 1 for a VPN service.
    ///
    /// In SR-MPLS all nodes that read a label must have the same SRGB; the labels of a list are counted as given, though the
    /// headend may pop or skip the first.
    ///
    /// # Errors
    /// The edges are no path of this network, something on it has no SID, SRGBs differ, or the list is too deep.
    pub fn encode(
        &mut self,
        path: &[EdgeIx],
        plane: Dataplane,
        service: u8,
    ) -> Result<Vec<Segment>, EncodeError> {
        self.check(path)?;
        let mut segments = Vec::new();
        let mut at = 0;
        while at < path.len() {
            let (segment, end) = self.farthest(path, at, plane)?;
            segments.push(segment);
            at = end;
        }
        self.check_depth(path, &segments, plane, service)?;
        Ok(segments)
    }

    /// The segment that reaches farthest from a place on the path, and where that is.
    fn farthest(
        &mut self,
        path: &[EdgeIx],
        at: usize,
        plane: Dataplane,
    ) -> Result<(Segment, usize), EncodeError> {
        let here = self.graph.edge(path[at]).from;
        let mut best = self.adjacency(path[at], plane).map(|segment| (segment, at + 1));
        for end in at + 1..=path.len() {
            if !self.is_pinned(&path[at..end]) {
                break;
            }
            let there = self.graph.edge(path[end - 1]).to;
            if let Some(segment) = self.node_segment(here, there, plane)? {
                best = Some((segment, end));
            }
            // Local labels cannot be reached from afar.
            if plane == Dataplane::SrMpls || end == path.len() || self.node(there)?.locator.is_none() {
                continue;
            }
            if let Some(segment) = self.adjacency(path[end], plane) {
                best = Some((segment, end + 1));
            }
        }
        best.ok_or_else(|| EncodeError::NoSid {
            node: self.graph.node_id(here).clone(),
            link: self.graph.link_id(path[at]).clone(),
            next: self.graph.node_id(self.graph.edge(path[at]).to).clone(),
        })
    }

    /// Whether packets for the end of a stretch take this stretch and no other way.
    fn is_pinned(&mut self, stretch: &[EdgeIx]) -> bool {
        let Some(last) = stretch.last() else { return true };
        let target = self.graph.edge(*last).to;
        let (graph, down) = (self.graph, self.down);
        let tree = self.trees[target.ix()].get_or_insert_with(|| Spf::toward(graph, down, target));
        stretch.iter().all(|edge| tree.only_next_hop(graph, down, graph.edge(*edge).from) == Some(*edge))
    }

    fn adjacency(&self, edge: EdgeIx, plane: Dataplane) -> Option<Segment> {
        let facts = self.graph.edge(edge);
        let sid = match plane {
            Dataplane::Srv6 => facts.end_x.map(Sid::Srv6),
            Dataplane::SrMpls => facts.adjacency_label.map(Sid::Mpls),
        };
        sid.map(|sid| Segment { sid, kind: SegmentKind::Adjacency(edge) })
    }

    fn node_segment(
        &self,
        here: NodeIx,
        target: NodeIx,
        plane: Dataplane,
    ) -> Result<Option<Segment>, EncodeError> {
        let node = self.node(target)?;
        let sid = match plane {
            Dataplane::Srv6 => node.end_sid().map(Sid::Srv6),
            Dataplane::SrMpls => match node.node_label() {
                Some(label) => Some(Sid::Mpls(self.read_at(here, node, label)?)),
                None => None,
            },
        };
        Ok(sid.map(|sid| Segment { sid, kind: SegmentKind::Node(target) }))
    }

    /// The label by which one node knows another, which must be that node's own.
    fn read_at(&self, here: NodeIx, target: &Node, label: Label) -> Result<Label, EncodeError> {
        let here = self.node(here)?;
        let index = target.node_sid.as_ref().map(|index| index.value);
        if index.and_then(|index| here.srgb.at(index)) == Some(label) {
            return Ok(label);
        }
        Err(EncodeError::SrgbDiffers {
            node: here.id.clone(),
            target: target.id.clone(),
            label: label.number(),
        })
    }

    fn check(&self, path: &[EdgeIx]) -> Result<(), EncodeError> {
        for (place, ix) in path.iter().enumerate() {
            let follows = place == 0 || self.graph.edge(path[place - 1]).to == self.graph.edge(*ix).from;
            if !follows || self.down.contains(*ix) {
                return Err(EncodeError::Broken { link: self.graph.link_id(*ix).clone() });
            }
        }
        Ok(())
    }

    fn check_depth(
        &self,
        path: &[EdgeIx],
        segments: &[Segment],
        plane: Dataplane,
        service: u8,
    ) -> Result<(), EncodeError> {
        let Some(first) = path.first() else { return Ok(()) };
        let head = self.node(self.graph.edge(*first).from)?;
        let needs = segments.len() + usize::from(service);
        let msd = head.msd.value;
        let (limit, has) = match plane {
            Dataplane::SrMpls => (Limit::MplsImposition, msd.mpls_imposition),
            Dataplane::Srv6 => (Limit::Srv6Encaps, msd.srv6_encaps),
        };
        let too_deep = |node: &Node, limit, has: u8, needs| EncodeError::TooDeep {
            node: node.id.clone(),
            limit,
            needs,
            has: usize::from(has),
        };
        if needs > usize::from(has) {
            return Err(too_deep(head, limit, has, needs));
        }
        if plane == Dataplane::SrMpls {
            return Ok(());
        }
        // The node of segment i receives the packet with Segments Left = SIDs - 1 - i.
        for (place, segment) in segments.iter().enumerate() {
            let node = self.node(match segment.kind {
                SegmentKind::Node(node) => node,
                SegmentKind::Adjacency(edge) => self.graph.edge(edge).from,
            })?;
            let has = node.msd.value.srv6_segments_left;
            if needs - 1 - place > usize::from(has) {
                return Err(too_deep(node, Limit::Srv6SegmentsLeft, has.saturating_add(1), needs - place));
            }
        }
        Ok(())
    }

    fn node(&self, node: NodeIx) -> Result<&'a Node, EncodeError> {
        let id = self.graph.node_id(node);
        self.ted.nodes.get(id).ok_or_else(|| EncodeError::MissingNode { node: id.clone() })
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod walk;
