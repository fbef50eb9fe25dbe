//! What devices should hold and what they do hold (intended and applied configuration, RFC 8342 section 5).

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    id::{InterfaceName, NodeId, VrfName},
    qos::{Classifier, InterfaceQos},
    sr::{PolicyKey, SrPolicy},
    steering::{SteeringKey, SteeringRule},
    time::Timestamp,
};

/// Names that start so belong to the controller; nothing else is ever edited or deleted by it.
pub const OWN_PREFIX: &str = "tl-";

/// Number of a state of the network as the controller knows it; grows by one with every change.
#[derive(
    Clone, Copy, Debug, Default, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Revision(pub u64);

/// What the controller holds on one device.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DeviceConfig {
    /// SR policies by identity.
    #[serde(with = "crate::state::pairs")]
    pub policies: BTreeMap<PolicyKey, SrPolicy>,
    /// Steering rules by identity.
    #[serde(with = "crate::state::pairs")]
    pub steering: BTreeMap<SteeringKey, SteeringRule>,
    /// Queues by interface.
    pub qos: BTreeMap<InterfaceName, InterfaceQos>,
    /// Code points to queues.
    pub classifier: Option<Classifier>,
    /// The interfaces at which the classifier looks at packets that enter. What enters elsewhere finds the lowest queue, unless the
    /// device cannot be told interfaces ([`Feature::BoundClassifiers`](crate::Feature::BoundClassifiers)) and classifies everything.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub classified: BTreeSet<InterfaceName>,
}

impl DeviceConfig {
    /// Whether there is nothing of ours.
    pub fn is_empty(&self) -> bool {
        self.policies.is_empty()
            && self.steering.is_empty()
            && self.qos.is_empty()
            && self.classifier.is_none()
            && self.classified.is_empty()
    }
}

/// What every device should hold. A device without an entry should hold nothing of ours.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DesiredState {
    /// By device.
    pub devices: BTreeMap<NodeId, DeviceConfig>,
}

/// Objects on a device that are not ours. They are read, never written.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct Foreign {
    /// SR policies of others by identity, with their names.
    #[serde(with = "crate::state::pairs")]
    pub policies: BTreeMap<PolicyKey, String>,
    /// Steering rules of others.
    pub steering: BTreeSet<SteeringKey>,
    /// VRFs whose steering others have in hand as a whole, so that no rule of ours has a place there.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub vrfs: BTreeSet<VrfName>,
    /// The routing tables of VRFs, where a rule of ours needs one that is there already and the device tells which there are: a VRF,
    /// and whether it is the table of IPv6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tables: Option<BTreeSet<(VrfName, bool)>>,
    /// Interfaces whose queues are set by others.
    pub qos: BTreeSet<InterfaceName>,
    /// Interfaces at which another's classifier looks at packets that ours would look at.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub classified: BTreeSet<InterfaceName>,
    /// Interfaces at which only a part is left of what binds our classifier. That part is ours, and the only thing here that may be
    /// taken off: it is no binding, and the classifier cannot go while it is there.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub half: BTreeSet<InterfaceName>,
}

impl Foreign {
    /// Whether a rule is known to have no routing table that it could stand in. None is made for it: a VRF is not ours.
    pub fn lacks_table_of(&self, rule: &SteeringRule) -> bool {
        let (Some(tables), Some(prefix)) = (&self.tables, rule.prefix) else { return false };
        !tables.contains(&(rule.key.vrf.clone(), prefix.addr().is_ipv6()))
    }
}

/// What is known of one device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all devices are read: a box would be an allocation for each"
)]
pub enum DeviceReading {
    /// It was read.
    Read {
        /// What is ours.
        owned: DeviceConfig,
        /// What is not.
        foreign: Foreign,
        /// When.
        at: Timestamp,
    },
    /// It could not be read: what it holds is unknown.
    Unreadable {
        /// Why.
        why: String,
        /// Since when.
        since: Timestamp,
    },
}

/// What devices hold, as far as it could be read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ActualState {
    /// Which state this is.
    pub revision: Revision,
    /// By device.
    pub devices: BTreeMap<NodeId, DeviceReading>,
}

/// Maps whose keys are not text travel as lists of their values' pairs.
pub mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Writes the map as a list of pairs, in order.
    pub fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &BTreeMap<K, V>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        out.collect_seq(map.iter())
    }

    /// Reads a list of pairs; the last one of equal keys stays.
    pub fn deserialize<'de, K, V, D>(input: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(input)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As journals and snapshots have it that were written before bindings were told.
    #[test]
    fn what_was_written_without_bindings_has_none() {
        let config: DeviceConfig =
            serde_json::from_str(r#"{"policies":[],"steering":[],"qos":{},"classifier":{"queues":{}}}"#)
                .unwrap();
        assert!(config.classified.is_empty() && !config.is_empty());
        let foreign: Foreign =
            serde_json::from_str(r#"{"policies":[],"steering":[],"qos":[],"classifier":true}"#).unwrap();
        assert_eq!(foreign, Foreign::default());
        let bound = DeviceConfig { classified: [InterfaceName::lit("eth1")].into(), ..config };
        let text = serde_json::to_string(&bound).unwrap();
        assert_eq!(serde_json::from_str::<DeviceConfig>(&text).unwrap(), bound);
        let alone = DeviceConfig { classifier: None, ..bound };
        assert!(!alone.is_empty(), "a binding alone is something of ours");
    }
}
