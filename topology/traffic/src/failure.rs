//! What is broken, as people name it, and what that means for the graph.

mod kind;
mod parts;

use std::{collections::BTreeSet, fmt};

use model::{EdgeIx, LinkId, NodeId, NodeIx};
use thiserror::Error;

pub use self::{
    kind::{FailureKind, UnknownKind},
    parts::{Outage, Parts},
};
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

/// What a failure takes away, by number.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Cut {
    /// One edge a link.
    links: Vec<EdgeIx>,
    node: Option<NodeIx>,
}

impl Cut {
    /// Takes it away from what is still there.
    pub(crate) fn apply(&self, network: &Network, parts: &mut Parts) {
        if let Some(node) = self.node {
            parts.break_node(network, node);
        }
        for edge in &self.links {
            parts.break_link(*edge);
        }
    }

    /// The node that goes down.
    pub(crate) fn node(&self) -> Option<NodeIx> {
        self.node
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.links.is_empty() && self.node.is_none()
    }
}

impl Failure {
    /// One link down.
    pub fn link(link: LinkId) -> Self {
        Self::Links(BTreeSet::from([link]))
    }

    /// Every single link down, in the order of ids.
    pub fn every_link(network: &Network) -> Vec<Self> {
        FailureKind::Link.failures(network).collect()
    }

    /// Every single node down, in the order of ids.
    pub fn every_node(network: &Network) -> Vec<Self> {
        FailureKind::Node.failures(network).collect()
    }

    /// Every shared risk, in the order of names.
    pub fn every_srlg(network: &Network) -> Vec<Self> {
        FailureKind::Srlg.failures(network).collect()
    }

    /// Every pair of links, in the order of ids: n (n - 1) / 2 of them.
    pub fn every_pair(network: &Network) -> impl Iterator<Item = Self> {
        FailureKind::TwoLinks.failures(network)
    }

    /// The parts that are down.
    ///
    /// # Errors
    /// A name that the network does not have.
    pub fn parts(&self, network: &Network) -> Result<Parts, UnknownPart> {
        let mut parts = Parts::none(network);
        self.cut(network)?.apply(network, &mut parts);
        Ok(parts)
    }

    /// All but the last link of some links, and the rest: failures that stand beside each other often have the first part in
    /// common.
    ///
    /// # Errors
    /// A name that the network does not have.
    pub(crate) fn steps(&self, network: &Network) -> Result<(Cut, Cut), UnknownPart> {
        let mut cut = self.cut(network)?;
        if !matches!(self, Self::Links(_)) || cut.links.len() < 2 {
            return Ok((Cut::default(), cut));
        }
        let last = cut.links.pop().into_iter().collect();
        Ok((cut, Cut { links: last, node: None }))
    }

    /// Its parts by number. O(log links) for each link; for an SRLG all links are looked at.
    pub(crate) fn cut(&self, network: &Network) -> Result<Cut, UnknownPart> {
        let graph = network.graph();
        let mut cut = Cut::default();
        match self {
            Self::None => {}
            Self::Links(links) => {
                let edge = |link: &LinkId| {
                    let unknown = || UnknownPart { kind: "link", name: link.to_string() };
                    graph.link_ix(link).ok_or_else(unknown)
                };
                cut.links = links.iter().map(edge).collect::<Result<_, _>>()?;
            }
            Self::Node(node) => {
                let unknown = || UnknownPart { kind: "node", name: node.to_string() };
                cut.node = Some(graph.node_ix(node).ok_or_else(unknown)?);
            }
            Self::Srlg(name) => {
                let unknown = |_| UnknownPart { kind: "SRLG", name: name.clone() };
                let risk = graph.srlgs.binary_search(name).map_err(unknown)?;
                let edges = graph.edges().filter(|(ix, _)| ix.0.is_multiple_of(2));
                let shares =
                    edges.filter(|(_, edge)| edge.srlg.iter().any(|number| *number as usize == risk));
                cut.links = shares.map(|(ix, _)| ix).collect();
            }
        }
        Ok(cut)
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
