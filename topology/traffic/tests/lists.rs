//! Hand-computed walks over what a segment list may hold beside plain SIDs: containers of CSIDs, services, policies by color
//! only, and policies within policies.
#![allow(clippy::unwrap_used, reason = "what a test builds itself is sound, or the test fails")]

mod support;

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use model::{
    DeviceConfig, Fact, Label, NextCsid, NodeId, NodeIx, Sid, SrPolicy, Ted,
    node::{ServiceFunction, function_of},
    sr::LastResort,
};
use support::*;
use traffic::{
    CsidLengths, DropReason, Failure, Fault, Flow, Forwarding, IgpReason, Network, Via, WHOLE, Witness,
};

type Devices = BTreeMap<NodeId, DeviceConfig>;

/// n0 to n3 by n1 (links 0, 1; metric 1 each) or by n2 (links 2, 3; metric 5 and 6).
fn diamond() -> Ted {
    ted(4, &[(0, 1, 1), (1, 3, 1), (0, 2, 5), (2, 3, 6)])
}

/// Walks one demand to a node; all nodes but `deaf` read containers.
fn walk_to(to: usize, devices: &Devices, deaf: Option<u32>) -> Flow {
    walk_in(&diamond(), to, devices, deaf)
}

fn walk_in(ted: &Ted, to: usize, devices: &Devices, deaf: Option<u32>) -> Flow {
    let mut network = Network::new(ted).unwrap();
    for node in (0..4).filter(|node| Some(*node) != deaf) {
        network.set_next_csid(NodeIx(node), Some(CsidLengths::default()));
    }
    let forwarding = Forwarding::build(&network, devices);
    let demands = demands(vec![demand("d", 0, to, "be", 1)]);
    Witness::new(&network, &forwarding, &demands).walk(&Failure::None).unwrap().flows.remove(0)
}

fn at_n0(policies: Vec<SrPolicy>) -> Devices {
    Devices::from([(name(0), device(policies, vec![rule("bank", 1, None, &[], 7)]))])
}

fn by(endpoint: IpAddr, preference: u32, sids: &[Sid]) -> SrPolicy {
    policy(7, endpoint, vec![candidate(preference, vec![list(1, sids)])])
}

fn to_n3() -> IpAddr {
    locator(3).addr().into()
}

fn over(sids: &[Sid], deaf: Option<u32>) -> Flow {
    walk_to(3, &at_n0(vec![by(to_n3(), 100, sids)]), deaf)
}

fn shares(flow: &Flow) -> Vec<(u32, u64)> {
    flow.shares.iter().map(|(edge, share)| (edge.0, *share)).collect()
}

fn fault(flow: &Flow) -> &Fault {
    match &flow.via {
        Via::Igp(IgpReason::PolicyInvalid { faults, .. }) => &faults[0],
        via => panic!("{via:?}"),
    }
}

fn preference(flow: &Flow) -> Option<u32> {
    match flow.via {
        Via::Policy { preference, .. } => Some(preference),
        _ => None,
    }
}

/// A container: the block of all locators and CSIDs behind it.
fn container(csids: &[u16]) -> Sid {
    let mut parts = [0xfd00, 0, 0, 0, 0, 0, 0, 0];
    parts[2..2 + csids.len()].copy_from_slice(csids);
    Sid::Srv6(Ipv6Addr::from(parts))
}

#[test]
fn a_container_leads_from_node_to_node() {
    // To n2, over n0 to n1, and on to n3; CSIDs count from 1.
    let flow = over(&[container(&[3, 2, 4])], None);
    assert_eq!(shares(&flow), [(0, WHOLE), (2, WHOLE), (4, WHOLE), (5, WHOLE)]);
    assert_eq!(flow.hops, 4);
}

