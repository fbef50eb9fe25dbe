//! What changes with the schedules, in words: the windows that open and close, the services that begin and end.

mod clock;

use std::collections::BTreeSet;

use model::{Hints, IntentSet, ServiceId, Window};

pub use clock::Clock;

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
    hints.windows.iter().filter(|(_, work)| work.touches(link)).map(|(name, _)| name.as_str()).collect()
}
