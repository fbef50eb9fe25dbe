//! A node of the TED and what its forwarding plane can do.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, Ipv6Addr},
};

use ipnet::Ipv6Net;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    fact::Fact,
    feature::Features,
    id::{NodeId, Site},
    next_csid::NextCsid,
    sr::{Label, LabelBlock},
};

/// Where a node stands, in degrees (WGS 84).
#[derive(Clone, Copy, Debug, JsonSchema, PartialEq, Serialize, Deserialize)]
pub struct Location {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
}

/// Maximum SID depths by type (RFC 8491 for MPLS, RFC 9352 section 4 for SRv6).
#[derive(Clone, Copy, Debug, Eq, JsonSchema, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MsdSet {
    /// Base MPLS imposition: labels that the node can push, the service label included.
    pub mpls_imposition: u8,
    /// Maximum SIDs in H.Encaps, the service SID included.
    pub srv6_encaps: u8,
    /// Maximum Segments Left that the node can process.
    pub srv6_segments_left: u8,
    /// Maximum End Pop: SIDs of an SRH from which the node can pop.
    pub srv6_end_pop: u8,
    /// Maximum End D: SIDs of an SRH under which the node can decapsulate.
    pub srv6_end_d: u8,
}

impl Default for MsdSet {
    fn default() -> Self {
        Self { mpls_imposition: 6, srv6_encaps: 6, srv6_segments_left: 6, srv6_end_pop: 6, srv6_end_d: 6 }
    }
}

/// The service function behind a node, a firewall for instance, as segments: a packet that comes to the node with one of them on
/// top goes through the function and on to the next segment from there (a service instruction of RFC 8402 section 1).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceFunction {
    /// Its label, which means it at this node alone.
    pub label: Option<Label>,
    /// Its SRv6 SID; where the locator of the node covers it, it leads there too (RFC 8986 section 3.1).
    pub sid: Option<Ipv6Addr>,
}

/// A router.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// Its name.
    pub id: NodeId,
    /// What it is for, for instance `hq`, `dc`, `core`, `province`, `branch`. Selectors use it.
    pub role: Option<String>,
    /// Where it is.
    pub site: Option<Site>,
    /// Where that is on a map.
    pub location: Option<Location>,
    /// Free labels for selectors.
    pub labels: BTreeMap<String, String>,
    /// The TE router id (RFC 5305 section 4.3); also the endpoint of SR-MPLS policies.
    pub router_id: Ipv4Addr,
    /// The SRv6 locator (RFC 8986 section 3.1), where the node has one.
    pub locator: Option<Fact<Ipv6Net>>,
    /// How its SIDs are built where they have the flavor NEXT-CSID (RFC 9800 section 4.1): it reads several of them out of one address
    /// then. None where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_csid: Option<NextCsid>,
    /// The node SID as an index into the SRGB (RFC 8667 section 2.1), where the node has one.
    pub node_sid: Option<Fact<u32>>,
    /// What service chains visit the node for, where it has a function for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_function: Option<Fact<ServiceFunction>>,
    /// The SR global block.
    pub srgb: LabelBlock,
    /// The SR local block.
    pub srlb: LabelBlock,
    /// How deep a stack the node can handle.
    pub msd: Fact<MsdSet>,
    /// Queues per interface: a capability of the device.
    pub queues: u8,
    /// The overload bit (RFC 3787 section 4): no transit traffic.
    pub overload: bool,
    /// In which dialect the device is configured, for instance `openconfig`.
    pub dialect: String,
    /// What the device can be told in it. Whoever knows dialects writes this; until then it is everything.
    #[serde(default, skip_serializing_if = "Features::is_everything")]
    pub features: Features,
}

impl Node {
    /// The label of the node SID: SRGB base plus index. `None` without a node SID or when the index lies outside.
    pub fn node_label(&self) -> Option<Label> {
        self.node_sid.as_ref().and_then(|index| self.srgb.at(index.value))
    }

    /// The SRv6 End SID: function 1 of the locator (RFC 8986 section 4.1).
    pub fn end_sid(&self) -> Option<Ipv6Addr> {
        self.locator.as_ref().map(|locator| function_of(locator.value, 1))
    }

    /// How the SIDs of the node are built where it reads containers and its locator is as it says. Facts from elsewhere may have given it
    /// another locator: then it reads none.
    pub fn reads_containers(&self) -> Option<NextCsid> {
        let locator = self.locator.as_ref()?.value;
        self.next_csid.filter(|csid| csid.fits(locator).is_ok())
    }

    /// The SRv6 End.DT46 SID of the node's services: function 0xd46 of the locator (RFC 8986 section 4.8).
    pub fn service_sid(&self) -> Option<Ipv6Addr> {
        self.locator.as_ref().map(|locator| function_of(locator.value, 0xd46))
    }
}

/// The SID with this 16-bit function right behind the locator (RFC 8986 section 3.1). A locator longer than 112 bits
/// has no room for a function; the lowest bits serve then.
pub fn function_of(locator: Ipv6Net, function: u16) -> Ipv6Addr {
    let room = 128_u32.saturating_sub(u32::from(locator.prefix_len())).saturating_sub(16);
    Ipv6Addr::from(u128::from(locator.network()) | (u128::from(function) << room))
}
