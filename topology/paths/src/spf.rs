//! Where the IGP sends packets: shortest paths toward one node with all equal-cost next hops (RFC 1195 annex C.2.6,
//! RFC 2328 section 16.1).

use model::{EdgeIx, Graph, NodeIx};

use crate::{
    goal::NO_EDGE,
    metric::MetricType,
    packed::{Lead, UNREACHED},
    set::EdgeSet,
    trees::Trees,
};

/// Shortest distances toward a node, or toward the nearest of several (anycast). Overloaded nodes carry no transit (RFC 3787
/// section 4), edges that are down do not exist.
#[derive(Clone, Debug)]
pub struct Spf {
    metric: MetricType,
    targets: Vec<NodeIx>,
    distance: Vec<u64>,
    via: Vec<EdgeIx>,
}

impl Spf {
    /// By IGP metric. As cheap as a tree of [`Trees`], and packing the network.
    pub fn toward(graph: &Graph, down: &EdgeSet, target: NodeIx) -> Self {
        Self::toward_any(graph, down, MetricType::Igp, vec![target])
    }

    /// By some metric toward the nearest of some nodes.
    pub fn toward_any(graph: &Graph, down: &EdgeSet, metric: MetricType, targets: Vec<NodeIx>) -> Self {
        Self::grown(&mut Trees::new(graph, metric, Lead::Home, down), metric, targets)
    }

    /// The same where the network is packed already, for paths that lead home.
    pub(crate) fn grown(trees: &mut Trees<'_>, metric: MetricType, targets: Vec<NodeIx>) -> Self {
        let tree = trees.grow_any(&targets);
        let (distance, via) = (tree.distances().to_vec(), tree.edges().to_vec());
        Self { metric, targets, distance, via }
    }

    /// The nodes that distances lead to.
    pub fn targets(&self) -> &[NodeIx] {
        &self.targets
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
        let ask = !self.targets.contains(&node) && here != UNREACHED;
        graph.out(node).iter().copied().filter(move |ix| {
            let edge = graph.edge(*ix);
            let there = self.distance[edge.to.ix()];
            let step = self.metric.of(edge).filter(|_| !down.contains(*ix));
            ask && step.is_some_and(|step| there != UNREACHED && here == step.saturating_add(there))
                && edge.to != node
                && self.carries(graph, edge.to)
        })
    }

    /// One edge over which a node forwards, such that following these leads to the target, also over links of metric 0.
    pub fn first_hop(&self, node: NodeIx) -> Option<EdgeIx> {
        self.distance(node)?;
        Some(self.via[node.ix()]).filter(|via| *via != NO_EDGE)
    }

    /// The edge over which a node forwards, where there is exactly one.
    pub fn only_next_hop(&self, graph: &Graph, down: &EdgeSet, node: NodeIx) -> Option<EdgeIx> {
        let mut hops = self.next_hops(graph, down, node);
        let only = hops.next()?;
        hops.next().is_none().then_some(only)
    }

    fn carries(&self, graph: &Graph, node: NodeIx) -> bool {
        !graph.is_overloaded(node) || self.targets.contains(&node)
    }
}
