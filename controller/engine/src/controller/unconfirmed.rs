//! What each router does with a change that is not confirmed is learned beside the loop. It is asked once while a router answers, and not
//! before it may be written: over gNMI the question is a Set.

use std::{collections::BTreeSet, sync::Arc};

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
    rollback: Option<Rollback>,
}

/// Who was asked, and what they say.
#[derive(Debug)]
pub(super) struct Asked {
    /// What they say.
    pub answers: mpsc::Receiver<Said>,
    /// The other end of it.
    tell: mpsc::Sender<Said>,
    /// Routers that have not answered yet.
    asked: BTreeSet<NodeId>,
}

impl Default for Asked {
    /// Nobody was asked.
    fn default() -> Self {
        let (tell, answers) = mpsc::channel(ANSWERS);
        Self { answers, tell, asked: BTreeSet::new() }
    }
}

impl Controller {
    /// Asks a router that has just answered, where it may be asked and did not say it yet.
    pub(super) fn ask_what_is_unconfirmed(&mut self, node: &NodeId) {
        let may_write = self.world.adopted && self.world.mode != Mode::Observe;
        let is_free = self.running.is_none() && self.recovery.is_none();
        // Such a router is read and never written.
        let is_written = |node: &model::Node| node.dialect.parse::<Dialect>() != Ok(Dialect::Comware);
        let is_known = self.world.rollback.contains_key(node) || self.unconfirmed.asked.contains(node);
        if !may_write || !is_free || is_known || !self.world.ted.nodes.get(node).is_some_and(is_written) {
            return;
        }
        let Some(handle) = self.fleet.get(node).cloned() else { return };
        self.unconfirmed.asked.insert(node.clone());
        let (gate, tell, node) = (Arc::clone(&self.gate), self.unconfirmed.tell.clone(), node.clone());
        let busy = self.busy.subscribe();
        tokio::spawn(async move {
            let Ok(permit) = gate.acquire().await else { return };
            // A change may have begun meanwhile, and the question would stand before its orders.
            let is_free = !*busy.borrow();
            let rollback = if is_free { handle.rollback().await.ok() } else { None };
            drop(permit);
            // Nobody hears it where the controller has ended.
            let _ = tell.send(Said { node, rollback }).await;
        });
    }

    /// Notes what a router said.
    pub(super) fn note_what_is_unconfirmed(&mut self, Said { node, rollback }: Said) {
        self.unconfirmed.asked.remove(&node);
        if let Some(rollback) = rollback {
            self.world.rollback.insert(node, rollback);
        }
    }
}
