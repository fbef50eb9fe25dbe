//! The fewest segments that pin a path (RFC 8402, RFC 8986).
//!
//! A node segment pins a stretch where every node on it has exactly one IGP next hop toward the stretch's end, and that is
//! the next link of the path. An adjacency segment pins one link. In SRv6 an End.X SID is routed to by its node's locator,
//! so one SID pins a stretch and the link after it (RFC 8986 section 4.2); in SR-MPLS an adjacency label means something
//! at its own node only (RFC 8402 section 3.4), so the packet must be there already.
//!
//! Taking the segment that reaches farthest is optimal: a segment that pins a stretch also pins the rest of that stretch from
//! any node on it, so being farther along never makes a later segment reach less far.

use std::borrow::Cow;

use model::{EdgeIx, Graph, NodeIx, Sid, Ted, sr::Dataplane};

use crate::{
    flex::{FlexAlgorithm, FlexSids},
    metric::MetricType,
    set::EdgeSet,
};

mod chain;
mod csid;
mod depth;
mod encoding;
mod error;
mod lists;
mod pinned;
mod sid;
mod stitch;

pub use csid::{BadCsid, Csid};
pub use encoding::{Encoding, Pin};
pub use error::{EncodeError, Limit};
pub use lists::{reversed, weights};
use pinned::Pinned;
pub use sid::Anycast;
pub(crate) use sid::{adjacency_sid, leads};
pub use stitch::Part;

/// What a segment stands for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SegmentKind {
    /// The shortest path to a node.
    Node(NodeIx),
    /// A link; in SRv6 the shortest path to its start first.
    Adjacency(EdgeIx),
    /// The service function of a node ([`model::node::ServiceFunction`]); in SRv6, where the node's locator covers its SID, the
    /// shortest path to the node first.
    Service(NodeIx),
    /// The shortest path to the nearest node of a group, by its place in what [`Encoder::with_anycast`] was given.
    Anycast(usize),
}

/// One segment of a list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Segment {
    /// Its SID.
    pub sid: Sid,
    /// What it stands for.
    pub kind: SegmentKind,
}

/// A path as a list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Encoded {
    /// What the list means.
    pub segments: Vec<Segment>,
    /// What goes on the wire, first to last: one SID for each segment, or containers of several.
    pub sids: Vec<Sid>,
}

/// Encodes paths over one state of the IGP. Shortest-path trees are kept, 4 bytes for each node of the network and each end of
/// a segment where many links meet, up to 128 MiB.
#[derive(Debug)]
pub struct Encoder<'a> {
    graph: &'a Graph,
    ted: &'a Ted,
    /// What carries no packets.
    down: &'a EdgeSet,
    pinned: Pinned<'a>,
    sids: Option<&'a FlexSids>,
    anycast: Vec<Anycast>,
}

impl<'a> Encoder<'a> {
    /// For a graph frozen from `ted`, with some edges down: those that the IGP does not use now.
    pub fn new(graph: &'a Graph, ted: &'a Ted, down: &'a EdgeSet) -> Self {
        let pinned = Pinned::new(graph, Cow::Borrowed(down), MetricType::Igp);
        Self { graph, ted, down, pinned, sids: None, anycast: Vec::new() }
    }

    /// For node segments of a flexible algorithm (RFC 9350 section 14): shortest paths and node SIDs are those of the algorithm.
    /// Adjacency segments are those of the links, which serve all algorithms.
    pub fn of_algorithm(
        graph: &'a Graph,
        ted: &'a Ted,
        down: &'a EdgeSet,
        algorithm: &FlexAlgorithm,
        sids: &'a FlexSids,
    ) -> Self {
        let closed = Cow::Owned(algorithm.closed(graph, down));
        let pinned = Pinned::new(graph, closed, algorithm.metric);
        Self { pinned, sids: Some(sids), ..Self::new(graph, ted, down) }
    }

    /// With segments that lead to the nearest of several nodes. They serve where a node has no SID of its own: wherever an anycast
    /// segment pins a stretch, the segment of the node at its end does.
    #[must_use]
    pub fn with_anycast(mut self, anycast: Vec<Anycast>) -> Self {
        self.anycast = anycast;
        self
    }

    /// The fewest segments that pin `path`, arrival at its end included: the last one is the end's node SID or an adjacency
    /// into it. Where a node and an adjacency segment reach equally far, the node segment is taken. An empty path has none.
    /// Room is kept for `service` SIDs or labels behind them, 1 for a VPN service. The same as [`Encoder::encode_with`] by
    /// [`Encoding::new`].
    ///
    /// # Errors
    /// The edges are no path of this network, something on it has no SID or label, or the list is too deep.
    pub fn encode(
        &mut self,
        path: &[EdgeIx],
        plane: Dataplane,
        service: u8,
    ) -> Result<Vec<Segment>, EncodeError> {
        self.encode_with(path, &Encoding::new(plane, service)).map(|encoded| encoded.segments)
    }

