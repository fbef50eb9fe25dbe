//! The dialects by name, and what each of them does.

#[cfg(test)]
mod tests;

use std::{fmt, net::IpAddr, str::FromStr};

use model::{DeviceConfig, Edit, Features, state::Foreign};
use thiserror::Error;

use crate::{
    BadPayload, Operation, View,
    capability::{Feature, Support, Unsupported},
    comware, huawei, ietf, iosxr, objects, openconfig, srlinux,
};

/// A way in which devices are configured. Inventory and network files name it.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Dialect {
    /// OpenConfig, with our augmenting modules where it has no node.
    #[default]
    OpenConfig,
    /// The IETF's modules.
    Ietf,
    /// Huawei VRP, as NE40E serves it.
    Huawei,
    /// Cisco IOS XR: its native agent model for SR policies, its unified models for queues.
    IosXr,
    /// Nokia SR Linux.
    SrLinux,
    /// H3C Comware, which can be read and not written.
    Comware,
}

/// A name that is no dialect's.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("dialect `{0}` is not known; this version speaks: {names}", names = Dialect::names())]
pub struct UnknownDialect(
    /// The name, cut to 40 characters.
    pub String,
);

/// What a dialect has to know of a device beside the edits.
#[derive(Clone, Copy, Debug)]
pub struct Headend<'a> {
    /// Its router id, or the address that it has in the policies of others.
    pub address: IpAddr,
    /// What it holds of ours, as [`Dialect::read`] said; not looked at where [`Dialect::needs_held`] says no. In the other
    /// dialects an object's name says more than its identity, and only what is held says which names have to go.
    pub held: &'a DeviceConfig,
}

