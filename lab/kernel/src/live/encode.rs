//! Routes and rules as messages of rtnetlink. `seg6local` is untyped in the library: kinds are those of
//! `linux/seg6_local.h` and `linux/seg6_iptunnel.h`.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr},
};

use rtnetlink::packet_core::DefaultNla;
use rtnetlink::packet_route::{
    AddressFamily,
    route::{
        RouteAddress, RouteAttribute, RouteLwEnCapType, RouteLwTunnelEncap, RouteMessage, RouteNextHop,
        RouteProtocol, RouteScope, RouteType, RouteVia,
    },
    rule::{RuleAction, RuleAttribute, RuleMessage},
};

use super::{
    attribute::{nest, number, octet, srh},
    error::Fault,
};
use crate::{
    number::{ANCHOR, Device, METRIC, NOWHERE, PROTOCOL, SLOT_MASK},
    object::{Behaviour, Family, Hop, NextCsid, RouteKey, Rule, Target, Way},
};

/// `enum seg6_local` of the kernel.
pub(super) mod local {
    pub const ACTION: u16 = 1;
    pub const SRH: u16 = 2;
    pub const TABLE: u16 = 3;
    pub const NH4: u16 = 4;
    pub const NH6: u16 = 5;
    pub const COUNTERS: u16 = 10;
    pub const FLAVORS: u16 = 11;

    pub const END: u32 = 1;
    pub const END_X: u32 = 2;
    pub const END_DX6: u32 = 5;
    pub const END_DX4: u32 = 6;
    pub const END_DT6: u32 = 7;
    pub const END_B6_ENCAPS: u32 = 10;

    /// In [`FLAVORS`].
    pub const OPERATION: u16 = 1;
    pub const BLOCK: u16 = 2;
    pub const TAKEN: u16 = 3;
    /// The bit of the flavor NEXT-CSID.
    pub const NEXT_CSID: u32 = 1 << 4;

    /// In [`COUNTERS`]; 64 bits each.
    pub const PACKETS: u16 = 2;
    pub const OCTETS: u16 = 3;
    pub const ERRORS: u16 = 4;
}

/// `SEG6_IPTUNNEL_SRH`: the mode, and a segment routing header.
pub(super) const TUNNEL: u16 = 1;

/// `SEG6_IPTUN_MODE_ENCAP_RED`.
pub(super) const ENCAP_RED: u32 = 3;

/// Devices of a namespace by name.
pub(super) type Indices = BTreeMap<Device, u32>;

fn index(indices: &Indices, device: &str) -> Result<u32, Fault> {
    let found = device.parse::<Device>().ok().and_then(|device| indices.get(&device).copied());
    found.ok_or_else(|| Fault::Answer(format!("there is no device {device}")))
}

fn header(key: &RouteKey) -> RouteMessage {
    let mut message = RouteMessage::default();
    let to = key.to.trunc();
    message.header.address_family = match Family::of(&to) {
        Family::V4 => AddressFamily::Inet,
        Family::V6 => AddressFamily::Inet6,
    };
    message.header.destination_prefix_length = to.prefix_len();
    message.header.protocol = RouteProtocol::Other(PROTOCOL);
    if to.prefix_len() > 0 {
        message.attributes.push(RouteAttribute::Destination(RouteAddress::from(to.network())));
    }
    message.attributes.push(RouteAttribute::Table(key.table.number()));
    message.attributes.push(RouteAttribute::Priority(METRIC));
    message
}

/// The message that takes a route away, whatever it does.
pub(super) fn unroute(key: &RouteKey) -> RouteMessage {
    let mut message = header(key);
    message.header.scope = RouteScope::NoWhere;
    message
}

/// The message that adds or replaces a route.
pub(super) fn route(key: &RouteKey, target: &Target, indices: &Indices) -> Result<RouteMessage, Fault> {
    let mut message = header(key);
    message.header.kind = match target {
        Target::Drop => RouteType::BlackHole,
        Target::Unreachable => RouteType::Unreachable,
        Target::Throw => RouteType::Throw,
        _ => RouteType::Unicast,
    };
    let v4 = Family::of(&key.to) == Family::V4;
    let gateway = (!v4).then_some(NOWHERE);
    let attributes = match target {
        Target::Local(behaviour) => {
            let encap = [RouteAttribute::EncapType(RouteLwEnCapType::Seg6Local), seg6_local(behaviour)];
            encap.into_iter().chain([RouteAttribute::Oif(index(indices, ANCHOR)?)]).collect()
        }
        Target::Bound(ways) => lists(ways, gateway, index(indices, ANCHOR)?, bound),
        Target::Encap(ways) => lists(ways, gateway, index(indices, ANCHOR)?, tunnel),
        Target::Hops(hops) => {
            let hops = hops.iter().map(|hop| Ok((index(indices, hop.device.as_str())?, via(hop, v4), 0)));
            next_hops(hops.collect::<Result<_, Fault>>()?)
        }
        Target::Drop | Target::Unreachable | Target::Throw => Vec::new(),
        Target::Odd(what) => return Err(Fault::Answer(format!("nobody writes a route such as {what}"))),
    };
    let is_direct = !attributes.iter().any(|attribute| {
        matches!(
            attribute,
            RouteAttribute::Gateway(_) | RouteAttribute::Via(_) | RouteAttribute::MultiPath(_)
        )
    });
    if v4 && is_direct && message.header.kind == RouteType::Unicast {
        message.header.scope = RouteScope::Link;
    }
    message.attributes.extend(attributes);
    Ok(message)
}

