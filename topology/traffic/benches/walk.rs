//! A bank backbone of 120 nodes and 720 demands in six classes: one walk, and all walks under single link failures.
#![allow(clippy::unwrap_used, reason = "what a test builds itself is sound, or the test fails")]

use std::{collections::BTreeMap, net::IpAddr};

use divan::{Bencher, black_box};
use model::{Classifier, Demands, Discipline, InterfaceQos, LinkId, QueueName, QueueShare, Ted};
use traffic::{Failure, Forwarding, Network, Witness};

#[path = "../tests/support/mod.rs"]
mod support;

use support::*;

const CORE: usize = 12;
const PROVINCES: usize = 28;
const BRANCHES: usize = 80;
const CLASSES: [&str; 6] = ["ef", "af41", "af31", "af21", "af11", "be"];

fn main() {
    divan::main();
}

fn backbone() -> Ted {
    let mut ends = Vec::new();
    for node in 0..CORE {
        ends.push((node, (node + 1) % CORE, 5));
        ends.push((node, (node + 5) % CORE, 8));
    }
    for node in 0..PROVINCES {
        ends.push((CORE + node, node % CORE, 10));
        ends.push((CORE + node, (node + 3) % CORE, 10));
    }
    for node in 0..BRANCHES {
        let branch = CORE + PROVINCES + node;
        ends.push((branch, CORE + node % PROVINCES, 20));
        ends.push((branch, CORE + (node + 9) % PROVINCES, 20));
        ends.push((branch, node % CORE, 30));
    }
    let mut net = ted(CORE + PROVINCES + BRANCHES, &[]);
    for (ix, (a, z, igp)) in ends.into_iter().enumerate() {
        let mut link = link(ix, a, z, igp);
        link.id = LinkId::lit(&format!("l{ix:04}"));
        net.links.insert(link.id.clone(), link);
    }
    net
}

fn queues() -> InterfaceQos {
    let share = |place: usize| QueueShare {
        discipline: if place == 0 { Discipline::Strict } else { Discipline::Weighted(8 - place as u8) },
        guarantee: model::Bandwidth::from_bps(100_000_000),
    };
    InterfaceQos {
        queues: CLASSES.iter().enumerate().map(|(ix, name)| (QueueName::lit(name), share(ix))).collect(),
    }
}

/// From each node six classes, each by a policy with a backup, toward a node of headquarters.
fn configured(net: &Ted) -> (BTreeMap<model::NodeId, model::DeviceConfig>, Demands) {
    let nodes = net.nodes.len();
    let classifier =
        Classifier { queues: CLASSES.iter().map(|n| (n.parse().unwrap(), QueueName::lit(n))).collect() };
    let mut all = Vec::new();
    let devices = (0..nodes)
        .map(|head| {
            let to = (head + 7) % CORE;
            let mut policies = Vec::new();
            let mut rules = Vec::new();
            for (class, dscp) in (0_u32..).zip(CLASSES) {
                let via = |turn: usize| (head + turn + class as usize) % CORE;
                let path = |preference, turn: usize| {
                    let sids = [node_label(head, via(turn)), node_label(via(turn), to)];
                    candidate(preference, vec![list(1, &sids)])
                };
                if head != to {
                    policies.push(policy(
                        1_000 + class,
                        IpAddr::V4(router_id(to)),
                        vec![path(200, 1), path(100, 4)],
                    ));
                }
                rules.push(rule("bank", class, None, &[dscp], 1_000 + class));
                all.push(demand(&format!("{head}/{dscp}"), head, to, dscp, 5_000_000));
            }
            let mut config = device(policies, rules);
            config.classifier = Some(classifier.clone());
            let ends = net.links.values().flat_map(|link| [&link.a, &link.z]);
            config.qos = ends
                .filter(|end| end.node == name(head))
                .map(|end| (end.interface.clone(), queues()))
                .collect();
            (name(head), config)
        })
        .collect();
    (devices, demands(all))
}

#[divan::bench]
fn compile_forwarding(bencher: Bencher<'_, '_>) {
    let net = backbone();
    let network = Network::new(&net).unwrap();
    let (devices, _) = configured(&net);
    bencher.bench_local(|| Forwarding::build(black_box(&network), &devices));
}

#[divan::bench]
fn one_walk(bencher: Bencher<'_, '_>) {
    let net = backbone();
    let network = Network::new(&net).unwrap();
    let (devices, demands) = configured(&net);
    let forwarding = Forwarding::build(&network, &devices);
    bencher.bench_local(|| Witness::new(&network, &forwarding, &demands).walk(black_box(&Failure::None)));
}

#[divan::bench(sample_count = 10)]
fn all_single_link_failures(bencher: Bencher<'_, '_>) {
    let net = backbone();
    let network = Network::new(&net).unwrap();
    let (devices, demands) = configured(&net);
    let forwarding = Forwarding::build(&network, &devices);
    let witness = Witness::new(&network, &forwarding, &demands);
    let failures = Failure::every_link(&network);
    bencher.bench_local(|| {
        let mut changed = 0;
        witness.walk_all(&failures, |_, _, flows| changed += flows.len()).unwrap();
        changed
    });
}

#[divan::bench(sample_count = 10)]
fn all_single_link_failures_afresh(bencher: Bencher<'_, '_>) {
    let net = backbone();
    let network = Network::new(&net).unwrap();
    let (devices, demands) = configured(&net);
    let forwarding = Forwarding::build(&network, &devices);
    let witness = Witness::new(&network, &forwarding, &demands);
    let failures = Failure::every_link(&network);
    bencher.bench_local(|| {
        for failure in &failures {
            black_box(witness.walk(failure).unwrap());
        }
    });
}
