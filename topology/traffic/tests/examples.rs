//! Hand-computed walks: steering, segments, candidates, queues.
#![allow(clippy::unwrap_used, reason = "what a test builds itself is sound, or the test fails")]

mod support;

use std::{collections::BTreeMap, net::IpAddr};

use model::{
    Bandwidth, Classifier, Demand, DeviceConfig, Discipline, EdgeIx, InterfaceName, InterfaceQos, Loss,
    NodeId, QueueName, QueueShare, SrPolicy, Ted, sr::LastResort,
};
use support::*;
use traffic::{
    DropReason, Failure, Fault, Flow, Forwarding, IgpReason, Network, Outage, Outcome, Parts, Via, WHOLE,
    Witness,
};

type Devices = BTreeMap<NodeId, DeviceConfig>;

fn walk(ted: &Ted, devices: &Devices, traffic: Vec<Demand>, failure: Failure) -> Outcome {
    let network = Network::new(ted).unwrap();
    let forwarding = Forwarding::build(&network, devices);
    Witness::new(&network, &forwarding, &demands(traffic)).walk(&failure).unwrap()
}

fn one(ted: &Ted, devices: &Devices, demand: Demand, failure: Failure) -> Flow {
    walk(ted, devices, vec![demand], failure).flows.remove(0)
}

fn preference(flow: &Flow) -> Option<u32> {
    match flow.via {
        Via::Policy { preference, .. } => Some(preference),
        _ => None,
    }
}

fn shares(flow: &Flow) -> Vec<(u32, u64)> {
    flow.shares.iter().map(|(edge, share)| (edge.0, *share)).collect()
}

/// n0 to n3 by n1 (links 0, 1; metric 1 each) or by n2 (links 2, 3; metric 5 each).
fn diamond() -> Ted {
    ted(4, &[(0, 1, 1), (1, 3, 1), (0, 2, 5), (2, 3, 5)])
}

fn by_n2(last_resort: LastResort) -> Devices {
    let mut policy = policy(
        7,
        IpAddr::V4(router_id(3)),
        vec![candidate(200, vec![list(1, &[node_label(0, 2), node_label(2, 3)])])],
    );
    policy.last_resort = last_resort;
    Devices::from([(name(0), device(vec![policy], vec![rule("bank", 10, None, &["ef"], 7)]))])
}

fn voice() -> Demand {
    demand("voice", 0, 3, "ef", 1_000_000)
}

#[test]
fn a_rule_steers_its_code_point_and_the_rest_follows_the_igp() {
    let outcome =
        walk(&diamond(), &by_n2(LastResort::Igp), vec![voice(), demand("web", 0, 3, "be", 1)], Failure::None);
    assert_eq!(shares(&outcome.flows[0]), [(4, WHOLE), (6, WHOLE)]);
    assert_eq!(preference(&outcome.flows[0]), Some(200));
    assert_eq!(shares(&outcome.flows[1]), [(0, WHOLE), (2, WHOLE)]);
    assert_eq!(outcome.flows[1].via, Via::Igp(IgpReason::NoRule));
    assert_eq!(outcome.flows[0].delay.unwrap().as_micros(), 2_000);
    assert_eq!(outcome.flows[0].hops, 2);
    assert_eq!(outcome.loads.edge(EdgeIx(4)).offered(), Bandwidth::from_bps(1_000_000));
}

#[test]
fn the_lowest_matching_sequence_wins_within_the_vrf() {
    let to_n3 = IpAddr::V4(router_id(3));
    let policies = || {
        [1, 2, 3, 4]
            .map(|number| policy(number, to_n3, vec![candidate(number, vec![list(1, &[node_label(0, 3)])])]))
    };
    let rules = vec![
        rule("other", 1, None, &[], 1),
        rule("bank", 5, Some("10.3.0.0/16"), &["ef"], 2),
        rule("bank", 9, Some("10.0.0.0/8"), &[], 3),
        rule("bank", 20, None, &["ef"], 4),
    ];
    let devices = Devices::from([(name(0), device(policies().into(), rules))]);
    let color = |destination: Option<&str>, dscp: &str| {
        let destination = destination.map(|text| text.parse().unwrap());
        let demand = Demand { destination, ..demand("d", 0, 3, dscp, 1) };
        preference(&one(&diamond(), &devices, demand, Failure::None))
    };
    assert_eq!(color(Some("10.3.7.0/24"), "ef"), Some(2));
    assert_eq!(color(Some("10.3.7.0/24"), "be"), Some(3));
    assert_eq!(color(Some("10.0.0.0/7"), "ef"), Some(4), "a wider destination is not within the prefix");
    assert_eq!(color(None, "ef"), Some(4), "all that is behind a node matches no prefix");
    assert_eq!(color(None, "be"), None);
}