/// A device, what leads on there, and the weight less one.
type NextHop = (u32, Vec<RouteAttribute>, u8);

fn lists(
    ways: &[Way],
    gateway: Option<Ipv6Addr>,
    anchor: u32,
    encap: impl Fn(&[Ipv6Addr]) -> [RouteAttribute; 2],
) -> Vec<RouteAttribute> {
    let way = |way: &Way| -> NextHop {
        let gateway = gateway.map(|gateway| RouteAttribute::Gateway(gateway.into()));
        let attributes = gateway.into_iter().chain(encap(&way.segments)).collect();
        (anchor, attributes, way.weight.hops())
    };
    next_hops(ways.iter().map(way).collect())
}

/// One next hop stands in the message itself, several in a list.
fn next_hops(mut all: Vec<NextHop>) -> Vec<RouteAttribute> {
    if all.len() == 1
        && let Some((device, mut attributes, _)) = all.pop()
    {
        attributes.push(RouteAttribute::Oif(device));
        return attributes;
    }
    let hop = |(interface_index, attributes, hops): NextHop| {
        let mut hop = RouteNextHop::default();
        (hop.interface_index, hop.attributes, hop.hops) = (interface_index, attributes, hops);
        hop
    };
    vec![RouteAttribute::MultiPath(all.into_iter().map(hop).collect())]
}

fn via(hop: &Hop, v4: bool) -> Vec<RouteAttribute> {
    let via = hop.via.map(|via| match via {
        IpAddr::V6(_) if v4 => RouteAttribute::Via(RouteVia::from(via)),
        _ => RouteAttribute::Gateway(RouteAddress::from(via)),
    });
    via.into_iter().collect()
}

fn tunnel(segments: &[Ipv6Addr]) -> [RouteAttribute; 2] {
    let mut octets = ENCAP_RED.to_ne_bytes().to_vec();
    octets.extend(srh(segments));
    let inside = DefaultNla::new(TUNNEL, octets);
    [
        RouteAttribute::EncapType(RouteLwEnCapType::Seg6),
        RouteAttribute::Encap(vec![RouteLwTunnelEncap::Other(inside)]),
    ]
}

fn bound(segments: &[Ipv6Addr]) -> [RouteAttribute; 2] {
    let inside =
        [number(local::ACTION, local::END_B6_ENCAPS), DefaultNla::new(local::SRH, srh(segments)), counters()];
    [RouteAttribute::EncapType(RouteLwEnCapType::Seg6Local), encap(inside.into())]
}

fn encap(inside: Vec<DefaultNla>) -> RouteAttribute {
    RouteAttribute::Encap(inside.into_iter().map(RouteLwTunnelEncap::Other).collect())
}

/// Asks for counters.
fn counters() -> DefaultNla {
    let zero = |kind| DefaultNla::new(kind, vec![0; 8]);
    nest(local::COUNTERS, &[local::PACKETS, local::OCTETS, local::ERRORS].map(zero))
}

fn seg6_local(behaviour: &Behaviour) -> RouteAttribute {
    let address = |kind, octets: &[u8]| DefaultNla::new(kind, octets.to_vec());
    let mut inside = match behaviour {
        Behaviour::End(_) => vec![number(local::ACTION, local::END)],
        Behaviour::EndX { via, .. } => {
            vec![number(local::ACTION, local::END_X), address(local::NH6, &via.octets())]
        }
        Behaviour::EndDt6(table) => {
            vec![number(local::ACTION, local::END_DT6), number(local::TABLE, table.number())]
        }
        Behaviour::EndDx4(to) => {
            vec![number(local::ACTION, local::END_DX4), address(local::NH4, &to.octets())]
        }
        Behaviour::EndDx6(to) => {
            vec![number(local::ACTION, local::END_DX6), address(local::NH6, &to.octets())]
        }
    };
    if let Behaviour::End(Some(csid)) | Behaviour::EndX { csid: Some(csid), .. } = behaviour {
        inside.push(flavors(csid));
    }
    inside.push(counters());
    encap(inside)
}

fn flavors(csid: &NextCsid) -> DefaultNla {
    let inside = [
        number(local::OPERATION, local::NEXT_CSID),
        octet(local::BLOCK, csid.block),
        octet(local::TAKEN, csid.taken),
    ];
    nest(local::FLAVORS, &inside)
}

/// The message that adds a rule or takes it away.
pub(super) fn rule(rule: &Rule) -> RuleMessage {
    let mut message = RuleMessage::default();
    message.header.family = match rule.family() {
        Family::V4 => AddressFamily::Inet,
        Family::V6 => AddressFamily::Inet6,
    };
    message.header.action = RuleAction::ToTable;
    message.attributes.push(RuleAttribute::Priority(rule.priority()));
    message.attributes.push(RuleAttribute::Protocol(RouteProtocol::Other(PROTOCOL)));
    message.attributes.push(RuleAttribute::Table(rule.table().number()));
    match rule {
        Rule::Core(net) => {
            message.header.dst_len = net.prefix_len();
            message.attributes.push(RuleAttribute::Destination(IpAddr::V6(net.network())));
        }
        Rule::Steered(_, slot) => {
            message.attributes.push(RuleAttribute::FwMark(slot.mark()));
            message.attributes.push(RuleAttribute::FwMask(SLOT_MASK));
        }
        Rule::Entering(_, device, _) => {
            message.attributes.push(RuleAttribute::Iifname(device.to_string()));
        }
    }
    message
}
