//! What the kernel knows things by: names of devices, tables, marks, classes, rates. Each is a type with the range that is ours.
//!
//! A mark is 32 bits: the slot, 24 bits; a bit that says "an IPv4 packet of a customer"; its code point, 6 bits. A slot is a tenant
//! and a color; its table has the number of the slot behind [`TABLES`]. Slot 0 of a tenant, color none, is the tenant's own table.

use std::{fmt, net::Ipv6Addr, str::FromStr, sync::Arc};

use model::{Bandwidth, Color};
use thiserror::Error;

/// The number by which routes and rules are known to be ours (`rtm_protocol`); free in the kernel's list.
pub const PROTOCOL: u8 = 84;

/// Metric of all our routes: before the 256 of connected networks, so that a locator goes before an address within it.
pub const METRIC: u32 = 128;

/// The device on which routes stand that have none of their own: a bridge without ports, always up. Routes die with their device.
pub const ANCHOR: &str = "sr0";

/// Largest packet of the anchor: what is sent there is measured by the device on which it leaves.
pub const ANCHOR_MTU: u32 = 9_000;

/// The gateway of routes on the anchor; nobody is asked for it, but IPv6 has no multipath route without one.
pub const NOWHERE: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);

/// The first of our routing tables; 2^24 are ours.
pub const TABLES: u32 = 0x5300_0000;

/// The major number of our queueing disciplines.
pub const HTB: u16 = 0x7400;

/// Bits of a mark that hold the slot.
pub const SLOT_MASK: u32 = 0xffff_ff00;

/// The bit of a mark that says that the low six bits are the code point of an IPv4 packet, for its outer header.
pub const INNER4: u32 = 0x40;

/// Bits of a color in a slot.
const COLOR_BITS: u32 = 18;

/// Bits of a tenant in a slot.
const TENANT_BITS: u32 = 5;

/// Why a text names no device.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error(
    "`{0}` is not the name of a network device: use 1 to 15 letters, digits, and . _ - with a letter in front"
)]
pub struct BadDevice(pub String);

/// A network device, by name.
#[derive(Clone, Eq, Ord, PartialEq, PartialOrd)]
pub struct Device(Arc<str>);

