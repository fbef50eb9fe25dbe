//! The best paths between one place and all nodes, as if nothing but the objective were asked; or nothing but that and keeping
//! off a few edges, which then cost a toll each.

use model::{EdgeIx, Graph, NodeIx};

use crate::{
    charges::Charges,
    dijkstra::Tree,
    goal::{Goal, NEVER},
    packed::Lead,
    problem::{Key, Problem, TOLL},
};

/// Nodes of no more edges than this are not worth an order.
const FEW: usize = 8;

/// What is known of the paths that begin or end at one place.
#[derive(Debug)]
pub(crate) struct Root {
    lead: Lead,
    /// Edges that cost a toll, ascending.
    obstacles: Vec<EdgeIx>,
    /// The least key between each node and the place.
    keys: Vec<Key>,
    /// The edge of such a path at the node.
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
    /// Of the place where the paths of a direct problem end or begin. O(edges * log nodes).
    pub(crate) fn new(lead: Lead, problem: &Problem<'_>, obstacles: &[EdgeIx], tree: &mut Tree) -> Self {
        let charges = Charges::on(problem.graph, obstacles);
        let problem = &Problem { charges: Some(&charges), ..*problem };
        let (keys, via) = match lead {
            Lead::Home => {
                let mut goal = Goal::default();
                goal.build(problem);
                goal.into_parts()
            }
            Lead::Away => tree.explore(problem),
        };
        Self { lead, obstacles: obstacles.to_vec(), ways: vec![None; keys.len()], keys, via }
    }

    /// How many bytes one takes at most.
    pub(crate) fn bytes(graph: &Graph) -> usize {
        let node = size_of::<Key>() + size_of::<EdgeIx>() + size_of::<Option<Box<[EdgeIx]>>>();
        node * graph.node_count() + size_of::<EdgeIx>() * graph.edge_count()
    }

    /// Which way its paths lead.
    pub(crate) const fn lead(&self) -> Lead {
        self.lead
    }

    /// What lies between a node and the place at least; none where nothing that may be paid leads from one to the other.
    #[inline]
    pub(crate) fn rest(&self, problem: &Problem<'_>, node: NodeIx) -> Option<Key> {
        let key = self.keys[node.ix()];
        (key != NEVER && (key.rank < TOLL || problem.pays_tolls())).then_some(key)
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
    pub(crate) fn way(&mut self, problem: &Problem<'_>, node: NodeIx, turn: usize) -> Option<(EdgeIx, bool)> {
        let out = problem.graph.out(node);
        if out.len() <= FEW {
            return out.get(turn).map(|out| (self.toward(*out), false));
        }
        if self.ways[node.ix()].is_none() {
            self.ways[node.ix()] = Some(self.in_order(problem, out));
        }
        self.ways[node.ix()].as_deref().and_then(|ways| ways.get(turn)).map(|way| (*way, true))
    }

    /// The direction of a link by which a search goes on, given the one that leaves where it is.
    fn toward(&self, out: EdgeIx) -> EdgeIx {
        if self.lead == Lead::Home { out } else { out.reverse() }
    }

    fn in_order(&self, problem: &Problem<'_>, out: &[EdgeIx]) -> Box<[EdgeIx]> {
        let least = |way| {
            let rest = Some(self.keys[self.next(problem, way).ix()]).filter(|rest| *rest != NEVER)?;
            let toll = if self.obstacles.contains(&way) { TOLL } else { 0 };
            let cost = problem.by_taste(problem.graph.edge(way))?;
            Some((cost.plus(Key { rank: toll, ..Key::default() }).plus(rest), way))
        };
        let mut ways: Vec<(Key, EdgeIx)> = out.iter().filter_map(|out| least(self.toward(*out))).collect();
        ways.sort_unstable();
        ways.into_iter().map(|(_, way)| way).collect()
    }

    /// Writes the best path into `path` and says whether a request allows it. It is no worse than any other path, and of equal
    /// ones it has the smallest edges; so where it is allowed and pays no tolls, it is the answer.
    pub(crate) fn straight(&self, problem: &Problem<'_>, path: &mut Vec<EdgeIx>) -> Straight {
        let (from, to) = (problem.request.from, problem.request.to);
        path.clear();
        let (mut node, place) = if self.lead == Lead::Home { (from, to) } else { (to, from) };
        let Some(best) = self.rest(problem, node) else { return Straight::Never };
        let mut obstacle = None;
        let mut admitted = true;
        while node != place {
            let via = self.via[node.ix()];
            path.push(via);
            let rank = problem.admit(via, problem.graph.edge(via));
            admitted &= rank.is_some();
            if rank.is_none_or(|rank| rank >= TOLL) && !self.obstacles.contains(&via) {
                obstacle = Some(via);
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
