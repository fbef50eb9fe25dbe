//! How full promised bandwidth makes every direction of every link.

use std::cmp::Reverse;

use model::{
    Bandwidth, DirectedLink, EdgeIx, Graph, IntentSet, Service, ServiceId, Verdict, unit::Ratio,
    verdict::DirectionVerdict,
};

use super::Heat;
use crate::Compilation;

/// The preferred paths of a service, a direction each, as they were compiled.
pub(super) fn paths<'c>(compiled: &'c Compilation, service: &ServiceId) -> Vec<&'c [DirectedLink]> {
    match compiled.verdicts.get(service) {
        Some(Verdict::Carried { directions, .. }) => {
            directions.iter().map(|direction| direction.primary.path.hops.as_slice()).collect()
        }
        Some(Verdict::Refused { .. }) | None => Vec::new(),
    }
}

/// The backups of a service, a direction each; none where it has none.
pub(super) fn backups<'c>(compiled: &'c Compilation, service: &ServiceId) -> Vec<Option<&'c [DirectedLink]>> {
    match compiled.verdicts.get(service) {
        Some(Verdict::Carried { directions, .. }) => {
            let backup = |direction: &'c DirectionVerdict| {
                direction.backup.as_ref().map(|backup| backup.path.hops.as_slice())
            };
            directions.iter().map(backup).collect()
        }
        Some(Verdict::Refused { .. }) | None => Vec::new(),
    }
}

/// The edges of the paths of a service, as often as it crosses them.
pub(super) fn edges(graph: &Graph, compiled: &Compilation, service: &ServiceId) -> Vec<EdgeIx> {
    let hops = paths(compiled, service).into_iter().flatten();
    hops.filter_map(|hop| graph.edge_ix(hop)).collect()
}

/// What a service is promised in each direction, bit/s.
pub(super) fn rate(service: &Service) -> u64 {
    service.slo.bandwidth.unwrap_or(Bandwidth::ZERO).as_bps()
}

/// A share of a capacity in millionths, rounded up: what is not quite full is not taken for less than it is.
pub(super) fn ppm(load: u64, capacity: u64) -> u64 {
    match (load, capacity) {
        (0, _) => 0,
        (_, 0) => u64::MAX,
        (load, capacity) => {
            let share = (u128::from(load) * 1_000_000).div_ceil(u128::from(capacity));
            u64::try_from(share).unwrap_or(u64::MAX)
        }
    }
}

/// Promised bandwidth by edge, bit/s, and how full that makes it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Load {
    bps: Vec<u64>,
    ppm: Vec<u64>,
}

impl Load {
    /// Of all services that are carried.
    pub fn of(graph: &Graph, set: &IntentSet, compiled: &Compilation) -> Self {
        let mut bps = vec![0_u64; graph.edge_count()];
        for id in compiled.verdicts.keys() {
            let Some(rate) = set.services.get(id).map(rate).filter(|rate| *rate > 0) else { continue };
            for edge in edges(graph, compiled, id) {
                bps[edge.ix()] = bps[edge.ix()].saturating_add(rate);
            }
        }
        let ppm = graph.edges().map(|(edge, facts)| ppm(bps[edge.ix()], facts.bandwidth)).collect();
        Self { bps, ppm }
    }

    /// How much there is.
    pub fn bps(&self, edge: EdgeIx) -> u64 {
        self.bps[edge.ix()]
    }

    /// How full it is.
    pub fn ppm(&self, edge: EdgeIx) -> u64 {
        self.ppm[edge.ix()]
    }

    /// What is free on every edge.
    pub fn free(&self, graph: &Graph) -> Vec<u64> {
        graph.edges().map(|(edge, facts)| facts.bandwidth.saturating_sub(self.bps(edge))).collect()
    }

    /// The fuller of two; the first of equals.
    pub fn hotter(&self, [one, other]: [EdgeIx; 2]) -> EdgeIx {
        if self.ppm(other) > self.ppm(one) { other } else { one }
    }

    /// Edges that are fuller than a goal, fullest first, then by id.
    pub fn hot(&self, graph: &Graph, goal: u64) -> Vec<EdgeIx> {
        let mut hot: Vec<EdgeIx> =
            graph.edges().map(|(edge, _)| edge).filter(|edge| self.ppm(*edge) > goal).collect();
        hot.sort_by_key(|edge| (Reverse(self.ppm(*edge)), *edge));
        hot
    }

    /// The fullest edge; none where nothing is promised.
    pub fn highest(&self, graph: &Graph) -> Option<Heat> {
        self.hot(graph, 0).first().map(|edge| self.heat(graph, *edge))
    }

    /// How full an edge is, with its names.
    pub fn heat(&self, graph: &Graph, edge: EdgeIx) -> Heat {
        let ends = graph.edge(edge);
        Heat {
            link: graph.link_id(edge).clone(),
            from: graph.node_id(ends.from).clone(),
            to: graph.node_id(ends.to).clone(),
            utilisation: Ratio::from_ppm(self.ppm(edge)),
        }
    }
}
