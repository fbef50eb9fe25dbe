//! The walk without failure, kept, so that failures can be tried on it one on top of the other and taken back: what a failure
//! does not touch is not looked at again.
//!
//! A link that goes away changes the way of a flow only if the flow uses it. A shortest path that avoids it stays one; a
//! segment list that was invalid stays so; a candidate path that carried is still the first that does. Three kinds of flows
//! are looked at always: those of a node that goes down; those whose policies are all invalid, for the reason may change; and
//! those of policies whose lists may become valid by a failure: through binding SIDs, where a list that split too often may
//! split less; to anycast groups, where another member may be nearest and read the rest better; and by labels that some
//! nodes have none for, which may now be avoided. Of all others only what they suffer may change, and only where a queue on
//! their way drops or waits otherwise than before.

mod series;
mod undo;

use std::collections::BTreeSet;

use model::{EdgeIx, NodeIx, steering::Dscp};

use self::undo::Undo;
use crate::{
    failure::{Cut, Failure, Parts, UnknownPart},
    fate::fate,
    flow::{Flow, Via},
    forwarding::Entry,
    marks::Marks,
    route::{Route, Router, Way},
    spf::Igp,
    stray::of_edge,
    witness::{Outcome, Witness},
};

/// The walk of all demands, and the failures that were put on it. Memory: about 300 bytes a flow, and as much again for each
/// that a failure moves.
#[derive(Clone, Debug)]
pub struct Drill<'w> {
    witness: &'w Witness<'w>,
    igp: Igp<'w>,
    outcome: Outcome,
    ways: Vec<Way>,
    /// By edge: the flows that use it now, and some that did.
    users: Vec<Vec<u32>>,
    /// By flow: how many of the failures that are on moved it. One that none moved uses what it did at first.
    moves: Vec<u32>,
    /// By flow: how it is marked. Beside each other, for they are asked for by the thousand.
    dscp: Vec<Dscp>,
    /// By node: the flows that start or end there.
    ends: Vec<Vec<u32>>,
    /// Flows of policies whose lists may become valid by a failure.
    turning: Vec<u32>,
    /// Flows that have policies, none of which carries them.
    uncarried: BTreeSet<u32>,
    undo: Vec<Undo>,
    seen_flows: Marks,
    seen_edges: Marks,
}

impl<'w> Drill<'w> {
    pub(crate) fn new(witness: &'w Witness<'w>) -> Self {
        let graph = witness.network.graph();
        let none = Parts::none(witness.network);
        let mut igp = Igp::new(witness.network, &witness.anchors, none.clone());
        let (outcome, ways) = witness.outcome(witness.routes_by(&mut igp, &none), &none);
        let mut drill = Self {
            users: vec![Vec::new(); graph.edge_count()],
            ends: vec![Vec::new(); graph.node_count()],
            turning: Vec::new(),
            uncarried: BTreeSet::new(),
            undo: Vec::new(),
            moves: vec![0; outcome.flows.len()],
            dscp: witness.sent.iter().map(|sent| sent.demand.dscp).collect(),
            seen_flows: Marks::new(outcome.flows.len()),
            seen_edges: Marks::new(graph.edge_count()),
            witness,
            igp,
            outcome,
            ways,
        };
        for number in 0..drill.outcome.flows.len() {
            drill.index(number as u32);
        }
        drill
    }

    fn index(&mut self, number: u32) {
        let flow = &self.outcome.flows[number as usize];
        for edge in flow.edges() {
            self.users[edge.ix()].push(number);
        }
        let Ok((from, to, entry)) = &self.witness.sent[number as usize].entry else { return };
        self.ends[from.ix()].push(number);
        self.ends[to.ix()].push(number);
        let Entry::Policies(choice) = entry else { return };
        let policies = choice.iter().flatten().map(|policy| &self.witness.forwarding.policies[*policy]);
        if policies.into_iter().any(|policy| policy.turns) {
            self.turning.push(number);
        }
        if !matches!(flow.via, Via::Policy { .. }) {
            self.uncarried.insert(number);
        }
    }

