//! What one segment can pin, over the IGP state of a graph: by the node where it begins, the stretches that are the only
//! shortest path; and to which nodes a segment leads wherever it is read. Kept from one search to the next as long as the IGP
//! stays the same, since many searches ask about the same stretches.

use model::{
    EdgeIx, Graph, NodeIx,
    sr::{Dataplane, LabelBlock},
};

use crate::{
    metric::MetricType,
    only::{self, Only},
    packed::Lead,
    set::EdgeSet,
    trees::Trees,
};

/// How many bytes of trees are kept.
const MOST_BYTES: usize = 128 << 20;

/// Trees of one state of the IGP: 4 bytes for each node of the network and each node where a segment was tried.
#[derive(Debug, Default)]
pub(crate) struct Stretches {
    /// The state: ends and metric of each edge, and which nodes carry no transit.
    edges: Vec<(NodeIx, NodeIx, u32)>,
    overloaded: Vec<bool>,
    /// Whether all metrics are above 0.
    positive: bool,
    /// By start: the edge by which the only shortest path reaches a node.
    from: Vec<Option<Only>>,
    /// By end: the edge by which the only shortest path leaves a node.
    toward: Vec<Option<Only>>,
    count: usize,
    /// To which nodes a node segment leads wherever it is read.
    named: Vec<bool>,
}

/// A graph packed for trees, as soon as one has to grow.
#[derive(Debug)]
pub(crate) struct Grower<'p> {
    graph: &'p Graph,
    away: Option<Trees<'p>>,
    home: Option<Trees<'p>>,
}

impl<'p> Grower<'p> {
    pub(crate) const fn new(graph: &'p Graph) -> Self {
        Self { graph, away: None, home: None }
    }

    fn trees<'g>(graph: &'p Graph, of: &'g mut Option<Trees<'p>>, lead: Lead) -> &'g mut Trees<'p> {
        of.get_or_insert_with(|| Trees::new(graph, MetricType::Igp, lead, &EdgeSet::default()))
    }

    fn away(&mut self, start: NodeIx) -> Only {
        let trees = Self::trees(self.graph, &mut self.away, Lead::Away);
        only::away(trees, self.graph, MetricType::Igp, &EdgeSet::default(), start)
    }

    fn home(&mut self, end: NodeIx) -> Only {
        let trees = Self::trees(self.graph, &mut self.home, Lead::Home);
        only::home(trees, self.graph, MetricType::Igp, &EdgeSet::default(), vec![end])
    }
}

impl Stretches {
    /// Turns to a graph and forgets what was true of another state of the IGP only. O(nodes + edges).
    pub(crate) fn turn_to(&mut self, graph: &Graph, plane: Dataplane) {
        let state = || graph.edges().map(|(_, edge)| (edge.from, edge.to, edge.igp));
        let overloaded = || graph.nodes().map(|node| graph.is_overloaded(node));
        let is_same =
            self.edges.iter().copied().eq(state()) && self.overloaded.iter().copied().eq(overloaded());
        if !is_same {
            self.edges = state().collect();
            self.overloaded = overloaded().collect();
            self.positive = self.edges.iter().all(|(.., igp)| *igp > 0);
            self.forget();
        }
        let mut srgbs: Vec<LabelBlock> = graph.nodes().map(|node| graph.sids(node).srgb).collect();
        srgbs.sort_unstable_by_key(|srgb| (srgb.base, srgb.size));
        srgbs.dedup();
        let is_named = |node| match plane {
            Dataplane::Srv6 => graph.sids(node).locator.is_some(),
            Dataplane::SrMpls => {
                let index = graph.sids(node).index;
                index.is_some_and(|index| srgbs.iter().all(|srgb| srgb.at(index).is_some()))
            }
        };
        self.named = graph.nodes().map(is_named).collect();
    }

    /// Whether a node segment leads to a node wherever it is read. Else it may still be read along some stretches.
    pub(crate) fn is_named(&self, node: NodeIx) -> bool {
        self.named[node.ix()]
    }

    /// Whether all metrics are above 0, so that what reaches a node from a start tells the same as what leads to it.
    pub(crate) const fn is_positive(&self) -> bool {
        self.positive
    }

    /// By node the last edge of the only shortest path from a start, where the path up to there is one. Metrics are above 0.
    pub(crate) fn from(&mut self, grower: &mut Grower<'_>, start: NodeIx) -> &Only {
        if self.from[start.ix()].is_none() {
            self.make_room();
        }
        let count = &mut self.count;
        self.from[start.ix()].get_or_insert_with(|| {
            *count += 1;
            grower.away(start)
        })
    }

    /// By node the only edge by which packets leave it toward an end.
    pub(crate) fn toward(&mut self, grower: &mut Grower<'_>, end: NodeIx) -> &Only {
        if self.toward[end.ix()].is_none() {
            self.make_room();
        }
        let count = &mut self.count;
        self.toward[end.ix()].get_or_insert_with(|| {
            *count += 1;
            grower.home(end)
        })
    }

    fn make_room(&mut self) {
        if (self.count + 1) * self.overloaded.len().max(1) * size_of::<EdgeIx>() > MOST_BYTES {
            self.forget();
        }
    }

    fn forget(&mut self) {
        self.from = vec![None; self.overloaded.len()];
        self.toward = vec![None; self.overloaded.len()];
        self.count = 0;
    }
}
