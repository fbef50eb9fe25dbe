//! The best paths between one place and all nodes, as if nothing but the objective were asked; or nothing but that and keeping
//! off a few edges, which then cost a toll each.

use std::{cmp::Reverse, collections::BinaryHeap};

use model::{EdgeIx, NodeIx};

use crate::{
    backbone::Backbone,
    goal::{NEVER, NO_EDGE},
    packed::Lead,
    problem::{Key, Problem, TOLL},
    ties::comes_before,
};

/// Nodes of no more edges than this are not worth an order.
const FEW: usize = 8;

/// What is known of the paths that begin or end at one place: for all nodes that carry transit, by their number in the backbone.
#[derive(Debug)]
pub(crate) struct Root {
    lead: Lead,
    place: NodeIx,
    /// Edges that cost a toll, ascending.
    obstacles: Vec<EdgeIx>,
    /// The least key between each node and the place.
    keys: Vec<Key>,
    /// The edge of such a path at the node; of equal paths that with the smallest edges in order of travel.
    via: Vec<EdgeIx>,
    /// By node of many edges, once somebody asked: its edges on paths to the place, those of the best paths first.
    ways: Vec<Option<Box<[EdgeIx]>>>,
}

/// What the best path is worth for a request.
pub(crate) enum Straight {
    /// There is no path at all.
    Never,
    /// It keeps everything but perhaps bounds.
    Kept,
    /// Something stands in its way: if it is an edge, the one nearest to the root of all that were not known to.
    Broken(Option<EdgeIx>),
}

impl Root {
    /// Of the place where the paths of a direct problem end or begin. O(edges * log nodes) of the backbone.
    pub(crate) fn new(
        lead: Lead,
        place: NodeIx,
        backbone: &Backbone,
        problem: &Problem<'_>,
        obstacles: &[EdgeIx],
    ) -> Self {
        let nodes = backbone.len();
        let mut root = Self {
            lead,
            place,
            obstacles: obstacles.to_vec(),
            keys: vec![NEVER; nodes],
            via: vec![NO_EDGE; nodes],
            ways: vec![None; nodes],
        };
        root.grow(backbone, problem);
        root
    }

    /// Shortest paths from the place (Dijkstra 1959), against the direction of travel where they lead there.
    fn grow(&mut self, backbone: &Backbone, problem: &Problem<'_>) {
        let mut heap = BinaryHeap::new();
        if let Some(number) = backbone.number(self.place) {
            self.keys[number] = Key::default();
        }
        self.offer(backbone, problem, self.place, Key::default(), &mut heap);
        while let Some(Reverse((key, node))) = heap.pop() {
            if backbone.number(node).is_some_and(|number| self.keys[number] == key) {
                self.offer(backbone, problem, node, key, &mut heap);
            }
        }
    }

    /// Goes on from a settled node. A node whose key is matched is not settled yet, for every edge adds to a key.
    fn offer(
        &mut self,
        backbone: &Backbone,
        problem: &Problem<'_>,
        node: NodeIx,
        key: Key,
        heap: &mut BinaryHeap<Reverse<(Key, NodeIx)>>,
    ) {
        let out =
            backbone.number(node).map_or_else(|| problem.graph.out(node), |number| backbone.out(number));
        for out in out {
            let via = if self.lead == Lead::Away { *out } else { out.reverse() };
            let edge = problem.graph.edge(via);
            let to = if self.lead == Lead::Away { edge.to } else { edge.from };
            let (Some(number), Some(rank)) = (backbone.number(to), problem.admit(via, edge)) else {
                continue;
            };
            let next = problem.step(key, edge, rank + self.toll(via));
            if next < self.keys[number] {
                self.keys[number] = next;
                self.via[number] = via;
                heap.push(Reverse((next, to)));
            } else if next == self.keys[number] && self.comes_before(backbone, problem, via, self.via[number])
            {
                self.via[number] = via;
            }
        }
    }

    fn toll(&self, via: EdgeIx) -> u64 {
        if self.obstacles.contains(&via) { TOLL } else { 0 }
    }

    /// Whether of two equally good edges of a node the path by the first has the smaller edges in order of travel.
    fn comes_before(&self, backbone: &Backbone, problem: &Problem<'_>, one: EdgeIx, other: EdgeIx) -> bool {
        if self.lead == Lead::Home {
            return one < other;
        }
        let before = |via| (self.next(problem, via), via);
        comes_before(before(one), before(other), |node| {
            let via = backbone.number(node).map_or(NO_EDGE, |number| self.via[number]);
            if via == NO_EDGE { (node, via) } else { before(via) }
        })
    }

    /// How many bytes one takes at most.
    pub(crate) const fn bytes(backbone: &Backbone) -> usize {
        let node = size_of::<Key>() + size_of::<EdgeIx>() + size_of::<Option<Box<[EdgeIx]>>>();
        size_of::<Self>() + node * backbone.len() + size_of::<EdgeIx>() * backbone.edge_count()
    }

    /// Which way its paths lead.
    pub(crate) const fn lead(&self) -> Lead {
        self.lead
    }

