//! MP_REACH_NLRI and MP_UNREACH_NLRI: routes of any family (RFC 4760 section 3 and 4).

use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use nom::{
    Parser,
    multi::length_data,
    number::complete::{be_u8, be_u16},
};

use super::{
    family::Family,
    octets::{Malformed, Out, Read, Why, ipv4, ipv6, series, whole},
    prefix,
};
use crate::{ls::Nlri as LsNlri, policy::PolicyNlri};

/// Where a route leads next (RFC 4760 section 3, RFC 2545 section 3, RFC 8950).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum NextHop {
    /// An address.
    Address(IpAddr),
    /// A global and a link-local address.
    Both(Ipv6Addr, Ipv6Addr),
    /// Of a family that this crate does not know.
    Other(Vec<u8>),
}

/// Routes of one family.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Nlri {
    /// BGP-LS (RFC 9552).
    LinkState(Vec<LsNlri>),
    /// SR policies (RFC 9830), of the family of their endpoints.
    SrPolicy(Family, Vec<PolicyNlri>),
    /// IPv4 unicast.
    Ipv4(Vec<Ipv4Net>),
    /// IPv6 unicast.
    Ipv6(Vec<Ipv6Net>),
    /// Of a family that this crate does not know.
    Other(Family, Vec<u8>),
}

impl Nlri {
    /// The family of these routes.
    pub const fn family(&self) -> Family {
        match self {
            Self::LinkState(_) => Family::LINK_STATE,
            Self::SrPolicy(family, _) | Self::Other(family, _) => *family,
            Self::Ipv4(_) => Family::IPV4_UNICAST,
            Self::Ipv6(_) => Family::IPV6_UNICAST,
        }
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        match self {
            Self::LinkState(all) => all.is_empty(),
            Self::SrPolicy(_, all) => all.is_empty(),
            Self::Ipv4(all) => all.is_empty(),
            Self::Ipv6(all) => all.is_empty(),
            Self::Other(_, octets) => octets.is_empty(),
        }
    }

    fn encode(&self, out: &mut Out) {
        match self {
            Self::LinkState(all) => all.iter().for_each(|nlri| nlri.encode(out)),
            Self::SrPolicy(_, all) => all.iter().for_each(|nlri| nlri.encode(out)),
            Self::Ipv4(all) => all.iter().for_each(|net| prefix::put(IpNet::V4(*net), out)),
            Self::Ipv6(all) => all.iter().for_each(|net| prefix::put(IpNet::V6(*net), out)),
            Self::Other(_, octets) => out.put(octets),
        }
    }

    /// Reads routes. Link-state NLRIs of which only the content is wrong are left out and given apart.
    fn decode(family: Family, octets: &[u8]) -> Result<(Self, Vec<Malformed>), Malformed> {
        let mut left_out = Vec::new();
        let all = match family {
            Family::LINK_STATE => {
                let (all, bad) = LsNlri::decode_all(octets)?;
                left_out = bad;
                Self::LinkState(all)
            }
            Family::IPV4_SR_POLICY | Family::IPV6_SR_POLICY => {
                Self::SrPolicy(family, PolicyNlri::decode_all(family, octets)?)
            }
            Family::IPV4_UNICAST => Self::Ipv4(series("ipv4 prefix", octets, prefix::prefix4)?),
            Family::IPV6_UNICAST => Self::Ipv6(series("ipv6 prefix", octets, prefix::prefix6)?),
            _ => Self::Other(family, octets.to_vec()),
        };
        Ok((all, left_out))
    }
}

/// Routes that came (RFC 4760 section 3).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reach {
    /// Where they lead next.
    pub next_hop: NextHop,
    /// The routes.
    pub nlri: Nlri,
}

/// Routes that went (RFC 4760 section 4).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unreach(pub Nlri);

fn family(octets: &[u8]) -> Read<'_, Family> {
    (be_u16, be_u8).map(|(afi, safi)| Family { afi, safi }).parse(octets)
}

impl NextHop {
    /// The length decides. Of families that are known, no other may come: where the routes begin is in doubt then.
    fn decode(family: Family, octets: &[u8]) -> Result<Self, Malformed> {
        let what = "next hop";
        match octets.len() {
            4 => whole(what, octets, ipv4).map(|address| Self::Address(address.into())),
            16 => whole(what, octets, ipv6).map(|address| Self::Address(address.into())),
            32 => whole(what, octets, (ipv6, ipv6)).map(|(global, local)| Self::Both(global, local)),
            got => match family {
                Family::LINK_STATE
                | Family::IPV4_SR_POLICY
                | Family::IPV6_SR_POLICY
                | Family::IPV4_UNICAST
                | Family::IPV6_UNICAST => Err(Malformed::length(what, got)),
                _ => Ok(Self::Other(octets.to_vec())),
            },
        }
    }

    fn encode(&self, out: &mut Out) {
        match self {
            Self::Address(IpAddr::V4(address)) => out.put(&address.octets()),
            Self::Address(IpAddr::V6(address)) => out.put(&address.octets()),
            Self::Both(global, local) => {
                out.put(&global.octets());
                out.put(&local.octets());
            }
            Self::Other(octets) => out.put(octets),
        }
    }
}

impl Reach {
    pub(crate) fn encode(&self, out: &mut Out) {
        let family = self.nlri.family();
        out.u16(family.afi);
        out.u8(family.safi);
        out.sized8("a next hop", |out| self.next_hop.encode(out));
        out.u8(0);
        self.nlri.encode(out);
    }

    pub(crate) fn decode(value: &[u8]) -> Result<(Self, Vec<Malformed>), Malformed> {
        let short = |_| Malformed::new("mp_reach_nlri", Why::Short { have: value.len() });
        let (octets, (family, hop, _)) = (family, length_data(be_u8), be_u8).parse(value).map_err(short)?;
        let next_hop = NextHop::decode(family, hop)?;
        let (nlri, left_out) = Nlri::decode(family, octets)?;
        Ok((Self { next_hop, nlri }, left_out))
    }
}

impl Unreach {
    pub(crate) fn encode(&self, out: &mut Out) {
        let family = self.0.family();
        out.u16(family.afi);
        out.u8(family.safi);
        self.0.encode(out);
    }

    pub(crate) fn decode(value: &[u8]) -> Result<(Self, Vec<Malformed>), Malformed> {
        let short = |_| Malformed::new("mp_unreach_nlri", Why::Short { have: value.len() });
        let (octets, family) = family(value).map_err(short)?;
        let (nlri, left_out) = Nlri::decode(family, octets)?;
        Ok((Self(nlri), left_out))
    }
}
