//! Small random networks and the slow, obvious way to judge paths on them: list them all. Shares no code with the searches.

use std::collections::BTreeMap;

use model::{
    Affinity, Bandwidth, Delay, DirectedLink, EdgeIx, Fact, Graph, IgpMetric, InterfaceName, Jitter, Label,
    Link, LinkId, Loss, Node, NodeId, NodeIx, Price, Side, Site, TeMetric, Ted,
    intent::Minimise,
    link::{Contract, Direction, Encryption, Termination},
    node::MsdSet,
    sr::{Dataplane, LabelBlock},
};
use proptest::{collection::vec, prelude::*};

use crate::{Bounds, Constraint, Exclusions, Include, Includes, PathRequest, SegmentBound};

mod walks;
mod wish;
mod written;

pub(crate) use walks::{all_walks, feasible, idles, keeps, simple_paths, visiting};
pub(crate) use wish::Wish;
pub(crate) use written::segments;

/// One direction of a link.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) delay: u64,
    pub(crate) jitter: u64,
    pub(crate) loss: u32,
    pub(crate) igp: u32,
    pub(crate) te: u32,
    pub(crate) bandwidth: u64,
    pub(crate) sid: bool,
}

impl Default for Way {
    fn default() -> Self {
        Self { delay: 1, jitter: 0, loss: 0, igp: 1, te: 1, bandwidth: 10, sid: true }
    }
}

/// A link between two nodes by number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    pub(crate) ends: (usize, usize),
    pub(crate) ways: [Way; 2],
    /// Bits 0 to 3: affinities `a` to `d`.
    pub(crate) affinity: u8,
    /// Bits 0 to 3: risks `r0` to `r3`.
    pub(crate) srlg: u8,
    pub(crate) encrypted: bool,
    pub(crate) price: u64,
}

/// No site at all.
pub(crate) const NO_SITE: u8 = 3;

/// A network.
#[derive(Clone, Debug)]
pub(crate) struct Net {
    pub(crate) overload: Vec<bool>,
    pub(crate) sids: Vec<bool>,
    /// Sites by number; the largest stands for none.
    pub(crate) sites: Vec<u8>,
    pub(crate) lines: Vec<Line>,
}

impl Net {
    /// Links of one kind between nodes, all bare.
    pub(crate) fn plain(nodes: usize, ends: &[(usize, usize)]) -> Self {
        let lines = ends.iter().map(|ends| Line { ends: *ends, ..Line::default() }).collect();
        Self { overload: vec![false; nodes], sids: vec![true; nodes], sites: vec![NO_SITE; nodes], lines }
    }

    /// The same with nodes numbered otherwise: node `n` is `order[n]`.
    pub(crate) fn renumbered(&self, order: &[usize]) -> Self {
        let mut net = self.clone();
        for (from, to) in order.iter().enumerate() {
            net.overload[*to] = self.overload[from];
            net.sids[*to] = self.sids[from];
            net.sites[*to] = self.sites[from];
        }
        net.lines.iter_mut().for_each(|line| line.ends = (order[line.ends.0], order[line.ends.1]));
        net
    }

    pub(crate) fn graph(&self) -> Graph {
        Graph::freeze(&self.ted()).unwrap()
    }

    pub(crate) fn ted(&self) -> Ted {
        let nodes = (0..self.overload.len()).map(|n| (node_id(n), self.node(n))).collect();
        let links = self.lines.iter().enumerate().map(|(n, line)| (link_id(n), link(n, line))).collect();
        Ted { nodes, links }
    }

    fn node(&self, n: usize) -> Node {
        Node {
            id: node_id(n),
            role: None,
            site: (self.sites[n] != NO_SITE).then(|| Site::lit(&format!("s{}", self.sites[n]))),
            location: None,
            labels: BTreeMap::new(),
            router_id: [10, 0, 0, n as u8].into(),
            locator: self.sids[n]
                .then(|| Fact::from_file(format!("fd00:0:{:x}::/48", n + 1).parse().unwrap())),
            node_sid: self.sids[n].then(|| Fact::from_file(n as u32)),
            next_csid: None,
            service_function: None,
            srgb: LabelBlock { base: 16_000, size: 1_000 },
            srlb: LabelBlock { base: 15_000, size: 1_000 },
            msd: Fact::from_file(MsdSet {
                mpls_imposition: 64,
                srv6_encaps: 64,
                srv6_segments_left: 64,
                srv6_end_pop: 64,
                srv6_end_d: 64,
            }),
            queues: 8,
            overload: self.overload[n],
            dialect: "openconfig".into(),
            features: model::Features::default(),
        }
    }
}

