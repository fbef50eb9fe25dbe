use std::{collections::BTreeSet, net::IpAddr};

use kernel::{Hop, NextCsid, Peer, Table, live::InterfaceCounters};
use model::{Bandwidth, Delay, Discipline, InterfaceQos, Jitter, Loss, NodeId, PolicyKey, QueueShare, Sid};

use super::*;
use crate::{
    fixture::{policy, posted, steered},
    probes::Pace,
    sight::Sight,
};

fn device(name: &str) -> Device {
    name.parse().unwrap()
}

fn eth(number: u8) -> InterfaceName {
    InterfaceName::lit(&format!("eth{number}"))
}

/// Counters of a device, all different.
fn counted(up: bool, from: u64) -> InterfaceCounters {
    InterfaceCounters {
        up,
        in_octets: from + 1,
        in_packets: from + 2,
        in_drops: from + 3,
        out_octets: from + 4,
        out_packets: from + 5,
        out_drops: from + 6,
    }
}

/// Counters of a queue, all different.
fn class(from: u32) -> ClassCounters {
    ClassCounters {
        octets: u64::from(from) + 1,
        packets: u64::from(from) + 2,
        drops: from + 3,
        waiting: from + 4,
    }
}

/// Two queues at eth1.
fn configured() -> (DeviceConfig, BTreeMap<QueueName, Minor>) {
    let share = |discipline| QueueShare { discipline, guarantee: Bandwidth::from_bps(1_000_000) };
    let queues = BTreeMap::from([
        (QueueName::lit("ef"), share(Discipline::Strict)),
        (QueueName::lit("af4"), share(Discipline::Weighted(30))),
    ]);
    let qos = InterfaceQos { queues };
    let minors = classes(&qos);
    (DeviceConfig { qos: BTreeMap::from([(eth(1), qos)]), ..DeviceConfig::default() }, minors)
}

/// What `a` shows.
fn shown(config: &DeviceConfig, counters: &Counters, readings: &[(&str, Reading)]) -> RouterState {
    let [a, _] = posted();
    let wanted = probes::wanted(&a, config, Pace::of(4));
    let measured = readings.iter().map(|(name, reading)| (wanted.lines[&device(name)].clone(), *reading));
    let mut dropped = Dropped::default();
    dropped.count(counters);
    let readings = measured.collect();
    state(&a, config, (counters, &dropped), Probed { wanted: &wanted, readings: &readings }, None)
}

#[test]
fn what_the_kernel_counts_is_shown_in_its_place() {
    let interfaces = [(device("eth1"), counted(true, 100)), (device("eth2"), counted(false, 200))].into();
    let shown = shown(&DeviceConfig::default(), &Counters { interfaces, ..Counters::default() }, &[]);
    let eth1 = InterfaceState {
        up: true,
        received: Traffic { pkts: 102, octets: 101 },
        sent: Traffic { pkts: 105, octets: 104 },
        in_discards: 103,
        out_discards: 106,
        ..InterfaceState::default()
    };
    assert_eq!(shown.interfaces[&eth(1)], eth1);
    assert!(!shown.interfaces[&eth(2)].up && shown.interfaces[&eth(2)].sent.octets == 204);
}

#[test]
fn what_nobody_counted_or_measured_stays_unknown() {
    // The line to a customer is counted, and is none of the router's interfaces.
    let interfaces = [(device("eth1"), counted(true, 0)), (device("eth3"), counted(true, 0))].into();
    let counters = Counters { interfaces, ..Counters::default() };
    let nothing = shown(&DeviceConfig::default(), &counters, &[]);
    assert_eq!(nothing.interfaces.keys().collect::<Vec<_>>(), [&eth(1)]);
    assert_eq!(nothing.interfaces[&eth(1)].measurement, Measurement::default());
    assert!(nothing.policies.is_empty() && nothing.rules.is_empty());
    // Sent and answered once: a delay, and no more.
    let delay = Some(Delay::from_micros(8_200));
    let once = Reading { sent: 1, answered: 1, delay, ..Reading::default() };
    let shown = shown(&DeviceConfig::default(), &counters, &[("eth1", once), ("eth2", once)]);
    let measurement = Measurement { delay, ..Measurement::default() };
    assert_eq!(shown.interfaces[&eth(1)].measurement, measurement);
    assert!(!shown.interfaces.contains_key(&eth(2)), "measured, and its counters are not known");
}

