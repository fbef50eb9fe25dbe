//! Where the IGP sends packets: shortest paths toward one node with all equal-cost next hops (RFC 1195 annex C.2.6,
//! RFC 2328 section 16.1).

use std::{cmp::Reverse, collections::BinaryHeap};

use model::{EdgeIx, Graph, NodeIx, graph::Edge, unit::IgpMetric};

use crate::set::EdgeSet;

/// Shortest distances toward a node by IGP metric. Links of metric 2^24-1 are not used (RFC 5305 section 3), overloaded nodes
/// carry no transit (RFC 3787 section 4), edges that are down do not exist.
#[derive(Clone, Debug)]
pub struct Spf {
    target: NodeIx,
    distance: Vec<u64>,
}

const UNREACHED: u64 = u64::MAX;

impl Spf {
    /// O((nodes + edges) log nodes).
    pub fn toward(graph: &Graph, down: &EdgeSet, target: NodeIx) -> Self {
        let mut distance = vec![UNREACHED; graph.node_count()];
        let mut heap = BinaryHeap::new();
        distance[target.ix()] = 0;
        heap.push(Reverse((0, target)));
        while let Some(Reverse((value, node))) = heap.pop() {
            if value > distance[node.ix()] || !carries(graph, node, target) {
                continue;
            }
            for ix in graph.into(node) {
                let edge = graph.edge(ix);
                if !is_up(edge, ix, down) {
                    continue;
                }
                let value = value + u64::from(edge.igp);
                if value < distance[edge.from.ix()] {
                    distance[edge.from.ix()] = value;
                    heap.push(Reverse((value, edge.from)));
                }
            }
        }
        Self { target, distance }
    }

    /// The node that distances lead to.
    pub const fn target(&self) -> NodeIx {
        self.target
    }

    /// The distance from a node; none where the target cannot be reached.
    pub fn distance(&self, from: NodeIx) -> Option<u64> {
        Some(self.distance[from.ix()]).filter(|distance| *distance != UNREACHED)
    }

    /// The edges over which a node forwards toward the target, ascending; `graph` and `down` as given to [`Spf::toward`].
    /// Over links of metric 0 two nodes may name each other: both are listed, since either may be used.
    pub fn next_hops<'a>(
        &'a self,
        graph: &'a Graph,
        down: &'a EdgeSet,
        node: NodeIx,
    ) -> impl Iterator<Item = EdgeIx> + 'a {
        let here = self.distance[node.ix()];
        let ask = node != self.target && here != UNREACHED;
        graph.out(node).iter().copied().filter(move |ix| {
            let edge = graph.edge(*ix);
            let there = self.distance[edge.to.ix()];
            ask && is_up(edge, *ix, down)
                && edge.to != node
                && there != UNREACHED
                && carries(graph, edge.to, self.target)
                && here == u64::from(edge.igp) + there
        })
    }

    /// The edge over which a node forwards, where there is exactly one.
    pub fn only_next_hop(&self, graph: &Graph, down: &EdgeSet, node: NodeIx) -> Option<EdgeIx> {
        let mut hops = self.next_hops(graph, down, node);
        let only = hops.next()?;
        hops.next().is_none().then_some(only)
    }
}

fn carries(graph: &Graph, node: NodeIx, target: NodeIx) -> bool {
    node == target || !graph.is_overloaded(node)
}

fn is_up(edge: &Edge, ix: EdgeIx, down: &EdgeSet) -> bool {
    IgpMetric(edge.igp).is_usable() && !down.contains(ix)
}
