//! How many segments a walk takes so far, as [`crate::Encoder`] counts them: what a bound on segments knows of a walk.
//!
//! A walk is written down from its start. Wherever it is, some segments are closed and one may be open: it began at some node,
//! and since then the walk is the only shortest path. With one edge more, the open segment goes on as long as that stays so;
//! and it may be closed, where a SID says where it ends. A later start is never worse, for what is pinned for a stretch is
//! pinned for its rest (see [`crate::Encoder`]); so the start and the count tell all about the past but for one thing:
//!
//! A round trip is never worth while where a segment may end at the node to which it comes back, for the two segments that
//! touch that node can be cut there, and nothing is lost. At a node without a SID of its own it may be: a longer way may be
//! pinned by fewer segments. Paths visit no node twice, so nodes that an open segment has passed and that no segment can
//! name everywhere are kept in mind; most networks have none.

use std::collections::BTreeMap;

use model::{EdgeIx, Graph, NodeIx, sr::Dataplane};

use crate::{
    constraint::SegmentBound,
    encode::{adjacency_sid, leads},
    goal::NO_EDGE,
    problem::Problem,
    stretches::{Grower, Stretches},
};

/// One way to write a walk down.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Tally {
    /// How many segments are closed.
    pub(crate) used: u32,
    /// Where the open one began; the node that the walk is at where none is open.
    pub(crate) start: NodeIx,
    /// The nodes of this stage that must not be visited again, by bit.
    hidden: u128,
}

impl Tally {
    /// Of a walk whose segments nobody counts.
    pub(crate) const UNBOUNDED: Self = Self::at(NodeIx(0));

    const fn at(start: NodeIx) -> Self {
        Self { used: 0, start, hidden: 0 }
    }

    /// Whether whatever may follow on the other at this node may follow on this one, and takes no more segments.
    pub(crate) fn covers(&self, other: &Self, node: NodeIx) -> bool {
        self.used <= other.used
            && (self.start == node || self.start == other.start)
            && self.hidden & !other.hidden == 0
    }
}

/// One edge more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Move {
    pub(crate) via: EdgeIx,
    /// Whether it leads to another stage, in which nothing was visited yet.
    pub(crate) is_new_stage: bool,
    /// Whether the walk is complete then.
    pub(crate) is_last: bool,
}

/// What becomes of the open segment with one edge more; both may be.
struct Reach {
    /// Whether it may stay open.
    goes_on: bool,
    /// Whether it may end there.
    ends: bool,
}

/// Counts segments for one search.
#[derive(Debug)]
pub(crate) struct Tallies<'p, 'w> {
    graph: &'p Graph,
    bound: SegmentBound,
    from: NodeIx,
    to: NodeIx,
    /// The walk before the place where the search begins.
    given: &'p [EdgeIx],
    stretches: &'w mut Stretches,
    grower: Grower<'p>,
    /// The bit of each node to be kept in mind.
    bits: BTreeMap<NodeIx, u32>,
    /// By start of a last segment: the nodes on its ways to the end.
    aims: BTreeMap<NodeIx, Vec<NodeIx>>,
    /// Whether the bits were enough.
    pub(crate) complete: bool,
}

impl<'p, 'w> Tallies<'p, 'w> {
    /// None where nothing bounds the segments. What a search that goes on from a given place looks up has been turned to the
    /// graph by the search before it.
    pub(crate) fn new(problem: &Problem<'p>, stretches: &'w mut Stretches) -> Option<Self> {
        let bound = problem.bounds.segments?;
        if problem.spur.is_none() {
            stretches.turn_to(problem.graph, bound.plane);
        }
        Some(Self {
            graph: problem.graph,
            bound,
            from: problem.request.from,
            to: problem.request.to,
            given: problem.spur.map_or(&[], |spur| spur.edges),
            stretches,
            grower: Grower::new(problem.graph),
            bits: BTreeMap::new(),
            aims: BTreeMap::new(),
            complete: true,
        })
    }

