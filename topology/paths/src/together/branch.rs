//! Branch and bound over conflicts, for what no flow can say: shared risks, sites, bounds and stops. Each path is searched
//! alone; where two use the same thing, either one must avoid it or it is shared for a toll (the conflict-based search of Sharon
//! and others 2015, with sharing as a third way out). The flow over what is open to any of the paths bounds each branch from below,
//! which closes most trees at their root.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
};

use model::EdgeIx;

use super::{cost::Cost, extra, flow::Flow};
use crate::{
    apart::{Apart, Thing},
    constraint::PathRequest,
    cspf::{Miss, keeps, solve},
    disjoint::away_from,
    problem::Problem,
    workspace::Workspace,
};

/// Fewest shared things, then least sum, then smallest edge numbers.
type Value = (usize, Cost, Vec<Vec<EdgeIx>>);

/// What a path must avoid, ascending.
type Avoid = Vec<Thing>;

/// A part of all solutions.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Part {
    /// What each path avoids, ascending.
    avoid: Vec<Avoid>,
    /// How many more paths than one may use a thing.
    spare: BTreeMap<Thing, usize>,
}

/// The search.
pub(super) struct Branching<'a> {
    problem: &'a Problem<'a>,
    apart: Apart,
    count: u8,
    workspace: &'a mut Workspace,
    /// The best path that avoids these things.
    routes: BTreeMap<Avoid, Option<(Cost, Vec<EdgeIx>)>>,
    best: Option<Value>,
    exact: bool,
}

impl<'a> Branching<'a> {
    pub(super) fn new(
        problem: &'a Problem<'a>,
        apart: Apart,
        count: u8,
        workspace: &'a mut Workspace,
    ) -> Self {
        Self { problem, apart, count, workspace, routes: BTreeMap::new(), best: None, exact: true }
    }

    /// The best paths, and whether that is proven. `flow` is what keeps links and nodes apart and nothing else.
    pub(super) fn solve(mut self, flow: Vec<Vec<EdgeIx>>) -> Result<(Vec<Vec<EdgeIx>>, bool), Miss> {
        let root = Part { avoid: vec![Vec::new(); usize::from(self.count)], spare: BTreeMap::new() };
        if self.route(&[]).is_none() {
            return Err(Miss { exact: self.exact });
        }
        self.offer_flow(flow);
        self.offer_backups();
        self.search(root);
        let (.., paths) = self.best.ok_or(Miss { exact: self.exact })?;
        Ok((paths, self.exact))
    }

    fn search(&mut self, root: Part) {
        let mut open = BinaryHeap::new();
        let mut seen = BTreeSet::from([root.clone()]);
        let mut turn = 0_u64;
        if let Some(bound) = self.bound(&root) {
            open.push(Reverse((bound, turn, root)));
        }
        while let Some(Reverse((bound, _, part))) = open.pop() {
            let done = self.best.as_ref().is_some_and(|best| (best.0, best.1) <= bound);
            if done {
                return;
            }
            if self.routes.len() >= self.workspace.branch_limit {
                self.exact = false;
                return;
            }
            for part in self.branch(&part) {
                if !seen.insert(part.clone()) {
                    continue;
                }
                let Some(bound) = self.bound(&part) else { continue };
                let hopeless = self.best.as_ref().is_some_and(|best| (best.0, best.1) <= bound);
                if !hopeless {
                    // Of equal bounds the later, deeper part goes first.
                    turn += 1;
                    open.push(Reverse((bound, u64::MAX - turn, part)));
                }
            }
        }
    }

    /// The parts into which a conflict divides a part; none where its paths do not conflict: they are its best then.
    fn branch(&mut self, part: &Part) -> Vec<Part> {
        let mut users: BTreeMap<Thing, Vec<usize>> = BTreeMap::new();
        for (place, avoid) in part.avoid.iter().enumerate() {
            if let Some((_, path)) = self.route(avoid) {
                for thing in Thing::of(self.problem.graph, self.apart, &path) {
                    users.entry(thing).or_default().push(place);
                }
            }
        }
        let spare = |thing: &Thing| part.spare.get(thing).copied().unwrap_or(0);
        let conflict = users.iter().find(|(thing, users)| users.len() > 1 + spare(thing));
        let Some((thing, users)) = conflict else { return Vec::new() };
        let mut parts = Vec::new();
        for (turn, place) in users.iter().enumerate() {
            // Paths that avoid the same things may change places.
            if users[..turn].iter().any(|other| part.avoid[*other] == part.avoid[*place]) {
                continue;
            }
            let mut part = part.clone();
            let avoid = &mut part.avoid[*place];
            avoid.push(*thing);
            avoid.sort_unstable();
            part.avoid.sort_unstable();
            parts.push(part);
        }
        let mut shared = part.clone();
        *shared.spare.entry(*thing).or_insert(0) += 1;
        parts.push(shared);
        parts
    }

