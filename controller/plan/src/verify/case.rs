//! What every failure is judged against: the promises, and how everything goes while nothing is down.

use std::collections::{BTreeMap, BTreeSet};

use model::{Demands, DirectedLink, EdgeIx, Graph, NodeIx, ServiceId, Verdict};
use traffic::{Drill, Flow, Outcome, Via};

use super::{Question, event::Event, remedy::avoided};
use crate::prove::{
    fault::Fault,
    judge::{Promise, faults},
    load::{Rules, is_dropping},
    visits::Held,
};

/// The promises by number, and the network as it is.
pub(super) struct Case<'a> {
    pub(super) question: &'a Question<'a>,
    /// The walk without failure, for failures to be put on copies of it.
    pub(super) drill: &'a Drill<'a>,
    pub(super) rules: Rules<'a>,
    /// All services, by id; numbers below are places in it.
    pub(super) services: Vec<&'a ServiceId>,
    /// By service: its ends, where the network has them.
    pub(super) ends: Vec<[Option<NodeIx>; 2]>,
    /// By flow: its service, where it is promised anything.
    pub(super) service_of: Vec<Option<u32>>,
    pub(super) base: Base,
}

/// How everything goes while nothing is down.
pub(super) struct Base {
    /// By edge: the flows that use it.
    pub(super) users: Vec<Vec<u32>>,
    /// Edges on which some queue drops.
    pub(super) dropping: Vec<EdgeIx>,
    /// Flows that break a promise already, ascending.
    pub(super) broken: Vec<u32>,
    /// Services that are not carried.
    pub(super) refused: Vec<u32>,
}

/// The promise of each demand.
pub(super) fn promises<'a>(
    question: &'a Question<'a>,
    demands: &Demands,
    held: Held<'a>,
) -> Vec<Option<Promise<'a>>> {
    let Question { set, verdicts, ted, .. } = question;
    demands.values().map(|demand| Promise::of(demand, set, verdicts, ted, held)).collect()
}

impl<'a> Case<'a> {
    pub(super) fn new(question: &'a Question<'a>, drill: &'a Drill<'a>, rules: Rules<'a>) -> Self {
        let outcome = drill.outcome();
        let graph = rules.network.graph();
        let services: Vec<&ServiceId> = question.set.services.keys().collect();
        let numbers: BTreeMap<&ServiceId, u32> = services.iter().copied().zip(0..).collect();
        let ends = question.set.services.values();
        let ends = ends.map(|service| [graph.node_ix(&service.a), graph.node_ix(&service.z)]).collect();
        let service_of = rules
            .promises
            .iter()
            .map(|promise| numbers.get(&promise.as_ref()?.service.id).copied())
            .collect();
        let mut users = vec![Vec::new(); graph.edge_count()];
        for (flow, number) in outcome.flows.iter().zip(0..) {
            flow.edges().for_each(|edge| users[edge.ix()].push(number));
        }
        let dropping =
            outcome.loads.iter().filter(|(_, load)| is_dropping(load)).map(|(edge, _)| edge).collect();
        let base = Base { users, dropping, broken: Vec::new(), refused: Vec::new() };
        let mut case = Self { question, drill, rules, services, ends, service_of, base };
        let broken = (0..outcome.flows.len()).filter(|place| case.is_broken(outcome, *place));
        case.base.broken = broken.map(|place| place as u32).collect();
        case.base.refused = case.refused().map(|(service, _)| service).collect();
        case
    }

    fn is_broken(&self, outcome: &Outcome, place: usize) -> bool {
        let mut broken = false;
        self.breaks(outcome, place, Event::NONE, &mut |_| broken = true);
        broken
    }

    pub(super) fn graph(&self) -> &'a Graph {
        self.rules.network.graph()
    }

    /// What breaks the promise of a flow under an event. That traffic leaves its policy breaks nothing by itself while something is
    /// down that its path and its backup both touch: what it suffers then is what counts.
    pub(super) fn breaks<'f>(
        &'f self,
        outcome: &'f Outcome,
        place: usize,
        event: Event,
        say: &mut dyn FnMut(Fault<'f>),
    ) {
        let Some(promise) = &self.rules.promises[place] else { return };
        let flow = &outcome.flows[place];
        let failed = event != Event::NONE;
        faults(flow, promise, &self.rules.desired.devices, failed, &mut |fault| {
            let counts = match fault {
                Fault::OtherPolicy { .. } | Fault::ByIgp(_) => !failed || self.survives(promise, event),
                Fault::Loop { planned, .. } => !planned,
                fault if fault.is_slo() => !promise.greedy,
                _ => true,
            };
            if counts {
                say(fault);
            }
        });
    }

    fn survives(&self, promise: &Promise<'_>, event: Event) -> bool {
        let (graph, cut) = (self.graph(), event.cut(self.graph()));
        promise.survives(|hop| graph.edge_ix(hop).is_none_or(|edge| cut.has(edge.link())))
    }

    /// Whether traffic rides on by the list of its path although a line of that path is down: the segments of the list still lead somewhere,
    /// so that it is valid (RFC 9256 section 5.1), and the IGP leads around between them.
    pub(super) fn is_bent(&self, flow: &Flow, place: usize, event: Event) -> bool {
        let Some(Promise { direction, .. }) = &self.rules.promises[place] else { return false };
        let Via::Policy { key, preference, .. } = &flow.via else { return false };
        let device = self.rules.desired.devices.get(&direction.from);
        let policy = device.and_then(|device| device.policies.get(key));
        let best = policy.and_then(|policy| policy.candidates.iter().map(|path| path.preference).max());
        let (graph, cut) = (self.graph(), event.cut(self.graph()));
        let is_cut = |hop: &DirectedLink| graph.edge_ix(hop).is_some_and(|edge| cut.has(edge.link()));
        best == Some(*preference) && direction.primary.path.hops.iter().any(is_cut)
    }

    /// Whether traffic is on a line that its service avoids.
    pub(super) fn is_on_avoided(&self, flow: &Flow, place: usize) -> bool {
        let Some(promise) = &self.rules.promises[place] else { return false };
        if promise.service.path.avoid.is_empty() {
            return false;
        }
        let (graph, avoided) = (self.graph(), avoided(self.graph(), promise.service));
        flow.edges().any(|edge| graph.edge(edge).affinity & avoided != 0)
    }

    /// Whether anything is asked of a service then: nothing can carry traffic to or from a node that is down.
    pub(super) fn asks(&self, service: u32, event: Event) -> bool {
        let node = event.node();
        node.is_none() || !self.ends[service as usize].contains(&node)
    }

    /// Services that the plan does not carry, with what compilation says.
    pub(super) fn refused(&self) -> impl Iterator<Item = (u32, String)> + '_ {
        let carried: BTreeSet<u32> = self.service_of.iter().copied().flatten().collect();
        let verdicts = self.question.verdicts;
        (0..).zip(&self.services).filter(move |(number, _)| !carried.contains(number)).map(
            move |(number, id)| {
                let why = match verdicts.get(*id) {
                    Some(Verdict::Refused { constraint, .. }) => format!("not carried: {constraint}"),
                    Some(Verdict::Carried { .. }) | None => "not carried by this plan".to_owned(),
                };
                (number, why)
            },
        )
    }
}

/// Whether traffic goes by the IGP, and not because it leaves where it enters.
pub(super) fn is_by_igp(via: &Via) -> bool {
    matches!(via, Via::Igp(why) if *why != traffic::IgpReason::Local)
}
