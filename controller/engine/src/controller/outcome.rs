//! What follows from a change that ended.

use std::{collections::BTreeSet, sync::Arc};

use assess::decide::Step;
use model::{DeviceReading, NodeId, Revision, ServiceId};
use store::IntentRevision;
use tracing::error;

use super::{Asker, Controller, journal_failed};
use crate::{
    clock,
    event::EventKind,
    handle::{Applied, Refusal},
    job::{Carried, Failure, Finished, Request, Wanted, millis},
    stages::Occasion,
    transact::Outcome,
};

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
                return answer(asker, Err(Refusal::Stopping));
            }
        };
        let Finished { request, result } = finished;
        let said = match result {
            Ok(carried) if !request.act => self.only_proposed(&request, *carried),
            Ok(carried) => self.carried(&request, *carried),
            Err(failure) => self.failed(&request, failure),
        };
        self.draw();
        answer(asker, said);
    }

    fn only_proposed(&mut self, request: &Request, carried: Carried) -> Result<Applied, Refusal> {
        if let Occasion::Loop { decision, .. } = &request.occasion {
            // It is said once and not again before its hold-down is over.
            decision.relieved().for_each(|service| self.world.history.decline(service, clock::now()));
        }
        Ok(applied(&carried, self.world.accepted.revision))
    }

    fn failed(&mut self, request: &Request, failure: Failure) -> Result<Applied, Refusal> {
        if let Occasion::Loop { decision, .. } = &request.occasion {
            decision.relieved().for_each(|service| self.world.history.decline(service, clock::now()));
        }
        match failure {
            Failure::Rejected(findings) => {
                self.publish(EventKind::Rejected { why: request.why.clone(), findings: findings.clone() });
                Err(Refusal::Findings { findings })
            }
            Failure::Journal(why) => {
                self.publish(EventKind::JournalFailed { why: why.clone() });
                Err(Refusal::Journal { why })
            }
        }
    }

    fn carried(&mut self, request: &Request, carried: Carried) -> Result<Applied, Refusal> {
        self.take_readings(&carried);
        if !carried.complete() {
            return self.undone(request, &carried);
        }
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
        let errors: Vec<String> =
            carried.reports.iter().flat_map(|report| &report.errors).map(ToString::to_string).collect();
        self.take_back(request);
        if let Occasion::Loop { decision, .. } = &request.occasion {
            decision.relieved().for_each(|service| self.world.history.decline(service, clock::now()));
        }
        let since = clock::now();
        for node in &unresolved {
            let why = "the outcome of a change is unknown here".to_owned();
            self.world.actual.devices.insert(node.clone(), DeviceReading::Unreadable { why, since });
        }
        // Earlier transactions of the same plan were applied: they are compensated.
        if carried.reports.len() > 1 || !unresolved.is_empty() {
            let touched = carried.proposal.plan.transactions.iter().take(carried.reports.len());
            self.world.repair.extend(touched.flat_map(|transaction| transaction.edits.keys().cloned()));
        }
        self.recover_open();
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
        }
        if let Err(error) = write {
            self.publish(journal_failed(&error));
        }
    }

    /// Resolves open transactions beside the loop; the devices are read again afterwards.
    fn recover_open(&self) {
        let (fleet, journal) = (Arc::clone(&self.fleet), self.journal.clone());
        tokio::spawn(async move {
            for attempt in 0..6_u64 {
                tokio::time::sleep(std::time::Duration::from_secs(attempt * 5)).await;
                let open = journal.open_transactions().unwrap_or_default();
                if open.is_empty() {
                    return;
                }
                for record in open {
                    if let Err(error) = crate::recover::recover(&record, &fleet, &journal).await {
                        error!(%error, "an open transaction could not be resolved");
                    }
                }
            }
        });
    }

    fn say_rerouted(&mut self, request: &Request, carried: &Carried) {
        let Occasion::Loop { decision, .. } = &request.occasion else { return };
        // A verdict that changed without a change on any device moved nothing.
        if carried.moved.is_empty() || carried.reports.is_empty() {
            return;
        }
        let back = decision.actions.iter().any(|action| action.step == Step::Restore)
            && decision.relieved().next().is_none();
        self.publish(EventKind::Rerouted {
            services: carried.moved.clone(),
            back,
            why: request.why.clone(),
            breach_to_plan_ms: carried.breach_to_plan.map_or(0.0, millis),
            breach_to_ack_ms: carried.breach_to_ack.map_or(0.0, millis),
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