    /// The least that any solution in a part can come to; none where it holds no solution. Offers what it meets on the way.
    fn bound(&mut self, part: &Part) -> Option<(usize, Cost)> {
        let routes: Option<Vec<(Cost, Vec<EdgeIx>)>> =
            part.avoid.iter().map(|avoid| self.route(avoid)).collect();
        let routes = routes?;
        let sum = routes.iter().fold(Cost::ZERO, |sum, (cost, _)| sum + *cost);
        let alone = (part.spare.values().sum(), sum);
        self.offer(routes.into_iter().map(|(_, path)| path).collect());
        let mut common = part.avoid.clone().into_iter();
        let common = common.next()?.into_iter();
        let common: Avoid =
            common.filter(|thing| part.avoid.iter().all(|avoid| avoid.contains(thing))).collect();
        let request = avoiding(self.problem, &common);
        let problem = Problem::new(self.problem.graph, self.problem.free, &request);
        let flow = Flow::paths(&problem, self.apart, self.count)?;
        let sum = flow.iter().fold(Cost::ZERO, |sum, path| sum + Cost::of_path(self.problem, path));
        let links = Apart { srlgs: false, sites: false, ..self.apart };
        let together = (extra(self.problem.graph, links, &flow), sum);
        self.offer_flow(flow);
        Some(alone.max(together))
    }

    /// The best path that avoids these things.
    fn route(&mut self, avoid: &[Thing]) -> Option<(Cost, Vec<EdgeIx>)> {
        if let Some(known) = self.routes.get(avoid) {
            return known.clone();
        }
        let request = avoiding(self.problem, avoid);
        let problem = Problem::new(self.problem.graph, self.problem.free, &request);
        let outcome = solve(&problem, self.workspace);
        self.exact &= outcome.exact;
        let path = &self.workspace.path;
        let route = outcome.found.then(|| (Cost::of_path(self.problem, path), path.clone()));
        self.routes.insert(avoid.to_vec(), route.clone());
        route
    }

    /// Keeps a set of paths that meet the request if it is the best so far.
    fn offer(&mut self, mut paths: Vec<Vec<EdgeIx>>) {
        paths.sort_unstable();
        let sum = paths.iter().fold(Cost::ZERO, |sum, path| sum + Cost::of_path(self.problem, path));
        let value = (extra(self.problem.graph, self.apart, &paths), sum, paths);
        if self.best.as_ref().is_none_or(|best| value < *best) {
            self.best = Some(value);
        }
    }

    /// The same for paths of a flow, which know no bounds and stops.
    fn offer_flow(&mut self, paths: Vec<Vec<EdgeIx>>) {
        let problem = self.problem;
        let stretches = &mut self.workspace.stretches;
        if problem.is_direct() && paths.iter().all(|path| keeps(problem, path, stretches)) {
            self.offer(paths);
        }
    }

    /// One path after the other, each as far from those before as can be: not always the best, and at hand at once.
    fn offer_backups(&mut self) {
        let Some((_, first)) = self.route(&[]) else { return };
        let mut paths = vec![first];
        let Problem { graph, free, request, .. } = *self.problem;
        while paths.len() < usize::from(self.count) {
            let slices: Vec<&[EdgeIx]> = paths.iter().map(Vec::as_slice).collect();
            let next = away_from(graph, free, request, &slices, self.apart, self.workspace, solve);
            match next {
                Ok(found) => paths.push(found.edges),
                // One more could only repeat another.
                Err(_) => paths.push(paths[0].clone()),
            }
        }
        self.offer(paths);
    }
}

/// The request with these things forbidden.
fn avoiding(problem: &Problem<'_>, things: &[Thing]) -> PathRequest {
    let mut request = problem.request.clone();
    let excluded = &mut request.excluded;
    for thing in things {
        match thing {
            Thing::Risk(risk) => excluded.srlgs.insert(*risk),
            Thing::Site(site) => excluded.insert_site(problem.graph, *site),
            Thing::Node(node) => excluded.nodes.insert(*node),
            Thing::Link(edge) => excluded.edges.insert_link(*edge),
        }
    }
    request
}
