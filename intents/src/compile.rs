//! An intent set to what every device should hold. Pure and deterministic: the same arguments give the same bytes.
//!
//! Services are placed by the value of their class, highest first, then by name. In a first round each takes the best path
//! on which its bandwidth is free; in a second, with all paths in place, each gets a backup that keeps away from its path. Where the best
//! path leaves none though the intent asks for it, the better one of two ways that keep apart is taken (`parted` says how).
//! A service that no hint touches does not move when another one is relieved, as long as bandwidth is ample: each search
//! depends on the others through free bandwidth alone. Where a line is so full that packets wait too long in its queues, all are placed
//! anew with more left free (`brim` says how).

mod brim;
mod closed;
mod giving;
mod parted;
mod pinned;
mod place;
mod placed;
mod policy;
mod queue;
mod room;
mod rounds;
mod scribe;
mod strict;
mod takers;
mod verdict;
mod waits;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    panic::resume_unwind,
    thread,
};

use model::{
    Allocations, Demand, Demands, DesiredState, Finding, Graph, Hints, IntentSet, Service, ServiceId,
    Severity, Ted, Verdict, csid::Containers, id::DemandId, unit::Bandwidth,
};
use paths::{EdgeSet, Encoder};

use crate::{codes, domain};

pub(crate) use closed::Closed;
pub(crate) use pinned::without_node_segments;
pub(crate) use scribe::{containers, encoding, visits};

use giving::Round;
use place::Placer;
use placed::Placed;
use rounds::Rounds;

pub use strict::compile_new;

pub use policy::{BACKUP_PREFERENCE, PRIMARY_PREFERENCE, endpoint, policy_name, sequence};

/// What the compiler answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compilation {
    /// What every device should hold.
    pub desired: DesiredState,
    /// What is promised: for each direction of a service that is carried, its bandwidth. The proof routes it.
    pub demands: Demands,
    /// The answer for each service.
    pub verdicts: BTreeMap<ServiceId, Verdict>,
    /// What people should know: refused services are errors, or `major` where hints (lines that are down or drained) are the
    /// cause; backups that are less than asked for are warnings.
    pub findings: Vec<Finding>,
    /// Services that go as if nobody had moved them off full links ([`Hints::balanced`]), because others would have no room otherwise.
    pub gave_way: BTreeSet<ServiceId>,
}

/// Compiles. `ids` has a number for everything in the set ([`Allocations::extended`]). About two path searches for each
/// service: O(services × edges log nodes). Where somebody has no room and services are kept off full links, one more search each, and
/// some more where it helps to let those back (`giving` says how); the same where packets of somebody wait too long in queues of full lines
/// (`brim` says how), and where somebody has no backup that keeps away (`parted`): a dozen of them and a few in all (`rounds`).
pub fn compile(set: &IntentSet, ted: &Ted, hints: &Hints, ids: &Allocations) -> Compilation {
    arrange(set, ted, hints, ids, How { may_give: true, rounds: &Rounds::at_most(rounds::MOST) })
}

/// [`compile`] where nobody gives way who is kept off full links: a move that leaves others without room is none.
pub(crate) fn compile_firm(set: &IntentSet, ted: &Ted, hints: &Hints, ids: &Allocations) -> Compilation {
    arrange(set, ted, hints, ids, How { may_give: false, rounds: &Rounds::at_most(rounds::MOST) })
}

/// How it is sought who goes where.
#[derive(Clone, Copy)]
struct How<'r> {
    /// Whether those give way who are kept off full links.
    may_give: bool,
    /// How often all may be placed.
    rounds: &'r Rounds,
}

