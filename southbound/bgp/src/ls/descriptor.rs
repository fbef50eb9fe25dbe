//! Descriptors: what a node, link, prefix or SID is recognised by (RFC 9552 section 5.2.1 to 5.2.3, RFC 9086 section 4, RFC 9514
//! section 6). They are part of a route's key, so that one that is not known is kept too.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use nom::number::complete::{be_u8, be_u16, be_u32};

use crate::wire::{
    octets::{Malformed, Out, Tlv, Why, array, ipv4, ipv6, series, whole},
    prefix,
};

/// How an IGP calls a router (RFC 9552 section 5.2.1.4).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum IgpRouterId {
    /// OSPF, BGP, or a static or direct protocol.
    Router(Ipv4Addr),
    /// IS-IS: the system id.
    Isis([u8; 6]),
    /// IS-IS: a LAN, by the system id of its designated router and the circuit.
    IsisLan([u8; 6], u8),
    /// OSPF: a LAN, by its designated router and that router's interface (for OSPFv3: the interface's number).
    OspfLan(Ipv4Addr, [u8; 4]),
}

impl IgpRouterId {
    /// Whether it is a LAN and not a router.
    pub const fn is_lan(&self) -> bool {
        matches!(self, Self::IsisLan(..) | Self::OspfLan(..))
    }
}

impl std::fmt::Display for IgpRouterId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let system = |[a, b, c, d, e, g]: [u8; 6]| format!("{a:02x}{b:02x}.{c:02x}{d:02x}.{e:02x}{g:02x}");
        match self {
            Self::Router(address) => write!(f, "{address}"),
            Self::Isis(id) => f.write_str(&system(*id)),
            Self::IsisLan(id, circuit) => write!(f, "{}.{circuit:02x}", system(*id)),
            Self::OspfLan(router, interface) => write!(f, "{router}-{}", Ipv4Addr::from(*interface)),
        }
    }
}

/// What a node is recognised by (RFC 9552 section 5.2.1.4).
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum NodeDescriptor {
    /// Its autonomous system (512).
    AutonomousSystem(u32),
    /// The BGP-LS identifier, which RFC 9552 deprecates (513).
    BgpLsIdentifier(u32),
    /// Its OSPF area (514).
    OspfArea(u32),
    /// How its IGP calls it (515).
    IgpRouterId(IgpRouterId),
    /// Its BGP identifier (516, RFC 9086 section 4.1).
    BgpRouterId(Ipv4Addr),
    /// Its member of a confederation (517, RFC 9086 section 4.1).
    ConfederationMember(u32),
    /// Another.
    Unknown(Tlv),
}

impl NodeDescriptor {
    const fn code(&self) -> u16 {
        match self {
            Self::AutonomousSystem(_) => 512,
            Self::BgpLsIdentifier(_) => 513,
            Self::OspfArea(_) => 514,
            Self::IgpRouterId(_) => 515,
            Self::BgpRouterId(_) => 516,
            Self::ConfederationMember(_) => 517,
            Self::Unknown(tlv) => tlv.code,
        }
    }

    pub(super) fn encode(&self, out: &mut Out) {
        out.tlv(self.code(), |out| match self {
            Self::AutonomousSystem(number)
            | Self::BgpLsIdentifier(number)
            | Self::OspfArea(number)
            | Self::ConfederationMember(number) => out.u32(*number),
            Self::BgpRouterId(address) => out.put(&address.octets()),
            Self::IgpRouterId(id) => match id {
                IgpRouterId::Router(address) => out.put(&address.octets()),
                IgpRouterId::Isis(id) => out.put(id),
                IgpRouterId::IsisLan(id, circuit) => {
                    out.put(id);
                    out.u8(*circuit);
                }
                IgpRouterId::OspfLan(router, interface) => {
                    out.put(&router.octets());
                    out.put(interface);
                }
            },
            Self::Unknown(tlv) => out.put(&tlv.value),
        });
    }

    pub(super) fn decode(code: u16, value: &[u8]) -> Result<Self, Malformed> {
        let number = |what| whole(what, value, be_u32);
        Ok(match code {
            512 => Self::AutonomousSystem(number("autonomous system")?),
            513 => Self::BgpLsIdentifier(number("bgp-ls identifier")?),
            514 => Self::OspfArea(number("ospf area")?),
            515 => Self::IgpRouterId(igp_router_id(value)?),
            516 => Self::BgpRouterId(whole("bgp router id", value, ipv4)?),
            517 => Self::ConfederationMember(number("confederation member")?),
            _ => Self::Unknown(Tlv { code, value: value.to_vec() }),
        })
    }
}

fn igp_router_id(value: &[u8]) -> Result<IgpRouterId, Malformed> {
    let what = "igp router id";
    match value.len() {
        4 => whole(what, value, ipv4).map(IgpRouterId::Router),
        6 => whole(what, value, array::<6>).map(IgpRouterId::Isis),
        7 => whole(what, value, (array::<6>, be_u8)).map(|(id, circuit)| IgpRouterId::IsisLan(id, circuit)),
        8 => {
            whole(what, value, (ipv4, array::<4>)).map(|(id, interface)| IgpRouterId::OspfLan(id, interface))
        }
        got => Err(Malformed::length(what, got)),
    }
}

/// What a link is recognised by, beside its nodes (RFC 9552 section 5.2.2).
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum LinkDescriptor {
    /// The numbers of the interfaces at both ends (258).
    Numbers {
        /// At the local node.
        local: u32,
        /// At the remote node; 0 when it is not known.
        remote: u32,
    },
    /// The address of the interface (259).
    Ipv4Interface(Ipv4Addr),
    /// The address of the interface at the remote node (260).
    Ipv4Neighbour(Ipv4Addr),
    /// The address of the interface (261).
    Ipv6Interface(Ipv6Addr),
    /// The address of the interface at the remote node (262).
    Ipv6Neighbour(Ipv6Addr),
    /// Topologies to which it belongs (263).
    MultiTopology(Vec<u16>),
    /// Another.
    Unknown(Tlv),
}

