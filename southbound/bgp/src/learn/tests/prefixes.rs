//! Which prefixes of a router are its own, and which SID is that of the node.

use ipnet::IpNet;

use super::*;
use crate::ls::{
    NodeDescriptor as Node, NodeNlri, PrefixDescriptor as Part, PrefixNlri, ProtocolId, prefix::PrefixTlv,
    sr::SrTlv, srv6::Srv6Tlv,
};

/// A table of one router whose router id is 10.0.0.1, with these prefixes of it.
fn table(protocol: ProtocolId, prefixes: &[(&str, Option<u8>, Vec<LsTlv>)]) -> Table {
    let instance = Instance { protocol, identifier: 0 };
    let node = vec![Node::IgpRouterId(IgpRouterId::Router([10, 0, 0, 1].into()))];
    let id = LsAttribute { tlvs: vec![LsTlv::LocalIpv4([10, 0, 0, 1].into())] };
    let mut all = vec![(Nlri::Node(NodeNlri { instance, node: node.clone() }), id)];
    for (net, kind, tlvs) in prefixes {
        let net: IpNet = net.parse().unwrap();
        let mut prefix: Vec<Part> = kind.map(Part::OspfRouteType).into_iter().collect();
        prefix.push(Part::Reachability(net));
        let ipv6 = matches!(net, IpNet::V6(_));
        let nlri = Nlri::Prefix(PrefixNlri { instance, ipv6, node: node.clone(), prefix });
        all.push((nlri, LsAttribute { tlvs: tlvs.clone() }));
    }
    let mut table = Table::default();
    tell(&mut table, "rr1", all, 1);
    table
}

fn sid(flags: u8, index: u32) -> LsTlv {
    LsTlv::Sr(SrTlv::PrefixSid { flags, algorithm: 0, sid: SidLabel::Index(index) })
}

fn flags(octet: u8) -> LsTlv {
    LsTlv::Prefix(PrefixTlv::AttributeFlags(vec![octet]))
}

fn locator(flags: u8) -> LsTlv {
    LsTlv::Srv6(Srv6Tlv::Locator { flags, algorithm: 0, metric: 0, tlvs: Vec::new() })
}

fn node_sid(table: &Table) -> Option<u32> {
    let view = view(table);
    view.routers.values().next().unwrap().node_sid.as_ref().map(|fact| fact.value)
}

const ISIS: ProtocolId = ProtocolId::ISIS_LEVEL_2;

#[test]
fn the_sid_of_the_router_id_goes_before_others() {
    let prefixes = ["10.0.0.0/32", "10.0.0.1/32", "10.0.0.2/32"];
    let prefixes: Vec<_> =
        (10..).zip(prefixes).map(|(index, net)| (net, None, vec![sid(0x40, index)])).collect();
    let seen = table(ISIS, &prefixes);
    assert_eq!(node_sid(&seen), Some(11));
    let fact = view(&seen).routers.values().next().unwrap().node_sid.clone().unwrap();
    assert_eq!(fact.standing, Standing::Fresh, "prefixes of one router do not contradict each other");
    assert_eq!(node_sid(&table(ISIS, &prefixes[..1])), Some(10));
}

#[test]
fn what_was_passed_on_is_not_the_routers_own() {
    let host = |tlvs: Vec<LsTlv>| node_sid(&table(ISIS, &[("10.0.0.9/32", None, tlvs)]));
    assert_eq!(host(vec![sid(0x40, 9), flags(0x20)]), Some(9));
    assert_eq!(host(vec![sid(0xc0, 9)]), None, "R of the sid");
    assert_eq!(host(vec![sid(0x40, 9), flags(0x60)]), None, "R of the prefix");
    assert_eq!(host(vec![sid(0x40, 9), flags(0xa0)]), None, "X of the prefix");
    assert_eq!(host(vec![sid(0x40, 9), LsTlv::Prefix(PrefixTlv::IgpFlags(0x80))]), None, "down");
    let learned = |tlvs: Vec<LsTlv>| {
        let seen = view(&table(ISIS, &[("fd00:1::/48", None, tlvs)]));
        seen.routers.values().next().unwrap().locator.is_some()
    };
    assert!(learned(vec![locator(0)]));
    assert!(!learned(vec![locator(0x80)]), "D of the locator");
    assert!(!learned(vec![locator(0), flags(0x40)]), "R of the prefix");
}

#[test]
fn ospf_says_at_the_prefix_that_it_is_a_nodes() {
    let host =
        |protocol, kind, tlvs: Vec<LsTlv>| node_sid(&table(protocol, &[("10.0.0.1/32", Some(kind), tlvs)]));
    assert_eq!(host(ProtocolId::OSPFV2, 1, vec![sid(0x40, 9)]), None, "no php, and no flag of a node");
    assert_eq!(host(ProtocolId::OSPFV2, 1, vec![sid(0, 9), flags(0x40)]), Some(9));
    assert_eq!(host(ProtocolId::OSPFV2, 2, vec![sid(0, 9), flags(0x40)]), None, "of another area");
    assert_eq!(host(ProtocolId::OSPFV3, 1, vec![sid(0, 9), flags(0x40)]), None);
    assert_eq!(host(ProtocolId::OSPFV3, 1, vec![sid(0, 9), flags(0x20)]), Some(9));
}
