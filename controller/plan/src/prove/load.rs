//! Lines and queues against what was promised to fit: where a queue drops, its promised traffic must not be what is dropped.

use std::{cmp::Reverse, collections::BTreeMap, fmt};

use model::{Bandwidth, Demand, Demands, DesiredState, EdgeIx, QueueName, Severity};
use traffic::{Drill, EdgeLoad, Network, Outcome, WHOLE};

use super::{
    judge::Promise,
    tally::{Failed, Key, Tally},
};
use crate::codes;

/// What is needed to know who was promised what, and where.
pub(crate) struct Rules<'a> {
    pub(crate) desired: &'a DesiredState,
    pub(crate) network: &'a Network,
    pub(crate) demands: &'a Demands,
    /// One a demand, in their order.
    pub(crate) promises: &'a [Option<Promise<'a>>],
    /// The demands by place.
    offered: Vec<&'a Demand>,
}

impl<'a> Rules<'a> {
    pub(crate) fn new(
        desired: &'a DesiredState,
        network: &'a Network,
        demands: &'a Demands,
        promises: &'a [Option<Promise<'a>>],
    ) -> Self {
        Self { desired, network, demands, promises, offered: demands.values().collect() }
    }

    /// The demand at a place in the order of them all.
    pub(crate) fn demand(&self, place: usize) -> &'a Demand {
        self.offered[place]
    }
}

/// More is promised than fits.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Overload {
    pub(crate) edge: EdgeIx,
    /// The queue that serves too little; none where the whole line is too small.
    pub(crate) queue: Option<QueueName>,
    pub(crate) promised: Bandwidth,
    has: Bandwidth,
}

impl fmt::Display for Overload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { promised, has, .. } = self;
        match &self.queue {
            None => write!(f, "{promised} are promised to the traffic on it, it has {has}"),
            Some(queue) => write!(
                f,
                "queue {queue} serves {has} of the {promised} that are promised to the traffic in it"
            ),
        }
    }
}

/// Whether any queue drops: only there more may be promised than fits.
pub(crate) fn is_dropping(load: &EdgeLoad) -> bool {
    load.queues.iter().any(|queue| queue.dropped.as_ppb() > 0)
}

/// An edge on which some queue drops. It is overloaded when the bandwidth promised to the flows on it is more than it has, or when
/// a queue serves less than what was promised to the flows in it. `flows` are the places of flows, among them all that use it.
pub(crate) fn overloads(
    rules: &Rules<'_>,
    outcome: &Outcome,
    edge: EdgeIx,
    flows: impl IntoIterator<Item = usize>,
    say: &mut dyn FnMut(Overload),
) {
    let (total, queues) = promised(rules, outcome, edge, flows);
    let capacity = Bandwidth::from_bps(rules.network.graph().edge(edge).bandwidth);
    if total > capacity {
        return say(Overload { edge, queue: None, promised: total, has: capacity });
    }
    let load = outcome.loads.edge(edge);
    for queue in load.queues.iter().filter(|queue| queue.dropped.as_ppb() > 0) {
        let Some(wanted) = queues.get(&queue.name).copied() else { continue };
        // A thousandth is left to rounding.
        let slack = Bandwidth::from_bps(wanted.as_bps() / 1_000);
        if wanted > queue.served.saturating_add(slack) {
            say(Overload { edge, queue: Some(queue.name.clone()), promised: wanted, has: queue.served });
        }
    }
}

/// Looks at every edge on which some queue drops without failure.
pub(super) fn as_it_is<'a>(rules: &Rules<'a>, base: &Base<'_>, tally: &mut Tally<'a>) {
    for edge in &base.dropping {
        judge(rules, base.outcome, *edge, base.users[edge.ix()].iter().copied(), None, tally);
    }
}

/// The network without failure, as far as loads under one are judged against it.
pub(super) struct Base<'o> {
    pub(super) outcome: &'o Outcome,
    /// By edge: the places of the flows that use it.
    users: Vec<Vec<usize>>,
    /// The edges on which some queue drops.
    dropping: Vec<EdgeIx>,
}

impl<'o> Base<'o> {
    pub(super) fn new(network: &Network, outcome: &'o Outcome) -> Self {
        let mut users = vec![Vec::new(); network.graph().edge_count()];
        for (place, flow) in outcome.flows.iter().enumerate() {
            flow.edges().for_each(|edge| users[edge.ix()].push(place));
        }
        let dropping = outcome.loads.iter().filter(|(_, load)| is_dropping(load)).map(|(edge, _)| edge);
        Self { outcome, users, dropping: dropping.collect() }
    }
}

