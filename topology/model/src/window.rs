//! A maintenance window: when people work on parts of the network.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{hint::Work, schedule::Schedule};

/// Time in which people work on parts of the network. Traffic is led off these for as long.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// Its name.
    pub name: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Its labels, for instance the number of a change ticket.
    pub labels: BTreeMap<String, String>,
    /// What is worked on.
    pub work: Work,
    /// When.
    pub when: Schedule,
}
