use kernel::live::InterfaceCounters;
use model::{Bandwidth, Delay, Discipline, InterfaceQos, Jitter, Loss, QueueShare};

use super::*;
use crate::{
    fixture::posted,
    probes::{self, Pace},
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
    state(&a, config, (counters, &dropped), &wanted, &measured.collect::<BTreeMap<ProbeId, Reading>>())
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
