//! Numbers that devices know things by. Once given they stay: adding an intent changes no other intent's numbers.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    id::{IntentId, ServiceId},
    intent::IntentSet,
    sr::Color,
};

/// The first color that is given out; those below are left to people.
pub const FIRST_COLOR: u32 = 1000;

/// The block of labels that binding SIDs come from; outside the usual SRGB and SRLB.
pub const BINDING_LABELS: std::ops::Range<u32> = 500_000..900_000;

/// Colors by intent and ordinals by service; journalled.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct Allocations {
    /// The color of each intent.
    pub colors: BTreeMap<IntentId, Color>,
    /// The ordinal of each service: binding SIDs, discriminators and the places of steering rules follow from it.
    pub ordinals: BTreeMap<ServiceId, u32>,
    /// Greatest ordinal ever given, plus one: numbers of services that are gone are not given again.
    pub next_ordinal: u32,
    /// Greatest color ever given, plus one.
    pub next_color: u32,
}

/// The numbers are used up.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error(
    "no {what} is left for {subject}: {limit} have been given out; start a new allocation with an empty journal"
)]
pub struct Exhausted {
    /// Which numbers.
    pub what: &'static str,
    /// For what.
    pub subject: String,
    /// How many there are.
    pub limit: u32,
}

impl Allocations {
    /// These allocations and one for everything in the set that has none yet, in the order of names. Nothing that was
    /// given is changed. O((intents + services) log).
    ///
    /// # Errors
    /// The numbers are used up.
    pub fn extended(&self, set: &IntentSet) -> Result<Self, Exhausted> {
        let mut ids = self.clone();
        ids.next_color = ids.next_color.max(FIRST_COLOR);
        let intents: BTreeSet<&IntentId> = set.services.values().map(|service| &service.intent).collect();
        for intent in intents {
            if ids.colors.contains_key(intent) {
                continue;
            }
            let color = Color::try_from(ids.next_color)
                .ok()
                .filter(|color| color.number() < u32::MAX)
                .ok_or_else(|| Exhausted { what: "color", subject: intent.to_string(), limit: u32::MAX })?;
            ids.colors.insert(intent.clone(), color);
            ids.next_color += 1;
        }
        // Two binding SIDs a service: one for each direction.
        let limit = (BINDING_LABELS.end - BINDING_LABELS.start) / 2;
        for service in set.services.keys() {
            if ids.ordinals.contains_key(service) {
                continue;
            }
            if ids.next_ordinal >= limit {
                return Err(Exhausted { what: "ordinal", subject: service.to_string(), limit });
            }
            ids.ordinals.insert(service.clone(), ids.next_ordinal);
            ids.next_ordinal += 1;
        }
        Ok(ids)
    }
}
