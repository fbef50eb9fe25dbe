//! Both directions of a service at once: where they ride the same links, one search answers for both.

use std::sync::Arc;

use model::{EdgeIx, Graph, NodeIx, Service, intent::Diversity};
use paths::{Backup, Finder, Found, Miss, NoPath, PathRequest, Shared, Totals};

/// A graph with its best paths, and the same with every link as bad as its worse direction. Most services of a bank begin or
/// end at a few places, so what is found for one is kept for the others: 40 bytes for each such place and node, in each graph.
pub(crate) struct View {
    finder: Finder,
    symmetric: Option<Finder>,
}

impl View {
    /// Of a graph.
    pub fn new(graph: Graph) -> Self {
        Self { finder: Finder::new(Arc::new(graph)), symmetric: None }
    }

    /// The graph.
    pub const fn graph(&self) -> &Arc<Graph> {
        self.finder.graph()
    }

    /// The graph with delay, jitter and loss of the worse direction on both. A path that keeps bounds on it keeps them in
    /// both directions of the graph itself.
    fn symmetric(&mut self) -> &mut Finder {
        self.symmetric.get_or_insert_with(|| {
            let real = self.finder.graph();
            let mut graph = Graph::clone(real);
            for edge in (0..real.edge_count() as u32).map(EdgeIx) {
                let other = real.edge(edge.reverse());
                let this = graph.edge_mut(edge);
                this.delay = this.delay.max(other.delay);
                this.jitter = this.jitter.max(other.jitter);
                this.loss = this.loss.max(other.loss);
            }
            Finder::new(Arc::new(graph))
        })
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
            let (this, other) = (edge.ix(), edge.reverse().ix());
            self.single[this] = self.single[this].saturating_sub(bandwidth);
            let least = self.single[this].min(self.single[other]);
            self.paired[this] = least;
            self.paired[other] = least;
        }
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

    /// A path, and its reverse where both directions ride the same links.
    pub fn both(graph: &Graph, service: &Service, out: Found) -> Self {
        let back = service.bidirectional.then(|| reversed(graph, &out));
        Self { out, back }
    }
}

/// The same links the other way.
fn reversed(graph: &Graph, found: &Found) -> Found {
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

/// The best paths of a service that meet its request.
///
/// Where both directions ride the same links, the path is the best from `a` to `z` if its reverse keeps the bounds too; else
/// the best one on which the worse direction of every link keeps them (a sufficient condition: where delays differ by
/// direction, a path may be missed whose bad links are good the other way).
///
/// # Errors
/// There is none: why, for the first direction that has none.
pub(crate) fn primary(
    view: &mut View,
    free: &Free,
    service: &Service,
    request: &PathRequest,
) -> Result<Ways, Box<NoPath>> {
    let joint = is_joint(service);
    let out = view.finder.find(free.of_service(service), request)?;
    if !service.bidirectional {
        return Ok(Ways { out, back: None });
    }
    if !joint {
        let back = view.finder.find(free.of_service(service), &turned(request))?;
        return Ok(Ways { out, back: Some(back) });
    }
    let ways = Ways::both(view.graph(), service, out);
    if ways.back.as_ref().is_none_or(|back| back.totals.meets(&request.bounds)) {
        return Ok(ways);
    }
    let out = view.symmetric().find(free.of_service(service), request)?;
    let totals = Totals::of(view.graph(), &out.edges);
    Ok(Ways::both(view.graph(), service, Found { totals, ..out }))
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
    let joint = is_joint(service);
    let graph = Arc::clone(view.graph());
    let finder = if joint { view.symmetric() } else { &mut view.finder };
    let real = |backup: &Backup| {
        let totals = Totals::of(&graph, &backup.found.edges);
        Found { totals, ..backup.found.clone() }
    };
    let out = finder.backup(free, request, &primary.out.edges, diversity)?;
    if !service.bidirectional || joint {
        let ways = Ways::both(&graph, service, real(&out));
        return Ok((ways, vec![out.shared], out.strict));
    }
    let edges = primary.back.as_ref().map_or(&[][..], |back| &back.edges);
    let back = finder.backup(free, &turned(request), edges, diversity)?;
    let ways = Ways { out: real(&out), back: Some(real(&back)) };
    Ok((ways, vec![out.shared, back.shared], out.strict && back.strict))
}
