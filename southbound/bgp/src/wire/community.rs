//! Communities: what a route's receivers may do with it (RFC 1997, 4360, 8092).

use std::{fmt, net::Ipv4Addr};

/// A community (RFC 1997).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Community(pub u32);

impl Community {
    /// Not to be told to any other speaker (RFC 1997).
    pub const NO_ADVERTISE: Self = Self(0xffff_ff02);
    /// Not to leave the confederation.
    pub const NO_EXPORT: Self = Self(0xffff_ff01);
}

impl fmt::Display for Community {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NO_ADVERTISE => f.write_str("no-advertise"),
            Self::NO_EXPORT => f.write_str("no-export"),
            Self(number) => write!(f, "{}:{}", number >> 16, number & 0xffff),
        }
    }
}

/// An extended community (RFC 4360).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct ExtendedCommunity(pub [u8; 8]);

impl ExtendedCommunity {
    /// The route target of one router by its BGP identifier: format of an IPv4 address (RFC 4360 section 3.2 and 4). SR policies
    /// name their headend so (RFC 9830 section 4.2.1).
    pub const fn target(router: Ipv4Addr, number: u16) -> Self {
        let [a, b, c, d] = router.octets();
        let [high, low] = number.to_be_bytes();
        Self([0x01, 0x02, a, b, c, d, high, low])
    }

    /// The router that a route target of this format names.
    pub const fn target_router(self) -> Option<Ipv4Addr> {
        match self.0 {
            // The upper bit but one says only whether it crosses autonomous systems.
            [0x01 | 0x41, 0x02, a, b, c, d, _, _] => Some(Ipv4Addr::new(a, b, c, d)),
            _ => None,
        }
    }
}
