//! Walks all demands, under nothing, one failure, or one failure after the other with what it does not touch re-used.

use std::collections::BTreeSet;

use model::{Bandwidth, Demand, DemandId, Demands, EdgeIx, NodeId, NodeIx};

use crate::{
    WHOLE,
    failure::{Failure, Outage, Parts, UnknownPart},
    flow::{Cost, DropReason, Flow, Via, judge, survivors},
    forwarding::{Entry, Forwarding},
    load::{EdgeLoad, Loads},
    network::Network,
    route::{Route, Router},
    spf::{Igp, Layered},
};

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
struct Sent<'a> {
    demand: &'a Demand,
    /// Its ends and what the rules say; or the end that is not in the network.
    entry: Result<(NodeIx, NodeIx, Entry), NodeId>,
    /// Its policy, where it has one.
    policy: Option<usize>,
}

/// Network, configuration and traffic, ready to be walked.
#[derive(Clone, Debug)]
pub struct Witness<'a> {
    network: &'a Network,
    forwarding: &'a Forwarding,
    sent: Vec<Sent<'a>>,
}

/// Everything about one walk, routes included.
struct Walked {
    outcome: Outcome,
    routes: Vec<Route>,
    /// The flows that use each edge, ascending.
    users: Vec<Vec<usize>>,
}

impl<'a> Witness<'a> {
    /// Steers each demand at its headend. O(demands times rules of one VRF on one headend).
    pub fn new(network: &'a Network, forwarding: &'a Forwarding, demands: &'a Demands) -> Self {
        let graph = network.graph();
        let place = |id: &NodeId| graph.node_ix(id).ok_or_else(|| id.clone());
        let sent = demands
            .values()
            .map(|demand| {
                let ends = place(&demand.from).and_then(|from| Ok((from, place(&demand.to)?)));
                let entry = ends.map(|(from, to)| (from, to, forwarding.entry(from, to, demand)));
                let policy = match entry {
                    Ok((_, _, Entry::Policy(number))) => Some(number),
                    _ => None,
                };
                Sent { demand, entry, policy }
            })
            .collect();
        Self { network, forwarding, sent }
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
        let mut igp = Igp::new(self.network.graph(), outage.known.clone());
        self.walk_all_demands(&mut igp, outage).outcome
    }

    /// Walks under each failure and shows its outcome, with the places in `flows` of those that differ from no failure.
    /// Equal to `walk` for each; flows and queues that a failure does not touch are not looked at again. Costs the first
    /// walk, and for each failure: a shortest-path tree for each node whose traffic it moves, plus the flows that it moves
    /// or that share a link with those.
    ///
    /// # Errors
    /// A failure names something that the network does not have; none has been shown then.
    pub fn walk_all(
        &self,
        failures: &[Failure],
        mut show: impl FnMut(&Failure, &Outcome, &[usize]),
    ) -> Result<(), UnknownPart> {
        let parts = failures.iter().map(|failure| failure.parts(self.network));
        let parts: Vec<Parts> = parts.collect::<Result<_, _>>()?;
        let none = Outage::settled(Parts::none(self.network));
        let mut igp = Igp::new(self.network.graph(), none.known.clone());
        let mut walked = self.walk_all_demands(&mut igp, &none);
        for (failure, down) in failures.iter().zip(parts) {
            let undo = self.fail(&mut igp, &mut walked, down);
            let changed: Vec<usize> = undo.flows.iter().map(|(flow, _)| *flow).collect();
            show(failure, &walked.outcome, &changed);
            for (edge, load) in undo.loads {
                *walked.outcome.loads.edge_mut(edge) = load;
            }
            for (flow, before) in undo.flows {
                walked.outcome.flows[flow] = before;
            }
        }
        Ok(())
    }

