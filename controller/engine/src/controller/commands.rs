//! What people ask for.

mod adopt;
mod balance;
mod restore;

use std::sync::Arc;

use intents::AsOf;
use model::{ActualState, Finding, Hints, NodeId, Revision, Season, Severity, intent::Mode};

use super::{Asker, Controller, journal_failed};
use crate::{
    cycle,
    event::EventKind,
    exposure,
    handle::{Applied, Command, Planned, Refusal, Reply, Subject},
    job::{Request, Wanted},
    rehearse::{self, Trial},
    schema::{self, DeviceSchema},
    snapshot::StateFile,
    stages::{self, Files, Occasion},
    terms::Manner,
    words,
};

use adopt::Acceptance;
use restore::Restoration;

impl Controller {
    pub(super) fn command(&mut self, command: Command) {
        // An asker that went away does not hear the answer; what was asked is done all the same.
        match command {
            Command::Apply { files, who, message, remove_all, manner, reply } => {
                self.apply(NewIntents { files, who, message, remove_all, manner }, reply);
            }
            Command::Plan { files, manner, rehearse, reply } => {
                self.plan_only(files, manner, rehearse, reply);
            }
            Command::Rollback { to, who, message, beyond_limit, reply } => {
                let back = Back { to, who, why: message, beyond_limit };
                self.roll_back(back, reply);
            }
            Command::SetMode { mode, who, reply } => drop(reply.send(self.set_mode(mode, who))),
            Command::Adopt { who, reply } => drop(reply.send(self.adopt(who))),
            Command::AdoptDrift { nodes, who, message, until, reply } => {
                self.accept(Acceptance { nodes, who, why: message, until }, reply);
            }
            Command::Drain { subject, drain, who, beyond_limit, reply } => {
                self.drain(Work { subject, drain, who, beyond_limit }, reply);
            }
            Command::Restore { nodes, who, message, beyond_limit, reply } => {
                self.restore(Restoration { nodes, who, why: message, beyond_limit }, reply);
            }
            Command::Optimise { limits, reply } => self.optimise(limits, reply),
            Command::Balance { balancing, who, beyond_limit, reply } => {
                self.balance(balancing, who, beyond_limit, reply);
            }
            Command::State { reply } => drop(reply.send(Ok(self.state_file()))),
            Command::Schema { node, module, reply } => self.look_into(&node, module, reply),
        }
    }

    /// Whether anything may be sent.
    pub(super) fn may_act(&self) -> Result<(), Refusal> {
        if !self.world.adopted {
            return Err(Refusal::NotAdopted);
        }
        if self.world.mode != Mode::Act {
            return Err(Refusal::Mode { mode: self.world.mode });
        }
        Ok(())
    }

    /// Whether a person may change something now. People act on what is recommended, so only the stop switch stands against it.
    fn may_begin(&self) -> Result<(), Refusal> {
        if self.world.mode == Mode::Observe || !self.world.adopted {
            self.may_act()?;
        }
        if !self.is_acquainted() {
            return Err(Refusal::Reading);
        }
        if self.running.is_some() { Err(Refusal::Busy) } else { Ok(()) }
    }

    /// Whether what a change of ours left half-way may be put right. It finishes what was allowed when it began, so only the stop
    /// switch stands against it, and that nobody knows what should be there.
    pub(super) fn may_repair(&self) -> bool {
        let is_known = self.world.accepted.misfit.is_empty();
        self.world.adopted && self.world.mode != Mode::Observe && is_known
    }

    /// The intents in force, for a change that follows from something else.
    pub(super) fn same(&self) -> Result<Wanted, Refusal> {
        let misfit = || Refusal::Misfit { findings: self.world.accepted.misfit.clone() };
        self.world.accepted.to_follow().map(Wanted::Same).ok_or_else(misfit)
    }

