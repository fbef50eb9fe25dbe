//! Queues of an interface and how packets find theirs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{id::QueueName, steering::Dscp, unit::Bandwidth};

/// How a queue is served.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Discipline {
    /// Before all weighted queues, up to its guarantee.
    Strict,
    /// By weight among the weighted queues, for what the guarantees leave.
    Weighted(u8),
}

/// What one queue of one interface gets.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct QueueShare {
    /// How it is served.
    pub discipline: Discipline,
    /// What it always gets.
    pub guarantee: Bandwidth,
}

/// The queues of an interface. Shares are per interface, from the demands that the plan puts there.
#[derive(Clone, Debug, Default, Eq, JsonSchema, PartialEq, Serialize, Deserialize)]
pub struct InterfaceQos {
    /// Queues by name.
    pub queues: BTreeMap<QueueName, QueueShare>,
}

impl InterfaceQos {
    /// What all guarantees add up to.
    pub fn guaranteed(&self) -> Bandwidth {
        self.queues.values().map(|share| share.guarantee).sum()
    }
}

/// Which code point goes to which queue on a device; what is not listed goes to the lowest.
#[derive(Clone, Debug, Default, Eq, JsonSchema, PartialEq, Serialize, Deserialize)]
pub struct Classifier {
    /// The queue of each code point.
    pub queues: BTreeMap<Dscp, QueueName>,
}