pub(crate) fn node_id(n: usize) -> NodeId {
    NodeId::lit(&format!("n{n}"))
}

pub(crate) fn link_id(n: usize) -> LinkId {
    LinkId::lit(&format!("l{n:02}"))
}

fn link(n: usize, line: &Line) -> Link {
    let end =
        |node: usize| Termination { node: node_id(node), interface: InterfaceName::lit(&format!("e{n}")) };
    let way = |side: usize, node: usize| {
        let way = &line.ways[side];
        Direction {
            bandwidth: Fact::from_file(Bandwidth::from_bps(way.bandwidth)),
            delay: Fact::from_file(Delay::from_micros(way.delay)),
            jitter: Fact::from_file(Jitter::from_micros(way.jitter)),
            loss: Fact::from_file(Loss::from_ppb(way.loss)),
            igp: Fact::from_file(IgpMetric(way.igp)),
            te: Fact::from_file(TeMetric(way.te)),
            // Adjacency labels are local: the same number may stand for other links elsewhere.
            adjacency_label: way.sid.then(|| Fact::from_file(Label::try_from(15_000 + n as u32).unwrap())),
            end_x: way
                .sid
                .then(|| Fact::from_file(format!("fd00:0:{:x}:e{n:02}{side}::", node + 1).parse().unwrap())),
        }
    };
    let names = |bits: u8| (0..4).filter(move |bit| bits >> bit & 1 == 1);
    Link {
        id: link_id(n),
        a: end(line.ends.0),
        z: end(line.ends.1),
        a_to_z: way(0, line.ends.0),
        z_to_a: way(1, line.ends.1),
        affinity: names(line.affinity).map(|bit| Affinity::lit(["a", "b", "c", "d"][bit])).collect(),
        srlg: names(line.srlg).map(|bit| format!("r{bit}")).collect(),
        role: None,
        encryption: if line.encrypted { Encryption::Macsec } else { Encryption::None },
        contract: Contract::default(),
        price: Some(Price(line.price)),
    }
}

/// The edge over a link by number.
pub(crate) fn edge(graph: &Graph, link: usize, from: Side) -> EdgeIx {
    graph.edge_ix(&DirectedLink { link: link_id(link), from }).unwrap()
}

fn any_way() -> impl Strategy<Value = Way> {
    let loss = prop::sample::select(vec![0, 1, 7, 300_000_001, 333_333_333]);
    let igp = prop_oneof![8 => 1_u32..4, 1 => Just(IgpMetric::EXCLUDED.0)];
    (0_u64..5, 0_u64..4, loss, igp, 0_u32..4, 1_u64..6, prop::bool::weighted(0.8)).prop_map(
        |(delay, jitter, loss, igp, te, bandwidth, sid)| Way { delay, jitter, loss, igp, te, bandwidth, sid },
    )
}

/// Any network of 2 to `nodes` nodes and up to `lines` links, parallel links and loops included.
pub(crate) fn any_net(nodes: usize, lines: usize) -> impl Strategy<Value = Net> {
    (2..=nodes).prop_flat_map(move |nodes| {
        let line = (
            (0..nodes, 0..nodes),
            (any_way(), any_way()),
            any::<u8>(),
            any::<u8>(),
            any::<u8>(),
            any::<bool>(),
            0_u64..4,
        )
            .prop_map(|(ends, ways, affinity, some, srlg, encrypted, price)| Line {
                ends,
                ways: [ways.0, ways.1],
                affinity: affinity & 15,
                srlg: some & srlg & 15,
                encrypted,
                price,
            });
        (
            vec(prop::bool::weighted(0.1), nodes),
            vec(prop::bool::weighted(0.8), nodes),
            vec(0..=NO_SITE, nodes),
            vec(line, 1..=lines),
        )
            .prop_map(|(overload, sids, sites, lines)| Net { overload, sids, sites, lines })
    })
}

