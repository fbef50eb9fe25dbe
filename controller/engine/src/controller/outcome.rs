//! What follows from a change that ended.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use assess::decide::Step;
use model::{DeviceReading, Finding, Hints, NodeId, Revision, ServiceId, TransactionId};
use store::IntentRevision;
use tokio::time::Instant;
use tracing::error;

use super::{Asker, Controller, journal_failed};
use crate::{
    clock,
    event::EventKind,
    handle::{Applied, Refusal},
    job::{Carried, Failure, Finished, Request, Wanted, millis},
    snapshot::Session,
    stages::Occasion,
    transact::Outcome,
};

/// How long a decision of the loop that was refused, or a repair that failed, is not tried again.
const NOT_AGAIN: Duration = Duration::from_secs(10);

/// The last decision of the loop that came to nothing.
#[derive(Debug, Default)]
pub(super) struct InVain {
    hints: Option<Hints>,
    /// None: for as long as it is the same.
    until: Option<Instant>,
    findings: Vec<Finding>,
}

impl InVain {
    /// Whether a decision is one that was refused a moment ago.
    pub(super) fn is(&self, hints: &Hints, now: Instant) -> bool {
        self.hints.as_ref() == Some(hints) && self.until.is_none_or(|until| now < until)
    }
}

impl Controller {
    pub(super) fn finish(&mut self, ended: Result<Finished, tokio::task::JoinError>) {
        let Some((_, asker)) = self.running.take() else { return };
        while let Ok(kind) = self.told.try_recv() {
            self.publish(kind);
        }
        let finished = match ended {
            Ok(finished) => finished,
            Err(error) => {
                error!(%error, "a change ended abnormally; its devices are read again");
                self.world.repair.extend(self.fleet.keys().cloned());
                self.recover_open(None);
                return answer(asker, Err(Refusal::Stopping));
            }
        };
        let Finished { request, result } = finished;
        let said = match result {
            Ok(carried) if !request.act => self.only_proposed(&request, *carried),
            Ok(carried) => self.carried(&request, *carried),
            Err(failure) => self.failed(&request, failure),
        };
        let again = matches!(
            said,
            Err(Refusal::Journal { .. } | Refusal::RolledBack { .. } | Refusal::Unresolved { .. })
        );
        if matches!(asker, Asker::Repair) && again {
            // A little later: what stood against it does not go in a moment.
            self.world.repair.append(&mut self.repairing);
            self.repair_after = Some(Instant::now() + NOT_AGAIN);
        }
        self.greet();
        self.draw();
        answer(asker, said);
    }

    fn only_proposed(&mut self, request: &Request, carried: Carried) -> Result<Applied, Refusal> {
        // It is said once: services have their hold-down, and the same about links is not said again.
        self.decline(request);
        self.in_vain.until = None;
        Ok(applied(&carried, self.world.accepted.revision))
    }

    fn failed(&mut self, request: &Request, failure: Failure) -> Result<Applied, Refusal> {
        self.decline(request);
        match failure {
            Failure::Rejected(findings) => {
                if self.is_news(request, &findings) {
                    let why = request.why.clone();
                    self.publish(EventKind::Rejected { why, findings: findings.clone() });
                }
                Err(Refusal::Findings { findings })
            }
            Failure::Journal(why) => {
                self.publish(EventKind::JournalFailed { why: why.clone() });
                Err(Refusal::Journal { why })
            }
        }
    }

    /// What the loop wanted and did not get is not tried again at once: a service has its hold-down, and a decision about links
    /// alone waits a while.
    fn decline(&mut self, request: &Request) {
        let Occasion::Loop { decision, .. } = &request.occasion else { return };
        decision.moved().for_each(|service| self.world.history.decline(service, clock::now()));
        self.in_vain.hints = Some(request.hints.clone());
        self.in_vain.until = Some(Instant::now() + NOT_AGAIN);
    }

    /// Whether a rejection says something that the one before did not: what is refused again and again for one reason is told
    /// once.
    fn is_news(&mut self, request: &Request, findings: &[Finding]) -> bool {
        if matches!(request.occasion, Occasion::Person) {
            return true;
        }
        let told = std::mem::replace(&mut self.in_vain.findings, findings.to_vec());
        told != findings
    }

