//! What BGP-LS says of segment routing with IPv6 (RFC 9514).

use std::net::{Ipv4Addr, Ipv6Addr};

use nom::{
    Parser,
    combinator::rest,
    number::complete::{be_u8, be_u16, be_u32},
};

use super::{nested::Nested, sr::Neighbour};
use crate::wire::octets::{Malformed, Out, Read, array, ipv4, ipv6, whole};

/// What a router does with a packet to a SID (RFC 8986 section 10.2).
pub mod behaviour {
    /// End.
    pub const END: u16 = 1;
    /// End with PSP.
    pub const END_PSP: u16 = 2;
    /// End.X.
    pub const END_X: u16 = 5;
    /// End.X with PSP.
    pub const END_X_PSP: u16 = 6;
    /// End.DT46.
    pub const END_DT46: u16 = 20;
}

/// The SID of an adjacency (RFC 9514 section 4.1).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EndX<N> {
    /// What happens there.
    pub behaviour: u16,
    /// B, S and P from the highest.
    pub flags: u8,
    /// The algorithm of its locator.
    pub algorithm: u8,
    /// Its share where there are several.
    pub weight: u8,
    /// The SID.
    pub sid: Ipv6Addr,
    /// For instance [`Srv6Tlv::Structure`].
    pub tlvs: Vec<N>,
}

/// How a SID is divided, in bits (RFC 9514 section 8).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Structure {
    /// The block of the locator.
    pub block: u8,
    /// The node in the locator.
    pub node: u8,
    /// The function.
    pub function: u8,
    /// The argument.
    pub argument: u8,
}

/// A statement on segment routing with IPv6.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Srv6Tlv<N> {
    /// The node does SRv6 (1038, section 3.1).
    Capabilities {
        /// O from the second highest.
        flags: u16,
        /// Others inside.
        tlvs: Vec<N>,
    },
    /// The SID of an adjacency (1106, section 4.1).
    EndX(EndX<N>),
    /// The SID of an adjacency over a LAN: 1107 of IS-IS, 1108 of OSPFv3 (section 4.2).
    LanEndX(EndX<N>, Neighbour),
    /// The prefix is a locator (1162, section 5.1).
    Locator {
        /// D from the highest.
        flags: u8,
        /// The algorithm by which it is reached.
        algorithm: u8,
        /// The metric.
        metric: u32,
        /// Others inside.
        tlvs: Vec<N>,
    },
    /// What happens at the SID (1250, section 7.1).
    Behaviour {
        /// See [`behaviour`].
        behaviour: u16,
        /// None are defined.
        flags: u8,
        /// The algorithm of its locator.
        algorithm: u8,
    },
    /// The SID leads to a BGP peer (1251, section 7.2).
    PeerNode {
        /// B, S and P from the highest.
        flags: u8,
        /// Its share where there are several.
        weight: u8,
        /// The peer's autonomous system.
        asn: u32,
        /// The peer's BGP identifier.
        identifier: Ipv4Addr,
    },
    /// How the SID is divided (1252, section 8).
    Structure(Structure),
}

impl<N: Nested> Srv6Tlv<N> {
    pub(super) const fn code(&self) -> u16 {
        match self {
            Self::Capabilities { .. } => 1038,
            Self::EndX(_) => 1106,
            Self::LanEndX(_, Neighbour::Isis(_)) => 1107,
            Self::LanEndX(_, Neighbour::Ospf(_)) => 1108,
            Self::Locator { .. } => 1162,
            Self::Behaviour { .. } => 1250,
            Self::PeerNode { .. } => 1251,
            Self::Structure(_) => 1252,
        }
    }

