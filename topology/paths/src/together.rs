//! Several paths between the same ends that share as little as the network allows, found together: taking the best path first
//! and then the best that is apart from it misses pairs where the best path crosses both of them.

use model::{EdgeIx, Graph};

use crate::{
    apart::{Apart, Shared, users},
    constraint::{Bounds, PathRequest},
    cspf::{Miss, keeps},
    found::{Found, Totals},
    problem::Problem,
    stretches::Stretches,
    workspace::Workspace,
};

mod branch;
mod cost;
mod flow;

use branch::Branching;
use cost::Cost;
use flow::Flow;

/// Paths that were found together.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Together {
    /// The paths, best first: least demerits, then metric, delay, hops, edge numbers. All are different: fewer than asked
    /// where one more would share no less than a copy of another.
    pub paths: Vec<Found>,
    /// What two or more of them use.
    pub shared: Shared,
    /// How many things are shared that were to be kept apart: a thing that three paths use counts twice.
    pub count: usize,
    /// Whether there are as many paths as asked and nothing is shared that was to be kept apart.
    pub strict: bool,
    /// Whether no other such paths share less, or as much at a smaller sum: proven.
    pub exact: bool,
}

/// How many paths may be asked for at once.
pub const MOST_TOGETHER: u8 = 8;

/// That many paths, each meeting the request, that share the fewest things ([`Apart`]), and then have the least sum of demerits,
/// metric, delay, hops, compared in this order. Each must find its bandwidth free; where two share an edge it is not taken
/// twice, since backups stand by. `count` counts as [`MOST_TOGETHER`] at most.
///
/// Without bounds, waypoints and things to visit, links and nodes are kept apart by a flow of least cost (Suurballe 1974,
/// Bhandari 1999), also where strictly disjoint paths do not exist: always exact, O(count * edges log nodes); among equals the
/// set with the smallest edge numbers wins. All else is NP-hard (shared risks: Hu 2003; two bounded paths: Itai, Perl and
/// Shiloach 1982): where that flow happens to keep everything it is the answer, else conflicts are branched on, best bound
/// first, up to [`Workspace::branch_limit`] searches; [`Together::exact`] says whether that was enough. Past the limit the answer
/// is the best set at hand.
///
/// # Errors
/// Not even one path meets the request, or none was found within the label limit.
pub fn together(
    graph: &Graph,
    free: &[u64],
    request: &PathRequest,
    count: u8,
    apart: impl Into<Apart>,
    workspace: &mut Workspace,
) -> Result<Together, Miss> {
    let (apart, count) = (apart.into(), count.clamp(1, MOST_TOGETHER));
    let problem = Problem::new(graph, free, request);
    let plain = request.bounds == Bounds::default() && problem.is_direct();
    let flow = (problem.start().is_some() && request.from != request.to)
        .then(|| Flow::paths(&problem, apart, count))
        .flatten();
    let Some(paths) = flow else {
        return one(graph, free, request, count, workspace);
    };
    let easy = plain && !apart.srlgs && !apart.sites;
    if easy || keeps_all(&problem, apart, &paths, &mut workspace.stretches) {
        return Ok(answer(&problem, apart, count, paths, true));
    }
    let (paths, exact) = Branching::new(&problem, apart, count, workspace).solve(paths)?;
    Ok(answer(&problem, apart, count, paths, exact))
}

/// Where the ends are one node, or nothing leads from one to the other.
fn one(
    graph: &Graph,
    free: &[u64],
    request: &PathRequest,
    count: u8,
    workspace: &mut Workspace,
) -> Result<Together, Miss> {
    let found = crate::shortest(graph, free, request, workspace)?;
    let exact = found.exact;
    Ok(Together { paths: vec![found], shared: Shared::default(), count: 0, strict: count == 1, exact })
}

/// Whether the paths of the flow answer the whole request: then nothing is better.
fn keeps_all(problem: &Problem<'_>, apart: Apart, paths: &[Vec<EdgeIx>], stretches: &mut Stretches) -> bool {
    let links = Apart { srlgs: false, sites: false, ..apart };
    problem.is_direct()
        && extra(problem.graph, apart, paths) == extra(problem.graph, links, paths)
        && paths.iter().all(|path| keeps(problem, path, stretches))
}

/// How many things are used once too often.
fn extra(graph: &Graph, apart: Apart, paths: &[Vec<EdgeIx>]) -> usize {
    let paths: Vec<&[EdgeIx]> = paths.iter().map(Vec::as_slice).collect();
    users(graph, apart, &paths).iter().map(|(_, users)| users - 1).sum()
}

fn answer(
    problem: &Problem<'_>,
    apart: Apart,
    count: u8,
    mut paths: Vec<Vec<EdgeIx>>,
    exact: bool,
) -> Together {
    let graph = problem.graph;
    paths.sort_by_cached_key(|path| (Cost::of_path(problem, path), path.clone()));
    paths.dedup();
    let extra = extra(graph, apart, &paths);
    let slices: Vec<&[EdgeIx]> = paths.iter().map(Vec::as_slice).collect();
    let shared = Shared::among(graph, &slices);
    let strict = extra == 0 && paths.len() == usize::from(count);
    let paths = paths
        .into_iter()
        .map(|edges| Found { from: problem.request.from, totals: Totals::of(graph, &edges), edges, exact })
        .collect();
    Together { paths, shared, count: extra, strict, exact }
}

#[cfg(test)]
mod tests;
