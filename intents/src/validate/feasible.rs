//! What the network could do at best: every promise against an empty network with all lines up.

use std::collections::BTreeMap;

use model::{
    Graph, IntentSet, Service, ServiceId,
    condition::{Measured, Quantity, Truth},
};
use paths::{Constraint, NoPath, Reason, Totals};

use super::{Judge, Part, listed, mark_of};
use crate::{
    ask::Asker,
    codes,
    doc::Document,
    route::{Free, View, primary},
};

/// A service that the network cannot carry, and why.
type Failure<'a> = (&'a Service, Box<NoPath>);

/// Judges all services; those of one intent that fail alike are one finding.
pub(super) fn judge(set: &IntentSet, origins: &BTreeMap<ServiceId, &Document>, judge: &mut Judge<'_>) {
    let graph = match Graph::freeze(judge.ted) {
        Ok(graph) => graph,
        Err(error) => {
            let finding =
                model::Finding::new(codes::BAD_NETWORK, model::Severity::Error, "network", error.to_string());
            judge.findings.push(finding);
            return;
        }
    };
    let mut asker = Asker::new(judge.ted, &graph);
    let empty = Free::of(paths::capacities(&graph));
    let mut view = View::new(graph.clone());
    let mut always: BTreeMap<&str, (&Service, Totals)> = BTreeMap::new();
    let mut failed: BTreeMap<(&str, &str), Vec<Failure<'_>>> = BTreeMap::new();
    for service in set.services.values() {
        let Some(request) = asker.request(service) else { continue };
        match primary(&mut view, &empty, service, &request) {
            Err(why) => {
                let code = kind(&why).0;
                failed.entry((service.intent.as_str(), code)).or_default().push((service, why));
            }
            Ok(ways) => {
                let best = std::iter::once(&ways.out).chain(&ways.back).map(|found| found.totals);
                if let Some(best) = best.into_iter().find(|best| is_breach(service, best)) {
                    always.entry(service.intent.as_str()).or_insert((service, best));
                }
            }
        }
    }
    for (service, best) in always.into_values() {
        let Some(doc) = origins.get(&service.id) else { continue };
        let message = format!(
            "the breach holds from the start: the path that `{}` to `{}` gets has a delay of {}, a jitter of {} and a loss of {}",
            service.a, service.z, best.delay, best.jitter, best.loss
        );
        judge.warn(codes::ALWAYS_BREACHED, doc, mark_of(doc, Part::Breach), message).help(
            "set its bound above that, or leave `breach` out: then the loop acts when the `slo` is not met",
        );
    }
    for ((_, code), services) in failed {
        let [(service, why), ..] = services.as_slice() else { continue };
        let Some(doc) = origins.get(&service.id) else { continue };
        let ids: Vec<&ServiceId> = services.iter().map(|(service, _)| &service.id).collect();
        let message = match ids.as_slice() {
            [_] => why.describe(&graph),
            _ => format!("{} (services {})", why.describe(&graph), listed(&ids)),
        };
        let (_, part, help) = kind(why);
        judge.error(code, doc, mark_of(doc, part), message).help(help);
    }
}

/// Whether a service counts as breached where nothing is worse than the network file says.
fn is_breach(service: &Service, best: &Totals) -> bool {
    let planned = |quantity: &Quantity| {
        let value = match quantity {
            Quantity::Delay => best.delay.as_micros(),
            Quantity::Jitter => best.jitter.as_micros(),
            Quantity::Loss => u64::from(best.loss.as_ppb()),
            Quantity::Utilisation | Quantity::QueueDrops(_) | Quantity::QueueDepth(_) => return None,
        };
        Some(Measured { value, contract: None })
    };
    service.assurance.breach.judge(&planned) == Truth::Holds
}

/// The code of a reason, the part of the document that is to blame, and what to do.
fn kind(why: &NoPath) -> (&'static str, Part, &'static str) {
    const RELAX: &str = "relax the objective, or enter a better line into the network file";
    match &why.reason {
        Reason::Disconnected => {
            (codes::UNREACHABLE, Part::Ends, "correct the ends, or add the missing link to the network")
        }
        Reason::Constraint { which: Constraint::Delay, .. } => (codes::SLO_IMPOSSIBLE, Part::Delay, RELAX),
        Reason::Constraint { which: Constraint::Jitter | Constraint::Loss, .. } => {
            (codes::SLO_IMPOSSIBLE, Part::Slo, RELAX)
        }
        Reason::Constraint { which: Constraint::Bandwidth, .. } => (
            codes::TOO_MUCH_BANDWIDTH,
            Part::Bandwidth,
            "promise less, or enter a larger line into the network file",
        ),
        Reason::Constraint { which: Constraint::Overload, .. } => {
            (codes::UNREACHABLE, Part::Ends, "take the overload bit from a node on the way")
        }
        Reason::Constraint { which, .. } => {
            let part = match which {
                Constraint::AvoidAffinity => Part::Avoid,
                Constraint::Encryption | Constraint::Waypoints => Part::Sle,
                _ => Part::Ends,
            };
            (codes::CONSTRAINT_IMPOSSIBLE, part, "relax this constraint, or add a line that meets it")
        }
        Reason::Together(several) => {
            let expected = [Constraint::Encryption, Constraint::Waypoints];
            let part = match several.contains(&Constraint::AvoidAffinity) {
                true => Part::Avoid,
                false if several.iter().any(|one| expected.contains(one)) => Part::Sle,
                false => Part::Slo,
            };
            (codes::CONSTRAINT_IMPOSSIBLE, part, "relax one of these, or add a line that meets all")
        }
    }
}