    /// What lies between a node and the place at least, for a path that comes from elsewhere; none where nothing that may be
    /// paid leads from one to the other, or where the node carries no transit.
    #[inline]
    pub(crate) fn rest(&self, backbone: &Backbone, problem: &Problem<'_>, node: NodeIx) -> Option<Key> {
        if node == self.place {
            return Some(Key::default());
        }
        let key = self.keys[backbone.number(node)?];
        (key != NEVER && (key.rank < TOLL || problem.pays_tolls())).then_some(key)
    }

    /// The same for the node at the other end of a path, with the edge by which it goes on. A node that carries no transit has
    /// few edges, and is looked at with all that the problem asks of them.
    pub(crate) fn begin(
        &self,
        backbone: &Backbone,
        problem: &Problem<'_>,
        node: NodeIx,
    ) -> Option<(Key, EdgeIx)> {
        if node == self.place {
            return Some((Key::default(), NO_EDGE));
        }
        if let Some(number) = backbone.number(node) {
            return self.rest(backbone, problem, node).map(|key| (key, self.via[number]));
        }
        let mut best: Option<(Key, EdgeIx)> = None;
        for out in problem.graph.out(node) {
            let via = self.toward(*out);
            let Some(rest) = self.rest(backbone, problem, self.next(problem, via)) else { continue };
            let edge = problem.graph.edge(via);
            let Some(rank) = problem.admit(via, edge) else { continue };
            let key = problem.step(rest, edge, rank);
            let better = best.is_none_or(|(least, known)| {
                key < least || key == least && self.comes_before(backbone, problem, via, known)
            });
            if better {
                best = Some((key, via));
            }
        }
        best
    }

    /// The node to which an edge brings a search for the place.
    #[inline]
    pub(crate) fn next(&self, problem: &Problem<'_>, via: EdgeIx) -> NodeIx {
        let edge = problem.graph.edge(via);
        if self.lead == Lead::Home { edge.to } else { edge.from }
    }

    /// The edge of that number by which a search goes on from a node, and whether no path by a later one comes to less: so it is
    /// for nodes of many edges, where the first call costs O(d log d) for `d` edges. Edges that lead nowhere may be left out.
    #[inline]
    pub(crate) fn way(
        &mut self,
        backbone: &Backbone,
        problem: &Problem<'_>,
        node: NodeIx,
        turn: usize,
    ) -> Option<(EdgeIx, bool)> {
        let out = problem.graph.out(node);
        let Some(number) = backbone.number(node).filter(|_| out.len() > FEW) else {
            return out.get(turn).map(|out| (self.toward(*out), false));
        };
        if self.ways[number].is_none() {
            self.ways[number] = Some(self.in_order(backbone, problem, out));
        }
        self.ways[number].as_deref().and_then(|ways| ways.get(turn)).map(|way| (*way, true))
    }

    /// The direction of a link by which a search goes on, given the one that leaves where it is.
    fn toward(&self, out: EdgeIx) -> EdgeIx {
        if self.lead == Lead::Home { out } else { out.reverse() }
    }

    fn in_order(&self, backbone: &Backbone, problem: &Problem<'_>, out: &[EdgeIx]) -> Box<[EdgeIx]> {
        let least = |way| {
            let next = self.next(problem, way);
            let rest = match backbone.number(next) {
                Some(number) => Some(self.keys[number]).filter(|key| *key != NEVER)?,
                None => (next == self.place).then(Key::default)?,
            };
            let cost = problem.by_taste(problem.graph.edge(way))?;
            Some((cost.plus(Key { rank: self.toll(way), ..Key::default() }).plus(rest), way))
        };
        let mut ways: Vec<(Key, EdgeIx)> = out.iter().filter_map(|out| least(self.toward(*out))).collect();
        ways.sort_unstable();
        ways.into_iter().map(|(_, way)| way).collect()
    }

    /// Writes the best path into `path` and says whether a request allows it. It is no worse than any other path, and of equal
    /// ones it has the smallest edges; so where it is allowed and pays no tolls, it is the answer.
    pub(crate) fn straight(
        &self,
        backbone: &Backbone,
        problem: &Problem<'_>,
        path: &mut Vec<EdgeIx>,
    ) -> Straight {
        let (from, to) = (problem.request.from, problem.request.to);
        path.clear();
        let mut node = if self.lead == Lead::Home { from } else { to };
        let Some((best, first)) = self.begin(backbone, problem, node) else { return Straight::Never };
        let mut obstacle = None;
        let mut admitted = true;
        while node != self.place {
            let number = backbone.number(node);
            let via = number.map_or(first, |number| self.via[number]);
            path.push(via);
            // The lines of a branch are looked at already, and stand in nobody else's way.
            if number.is_some() {
                let rank = problem.admit(via, problem.graph.edge(via));
                admitted &= rank.is_some();
                if rank.is_none_or(|rank| rank >= TOLL) && !self.obstacles.contains(&via) {
                    obstacle = Some(via);
                }
            }
            node = self.next(problem, via);
        }
        if self.lead == Lead::Away {
            path.reverse();
        }
        let cost = |key, ix: &EdgeIx| {
            let edge = problem.graph.edge(*ix);
            problem.step(key, edge, problem.admit(*ix, edge).unwrap_or_default())
        };
        if admitted && path.iter().fold(Key::default(), cost) == best {
            Straight::Kept
        } else {
            Straight::Broken(obstacle)
        }
    }
}