    fn carried(&mut self, request: &Request, carried: Carried) -> Result<Applied, Refusal> {
        self.take_readings(&carried);
        if !carried.complete() {
            return self.undone(request, &carried);
        }
        self.in_vain = InVain::default();
        self.say_rerouted(request, &carried);
        let before = self.world.hints.clone();
        if let Occasion::Loop { decision, .. } = &request.occasion {
            let declined: BTreeSet<ServiceId> = carried.proposal.declined.iter().cloned().collect();
            let now = clock::now();
            self.world.history.accept(&decision.as_ref().clone().without(&declined, &before), now);
            declined.iter().for_each(|service| self.world.history.decline(service, now));
        }
        let revision = match &request.wanted {
            Wanted::Same(_) => self.world.accepted.revision,
            Wanted::New { files, who, revision, .. } => {
                self.world.accepted.revision = *revision;
                self.world.accepted.files.clone_from(files);
                let set = &carried.proposal.set;
                let intents: BTreeSet<_> = set.services.values().map(|service| &service.intent).collect();
                let (intents, services) = (intents.len(), set.services.len());
                let who = who.clone();
                self.publish(EventKind::IntentsAccepted { revision: *revision, intents, services, who });
                *revision
            }
        };
        let said = applied(&carried, revision);
        self.world.adopt_proposal(carried.proposal);
        Ok(said)
    }

    /// What devices were seen to hold after the last commit is what they hold.
    fn take_readings(&mut self, carried: &Carried) {
        let now = clock::now();
        for transaction in carried.proposal.plan.transactions.iter().take(carried.reports.len()) {
            for node in transaction.edits.keys() {
                self.world.changed.insert(node.clone(), now);
            }
        }
        if carried.readings.is_empty() {
            return;
        }
        for (node, reading) in &carried.readings {
            self.world.actual.devices.insert(node.clone(), reading.clone());
        }
        self.world.actual.revision.0 += 1;
    }

    /// Not all was applied. What was accepted is taken back, and what stands half-way is put right.
    fn undone(&mut self, request: &Request, carried: &Carried) -> Result<Applied, Refusal> {
        let mut unresolved: BTreeSet<NodeId> = BTreeSet::new();
        for report in &carried.reports {
            if let Outcome::Unresolved { nodes, .. } = &report.outcome {
                unresolved.extend(nodes.iter().cloned());
            }
        }
        let said = carried.reports.iter().flat_map(|report| &report.errors).map(ToString::to_string);
        let undecided = carried.reports.iter().filter_map(|report| report.undecided.clone());
        let errors: Vec<String> = said.chain(undecided).chain(carried.stopped.clone()).collect();
        self.decline(request);
        let since = clock::now();
        for node in &unresolved {
            let why = "the outcome of a change is unknown here".to_owned();
            self.album.sessions.insert(node.clone(), Session::Down { why: why.clone(), since });
            self.world.actual.devices.insert(node.clone(), DeviceReading::Unreadable { why, since });
        }
        // Earlier transactions of the same plan were applied: they are compensated.
        let applied = carried.reports.iter().any(|report| report.outcome == Outcome::Applied);
        if applied || !unresolved.is_empty() {
            let touched = carried.proposal.plan.transactions.iter().take(carried.reports.len());
            self.world.repair.extend(touched.flat_map(|transaction| transaction.edits.keys().cloned()));
        }
        self.take_back(request);
        self.recover_open(carried.reports.last().map(|report| TransactionId(report.id.0 + 1)));
        if unresolved.is_empty() {
            return Err(Refusal::RolledBack { errors });
        }
        Err(Refusal::Unresolved { nodes: unresolved.iter().map(ToString::to_string).collect(), errors })
    }

