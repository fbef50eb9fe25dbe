//! The world: routers' configurations, lines and traffic, moved on by the clock that the caller holds.
//!
//! Whatever is changed counts from the moment to which the world was last advanced, and shows after the next `advance`.
//! A line that breaks stops forwarding at once, and headends see it at once on their segment lists (seamless BFD); the IGP
//! goes around it, or back to it, after the convergence time. Forwarding is computed again only when something changed.

use std::collections::BTreeMap;

use model::{
    Delay, DemandId, Demands, DeviceConfig, DirectedLink, EdgeIx, Jitter, LinkId, Loss, NodeId, Ratio, Span,
    Ted, Timestamp, graph::GraphError, link::Side,
};
use thiserror::Error;
use traffic::{Flow, Forwarding, Network, Outage, Outcome, Parts, Witness, queues::BUFFER};

use crate::{
    counter::Meter,
    line::{Impairment, Line, Quality},
    state::{InterfaceState, NodeState, QueueState},
    used::{Used, used},
};

/// Something was named that the world does not have.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum UnknownName {
    /// A router.
    #[error("the lab has no router {0}: check the name in the network file")]
    Node(NodeId),
    /// A line.
    #[error("the lab has no link {0}: check the name in the network file")]
    Link(LinkId),
}

/// The simulated network.
#[derive(Clone, Debug)]
pub struct World {
    ted: Ted,
    network: Network,
    demands: Demands,
    seed: u64,
    convergence: Span,
    now: Timestamp,
    configs: BTreeMap<NodeId, DeviceConfig>,
    lines: Vec<Line>,
    /// By edge.
    meters: Vec<Meter>,
    /// What the configurations mean; none after one changed.
    forwarding: Option<Forwarding>,
    outcome: Outcome,
    /// What the outcome tells of policies.
    used: Used,
    /// Whether the outcome is older than something it depends on.
    stale: bool,
}

impl World {
    /// A world at the epoch: all lines healthy and up, all routers without configuration, the IGP converging in 200 ms.
    ///
    /// # Errors
    /// The TED cannot be frozen into a graph.
    pub fn new(ted: Ted, demands: Demands, seed: u64) -> Result<Self, GraphError> {
        let network = Network::new(&ted)?;
        let lines = ted.links.values().map(|link| Line {
            up: true,
            igp_up: true,
            heard_at: None,
            healthy: [Side::A, Side::Z].map(|side| {
                let direction = link.direction(side);
                Quality {
                    delay: direction.delay.value,
                    jitter: direction.jitter.value,
                    loss: direction.loss.value,
                }
            }),
            faults: [Impairment::default(); 2],
        });
        let configs = BTreeMap::new();
        let forwarding = Forwarding::build(&network, &configs);
        let outcome =
            Witness::new(&network, &forwarding, &demands).observe(&Outage::settled(Parts::none(&network)));
        Ok(Self {
            lines: lines.collect(),
            meters: vec![Meter::default(); network.graph().edge_count()],
            forwarding: Some(forwarding),
            outcome,
            used: Used::new(),
            stale: false,
            ted,
            network,
            demands,
            seed,
            convergence: Span::from_millis(200),
            now: Timestamp::default(),
            configs,
        })
    }

    /// With another time for the IGP to converge.
    #[must_use]
    pub fn with_convergence(mut self, convergence: Span) -> Self {
        self.convergence = convergence;
        self
    }

    /// Sets what a router is configured with, all of it.
    ///
    /// # Errors
    /// There is no such router.
    pub fn configure(&mut self, node: &NodeId, config: DeviceConfig) -> Result<(), UnknownName> {
        if !self.ted.nodes.contains_key(node) {
            return Err(UnknownName::Node(node.clone()));
        }
        if self.configs.get(node) != Some(&config) {
            self.configs.insert(node.clone(), config);
            self.forwarding = None;
            self.stale = true;
        }
        Ok(())
    }

    /// What a router is configured with; none where it never was.
    pub fn config(&self, node: &NodeId) -> Option<&DeviceConfig> {
        self.configs.get(node)
    }

