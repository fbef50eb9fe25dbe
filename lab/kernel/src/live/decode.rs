//! Messages of rtnetlink as routes and rules of ours. What has our number and is not as we write it comes out odd, so that it is
//! written again or taken away.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ipnet::{IpNet, Ipv6Net};
use rtnetlink::packet_route::{
    AddressFamily,
    route::{
        RouteAddress, RouteAttribute, RouteLwEnCapType, RouteLwTunnelEncap, RouteMessage, RouteProtocol,
        RouteType, RouteVia,
    },
    rule::{RuleAttribute, RuleFlags, RuleMessage},
};

use super::{
    attribute::{as_u32, as_v4, as_v6, inside, parts, segments},
    encode::{ENCAP_RED, TUNNEL, local},
};
use crate::{
    number::{ANCHOR, Device, METRIC, PROTOCOL, SLOT_MASK, Slot, Table, Weight},
    object::{Behaviour, Family, Hop, NextCsid, RouteKey, Rule, Target, Way},
};

/// Devices of a namespace by number.
pub(super) type Names = BTreeMap<u32, Device>;

/// A route of ours; none where it is another's.
pub(super) fn route(message: &RouteMessage, names: &Names) -> Option<(RouteKey, Target)> {
    if message.header.protocol != RouteProtocol::Other(PROTOCOL) {
        return None;
    }
    let key = key(message)?;
    let target = match message.header.kind {
        RouteType::BlackHole => Some(Target::Drop),
        RouteType::Unreachable => Some(Target::Unreachable),
        RouteType::Throw => Some(Target::Throw),
        RouteType::Unicast => unicast(message, names),
        _ => None,
    };
    let metric = message.attributes.contains(&RouteAttribute::Priority(METRIC));
    let odd = || Target::Odd(format!("{:?}", message.attributes).chars().take(200).collect());
    Some((key, target.filter(|_| metric).unwrap_or_else(odd)))
}

/// A route of somebody else's in the main table that leads to neighbours.
pub(super) fn underlay(message: &RouteMessage, names: &Names) -> Option<(IpNet, BTreeSet<Hop>)> {
    let is_ours = message.header.protocol == RouteProtocol::Other(PROTOCOL);
    if is_ours || message.header.kind != RouteType::Unicast {
        return None;
    }
    let key = key(message).filter(|key| key.table == Table::Main)?;
    match unicast(message, names)? {
        Target::Hops(hops) if hops.iter().all(|hop| hop.via.is_some()) => Some((key.to, hops)),
        _ => None,
    }
}

