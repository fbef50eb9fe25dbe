//! How a change is carried into the network, and what an edit is about: what both the order and the report ask.

use model::{Edit, PolicyKey};
use serde::{Deserialize, Serialize};

/// How a change is carried into the network.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ChangePolicy {
    /// New objects are confirmed everywhere before traffic moves to them.
    #[default]
    Careful,
    /// A promise is broken now: one transaction restores it, tidying follows.
    Urgent,
    /// A few sites first.
    Waves {
        /// How many far ends are in the first wave; at least one.
        first: usize,
    },
}

/// The key of a policy in an edit, for those who follow a service through a plan.
pub(crate) fn policy_of(edit: &Edit) -> Option<PolicyKey> {
    match edit {
        Edit::PutPolicy(policy) => Some(policy.key),
        Edit::RemovePolicy(key) => Some(*key),
        _ => None,
    }
}