impl Device {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Device {
    type Err = BadDevice;
    fn from_str(text: &str) -> Result<Self, BadDevice> {
        let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        let begins = text.starts_with(|c: char| c.is_ascii_alphabetic());
        let fits = text.len() <= 15 && plain && begins;
        fits.then(|| Self(text.into())).ok_or_else(|| BadDevice(text.chars().take(40).collect()))
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

/// A tenant of a router by number, 0 to 31.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct TenantNo(u8);

impl TenantNo {
    /// The tenant of a number below 32.
    pub fn new(number: u8) -> Option<Self> {
        (u32::from(number) < 1 << TENANT_BITS).then_some(Self(number))
    }

    /// The number.
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl fmt::Display for TenantNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A tenant and a color: what a mark says and a table is for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Slot {
    tenant: TenantNo,
    /// A shadow stands in for its slot while that is rewritten.
    shadow: bool,
    /// 0 is the tenant's own table.
    color: u32,
}

impl Slot {
    /// The tenant's own: no color.
    pub const fn own(tenant: TenantNo) -> Self {
        Self { tenant, shadow: false, color: 0 }
    }

    /// The slot of a color below 2^18; none for others.
    pub fn of(tenant: TenantNo, color: Color) -> Option<Self> {
        (color.number() < 1 << COLOR_BITS).then_some(Self { tenant, shadow: false, color: color.number() })
    }

    /// The largest color that has a slot.
    pub const MAX_COLOR: u32 = (1 << COLOR_BITS) - 1;

    /// Whose it is.
    pub const fn tenant(self) -> TenantNo {
        self.tenant
    }

    /// Whether it is a tenant's own.
    pub const fn is_own(self) -> bool {
        self.color == 0 && !self.shadow
    }

    /// What stands in for it while it is rewritten.
    #[must_use]
    pub const fn shadowed(self) -> Self {
        Self { tenant: self.tenant, shadow: true, color: self.color }
    }

    /// 24 bits: tenant, shadow, color.
    pub const fn number(self) -> u32 {
        (self.tenant.0 as u32) << (COLOR_BITS + 1) | (self.shadow as u32) << COLOR_BITS | self.color
    }

    /// The slot of a number; none where it has more than 24 bits.
    pub fn from_number(number: u32) -> Option<Self> {
        let tenant = u8::try_from(number >> (COLOR_BITS + 1)).ok().and_then(TenantNo::new)?;
        let shadow = number >> COLOR_BITS & 1 == 1;
        Some(Self { tenant, shadow, color: number & Self::MAX_COLOR })
    }

    /// What it adds to a mark.
    pub const fn mark(self) -> u32 {
        self.number() << 8
    }

    /// The slot in a mark.
    pub fn from_mark(mark: u32) -> Option<Self> {
        Self::from_number(mark >> 8)
    }
}

/// A routing table.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Table {
    /// The kernel's main table: SIDs, and what the IGP gives.
    Main,
    /// The kernel's table of the node's own addresses: what is for the router itself.
    Local,
    /// That of a slot.
    Slot(Slot),
}

impl Table {
    const MAIN: u32 = 254;
    const LOCAL: u32 = 255;

    /// Its number.
    pub const fn number(self) -> u32 {
        match self {
            Self::Main => Self::MAIN,
            Self::Local => Self::LOCAL,
            Self::Slot(slot) => TABLES + slot.number(),
        }
    }

    /// The table of a number; none where it is not ours.
    pub fn from_number(number: u32) -> Option<Self> {
        match number {
            Self::MAIN => Some(Self::Main),
            Self::LOCAL => Some(Self::Local),
            _ => number.checked_sub(TABLES).and_then(Slot::from_number).map(Self::Slot),
        }
    }
}

/// A share of a multipath route, 1 to 256.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Weight(u16);

impl Weight {
    /// All of it.
    pub const ONE: Self = Self(1);

    /// A share; what is less than 1 is 1, what is more than 256 is 256.
    pub fn new(share: u64) -> Self {
        Self(u16::try_from(share.clamp(1, 256)).unwrap_or(256))
    }

    /// The number.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// As the kernel says it: one less.
    pub fn hops(self) -> u8 {
        u8::try_from(self.0 - 1).unwrap_or(u8::MAX)
    }

    /// From the kernel's word.
    pub fn from_hops(hops: u8) -> Self {
        Self(u16::from(hops) + 1)
    }
}

/// Octets a second, as the kernel counts rates.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Rate(u64);

impl Rate {
    /// The least that a class can have.
    pub const LEAST: Self = Self(1_000);

    /// From octets a second.
    pub const fn from_octets(octets: u64) -> Self {
        Self(octets)
    }

    /// Octets a second.
    pub const fn octets(self) -> u64 {
        self.0
    }

    /// At least [`Rate::LEAST`]; parts of an octet are left out.
    pub fn of(bandwidth: Bandwidth) -> Self {
        Self(bandwidth.as_bps() / 8).max(Self::LEAST)
    }

    /// Octets that may leave at once: what the rate gives in 4 ms, and at least two large packets. A timer of the kernel that rings later
    /// than that costs the class a part of its rate, and a machine of few processors lets it wait for a millisecond or two.
    pub fn burst(self) -> u64 {
        (self.0 / 250).max(2 * 2_048)
    }
}

/// How many octets may wait, headers of the line included.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Octets(pub u32);

/// The lower half of a class's number.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Minor(pub u16);

impl Minor {
    /// The class of the whole line.
    pub const LINE: Self = Self(1);
    /// The class that all weighted queues share.
    pub const WEIGHTED: Self = Self(2);
    /// Strict queues begin here.
    pub const FIRST_STRICT: u16 = 0x1000;
    /// Weighted queues begin here.
    pub const FIRST_WEIGHTED: u16 = 0x2000;
    /// So many numbers each kind has.
    pub const KIND: u16 = 0x1000;

    /// Whether it is a strict queue's.
    pub const fn is_strict(self) -> bool {
        self.0 >= Self::FIRST_STRICT && self.0 < Self::FIRST_WEIGHTED
    }

    /// Whether it is a queue's at all.
    pub const fn is_queue(self) -> bool {
        self.0 >= Self::FIRST_STRICT && self.0 < Self::FIRST_WEIGHTED + Self::KIND
    }

    /// The class from which it takes what exceeds its guarantee.
    pub const fn parent(self) -> Self {
        if self.is_strict() { Self::LINE } else { Self::WEIGHTED }
    }
}

impl fmt::Display for Minor {
    /// As `tc` writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{HTB:x}:{:x}", self.0)
    }
}

impl FromStr for Minor {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (major, minor) = text.split_once(':').ok_or(())?;
        let number = |text: &str| u16::from_str_radix(text, 16).map_err(|_| ());
        if number(major)? == HTB { number(minor).map(Self) } else { Err(()) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_devices_are_what_every_tool_reads() {
        for good in ["eth1", "sr0", "a", "Ethernet0.1", "fifteen-letters"] {
            assert_eq!(good.parse::<Device>().unwrap().as_str(), good);
        }
        for bad in ["", "-x", "sixteen--letters", "eth0/1", "eth 1", "1eth", "eth1\"", "ä"] {
            assert!(bad.parse::<Device>().unwrap_err().to_string().contains("is not the name"), "{bad}");
        }
    }

    #[test]
    fn weights_are_the_kernels() {
        assert_eq!(Weight::new(0), Weight::ONE);
        assert_eq!(Weight::new(1_000).number(), 256);
        for hops in 0..=u8::MAX {
            assert_eq!(Weight::from_hops(hops).hops(), hops);
        }
    }

    #[test]
    fn a_class_reads_back() {
        assert_eq!(Minor(0x1010).to_string(), "7400:1010");
        assert_eq!("7400:1010".parse(), Ok(Minor(0x1010)));
        assert!("7401:1".parse::<Minor>().is_err() && "7400".parse::<Minor>().is_err());
        assert_eq!(Minor(0x1010).parent(), Minor::LINE);
        assert_eq!(Minor(0x2010).parent(), Minor::WEIGHTED);
    }

    proptest! {
        #[test]
        fn slots_tables_and_marks_read_back(number in 0_u32..1 << 24) {
            let slot = Slot::from_number(number).unwrap();
            prop_assert_eq!(slot.number(), number);
            prop_assert_eq!(Slot::from_mark(slot.mark() | INNER4 | 63), Some(slot));
            prop_assert_eq!(slot.mark() & !SLOT_MASK, 0);
            prop_assert_eq!(Table::from_number(Table::Slot(slot).number()), Some(Table::Slot(slot)));
        }

        #[test]
        fn tables_of_others_are_not_ours(number in any::<u32>()) {
            if let Some(table) = Table::from_number(number) {
                prop_assert_eq!(table.number(), number);
            }
        }
    }
}