/// Which route it is; none where its table is not ours.
pub(super) fn key(message: &RouteMessage) -> Option<RouteKey> {
    let number = message.attributes.iter().find_map(|one| match one {
        RouteAttribute::Table(number) => Some(*number),
        _ => None,
    });
    let table = Table::from_number(number.unwrap_or_else(|| message.header.table.into()))?;
    let to = message.attributes.iter().find_map(|one| match one {
        RouteAttribute::Destination(address) => ip(address),
        _ => None,
    });
    let all = match message.header.address_family {
        AddressFamily::Inet => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        _ => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let to = IpNet::new(to.unwrap_or(all), message.header.destination_prefix_length).ok()?;
    Some(RouteKey { table, to })
}

fn ip(address: &RouteAddress) -> Option<IpAddr> {
    match address {
        RouteAddress::Inet(address) => Some(IpAddr::V4(*address)),
        RouteAddress::Inet6(address) => Some(IpAddr::V6(*address)),
        _ => None,
    }
}

/// What a next hop does.
enum Step {
    Local(Behaviour),
    Bound(Vec<Ipv6Addr>),
    Encap(Vec<Ipv6Addr>),
    Hop(Hop),
}

fn unicast(message: &RouteMessage, names: &Names) -> Option<Target> {
    let several = message.attributes.iter().find_map(|one| match one {
        RouteAttribute::MultiPath(hops) => Some(hops),
        _ => None,
    });
    let Some(several) = several else {
        let device = message.attributes.iter().find_map(|one| match one {
            RouteAttribute::Oif(index) => names.get(index),
            _ => None,
        });
        return Some(match step(&message.attributes, device?)? {
            Step::Local(behaviour) => Target::Local(behaviour),
            Step::Bound(segments) => Target::Bound(vec![Way { segments, weight: Weight::ONE }]),
            Step::Encap(segments) => Target::Encap(vec![Way { segments, weight: Weight::ONE }]),
            Step::Hop(hop) => Target::Hops(BTreeSet::from([hop])),
        });
    };
    let (mut bound, mut encap, mut plain) = (Vec::new(), Vec::new(), BTreeSet::new());
    for hop in several {
        let weight = Weight::from_hops(hop.hops);
        match step(&hop.attributes, names.get(&hop.interface_index)?)? {
            Step::Local(_) => return None,
            Step::Bound(segments) => bound.push(Way { segments, weight }),
            Step::Encap(segments) => encap.push(Way { segments, weight }),
            Step::Hop(hop) => {
                plain.insert(hop);
            }
        }
    }
    bound.sort();
    encap.sort();
    match (bound.is_empty(), encap.is_empty(), plain.is_empty()) {
        (false, true, true) => Some(Target::Bound(bound)),
        (true, false, true) => Some(Target::Encap(encap)),
        (true, true, false) => Some(Target::Hops(plain)),
        _ => None,
    }
}

fn step(attributes: &[RouteAttribute], device: &Device) -> Option<Step> {
    let mut encap: Option<&[RouteLwTunnelEncap]> = None;
    let (mut kind, mut via) = (RouteLwEnCapType::None, None);
    for attribute in attributes {
        match attribute {
            RouteAttribute::EncapType(found) => kind = *found,
            RouteAttribute::Encap(found) => encap = Some(found),
            RouteAttribute::Gateway(address) => via = Some(ip(address)?),
            RouteAttribute::Via(RouteVia::Inet6(address)) => via = Some(IpAddr::V6(*address)),
            _ => {}
        }
    }
    let encap: BTreeMap<u16, Vec<u8>> =
        encap.unwrap_or_default().iter().map(parts).map(|(kind, value)| (kind & 0x3fff, value)).collect();
    match kind {
        RouteLwEnCapType::None => Some(Step::Hop(Hop { device: device.clone(), via })),
        _ if device.as_str() != ANCHOR => None,
        RouteLwEnCapType::Seg6 => {
            let value = encap.get(&TUNNEL)?;
            let mode = as_u32(value).filter(|mode| *mode == ENCAP_RED);
            mode.and_then(|_| segments(value.get(4..)?)).map(Step::Encap)
        }
        RouteLwEnCapType::Seg6Local => seg6_local(&encap),
        _ => None,
    }
}

fn seg6_local(encap: &BTreeMap<u16, Vec<u8>>) -> Option<Step> {
    let value = |kind: u16| encap.get(&kind).map(Vec::as_slice);
    let csid = match value(local::FLAVORS) {
        Some(octets) => Some(flavors(octets)?),
        None => None,
    };
    let behaviour = match as_u32(value(local::ACTION)?)? {
        local::END => Behaviour::End(csid),
        local::END_X => Behaviour::EndX { via: as_v6(value(local::NH6)?)?, csid },
        local::END_DT6 => Behaviour::EndDt6(Table::from_number(as_u32(value(local::TABLE)?)?)?),
        local::END_DX4 => Behaviour::EndDx4(as_v4(value(local::NH4)?)?),
        local::END_DX6 => Behaviour::EndDx6(as_v6(value(local::NH6)?)?),
        local::END_B6_ENCAPS => return segments(value(local::SRH)?).map(Step::Bound),
        _ => return None,
    };
    // Without counters it is not as we write it.
    value(local::COUNTERS)?;
    Some(Step::Local(behaviour))
}

fn flavors(octets: &[u8]) -> Option<NextCsid> {
    let all: BTreeMap<u16, Vec<u8>> = inside(octets).collect();
    let octet = |kind: u16| all.get(&kind).and_then(|value| value.first()).copied();
    let operation = as_u32(all.get(&local::OPERATION)?)?;
    let lengths = NextCsid { block: octet(local::BLOCK)?, taken: octet(local::TAKEN)? };
    (operation == local::NEXT_CSID).then_some(lengths)
}

/// What is counted at a SID of ours: packets, octets, errors.
pub(super) fn counters(message: &RouteMessage) -> Vec<BTreeMap<u16, Vec<u8>>> {
    let mut all: Vec<&RouteAttribute> = message.attributes.iter().collect();
    for attribute in &message.attributes {
        if let RouteAttribute::MultiPath(hops) = attribute {
            all.extend(hops.iter().flat_map(|hop| &hop.attributes));
        }
    }
    let encaps = all.into_iter().filter_map(|one| match one {
        RouteAttribute::Encap(encap) => Some(encap),
        _ => None,
    });
    let counted = encaps.flatten().map(parts).filter(|(kind, _)| kind & 0x3fff == local::COUNTERS);
    counted.map(|(_, octets)| inside(&octets).collect()).collect()
}

/// A rule of ours; none where it is another's.
///
/// # Errors
/// It has our number and is not as we write it.
pub(super) fn rule(message: &RuleMessage) -> Option<Result<Rule, String>> {
    let ours = |one: &RuleAttribute| *one == RuleAttribute::Protocol(RouteProtocol::Other(PROTOCOL));
    if !message.attributes.iter().any(ours) {
        return None;
    }
    let odd = || format!("a rule with our protocol number {PROTOCOL} that we do not write: {message:?}");
    Some(read_rule(message).filter(|rule| same(message, rule)).ok_or_else(odd))
}

/// Whether a message says nothing but a rule.
fn same(message: &RuleMessage, rule: &Rule) -> bool {
    let has = |wanted: RuleAttribute| message.attributes.contains(&wanted);
    let header = &message.header;
    let is_plain = header.src_len == 0 && header.tos == 0 && !header.flags.contains(RuleFlags::Invert);
    // Each of ours asks for one thing.
    let asks = message.attributes.iter().filter(|one| is_selector(one)).count();
    is_plain
        && asks == 1
        && has(RuleAttribute::Priority(rule.priority()))
        && has(RuleAttribute::Table(rule.table().number()))
}

/// Whether an attribute of a rule says which packets it is for. The mask of a mark goes with the mark.
const fn is_selector(attribute: &RuleAttribute) -> bool {
    matches!(
        attribute,
        RuleAttribute::Destination(_)
            | RuleAttribute::Source(_)
            | RuleAttribute::Iifname(_)
            | RuleAttribute::Oifname(_)
            | RuleAttribute::FwMark(_)
            | RuleAttribute::TunId(_)
            | RuleAttribute::UidRange(_)
            | RuleAttribute::IpProtocol(_)
            | RuleAttribute::SourcePortRange(_)
            | RuleAttribute::DestinationPortRange(_)
    )
}

fn read_rule(message: &RuleMessage) -> Option<Rule> {
    let family = match message.header.family {
        AddressFamily::Inet => Family::V4,
        AddressFamily::Inet6 => Family::V6,
        _ => return None,
    };
    let (mut mark, mut mask, mut table) = (None, None, None);
    for attribute in &message.attributes {
        match attribute {
            RuleAttribute::Destination(IpAddr::V6(net)) => {
                return Ipv6Net::new(*net, message.header.dst_len).ok().map(Rule::Core);
            }
            RuleAttribute::FwMark(found) => mark = Some(*found),
            RuleAttribute::FwMask(found) => mask = Some(*found),
            RuleAttribute::Table(found) => table = Table::from_number(*found),
            _ => {}
        }
    }
    if let Some(mark) = mark {
        return Slot::from_mark(mark)
            .filter(|_| mask == Some(SLOT_MASK))
            .map(|slot| Rule::Steered(family, slot));
    }
    let device = message.attributes.iter().find_map(|one| match one {
        RuleAttribute::Iifname(name) => name.parse::<Device>().ok(),
        _ => None,
    });
    match table? {
        Table::Slot(slot) if slot.is_own() => Some(Rule::Entering(family, device?, slot.tenant())),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
