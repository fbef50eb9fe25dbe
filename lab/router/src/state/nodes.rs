//! Nodes of the schema, by name.

use crate::yang::{NodeId, Schema};

/// A node of this crate's own modules.
pub(super) fn node(schema: &Schema, path: &str) -> NodeId {
    schema.at(path).expect("the path stands in the modules of this crate")
}