    /// The journal goes back to what is in force.
    fn take_back(&mut self, request: &Request) {
        let mut write = self.journal.put_hints(&self.world.hints);
        if let Wanted::New { who, revision, .. } = &request.wanted {
            let back = IntentRevision {
                revision: Revision(revision.0 + 1),
                at: clock::now(),
                who: who.clone(),
                message: format!("revision {} was rolled back", revision.0),
                files: self.world.accepted.files.clone(),
            };
            self.world.accepted.revision = back.revision;
            write = write.and_then(|()| self.journal.accept(&back, &self.world.ids));
            self.owed = write.is_err().then_some(back);
        }
        // Nothing stands half-way, so nothing has to be compared after a restart.
        if write.is_ok() && self.world.repair.is_empty() {
            write = self.journal.end_change();
        }
        if let Err(error) = write {
            self.publish(journal_failed(&error));
        }
    }

    /// Writes down what could not be written when it happened: or else a restart would take up the intents that were refused.
    pub(super) fn pay(&mut self) {
        let Some(back) = self.owed.take_if(|_| self.running.is_none()) else { return };
        let written = self.journal.put_hints(&self.world.hints);
        if written.and_then(|()| self.journal.accept(&back, &self.world.ids)).is_err() {
            self.owed = Some(back);
        }
    }

    /// Resolves open transactions beside the loop. What devices say meanwhile does not count, see [`Controller::recovered`].
    /// Those before `until` are open; later ones may be under way.
    pub(super) fn recover_open(&mut self, until: Option<TransactionId>) {
        let (fleet, journal) = (Arc::clone(&self.fleet), self.journal.clone());
        let until = until.or_else(|| journal.next_transaction().ok());
        let resolve = async move { crate::recover::resolve_open(&fleet, &journal, until).await };
        // One that is under way is begun anew: it may have passed over what is open now, and its orders can be repeated.
        if let Some(old) = self.recovery.replace(tokio::spawn(resolve)) {
            old.abort();
        }
    }

    /// A confirm or cancel was acknowledged, which does not say what the device holds: its timer may have run out before. Only
    /// a reading that was begun from now on does; [`Controller::repair`] waits for it and compares.
    pub(super) fn recovered(&mut self) {
        self.recovery = None;
        let since = clock::now();
        for node in &self.world.repair {
            let why = "an open change was resolved; it is being read again".to_owned();
            self.world.actual.devices.insert(node.clone(), DeviceReading::Unreadable { why, since });
            self.world.changed.insert(node.clone(), since);
            // No change is worked out before it was asked: it would be left out.
            self.album.sessions.remove(node);
            if let Some(handle) = self.fleet.get(node) {
                tokio::spawn(crate::readers::read_once(handle.clone(), self.look.clone()));
            }
        }
    }

    fn say_rerouted(&mut self, request: &Request, carried: &Carried) {
        let Occasion::Loop { decision, .. } = &request.occasion else { return };
        // A verdict that changed without a change on any device moved nothing.
        let Some(mover) = carried.reports.first().filter(|_| !carried.moved.is_empty()) else { return };
        let back = decision.actions.iter().any(|action| action.step == Step::Restore)
            && decision.relieved().next().is_none();
        self.publish(EventKind::Rerouted {
            services: carried.moved.clone(),
            back,
            why: request.why.clone(),
            breach_to_plan_ms: carried.breach_to_plan.map_or(0.0, millis),
            breach_to_ack_ms: carried.breach_to_ack.map_or(0.0, millis),
            readback_ms: millis(mover.readback),
            confirm_ms: millis(mover.confirm),
        });
    }
}

fn applied(carried: &Carried, revision: Revision) -> Applied {
    let transactions = &carried.proposal.plan.transactions;
    let devices: BTreeSet<&NodeId> =
        transactions.iter().flat_map(|transaction| transaction.edits.keys()).collect();
    Applied {
        revision,
        devices: devices.len(),
        transactions: transactions.len(),
        edits: transactions.iter().flat_map(|transaction| transaction.edits.values()).map(Vec::len).sum(),
        took_ms: millis(carried.took),
        findings: carried.proposal.findings.clone(),
    }
}

fn answer(asker: Asker, said: Result<Applied, Refusal>) {
    match asker {
        // An asker that went away does not hear it.
        Asker::Person(reply) => drop(reply.send(said)),
        Asker::Repair | Asker::Loop => {
            if let Err(refusal) = said {
                error!(%refusal, "a change of the controller's own was not carried out");
            }
        }
    }
}
