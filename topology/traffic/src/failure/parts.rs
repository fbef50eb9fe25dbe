//! Parts of the graph that are down, and which of them the IGP has heard of.

use model::{EdgeIx, NodeIx};

use crate::network::Network;

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

    /// The edges that are down, in the order in which they went.
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
