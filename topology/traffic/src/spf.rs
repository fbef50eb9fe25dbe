//! IGP shortest paths toward one node, and how traffic spreads over them.
//!
//! Ties are settled the way routers do it: every outgoing edge on a shortest path takes the same share. Edges of metric
//! zero could close a loop of equal distances; among nodes of equal distance traffic goes only to one with fewer hops left.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    sync::Arc,
};

use model::{EdgeIx, Graph, IgpMetric, NodeIx};

use crate::failure::Parts;

/// Metric and fewest hops to the destination, compared in that order.
type Distance = (u64, u32);

const UNREACHED: Distance = (u64::MAX, u32::MAX);

/// Distances of all nodes to one.
#[derive(Debug)]
struct Tree {
    to: NodeIx,
    distance: Vec<Distance>,
}

impl Tree {
    /// Dijkstra against the direction of travel. Overloaded nodes are sources and destinations, never transit (RFC 3787
    /// section 4); metric 2^24-1 is left out (RFC 5305 section 3). O(edges log nodes).
    fn toward(graph: &Graph, to: NodeIx, down: &Parts) -> Self {
        let mut distance = vec![UNREACHED; graph.node_count()];
        distance[to.ix()] = (0, 0);
        let mut heap = BinaryHeap::from([Reverse(((0, 0), to))]);
        while let Some(Reverse((here, node))) = heap.pop() {
            if here > distance[node.ix()] || (node != to && graph.is_overloaded(node)) {
                continue;
            }
            for edge in graph.into(node) {
                let facts = graph.edge(edge);
                if !IgpMetric(facts.igp).is_usable() || down.has(edge) {
                    continue;
                }
                let there = (here.0 + u64::from(facts.igp), here.1 + 1);
                if there < distance[facts.from.ix()] {
                    distance[facts.from.ix()] = there;
                    heap.push(Reverse((there, facts.from)));
                }
            }
        }
        Self { to, distance }
    }

    /// The edges by which a node forwards, ascending.
    fn next<'a>(
        &'a self,
        graph: &'a Graph,
        node: NodeIx,
        down: &'a Parts,
    ) -> impl Iterator<Item = EdgeIx> + 'a {
        let here = self.distance[node.ix()];
        graph.out(node).iter().copied().filter(move |edge| {
            let facts = graph.edge(*edge);
            let there = self.distance[facts.to.ix()];
            IgpMetric(facts.igp).is_usable()
                && !down.has(*edge)
                && there != UNREACHED
                && (facts.to == self.to || !graph.is_overloaded(facts.to))
                && here.0 == there.0 + u64::from(facts.igp)
                && (facts.igp > 0 || there.1 < here.1)
        })
    }
}

/// An edge on the way, with its ends numbered within the spread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) edge: EdgeIx,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

/// All shortest paths between two nodes as an acyclic graph; steps stand in the direction of travel, those that leave one
/// node beside each other.
#[derive(Debug)]
pub(crate) struct Spread {
    pub(crate) steps: Vec<Step>,
    pub(crate) nodes: usize,
}

impl Spread {
    fn between(tree: &Tree, graph: &Graph, from: NodeIx, down: &Parts) -> Option<Self> {
        if tree.distance[from.ix()] == UNREACHED {
            return None;
        }
        // The farthest node first: all that forward to a node are farther, so they are done before it.
        let mut waiting = BTreeMap::from([((Reverse(tree.distance[from.ix()]), from), ())]);
        let mut number = BTreeMap::new();
        let mut edges: Vec<(EdgeIx, usize, NodeIx)> = Vec::new();
        while let Some(((_, node), ())) = waiting.pop_first() {
            let ordinal = number.len();
            number.insert(node, ordinal);
            if node == tree.to {
                continue;
            }
            for edge in tree.next(graph, node, down) {
                let to = graph.edge(edge).to;
                edges.push((edge, ordinal, to));
                waiting.insert((Reverse(tree.distance[to.ix()]), to), ());
            }
        }
        let steps = edges.into_iter().map(|(edge, from, to)| Step { edge, from, to: number[&to] }).collect();
        Some(Self { steps, nodes: number.len() })
    }

    /// Whether any step uses a link that is down.
    pub(crate) fn meets(&self, down: &Parts) -> Option<EdgeIx> {
        self.steps.iter().map(|step| step.edge).find(|edge| down.has(*edge))
    }

    /// Lets an amount flow; tells each edge what it carries. What comes to a link that is down is gone.
    pub(crate) fn pour(&self, amount: u64, down: &Parts, mut each: impl FnMut(EdgeIx, u64)) {
        let mut at = vec![0_u64; self.nodes];
        at[0] = amount;
        for ways in self.steps.chunk_by(|a, b| a.from == b.from) {
            let here = at[ways[0].from];
            for (way, step) in (0..).zip(ways) {
                let share = portion(here, ways.len() as u64, way);
                if !down.has(step.edge) {
                    each(step.edge, share);
                    at[step.to] += share;
                }
            }
        }
    }
}

/// The share of way number `way` out of `ways`: equal, and what is left over goes to the first ways.
pub(crate) const fn portion(amount: u64, ways: u64, way: u64) -> u64 {
    amount / ways + (way < amount % ways) as u64
}

/// Spreads computed so far under one set of failures.
#[derive(Debug)]
pub(crate) struct Igp {
    known: Parts,
    trees: Vec<Option<Tree>>,
    spreads: BTreeMap<(NodeIx, NodeIx), Option<Arc<Spread>>>,
}

impl Igp {
    pub(crate) fn new(graph: &Graph, known: Parts) -> Self {
        let mut trees = Vec::new();
        trees.resize_with(graph.node_count(), || None);
        Self { known, trees, spreads: BTreeMap::new() }
    }

    /// All shortest paths from one node to another; none where there is no way.
    fn spread(&mut self, graph: &Graph, from: NodeIx, to: NodeIx) -> Option<Arc<Spread>> {
        if let Some(spread) = self.spreads.get(&(from, to)) {
            return spread.clone();
        }
        let tree = self.trees[to.ix()].get_or_insert_with(|| Tree::toward(graph, to, &self.known));
        let spread = Spread::between(tree, graph, from, &self.known).map(Arc::new);
        self.spreads.insert((from, to), spread.clone());
        spread
    }
}

/// The IGP under a failure, over the IGP without it: paths that the failure does not touch are taken from below.
#[derive(Debug)]
pub(crate) struct Layered<'a> {
    pub(crate) graph: &'a Graph,
    pub(crate) base: &'a mut Igp,
    pub(crate) top: Option<Igp>,
}

impl Layered<'_> {
    pub(crate) fn spread(&mut self, from: NodeIx, to: NodeIx) -> Option<Arc<Spread>> {
        // Taking links away makes nothing reachable, and leaves shortest paths that avoid them as they are.
        let below = self.base.spread(self.graph, from, to)?;
        match &mut self.top {
            Some(top) if below.meets(&top.known).is_some() => top.spread(self.graph, from, to),
            _ => Some(below),
        }
    }
}
