//! What a caller asks of a path.

use std::fmt;

use model::{Bandwidth, Delay, Graph, Jitter, Loss, NodeIx, Price, intent::Minimise, sr::Dataplane};

use crate::{
    include::Includes,
    set::{EdgeSet, NodeSet, RiskSet},
};

/// At most so many segments.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SegmentBound {
    /// How many there may be.
    pub most: u32,
    /// In which data plane: in SRv6 one SID may pin a stretch and the link behind it, in SR-MPLS none does.
    pub plane: Dataplane,
}

/// Upper bounds on what adds up along a path. A bound may be met exactly. Absent: no bound.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Bounds {
    /// One-way delay.
    pub delay: Option<Delay>,
    /// Sum of the delay variations.
    pub jitter: Option<Jitter>,
    /// Loss, put together by [`Loss::then`] in order of travel.
    pub loss: Option<Loss>,
    /// Number of links.
    pub hops: Option<u32>,
    /// Sum of the prices.
    pub price: Option<Price>,
    /// Number of segments that pin the path, as [`crate::Encoder::encode`] counts them: node and adjacency segments of algorithm
    /// 0, and none for service functions ([`crate::Encoder::encode_chain`]), over the IGP as the graph has it. The IGP uses every edge
    /// of a graph below metric 2^24-1: whoever knows of links that are down gives them that metric. A path that no list pins breaks every such bound. What else limits lists (containers, depth) is
    /// for [`crate::within_segments`].
    pub segments: Option<SegmentBound>,
}

/// What no path may touch.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Exclusions {
    /// Directions of links; [`EdgeSet::insert_link`] excludes both.
    pub edges: EdgeSet,
    /// Nodes, ends of the path included.
    pub nodes: NodeSet,
    /// Shared risks: every link in one of them is excluded.
    pub srlgs: RiskSet,
}

impl Exclusions {
    /// Excludes all nodes of a site, by its number in [`Graph::sites`].
    pub fn insert_site(&mut self, graph: &Graph, site: u32) {
        self.nodes.extend(graph.at_site(site).iter().copied());
    }
}

/// A path that is wanted. Every field beyond the ends is open by default ([`PathRequest::new`]).
///
/// Two rules of the network hold without being asked for: an overloaded node (RFC 3787 section 4) carries no transit, unless
/// it is an end or a waypoint in its turn; and where [`Minimise::Igp`] chooses, a link of metric 2^24-1 is not used
/// (RFC 5305 section 3), while other metrics may ride it.
#[derive(Clone, Debug)]
pub struct PathRequest {
    /// Where it starts.
    pub from: NodeIx,
    /// Where it ends.
    pub to: NodeIx,
    /// What it is chosen by.
    pub minimise: Minimise,
    /// What must not be exceeded end to end.
    pub bounds: Bounds,
    /// What must be free on every edge; as often as a path with waypoints crosses the edge.
    pub bandwidth: Bandwidth,
    /// Exclude-any (RFC 7308): no link may have one of these affinities.
    pub avoid_affinity: u128,
    /// Include-any: every link has at least one of these; 0 asks nothing.
    pub include_any: u128,
    /// Include-all: every link has all of these; 0 asks nothing.
    pub include_all: u128,
    /// Affinities to ride by preference, best first. A link of rank `i` costs `i` demerits, its lowest rank counts, and the
    /// path with the least sum of demerits wins before [`PathRequest::minimise`] is looked at. Links without any of them
    /// cost nothing, unless [`PathRequest::prefer_over`] names them. So `[line1, line2, line3]` rides line 1 where a path
    /// on it meets the rest of the request, then line 2, then line 3, and never bends the core.
    pub prefer: Vec<u128>,
    /// Affinities that are alternatives to the preferred ones without being listed: a link that has one of these and no
    /// preferred one costs as many demerits as there are preferences. Makes `prefer: [line1]` alone mean something.
    pub prefer_over: u128,
    /// Whether every link must be encrypted.
    pub encrypted: bool,
    /// Nodes to visit in order. The way through them may cross a node or a link again, as service chains do.
    pub waypoints: Vec<NodeIx>,
    /// Nodes, links and sites to visit in any order, between waypoints too. As with waypoints, a node or link may be crossed
    /// again.
    pub include: Includes,
    /// What no path may touch.
    pub excluded: Exclusions,
}

impl PathRequest {
    /// Any path, the one of least delay.
    pub fn new(from: NodeIx, to: NodeIx) -> Self {
        Self {
            from,
            to,
            minimise: Minimise::default(),
            bounds: Bounds::default(),
            bandwidth: Bandwidth::ZERO,
            avoid_affinity: 0,
            include_any: 0,
            include_all: 0,
            prefer: Vec::new(),
            prefer_over: 0,
            encrypted: false,
            waypoints: Vec::new(),
            include: Includes::default(),
            excluded: Exclusions::default(),
        }
    }
}

/// A single thing that keeps paths away, in the order in which explanations try to lift them.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Constraint {
    /// [`Bounds::delay`].
    Delay,
    /// [`Bounds::jitter`].
    Jitter,
    /// [`Bounds::loss`].
    Loss,
    /// [`Bounds::hops`].
    Hops,
    /// [`Bounds::price`].
    Price,
    /// [`Bounds::segments`].
    Segments,
    /// [`PathRequest::bandwidth`].
    Bandwidth,
    /// [`PathRequest::avoid_affinity`].
    AvoidAffinity,
    /// [`PathRequest::include_any`].
    IncludeAny,
    /// [`PathRequest::include_all`].
    IncludeAll,
    /// [`PathRequest::encrypted`].
    Encryption,
    /// [`PathRequest::waypoints`].
    Waypoints,
    /// [`PathRequest::include`].
    Included,
    /// [`Exclusions::edges`].
    ExcludedLinks,
    /// [`Exclusions::nodes`].
    ExcludedNodes,
    /// [`Exclusions::srlgs`].
    ExcludedSrlgs,
    /// The overload bit of nodes.
    Overload,
    /// IGP metric 2^24-1 where the IGP metric chooses.
    UnusableMetric,
}

impl Constraint {
    /// All of them, in order.
    pub const ALL: [Self; 18] = [
        Self::Delay,
        Self::Jitter,
        Self::Loss,
        Self::Hops,
        Self::Price,
        Self::Segments,
        Self::Bandwidth,
        Self::AvoidAffinity,
        Self::IncludeAny,
        Self::IncludeAll,
        Self::Encryption,
        Self::Waypoints,
        Self::Included,
        Self::ExcludedLinks,
        Self::ExcludedNodes,
        Self::ExcludedSrlgs,
        Self::Overload,
        Self::UnusableMetric,
    ];
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Delay => "delay",
            Self::Jitter => "jitter",
            Self::Loss => "loss",
            Self::Hops => "hops",
            Self::Price => "price",
            Self::Segments => "segments",
            Self::Bandwidth => "bandwidth",
            Self::AvoidAffinity => "avoided affinity",
            Self::IncludeAny => "affinity (any of)",
            Self::IncludeAll => "affinity (all of)",
            Self::Encryption => "encryption",
            Self::Waypoints => "waypoints",
            Self::Included => "included nodes, links or sites",
            Self::ExcludedLinks => "excluded links",
            Self::ExcludedNodes => "excluded nodes",
            Self::ExcludedSrlgs => "excluded shared risks",
            Self::Overload => "overloaded nodes",
            Self::UnusableMetric => "IGP metric 16777215",
        })
    }
}