impl LinkDescriptor {
    const fn code(&self) -> u16 {
        match self {
            Self::Numbers { .. } => 258,
            Self::Ipv4Interface(_) => 259,
            Self::Ipv4Neighbour(_) => 260,
            Self::Ipv6Interface(_) => 261,
            Self::Ipv6Neighbour(_) => 262,
            Self::MultiTopology(_) => 263,
            Self::Unknown(tlv) => tlv.code,
        }
    }

    pub(super) fn encode(&self, out: &mut Out) {
        out.tlv(self.code(), |out| match self {
            Self::Numbers { local, remote } => {
                out.u32(*local);
                out.u32(*remote);
            }
            Self::Ipv4Interface(address) | Self::Ipv4Neighbour(address) => out.put(&address.octets()),
            Self::Ipv6Interface(address) | Self::Ipv6Neighbour(address) => out.put(&address.octets()),
            Self::MultiTopology(all) => put_topologies(all, out),
            Self::Unknown(tlv) => out.put(&tlv.value),
        });
    }

    pub(super) fn decode(code: u16, value: &[u8]) -> Result<Self, Malformed> {
        Ok(match code {
            258 => {
                let (local, remote) = whole("link identifiers", value, (be_u32, be_u32))?;
                Self::Numbers { local, remote }
            }
            259 => Self::Ipv4Interface(whole("ipv4 interface address", value, ipv4)?),
            260 => Self::Ipv4Neighbour(whole("ipv4 neighbour address", value, ipv4)?),
            261 => Self::Ipv6Interface(whole("ipv6 interface address", value, ipv6)?),
            262 => Self::Ipv6Neighbour(whole("ipv6 neighbour address", value, ipv6)?),
            263 => Self::MultiTopology(topologies(value)?),
            _ => Self::Unknown(Tlv { code, value: value.to_vec() }),
        })
    }
}

/// What a prefix is recognised by, beside its node (RFC 9552 section 5.2.3).
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum PrefixDescriptor {
    /// Topologies to which it belongs (263).
    MultiTopology(Vec<u16>),
    /// Of which kind it is in OSPF (264).
    OspfRouteType(u8),
    /// The prefix (265).
    Reachability(IpNet),
    /// Another.
    Unknown(Tlv),
}

impl PrefixDescriptor {
    const fn code(&self) -> u16 {
        match self {
            Self::MultiTopology(_) => 263,
            Self::OspfRouteType(_) => 264,
            Self::Reachability(_) => 265,
            Self::Unknown(tlv) => tlv.code,
        }
    }

    pub(super) fn encode(&self, out: &mut Out) {
        out.tlv(self.code(), |out| match self {
            Self::MultiTopology(all) => put_topologies(all, out),
            Self::OspfRouteType(kind) => out.u8(*kind),
            Self::Reachability(net) => prefix::put(*net, out),
            Self::Unknown(tlv) => out.put(&tlv.value),
        });
    }

    /// Reads one of an IPv6 or an IPv4 prefix.
    pub(super) fn decode(ipv6: bool, code: u16, value: &[u8]) -> Result<Self, Malformed> {
        Ok(match code {
            263 => Self::MultiTopology(topologies(value)?),
            264 => Self::OspfRouteType(whole("ospf route type", value, be_u8)?),
            265 if ipv6 => Self::Reachability(IpNet::V6(whole("prefix", value, prefix::prefix6)?)),
            265 => Self::Reachability(IpNet::V4(whole("prefix", value, prefix::prefix4)?)),
            _ => Self::Unknown(Tlv { code, value: value.to_vec() }),
        })
    }
}

/// What an SRv6 SID is recognised by, beside its node (RFC 9514 section 6.1).
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum SidDescriptor {
    /// Topologies to which it belongs (263).
    MultiTopology(Vec<u16>),
    /// The SID (518).
    Sid(Ipv6Addr),
    /// Another.
    Unknown(Tlv),
}

impl SidDescriptor {
    const fn code(&self) -> u16 {
        match self {
            Self::MultiTopology(_) => 263,
            Self::Sid(_) => 518,
            Self::Unknown(tlv) => tlv.code,
        }
    }

    pub(super) fn encode(&self, out: &mut Out) {
        out.tlv(self.code(), |out| match self {
            Self::MultiTopology(all) => put_topologies(all, out),
            Self::Sid(sid) => out.put(&sid.octets()),
            Self::Unknown(tlv) => out.put(&tlv.value),
        });
    }

    pub(super) fn decode(code: u16, value: &[u8]) -> Result<Self, Malformed> {
        Ok(match code {
            263 => Self::MultiTopology(topologies(value)?),
            518 => Self::Sid(whole("srv6 sid", value, ipv6)?),
            _ => Self::Unknown(Tlv { code, value: value.to_vec() }),
        })
    }
}

pub(super) fn put_topologies(all: &[u16], out: &mut Out) {
    all.iter().for_each(|id| out.u16(*id));
}

/// Multi-topology ids, the low 12 bits of each; the other four are reserved and kept as they came, because a route is recognised
/// by them (RFC 9552 section 5.2.2.1).
pub(super) fn topologies(value: &[u8]) -> Result<Vec<u16>, Malformed> {
    if value.is_empty() {
        return Err(Malformed::new("multi-topology ids", Why::Length { got: 0 }));
    }
    series("multi-topology ids", value, be_u16)
}
