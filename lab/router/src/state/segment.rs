//! What a router shows of segment routing: its own SIDs, and its policies down to their segment lists.

use std::{collections::BTreeMap, fmt, net::Ipv6Addr};

use model::Sid;

use super::{Measurement, Traffic};

/// The bits of a SID that are looked at: all of its address, or less where the rest of it are other SIDs (RFC 9800 section 4.1).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct SidPrefix {
    address: Ipv6Addr,
    length: u8,
}

impl SidPrefix {
    /// So many bits of an address, 128 at most; the rest of it does not count.
    pub fn of(address: Ipv6Addr, length: u8) -> Self {
        let length = length.min(128);
        let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
        Self { address: Ipv6Addr::from(u128::from(address) & mask), length }
    }
}

impl From<Ipv6Addr> for SidPrefix {
    /// All of it.
    fn from(address: Ipv6Addr) -> Self {
        Self { address, length: 128 }
    }
}

impl fmt::Display for SidPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

/// What a SID does (RFC 8986 section 4).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SidBehaviour {
    /// On to the next segment.
    End,
    /// On to the next segment over one link.
    EndX,
    /// The inner IPv6 packet goes to one neighbour.
    EndDx6,
    /// The inner IPv4 packet goes to one neighbour.
    EndDx4,
    /// The inner IPv6 packet is looked up in a table.
    EndDt6,
    /// The inner packet is looked up in a table.
    EndDt46,
    /// A binding SID: into the segment lists of a policy.
    EndB6Encaps,
}

impl SidBehaviour {
    /// Its name in the registry of IANA.
    pub const fn name(self) -> &'static str {
        match self {
            Self::End => "End",
            Self::EndX => "End.X",
            Self::EndDx6 => "End.DX6",
            Self::EndDx4 => "End.DX4",
            Self::EndDt6 => "End.DT6",
            Self::EndDt46 => "End.DT46",
            Self::EndB6Encaps => "End.B6.Encaps",
        }
    }
}

/// How a behaviour is varied (RFC 8986 section 4.16).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flavour {
    /// It is one of several SIDs in an address (RFC 9800 section 4.1).
    NextCsid,
}

impl Flavour {
    /// Its name there.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NextCsid => "NEXT-CSID",
        }
    }
}

/// What one SID of the router shows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SidState {
    /// What it does.
    pub behaviour: SidBehaviour,
    /// How that is varied; none where it is not.
    pub flavour: Option<Flavour>,
    /// What came to it and was handled; none where that is not counted.
    pub traffic: Option<Traffic>,
    /// Packets that could not be handled; none where they are not counted.
    pub errors: Option<u64>,
}

impl SidState {
    /// Of which nothing is counted.
    pub const fn uncounted(behaviour: SidBehaviour, flavour: Option<Flavour>) -> Self {
        Self { behaviour, flavour, traffic: None, errors: None }
    }
}

/// A candidate path on its policy, as routers choose among them (RFC 9256 section 2.9).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct PathKey {
    /// The highest that is valid wins.
    pub preference: u32,
    /// Tells paths of one preference apart.
    pub discriminator: u32,
}

/// Which candidate path of a policy forwards.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Active {
    /// Nobody knows.
    #[default]
    Unknown,
    /// None is valid: the last resort holds.
    LastResort,
    /// This one.
    Path(PathKey),
}

/// What one SR policy shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PolicyState {
    /// Its path.
    pub active: Active,
    /// What was steered into it; none where that is not counted.
    pub traffic: Option<Traffic>,
    /// By segments, of all its candidate paths. A list that is not here is of unknown state.
    pub lists: BTreeMap<Vec<Sid>, ListState>,
}

/// What one segment list of a policy shows.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ListState {
    /// Whether the headend takes it to lead to the policy's endpoint (RFC 9256 section 5.1); none where nobody knows.
    pub valid: Option<bool>,
    /// Whether its probes come back.
    pub probes: Probes,
    /// What they say.
    pub measurement: Measurement,
}

/// Whether probes come back.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Probes {
    /// There are none, or nothing is known yet.
    #[default]
    Unknown,
    /// They do.
    Answered,
    /// They are lost.
    Silent,
}

impl Probes {
    /// Its name in the served module.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Answered => "answered",
            Self::Silent => "silent",
        }
    }
}
