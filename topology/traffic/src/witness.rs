//! Network, configuration and traffic together: walks all demands, under nothing, one failure, or one after the other.

use model::{Bandwidth, Demand, DemandId, Demands, EdgeIx, NodeId, NodeIx};

use crate::{
    WHOLE,
    failure::{Failure, Outage, Parts, UnknownPart},
    fate::{Cost, fate, survivors},
    flow::{DropReason, Flow},
    forwarding::{Entry, Forwarding},
    load::Loads,
    network::Network,
    route::{Route, Router, Way},
    spf::{Anchors, Igp},
    stray::of_edge,
};

/// Of each edge, the share of a demand that crosses it.
type Shares<'a> = &'a [(EdgeIx, u64)];

/// Where all demands go and what every queue does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Outcome {
    /// One flow a demand, in the order of demand ids.
    pub flows: Vec<Flow>,
    /// What queues are offered.
    pub loads: Loads,
}

impl Outcome {
    /// The flow of a demand.
    pub fn flow(&self, demand: &DemandId) -> Option<&Flow> {
        self.flows.binary_search_by(|flow| flow.demand.cmp(demand)).ok().map(|place| &self.flows[place])
    }
}

/// A demand as its headend sees it.
#[derive(Clone, Debug)]
pub(crate) struct Sent<'a> {
    pub(crate) demand: &'a Demand,
    /// Its ends and what the rules say; or the end that is not in the network.
    pub(crate) entry: Result<(NodeIx, NodeIx, Entry), NodeId>,
}

/// Network, configuration and traffic, ready to be walked.
#[derive(Clone, Debug)]
pub struct Witness<'a> {
    pub(crate) network: &'a Network,
    pub(crate) forwarding: &'a Forwarding,
    pub(crate) sent: Vec<Sent<'a>>,
    pub(crate) anchors: Anchors,
}

impl<'a> Witness<'a> {
    /// Steers each demand at its headend. O(demands times rules of one VRF on one headend).
    pub fn new(network: &'a Network, forwarding: &'a Forwarding, demands: &'a Demands) -> Self {
        let graph = network.graph();
        let place = |id: &NodeId| graph.node_ix(id).ok_or_else(|| id.clone());
        let sent: Vec<Sent<'a>> = demands
            .values()
            .map(|demand| {
                let ends = place(&demand.from).and_then(|from| Ok((from, place(&demand.to)?)));
                let entry = ends.map(|(from, to)| (from, to, forwarding.entry(from, to, demand)));
                Sent { demand, entry }
            })
            .collect();
        let ends = sent.iter().filter_map(|sent| sent.entry.as_ref().ok().map(|(from, to, _)| (*from, *to)));
        let anchors = Anchors::new(network, forwarding.pairs(network, true).into_iter().chain(ends));
        Self { network, forwarding, sent, anchors }
    }

    /// Walks under a failure that the IGP has converged on.
    ///
    /// # Errors
    /// The failure names something that the network does not have.
    pub fn walk(&self, failure: &Failure) -> Result<Outcome, UnknownPart> {
        Ok(self.walk_in(&Outage::settled(failure.parts(self.network)?)))
    }

    /// Walks while something is down that the IGP may not have heard of yet. Shortest paths avoid what is known; what
    /// still leads over a link that is down is lost there, except that segment lists are probed and invalid at once.
    pub fn walk_in(&self, outage: &Outage) -> Outcome {
        self.outcome(self.routes(outage), &outage.down).0
    }

    /// Walks as it would be seen: what a line or a queue drops does not burden the links behind it. The walks above count
    /// with the worst instead, so that a plan never leans on drops.
    ///
    /// Loads and drops depend on each other; they are worked out in rounds until they agree to 1 bit/s. Where links starve
    /// each other in a circle that may take more than 64 rounds; the last one counts then.
    pub fn observe(&self, outage: &Outage) -> Outcome {
        let graph = self.network.graph();
        let (mut outcome, ways) = self.outcome(self.routes(outage), &outage.down);
        let mut is_used = vec![false; graph.edge_count()];
        outcome.flows.iter().flat_map(Flow::edges).for_each(|edge| is_used[edge.ix()] = true);
        let used: Vec<EdgeIx> = graph.edges().map(|(edge, _)| edge).filter(|e| is_used[e.ix()]).collect();
        let loses = |edge: &EdgeIx| {
            let queues = &outcome.loads.edge(*edge).queues;
            graph.edge(*edge).loss > 0 || queues.iter().any(|queue| queue.served < queue.offered)
        };
        if !used.iter().any(loses) {
            return outcome;
        }
        for round in 0..64 {
            let mut next = Loads::idle(self.forwarding);
            for (sent, way) in self.sent.iter().zip(&ways) {
                let cost = |edge, stray| self.cost(sent, (edge, stray), &outcome.loads, &outage.down);
                survivors(way, sent.demand.rate.as_bps(), cost, |edge, stray, rate| {
                    let queue = self.forwarding.queue(edge, sent.demand.dscp, stray);
                    let offered = &mut next.edge_mut(edge).queues[queue].offered;
                    *offered = offered.saturating_add(Bandwidth::from_bps(rate));
                });
            }
            // Drops travel one link a round; where they go in circles, half steps keep them from swinging.
            let agree = next.approach(&outcome.loads, round >= 8);
            for edge in &used {
                next.settle(graph, self.forwarding, *edge);
            }
            outcome.loads = next;
            if agree {
                break;
            }
        }
        let Outcome { flows, loads } = &mut outcome;
        for ((flow, sent), way) in flows.iter_mut().zip(&self.sent).zip(&ways) {
            let cost = |edge, stray| self.cost(sent, (edge, stray), loads, &outage.down);
            flow.suffer(fate(way, &flow.shares, &flow.strays, cost));
        }
        outcome
    }

