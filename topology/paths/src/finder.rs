//! Many paths on one network: what every search between the same places would find out again is kept.
//!
//! For a place where many paths begin or end (a data centre, a headquarters) the best paths to all nodes are worked out once, as
//! if nothing but the objective were asked. Where such a path keeps a request it is the answer, for nothing can be better; where
//! it does not, it is what a search from the other end has in sight.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use model::{
    EdgeIx, Graph, NodeIx,
    intent::{Diversity, Minimise},
};

use crate::{
    backward::Backward,
    constraint::{Bounds, PathRequest},
    cspf::{self, Miss, answer},
    dijkstra::Outcome,
    disjoint::{Backup, away_from},
    explain::{NoPath, explain},
    found::Found,
    goal::{Goal, NEVER},
    problem::{Key, Problem},
    workspace::Workspace,
};

/// How many bytes of best paths are kept.
const MOST_BYTES: usize = 256 << 20;

/// What makes one path better than another, whatever the ends.
type Taste = (Minimise, Vec<u128>, u128);

/// The best paths between a place and all nodes.
#[derive(Debug)]
enum Root {
    /// All paths end there.
    Toward(Goal),
    /// All paths begin there: the least key to each node, and the last edge on the way.
    From(Vec<Key>, Vec<EdgeIx>),
}

/// Finds paths on one graph. Gives the same answers as [`crate::shortest`], [`crate::find`] and [`crate::backup`], sooner where many
/// paths begin or end at few places: then a path costs about its length, and a search is only needed where bandwidth, affinities
/// or a first path stand in the way of the best one.
///
/// Memory: 40 bytes for each node and each such place, and at most 256 MiB; the places used first are forgotten first.
#[derive(Debug)]
pub struct Finder {
    graph: Arc<Graph>,
    /// As if every edge were free.
    open: Vec<u64>,
    tastes: Vec<Taste>,
    /// By taste, node, and whether paths end there.
    roots: BTreeMap<(usize, NodeIx, bool), Root>,
    order: VecDeque<(usize, NodeIx, bool)>,
    /// How often a path was asked for that begins or ends at a node.
    asked: Vec<u32>,
    backward: Backward,
    workspace: Workspace,
}

impl Finder {
    /// For one graph.
    pub fn new(graph: Arc<Graph>) -> Self {
        Self {
            open: vec![u64::MAX; graph.edge_count()],
            asked: vec![0; graph.node_count()],
            graph,
            tastes: Vec::new(),
            roots: BTreeMap::new(),
            order: VecDeque::new(),
            backward: Backward::default(),
            workspace: Workspace::new(),
        }
    }

    /// As [`crate::shortest`].
    ///
    /// # Errors
    /// There is no such path, or none was found within the limit.
    pub fn shortest(&mut self, free: &[u64], request: &PathRequest) -> Result<Found, Miss> {
        let mut workspace = std::mem::take(&mut self.workspace);
        let graph = Arc::clone(&self.graph);
        let outcome = self.solve(&Problem::new(&graph, free, request), &mut workspace);
        let found = answer(&graph, request, outcome, &workspace);
        self.workspace = workspace;
        found
    }

    /// As [`crate::find`].
    ///
    /// # Errors
    /// There is no such path: which constraint bites, and the nearest path that breaks only it.
    pub fn find(&mut self, free: &[u64], request: &PathRequest) -> Result<Found, Box<NoPath>> {
        self.shortest(free, request)
            .map_err(|miss| Box::new(explain(&self.graph, free, request, miss, &mut self.workspace)))
    }

    /// As [`crate::backup`].
    ///
    /// # Errors
    /// No path but the primary itself meets the request.
    pub fn backup(
        &mut self,
        free: &[u64],
        request: &PathRequest,
        primary: &[EdgeIx],
        diversity: Diversity,
    ) -> Result<Backup, Miss> {
        let mut workspace = std::mem::take(&mut self.workspace);
        let graph = Arc::clone(&self.graph);
        let solve = |problem: &Problem<'_>, workspace: &mut Workspace| self.solve(problem, workspace);
        let found = away_from(&graph, free, request, &[primary], diversity.into(), &mut workspace, solve);
        self.workspace = workspace;
        found.map(|found| Backup::of(&graph, primary, found, diversity))
    }

    /// The graph.
    pub const fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    /// The memory of the searches, for whatever else is asked on the same graph.
    pub const fn workspace(&mut self) -> &mut Workspace {
        &mut self.workspace
    }

