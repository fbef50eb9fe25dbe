use model::{Hints, ServiceId, Ted, Verdict};

use crate::tests::{CLASSES, compiled, service, set_of, ted};

/// Through `w`, which has one line: whoever comes by crosses it twice each way.
fn stub() -> Ted {
    ted("apiVersion: trunkline/v1
kind: Network
nodes:
  - {name: a, routerId: 10.0.0.1, nodeSid: 1, locator: \"fd00:0:1::/48\"}
  - {name: m, routerId: 10.0.0.2, nodeSid: 2, locator: \"fd00:0:2::/48\"}
  - {name: w, routerId: 10.0.0.3, nodeSid: 3, locator: \"fd00:0:3::/48\"}
links:
  - {name: am, a: \"a:1\", z: \"m:1\", bandwidth: 1Gbps, delay: 1ms}
  - {name: mw, a: \"m:2\", z: \"w:1\", bandwidth: 100Mbps, delay: 1ms}
  - {name: slow, a: \"m:3\", z: \"w:2\", bandwidth: 1Gbps, delay: 5ms}
")
}

#[test]
fn every_crossing_of_a_line_fills_it() {
    let ted = stub();
    let ends = "  connectivity: {type: p2p, endpoints: [a, m]}\n  sle: {waypoints: [w]}\n";
    // Twice 50Mbps each way leave nothing of the quick line: 1 + 1 + 1 ms, and 50 ms for each crossing.
    let of = |most: u32| {
        let text = service("s", &format!("{ends}  slo: {{bandwidth: 50Mbps, oneWayDelay: {most}ms}}"));
        let done = compiled(&set_of(&[CLASSES, &text], &ted), &ted, &Hints::default());
        let Verdict::Carried { directions, .. } = &done.verdicts[&ServiceId::lit("s")] else {
            panic!("{:#?}", done.findings)
        };
        let hops = directions[0].primary.path.hops.iter().map(|hop| hop.link.to_string());
        hops.collect::<Vec<_>>()
    };
    assert_eq!(of(110), ["am", "mw", "mw"]);
    assert!(of(30).iter().filter(|link| link.as_str() == "mw").count() < 2, "{:?}", of(30));
}
