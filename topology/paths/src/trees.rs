//! Shortest-path trees by one metric, as fast as they come: the network packed once, many trees grown on it.

use model::{EdgeIx, Graph, NodeIx, graph::Edge, link::Encryption};

use crate::{
    constraint::PathRequest,
    goal::NO_EDGE,
    metric::MetricType,
    queue::Queue,
    set::{EdgeSet, NodeSet},
};

/// Which way paths of a tree lead.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Lead {
    /// From the root to all nodes.
    Away,
    /// From all nodes to the root.
    Home,
}

#[derive(Clone, Copy, Debug)]
struct Arc {
    metric: u64,
    node: u32,
    edge: EdgeIx,
}

/// What pruning looks at, beside each arc.
#[derive(Clone, Copy, Debug)]
struct Marks {
    affinity: u128,
    encrypted: bool,
}

/// Grows shortest-path trees on one graph by one metric: distances, and for each node the edge by which the tree reaches it.
/// Overloaded nodes carry no transit (RFC 3787 section 4), edges that the metric does not use do not exist.
///
/// A tree costs O(nodes + edges + longest distance / shortest edge) where edges are not too unlike in length (at most 1 to 4096),
/// else O((nodes + edges) log nodes). Memory: 48 bytes an edge.
#[derive(Debug)]
pub struct Trees<'a> {
    graph: &'a Graph,
    lead: Lead,
    /// Arcs by the node from which the tree grows over them: `arcs[first[n]..first[n + 1]]`.
    first: Vec<u32>,
    arcs: Vec<Arc>,
    marks: Vec<Marks>,
    queue: Queue,
    distance: Vec<u64>,
    via: Vec<EdgeIx>,
}

/// Not reached.
pub(crate) const UNREACHED: u64 = u64::MAX;

impl<'a> Trees<'a> {
    /// Packs a graph without some edges. O(nodes + edges).
    pub fn new(graph: &'a Graph, metric: MetricType, lead: Lead, closed: &EdgeSet) -> Self {
        let mut first = Vec::with_capacity(graph.node_count() + 1);
        let (mut arcs, mut marks) = (Vec::new(), Vec::new());
        let (mut least, mut most) = (u64::MAX, 0);
        for node in graph.nodes() {
            first.push(arcs.len() as u32);
            for out in graph.out(node) {
                let ix = if lead == Lead::Away { *out } else { out.reverse() };
                let edge = graph.edge(ix);
                let Some(metric) = metric.of(edge).filter(|_| !closed.contains(ix)) else { continue };
                let node = if lead == Lead::Away { edge.to } else { edge.from };
                (least, most) = (least.min(metric), most.max(metric));
                arcs.push(Arc { metric, node: node.0, edge: ix });
                marks.push(marks_of(edge));
            }
        }
        first.push(arcs.len() as u32);
        Self {
            graph,
            lead,
            first,
            arcs,
            marks,
            queue: Queue::new(least.min(most), most),
            distance: vec![UNREACHED; graph.node_count()],
            via: vec![EdgeIx(0); graph.node_count()],
        }
    }

    /// The tree of a root over all edges.
    pub fn grow(&mut self, root: NodeIx) -> Tree<'_> {
        self.grow_any(&[root])
    }

    /// The tree of several roots: each node hangs on the nearest.
    pub fn grow_any(&mut self, roots: &[NodeIx]) -> Tree<'_> {
        self.spread(roots, |_, _, _| true)
    }

    /// The tree of a root over the edges that a request admits: bandwidth, affinities, encryption and exclusions. Its ends,
    /// objective, bounds, stops and preferences are not looked at. `free` is as for [`crate::shortest`].
    pub fn grow_within(&mut self, root: NodeIx, free: &[u64], request: &PathRequest) -> Tree<'_> {
        let excluded = &request.excluded;
        let mut closed = excluded.edges.clone();
        for risk in (0..self.graph.srlgs.len() as u32).filter(|risk| excluded.srlgs.contains(*risk)) {
            closed.extend(self.graph.in_srlg(risk).iter().copied());
        }
        let nodes: &NodeSet = &excluded.nodes;
        if nodes.contains(root) {
            return self.grow_any(&[]);
        }
        let bandwidth = request.bandwidth.as_bps();
        let (avoid, any, all) = (request.avoid_affinity, request.include_any, request.include_all);
        let encrypted = request.encrypted;
        self.spread(&[root], |edge, node, marks| {
            free.get(edge.ix()).is_some_and(|free| *free >= bandwidth)
                && marks.affinity & avoid == 0
                && (any == 0 || marks.affinity & any != 0)
                && marks.affinity & all == all
                && (marks.encrypted || !encrypted)
                && !closed.contains(edge)
                && !nodes.contains(node)
        })
    }

    #[inline]
    fn spread(&mut self, roots: &[NodeIx], admits: impl Fn(EdgeIx, NodeIx, &Marks) -> bool) -> Tree<'_> {
        self.distance.fill(UNREACHED);
        self.queue.clear();
        for root in roots {
            self.distance[root.ix()] = 0;
            self.via[root.ix()] = NO_EDGE;
            self.queue.push(0, root.0);
        }
        while let Some((distance, node)) = self.queue.pop() {
            let here = node as usize;
            let closed = self.graph.is_overloaded(NodeIx(node)) && !roots.contains(&NodeIx(node));
            if closed || distance > self.distance[here] {
                continue;
            }
            let arcs = self.first[here] as usize..self.first[here + 1] as usize;
            for (arc, marks) in self.arcs[arcs.clone()].iter().zip(&self.marks[arcs]) {
                let (next, there) = (distance.saturating_add(arc.metric), arc.node as usize);
                let known = self.distance[there];
                if next > known || !admits(arc.edge, NodeIx(arc.node), marks) {
                    continue;
                }
                if next < known {
                    self.distance[there] = next;
                    self.via[there] = arc.edge;
                    self.queue.push(next, arc.node);
                } else if arc.metric > 0 && arc.edge < self.via[there] {
                    self.via[there] = arc.edge;
                }
            }
        }
        Tree { lead: self.lead, graph: self.graph, distance: &self.distance, via: &self.via }
    }
}

fn marks_of(edge: &Edge) -> Marks {
    Marks { affinity: edge.affinity, encrypted: edge.encryption != Encryption::None }
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