    /// The ways to write down the walk to where the search begins.
    pub(crate) fn start(&mut self) -> Vec<Tally> {
        let given = self.given;
        let mut tallies = self.along(given);
        let node = given.last().map_or(self.from, |last| self.graph.edge(*last).to);
        tallies.retain_mut(|tally| match self.passing(*tally, node) {
            Some(passing) => {
                *tally = passing;
                tally.used < self.bound.most
            }
            None => false,
        });
        tallies
    }

    /// The ways to write down a walk with one edge more; `behind` are its edges since the search began, last first.
    pub(crate) fn step(
        &mut self,
        before: &Tally,
        go: Move,
        behind: impl Iterator<Item = EdgeIx> + Clone,
    ) -> [Option<Tally>; 2] {
        let there = self.graph.edge(go.via).to;
        let hidden = if go.is_new_stage { 0 } else { before.hidden };
        if self.bits.get(&there).is_some_and(|bit| hidden >> bit & 1 == 1) {
            return [None; 2];
        }
        let given = self.given;
        let reach = self.reach(before.start, go.via, behind.chain(given.iter().rev().copied()));
        let used = before.used + 1;
        let room = if go.is_last { used <= self.bound.most } else { used < self.bound.most };
        let closed = (reach.ends && room).then_some(Tally { used, start: there, hidden });
        let goes_on = reach.goes_on && !go.is_last && (room || self.is_on_the_last(before.start, there));
        let open = if goes_on { self.passing(Tally { hidden, ..*before }, there) } else { None };
        [closed, open]
    }

    /// Whether a path, from where the search begins, keeps the bound.
    pub(crate) fn fits(&mut self, path: &[EdgeIx]) -> bool {
        let most = self.bound.most;
        self.fewest(path).is_some_and(|count| count <= most)
    }

    /// The fewest segments that pin the given walk and a path behind it; none where none do.
    pub(crate) fn fewest(&mut self, path: &[EdgeIx]) -> Option<u32> {
        let tallies = self.along(&[self.given, path].concat());
        tallies.iter().filter(|tally| tally.start == self.to).map(|tally| tally.used).min()
    }

    /// The only edge on shortest paths from a node to a stop.
    pub(crate) fn homeward(&mut self, node: NodeIx, stop: NodeIx) -> Option<EdgeIx> {
        Some(self.stretches.toward(&mut self.grower, stop)[node.ix()]).filter(|edge| *edge != NO_EDGE)
    }

    /// All ways to write down a walk from the start that may still be the best.
    fn along(&mut self, walk: &[EdgeIx]) -> Vec<Tally> {
        let mut tallies = vec![Tally::at(self.from)];
        for (place, via) in walk.iter().enumerate() {
            let there = self.graph.edge(*via).to;
            let mut next: Vec<Tally> = Vec::new();
            for before in tallies {
                let reach = self.reach(before.start, *via, walk[..place].iter().rev().copied());
                let closed = reach.ends.then(|| Tally { used: before.used + 1, ..Tally::at(there) });
                for tally in closed.into_iter().chain(reach.goes_on.then_some(before)) {
                    if !next.iter().any(|known| known.covers(&tally, there)) {
                        next.retain(|known| !tally.covers(known, there));
                        next.push(tally);
                    }
                }
            }
            tallies = next;
        }
        tallies
    }

    /// What becomes of a segment from `start` with one edge more; `behind` are all edges of the walk, last first.
    fn reach(&mut self, start: NodeIx, via: EdgeIx, behind: impl Iterator<Item = EdgeIx> + Clone) -> Reach {
        let graph = self.graph;
        let edge = graph.edge(via);
        let mut at = edge.from;
        let stretch = std::iter::once(via).chain(behind.take_while(move |edge| {
            let is_of_it = at != start;
            at = graph.edge(*edge).from;
            is_of_it
        }));
        let goes_on = self.is_only_way(start, via, stretch.clone());
        let by_node = goes_on && self.is_readable(edge.to, stretch);
        let by_link = || match edge.from == start {
            true => adjacency_sid(edge, Some(graph.sids(start).srgb), self.bound.plane).is_some(),
            false => self.bound.plane == Dataplane::Srv6 && self.is_led_to(via),
        };
        Reach { goes_on, ends: by_node || by_link() }
    }

