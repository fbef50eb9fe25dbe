//! By node the one edge by which packets go to a place, or come from it: where there is just one, nothing else need be said
//! to keep them on it.

use model::{EdgeIx, Graph, NodeIx};

use crate::{goal::NO_EDGE, metric::MetricType, packed::UNREACHED, set::EdgeSet, spf::Spf, trees::Trees};

/// By node; [`NO_EDGE`] where there is no such edge or more than one.
pub(crate) type Only = Vec<EdgeIx>;

/// The edge by which packets leave a node toward the nearest of some targets. `trees` lead home, on the same edges.
pub(crate) fn home(
    trees: &mut Trees<'_>,
    graph: &Graph,
    metric: MetricType,
    closed: &EdgeSet,
    targets: Vec<NodeIx>,
) -> Only {
    let tree = Spf::grown(trees, metric, targets);
    graph.nodes().map(|node| tree.only_next_hop(graph, closed, node).unwrap_or(NO_EDGE)).collect()
}

/// The edge by which packets of `start` reach a node. `trees` lead away, on the same edges. Where an edge has metric 0 this may
/// find two where packets take one: see [`Trees::is_positive`].
pub(crate) fn away(
    trees: &mut Trees<'_>,
    graph: &Graph,
    metric: MetricType,
    closed: &EdgeSet,
    start: NodeIx,
) -> Only {
    let distance = trees.grow(start).distances();
    let brings = |ix: &EdgeIx| {
        let edge = graph.edge(*ix);
        let (here, there) = (distance[edge.from.ix()], distance[edge.to.ix()]);
        let step = metric.of(edge).filter(|_| !closed.contains(*ix));
        edge.from != edge.to
            && edge.to != start
            && here != UNREACHED
            && (edge.from == start || !graph.is_overloaded(edge.from))
            && step.is_some_and(|step| here.saturating_add(step) == there)
    };
    let only = |node| {
        let mut bringing = graph.into(node).filter(brings);
        bringing.next().filter(|_| bringing.next().is_none()).unwrap_or(NO_EDGE)
    };
    graph.nodes().map(only).collect()
}
