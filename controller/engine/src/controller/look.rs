//! The judgement that a change asks for between two waves: the one that the loop makes, with services on the paths that they have by then.

use std::collections::BTreeMap;

use assess::{Case, Decision, Promise, Standing, Step};
use model::{Link, NodeId, ServiceId, intent::Mode};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Controller;
use crate::{
    job::waves::{Midway, Question, Sight},
    picture,
    snapshot::{PromiseState, Session},
};

/// What the loop and a change that waits between two waves have to do with each other.
#[derive(Debug)]
pub(super) struct Between {
    /// What the change asks.
    pub questions: mpsc::Receiver<Question>,
    /// The other end of it.
    pub judge: mpsc::Sender<Question>,
    /// No change waits any more: the controller is being stopped.
    pub leaving: CancellationToken,
    /// What the loop has to do meanwhile and cannot.
    pub waiting: Waiting,
}

impl Default for Between {
    /// Nobody asks, and nothing waits.
    fn default() -> Self {
        let (judge, questions) = mpsc::channel(1);
        Self { questions, judge, leaving: CancellationToken::new(), waiting: Waiting::default() }
    }
}

/// What the loop has to do and cannot, because a change is under way: each with the service that suffers, where it is one.
pub(super) type Waiting = Vec<(Option<ServiceId>, String)>;

/// What of a decision has to be done soon: a service that goes back to its path can wait.
pub(super) fn urgent(decision: &Decision) -> Waiting {
    let is_urgent = |step: &Step| matches!(step, Step::Relieve { .. } | Step::Avoid(_));
    let urgent = decision.actions.iter().filter(|action| is_urgent(&action.step));
    urgent.map(|action| (action.service.clone(), action.why.clone())).collect()
}

impl Controller {
    /// Answers a change that waits between two waves; one that does not wait any more does not hear it.
    pub(super) fn look(&self, question: Question) {
        let Question { midway, moved, reply } = question;
        drop(reply.send(self.sight(&midway, moved)));
    }

    /// O(lines × alarm policies + hops of the services that the wave concerns).
    fn sight(&self, midway: &Midway, moved: bool) -> Sight {
        let judged;
        let services = match moved {
            false => &self.world.assessment.services,
            true => {
                // What it remembers is for the loop: this is only a look.
                let mut memory = self.world.memory.clone();
                let case = Case {
                    set: &midway.set,
                    verdicts: &midway.verdicts,
                    hints: &midway.hints,
                    ..self.world.case()
                };
                judged = assess::assess(&self.world.seen, &case, &mut memory, Self::now()).services;
                &judged
            }
        };
        let ids = midway.verdicts.keys();
        let promises = ids.filter_map(|id| Some((id.clone(), standing(services.get(id)?)))).collect();
        let others = |(service, _): &&(Option<ServiceId>, String)| {
            service.as_ref().is_none_or(|id| !midway.moved.contains(id))
        };
        let waits = self.between.waiting.iter().find(others).map(|(_, why)| why.clone());
        let down = self.album.sessions.iter().filter_map(|(node, session)| match session {
            Session::Down { why, .. } if midway.touched.contains(node) => Some((node.clone(), why.clone())),
            Session::Down { .. } | Session::Up | Session::Unknown => None,
        });
        Sight { promises, alarms: self.alarms_near(midway), down: down.collect(), waits }
    }

    /// The alarms that stand on lines with an end at a device that was touched.
    fn alarms_near(&self, midway: &Midway) -> BTreeMap<(String, model::DirectedLink), String> {
        let touches = |node: &NodeId| midway.touched.contains(node);
        let is_near = |link: &Link| touches(&link.a.node) || touches(&link.z.node);
        let alarms = self.world.assessment.alarms.iter();
        alarms
            .filter(|alarm| self.world.ted.links.get(&alarm.line.link).is_some_and(is_near))
            .map(|alarm| {
                let why = picture::in_work(&self.world, &alarm.line, &alarm.detail);
                ((alarm.policy.clone(), alarm.line.clone()), why)
            })
            .collect()
    }

    /// Notes what the loop has to do and cannot.
    pub(super) fn note_waiting(&mut self, decision: &Decision) {
        let acts = self.world.mode == Mode::Act && decision.hints != self.world.hints;
        self.between.waiting = if acts { urgent(decision) } else { Waiting::default() };
    }
}

/// How a service stands by its worst direction, and why.
fn standing(promises: &[Promise]) -> (PromiseState, String) {
    let mut worst = (PromiseState::Kept, String::new());
    for promise in promises {
        match &promise.standing {
            Standing::Broken { what, .. } => {
                let why = format!("{} to {}: {}", promise.from, promise.to, what.join(", "));
                return (PromiseState::Broken, why);
            }
            Standing::Unknown { why } => worst = (PromiseState::Unknown, why.clone()),
            Standing::Kept => {}
        }
    }
    worst
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use assess::Action;
    use model::{Hints, LinkId};

    use super::*;

    #[test]
    fn traffic_that_suffers_cannot_wait_and_a_return_can() {
        let action = |service: Option<&str>, step| Action {
            service: service.map(ServiceId::lit),
            step,
            why: "WHY".to_owned(),
        };
        let relieve = Step::Relieve { away_from: BTreeSet::new(), home: BTreeMap::new() };
        let actions = vec![
            action(Some("back"), Step::Restore),
            action(Some("suffers"), relieve),
            action(None, Step::Avoid(LinkId::lit("l1"))),
            action(None, Step::Allow(LinkId::lit("l2"))),
        ];
        let urgent = urgent(&Decision { hints: Hints::default(), actions });
        let services: Vec<_> =
            urgent.iter().map(|(service, _)| service.as_ref().map(ServiceId::as_str)).collect();
        assert_eq!(services, [Some("suffers"), None]);
    }
}