#[test]
fn a_color_without_a_policy_toward_the_node_follows_the_igp() {
    let mut devices = by_n2(LastResort::Igp);
    devices.get_mut(&name(0)).unwrap().policies.clear();
    let flow = one(&diamond(), &devices, voice(), Failure::None);
    assert_eq!(flow.via, Via::Igp(IgpReason::NoPolicy(color(7))));
}

#[test]
fn a_failure_brings_the_backup_and_then_the_last_resort() {
    let backup = candidate(100, vec![list(1, &[adjacency_label(0), adjacency_label(2)])]);
    let mut devices = by_n2(LastResort::Drop);
    let config = devices.get_mut(&name(0)).unwrap();
    config.policies.values_mut().for_each(|policy| policy.candidates.push(backup.clone()));
    let under = |links: &[usize]| {
        let links = links.iter().map(|ix| link_name(*ix)).collect();
        one(&diamond(), &devices, voice(), Failure::Links(links))
    };
    assert_eq!(preference(&under(&[1])), Some(200));
    // The node segments of the first candidate find another way: link 3 is replaced by the detour over n0 and n1.
    let detour = under(&[3]);
    assert_eq!(preference(&detour), Some(200));
    assert_eq!(shares(&detour), [(0, WHOLE), (2, WHOLE), (4, WHOLE), (5, WHOLE)]);
    let cut_off = under(&[2, 3]);
    assert_eq!(preference(&cut_off), Some(100));
    let none = under(&[0, 2]);
    let Via::Dropped(DropReason::PolicyInvalid { faults, .. }) = &none.via else { panic!("{:?}", none.via) };
    assert_eq!(
        faults.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["n2 cannot be reached from n0", "link l0 is down"]
    );
    assert_eq!((none.loss, none.delay), (Loss::ALL, None));
}

#[test]
fn policies_of_equal_lists_keep_their_own_names_and_last_resorts() {
    let backup = || candidate(50, vec![list(1, &[adjacency_label(0), adjacency_label(2)])]);
    let preferred =
        |preference| candidate(preference, vec![list(1, &[adjacency_label(4), adjacency_label(6)])]);
    let to_n3 = IpAddr::V4(router_id(3));
    let strict =
        SrPolicy { last_resort: LastResort::Drop, ..policy(7, to_n3, vec![preferred(200), backup()]) };
    // The same lists, the other way round in the file.
    let lenient = policy(9, to_n3, vec![backup(), preferred(100)]);
    let rules = vec![rule("bank", 1, None, &["ef"], 7), rule("bank", 2, None, &["be"], 9)];
    let devices = Devices::from([(name(0), device(vec![strict, lenient], rules))]);
    let traffic = || vec![demand("a", 0, 3, "ef", 1), demand("b", 0, 3, "be", 1)];
    let under = |links: &[usize]| {
        let links = links.iter().map(|ix| link_name(*ix)).collect();
        walk(&diamond(), &devices, traffic(), Failure::Links(links)).flows
    };
    let colors = |flows: &[Flow]| -> Vec<(u32, u32)> {
        let policy = |flow: &Flow| match &flow.via {
            Via::Policy { key, preference, .. } => (key.color.number(), *preference),
            other => panic!("{other:?}"),
        };
        flows.iter().map(policy).collect()
    };
    assert_eq!(colors(&under(&[])), [(7, 200), (9, 100)]);
    assert_eq!(colors(&under(&[2])), [(7, 50), (9, 50)]);
    let none = under(&[0, 2]);
    assert!(
        matches!(none[0].via, Via::Dropped(DropReason::PolicyInvalid { key, .. }) if key.color.number() == 7)
    );
    let Via::Dropped(DropReason::Unreachable { after, .. }) = &none[1].via else {
        panic!("{:?}", none[1].via)
    };
    assert!(matches!(**after, IgpReason::PolicyInvalid { key, .. } if key.color.number() == 9), "{after:?}");
    let broken = under(&[0]);
    assert_eq!(shares(&broken[0]), shares(&broken[1]), "what is found for one holds for the other");
}

