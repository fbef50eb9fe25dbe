//! What the network could do at best: every promise against an empty network with all lines up.

mod apart;
mod reason;
mod unwritten;

pub(crate) use self::unwritten::unwritten;

use std::collections::BTreeMap;

use model::{
    EdgeIx, Graph, IntentSet, Loss, Service, ServiceId, Ted,
    condition::{Comparison, Condition, Measured, Ordering, Quantity, Truth},
};
use paths::{Constraint, PathRequest, Reason, Totals};

use super::{AsOf, Judge, Part, constant, mark_of};
use crate::{
    ask::Asker,
    codes,
    doc::Document,
    route::{Free, View, Ways, primary},
};

/// Judges all services; those of one intent that fail alike are one finding.
pub(super) fn judge(
    set: &IntentSet,
    origins: &BTreeMap<ServiceId, &Document>,
    as_of: AsOf,
    judge: &mut Judge<'_>,
) {
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
    let mut contracts = Contracts::of(judge.ted, &graph);
    let mut beyond: BTreeMap<&str, (&Service, Totals)> = BTreeMap::new();
    let mut always: BTreeMap<&str, (&Service, Totals)> = BTreeMap::new();
    let mut failures = reason::Failures::default();
    let mut unwritten = unwritten::Unwritten::of(judge.ted, &graph);
    let mut apart = apart::Apart::default();
    for service in set.services.values() {
        let Some(request) = asker.request(service) else { continue };
        let ways = match primary(&mut view, &empty, service, &request) {
            Ok(ways) => ways,
            Err(why) => {
                failures.add(service, reason::causes(&mut view, &empty, service, &request, *why));
                continue;
            }
        };
        let best = std::iter::once(&ways.out).chain(&ways.back).map(|found| found.totals);
        if let Some(best) = best.into_iter().find(|best| is_breach(service, best)) {
            always.entry(service.intent.as_str()).or_insert((service, best));
        }
        if !beyond.contains_key(service.intent.as_str())
            && let Some(best) = contracts.break_loss(&empty, service, &request, &ways)
        {
            beyond.insert(service.intent.as_str(), (service, best));
        }
        unwritten.count(service, &ways);
        if origins.get(&service.id).is_some_and(|doc| apart::is_asked(doc)) {
            apart.look(&mut view, &empty, service, &request, &ways);
        }
    }
    tell_always(always.into_values(), origins, judge);
    tell_beyond(beyond.into_values(), origins, judge);
    unwritten.tell(&graph, origins, judge);
    failures.tell(&graph, origins, judge);
    apart.tell(&graph, origins, as_of, judge);
}

/// Services with what their paths do at best.
type AtBest<'a> = std::collections::btree_map::IntoValues<&'a str, (&'a Service, Totals)>;

fn tell_always(always: AtBest<'_>, origins: &BTreeMap<ServiceId, &Document>, judge: &mut Judge<'_>) {
    for (service, best) in always {
        let Some(doc) = origins.get(&service.id) else { continue };
        let message = format!(
            "the breach holds from the start: the path that `{}` to `{}` gets has a delay of {}, a jitter of {} and a loss of {}",
            service.a, service.z, best.delay, best.jitter, best.loss
        );
        let help = match turned(&service.assurance.breach, &best) {
            Some((one, other)) => format!(
                "`{one}` holds while all is well: a breach is what must not be, like `{other}`; or leave `breach` out: then the loop acts when \
                 the `slo` is not met"
            ),
            None => "set its bound above that, or leave `breach` out: then the loop acts when the `slo` is not met".to_owned(),
        };
        judge.warn(codes::ALWAYS_BREACHED, doc, mark_of(doc, Part::Breach), message).help(help);
    }
}

/// The first comparison that holds because a value is small, and the same turned round: most likely the wrong sign was written.
fn turned(breach: &Condition, best: &Totals) -> Option<(Comparison, Comparison)> {
    match breach {
        Condition::One(one) => {
            let small = matches!(one.ordering, Ordering::Below | Ordering::AtMost);
            let holds = breach.judge(&|quantity: &Quantity| planned(quantity, best)) == Truth::Holds;
            let other = Comparison { ordering: Ordering::Above, ..one.clone() };
            (small && holds).then(|| (one.clone(), other))
        }
        Condition::All { all: parts } | Condition::Any { any: parts } => {
            parts.iter().find_map(|part| turned(part, best))
        }
    }
}

fn tell_beyond(beyond: AtBest<'_>, origins: &BTreeMap<ServiceId, &Document>, judge: &mut Judge<'_>) {
    for (service, best) in beyond {
        let Some(doc) = origins.get(&service.id) else { continue };
        let message = format!(
            "carriers promise no path of so little loss from `{}` to `{}`: by the contracts of its lines the best may lose {}",
            service.a, service.z, best.loss
        );
        judge
            .warn(codes::BEYOND_CONTRACT, doc, mark_of(doc, Part::Slo), message)
            .help("promise what carriers promise, or order a better line");
    }
}

/// The network with as much loss on every line as its carrier may let happen; none where no contract is worse than the line.
struct Contracts(Option<View>);

impl Contracts {
    fn of(ted: &Ted, graph: &Graph) -> Self {
        let mut worst = graph.clone();
        let mut differs = false;
        for edge in (0..graph.edge_count() as u32).map(EdgeIx) {
            let promised = ted.links.get(graph.link_id(edge)).and_then(|link| link.contract.loss);
            let Some(promised) = promised.map(Loss::as_ppb) else { continue };
            let line = worst.edge_mut(edge);
            differs |= promised > line.loss;
            line.loss = line.loss.max(promised);
        }
        Self(differs.then(|| View::new(worst)))
    }

    /// What the best path may lose, where no path keeps the bound on loss by contract. `ways` are those that keep it by what
    /// the lines are planned to do: where they keep it by contract too, nothing is searched.
    fn break_loss(
        &mut self,
        free: &Free,
        service: &Service,
        request: &PathRequest,
        ways: &Ways,
    ) -> Option<Totals> {
        let (view, bound) = (self.0.as_mut()?, service.slo.loss?);
        let kept = ways.each().all(|found| Totals::of(view.graph(), &found.edges).loss <= bound);
        if kept {
            return None;
        }
        match primary(view, free, service, request).map_err(|why| why.reason) {
            Err(Reason::Constraint { which: Constraint::Loss, nearest, .. }) => Some(nearest.totals),
            // Other paths keep it, or loss is not all that is in the way: then nothing clear can be said.
            _ => None,
        }
    }
}

/// What a path does, by what its lines are planned to do.
fn planned(quantity: &Quantity, best: &Totals) -> Option<Measured> {
    let value = match quantity {
        Quantity::Delay => best.delay.as_micros(),
        Quantity::Jitter => best.jitter.as_micros(),
        Quantity::Loss => u64::from(best.loss.as_ppb()),
        Quantity::Utilisation | Quantity::QueueDrops(_) | Quantity::QueueDepth(_) => return None,
    };
    Some(Measured { value, contract: None })
}

/// Whether a service counts as breached where nothing is worse than the network file says.
fn is_breach(service: &Service, best: &Totals) -> bool {
    // What holds whatever is measured was told by itself.
    let breach = &service.assurance.breach;
    breach.judge(&|quantity: &Quantity| planned(quantity, best)) == Truth::Holds
        && !constant::is_always(breach)
}

#[cfg(test)]
mod tests;
