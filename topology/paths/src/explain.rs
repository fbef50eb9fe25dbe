//! Why there is no path: which constraint bites, and the nearest path that breaks only that one.
//!
//! Each constraint of the request is lifted alone, in the order of [`Constraint::ALL`], and the first whose lifting lets a
//! path through is named, with the path that breaks it least. Where no single one does, pairs are tried; where no pair
//! does, all are lifted and put back one by one, the last first, as long as a path is left: what cannot be put back is named.

use model::{Bandwidth, Delay, Graph, Jitter, Loss, NodeId, NodeIx, Price, intent::Minimise};

use crate::{
    constraint::{Bounds, Constraint, PathRequest, SegmentBound},
    cspf::{Miss, answer, shortest, solve},
    found::{Found, spare},
    include::Include,
    problem::{Key, Objective, Problem},
    tally::Tallies,
    workspace::Workspace,
};

/// By how much the nearest path breaks the constraint that bites.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Excess {
    /// The least delay there is, and the bound.
    Delay(Delay, Delay),
    /// The least jitter there is, and the bound.
    Jitter(Jitter, Jitter),
    /// The least loss there is, and the bound.
    Loss(Loss, Loss),
    /// The fewest hops there are, and the bound.
    Hops(u32, u32),
    /// The lowest price there is, and the bound.
    Price(Price, Price),
    /// The fewest segments that pin a path, none where nothing pins any; and the bound.
    Segments(Option<u32>, u32),
    /// The most that is free on one path, and what was asked for.
    Bandwidth(Bandwidth, Bandwidth),
    /// How many links, nodes or waypoints of the nearest path break the constraint: the fewest possible, except that
    /// waypoints and things to visit are left out one by one, or else all.
    Times(u32),
}

/// Why there is no path.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reason {
    /// No way leads there, whatever is allowed.
    Disconnected,
    /// Lifting this one constraint lets a path through.
    Constraint {
        /// Which one.
        which: Constraint,
        /// The path that breaks it least and keeps everything else.
        nearest: Found,
        /// By how much.
        excess: Excess,
    },
    /// No single one is enough: these two are, or where no two are, these, of which none can be left out.
    Together(Vec<Constraint>),
}

/// The explanation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NoPath {
    /// Where the path should start.
    pub from: NodeIx,
    /// Where it should end.
    pub to: NodeIx,
    /// Why there is none.
    pub reason: Reason,
    /// Whether it is proven that there is none; false when the search gave up at its label limit.
    pub exact: bool,
}

/// As [`crate::shortest`], and says why where there is no path.
///
/// # Errors
/// There is no such path: which constraint bites, and the nearest path that breaks only it.
pub fn find(
    graph: &Graph,
    free: &[u64],
    request: &PathRequest,
    workspace: &mut Workspace,
) -> Result<Found, Box<NoPath>> {
    shortest(graph, free, request, workspace)
        .map_err(|miss| Box::new(explain(graph, free, request, miss, workspace)))
}

/// Why no path meets the request; none where one does.
///
/// Costs about one search for each constraint that is present, and for bandwidth the logarithm of the number of edges; where none alone
/// is to blame, one for each pair of them.
pub fn why_not(
    graph: &Graph,
    free: &[u64],
    request: &PathRequest,
    workspace: &mut Workspace,
) -> Option<NoPath> {
    let miss = shortest(graph, free, request, workspace).err()?;
    Some(explain(graph, free, request, miss, workspace))
}

pub(crate) fn explain(
    graph: &Graph,
    free: &[u64],
    request: &PathRequest,
    miss: Miss,
    workspace: &mut Workspace,
) -> NoPath {
    let problem = Problem::new(graph, free, request);
    NoPath { from: request.from, to: request.to, reason: reason(&problem, workspace), exact: miss.exact }
}

