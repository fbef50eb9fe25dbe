//! What a segment list means, as a value; and why a list does not deliver.

use std::collections::BTreeMap;

use model::{EdgeIx, LinkId, NodeId, NodeIx, PolicyKey, Sid};
use thiserror::Error;

/// Why a segment list does not deliver.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum Fault {
    /// Nobody at that node knows the SID: a black hole.
    #[error("SID {sid} means nothing at {at}: traffic would vanish there")]
    UnknownSid {
        /// Where it would be read.
        at: NodeId,
        /// The SID.
        sid: Sid,
    },
    /// A node segment has no path.
    #[error("{to} cannot be reached from {from}")]
    Unreachable {
        /// Where the segment starts.
        from: NodeId,
        /// Where it should end.
        to: NodeId,
    },
    /// A node on the way has no label for the segment: its SRGB is too small (RFC 8660 section 2.5).
    #[error("{at}, on the way to {to}, has no label for SID index {index}: its SRGB is too small")]
    NoLabel {
        /// Who has none.
        at: NodeId,
        /// Where the segment should end, or the first node of its group.
        to: NodeId,
        /// The index.
        index: u32,
    },
    /// It uses a link that is down.
    #[error("link {link} is down")]
    LinkDown {
        /// The link.
        link: LinkId,
    },
    /// It ends at a node that is not the endpoint, which does not know the service's label.
    #[error("the list ends at {node}, not at its endpoint")]
    EndsAt {
        /// Where it ends.
        node: NodeId,
    },
    /// It has no segments, or no share of the traffic.
    #[error("the list is empty or has weight 0")]
    Empty,
    /// A binding SID leads to a policy without a valid candidate.
    #[error("the binding SID of {key} at {at} has no valid candidate behind it")]
    Binding {
        /// The node that holds the policy.
        at: NodeId,
        /// The policy.
        key: PolicyKey,
    },
    /// Binding SIDs may lead on more than 8 times (or in circles), or split into more than 64 lists.
    #[error("binding SIDs lead on from {at} too often or in a circle")]
    Endless {
        /// The node that holds the policy behind the first of them.
        at: NodeId,
    },
}

/// A segment with its meaning. The node at which each starts is where the one before ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Segment {
    /// By all shortest paths to this node.
    Node(NodeIx),
    /// The same by a label of this index, which not every node has a label for.
    Labelled(NodeIx, u32),
    /// Over this edge.
    Edge(EdgeIx),
    /// Through the service function of this node, to which the segments before have led. A segment of its own, so that lists
    /// without functions take no more memory.
    Function(NodeIx),
    /// Into the policy of this number (binding SID).
    Policy(usize),
}

/// Which binding SID at which node leads into which policy, and where that ends.
pub(crate) type Bindings = BTreeMap<(NodeIx, Sid), (usize, NodeIx)>;

/// What a list means, from some node on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Resolved {
    pub(crate) segments: Vec<Segment>,
    pub(crate) tail: Tail,
}

/// How a list goes on behind its last segment.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Tail {
    /// It has come to the endpoint.
    Done,
    /// It has come to the endpoint, and the service's packet came out there: nothing can follow.
    Served,
    /// By shortest paths to wherever the traffic goes: the service SID of that node, which every packet carries last, leads
    /// on. Of a policy without endpoint.
    Onward,
    /// It has to end where the traffic goes, for nobody else knows the service's label. Of a policy without endpoint.
    There,
    /// To the nearest nodes of an anycast group, and what the rest of the list means there: everywhere something else.
    Fork(Fork),
}

/// An anycast segment and what follows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Fork {
    pub(crate) group: u32,
    /// Its index into SRGBs, where it is a label that not every node has.
    pub(crate) index: Option<u32>,
    /// By member, ascending.
    pub(crate) then: Vec<(NodeIx, Result<Resolved, Fault>)>,
}

impl Resolved {
    /// The policies behind its binding SIDs.
    pub(crate) fn policies(&self) -> Vec<usize> {
        let own = self.segments.iter().filter_map(|segment| match segment {
            Segment::Policy(number) => Some(*number),
            _ => None,
        });
        own.chain(self.rests().flat_map(Self::policies)).collect()
    }

    /// Whether it may hand the service's packet over at its end.
    pub(crate) fn serves(&self) -> bool {
        matches!(self.tail, Tail::Served) || self.rests().any(Self::serves)
    }

    /// Whether links that go away may make it valid that was invalid before: by binding SIDs, anycast groups, or labels that
    /// not every node has.
    pub(crate) fn turns(&self) -> bool {
        let may_turn = |segment: &Segment| matches!(segment, Segment::Labelled(..) | Segment::Policy(_));
        matches!(self.tail, Tail::Fork(_)) || self.segments.iter().any(may_turn)
    }

    fn rests(&self) -> impl Iterator<Item = &Self> {
        let then = match &self.tail {
            Tail::Fork(fork) => &fork.then[..],
            _ => &[],
        };
        then.iter().filter_map(|(_, rest)| rest.as_ref().ok())
    }
}