#[test]
fn an_unknown_sid_is_a_black_hole_with_a_place() {
    let mut devices = by_n2(LastResort::Igp);
    let config = devices.get_mut(&name(0)).unwrap();
    for policy in config.policies.values_mut() {
        // n2 reads the label of n1's SRGB, in which it means nothing.
        policy.candidates[0].lists[0].sids = vec![node_label(0, 2), node_label(1, 3)];
    }
    let flow = one(&diamond(), &devices, voice(), Failure::None);
    let Via::Igp(IgpReason::PolicyInvalid { faults, .. }) = &flow.via else { panic!("{:?}", flow.via) };
    assert_eq!(faults, &[Fault::UnknownSid { at: name(2), sid: node_label(1, 3) }]);
}

#[test]
fn an_mpls_list_must_end_at_its_endpoint_and_an_srv6_list_is_led_there() {
    let via = |endpoint: IpAddr, sids: &[_]| {
        let policy = policy(7, endpoint, vec![candidate(200, vec![list(1, sids)])]);
        let config = device(vec![policy], vec![rule("bank", 10, None, &[], 7)]);
        one(&diamond(), &Devices::from([(name(0), config)]), voice(), Failure::None)
    };
    let short = via(IpAddr::V4(router_id(3)), &[node_label(0, 2)]);
    let Via::Igp(IgpReason::PolicyInvalid { faults, .. }) = &short.via else { panic!("{:?}", short.via) };
    assert_eq!(faults, &[Fault::EndsAt { node: name(2) }]);
    let srv6 = via(IpAddr::V6(locator(3).addr()), &[end(2)]);
    assert_eq!(shares(&srv6), [(4, WHOLE), (6, WHOLE)]);
    // End.X of n1 toward n0, asked for at n0: there by the shortest path, back over the link, then on to the endpoint.
    let back = via(IpAddr::V6(locator(3).addr()), &[end_x(1, 1)]);
    assert_eq!(shares(&back), [(0, 2 * WHOLE), (1, WHOLE), (2, WHOLE)]);
    assert_eq!(back.hops, 4);
}

#[test]
fn ecmp_splits_by_link_and_weights_by_list() {
    // Three parallel links from n0 to n1, one of them of higher metric; n1 to n2.
    let net = ted(3, &[(0, 1, 1), (0, 1, 1), (0, 1, 2), (1, 2, 1)]);
    let flow = one(&net, &Devices::new(), demand("d", 0, 2, "be", 8), Failure::None);
    assert_eq!(shares(&flow), [(0, WHOLE / 2), (2, WHOLE / 2), (6, WHOLE)]);
    let lists = vec![
        list(3, &[node_label(0, 2)]),
        list(1, &[adjacency_label(4), node_label(1, 2)]),
        list(9, &[adjacency_label(17)]),
    ];
    let policy = policy(7, IpAddr::V4(router_id(2)), vec![candidate(100, lists)]);
    let devices = Devices::from([(name(0), device(vec![policy], vec![rule("bank", 1, None, &[], 7)]))]);
    let flow = one(&net, &devices, demand("d", 0, 2, "be", 8), Failure::None);
    let eighth = WHOLE / 8;
    // The list with an unknown SID has no part; the others divide 3 to 1.
    assert_eq!(shares(&flow), [(0, 3 * eighth), (2, 3 * eighth), (4, 2 * eighth), (6, WHOLE)]);
}

