//! Writes as the commands that would do the same: what logs, errors and tests show.

use std::fmt;

use crate::{
    nft,
    number::{ANCHOR, ANCHOR_MTU, METRIC, NOWHERE, PROTOCOL, SLOT_MASK, Table},
    object::{Behaviour, Family, Hop, NextCsid, RouteKey, Rule, Target, Way},
    tc,
    write::Write,
};

impl fmt::Display for RouteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to)?;
        match self.table {
            Table::Main => Ok(()),
            table => write!(f, " table {}", table.number()),
        }
    }
}

impl fmt::Display for Rule {
    /// As `ip rule` takes it, without the family.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pref {} ", self.priority())?;
        match self {
            Self::Core(net) => write!(f, "to {net}")?,
            Self::Steered(_, slot) => write!(f, "fwmark {:#x}/{SLOT_MASK:#x}", slot.mark())?,
            Self::Entering(_, device, _) => write!(f, "iif {device}")?,
        }
        write!(f, " lookup {} protocol {PROTOCOL}", self.table().number())
    }
}

impl fmt::Display for NextCsid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, " flavors next-csid lblen {} nflen {}", self.block, self.taken)
    }
}

impl fmt::Display for Behaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let csid = |csid: &Option<NextCsid>| csid.map(|csid| csid.to_string()).unwrap_or_default();
        match self {
            Self::End(flavor) => write!(f, "End{}", csid(flavor)),
            Self::EndX { via, csid: flavor } => write!(f, "End.X nh6 {via}{}", csid(flavor)),
            Self::EndDt6(table) => write!(f, "End.DT6 table {}", table.number()),
            Self::EndDx4(customer) => write!(f, "End.DX4 nh4 {customer}"),
            Self::EndDx6(customer) => write!(f, "End.DX6 nh6 {customer}"),
        }
    }
}

fn list(way: &Way) -> String {
    way.segments.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

fn ways(f: &mut fmt::Formatter<'_>, family: Family, ways: &[Way], encap: &str) -> fmt::Result {
    let gateway = match family {
        Family::V4 => String::new(),
        Family::V6 => format!(" via {NOWHERE}"),
    };
    for way in ways {
        let weight = match ways.len() {
            1 => String::new(),
            _ => format!(" weight {}", way.weight.number()),
        };
        let nexthop = if ways.len() > 1 { " nexthop" } else { "" };
        write!(f, "{nexthop}{gateway} encap {encap} segs {} dev {ANCHOR}{weight}", list(way))?;
    }
    Ok(())
}

fn hops<'a>(f: &mut fmt::Formatter<'_>, hops: impl ExactSizeIterator<Item = &'a Hop>) -> fmt::Result {
    let nexthop = if hops.len() > 1 { " nexthop" } else { "" };
    for hop in hops {
        let via = hop.via.map(|via| format!(" via {via}")).unwrap_or_default();
        write!(f, "{nexthop}{via} dev {}", hop.device)?;
    }
    Ok(())
}

/// What `ip route` takes behind the action.
fn route(f: &mut fmt::Formatter<'_>, key: &RouteKey, target: &Target) -> fmt::Result {
    let family = Family::of(&key.to);
    let kind = match target {
        Target::Drop => "blackhole ",
        Target::Unreachable => "unreachable ",
        Target::Throw => "throw ",
        _ => "",
    };
    write!(f, "{kind}{key} metric {METRIC} proto {PROTOCOL}")?;
    match target {
        Target::Local(behaviour) => {
            write!(f, " encap seg6local action {behaviour} count dev {ANCHOR}")
        }
        Target::Bound(lists) => ways(f, family, lists, "seg6local action End.B6.Encaps srh"),
        Target::Encap(lists) => ways(f, family, lists, "seg6 mode encap.red"),
        Target::Hops(all) => hops(f, all.iter()),
        Target::Drop | Target::Unreachable | Target::Throw => Ok(()),
        Target::Odd(what) => write!(f, " ({what})"),
    }
}

impl fmt::Display for Write {
    /// One line each, but for marks: these are what `nft -f` reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anchor => write!(f, "ip link add name {ANCHOR} mtu {ANCHOR_MTU} up type bridge"),
            Self::Unanchor => write!(f, "ip link del dev {ANCHOR}"),
            Self::Source(Some(source)) => write!(f, "ip sr tunsrc set {source}"),
            Self::Source(None) => write!(f, "ip sr tunsrc set ::"),
            Self::Route { key, target, replaces } => {
                let action = if *replaces { "replace" } else { "add" };
                write!(f, "ip {} route {action} ", Family::of(&key.to))?;
                route(f, key, target)
            }
            Self::Unroute(key) => {
                write!(f, "ip {} route del {key} metric {METRIC} proto {PROTOCOL}", Family::of(&key.to))
            }
            Self::Rule(rule) => write!(f, "ip {} rule add {rule}", rule.family()),
            Self::Unrule(rule) => write!(f, "ip {} rule del {rule}", rule.family()),
            Self::Marking(marking) => write!(f, "nft:\n{}", nft::script(marking.as_ref()).trim_end()),
            Self::Drain { device, minor } => write!(f, "# until nothing waits in {minor} of {device}"),
            Self::Shape { .. } | Self::Unshape(_) | Self::Class { .. } | Self::Unclass { .. } => {
                let lines = tc::lines(self);
                write!(f, "{}", lines.iter().map(|line| format!("tc {line}")).collect::<Vec<_>>().join("\n"))
            }
        }
    }
}
