//! The shape of a native file: what is written, and what the JSON Schema is made from. Reading is word by word (`super`), so
//! that every fault is found with its place; a test holds the two together.

use std::{collections::BTreeMap, net::Ipv4Addr};

use model::{
    Affinity, Bandwidth, Delay, IgpMetric, InterfaceName, Jitter, Label, LinkId, Loss, NextCsid, NodeId,
    Price, Site, TeMetric, link::Encryption, node::MsdSet, sr::LabelBlock,
};
use schemars::JsonSchema;
use serde::Serialize;

/// A network: its nodes and links.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Trunkline network")]
pub(crate) struct NetworkFile {
    /// The version of the words.
    #[schemars(extend("const" = "trunkline/v1"))]
    pub api_version: &'static str,
    /// What the file is.
    #[schemars(extend("const" = "Network"))]
    pub kind: &'static str,
    /// Routers.
    pub nodes: Vec<NodeFile>,
    /// Lines between them.
    #[schemars(default)]
    pub links: Vec<LinkFile>,
}

/// A router.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NodeFile {
    /// Its name.
    pub name: NodeId,
    /// What it is for, for instance `hq`, `dc`, `core`, `province`, `branch`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<Site>,
    /// Degrees north; goes with `lon`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -90, max = 90))]
    pub lat: Option<f64>,
    /// Degrees east; goes with `lat`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -180, max = 180))]
    pub lon: Option<f64>,
    /// Free labels for selectors.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub labels: BTreeMap<String, String>,
    /// The TE router id.
    #[schemars(with = "String")]
    pub router_id: Ipv4Addr,
    /// The SRv6 locator.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub locator: Option<ipnet::Ipv6Net>,
    /// How its SIDs are built where they have the flavor NEXT-CSID (uSID): it reads containers then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<NextCsidFile>")]
    pub next_csid: Option<NextCsid>,
    /// The node SID as an index into the SRGB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_sid: Option<u32>,
    /// The SRv6 SID of the service function behind it, a firewall's for instance: service chains through it list this SID.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub service_sid: Option<std::net::Ipv6Addr>,
    /// The label of that function, outside the SRGB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_label: Option<Label>,
    /// The SR global block; 16000 and 8000 labels from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<BlockFile>")]
    pub srgb: Option<LabelBlock>,
    /// The SR local block; 15000 and 1000 labels from there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<BlockFile>")]
    pub srlb: Option<LabelBlock>,
    /// Maximum SID depths; 6 each where they are not given, `srv6EndD` as `srv6Encaps`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<MsdFile>")]
    pub msd: Option<MsdSet>,
    /// Queues per interface; 8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queues: Option<u8>,
    /// Whether it asks for no transit traffic.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schemars(default)]
    pub overload: bool,
    /// In which dialect it is configured; `openconfig`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dialect: Option<String>,
}

/// A block of labels.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "shape of the schema only")]
pub(crate) struct BlockFile {
    /// Its first label.
    base: u32,
    /// How many there are.
    size: u32,
}

/// Lengths of the flavor NEXT-CSID (RFC 9800 section 4.1), in bits; together they are the locator.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "shape of the schema only")]
pub(crate) struct NextCsidFile {
    /// What all locators of a domain begin with: whole octets, usually 32.
    locator_block_length: u8,
    /// The number of the node: 16.
    locator_node_length: u8,
}

/// Maximum SID depths (RFC 8491, RFC 9352 section 4).
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "shape of the schema only")]
pub(crate) struct MsdFile {
    /// Labels that the node can push.
    mpls_imposition: Option<u8>,
    /// SIDs that it can encapsulate with.
    srv6_encaps: Option<u8>,
    /// Segments left that it can process.
    srv6_segments_left: Option<u8>,
    /// SIDs of a header from which it can pop.
    srv6_end_pop: Option<u8>,
    /// SIDs of a header under which it can decapsulate; as many as it can encapsulate with.
    srv6_end_d: Option<u8>,
}

/// An end of a link.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(untagged)]
pub(crate) enum EndFile {
    /// `node:interface`; the first colon parts them.
    Short(String),
    /// For nodes whose name has a colon.
    #[serde(rename_all = "camelCase")]
    Long {
        /// The node.
        node: NodeId,
        /// Its interface.
        interface: InterfaceName,
    },
}

/// A line between two routers.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("unevaluatedProperties" = false))]
pub(crate) struct LinkFile {
    /// Its name; made of its ends where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<LinkId>,
    /// The first end.
    pub a: EndFile,
    /// The other.
    pub z: EndFile,
    /// What the line is for, for instance `leased-line`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// What holds in both directions.
    #[serde(flatten)]
    pub both: DirectionFile,
    /// What holds only for traffic that leaves `a`.
    #[serde(skip_serializing_if = "DirectionFile::is_empty")]
    #[schemars(default)]
    pub a_to_z: DirectionFile,
    /// What holds only for traffic that leaves `z`.
    #[serde(skip_serializing_if = "DirectionFile::is_empty")]
    #[schemars(default)]
    pub z_to_a: DirectionFile,
    /// Administrative groups by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub affinity: Vec<Affinity>,
    /// Shared risks by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub srlg: Vec<String>,
    /// What the carrier promises.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contract: Option<ContractFile>,
    /// Encryption on the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption: Option<Encryption>,
    /// What it costs a month.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
}

/// What holds in one direction.
#[derive(Debug, Default, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DirectionFile {
    /// Capacity, for instance `100Mbps`; 1Gbps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<Bandwidth>,
    /// One-way delay, for instance `8.2ms`; none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<Delay>,
    /// Delay variation; none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jitter: Option<Jitter>,
    /// Loss, for instance `0.1%`; none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<Loss>,
    /// IGP metric; 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 16_777_215))]
    pub igp: Option<IgpMetric>,
    /// TE metric; the IGP metric.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub te: Option<TeMetric>,
    /// Label of the adjacency SID; by convention.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adjacency_label: Option<Label>,
    /// SRv6 End.X SID; by convention.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub end_x: Option<std::net::Ipv6Addr>,
}

impl DirectionFile {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What a carrier promises.
#[derive(Debug, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ContractFile {
    /// One-way delay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<Delay>,
    /// Delay variation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jitter: Option<Jitter>,
    /// Loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<Loss>,
}

/// The JSON Schema of native files (`trunkline schema network`).
pub fn network_schema() -> serde_json::Value {
    schemars::schema_for!(NetworkFile).to_value()
}