    pub(super) fn encode(&self, out: &mut Out) {
        match self {
            Self::Capabilities { flags, tlvs } => {
                out.u16(*flags);
                out.u16(0);
                tlvs.iter().for_each(|tlv| tlv.encode(out));
            }
            Self::EndX(end) => {
                end.head(out);
                end.tail(out);
            }
            Self::LanEndX(end, neighbour) => {
                end.head(out);
                match neighbour {
                    Neighbour::Isis(id) => out.put(id),
                    Neighbour::Ospf(id) => out.put(&id.octets()),
                }
                end.tail(out);
            }
            Self::Locator { flags, algorithm, metric, tlvs } => {
                out.put(&[*flags, *algorithm, 0, 0]);
                out.u32(*metric);
                tlvs.iter().for_each(|tlv| tlv.encode(out));
            }
            Self::Behaviour { behaviour, flags, algorithm } => {
                out.u16(*behaviour);
                out.put(&[*flags, *algorithm]);
            }
            Self::PeerNode { flags, weight, asn, identifier } => {
                out.put(&[*flags, *weight, 0, 0]);
                out.u32(*asn);
                out.put(&identifier.octets());
            }
            Self::Structure(Structure { block, node, function, argument }) => {
                out.put(&[*block, *node, *function, *argument]);
            }
        }
    }

    pub(super) fn decode(code: u16, value: &[u8], depth: u8) -> Result<Option<Self>, Malformed> {
        Ok(Some(match code {
            1038 => {
                let (flags, _, inner) = whole("srv6 capabilities", value, (be_u16, be_u16, rest))?;
                Self::Capabilities { flags, tlvs: N::decode_all(inner, depth + 1)? }
            }
            1106 => {
                let (head, sid, inner) = whole("end.x sid", value, (head, ipv6, rest))?;
                Self::EndX(head.with(sid, N::decode_all(inner, depth + 1)?))
            }
            1107 => {
                let (head, id, sid, inner) = whole("lan end.x sid", value, (head, array::<6>, ipv6, rest))?;
                Self::LanEndX(head.with(sid, N::decode_all(inner, depth + 1)?), Neighbour::Isis(id))
            }
            1108 => {
                let (head, id, sid, inner) = whole("lan end.x sid", value, (head, ipv4, ipv6, rest))?;
                Self::LanEndX(head.with(sid, N::decode_all(inner, depth + 1)?), Neighbour::Ospf(id))
            }
            1162 => {
                let fields = (be_u8, be_u8, be_u16, be_u32, rest);
                let (flags, algorithm, _, metric, inner) = whole("srv6 locator", value, fields)?;
                Self::Locator { flags, algorithm, metric, tlvs: N::decode_all(inner, depth + 1)? }
            }
            1250 => {
                let (behaviour, flags, algorithm) =
                    whole("endpoint behaviour", value, (be_u16, be_u8, be_u8))?;
                Self::Behaviour { behaviour, flags, algorithm }
            }
            1251 => {
                let fields = (be_u8, be_u8, be_u16, be_u32, ipv4);
                let (flags, weight, _, asn, identifier) = whole("peer node sid", value, fields)?;
                Self::PeerNode { flags, weight, asn, identifier }
            }
            1252 => {
                let (block, node, function, argument) =
                    whole("sid structure", value, (be_u8, be_u8, be_u8, be_u8))?;
                Self::Structure(Structure { block, node, function, argument })
            }
            _ => return Ok(None),
        }))
    }
}

/// What stands before the SID.
#[derive(Clone, Copy)]
struct Head {
    behaviour: u16,
    flags: u8,
    algorithm: u8,
    weight: u8,
}

impl Head {
    fn with<N>(self, sid: Ipv6Addr, tlvs: Vec<N>) -> EndX<N> {
        let Self { behaviour, flags, algorithm, weight } = self;
        EndX { behaviour, flags, algorithm, weight, sid, tlvs }
    }
}

fn head(octets: &[u8]) -> Read<'_, Head> {
    (be_u16, be_u8, be_u8, be_u8, be_u8)
        .map(|(behaviour, flags, algorithm, weight, _)| Head { behaviour, flags, algorithm, weight })
        .parse(octets)
}

impl<N: Nested> EndX<N> {
    fn head(&self, out: &mut Out) {
        out.u16(self.behaviour);
        out.put(&[self.flags, self.algorithm, self.weight, 0]);
    }

    fn tail(&self, out: &mut Out) {
        out.put(&self.sid.octets());
        self.tlvs.iter().for_each(|tlv| tlv.encode(out));
    }
}
