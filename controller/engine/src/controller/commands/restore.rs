//! What somebody changed by hand on some routers goes back there, because a person says so, also where that was accepted. It is a change
//! like any other, bounded to these routers: what differs elsewhere is not touched, and stays told.

use std::{collections::BTreeSet, sync::Arc};

use model::NodeId;

use super::{Asker, Controller};
use crate::{
    handle::{Applied, Refusal, Reply},
    job::Wanted,
    terms::Manner,
};

/// What is put back, for whom and why.
pub(super) struct Restoration {
    pub nodes: BTreeSet<NodeId>,
    pub who: String,
    pub why: String,
    /// Whether it may touch more of the network than one change may.
    pub beyond_limit: bool,
}

impl Controller {
    /// Makes routers hold of ours what they should. They are read first.
    pub(super) fn restore(&self, asked: Restoration, reply: Reply<Applied>) {
        match self.may_change(&asked.nodes).and_then(|_| self.fresh.turn()) {
            Ok(turn) => {
                let nodes = asked.nodes.clone();
                self.read_first(&nodes, turn, move |controller| controller.restore_as_read(asked, reply));
            }
            Err(refusal) => drop(reply.send(Err(refusal))),
        }
    }

    /// The same, once they were read.
    fn restore_as_read(&mut self, asked: Restoration, reply: Reply<Applied>) {
        let Restoration { nodes, who, why, beyond_limit } = asked;
        let wanted = match self.may_change(&nodes) {
            Ok(wanted) => wanted,
            Err(refusal) => return drop(reply.send(Err(refusal))),
        };
        let names: Vec<&str> = nodes.iter().map(NodeId::as_str).collect();
        let reason = if why.is_empty() { String::new() } else { format!(": {why}") };
        let what = format!("restore {} for {who}{reason}", names.join(", "));
        let mut request = self.request(wanted, self.world.hints.clone(), &who, &what);
        request.view.terms.manner = Manner::at_once(beyond_limit);
        // What was accepted there goes back too.
        let exceptions = self.world.exceptions.all().as_of(None, |node| !nodes.contains(node));
        request.view.exceptions = Arc::new(exceptions);
        request.view.terms.only = Some(nodes);
        self.launch(request, Asker::Person(reply));
    }

    /// The intents in force, where a change of what these routers hold may begin.
    pub(super) fn may_change(&self, nodes: &BTreeSet<NodeId>) -> Result<Wanted, Refusal> {
        self.may_begin().and_then(|()| self.are_there(nodes)).and_then(|()| self.same())
    }

    /// Whether these are routers that can be driven.
    fn are_there(&self, nodes: &BTreeSet<NodeId>) -> Result<(), Refusal> {
        match nodes.iter().find(|node| !self.fleet.contains_key(*node)) {
            None => Ok(()),
            Some(node) => Err(Refusal::NotFound { what: format!("router {node} in the inventory") }),
        }
    }
}
