//! What BGP-LS says of links (RFC 9552 section 5.3.2, MSD from RFC 8814, extended groups from RFC 9104).

use std::collections::BTreeSet;

use nom::{
    Parser,
    multi::count,
    number::complete::{be_u8, be_u16, be_u32},
};

use super::{
    bandwidth::WireBandwidth,
    node::{Depths, depths, name, put_depths},
};
use crate::wire::octets::{Malformed, Out, Read, series, whole};

/// A statement on a link.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LinkTlv {
    /// Maximum SID depths of the interface (267).
    Msd(Depths),
    /// Administrative groups 0 to 31 as bits (1088, RFC 5305 section 3.1).
    AdminGroup(u32),
    /// Capacity (1089).
    MaxBandwidth(WireBandwidth),
    /// What can be reserved of it (1090).
    MaxReservable(WireBandwidth),
    /// What can still be reserved, for each setup priority (1091).
    Unreserved([WireBandwidth; 8]),
    /// The traffic-engineering metric (1092).
    TeMetric(u32),
    /// How the link is protected (1093, RFC 5307 section 1.2).
    Protection(u16),
    /// Label distribution protocols in use (1094).
    MplsProtocols(u8),
    /// The IGP's metric (1095).
    IgpMetric(IgpMetric),
    /// Shared risk link groups (1096, RFC 4203 section 1.3).
    Srlg(Vec<u32>),
    /// What only its own kind understands (1097).
    Opaque(Vec<u8>),
    /// The name of the link (1098).
    Name(String),
    /// Administrative groups as bits, the first word having groups 0 to 31 (1173, RFC 9104, RFC 7308).
    ExtendedAdminGroup(Vec<u32>),
}

/// The metric of an IGP, in as many octets as that IGP has (RFC 9552 section 5.3.2.4).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum IgpMetric {
    /// IS-IS with narrow metrics: six bits.
    Narrow(u8),
    /// OSPF.
    Ospf(u16),
    /// IS-IS with wide metrics: 24 bits.
    Wide(u32),
}

impl IgpMetric {
    /// The metric as a number.
    pub const fn number(self) -> u32 {
        match self {
            Self::Narrow(metric) => metric as u32,
            Self::Ospf(metric) => metric as u32,
            Self::Wide(metric) => metric,
        }
    }
}

impl LinkTlv {
    pub(super) const fn code(&self) -> u16 {
        match self {
            Self::Msd(_) => 267,
            Self::AdminGroup(_) => 1088,
            Self::MaxBandwidth(_) => 1089,
            Self::MaxReservable(_) => 1090,
            Self::Unreserved(_) => 1091,
            Self::TeMetric(_) => 1092,
            Self::Protection(_) => 1093,
            Self::MplsProtocols(_) => 1094,
            Self::IgpMetric(_) => 1095,
            Self::Srlg(_) => 1096,
            Self::Opaque(_) => 1097,
            Self::Name(_) => 1098,
            Self::ExtendedAdminGroup(_) => 1173,
        }
    }

    pub(super) fn encode(&self, out: &mut Out) {
        match self {
            Self::Msd(depths) => put_depths(depths, out),
            Self::AdminGroup(number) | Self::TeMetric(number) => out.u32(*number),
            Self::MaxBandwidth(bandwidth) | Self::MaxReservable(bandwidth) => out.u32(bandwidth.0),
            Self::Unreserved(all) => all.iter().for_each(|bandwidth| out.u32(bandwidth.0)),
            Self::Protection(bits) => out.u16(*bits),
            Self::MplsProtocols(bits) => out.u8(*bits),
            Self::IgpMetric(IgpMetric::Narrow(metric)) => out.u8(*metric),
            Self::IgpMetric(IgpMetric::Ospf(metric)) => out.u16(*metric),
            Self::IgpMetric(IgpMetric::Wide(metric)) => out.u24(*metric),
            Self::Srlg(all) | Self::ExtendedAdminGroup(all) => all.iter().for_each(|word| out.u32(*word)),
            Self::Opaque(octets) => out.put(octets),
            Self::Name(name) => out.put(name.as_bytes()),
        }
    }

