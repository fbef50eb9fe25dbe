//! Link-state routes: nodes, links, prefixes and SRv6 SIDs (RFC 9552 section 5.2, RFC 9514 section 6). Kinds that are not known
//! are kept as octets, as RFC 9552 wants; a route whose descriptors are wrong is left out, and the others stand.

use std::net::Ipv6Addr;

use ipnet::IpNet;
use nom::{
    Parser,
    number::complete::{be_u8, be_u64},
};

use super::descriptor::{IgpRouterId, LinkDescriptor, NodeDescriptor, PrefixDescriptor, SidDescriptor};
use crate::wire::octets::{Malformed, Out, Why, tlv};

const NODE: u16 = 1;
const LINK: u16 = 2;
const IPV4_PREFIX: u16 = 3;
const IPV6_PREFIX: u16 = 4;
const SRV6_SID: u16 = 6;

const LOCAL_NODE: u16 = 256;
const REMOTE_NODE: u16 = 257;

/// From which protocol a route is known (RFC 9552 section 5.2).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct ProtocolId(pub u8);

impl ProtocolId {
    /// IS-IS level 1.
    pub const ISIS_LEVEL_1: Self = Self(1);
    /// IS-IS level 2.
    pub const ISIS_LEVEL_2: Self = Self(2);
    /// OSPFv2.
    pub const OSPFV2: Self = Self(3);
    /// The node itself.
    pub const DIRECT: Self = Self(4);
    /// Configuration.
    pub const STATIC: Self = Self(5);
    /// OSPFv3.
    pub const OSPFV3: Self = Self(6);
    /// BGP (RFC 9086 section 4).
    pub const BGP: Self = Self(7);
}

/// In which instance of which protocol a route is known (RFC 9552 section 5.2).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Instance {
    /// The protocol.
    pub protocol: ProtocolId,
    /// The identifier of its domain; 0 is usual.
    pub identifier: u64,
}

/// The descriptors of a node, in the order of their codes.
pub type NodeKey = Vec<NodeDescriptor>;

/// A node (RFC 9552 section 5.2).
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct NodeNlri {
    /// Where it is known.
    pub instance: Instance,
    /// The node.
    pub node: NodeKey,
}

/// One direction of a link, or of one side of a LAN (RFC 9552 section 5.2).
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct LinkNlri {
    /// Where it is known.
    pub instance: Instance,
    /// From where it leads.
    pub local: NodeKey,
    /// To where it leads.
    pub remote: NodeKey,
    /// Which of the links between the two it is.
    pub link: Vec<LinkDescriptor>,
}

/// A prefix of a node (RFC 9552 section 5.2).
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct PrefixNlri {
    /// Where it is known.
    pub instance: Instance,
    /// IPv6 or IPv4.
    pub ipv6: bool,
    /// The node.
    pub node: NodeKey,
    /// The prefix.
    pub prefix: Vec<PrefixDescriptor>,
}

/// An SRv6 SID of a node (RFC 9514 section 6).
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct SidNlri {
    /// Where it is known.
    pub instance: Instance,
    /// The node.
    pub node: NodeKey,
    /// The SID.
    pub sid: Vec<SidDescriptor>,
}

/// A link-state route.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Nlri {
    /// A node.
    Node(NodeNlri),
    /// A link.
    Link(LinkNlri),
    /// A prefix.
    Prefix(PrefixNlri),
    /// An SRv6 SID.
    Sid(SidNlri),
    /// Of a kind that this crate does not know.
    Other {
        /// The kind.
        kind: u16,
        /// All of it.
        body: Vec<u8>,
    },
}

/// How the IGP calls a node.
pub fn igp_router_id(node: &[NodeDescriptor]) -> Option<IgpRouterId> {
    node.iter().find_map(|descriptor| match descriptor {
        NodeDescriptor::IgpRouterId(id) => Some(*id),
        _ => None,
    })
}

impl PrefixNlri {
    /// The prefix itself.
    pub fn net(&self) -> Option<IpNet> {
        self.prefix.iter().find_map(|descriptor| match descriptor {
            PrefixDescriptor::Reachability(net) => Some(*net),
            _ => None,
        })
    }
}

impl SidNlri {
    /// The SID itself.
    pub fn address(&self) -> Option<Ipv6Addr> {
        self.sid.iter().find_map(|descriptor| match descriptor {
            SidDescriptor::Sid(sid) => Some(*sid),
            _ => None,
        })
    }
}

impl Nlri {
    const fn kind(&self) -> u16 {
        match self {
            Self::Node(_) => NODE,
            Self::Link(_) => LINK,
            Self::Prefix(prefix) if prefix.ipv6 => IPV6_PREFIX,
            Self::Prefix(_) => IPV4_PREFIX,
            Self::Sid(_) => SRV6_SID,
            Self::Other { kind, .. } => *kind,
        }
    }

    /// How many octets it has on the wire.
    pub(crate) fn octets(&self) -> usize {
        let mut out = Out::new();
        self.encode(&mut out);
        out.len()
    }