fn reason(problem: &Problem<'_>, workspace: &mut Workspace) -> Reason {
    let present: Vec<Constraint> =
        Constraint::ALL.into_iter().filter(|constraint| is_present(problem, *constraint)).collect();
    let all = present.iter().fold(*problem, |problem, constraint| lifted(&problem, *constraint));
    if !solve(&all, workspace).found {
        return Reason::Disconnected;
    }
    for which in &present {
        if let Some((nearest, excess)) = nearest(problem, *which, workspace) {
            return Reason::Constraint { which: *which, nearest, excess };
        }
    }
    for (place, one) in present.iter().enumerate() {
        for other in &present[place + 1..] {
            let pair = lifted(&lifted(problem, *one), *other);
            if solve(&pair, workspace).found {
                return Reason::Together(vec![*one, *other]);
            }
        }
    }
    Reason::Together(least_of(problem, present, workspace))
}

/// Of constraints that let a path through when all of them are lifted, some of which that holds and of which none can be left
/// out. One search each.
fn least_of(problem: &Problem<'_>, all: Vec<Constraint>, workspace: &mut Workspace) -> Vec<Constraint> {
    let mut least = all;
    for place in (0..least.len()).rev() {
        let others = least.iter().enumerate().filter(|(other, _)| *other != place);
        let open = others.fold(*problem, |problem, (_, constraint)| lifted(&problem, *constraint));
        if solve(&open, workspace).found {
            least.remove(place);
        }
    }
    least
}

/// Whether the request, or the network for it, has such a constraint at all.
fn is_present(problem: &Problem<'_>, constraint: Constraint) -> bool {
    let request = problem.request;
    let bounds = &request.bounds;
    match constraint {
        Constraint::Delay => bounds.delay.is_some(),
        Constraint::Jitter => bounds.jitter.is_some(),
        Constraint::Loss => bounds.loss.is_some(),
        Constraint::Hops => bounds.hops.is_some(),
        Constraint::Price => bounds.price.is_some(),
        Constraint::Segments => bounds.segments.is_some(),
        Constraint::Bandwidth => request.bandwidth > Bandwidth::ZERO,
        Constraint::AvoidAffinity => request.avoid_affinity != 0,
        Constraint::IncludeAny => request.include_any != 0,
        Constraint::IncludeAll => request.include_all != 0,
        Constraint::Encryption => request.encrypted,
        Constraint::Waypoints => !request.waypoints.is_empty(),
        Constraint::Included => !request.include.all().is_empty(),
        Constraint::ExcludedLinks => !request.excluded.edges.is_empty(),
        Constraint::ExcludedNodes => !request.excluded.nodes.is_empty(),
        Constraint::ExcludedSrlgs => !request.excluded.srlgs.is_empty(),
        Constraint::Overload => problem.graph.nodes().any(|node| problem.graph.is_overloaded(node)),
        Constraint::UnusableMetric => request.minimise == Minimise::Igp,
    }
}

/// The problem without a constraint.
fn lifted<'a>(problem: &Problem<'a>, constraint: Constraint) -> Problem<'a> {
    let mut problem = *problem;
    match constraint {
        Constraint::Delay => problem.bounds.delay = None,
        Constraint::Jitter => problem.bounds.jitter = None,
        Constraint::Loss => problem.bounds.loss = None,
        Constraint::Hops => problem.bounds.hops = None,
        Constraint::Price => problem.bounds.price = None,
        Constraint::Segments => problem.bounds.segments = None,
        Constraint::Waypoints => problem.waypoints = &[],
        Constraint::Included => problem.include = &[],
        _ => problem.relaxed = problem.relaxed.with(constraint),
    }
    problem
}

/// The path that breaks one constraint least and keeps everything else.
fn nearest(problem: &Problem<'_>, which: Constraint, workspace: &mut Workspace) -> Option<(Found, Excess)> {
    let open = lifted(problem, which);
    let objective = match which {
        Constraint::Delay => Objective::Chosen(Minimise::Delay),
        Constraint::Jitter => Objective::Jitter,
        Constraint::Loss => Objective::Loss,
        Constraint::Hops => Objective::Chosen(Minimise::Hops),
        Constraint::Price => Objective::Chosen(Minimise::Price),
        Constraint::Segments => return fewest_segments(problem, workspace),
        Constraint::Bandwidth => return widest(problem, workspace),
        Constraint::Waypoints => return fewer_waypoints(problem, workspace),
        Constraint::Included => return fewer_includes(problem, workspace),
        _ => {
            let found = solved(&open, workspace)?;
            let excess = Excess::Times(tolls(&open, &found));
            return Some((found, excess));
        }
    };
    let found = solved(&Problem { objective, prefer: &[], ..open }, workspace)?;
    let excess = over(&found, &problem.bounds, which)?;
    Some((found, excess))
}

