//! What the journal keeps.

use std::collections::{BTreeMap, BTreeSet};

use model::{DeviceConfig, NodeId, Revision, Timestamp, Transaction, TransactionId};
use serde::{Deserialize, Serialize};

/// A set of intent files that was accepted.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct IntentRevision {
    /// Its number; they grow by one.
    pub revision: Revision,
    /// When it was accepted.
    pub at: Timestamp,
    /// Who sent it.
    pub who: String,
    /// Why, in the sender's words.
    pub message: String,
    /// The files by name.
    pub files: BTreeMap<String, String>,
}

/// A transaction that was begun. Recovery rolls it back before its decision and forward after it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TransactionRecord {
    /// Its number, also its persist-id toward the devices.
    pub id: TransactionId,
    /// When it was begun.
    pub begun: Timestamp,
    /// What it changes.
    pub transaction: Transaction,
    /// What every device held before, as far as it is ours.
    pub pre_images: BTreeMap<NodeId, DeviceConfig>,
    /// Whether it was decided to apply it.
    pub decided: bool,
    /// Devices that it is not resolved on; `None` while it runs.
    pub unresolved: Option<BTreeSet<NodeId>>,
}

impl TransactionRecord {
    /// Whether it runs, or is not resolved everywhere.
    pub fn is_open(&self) -> bool {
        self.unresolved.as_ref().is_none_or(|nodes| !nodes.is_empty())
    }
}