    pub(super) fn request(&self, wanted: Wanted, hints: Hints, who: &str, why: &str) -> Request {
        let occasion = match &wanted {
            Wanted::Same(_) => Occasion::Upkeep,
            Wanted::New { .. } => Occasion::Person,
        };
        Request {
            wanted,
            hints,
            occasion,
            who: who.to_owned(),
            why: why.to_owned(),
            view: self.world.view(),
            at: self.schedules.clock.now(),
            act: true,
            rest: !self.world.repair.is_empty(),
            breach: None,
            learned: None,
            exceptions_kept: Arc::clone(&self.world.exceptions_kept),
            exceptions_absent: Arc::clone(&self.world.exceptions_absent),
        }
    }

    fn apply(&mut self, new: NewIntents, reply: Reply<Applied>) {
        if let Err(refusal) = self.may_begin() {
            return drop(reply.send(Err(refusal)));
        }
        let NewIntents { files, who, message, remove_all, manner } = new;
        let why = format!(
            "intents from {who}{}",
            if message.is_empty() { String::new() } else { format!(": {message}") }
        );
        let revision = Revision(self.world.accepted.revision.0 + 1);
        let asker = who.clone();
        let wanted = Wanted::New { files, who, message, revision, remove_all };
        let mut request = self.request(wanted, self.world.hints.clone(), &asker, &why);
        request.view.terms.manner = manner;
        self.as_told_now(&mut request);
        self.launch(request, Asker::Person(reply));
    }

    /// Works out a plan beside the loop; it changes nothing, so it needs no right to act.
    fn plan_only(&self, files: Files, manner: Manner, rehearse: bool, reply: Reply<Planned>) {
        let mut view = self.view_as_told_now();
        // It may be looked at whatever it touches; that it would be refused is a warning.
        view.terms.manner = Manner { beyond_limit: true, ..manner };
        let (hints, now) = (self.world.hints.clone(), self.schedules.clock.now());
        let (known, repair) = (Arc::clone(&self.fleet), self.world.repair.clone());
        let rollback = self.world.rollback.clone();
        let worked = tokio::task::spawn_blocking(move || {
            let understood = cycle::understand(&files, &view.ted, AsOf::moment(now));
            understood.and_then(|(set, mut findings)| {
                // A plan may be looked at; that it would not be accepted as it is belongs to it.
                let refused = stages::must_promise(&set, &view).err().into_iter().flatten();
                findings.extend(refused.map(|finding| Finding { severity: Severity::Warning, ..finding }));
                let hints = Season::of(&set, now).over(hints);
                let proposal = cycle::propose(Arc::new(set), &view, hints, &Occasion::Person)?;
                let away = rehearse::away(&proposal, &view, &known, &repair);
                findings.extend(proposal.findings);
                let text = proposal.report.text() + &exposure::told(&proposal.plan, &rollback);
                let plan = proposal.plan;
                Ok((Planned { plan, text, findings, rehearsal: None }, away))
            })
        });
        let trial = rehearse.then(|| self.may_rehearse());
        tokio::spawn(async move {
            // Where the work died the asker hears that nobody answers.
            let Ok(planned) = worked.await else { return };
            let (mut planned, away) = match planned {
                Ok(planned) => planned,
                Err(findings) => return drop(reply.send(Err(Refusal::Findings { findings }))),
            };
            if let Some(trial) = trial {
                let wanted = || !reply.is_closed();
                planned.rehearsal = Some(rehearse::rehearse(&planned.plan, away, trial, &wanted).await);
            }
            drop(reply.send(Ok(planned)));
        });
    }

    /// The devices that may be asked whether they would take a change; or why not: it takes a lock on each.
    fn may_rehearse(&self) -> Result<Trial, String> {
        if !self.world.adopted {
            return Err("the network is not adopted, and trying takes a lock".to_owned());
        }
        if self.world.mode == Mode::Observe {
            return Err("the mode is `observe`, and trying takes a lock".to_owned());
        }
        if self.running.is_some() || self.recovery.is_some() {
            return Err("another change is under way or being resolved".to_owned());
        }
        let (fleet, gate) = (Arc::clone(&self.fleet), Arc::clone(&self.gate));
        Ok(Trial { fleet, gate, busy: self.busy.subscribe() })
    }