fn over(found: &Found, bounds: &Bounds, which: Constraint) -> Option<Excess> {
    let totals = &found.totals;
    match which {
        Constraint::Delay => bounds.delay.map(|bound| Excess::Delay(totals.delay, bound)),
        Constraint::Jitter => bounds.jitter.map(|bound| Excess::Jitter(totals.jitter, bound)),
        Constraint::Loss => bounds.loss.map(|bound| Excess::Loss(totals.loss, bound)),
        Constraint::Hops => bounds.hops.map(|bound| Excess::Hops(totals.hops, bound)),
        _ => bounds.price.map(|bound| Excess::Price(totals.price, bound)),
    }
}

fn solved(problem: &Problem<'_>, workspace: &mut Workspace) -> Option<Found> {
    let outcome = solve(problem, workspace);
    answer(problem.graph, problem.request, outcome, workspace).ok()
}

/// The path of the fewest segments; or where nothing pins any path, the best one.
fn fewest_segments(problem: &Problem<'_>, workspace: &mut Workspace) -> Option<(Found, Excess)> {
    let bound = problem.bounds.segments?;
    let mut open = *problem;
    open.bounds.segments = Some(SegmentBound { most: u32::MAX, ..bound });
    let least = Problem { objective: Objective::Segments, prefer: &[], ..open };
    if let Some(found) = solved(&least, workspace) {
        let count = Tallies::new(&open, &mut workspace.stretches)?.fewest(&found.edges);
        return Some((found, Excess::Segments(count, bound.most)));
    }
    let found = solved(&lifted(problem, Constraint::Segments), workspace)?;
    Some((found, Excess::Segments(None, bound.most)))
}

/// How often a path breaks the lifted constraint.
fn tolls(problem: &Problem<'_>, found: &Found) -> u32 {
    let last = problem.trace(&found.edges).and_then(|trace| trace.last().map(|(_, key)| *key));
    last.or(problem.start().map(|(_, key)| key)).map_or(0, Key::tolls)
}

/// The path with the most free bandwidth, by bisection over the amounts that are free somewhere.
fn widest(problem: &Problem<'_>, workspace: &mut Workspace) -> Option<(Found, Excess)> {
    let crossings = problem.most_crossings();
    let mut amounts: Vec<u64> = problem
        .free
        .iter()
        .flat_map(|free| (1..=crossings).map(move |times| free / times))
        .filter(|amount| *amount < problem.bandwidth)
        .collect();
    amounts.sort_unstable();
    amounts.dedup();
    let (mut low, mut high) = (0, amounts.len());
    let mut best = None;
    while low < high {
        let middle = low.midpoint(high);
        match solved(&Problem { bandwidth: amounts[middle], ..*problem }, workspace) {
            Some(found) => {
                best = Some((found, amounts[middle]));
                low = middle + 1;
            }
            None => high = middle,
        }
    }
    let (found, amount) = best?;
    let free = spare(&found.edges, problem.free).min(Bandwidth::from_bps(amount));
    Some((found, Excess::Bandwidth(free, problem.request.bandwidth)))
}

/// The path that leaves out one waypoint, or else all of them.
fn fewer_waypoints(problem: &Problem<'_>, workspace: &mut Workspace) -> Option<(Found, Excess)> {
    let all = problem.waypoints;
    let one = all_but_one(all)
        .find_map(|rest: Vec<NodeIx>| solved(&Problem { waypoints: &rest, ..*problem }, workspace));
    if let Some(found) = one {
        return Some((found, Excess::Times(1)));
    }
    let found = solved(&Problem { waypoints: &[], ..*problem }, workspace)?;
    Some((found, Excess::Times(all.len() as u32)))
}