    pub(super) fn decode(code: u16, value: &[u8]) -> Result<Option<Self>, Malformed> {
        let number = |what| whole(what, value, be_u32);
        Ok(Some(match code {
            267 => Self::Msd(depths(value)?),
            1088 => Self::AdminGroup(number("administrative group")?),
            1089 => Self::MaxBandwidth(whole("maximum bandwidth", value, bandwidth)?),
            1090 => Self::MaxReservable(whole("maximum reservable bandwidth", value, bandwidth)?),
            1091 => Self::Unreserved(unreserved(value)?),
            1092 => Self::TeMetric(te_metric(value)?),
            1093 => Self::Protection(whole("link protection", value, be_u16)?),
            1094 => Self::MplsProtocols(whole("mpls protocols", value, be_u8)?),
            1095 => Self::IgpMetric(igp_metric(value)?),
            1096 => Self::Srlg(words("shared risk link groups", value)?),
            1097 => Self::Opaque(value.to_vec()),
            1098 => return Ok(name("link name", value)?.map(Self::Name)),
            1173 => Self::ExtendedAdminGroup(words("extended administrative group", value)?),
            _ => return Ok(None),
        }))
    }
}

pub(super) fn bandwidth(octets: &[u8]) -> Read<'_, WireBandwidth> {
    be_u32.map(WireBandwidth).parse(octets)
}

/// Numbers of 32 bits each.
pub(super) fn words(what: &'static str, value: &[u8]) -> Result<Vec<u32>, Malformed> {
    series(what, value, be_u32)
}

fn unreserved(value: &[u8]) -> Result<[WireBandwidth; 8], Malformed> {
    let what = "unreserved bandwidth";
    let all = whole(what, value, count(bandwidth, 8))?;
    all.try_into().map_err(|_| Malformed::length(what, value.len()))
}

/// Four octets; three are seen from IS-IS of old (RFC 5305 section 3.7).
fn te_metric(value: &[u8]) -> Result<u32, Malformed> {
    match value {
        [a, b, c] => Ok(u32::from_be_bytes([0, *a, *b, *c])),
        _ => whole("te metric", value, be_u32),
    }
}

fn igp_metric(value: &[u8]) -> Result<IgpMetric, Malformed> {
    match *value {
        [metric] => Ok(IgpMetric::Narrow(metric)),
        [a, b] => Ok(IgpMetric::Ospf(u16::from_be_bytes([a, b]))),
        [a, b, c] => Ok(IgpMetric::Wide(u32::from_be_bytes([0, a, b, c]))),
        _ => Err(Malformed::length("igp metric", value.len())),
    }
}

/// Words of groups that have a place in a TLV of an IGP.
const GROUP_WORDS: u32 = 64;

/// The numbers of the bits that are set: group `32 * word + bit`, bit 0 being the least of its word (RFC 7308 section 2.2). Words
/// that have no place in a TLV of an IGP are left out.
pub fn groups(words: &[u32]) -> BTreeSet<u32> {
    let word = |(place, word): (u32, &u32)| {
        let word = *word;
        (0..32).filter(move |bit| word >> bit & 1 == 1).map(move |bit| place * 32 + bit)
    };
    (0..GROUP_WORDS).zip(words).flat_map(word).collect()
}

/// Words in which these bits are set; groups of 2040 and more have no place in a TLV of an IGP and are left out.
pub fn group_words(groups: &BTreeSet<u32>) -> Vec<u32> {
    let groups: Vec<u32> = groups.iter().copied().filter(|group| *group < 2_040).collect();
    let length = groups.last().map_or(0, |last| last / 32 + 1);
    let word = |place| {
        groups
            .iter()
            .filter(|group| **group / 32 == place)
            .fold(0_u32, |word, group| word | 1 << (group % 32))
    };
    (0..length).map(word).collect()
}
