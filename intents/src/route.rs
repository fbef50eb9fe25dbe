//! Both directions of a service at once: where they ride the same links, one search answers for both.

mod crossings;
mod crowd;
mod mirror;

use std::sync::Arc;

use model::{Bandwidth, EdgeIx, Graph, NodeIx, Service, intent::Diversity};
use paths::{
    Backup, Constraint, Excess, Finder, Found, Miss, NoPath, PathRequest, Reason, Shared, Together, Totals,
    Workspace, spare, together,
};

pub(crate) use crossings::Crossings;
use mirror::Mirrors;

/// A graph with its best paths, and the same as the way back sees it. Most services of a bank begin or
/// end at a few places, so what is found for one is kept for the others: 40 bytes for each such place and node, in each graph.
pub(crate) struct View {
    finder: Finder,
    mirrors: Mirrors,
}

impl View {
    /// Of a graph.
    pub fn new(graph: Graph) -> Self {
        Self { finder: Finder::new(Arc::new(graph)), mirrors: Mirrors::default() }
    }

    /// The graph.
    pub const fn graph(&self) -> &Arc<Graph> {
        self.finder.graph()
    }

    /// The memory of the searches, for whatever else is asked on the same graph.
    pub const fn workspace(&mut self) -> &mut Workspace {
        self.finder.workspace()
    }
}

/// What is free on every edge, alone and together with its reverse, bit/s.
#[derive(Clone, Debug)]
pub(crate) struct Free {
    single: Vec<u64>,
    paired: Vec<u64>,
}

impl Free {
    /// From what is free on each edge.
    pub fn of(single: Vec<u64>) -> Self {
        let paired = (0..single.len()).map(|edge| single[edge].min(single[edge ^ 1])).collect();
        Self { single, paired }
    }

    /// Takes bandwidth from edges, as often as they stand there.
    pub fn take(&mut self, edges: &[EdgeIx], bandwidth: u64) {
        for edge in edges {
            self.set(*edge, self.single[edge.ix()].saturating_sub(bandwidth));
        }
    }

    /// Says what is free on an edge.
    pub fn set(&mut self, edge: EdgeIx, bandwidth: u64) {
        let (this, other) = (edge.ix(), edge.reverse().ix());
        self.single[this] = bandwidth;
        let least = bandwidth.min(self.single[other]);
        self.paired[this] = least;
        self.paired[other] = least;
    }

    /// What is free on each edge.
    pub fn single(&self) -> &[u64] {
        &self.single
    }

    /// What a search for a service may take: where it answers for both directions, what is free in both.
    pub fn of_service(&self, service: &Service) -> &[u64] {
        if is_joint(service) { &self.paired } else { &self.single }
    }
}

/// The paths of a service.
#[derive(Clone, Debug)]
pub(crate) struct Ways {
    /// From `a` to `z`.
    pub out: Found,
    /// From `z` to `a`, where it is promised.
    pub back: Option<Found>,
}

impl Ways {
    /// All directions.
    pub fn each(&self) -> impl Iterator<Item = &Found> {
        std::iter::once(&self.out).chain(&self.back)
    }

    /// How often all directions together lead over each edge.
    pub fn crossings(&self) -> Crossings {
        Crossings::of(self.each().flat_map(|found| &found.edges).copied())
    }

    /// What these cross, as the backup of a service, beyond its path. Directions that ride the same links fail together; each of others
    /// takes its backup by itself, while the other one goes on where it is.
    pub fn beyond(&self, path: &Self, service: &Service) -> Crossings {
        if is_joint(service) {
            return self.crossings().beyond(&path.crossings());
        }
        let each = |found: &Found| Crossings::of(found.edges.iter().copied());
        let more = self.each().zip(path.each()).map(|(own, path)| each(own).beyond(&each(path)));
        more.fold(Crossings::default(), |all, more| all.with(&more))
    }

    /// The same with what they add up to on another graph of the same links.
    #[must_use]
    pub fn on(self, graph: &Graph) -> Self {
        let there = |found: Found| Found { totals: Totals::of(graph, &found.edges), ..found };
        Self { out: there(self.out), back: self.back.map(there) }
    }

    /// A path, and its reverse where both directions ride the same links.
    pub fn both(graph: &Graph, service: &Service, out: Found) -> Self {
        let back = service.bidirectional.then(|| reversed(graph, &out));
        Self { out, back }
    }
}

/// The same links the other way.
pub(crate) fn reversed(graph: &Graph, found: &Found) -> Found {
    let edges: Vec<EdgeIx> = found.edges.iter().rev().map(|edge| edge.reverse()).collect();
    let from: NodeIx = edges.first().map_or(found.from, |edge| graph.edge(*edge).from);
    Found { from, totals: Totals::of(graph, &edges), edges, exact: found.exact }
}

/// The request the other way.
pub(crate) fn turned(request: &PathRequest) -> PathRequest {
    let waypoints = request.waypoints.iter().rev().copied().collect();
    PathRequest { from: request.to, to: request.from, waypoints, ..request.clone() }
}

