//! From what was seen to what is told: names for numbers, failures with the same consequence together, and what to do.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use model::{Bandwidth, Delay, EdgeIx, NodeIx, Service, intent::Diversity};
use traffic::{FailureKind, WHOLE};

use super::{
    case::Case,
    event::Event,
    outcome::{
        Checks, Extreme, Failed, Looked, Promises, ServiceView, Told, Verification, Violation, WayView, label,
    },
    remedy::{Remedies, Remedy},
    tally::{By, Hit, Tally, Way},
};
use crate::{cause::directions, codes};

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
    for hit in hits {
        let service = services[hit.service as usize];
        let remedy = match hit.code {
            codes::NOT_DIVERSE if hit.helpless => Remedy::NoWay,
            codes::NOT_DIVERSE => Remedy::Plan(Delay::ZERO),
            code => remedies.ask(service, hit.event, code),
        };
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
                told: Told { why: hit.message, help: help(case, service, code, remedy) },
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

fn help(case: &Case<'_>, service: &Service, code: &str, remedy: Remedy) -> String {
    let (id, ends) = (&service.id, format!("{} and {}", service.a, service.z));
    let lines = if service.sle.encrypted { "encrypted line" } else { "line" };
    match (code, remedy) {
        (codes::NOT_DIVERSE, Remedy::NoWay) => {
            format!("no plan can help, every way has this: add a line between {ends} that shares none of it{}", less(service))
        }
        (_, Remedy::NoWay) => format!("no plan can help: only another {lines} between {ends} does"),
        (_, Remedy::TooSlow(best)) => format!(
            "no plan can help: the quickest way that is left takes {best}; promise that, or add a quicker {lines} between {ends}"
        ),
        (codes::UNENCRYPTED, _) => "`path.lastResort: drop` loses this traffic rather than expose it; or encrypt the line".to_owned(),
        (codes::UNVISITED, _) => "`path.lastResort: drop` loses this traffic rather than let the IGP lead it past the function; where \
             its own segment list does, `trunkline explain TL0232` says where to look".to_owned(),
        (codes::NOT_DIVERSE, _) => {
            format!(
                "`trunkline why {id}` says what they share; `trunkline check` names two ways that do not, where there are such; else add a \
                 line that does not{}",
                less(service)
            )
        }
        (codes::NOT_CARRIED, _) => format!("`trunkline why {id}` says which constraint bites"),
        (codes::OVERLOADED, _) => {
            "promise less bandwidth over this line, make it larger, or keep other services off it with `path.avoid`".to_owned()
        }
        (codes::LOSS_BROKEN, _) => format!(
            "`trunkline why {id}` has the loss of its lines: promise more loss, or let it ride lines that lose less; where a line is full, promise \
             less bandwidth over it, or keep other services off it with `path.avoid`"
        ),
        (codes::JITTER_BROKEN, _) => format!(
            "`trunkline why {id}` has the jitter of its lines: promise more jitter, let it ride lines of less, or let what waits behind \
             others have a strict queue"
        ),
        (
            codes::NOT_DELIVERED | codes::NOT_STEERED | codes::DELAY_BROKEN,
            Remedy::Plan(best),
        ) => {
            let carried = directions(case.question.verdicts.get(id));
            let backup = carried.iter().any(|direction| direction.backup.is_some());
            match (backup, code) {
                (false, _) => {
                    format!("it has no backup, `trunkline why {id}` says why; a way of {best} is left")
                }
                (true, codes::NOT_STEERED) => {
                    format!("the plan is not what it says of itself: `trunkline why {id}` has its path and backup")
                }
                (true, _) => format!(
                    "neither its path nor its backup keeps it then; a way of {best} is left, for which nothing is installed: the controller has to find it"
                ),
            }
        }
        _ => format!("`trunkline explain {code}` has a page on it"),
    }
}

/// That less could be asked for, where there is less.
fn less(service: &Service) -> &'static str {
    match service.sle.diversity {
        Diversity::Link => "",
        Diversity::Node | Diversity::Srlg => ", or ask for less `sle.diversity`",
    }
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