#[test]
fn each_line_shows_its_own_measurement() {
    let interfaces = [1, 2].map(|n| (device(&format!("eth{n}")), counted(true, 0))).into();
    let reading = |micros: u64, ppb: u32| Reading {
        delay: Some(Delay::from_micros(micros)),
        jitter: Some(Jitter::from_micros(micros / 10)),
        loss: Some(Loss::from_ppb(ppb)),
        ..Reading::default()
    };
    let readings = [("eth1", reading(5_000, 7)), ("eth2", reading(9_000, 0))];
    let shown = shown(&DeviceConfig::default(), &Counters { interfaces, ..Counters::default() }, &readings);
    for (number, micros, ppb) in [(1, 5_000, 7), (2, 9_000, 0)] {
        let measurement = Measurement {
            delay: Some(Delay::from_micros(micros)),
            jitter: Some(Jitter::from_micros(micros / 10)),
            loss: Some(Loss::from_ppb(ppb)),
            utilised: None,
        };
        assert_eq!(shown.interfaces[&eth(number)].measurement, measurement);
    }
}

#[test]
fn queues_are_shown_by_their_classes_and_what_they_drop_by_the_interface_too() {
    let (config, minors) = configured();
    let [ef, af4] = ["ef", "af4"].map(QueueName::lit);
    let counters = Counters {
        interfaces: [1, 2].map(|n| (device(&format!("eth{n}")), counted(true, 0))).into(),
        classes: BTreeMap::from([
            ((device("eth1"), minors[&ef]), class(10)),
            ((device("eth1"), minors[&af4]), class(20)),
            ((device("eth2"), minors[&ef]), class(3_000)),
        ]),
        ..Counters::default()
    };
    let shown = shown(&config, &counters, &[]);
    let eth1 = &shown.interfaces[&eth(1)];
    let queue = |from: u64| QueueState {
        sent: Traffic { pkts: from + 2, octets: from + 1 },
        dropped: Traffic { pkts: from + 3, octets: (from + 3) * 1_000 },
        length: (from + 4) * 1_000,
        longest: (from + 4) * 1_000,
    };
    assert_eq!(eth1.queues, BTreeMap::from([(ef, queue(10)), (af4, queue(20))]));
    assert_eq!(eth1.out_discards, 6 + 13 + 23, "the device's own and those of its queues");
    let eth2 = &shown.interfaces[&eth(2)];
    assert!(eth2.queues.is_empty(), "a class that nobody configured has no name");
    assert_eq!(eth2.out_discards, 6 + 3_003, "its drops are drops all the same");
}

#[test]
fn what_was_dropped_by_a_queue_that_is_gone_stays_counted() {
    let (_, minors) = configured();
    let [ef, af4] = ["ef", "af4"].map(|name| (device("eth1"), minors[&QueueName::lit(name)]));
    let drops = |drops: u32| ClassCounters { drops, ..ClassCounters::default() };
    let mut dropped = Dropped::default();
    let mut at_eth1 = |classes: &[(&(Device, Minor), u32)]| {
        let classes = classes.iter().map(|(queue, count)| ((*queue).clone(), drops(*count))).collect();
        dropped.count(&Counters { classes, ..Counters::default() });
        dropped.at(&device("eth1"))
    };
    assert_eq!(at_eth1(&[(&ef, 5), (&af4, 7)]), 12);
    assert_eq!(at_eth1(&[(&ef, 6), (&af4, 7)]), 13);
    assert_eq!(at_eth1(&[(&ef, 6)]), 13, "one goes");
    assert_eq!(at_eth1(&[(&ef, 6), (&af4, 2)]), 15, "and comes again");
    assert_eq!(at_eth1(&[(&ef, 1), (&af4, 2)]), 16, "made anew");
    assert_eq!(at_eth1(&[]), 16);
}

#[test]
fn a_queue_that_the_kernel_does_not_have_yet_is_not_shown() {
    let (config, minors) = configured();
    let af4 = QueueName::lit("af4");
    let counters = Counters {
        interfaces: [(device("eth1"), counted(true, 0))].into(),
        classes: [((device("eth1"), minors[&af4]), class(0))].into(),
        ..Counters::default()
    };
    let shown = shown(&config, &counters, &[]);
    assert_eq!(shown.interfaces[&eth(1)].queues.keys().collect::<Vec<_>>(), [&af4]);
}

