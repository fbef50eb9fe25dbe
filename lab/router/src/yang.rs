//! The YANG modules that the router serves: their texts, and what the datastore needs to know of them.
//!
//! libyang compiles the texts once per process; all routers share the result. The datastore walks [`Schema`], a plain
//! arena, because libyang's own tree cannot be held by value next to its context.

mod schema;
mod spoken;
mod value;

pub use schema::{ChoiceId, Kind, Node, NodeId, Schema, SchemaError};
pub use value::{BadValue, LeafType, Value};

/// A module as it stands in the repository.
#[derive(Clone, Copy, Debug)]
pub struct ModuleText {
    /// Its name.
    pub name: &'static str,
    /// Its text in YANG.
    pub text: &'static str,
}

macro_rules! modules {
    ($($name:literal)*) => {
        &[$(ModuleText { name: $name, text: include_str!(concat!("../yang/", $name, ".yang")) }),*]
    };
}

/// Every module that the router serves. A module comes after those that it imports.
pub const MODULES: &[ModuleText] = modules! {
    "openconfig-extensions"
    "openconfig-types"
    "openconfig-inet-types"
    "openconfig-yang-types"
    "ietf-interfaces"
    "iana-if-type"
    "openconfig-interfaces"
    "openconfig-lldp-types"
    "openconfig-lldp"
    "openconfig-packet-match"
    "openconfig-policy-forwarding"
    "openconfig-policy-types"
    "openconfig-isis-types"
    "openconfig-isis-lsdb-types"
    "openconfig-isis"
    "openconfig-network-instance-types"
    "openconfig-network-instance"
    "openconfig-qos-types"
    "openconfig-qos"
    "openconfig-system"
    "trunkline-measurement"
    "trunkline-sr-policy"
    "trunkline-srv6"
    "ietf-netconf-monitoring"
};

#[cfg(test)]
mod tests;