    fn roll_back(&mut self, back: Back, reply: Reply<Applied>) {
        let Back { to, who, why, beyond_limit } = back;
        match self.journal.intents_at(to) {
            Ok(Some(earlier)) => {
                let reason = if why.is_empty() { String::new() } else { format!(": {why}") };
                let message = format!("back to revision {}{reason}", to.0);
                // What was meant to be empty may be so again; files whose selectors find nobody any more were not.
                let remove_all = stages::mean_nothing(&earlier.files);
                let manner = Manner::at_once(beyond_limit);
                self.apply(NewIntents { files: earlier.files, who, message, remove_all, manner }, reply);
            }
            Ok(None) => {
                let what = format!("revision {}; `trunkline intents` lists those there are", to.0);
                drop(reply.send(Err(Refusal::NotFound { what })));
            }
            Err(error) => drop(reply.send(Err(Refusal::Journal { why: error.to_string() }))),
        }
    }

    /// Sets who may act. A person who lets the loop act lets it also act again where it has stopped itself.
    fn set_mode(&mut self, mode: Mode, who: String) -> Result<(), Refusal> {
        // The stop switch works even when it cannot be written down: stopping is always safe.
        let written = self.journal.put_mode(mode);
        if let Err(error) = &written {
            self.publish(journal_failed(error));
        }
        if written.is_ok() || mode != Mode::Act {
            self.world.mode = mode;
            // A change that is under way looks at it.
            self.stop_switch.send_replace(mode);
            if mode == Mode::Act {
                self.world.history.thaw_all();
            }
            // What was only proposed may be carried out now.
            self.in_vain = super::outcome::InVain::default();
            self.schedules.begin_anew();
            self.learning.begin_anew();
            self.publish(EventKind::ModeChanged { mode, who });
            // Whoever stops it sees at once that it has stopped.
            self.draw();
        }
        written.map_err(|error| Refusal::Journal { why: error.to_string() })
    }

    fn adopt(&mut self, who: String) -> Result<(), Refusal> {
        self.journal.put_adopted(true).map_err(|error| {
            self.publish(journal_failed(&error));
            Refusal::Journal { why: error.to_string() }
        })?;
        let is_new = !std::mem::replace(&mut self.world.adopted, true);
        self.publish(EventKind::Adopted { who });
        if is_new {
            // What was read before was compared with nothing, and may never be read otherwise.
            let drift = self.world.compare();
            self.say_drift(drift);
        }
        // Whoever asks how it stands is not told otherwise.
        self.draw();
        Ok(())
    }

    fn drain(&mut self, work: Work, reply: Reply<Applied>) {
        let Work { subject, drain, who, beyond_limit } = work;
        if let Err(refusal) = self.may_begin() {
            return drop(reply.send(Err(refusal)));
        }
        let mut hints = self.world.hints.clone();
        let (name, known) = match &subject {
            Subject::Link(link) => {
                toggle(&mut hints.drained_links, link, drain);
                (format!("link {link}"), self.world.ted.links.contains_key(link))
            }
            Subject::Node(node) => {
                toggle(&mut hints.drained_nodes, node, drain);
                (format!("node {node}"), self.world.ted.nodes.contains_key(node))
            }
        };
        if !known {
            return drop(reply.send(Err(Refusal::NotFound { what: name })));
        }
        let why = format!("{} {name} for {who}", if drain { "drain" } else { "undrain" });
        let wanted = match self.same() {
            Ok(wanted) => wanted,
            Err(refusal) => return drop(reply.send(Err(refusal))),
        };
        let mut request = self.request(wanted, hints, &who, &why);
        request.view.terms.manner = Manner::at_once(beyond_limit);
        if request.hints == self.world.hints {
            // It is so already: there is nothing to tell.
            return self.launch(request, Asker::Person(reply));
        }
        // It is drained when it is carried out, not when it is asked for.
        let done = EventKind::Drained { subject: name, drained: drain, who };
        self.launch(request, Asker::Drainer(reply, done));
    }

