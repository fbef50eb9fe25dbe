//! The backup of a path: as far away from it as the network allows.

use model::{EdgeIx, Graph, intent::Diversity};

use crate::{
    apart::{Apart, Shared},
    charges::Count,
    constraint::PathRequest,
    cspf::{Miss, answer, solve},
    dijkstra::Outcome,
    found::Found,
    problem::Problem,
    ranking::Ranking,
    workspace::Workspace,
};

/// A second path.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Backup {
    /// Where it goes.
    pub found: Found,
    /// What it has in common with the first.
    pub shared: Shared,
    /// Whether nothing is shared that the asked diversity keeps apart.
    pub strict: bool,
}

/// The best path that shares the least with `primary`, both meeting the request: fewest shared things, then the order of
/// [`crate::shortest`]. A link counts as shared in either direction; [`Diversity::Node`] counts links and transit nodes,
/// [`Diversity::Srlg`] links and shared risks; each once, however often the backup uses it. Two paths that share less
/// may exist where the primary may be another one: [`crate::together`] finds them.
///
/// Strictly disjoint paths, and maximally disjoint ones by link or node, cost as much as [`crate::shortest`]; where nothing shares
/// less than the primary itself, and it is the best, one search for each of its nodes more. Fewest shared
/// risks is NP-hard, as is anything shared by a walk through waypoints or included things, which may use a link out and back and
/// a node twice, each counted once: label-setting with its limit. Past the limit every use counts, and [`Found::exact`]
/// is false. So it is where more than 128 things may be used more than once.
///
/// # Errors
/// No path but the primary itself meets the request.
pub fn backup(
    graph: &Graph,
    free: &[u64],
    request: &PathRequest,
    primary: &[EdgeIx],
    diversity: Diversity,
    workspace: &mut Workspace,
) -> Result<Backup, Miss> {
    let found = away_from(graph, free, request, &[primary], diversity.into(), workspace, solve)?;
    Ok(Backup::of(graph, primary, found, diversity))
}

impl Backup {
    pub(crate) fn of(graph: &Graph, primary: &[EdgeIx], found: Found, diversity: Diversity) -> Self {
        let shared = Shared::between(graph, primary, &found.edges);
        Self { strict: shared.count(diversity) == 0, found, shared }
    }
}

/// The best path that shares the least with any of these, and is none of them; `solve` does the searches.
pub(crate) fn away_from(
    graph: &Graph,
    free: &[u64],
    request: &PathRequest,
    others: &[&[EdgeIx]],
    apart: Apart,
    workspace: &mut Workspace,
    mut solve: impl FnMut(&Problem<'_>, &mut Workspace) -> Outcome,
) -> Result<Found, Miss> {
    let mut charges = std::mem::take(&mut workspace.charges);
    charges.fill(graph, others, apart, Problem::new(graph, free, request).is_direct());
    let mut found = Err(Miss { exact: true });
    for count in [Count::Strict, Count::Exact, Count::Summed] {
        charges.count = count;
        let problem = Problem { charges: Some(&charges), ..Problem::new(graph, free, request) };
        let outcome = solve(&problem, workspace);
        let gave_up = found.as_ref().is_err_and(|miss: &Miss| !miss.exact);
        found =
            answer(graph, request, outcome, workspace).map_err(|miss| Miss { exact: miss.exact && !gave_up });
        if found.as_ref().is_ok_and(|path| others.contains(&path.edges.as_slice())) {
            found = other_than(others, problem, workspace);
        }
        let proven = !gave_up && (charges.complete || count == Count::Strict);
        match &mut found {
            Ok(path) => path.exact &= proven,
            Err(miss) => miss.exact &= proven,
        }
        if outcome.found {
            break;
        }
    }
    workspace.charges = charges;
    found
}

/// The best path that is none of these.
fn other_than(others: &[&[EdgeIx]], problem: Problem<'_>, workspace: &mut Workspace) -> Result<Found, Miss> {
    let mut ranking = Ranking::of(problem, workspace);
    let other = ranking.find(|found| !others.contains(&found.edges.as_slice()));
    other.ok_or(Miss { exact: ranking.exact() })
}

#[cfg(test)]
mod tests;
