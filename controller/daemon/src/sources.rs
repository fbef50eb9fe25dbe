//! The texts that findings point into.

use std::collections::BTreeMap;

/// Texts by the name under which findings speak of them.
pub type Sources = BTreeMap<String, String>;
