//! What a router says of what is around it: whether its interfaces work, whom it hears behind them (LLDP, IEEE 802.1AB), and what IS-IS
//! tells it of the network.
//!
//! Names of neighbours are as they were told. What they mean in a network file is for whoever has one.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::{id::InterfaceName, lsdb::Lsdb, unit::Bandwidth};

/// What one router says.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Surroundings {
    /// What it calls itself to its neighbours.
    pub system_name: Option<String>,
    /// Its interfaces.
    pub ports: BTreeMap<InterfaceName, Port>,
    /// Whom it hears, by the interface of its own; in order, so that two answers that say the same are the same.
    pub neighbours: BTreeMap<InterfaceName, Vec<Neighbour>>,
    /// What IS-IS tells of the whole area, as it has it; absent where it was not asked, or has none.
    pub lsdb: Option<Lsdb>,
}

/// An interface. What is absent was not told.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Port {
    /// Whether it works.
    pub oper: Option<Oper>,
    /// Its number (RFC 2863 `ifIndex`).
    pub index: Option<u32>,
    /// How fast it is.
    pub speed: Option<Bandwidth>,
}

/// How an interface works (RFC 2863 `ifOperStatus`).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Oper {
    /// It carries traffic.
    Up,
    /// It carries none.
    Down,
    /// It carries tests alone.
    Testing,
    /// The router cannot tell.
    Unknown,
    /// It waits for something outside.
    Dormant,
    /// Its hardware is missing.
    NotPresent,
    /// Something beneath it is down.
    LowerLayerDown,
}

impl Oper {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Up,
        Self::Down,
        Self::Testing,
        Self::Unknown,
        Self::Dormant,
        Self::NotPresent,
        Self::LowerLayerDown,
    ];

    /// As OpenConfig writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Up => "UP",
            Self::Down => "DOWN",
            Self::Testing => "TESTING",
            Self::Unknown => "UNKNOWN",
            Self::Dormant => "DORMANT",
            Self::NotPresent => "NOT_PRESENT",
            Self::LowerLayerDown => "LOWER_LAYER_DOWN",
        }
    }
}

impl fmt::Display for Oper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Somebody at the other end of a cable, by what it sends of itself. What is absent was not sent.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Neighbour {
    /// What it calls itself (IEEE 802.1AB section 8.5.6).
    pub system_name: Option<String>,
    /// Its chassis (section 8.5.2).
    pub chassis_id: Option<String>,
    /// Its port (section 8.5.3).
    pub port_id: Option<String>,
    /// Whether that is the name of an interface: it may be an address, or whatever somebody called it.
    pub is_interface: bool,
}