    /// Walks as it would be seen: what a line or a queue drops does not burden the links behind it. The walks above count
    /// with the worst instead, so that a plan never leans on drops.
    ///
    /// Loads and drops depend on each other; they are worked out in rounds until they agree to 1 bit/s. Where links starve
    /// each other in a circle that may take more than 64 rounds; the last one counts then.
    pub fn observe(&self, outage: &Outage) -> Outcome {
        let graph = self.network.graph();
        let mut igp = Igp::new(graph, outage.known.clone());
        let Walked { mut outcome, routes, users } = self.walk_all_demands(&mut igp, outage);
        let used: Vec<EdgeIx> =
            graph.edges().map(|(edge, _)| edge).filter(|e| !users[e.ix()].is_empty()).collect();
        let loses = |edge: &EdgeIx| {
            let queues = &outcome.loads.edge(*edge).queues;
            graph.edge(*edge).loss > 0 || queues.iter().any(|queue| queue.served < queue.offered)
        };
        if !used.iter().any(loses) {
            return outcome;
        }
        for round in 0..64 {
            let mut next = Loads::idle(self.forwarding);
            for (sent, route) in self.sent.iter().zip(&routes) {
                let cost = |edge| self.cost(sent, edge, &outcome.loads, &outage.down);
                survivors(route, sent.demand.rate.as_bps(), cost, |edge, rate| {
                    let queue = self.forwarding.queue(edge, sent.demand.dscp);
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
        let pairs = self.sent.iter().zip(&routes);
        outcome.flows =
            pairs.map(|(sent, route)| self.judge(sent, route, &outcome.loads, &outage.down)).collect();
        outcome
    }

    fn route(&self, router: &mut Router<'_>, sent: &Sent<'_>) -> Route {
        match &sent.entry {
            Ok((from, to, entry)) => router.route(*from, *to, *entry),
            Err(node) => {
                let via = Via::Dropped(DropReason::UnknownNode(node.clone()));
                Route { via, branches: Vec::new(), shares: Vec::new() }
            }
        }
    }

    fn judge(&self, sent: &Sent<'_>, route: &Route, loads: &Loads, down: &Parts) -> Flow {
        judge(&sent.demand.id, route, |edge| self.cost(sent, edge, loads, down))
    }

    fn cost(&self, sent: &Sent<'_>, edge: EdgeIx, loads: &Loads, down: &Parts) -> Cost {
        let line = self.network.graph().edge(edge);
        let queue = &loads.edge(edge).queues[self.forwarding.queue(edge, sent.demand.dscp)];
        Cost {
            delay: line.delay.saturating_add(queue.delay.as_micros()),
            jitter: line.jitter.saturating_add(queue.delay.as_micros()),
            loss: model::Loss::from_ppb(line.loss).then(queue.dropped).as_ppb(),
            encryption: line.encryption,
            dead: down.has(edge),
        }
    }

    /// What a demand puts on an edge, added or taken away.
    fn burden(&self, loads: &mut Loads, sent: &Sent<'_>, route: &Route, add: bool) {
        for (edge, share) in &route.shares {
            let rate = u128::from(sent.demand.rate.as_bps()) * u128::from(*share) / u128::from(WHOLE);
            let rate = Bandwidth::from_bps(u64::try_from(rate).unwrap_or(u64::MAX));
            let queue = self.forwarding.queue(*edge, sent.demand.dscp);
            let offered = &mut loads.edge_mut(*edge).queues[queue].offered;
            *offered = if add { offered.saturating_add(rate) } else { offered.saturating_sub(rate) };
        }
    }

    fn walk_all_demands(&self, igp: &mut Igp, outage: &Outage) -> Walked {
        let graph = self.network.graph();
        let igp = Layered { graph, base: igp, top: None };
        let mut router = Router::new(self.network, self.forwarding, igp, &outage.down);
        let routes: Vec<Route> = self.sent.iter().map(|sent| self.route(&mut router, sent)).collect();
        let mut loads = Loads::idle(self.forwarding);
        let mut users = vec![Vec::new(); graph.edge_count()];
        for (flow, (sent, route)) in self.sent.iter().zip(&routes).enumerate() {
            self.burden(&mut loads, sent, route, true);
            for (edge, _) in &route.shares {
                users[edge.ix()].push(flow);
            }
        }
        for (edge, _) in graph.edges().filter(|(edge, _)| !users[edge.ix()].is_empty()) {
            loads.settle(graph, self.forwarding, edge);
        }
        let pairs = self.sent.iter().zip(&routes);
        let flows = pairs.map(|(sent, route)| self.judge(sent, route, &loads, &outage.down)).collect();
        Walked { outcome: Outcome { flows, loads }, routes, users }
    }

    /// Turns the outcome without failure into the one under a failure, and says how to turn it back.
    fn fail(&self, igp: &mut Igp, walked: &mut Walked, down: Parts) -> Undo {
        let graph = self.network.graph();
        let moved = self.moved(walked, &down);
        let igp = Layered { graph, base: igp, top: Some(Igp::new(graph, down.clone())) };
        let mut router = Router::new(self.network, self.forwarding, igp, &down);
        let routes: Vec<(usize, Route)> =
            moved.iter().map(|flow| (*flow, self.route(&mut router, &self.sent[*flow]))).collect();
        let Walked { outcome, routes: before, users } = walked;
        let edges: BTreeSet<EdgeIx> = routes
            .iter()
            .flat_map(|(flow, route)| before[*flow].shares.iter().chain(&route.shares))
            .map(|(edge, _)| *edge)
            .collect();
        let mut loads: Vec<(EdgeIx, EdgeLoad)> =
            edges.iter().map(|edge| (*edge, outcome.loads.edge(*edge).clone())).collect();
        for (flow, route) in &routes {
            self.burden(&mut outcome.loads, &self.sent[*flow], &before[*flow], false);
            self.burden(&mut outcome.loads, &self.sent[*flow], route, true);
        }
        loads.retain(|(edge, load)| outcome.loads.edge(*edge) != load);
        let mut changed: BTreeSet<usize> = moved.clone();
        for (edge, _) in &loads {
            outcome.loads.settle(graph, self.forwarding, *edge);
            changed.extend(&users[edge.ix()]);
        }
        let mut new = routes.into_iter().peekable();
        let mut flows = Vec::new();
        for flow in changed {
            let moved = new.next_if(|(place, _)| *place == flow);
            let route = moved.as_ref().map_or(&before[flow], |(_, route)| route);
            let now = self.judge(&self.sent[flow], route, &outcome.loads, &down);
            if now != outcome.flows[flow] {
                flows.push((flow, std::mem::replace(&mut outcome.flows[flow], now)));
            }
        }
        Undo { loads, flows }
    }

    /// The flows whose way may change: those on a link that goes down, those of a node that does, those that lead through
    /// nested policies, and those whose policy is invalid anyway, for the reason may be another. All others keep theirs:
    /// what was invalid stays so when links go away.
    fn moved(&self, walked: &Walked, down: &Parts) -> BTreeSet<usize> {
        let mut moved: BTreeSet<usize> = BTreeSet::new();
        for edge in down.broken() {
            moved.extend(&walked.users[edge.ix()]);
        }
        for (flow, sent) in self.sent.iter().enumerate() {
            let ends =
                sent.entry.as_ref().is_ok_and(|(from, to, _)| down.has_node(*from) || down.has_node(*to));
            let carried = matches!(walked.routes[flow].via, Via::Policy { .. });
            let unsure = sent.policy.is_some_and(|number| !carried || self.forwarding.policies[number].nests);
            if ends || unsure {
                moved.insert(flow);
            }
        }
        moved
    }
}

/// What was there before a failure.
struct Undo {
    loads: Vec<(EdgeIx, EdgeLoad)>,
    flows: Vec<(usize, Flow)>,
}
