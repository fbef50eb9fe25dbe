//! The loop's own turn: samples in, judgement, decision, and the change that follows from it.

use std::{collections::BTreeMap, sync::Arc};

use assess::{Decision, Step};
use model::{Sample, ServiceId, Timestamp, intent::Mode};
use tokio::time::Instant;

use super::{Asker, CONTROLLER, Controller};
use crate::{cycle, event::EventKind, picture, snapshot::PromiseState, stages::Occasion};

impl Controller {
    /// Folds a batch, and all that wait behind it, then judges unless that was done a moment ago.
    pub(super) fn take_samples(&mut self, mut batch: Vec<Sample>) {
        let arrived = Instant::now();
        self.unjudged.get_or_insert(arrived);
        while let Ok(more) = self.samples.try_recv() {
            batch.extend(more);
        }
        // While a change runs nothing follows from a judgement: it is made as often as time alone asks for one.
        if self.running.is_some() || arrived < self.pace.next() {
            let now = Self::now();
            batch.iter().for_each(|sample| self.world.seen.take(sample, now));
            return;
        }
        self.turn(&batch);
    }

    /// Judges because time went by.
    pub(super) fn judge(&mut self) {
        self.turn(&[]);
    }

    fn turn(&mut self, samples: &[Sample]) {
        let begun = Instant::now();
        self.pace.begin(begun);
        let since = self.unjudged.take().unwrap_or(begun);
        let now = Self::now();
        let world = &mut self.world;
        let mut seen = std::mem::take(&mut world.seen);
        let mut memory = std::mem::take(&mut world.memory);
        let mut history = std::mem::take(&mut world.history);
        let (assessment, decision) =
            cycle::watch(&mut seen, samples, &world.case(), &mut memory, &mut history, now);
        (world.seen, world.memory, world.history) = (seen, memory, history);
        world.assessment = Arc::new(assessment);
        self.tell_alarms();
        self.tell_promises(now);
        self.ease(decision.as_ref());
        self.review();
        self.pace.end(Instant::now());
        self.between.waiting.clear();
        if let Some(decision) = decision {
            self.follow(decision, now, since);
        }
    }

    fn tell_alarms(&mut self) {
        let assessment = Arc::clone(&self.world.assessment);
        for event in &assessment.events {
            let alarm = &event.alarm;
            let subject = alarm.line.to_string();
            self.publish(if event.raised {
                EventKind::AlarmRaised {
                    alarm: alarm.policy.clone(),
                    subject,
                    severity: alarm.severity,
                    why: picture::in_work(&self.world, &alarm.line, &alarm.detail),
                    services: alarm.services.iter().cloned().collect(),
                }
            } else {
                EventKind::AlarmCleared { alarm: alarm.policy.clone(), subject, was: alarm.severity }
            });
        }
    }

    /// Says which promises changed their state. That something became known at the start is no news.
    fn tell_promises(&mut self, now: Timestamp) {
        let assessment = Arc::clone(&self.world.assessment);
        let mut since: BTreeMap<ServiceId, (PromiseState, Timestamp)> = BTreeMap::new();
        let mut news = Vec::new();
        for id in assessment.services.keys() {
            let (state, why) = picture::standing(&self.world, id);
            let before = self.album.since.get(id);
            if let Some((was, at)) = before.filter(|(was, _)| *was == state) {
                since.insert(id.clone(), (*was, *at));
                continue;
            }
            let was = before.map_or(PromiseState::Unknown, |(was, _)| *was);
            since.insert(id.clone(), (state, now));
            let service = id.clone();
            let why = why.unwrap_or_default();
            let told_bad = &mut self.album.told_bad;
            news.extend(match (was, state) {
                (_, PromiseState::Broken) => {
                    told_bad.insert(id.clone());
                    Some(EventKind::PromiseBroken { service, what: why })
                }
                (PromiseState::Kept | PromiseState::Broken, PromiseState::Unknown) => {
                    told_bad.insert(id.clone());
                    Some(EventKind::PromiseUnknown { service, why })
                }
                // Also where it was unknown in between: whoever was told of it waits for its end.
                (_, PromiseState::Kept) => told_bad.remove(id).then_some(EventKind::PromiseKept { service }),
                (PromiseState::Unknown, PromiseState::Unknown) => None,
            });
        }
        self.album.told_bad.retain(|id| since.contains_key(id));
        self.album.since = since;
        news.into_iter().for_each(|kind| self.publish(kind));
    }

    /// Acts on a decision, or says what it would do. `since` is when the sample that led to it arrived.
    fn follow(&mut self, decision: Decision, now: Timestamp, since: Instant) {
        let may_think = self.world.mode != Mode::Observe && self.world.adopted && self.is_acquainted();
        // Where nobody knows what the intents mean, nothing follows from what is measured.
        let Ok(wanted) = self.same() else { return };
        if !may_think || self.in_vain.is(&decision.hints, self.pace.last()) {
            return;
        }
        if self.running.is_some() {
            // It is decided again when the change that runs has ended, and has waited from now on.
            self.unjudged.get_or_insert(since);
            self.note_waiting(&decision);
            return;
        }
        for action in &decision.actions {
            if let (Step::Freeze, Some(service)) = (&action.step, &action.service) {
                self.publish(EventKind::Frozen { service: service.clone(), why: action.why.clone() });
            }
        }
        if decision.hints == self.world.hints {
            self.world.history.accept(&decision, now);
            return;
        }
        let why = reasons(&decision);
        let mut request = self.request(wanted, decision.hints.clone(), CONTROLLER, &why);
        request.act = self.world.mode == Mode::Act;
        request.breach = Some(since);
        request.occasion =
            Occasion::Loop { decision: Box::new(decision), assessment: Arc::clone(&self.world.assessment) };
        self.launch(request, Asker::Loop);
    }
}

/// The reasons of a decision, each once.
fn reasons(decision: &Decision) -> String {
    let mut whys: Vec<&str> = Vec::new();
    for action in &decision.actions {
        if !whys.contains(&action.why.as_str()) {
            whys.push(&action.why);
        }
    }
    let more = whys.len().saturating_sub(3);
    let mut text = whys.into_iter().take(3).collect::<Vec<_>>().join("; ");
    if more > 0 {
        text.push_str(&format!("; and {more} more"));
    }
    text
}

#[cfg(test)]
mod tests;