/// The path that leaves out one of the things to visit, or else all of them.
fn fewer_includes(problem: &Problem<'_>, workspace: &mut Workspace) -> Option<(Found, Excess)> {
    let all = problem.include;
    let one = all_but_one(all)
        .find_map(|rest: Vec<Include>| solved(&Problem { include: &rest, ..*problem }, workspace));
    if let Some(found) = one {
        return Some((found, Excess::Times(1)));
    }
    let found = solved(&Problem { include: &[], ..*problem }, workspace)?;
    Some((found, Excess::Times(all.len() as u32)))
}

fn all_but_one<T: Copy>(all: &[T]) -> impl Iterator<Item = Vec<T>> + '_ {
    (0..all.len()).map(|left_out| {
        let rest = all.iter().enumerate().filter(|(place, _)| *place != left_out);
        rest.map(|(_, item)| *item).collect()
    })
}

impl NoPath {
    /// Which constraint bites, in a few words.
    pub fn constraint(&self) -> String {
        match &self.reason {
            Reason::Disconnected => "the network is not connected".to_owned(),
            Reason::Constraint { which, .. } => which.to_string(),
            Reason::Together(several) => {
                several.iter().map(Constraint::to_string).collect::<Vec<_>>().join(" and ")
            }
        }
    }

    /// What the nearest path that breaks only this constraint gives, and where it goes.
    pub fn nearest(&self, graph: &Graph) -> Option<String> {
        let Reason::Constraint { which, nearest, excess } = &self.reason else { return None };
        let nodes: Vec<&str> =
            nearest.nodes(graph).into_iter().map(|node| graph.node_id(node)).map(NodeId::as_str).collect();
        Some(format!("{} ({})", gives(*which, *excess), nodes.join(" > ")))
    }

    /// All of it in one line.
    pub fn describe(&self, graph: &Graph) -> String {
        let ends = format!("from {} to {}", graph.node_id(self.from), graph.node_id(self.to));
        let mut text = match &self.reason {
            Reason::Disconnected => format!("no way leads {ends}, whatever is allowed"),
            Reason::Constraint { .. } => format!(
                "no path {ends} because of {}: {}",
                self.constraint(),
                self.nearest(graph).unwrap_or_default()
            ),
            Reason::Together(_) => {
                format!("no path {ends} because of {} together", self.constraint())
            }
        };
        if !self.exact {
            text.push_str("; the search gave up at its label limit, so a path may exist");
        }
        text
    }
}

fn gives(which: Constraint, excess: Excess) -> String {
    match excess {
        Excess::Delay(best, bound) => {
            format!("the least delay is {best}, {} over {bound}", best.saturating_sub(bound))
        }
        Excess::Jitter(best, bound) => {
            format!("the least jitter is {best}, {} over {bound}", best.saturating_sub(bound))
        }
        Excess::Loss(best, bound) => {
            format!("the least loss is {best}, {} over {bound}", best.saturating_sub(bound))
        }
        Excess::Hops(best, bound) => format!("the fewest hops are {best}, {bound} are allowed"),
        Excess::Price(best, bound) => format!("the lowest price is {}, {} is allowed", best.0, bound.0),
        Excess::Segments(Some(best), bound) => format!("the fewest segments are {best}, {bound} are allowed"),
        Excess::Segments(None, bound) => format!("no segments pin any path, {bound} are allowed"),
        Excess::Bandwidth(free, asked) => {
            format!("at most {free} of {asked} are free")
        }
        Excess::Times(count) => {
            let what = match (which, count) {
                (Constraint::Waypoints, 1) => "waypoint is left out",
                (Constraint::Waypoints, _) => "waypoints are left out",
                (Constraint::Included, 1) => "thing to visit is left out",
                (Constraint::Included, _) => "things to visit are left out",
                (Constraint::ExcludedNodes, 1) => "node on it is excluded",
                (Constraint::ExcludedNodes, _) => "nodes on it are excluded",
                (Constraint::Overload, 1) => "node on it is overloaded",
                (Constraint::Overload, _) => "nodes on it are overloaded",
                (_, 1) => "link on it breaks the rule",
                (_, _) => "links on it break the rule",
            };
            format!("{count} {what}")
        }
    }
}

#[cfg(test)]
mod tests;
