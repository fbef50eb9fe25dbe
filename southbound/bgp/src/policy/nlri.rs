//! The route of a candidate path: distinguisher, color, endpoint (RFC 9830 section 2.1).

use std::net::IpAddr;

use nom::{
    Parser,
    number::complete::{be_u8, be_u32},
};

use crate::wire::{
    family::Family,
    octets::{Malformed, Out, ipv4, ipv6, series},
};

/// One candidate path of a policy.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct PolicyNlri {
    /// Tells candidate paths of one policy apart.
    pub distinguisher: u32,
    /// The color of the policy.
    pub color: u32,
    /// Where the policy ends; unspecified for anywhere.
    pub endpoint: IpAddr,
}

const IPV4_BITS: u8 = 96;
const IPV6_BITS: u8 = 192;

impl PolicyNlri {
    /// The family in which it travels.
    pub const fn family(&self) -> Family {
        match self.endpoint {
            IpAddr::V4(_) => Family::IPV4_SR_POLICY,
            IpAddr::V6(_) => Family::IPV6_SR_POLICY,
        }
    }

    pub(crate) fn encode(&self, out: &mut Out) {
        out.u8(if self.endpoint.is_ipv4() { IPV4_BITS } else { IPV6_BITS });
        out.u32(self.distinguisher);
        out.u32(self.color);
        match self.endpoint {
            IpAddr::V4(address) => out.put(&address.octets()),
            IpAddr::V6(address) => out.put(&address.octets()),
        }
    }

    /// All routes of one family. A length that the family does not have makes the rest unreadable.
    pub(crate) fn decode_all(family: Family, octets: &[u8]) -> Result<Vec<Self>, Malformed> {
        let v4 = family == Family::IPV4_SR_POLICY;
        let raw = series("sr policy route", octets, |octets| {
            let (octets, (bits, distinguisher, color)) = (be_u8, be_u32, be_u32).parse(octets)?;
            let (octets, endpoint) = match (v4, bits) {
                (true, IPV4_BITS) => ipv4.map(|address| Some(IpAddr::V4(address))).parse(octets)?,
                (false, IPV6_BITS) => ipv6.map(|address| Some(IpAddr::V6(address))).parse(octets)?,
                _ => (octets, None),
            };
            let nlri = endpoint.map(|endpoint| Self { distinguisher, color, endpoint });
            Ok((octets, nlri.ok_or(bits)))
        })?;
        let bad = |bits: u8| Malformed::length("sr policy route", usize::from(bits.div_ceil(8)));
        raw.into_iter().map(|nlri| nlri.map_err(bad)).collect()
    }
}