/// Any well-meshed network of `nodes` nodes whose numbers are small, so that paths tie and bounds pull in many directions.
pub(crate) fn any_mesh(nodes: usize, lines: usize) -> impl Strategy<Value = Net> {
    any_net(2, lines).prop_flat_map(move |net| {
        vec((0..nodes, 1..nodes), net.lines.len()).prop_map(move |ends| {
            let mut net = net.clone();
            net.overload = vec![false; nodes];
            net.sids = vec![true; nodes];
            net.sites = (0..nodes).map(|node| net.sites[node % net.sites.len()]).collect();
            for (line, (from, further)) in net.lines.iter_mut().zip(ends) {
                line.ends = (from, (from + further) % nodes);
                line.price %= 3;
                for way in &mut line.ways {
                    way.delay %= 3;
                    way.jitter %= 3;
                    way.igp = way.igp % 3 + 1;
                    way.te %= 2;
                }
            }
            net
        })
    })
}

/// A request in numbers, to be fitted to a network.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    numbers: Vec<u32>,
    minimise: Minimise,
    bounds: Bounds,
    encrypted: bool,
}

pub(crate) fn any_minimise() -> impl Strategy<Value = Minimise> {
    use Minimise::{Delay, Hops, Igp, Price, Te};
    prop::sample::select(vec![Delay, Igp, Te, Hops, Price])
}

/// At most so many segments in either data plane.
pub(crate) fn any_segment_bound(most: u32) -> impl Strategy<Value = SegmentBound> {
    let plane = prop::sample::select(vec![Dataplane::Srv6, Dataplane::SrMpls]);
    (0..=most, plane).prop_map(|(most, plane)| SegmentBound { most, plane })
}

/// Any request: each constraint is there in about every third case.
pub(crate) fn any_ask() -> impl Strategy<Value = Ask> {
    let some = |most: u64| prop::option::weighted(0.35, 0..most);
    let loss =
        prop::option::weighted(0.35, prop::sample::select(vec![0_u32, 7, 20, 333_333_340, 600_000_000]));
    let segments = prop::option::weighted(0.25, any_segment_bound(4));
    let bounds = (some(10), some(8), loss, some(5), some(8), segments).prop_map(
        |(delay, jitter, loss, hops, price, segments)| Bounds {
            delay: delay.map(Delay::from_micros),
            jitter: jitter.map(Jitter::from_micros),
            loss: loss.map(Loss::from_ppb),
            hops: hops.map(|hops| hops as u32),
            price: price.map(Price),
            segments,
        },
    );
    (vec(any::<u32>(), 17), any_minimise(), bounds, prop::bool::weighted(0.2))
        .prop_map(|(numbers, minimise, bounds, encrypted)| Ask { numbers, minimise, bounds, encrypted })
}

impl Ask {
    /// The request for a graph.
    pub(crate) fn fit(&self, graph: &Graph) -> PathRequest {
        let n = &self.numbers;
        let node = |number: u32| NodeIx(number % graph.node_count() as u32);
        // A third of the numbers say that the constraint is there; the rest of the number is its value.
        let some = |number: u32| number.is_multiple_of(3).then_some(number / 3);
        let bits = |number: u32| some(number).map_or(0, |value| u128::from(value % 16));
        let rare = |number: u32| some(number).and_then(some);
        let mut excluded = Exclusions {
            edges: some(n[8]).map(|value| EdgeIx(value % graph.edge_count() as u32)).into_iter().collect(),
            nodes: rare(n[9]).map(node).into_iter().collect(),
            srlgs: some(n[10]).map(|value| value % 4).into_iter().collect(),
        };
        let sites = graph.sites.len() as u32;
        if let Some(site) = rare(n[16]).and_then(|value| value.checked_rem(sites)) {
            excluded.insert_site(graph, site);
        }
        PathRequest {
            minimise: self.minimise,
            bounds: self.bounds,
            bandwidth: Bandwidth::from_bps(some(n[2]).map_or(0, |value| u64::from(value % 6))),
            avoid_affinity: some(n[3]).map_or(0, |value| 1 << (value % 4)),
            include_any: bits(n[4]),
            include_all: rare(n[5]).map_or(0, |value| 1 << (value % 4)),
            prefer: some(n[6]).map_or(vec![], |value| vec![1 << (value % 4), 1 << (value / 4 % 4)]),
            prefer_over: bits(n[7]),
            encrypted: self.encrypted,
            excluded,
            ..PathRequest::new(node(n[0]), node(n[1]))
        }
    }

    /// The same stops, and nothing else asked.
    pub(crate) fn bare(&self) -> Self {
        let mut numbers = vec![1; self.numbers.len()];
        // Numbers that are no multiple of three ask nothing.
        numbers[..2].copy_from_slice(&self.numbers[..2]);
        numbers[11..16].copy_from_slice(&self.numbers[11..16]);
        Self { numbers, bounds: Bounds::default(), encrypted: false, ..self.clone() }
    }