#[test]
fn a_container_asks_for_edges_and_ends_in_the_service() {
    // Over edge 4 of n0 to n2, over edge 6 of n2 to n3, and out there.
    let flow = over(&[container(&[1, 0xe004, 3, 0xe006, 4, 0xd46])], None);
    assert_eq!(shares(&flow), [(4, WHOLE), (6, WHOLE)]);
    // Two containers in one list do the same.
    let two = over(&[container(&[1, 0xe004]), container(&[3, 0xe006]), container(&[4, 0xd46])], None);
    assert_eq!(shares(&two), shares(&flow));
}

#[test]
fn a_node_that_reads_no_containers_is_a_black_hole_for_them() {
    let sids = [container(&[3, 4])];
    assert_eq!(shares(&over(&sids, None)), [(4, WHOLE), (6, WHOLE)]);
    assert_eq!(fault(&over(&sids, Some(2))), &Fault::UnknownSid { at: name(2), sid: sids[0] });
    // A plain SID of that node is no container.
    assert_eq!(shares(&over(&[end(2)], Some(2))), [(4, WHOLE), (6, WHOLE)]);
}

#[test]
fn who_reads_containers_is_what_the_network_says() {
    let sids = [container(&[3, 4])];
    let devices = at_n0(vec![by(to_n3(), 100, &sids)]);
    let demands = demands(vec![demand("d", 0, 3, "be", 1)]);
    let walked = |ted: &Ted| {
        let network = Network::new(ted).unwrap();
        let forwarding = Forwarding::build(&network, &devices);
        Witness::new(&network, &forwarding, &demands).walk(&Failure::None).unwrap().flows.remove(0)
    };
    let mut ted = diamond();
    assert_eq!(fault(&walked(&ted)), &Fault::UnknownSid { at: name(2), sid: sids[0] });
    for node in [2, 3] {
        let lengths = NextCsid { locator_block_length: 32, locator_node_length: 16 };
        ted.nodes.get_mut(&name(node)).unwrap().next_csid = Some(lengths);
    }
    assert_eq!(shares(&walked(&ted)), [(4, WHOLE), (6, WHOLE)]);
    // Lengths that are not those of the locator mean nothing.
    let wrong = NextCsid { locator_block_length: 40, locator_node_length: 16 };
    ted.nodes.get_mut(&name(2)).unwrap().next_csid = Some(wrong);
    assert_eq!(fault(&walked(&ted)), &Fault::UnknownSid { at: name(2), sid: sids[0] });
}

#[test]
fn a_function_is_read_before_the_next_node_is() {
    // The CSID of n0 is 1, which is also the function of End: n2 takes it for that, and can do nothing with what follows.
    let flow = over(&[container(&[3, 1, 4])], None);
    assert_eq!(fault(&flow), &Fault::UnknownSid { at: name(2), sid: container(&[3, 1, 4]) });
    // With nothing behind it, it is End, and the traffic never comes to n0 again.
    assert_eq!(shares(&over(&[container(&[3, 1])], None)), [(4, WHOLE), (6, WHOLE)]);
}

#[test]
fn a_container_that_names_nobody_goes_nowhere() {
    let flow = over(&[container(&[3, 0x77, 4])], None);
    assert_eq!(fault(&flow), &Fault::UnknownSid { at: name(2), sid: container(&[0x77, 4]) });
    // Zero ends a container: what stands behind it is lost.
    let flow = over(&[container(&[3, 0, 4])], None);
    assert_eq!(fault(&flow), &Fault::UnknownSid { at: name(2), sid: container(&[3, 0, 4]) });
}

#[test]
fn a_service_comes_out_at_the_endpoint_and_nowhere_on_the_way() {
    let service = |node: u16| container(&[node + 1, 0xd46]);
    assert_eq!(shares(&over(&[end(2), service(3)], None)), [(4, WHOLE), (6, WHOLE)]);
    assert_eq!(fault(&over(&[service(2)], None)), &Fault::EndsAt { node: name(2) });
    assert_eq!(fault(&over(&[service(3), end(3)], None)), &Fault::EndsAt { node: name(3) });
}