#[test]
fn a_binding_sid_leads_through_the_policy_behind_it() {
    let mut nested = policy(
        8,
        IpAddr::V4(router_id(3)),
        vec![candidate(100, vec![list(1, &[adjacency_label(5), node_label(0, 3)])])],
    );
    let binding = model::Sid::Mpls(model::Label::try_from(500_000).unwrap());
    nested.binding_sid = Some(binding);
    let outer = policy(
        7,
        IpAddr::V4(router_id(3)),
        vec![candidate(100, vec![list(1, &[node_label(0, 2), binding])])],
    );
    let devices = Devices::from([
        (name(0), device(vec![outer], vec![rule("bank", 1, None, &[], 7)])),
        (name(2), device(vec![nested], vec![])),
    ]);
    let flow = one(&diamond(), &devices, voice(), Failure::None);
    assert_eq!(shares(&flow), [(0, WHOLE), (2, WHOLE), (4, WHOLE), (5, WHOLE)]);
    // Without link 0 the nested list goes back over link 2, and forth again to go on by n2.
    let detour = one(&diamond(), &devices, voice(), Failure::link(link_name(0)));
    assert_eq!(shares(&detour), [(4, 2 * WHOLE), (5, WHOLE), (6, WHOLE)]);
    let broken = one(&diamond(), &devices, voice(), Failure::link(link_name(2)));
    let Via::Igp(IgpReason::PolicyInvalid { faults, .. }) = &broken.via else { panic!("{:?}", broken.via) };
    assert!(matches!(&faults[..], [Fault::Binding { at, .. }] if *at == name(2)), "{faults:?}");
}

#[test]
fn binding_sids_in_a_circle_are_invalid_wherever_one_enters() {
    let binding = |node: u32| model::Sid::Mpls(model::Label::try_from(500_000 + node).unwrap());
    let to_n3 = IpAddr::V4(router_id(3));
    let mut devices = Devices::new();
    for (node, other) in [(0_usize, 2_usize), (2, 0)] {
        let sids = [node_label(node, other), binding(other as u32)];
        let mut policy = policy(7, to_n3, vec![candidate(100, vec![list(1, &sids)])]);
        policy.binding_sid = Some(binding(node as u32));
        devices.insert(name(node), device(vec![policy], vec![rule("bank", 1, None, &[], 7)]));
    }
    for from in [0, 2] {
        let flow = one(&diamond(), &devices, demand("d", from, 3, "be", 1), Failure::None);
        let Via::Igp(IgpReason::PolicyInvalid { faults, .. }) = &flow.via else { panic!("{:?}", flow.via) };
        assert!(matches!(&faults[..], [Fault::Endless { .. }]), "{faults:?}");
    }
}

#[test]
fn what_is_dropped_burdens_nothing_behind_it_when_observed() {
    // 2 Gbit/s into two links of 1 Gbit/s each behind each other: the second has nothing left to drop.
    let net = ted(3, &[(0, 1, 1), (1, 2, 1)]);
    let network = Network::new(&net).unwrap();
    let forwarding = Forwarding::build(&network, &Devices::new());
    let traffic = demands(vec![demand("d", 0, 2, "be", 2 * GBPS)]);
    let witness = Witness::new(&network, &forwarding, &traffic);
    let none = Outage::settled(Parts::none(&network));
    let half = Loss::from_ppb(500_000_000);
    let seen = witness.observe(&none);
    assert_eq!(seen.flows[0].loss, half);
    assert_eq!(seen.loads.edge(EdgeIx(2)).offered(), Bandwidth::from_bps(GBPS));
    assert_eq!(seen.loads.edge(EdgeIx(2)).queues[0].dropped, Loss::ZERO);
    // The proof counts with the worst: as if nothing had been dropped before.
    let proof = witness.walk_in(&none);
    assert_eq!(proof.loads.edge(EdgeIx(2)).offered(), Bandwidth::from_bps(2 * GBPS));
    assert_eq!(proof.flows[0].loss, half.then(half));
}

#[test]
fn binding_sids_lead_on_eight_times_and_no_more() {
    let binding = |place: u32| model::Sid::Mpls(model::Label::try_from(500_000 + place).unwrap());
    let chain = |links: u32| {
        let policies = (0..=links).map(|place| {
            let sid = if place == links { node_label(0, 3) } else { binding(place + 1) };
            let mut policy =
                policy(7 + place, IpAddr::V4(router_id(3)), vec![candidate(100, vec![list(1, &[sid])])]);
            policy.binding_sid = Some(binding(place));
            policy
        });
        let config = device(policies.collect(), vec![rule("bank", 1, None, &[], 7)]);
        preference(&one(&diamond(), &Devices::from([(name(0), config)]), voice(), Failure::None))
    };
    assert_eq!((chain(8), chain(9)), (Some(100), None));
}

