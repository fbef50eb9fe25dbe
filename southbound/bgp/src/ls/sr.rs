//! What BGP-LS says of segment routing with MPLS (RFC 9085) and of egress peers (RFC 9086).

use std::net::Ipv4Addr;

use nom::{
    Parser,
    bytes::complete::take,
    combinator::rest,
    number::complete::{be_u8, be_u16, be_u24, be_u32},
};

use super::nested::Nested;
use crate::wire::octets::{Malformed, Out, Read, Why, array, ipv4, series, tlv, whole};

/// The type of a SID or label in another TLV (RFC 9085 section 2.1.1).
const SID_LABEL: u16 = 1161;

/// A label, or an index into a block of labels (RFC 9085 section 2.1.1).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum SidLabel {
    /// A label of 20 bits, in three octets.
    Label(u32),
    /// An index, in four octets.
    Index(u32),
}

/// A block of labels: so many from the first (RFC 9085 section 2.1.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Block {
    /// How many; 24 bits.
    pub size: u32,
    /// The first.
    pub first: SidLabel,
}

/// A SID of an adjacency or of an egress peer (RFC 9085 section 2.2.1, RFC 9086 section 5).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Adjacency {
    /// Bits; of IS-IS: F, B, V, L, S, P from the highest; of a peer: V, L, B, P.
    pub flags: u8,
    /// Its share where there are several.
    pub weight: u8,
    /// The SID.
    pub sid: SidLabel,
}

/// The neighbour on a LAN (RFC 9085 section 2.2.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Neighbour {
    /// IS-IS: its system id.
    Isis([u8; 6]),
    /// OSPF: its router id.
    Ospf(Ipv4Addr),
}

/// A statement on segment routing with MPLS.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SrTlv<N> {
    /// The node's global blocks (1034).
    Capabilities {
        /// Of IS-IS: I for IPv4 (0x80) and V for IPv6 (0x40).
        flags: u8,
        /// The blocks, as one behind the other.
        blocks: Vec<Block>,
    },
    /// Algorithms that the node takes part in (1035).
    Algorithms(Vec<u8>),
    /// The node's local blocks (1036).
    LocalBlocks(Vec<Block>),
    /// How much its mapping server is preferred (1037).
    MappingPreference(u8),
    /// The SID of an adjacency (1099).
    AdjacencySid(Adjacency),
    /// The SID of an adjacency over a LAN (1100).
    LanAdjacencySid(Adjacency, Neighbour),
    /// The SID of a BGP peer (1101, RFC 9086).
    PeerNodeSid(Adjacency),
    /// The SID of one link to a BGP peer (1102, RFC 9086).
    PeerAdjacencySid(Adjacency),
    /// The SID of several peers or links (1103, RFC 9086).
    PeerSetSid(Adjacency),
    /// The SID of a prefix (1158).
    PrefixSid {
        /// Of IS-IS: R, N, P, E, V, L from the highest.
        flags: u8,
        /// The algorithm by which it is reached.
        algorithm: u8,
        /// The SID.
        sid: SidLabel,
    },
    /// SIDs of prefixes one behind the other (1159).
    Range {
        /// Bits of the IGP.
        flags: u8,
        /// How many.
        size: u16,
        /// The first one, as [`SrTlv::PrefixSid`].
        first: Vec<N>,
    },
    /// A link that is a member of a bundle (1172).
    BundleMember {
        /// Its number.
        member: u32,
        /// What is said of it.
        tlvs: Vec<N>,
    },
}

/// In [`SrTlv::PrefixSid`] of IS-IS: it is the SID of the node itself (RFC 8667 section 2.1).
pub const NODE_SID: u8 = 0x40;

/// In the same: it came from another level or protocol.
pub const READVERTISED: u8 = 0x80;

impl<N: Nested> SrTlv<N> {
    pub(super) const fn code(&self) -> u16 {
        match self {
            Self::Capabilities { .. } => 1034,
            Self::Algorithms(_) => 1035,
            Self::LocalBlocks(_) => 1036,
            Self::MappingPreference(_) => 1037,
            Self::AdjacencySid(_) => 1099,
            Self::LanAdjacencySid(..) => 1100,
            Self::PeerNodeSid(_) => 1101,
            Self::PeerAdjacencySid(_) => 1102,
            Self::PeerSetSid(_) => 1103,
            Self::PrefixSid { .. } => 1158,
            Self::Range { .. } => 1159,
            Self::BundleMember { .. } => 1172,
        }
    }

    pub(super) fn encode(&self, out: &mut Out) {
        match self {
            Self::Capabilities { flags, blocks } => put_blocks(*flags, blocks, out),
            Self::Algorithms(all) => out.put(all),
            Self::LocalBlocks(blocks) => put_blocks(0, blocks, out),
            Self::MappingPreference(preference) => out.u8(*preference),
            Self::AdjacencySid(sid)
            | Self::PeerNodeSid(sid)
            | Self::PeerAdjacencySid(sid)
            | Self::PeerSetSid(sid) => {
                sid.head(out);
                sid.sid.encode(out);
            }
            Self::LanAdjacencySid(sid, neighbour) => {
                sid.head(out);
                match neighbour {
                    Neighbour::Isis(id) => out.put(id),
                    Neighbour::Ospf(id) => out.put(&id.octets()),
                }
                sid.sid.encode(out);
            }
            Self::PrefixSid { flags, algorithm, sid } => {
                out.put(&[*flags, *algorithm, 0, 0]);
                sid.encode(out);
            }
            Self::Range { flags, size, first } => {
                out.put(&[*flags, 0]);
                out.u16(*size);
                first.iter().for_each(|tlv| tlv.encode(out));
            }
            Self::BundleMember { member, tlvs } => {
                out.u32(*member);
                tlvs.iter().for_each(|tlv| tlv.encode(out));
            }
        }
    }