    /// Makes a line worse: the fault comes on top of the healthy line and replaces an earlier one. `from` is the end at which
    /// traffic enters the direction that suffers; both suffer where it is absent.
    ///
    /// # Errors
    /// There is no such link.
    pub fn impair(
        &mut self,
        link: &LinkId,
        from: Option<Side>,
        delay: Option<Delay>,
        jitter: Option<Jitter>,
        loss: Option<Loss>,
    ) -> Result<(), UnknownName> {
        let edge = self.edge(link)?;
        for edge in [edge, edge.reverse()].into_iter().filter(|edge| from.is_none_or(|s| s == edge.side())) {
            self.set_fault(edge, Impairment { delay, jitter, loss });
        }
        Ok(())
    }

    /// Makes a line as good as it was, both directions. Whether it is up does not change.
    ///
    /// # Errors
    /// There is no such link.
    pub fn heal(&mut self, link: &LinkId) -> Result<(), UnknownName> {
        self.impair(link, None, None, None, None)
    }

    /// Cuts a line or mends it.
    ///
    /// # Errors
    /// There is no such link.
    pub fn set_up(&mut self, link: &LinkId, up: bool) -> Result<(), UnknownName> {
        let edge = self.edge(link)?;
        let heard_at = self.now + self.convergence;
        let line = &mut self.lines[edge.link()];
        if line.up != up {
            line.up = up;
            line.heard_at = (line.igp_up != up).then_some(heard_at);
            self.stale = true;
        }
        Ok(())
    }

    /// Cuts or mends all lines of a router.
    ///
    /// # Errors
    /// There is no such router.
    pub fn set_node_up(&mut self, node: &NodeId, up: bool) -> Result<(), UnknownName> {
        if !self.ted.nodes.contains_key(node) {
            return Err(UnknownName::Node(node.clone()));
        }
        let of_node = |side: &model::link::Termination| side.node == *node;
        let links = self.ted.links.values().filter(|link| of_node(&link.a) || of_node(&link.z));
        let links: Vec<LinkId> = links.map(|link| link.id.clone()).collect();
        links.iter().try_for_each(|link| self.set_up(link, up))
    }

    /// Replaces the traffic that is offered.
    pub fn offer(&mut self, demands: Demands) {
        self.demands = demands;
        self.stale = true;
    }

    /// The traffic that is offered.
    pub fn demands(&self) -> &Demands {
        &self.demands
    }

    /// The topology, healthy.
    pub fn ted(&self) -> &Ted {
        &self.ted
    }

    /// The moment to which the world was advanced.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Lets time pass. A moment that is not later only lets changes take effect. The first call sets the clock: nothing flows
    /// between the epoch and it.
    pub fn advance(&mut self, now: Timestamp) {
        if self.now == Timestamp::default() {
            self.start(now);
        }
        loop {
            self.settle();
            let heard = self.lines.iter().filter_map(|line| line.heard_at).min();
            match heard.filter(|at| *at <= now) {
                Some(at) => {
                    self.run_until(at);
                    self.hear(at);
                }
                None => {
                    self.run_until(now);
                    return;
                }
            }
        }
    }

    /// What a router shows; none where there is no such router.
    pub fn state(&self, node: &NodeId) -> Option<NodeState> {
        let graph = self.network.graph();
        let out = graph.out(graph.node_ix(node)?);
        let interfaces =
            out.iter().map(|edge| (self.network.interface(*edge).clone(), self.interface(*edge))).collect();
        let policies = self.used.get(node).cloned().unwrap_or_default();
        Some(NodeState { interfaces, policies })
    }

    /// The truth about one demand as of the last `advance`: how it goes, and what it suffers.
    pub fn flow(&self, demand: &DemandId) -> Option<&Flow> {
        self.outcome.flow(demand)
    }

    /// The directions of links that a demand uses, in the order of link ids; empty where it is dropped or unknown.
    pub fn links(&self, demand: &DemandId) -> Vec<DirectedLink> {
        let edges = self.flow(demand).into_iter().flat_map(Flow::edges);
        edges.map(|edge| self.network.hop(edge)).collect()
    }

    /// The truth about everything as of the last `advance`.
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// The frozen network: names of the edges in [`Self::outcome`].
    pub fn network(&self) -> &Network {
        &self.network
    }