    /// Where all demands go and what every queue does, under the failures that are on.
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// The places in `flows` of those that differ from no failure, ascending.
    pub fn changed(&self) -> Vec<usize> {
        undo::changed(&self.undo, &self.outcome.flows)
    }

    /// The edges of which some queue may be offered another load than without failure, ascending. On all others every queue is offered
    /// what it was, though perhaps by other flows.
    pub fn shifted(&self) -> Vec<EdgeIx> {
        let mut shifted: Vec<EdgeIx> =
            self.undo.iter().flat_map(|undo| &undo.loads).map(|(edge, _)| *edge).collect();
        shifted.sort_unstable();
        shifted.dedup();
        shifted
    }

    /// Puts a failure on top of those that are on. The outcome is that of [`Witness::walk`] under all of them together.
    ///
    /// Costs, where it touches T flows on E edges: a repair of the shortest-path trees of the T flows, their walks, and the
    /// queues of the E edges with the flows in those that now fare otherwise.
    ///
    /// # Errors
    /// The failure names something that the network does not have.
    pub fn fail(&mut self, failure: &Failure) -> Result<(), UnknownPart> {
        self.cut(&failure.cut(self.witness.network)?);
        Ok(())
    }

    /// Takes the last failure back; nothing happens where none is on.
    pub fn restore(&mut self) {
        let Some(undo) = self.undo.pop() else { return };
        self.igp.pop();
        self.take_back(undo);
    }

    pub(crate) fn cut(&mut self, cut: &Cut) {
        let mut down = Parts::clone(&self.igp.known());
        let before = down.broken().len();
        cut.apply(self.witness.network, &mut down);
        let fresh = down.broken()[before..].to_vec();
        let routes = {
            let touched = self.touched(&fresh, cut.node());
            self.igp.push(down, fresh);
            self.reroute(&touched)
        };
        let mut undo = Undo::default();
        let shaken = self.shift(&routes, &mut undo);
        self.settle(routes, &shaken, &mut undo);
        self.undo.push(undo);
    }

    /// The flows whose way may change, ascending.
    fn touched(&mut self, fresh: &[EdgeIx], node: Option<NodeIx>) -> Vec<u32> {
        let mut touched = Vec::new();
        self.seen_flows.clear();
        for edge in fresh {
            for flow in &self.users[edge.ix()] {
                let place = *flow as usize;
                let uses = self.moves[place] == 0 || self.outcome.flows[place].uses(*edge);
                if uses && self.seen_flows.add(place) {
                    touched.push(*flow);
                }
            }
        }
        let ends = node.into_iter().flat_map(|node| &self.ends[node.ix()]);
        for flow in ends.chain(&self.turning).chain(&self.uncarried) {
            if self.seen_flows.add(*flow as usize) {
                touched.push(*flow);
            }
        }
        touched.sort_unstable();
        touched
    }

    /// The ways of some flows under what is down now, of those for which they are others.
    fn reroute(&mut self, touched: &[u32]) -> Vec<(u32, Route)> {
        let witness = self.witness;
        let down = self.igp.known();
        let mut router = Router::new(witness.network, witness.forwarding, &mut self.igp, down);
        let mut routes = Vec::with_capacity(touched.len());
        for number in touched {
            let place = *number as usize;
            let route = witness.route(&mut router, &witness.sent[place]);
            let flow = &self.outcome.flows[place];
            let shares = route.shares == flow.shares && route.strays == flow.strays;
            let stays = route.via == flow.via && shares && route.branches == self.ways[place];
            if !stays {
                routes.push((*number, route));
            }
        }
        routes
    }