    pub(super) fn decode(code: u16, value: &[u8], depth: u8) -> Result<Option<Self>, Malformed> {
        Ok(Some(match code {
            1034 => {
                let (flags, blocks) = blocks(value)?;
                Self::Capabilities { flags, blocks }
            }
            1035 => Self::Algorithms(value.to_vec()),
            1036 => Self::LocalBlocks(blocks(value)?.1),
            1037 => Self::MappingPreference(whole("mapping server preference", value, be_u8)?),
            1099 => Self::AdjacencySid(whole("adjacency sid", value, adjacency)?),
            1100 => {
                let (sid, neighbour) = lan_adjacency(value)?;
                Self::LanAdjacencySid(sid, neighbour)
            }
            1101 => Self::PeerNodeSid(whole("peer node sid", value, adjacency)?),
            1102 => Self::PeerAdjacencySid(whole("peer adjacency sid", value, adjacency)?),
            1103 => Self::PeerSetSid(whole("peer set sid", value, adjacency)?),
            1158 => {
                let (flags, algorithm, _, sid) = whole("prefix sid", value, (be_u8, be_u8, be_u16, sid))?;
                Self::PrefixSid { flags, algorithm, sid }
            }
            1159 => {
                let (flags, _, size, first) = whole("range of sids", value, (be_u8, be_u8, be_u16, rest))?;
                Self::Range { flags, size, first: N::decode_all(first, depth + 1)? }
            }
            1172 => {
                let (member, inner) = whole("member of a bundle", value, (be_u32, rest))?;
                Self::BundleMember { member, tlvs: N::decode_all(inner, depth + 1)? }
            }
            _ => return Ok(None),
        }))
    }
}

impl SidLabel {
    fn encode(self, out: &mut Out) {
        match self {
            Self::Label(label) => out.u24(label & 0x000f_ffff),
            Self::Index(index) => out.u32(index),
        }
    }
}

/// A label or an index: the length decides (RFC 9085 section 2.1.1). The four bits above a label have no meaning.
fn sid(octets: &[u8]) -> Read<'_, SidLabel> {
    if octets.len() == 3 {
        return be_u24.map(|label| SidLabel::Label(label & 0x000f_ffff)).parse(octets);
    }
    be_u32.map(SidLabel::Index).parse(octets)
}

impl Adjacency {
    fn head(self, out: &mut Out) {
        out.put(&[self.flags, self.weight, 0, 0]);
    }
}

fn adjacency(octets: &[u8]) -> Read<'_, Adjacency> {
    (be_u8, be_u8, be_u16, sid).map(|(flags, weight, _, sid)| Adjacency { flags, weight, sid }).parse(octets)
}

/// Which IGP it is shows in the length: 11 and 12 octets are of OSPF, 13 and 14 of IS-IS.
fn lan_adjacency(value: &[u8]) -> Result<(Adjacency, Neighbour), Malformed> {
    let what = "lan adjacency sid";
    let head = (be_u8, be_u8, be_u16);
    let (neighbour, ((flags, weight, _), sid)) = match value.len() {
        11 | 12 => {
            let (head, id, sid) = whole(what, value, (head, ipv4, sid))?;
            (Neighbour::Ospf(id), (head, sid))
        }
        13 | 14 => {
            let (head, id, sid) = whole(what, value, (head, array::<6>, sid))?;
            (Neighbour::Isis(id), (head, sid))
        }
        got => return Err(Malformed::length(what, got)),
    };
    Ok((Adjacency { flags, weight, sid }, neighbour))
}

fn put_blocks(flags: u8, blocks: &[Block], out: &mut Out) {
    out.put(&[flags, 0]);
    for block in blocks {
        out.u24(block.size & 0x00ff_ffff);
        out.tlv(SID_LABEL, |out| block.first.encode(out));
    }
}

fn blocks(value: &[u8]) -> Result<(u8, Vec<Block>), Malformed> {
    let what = "blocks of labels";
    let (flags, _, octets) = whole(what, value, (be_u8, be_u8, rest))?;
    let raw = series(what, octets, |octets| (be_u24, tlv).parse(octets))?;
    let block = |(size, (code, first)): (u32, (u16, &[u8]))| {
        if code != SID_LABEL {
            return Err(Malformed::new(what, Why::Missing(SID_LABEL)));
        }
        // A SID alone: the reader above would take whatever is longer than three octets for four.
        let first = whole(what, first, take(first.len()).and_then(sid))?;
        Ok(Block { size, first })
    };
    Ok((flags, raw.into_iter().map(block).collect::<Result<_, _>>()?))
}
