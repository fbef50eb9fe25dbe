//! What shortest paths need to know of the network, side by side in memory: a search over 10,000 nodes reads little else.

use model::{EdgeIx, Graph, IgpMetric, NodeIx};

/// An edge that leaves a node, and the metrics of both directions of its link.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hop {
    pub(crate) edge: EdgeIx,
    pub(crate) to: NodeIx,
    forth: u32,
    back: u32,
}

/// A metric that keeps an edge out of shortest paths.
const UNUSABLE: u32 = u32::MAX;

impl Hop {
    /// The metric of the edge; none where shortest paths leave it out (RFC 5305 section 3).
    pub(crate) fn forth(self) -> Option<u32> {
        (self.forth != UNUSABLE).then_some(self.forth)
    }

    /// The metric of the other direction.
    pub(crate) fn back(self) -> Option<u32> {
        (self.back != UNUSABLE).then_some(self.back)
    }
}

/// The network in compressed sparse rows, metrics and overload bits only. 16 bytes an edge.
#[derive(Clone, Debug)]
pub(crate) struct Mesh {
    first: Vec<u32>,
    hops: Vec<Hop>,
    overload: Vec<bool>,
    /// Whether some metric is zero: ties are then settled by hops toward the destination.
    pub(crate) has_zero: bool,
}

impl Mesh {
    pub(crate) fn new(graph: &Graph) -> Self {
        let metric = |edge: EdgeIx| match graph.edge(edge).igp {
            igp if IgpMetric(igp).is_usable() => igp,
            _ => UNUSABLE,
        };
        let mut mesh = Self {
            first: Vec::with_capacity(graph.node_count() + 1),
            hops: Vec::with_capacity(graph.edge_count()),
            overload: graph.nodes().map(|node| graph.is_overloaded(node)).collect(),
            has_zero: graph.edges().any(|(_, edge)| edge.igp == 0),
        };
        mesh.first.push(0);
        for node in graph.nodes() {
            mesh.hops.extend(graph.out(node).iter().map(|edge| Hop {
                edge: *edge,
                to: graph.edge(*edge).to,
                forth: metric(*edge),
                back: metric(edge.reverse()),
            }));
            mesh.first.push(mesh.hops.len() as u32);
        }
        mesh
    }

    pub(crate) fn nodes(&self) -> usize {
        self.overload.len()
    }

    /// What leaves a node, edges ascending.
    pub(crate) fn hops(&self, node: NodeIx) -> &[Hop] {
        &self.hops[self.first[node.ix()] as usize..self.first[node.ix() + 1] as usize]
    }

    /// Whether a node asks for no transit traffic (RFC 3787 section 4).
    pub(crate) fn is_overloaded(&self, node: NodeIx) -> bool {
        self.overload[node.ix()]
    }
}