/// The same under a failure: on edges that it loads otherwise, and on those that drop anyway and change riders, though what is offered
/// there stays the same. All others were judged without it.
pub(super) fn under<'a>(
    rules: &Rules<'a>,
    drill: &Drill<'_>,
    (base, changed): (&Base<'_>, &[usize]),
    failure: Failed<'_>,
    tally: &mut Tally<'a>,
) {
    let (outcome, shifted) = (drill.outcome(), drill.shifted());
    let ridden = |place: &usize| base.outcome.flows[*place].edges().chain(outcome.flows[*place].edges());
    let mut swapped: Vec<EdgeIx> = changed.iter().flat_map(ridden).collect();
    swapped.sort_unstable();
    swapped.dedup();
    swapped.retain(|edge| base.dropping.binary_search(edge).is_ok() && shifted.binary_search(edge).is_err());
    let asked: Vec<EdgeIx> = shifted
        .iter()
        .chain(&swapped)
        .copied()
        .filter(|edge| is_dropping(outcome.loads.edge(*edge)))
        .collect();
    if asked.is_empty() {
        return;
    }
    // By edge, who changed and uses it now: a line of the core moves thousands, who may not be gone through for each edge.
    let now = |place: &usize| {
        let place = *place;
        outcome.flows[place].edges().map(move |edge| (edge, place))
    };
    let mut came: Vec<(EdgeIx, usize)> = changed.iter().flat_map(now).collect();
    came.sort_unstable();
    for edge in asked {
        let stay = base.users[edge.ix()].iter().filter(|place| changed.binary_search(place).is_err());
        let from = came.partition_point(|(used, _)| *used < edge);
        let came = came[from..].iter().take_while(|(used, _)| *used == edge).map(|(_, place)| place);
        judge(rules, outcome, edge, stay.chain(came).copied(), failure, tally);
    }
}

fn judge<'a>(
    rules: &Rules<'a>,
    outcome: &Outcome,
    edge: EdgeIx,
    flows: impl Iterator<Item = usize>,
    failure: Failed<'_>,
    tally: &mut Tally<'a>,
) {
    let graph = rules.network.graph();
    overloads(rules, outcome, edge, flows, &mut |overload| {
        let severity = if failure.is_some() { Severity::Warning } else { Severity::Error };
        let ends = graph.edge(edge);
        let key = Key {
            severity: Reverse(severity),
            code: codes::OVERLOADED,
            subject: graph.link_id(edge).as_str(),
            from: graph.node_id(ends.from),
            to: graph.node_id(ends.to),
        };
        tally.add(key, overload.promised.as_bps(), &overload, failure);
    });
}

/// What is promised to the flows on an edge: all together, and by the queue in which they wait.
fn promised(
    rules: &Rules<'_>,
    outcome: &Outcome,
    edge: EdgeIx,
    flows: impl IntoIterator<Item = usize>,
) -> (Bandwidth, BTreeMap<QueueName, Bandwidth>) {
    let mut total = Bandwidth::ZERO;
    let mut queues: BTreeMap<QueueName, Bandwidth> = BTreeMap::new();
    for place in flows {
        let (flow, demand) = (&outcome.flows[place], rules.offered[place]);
        let promise = rules.promises[place].as_ref();
        let Some(most) = promise.and_then(|promise| promise.service.slo.bandwidth) else { continue };
        let Ok(place) = flow.shares.binary_search_by_key(&edge, |(used, _)| *used) else { continue };
        let (rate, share) = (demand.rate.min(most), flow.shares[place].1);
        total = total.saturating_add(part(rate, share));
        let stray = flow.stray(edge).min(share);
        for (is_stray, share) in [(false, share - stray), (true, stray)] {
            if let Some(name) = queue_of(rules, edge, demand, is_stray).filter(|_| share > 0 || !is_stray) {
                let sum = queues.entry(name.clone()).or_default();
                *sum = sum.saturating_add(part(rate, share));
            }
        }
    }
    (total, queues)
}

fn part(rate: Bandwidth, share: u64) -> Bandwidth {
    let part = u128::from(rate.as_bps()) * u128::from(share) / u128::from(WHOLE);
    Bandwidth::from_bps(u64::try_from(part).unwrap_or(u64::MAX))
}

/// The queue that the classifier at the start of the edge names; none where it names none. Of what strays there, the lowest.
pub(crate) fn queue_of<'a>(
    rules: &Rules<'a>,
    edge: EdgeIx,
    demand: &Demand,
    stray: bool,
) -> Option<&'a QueueName> {
    let node = rules.network.graph().node_id(rules.network.graph().edge(edge).from);
    let config = rules.desired.devices.get(node)?;
    if stray {
        return traffic::lowest(config.qos.get(rules.network.interface(edge))?);
    }
    config.classifier.as_ref()?.queues.get(&demand.dscp)
}
