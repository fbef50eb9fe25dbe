//! What follows from a change that ended.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use assess::Step;
use model::{DeviceReading, Finding, Hints, NodeId, Revision, ServiceId, TransactionId};
use tokio::time::Instant;
use tracing::error;

use super::{Asker, Controller, Running};
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
        let Some(Running { asker, wanted, .. }) = self.running.take() else { return };
        self.busy.send_replace(false);
        while let Ok(kind) = self.told.try_recv() {
            self.publish(kind);
        }
        let finished = match ended {
            Ok(finished) => finished,
            Err(error) => {
                let said = self.died(&wanted, &error);
                self.schedules.wait(Instant::now());
                self.draw();
                return answer(asker, said);
            }
        };
        let is_repair = matches!(asker, Asker::Repair);
        let is_schedule = matches!(asker, Asker::Schedule);
        let is_learned = matches!(asker, Asker::Learned);
        let Finished { mut request, result } = finished;
        if let Some(beyond) = result.as_ref().ok().and_then(|carried| carried.withheld.as_ref()) {
            self.hold_back(&request, beyond);
            // From here on it is what it is in the mode `recommend`.
            request.act = false;
        }
        let mut said = match result {
            Ok(carried) if !request.act => self.only_proposed(&request, *carried),
            Ok(carried) => self.carried(&request, *carried),
            Err(failure) => self.failed(&request, failure, &asker),
        };
        if is_repair && said.is_err() {
            // Whatever stood against it, the devices have still to be put right. A little later: it does not go in a moment.
            self.world.repair.append(&mut self.repairing);
            self.repair_after = Some(Instant::now() + NOT_AGAIN);
        } else if is_repair {
            self.repairing.clear();
        }
        if is_schedule {
            self.scheduled(&request, said.is_ok());
        }
        if is_learned {
            self.learned_ended(&request, said.is_ok());
        }
        if let (Asker::Drainer(_, done), Ok(applied)) = (&asker, &mut said) {
            if let EventKind::Excepted { objects, .. } = done {
                applied.accepted = *objects;
            }
            self.publish(done.clone());
        }
        self.greet();
        self.draw();
        answer(asker, said);
    }

    /// What was only proposed is said once; what came to nothing is tried again a little later.
    fn scheduled(&mut self, request: &Request, well: bool) {
        self.schedules.proposed = (well && !request.act).then(|| request.hints.clone());
        match well {
            true => self.schedules.forgive(),
            false => self.schedules.wait(Instant::now()),
        }
    }

    fn only_proposed(&mut self, request: &Request, carried: Carried) -> Result<Applied, Refusal> {
        // It is said once: services have their hold-down, and the same about links is not said again.
        self.decline(request);
        self.in_vain.until = None;
        Ok(applied(&carried, self.world.accepted.revision, BTreeSet::new()))
    }

    /// The task of a change died, which is a fault of this program. How far it came is not known: all devices are read again,
    /// and what it made the intents is not in force.
    fn died(&mut self, wanted: &Wanted, error: &tokio::task::JoinError) -> Result<Applied, Refusal> {
        error!(%error, "a change ended abnormally; its devices are read again");
        self.world.repair.extend(self.fleet.keys().cloned());
        self.world.repair.append(&mut self.repairing);
        // Numbers that it gave may stand on devices.
        if let Ok(ids) = self.journal.allocations() {
            self.world.ids = ids;
        }
        self.take_back(wanted);
        self.recover_open(None);
        let nodes = self.fleet.keys().map(ToString::to_string).collect();
        let errors = vec![format!("the work on the change ended in a fault of the program: {error}")];
        Err(Refusal::Unresolved { nodes, errors })
    }

    fn failed(&mut self, request: &Request, failure: Failure, asker: &Asker) -> Result<Applied, Refusal> {
        self.decline(request);
        match failure {
            Failure::Rejected(findings) => {
                if self.is_news(request, &findings, asker) {
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
    fn is_news(&mut self, request: &Request, findings: &[Finding], asker: &Asker) -> bool {
        let told = match (&request.occasion, asker) {
            (Occasion::Loop { .. }, _) => &mut self.in_vain.findings,
            (_, Asker::Repair) => &mut self.repair_refused,
            (_, Asker::Schedule) => &mut self.schedules.refused,
            (_, Asker::Learned) => &mut self.learning.refused,
            _ => return true,
        };
        std::mem::replace(told, findings.to_vec()) != findings
    }

    fn carried(&mut self, request: &Request, carried: Carried) -> Result<Applied, Refusal> {
        self.take_readings(&carried);
        if !carried.complete() {
            return self.undone(request, &carried);
        }
        self.in_vain = InVain::default();
        self.look_again_at_what_was_held_back();
        self.repair_refused.clear();
        self.schedules.refused.clear();
        // What stood against a schedule may be gone.
        self.schedules.forgive();
        self.say_rerouted(request, &carried);
        let before = self.world.hints.clone();
        if let Occasion::Loop { decision, .. } = &request.occasion {
            let declined: BTreeSet<ServiceId> = carried.proposal.aside.declined.iter().cloned().collect();
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
        // Those that did not answer follow when they do.
        self.world.repair.extend(carried.left_out.iter().cloned());
        let silent = carried.proposal.report.unreadable.keys();
        // Nobody will ever tell one that is not in the inventory.
        let waits = |node: &&NodeId| self.world.repair.contains(*node) || !self.fleet.contains_key(*node);
        let left_out = silent.filter(waits).cloned().collect();
        let said = applied(&carried, revision, left_out);
        let (exceptions, laid) =
            (Arc::clone(self.world.exceptions.all()), carried.proposal.aside.exceptions.clone());
        match request.view.terms.only.is_some() || request.occasion.leaves_drift() {
            true => self.world.adopt_beside_drift(carried.proposal),
            false => self.world.adopt_proposal(carried.proposal),
        }
        self.tell_exceptions(&exceptions, &laid, &request.why);
        self.follow_from_now(request);
        self.tell_windows(&before);
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
            self.world.note(node.clone(), reading.clone());
        }
        self.world.moved_on();
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
            self.world.note(node.clone(), DeviceReading::Unreadable { why, since });
        }
        // Earlier transactions of the same plan were applied: they are compensated.
        let applied = carried.reports.iter().any(|report| report.outcome == Outcome::Applied);
        if applied || !unresolved.is_empty() {
            let touched = carried.proposal.plan.transactions.iter().take(carried.reports.len());
            self.world.repair.extend(touched.flat_map(|transaction| transaction.edits.keys().cloned()));
        }
        // A device that fell silent may hold them: a number that was given stays given.
        self.world.ids.clone_from(&carried.proposal.ids);
        self.take_back(&request.wanted);
        self.recover_open(carried.reports.last().map(|report| TransactionId(report.id.0 + 1)));
        if unresolved.is_empty() && applied {
            let done = carried.reports.iter().filter(|report| report.outcome == Outcome::Applied).count();
            let stand = carried.proposal.plan.transactions.iter().take(done);
            let nodes: BTreeSet<&NodeId> = stand.flat_map(|transaction| transaction.edits.keys()).collect();
            return Err(Refusal::HalfDone { devices: nodes.len(), errors });
        }
        if unresolved.is_empty() {
            return Err(Refusal::RolledBack { errors });
        }
        Err(Refusal::Unresolved { nodes: unresolved.iter().map(ToString::to_string).collect(), errors })
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

fn applied(carried: &Carried, revision: Revision, left_out: BTreeSet<NodeId>) -> Applied {
    let transactions = &carried.proposal.plan.transactions;
    let devices: BTreeSet<&NodeId> =
        transactions.iter().flat_map(|transaction| transaction.edits.keys()).collect();
    Applied {
        revision,
        devices: devices.len(),
        transactions: transactions.len(),
        edits: transactions.iter().flat_map(|transaction| transaction.edits.values()).map(Vec::len).sum(),
        took_ms: millis(carried.took),
        left_out,
        unseen: carried.unseen.clone(),
        accepted: 0,
        findings: carried.proposal.findings.clone(),
    }
}

fn answer(asker: Asker, said: Result<Applied, Refusal>) {
    match asker {
        // An asker that went away does not hear it.
        Asker::Person(reply) | Asker::Drainer(reply, _) => drop(reply.send(said)),
        Asker::Repair | Asker::Loop | Asker::Schedule | Asker::Learned => {
            if let Err(refusal) = said {
                error!(%refusal, "a change of the controller's own was not carried out");
            }
        }
    }
}

#[cfg(test)]
mod tests;
