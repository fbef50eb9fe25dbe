//! What BGP-LS says of prefixes (RFC 9552 section 5.3.3, flags and sources from RFC 9085 section 2.3).

use std::net::IpAddr;

use nom::{
    Parser,
    number::complete::{be_u8, be_u32, be_u64},
};

use super::link::words;
use crate::wire::octets::{Malformed, Out, ipv4, ipv6, series, whole};

/// A statement on a prefix.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PrefixTlv {
    /// Bits of the IGP (1152).
    IgpFlags(u8),
    /// Route tags (1153).
    Tags(Vec<u32>),
    /// Route tags of 64 bits (1154).
    ExtendedTags(Vec<u64>),
    /// The metric (1155).
    Metric(u32),
    /// The OSPF forwarding address (1156).
    ForwardingAddress(IpAddr),
    /// What only its own kind understands (1157).
    Opaque(Vec<u8>),
    /// Bits of the IGP's own TLV, in as many octets as that has (1170, RFC 9085 section 2.3.2).
    AttributeFlags(Vec<u8>),
    /// The router that it comes from (1171, RFC 9085 section 2.3.3).
    SourceRouter(IpAddr),
}

impl PrefixTlv {
    pub(super) const fn code(&self) -> u16 {
        match self {
            Self::IgpFlags(_) => 1152,
            Self::Tags(_) => 1153,
            Self::ExtendedTags(_) => 1154,
            Self::Metric(_) => 1155,
            Self::ForwardingAddress(_) => 1156,
            Self::Opaque(_) => 1157,
            Self::AttributeFlags(_) => 1170,
            Self::SourceRouter(_) => 1171,
        }
    }

    pub(super) fn encode(&self, out: &mut Out) {
        match self {
            Self::IgpFlags(bits) => out.u8(*bits),
            Self::Tags(all) => all.iter().for_each(|tag| out.u32(*tag)),
            Self::ExtendedTags(all) => all.iter().for_each(|tag| out.u64(*tag)),
            Self::Metric(metric) => out.u32(*metric),
            Self::ForwardingAddress(IpAddr::V4(address)) | Self::SourceRouter(IpAddr::V4(address)) => {
                out.put(&address.octets());
            }
            Self::ForwardingAddress(IpAddr::V6(address)) | Self::SourceRouter(IpAddr::V6(address)) => {
                out.put(&address.octets());
            }
            Self::Opaque(octets) | Self::AttributeFlags(octets) => out.put(octets),
        }
    }

    pub(super) fn decode(code: u16, value: &[u8]) -> Result<Option<Self>, Malformed> {
        Ok(Some(match code {
            1152 => Self::IgpFlags(whole("igp flags", value, be_u8)?),
            1153 => Self::Tags(words("route tags", value)?),
            1154 => Self::ExtendedTags(series("extended route tags", value, be_u64)?),
            1155 => Self::Metric(whole("prefix metric", value, be_u32)?),
            1156 => Self::ForwardingAddress(address("forwarding address", value)?),
            1157 => Self::Opaque(value.to_vec()),
            1170 => Self::AttributeFlags(value.to_vec()),
            1171 => Self::SourceRouter(address("source router id", value)?),
            _ => return Ok(None),
        }))
    }
}

fn address(what: &'static str, value: &[u8]) -> Result<IpAddr, Malformed> {
    match value.len() {
        4 => whole(what, value, ipv4.map(IpAddr::V4)),
        _ => whole(what, value, ipv6.map(IpAddr::V6)),
    }
}
