//! What compilation answers for each service: the path and why, or why there is none.

use std::fmt;

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
    /// The least bandwidth that is left on any of its links beside all that is planned, the service itself included. Of a backup too:
    /// what the service finds there when it comes, if nobody else comes.
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

/// What one domain, such as the backbone, takes of a budget of delay that is divided over all that a path crosses.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DomainDelay {
    /// The domain.
    pub domain: String,
    /// The delay of the path within it, as planned.
    pub delay: Delay,
    /// What it may take.
    pub share: Share,
}

impl DomainDelay {
    /// Whether the path takes more than somebody gave to the domain.
    pub fn is_over(&self) -> bool {
        matches!(self.share, Share::Given(share) if self.delay > share)
    }
}

impl fmt::Display for DomainDelay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { domain, delay, share } = self;
        match share {
            Share::Given(share) => write!(f, "{domain} {delay} of {share}"),
            Share::InProportion(share) => write!(f, "{domain} {delay} of {share} (in proportion)"),
        }
    }
}

/// A part of a budget, and who says so.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Share {
    /// The intent does.
    Given(Delay),
    /// Nobody does: it is what the domain gets in proportion to its delay.
    InProportion(Delay),
}

impl Share {
    /// How much it is.
    pub const fn delay(self) -> Delay {
        match self {
            Self::Given(share) | Self::InProportion(share) => share,
        }
    }
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
    /// Where a delay is promised and the path crosses two or more domains: its delay in each, in the order of names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<DomainDelay>,
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
