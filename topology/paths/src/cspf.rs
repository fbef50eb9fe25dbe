//! Constrained shortest path (RFC 9522 section 5.1.1.6): the best path that meets a request.

use model::{EdgeIx, Graph};
use thiserror::Error;

use crate::{
    constraint::{Bounds, PathRequest},
    crowded::Crowded,
    dijkstra::Outcome,
    found::{Found, Totals},
    goal::Goal,
    labels::Known,
    lower::Quantity,
    problem::{Objective, Problem, Relaxed},
    stretches::Stretches,
    tally::Tallies,
    workspace::Workspace,
};

/// No path was found; [`crate::why_not`] says why.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("{}", if *.exact { "no path meets the request" } else { "no path was found before the search gave up at its label limit" })]
pub struct Miss {
    /// Whether it is proven that there is none.
    pub exact: bool,
}

/// The best path that meets the request: least demerits ([`PathRequest::prefer`]), then least metric, then delay, then hops,
/// then smallest edge numbers in order of travel. Where the best path regardless of bounds keeps them, it is the answer
/// after O((nodes + edges) log nodes), for each stop and each set of included things. Else label-setting finds the best one that
/// does; that is exponential at worst, and [`Found::exact`] says whether it ended before its limit of labels.
///
/// A walk through waypoints or included things may cross an edge again, and must have room for each crossing. That is no bound
/// but as hard as one: where the best walk has no room, the edges that it crosses too often are counted along every walk of a
/// label-setting search, and again until a walk has room. Exact within the label limit, which holds for all these
/// searches together, and as long as the rooms of these edges come to at most 128 crossings; past either, a walk with room
/// that is not proven the best, or none though there may be one, and `exact` is false.
///
/// A bound on segments alone takes at most segments * nodes² labels where every node has a SID. Nodes without one are told apart
/// up to 128 of them; beyond, no segment leads past them, and the answer is not called exact.
///
/// `free` is the bandwidth that is free on each edge, bit/s, by edge number; an edge beyond its end has none and is not used.
///
/// # Errors
/// There is no such path, or none was found within the limit.
pub fn shortest(
    graph: &Graph,
    free: &[u64],
    request: &PathRequest,
    workspace: &mut Workspace,
) -> Result<Found, Miss> {
    let outcome = solve(&Problem::new(graph, free, request), workspace);
    answer(graph, request, outcome, workspace)
}

/// The outcome with the path that stands in the workspace.
pub(crate) fn answer(
    graph: &Graph,
    request: &PathRequest,
    outcome: Outcome,
    workspace: &Workspace,
) -> Result<Found, Miss> {
    if !outcome.found {
        return Err(Miss { exact: outcome.exact });
    }
    Ok(Found {
        from: request.from,
        edges: workspace.path.clone(),
        totals: Totals::of(graph, &workspace.path),
        exact: outcome.exact,
    })
}

/// Solves a problem by the cheapest search that is exact for it. Writes the edges into the workspace's path.
pub(crate) fn solve(problem: &Problem<'_>, workspace: &mut Workspace) -> Outcome {
    solve_toward(problem, None, workspace)
}

/// The same with a goal in sight.
pub(crate) fn solve_toward(problem: &Problem<'_>, goal: Option<&Goal>, workspace: &mut Workspace) -> Outcome {
    let counts_once = problem.charges.is_some_and(|charges| charges.counts_once());
    if !counts_once && problem.objective != Objective::Segments {
        let plain = workspace.tree.shortest(problem, goal, &mut workspace.path);
        if !plain.found {
            return plain;
        }
        let kept =
            problem.bounds == Bounds::default() || keeps(problem, &workspace.path, &mut workspace.stretches);
        if kept && problem.is_rideable(&workspace.path) {
            return plain;
        }
        if !kept && is_decided_by_one(problem) {
            return Outcome { found: false, exact: true };
        }
    }
    search_labels(problem, goal, workspace)
}

/// The same where the best path regardless of bounds is known not to keep them.
pub(crate) fn solve_bounded(problem: &Problem<'_>, workspace: &mut Workspace) -> Outcome {
    if is_decided_by_one(problem) {
        return Outcome { found: false, exact: true };
    }
    search_labels(problem, None, workspace)
}

/// Whether a path keeps every bound.
pub(crate) fn keeps(problem: &Problem<'_>, path: &[EdgeIx], stretches: &mut Stretches) -> bool {
    problem.totals_with(path).meets(&problem.bounds)
        && Tallies::new(problem, stretches).is_none_or(|mut tallies| tallies.fits(path))
}

/// Searches until the best walk has room for all its crossings.
fn search_labels(problem: &Problem<'_>, goal: Option<&Goal>, workspace: &mut Workspace) -> Outcome {
    let mut crowded = Crowded::default();
    let mut left = workspace.label_limit;
    loop {
        let outcome = search_once(problem, goal, &crowded, left, workspace);
        left = left.saturating_sub(workspace.labels.count());
        if !outcome.found || problem.is_rideable(&workspace.path) {
            return outcome;
        }
        if !outcome.exact || !crowded.count(problem, &workspace.path) {
            crowded.give_up();
            left = workspace.label_limit;
        }
    }
}

fn search_once(
    problem: &Problem<'_>,
    goal: Option<&Goal>,
    crowded: &Crowded,
    limit: usize,
    workspace: &mut Workspace,
) -> Outcome {
    let Workspace { labels, lower, goal: own, stretches, path, .. } = workspace;
    let tallies = Tallies::new(problem, stretches);
    let many_differ_in_one = tallies.is_some() || !crowded.is_empty();
    let goal = match goal {
        // Loss does not add up. Other bounds leave few walks open; under one on segments, or where crossings count, many differ in
        // these alone.
        None if many_differ_in_one && problem.objective != Objective::Loss => {
            own.build(problem);
            Some(&*own)
        }
        goal => goal,
    };
    labels.shortest(problem, Known { lower, goal, tallies, crowded }, limit, path)
}

/// Whether the only bound is on what is made small and nothing ranks before it: then the least path decides.
fn is_decided_by_one(problem: &Problem<'_>) -> bool {
    use model::intent::Minimise;
    let minimised = match problem.objective {
        Objective::Chosen(Minimise::Delay) => Quantity::Delay,
        Objective::Chosen(Minimise::Hops) => Quantity::Hops,
        Objective::Chosen(Minimise::Price) => Quantity::Price,
        Objective::Jitter => Quantity::Jitter,
        Objective::Loss => Quantity::Loss,
        Objective::Chosen(Minimise::Igp | Minimise::Te) | Objective::Segments => return false,
    };
    let unranked =
        problem.prefer.is_empty() && problem.charges.is_none() && problem.relaxed == Relaxed::default();
    unranked
        && problem.bounds.segments.is_none()
        && Quantity::ALL
            .into_iter()
            .all(|quantity| quantity == minimised || quantity.bound(&problem.bounds).is_none())
}

#[cfg(test)]
mod tests;