#[test]
fn a_policy_behind_a_binding_sid_must_not_end_in_a_service() {
    let binding = container(&[3, 0xb]);
    let devices = |inner: Sid| {
        let mut nested = policy(8, to_n3(), vec![candidate(100, vec![list(1, &[inner])])]);
        nested.binding_sid = Some(binding);
        let mut devices = at_n0(vec![by(to_n3(), 100, &[binding])]);
        devices.insert(name(2), device(vec![nested], vec![]));
        devices
    };
    assert_eq!(shares(&walk_to(3, &devices(end(3)), None)), [(4, WHOLE), (6, WHOLE)]);
    let flow = walk_to(3, &devices(container(&[4, 0xd46])), None);
    assert_eq!(fault(&flow), &Fault::EndsAt { node: name(3) });
}

#[test]
fn a_binding_sid_may_stand_last_in_a_container() {
    let binding = container(&[3, 0xb]);
    let mut nested = policy(8, to_n3(), vec![candidate(100, vec![list(1, &[end_x(2, 6)])])]);
    nested.binding_sid = Some(binding);
    let mut devices = at_n0(vec![by(to_n3(), 100, &[container(&[2, 3, 0xb])])]);
    devices.insert(name(2), device(vec![nested], vec![]));
    // By n1 to n2, which is back over n0, and out over edge 6.
    assert_eq!(shares(&walk_to(3, &devices, None)), [(0, WHOLE), (1, WHOLE), (4, WHOLE), (6, WHOLE)]);
}

#[test]
fn a_policy_by_color_only_takes_traffic_to_any_node() {
    let v4 = IpAddr::from(Ipv4Addr::UNSPECIFIED);
    let v6 = IpAddr::from(Ipv6Addr::UNSPECIFIED);
    // SRv6: from n2 on the service SID of wherever it goes leads on.
    let anywhere = at_n0(vec![by(v6, 50, &[end(2)])]);
    assert_eq!(shares(&walk_to(3, &anywhere, None)), [(4, WHOLE), (6, WHOLE)]);
    assert_eq!(shares(&walk_to(2, &anywhere, None)), [(4, WHOLE)]);
    assert_eq!(shares(&walk_to(1, &anywhere, None)), [(0, WHOLE), (4, WHOLE), (5, WHOLE)]);
    // SR-MPLS: nobody but n2 knows the label of a service of n2.
    let labels = at_n0(vec![by(v4, 50, &[node_label(0, 2)])]);
    assert_eq!(preference(&walk_to(2, &labels, None)), Some(50));
    assert_eq!(fault(&walk_to(3, &labels, None)), &Fault::EndsAt { node: name(2) });
}

#[test]
fn a_policy_toward_the_node_comes_first_and_one_of_its_family_next() {
    let v4 = IpAddr::from(Ipv4Addr::UNSPECIFIED);
    let v6 = IpAddr::from(Ipv6Addr::UNSPECIFIED);
    let nowhere = [adjacency_label(9)];
    let way = [node_label(0, 3)];
    let four = IpAddr::V4(router_id(3));
    let chosen = |policies: Vec<SrPolicy>| preference(&walk_to(3, &at_n0(policies), None));
    let (any4, any6) = (by(v4, 4, &way), by(v6, 6, &[end(3)]));
    assert_eq!(chosen(vec![by(four, 100, &way), any4.clone()]), Some(100));
    assert_eq!(chosen(vec![by(four, 100, &nowhere), any4.clone(), any6.clone()]), Some(4));
    assert_eq!(chosen(vec![by(to_n3(), 100, &nowhere), any4.clone(), any6.clone()]), Some(6));
    assert_eq!(chosen(vec![any6.clone(), any4.clone()]), Some(4));
    assert_eq!(chosen(vec![by(v4, 4, &nowhere), any6.clone()]), Some(6));
    // Who would rather drop does not look further (RFC 9256 section 8.2).
    let strict = SrPolicy { last_resort: LastResort::Drop, ..by(four, 100, &nowhere) };
    let flow = walk_to(3, &at_n0(vec![strict, any4]), None);
    assert!(matches!(flow.via, Via::Dropped(DropReason::PolicyInvalid { .. })), "{:?}", flow.via);
}

