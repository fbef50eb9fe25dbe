//! The kernel's objects as values: routes and what they do, rules, marks, queues. Equal values mean equal forwarding, so order that
//! the kernel does not care about is not kept: next hops and lists are sorted.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ipnet::{IpNet, Ipv6Net};
use model::steering::Dscp;

use crate::number::{Device, Minor, Octets, Rate, Slot, Table, TenantNo, Weight};

/// Which route.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct RouteKey {
    /// Where it stands.
    pub table: Table,
    /// Where it leads.
    pub to: IpNet,
}

/// What a route does with packets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Target {
    /// A SID of this node (RFC 8986 section 4).
    Local(Behaviour),
    /// A binding SID: into one of these lists by weight (End.B6.Encaps, RFC 8986 section 4.13).
    Bound(Vec<Way>),
    /// Into one of these segment lists by weight (H.Encaps.Red, RFC 8986 section 5.2).
    Encap(Vec<Way>),
    /// To one of these neighbours by flow.
    Hops(BTreeSet<Hop>),
    /// Nowhere, silently.
    Drop,
    /// Nowhere, and the sender is told.
    Unreachable,
    /// Not by this table: the lookup goes on.
    Throw,
    /// A route with our number that is none of these; how it looks.
    Odd(String),
}

/// A segment list with its weight. Lists of a route are sorted by their segments, which are all different.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Way {
    /// First to last; never empty.
    pub segments: Vec<Ipv6Addr>,
    /// Its share.
    pub weight: Weight,
}

/// A neighbour.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Hop {
    /// The device that leads there.
    pub device: Device,
    /// Its address; none where the destination itself is on the link.
    pub via: Option<IpAddr>,
}

/// What a SID of a node does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Behaviour {
    /// On to the next segment (RFC 8986 section 4.1), or CSID.
    End(Option<NextCsid>),
    /// Over one link (RFC 8986 section 4.2).
    EndX {
        /// The neighbour's address.
        via: Ipv6Addr,
        /// As for End.
        csid: Option<NextCsid>,
    },
    /// The inner IPv6 packet is looked up in a table (RFC 8986 section 4.6).
    EndDt6(Table),
    /// The inner IPv4 packet goes to a customer (RFC 8986 section 4.5).
    EndDx4(Ipv4Addr),
    /// The inner IPv6 packet goes to a customer (RFC 8986 section 4.4).
    EndDx6(Ipv6Addr),
}

/// Lengths for the flavor NEXT-CSID, in bits (RFC 9800 section 4.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NextCsid {
    /// The block that all locators share.
    pub block: u8,
    /// What is taken out of the container: the node's number, and the function where there is one.
    pub taken: u8,
}

/// IPv4 or IPv6: rules stand in lists of their own.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::V4, Self::V6];

    /// That of a network.
    pub const fn of(net: &IpNet) -> Self {
        match net {
            IpNet::V4(_) => Self::V4,
            IpNet::V6(_) => Self::V6,
        }
    }
}

/// Which table a packet is looked up in. In this order; the kernel's own rule for the main table comes last.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Rule {
    /// What goes to SIDs and routers, in the main table: the outer header of what a customer sent is looked up as if it came from
    /// the customer.
    Core(Ipv6Net),
    /// What has the mark of a slot, in its table.
    Steered(Family, Slot),
    /// What comes in by a customer's device, in the tenant's table.
    Entering(Family, Device, TenantNo),
}

impl Rule {
    /// Lower ones come first.
    pub const fn priority(&self) -> u32 {
        match self {
            Self::Core(_) => 100,
            Self::Steered(..) => 1_000,
            Self::Entering(..) => 2_000,
        }
    }

    /// The table that it leads to.
    pub const fn table(&self) -> Table {
        match self {
            Self::Core(_) => Table::Main,
            Self::Steered(_, slot) => Table::Slot(*slot),
            Self::Entering(_, _, tenant) => Table::Slot(Slot::own(*tenant)),
        }
    }

    /// Of which list it is.
    pub const fn family(&self) -> Family {
        match self {
            Self::Core(_) => Family::V6,
            Self::Steered(family, _) | Self::Entering(family, ..) => *family,
        }
    }
}

/// What packets are given where they enter and leave: one table of nftables, replaced as a whole.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Marking {
    /// What customers may not send to: SIDs and routers (RFC 8754 section 5.1).
    pub core: BTreeSet<Ipv6Net>,
    /// Who is steered, and how.
    pub tenants: BTreeMap<TenantNo, TenantMarks>,
    /// Classes by code point, by the device at which packets leave.
    pub ports: BTreeMap<Device, PortClasses>,
    /// Why what stands there is not something that we write, where that is so.
    pub odd: Option<String>,
}

/// A tenant's customers and rules.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TenantMarks {
    /// Where its customers are.
    pub devices: BTreeSet<Device>,
    /// The first that matches marks the packet.
    pub rules: Vec<Steer>,
}

/// Gives packets the mark of a slot.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Steer {
    /// Destinations; all of both families where absent, and then all code points too: a rule that asks for code points alone is two,
    /// one for each family.
    pub prefix: Option<IpNet>,
    /// Code points; all where empty.
    pub dscp: BTreeSet<Dscp>,
    /// The slot.
    pub slot: Slot,
}

impl Steer {
    /// Whether it matches.
    pub fn matches(&self, destination: IpAddr, dscp: Dscp) -> bool {
        self.prefix.is_none_or(|prefix| prefix.contains(&destination))
            && (self.dscp.is_empty() || self.dscp.contains(&dscp))
    }
}

/// Which class packets find at a device.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PortClasses {
    /// That of everything else.
    pub rest: Minor,
    /// By code point, the (outer) one that the packet leaves with.
    pub classes: BTreeMap<Dscp, Minor>,
}

/// The queues of a device: HTB, a class for the line, one below it that weighted queues share, one for each queue.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Shaper {
    /// What the line carries.
    pub line: Rate,
    /// What is left for weighted queues when all strict ones take what they are promised.
    pub weighted: Rate,
    /// The queues.
    pub classes: BTreeMap<Minor, Class>,
}

/// A queue.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Class {
    /// What it always gets.
    pub guarantee: Rate,
    /// The most that it gets.
    pub ceiling: Rate,
    /// Lower ones are asked first.
    pub priority: u32,
    /// Octets that it may send before the next one of its priority is asked: its weight.
    pub quantum: u32,
    /// How much may wait in it.
    pub limit: Octets,
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V4 => "-4",
            Self::V6 => "-6",
        })
    }
}