/// Whether one search answers for both directions.
pub(crate) const fn is_joint(service: &Service) -> bool {
    service.bidirectional && service.co_routed
}

/// Why there are no paths, as far as the search itself knows.
#[derive(Debug)]
enum Lost {
    /// There is none from `a` to `z`; whether that is proven.
    Out(bool),
    /// There is none from `z` to `a`.
    Back,
    /// None keeps the bounds in both directions on the same links; whether that is proven.
    Mirror(bool),
    /// What there is leads over an edge more often than it has room for; whether all others do is proven or not.
    Crowd(Box<Ways>, bool),
}

/// The best paths of a service that meet its request.
///
/// Where both directions ride the same links, the path is the best from `a` to `z` of those whose reverse keeps the bounds too,
/// and every link has room for all crossings of it, in both directions. That is exact where delay or jitter alone differ by direction;
/// where both do, or loss does, a path may be missed whose bad links are good the other way, and the answer is not called exact.
///
/// # Errors
/// There is none: why, for the first direction that has none.
pub(crate) fn primary(
    view: &mut View,
    free: &Free,
    service: &Service,
    request: &PathRequest,
) -> Result<Ways, Box<NoPath>> {
    let lost = match search(view, free, service, request) {
        Ok(ways) => return Ok(ways),
        Err(lost) => lost,
    };
    let single = free.of_service(service);
    let found = match lost {
        Lost::Out(_) => view.finder.find(single, request),
        Lost::Back => view.finder.find(single, &turned(request)),
        Lost::Mirror(exact) => return Err(mirror::why(view, single, request, exact)),
        Lost::Crowd(ways, exact) => {
            let most = ways.crossings().fits(free.single());
            let (ways, most) = widest(view, free, service, request).unwrap_or((*ways, most));
            return Err(short(view.graph(), free, ways, most, request, exact));
        }
    };
    let why = found.expect_err("the same search on the same graph found nothing a moment ago");
    if !is_joint(service) {
        return Err(why);
    }
    // The way back takes what it takes, which one direction alone does not tell.
    Err(match why.reason {
        Reason::Constraint { which: Constraint::Bandwidth, .. } if !request.waypoints.is_empty() => {
            match widest(view, free, service, request) {
                Some((ways, most)) => short(view.graph(), free, ways, most, request, why.exact),
                None => why,
            }
        }
        Reason::Constraint { which, .. } => mirror::nearest(view, single, request, why.exact)
            .filter(|both| matches!(both.reason, Reason::Constraint { which: other, .. } if other == which))
            .unwrap_or(why),
        _ => why,
    })
}

/// Whether a service has paths that meet its request; asks not why where it has none.
pub(crate) fn has_ways(view: &mut View, free: &Free, service: &Service, request: &PathRequest) -> bool {
    search(view, free, service, request).is_ok()
}

fn search(view: &mut View, free: &Free, service: &Service, request: &PathRequest) -> Result<Ways, Lost> {
    if !service.bidirectional {
        let out = view.finder.shortest(free.single(), request).map_err(|miss| Lost::Out(miss.exact))?;
        return Ok(Ways { out, back: None });
    }
    if !is_joint(service) {
        return apart(view, free, request);
    }
    if request.waypoints.is_empty() {
        return mirror::both(view, free, service, request);
    }
    crowd::thinned(view, free, service, request)
}

/// Each direction on its own links. They may meet on an edge all the same.
fn apart(view: &mut View, free: &Free, request: &PathRequest) -> Result<Ways, Lost> {
    let out = view.finder.shortest(free.single(), request).map_err(|miss| Lost::Out(miss.exact))?;
    let back = view.finder.shortest(free.single(), &turned(request)).map_err(|_| Lost::Back)?;
    let ways = Ways { out, back: Some(back) };
    let rate = request.bandwidth.as_bps();
    if ways.crossings().crowded(rate, free.single()).is_none() {
        return Ok(ways);
    }
    let mut left = free.clone();
    left.take(&ways.out.edges, rate);
    match view.finder.shortest(left.single(), &turned(request)) {
        Ok(back) => Ok(Ways { back: Some(Found { exact: false, ..back }), ..ways }),
        // Another way out may leave room for the way back.
        Err(_) => Err(Lost::Crowd(Box::new(ways), false)),
    }
}

