//! Why a path has no segment list.

use std::fmt;

use model::{LinkId, NodeId, sr::Dataplane};
use thiserror::Error;

/// Which maximum SID depth is exceeded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Limit {
    /// Labels that the headend can push (RFC 8491 section 3).
    MplsImposition,
    /// SIDs in the SRH that the headend can push (RFC 9352 section 4.3).
    Srv6Encaps,
    /// Segments Left that a node on the way can process (RFC 9352 section 4.1).
    Srv6SegmentsLeft,
    /// SIDs in the SRH that a node can pop (RFC 9352 section 4.2).
    Srv6EndPop,
    /// SIDs in the SRH under which the last node can decapsulate (RFC 9352 section 4.4).
    Srv6EndD,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::MplsImposition => "MPLS imposition depth",
            Self::Srv6Encaps => "SRv6 encapsulation depth",
            Self::Srv6SegmentsLeft => "SRv6 segments left",
            Self::Srv6EndPop => "SRv6 end pop depth",
            Self::Srv6EndD => "SRv6 end D depth",
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
    /// Every link must be pinned, and one has no SID.
    #[error("link {link} has no adjacency SID at node {node}, and every link must be pinned: give it one")]
    NoAdjacency {
        /// The node at which the link starts.
        node: NodeId,
        /// The link.
        link: LinkId,
    },
    /// A node on the way has no label for the node that is meant.
    #[error(
        "node {node} has no label for node {target}: index {index} lies outside its SRGB; widen the SRGB or change the index"
    )]
    OutsideSrgb {
        /// The node that would read or swap the label.
        node: NodeId,
        /// The node that is meant.
        target: NodeId,
        /// The index of its node SID.
        index: u32,
    },
    /// The path does not come to a node whose service function it is to visit.
    #[error(
        "the path does not come to node {node} in its turn, which it should visit: compute it with this waypoint"
    )]
    NotVisited {
        /// The node.
        node: NodeId,
    },
    /// Nothing sends packets through a service function.
    #[error(
        "the service function of node {node} has no {} that means it alone there: give the node a `{}`{}, or choose the other \
         data plane",
        match plane { Dataplane::SrMpls => "label", Dataplane::Srv6 => "SRv6 SID" },
        match plane { Dataplane::SrMpls => "serviceLabel", Dataplane::Srv6 => "serviceSid" },
        match plane { Dataplane::SrMpls => " outside its SRGB", Dataplane::Srv6 => "" }
    )]
    NoServiceSid {
        /// The node.
        node: NodeId,
        /// In which data plane.
        plane: Dataplane,
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
