//! The inventory: how each device is reached and by what it is known. It holds no secret, only where secrets are.
//!
//! What stands there is read by [`access`] and [`mod@reference`]; what goes together and what contradicts itself is judged by `check`,
//! before anything is resolved.

pub mod access;
mod bgp;
mod check;
pub mod reference;

#[cfg(test)]
mod tests;

use dialects::Dialect;
use model::NodeId;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use thiserror::Error;

pub use self::bgp::{BgpAccess, BgpError, BgpPeer};
pub use access::{ConfigAccess, GnmiAccess, KnownBy, Login, NetconfAccess, NetconfTlsAccess, UnknownServer};
pub use reference::{Kept, Reference, Secret, SecretError};

/// The most devices that are asked for the database of IS-IS.
const MOST_DATABASES: usize = 8;

/// The file.
#[derive(Clone, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Inventory {
    /// `trunkline/v1`.
    pub api_version: String,
    /// `Inventory`.
    pub kind: String,
    /// The devices.
    pub devices: Vec<Entry>,
    /// From whom the network is learned by BGP-LS; from nobody where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bgp: Option<BgpAccess>,
}

/// A device.
#[derive(Clone, Debug, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Entry {
    /// Its name in the topology.
    pub name: NodeId,
    /// How it is configured.
    pub config: ConfigAccess,
    /// How it is watched; not at all where absent.
    pub telemetry: Option<GnmiAccess>,
    /// Its dialect: the one that the network file gives it, repeated. Where absent, the network file alone says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(serialize_with = "by_name::serialize", deserialize_with = "by_name::deserialize")]
    #[schemars(schema_with = "by_name::schema")]
    pub dialect: Option<Dialect>,
    /// Whether it is asked what IS-IS tells it of the network, where it serves `openconfig-isis`. Each router has what all tell, so that a
    /// few are asked: at most eight.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub isis_database: bool,
    /// Who logs in.
    pub login: Login,
}

/// Dialects by name.
mod by_name {
    use super::*;

    pub fn serialize<S: Serializer>(dialect: &Option<Dialect>, out: S) -> Result<S::Ok, S::Error> {
        dialect.map(Dialect::name).serialize(out)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Dialect>, D::Error> {
        let name = Option::<String>::deserialize(input)?;
        name.map(|name| name.parse().map_err(D::Error::custom)).transpose()
    }

    /// All names, so that editors offer them.
    pub fn schema(_: &mut SchemaGenerator) -> Schema {
        let names = Dialect::ALL.map(Dialect::name).map(Some);
        let names = [&names[..], &[None]].concat();
        json_schema!({"type": ["string", "null"], "enum": names})
    }
}

/// Why an inventory cannot be used.
#[derive(Clone, Debug, Error)]
pub enum InventoryError {
    /// It is not well-formed.
    #[error("the inventory cannot be read: {0}")]
    Syntax(String),
    /// It is something else.
    #[error("the file is `{kind}` of `{version}`, not an Inventory of trunkline/v1")]
    Kind {
        /// Its kind.
        kind: String,
        /// Its version.
        version: String,
    },
    /// Two devices have one name.
    #[error("device {0} stands twice in the inventory: give each device its own name")]
    Twice(NodeId),
    /// Too many are asked for what all of them have.
    #[error(
        "isisDatabase stands at {asked} devices, and each of them has the database of all: leave it at {most} of them at most, two that are \
         far from each other for instance"
    )]
    Databases {
        /// How many.
        asked: usize,
        /// The most.
        most: usize,
    },
    /// A fingerprint is not one.
    #[error(
        "device {node}: hostKey `{text}` is no fingerprint: it looks like SHA256:…, as ssh-keygen -l prints it"
    )]
    HostKey {
        /// The device.
        node: NodeId,
        /// What stands there.
        text: String,
    },
    /// It is not said by what a device is known that is reached over TLS, or it is said in two ways.
    #[error("device {node}, {section}: {fault}")]
    Server {
        /// The device.
        node: NodeId,
        /// `config` or `telemetry`.
        section: &'static str,
        /// What is wrong.
        fault: UnknownServer,
    },
    /// What logs in is missing, or contradicts itself.
    #[error("device {node}: {why}")]
    Login {
        /// The device.
        node: NodeId,
        /// What is wrong, and what to write.
        why: &'static str,
    },
    /// What it says of BGP cannot be meant.
    #[error(transparent)]
    Bgp(#[from] BgpError),
}

impl Inventory {
    /// Reads and checks the file's text.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, InventoryError> {
        let inventory: Self =
            serde_yaml::from_str(text).map_err(|error| InventoryError::Syntax(error.to_string()))?;
        if inventory.kind != "Inventory" || inventory.api_version != "trunkline/v1" {
            return Err(InventoryError::Kind { kind: inventory.kind, version: inventory.api_version });
        }
        let mut seen = std::collections::BTreeSet::new();
        for entry in &inventory.devices {
            if !seen.insert(&entry.name) {
                return Err(InventoryError::Twice(entry.name.clone()));
            }
            check::entry(entry)?;
        }
        let asked = inventory.devices.iter().filter(|entry| entry.isis_database).count();
        if asked > MOST_DATABASES {
            return Err(InventoryError::Databases { asked, most: MOST_DATABASES });
        }
        inventory.bgp.as_ref().map_or(Ok(()), BgpAccess::check)?;
        Ok(inventory)
    }

    /// The JSON Schema of the file.
    pub fn schema() -> serde_json::Value {
        schemars::schema_for!(Self).to_value()
    }
}
