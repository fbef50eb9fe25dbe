//! Many paths on one network: what every search between the same places would find out again is kept.
//!
//! For a place where many paths begin or end (a data centre, a headquarters) the best paths to all nodes are worked out once, as
//! if nothing but the objective were asked. Where such a path keeps a request it is the answer, for nothing can be better; where
//! it does not, it is what a search from the other end has in sight. All that is known by nodes that carry transit: branches with the
//! overload bit are judged by their own few lines. Where many paths have to go round the same obstacle (a line that
//! is down, or that all first paths ride and no backup may), the best paths round it are worked out too.

use std::sync::Arc;

use model::{EdgeIx, Graph, NodeIx, intent::Diversity};

use crate::{
    backbone::Backbone,
    constraint::{Bounds, PathRequest},
    cspf::{self, Miss, answer},
    dijkstra::Outcome,
    disjoint::{Backup, away_from},
    explain::{NoPath, explain},
    found::Found,
    guided::Guided,
    landing::Landing,
    problem::Problem,
    root::Straight,
    roots::{Beyond, Roots},
    workspace::Workspace,
};

/// Searches that have looked at more edges than this, and one more for so many nodes, cost a good part of finding out what lies
/// behind the obstacle that they go round; others will have to go round it too.
const PATIENCE: (usize, usize) = (24, 16);

/// Finds paths on one graph. Gives the same answers as [`crate::shortest`], [`crate::find`] and [`crate::backup`], sooner where many
/// paths begin or end at few places: then a path costs about its length, and a search is only needed where bandwidth, affinities
/// or a first path stand in the way of the best one.
///
/// Memory: 64 bytes for each node that carries transit and up to 4 for each edge between two of them, for each such place with and
/// without obstacles; at most 256 MiB or what [`Finder::keep_within`] says, then the places used first are forgotten first. Nodes with the
/// overload bit cost nothing.
/// Beside it up to 256 bytes for each edge between two nodes that carry transit, for what edges cost by eight kinds of request.
#[derive(Debug)]
pub struct Finder {
    graph: Arc<Graph>,
    memory: Memory,
    workspace: Workspace,
}

/// What is kept from one search to the next.
#[derive(Debug)]
struct Memory {
    backbone: Backbone,
    roots: Roots,
    /// How many edges searches look at before they ask what lies behind an obstacle.
    patience: usize,
    /// How often a path was asked for that begins or ends at a node.
    asked: Vec<u32>,
    guided: Guided,
    landings: Vec<Landing>,
}

impl Finder {
    /// For one graph.
    pub fn new(graph: Arc<Graph>) -> Self {
        Self { memory: Memory::new(&graph), graph, workspace: Workspace::new() }
    }

    /// Keeps no more than so many bytes of best paths from now on, at most 256 MiB, and those of one place at least. It changes no answer.
    pub fn keep_within(&mut self, bytes: usize) {
        self.memory.roots.keep_within(bytes);
    }

    /// What is kept of best paths, and what may be, bytes.
    pub fn bytes(&self) -> (usize, usize) {
        self.memory.roots.bytes()
    }

    /// As [`crate::shortest`].
    ///
    /// # Errors
    /// There is no such path, or none was found within the limit.
    pub fn shortest(&mut self, free: &[u64], request: &PathRequest) -> Result<Found, Miss> {
        let outcome = self.memory.solve(&Problem::new(&self.graph, free, request), &mut self.workspace);
        answer(&self.graph, request, outcome, &self.workspace)
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
        let Self { graph, memory, workspace } = self;
        let solve = |problem: &Problem<'_>, workspace: &mut Workspace| memory.solve(problem, workspace);
        let found = away_from(graph, free, request, &[primary], diversity.into(), workspace, solve)?;
        Ok(Backup::of(graph, primary, found, diversity))
    }

    /// The graph.
    pub const fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    /// The memory of the searches, for whatever else is asked on the same graph.
    pub const fn workspace(&mut self) -> &mut Workspace {
        &mut self.workspace
    }
}

impl Memory {
    fn new(graph: &Graph) -> Self {
        let backbone = Backbone::new(graph);
        Self {
            roots: Roots::new(graph, &backbone),
            patience: PATIENCE.0 + backbone.len() / PATIENCE.1,
            backbone,
            asked: vec![0; graph.node_count()],
            guided: Guided::default(),
            landings: Vec::new(),
        }
    }

    /// Solves a problem, with what is known where that is direct and counts nothing but edges.
    fn solve(&mut self, problem: &Problem<'_>, workspace: &mut Workspace) -> Outcome {
        let counts_once = problem.charges.is_some_and(|charges| charges.counts_once());
        let counts_segments = problem.bounds.segments.is_some();
        if !problem.is_direct() || counts_once || counts_segments || problem.start().is_none() {
            return cspf::solve(problem, workspace);
        }
        let outcome = self.guided(problem, &mut workspace.path);
        let kept = problem.bounds == Bounds::default()
            || problem.totals_with(&workspace.path).meets(&problem.bounds);
        if outcome.found && !kept { cspf::solve_bounded(problem, workspace) } else { outcome }
    }

    /// Solves a direct problem regardless of bounds.
    fn guided(&mut self, problem: &Problem<'_>, path: &mut Vec<EdgeIx>) -> Outcome {
        let (graph, request) = (problem.graph, problem.request);
        let is_end = self.is_busier_end(graph, request);
        let Self { backbone, roots, guided, landings, patience, .. } = self;
        let mut number = roots.of(backbone, graph, request, is_end);
        Landing::all(backbone, problem, roots.at(number).lead, landings);
        loop {
            let beyond = match roots.at(number).straight(problem, landings, path) {
                Straight::Never => return Outcome { found: false, exact: true },
                Straight::Kept => return Outcome { found: true, exact: true },
                Straight::Broken(None) => Beyond::Never,
                Straight::Broken(Some(node)) => roots.beyond(problem, number, node),
            };
            let (obstacle, most) = match beyond {
                Beyond::Known(behind) => {
                    number = behind;
                    continue;
                }
                Beyond::Unknown(obstacle, spent) => (Some(obstacle), patience.saturating_sub(spent as usize)),
                Beyond::Never => (None, usize::MAX),
            };
            let (outcome, turns) = guided.shortest(backbone, problem, roots.at(number), most, path);
            let Some(obstacle) = obstacle else {
                // Without a limit every search ends.
                return outcome.unwrap_or(Outcome { found: false, exact: false });
            };
            roots.spend(number, obstacle, turns);
            if let Some(outcome) = outcome {
                return outcome;
            }
            number = roots.grow_behind(backbone, graph, request, number, obstacle);
        }
    }

    /// Whether the end of a request was asked for more often than its start, and so will be again; before anybody knows, whether
    /// more links meet there. A search is best done from the other end, and finds the same from either.
    fn is_busier_end(&mut self, graph: &Graph, request: &PathRequest) -> bool {
        let busy = |node: NodeIx| (self.asked[node.ix()], graph.out(node).len());
        let is_end = busy(request.to) >= busy(request.from);
        for node in [request.from, request.to] {
            self.asked[node.ix()] = self.asked[node.ix()].saturating_add(1);
        }
        is_end
    }
}

#[cfg(test)]
mod tests;