    /// A request that a path just keeps: its own numbers are the bounds, and nothing else is asked.
    pub(crate) fn tight(&self, graph: &Graph, from: NodeIx, to: NodeIx, path: &[EdgeIx]) -> PathRequest {
        let wanted = |bit: u32| (self.numbers[14] >> bit & 1 == 1).then_some(());
        let bounds = Bounds {
            delay: wanted(0).map(|()| Delay::from_micros(sum(graph, path, |edge| edge.delay))),
            jitter: wanted(1).map(|()| Jitter::from_micros(sum(graph, path, |edge| edge.jitter))),
            loss: wanted(2).map(|()| loss(graph, path)),
            hops: wanted(3).map(|()| path.len() as u32),
            price: wanted(4).map(|()| Price(sum(graph, path, |edge| edge.price))),
            segments: wanted(6).and_then(|()| self.pinned(graph, path)),
        };
        let prefer = if wanted(5).is_some() { vec![1, 2] } else { vec![] };
        PathRequest { minimise: self.minimise, bounds, prefer, ..PathRequest::new(from, to) }
    }

    /// The segments that a path needs, where any pin it.
    fn pinned(&self, graph: &Graph, path: &[EdgeIx]) -> Option<SegmentBound> {
        let srv6 = self.numbers[14] >> 7 & 1 == 1;
        let plane = if srv6 { Dataplane::Srv6 } else { Dataplane::SrMpls };
        segments(graph, path, plane).map(|most| SegmentBound { most: most as u32, plane })
    }

    /// Up to two waypoints.
    pub(crate) fn waypoints(&self, graph: &Graph) -> Vec<NodeIx> {
        let count = self.numbers[11] as usize % 3;
        self.numbers[12..12 + count].iter().map(|n| NodeIx(n % graph.node_count() as u32)).collect()
    }

    /// Up to two things to visit.
    pub(crate) fn includes(&self, graph: &Graph) -> Includes {
        let edge = |n: u32| EdgeIx(n % graph.edge_count() as u32);
        let thing = |n: &u32| match n / 8 % 4 {
            0 => Include::Node(NodeIx(n / 32 % graph.node_count() as u32)),
            1 => Include::Edge(edge(n / 32)),
            2 => Include::Link(edge(n / 32)),
            _ => Include::Site(n / 32 % 3),
        };
        Includes::new(self.numbers[11..13].iter().map(thing).collect()).unwrap()
    }

    /// The same request where nodes are numbered otherwise; edges are not, since links keep their ids.
    pub(crate) fn renumbered(request: &PathRequest, order: &[usize]) -> PathRequest {
        let node = |node: NodeIx| NodeIx(order[node.ix()] as u32);
        let excluded = Exclusions {
            nodes: request.excluded.nodes.iter().map(node).collect(),
            ..request.excluded.clone()
        };
        PathRequest {
            from: node(request.from),
            to: node(request.to),
            waypoints: request.waypoints.iter().copied().map(node).collect(),
            excluded,
            ..request.clone()
        }
    }

    /// A number for whatever else the test draws.
    pub(crate) fn number(&self) -> u32 {
        self.numbers[15]
    }
}

/// Sum of a number over edges.
pub(crate) fn sum(graph: &Graph, path: &[EdgeIx], of: impl Fn(&model::graph::Edge) -> u64) -> u64 {
    path.iter().map(|ix| of(graph.edge(*ix))).sum()
}

/// Loss of a path, in order of travel.
pub(crate) fn loss(graph: &Graph, path: &[EdgeIx]) -> Loss {
    path.iter().fold(Loss::ZERO, |loss, ix| loss.then(Loss::from_ppb(graph.edge(*ix).loss)))
}

/// What paths are compared by, written down once more.
pub(crate) fn cost(
    graph: &Graph,
    request: &PathRequest,
    path: &[EdgeIx],
) -> (u64, u64, u64, usize, Vec<EdgeIx>) {
    let demerits = sum(graph, path, |edge| {
        for (rank, set) in request.prefer.iter().enumerate() {
            if edge.affinity & set != 0 {
                return rank as u64;
            }
        }
        if edge.affinity & request.prefer_over == 0 { 0 } else { request.prefer.len() as u64 }
    });
    let delay = sum(graph, path, |edge| edge.delay);
    let metric = match request.minimise {
        Minimise::Delay => delay,
        Minimise::Igp => sum(graph, path, |edge| edge.igp.into()),
        Minimise::Te => sum(graph, path, |edge| edge.te.into()),
        Minimise::Hops => path.len() as u64,
        Minimise::Price => sum(graph, path, |edge| edge.price),
    };
    (demerits, metric, delay, path.len(), path.to_vec())
}

