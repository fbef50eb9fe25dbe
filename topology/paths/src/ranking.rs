//! Paths one after the other, best first, none with a loop (Yen 1971, with Lawler's 1972 division: each path is found once).

use std::{cmp::Reverse, collections::BinaryHeap};

use model::{EdgeIx, Graph};

use crate::{
    constraint::PathRequest,
    cspf::{Miss, solve_toward},
    found::{Found, Totals},
    goal::Goal,
    problem::{Key, Problem, Spur, TOLL},
    set::Set,
    workspace::Workspace,
};

/// The best of all paths that begin with the same edges and go on by none of the closed ones.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Candidate {
    key: Key,
    edges: Vec<EdgeIx>,
    /// How many edges are given.
    given: usize,
    /// By which edges the path must not go on from there.
    closed: Vec<EdgeIx>,
}

/// How many walks without room may be passed over before the next one with room.
const MOST_SKIPPED: usize = 10_000;

/// All paths that meet a request, in the order of [`crate::shortest`]: an iterator. Each next path costs one search for every node
/// of the one before; a search looks at little more than its own path unless bounds bite.
///
/// No path visits a node twice between two waypoints. Under bounds each search may reach the label limit; then [`Ranking::exact`]
/// says no from there on, and a path may be missing.
#[derive(Debug)]
pub struct Ranking<'a> {
    problem: Problem<'a>,
    workspace: &'a mut Workspace,
    goal: Goal,
    open: BinaryHeap<Reverse<Candidate>>,
    /// The path that was given last: it is divided when another one is wanted.
    last: Option<Candidate>,
    exact: bool,
}

impl<'a> Ranking<'a> {
    /// For one request; `free` as for [`crate::shortest`].
    pub fn new(
        graph: &'a Graph,
        free: &'a [u64],
        request: &'a PathRequest,
        workspace: &'a mut Workspace,
    ) -> Self {
        Self::of(Problem::new(graph, free, request), workspace)
    }

    /// For a problem that may count what its walks share: the order is by that first.
    pub(crate) fn of(problem: Problem<'a>, workspace: &'a mut Workspace) -> Self {
        let (goal, open) = (Goal::default(), BinaryHeap::new());
        let mut ranking = Self { problem, workspace, goal, open, last: None, exact: true };
        if let Some(start) = problem.start() {
            ranking.goal.build(&problem);
            ranking.workspace.lower.build(&problem);
            if let Some(bound) = problem.bounds.segments {
                ranking.workspace.stretches.turn_to(problem.graph, bound.plane);
            }
            ranking.search(&[], &[start], Vec::new());
        }
        ranking
    }

    /// Whether no path before the last one given can have been missed, or where none is left, no path at all.
    pub const fn exact(&self) -> bool {
        self.exact
    }

    /// Adds the best path that begins with `given` and goes on by none of the closed edges. `states` are the start and where
    /// each given edge leads.
    fn search(&mut self, given: &[EdgeIx], states: &[(u32, Key)], closed: Vec<EdgeIx>) {
        let Some(((state, key), before)) = states.split_last() else { return };
        let walked: Set<u32> = before.iter().map(|(state, _)| *state).collect();
        let totals = self.problem.totals_with(given);
        let spur = Spur { edges: given, state: *state, key: *key, totals, walked: &walked, closed: &closed };
        let problem = Problem { spur: Some(&spur), ..self.problem };
        let outcome = solve_toward(&problem, Some(&self.goal), self.workspace);
        self.exact &= outcome.exact;
        if !outcome.found {
            return;
        }
        let rest = &self.workspace.path;
        let end = problem.trace(rest).and_then(|trace| trace.last().copied());
        let mut key = end.map_or(*key, |(_, key)| key);
        let edges = [given, rest].concat();
        key.rank += TOLL * u64::from(problem.once(&edges).count_ones());
        let candidate = Candidate { key, edges, given: given.len(), closed };
        self.open.push(Reverse(candidate));
    }

    /// Divides the paths behind a candidate, itself taken out, by where they leave it.
    fn divide(&mut self, candidate: Candidate) {
        let (Some(start), Some(trace)) = (self.problem.start(), self.problem.trace(&candidate.edges)) else {
            return;
        };
        let states: Vec<(u32, Key)> = std::iter::once(start).chain(trace).collect();
        for given in candidate.given..candidate.edges.len() {
            let mut closed = if given == candidate.given { candidate.closed.clone() } else { Vec::new() };
            closed.push(candidate.edges[given]);
            self.search(&candidate.edges[..given], &states[..=given], closed);
        }
    }
}

impl Iterator for Ranking<'_> {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        for _ in 0..MOST_SKIPPED {
            if let Some(last) = self.last.take() {
                self.divide(last);
            }
            let Reverse(candidate) = self.open.pop()?;
            let edges = candidate.edges.clone();
            self.last = Some(candidate);
            // A walk through waypoints may need an edge more often than it has room.
            if self.problem.has_room(&edges) {
                let totals = Totals::of(self.problem.graph, &edges);
                return Some(Found { from: self.problem.request.from, edges, totals, exact: self.exact });
            }
        }
        self.exact = false;
        None
    }
}

/// The first `k` paths of [`Ranking`]; fewer where there are no more.
///
/// # Errors
/// Not one path meets the request, or none was found within the label limit.
pub fn k_shortest(
    graph: &Graph,
    free: &[u64],
    request: &PathRequest,
    k: usize,
    workspace: &mut Workspace,
) -> Result<Vec<Found>, Miss> {
    let mut ranking = Ranking::new(graph, free, request, workspace);
    let paths: Vec<Found> = ranking.by_ref().take(k).collect();
    if paths.is_empty() && k > 0 { Err(Miss { exact: ranking.exact() }) } else { Ok(paths) }
}

#[cfg(test)]
mod tests;
