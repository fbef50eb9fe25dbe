//! Hand-computed chains over a diamond with a firewall on either side.

use std::net::Ipv6Addr;

use model::{
    DeviceConfig, Fact, Label, NodeId, Sid, SrPolicy, Ted,
    node::{ServiceFunction, function_of},
};

use super::*;
use crate::{CsidLengths, support::*};

const FIREWALL: u16 = 0xf1;

/// n0 to n3 by n1 (links 0, 1) or by n2 (links 2, 3). Firewalls stand at n1 and n2, by one label and by SIDs of their own.
fn firewalls() -> Ted {
    let mut net = ted(4, &[(0, 1, 1), (1, 3, 1), (0, 2, 5), (2, 3, 6)]);
    for node in [1, 2] {
        give(&mut net, node, function_of(locator(node), FIREWALL));
    }
    net
}

fn give(net: &mut Ted, node: usize, sid: Ipv6Addr) {
    let function = ServiceFunction { label: Label::try_from(15_900).ok(), sid: Some(sid) };
    net.nodes.get_mut(&name(node)).unwrap().service_function = Some(Fact::from_file(function));
}

fn label() -> Sid {
    Sid::Mpls(Label::try_from(15_900).unwrap())
}

fn sid(node: usize) -> Sid {
    Sid::Srv6(function_of(locator(node), FIREWALL))
}

/// A container: the block of all locators and CSIDs behind it.
fn container(csids: &[u16]) -> Sid {
    let mut parts = [0xfd00, 0, 0, 0, 0, 0, 0, 0];
    parts[2..2 + csids.len()].copy_from_slice(csids);
    Sid::Srv6(Ipv6Addr::from(parts))
}

/// By which policy n0 leads to n3.
fn toward(sids: &[Sid]) -> SrPolicy {
    let endpoint = match sids.last() {
        Some(Sid::Mpls(_)) => router_id(3).into(),
        _ => locator(3).addr().into(),
    };
    policy(7, endpoint, vec![candidate(100, vec![list(1, sids)])])
}

fn built(net: &Ted, devices: Vec<(usize, SrPolicy)>) -> (Network, Forwarding) {
    let mut network = Network::new(net).unwrap();
    (0..4).for_each(|node| network.set_next_csid(NodeIx(node), Some(CsidLengths::default())));
    let devices: BTreeMap<NodeId, DeviceConfig> =
        devices.into_iter().map(|(node, policy)| (name(node), device(vec![policy], Vec::new()))).collect();
    let forwarding = Forwarding::build(&network, &devices);
    (network, forwarding)
}

/// The chains of the policy of n0, beside which others may stand.
fn chains(net: &Ted, own: SrPolicy, others: Vec<(usize, SrPolicy)>) -> Vec<Chain> {
    let key = own.key;
    let (network, forwarding) = built(net, others.into_iter().chain([(0, own)]).collect());
    forwarding.chains(&network, NodeIx(0), key)
}

/// The chain of one list in the network of [`firewalls`].
fn chain(sids: &[Sid]) -> Passed {
    chains(&firewalls(), toward(sids), Vec::new()).remove(0).lists.remove(0)
}

fn nodes(nodes: &[u32]) -> Passed {
    Some(nodes.iter().copied().map(NodeIx).collect())
}

#[test]
fn labels_are_functions_of_the_node_that_reads_them() {
    assert_eq!(chain(&[node_label(0, 2), label(), node_label(2, 3)]), nodes(&[2]));
    assert_eq!(
        chain(&[node_label(0, 1), label(), node_label(1, 2), label(), node_label(2, 3)]),
        nodes(&[1, 2])
    );
    assert_eq!(
        chain(&[adjacency_label(4), label(), node_label(2, 1), label(), node_label(1, 3)]),
        nodes(&[2, 1])
    );
    // To come by is not to go through.
    assert_eq!(chain(&[node_label(0, 2), node_label(2, 3)]), nodes(&[]));
}

#[test]
fn sids_are_functions_wherever_they_lead() {
    assert_eq!(chain(&[sid(2)]), nodes(&[2]));
    assert_eq!(chain(&[sid(1), sid(2), end(3)]), nodes(&[1, 2]));
    assert_eq!(chain(&[end(2), sid(2), end_x(2, 6)]), nodes(&[2]));
    assert_eq!(chain(&[end(2), end(3)]), nodes(&[]));
    // One that no locator covers means something at its node only.
    let mut net = firewalls();
    let outside: Ipv6Addr = "fd00:f::2".parse().unwrap();
    give(&mut net, 2, outside);
    let own = toward(&[end(2), Sid::Srv6(outside), end(3)]);
    assert_eq!(chains(&net, own, Vec::new())[0].lists, [nodes(&[2])]);
}

