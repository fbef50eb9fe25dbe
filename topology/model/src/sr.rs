//! Segment routing: SIDs (RFC 8402, 8986), segment lists, candidate paths and policies (RFC 9256).

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    str::FromStr,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a number or text is not a label, a SID or a color.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum BadSid {
    /// Labels have 20 bits and the first 16 are reserved (RFC 3032 section 2.1).
    #[error("{0} is not an MPLS label that can be used: labels go from 16 to 1048575")]
    Label(u32),
    /// Neither a label nor an IPv6 address.
    #[error("`{0}` is neither an MPLS label nor an SRv6 SID")]
    Text(String),
    /// Color 0 is reserved (RFC 9256 section 2.1).
    #[error("color 0 is reserved: colors go from 1 to 4294967295")]
    Color,
}

/// An MPLS label, 16 to 2^20-1 (RFC 3032 section 2.1).
#[derive(Clone, Copy, Debug, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
#[schemars(with = "u32")]
pub struct Label(u32);

impl Label {
    /// The number of the label.
    pub const fn number(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Label {
    type Error = BadSid;
    fn try_from(number: u32) -> Result<Self, BadSid> {
        if (16..1 << 20).contains(&number) { Ok(Self(number)) } else { Err(BadSid::Label(number)) }
    }
}

impl From<Label> for u32 {
    fn from(label: Label) -> u32 {
        label.0
    }
}

/// A block of labels: SRGB or SRLB (RFC 8402 section 2).
#[derive(Clone, Copy, Debug, Eq, JsonSchema, PartialEq, Serialize, Deserialize)]
pub struct LabelBlock {
    /// Its first label.
    pub base: u32,
    /// How many there are.
    pub size: u32,
}

impl LabelBlock {
    /// The label at an index; none outside the block.
    pub fn at(self, index: u32) -> Option<Label> {
        (index < self.size)
            .then(|| self.base.checked_add(index))
            .flatten()
            .and_then(|n| Label::try_from(n).ok())
    }
}

/// A segment identifier on the wire. Ordered and written as text: a number is a label, an address an SRv6 SID.
#[derive(Clone, Copy, Debug, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Sid {
    /// SR-MPLS.
    Mpls(Label),
    /// SRv6.
    Srv6(Ipv6Addr),
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mpls(label) => write!(f, "{}", label.0),
            Self::Srv6(address) => write!(f, "{address}"),
        }
    }
}

impl FromStr for Sid {
    type Err = BadSid;
    fn from_str(text: &str) -> Result<Self, BadSid> {
        if let Ok(number) = text.parse::<u32>() {
            return Label::try_from(number).map(Self::Mpls);
        }
        text.parse().map(Self::Srv6).map_err(|_| BadSid::Text(text.chars().take(60).collect()))
    }
}

impl TryFrom<String> for Sid {
    type Error = BadSid;
    fn try_from(text: String) -> Result<Self, BadSid> {
        text.parse()
    }
}

impl From<Sid> for String {
    fn from(sid: Sid) -> String {
        sid.to_string()
    }
}

/// Which forwarding plane carries a policy.
#[derive(
    Clone, Copy, Debug, Default, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize,
)]
pub enum Dataplane {
    /// SRv6 (RFC 8986).
    #[default]
    #[serde(rename = "srv6")]
    Srv6,
    /// SR-MPLS (RFC 8660).
    #[serde(rename = "sr-mpls")]
    SrMpls,
}

/// The color of a policy: which intent it serves (RFC 9256 section 2.1).
#[derive(Clone, Copy, Debug, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Color(pub NonZeroU32);

impl Color {
    /// The number of the color.
    pub const fn number(self) -> u32 {
        self.0.get()
    }
}

impl TryFrom<u32> for Color {
    type Error = BadSid;
    fn try_from(number: u32) -> Result<Self, BadSid> {
        NonZeroU32::new(number).map(Self).ok_or(BadSid::Color)
    }
}

/// Identity of an SR policy on its headend (RFC 9256 section 2.1). The headend is the device that holds it.
#[derive(Clone, Copy, Debug, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct PolicyKey {
    /// The intent it serves.
    pub color: Color,
    /// Where it ends.
    pub endpoint: IpAddr,
}

impl fmt::Display for PolicyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "color {} endpoint {}", self.color.0, self.endpoint)
    }
}

/// What happens to traffic when no candidate path is valid (RFC 9256 section 8.2).
#[derive(Clone, Copy, Debug, Default, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LastResort {
    /// It follows the IGP.
    #[default]
    Igp,
    /// It is dropped ("drop upon invalid"): for traffic that must not leave encrypted lines.
    Drop,
}

/// A list of segments with its share of the traffic (RFC 9256 section 2.2). Never empty.
#[derive(Clone, Debug, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct SegmentList {
    /// Share among the lists of one candidate path; 1 by default.
    pub weight: u32,
    /// The SIDs, first to last.
    pub sids: Vec<Sid>,
}

/// An explicit candidate path (RFC 9256 section 2.2 to 2.7), its protocol origin being the controller.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CandidatePath {
    /// Tells paths of one origin apart (RFC 9256 section 2.5).
    pub discriminator: u32,
    /// The highest preference that is valid wins (RFC 9256 section 2.7); 100 by default.
    pub preference: u32,
    /// What people read.
    pub name: String,
    /// Its lists; never empty.
    pub lists: Vec<SegmentList>,
}

/// An SR policy on its headend (RFC 9256 section 2).
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SrPolicy {
    /// Its identity there.
    pub key: PolicyKey,
    /// What people read; the prefix `tl-` marks it as ours.
    pub name: String,
    /// The binding SID (RFC 9256 section 6).
    pub binding_sid: Option<Sid>,
    /// Candidate paths, highest preference first.
    pub candidates: Vec<CandidatePath>,
    /// What happens when none of them is valid.
    pub last_resort: LastResort,
}
