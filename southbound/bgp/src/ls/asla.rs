//! Application-specific link attributes (RFC 9294, after RFC 8919 and 8920): values that hold for some users of the link only.
//! Who reads the plain ones alone computes with numbers that were not meant for it.

use nom::{
    bytes::complete::take,
    combinator::rest,
    number::complete::{be_u8, be_u16},
};

use super::nested::Nested;
use crate::wire::octets::{Malformed, Out, whole};

/// Values of a link for some applications.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Asla<N> {
    /// Standard applications as bits from the highest of the first octet; 0, 4 or 8 octets.
    pub standard: Vec<u8>,
    /// Applications of the user's own; 0, 4 or 8 octets.
    pub own: Vec<u8>,
    /// The values.
    pub tlvs: Vec<N>,
}

/// For all applications, and without values.
impl<N> Default for Asla<N> {
    fn default() -> Self {
        Self { standard: Vec::new(), own: Vec::new(), tlvs: Vec::new() }
    }
}

/// A standard application (RFC 8919 section 7.4, the IANA registry of link attribute applications).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Application {
    /// RSVP-TE.
    RsvpTe,
    /// Segment routing policies.
    SrPolicy,
    /// Loop-free alternates.
    Lfa,
    /// Flexible algorithms (RFC 9350).
    FlexAlgo,
}

impl Application {
    /// Its bit in the first octet.
    pub const fn bit(self) -> u8 {
        match self {
            Self::RsvpTe => 0x80,
            Self::SrPolicy => 0x40,
            Self::Lfa => 0x20,
            Self::FlexAlgo => 0x10,
        }
    }
}

/// Its type.
pub(super) const CODE: u16 = 1122;

impl<N: Nested> Asla<N> {
    /// Values for these standard applications.
    pub fn standard(applications: &[Application], tlvs: Vec<N>) -> Self {
        let bits = applications.iter().fold(0, |bits, application| bits | application.bit());
        Self { standard: vec![bits, 0, 0, 0], own: Vec::new(), tlvs }
    }

    /// Whether it names an application.
    pub fn names(&self, application: Application) -> bool {
        self.standard.first().is_some_and(|bits| bits & application.bit() != 0)
    }

    /// Whether it names none: it holds for all that are not named elsewhere (RFC 8919 section 4.2).
    pub const fn is_for_all(&self) -> bool {
        self.standard.is_empty() && self.own.is_empty()
    }

    pub(super) fn encode(&self, out: &mut Out) {
        let length = |mask: &[u8]| u8::try_from(mask.len()).unwrap_or(0);
        out.u8(length(&self.standard));
        out.u8(length(&self.own));
        out.u16(0);
        out.put(&self.standard);
        out.put(&self.own);
        self.tlvs.iter().for_each(|tlv| tlv.encode(out));
    }

    pub(super) fn decode(value: &[u8], depth: u8) -> Result<Self, Malformed> {
        let what = "application-specific attributes";
        let (standard, own, _, octets) = whole(what, value, (be_u8, be_u8, be_u16, rest))?;
        for length in [standard, own] {
            if ![0, 4, 8].contains(&length) {
                return Err(Malformed::length("application mask", length.into()));
            }
        }
        let (standard, own, inner) = whole(what, octets, (take(standard), take(own), rest))?;
        Ok(Self { standard: standard.to_vec(), own: own.to_vec(), tlvs: N::decode_all(inner, depth + 1)? })
    }
}
