//! The BGP-LS attribute: TLVs of one registry (RFC 9552 section 5.3, the IANA registry of BGP-LS TLVs).

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{
    asla::{self, Asla},
    descriptor::{put_topologies, topologies},
    flexalgo::FlexAlgoTlv,
    link::LinkTlv,
    nested::Nested,
    node::NodeTlv,
    performance::PerformanceTlv,
    prefix::PrefixTlv,
    sr::SrTlv,
    srv6::Srv6Tlv,
};
use crate::wire::octets::{Malformed, Out, Tlv, Why, ipv4, ipv6, tlvs, whole};

/// TLVs in TLVs in TLVs: bundle members hold SIDs, and those hold their structure.
const DEEPEST: u8 = 4;

/// What BGP-LS says of a route.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct LsAttribute {
    /// Its TLVs, in the order in which they came.
    pub tlvs: Vec<LsTlv>,
}

/// One statement.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LsTlv {
    /// Topologies in which it holds (263).
    MultiTopology(Vec<u16>),
    /// The TE router id of the node, or of the link's near end (1028).
    LocalIpv4(Ipv4Addr),
    /// The same in IPv6 (1029).
    LocalIpv6(Ipv6Addr),
    /// The TE router id of the link's far end (1030).
    RemoteIpv4(Ipv4Addr),
    /// The same in IPv6 (1031).
    RemoteIpv6(Ipv6Addr),
    /// Of a node.
    Node(NodeTlv),
    /// Of a link.
    Link(LinkTlv),
    /// Of a prefix.
    Prefix(PrefixTlv),
    /// Of segment routing with MPLS.
    Sr(SrTlv<LsTlv>),
    /// Of segment routing with IPv6.
    Srv6(Srv6Tlv<LsTlv>),
    /// Of a link's performance.
    Performance(PerformanceTlv),
    /// Of a link, for some applications only.
    Asla(Asla<LsTlv>),
    /// Of flexible algorithms.
    FlexAlgo(FlexAlgoTlv),
    /// One that this crate does not know.
    Unknown(Tlv),
}

impl LsAttribute {
    /// How many octets it has on the wire.
    pub(crate) fn octets(&self) -> usize {
        let mut out = Out::new();
        self.encode(&mut out);
        out.len()
    }

    pub(crate) fn encode(&self, out: &mut Out) {
        self.tlvs.iter().for_each(|tlv| tlv.encode(out));
    }

    pub(crate) fn decode(value: &[u8]) -> Result<Self, Malformed> {
        Ok(Self { tlvs: LsTlv::decode_all(value, 0)? })
    }
}

impl LsTlv {
    /// Its type.
    pub const fn code(&self) -> u16 {
        match self {
            Self::MultiTopology(_) => 263,
            Self::LocalIpv4(_) => 1028,
            Self::LocalIpv6(_) => 1029,
            Self::RemoteIpv4(_) => 1030,
            Self::RemoteIpv6(_) => 1031,
            Self::Node(tlv) => tlv.code(),
            Self::Link(tlv) => tlv.code(),
            Self::Prefix(tlv) => tlv.code(),
            Self::Sr(tlv) => tlv.code(),
            Self::Srv6(tlv) => tlv.code(),
            Self::Performance(tlv) => tlv.code(),
            Self::Asla(_) => asla::CODE,
            Self::FlexAlgo(tlv) => tlv.code(),
            Self::Unknown(tlv) => tlv.code,
        }
    }

    fn decode(code: u16, value: &[u8], depth: u8) -> Result<Self, Malformed> {
        match code {
            263 => return topologies(value).map(Self::MultiTopology),
            1028 => return whole("local router id", value, ipv4).map(Self::LocalIpv4),
            1029 => return whole("local router id", value, ipv6).map(Self::LocalIpv6),
            1030 => return whole("remote router id", value, ipv4).map(Self::RemoteIpv4),
            1031 => return whole("remote router id", value, ipv6).map(Self::RemoteIpv6),
            asla::CODE => return Asla::decode(value, depth).map(Self::Asla),
            _ => {}
        }
        if let Some(tlv) = NodeTlv::decode(code, value)? {
            return Ok(Self::Node(tlv));
        }
        if let Some(tlv) = LinkTlv::decode(code, value)? {
            return Ok(Self::Link(tlv));
        }
        if let Some(tlv) = PerformanceTlv::decode(code, value)? {
            return Ok(Self::Performance(tlv));
        }
        if let Some(tlv) = SrTlv::decode(code, value, depth)? {
            return Ok(Self::Sr(tlv));
        }
        if let Some(tlv) = Srv6Tlv::decode(code, value, depth)? {
            return Ok(Self::Srv6(tlv));
        }
        if let Some(tlv) = PrefixTlv::decode(code, value)? {
            return Ok(Self::Prefix(tlv));
        }
        if let Some(tlv) = FlexAlgoTlv::decode(code, value)? {
            return Ok(Self::FlexAlgo(tlv));
        }
        Ok(Self::Unknown(Tlv { code, value: value.to_vec() }))
    }
}

impl Nested for LsTlv {
    fn encode(&self, out: &mut Out) {
        out.tlv(self.code(), |out| match self {
            Self::MultiTopology(all) => put_topologies(all, out),
            Self::LocalIpv4(address) | Self::RemoteIpv4(address) => out.put(&address.octets()),
            Self::LocalIpv6(address) | Self::RemoteIpv6(address) => out.put(&address.octets()),
            Self::Node(tlv) => tlv.encode(out),
            Self::Link(tlv) => tlv.encode(out),
            Self::Prefix(tlv) => tlv.encode(out),
            Self::Sr(tlv) => tlv.encode(out),
            Self::Srv6(tlv) => tlv.encode(out),
            Self::Performance(tlv) => tlv.encode(out),
            Self::Asla(asla) => asla.encode(out),
            Self::FlexAlgo(tlv) => tlv.encode(out),
            Self::Unknown(tlv) => out.put(&tlv.value),
        });
    }

    fn decode_all(octets: &[u8], depth: u8) -> Result<Vec<Self>, Malformed> {
        if depth > DEEPEST {
            return Err(Malformed::new("link-state attribute", Why::Depth));
        }
        tlvs("link-state attribute", octets, |code, value| Self::decode(code, value, depth))
    }
}
