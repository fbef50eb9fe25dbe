//! Address families: what kind of routes a session carries (RFC 4760 section 3, the IANA registries of AFI and SAFI).

use std::fmt;

/// An address family and its subsequent one.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Family {
    /// The address family.
    pub afi: u16,
    /// The subsequent address family.
    pub safi: u8,
}

impl Family {
    /// IPv4 unicast.
    pub const IPV4_UNICAST: Self = Self { afi: 1, safi: 1 };
    /// IPv6 unicast.
    pub const IPV6_UNICAST: Self = Self { afi: 2, safi: 1 };
    /// BGP-LS (RFC 9552 section 5.2).
    pub const LINK_STATE: Self = Self { afi: 16_388, safi: 71 };
    /// SR policies with an IPv4 endpoint (RFC 9830 section 2.1).
    pub const IPV4_SR_POLICY: Self = Self { afi: 1, safi: 73 };
    /// SR policies with an IPv6 endpoint (RFC 9830 section 2.1).
    pub const IPV6_SR_POLICY: Self = Self { afi: 2, safi: 73 };
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::IPV4_UNICAST => f.write_str("ipv4 unicast"),
            Self::IPV6_UNICAST => f.write_str("ipv6 unicast"),
            Self::LINK_STATE => f.write_str("link-state"),
            Self::IPV4_SR_POLICY => f.write_str("ipv4 sr-policy"),
            Self::IPV6_SR_POLICY => f.write_str("ipv6 sr-policy"),
            Self { afi, safi } => write!(f, "afi {afi} safi {safi}"),
        }
    }
}
