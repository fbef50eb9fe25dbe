//! Lines and queues against what was promised to fit: where a queue drops, its promised traffic must not be what is dropped.

use std::{cmp::Reverse, collections::BTreeMap};

use model::{Bandwidth, Demand, Demands, DesiredState, EdgeIx, QueueName, Severity};
use traffic::{EdgeLoad, Failure, Network, Outcome, WHOLE};

use super::{
    judge::Promise,
    tally::{Key, Tally},
};
use crate::codes;

/// What is needed to know who was promised what, and where.
pub(super) struct Rules<'a> {
    pub(super) desired: &'a DesiredState,
    pub(super) network: &'a Network,
    pub(super) demands: &'a Demands,
    /// One a demand, in their order.
    pub(super) promises: &'a [Option<Promise<'a>>],
}

/// Looks at every edge on which some queue drops. A line is overloaded when the bandwidth promised to the flows on it is more than
/// it has, or when a queue serves less than what was promised to the flows in it.
pub(super) fn judge(rules: &Rules<'_>, outcome: &Outcome, failure: Option<&Failure>, tally: &mut Tally) {
    let dropping = |load: &EdgeLoad| load.queues.iter().any(|queue| queue.dropped.as_ppb() > 0);
    for (edge, load) in outcome.loads.iter().filter(|(_, load)| dropping(load)) {
        let (total, queues) = promised(rules, outcome, edge);
        let capacity = Bandwidth::from_bps(rules.network.graph().edge(edge).bandwidth);
        let mut say = |amount: Bandwidth, message: String| {
            let severity = if failure.is_some() { Severity::Warning } else { Severity::Error };
            let graph = rules.network.graph();
            let name = |node| graph.node_id(node);
            let ends = graph.edge(edge);
            let key = Key {
                severity: Reverse(severity),
                code: codes::OVERLOADED,
                subject: graph.link_id(edge).to_string(),
                place: format!("from {} to {}", name(ends.from), name(ends.to)),
            };
            tally.add(key, amount.as_bps(), message, failure);
        };
        if total > capacity {
            say(total, format!("{total} are promised to the traffic on it, it has {capacity}"));
            continue;
        }
        for queue in load.queues.iter().filter(|queue| queue.dropped.as_ppb() > 0) {
            let Some(wanted) = queues.get(&queue.name).copied() else { continue };
            // A thousandth is left to rounding.
            let slack = Bandwidth::from_bps(wanted.as_bps() / 1_000);
            if wanted > queue.served.saturating_add(slack) {
                let message = format!(
                    "queue {} serves {} of the {wanted} that are promised to the traffic in it",
                    queue.name, queue.served
                );
                say(wanted, message);
            }
        }
    }
}

/// What is promised to the flows on an edge: all together, and by the queue that the headend's classifier names.
fn promised(
    rules: &Rules<'_>,
    outcome: &Outcome,
    edge: EdgeIx,
) -> (Bandwidth, BTreeMap<QueueName, Bandwidth>) {
    let mut total = Bandwidth::ZERO;
    let mut queues: BTreeMap<QueueName, Bandwidth> = BTreeMap::new();
    let flows = outcome.flows.iter().zip(rules.demands.values()).zip(rules.promises);
    for ((flow, demand), promise) in flows {
        let Some(most) = promise.as_ref().and_then(|promise| promise.service.slo.bandwidth) else { continue };
        let Ok(place) = flow.shares.binary_search_by_key(&edge, |(used, _)| *used) else { continue };
        let rate = part(demand.rate.min(most), flow.shares[place].1);
        total = total.saturating_add(rate);
        if let Some(name) = queue_of(rules, edge, demand) {
            let sum = queues.entry(name.clone()).or_default();
            *sum = sum.saturating_add(rate);
        }
    }
    (total, queues)
}

fn part(rate: Bandwidth, share: u64) -> Bandwidth {
    let part = u128::from(rate.as_bps()) * u128::from(share) / u128::from(WHOLE);
    Bandwidth::from_bps(u64::try_from(part).unwrap_or(u64::MAX))
}

/// The queue that the classifier at the start of the edge names; none where it names none.
fn queue_of<'a>(rules: &Rules<'a>, edge: EdgeIx, demand: &Demand) -> Option<&'a QueueName> {
    let node = rules.network.graph().node_id(rules.network.graph().edge(edge).from);
    rules.desired.devices.get(node)?.classifier.as_ref()?.queues.get(&demand.dscp)
}
