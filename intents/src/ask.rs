//! A service as a question to the path engine.

use std::collections::BTreeMap;

use model::{Affinity, Bandwidth, Graph, Service, Ted, link::Link};
use paths::{Bounds, PathRequest};

/// Makes requests over one graph. Preferences are worked out once for each list of them.
pub(crate) struct Asker<'a> {
    ted: &'a Ted,
    graph: &'a Graph,
    preferences: BTreeMap<Vec<Affinity>, (Vec<u128>, u128)>,
}

impl<'a> Asker<'a> {
    /// For a graph frozen from `ted`.
    pub fn new(ted: &'a Ted, graph: &'a Graph) -> Self {
        Self { ted, graph, preferences: BTreeMap::new() }
    }

    /// What a service asks for from `a` to `z`; nothing where one of its nodes is not in the network.
    pub fn request(&mut self, service: &Service) -> Option<PathRequest> {
        let (from, to) = (self.graph.node_ix(&service.a)?, self.graph.node_ix(&service.z)?);
        let waypoints =
            service.sle.waypoints.iter().map(|node| self.graph.node_ix(node)).collect::<Option<Vec<_>>>()?;
        let (prefer, prefer_over) = self.preference(&service.path.prefer);
        let avoid = service.path.avoid.iter().filter_map(|name| self.graph.affinity_bit(name));
        Some(PathRequest {
            minimise: service.path.minimise,
            bounds: Bounds {
                delay: service.slo.one_way_delay,
                jitter: service.slo.jitter,
                loss: service.slo.loss,
                ..Bounds::default()
            },
            bandwidth: service.slo.bandwidth.unwrap_or(Bandwidth::ZERO),
            avoid_affinity: avoid.fold(0, |set, bit| set | bit),
            prefer,
            prefer_over,
            encrypted: service.sle.encrypted,
            waypoints,
            ..PathRequest::new(from, to)
        })
    }

    fn preference(&mut self, prefer: &[Affinity]) -> (Vec<u128>, u128) {
        if let Some(known) = self.preferences.get(prefer) {
            return known.clone();
        }
        let ranks: Vec<u128> = prefer.iter().map(|name| self.graph.affinity_bit(name).unwrap_or(0)).collect();
        let answer = (ranks, rivals(self.ted, self.graph, prefer));
        self.preferences.insert(prefer.to_vec(), answer.clone());
        answer
    }
}

/// The affinities of the links that a preference chooses against: links of the same role as the preferred ones that have
/// none of their affinities. An affinity that links of other roles have too, such as a carrier's, tells nothing and is left
/// out. So `prefer: [line2]` chooses against lines 1 and 3, and does not bend the core.
fn rivals(ted: &Ted, graph: &Graph, prefer: &[Affinity]) -> u128 {
    let preferred = |link: &&Link| prefer.iter().any(|name| link.affinity.contains(name));
    let roles: std::collections::BTreeSet<&Option<String>> =
        ted.links.values().filter(preferred).map(|link| &link.role).collect();
    let bits = |link: &Link| {
        link.affinity.iter().filter_map(|name| graph.affinity_bit(name)).fold(0, |set, bit| set | bit)
    };
    let (same, other) =
        ted.links.values().filter(|link| !preferred(link)).fold((0, 0), |(same, other), link| {
            if roles.contains(&link.role) { (same | bits(link), other) } else { (same, other | bits(link)) }
        });
    same & !other
}
