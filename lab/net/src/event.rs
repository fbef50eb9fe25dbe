//! What a scenario sees of the controller.

use std::collections::BTreeSet;

use model::{LinkId, NodeId, ServiceId};
use serde::{Deserialize, Serialize};

/// Something that happened. As JSON it is tagged by `kind`; members that are not listed here are allowed and not read.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Event {
    /// An alarm was raised or cleared.
    Alarm {
        /// The alarm policy.
        name: String,
        /// The link that it is about, where it is about one.
        #[serde(default)]
        link: Option<LinkId>,
        /// Raised, or else cleared.
        raised: bool,
    },
    /// A promise was judged.
    Intent {
        /// The service.
        service: ServiceId,
        /// Whether it is kept; none when that is unknown.
        kept: Option<bool>,
    },
    /// Traffic was moved: the routers acknowledged new paths, however many services moved together.
    Reroute {
        /// The services that moved.
        #[serde(default)]
        services: Vec<ServiceId>,
    },
    /// The paths of a service, as the controller has them: the links of all its directions.
    Path {
        /// The service.
        service: ServiceId,
        /// The links.
        links: BTreeSet<LinkId>,
    },
    /// A transaction begins.
    Change,
    /// A device can be driven, or cannot.
    Device {
        /// The device.
        node: NodeId,
        /// Which of them.
        up: bool,
    },
    /// A device holds something other than what the controller put there.
    Drift {
        /// The device.
        node: NodeId,
    },
}

impl Event {
    /// The event in a line of the controller's JSON; none where it is of another kind or has not what its kind needs.
    pub fn from_json(line: &serde_json::Value) -> Option<Self> {
        Self::deserialize(line).ok()
    }
}
