//! Changes: edits with their reasons, grouped into transactions, ordered into a plan.

use std::{collections::BTreeMap, fmt};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    id::{IntentId, InterfaceName, NodeId},
    qos::{Classifier, InterfaceQos},
    sr::{PolicyKey, SrPolicy},
    state::{DeviceConfig, Revision},
    steering::{SteeringKey, SteeringRule},
};

/// One change to one object of a device. Putting replaces the whole object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Edit {
    /// Create or replace an SR policy.
    PutPolicy(SrPolicy),
    /// Remove one.
    RemovePolicy(PolicyKey),
    /// Create or replace a steering rule.
    PutSteering(SteeringRule),
    /// Remove one.
    RemoveSteering(SteeringKey),
    /// Set the queues of an interface.
    PutQos {
        /// The interface.
        interface: InterfaceName,
        /// Its queues.
        qos: InterfaceQos,
    },
    /// Remove our queues from an interface.
    RemoveQos(InterfaceName),
    /// Set the classifier of the device.
    PutClassifier(Classifier),
    /// Have the classifier look at what enters by an interface.
    BindClassifier(InterfaceName),
    /// Have it look there no more.
    UnbindClassifier(InterfaceName),
    /// Remove the classifier; what binds it goes before.
    RemoveClassifier,
}

impl Edit {
    /// Carries the edit out on a value. Removing what is not there changes nothing.
    pub fn apply(&self, config: &mut DeviceConfig) {
        match self {
            Self::PutPolicy(policy) => {
                config.policies.insert(policy.key, policy.clone());
            }
            Self::RemovePolicy(key) => {
                config.policies.remove(key);
            }
            Self::PutSteering(rule) => {
                config.steering.insert(rule.key.clone(), rule.clone());
            }
            Self::RemoveSteering(key) => {
                config.steering.remove(key);
            }
            Self::PutQos { interface, qos } => {
                config.qos.insert(interface.clone(), qos.clone());
            }
            Self::RemoveQos(interface) => {
                config.qos.remove(interface);
            }
            Self::PutClassifier(classifier) => config.classifier = Some(classifier.clone()),
            Self::BindClassifier(interface) => {
                config.classified.insert(interface.clone());
            }
            Self::UnbindClassifier(interface) => {
                config.classified.remove(interface);
            }
            Self::RemoveClassifier => config.classifier = None,
        }
    }
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PutPolicy(policy) => write!(f, "put policy {} ({})", policy.name, policy.key),
            Self::RemovePolicy(key) => write!(f, "remove policy {key}"),
            Self::PutSteering(rule) => {
                write!(f, "put steering {} to color {}", rule.key, rule.color.number())
            }
            Self::RemoveSteering(key) => write!(f, "remove steering {key}"),
            Self::PutQos { interface, qos } => write!(f, "set {} queues of {interface}", qos.queues.len()),
            Self::RemoveQos(interface) => write!(f, "remove queues of {interface}"),
            Self::PutClassifier(_) => f.write_str("set classifier"),
            Self::BindClassifier(interface) => write!(f, "bind classifier to {interface}"),
            Self::UnbindClassifier(interface) => write!(f, "unbind classifier from {interface}"),
            Self::RemoveClassifier => f.write_str("remove classifier"),
        }
    }
}

/// Who asked for an edit, and by which rule (promise 3).
#[derive(Clone, Debug, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct Cause {
    /// The intents; several where they share an object such as an interface's queues, none where the object has no owner left.
    pub intents: Vec<IntentId>,
    /// The rule, for instance `primary path moved` or `queue share follows demand`.
    pub rule: String,
}

/// An edit with its reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReasonedEdit {
    /// What changes.
    pub edit: Edit,
    /// Why.
    pub cause: Cause,
}

/// What a transaction is for; phases go in this order.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// New objects beside the old ones; queues before traffic.
    Make,
    /// Traffic moves to them.
    Move,
    /// Old objects go.
    Break,
}

/// Number of a transaction, unique within a journal; also its persist-id toward devices.
#[derive(
    Clone, Copy, Debug, Default, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct TransactionId(pub u64);

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tl-{}", self.0)
    }
}

/// Edits on several devices, all or none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transaction {
    /// What it is for.
    pub phase: Phase,
    /// Edits by device; none is empty.
    pub edits: BTreeMap<NodeId, Vec<ReasonedEdit>>,
}

/// Transactions in order, and the state that they start from. A plan whose base is no longer current is refused.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The state it starts from.
    pub base: Revision,
    /// The transactions; none where nothing has to change.
    pub transactions: Vec<Transaction>,
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.transactions.is_empty()
    }
}
