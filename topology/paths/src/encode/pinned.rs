//! Whether packets take a stretch of a path and no other way: it must be the only shortest path between its ends.

use std::{borrow::Cow, collections::BTreeMap};

use model::{EdgeIx, Graph, NodeIx};

use crate::{
    metric::MetricType,
    only::{self, Only},
    packed::Lead,
    set::EdgeSet,
    trees::Trees,
};

/// How many bytes of trees are kept.
const MOST_BYTES: usize = 128 << 20;

/// Shortest-path trees over one state of the IGP. Of the two ends of a stretch the one where more links meet gets a tree, since
/// many paths begin and end there. A stretch is asked for many times, and where hundreds of links meet looking is dear: so it is
/// looked up.
#[derive(Debug)]
pub(super) struct Pinned<'a> {
    graph: &'a Graph,
    /// What shortest paths do not use.
    closed: Cow<'a, EdgeSet>,
    metric: MetricType,
    home: Option<Trees<'a>>,
    away: Option<Trees<'a>>,
    toward: BTreeMap<NodeIx, Only>,
    from: BTreeMap<NodeIx, Only>,
    groups: BTreeMap<usize, Only>,
}

impl<'a> Pinned<'a> {
    pub(super) const fn new(graph: &'a Graph, closed: Cow<'a, EdgeSet>, metric: MetricType) -> Self {
        Self {
            graph,
            closed,
            metric,
            home: None,
            away: None,
            toward: BTreeMap::new(),
            from: BTreeMap::new(),
            groups: BTreeMap::new(),
        }
    }

    /// Whether packets for the end of a stretch take this stretch and no other way.
    pub(super) fn holds(&mut self, stretch: &[EdgeIx]) -> bool {
        let (Some(first), Some(last)) = (stretch.first(), stretch.last()) else { return true };
        let (start, end) = (self.graph.edge(*first).from, self.graph.edge(*last).to);
        let degree = |node: NodeIx| self.graph.out(node).len();
        if degree(start) > degree(end) && self.is_positive() {
            self.holds_from(start, stretch)
        } else {
            self.holds_toward(end, stretch)
        }
    }

    /// The same for packets that go to the nearest member of a group.
    pub(super) fn holds_group(&mut self, group: usize, members: &[NodeIx], stretch: &[EdgeIx]) -> bool {
        if !self.groups.contains_key(&group) {
            self.make_room();
            let tree = self.grow_home(members.to_vec());
            self.groups.insert(group, tree);
        }
        self.groups.get(&group).is_some_and(|only| self.follows(only, stretch))
    }

    fn holds_toward(&mut self, end: NodeIx, stretch: &[EdgeIx]) -> bool {
        if !self.toward.contains_key(&end) {
            self.make_room();
            let tree = self.grow_home(vec![end]);
            self.toward.insert(end, tree);
        }
        self.toward.get(&end).is_some_and(|only| self.follows(only, stretch))
    }

    /// Whether each node of a stretch forwards along it and nowhere else.
    fn follows(&self, only: &Only, stretch: &[EdgeIx]) -> bool {
        stretch.iter().all(|edge| only[self.graph.edge(*edge).from.ix()] == *edge)
    }

    /// Whether no other edge brings packets of its start to any node of a stretch at the same distance: then only one
    /// shortest path leads to its end.
    fn holds_from(&mut self, start: NodeIx, stretch: &[EdgeIx]) -> bool {
        if !self.from.contains_key(&start) {
            self.make_room();
            let tree = self.grow_away(start);
            self.from.insert(start, tree);
        }
        let graph = self.graph;
        let brought = |only: &Only| stretch.iter().all(|edge| only[graph.edge(*edge).to.ix()] == *edge);
        self.from.get(&start).is_some_and(brought)
    }

    fn grow_home(&mut self, targets: Vec<NodeIx>) -> Only {
        let (graph, metric, closed) = (self.graph, self.metric, &*self.closed);
        let trees = self.home.get_or_insert_with(|| Trees::new(graph, metric, Lead::Home, closed));
        only::home(trees, graph, metric, closed, targets)
    }

    fn grow_away(&mut self, start: NodeIx) -> Only {
        let (graph, metric, closed) = (self.graph, self.metric, &*self.closed);
        let trees = self.away.get_or_insert_with(|| Trees::new(graph, metric, Lead::Away, closed));
        only::away(trees, graph, metric, closed, start)
    }

    /// Whether it is the same from either end.
    fn is_positive(&mut self) -> bool {
        let (graph, metric, closed) = (self.graph, self.metric, &*self.closed);
        self.away.get_or_insert_with(|| Trees::new(graph, metric, Lead::Away, closed)).is_positive()
    }

    fn make_room(&mut self) {
        let bytes = self.graph.node_count().max(1) * size_of::<EdgeIx>();
        if (self.toward.len() + self.from.len() + self.groups.len() + 1) * bytes > MOST_BYTES {
            self.toward.clear();
            self.from.clear();
            self.groups.clear();
        }
    }
}
