//! What compilation answers for each service: the path and why, or why there is none.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    id::{NodeId, ServiceId},
    link::DirectedLink,
    sr::{PolicyKey, Sid},
    unit::{Bandwidth, Delay, Jitter, Loss, Price},
};

/// Links in order, each starting where the one before ends.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize, Deserialize)]
pub struct Path {
    /// The links; empty only where both ends are one node.
    pub hops: Vec<DirectedLink>,
    /// The nodes: one more than links.
    pub nodes: Vec<NodeId>,
    /// Sum of the delays.
    pub delay: Delay,
    /// Sum of the variations: an upper bound.
    pub jitter: Jitter,
    /// Loss end to end.
    pub loss: Loss,
    /// Sum of the prices.
    pub price: Price,
    /// The least bandwidth that is free on any of its links for this class before the service is placed.
    pub spare: Bandwidth,
}

/// The path of one candidate with the segments that pin it.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// Where it goes.
    pub path: Path,
    /// The segment list.
    pub segments: Vec<Sid>,
    /// One line a reason: why this path and not another.
    pub why: Vec<String>,
}

/// One direction of a service.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectionVerdict {
    /// The headend.
    pub from: NodeId,
    /// The endpoint.
    pub to: NodeId,
    /// The policy on the headend.
    pub policy: PolicyKey,
    /// The preferred candidate.
    pub primary: Route,
    /// The pre-installed backup; none where the network has no second way, which is a finding.
    pub backup: Option<Route>,
}

/// The answer for one service.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// It is carried.
    Carried {
        /// The service.
        service: ServiceId,
        /// One entry for each direction: `a` to `z` first.
        directions: Vec<DirectionVerdict>,
    },
    /// It cannot be carried.
    Refused {
        /// The service.
        service: ServiceId,
        /// Which constraint bites.
        constraint: String,
        /// What the nearest path that breaks only this constraint would give.
        nearest: Option<String>,
    },
}
