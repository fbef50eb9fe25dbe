//! What routers hold otherwise than they should is accepted as it is, because a person says so: it becomes an exception. No router gets
//! anything for it; it is proved as any other change, because the network is left so.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use model::{DeviceReading, NodeId, Timestamp};
use plan::{DeviceDiff, Exception, Exceptions};

use super::{Asker, Controller};
use crate::{
    event::EventKind,
    handle::{Applied, Refusal, Reply},
};

/// What is accepted, by whom, why, and until when.
pub(super) struct Acceptance {
    pub nodes: BTreeSet<NodeId>,
    pub who: String,
    pub why: String,
    pub until: Option<Timestamp>,
}

impl Controller {
    /// Makes exceptions of what differs on routers. They are read first.
    pub(super) fn accept(&self, asked: Acceptance, reply: Reply<Applied>) {
        match self.may_change(&asked.nodes).and_then(|_| self.fresh.turn()) {
            Ok(turn) => {
                let nodes = asked.nodes.clone();
                self.read_first(&nodes, turn, move |controller| controller.accept_as_read(asked, reply));
            }
            Err(refusal) => drop(reply.send(Err(refusal))),
        }
    }

    /// The same, once they were read.
    fn accept_as_read(&mut self, asked: Acceptance, reply: Reply<Applied>) {
        let Acceptance { nodes, who, why, until } = asked;
        let found = self.may_change(&nodes).and_then(|wanted| Ok((wanted, self.differing(&nodes)?)));
        let (wanted, found) = match found {
            Ok(found) => found,
            Err(refusal) => return drop(reply.send(Err(refusal))),
        };
        let names: Vec<&str> = nodes.iter().map(NodeId::as_str).collect();
        let reason = if why.is_empty() { String::new() } else { format!(": {why}") };
        let what = format!("accept for {who} what differs on {}{reason}", names.join(", "));
        let objects: usize = found.values().map(DeviceDiff::count).sum();
        let since = Self::now();
        let mut exceptions = Exceptions::clone(self.world.exceptions.all());
        for (node, objects) in found {
            let (who, why) = (who.clone(), why.clone());
            exceptions.accept(node, Exception { who, since, why, until, objects });
        }
        let mut request = self.request(wanted, self.world.hints.clone(), &who, &what);
        request.view.exceptions = Arc::new(exceptions);
        // It is left as it is: nobody gets anything, here or elsewhere.
        request.view.terms.only = Some(BTreeSet::new());
        let done = EventKind::Excepted { nodes: nodes.into_iter().collect(), objects, who, why, until };
        self.launch(request, Asker::Drainer(reply, done));
    }

    /// What differs on each of some routers; there is something on each.
    fn differing(&self, nodes: &BTreeSet<NodeId>) -> Result<BTreeMap<NodeId, DeviceDiff>, Refusal> {
        let world = &self.world;
        let is_read =
            |node: &&NodeId| matches!(world.actual.devices.get(*node), Some(DeviceReading::Read { .. }));
        if let Some(node) = nodes.iter().find(|node| !is_read(node)) {
            let why = format!(
                "what {node} holds is not known, so nothing of it can be accepted; `trunkline devices {node}` says why"
            );
            return Err(Refusal::Device { why });
        }
        // What a change of ours left half-way there is nobody's wish.
        if nodes.iter().any(|node| world.repair.contains(node)) {
            return Err(Refusal::Busy);
        }
        let found = world.difference(nodes);
        match nodes.iter().find(|node| !found.contains_key(*node)) {
            None => Ok(found),
            Some(node) => {
                let what = format!("difference on router {node}: it holds what it should");
                Err(Refusal::NotFound { what })
            }
        }
    }
}
