//! Which events a receiver is told: those of enough weight, and the good news that belongs to bad news it was told.

use std::collections::BTreeSet;

use engine::event::{Event, EventKind};
use model::Severity;
use tokio::sync::broadcast::{self, error::RecvError};

/// A receiver's share of the events.
#[derive(Debug)]
pub(super) struct Selected {
    events: broadcast::Receiver<Event>,
    choice: Choice,
}

/// What comes next.
#[derive(Debug)]
pub(super) enum Next {
    /// An event to tell.
    Event(Box<Event>),
    /// So many events were lost because this receiver was too slow.
    Lost(u64),
}

impl Selected {
    pub fn new(events: broadcast::Receiver<Event>, minimum: Severity) -> Self {
        Self { events, choice: Choice { minimum, told: BTreeSet::new() } }
    }

    /// The next; nothing when no more can come.
    pub async fn next(&mut self) -> Option<Next> {
        loop {
            match self.events.recv().await {
                Ok(event) if self.choice.wants(&event.kind) => return Some(Next::Event(Box::new(event))),
                Ok(_) => {}
                Err(RecvError::Lagged(lost)) => return Some(Next::Lost(lost)),
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

#[derive(Debug)]
struct Choice {
    minimum: Severity,
    /// Bad news that was told and not taken back yet.
    told: BTreeSet<String>,
}

impl Choice {
    fn wants(&mut self, kind: &EventKind) -> bool {
        let heavy = kind.severity() >= self.minimum;
        // An alarm outlives the process: that it began may have been told by the one before.
        if let EventKind::AlarmCleared { was, .. } = kind {
            return *was >= self.minimum;
        }
        match story(kind) {
            Some((name, true)) => {
                if heavy {
                    self.told.insert(name);
                }
                heavy
            }
            Some((name, false)) => self.told.remove(&name) || heavy,
            None => heavy,
        }
    }
}

/// The story that an event belongs to, and whether it begins (or goes on) with it or ends.
fn story(kind: &EventKind) -> Option<(String, bool)> {
    Some(match kind {
        EventKind::PromiseBroken { service, .. } | EventKind::PromiseUnknown { service, .. } => {
            (format!("promise {service}"), true)
        }
        EventKind::PromiseKept { service } => (format!("promise {service}"), false),
        EventKind::DeviceDown { node, .. } => (format!("device {node}"), true),
        EventKind::DeviceUp { node } => (format!("device {node}"), false),
        EventKind::SourceDown { source, .. } => (format!("source {source}"), true),
        EventKind::SourceUp { source } => (format!("source {source}"), false),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use model::NodeId;

    use super::*;

    #[test]
    fn good_news_is_told_to_those_who_heard_the_bad() {
        let up = EventKind::DeviceUp { node: NodeId::lit("r1") };
        let down = EventKind::DeviceDown { node: NodeId::lit("r1"), why: "silence".into() };
        let mut choice = Choice { minimum: Severity::Minor, told: BTreeSet::new() };
        assert!(!choice.wants(&up), "nothing was wrong");
        assert!(choice.wants(&down));
        assert!(choice.wants(&up));
        assert!(!choice.wants(&up), "once");
        let mut choice = Choice { minimum: Severity::Major, told: BTreeSet::new() };
        assert!(!choice.wants(&down) && !choice.wants(&up), "too light for this receiver");
    }

    #[test]
    fn the_end_of_an_alarm_is_told_also_after_a_restart() {
        let choice = Choice { minimum: Severity::Minor, told: BTreeSet::new() };
        let over = |was| EventKind::AlarmCleared { alarm: "line-busy".into(), subject: "l1".into(), was };
        let tells = |was| Choice { told: BTreeSet::new(), ..choice }.wants(&over(was));
        assert!(tells(Severity::Major) && tells(Severity::Minor));
        assert!(!tells(Severity::Warning), "its beginning was too light for this receiver");
    }
}