fn arrange(set: &IntentSet, ted: &Ted, hints: &Hints, ids: &Allocations, how: How<'_>) -> Compilation {
    let How { may_give, rounds } = how;
    let graph = match Graph::freeze(ted) {
        Ok(graph) => graph,
        Err(error) => return senseless(set, hints, &error.to_string()),
    };
    // Segment lists are encoded over the whole network: a stretch that is the only shortest one stays so when other links
    // go down, so no list changes because of a failure elsewhere.
    let none_down = EdgeSet::default();
    let pins = set.services.values().any(Service::is_pinned);
    let bare = pins.then(|| without_node_segments(ted));
    let containers = containers(ted, &graph);
    let laid = |parted: &BTreeSet<ServiceId>| {
        let anew = |yielding: BTreeSet<ServiceId>| {
            brim::settled(set, rounds, &|careful: BTreeSet<ServiceId>| {
                rounds.count();
                let encoder = Encoder::new(&graph, ted, &none_down);
                let pinner = Encoder::new(&graph, bare.as_ref().unwrap_or(ted), &none_down);
                let placer = Placer::new(ted, set, &graph, hints, encoder, pinner, containers.as_ref());
                let placer = placer.letting(yielding.clone()).minding(careful).parting(parted.clone());
                Round::of(placer, set, hints, ids)
            })
        };
        let first = anew(BTreeSet::new());
        let round = if may_give { giving::settled(set, hints, first, rounds, &anew) } else { first };
        round.backed_up()
    };
    let Round { mut placer, placed, mut done } = parted::settled(set, rounds, &laid);
    placer.tell(&mut done);
    let left = placer.left();
    let verdicts = thread::scope(|scope| {
        let judge = || verdicts(&placed, ted, &graph, left);
        let beside = (placed.len() >= WORTH_A_THREAD).then(|| scope.spawn(judge));
        queue::set(set, ted, &graph, &placed, &mut done);
        for service in &placed {
            policy::add(service, ted, &mut done);
            promise(service.service, set, &mut done.demands);
        }
        beside.map_or_else(judge, |beside| beside.join().unwrap_or_else(|panic| resume_unwind(panic)))
    });
    for (service, verdict) in placed.iter().zip(verdicts) {
        verdict::tell_shares(&verdict, &mut done);
        done.verdicts.insert(service.service.id.clone(), verdict);
    }
    done
}

/// Nobody is carried on a network that makes no sense.
fn senseless(set: &IntentSet, hints: &Hints, why: &str) -> Compilation {
    let mut done = Compilation::default();
    done.findings.push(Finding::new(codes::BAD_NETWORK, Severity::Error, "network", why));
    for id in set.services.keys().filter(|id| !hints.resting.contains(*id)) {
        done.refuse(id, why.to_owned(), None);
    }
    done
}

/// Verdicts on fewer services are not worth a thread.
const WORTH_A_THREAD: usize = 1_000;

/// The answers for services that are carried. `left` is what is left of each edge when everything is placed.
fn verdicts(placed: &[Placed<'_>], ted: &Ted, graph: &Graph, left: &[u64]) -> Vec<Verdict> {
    let has_domains = domain::names(ted).len() > 1;
    let containers = Containers::of(ted);
    let carried = |service| verdict::carried(service, ted, graph, left, (has_domains, &containers));
    placed.iter().map(carried).collect()
}

/// Services by the value of their class, highest first, then by name.
fn in_order(set: &IntentSet) -> Vec<&Service> {
    let value = |service: &Service| set.classes.get(&service.class).map_or(0, |class| class.value);
    let mut services: Vec<&Service> = set.services.values().collect();
    services.sort_by_key(|service| Reverse(value(service)));
    services
}

/// One demand for each direction, marked by the first match; by the class where that takes other marks too.
fn promise(service: &Service, set: &IntentSet, demands: &mut Demands) {
    let Some(first) = service.matches.first() else { return };
    let class = set.classes.get(&service.class);
    let of_class = class.into_iter().flat_map(|class| first.dscp.intersection(&class.dscp)).next();
    let Some(dscp) = of_class.or_else(|| first.dscp.first()).copied() else { return };
    let directions =
        [("out", &service.a, &service.z, first.prefix), ("back", &service.z, &service.a, first.source)];
    for (name, from, to, destination) in directions.into_iter().take(1 + usize::from(service.bidirectional)) {
        let Ok(id) = format!("{}:{name}", service.id).parse::<DemandId>() else { continue };
        let demand = Demand {
            id: id.clone(),
            service: Some(service.id.clone()),
            from: from.clone(),
            to: to.clone(),
            vrf: service.vrf.clone(),
            destination,
            dscp,
            rate: service.slo.bandwidth.unwrap_or(Bandwidth::ZERO),
        };
        demands.insert(id, demand);
    }
}

impl Compilation {
    fn refuse(&mut self, service: &ServiceId, constraint: String, nearest: Option<String>) {
        self.verdicts
            .insert(service.clone(), Verdict::Refused { service: service.clone(), constraint, nearest });
    }

    fn say(&mut self, severity: Severity, code: &str, service: &ServiceId, message: String, help: &str) {
        self.findings.push(Finding::new(code, severity, service, message).with_help(help));
    }
}

#[cfg(test)]
mod tests;