/// The diamond with both ways of one length, a group of n1 and n2, and one demand to n3.
fn toward_the_group(sids: &[Sid], endpoint: IpAddr, failure: &Failure) -> Flow {
    let mut network = Network::new(&ted(4, &[(0, 1, 5), (1, 3, 5), (0, 2, 5), (2, 3, 5)])).unwrap();
    let Sid::Srv6(address) = GROUP else { panic!("it is an SRv6 SID") };
    network.add_anycast([NodeIx(2), NodeIx(1)], Some(300), Some(address));
    let forwarding = Forwarding::build(&network, &at_n0(vec![by(endpoint, 100, sids)]));
    let demands = demands(vec![demand("d", 0, 3, "be", 1)]);
    Witness::new(&network, &forwarding, &demands).walk(failure).unwrap().flows.remove(0)
}

const GROUP: Sid = Sid::Srv6(Ipv6Addr::new(0xfd01, 0, 0, 0, 0, 0, 0, 1));

#[test]
fn an_anycast_segment_leads_to_whoever_is_nearest() {
    let half = WHOLE / 2;
    let both = toward_the_group(&[GROUP, end(3)], to_n3(), &Failure::None);
    assert_eq!(shares(&both), [(0, half), (2, half), (4, half), (6, half)]);
    assert_eq!((both.hops, both.delay.unwrap().as_micros()), (2, 2_000));
    let other = toward_the_group(&[GROUP, end(3)], to_n3(), &Failure::link(link_name(0)));
    assert_eq!(shares(&other), [(4, WHOLE), (6, WHOLE)]);
}

#[test]
fn behind_an_anycast_segment_every_member_that_is_reached_must_know_how_to_go_on() {
    let four = IpAddr::V4(router_id(3));
    let group = Sid::Mpls(model::Label::try_from(srgb(0) + 300).unwrap());
    // The next label is one of n1: n2 has another SRGB and does not know it.
    let sids = [group, node_label(1, 3)];
    let flow = toward_the_group(&sids, four, &Failure::None);
    assert_eq!(fault(&flow), &Fault::UnknownSid { at: name(2), sid: node_label(1, 3) });
    let only_n1 = toward_the_group(&sids, four, &Failure::link(link_name(2)));
    assert_eq!(shares(&only_n1), [(0, WHOLE), (2, WHOLE)]);
    let nobody = Failure::Links([link_name(0), link_name(2)].into());
    let flow = toward_the_group(&sids, four, &nobody);
    assert!(matches!(&flow.via, Via::Dropped(DropReason::Unreachable { .. })), "{:?}", flow.via);
}

#[test]
fn a_node_on_the_way_needs_a_label_too() {
    let mut net = diamond();
    net.nodes.get_mut(&name(1)).unwrap().srgb.size = 4;
    let network = Network::new(&net).unwrap();
    let devices = at_n0(vec![by(IpAddr::V4(router_id(3)), 100, &[node_label(0, 3)])]);
    let forwarding = Forwarding::build(&network, &devices);
    let demands = demands(vec![demand("d", 0, 3, "be", 1)]);
    let witness = Witness::new(&network, &forwarding, &demands);
    let flow = witness.walk(&Failure::None).unwrap().flows.remove(0);
    assert_eq!(fault(&flow), &Fault::NoLabel { at: name(1), to: name(3), index: 4 });
    // By n2 everybody has one.
    let flow = witness.walk(&Failure::link(link_name(1))).unwrap().flows.remove(0);
    assert_eq!(shares(&flow), [(4, WHOLE), (6, WHOLE)]);
}

