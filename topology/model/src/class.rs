//! Traffic classes and the queue profile that they share (case E1: six classes, each with its own value).

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    id::{ClassName, QueueName},
    qos::Discipline,
    steering::Dscp,
};

/// A class of traffic.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct TrafficClass {
    /// Its name.
    pub name: ClassName,
    /// What it is worth to the bank: where not all fits, the highest value stays.
    pub value: u32,
    /// The code points that mark it.
    pub dscp: BTreeSet<Dscp>,
    /// The queue that carries it.
    pub queue: QueueName,
    /// The profile that the queue belongs to.
    pub profile: String,
}

/// How one queue of a profile is served.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scheduling {
    /// Strict or weighted.
    pub discipline: Discipline,
}

/// The queues of interfaces.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct QosProfile {
    /// Its name.
    pub name: String,
    /// Its queues.
    pub queues: BTreeMap<QueueName, Scheduling>,
    /// Whether every interface of the network has them, or only those that a promised path or backup crosses.
    #[serde(default)]
    pub everywhere: bool,
}
