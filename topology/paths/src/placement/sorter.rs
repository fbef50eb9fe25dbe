//! Sorts requests: those that ask the same are of one kind, and services that can share a tree come into one group.

use std::collections::BTreeMap;

use model::{Delay, Graph, Jitter, Loss, NodeIx, intent::Minimise};

use super::{groups::Group, service::Service, ways::ALONE};
use crate::{
    backbone::Backbone,
    constraint::{Bounds, PathRequest},
    packed::Lead,
    problem::Problem,
};

/// Trees for many services are grown in backbones of up to so many edges: in larger ones few services share one.
const MOST_EDGES: usize = 4_096;

/// What a kind is known by, where that is short.
type Asked = (Minimise, Vec<u128>, [u128; 4], bool, Limits);
type Limits = (Option<Delay>, Option<Jitter>, Option<Loss>, Option<u32>, Option<u64>);

/// None where the request has stops, excludes something or bounds segments: such services keep to themselves.
fn asked(request: &PathRequest) -> Option<Asked> {
    let excluded = &request.excluded;
    let is_short = request.waypoints.is_empty()
        && request.include.all().is_empty()
        && excluded.edges.is_bare()
        && excluded.nodes.is_bare()
        && excluded.srlgs.is_bare()
        && request.bounds.segments.is_none();
    let Bounds { delay, jitter, loss, hops, price, .. } = request.bounds;
    let affinities = [request.prefer_over, request.avoid_affinity, request.include_any, request.include_all];
    let limits = (delay, jitter, loss, hops, price.map(|price| price.0));
    is_short.then(|| (request.minimise, request.prefer.clone(), affinities, request.encrypted, limits))
}

/// Sorts requests into kinds and groups.
#[derive(Default)]
struct Sorter {
    kinds: Vec<PathRequest>,
    known: BTreeMap<Asked, u32>,
    /// By kind the number of those that find the same edges of the backbone good; [`ALONE`] where that is not asked.
    tastes: Vec<u32>,
    /// The same by what is asked but for bounds.
    tasted: BTreeMap<Asked, u32>,
    same: BTreeMap<(Minimise, Vec<u64>), u32>,
    groups: Vec<Group>,
    places: BTreeMap<(NodeIx, bool, u32), u32>,
    /// How many services begin or end at a node.
    busy: Vec<u32>,
}

/// Services and the groups that they are in. O(services * log of them), and for each kind the edges of the backbone.
pub(super) fn sort(
    graph: &Graph,
    backbone: &Backbone,
    requests: &[PathRequest],
) -> (Vec<Service>, Vec<PathRequest>, Vec<Group>) {
    let mut sorter = Sorter { busy: vec![0; graph.node_count()], ..Sorter::default() };
    for node in requests.iter().flat_map(|request| [request.from, request.to]) {
        if let Some(busy) = sorter.busy.get_mut(node.ix()) {
            *busy += 1;
        }
    }
    let services = requests
        .iter()
        .map(|request| {
            let kind = sorter.kind(graph, backbone, request);
            Service {
                from: request.from,
                to: request.to,
                bandwidth: request.bandwidth.as_bps(),
                kind,
                group: sorter.group(graph, backbone, request, kind).unwrap_or(ALONE),
            }
        })
        .collect();
    (services, sorter.kinds, sorter.groups)
}

impl Sorter {
    fn kind(&mut self, graph: &Graph, backbone: &Backbone, request: &PathRequest) -> u32 {
        let asked = asked(request);
        if let Some(kind) = asked.as_ref().and_then(|asked| self.known.get(asked)) {
            return *kind;
        }
        let kind = self.kinds.len() as u32;
        self.kinds.push(request.clone());
        let mut taste = ALONE;
        if let Some(asked) = asked {
            self.known.insert(asked.clone(), kind);
            if backbone.edge_count() <= MOST_EDGES {
                taste = self.taste(graph, backbone, request, asked);
            }
        }
        self.tastes.push(taste);
        kind
    }

    /// Kinds that ask the same of each edge of the backbone find the same paths there, whatever they ask of other lines.
    fn taste(&mut self, graph: &Graph, backbone: &Backbone, request: &PathRequest, asked: Asked) -> u32 {
        let (minimise, prefer, affinities, encrypted, _) = asked;
        let asked = (minimise, prefer, affinities, encrypted, Limits::default());
        if let Some(taste) = self.tasted.get(&asked) {
            return *taste;
        }
        let problem = Problem::new(graph, &[], request);
        let out = (0..backbone.len()).flat_map(|number| backbone.out(number));
        let ranks = out.map(|ix| {
            let edge = graph.edge(*ix);
            let cost = problem.by_taste(edge).filter(|_| problem.suits(edge));
            cost.map_or(u64::MAX, |cost| cost.rank)
        });
        let next = self.same.len() as u32;
        let taste = *self.same.entry((minimise, ranks.collect())).or_insert(next);
        self.tasted.insert(asked, taste);
        taste
    }

    /// The group of those that come to, or from, the end where more services are, of those that carry transit. None where neither
    /// does, or where nothing is shared.
    fn group(&mut self, graph: &Graph, backbone: &Backbone, request: &PathRequest, kind: u32) -> Option<u32> {
        let (from, to) = (request.from, request.to);
        let taste = self.tastes[kind as usize];
        let is_there = |node: NodeIx| node.ix() < graph.node_count();
        // What asks for no room rides links that are down, as far as its tree knows.
        if taste == ALONE || from == to || !is_there(from) || !is_there(to) || request.bandwidth.as_bps() == 0
        {
            return None;
        }
        let is_end = match (backbone.number(from), backbone.number(to)) {
            (None, None) => return None,
            (None, Some(_)) => true,
            (Some(_), None) => false,
            (Some(_), Some(_)) => self.busy[to.ix()] >= self.busy[from.ix()],
        };
        let (place, lead) = if is_end { (to, Lead::Home) } else { (from, Lead::Away) };
        let next = self.groups.len() as u32;
        let group = *self.places.entry((place, is_end, taste)).or_insert(next);
        if group == next {
            self.groups.push(Group::new(place, lead, kind));
        }
        Some(group)
    }
}