#[test]
fn each_sid_shows_what_it_does_and_what_came_to_it() {
    let csid = Some(NextCsid { block: 32, taken: 16 });
    let via: Ipv6Addr = "fd00::2".parse().unwrap();
    let next = Some(Flavour::NextCsid);
    let all = [
        ("fd00:0:1::", 48, Some(Behaviour::End(csid)), SidBehaviour::End, next),
        ("fd00:0:1:e000::", 64, Some(Behaviour::EndX { via, csid }), SidBehaviour::EndX, next),
        ("fd00:0:1:1::", 128, Some(Behaviour::End(None)), SidBehaviour::End, None),
        ("fd00:0:1:e001::", 128, Some(Behaviour::EndX { via, csid: None }), SidBehaviour::EndX, None),
        ("fd00:0:1:d06::", 128, Some(Behaviour::EndDt6(Table::Main)), SidBehaviour::EndDt6, None),
        ("fd00:0:1:d400::", 128, Some(Behaviour::EndDx4([10, 0, 0, 2].into())), SidBehaviour::EndDx4, None),
        ("fd00:0:1:d600::", 128, Some(Behaviour::EndDx6(via)), SidBehaviour::EndDx6, None),
        ("fd00:0:1:4000::", 128, None, SidBehaviour::EndB6Encaps, None),
    ];
    let mut counters = Counters::default();
    let mut expected = BTreeMap::new();
    for (packets, (address, length, does, behaviour, flavour)) in (1_u64..).zip(all) {
        let octets = 100 * packets;
        let counted = SidCounters { behaviour: does, packets, octets, errors: packets + 1 };
        counters.sids.insert(format!("{address}/{length}").parse().unwrap(), counted);
        let traffic = Some(Traffic { pkts: packets, octets });
        let sid = SidState { behaviour, flavour, traffic, errors: Some(packets + 1) };
        expected.insert(SidPrefix::of(address.parse().unwrap(), length), sid);
    }
    assert_eq!(shown(&DeviceConfig::default(), &counters, &[]).sids, expected);
    assert!(shown(&DeviceConfig::default(), &Counters::default(), &[]).sids.is_empty());
}

/// What `a` sees where all its lines are up, the IGP leads to `b`, and probes of these lists are lost.
fn seen(a: &Post, b: &Post, silent: &[Ipv6Addr]) -> Place {
    let via = a.neighbours.get(&device("eth1")).map(|neighbour| IpAddr::V6(*neighbour));
    let hops = BTreeSet::from([Hop { device: device("eth1"), via }]);
    a.place(&Sight {
        devices: [(device("eth1"), true), (device("eth2"), true)].into(),
        routes: [(IpNet::V6(b.place.locator.unwrap().net), hops)].into(),
        silent: silent.iter().map(|sid| vec![*sid]).collect(),
    })
}

/// A policy of `a` toward `b` by its End SID and by one of its lines, and these two.
fn toward(a: &Post, b: &Post) -> (SrPolicy, [Ipv6Addr; 2]) {
    let sids = [b.place.locator.unwrap().end(), b.place.ports[&eth(1)].end_x.unwrap().sid];
    let [one, two] = sids.map(|sid| sid.to_string());
    let id = a.place.peers[&NodeId::lit("b")].router_id.to_string();
    (policy(7, &id, &[&[&one], &[&two]]), sids)
}

/// The probe of a list of one segment to some end.
fn probe_to(wanted: &Wanted, sid: Ipv6Addr, end: Ipv6Addr) -> ProbeId {
    let mut ids = wanted.lists[[sid].as_slice()].iter();
    ids.find(|id| wanted.probes[*id].reflector == end).unwrap().clone()
}

const GOOD: Reading = Reading {
    sent: 41,
    answered: 40,
    delay: Some(Delay::from_micros(5_000)),
    jitter: Some(Jitter::from_micros(70)),
    loss: Some(Loss::from_ppb(3)),
    silent: false,
};
const DEAD: Reading = Reading { sent: 9, answered: 0, delay: None, jitter: None, loss: None, silent: true };