#[test]
fn functions_in_containers_are_passed_too() {
    assert_eq!(chain(&[container(&[1, 0xe004, 3, FIREWALL]), container(&[4])]), nodes(&[2]));
    assert_eq!(chain(&[container(&[2, FIREWALL]), container(&[3, FIREWALL]), end(3)]), nodes(&[1, 2]));
    assert_eq!(chain(&[container(&[2, 3, 4])]), nodes(&[]));
}

#[test]
fn what_means_nothing_has_no_chain_and_no_policy_has_none() {
    let lists = vec![list(1, &[sid(1), end(3)]), list(1, &[container(&[9])]), list(0, &[sid(2)])];
    let endpoint = locator(3).addr().into();
    let backup = candidate(50, vec![list(1, &[sid(2)])]);
    let own = policy(7, endpoint, vec![backup, candidate(100, lists)]);
    let (key, chains) = (own.key, chains(&firewalls(), own, Vec::new()));
    let said: Vec<(u32, &[Passed])> =
        chains.iter().map(|chain| (chain.preference, &chain.lists[..])).collect();
    assert_eq!(said, [(100, &[nodes(&[1])][..]), (50, &[nodes(&[2])][..])]);
    let (network, forwarding) = built(&firewalls(), Vec::new());
    assert_eq!(forwarding.chains(&network, NodeIx(0), key), []);
}

#[test]
fn a_policy_by_color_only_has_its_chain() {
    let own = policy(7, Ipv6Addr::UNSPECIFIED.into(), vec![candidate(100, vec![list(1, &[sid(2)])])]);
    assert_eq!(chains(&firewalls(), own, Vec::new())[0].lists, [nodes(&[2])]);
}

/// The chain of a list of n0 that leads at n1 into a policy with candidates of these lists.
fn behind(inner: &[&[Sid]]) -> Passed {
    let binding = Sid::Srv6(function_of(locator(1), 0x4000));
    let candidates =
        inner.iter().zip(1..).map(|(sids, preference)| candidate(preference, vec![list(1, sids)])).collect();
    let mut nested = policy(9, locator(3).addr().into(), candidates);
    nested.binding_sid = Some(binding);
    let own = toward(&[sid(1), binding, end(3)]);
    chains(&firewalls(), own, vec![(1, nested)]).remove(0).lists.remove(0)
}

#[test]
fn behind_a_binding_sid_all_candidates_must_say_the_same() {
    assert_eq!(behind(&[&[end(3)]]), nodes(&[1]));
    assert_eq!(behind(&[&[sid(2), end(3)]]), nodes(&[1, 2]));
    assert_eq!(behind(&[&[sid(2)], &[end(2), sid(2), end_x(2, 6)]]), nodes(&[1, 2]));
    assert_eq!(behind(&[&[sid(2)], &[end(3)]]), None);
}

#[test]
fn behind_an_anycast_segment_all_members_must_say_the_same() {
    let group = Sid::Srv6("fd00:a::1".parse().unwrap());
    let chain = |sids: &[Sid]| {
        let mut network = Network::new(&firewalls()).unwrap();
        network.add_anycast([NodeIx(1), NodeIx(2)], None, Some("fd00:a::1".parse().unwrap()));
        let own = toward(sids);
        let key = own.key;
        let devices = BTreeMap::from([(name(0), device(vec![own], Vec::new()))]);
        Forwarding::build(&network, &devices).chains(&network, NodeIx(0), key).remove(0).lists.remove(0)
    };
    assert_eq!(chain(&[group, end(3)]), nodes(&[]));
    assert_eq!(chain(&[sid(1), group, sid(2), end(3)]), nodes(&[1, 2]));
    // The label of the firewall is that of whichever is nearer.
    assert_eq!(chain(&[group, label(), end(3)]), None);
}

#[test]
fn a_list_without_functions_takes_no_more_memory() {
    assert_eq!(size_of::<Segment>(), 2 * size_of::<usize>());
    let (_, forwarding) = built(&firewalls(), vec![(0, toward(&[end(2), end(3)]))]);
    let meaning = forwarding.policies[0].candidates[0].lists[0].meaning.as_ref().unwrap();
    assert_eq!(meaning.segments, [Segment::Node(NodeIx(2)), Segment::Node(NodeIx(3))]);
}