    /// The fewest segments that hold a path as `encoding` asks ([`Pin`]), in as few SIDs as that allows.
    ///
    /// In SR-MPLS a label is taken from the SRGB of the node that reads it (RFC 8660 section 2.10): where SRGBs differ, the same
    /// node has other labels in other places of the list. The labels of a list are counted as given, though the headend may
    /// pop or skip the first.
    ///
    /// Each segment asks at most for the stretches up to the end of the path, each of them looked up in O(links): O(links³) at
    /// worst, in practice about its length; and for each node at which a stretch begins or ends one shortest-path tree,
    /// O(edges * log nodes), which is kept.
    ///
    /// # Errors
    /// The edges are no path of this network, something on it has no SID or label, or the list is too deep.
    pub fn encode_with(&mut self, path: &[EdgeIx], encoding: &Encoding<'_>) -> Result<Encoded, EncodeError> {
        self.encode_chain(path, &[], encoding)
    }

    fn segments(&mut self, path: &[EdgeIx], encoding: &Encoding<'_>) -> Result<Vec<Segment>, EncodeError> {
        let mut segments = Vec::new();
        let mut at = 0;
        while at < path.len() {
            let (segment, end) = self.next(path, at, encoding)?;
            segments.push(segment);
            at = end;
        }
        Ok(segments)
    }

    /// The segment that leads on from a place on the path, and where to.
    fn next(
        &mut self,
        path: &[EdgeIx],
        at: usize,
        encoding: &Encoding<'_>,
    ) -> Result<(Segment, usize), EncodeError> {
        match encoding.pin {
            Pin::Fewest => self.farthest(path, at, encoding.plane),
            Pin::EveryLink => Ok((self.only_adjacency(path[at], encoding.plane)?, at + 1)),
        }
    }

    fn only_adjacency(&self, edge: EdgeIx, plane: Dataplane) -> Result<Segment, EncodeError> {
        self.adjacency(edge, plane).ok_or_else(|| EncodeError::NoAdjacency {
            node: self.graph.node_id(self.graph.edge(edge).from).clone(),
            link: self.graph.link_id(edge).clone(),
        })
    }

    /// The segment that reaches farthest from a place on the path, and where that is.
    fn farthest(
        &mut self,
        path: &[EdgeIx],
        at: usize,
        plane: Dataplane,
    ) -> Result<(Segment, usize), EncodeError> {
        let mut best = self.adjacency(path[at], plane).map(|segment| (segment, at + 1));
        let mut outside = None;
        for end in at + 1..=path.len() {
            let stretch = &path[at..end];
            // What is pinned for a group of nodes is pinned for the nearest of them.
            if !self.pinned.holds(stretch) {
                break;
            }
            let there = self.graph.edge(path[end - 1]).to;
            let segment = match self.node_segment(stretch, there, plane) {
                Ok(segment) => segment,
                Err(why) => {
                    outside = outside.or(Some(why));
                    None
                }
            };
            let segment = segment.or_else(|| self.group_segment(stretch, there, plane));
            if let Some(segment) = segment {
                best = Some((segment, end));
            }
            // Local labels cannot be reached from afar.
            if plane == Dataplane::SrMpls || end == path.len() {
                continue;
            }
            if let Some(segment) = self.distant_adjacency(path[end], there)? {
                best = Some((segment, end + 1));
            }
        }
        let first = self.graph.edge(path[at]);
        best.ok_or_else(|| {
            outside.unwrap_or_else(|| EncodeError::NoSid {
                node: self.graph.node_id(first.from).clone(),
                link: self.graph.link_id(path[at]).clone(),
                next: self.graph.node_id(first.to).clone(),
            })
        })
    }

    /// A segment for a group of which the end of a stretch is the member that packets reach, over this stretch only.
    fn group_segment(&mut self, stretch: &[EdgeIx], there: NodeIx, plane: Dataplane) -> Option<Segment> {
        (0..self.anycast.len()).find_map(|group| {
            let members = &self.anycast[group].members;
            let holds = members.contains(&there) && self.pinned.holds_group(group, members, stretch);
            holds.then(|| self.anycast_segment(stretch, there, group, plane)).flatten()
        })
    }

    fn check(&self, path: &[EdgeIx]) -> Result<(), EncodeError> {
        for (place, ix) in path.iter().enumerate() {
            let follows = place == 0 || self.graph.edge(path[place - 1]).to == self.graph.edge(*ix).from;
            if !follows || self.down.contains(*ix) {
                return Err(self.broken(*ix));
            }
        }
        Ok(())
    }

    fn broken(&self, edge: EdgeIx) -> EncodeError {
        EncodeError::Broken { link: self.graph.link_id(edge).clone() }
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::shifted;
#[cfg(test)]
pub(crate) mod walk;