    fn state_file(&self) -> StateFile {
        StateFile {
            version: 1,
            actual: ActualState::clone(&self.world.actual),
            ids: self.world.ids.clone(),
            hints: self.world.hints.clone(),
            intents: self.world.accepted.files.clone(),
            at: Some(self.schedules.clock.now()),
            lacks: words::Lacking::clone(&self.world.lacks),
            learned: crate::learn::Learned::clone(&self.world.learned),
            exceptions: plan::Exceptions::clone(self.world.exceptions.all()),
        }
    }

    /// Looks into a device's modules beside the loop, for as long as somebody waits and no change is under way: the device would have to
    /// answer both, one after the other. Nothing is written.
    fn look_into(&self, node: &NodeId, only: Option<String>, reply: Reply<DeviceSchema>) {
        if self.recovery.is_some() || *self.busy.borrow() {
            return drop(reply.send(Err(Refusal::Busy)));
        }
        let handle = self.fleet.get(node).cloned();
        let Some((facts, handle)) = self.world.ted.nodes.get(node).zip(handle) else {
            let what = format!("device {node} in the inventory; `trunkline devices` lists those there are");
            return drop(reply.send(Err(Refusal::NotFound { what })));
        };
        let (dialect, turn) = (facts.dialect.clone(), Arc::clone(&self.looking));
        let (busy, known) = (self.busy.subscribe(), self.world.lacks.get(node).cloned().unwrap_or_default());
        tokio::spawn(async move {
            let Ok(turn) = turn.acquire_owned().await else { return };
            if *busy.borrow() {
                drop(turn);
                return drop(reply.send(Err(Refusal::Busy)));
            }
            let wanted = || !reply.is_closed() && !*busy.borrow();
            let looked = schema::look(&handle, &dialect, only.as_deref(), &known, &wanted).await;
            drop(turn);
            drop(reply.send(looked.map_err(|error| Refusal::Device { why: error.to_string() })));
        });
    }
}

/// Files that somebody wants to be the intents.
struct NewIntents {
    files: Files,
    who: String,
    message: String,
    /// Whether they may promise nothing.
    remove_all: bool,
    /// How it is carried out.
    manner: Manner,
}

/// The way back to an earlier set.
struct Back {
    to: Revision,
    who: String,
    why: String,
    /// Whether it may touch more of the network than one change may.
    beyond_limit: bool,
}

/// What somebody wants to work on, or has worked on.
struct Work {
    subject: Subject,
    drain: bool,
    who: String,
    /// Whether it may touch more of the network than one change may.
    beyond_limit: bool,
}

fn toggle<T: Clone + Ord>(set: &mut std::collections::BTreeSet<T>, item: &T, on: bool) {
    if on {
        set.insert(item.clone());
    } else {
        set.remove(item);
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;
    use crate::controller::fixture;

    #[tokio::test]
    async fn nobody_looks_into_a_device_while_a_change_is_under_way() {
        let (controller, _engine, _journal, _folder) = fixture::controller().await;
        let node = controller.fleet.keys().next().expect("a device").clone();
        controller.busy.send_replace(true);
        let (reply, answer) = oneshot::channel();
        controller.look_into(&node, None, reply);
        assert_eq!(answer.await.expect("an answer").unwrap_err(), Refusal::Busy);
        controller.busy.send_replace(false);
        let (reply, answer) = oneshot::channel();
        controller.look_into(&node, None, reply);
        let answer = answer.await.expect("an answer").unwrap_err();
        assert!(matches!(answer, Refusal::NotFound { .. }), "its network file has no nodes: {answer}");
    }
}
