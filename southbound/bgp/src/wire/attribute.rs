//! Path attributes (RFC 4271 section 4.3 and 5) and what a fault in each means (RFC 7606 section 7).

mod read;

use std::net::Ipv4Addr;

use super::{
    community::{Community, ExtendedCommunity},
    context::Context,
    octets::{Malformed, Out},
    reach::{Reach, Unreach},
};
use crate::{ls::LsAttribute, policy::Tunnel};

/// Codes of attributes (the IANA registry of path attributes).
pub mod code {
    /// ORIGIN.
    pub const ORIGIN: u8 = 1;
    /// AS_PATH.
    pub const AS_PATH: u8 = 2;
    /// NEXT_HOP.
    pub const NEXT_HOP: u8 = 3;
    /// MULTI_EXIT_DISC.
    pub const MED: u8 = 4;
    /// LOCAL_PREF.
    pub const LOCAL_PREF: u8 = 5;
    /// ATOMIC_AGGREGATE.
    pub const ATOMIC_AGGREGATE: u8 = 6;
    /// AGGREGATOR.
    pub const AGGREGATOR: u8 = 7;
    /// COMMUNITIES (RFC 1997).
    pub const COMMUNITIES: u8 = 8;
    /// ORIGINATOR_ID (RFC 4456).
    pub const ORIGINATOR_ID: u8 = 9;
    /// CLUSTER_LIST (RFC 4456).
    pub const CLUSTER_LIST: u8 = 10;
    /// MP_REACH_NLRI (RFC 4760).
    pub const REACH: u8 = 14;
    /// MP_UNREACH_NLRI (RFC 4760).
    pub const UNREACH: u8 = 15;
    /// EXTENDED COMMUNITIES (RFC 4360).
    pub const EXTENDED_COMMUNITIES: u8 = 16;
    /// Tunnel encapsulation (RFC 9012), which holds SR policies (RFC 9830).
    pub const TUNNEL: u8 = 23;
    /// BGP-LS (RFC 9552).
    pub const LINK_STATE: u8 = 29;
    /// LARGE_COMMUNITY (RFC 8092).
    pub const LARGE_COMMUNITIES: u8 = 32;
}

/// Flags of attributes (RFC 4271 section 4.3).
pub(crate) mod flag {
    pub(crate) const OPTIONAL: u8 = 0x80;
    pub(crate) const TRANSITIVE: u8 = 0x40;
    pub(crate) const PARTIAL: u8 = 0x20;
    pub(crate) const EXTENDED: u8 = 0x10;
}

/// Where a route comes from (RFC 4271 section 5.1.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// An IGP.
    Igp,
    /// EGP.
    Egp,
    /// Something else.
    Incomplete,
}

/// A segment of an AS_PATH (RFC 4271 section 4.3, RFC 5065 section 3).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Segment {
    /// What the numbers are.
    pub kind: SegmentKind,
    /// Autonomous systems; at least one, at most 255.
    pub systems: Vec<u32>,
}

/// What the numbers of a [`Segment`] are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SegmentKind {
    /// Without order.
    Set,
    /// In the order that they were passed.
    Sequence,
    /// The same inside a confederation.
    ConfederationSequence,
    /// Without order inside a confederation.
    ConfederationSet,
}

/// A path attribute.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Attribute {
    /// Where the route comes from.
    Origin(Origin),
    /// Which autonomous systems it passed.
    AsPath(Vec<Segment>),
    /// Where IPv4 unicast routes lead next.
    NextHop(Ipv4Addr),
    /// The metric toward a neighbouring autonomous system.
    Med(u32),
    /// How much the route is preferred inside the autonomous system.
    LocalPref(u32),
    /// It was aggregated and lost something of its path.
    AtomicAggregate,
    /// Who aggregated it.
    Aggregator {
        /// In which autonomous system.
        asn: u32,
        /// Which router.
        router: Ipv4Addr,
    },
    /// Communities.
    Communities(Vec<Community>),
    /// Who brought it into the autonomous system.
    OriginatorId(Ipv4Addr),
    /// Which reflectors it passed.
    ClusterList(Vec<Ipv4Addr>),
    /// Routes that came.
    Reach(Reach),
    /// Routes that went.
    Unreach(Unreach),
    /// Extended communities.
    ExtendedCommunities(Vec<ExtendedCommunity>),
    /// Tunnels; of SR policies.
    Tunnel(Vec<Tunnel>),
    /// What BGP-LS says of nodes, links and prefixes.
    LinkState(LsAttribute),
    /// Large communities.
    LargeCommunities(Vec<[u32; 3]>),
    /// An optional one that this crate does not know.
    Unknown {
        /// Its flags, without the one for long lengths.
        flags: u8,
        /// Its code.
        code: u8,
        /// Its value.
        value: Vec<u8>,
    },
}

/// What a fault in an UPDATE leads to, least first (RFC 7606 section 2, RFC 9552 section 8.2.2).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Treatment {
    /// One route is left out; the others stand.
    DiscardNlri,
    /// The attribute is left out; the routes stand.
    DiscardAttribute,
    /// The routes of the message count as withdrawn.
    Withdraw,
    /// The session ends.
    Reset,
}

