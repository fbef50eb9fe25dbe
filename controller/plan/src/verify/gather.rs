//! From what was seen to what is told: names for numbers, failures with the same consequence together, and what to do.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use model::{Bandwidth, Delay, EdgeIx, NodeIx, Service};
use traffic::{FailureKind, WHOLE};

use super::{
    case::Case,
    event::Event,
    help::help,
    outcome::{
        Checks, Extreme, Failed, Looked, Promises, ServiceView, Told, Verification, Violation, WayView, label,
    },
    remedy::{Remedies, Remedy},
    tally::{By, Hit, Tally, Way},
};
use crate::codes;

/// Everything that is told, in its order.
pub(super) fn gather(case: &Case<'_>, kinds: Vec<FailureKind>, mut tally: Tally) -> Verification {
    let network = case.rules.network;
    let count = |kind: FailureKind| if kind == FailureKind::None { 1 } else { kind.count(network) };
    let looked: Vec<Looked> = kinds.into_iter().map(|kind| Looked { kind, failures: count(kind) }).collect();
    let violations = violations(case, std::mem::take(&mut tally.hits));
    let mut ways: BTreeMap<u32, Vec<WayView>> = BTreeMap::new();
    for ((flow, by, edges), way) in &tally.ways {
        let Some(service) = case.service_of[*flow as usize] else { continue };
        ways.entry(service).or_default().extend(way_view(case, *flow, *by, edges, way));
    }
    let services = case.question.set.services.values().zip(0..).map(|(service, number)| {
        let extreme = |event: Event| (event.kind, event.names(case.graph()));
        let delay = tally.delays[number as usize].map(|(Reverse(micros), event)| {
            let (kind, failure) = extreme(event);
            Extreme { value: Delay::from_micros(micros), kind, failure }
        });
        let spare = tally.spares[number as usize].map(|(bps, event)| {
            let (kind, failure) = extreme(event);
            Extreme { value: Bandwidth::from_bps(bps), kind, failure }
        });
        ServiceView {
            service: service.id.clone(),
            intent: service.intent.clone(),
            promised: Promises { slo: service.slo, encrypted: service.sle.encrypted },
            checks: looked.iter().map(|looked| checks(case, &tally, number, looked)).collect(),
            worst_delay: delay,
            least_spare: spare,
            ways: ways.remove(&number).unwrap_or_default(),
        }
    });
    Verification { services: services.collect(), looked, violations, windows: Vec::new() }
}

fn checks(case: &Case<'_>, tally: &Tally, service: u32, looked: &Looked) -> Checks {
    let Looked { kind, failures } = *looked;
    let count = tally.counts.get(&(service, kind)).copied().unwrap_or_default();
    // Of its own ends nobody can ask that they carry it while they are down.
    let ends: BTreeSet<NodeIx> = case.ends[service as usize].into_iter().flatten().collect();
    let unasked = if kind == FailureKind::Node { ends.len() } else { 0 };
    Checks {
        kind,
        judged: failures - unasked,
        broken: count.broken,
        implied: count.implied,
        by_igp: count.by_igp,
        on_avoided: count.on_avoided,
    }
}

/// What is told as one: the kind of failure, what happens (how bad first), to which service, and whether no plan can help.
type Group = (FailureKind, u8, u32, &'static str, bool);

/// The failures that break a service in the same manner: by kind, code, and whether a plan could help.
fn violations(case: &Case<'_>, mut hits: Vec<Hit>) -> Vec<Violation> {
    // What services ask about the same event is asked once.
    hits.sort_by(|a, b| (a.event, a.service, a.code).cmp(&(b.event, b.service, b.code)));
    let services: Vec<&Service> = case.question.set.services.values().collect();
    let mut remedies = Remedies::new(case.graph());
    let mut groups: BTreeMap<Group, Vec<(Hit, Remedy)>> = BTreeMap::new();
    for mut hit in hits {
        let service = services[hit.service as usize];
        let remedy = match hit.code {
            codes::NOT_DIVERSE if hit.helpless => Remedy::NoWay,
            codes::NOT_DIVERSE => Remedy::Plan(Delay::ZERO),
            code => remedies.ask(service, hit.event, code),
        };
        hit.overload = remedy.is_none() && remedies.is_overload(service, hit.event);
        let key = (hit.event.kind, rank(hit.code), hit.service, hit.code, remedy.is_none());
        groups.entry(key).or_default().push((hit, remedy));
    }
    groups
        .into_iter()
        .map(|((kind, _, number, code, unavoidable), hits)| {
            let service = services[number as usize];
            let failed = |(hit, remedy): (Hit, Remedy)| Failed {
                names: hit.event.names(case.graph()),
                amount: hit.amount,
                told: Told { help: help(case, service, &hit, remedy), why: hit.message },
            };
            let mut violation = Violation {
                service: service.id.clone(),
                intent: service.intent.clone(),
                code: code.to_owned(),
                title: title(code).to_owned(),
                kind,
                failures: hits.into_iter().map(failed).collect(),
                worst: Vec::new(),
                why: String::new(),
                unavoidable,
                help: String::new(),
            };
            violation.tell_worst();
            violation
        })
        .collect()
}

/// What must not happen at all first, then what happens to most of the traffic.
pub(super) fn rank(code: &str) -> u8 {
    let order = [
        codes::UNENCRYPTED,
        codes::UNVISITED,
        codes::LOOP,
        codes::NOT_CARRIED,
        codes::NOT_DELIVERED,
        codes::NOT_STEERED,
        codes::NOT_DIVERSE,
    ];
    order.iter().position(|known| *known == code).unwrap_or(order.len()) as u8
}

fn title(code: &str) -> &'static str {
    codes::PAGES
        .iter()
        .find(|(known, _, _)| *known == code)
        .map_or("a promise is broken", |(_, title, _)| title)
}

fn way_view(case: &Case<'_>, flow: u32, by: By, edges: &[EdgeIx], way: &Way) -> Option<WayView> {
    let graph = case.graph();
    let direction = case.rules.promises[flow as usize].as_ref()?.direction;
    let order = graph.node_ix(&direction.from).and_then(|from| in_order(case, from, way));
    let split = order.is_none();
    Some(WayView {
        from: direction.from.clone(),
        to: direction.to.clone(),
        by: match by {
            By::Policy(Reverse(preference)) => format!("policy, preference {preference}"),
            By::Igp => "IGP".to_owned(),
            By::Nothing => "nothing".to_owned(),
        },
        links: order.unwrap_or(edges.to_vec()).iter().map(|edge| graph.link_id(*edge).clone()).collect(),
        split,
        delay: way.delay,
        spare: way.spare.map(Bandwidth::from_bps),
        kept: !way.broken,
        failures: way.count,
        under: way.events.iter().map(|event| label(event.kind, &event.names(graph))).collect(),
    })
}

/// The edges of a way from where it starts; none where it is split, or crosses a line twice.
fn in_order(case: &Case<'_>, from: NodeIx, way: &Way) -> Option<Vec<EdgeIx>> {
    let graph = case.graph();
    let mut left: Vec<EdgeIx> = Vec::with_capacity(way.shares.len());
    for (edge, share) in &way.shares {
        (*share == WHOLE).then(|| left.push(*edge))?;
    }
    let (mut at, mut order) = (from, Vec::with_capacity(left.len()));
    while !left.is_empty() {
        let next = left.iter().position(|edge| graph.edge(*edge).from == at)?;
        let edge = left.remove(next);
        at = graph.edge(edge).to;
        order.push(edge);
    }
    Some(order)
}
