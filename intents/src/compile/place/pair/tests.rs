use model::{Hints, LinkId, Ted};

use crate::{
    codes,
    tests::{CLASSES, compiled, service, set_of, ted},
};

/// The best way from `s` to `d` leads over both of the two that are apart.
fn trap(far: &str) -> Ted {
    ted(&format!(
        "apiVersion: trunkline/v1
kind: Network
nodes:
  - {{name: s, routerId: 10.0.0.1, nodeSid: 1, locator: \"fd00:0:1::/48\"}}
  - {{name: a, routerId: 10.0.0.2, nodeSid: 2, locator: \"fd00:0:2::/48\"}}
  - {{name: b, routerId: 10.0.0.3, nodeSid: 3, locator: \"fd00:0:3::/48\"}}
  - {{name: d, routerId: 10.0.0.4, nodeSid: 4, locator: \"fd00:0:4::/48\"}}
links:
  - {{name: sa, a: \"s:1\", z: \"a:1\", bandwidth: 1Gbps, delay: 1ms, jitter: 0ms, loss: 0%}}
  - {{name: ab, a: \"a:2\", z: \"b:1\", bandwidth: 1Gbps, delay: 1ms, jitter: 0ms, loss: 0%}}
  - {{name: bd, a: \"b:2\", z: \"d:1\", bandwidth: 1Gbps, delay: 1ms, jitter: 0ms, loss: 0%}}
  - {{name: sb, a: \"s:2\", z: \"b:3\", bandwidth: 1Gbps, delay: {far}, jitter: 0ms, loss: 0%}}
  - {{name: ad, a: \"a:3\", z: \"d:2\", bandwidth: 1Gbps, delay: {far}, jitter: 0ms, loss: 0%}}
"
    ))
}

/// The help on the backup of a service that shares something with its path.
fn help(far: &str, diversity: &str) -> String {
    help_under(far, diversity, &Hints::default())
}

fn help_under(far: &str, diversity: &str, hints: &Hints) -> String {
    let rest = format!(
        "  connectivity: {{type: p2p, endpoints: [s, d]}}\n  sle: {{diversity: {diversity}}}\n  slo: {{oneWayDelay: 20ms, bandwidth: 10Mbps}}"
    );
    let ted = trap(far);
    let done = compiled(&set_of(&[CLASSES, &service("t", &rest)], &ted), &ted, hints);
    let shares = done.findings.into_iter().find(|finding| finding.code == codes::BACKUP_SHARES);
    shares.expect("path and backup share something").help.unwrap()
}

#[test]
fn no_line_is_missing_where_two_ways_keep_apart() {
    for diversity in ["link", "node"] {
        let told = help("5ms", diversity);
        assert!(told.contains("in common exist, over "), "{told}");
        assert!(told.contains("`sa`, `ad`") && told.contains("`sb`, `bd`"), "{told}");
        assert!(!told.contains("add a line"), "{told}");
    }
}

#[test]
fn two_ways_that_break_the_promise_are_not_called_a_way_out() {
    let told = help("30ms", "link");
    assert!(told.contains("do not keep the promise"), "{told}");
}

#[test]
fn while_a_line_is_down_none_is_called_missing() {
    let down = Hints { down: [LinkId::lit("ad")].into(), ..Hints::default() };
    let told = help_under("5ms", "node", &down);
    assert!(told.starts_with("look again when what is down or drained is back"), "{told}");
}
