//! What a dialect can say. One table for each vendor: the table of the documentation is printed from it, and refusals take
//! their words from it.

use std::fmt;

use thiserror::Error;

/// Something that edits ask for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
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
    /// Rules that give packets of a VRF a color.
    Steering,
    /// Queues that are served first, shaped to their guarantee.
    StrictQueues,
    /// Queues that share by weight.
    WeightedQueues,
    /// What a weighted queue always gets.
    Guarantees,
    /// Code points to queues.
    Classifiers,
}

impl Feature {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 12] = [
        Self::MplsPolicies,
        Self::Srv6Policies,
        Self::Preferences,
        Self::WeightedLists,
        Self::MplsBindingSids,
        Self::Srv6BindingSids,
        Self::DropWhenInvalid,
        Self::Steering,
        Self::StrictQueues,
        Self::WeightedQueues,
        Self::Guarantees,
        Self::Classifiers,
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
            Self::Steering => "steering by prefix and DSCP",
            Self::StrictQueues => "strict queues, shaped",
            Self::WeightedQueues => "weighted queues",
            Self::Guarantees => "guarantees of weighted queues",
            Self::Classifiers => "classifiers by DSCP",
        })
    }
}

/// How far a dialect carries a feature.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Support {
    /// As the model has it.
    Full,
    /// Within these limits; what lies beyond is refused.
    Within(&'static str),
    /// Not at all, and what the vendor's modules lack.
    Missing(&'static str),
}

/// An edit that a dialect has no words for. Nothing of it is rendered.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("dialect {dialect} cannot carry {what}: {missing}")]
pub struct Unsupported {
    /// The dialect.
    pub dialect: &'static str,
    /// What was asked of it.
    pub what: String,
    /// What its modules lack, or the limit that was passed.
    pub missing: String,
}

/// Refuses what a dialect has no words for.
#[derive(Clone, Copy)]
pub(crate) struct Refusal<'a> {
    /// The dialect.
    pub dialect: &'static str,
    /// Its table.
    pub support: fn(Feature) -> Support,
    /// What is asked of it.
    pub what: &'a dyn fmt::Display,
}

impl Refusal<'_> {
    /// For this reason.
    pub fn because(&self, missing: impl Into<String>) -> Unsupported {
        Unsupported { dialect: self.dialect, what: self.what.to_string(), missing: missing.into() }
    }

    /// Unless the table has the feature.
    pub fn unless(&self, feature: Feature) -> Result<(), Unsupported> {
        match (self.support)(feature) {
            Support::Full | Support::Within(_) => Ok(()),
            Support::Missing(words) => Err(self.because(format!("{feature}: {words}"))),
        }
    }

    /// Unless a number lies in a range.
    pub fn unless_in(
        &self,
        what: &str,
        number: u32,
        range: std::ops::RangeInclusive<u32>,
    ) -> Result<u32, Unsupported> {
        if range.contains(&number) {
            Ok(number)
        } else {
            Err(self.because(format!("{what} {number} is outside {} to {}", range.start(), range.end())))
        }
    }

    /// Unless a name is short enough.
    pub fn unless_short(&self, what: &str, name: String, longest: usize) -> Result<String, Unsupported> {
        if name.chars().count() <= longest {
            Ok(name)
        } else {
            Err(self.because(format!("{what} `{name}` is longer than {longest} characters")))
        }
    }
}