#[test]
fn links_that_starve_each_other_settle_where_both_agree() {
    // Around a ring of six, each demand crosses five links and each link five demands. What each link passes is the part
    // f with f + f^2 + f^3 + f^4 + f^5 = 1, which is 0.508660391.
    let ends: Vec<(usize, usize, u32)> = (0..6).map(|node| (node, (node + 1) % 6, 1)).collect();
    let net = ted(6, &ends);
    let network = Network::new(&net).unwrap();
    let devices: Devices = (0..6)
        .map(|first| {
            let sids: Vec<_> = (first..first + 5).map(|link| adjacency_label(2 * (link % 6))).collect();
            let end = IpAddr::V4(router_id((first + 5) % 6));
            let policy = policy(7, end, vec![candidate(100, vec![list(1, &sids)])]);
            (name(first), device(vec![policy], vec![rule("bank", 1, None, &[], 7)]))
        })
        .collect();
    let forwarding = Forwarding::build(&network, &devices);
    let traffic = demands((0..6).map(|n| demand(&format!("d{n}"), n, (n + 5) % 6, "be", GBPS)).collect());
    let seen = Witness::new(&network, &forwarding, &traffic).observe(&Outage::settled(Parts::none(&network)));
    for link in 0..6 {
        let offered = seen.loads.edge(EdgeIx(2 * link)).offered().as_bps();
        assert!(offered.abs_diff(1_965_948_237) < 1_000, "{offered}");
    }
}

#[test]
fn overload_and_the_highest_metric_keep_traffic_away() {
    let mut net = diamond();
    net.nodes.get_mut(&name(1)).unwrap().overload = true;
    let flow = one(&net, &Devices::new(), voice(), Failure::None);
    assert_eq!(shares(&flow), [(4, WHOLE), (6, WHOLE)]);
    let to_it = one(&net, &Devices::new(), demand("d", 0, 1, "be", 1), Failure::None);
    assert_eq!(shares(&to_it), [(0, WHOLE)]);
    let net = ted(2, &[(0, 1, (1 << 24) - 1)]);
    let flow = one(&net, &Devices::new(), demand("d", 0, 1, "be", 1), Failure::None);
    assert!(matches!(flow.via, Via::Dropped(DropReason::Unreachable { .. })), "{:?}", flow.via);
}

#[test]
fn a_node_that_is_down_takes_its_own_traffic_with_it() {
    let under = |node| one(&diamond(), &by_n2(LastResort::Igp), voice(), Failure::Node(name(node)));
    assert_eq!(under(3).via, Via::Dropped(DropReason::NodeDown(name(3))));
    assert_eq!(shares(&under(2)), [(0, WHOLE), (2, WHOLE)]);
}

#[test]
fn names_that_are_not_there_are_said_so() {
    let network = Network::new(&diamond()).unwrap();
    let error = Failure::Srlg("duct-9".into()).parts(&network).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the failure names SRLG duct-9, which the network does not have: check the spelling"
    );
    let stranger = Demand { to: name(9), ..voice() };
    let flow = one(&diamond(), &Devices::new(), stranger, Failure::None);
    assert_eq!(flow.via, Via::Dropped(DropReason::UnknownNode(name(9))));
}

#[test]
fn a_shared_risk_takes_all_its_links() {
    let mut net = diamond();
    for ix in [0, 2] {
        net.links.get_mut(&link_name(ix)).unwrap().srlg.insert("duct".into());
    }
    let flow = one(&net, &Devices::new(), voice(), Failure::Srlg("duct".into()));
    assert!(matches!(flow.via, Via::Dropped(DropReason::Unreachable { .. })));
}

