//! A link of the TED: one line, two directions, each with its own facts.

use std::{collections::BTreeSet, fmt, net::Ipv6Addr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    fact::Fact,
    id::{Affinity, InterfaceName, LinkId, NodeId},
    sr::Label,
    unit::{Bandwidth, Delay, IgpMetric, Jitter, Loss, Price, TeMetric},
};

/// One of the two ends of a link.
#[derive(Clone, Copy, Debug, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Side {
    /// The end that the file names first.
    A,
    /// The other.
    Z,
}

impl Side {
    /// The opposite end.
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::Z,
            Self::Z => Self::A,
        }
    }
}

/// One direction of a link: out of the end `from`.
#[derive(Clone, Debug, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct DirectedLink {
    /// The link.
    pub link: LinkId,
    /// The end at which traffic enters it.
    pub from: Side,
}

impl DirectedLink {
    /// The same link the other way.
    pub fn reversed(&self) -> Self {
        Self { link: self.link.clone(), from: self.from.other() }
    }
}

impl fmt::Display for DirectedLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arrow = match self.from {
            Side::A => ">",
            Side::Z => "<",
        };
        write!(f, "{}{arrow}", self.link)
    }
}

/// How a line is protected against listening in.
#[derive(Clone, Copy, Debug, Default, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encryption {
    /// Not at all.
    #[default]
    None,
    /// MACsec (IEEE 802.1AE) on the line.
    Macsec,
    /// IPsec (RFC 4301) over the line.
    Ipsec,
}

/// What the carrier of a leased line promises.
#[derive(Clone, Copy, Debug, Default, Eq, JsonSchema, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Contract {
    /// One-way delay.
    pub delay: Option<Delay>,
    /// Delay variation.
    pub jitter: Option<Jitter>,
    /// Loss.
    pub loss: Option<Loss>,
}

/// What holds in one direction of a link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Direction {
    /// Capacity.
    pub bandwidth: Fact<Bandwidth>,
    /// One-way delay as advertised or planned; measurements do not come here.
    pub delay: Fact<Delay>,
    /// Delay variation.
    pub jitter: Fact<Jitter>,
    /// Loss.
    pub loss: Fact<Loss>,
    /// IGP metric.
    pub igp: Fact<IgpMetric>,
    /// TE metric.
    pub te: Fact<TeMetric>,
    /// The label of the adjacency SID at the sending node (RFC 8667 section 2.2).
    pub adjacency_label: Option<Fact<Label>>,
    /// The SRv6 End.X SID at the sending node (RFC 8986 section 4.2).
    pub end_x: Option<Fact<Ipv6Addr>>,
}

/// Where a link meets a node.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Termination {
    /// The node.
    pub node: NodeId,
    /// Its interface.
    pub interface: InterfaceName,
}

/// A line between two nodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// Its name.
    pub id: LinkId,
    /// The first end.
    pub a: Termination,
    /// The second end.
    pub z: Termination,
    /// From `a` to `z`.
    pub a_to_z: Direction,
    /// From `z` to `a`.
    pub z_to_a: Direction,
    /// Administrative groups (RFC 7308).
    pub affinity: BTreeSet<Affinity>,
    /// Shared risks by name (RFC 4203 section 1.3): ducts, cables, carriers' rings.
    pub srlg: BTreeSet<String>,
    /// What the line is for, for instance `leased-line` or `core`. Alarm policies select by it.
    pub role: Option<String>,
    /// Encryption on the line.
    pub encryption: Encryption,
    /// What its carrier promises.
    pub contract: Contract,
    /// What it costs a month.
    pub price: Option<Price>,
}

impl Link {
    /// The end on that side.
    pub const fn end(&self, side: Side) -> &Termination {
        match side {
            Side::A => &self.a,
            Side::Z => &self.z,
        }
    }

    /// What holds for traffic that enters at that side.
    pub const fn direction(&self, from: Side) -> &Direction {
        match from {
            Side::A => &self.a_to_z,
            Side::Z => &self.z_to_a,
        }
    }

    /// The same, to change it.
    pub const fn direction_mut(&mut self, from: Side) -> &mut Direction {
        match from {
            Side::A => &mut self.a_to_z,
            Side::Z => &mut self.z_to_a,
        }
    }
}
