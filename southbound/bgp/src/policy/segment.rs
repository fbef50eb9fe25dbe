//! Segment lists of a candidate path (RFC 9830 section 2.4.4). Segments of types A and B are known: a label, an SRv6 SID. Those
//! of RFC 9831, which a headend has to resolve first, are kept as they came.

use std::net::Ipv6Addr;

use nom::{
    Parser,
    combinator::{opt, rest},
    number::complete::{be_u8, be_u16, be_u32},
};

use super::sub::{put_sub, subs};
use crate::{
    ls::srv6::Structure,
    wire::octets::{Malformed, Out, Read, ipv6, whole},
};

const WEIGHT: u8 = 9;
const SEGMENT_A: u8 = 1;
const SEGMENT_B: u8 = 13;

/// An entry of a label stack (RFC 3032 section 2.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LabelEntry {
    /// The label; 20 bits.
    pub label: u32,
    /// The traffic class; 0 leaves it to the headend.
    pub traffic_class: u8,
    /// The time to live; 255 leaves it to the headend.
    pub ttl: u8,
}

/// What happens at an SRv6 SID, and how it is divided (RFC 9830 section 2.4.4.2.4).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Endpoint {
    /// See [`crate::ls::srv6::behaviour`].
    pub behaviour: u16,
    /// How it is divided.
    pub structure: Structure,
}

/// A part of a segment list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ListTlv {
    /// Its share of the traffic (9); 1 without.
    Weight {
        /// None are defined.
        flags: u8,
        /// The share.
        weight: u32,
    },
    /// Type A: a label (1).
    Label {
        /// V, to be verified, from the highest.
        flags: u8,
        /// The label.
        entry: LabelEntry,
    },
    /// Type B: an SRv6 SID (13).
    Srv6 {
        /// V, to be verified, from the highest; B says that the behaviour is there.
        flags: u8,
        /// The SID.
        sid: Ipv6Addr,
        /// What happens there.
        endpoint: Option<Endpoint>,
    },
    /// One that this crate does not know.
    Unknown {
        /// Its type.
        code: u8,
        /// Its value.
        value: Vec<u8>,
    },
}

impl ListTlv {
    const fn code(&self) -> u8 {
        match self {
            Self::Weight { .. } => WEIGHT,
            Self::Label { .. } => SEGMENT_A,
            Self::Srv6 { .. } => SEGMENT_B,
            Self::Unknown { code, .. } => *code,
        }
    }

    fn encode(&self, out: &mut Out) {
        put_sub(self.code(), out, |out| match self {
            Self::Weight { flags, weight } => {
                out.put(&[*flags, 0]);
                out.u32(*weight);
            }
            Self::Label { flags, entry } => {
                out.put(&[*flags, 0]);
                entry.encode(out);
            }
            Self::Srv6 { flags, sid, endpoint } => {
                out.put(&[*flags, 0]);
                out.put(&sid.octets());
                if let Some(endpoint) = endpoint {
                    endpoint.encode(out);
                }
            }
            Self::Unknown { value, .. } => out.put(value),
        });
    }

    fn decode(code: u8, value: &[u8]) -> Result<Self, Malformed> {
        Ok(match code {
            WEIGHT => {
                let (flags, _, weight) = whole("weight", value, (be_u8, be_u8, be_u32))?;
                Self::Weight { flags, weight }
            }
            SEGMENT_A => {
                let (flags, _, entry) = whole("segment of type a", value, (be_u8, be_u8, entry))?;
                Self::Label { flags, entry }
            }
            SEGMENT_B => {
                let fields = (be_u8, be_u8, ipv6, opt(endpoint));
                let (flags, _, sid, endpoint) = whole("segment of type b", value, fields)?;
                Self::Srv6 { flags, sid, endpoint }
            }
            _ => Self::Unknown { code, value: value.to_vec() },
        })
    }
}

/// Writes the value of a segment list.
pub(super) fn put_list(list: &[ListTlv], out: &mut Out) {
    out.u8(0);
    list.iter().for_each(|tlv| tlv.encode(out));
}

/// Reads the value of a segment list.
pub(super) fn list(value: &[u8]) -> Result<Vec<ListTlv>, Malformed> {
    let (_, inner) = whole("segment list", value, (be_u8, rest))?;
    subs("segment list", inner, ListTlv::decode)
}

impl LabelEntry {
    pub(super) fn encode(self, out: &mut Out) {
        let word = (self.label & 0x000f_ffff) << 12 | u32::from(self.traffic_class & 7) << 9;
        out.u32(word | u32::from(self.ttl));
    }
}

pub(super) fn entry(octets: &[u8]) -> Read<'_, LabelEntry> {
    let read = |word: u32| LabelEntry {
        label: word >> 12,
        traffic_class: (word >> 9 & 7) as u8,
        ttl: (word & 0xff) as u8,
    };
    be_u32.map(read).parse(octets)
}

impl Endpoint {
    pub(super) fn encode(self, out: &mut Out) {
        let Structure { block, node, function, argument } = self.structure;
        out.u16(self.behaviour);
        out.u16(0);
        out.put(&[block, node, function, argument]);
    }
}

pub(super) fn endpoint(octets: &[u8]) -> Read<'_, Endpoint> {
    (be_u16, be_u16, be_u8, be_u8, be_u8, be_u8)
        .map(|(behaviour, _, block, node, function, argument)| Endpoint {
            behaviour,
            structure: Structure { block, node, function, argument },
        })
        .parse(octets)
}