impl Attribute {
    /// Its code.
    pub const fn code(&self) -> u8 {
        match self {
            Self::Origin(_) => code::ORIGIN,
            Self::AsPath(_) => code::AS_PATH,
            Self::NextHop(_) => code::NEXT_HOP,
            Self::Med(_) => code::MED,
            Self::LocalPref(_) => code::LOCAL_PREF,
            Self::AtomicAggregate => code::ATOMIC_AGGREGATE,
            Self::Aggregator { .. } => code::AGGREGATOR,
            Self::Communities(_) => code::COMMUNITIES,
            Self::OriginatorId(_) => code::ORIGINATOR_ID,
            Self::ClusterList(_) => code::CLUSTER_LIST,
            Self::Reach(_) => code::REACH,
            Self::Unreach(_) => code::UNREACH,
            Self::ExtendedCommunities(_) => code::EXTENDED_COMMUNITIES,
            Self::Tunnel(_) => code::TUNNEL,
            Self::LinkState(_) => code::LINK_STATE,
            Self::LargeCommunities(_) => code::LARGE_COMMUNITIES,
            Self::Unknown { code, .. } => *code,
        }
    }

    fn flags(&self) -> u8 {
        match self {
            Self::Unknown { flags, .. } => flags & !flag::EXTENDED,
            known => expected_flags(known.code()).unwrap_or(flag::OPTIONAL),
        }
    }

    /// Writes the attribute with its header.
    pub(crate) fn encode(&self, four_octet_as: bool, out: &mut Out) {
        let mut value = Out::new();
        self.encode_value(four_octet_as, &mut value);
        let value = match value.finish() {
            Ok(value) => value,
            Err(long) => return out.refuse(long.what, long.octets, long.most),
        };
        let short = u8::try_from(value.len());
        out.u8(self.flags() | if short.is_ok() { 0 } else { flag::EXTENDED });
        out.u8(self.code());
        match short {
            Ok(length) => {
                out.u8(length);
                out.put(&value);
            }
            Err(_) => out.sized16("an attribute", |out| out.put(&value)),
        }
    }

    fn encode_value(&self, four_octet_as: bool, out: &mut Out) {
        match self {
            Self::Origin(origin) => out.u8(match origin {
                Origin::Igp => 0,
                Origin::Egp => 1,
                Origin::Incomplete => 2,
            }),
            Self::AsPath(segments) => {
                segments.iter().for_each(|segment| segment.encode(four_octet_as, out));
            }
            Self::NextHop(address) | Self::OriginatorId(address) => out.put(&address.octets()),
            Self::Med(number) | Self::LocalPref(number) => out.u32(*number),
            Self::AtomicAggregate => {}
            Self::Aggregator { asn, router } => {
                put_as(*asn, four_octet_as, out);
                out.put(&router.octets());
            }
            Self::Communities(all) => all.iter().for_each(|community| out.u32(community.0)),
            Self::ClusterList(all) => all.iter().for_each(|id| out.put(&id.octets())),
            Self::Reach(reach) => reach.encode(out),
            Self::Unreach(unreach) => unreach.encode(out),
            Self::ExtendedCommunities(all) => all.iter().for_each(|community| out.put(&community.0)),
            Self::Tunnel(all) => all.iter().for_each(|tunnel| tunnel.encode(out)),
            Self::LinkState(attribute) => attribute.encode(out),
            Self::LargeCommunities(all) => all.iter().flatten().for_each(|number| out.u32(*number)),
            Self::Unknown { value, .. } => out.put(value),
        }
    }

    /// Reads the value of an attribute; with it come routes that were left out of MP_REACH_NLRI or MP_UNREACH_NLRI.
    pub(crate) fn decode(
        flags: u8,
        code: u8,
        value: &[u8],
        context: &Context,
    ) -> Result<(Self, Vec<Malformed>), (Treatment, Malformed)> {
        read::attribute(flags, code, value, context)
    }
}

/// The flags that say whether an attribute is optional and transitive; none for one that is not known.
pub(crate) const fn expected_flags(code: u8) -> Option<u8> {
    match code {
        code::ORIGIN | code::AS_PATH | code::NEXT_HOP | code::LOCAL_PREF | code::ATOMIC_AGGREGATE => {
            Some(flag::TRANSITIVE)
        }
        code::MED
        | code::ORIGINATOR_ID
        | code::CLUSTER_LIST
        | code::REACH
        | code::UNREACH
        | code::LINK_STATE => Some(flag::OPTIONAL),
        code::AGGREGATOR
        | code::COMMUNITIES
        | code::EXTENDED_COMMUNITIES
        | code::TUNNEL
        | code::LARGE_COMMUNITIES => Some(flag::OPTIONAL | flag::TRANSITIVE),
        _ => None,
    }
}

fn put_as(asn: u32, four_octets: bool, out: &mut Out) {
    if four_octets { out.u32(asn) } else { out.u16(u16::try_from(asn).unwrap_or(super::open::AS_TRANS)) }
}

impl Segment {
    /// Autonomous systems in the order that they were passed.
    pub const fn sequence(systems: Vec<u32>) -> Self {
        Self { kind: SegmentKind::Sequence, systems }
    }

    fn encode(&self, four_octet_as: bool, out: &mut Out) {
        out.u8(match self.kind {
            SegmentKind::Set => 1,
            SegmentKind::Sequence => 2,
            SegmentKind::ConfederationSequence => 3,
            SegmentKind::ConfederationSet => 4,
        });
        match u8::try_from(self.systems.len()) {
            Ok(count) => out.u8(count),
            Err(_) => out.refuse("an as path segment", self.systems.len(), 255),
        }
        self.systems.iter().for_each(|asn| put_as(*asn, four_octet_as, out));
    }
}