fn all_of(reading: Reading) -> Measurement {
    let Reading { delay, jitter, loss, .. } = reading;
    Measurement { delay, jitter, loss, utilised: None }
}

#[test]
fn a_policy_shows_which_path_it_uses_and_what_probes_say_of_each_list() {
    let [a, b] = posted();
    let (policy, [one, two]) = toward(&a, &b);
    let (key, config) = (policy.key, steered(vec![policy]));
    let wanted = probes::wanted(&a, &config, Pace::of(4));
    let id = |sid| probe_to(&wanted, sid, b.loopback);
    let readings = BTreeMap::from([(id(one), GOOD), (id(two), DEAD)]);
    let probed = Probed { wanted: &wanted, readings: &readings };
    let of = |silent: &[Ipv6Addr]| {
        let place = seen(&a, &b, silent);
        state(&a, &config, (&Counters::default(), &Dropped::default()), probed, Some(&place)).policies[&key]
            .clone()
    };
    let half = of(&[two]);
    assert_eq!(half.active, Active::Path(PathKey { preference: 100, discriminator: 1 }));
    assert_eq!(half.traffic, None, "the kernel does not count what it encapsulates");
    let carries = ListState { valid: Some(true), probes: Probes::Answered, measurement: all_of(GOOD) };
    let silent = ListState { valid: Some(false), probes: Probes::Silent, measurement: all_of(DEAD) };
    let lists = [(vec![Sid::Srv6(one)], carries), (vec![Sid::Srv6(two)], silent)];
    assert_eq!(half.lists, BTreeMap::from(lists));
    let none = of(&[one, two]);
    assert_eq!(none.active, Active::LastResort);
    assert_eq!(none.lists[[Sid::Srv6(one)].as_slice()].valid, Some(false));
}

#[test]
fn of_a_policy_nothing_is_known_before_the_kernel_follows_and_probes_come_back() {
    let [a, b] = posted();
    let (policy, [one, _]) = toward(&a, &b);
    let anywhere =
        SrPolicy { key: PolicyKey { endpoint: "::".parse().unwrap(), ..policy.key }, ..policy.clone() };
    let keys = [policy.key, anywhere.key];
    let config = steered(vec![policy, anywhere]);
    let wanted = probes::wanted(&a, &config, Pace::of(4));
    let begun = Reading { sent: 1, ..Reading::default() };
    let readings = BTreeMap::from([(probe_to(&wanted, one, b.loopback), begun)]);
    let probed = Probed { wanted: &wanted, readings: &readings };
    let shown = state(&a, &config, (&Counters::default(), &Dropped::default()), probed, None);
    for key in keys {
        let policy = &shown.policies[&key];
        assert_eq!((policy.active, policy.lists.len()), (Active::Unknown, 2));
        assert!(policy.lists.values().all(|list| *list == ListState::default()), "{policy:?}");
    }
}

#[test]
fn a_list_to_two_ends_shows_for_each_policy_what_probes_to_its_end_say() {
    let [mut a, b] = posted();
    let c = Peer { router_id: [10, 99, 0, 3].into(), locator: "fd00:99:3::/48".parse().ok() };
    a.place.peers.insert(NodeId::lit("c"), c);
    a.loopbacks.insert(NodeId::lit("c"), "fd00:99::3".parse().unwrap());
    let (to_b, [one, _]) = toward(&a, &b);
    let to_c = PolicyKey { endpoint: IpAddr::V4(c.router_id), ..to_b.key };
    let keys = [to_b.key, to_c];
    let config = steered(vec![SrPolicy { key: to_c, ..to_b.clone() }, to_b]);
    let wanted = probes::wanted(&a, &config, Pace::of(4));
    let id = |end| probe_to(&wanted, one, end);
    let readings = BTreeMap::from([(id(b.loopback), GOOD), (id("fd00:99::3".parse().unwrap()), DEAD)]);
    let probed = Probed { wanted: &wanted, readings: &readings };
    let shown = state(&a, &config, (&Counters::default(), &Dropped::default()), probed, None);
    let probes = keys.map(|key| shown.policies[&key].lists[[Sid::Srv6(one)].as_slice()].probes);
    assert_eq!(probes, [Probes::Answered, Probes::Silent]);
}
