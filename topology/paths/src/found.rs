//! A path as the searches give it, and what it adds up to.

use model::{
    Bandwidth, Delay, EdgeIx, Graph, Jitter, Loss, NodeIx, Path, Price, graph::Edge, intent::Minimise,
};

use crate::constraint::Bounds;

/// What a path adds up to. Sums stop at the largest value of their type.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Totals {
    /// One-way delay.
    pub delay: Delay,
    /// Sum of the delay variations.
    pub jitter: Jitter,
    /// Loss end to end.
    pub loss: Loss,
    /// Number of links.
    pub hops: u32,
    /// Sum of the prices.
    pub price: Price,
    /// Sum of the IGP metrics.
    pub igp: u64,
    /// Sum of the TE metrics.
    pub te: u64,
}

impl Totals {
    /// Of edges in order of travel.
    pub fn of(graph: &Graph, edges: &[EdgeIx]) -> Self {
        edges.iter().fold(Self::default(), |totals, edge| totals.then(graph.edge(*edge)))
    }

    /// With one edge more at the end.
    pub fn then(mut self, edge: &Edge) -> Self {
        self.delay = self.delay.saturating_add(Delay::from_micros(edge.delay));
        self.jitter = self.jitter.saturating_add(Jitter::from_micros(edge.jitter));
        self.loss = self.loss.then(Loss::from_ppb(edge.loss));
        self.hops += 1;
        self.price = Price(self.price.0.saturating_add(edge.price));
        self.igp = self.igp.saturating_add(u64::from(edge.igp));
        self.te = self.te.saturating_add(u64::from(edge.te));
        self
    }

    /// Whether every bound is met, but for that on segments, which do not add up.
    pub fn meets(&self, bounds: &Bounds) -> bool {
        bounds.delay.is_none_or(|most| self.delay <= most)
            && bounds.jitter.is_none_or(|most| self.jitter <= most)
            && bounds.loss.is_none_or(|most| self.loss <= most)
            && bounds.hops.is_none_or(|most| self.hops <= most)
            && bounds.price.is_none_or(|most| self.price <= most)
    }

    /// The value that a path is chosen by.
    pub const fn metric(&self, by: Minimise) -> u64 {
        match by {
            Minimise::Delay => self.delay.as_micros(),
            Minimise::Igp => self.igp,
            Minimise::Te => self.te,
            Minimise::Hops => self.hops as u64,
            Minimise::Price => self.price.0,
        }
    }
}

/// A path that was found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Found {
    /// Where it starts.
    pub from: NodeIx,
    /// Its edges in order of travel; empty only where both ends are one node.
    pub edges: Vec<EdgeIx>,
    /// What they add up to.
    pub totals: Totals,
    /// Whether no better path exists, proven. When false, the search gave up at its label limit (or a path through waypoints
    /// ran into its own bandwidth) and this path meets the request but may not be the best.
    pub exact: bool,
}

impl Found {
    /// The path in names; see [`to_path`].
    pub fn to_path(&self, graph: &Graph, spare: Bandwidth) -> Path {
        to_path(graph, self.from, &self.edges, spare)
    }

    /// The nodes in order of travel, both ends included.
    pub fn nodes(&self, graph: &Graph) -> Vec<NodeIx> {
        std::iter::once(self.from).chain(self.edges.iter().map(|edge| graph.edge(*edge).to)).collect()
    }
}

/// Edges in names. `spare` is what the caller found free on them, see [`spare`].
pub fn to_path(graph: &Graph, from: NodeIx, edges: &[EdgeIx], spare: Bandwidth) -> Path {
    let totals = Totals::of(graph, edges);
    Path {
        hops: edges.iter().map(|edge| graph.hop(*edge)).collect(),
        nodes: std::iter::once(from)
            .chain(edges.iter().map(|edge| graph.edge(*edge).to))
            .map(|node| graph.node_id(node).clone())
            .collect(),
        delay: totals.delay,
        jitter: totals.jitter,
        loss: totals.loss,
        price: totals.price,
        spare,
    }
}

/// The least bandwidth that is free on any of these edges; the largest value there is for no edges.
pub fn spare(edges: &[EdgeIx], free: &[u64]) -> Bandwidth {
    let least = edges.iter().map(|edge| free.get(edge.ix()).copied().unwrap_or(0)).min();
    Bandwidth::from_bps(least.unwrap_or(u64::MAX))
}

/// The capacity of every edge, bit/s: what is free in an empty network.
pub fn capacities(graph: &Graph) -> Vec<u64> {
    graph.edges().map(|(_, edge)| edge.bandwidth).collect()
}
