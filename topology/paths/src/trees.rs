//! Shortest-path trees by one metric, as fast as they come: the network packed once, many trees grown on it.

use model::{EdgeIx, Graph, NodeIx};

use crate::{
    constraint::PathRequest,
    goal::NO_EDGE,
    metric::MetricType,
    packed::{Lead, Packed, Reach, UNREACHED},
    queue::Queue,
    set::EdgeSet,
    sweep::Sweep,
};

/// How trees grow.
#[derive(Debug)]
enum Method {
    /// Where edges are not too unlike in length.
    Sweep(Sweep),
    /// Anywhere.
    Queue(Queue),
}

/// Grows shortest-path trees on one graph by one metric: distances, and for each node the edge by which the tree reaches it.
/// Overloaded nodes carry no transit (RFC 3787 section 4), edges that the metric does not use do not exist.
///
/// A tree costs O(nodes + edges + longest distance / shortest edge) where edges are not too unlike in length (at most 1 to 4096)
/// and the longest edge times the nodes is below 2^31, else O((nodes + edges) log nodes). Memory: about 60 bytes an edge.
#[derive(Debug)]
pub struct Trees<'a> {
    packed: Packed<'a>,
    lead: Lead,
    method: Method,
    reach: Reach,
}

impl<'a> Trees<'a> {
    /// Packs a graph without some edges. O(nodes + edges).
    pub fn new(graph: &'a Graph, metric: MetricType, lead: Lead, closed: &EdgeSet) -> Self {
        let packed = Packed::new(graph, metric, lead, closed);
        let method = match Sweep::pack(&packed) {
            Some(sweep) => Method::Sweep(sweep),
            None => Method::Queue(Queue::new(packed.most)),
        };
        Self { packed, lead, method, reach: Reach::nowhere(graph.node_count()) }
    }

    /// The tree of a root over all edges.
    pub fn grow(&mut self, root: NodeIx) -> Tree<'_> {
        self.grow_any(&[root])
    }

    /// The tree of several roots: each node hangs on the nearest.
    pub fn grow_any(&mut self, roots: &[NodeIx]) -> Tree<'_> {
        match &mut self.method {
            Method::Sweep(sweep) => sweep.spread(roots, &mut self.reach),
            Method::Queue(queue) => queue.spread(&self.packed, roots, |_| true, &mut self.reach),
        }
        self.tree()
    }

    /// The tree of a root over the edges that a request admits: bandwidth, affinities, encryption and exclusions. Its ends,
    /// objective, bounds, stops and preferences are not looked at. `free` is as for [`crate::shortest`].
    pub fn grow_within(&mut self, root: NodeIx, free: &[u64], request: &PathRequest) -> Tree<'_> {
        if request.excluded.nodes.contains(root) {
            return self.grow_any(&[]);
        }
        let admits = self.packed.admitted(free, request);
        match &mut self.method {
            Method::Sweep(sweep) => sweep.spread_within(&self.packed, &[root], admits, &mut self.reach),
            Method::Queue(queue) => queue.spread(&self.packed, &[root], admits, &mut self.reach),
        }
        self.tree()
    }

    /// Whether every edge is longer than 0: else several walks of one length may lead over an edge there and back.
    pub(crate) const fn is_positive(&self) -> bool {
        self.packed.least > 0
    }

    const fn tree(&self) -> Tree<'_> {
        let Reach { distance, via } = &self.reach;
        Tree { lead: self.lead, graph: self.packed.graph, distance: distance.as_slice(), via: via.as_slice() }
    }
}

/// A shortest-path tree. Of several shortest paths to a node the tree takes the smallest last edge (leading away) or first edge
/// (leading home), edges of metric 0 only where no other gets there.
#[derive(Clone, Copy, Debug)]
pub struct Tree<'t> {
    graph: &'t Graph,
    lead: Lead,
    distance: &'t [u64],
    via: &'t [EdgeIx],
}

impl<'t> Tree<'t> {
    /// The distance of a node from the root; none where the tree does not reach it. Stops at the largest value there is.
    pub fn distance(&self, node: NodeIx) -> Option<u64> {
        Some(self.distance[node.ix()]).filter(|distance| *distance != UNREACHED)
    }

    /// All distances by node, `u64::MAX` where the tree does not reach.
    pub const fn distances(&self) -> &'t [u64] {
        self.distance
    }

    pub(crate) const fn edges(&self) -> &'t [EdgeIx] {
        self.via
    }

    /// The path between the root and a node, in order of travel; none where the tree does not reach the node.
    pub fn path(&self, node: NodeIx) -> Option<Vec<EdgeIx>> {
        self.distance(node)?;
        let mut path = Vec::new();
        let mut at = node;
        // A root is the only place of distance 0 that no edge of the tree leads to.
        while let Some(via) = self.edge(at) {
            path.push(via);
            let edge = self.graph.edge(via);
            at = if self.lead == Lead::Away { edge.from } else { edge.to };
        }
        if self.lead == Lead::Away {
            path.reverse();
        }
        Some(path)
    }

    /// The edge by which the tree reaches a node; none at a root and where the tree does not reach.
    pub fn edge(&self, node: NodeIx) -> Option<EdgeIx> {
        self.distance(node)?;
        Some(self.via[node.ix()]).filter(|via| *via != NO_EDGE)
    }
}

#[cfg(test)]
mod tests;
