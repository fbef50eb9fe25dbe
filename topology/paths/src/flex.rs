//! Flexible algorithms (RFC 9350): shortest paths of the IGP by another metric, over a part of the network.

use std::collections::BTreeMap;

use ipnet::Ipv6Net;
use model::{EdgeIx, Graph, NodeIx, graph::Edge, intent::Minimise};
use thiserror::Error;

use crate::{
    constraint::{Exclusions, PathRequest},
    metric::MetricType,
    set::{EdgeSet, NodeSet, RiskSet},
    spf::Spf,
};

/// The definition of an algorithm (RFC 9350 section 5).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FlexAlgorithm {
    number: u8,
    /// What its paths add up.
    pub metric: MetricType,
    /// Links that have one of these affinities are not used (section 6.1).
    pub exclude_any: u128,
    /// Only links that have one of these are used; 0 asks nothing (section 6.2).
    pub include_any: u128,
    /// Only links that have all of these are used (section 6.3).
    pub include_all: u128,
    /// Links in one of these shared risks are not used (section 6.5).
    pub exclude_srlgs: RiskSet,
    /// The nodes that take part (section 11); others carry nothing.
    pub participants: NodeSet,
}

/// Not the number of a flexible algorithm.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("{0} is not a flexible algorithm: they have numbers from 128 to 255")]
pub struct BadAlgorithm(pub u8);

/// The node SIDs of an algorithm (RFC 9350 section 14): each node that takes part has its own.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct FlexSids {
    /// SRv6 locators of the algorithm.
    pub locators: BTreeMap<NodeIx, Ipv6Net>,
    /// Prefix SID indices of the algorithm.
    pub indices: BTreeMap<NodeIx, u32>,
}

/// A definition that a node advertises.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Advertised {
    /// Its priority.
    pub priority: u8,
    /// The system or router id of the node.
    pub originator: u64,
    /// What it says.
    pub definition: FlexAlgorithm,
}

impl FlexAlgorithm {
    /// By IGP metric over all links between these nodes.
    ///
    /// # Errors
    /// The number is not that of a flexible algorithm.
    pub fn new(number: u8, participants: NodeSet) -> Result<Self, BadAlgorithm> {
        if number < 128 {
            return Err(BadAlgorithm(number));
        }
        Ok(Self {
            number,
            metric: MetricType::Igp,
            exclude_any: 0,
            include_any: 0,
            include_all: 0,
            exclude_srlgs: RiskSet::default(),
            participants,
        })
    }

    /// Its number, 128 to 255.
    pub const fn number(&self) -> u8 {
        self.number
    }

    /// Whether its paths may use an edge (RFC 9350 section 13, rules 1 to 5).
    pub fn admits(&self, edge: &Edge) -> bool {
        self.participants.contains(edge.from)
            && self.participants.contains(edge.to)
            && edge.affinity & self.exclude_any == 0
            && !edge.srlg.iter().any(|risk| self.exclude_srlgs.contains(*risk))
            && (self.include_any == 0 || edge.affinity & self.include_any != 0)
            && edge.affinity & self.include_all == self.include_all
            && self.metric.of(edge).is_some()
    }

    /// The edges that its paths do not use, those that are down among them. O(edges).
    pub fn closed(&self, graph: &Graph, down: &EdgeSet) -> EdgeSet {
        let closed = |(ix, edge): &(EdgeIx, &Edge)| down.contains(*ix) || !self.admits(edge);
        graph.edges().filter(closed).map(|(ix, _)| ix).collect()
    }

    /// Its shortest paths toward a node; `closed` as of [`FlexAlgorithm::closed`].
    pub fn toward(&self, graph: &Graph, closed: &EdgeSet, target: NodeIx) -> Spf {
        Spf::toward_any(graph, closed, self.metric, vec![target])
    }

    /// What a path has to ask for to be a shortest path of this algorithm: then one node segment of it carries the whole path.
    pub fn request(&self, graph: &Graph, from: NodeIx, to: NodeIx) -> PathRequest {
        PathRequest {
            minimise: match self.metric {
                MetricType::Igp => Minimise::Igp,
                MetricType::Delay => Minimise::Delay,
                MetricType::Te => Minimise::Te,
            },
            avoid_affinity: self.exclude_any,
            include_any: self.include_any,
            include_all: self.include_all,
            excluded: Exclusions {
                nodes: graph.nodes().filter(|node| !self.participants.contains(*node)).collect(),
                srlgs: self.exclude_srlgs.clone(),
                ..Exclusions::default()
            },
            ..PathRequest::new(from, to)
        }
    }

    /// The definition of an algorithm that all nodes follow: highest priority, then highest originator (RFC 9350 section 5.3).
    pub fn elected(advertised: &[Advertised], number: u8) -> Option<&Self> {
        let of_number = advertised.iter().filter(|one| one.definition.number == number);
        of_number.max_by_key(|one| (one.priority, one.originator)).map(|one| &one.definition)
    }
}

#[cfg(test)]
mod tests;
