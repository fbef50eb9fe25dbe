//! A network packed for one metric and one direction: arcs by the node from which a tree grows over them.

use std::collections::BTreeMap;

use model::{EdgeIx, Graph, NodeIx, link::Encryption};

use crate::{constraint::PathRequest, goal::NO_EDGE, metric::MetricType, set::EdgeSet};

/// Which way paths of a tree lead.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Lead {
    /// From the root to all nodes.
    Away,
    /// From all nodes to the root.
    Home,
}

impl Lead {
    /// The direction of a link that brings a search nearer to the root, given the one that leaves where it is.
    #[inline]
    pub(crate) const fn toward(self, out: EdgeIx) -> EdgeIx {
        match self {
            Self::Home => out,
            Self::Away => out.reverse(),
        }
    }
}

/// An edge as a tree grows over it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arc {
    pub(crate) metric: u64,
    /// Where it leads.
    pub(crate) node: u32,
    pub(crate) edge: EdgeIx,
}

/// What pruning looks at. There are few different ones, however many arcs.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Marks {
    affinity: u128,
    encrypted: bool,
}

/// The network.
#[derive(Debug)]
pub(crate) struct Packed<'a> {
    pub(crate) graph: &'a Graph,
    /// The arcs of a node are `arcs[first[n]..first[n + 1]]`.
    pub(crate) first: Vec<u32>,
    pub(crate) arcs: Vec<Arc>,
    /// For each arc which of `marks` it bears.
    bears: Vec<u32>,
    marks: Vec<Marks>,
    /// The least and the greatest metric; zero where there is no arc.
    pub(crate) least: u64,
    pub(crate) most: u64,
}

/// What a tree came to, by node.
#[derive(Debug)]
pub(crate) struct Reach {
    /// From or to the root.
    pub(crate) distance: Vec<u64>,
    /// The edge by which the tree gets there; nothing that means anything where it does not.
    pub(crate) via: Vec<EdgeIx>,
}

/// Not reached.
pub(crate) const UNREACHED: u64 = u64::MAX;

impl Reach {
    pub(crate) fn nowhere(nodes: usize) -> Self {
        Self { distance: vec![UNREACHED; nodes], via: vec![NO_EDGE; nodes] }
    }
}

impl<'a> Packed<'a> {
    /// Without the edges that are closed or that the metric does not use.
    pub(crate) fn new(graph: &'a Graph, metric: MetricType, lead: Lead, closed: &EdgeSet) -> Self {
        let mut first = Vec::with_capacity(graph.node_count() + 1);
        let (mut arcs, mut bears, mut known) = (Vec::new(), Vec::new(), BTreeMap::new());
        let mut marks = Vec::new();
        for node in graph.nodes() {
            first.push(arcs.len() as u32);
            for out in graph.out(node) {
                let ix = if lead == Lead::Away { *out } else { out.reverse() };
                let edge = graph.edge(ix);
                let Some(metric) = metric.of(edge).filter(|_| !closed.contains(ix)) else { continue };
                let node = if lead == Lead::Away { edge.to } else { edge.from };
                arcs.push(Arc { metric, node: node.0, edge: ix });
                let encrypted = edge.encryption != Encryption::None;
                let bearing = Marks { affinity: edge.affinity, encrypted };
                bears.push(*known.entry(bearing).or_insert_with(|| {
                    marks.push(bearing);
                    marks.len() as u32 - 1
                }));
            }
        }
        first.push(arcs.len() as u32);
        let metrics = || arcs.iter().map(|arc| arc.metric);
        let (least, most) = (metrics().min().unwrap_or(0), metrics().max().unwrap_or(0));
        Self { graph, first, arcs, bears, marks, least, most }
    }

    /// The arcs of each node.
    pub(crate) fn by_node(&self) -> impl ExactSizeIterator<Item = &[Arc]> {
        self.first.windows(2).map(|ends| &self.arcs[ends[0] as usize..ends[1] as usize])
    }

    /// Whether a node carries what neither begins nor ends there.
    pub(crate) fn is_transit(&self, node: u32) -> bool {
        !self.graph.is_overloaded(NodeIx(node))
    }

    /// Which arcs a request admits, by their number: bandwidth, affinities, encryption and exclusions.
    pub(crate) fn admitted(&self, free: &[u64], request: &PathRequest) -> impl Fn(usize) -> bool {
        let excluded = &request.excluded;
        let mut closed = excluded.edges.clone();
        for risk in (0..self.graph.srlgs.len() as u32).filter(|risk| excluded.srlgs.contains(*risk)) {
            closed.extend(self.graph.in_srlg(risk).iter().copied());
        }
        let (avoid, any, all) = (request.avoid_affinity, request.include_any, request.include_all);
        let may = |marks: &Marks| {
            marks.affinity & avoid == 0
                && (any == 0 || marks.affinity & any != 0)
                && marks.affinity & all == all
                && (marks.encrypted || !request.encrypted)
        };
        let may: Vec<bool> = self.marks.iter().map(may).collect();
        let bandwidth = request.bandwidth.as_bps();
        move |arc| {
            let Arc { edge, node, .. } = self.arcs[arc];
            free.get(edge.ix()).is_some_and(|free| *free >= bandwidth)
                && may[self.bears[arc] as usize]
                && !closed.contains(edge)
                && !excluded.nodes.contains(NodeIx(node))
        }
    }
}
