//! What schedules say of a moment, and in words what its change is: the windows that open and close, the services that begin and end.
//! The moment is an argument; only the loop asks a clock, and which one is told to it.

use std::{collections::BTreeSet, fmt, sync::Arc};

use model::{Hints, IntentSet, ServiceId, Timestamp, Window};

/// What tells the loop the moment that schedules are asked about.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// One that somebody sets: a test, or a play that goes faster than time.
    pub fn of(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The moment.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl Default for Clock {
    /// The machine's.
    fn default() -> Self {
        Self::of(crate::clock::now)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({:?})", self.now())
    }
}

/// Services that a reason names; the others are counted.
const NAMED: usize = 3;

/// Why the hints change, by what the schedules say.
pub fn reason(set: &IntentSet, before: &Hints, after: &Hints) -> String {
    let only = |one: &Hints, other: &Hints| -> Vec<String> {
        one.windows.keys().filter(|name| !other.windows.contains_key(*name)).cloned().collect()
    };
    let opens =
        only(after, before).into_iter().map(|name| format!("window {name} opens{}", ticket(set, &name)));
    let closes = only(before, after).into_iter().map(|name| format!("window {name} closes"));
    let kept =
        after.windows.iter().filter(|(name, work)| before.windows.get(*name).is_some_and(|was| was != *work));
    let changes = kept.map(|(name, _)| format!("window {name} works on something else"));
    let mut parts: Vec<String> = opens.chain(closes).chain(changes).collect();
    let there = |id: &&ServiceId| set.services.contains_key(*id);
    let begin: Vec<&ServiceId> = before.resting.difference(&after.resting).filter(there).collect();
    let end: Vec<&ServiceId> = after.resting.difference(&before.resting).filter(there).collect();
    for (services, what) in [(begin, "promised from now on"), (end, "not promised any more for now")] {
        if !services.is_empty() {
            parts.push(format!("by schedule {what}: {}", listed(&services)));
        }
    }
    parts.join("; ")
}

/// Who answers for a window and its labels, in brackets.
fn ticket(set: &IntentSet, name: &str) -> String {
    let about = set.windows.get(name).map(about).unwrap_or_default();
    if about.is_empty() { String::new() } else { format!(" ({about})") }
}

/// Who answers for a window, and its labels.
pub fn about(window: &Window) -> String {
    let labels = window.labels.iter().map(|(key, value)| format!("{key} {value}"));
    window.owner.iter().cloned().chain(labels).collect::<Vec<_>>().join(", ")
}

fn listed(services: &[&ServiceId]) -> String {
    let names: Vec<&str> = services.iter().take(NAMED).map(|id| id.as_str()).collect();
    match services.len().saturating_sub(NAMED) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

/// The open windows that work on a link or on one of its ends.
pub fn at_work<'h>(hints: &'h Hints, link: &model::Link) -> BTreeSet<&'h str> {
    let works = |work: &model::hint::Work| {
        work.links.contains(&link.id)
            || [&link.a.node, &link.z.node].iter().any(|end| work.nodes.contains(*end))
    };
    hints.windows.iter().filter(|(_, work)| works(work)).map(|(name, _)| name.as_str()).collect()
}