    /// Whether a stretch, last edge first, is the only shortest path, given that it is up to its last edge.
    fn is_only_way(&mut self, start: NodeIx, via: EdgeIx, mut stretch: impl Iterator<Item = EdgeIx>) -> bool {
        let graph = self.graph;
        let end = graph.edge(via).to;
        if self.stretches.is_positive() {
            return self.stretches.from(&mut self.grower, start)[end.ix()] == via;
        }
        let only = self.stretches.toward(&mut self.grower, end);
        stretch.all(|edge| only[graph.edge(edge).from.ix()] == edge)
    }

    /// Whether every node of a stretch knows the node segment of its end (RFC 8660 section 2.10).
    fn is_readable(&self, end: NodeIx, mut stretch: impl Iterator<Item = EdgeIx>) -> bool {
        if self.stretches.is_named(end) || self.bound.plane == Dataplane::Srv6 {
            return self.stretches.is_named(end);
        }
        let Some(index) = self.graph.sids(end).index else { return false };
        let reads = |node: NodeIx| self.graph.sids(node).srgb.at(index).is_some();
        reads(end) && stretch.all(|edge| reads(self.graph.edge(edge).from))
    }

    /// Whether the End.X SID of a link leads to the link from afar (RFC 8986 section 4.2).
    fn is_led_to(&self, via: EdgeIx) -> bool {
        let edge = self.graph.edge(via);
        let sid = adjacency_sid(edge, None, Dataplane::Srv6);
        self.graph.sids(edge.from).locator.zip(sid).is_some_and(|(locator, sid)| leads(locator, sid))
    }

    /// The tally of a walk that has come to a node, the node kept in mind where that is needed; none where it cannot be.
    fn passing(&mut self, tally: Tally, node: NodeIx) -> Option<Tally> {
        if tally.start == node || self.stretches.is_named(node) {
            return Some(tally);
        }
        let next = self.bits.len() as u32;
        let bit = *self.bits.entry(node).or_insert(next);
        if bit >= u128::BITS {
            self.complete = false;
            return None;
        }
        Some(Tally { hidden: tally.hidden | 1 << bit, ..tally })
    }

    /// Whether a node lies on the way of a last segment to the end.
    fn is_on_the_last(&mut self, start: NodeIx, node: NodeIx) -> bool {
        if !self.stretches.is_positive() {
            return true;
        }
        if !self.aims.contains_key(&start) {
            let aims = self.aims_from(start);
            self.aims.insert(start, aims);
        }
        self.aims.get(&start).is_some_and(|aims| aims.binary_search(&node).is_ok())
    }

    /// The nodes between a start and the end, or a link into the end that a segment may be for, ascending.
    fn aims_from(&mut self, start: NodeIx) -> Vec<NodeIx> {
        let graph = self.graph;
        let by_link =
            graph.into(self.to).filter(|ix| self.bound.plane == Dataplane::Srv6 && self.is_led_to(*ix));
        let targets: Vec<NodeIx> =
            std::iter::once(self.to).chain(by_link.map(|ix| graph.edge(ix).from)).collect();
        let only = self.stretches.from(&mut self.grower, start);
        let mut aims = Vec::new();
        for target in targets {
            let before = aims.len();
            let mut node = target;
            // Over the edges of shortest paths, so this ends.
            while let Some(edge) = only.get(node.ix()).filter(|edge| **edge != NO_EDGE) {
                aims.push(node);
                node = graph.edge(*edge).from;
            }
            if node != start {
                aims.truncate(before);
            }
        }
        aims.sort_unstable();
        aims.dedup();
        aims
    }
}

#[cfg(test)]
mod tests;
