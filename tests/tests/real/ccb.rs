//! A branch on 5G and MSTP (the CCB case): the key application bears 60 ms, and its intent asks for half of that. So it leaves 5G when that
//! begins to degrade, and what comes then does not reach it.

use std::{thread, time::Duration};

use host::FlowId;
use model::{Delay, Loss};

use crate::stage::{Sends, Stage};

const BRANCH: &str = r#"
name: NAME
topology:
  kinds: {linux: {image: trunkline-router}}
  nodes:
    dc: {kind: linux, labels: {trunkline.role: hq, trunkline.router-id: 10.0.0.1, trunkline.locator: "fd00:0:1::/48", trunkline.node-sid: "1"}}
    mobile: {kind: linux, labels: {trunkline.role: core, trunkline.router-id: 10.0.0.2, trunkline.locator: "fd00:0:2::/48", trunkline.node-sid: "2"}}
    carrier: {kind: linux, labels: {trunkline.role: core, trunkline.router-id: 10.0.0.3, trunkline.locator: "fd00:0:3::/48", trunkline.node-sid: "3"}}
    br: {kind: linux, labels: {trunkline.role: branch, trunkline.router-id: 10.0.0.4, trunkline.locator: "fd00:0:4::/48", trunkline.node-sid: "4"}}
    payments-dc: {kind: linux, labels: {trunkline.role: host, trunkline.vrf: payments}}
    payments-br: {kind: linux, labels: {trunkline.role: host, trunkline.vrf: payments}}
    office-dc: {kind: linux, labels: {trunkline.role: host, trunkline.vrf: office}}
    office-br: {kind: linux, labels: {trunkline.role: host, trunkline.vrf: office}}
  links:
    - {endpoints: ["dc:eth1", "mobile:eth1"], vars: {name: to-mobile, bandwidth: 1Gbps, igp: 10, delay: 1ms, jitter: 0us, loss: 0%}}
    - {endpoints: ["dc:eth2", "carrier:eth1"], vars: {name: to-carrier, bandwidth: 1Gbps, igp: 10, delay: 1ms, jitter: 0us, loss: 0%}}
    - {endpoints: ["mobile:eth2", "br:eth1"], vars: {name: 5g, bandwidth: 200Mbps, igp: 10, affinity: [5g], delay: 12ms, jitter: 1ms, loss: 0%}}
    - {endpoints: ["carrier:eth2", "br:eth2"], vars: {name: mstp, bandwidth: 2Mbps, igp: 50, affinity: [mstp], delay: 6ms, jitter: 0us, loss: 0%}}
    - {endpoints: ["dc:pay", "payments-dc:eth1"], ipv4: ["10.1.0.1/24", "10.1.0.2/24"]}
    - {endpoints: ["br:pay", "payments-br:eth1"], ipv4: ["10.2.0.1/24", "10.2.0.2/24"]}
    - {endpoints: ["dc:office", "office-dc:eth1"], ipv4: ["10.3.0.1/24", "10.3.0.2/24"]}
    - {endpoints: ["br:office", "office-br:eth1"], ipv4: ["10.4.0.1/24", "10.4.0.2/24"]}
"#;

/// Payments leave at half of what they bear.
const INTENTS: &str = "
apiVersion: trunkline/v1
kind: QosProfile
metadata: {name: two}
spec:
  interfaces: all
  queues:
    production: {discipline: weighted, weight: 60}
    office: {discipline: weighted, weight: 30}
---
apiVersion: trunkline/v1
kind: TrafficClass
metadata: {name: production}
spec: {value: 100, dscp: [af41], queue: production, profile: two}
---
apiVersion: trunkline/v1
kind: TrafficClass
metadata: {name: office}
spec: {value: 50, dscp: [af21], queue: office, profile: two}
---
apiVersion: trunkline/v1
kind: ServiceIntent
metadata: {name: payments}
spec:
  connectivity: {type: p2p, endpoints: [dc, br], bidirectional: true}
  vrf: payments
  class: production
  slo: {oneWayDelay: 30ms, loss: 1%, bandwidth: 500kbps}
  path: {dataplane: srv6, prefer: [{affinity: 5g}, {affinity: mstp}]}
  assurance: {breach: {for: 1s}, holdDown: 2s, waitToRestore: 60s}
---
apiVersion: trunkline/v1
kind: ServiceIntent
metadata: {name: office}
spec:
  connectivity: {type: p2p, endpoints: [dc, br], bidirectional: true}
  vrf: office
  class: office
  slo: {bandwidth: 500kbps}
  path: {dataplane: srv6, prefer: [{affinity: 5g}, {affinity: mstp}]}
";

#[test]
#[ignore = "real packets want a quiet machine: `make test-lab` runs it"]
fn payments_keep_their_promise_while_5g_degrades() {
    let Some(mut stage) = Stage::up("ccb", BRANCH, &[]) else { return };
    let intents = stage.intents("branch.yaml", INTENTS);
    stage.told(&["adopt", "-m", "a test"]);
    stage.apply(&[&intents]);
    let flow = |from, to, dscp| Sends { from, to, dscp, pace: 50, size: 200 };
    stage.send(&[
        flow(("payments-dc", "10.1.0.2"), ("payments-br", "10.2.0.2"), "af41"),
        flow(("office-dc", "10.3.0.2"), ("office-br", "10.4.0.2"), "af21"),
    ]);
    thread::sleep(Duration::from_secs(4));
    stage.calm();
    // Worse than where payments leave, and still what they bear.
    stage.fault(&["link", "impair", "5g", "--delay", "35ms"]);
    let moved = stage.wait("payments move", |stage| stage.events("rerouted").pop());
    assert!(moved["services"].to_string().contains("payments"), "{moved}");
    stage.fault(&["link", "impair", "5g", "--delay", "200ms", "--loss", "20%"]);
    thread::sleep(Duration::from_secs(5));
    let tallies = stage.stop();
    let [payments, office] = [1, 2].map(|flow| &tallies[&FlowId(flow)]);
    let (delay, loss) = (payments.delay.unwrap(), payments.loss().unwrap());
    println!(
        "payments: {} packets, p99 {}, longest {}, lost {loss}",
        payments.received, delay.p99, delay.max
    );
    assert!(loss <= "1%".parse::<Loss>().unwrap(), "{payments:?}");
    assert!(delay.max <= Delay::from_micros(60_000), "{payments:?}");
    // It was bad: the office stayed.
    assert!(office.loss().unwrap() > "2%".parse::<Loss>().unwrap(), "{office:?}");
}
