//! What outlives the process. The loop restrains itself by its past: how often it moved a service, when it last did, which link
//! flaps, which alarm stands already. A restart must not forget that, or it would flap once for each restart.
//!
//! What only steady watching can tell is not kept: since when a line has been sound, since when a promise has been kept, and
//! conditions that have not lasted long enough yet. It begins anew, so a return after a restart comes late rather than too early.

use std::collections::BTreeMap;

use model::{DirectedLink, Hints, LinkId, Timestamp, state::pairs};
use serde::{Deserialize, Serialize};

use crate::{alarm::Tracked, assessment::Memory, damping::Damped, history::History};

/// The part of the loop's memory that is journalled.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    history: History,
    #[serde(with = "pairs")]
    alarms: BTreeMap<(String, DirectedLink), Tracked>,
    links: BTreeMap<LinkId, Damped>,
}

impl Kept {
    /// What is worth keeping now. O(alarms + links that are down or flap + services that were moved).
    pub fn of(memory: &Memory, history: &History) -> Self {
        let standing =
            |(key, tracked): (&(String, DirectedLink), &Tracked)| Some((key.clone(), tracked.standing()?));
        Self {
            history: history.clone(),
            alarms: memory.alarms.iter().filter_map(standing).collect(),
            links: memory.links.clone(),
        }
    }

    /// Takes up where it ended. `hints` are those of the compilation in force, which may know more: they are written with each
    /// change, the rest soon after. A link that they avoid is down until it was steadily up, and a service that they relieve was
    /// moved when they say.
    pub fn resume(self, hints: &Hints, now: Timestamp) -> (Memory, History) {
        let Self { mut history, alarms, links } = self;
        let mut memory = Memory::default();
        memory.alarms = alarms;
        memory.links = links.into_iter().map(|(id, link)| (id, link.unwatched())).collect();
        for link in &hints.down {
            let known = memory.links.entry(link.clone()).or_default();
            if known.down_since().is_none() {
                *known = Damped::down(now);
            }
        }
        for (service, relief) in &hints.relief {
            history.services.entry(service.clone()).or_default().knows(relief);
        }
        (memory, history)
    }
}

#[cfg(test)]
mod tests;
