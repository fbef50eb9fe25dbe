//! Lines whose loss no plan can mend: bridges of the network between the two ends of a service.
//!
//! A backup path protects a service only where there is a second way at all. This asks the graph, not the plan: what stays true
//! whatever is computed. Services that need encryption are asked on the graph of encrypted lines.

use std::collections::{BTreeMap, BTreeSet};

use model::{IntentSet, LinkId, NodeId, Service, ServiceId, Ted, link::Encryption};
use petgraph::{
    algo::bridges::bridges,
    graph::{NodeIndex, UnGraph},
    unionfind::UnionFind,
    visit::EdgeRef,
};
use serde::Serialize;

/// A line between some services and silence.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Risk {
    /// The line.
    pub link: LinkId,
    /// The services that lose their last way with it.
    pub services: Vec<ServiceId>,
}

/// The lines whose single failure leaves some service without any way, in the order of their names.
/// O(bridges x links + services x bridges).
pub fn risks(ted: &Ted, set: &IntentSet) -> Vec<Risk> {
    let mut found: BTreeMap<LinkId, BTreeSet<ServiceId>> = BTreeMap::new();
    for encrypted in [false, true] {
        let services: Vec<&Service> =
            set.services.values().filter(|service| service.sle.encrypted == encrypted).collect();
        if services.is_empty() {
            continue;
        }
        let lines = Lines::of(ted, encrypted);
        let whole = lines.components(None);
        for cut in lines.bridges() {
            let parts = lines.components(Some(cut));
            for service in &services {
                let (Some(a), Some(z)) = (lines.places.get(&service.a), lines.places.get(&service.z)) else {
                    continue;
                };
                if whole.equiv(a.index(), z.index()) && !parts.equiv(a.index(), z.index()) {
                    found.entry(cut.clone()).or_default().insert(service.id.clone());
                }
            }
        }
    }
    found
        .into_iter()
        .map(|(link, services)| Risk { link, services: services.into_iter().collect() })
        .collect()
}

struct Lines<'a> {
    places: BTreeMap<&'a NodeId, NodeIndex>,
    /// One edge for each pair of neighbours, with all the lines between them.
    graph: UnGraph<(), Vec<&'a LinkId>>,
}

impl<'a> Lines<'a> {
    fn of(ted: &'a Ted, encrypted: bool) -> Self {
        let mut graph = UnGraph::new_undirected();
        let places: BTreeMap<&NodeId, NodeIndex> =
            ted.nodes.keys().map(|id| (id, graph.add_node(()))).collect();
        let mut pairs: BTreeMap<(NodeIndex, NodeIndex), Vec<&LinkId>> = BTreeMap::new();
        for link in ted.links.values() {
            let (Some(a), Some(z)) = (places.get(&link.a.node), places.get(&link.z.node)) else { continue };
            if a != z && !(encrypted && link.encryption == Encryption::None) {
                pairs.entry((*a.min(z), *a.max(z))).or_default().push(&link.id);
            }
        }
        for ((a, z), links) in pairs {
            graph.add_edge(a, z, links);
        }
        Self { places, graph }
    }

    /// Bridges of the simple graph that are one line only: parallel lines protect each other.
    fn bridges(&self) -> BTreeSet<&'a LinkId> {
        bridges(&self.graph)
            .filter_map(|edge| match edge.weight().as_slice() {
                [only] => Some(*only),
                _ => None,
            })
            .collect()
    }

    fn components(&self, without: Option<&LinkId>) -> UnionFind<usize> {
        let mut parts = UnionFind::new(self.graph.node_count());
        for edge in self.graph.edge_references() {
            if edge.weight().iter().any(|link| Some(*link) != without) {
                parts.union(edge.source().index(), edge.target().index());
            }
        }
        parts
    }
}

#[cfg(test)]
mod tests;