impl Dialect {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 6] =
        [Self::OpenConfig, Self::Ietf, Self::Huawei, Self::IosXr, Self::SrLinux, Self::Comware];

    /// As files write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenConfig => "openconfig",
            Self::Ietf => ietf::NAME,
            Self::Huawei => huawei::NAME,
            Self::IosXr => iosxr::NAME,
            Self::SrLinux => srlinux::NAME,
            Self::Comware => comware::NAME,
        }
    }

    /// All names, for people.
    pub fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }

    /// Whether [`Self::render`] looks at what the device holds, so that it has to be read first.
    pub const fn needs_held(self) -> bool {
        !matches!(self, Self::OpenConfig | Self::Comware)
    }

    /// Whether it has words for anything. Where not, its devices are read and never written.
    pub fn has_words(self) -> bool {
        Feature::ALL.into_iter().any(|feature| !matches!(self.support(feature), Support::Missing(_)))
    }

    /// What carries the edits out, in an order in which each operation finds what it refers to.
    ///
    /// # Errors
    /// An edit has no words in this dialect; nothing is rendered then.
    pub fn render(self, edits: &[Edit], headend: &Headend<'_>) -> Result<Vec<Operation>, Unsupported> {
        let held = headend.held;
        match self {
            Self::OpenConfig => Ok(openconfig::render(edits)),
            Self::Ietf => objects::render(edits, held, |config| ietf::objects(config, headend.address)),
            Self::Huawei => objects::render(edits, held, huawei::objects),
            Self::IosXr => objects::render(edits, held, iosxr::objects),
            Self::SrLinux => objects::render(edits, held, srlinux::objects),
            Self::Comware => comware::render(edits),
        }
    }

    /// What a device's data tree holds, ours and others' apart.
    ///
    /// # Errors
    /// Something of ours has a value that we never write. What is not ours is never an error.
    pub fn read(self, root: &View) -> Result<(DeviceConfig, Foreign), BadPayload> {
        match self {
            Self::OpenConfig => openconfig::read(root),
            Self::Ietf => ietf::read(root),
            Self::Huawei => huawei::read(root),
            Self::IosXr => iosxr::read(root),
            Self::SrLinux => srlinux::read(root),
            // Nothing of ours was ever put there, and whose the rest is cannot be told.
            Self::Comware => Ok(<(DeviceConfig, Foreign)>::default()),
        }
    }

    /// What [`Self::read`] looks at, as a NETCONF subtree filter (RFC 6241 section 6).
    pub fn filter_xml(self) -> String {
        match self {
            Self::OpenConfig => openconfig::filter_xml(),
            Self::Ietf => ietf::filter_xml(),
            Self::Huawei => huawei::filter_xml(),
            Self::IosXr => iosxr::filter_xml(),
            Self::SrLinux => srlinux::filter_xml(),
            Self::Comware => String::new(),
        }
    }

    /// What [`Self::read`] looks at, as gNMI paths.
    pub fn paths(self) -> &'static [&'static str] {
        match self {
            Self::OpenConfig => &openconfig::PATHS,
            Self::Ietf => &ietf::PATHS,
            Self::Huawei => &huawei::PATHS,
            Self::IosXr => &iosxr::PATHS,
            Self::SrLinux => &srlinux::PATHS,
            Self::Comware => &[],
        }
    }

    /// Whether its table has words for what an edit puts there. Some of it may be refused all the same, see [`Self::render`].
    pub fn carries(self, edit: &Edit) -> bool {
        let features: &[Feature] = match edit {
            Edit::PutSteering(rule) if rule.prefix.is_none() => &[Feature::WholeSteering],
            Edit::PutSteering(rule) if rule.dscp.is_empty() => &[Feature::PrefixSteering],
            Edit::PutSteering(_) => &[Feature::PrefixSteering, Feature::DscpSteering],
            Edit::PutQos { .. } => &[Feature::StrictQueues, Feature::WeightedQueues, Feature::Guarantees],
            Edit::PutClassifier(_) => &[Feature::Classifiers],
            Edit::BindClassifier(_) => &[Feature::BoundClassifiers],
            Edit::PutPolicy(_)
            | Edit::RemovePolicy(_)
            | Edit::RemoveSteering(_)
            | Edit::RemoveQos(_)
            | Edit::UnbindClassifier(_)
            | Edit::RemoveClassifier => &[],
        };
        features.iter().all(|feature| !matches!(self.support(*feature), Support::Missing(_)))
    }

    /// How far it carries a feature.
    pub fn support(self, feature: Feature) -> Support {
        match self {
            Self::OpenConfig => openconfig::support(feature),
            Self::Ietf => ietf::support(feature),
            Self::Huawei => huawei::support(feature),
            Self::IosXr => iosxr::support(feature),
            Self::SrLinux => srlinux::support(feature),
            Self::Comware => comware::support(feature),
        }
    }
}

impl Dialect {
    /// What a device of this dialect can be told, for those who judge by data alone ([`model::Node::features`]).
    pub fn features(self) -> Features {
        let lacks = Feature::ALL.into_iter().filter_map(|feature| match self.support(feature) {
            Support::Missing(words) => Some((feature, words.to_owned())),
            Support::Full | Support::Within(_) => None,
        });
        Features { lacks: lacks.collect(), longest_name: self.longest_name() }
    }

    /// The longest name of a policy. The characters that names of ours have take one each in every dialect.
    const fn longest_name(self) -> Option<usize> {
        match self {
            // 255 characters are more than our longest name with all that is written behind it.
            Self::OpenConfig | Self::SrLinux => None,
            // It has no policies, so none is too long.
            Self::Comware => None,
            Self::Ietf => Some(ietf::LONGEST_NAME),
            Self::Huawei => Some(huawei::LONGEST_NAME),
            Self::IosXr => Some(iosxr::LONGEST_NAME),
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Dialect {
    type Err = UnknownDialect;
    fn from_str(text: &str) -> Result<Self, UnknownDialect> {
        Self::ALL
            .into_iter()
            .find(|dialect| dialect.name() == text)
            .ok_or_else(|| UnknownDialect(text.chars().take(40).collect()))
    }
}
