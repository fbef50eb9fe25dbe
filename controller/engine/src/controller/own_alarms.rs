//! Alarms that no policy has to ask for: a device holds something else than it should, the loop has stopped itself for a service, or
//! what the controller would do goes beyond the limit. They follow from the state alone, so they stand again after a restart.

use std::collections::BTreeMap;

use model::{DeviceReading, Finding, NodeId, ServiceId, Severity};

use super::Controller;
use crate::{clock, event::EventKind, snapshot::AlarmView};

/// The alarm of a device that holds something else than it should.
pub const DRIFT: &str = "drift";
/// The alarm of a service that the loop leaves alone.
pub const STOPPED: &str = "loop-stopped";

/// The alarm of a change of the controller's own that touches more than one change may.
pub const BEYOND: &str = "beyond-limit";

/// Objects that an alarm names; the others are counted.
const NAMED: usize = 5;

/// What should stand.
struct Cause {
    severity: Severity,
    why: String,
    services: Vec<ServiceId>,
}

impl Controller {
    /// Raises and clears them. O(drift + services that are frozen).
    pub(super) fn review(&mut self) {
        let mut causes = self.stopped();
        // What devices should hold is not decided while a change is under way.
        let drift = if self.running.is_none() { self.drifting() } else { BTreeMap::new() };
        causes.extend(drift.into_iter().map(|(node, cause)| ((DRIFT, node), cause)));
        causes.extend(self.held_back.iter().map(|(subject, held)| {
            let (why, services) = (held.why.clone(), held.services.clone());
            ((BEYOND, subject.to_owned()), Cause { severity: Severity::Major, why, services })
        }));
        let over: Vec<(&'static str, String)> = self
            .album
            .own
            .keys()
            .filter(|key| !causes.contains_key(*key) && self.is_over(key))
            .cloned()
            .collect();
        for key in over {
            let Some(AlarmView { alarm, subject, severity, .. }) = self.album.own.remove(&key) else {
                continue;
            };
            self.publish(EventKind::AlarmCleared { alarm, subject, was: severity });
        }
        for (key, cause) in causes {
            self.raise(key, cause);
        }
    }

    /// Whether an alarm whose cause is not seen is over. A device that cannot be read, or that is being put right, may hold it still.
    fn is_over(&self, (alarm, subject): &(&'static str, String)) -> bool {
        if *alarm != DRIFT {
            return true;
        }
        let is_node = |node: &&NodeId| node.as_str() == subject;
        let Some(node) = self.fleet.keys().find(is_node) else { return true };
        let read = matches!(self.world.actual.devices.get(node), Some(DeviceReading::Read { .. }));
        read && self.running.is_none() && !self.is_being_repaired(node)
    }

    fn is_being_repaired(&self, node: &NodeId) -> bool {
        // Under the stop switch nothing is put right.
        self.repairing.contains(node) || self.may_repair() && self.world.repair.contains(node)
    }

    fn raise(&mut self, key: (&'static str, String), cause: Cause) {
        let Cause { severity, why, services } = cause;
        if let Some(standing) = self.album.own.get_mut(&key) {
            if standing.services != services {
                standing.riding.clone_from(&services);
                standing.services = services;
            }
            standing.why = why;
            return;
        }
        let (alarm, subject) = (key.0.to_owned(), key.1.clone());
        let view = AlarmView {
            alarm: alarm.clone(),
            subject: subject.clone(),
            severity,
            since: clock::now(),
            why: why.clone(),
            services: services.clone(),
            riding: services.clone(),
        };
        self.album.own.insert(key, view);
        self.publish(EventKind::AlarmRaised { alarm, subject, severity, why, services });
    }

    /// Devices that hold something else than they should, and that nobody is putting right.
    fn drifting(&self) -> BTreeMap<String, Cause> {
        let mut causes = BTreeMap::new();
        for node in self.fleet.keys().filter(|node| !self.is_being_repaired(node)) {
            let objects = self.world.drift.of_device(node);
            if !objects.is_empty() {
                let services = self.world.drift.led_astray(node).to_vec();
                let cause = Cause { severity: Severity::Minor, why: listed(objects), services };
                causes.insert(node.to_string(), cause);
            }
        }
        causes
    }

    /// Services that the loop leaves alone.
    fn stopped(&self) -> BTreeMap<(&'static str, String), Cause> {
        let frozen = self.world.history.frozen();
        frozen
            .map(|(service, _)| {
                let Finding { severity, message, help, .. } = assess::stopped(service, &self.world.limits);
                let why = format!("{message}; {}", help.unwrap_or_default());
                ((STOPPED, service.to_string()), Cause { severity, why, services: vec![service.clone()] })
            })
            .collect()
    }
}

/// The first few, and how many more.
fn listed(objects: &[String]) -> String {
    let mut text = objects.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
    if objects.len() > NAMED {
        text.push_str(&format!("; and {} more", objects.len() - NAMED));
    }
    text
}

#[cfg(test)]
mod tests {
    use assess::{Action, Decision, Step};
    use model::intent::Mode;

    use super::*;
    use crate::controller::fixture;

    #[tokio::test]
    async fn a_service_that_the_loop_gave_up_is_an_alarm_until_a_person_lets_it_act_again() {
        let (mut controller, engine, _journal, _folder) = fixture::controller().await;
        let service = ServiceId::lit("s1");
        let action = Action { service: Some(service.clone()), step: Step::Freeze, why: String::new() };
        let decision = Decision { hints: model::Hints::default(), actions: vec![action] };
        controller.world.history.accept(&decision, clock::now());
        let mut events = engine.events.subscribe();
        controller.review();
        controller.review();
        let raised = events.try_recv().map(|event| event.kind);
        let Ok(EventKind::AlarmRaised { alarm, subject, severity, why, services }) = raised else {
            panic!("{raised:?}")
        };
        assert_eq!((alarm.as_str(), subject.as_str(), severity), (STOPPED, "s1", Severity::Major));
        assert_eq!(services, [service]);
        assert!(why.contains("3 moves in a row") && why.contains("trunkline mode act"), "{why}");
        assert!(events.try_recv().is_err(), "it is told once");
        controller.draw();
        assert_eq!(engine.snapshot.borrow().alarms.len(), 1);
        let (reply, _answer) = tokio::sync::oneshot::channel();
        controller.command(crate::handle::Command::SetMode { mode: Mode::Act, who: "mei".into(), reply });
        controller.review();
        let last = std::iter::from_fn(|| events.try_recv().ok()).last().map(|event| event.kind);
        assert!(matches!(last, Some(EventKind::AlarmCleared { subject, .. }) if subject == "s1"));
    }

    #[test]
    fn a_long_list_is_cut_and_counted() {
        let objects = ["a", "b", "c", "d", "e", "f", "g"].map(str::to_owned);
        assert_eq!(listed(&objects[..2]), "a; b");
        assert_eq!(listed(&objects), "a; b; c; d; e; and 2 more");
    }
}