    fn edge(&self, link: &LinkId) -> Result<EdgeIx, UnknownName> {
        self.network.graph().link_ix(link).ok_or_else(|| UnknownName::Link(link.clone()))
    }

    fn quality(&self, edge: EdgeIx) -> Quality {
        let line = &self.lines[edge.link()];
        let side = edge.ix() % 2;
        line.healthy[side].under(line.faults[side])
    }

    fn set_fault(&mut self, edge: EdgeIx, fault: Impairment) {
        let slot = &mut self.lines[edge.link()].faults[edge.ix() % 2];
        if std::mem::replace(slot, fault) != fault {
            let Quality { delay, jitter, loss } = self.quality(edge);
            self.network.set_line(edge, delay, jitter, loss);
            self.stale = true;
        }
    }

    /// Sets the clock; what was cut before that is heard of as if it had been cut now.
    fn start(&mut self, now: Timestamp) {
        let since = now.since(self.now);
        self.now = now;
        for line in &mut self.lines {
            line.heard_at = line.heard_at.map(|at| at + since);
        }
    }

    /// Computes again what is stale.
    fn settle(&mut self) {
        if !std::mem::take(&mut self.stale) {
            return;
        }
        let forwarding = match self.forwarding.take() {
            Some(forwarding) => forwarding,
            None => Forwarding::build(&self.network, &self.configs),
        };
        let mut outage = Outage::settled(Parts::none(&self.network));
        for (link, line) in (0_u32..).zip(&self.lines) {
            let edge = EdgeIx(2 * link);
            if !line.up {
                outage.down.break_link(edge);
            }
            if !line.igp_up {
                outage.known.break_link(edge);
            }
        }
        self.outcome = Witness::new(&self.network, &forwarding, &self.demands).observe(&outage);
        self.used = used(&self.demands, &self.outcome.flows);
        self.forwarding = Some(forwarding);
        for (edge, load) in self.outcome.loads.iter() {
            self.meters[edge.ix()].keep(load);
        }
    }

    fn run_until(&mut self, now: Timestamp) {
        let span = now.since(self.now);
        if span == Span::ZERO {
            return;
        }
        for (edge, load) in self.outcome.loads.iter() {
            let loss = self.network.graph().edge(edge).loss;
            self.meters[edge.ix()].run(load, loss, span);
        }
        self.now = now;
    }

    /// The IGP takes notice of what it hears of now.
    fn hear(&mut self, now: Timestamp) {
        for line in self.lines.iter_mut().filter(|line| line.heard_at.is_some_and(|at| at <= now)) {
            line.heard_at = None;
            line.igp_up = line.up;
            self.stale = true;
        }
    }

    fn interface(&self, edge: EdgeIx) -> InterfaceState {
        let meter = &self.meters[edge.ix()];
        let received = self.meters[edge.reverse().ix()].received;
        let up = self.lines[edge.link()].up;
        let probes = up.then(|| self.quality(edge).measured(self.seed, edge, self.now));
        let queue = |load: &traffic::QueueLoad| {
            let tally = meter.queues.get(&load.name).copied().unwrap_or_default();
            QueueState {
                octets: tally.sent.octets(),
                pkts: tally.sent.packets(),
                drops: tally.dropped.packets(),
                depth: Ratio::from_ppm(load.delay.as_micros() * 1_000_000 / BUFFER.as_micros()),
            }
        };
        let loads = &self.outcome.loads.edge(edge).queues;
        InterfaceState {
            link: self.network.graph().link_id(edge).clone(),
            up,
            speed: model::Bandwidth::from_bps(self.network.graph().edge(edge).bandwidth),
            out_octets: meter.total.sent.octets(),
            out_pkts: meter.total.sent.packets(),
            out_drops: meter.total.dropped.packets(),
            in_octets: received.octets(),
            in_pkts: received.packets(),
            delay: probes.map(|line| line.delay),
            jitter: probes.map(|line| line.jitter),
            loss: probes.map(|line| line.loss),
            queues: loads.iter().map(|load| (load.name.clone(), queue(load))).collect(),
        }
    }
}
