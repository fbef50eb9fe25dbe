//! Hints: what the loop has learned, as an argument of the next compilation. Measurements reach path computation only so,
//! and only for the services that suffer; otherwise every sample would re-route.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    id::{LinkId, NodeId, ServiceId},
    link::{DirectedLink, Link},
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

/// Links that a service is kept off so that they carry less: a person balanced the network. It says where the service does not go, and
/// never more: where no other way keeps the promise, the promise counts.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Balance {
    /// The links, in both directions.
    pub off: BTreeSet<LinkId>,
    /// When it was decided.
    #[serde(default)]
    pub since: Timestamp,
    /// One line for people: what was gained by it.
    #[serde(default)]
    pub why: String,
}

/// Parts of the network that people work on.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// Links.
    pub links: BTreeSet<LinkId>,
    /// Nodes.
    pub nodes: BTreeSet<NodeId>,
}

impl Work {
    /// Whether it is on a link or on one of its ends.
    pub fn touches(&self, link: &Link) -> bool {
        self.links.contains(&link.id)
            || [&link.a.node, &link.z.node].iter().any(|end| self.nodes.contains(*end))
    }

    /// What is worked on, by name: links, then nodes.
    pub fn names(&self) -> Vec<String> {
        let links = self.links.iter().map(ToString::to_string);
        links.chain(self.nodes.iter().map(ToString::to_string)).collect()
    }
}

/// The loop's argument to `compile`. Empty hints mean: as the TED says.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct Hints {
    /// Services that were moved away from something, and from what.
    pub relief: BTreeMap<ServiceId, Relief>,
    /// Links that are down, damped; no path uses them.
    pub down: BTreeSet<LinkId>,
    /// Links that people drained for maintenance; no path uses them.
    pub drained_links: BTreeSet<LinkId>,
    /// Nodes that people drained; no path goes through them.
    pub drained_nodes: BTreeSet<NodeId>,
    /// Maintenance windows that are open, by name, with what they drain. They are apart from what people drained, so that the end of
    /// a window takes back nothing else.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub windows: BTreeMap<String, Work>,
    /// Services that are not promised now, by their schedules. They are not placed.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub resting: BTreeSet<ServiceId>,
    /// Services that a person had moved so that hot links carry less. Apart from `relief`, so that the loop, which gives services back to
    /// lines that are good again, leaves them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub balanced: BTreeMap<ServiceId, Balance>,
}

impl Hints {
    /// All that is drained, by people and by windows.
    pub fn all_drained(&self) -> Work {
        let mut all = Work { links: self.drained_links.clone(), nodes: self.drained_nodes.clone() };
        for work in self.windows.values() {
            all.links.extend(work.links.iter().cloned());
            all.nodes.extend(work.nodes.iter().cloned());
        }
        all
    }
}
