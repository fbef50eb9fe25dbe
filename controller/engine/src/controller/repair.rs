//! What a change left half-way: its open transactions are resolved beside the loop, its devices read again and put right.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use model::{DeviceReading, NodeId, TransactionId};
use store::StoreError;
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep},
};
use tracing::warn;

use super::{Asker, CONTROLLER, Controller, Running};
use crate::{clock, readers, recover};

/// How often open transactions are tried, each time a little later: 75 s in all, longer than any device waits for a confirm.
const ATTEMPTS: u64 = 6;
/// How much later.
const BETWEEN: Duration = Duration::from_secs(5);

/// The devices that did not answer.
pub(super) type Resolved = Result<BTreeSet<NodeId>, StoreError>;

/// Open transactions are being resolved.
pub(super) struct Recovery {
    pub task: JoinHandle<Resolved>,
    until: Option<TransactionId>,
    attempt: u64,
}

impl Controller {
    /// Whether something is put right now, or will be.
    pub(super) fn is_repairing(&self) -> bool {
        let due = !self.world.repair.is_empty() && self.may_repair();
        due || matches!(self.running, Some(Running { asker: Asker::Repair, .. }))
    }

    /// Puts right what a transaction left unresolved, on the devices that were read again: the difference between what they hold
    /// and what they should is planned and proved like any other, and is nothing where they hold it already.
    pub(super) fn repair(&mut self) {
        let up =
            |node: &NodeId| matches!(self.world.actual.devices.get(node), Some(DeviceReading::Read { .. }));
        let too_soon = self.repair_after.is_some_and(|after| Instant::now() < after);
        // All that answer are put right together.
        let resolving = self.recovery.as_ref().is_some_and(|recovery| recovery.attempt == 0);
        if too_soon || resolving || self.stopping || !self.may_repair() {
            return;
        }
        // What devices should hold is not known, so nothing is taken from them.
        let Ok(wanted) = self.same() else { return };
        // What does not answer is put right when it does: one dead device keeps nobody waiting.
        let ready: BTreeSet<NodeId> = self.world.repair.iter().filter(|node| up(node)).cloned().collect();
        if ready.is_empty() {
            return;
        }
        self.world.repair.retain(|node| !ready.contains(node));
        self.repairing = ready;
        let hints = self.world.hints.clone();
        let mut request = self.request(wanted, hints, CONTROLLER, "a change was left unfinished");
        // It finishes or takes back what was allowed, whatever that touches, and leaves alone what others changed elsewhere.
        request.view.terms = request.view.terms.unlimited();
        request.view.terms.only = Some(self.repairing.clone());
        self.launch(request, Asker::Repair);
    }

    /// Resolves open transactions beside the loop. What their devices say meanwhile does not count, see
    /// [`Controller::recovered`]. Those before `until` are open; later ones may be under way.
    pub(super) fn recover_open(&mut self, until: Option<TransactionId>) {
        let until = until.or_else(|| self.journal.next_transaction().ok());
        self.resolving = recover::involved(&self.journal, until);
        self.resolving.retain(|node| self.fleet.contains_key(node));
        self.forget_resolving();
        self.try_recovery(until, 0);
    }

    /// What was read of these devices before does not say what they will hold.
    fn forget_resolving(&mut self) {
        for node in &self.resolving {
            let why = "an open change is being resolved".to_owned();
            let reading = DeviceReading::Unreadable { why, since: clock::now() };
            self.world.note(node.clone(), reading);
        }
    }

    fn try_recovery(&mut self, until: Option<TransactionId>, attempt: u64) {
        let (fleet, journal) = (Arc::clone(&self.fleet), self.journal.clone());
        let task = tokio::spawn(async move {
            sleep(BETWEEN * u32::try_from(attempt).unwrap_or(u32::MAX)).await;
            recover::resolve_open(&fleet, &journal, until).await
        });
        // One that is under way is begun anew: it may have passed over what is open now, and its orders can be repeated.
        if let Some(old) = self.recovery.replace(Recovery { task, until, attempt }) {
            old.task.abort();
        }
    }

    /// A confirm or cancel was acknowledged, which does not say what the device holds: its timer may have run out before. Only
    /// a reading that was begun from now on does; [`Controller::repair`] waits for it and compares. Devices that did not answer
    /// are tried again; when nobody waits for them any more, a reading tells what they hold.
    pub(super) fn recovered(&mut self, ended: Result<Resolved, tokio::task::JoinError>) {
        let Some(Recovery { until, attempt, .. }) = self.recovery.take() else { return };
        let (left, is_known) = match ended {
            Ok(Ok(left)) => (left, true),
            Ok(Err(error)) => {
                warn!(%error, "open transactions cannot be read from the journal");
                (self.may_be_open(), false)
            }
            // It died: a fault of this program.
            Err(_) => (self.may_be_open(), false),
        };
        let again = !(left.is_empty() && is_known) && attempt + 1 < ATTEMPTS;
        let waiting = if again { left } else { BTreeSet::new() };
        let before = std::mem::replace(&mut self.resolving, waiting);
        // At first all that is to be put right is read again; later what answered at last.
        let is_due =
            |node: &&NodeId| !self.resolving.contains(*node) && (attempt == 0 || before.contains(*node));
        let due: Vec<NodeId> = self.world.repair.iter().filter(is_due).cloned().collect();
        due.into_iter().for_each(|node| self.read_again(node));
        if again {
            self.forget_resolving();
            self.try_recovery(until, attempt + 1);
        }
    }

    /// The devices that a transaction may be open on, while nobody can look: those that it was known of, or else all that are to
    /// be put right.
    fn may_be_open(&self) -> BTreeSet<NodeId> {
        if !self.resolving.is_empty() {
            return self.resolving.clone();
        }
        self.world.repair.iter().filter(|node| self.fleet.contains_key(*node)).cloned().collect()
    }

    fn read_again(&mut self, node: NodeId) {
        let since = clock::now();
        let why = "an open change was resolved; it is being read again".to_owned();
        self.world.note(node.clone(), DeviceReading::Unreadable { why, since });
        self.world.changed.insert(node.clone(), since);
        // No change is worked out before it was asked: it would be left out.
        self.album.sessions.remove(&node);
        if let Some(handle) = self.fleet.get(&node) {
            let (handle, gate, look) = (handle.clone(), self.gate.clone(), self.look.clone());
            tokio::spawn(readers::read_once(handle, gate, look));
        }
    }
}
