//! The dialect of routers that serve OpenConfig, with our augmenting modules where OpenConfig has no node: its SR policies
//! are state only, so policies and the color of a steering rule are `trunkline-sr-policy`, measurements of a link are
//! `trunkline-measurement`.
//!
//! Ownership is by name: policies, forwarding policies, queues, classifiers and scheduler policies of ours start with
//! [`OWN_PREFIX`](model::state::OWN_PREFIX). All else on the device is foreign.

mod names;
mod read;
mod render;
mod telemetry;

#[cfg(test)]
mod tests;

use crate::capability::{Feature, Support};

pub(crate) use read::PATHS;
pub use read::{filter_xml, paths, read};
pub use render::render;
pub use telemetry::{Element, Names, Subscription, measures, subscriptions};

/// What needs our own module; OpenConfig's words are enough for the rest.
const OUR_MODULE: &str = "by `trunkline-sr-policy`, a module of ours that a router has to serve";

/// The table of this dialect.
pub(crate) fn support(feature: Feature) -> Support {
    match feature {
        Feature::MplsPolicies
        | Feature::Srv6Policies
        | Feature::Preferences
        | Feature::WeightedLists
        | Feature::MplsBindingSids
        | Feature::Srv6BindingSids
        | Feature::DropWhenInvalid
        | Feature::PrefixSteering
        | Feature::DscpSteering
        | Feature::WholeSteering => Support::Within(OUR_MODULE),
        Feature::StrictQueues
        | Feature::WeightedQueues
        | Feature::Guarantees
        | Feature::Classifiers
        | Feature::BoundClassifiers => Support::Full,
    }
}