/// The paths with the most bandwidth, where it is less than asked for, that keep all else; and how much that is. By bisection over the
/// amounts that are free somewhere.
pub(crate) fn widest(
    view: &mut View,
    free: &Free,
    service: &Service,
    request: &PathRequest,
) -> Option<(Ways, u64)> {
    // Where a walk may meet itself or the way back: once on every leg, in both directions.
    let meets = !request.waypoints.is_empty() || service.bidirectional && !is_joint(service);
    let crossings = if meets { 2 * (request.waypoints.len() as u64 + 1) } else { 1 };
    let each = |free: &u64| (1..=crossings).map(|times| free / times).collect::<Vec<_>>();
    let mut amounts: Vec<u64> = free.of_service(service).iter().flat_map(each).collect();
    amounts.retain(|amount| *amount < request.bandwidth.as_bps());
    amounts.push(0);
    amounts.sort_unstable();
    amounts.dedup();
    let (mut low, mut high) = (0, amounts.len());
    let mut best = None;
    while low < high {
        let middle = low.midpoint(high);
        let asked = PathRequest { bandwidth: Bandwidth::from_bps(amounts[middle]), ..request.clone() };
        match search(view, free, service, &asked) {
            Ok(ways) => {
                best = Some((ways, amounts[middle]));
                low = middle + 1;
            }
            Err(_) => high = middle,
        }
    }
    best
}

/// Bandwidth alone is in the way: these are the paths that have most of it, and keep all else.
pub(crate) fn short(
    graph: &Graph,
    free: &Free,
    ways: Ways,
    most: u64,
    request: &PathRequest,
    exact: bool,
) -> Box<NoPath> {
    // The direction that has least; the first of equals.
    let nearest =
        ways.back.filter(|back| spare(&back.edges, free.single()) < spare(&ways.out.edges, free.single()));
    let nearest = nearest.unwrap_or(ways.out);
    let to = nearest.edges.last().map_or(nearest.from, |edge| graph.edge(*edge).to);
    let excess = Excess::Bandwidth(Bandwidth::from_bps(most), request.bandwidth);
    let reason = Reason::Constraint { which: Constraint::Bandwidth, nearest: nearest.clone(), excess };
    Box::new(NoPath { from: nearest.from, to, reason, exact })
}

/// The backups of a service's paths, each as far from its path as the network allows.
pub(crate) fn backup(
    view: &mut View,
    free: &[u64],
    service: &Service,
    request: &PathRequest,
    primary: &Ways,
) -> Result<(Ways, Vec<Shared>, bool), Miss> {
    let diversity: Diversity = service.sle.diversity;
    let graph = Arc::clone(view.graph());
    let real = |backup: &Backup| {
        let totals = Totals::of(&graph, &backup.found.edges);
        Found { totals, ..backup.found.clone() }
    };
    if is_joint(service) {
        let mirror = view.mirrors.of(&graph, request);
        let request = mirror.request(request);
        let out =
            view.mirrors.finder(&graph, mirror).backup(free, &request, &primary.out.edges, diversity)?;
        return Ok((Ways::both(&graph, service, real(&out)), vec![out.shared], out.strict));
    }
    let out = view.finder.backup(free, request, &primary.out.edges, diversity)?;
    if !service.bidirectional {
        return Ok((Ways { out: real(&out), back: None }, vec![out.shared], out.strict));
    }
    let edges = primary.back.as_ref().map_or(&[][..], |back| &back.edges);
    let back = view.finder.backup(free, &turned(request), edges, diversity)?;
    let ways = Ways { out: real(&out), back: Some(real(&back)) };
    Ok((ways, vec![out.shared, back.shared], out.strict && back.strict))
}

/// Two ways of a service that have nothing in common of what it wants apart and each meet its request, there and back; the better one
/// first. None where none were found: as exact as [`together`], and where directions differ as [`primary`].
pub(crate) fn pair(
    view: &mut View,
    free: &Free,
    service: &Service,
    request: &PathRequest,
) -> Option<[Ways; 2]> {
    let (graph, diversity) = (Arc::clone(view.graph()), service.sle.diversity);
    let two = |found: Result<Together, Miss>| -> Option<[Found; 2]> {
        found.ok().filter(|found| found.strict)?.paths.try_into().ok()
    };
    let single = free.of_service(service);
    let ways = if is_joint(service) {
        let mirror = view.mirrors.of(&graph, request);
        let request = mirror.request(request);
        let finder = view.mirrors.finder(&graph, mirror);
        let mirrored = Arc::clone(finder.graph());
        let found = two(together(&mirrored, single, &request, 2, diversity, finder.workspace()))?;
        let real = |found: Found| Found { totals: Totals::of(&graph, &found.edges), ..found };
        found.map(|found| Ways::both(&graph, service, real(found)))
    } else {
        let out = two(together(&graph, single, request, 2, diversity, view.workspace()))?;
        let back = match service.bidirectional {
            true => {
                two(together(&graph, single, &turned(request), 2, diversity, view.workspace()))?.map(Some)
            }
            false => [None, None],
        };
        let ([one, other], [home, way_home]) = (out, back);
        [Ways { out: one, back: home }, Ways { out: other, back: way_home }]
    };
    let fits = |ways: &Ways| ways.crossings().crowded(request.bandwidth.as_bps(), free.single()).is_none();
    ways.iter().all(fits).then_some(ways)
}

#[cfg(test)]
mod tests;
