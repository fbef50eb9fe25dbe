use model::{Hints, LinkId, ServiceId, Ted, Verdict, verdict::Route};

use crate::{
    Compilation, codes,
    tests::{CLASSES, compiled, service, set_of, ted},
};

/// The best way from `s` to `d` leads over both of the two that are apart.
fn trap(far: &str) -> Ted {
    ted(&trap_text(far))
}

fn trap_text(far: &str) -> String {
    format!(
        "apiVersion: trunkline/v1
kind: Network
nodes:
  - {{name: s, routerId: 10.0.0.1, nodeSid: 1, locator: \"fd00:0:1::/48\"}}
  - {{name: a, routerId: 10.0.0.2, nodeSid: 2, locator: \"fd00:0:2::/48\"}}
  - {{name: b, routerId: 10.0.0.3, nodeSid: 3, locator: \"fd00:0:3::/48\"}}
  - {{name: d, routerId: 10.0.0.4, nodeSid: 4, locator: \"fd00:0:4::/48\"}}
links:
  - {{name: sa, a: \"s:1\", z: \"a:1\", bandwidth: 1Gbps, delay: 1ms, jitter: 0ms, loss: 0%}}
  - {{name: ab, a: \"a:2\", z: \"b:1\", affinity: [middle], bandwidth: 1Gbps, delay: 1ms, jitter: 0ms, loss: 0%}}
  - {{name: bd, a: \"b:2\", z: \"d:1\", bandwidth: 1Gbps, delay: 1ms, jitter: 0ms, loss: 0%}}
  - {{name: sb, a: \"s:2\", z: \"b:3\", bandwidth: 1Gbps, delay: {far}, jitter: 0ms, loss: 0%}}
  - {{name: ad, a: \"a:3\", z: \"d:2\", bandwidth: 1Gbps, delay: {far}, jitter: 0ms, loss: 0%}}
"
    )
}

/// The path and the backup that keep apart.
const APART: [[&str; 2]; 2] = [["sa", "ad"], ["sb", "bd"]];

const SLO: &str = "  slo: {oneWayDelay: 20ms, bandwidth: 10Mbps}";

/// What the intent says of a backup that keeps away.
fn apart(diversity: &str) -> String {
    format!("  sle: {{diversity: {diversity}}}\n{SLO}")
}

fn done(far: &str, rest: &str, hints: &Hints) -> Compilation {
    let ted = trap(far);
    let text = service("t", &format!("  connectivity: {{type: p2p, endpoints: [s, d]}}\n{rest}"));
    compiled(&set_of(&[CLASSES, &text], &ted), &ted, hints)
}

/// The help on the backup of a service that shares something with its path.
fn help(far: &str, rest: &str, hints: &Hints) -> String {
    let shares =
        done(far, rest, hints).findings.into_iter().find(|finding| finding.code == codes::BACKUP_SHARES);
    shares.expect("path and backup share something").help.unwrap()
}

/// The links of the path and of the backup of `t` from `s` to `d`, and why the path is this one.
fn routes(done: &Compilation) -> ([Vec<String>; 2], Vec<String>) {
    let Verdict::Carried { directions, .. } = &done.verdicts[&ServiceId::lit("t")] else {
        panic!("{:#?}", done.findings)
    };
    let links = |route: &Route| route.path.hops.iter().map(|hop| hop.link.to_string()).collect();
    let (primary, backup) = (&directions[0].primary, directions[0].backup.as_ref().unwrap());
    ([links(primary), links(backup)], primary.why.clone())
}

#[test]
fn no_line_is_missing_where_two_ways_keep_apart() {
    let told = help("5ms", SLO, &Hints::default());
    assert!(told.contains("in common exist, over "), "{told}");
    assert!(told.contains("`sa`, `ad`") && told.contains("`sb`, `bd`"), "{told}");
    assert!(told.contains("write `sle: {diversity: link}` to have them"), "{told}");
    assert!(!told.contains("add a line"), "{told}");
}

#[test]
fn who_asks_for_a_backup_that_keeps_away_gets_the_two_ways() {
    for (diversity, what) in [("link", "link"), ("node", "link or node"), ("srlg", "link or shared risk")] {
        let done = done("5ms", &apart(diversity), &Hints::default());
        assert!(
            done.findings.iter().all(|finding| finding.code != codes::BACKUP_SHARES),
            "{:#?}",
            done.findings
        );
        let (ways, why) = routes(&done);
        assert_eq!(ways, APART);
        let told = format!(
            "not the best path: that one, over `sa`, `ab`, `bd`, leaves no backup that has no {what} in common with it"
        );
        assert_eq!(why[0], told);
        assert!(why.iter().any(|one| one == "delay 6ms, 20ms promised"), "{why:#?}");
    }
}

#[test]
fn each_direction_by_itself_gets_two_ways_too() {
    let rest = format!("{}\n  path: {{coRouted: false}}", apart("link"));
    assert_eq!(routes(&done("5ms", &rest, &Hints::default())).0, APART);
}

#[test]
fn a_line_that_is_down_elsewhere_moves_nobody() {
    let elsewhere = "  - {name: e, routerId: 10.0.0.5, nodeSid: 5, locator: \"fd00:0:5::/48\"}
links:
  - {name: ae, a: \"a:9\", z: \"e:1\", bandwidth: 1Gbps, delay: 1ms, jitter: 0ms, loss: 0%}
";
    let ted = ted(&trap_text("5ms").replace("links:\n", elsewhere));
    let rest = format!("  connectivity: {{type: p2p, endpoints: [s, d]}}\n{}", apart("node"));
    let set = set_of(&[CLASSES, &service("t", &rest)], &ted);
    for down in [None, Some(LinkId::lit("ae"))] {
        let done = compiled(&set, &ted, &Hints { down: down.into_iter().collect(), ..Hints::default() });
        assert_eq!(routes(&done).0, APART);
    }
}

#[test]
fn who_has_a_backup_that_keeps_away_rides_the_best_path() {
    // A third way round makes the best path no trap.
    let text =
        "  - {name: sd, a: \"s:9\", z: \"d:9\", bandwidth: 1Gbps, delay: 15ms, jitter: 0ms, loss: 0%}\n";
    let ted = ted(&(trap_text("5ms") + text));
    let rest = format!("  connectivity: {{type: p2p, endpoints: [s, d]}}\n{}", apart("link"));
    let done = compiled(&set_of(&[CLASSES, &service("t", &rest)], &ted), &ted, &Hints::default());
    let ([path, _], why) = routes(&done);
    assert_eq!(path, ["sa", "ab", "bd"]);
    assert!(why[0].starts_with("chosen by"), "{why:#?}");
}

#[test]
fn nobody_loses_its_room_for_the_backup_of_another() {
    // `u` finds its room on `ad` alone, which `t` would take for a path that is not the best.
    let ted = trap("5ms");
    let ends = |from: &str| format!("  connectivity: {{type: p2p, endpoints: [{from}, d]}}\n");
    let slo = "  slo: {bandwidth: 600Mbps}";
    let t = service("t", &format!("{}  sle: {{diversity: link}}\n{slo}", ends("s")));
    let t = t.replace("class: business", "class: voice");
    let u = service("u", &format!("{}  path: {{avoid: [{{affinity: middle}}]}}\n{slo}", ends("a")));
    let done = compiled(&set_of(&[CLASSES, &t, &u], &ted), &ted, &Hints::default());
    assert!(done.findings.iter().all(|finding| !finding.is_error()), "{:#?}", done.findings);
    assert_eq!(routes(&done).0[0], ["sa", "ab", "bd"]);
}

#[test]
fn two_ways_that_break_the_promise_are_not_called_a_way_out() {
    let told = help("30ms", &apart("link"), &Hints::default());
    assert!(told.contains("do not keep the promise"), "{told}");
}

#[test]
fn while_a_line_is_down_none_is_called_missing() {
    let down = Hints { down: [LinkId::lit("ad")].into(), ..Hints::default() };
    let told = help("5ms", &apart("node"), &down);
    assert!(told.starts_with("look again when what is down or drained is back"), "{told}");
}
