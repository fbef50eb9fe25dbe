//! What BGP-LS says of nodes (RFC 9552 section 5.3.1, MSD from RFC 8814).

use nom::{Parser, number::complete::be_u8};

use crate::wire::octets::{Malformed, Out, series, whole};

/// Maximum SID depths by type (the IANA registry of IGP MSD types).
pub type Depths = Vec<(u8, u8)>;

/// Types of maximum SID depths.
pub mod msd {
    /// Labels that can be pushed, all together (RFC 8491 section 5).
    pub const BASE_MPLS_IMPOSITION: u8 = 1;
    /// Entropy readable label depth (RFC 9088 section 4).
    pub const ERLD: u8 = 2;
    /// SRv6: the largest value of Segments Left that can be processed (RFC 9352 section 4.1).
    pub const SRV6_SEGMENTS_LEFT: u8 = 41;
    /// SRv6: SIDs of a header that can be popped (RFC 9352 section 4.2).
    pub const SRV6_END_POP: u8 = 42;
    /// SRv6: SIDs that H.Encaps can push (RFC 9352 section 4.3).
    pub const SRV6_H_ENCAPS: u8 = 44;
    /// SRv6: SIDs of a header under which can be decapsulated (RFC 9352 section 4.4).
    pub const SRV6_END_D: u8 = 45;
}

/// A statement on a node.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum NodeTlv {
    /// Maximum SID depths (266).
    Msd(Depths),
    /// Bits, see [`NodeTlv::OVERLOAD`] and its siblings (1024).
    Flags(u8),
    /// What only its own kind understands (1025).
    Opaque(Vec<u8>),
    /// Its name (1026).
    Name(String),
    /// An IS-IS area to which it belongs (1027).
    IsisArea(Vec<u8>),
}

impl NodeTlv {
    /// It takes no transit traffic.
    pub const OVERLOAD: u8 = 0x80;
    /// It is attached to another area.
    pub const ATTACHED: u8 = 0x40;
    /// It leads out of the OSPF domain.
    pub const EXTERNAL: u8 = 0x20;
    /// It stands between OSPF areas.
    pub const AREA_BORDER: u8 = 0x10;

    pub(super) const fn code(&self) -> u16 {
        match self {
            Self::Msd(_) => 266,
            Self::Flags(_) => 1024,
            Self::Opaque(_) => 1025,
            Self::Name(_) => 1026,
            Self::IsisArea(_) => 1027,
        }
    }

    pub(super) fn encode(&self, out: &mut Out) {
        match self {
            Self::Msd(depths) => put_depths(depths, out),
            Self::Flags(flags) => out.u8(*flags),
            Self::Opaque(octets) | Self::IsisArea(octets) => out.put(octets),
            Self::Name(name) => out.put(name.as_bytes()),
        }
    }

    pub(super) fn decode(code: u16, value: &[u8]) -> Result<Option<Self>, Malformed> {
        Ok(Some(match code {
            266 => Self::Msd(depths(value)?),
            1024 => Self::Flags(whole("node flags", value, be_u8)?),
            1025 => Self::Opaque(value.to_vec()),
            1026 => return Ok(name("node name", value)?.map(Self::Name)),
            1027 => Self::IsisArea(value.to_vec()),
            _ => return Ok(None),
        }))
    }
}

/// A name of 1 to 255 octets; none where it is not UTF-8: it is kept as octets then, as what is not known.
pub(super) fn name(what: &'static str, value: &[u8]) -> Result<Option<String>, Malformed> {
    match value.len() {
        1..=255 => Ok(std::str::from_utf8(value).ok().map(str::to_owned)),
        got => Err(Malformed::length(what, got)),
    }
}

pub(super) fn depths(value: &[u8]) -> Result<Depths, Malformed> {
    series("maximum sid depths", value, |octets| (be_u8, be_u8).parse(octets))
}

pub(super) fn put_depths(depths: &[(u8, u8)], out: &mut Out) {
    for (kind, depth) in depths {
        out.u8(*kind);
        out.u8(*depth);
    }
}