/// How often a path breaks a constraint; a bound at most once. Waypoints are taken as kept.
pub(crate) fn broken(
    graph: &Graph,
    free: &[u64],
    request: &PathRequest,
    path: &[EdgeIx],
    constraint: Constraint,
) -> usize {
    let count = |breaks: &dyn Fn(EdgeIx, &model::graph::Edge) -> bool| {
        path.iter().filter(|ix| breaks(**ix, graph.edge(**ix))).count()
    };
    let over = |bound: Option<bool>| usize::from(bound == Some(true));
    let (bounds, excluded) = (&request.bounds, &request.excluded);
    match constraint {
        Constraint::Delay => {
            over(bounds.delay.map(|most| sum(graph, path, |edge| edge.delay) > most.as_micros()))
        }
        Constraint::Jitter => {
            over(bounds.jitter.map(|most| sum(graph, path, |edge| edge.jitter) > most.as_micros()))
        }
        Constraint::Loss => over(bounds.loss.map(|most| loss(graph, path) > most)),
        Constraint::Hops => over(bounds.hops.map(|most| path.len() > most as usize)),
        Constraint::Price => over(bounds.price.map(|most| sum(graph, path, |edge| edge.price) > most.0)),
        Constraint::Segments => {
            over(bounds.segments.map(|bound| {
                segments(graph, path, bound.plane).is_none_or(|count| count > bound.most as usize)
            }))
        }
        Constraint::Bandwidth => count(&|ix, _| {
            let times = path.iter().filter(|other| **other == ix).count() as u64;
            free[ix.ix()] < request.bandwidth.as_bps() * times
        }),
        Constraint::AvoidAffinity => count(&|_, edge| edge.affinity & request.avoid_affinity != 0),
        Constraint::IncludeAny => {
            count(&|_, edge| request.include_any != 0 && edge.affinity & request.include_any == 0)
        }
        Constraint::IncludeAll => count(&|_, edge| !edge.affinity & request.include_all != 0),
        Constraint::Encryption => count(&|_, edge| request.encrypted && edge.encryption == Encryption::None),
        Constraint::Waypoints => 0,
        Constraint::Included => {
            request.include.all().iter().filter(|include| !visits(graph, request, path, **include)).count()
        }
        Constraint::ExcludedLinks => count(&|ix, _| excluded.edges.contains(ix)),
        Constraint::ExcludedNodes => {
            usize::from(excluded.nodes.contains(request.from))
                + count(&|_, edge| excluded.nodes.contains(edge.to))
        }
        Constraint::ExcludedSrlgs => {
            count(&|_, edge| edge.srlg.iter().any(|risk| excluded.srlgs.contains(*risk)))
        }
        Constraint::Overload => overloaded(graph, request, path),
        Constraint::UnusableMetric => {
            count(&|_, edge| request.minimise == Minimise::Igp && edge.igp >= IgpMetric::EXCLUDED.0)
        }
    }
}

/// Whether a walk visits something.
fn visits(graph: &Graph, request: &PathRequest, walk: &[EdgeIx], include: Include) -> bool {
    let met = |via: Option<EdgeIx>, node: NodeIx| match include {
        Include::Node(wanted) => node == wanted,
        Include::Edge(wanted) => via == Some(wanted),
        Include::Link(wanted) => via == Some(wanted) || via == Some(wanted.reverse()),
        Include::Site(wanted) => graph.site(node) == Some(wanted),
    };
    met(None, request.from) || walk.iter().any(|ix| met(Some(*ix), graph.edge(*ix).to))
}

/// How many overloaded nodes carry transit.
fn overloaded(graph: &Graph, request: &PathRequest, path: &[EdgeIx]) -> usize {
    let mut stops = request.waypoints.iter().peekable();
    let mut count = 0;
    let mut named = request.from;
    while stops.next_if_eq(&&named).is_some() {}
    for ix in path {
        let node = graph.edge(*ix).from;
        let asked = node == named || request.include.all().contains(&Include::Node(node));
        count += usize::from(graph.is_overloaded(node) && !asked);
        // A node is named where the walk stops at it in its turn, until the next stop.
        while stops.next_if_eq(&&graph.edge(*ix).to).is_some() {
            named = graph.edge(*ix).to;
        }
    }
    count
}
