//! The best paths between one place and all nodes, as if nothing but the objective were asked; or nothing but that and keeping
//! off a few edges, which then cost a toll each.

use model::{EdgeIx, NodeIx};

use crate::{
    backbone::Backbone,
    goal::{NEVER, NO_EDGE},
    landing::{HERE, Landing},
    packed::Lead,
    problem::{Key, Problem, TOLL},
    ties::comes_before,
};

/// Nodes of no more edges than this are not worth an order.
const FEW: usize = 8;

/// The edges of one node, in order.
type Ways = Option<Box<[EdgeIx]>>;

/// How a path goes on at a node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// The edge; of equal paths that with the smallest edges in order of travel.
    pub(crate) via: EdgeIx,
    /// The number of the node to which it brings a search for the place, or [`HERE`].
    pub(crate) next: u32,
    /// How to go on where that edge is an obstacle.
    pub(crate) behind: Behind,
}

pub(crate) const NOWHERE: Step = Step { via: NO_EDGE, next: HERE, behind: Behind { root: 0, spent: 0 } };

/// What is known behind an obstacle.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Behind {
    /// The number of the root that knows of it; zero where there is none yet, or nobody has looked for it.
    pub(crate) root: u32,
    /// How many edges searches have looked at to get round it.
    pub(crate) spent: u32,
}

/// What is known of the paths that begin or end at one place: for all nodes that carry transit, by their number in the backbone.
#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) lead: Lead,
    pub(crate) place: NodeIx,
    /// Edges that cost a toll, ascending.
    pub(crate) obstacles: Vec<EdgeIx>,
    /// The least key between each node and the place.
    pub(crate) keys: Vec<Key>,
    /// By which edge such a path goes on.
    pub(crate) steps: Vec<Step>,
    /// By node of many edges, once somebody asked: its edges on paths to the place, those of the best paths first. Empty before.
    pub(crate) ways: Vec<Ways>,
}

/// What the best path is worth for a request.
#[derive(Debug)]
pub(crate) enum Straight {
    /// There is no path at all.
    Never,
    /// It keeps everything but perhaps bounds.
    Kept,
    /// Something stands in its way: if it is an edge, the number of the node that it leads on from; of several the one nearest to
    /// the root that was not known to stand in the way.
    Broken(Option<usize>),
}

impl Root {
    /// How many bytes one takes at most.
    pub(crate) const fn bytes(backbone: &Backbone) -> usize {
        let node = size_of::<Key>() + size_of::<Step>() + size_of::<Ways>();
        size_of::<Self>() + node * backbone.len() + size_of::<EdgeIx>() * backbone.edge_count()
    }

    /// What a known obstacle costs more.
    pub(crate) fn toll(&self, via: EdgeIx) -> u64 {
        if self.obstacles.contains(&via) { TOLL } else { 0 }
    }

    /// What lies between a node and the place at least, for a path that comes from elsewhere; none where nothing that may be
    /// paid leads from one to the other, or where the node carries no transit.
    #[inline]
    pub(crate) fn rest(&self, backbone: &Backbone, problem: &Problem<'_>, node: NodeIx) -> Option<Key> {
        if node == self.place {
            return Some(Key::default());
        }
        self.rest_of(problem, backbone.number(node)?)
    }

    #[inline]
    fn rest_of(&self, problem: &Problem<'_>, number: usize) -> Option<Key> {
        let key = self.keys[number];
        (key != NEVER && (key.rank < TOLL || problem.pays_tolls())).then_some(key)
    }

    /// The best way to begin at the other end of a path, and what it comes to.
    fn begin<'a>(&self, problem: &Problem<'_>, landings: &'a [Landing]) -> Option<(Key, &'a Landing)> {
        let mut best: Option<(Key, &Landing)> = None;
        for landing in landings {
            let rest = match landing.number {
                HERE => Some(Key::default()),
                number => self.rest_of(problem, number as usize),
            };
            let Some(rest) = rest else { continue };
            let key = rest.plus(landing.cost);
            let better = best.is_none_or(|(least, known)| {
                let (one, other) = ((landing.number, landing.via), (known.number, known.via));
                key < least || key == least && self.comes_before(one, other)
            });
            if better {
                best = Some((key, landing));
            }
        }
        best
    }

    /// Whether of two equally good edges of a node the path by the first has the smaller edges in order of travel. Each stands
    /// with the number of the node to which it leads on.
    pub(crate) fn comes_before(&self, one: (u32, EdgeIx), other: (u32, EdgeIx)) -> bool {
        if self.lead == Lead::Home {
            return one.1 < other.1;
        }
        comes_before(one, other, |number| match number {
            HERE => (HERE, NO_EDGE),
            number => {
                let step = &self.steps[number as usize];
                (step.next, step.via)
            }
        })
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
            return out.get(turn).map(|out| (self.lead.toward(*out), false));
        };
        if self.ways.is_empty() {
            self.ways.resize(backbone.len(), None);
        }
        if self.ways[number].is_none() {
            self.ways[number] = Some(self.in_order(backbone, problem, out));
        }
        self.ways[number].as_deref().and_then(|ways| ways.get(turn)).map(|way| (*way, true))
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
        let mut ways: Vec<(Key, EdgeIx)> =
            out.iter().filter_map(|out| least(self.lead.toward(*out))).collect();
        ways.sort_unstable();
        ways.into_iter().map(|(_, way)| way).collect()
    }

    /// Writes the best path into `path` and says whether a request allows it. It is no worse than any other path, and of equal
    /// ones it has the smallest edges; so where it is allowed and pays no tolls, it is the answer. O(its edges).
    pub(crate) fn straight(
        &self,
        problem: &Problem<'_>,
        landings: &[Landing],
        path: &mut Vec<EdgeIx>,
    ) -> Straight {
        path.clear();
        let Some((best, landing)) = self.begin(problem, landings) else { return Straight::Never };
        if landing.via != NO_EDGE {
            path.push(landing.via);
        }
        // The lines of a branch are looked at already, and stand in nobody else's way.
        let (mut rank, mut admitted, mut obstacle) = (landing.cost.rank, true, None);
        let mut number = landing.number;
        while number != HERE {
            let Step { via, next, .. } = self.steps[number as usize];
            path.push(via);
            let cost = problem.admit(via, problem.graph.edge(via));
            rank += cost.unwrap_or_default();
            admitted &= cost.is_some();
            if cost.is_none_or(|rank| rank >= TOLL) && !self.obstacles.contains(&via) {
                obstacle = Some(number as usize);
            }
            number = next;
        }
        if self.lead == Lead::Away {
            path.reverse();
        }
        // What the path costs differs from what is known of it by tolls and demerits alone.
        if admitted && rank == best.rank { Straight::Kept } else { Straight::Broken(obstacle) }
    }

    /// Whether nothing stands in the way of the best path from the node of that number, nor asks more than is known of; if so, its
    /// edges stand in `path`, in order from there.
    pub(crate) fn is_clear(&self, problem: &Problem<'_>, number: usize, path: &mut Vec<EdgeIx>) -> bool {
        path.clear();
        let (mut rank, mut at) = (0, number as u32);
        while at != HERE {
            let Step { via, next, .. } = self.steps[at as usize];
            let Some(cost) = problem.admit(via, problem.graph.edge(via)) else { return false };
            path.push(via);
            rank += cost;
            at = next;
        }
        rank == self.keys[number].rank
    }
}
