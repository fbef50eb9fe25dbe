//! What a router can be told. A dialect carries more or less of it; those who judge intents know no dialect and look at
//! [`Features`], which are plain data of a node.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

/// Something that is asked of a router's configuration.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Feature {
    /// SR policies over SR-MPLS, with explicit candidate paths.
    MplsPolicies,
    /// SR policies over SRv6, with explicit candidate paths.
    Srv6Policies,
    /// Several candidate paths, chosen by preference (RFC 9256 section 2.7).
    Preferences,
    /// Several segment lists in one candidate path, with weights (RFC 9256 section 2.11).
    WeightedLists,
    /// A binding SID that is a label (RFC 9256 section 6).
    MplsBindingSids,
    /// A binding SID that is an SRv6 SID.
    Srv6BindingSids,
    /// Dropping what a policy without valid path should carry (RFC 9256 section 8.2).
    DropWhenInvalid,
    /// Rules that give a color to what a VRF receives for a prefix (RFC 9256 section 8.4).
    PrefixSteering,
    /// Rules that look at code points too.
    DscpSteering,
    /// Rules without a prefix: for all destinations of a VRF.
    WholeSteering,
    /// Queues that are served first, shaped to their guarantee.
    StrictQueues,
    /// Queues that share by weight.
    WeightedQueues,
    /// What a weighted queue always gets.
    Guarantees,
    /// Code points to queues.
    Classifiers,
    /// At which interfaces packets that enter are classified. A router that has classifiers and cannot be told this classifies
    /// whatever enters, by itself or by what its operator has set.
    BoundClassifiers,
}

impl Feature {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 15] = [
        Self::MplsPolicies,
        Self::Srv6Policies,
        Self::Preferences,
        Self::WeightedLists,
        Self::MplsBindingSids,
        Self::Srv6BindingSids,
        Self::DropWhenInvalid,
        Self::PrefixSteering,
        Self::DscpSteering,
        Self::WholeSteering,
        Self::StrictQueues,
        Self::WeightedQueues,
        Self::Guarantees,
        Self::Classifiers,
        Self::BoundClassifiers,
    ];
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::MplsPolicies => "SR policies, SR-MPLS",
            Self::Srv6Policies => "SR policies, SRv6",
            Self::Preferences => "candidate paths by preference",
            Self::WeightedLists => "weighted segment lists",
            Self::MplsBindingSids => "binding SIDs, SR-MPLS",
            Self::Srv6BindingSids => "binding SIDs, SRv6",
            Self::DropWhenInvalid => "drop when no path is valid",
            Self::PrefixSteering => "steering by prefix",
            Self::DscpSteering => "steering by DSCP",
            Self::WholeSteering => "steering without a prefix",
            Self::StrictQueues => "strict queues, shaped",
            Self::WeightedQueues => "weighted queues",
            Self::Guarantees => "guarantees of weighted queues",
            Self::Classifiers => "classifiers by DSCP",
            Self::BoundClassifiers => "classifiers by interface",
        })
    }
}

/// What one router can be told: everything, but for what is said here.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Features {
    /// What it cannot be told at all, and what its modules lack for it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub lacks: BTreeMap<Feature, String>,
    /// The longest name of a policy, in characters; none where any name fits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longest_name: Option<usize>,
}

impl Features {
    /// Whether it can be told this.
    pub fn has(&self, feature: Feature) -> bool {
        !self.lacks.contains_key(&feature)
    }

    /// Whether there is nothing that it cannot be told.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_told_apart_and_in_order() {
        assert!(Feature::ALL.windows(2).all(|pair| pair[0] < pair[1]));
        let names: std::collections::BTreeSet<String> =
            Feature::ALL.iter().map(ToString::to_string).collect();
        assert_eq!(names.len(), Feature::ALL.len());
    }

    #[test]
    fn everything_is_written_as_nothing() {
        assert!(Features::default().is_everything() && Features::default().has(Feature::DscpSteering));
        assert_eq!(serde_json::to_string(&Features::default()).unwrap(), "{}");
        let lacking = Features {
            lacks: BTreeMap::from([(Feature::DscpSteering, "no module".to_owned())]),
            longest_name: Some(31),
        };
        assert!(!lacking.has(Feature::DscpSteering) && lacking.has(Feature::PrefixSteering));
        let text = serde_json::to_string(&lacking).unwrap();
        assert_eq!(text, r#"{"lacks":{"dscpSteering":"no module"},"longestName":31}"#);
        assert_eq!(serde_json::from_str::<Features>(&text).unwrap(), lacking);
    }
}
