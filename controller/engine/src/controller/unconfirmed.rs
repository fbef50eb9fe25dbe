//! What each router does with a change that is not confirmed is learned beside the loop. It is asked once while a router answers, and not
//! before it may be written: over gNMI the question is a Set.

use std::{collections::BTreeMap, sync::Arc};

use device::Rollback;
use dialects::Dialect;
use model::{NodeId, intent::Mode};
use tokio::sync::mpsc;

use super::Controller;

/// Answers that may wait.
const ANSWERS: usize = 1_024;

/// What a router said; nothing where it did not say it.
#[derive(Debug)]
pub(super) struct Said {
    node: NodeId,
    /// The number of the question.
    number: u64,
    rollback: Option<Rollback>,
}

/// Who was asked, and what they say.
#[derive(Debug)]
pub(super) struct Asked {
    /// What they say.
    pub answers: mpsc::Receiver<Said>,
    /// The other end of it.
    tell: mpsc::Sender<Said>,
    /// Routers that have not answered yet, with the numbers of the questions.
    asked: BTreeMap<NodeId, u64>,
    /// Questions so far.
    number: u64,
}

impl Default for Asked {
    /// Nobody was asked.
    fn default() -> Self {
        let (tell, answers) = mpsc::channel(ANSWERS);
        Self { answers, tell, asked: BTreeMap::new(), number: 0 }
    }
}

impl Asked {
    /// A router is down: it may come back with another release, and what it was asked before that does not count.
    pub fn forget(&mut self, node: &NodeId) {
        self.asked.remove(node);
    }

    /// Takes down that a router is asked; gives the number of the question.
    fn begin(&mut self, node: NodeId) -> u64 {
        self.number += 1;
        self.asked.insert(node, self.number);
        self.number
    }

    /// Takes an answer; whether it is one to the last question.
    fn end(&mut self, said: &Said) -> bool {
        let is_last = self.asked.get(&said.node) == Some(&said.number);
        if is_last {
            self.asked.remove(&said.node);
        }
        is_last
    }
}

impl Controller {
    /// Asks a router that has just answered, where it may be asked and did not say it yet.
    pub(super) fn ask_what_is_unconfirmed(&mut self, node: &NodeId) {
        let may_write = self.world.adopted && self.world.mode != Mode::Observe;
        let is_free = self.running.is_none() && self.recovery.is_none();
        // Such a router is read and never written.
        let is_written = |node: &model::Node| node.dialect.parse::<Dialect>() != Ok(Dialect::Comware);
        let is_known = self.world.rollback.contains_key(node) || self.unconfirmed.asked.contains_key(node);
        if !may_write || !is_free || is_known || !self.world.ted.nodes.get(node).is_some_and(is_written) {
            return;
        }
        let Some(handle) = self.fleet.get(node).cloned() else { return };
        let number = self.unconfirmed.begin(node.clone());
        let (gate, tell, node) = (Arc::clone(&self.gate), self.unconfirmed.tell.clone(), node.clone());
        let busy = self.busy.subscribe();
        tokio::spawn(async move {
            let Ok(permit) = gate.acquire().await else { return };
            // A change may have begun meanwhile, and the question would stand before its orders.
            let is_free = !*busy.borrow();
            let rollback = if is_free { handle.rollback().await.ok() } else { None };
            drop(permit);
            // Nobody hears it where the controller has ended.
            let _ = tell.send(Said { node, number, rollback }).await;
        });
    }

    /// Notes what a router said.
    pub(super) fn note_what_is_unconfirmed(&mut self, said: Said) {
        let is_last = self.unconfirmed.end(&said);
        if let Some(rollback) = said.rollback.filter(|_| is_last) {
            self.world.rollback.insert(said.node, rollback);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_router_was_asked_before_it_went_down_does_not_count() {
        let (mut asked, node) = (Asked::default(), NodeId::lit("r1"));
        let said = |number| Said { node: node.clone(), number, rollback: Some(Rollback::ByDevice) };
        let before = asked.begin(node.clone());
        asked.forget(&node);
        let after = asked.begin(node.clone());
        assert!(!asked.end(&said(before)), "it may have another release by now");
        assert!(asked.end(&said(after)) && !asked.end(&said(after)));
    }
}
