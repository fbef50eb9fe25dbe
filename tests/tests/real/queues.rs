//! Queues are real: under overload each class gets what its intent promises, measured by what arrives.

use std::{thread, time::Duration};

use host::FlowId;

use crate::stage::{Sends, Stage};

/// Two routers, and a line of 20 Mbit/s between them.
const NARROW: &str = r#"
name: NAME
topology:
  kinds: {linux: {image: trunkline-router}}
  nodes:
    r1: {kind: linux, labels: {trunkline.role: hq, trunkline.router-id: 10.0.0.1, trunkline.locator: "fd00:0:1::/48", trunkline.node-sid: "1"}}
    r2: {kind: linux, labels: {trunkline.role: branch, trunkline.router-id: 10.0.0.2, trunkline.locator: "fd00:0:2::/48", trunkline.node-sid: "2"}}
    h1: {kind: linux, labels: {trunkline.role: host, trunkline.vrf: bank}}
    h2: {kind: linux, labels: {trunkline.role: host, trunkline.vrf: bank}}
  links:
    - {endpoints: ["r1:eth1", "r2:eth1"], vars: {name: line, bandwidth: 20Mbps, igp: 10, delay: 1ms, jitter: 0us, loss: 0%}}
    - {endpoints: ["r1:cust", "h1:eth1"], ipv4: ["10.1.0.1/24", "10.1.0.2/24"]}
    - {endpoints: ["r2:cust", "h2:eth1"], ipv4: ["10.2.0.1/24", "10.2.0.2/24"]}
"#;

/// Voice, and two classes that are promised so many Mbit/s.
fn intents(production: u32, office: u32) -> String {
    let service = |name: &str, megabits: u32| {
        format!(
            "---
apiVersion: trunkline/v1
kind: ServiceIntent
metadata: {{name: {name}}}
spec:
  connectivity: {{type: p2p, endpoints: [r1, r2]}}
  vrf: bank
  class: {name}
  slo: {{bandwidth: {megabits}Mbps}}
  path: {{dataplane: srv6}}
"
        )
    };
    let class = |name: &str, value: u32, dscp: &str| {
        format!(
            "---
apiVersion: trunkline/v1
kind: TrafficClass
metadata: {{name: {name}}}
spec: {{value: {value}, dscp: [{dscp}], queue: {name}, profile: three}}
"
        )
    };
    let mut text = "
apiVersion: trunkline/v1
kind: QosProfile
metadata: {name: three}
spec:
  interfaces: all
  queues:
    voice: {discipline: strict}
    production: {discipline: weighted, weight: 10}
    office: {discipline: weighted, weight: 10}
"
    .to_owned();
    for (name, value, dscp, megabits) in
        [("voice", 90, "ef", 2), ("production", 80, "af41", production), ("office", 50, "af21", office)]
    {
        text += &class(name, value, dscp);
        text += &service(name, megabits);
    }
    text
}

/// Offers more than the line carries for some seconds: what arrives of production and of the office, Mbit/s. Voice must lose nothing.
fn measured(stage: &mut Stage) -> [f64; 2] {
    let offer =
        |dscp, pace, size| Sends { from: ("h1", "10.1.0.2"), to: ("h2", "10.2.0.2"), dscp, pace, size };
    // 0.8, 20 and 20 Mbit/s. Headers of SRv6 and of the line count as promised rate too: voice has 1.2 of its 2 with them.
    stage.send(&[offer("ef", 500, 200), offer("af41", 2_500, 1_000), offer("af21", 2_500, 1_000)]);
    thread::sleep(Duration::from_secs(4));
    let tallies = stage.stop();
    let voice = &tallies[&FlowId(1)];
    assert!(voice.received > 1_500 && voice.lost == 0, "voice: {voice:?}");
    let rate = |flow: u32| tallies[&FlowId(flow)].rate().unwrap().as_bps();
    assert!(tallies[&FlowId(2)].lost + tallies[&FlowId(3)].lost > 0, "the line was full");
    [rate(2), rate(3)].map(|bits| f64::from(u32::try_from(bits / 1_000).unwrap()) / 1_000.0)
}

#[test]
fn a_class_keeps_its_guarantee_and_another_intent_changes_it() {
    let Some(mut stage) = Stage::up("queues", NARROW, &[]) else { return };
    stage.told(&["adopt", "-m", "a test"]);
    let first = stage.intents("first.yaml", &intents(12, 3));
    stage.apply(&[&first]);
    let [production, office] = measured(&mut stage);
    println!("12 and 3 promised: production {production:.1} Mbit/s, office {office:.1} Mbit/s");
    // Headers of SRv6 and of the line are 60 to 90 octets of 1,000, which the line carries too.
    assert!(production > 10.8 && office > 2.7 && office < 7.0, "{production} {office}");
    let second = stage.intents("second.yaml", &intents(3, 12));
    stage.apply(&[&second]);
    let [production, office] = measured(&mut stage);
    println!("3 and 12 promised: production {production:.1} Mbit/s, office {office:.1} Mbit/s");
    assert!(office > 10.8 && production > 2.7 && production < 7.0, "{production} {office}");
}
