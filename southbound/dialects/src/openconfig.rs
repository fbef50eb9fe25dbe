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

pub(crate) use read::PATHS;
pub use read::{filter_xml, paths, read};
pub use render::render;
pub use telemetry::{Element, Names, Subscription, measures, subscriptions};