    fn solve(&mut self, problem: &Problem<'_>, workspace: &mut Workspace) -> Outcome {
        let counts_once = problem.charges.is_some_and(|charges| charges.counts_once());
        // An overloaded node carries what begins there and nothing else, so what is kept for others does not hold for it.
        let is_lone = self.graph.is_overloaded(problem.request.from);
        if !problem.is_direct() || counts_once || is_lone || problem.start().is_none() {
            return cspf::solve(problem, workspace);
        }
        let place = self.place(problem.request, workspace);
        let Some(root) = self.roots.get(&place) else { return cspf::solve(problem, workspace) };
        let outcome = match root.straight(problem, &mut workspace.path) {
            Straight::Never => return Outcome { found: false, exact: true },
            Straight::Kept => Outcome { found: true, exact: true },
            Straight::Broken => match root {
                Root::Toward(goal) => workspace.tree.shortest(problem, Some(goal), &mut workspace.path),
                Root::From(keys, _) => self.backward.shortest(problem, keys, &mut workspace.path),
            },
        };
        let kept = problem.bounds == Bounds::default()
            || problem.totals_with(&workspace.path).meets(&problem.bounds);
        if outcome.found && !kept { cspf::solve_bounded(problem, workspace) } else { outcome }
    }

    /// Where the best paths of a request are kept; they are worked out if need be.
    fn place(&mut self, request: &PathRequest, workspace: &mut Workspace) -> (usize, NodeIx, bool) {
        let is_mine = |taste: &Taste| {
            taste.0 == request.minimise && taste.1 == request.prefer && taste.2 == request.prefer_over
        };
        let taste = self.tastes.iter().position(is_mine).unwrap_or_else(|| {
            self.tastes.push((request.minimise, request.prefer.clone(), request.prefer_over));
            self.tastes.len() - 1
        });
        // The end that was asked for more often will be again; before anybody knows, the one where more links meet. A search is
        // best done from the other end, and finds the same from either.
        let busy = |node: NodeIx| (self.asked[node.ix()], self.graph.out(node).len());
        let toward = busy(request.to) >= busy(request.from);
        for node in [request.from, request.to] {
            self.asked[node.ix()] = self.asked[node.ix()].saturating_add(1);
        }
        let place = (taste, if toward { request.to } else { request.from }, toward);
        if !self.roots.contains_key(&place) {
            self.work_out(place, request, workspace);
        }
        place
    }

    fn work_out(&mut self, place: (usize, NodeIx, bool), request: &PathRequest, workspace: &mut Workspace) {
        let asked = PathRequest {
            minimise: request.minimise,
            prefer: request.prefer.clone(),
            prefer_over: request.prefer_over,
            ..PathRequest::new(request.from, request.to)
        };
        let problem = Problem::new(&self.graph, &self.open, &asked);
        let root = if place.2 {
            let mut goal = Goal::default();
            goal.build(&problem);
            Root::Toward(goal)
        } else {
            let (keys, via) = workspace.tree.explore(&problem);
            Root::From(keys, via)
        };
        let bytes = (size_of::<Key>() + size_of::<EdgeIx>()) * self.graph.node_count().max(1);
        if self.roots.len() >= (MOST_BYTES / bytes).max(1)
            && let Some(oldest) = self.order.pop_front()
        {
            self.roots.remove(&oldest);
        }
        self.roots.insert(place, root);
        self.order.push_back(place);
    }
}

/// What the best path is worth for a request.
enum Straight {
    /// There is no path at all.
    Never,
    /// It keeps everything but perhaps bounds.
    Kept,
    /// Something stands in its way.
    Broken,
}

impl Root {
    /// Writes the best path into `path` and says whether a request allows it. It is no worse than any other path, and of equal
    /// ones it has the smallest edges; so where it is allowed and pays no tolls, it is the answer.
    fn straight(&self, problem: &Problem<'_>, path: &mut Vec<EdgeIx>) -> Straight {
        let (from, to) = (problem.request.from, problem.request.to);
        path.clear();
        let best = match self {
            Self::Toward(goal) => {
                let Some(best) = goal.rest(problem, from.0) else { return Straight::Never };
                let mut node = from;
                while node != to {
                    let next = goal.next(node);
                    path.push(next);
                    node = problem.graph.edge(next).to;
                }
                best
            }
            Self::From(keys, via) => {
                if keys[to.ix()] == NEVER {
                    return Straight::Never;
                }
                let mut node = to;
                while node != from {
                    let last = via[node.ix()];
                    path.push(last);
                    node = problem.graph.edge(last).from;
                }
                path.reverse();
                keys[to.ix()]
            }
        };
        let mut key = Key::default();
        for ix in path.iter() {
            let edge = problem.graph.edge(*ix);
            let Some(rank) = problem.admit(*ix, edge) else { return Straight::Broken };
            key = problem.step(key, edge, rank);
        }
        if key == best { Straight::Kept } else { Straight::Broken }
    }
}

#[cfg(test)]
mod tests;