    /// The ways of all demands, in their order.
    fn routes(&self, outage: &Outage) -> Vec<Route> {
        let mut igp = Igp::new(self.network, &self.anchors, outage.known.clone());
        self.routes_by(&mut igp, &outage.down)
    }

    pub(crate) fn routes_by<'w>(&'w self, igp: &mut Igp<'w>, down: &Parts) -> Vec<Route> {
        let by_igp = self.sent.iter().filter_map(|sent| match sent.entry {
            Ok((from, to, Entry::NoRule | Entry::NoPolicy(_))) => Some((from, to)),
            _ => None,
        });
        igp.prepare(self.forwarding.pairs(self.network, false).into_iter().chain(by_igp));
        let mut router = Router::new(self.network, self.forwarding, igp, down.clone().into());
        self.sent.iter().map(|sent| self.route(&mut router, sent)).collect()
    }

    pub(crate) fn route(&self, router: &mut Router<'_, '_>, sent: &Sent<'_>) -> Route {
        match &sent.entry {
            Ok((from, to, entry)) => router.route(*from, *to, *entry),
            Err(node) => Route::dropped(DropReason::UnknownNode(node.clone())),
        }
    }

    /// What all queues do with what comes to them, and what flows suffer then; and the ways, for who needs them again.
    pub(crate) fn outcome(&self, routes: Vec<Route>, down: &Parts) -> (Outcome, Vec<Way>) {
        let graph = self.network.graph();
        let mut loads = Loads::idle(self.forwarding);
        let mut is_used = vec![false; graph.edge_count()];
        for (sent, route) in self.sent.iter().zip(&routes) {
            self.burden(&mut loads, sent, (&route.shares, &route.strays), true);
            route.shares.iter().for_each(|(edge, _)| is_used[edge.ix()] = true);
        }
        for (edge, _) in graph.edges().filter(|(edge, _)| is_used[edge.ix()]) {
            loads.settle(graph, self.forwarding, edge);
        }
        let (mut flows, mut ways) = (Vec::with_capacity(routes.len()), Vec::with_capacity(routes.len()));
        for (sent, Route { via, branches, shares, strays }) in self.sent.iter().zip(routes) {
            let cost = |edge, stray| self.cost(sent, (edge, stray), &loads, down);
            let fate = fate(&branches, &shares, &strays, cost);
            flows.push(Flow::new(sent.demand.id.clone(), via, shares, strays, fate));
            ways.push(branches);
        }
        (Outcome { flows, loads }, ways)
    }

    /// What an edge does to a demand's packets, or to those of them that stray at its start.
    pub(crate) fn cost(
        &self,
        sent: &Sent<'_>,
        (edge, stray): (EdgeIx, bool),
        loads: &Loads,
        down: &Parts,
    ) -> Cost {
        let line = self.network.graph().edge(edge);
        let queue = &loads.edge(edge).queues[self.forwarding.queue(edge, sent.demand.dscp, stray)];
        Cost {
            delay: line.delay.saturating_add(queue.delay.as_micros()),
            jitter: line.jitter.saturating_add(queue.delay.as_micros()),
            loss: model::Loss::from_ppb(line.loss).then(queue.dropped).as_ppb(),
            encryption: line.encryption,
            dead: down.has(edge),
            astray: self.forwarding.is_astray(edge),
        }
    }

    /// What a demand puts on edges, added or taken away: its shares, and what of them strays.
    pub(crate) fn burden(
        &self,
        loads: &mut Loads,
        sent: &Sent<'_>,
        (shares, strays): (Shares<'_>, Shares<'_>),
        add: bool,
    ) {
        let mut put = |edge: EdgeIx, stray: bool, share: u64| {
            let rate = u128::from(sent.demand.rate.as_bps()) * u128::from(share) / u128::from(WHOLE);
            let rate = Bandwidth::from_bps(u64::try_from(rate).unwrap_or(u64::MAX));
            let queue = self.forwarding.queue(edge, sent.demand.dscp, stray);
            let offered = &mut loads.edge_mut(edge).queues[queue].offered;
            *offered = if add { offered.saturating_add(rate) } else { offered.saturating_sub(rate) };
        };
        for (edge, share) in shares {
            let stray = of_edge(strays, *edge);
            put(*edge, false, share.saturating_sub(stray.unwrap_or(0)));
            if let Some(stray) = stray {
                put(*edge, true, stray);
            }
        }
    }
}
