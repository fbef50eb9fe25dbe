//! Whether path and backup keep away from each other as was promised, by where the witness sees the traffic go.
//!
//! A backup shows only when it is needed, and what has failed then bends it. So its way is looked at on the whole network, with the
//! preferred path taken out of every policy.

use std::collections::{BTreeMap, BTreeSet};

use model::{DeviceConfig, EdgeIx, NodeId, intent::Diversity};
use traffic::{FailureKind, Flow, Forwarding, Outcome, Via, Witness};

use super::{
    case::Case,
    event::Event,
    remedy::{Remedies, Remedy},
};
use crate::{codes, prove::judge::Promise};

/// A service whose path and backup have something in common.
pub(super) struct Shared {
    pub(super) service: u32,
    pub(super) why: String,
    /// All that they have in common, every way has.
    pub(super) helpless: bool,
}

/// Services whose path and backup share what they should not. One that has no backup promises nothing here.
/// One more walk of everything.
pub(super) fn shared(case: &Case<'_>, outcome: &Outcome) -> Vec<Shared> {
    let (graph, rules) = (case.graph(), &case.rules);
    let backups = Forwarding::build(rules.network, &without_preferred(&rules.desired.devices));
    let backups = Witness::new(rules.network, &backups, rules.demands).drill().outcome().clone();
    let mut remedies = Remedies::new(graph);
    let mut found: Vec<Shared> = Vec::new();
    for (place, (flow, backup)) in outcome.flows.iter().zip(&backups.flows).enumerate() {
        let (Some(promise), Some(service)) = (&rules.promises[place], case.service_of[place]) else {
            continue;
        };
        let told = found.last().is_some_and(|known| known.service == service);
        let seen = [flow, backup].iter().all(|flow| matches!(flow.via, Via::Policy { .. }));
        if told || !seen || promise.direction.backup.is_none() {
            continue;
        }
        let common = common(case, promise, flow, backup);
        if common.is_empty() {
            continue;
        }
        let names: Vec<String> = common.iter().map(|event| event.failure(graph).to_string()).collect();
        let names: Vec<&str> = names.iter().map(|name| name.strip_suffix(" down").unwrap_or(name)).collect();
        let helpless = common
            .iter()
            .all(|event| remedies.ask(promise.service, *event, codes::NOT_DIVERSE) == Remedy::NoWay);
        let why = format!("path and backup have in common {}", names.join(", "));
        found.push(Shared { service, why, helpless });
    }
    found
}

fn without_preferred(devices: &BTreeMap<NodeId, DeviceConfig>) -> BTreeMap<NodeId, DeviceConfig> {
    let mut devices = devices.clone();
    for policy in devices.values_mut().flat_map(|device| device.policies.values_mut()) {
        let best = policy.candidates.iter().map(|path| path.preference).max();
        policy.candidates.retain(|path| Some(path.preference) != best);
    }
    devices
}

/// What should not be in common and is, as what would take it away.
fn common(case: &Case<'_>, promise: &Promise<'_>, path: &Flow, backup: &Flow) -> BTreeSet<Event> {
    let graph = case.graph();
    let links = |flow: &Flow| -> BTreeSet<usize> { flow.edges().map(EdgeIx::link).collect() };
    let risks = |flow: &Flow| -> BTreeSet<usize> {
        flow.edges().flat_map(|edge| &graph.edge(edge).srlg).map(|risk| *risk as usize).collect()
    };
    let nodes = |flow: &Flow| -> BTreeSet<usize> {
        let ends = [&promise.service.a, &promise.service.z].map(|end| graph.node_ix(end));
        let touched = flow.edges().flat_map(|edge| [graph.edge(edge).from, graph.edge(edge).to]);
        touched.filter(|node| !ends.contains(&Some(*node))).map(|node| node.ix()).collect()
    };
    let shared = |kind, one: BTreeSet<usize>, other: BTreeSet<usize>| -> Vec<Event> {
        one.intersection(&other).map(|number| Event::single(kind, *number)).collect()
    };
    let mut common = shared(FailureKind::Link, links(path), links(backup));
    common.extend(match promise.service.sle.diversity {
        Diversity::Link => Vec::new(),
        Diversity::Node => shared(FailureKind::Node, nodes(path), nodes(backup)),
        Diversity::Srlg => shared(FailureKind::Srlg, risks(path), risks(backup)),
    });
    common.into_iter().collect()
}