    pub(crate) fn encode(&self, out: &mut Out) {
        out.u16(self.kind());
        out.sized16("a link-state route", |out| match self {
            Self::Node(nlri) => head(nlri.instance, &nlri.node, out),
            Self::Link(nlri) => {
                head(nlri.instance, &nlri.local, out);
                put_node(REMOTE_NODE, &nlri.remote, out);
                nlri.link.iter().for_each(|descriptor| descriptor.encode(out));
            }
            Self::Prefix(nlri) => {
                head(nlri.instance, &nlri.node, out);
                nlri.prefix.iter().for_each(|descriptor| descriptor.encode(out));
            }
            Self::Sid(nlri) => {
                head(nlri.instance, &nlri.node, out);
                nlri.sid.iter().for_each(|descriptor| descriptor.encode(out));
            }
            Self::Other { body, .. } => out.put(body),
        });
    }

    /// All routes of an attribute, and what was wrong with those that are left out: their lengths hold, their content does not
    /// (RFC 9552 section 8.2.2).
    pub(crate) fn decode_all(mut octets: &[u8]) -> Result<(Vec<Self>, Vec<Malformed>), Malformed> {
        let (mut all, mut left_out) = (Vec::new(), Vec::new());
        while !octets.is_empty() {
            let short = |_| Malformed::new("link-state route", Why::Short { have: octets.len() });
            let (rest, (kind, body)) = tlv(octets).map_err(short)?;
            octets = rest;
            match Self::decode(kind, body) {
                Ok(nlri) => all.push(nlri),
                Err(malformed) => left_out.push(malformed),
            }
        }
        Ok((all, left_out))
    }

    fn decode(kind: u16, body: &[u8]) -> Result<Self, Malformed> {
        if ![NODE, LINK, IPV4_PREFIX, IPV6_PREFIX, SRV6_SID].contains(&kind) {
            return Ok(Self::Other { kind, body: body.to_vec() });
        }
        let short = |_| Malformed::new("link-state route", Why::Short { have: body.len() });
        let (rest, (protocol, identifier)) =
            (be_u8::<_, nom::error::Error<_>>, be_u64).parse(body).map_err(short)?;
        let instance = Instance { protocol: ProtocolId(protocol), identifier };
        let (rest, node) = node(LOCAL_NODE, rest)?;
        Ok(match kind {
            NODE => {
                // RFC 9552 section 5.2: what follows the descriptors that are known has no meaning yet.
                descriptors("node", rest, |code, _| Ok(code))?;
                Self::Node(NodeNlri { instance, node })
            }
            LINK => {
                let (rest, remote) = self::node(REMOTE_NODE, rest)?;
                let link = descriptors("link descriptor", rest, LinkDescriptor::decode)?;
                Self::Link(LinkNlri { instance, local: node, remote, link })
            }
            SRV6_SID => {
                let sid = descriptors("srv6 sid descriptor", rest, SidDescriptor::decode)?;
                Self::Sid(SidNlri { instance, node, sid })
            }
            _ => {
                let ipv6 = kind == IPV6_PREFIX;
                let read = |code, value: &[u8]| PrefixDescriptor::decode(ipv6, code, value);
                let prefix = descriptors("prefix descriptor", rest, read)?;
                Self::Prefix(PrefixNlri { instance, ipv6, node, prefix })
            }
        })
    }
}

fn head(instance: Instance, node: &[NodeDescriptor], out: &mut Out) {
    out.u8(instance.protocol.0);
    out.u64(instance.identifier);
    put_node(LOCAL_NODE, node, out);
}

fn put_node(code: u16, node: &[NodeDescriptor], out: &mut Out) {
    out.tlv(code, |out| node.iter().for_each(|descriptor| descriptor.encode(out)));
}

/// A node, which has to come first.
fn node(code: u16, octets: &[u8]) -> Result<(&[u8], NodeKey), Malformed> {
    let missing = Malformed::new("link-state route", Why::Missing(code));
    let (rest, (found, value)) = tlv(octets).map_err(|_| missing)?;
    if found != code {
        return Err(missing);
    }
    Ok((rest, descriptors("node descriptor", value, NodeDescriptor::decode)?))
}

/// Descriptors in ascending order (RFC 9552 section 5.1): equal routes have equal octets only so.
fn descriptors<T>(
    what: &'static str,
    mut octets: &[u8],
    reader: impl Fn(u16, &[u8]) -> Result<T, Malformed>,
) -> Result<Vec<T>, Malformed> {
    let mut all = Vec::new();
    let mut last: Option<(u16, usize, &[u8])> = None;
    while !octets.is_empty() {
        let (rest, (code, value)) =
            tlv(octets).map_err(|_| Malformed::new(what, Why::Short { have: octets.len() }))?;
        octets = rest;
        let place = (code, value.len(), value);
        if last.is_some_and(|last| last > place) {
            return Err(Malformed::new(what, Why::Order(code)));
        }
        last = Some(place);
        all.push(reader(code, value)?);
    }
    Ok(all)
}
