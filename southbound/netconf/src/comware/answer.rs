//! What the library says, in types of ours: numbers within their bounds, and words for the ones that stand for something.

use std::collections::BTreeSet;

use netconf_rs::vendor::h3c;

use super::ComwareError;

/// An interface as it is configured (`Ifmgr/Interfaces` of `config:1.0`). What nobody set is absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its number on the device, `IfIndex`.
    pub index: u32,
    /// What people wrote to it.
    pub description: Option<String>,
    /// The VLAN of frames without a tag.
    pub vlan: Option<u16>,
    /// Longest packet, in octets.
    pub mtu: Option<u32>,
    /// How it takes part in VLANs.
    pub link_type: Option<LinkType>,
    /// At which layer it forwards.
    pub layer: Option<Layer>,
}

/// How an interface takes part in VLANs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkType {
    /// In one.
    Access,
    /// In several.
    Trunk,
    /// A number that has no name here.
    Other(u32),
}

/// At which layer an interface forwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Frames.
    Bridged,
    /// Packets.
    Routed,
    /// A number that has no name here.
    Other(u32),
}

/// A VLAN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vlan {
    /// Its number, 1 to 4094.
    pub id: u16,
    /// What people wrote to it.
    pub description: Option<String>,
}

/// What a device says of its NETCONF (RFC 6022).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Information {
    /// URIs of what it can do.
    pub capabilities: BTreeSet<String>,
    /// Schemas that it serves, as `name@revision`; the name alone where it gives no revision.
    pub schemas: BTreeSet<String>,
}

/// Nothing, where only space stands.
fn written(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

/// A number that has to fit.
fn fit<T: TryFrom<usize>>(number: usize, what: &str) -> Result<T, ComwareError> {
    T::try_from(number).map_err(|_| ComwareError::unreadable(&format!("{what} {number} is too large")))
}

/// The interfaces of an answer.
pub(super) fn interfaces(told: h3c::Interfaces) -> Result<Vec<Interface>, ComwareError> {
    told.interface.into_iter().map(interface).collect()
}

fn interface(told: h3c::Interface) -> Result<Interface, ComwareError> {
    let link_type: Option<u32> = told.link_type.map(|number| fit(number, "LinkType")).transpose()?;
    let layer: Option<u32> = told.port_layer.map(|number| fit(number, "PortLayer")).transpose()?;
    Ok(Interface {
        index: fit(told.index, "IfIndex")?,
        description: written(told.description),
        vlan: told.port_vlan_id.map(|number| fit(number, "PVID")).transpose()?,
        mtu: told.mtu.map(|number| fit(number, "ConfigMTU")).transpose()?,
        link_type: link_type.map(|number| match number {
            1 => LinkType::Access,
            2 => LinkType::Trunk,
            other => LinkType::Other(other),
        }),
        layer: layer.map(|number| match number {
            1 => Layer::Bridged,
            2 => Layer::Routed,
            other => Layer::Other(other),
        }),
    })
}

/// The VLANs of an answer.
pub(super) fn vlans(told: h3c::VlanConfig) -> Result<Vec<Vlan>, ComwareError> {
    told.vlans.vlans.into_iter().map(vlan).collect()
}

fn vlan(told: h3c::Vlan) -> Result<Vlan, ComwareError> {
    let id = told.id.trim().parse::<u16>().ok().filter(|id| (1..=4094).contains(id));
    let id =
        id.ok_or_else(|| ComwareError::unreadable(&format!("VLAN `{}` is no number of one", told.id)))?;
    Ok(Vlan { id, description: written(told.description) })
}

impl From<h3c::NetconfState> for Information {
    fn from(told: h3c::NetconfState) -> Self {
        let schemas = told.schemas.schema.into_iter().map(|schema| match schema.version.trim() {
            "" => schema.identifier.trim().to_owned(),
            version => format!("{}@{version}", schema.identifier.trim()),
        });
        let capabilities = told.capabilities.capability.iter().map(|uri| uri.trim().to_owned());
        Self { capabilities: capabilities.collect(), schemas: schemas.collect() }
    }
}