#[test]
fn until_the_igp_hears_shortest_paths_lead_into_the_hole_but_probed_lists_do_not() {
    let ted = diamond();
    let network = Network::new(&ted).unwrap();
    // Voice rides link 0 with a backup by n2; web follows the IGP over link 0.
    let mut devices = by_n2(LastResort::Igp);
    for policy in devices.get_mut(&name(0)).unwrap().policies.values_mut() {
        policy.candidates.insert(0, candidate(300, vec![list(1, &[node_label(0, 3)])]));
    }
    let forwarding = Forwarding::build(&network, &devices);
    let traffic = demands(vec![voice(), demand("web", 0, 3, "be", 1)]);
    let witness = Witness::new(&network, &forwarding, &traffic);
    let mut down = Parts::none(&network);
    down.break_link(EdgeIx(0));
    let outage = Outage { down: down.clone(), known: Parts::none(&network) };
    let outcome = witness.walk_in(&outage);
    assert_eq!(preference(&outcome.flows[0]), Some(200));
    assert_eq!((outcome.flows[1].loss, outcome.flows[1].arrives()), (Loss::ALL, false));
    let outcome = witness.walk_in(&Outage::settled(down));
    assert_eq!(preference(&outcome.flows[0]), Some(300));
    assert_eq!(shares(&outcome.flows[1]), [(4, WHOLE), (6, WHOLE)]);
}

#[test]
fn queues_are_found_by_code_point_and_the_lowest_takes_the_rest() {
    let share =
        |discipline, mbps: u64| QueueShare { discipline, guarantee: Bandwidth::from_bps(mbps * 1_000_000) };
    let queue = QueueName::lit;
    let qos = InterfaceQos {
        queues: BTreeMap::from([
            (queue("a-voice"), share(Discipline::Strict, 100)),
            (queue("b-gold"), share(Discipline::Weighted(4), 300)),
            (queue("c-web"), share(Discipline::Weighted(1), 0)),
        ]),
    };
    let classifier = Classifier {
        queues: BTreeMap::from([
            ("ef".parse().unwrap(), queue("a-voice")),
            ("af41".parse().unwrap(), queue("b-gold")),
            ("cs6".parse().unwrap(), queue("z-gone")),
        ]),
    };
    let config = DeviceConfig {
        qos: BTreeMap::from([(InterfaceName::lit("eth0"), qos)]),
        classifier: Some(classifier),
        ..DeviceConfig::default()
    };
    let net = ted(2, &[(0, 1, 1)]);
    let mbps = 1_000_000;
    let traffic = vec![
        demand("a", 0, 1, "ef", 100 * mbps),
        demand("b", 0, 1, "af41", 400 * mbps),
        demand("c", 0, 1, "be", 600 * mbps),
        demand("d", 0, 1, "cs6", 400 * mbps),
    ];
    let outcome = walk(&net, &Devices::from([(name(0), config)]), traffic, Failure::None);
    let load = outcome.loads.edge(EdgeIx(0));
    let offered: Vec<_> = load.queues.iter().map(|queue| queue.offered.as_bps() / mbps).collect();
    assert_eq!(offered, [100, 400, 1_000]);
    // 100 strict, 300 guaranteed; of the remaining 600 the gold queue wants 100 and may have 480; web takes 500.
    let served: Vec<_> = load.queues.iter().map(|queue| queue.served.as_bps() / mbps).collect();
    assert_eq!(served, [100, 400, 500]);
    assert_eq!(load.worst().unwrap().name, queue("c-web"));
    let loss: Vec<_> = outcome.flows.iter().map(|flow| flow.loss.as_ppb()).collect();
    assert_eq!(loss, [0, 0, 500_000_000, 500_000_000]);
    assert_eq!(outcome.flows[2].delay.unwrap().as_micros(), 1_000 + 50_000);
    // Nothing is configured at the other end: one queue for all.
    assert_eq!(outcome.loads.edge(EdgeIx(1)).queues[0].name.as_str(), traffic::DEFAULT_QUEUE);
}

#[test]
fn loss_and_encryption_add_up_along_the_way() {
    let mut net = diamond();
    for ix in [0, 1] {
        let link = net.links.get_mut(&link_name(ix)).unwrap();
        link.a_to_z.loss.value = Loss::from_ppb(100_000_000);
        link.encryption = model::link::Encryption::Macsec;
    }
    let flow = one(&net, &Devices::new(), voice(), Failure::None);
    assert_eq!(flow.loss.as_ppb(), 190_000_000);
    assert!(!flow.crosses_unencrypted);
    assert!(one(&net, &by_n2(LastResort::Igp), voice(), Failure::None).crosses_unencrypted);
}
