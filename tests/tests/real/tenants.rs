//! Two tenants whose customers have the same prefix: each reaches its own, and nobody the other's.

use std::{process::Command, thread, time::Duration};

use host::FlowId;

use crate::stage::{SQUARE, Sends, Stage, voice_over};

/// Another tenant of [`SQUARE`]: its customer at r3 has the prefix that the bank's has at r4.
const GUESTS: &str = r#"    - {endpoints: ["r1:guest", "g1:eth1"], ipv4: ["10.5.0.1/24", "10.5.0.2/24"], ipv6: ["2001:db8:5::1/64", "2001:db8:5::2/64"]}
    - {endpoints: ["r3:guest", "g3:eth1"], ipv4: ["10.4.0.129/24", "10.4.0.130/24"], ipv6: ["2001:db8:4::81/64", "2001:db8:4::82/64"]}
"#;

/// The lab with both tenants.
fn both() -> String {
    let hosts = ["g1", "g3"].map(|name| {
        format!("    {name}: {{kind: linux, labels: {{trunkline.role: host, trunkline.vrf: guest}}}}\n")
    });
    let text = SQUARE.replace("  links:\n", &format!("{}  links:\n", hosts.concat()));
    text + GUESTS
}

/// Voice of the guests, from r1 to r3 and back.
const VOICE_OF_GUESTS: &str = "---
apiVersion: trunkline/v1
kind: ServiceIntent
metadata: {name: guests}
spec:
  connectivity: {type: p2p, endpoints: [r1, r3], bidirectional: true}
  vrf: guest
  class: voice
  slo: {oneWayDelay: 45ms, loss: 1%, bandwidth: 2Mbps}
  path: {dataplane: srv6, prefer: [{affinity: lower}]}
";

/// Whether a host is answered by an address.
fn is_answered(stage: &Stage, host: &str, address: &str) -> bool {
    let words = ["ping", "-n", "-c", "2", "-i", "0.2", "-W", "1", address];
    let ping = Command::new("ip").args(["netns", "exec", &stage.space(host)]).args(words).output().unwrap();
    ping.status.success()
}

#[test]
fn tenants_with_the_same_prefix_reach_their_own_customers_and_no_others() {
    let Some(mut stage) = Stage::up("tenants", &both(), &[]) else { return };
    let intents = stage.intents("both.yaml", &(voice_over("upper") + VOICE_OF_GUESTS));
    stage.told(&["adopt", "-m", "a test"]);
    stage.apply(&[&intents]);
    let flow = |from, to, dscp| Sends { from, to, dscp, pace: 100, size: 200 };
    let ends = [
        (("h1", "10.1.0.2"), ("h4", "10.4.0.2")),
        (("h1", "2001:db8:1::2"), ("h4", "2001:db8:4::2")),
        (("g1", "10.5.0.2"), ("g3", "10.4.0.130")),
        (("g1", "2001:db8:5::2"), ("g3", "2001:db8:4::82")),
    ];
    let flows = ends.iter().flat_map(|(from, to)| [flow(*from, *to, "ef"), flow(*from, *to, "be")]);
    stage.send(&flows.collect::<Vec<_>>());
    thread::sleep(Duration::from_secs(3));
    let tallies = stage.stop();
    stage.calm();
    for (number, (from, to)) in (1_u32..).step_by(2).zip(ends) {
        for flow in [number, number + 1] {
            let tally = &tallies[&FlowId(flow)];
            println!("{} to {} at {}: {} came, {} lost", from.0, to.1, to.0, tally.received, tally.lost);
            assert!(tally.received > 250 && tally.lost == 0, "{from:?} to {to:?}: {tally:?}");
        }
    }
    for (host, own, others) in [
        ("h1", ["10.4.0.2", "2001:db8:4::2"], ["10.4.0.130", "2001:db8:4::82"]),
        ("g1", ["10.4.0.130", "2001:db8:4::82"], ["10.4.0.2", "2001:db8:4::2"]),
    ] {
        for (own, other) in own.into_iter().zip(others) {
            assert!(is_answered(&stage, host, own), "{host} is answered by its tenant's {own}");
            assert!(!is_answered(&stage, host, other), "{host} comes to the other tenant's {other}");
        }
    }
}
