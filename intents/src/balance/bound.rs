//! The lower bound: what promised bandwidth comes to on any ways that are open to its services.

use std::collections::BTreeMap;

use model::{
    EdgeIx, Graph, Verdict,
    dense::{Demand, Edge, Instance},
    link::Encryption,
    unit::Ratio,
};
use optimise::{Closed, floor_while};

use super::{Case, load, standing::Standing};
use crate::ask::Asker;

/// What keeps services off links at all times: affinities that they avoid, and whether they must be encrypted.
type Kind = (u128, bool);

/// The highest utilisation that no arrangement of the services that are carried goes below, rounded down. Constraints of single paths are
/// left out where that keeps the bound true: delays, waypoints, the use of one path.
pub(super) fn prove(
    case: &Case<'_>,
    graph: &Graph,
    last: &Standing,
    effort: u64,
    wanted: &dyn Fn() -> bool,
) -> Ratio {
    let usable: Vec<EdgeIx> =
        graph.edges().filter(|(_, edge)| edge.bandwidth > 0).map(|(edge, _)| edge).collect();
    let (demands, closed) = demands(case, graph, last, &usable);
    let instance = Instance { nodes: graph.node_count() as u32, edges: edges(graph, &usable), demands };
    let reached = graph.edges().map(|(edge, _)| last.load.ppm(edge)).max().unwrap_or(0);
    // What rides now rides on what is open to it, so that every demand has a way.
    let found = floor_while(&instance, &closed, effort, reached as f64 / 1e6, wanted).ok();
    let found = found.filter(|found| found.is_finite()).unwrap_or(0.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share, rounded down")]
    let ppm = (found * 1e6).floor() as u64;
    Ratio::from_ppm(ppm)
}

#[expect(clippy::cast_precision_loss, reason = "capacities are far below 2^53 bit/s")]
fn edges(graph: &Graph, usable: &[EdgeIx]) -> Vec<Edge> {
    let dense = |edge: &EdgeIx| {
        let facts = graph.edge(*edge);
        Edge {
            from: facts.from.0,
            to: facts.to.0,
            metric: facts.igp.max(1),
            capacity: facts.bandwidth as f64,
            delay: facts.delay as f64,
        }
    };
    usable.iter().map(dense).collect()
}

/// A demand for each direction that is carried, with the edges that are closed to it. What is down is closed to all. A service that rides
/// what is closed to it, because there is no other way, may use everything.
fn demands(case: &Case<'_>, graph: &Graph, last: &Standing, usable: &[EdgeIx]) -> (Vec<Demand>, Closed) {
    let mut asker = Asker::new(case.ted, graph);
    let down: Vec<EdgeIx> = case.hints.down.iter().filter_map(|link| graph.link_ix(link)).collect();
    let is_down = |edge: EdgeIx| down.iter().any(|link| link.link() == edge.link());
    let shut = |(avoid, encrypted): Kind, edge: EdgeIx| {
        let facts = graph.edge(edge);
        is_down(edge) || facts.affinity & avoid != 0 || encrypted && facts.encryption == Encryption::None
    };
    let mut known: BTreeMap<Kind, usize> = BTreeMap::new();
    let (mut demands, mut closed) = (Vec::new(), Closed::default());
    for (id, verdict) in &last.compiled.verdicts {
        let (Some(service), Verdict::Carried { directions, .. }) = (case.set.services.get(id), verdict)
        else {
            continue;
        };
        let Some(request) = asker.request(service) else { continue };
        let kind = (request.avoid_affinity, request.encrypted);
        let keeps = !load::edges(graph, &last.compiled, id).iter().any(|edge| shut(kind, *edge));
        let place = keeps.then(|| {
            *known.entry(kind).or_insert_with(|| {
                closed.kinds.push(usable.iter().map(|edge| shut(kind, *edge)).collect());
                closed.kinds.len() - 1
            })
        });
        for direction in directions {
            let ends = (graph.node_ix(&direction.from), graph.node_ix(&direction.to));
            let (Some(from), Some(to)) = ends else { continue };
            #[expect(clippy::cast_precision_loss, reason = "rates are far below 2^53 bit/s")]
            let volume = load::rate(service) as f64;
            demands.push(Demand { from: from.0, to: to.0, volume, max_delay: None });
            closed.of.push(place);
        }
    }
    (demands, closed)
}
