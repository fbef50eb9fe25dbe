//! What a device says of itself.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// How a commit that was not confirmed is undone.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Rollback {
    /// By the device, when the timer runs out: NETCONF confirmed commit (RFC 6241 section 8.4) or gNMI commit-confirmed.
    ByDevice,
    /// By the device, when the timer runs out or the session ends that committed: NETCONF confirmed commit 1.0 (RFC 4741
    /// section 8.4). Only that session can confirm, so that a controller that is lost takes its commit with it.
    WithSession,
    /// By the controller, which puts the journalled pre-image back. The plan shows that exposure.
    ByPreImage,
}

/// How a rehearsal went.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Rehearsal {
    /// It would take the edits.
    Accepted,
    /// It cannot be asked; why.
    Cannot(String),
}

/// What the device can do.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Capabilities {
    /// Over which protocol it is configured: `netconf` or `gnmi`.
    pub protocol: String,
    /// How an unconfirmed commit is undone.
    pub rollback: Rollback,
    /// YANG modules that it serves, as `name@revision`.
    pub modules: BTreeSet<String>,
}
