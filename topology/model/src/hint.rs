//! Hints: what the loop has learned, as an argument of the next compilation. Measurements reach path computation only so,
//! and only for the services that suffer; otherwise every sample would re-route.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    id::{LinkId, NodeId, ServiceId},
    link::DirectedLink,
    state::pairs,
    time::Timestamp,
    unit::{Delay, Jitter, Loss},
};

/// One direction of a link as it was measured when the decision was made.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Degradation {
    /// One-way delay, where known.
    pub delay: Option<Delay>,
    /// Its variation, where known.
    pub jitter: Option<Jitter>,
    /// Its loss, where known.
    pub loss: Option<Loss>,
}

/// Why and how a service sees the network otherwise than the TED says.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Relief {
    /// The directions as measured; these values replace the TED's for this service.
    #[serde(with = "pairs")]
    pub seen: BTreeMap<DirectedLink, Degradation>,
    /// When it was decided.
    pub since: Timestamp,
    /// One line for people: what tripped.
    pub why: String,
}

/// The loop's argument to `compile`. Empty hints mean: as the TED says.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct Hints {
    /// Services that were moved away from something, and from what.
    pub relief: BTreeMap<ServiceId, Relief>,
    /// Links that are down, damped; no path uses them.
    pub down: BTreeSet<LinkId>,
    /// Links that are drained for maintenance; no path uses them.
    pub drained_links: BTreeSet<LinkId>,
    /// Nodes that are drained; no path goes through them.
    pub drained_nodes: BTreeSet<NodeId>,
}
