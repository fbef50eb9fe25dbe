//! A value with its source and moment. The TED holds facts: what contracts say and what devices advertise.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{id::NodeId, time::Timestamp};

/// Who said it.
#[derive(Clone, Debug, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// A network file, written by an engineer.
    File,
    /// Derived by a documented rule from what a file says, for instance a SID from its locator.
    Derived,
    /// A device or a routing protocol.
    Advertised(DeviceSource),
}

/// The device or protocol that advertised a fact.
#[derive(Clone, Debug, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceSource {
    /// The device that said it.
    pub node: NodeId,
    /// By which protocol, for instance `gnmi`.
    pub protocol: String,
}

/// How good a fact is now.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Standing<T> {
    /// Its source stands by it.
    Fresh,
    /// Its source has been silent since.
    Stale {
        /// When the source was last heard.
        since: Timestamp,
    },
    /// Another source says otherwise; neither is averaged away.
    Conflicting {
        /// The other value.
        other: T,
        /// Who says so.
        source: Source,
    },
}

/// A value, who said it, when, and whether it still stands.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fact<T> {
    /// What is said.
    pub value: T,
    /// Who said it.
    pub source: Source,
    /// When it was said.
    pub at: Timestamp,
    /// Whether it still stands.
    pub standing: Standing<T>,
}

impl<T> Fact<T> {
    /// A fresh fact.
    pub const fn new(value: T, source: Source, at: Timestamp) -> Self {
        Self { value, source, at, standing: Standing::Fresh }
    }

    /// A fact from a network file. Files carry no moment: it is the epoch, so that equal files give equal TEDs.
    pub const fn from_file(value: T) -> Self {
        Self::new(value, Source::File, Timestamp::from_micros(0))
    }

    /// A fact that follows from a file by a documented rule.
    pub const fn derived(value: T) -> Self {
        Self::new(value, Source::Derived, Timestamp::from_micros(0))
    }
}
