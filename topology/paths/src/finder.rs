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
    problem::Problem,
    root::Straight,
    roots::Roots,
    workspace::Workspace,
};

/// A search that has looked at more edges than this, and one more for so many nodes, costs a good part of finding out what lies
/// behind the obstacle that it goes round; others will have to go round it too.
const PATIENCE: (usize, usize) = (24, 16);

/// Finds paths on one graph. Gives the same answers as [`crate::shortest`], [`crate::find`] and [`crate::backup`], sooner where many
/// paths begin or end at few places: then a path costs about its length, and a search is only needed where bandwidth, affinities
/// or a first path stand in the way of the best one.
///
/// Memory: 52 bytes for each node that carries transit and up to 4 for each edge between two of them, for each such place with and
/// without obstacles; at most 256 MiB, then the places used first are forgotten first. Nodes with the overload bit cost nothing.
#[derive(Debug)]
pub struct Finder {
    graph: Arc<Graph>,
    backbone: Backbone,
    roots: Roots,
    /// How many edges a search looks at before it asks what lies behind an obstacle.
    patience: usize,
    /// How often a path was asked for that begins or ends at a node.
    asked: Vec<u32>,
    guided: Guided,
    workspace: Workspace,
}

impl Finder {
    /// For one graph.
    pub fn new(graph: Arc<Graph>) -> Self {
        let backbone = Backbone::new(&graph);
        Self {
            roots: Roots::new(&graph, &backbone),
            patience: PATIENCE.0 + backbone.len() / PATIENCE.1,
            backbone,
            asked: vec![0; graph.node_count()],
            graph,
            guided: Guided::default(),
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
        let counts_segments = problem.bounds.segments.is_some();
        if !problem.is_direct() || counts_once || counts_segments || problem.start().is_none() {
            return cspf::solve(problem, workspace);
        }
        let outcome = self.guided(problem, workspace);
        let kept = problem.bounds == Bounds::default()
            || problem.totals_with(&workspace.path).meets(&problem.bounds);
        if outcome.found && !kept { cspf::solve_bounded(problem, workspace) } else { outcome }
    }

    /// Solves a direct problem regardless of bounds.
    fn guided(&mut self, problem: &Problem<'_>, workspace: &mut Workspace) -> Outcome {
        let is_end = self.is_busier_end(problem.request);
        let mut place = self.roots.place(problem.request, is_end);
        if !self.roots.knows(&place) {
            // What is known of either end gives the same answer, and finding out costs more than most searches.
            let other = self.roots.place(problem.request, !is_end);
            if self.roots.knows(&other) {
                place = other;
            }
        }
        loop {
            let root = self.roots.at(&place, &self.backbone, &self.graph, problem.request);
            let behind = match root.straight(&self.backbone, problem, &mut workspace.path) {
                Straight::Never => return Outcome { found: false, exact: true },
                Straight::Kept => return Outcome { found: true, exact: true },
                Straight::Broken(obstacle) => {
                    let most = self.roots.most_obstacles;
                    obstacle.and_then(|obstacle| place.behind(problem, obstacle, most))
                }
            };
            if let Some(behind) = behind.as_ref().filter(|behind| self.roots.knows(behind)) {
                place = behind.clone();
                continue;
            }
            let root = self.roots.at(&place, &self.backbone, &self.graph, problem.request);
            let most = if behind.is_some() { self.patience } else { usize::MAX };
            match (self.guided.shortest(&self.backbone, problem, root, most, &mut workspace.path), behind) {
                (None, Some(behind)) => place = behind,
                // Without a limit every search ends.
                (outcome, _) => return outcome.unwrap_or(Outcome { found: false, exact: false }),
            }
        }
    }

    /// Whether the end of a request was asked for more often than its start, and so will be again; before anybody knows, whether
    /// more links meet there. A search is best done from the other end, and finds the same from either.
    fn is_busier_end(&mut self, request: &PathRequest) -> bool {
        let busy = |node: NodeIx| (self.asked[node.ix()], self.graph.out(node).len());
        let is_end = busy(request.to) >= busy(request.from);
        for node in [request.from, request.to] {
            self.asked[node.ix()] = self.asked[node.ix()].saturating_add(1);
        }
        is_end
    }
}

#[cfg(test)]
mod tests;
