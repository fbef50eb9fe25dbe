//! What is broken: named by people as a failure, resolved into parts of the graph, and known to the IGP or not yet.

use std::{collections::BTreeSet, fmt};

use model::{EdgeIx, LinkId, NodeId, NodeIx};
use thiserror::Error;

use crate::network::Network;

/// A failure to walk under.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Failure {
    /// Nothing is broken.
    #[default]
    None,
    /// These links are down, both directions.
    Links(BTreeSet<LinkId>),
    /// This node is down and all its links with it.
    Node(NodeId),
    /// Every link that shares this risk is down.
    Srlg(String),
}

/// A failure names something that the network does not have.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("the failure names {kind} {name}, which the network does not have: check the spelling")]
pub struct UnknownPart {
    /// `link`, `node` or `SRLG`.
    pub kind: &'static str,
    /// The name.
    pub name: String,
}

impl Failure {
    /// One link down.
    pub fn link(link: LinkId) -> Self {
        Self::Links(BTreeSet::from([link]))
    }

    /// Every single link down, in the order of ids.
    pub fn every_link(network: &Network) -> Vec<Self> {
        let graph = network.graph();
        let sides = graph.edges().map(|(edge, _)| edge).filter(|edge| edge.0.is_multiple_of(2));
        sides.map(|edge| Self::link(graph.link_id(edge).clone())).collect()
    }

    /// Every single node down, in the order of ids.
    pub fn every_node(network: &Network) -> Vec<Self> {
        let graph = network.graph();
        graph.nodes().map(|node| Self::Node(graph.node_id(node).clone())).collect()
    }

    /// Every shared risk, in the order of names.
    pub fn every_srlg(network: &Network) -> Vec<Self> {
        network.graph().srlgs.iter().cloned().map(Self::Srlg).collect()
    }

    /// Every pair of links, in the order of ids: n (n - 1) / 2 of them.
    pub fn every_pair(network: &Network) -> impl Iterator<Item = Self> {
        let links: Vec<LinkId> = Self::every_link(network)
            .into_iter()
            .flat_map(|failure| match failure {
                Self::Links(links) => links.into_iter().collect(),
                _ => Vec::new(),
            })
            .collect();
        (0..links.len()).flat_map(move |first| {
            let rest: Vec<Self> = links[first + 1..]
                .iter()
                .map(|second| Self::Links(BTreeSet::from([links[first].clone(), second.clone()])))
                .collect();
            rest
        })
    }

    /// The parts that are down.
    ///
    /// # Errors
    /// A name that the network does not have.
    pub fn parts(&self, network: &Network) -> Result<Parts, UnknownPart> {
        let graph = network.graph();
        let mut parts = Parts::none(network);
        match self {
            Self::None => {}
            Self::Links(links) => {
                for link in links {
                    let edge = graph
                        .link_ix(link)
                        .ok_or_else(|| UnknownPart { kind: "link", name: link.to_string() })?;
                    parts.break_link(edge);
                }
            }
            Self::Node(node) => {
                let ix = graph
                    .node_ix(node)
                    .ok_or_else(|| UnknownPart { kind: "node", name: node.to_string() })?;
                parts.break_node(network, ix);
            }
            Self::Srlg(name) => {
                let risk = graph
                    .srlgs
                    .binary_search(name)
                    .map_err(|_| UnknownPart { kind: "SRLG", name: name.clone() })?;
                for (ix, edge) in graph.edges() {
                    if edge.srlg.iter().any(|number| *number as usize == risk) {
                        parts.break_link(ix);
                    }
                }
            }
        }
        Ok(parts)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("no failure"),
            Self::Links(links) => {
                let names: Vec<&str> = links.iter().map(LinkId::as_str).collect();
                write!(f, "link {} down", names.join(" and "))
            }
            Self::Node(node) => write!(f, "node {node} down"),
            Self::Srlg(name) => write!(f, "SRLG {name} down"),
        }
    }
}

/// Links and nodes that are down.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Parts {
    links: Vec<bool>,
    nodes: Vec<bool>,
    broken: Vec<EdgeIx>,
}

impl Parts {
    /// Nothing is down.
    pub fn none(network: &Network) -> Self {
        let graph = network.graph();
        Self {
            links: vec![false; graph.edge_count() / 2],
            nodes: vec![false; graph.node_count()],
            broken: Vec::new(),
        }
    }

    /// Takes both directions of an edge's link down.
    pub fn break_link(&mut self, edge: EdgeIx) {
        if !std::mem::replace(&mut self.links[edge.link()], true) {
            self.broken.extend([edge, edge.reverse()]);
        }
    }

    /// Takes a node and all its links down.
    pub fn break_node(&mut self, network: &Network, node: NodeIx) {
        self.nodes[node.ix()] = true;
        for edge in network.graph().out(node) {
            self.break_link(*edge);
        }
    }

    /// Whether the link of an edge is down.
    pub fn has(&self, edge: EdgeIx) -> bool {
        self.links[edge.link()]
    }

    /// Whether a node is down.
    pub fn has_node(&self, node: NodeIx) -> bool {
        self.nodes[node.ix()]
    }

    /// The edges that are down, in no particular order.
    pub(crate) fn broken(&self) -> &[EdgeIx] {
        &self.broken
    }
}

/// What is down, and what of it the IGP has heard. In between, shortest paths still lead into the hole.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Outage {
    /// What does not forward. Liveness probes on segment lists see it at once.
    pub down: Parts,
    /// What shortest paths avoid.
    pub known: Parts,
}

impl Outage {
    /// The IGP has converged.
    pub fn settled(parts: Parts) -> Self {
        Self { known: parts.clone(), down: parts }
    }
}