#[test]
fn a_list_that_becomes_valid_by_a_failure_is_not_overlooked() {
    let mut net = diamond();
    net.nodes.get_mut(&name(1)).unwrap().srgb.size = 4;
    let network = Network::new(&net).unwrap();
    // The label of n3 is no good at n1; the backup goes by n2 from the start. Without link 1 the first goes there, too.
    let candidates = vec![
        candidate(200, vec![list(1, &[node_label(0, 3)])]),
        candidate(100, vec![list(1, &[adjacency_label(4), node_label(2, 3)])]),
    ];
    let devices = at_n0(vec![policy(7, IpAddr::V4(router_id(3)), candidates)]);
    let forwarding = Forwarding::build(&network, &devices);
    let demands = demands(vec![demand("d", 0, 3, "be", 1)]);
    let witness = Witness::new(&network, &forwarding, &demands);
    let mut drill = witness.drill();
    assert_eq!(preference(&drill.outcome().flows[0]), Some(100));
    let failure = Failure::link(link_name(1));
    drill.fail(&failure).unwrap();
    assert_eq!(preference(&drill.outcome().flows[0]), Some(200));
    assert_eq!(drill.outcome(), &witness.walk(&failure).unwrap());
}

const FIREWALL: u16 = 0xf1;

/// A list over a firewall at n2, which has a label, and a SID: of its node's locator, or of none.
fn through_firewall(sids: &[Sid], sid: Ipv6Addr) -> Flow {
    let mut ted = diamond();
    let function = ServiceFunction { label: Label::try_from(15_900).ok(), sid: Some(sid) };
    ted.nodes.get_mut(&name(2)).unwrap().service_function = Some(Fact::from_file(function));
    let endpoint = match sids.last().unwrap() {
        Sid::Mpls(_) => router_id(3).into(),
        Sid::Srv6(_) => to_n3(),
    };
    walk_in(&ted, 3, &at_n0(vec![by(endpoint, 100, sids)]), None)
}

#[test]
fn a_service_chain_leads_through_the_function_and_on() {
    let sid = function_of(locator(2), FIREWALL);
    let firewall = Sid::Srv6(sid);
    let over_n2 = [(4, WHOLE), (6, WHOLE)];
    // In SRv6 the SID of the function leads to its node; a label must come there first.
    for sids in [&[firewall][..], &[firewall, end(3)], &[end(2), firewall, end(3)], &[end_x(0, 4), firewall]]
    {
        assert_eq!(shares(&through_firewall(sids, sid)), over_n2, "{sids:?}");
    }
    let label = Sid::Mpls(Label::try_from(15_900).unwrap());
    let flow = through_firewall(&[node_label(0, 2), label, node_label(2, 3)], sid);
    assert_eq!(shares(&flow), over_n2);
    // At another node the label means nothing.
    let flow = through_firewall(&[node_label(0, 1), label, node_label(1, 3)], sid);
    assert_eq!(fault(&flow), &Fault::UnknownSid { at: name(1), sid: label });
}

#[test]
fn a_function_outside_the_locator_is_known_at_its_node_only() {
    let sid: Ipv6Addr = "fd00:f::2".parse().unwrap();
    let flow = through_firewall(&[end(2), Sid::Srv6(sid), end(3)], sid);
    assert_eq!(shares(&flow), [(4, WHOLE), (6, WHOLE)]);
    let flow = through_firewall(&[Sid::Srv6(sid), end(3)], sid);
    assert_eq!(fault(&flow), &Fault::UnknownSid { at: name(0), sid: Sid::Srv6(sid) });
}

#[test]
fn a_function_ends_its_container() {
    let sid = function_of(locator(2), FIREWALL);
    let flow = through_firewall(&[container(&[1, 0xe004, 3, FIREWALL]), container(&[4])], sid);
    assert_eq!(shares(&flow), [(4, WHOLE), (6, WHOLE)]);
    let flow = through_firewall(&[container(&[3, FIREWALL, 4])], sid);
    assert_eq!(fault(&flow), &Fault::UnknownSid { at: name(2), sid: container(&[3, FIREWALL, 4]) });
}