    /// Moves the load of flows to their new ways and works out the queues. Gives the flows that stay where they are and fare
    /// otherwise.
    fn shift(&mut self, routes: &[(u32, Route)], undo: &mut Undo) -> Vec<u32> {
        let witness = self.witness;
        self.seen_edges.clear();
        self.seen_flows.clear();
        let Outcome { flows, loads } = &mut self.outcome;
        for (number, route) in routes {
            let before = &flows[*number as usize];
            for (edge, _) in before.shares.iter().chain(&*route.shares) {
                if self.seen_edges.add(edge.ix()) {
                    undo.loads.push((*edge, loads.edge(*edge).clone()));
                }
            }
            let sent = &witness.sent[*number as usize];
            witness.burden(loads, sent, (&before.shares, &before.strays), false);
            witness.burden(loads, sent, (&route.shares, &route.strays), true);
            self.seen_flows.add(*number as usize);
        }
        undo.loads.retain(|(edge, before)| loads.edge(*edge) != before);
        let mut shaken = Vec::new();
        for (edge, before) in &undo.loads {
            loads.settle(witness.network.graph(), witness.forwarding, *edge);
            let now = &loads.edge(*edge).queues;
            let same: Vec<bool> =
                now.iter().zip(&before.queues).map(|(now, before)| now.feels_like(before)).collect();
            if same.iter().all(|same| *same) {
                continue;
            }
            for number in &self.users[edge.ix()] {
                let place = *number as usize;
                let other = |stray| !same[witness.forwarding.queue(*edge, self.dscp[place], stray)];
                let strays = || of_edge(&flows[place].strays, *edge).is_some();
                let feels = other(false) || (other(true) && strays());
                let uses = || self.moves[place] == 0 || flows[place].uses(*edge);
                if feels && uses() && self.seen_flows.add(place) {
                    shaken.push(*number);
                }
            }
        }
        shaken.sort_unstable();
        shaken
    }

    /// Works out what flows suffer that moved or were shaken.
    fn settle(&mut self, routes: Vec<(u32, Route)>, shaken: &[u32], undo: &mut Undo) {
        let witness = self.witness;
        let down = self.igp.known();
        let Outcome { flows, loads } = &mut self.outcome;
        for (number, Route { via, branches, shares, strays }) in routes {
            let place = number as usize;
            let sent = &witness.sent[place];
            let cost = |edge, stray| witness.cost(sent, (edge, stray), loads, &down);
            let fate = fate(&branches, &shares, &strays, cost);
            if matches!(sent.entry, Ok((_, _, Entry::Policies(_))))
                && !matches!(via, Via::Policy { .. })
                && self.uncarried.insert(number)
            {
                undo.uncarried.push(number);
            }
            for (edge, _) in shares.iter().filter(|(edge, _)| !flows[place].uses(*edge)) {
                self.users[edge.ix()].push(number);
                undo.users.push(*edge);
            }
            let flow = Flow::new(sent.demand.id.clone(), via, shares, strays, fate);
            let way = std::mem::replace(&mut self.ways[place], branches);
            let before = std::mem::replace(&mut flows[place], flow);
            self.moves[place] += 1;
            undo.moved(number, before, way, &flows[place]);
        }
        for number in shaken {
            let place = *number as usize;
            let (sent, way) = (&witness.sent[place], &self.ways[place]);
            let cost = |edge, stray| witness.cost(sent, (edge, stray), loads, &down);
            let fate = fate(way, &flows[place].shares, &flows[place].strays, cost);
            let before = flows[place].suffer(fate);
            if before != fate {
                undo.shaken(*number, before);
            }
        }
        undo.close();
    }

    fn take_back(&mut self, undo: Undo) {
        for (number, fate) in undo.fates {
            self.outcome.flows[number as usize].suffer(fate);
        }
        for (number, flow, way) in undo.flows {
            self.outcome.flows[number as usize] = flow;
            self.ways[number as usize] = way;
            self.moves[number as usize] -= 1;
        }
        for (edge, load) in undo.loads {
            *self.outcome.loads.edge_mut(edge) = load;
        }
        for edge in undo.users {
            self.users[edge.ix()].pop();
        }
        for number in undo.uncarried {
            self.uncarried.remove(&number);
        }
    }
}
