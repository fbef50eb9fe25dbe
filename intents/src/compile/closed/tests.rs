use std::collections::BTreeSet;

use model::{LinkId, NodeId, Sid, Verdict, sr::LastResort, verdict::DirectionVerdict};

use super::*;
use crate::tests::{CLASSES, SERVICES, compiled, minimal_ted, service, set_of, ted};

const PAYMENTS: &str = "payments-br-1";
const VOICE: &str = "voice/hq-pe1~br-1";

fn drained(links: &[&str]) -> Hints {
    Hints { drained_links: links.iter().map(|link| LinkId::lit(link)).collect(), ..Hints::default() }
}

fn down(links: &[&str]) -> Hints {
    Hints { down: links.iter().map(|link| LinkId::lit(link)).collect(), ..Hints::default() }
}

fn minimal(hints: &Hints) -> Compilation {
    let ted = minimal_ted();
    compiled(&set_of(&[CLASSES, SERVICES], &ted), &ted, hints)
}

fn out<'a>(done: &'a Compilation, service: &str) -> &'a DirectionVerdict {
    match &done.verdicts[&ServiceId::lit(service)] {
        Verdict::Carried { directions, .. } => &directions[0],
        refused @ Verdict::Refused { .. } => panic!("{refused:#?}"),
    }
}

fn links(route: &model::verdict::Route) -> BTreeSet<&str> {
    route.path.hops.iter().map(|hop| hop.link.as_str()).collect()
}

fn said<'a>(done: &'a Compilation, code: &str) -> Vec<(&'a str, &'a str)> {
    let of = done.findings.iter().filter(|finding| finding.code == code);
    of.map(|finding| (finding.subject.as_str(), finding.message.as_str())).collect()
}

#[test]
fn what_is_drained_is_left_and_stays_the_last_backup_which_is_said_once() {
    let done = minimal(&drained(&["line1-br-1"]));
    for service in [PAYMENTS, VOICE] {
        let direction = out(&done, service);
        assert!(links(&direction.primary).contains("line2-br-1"), "{service}");
        let backup = direction.backup.as_ref().unwrap();
        assert!(links(backup).contains("line1-br-1"), "{service}");
        assert!(backup.why.iter().any(|why| why.contains("link line1-br-1, which is drained")), "{backup:?}");
        let policy = &done.desired.devices[&direction.from].policies[&direction.policy];
        assert!(policy.candidates[0].preference > policy.candidates[1].preference);
    }
    let expected = "is drained and the only backup of 2 services (payments-br-1, voice/hq-pe1~br-1)";
    assert_eq!(said(&done, codes::BACKUP_OVER_DRAINED), [("link line1-br-1", expected)]);
    assert_eq!(said(&done, codes::NO_BACKUP), []);
}

#[test]
fn a_backup_over_what_is_drained_goes_before_one_on_a_link_of_the_path() {
    let ted = ted(r#"
apiVersion: trunkline/v1
kind: Network
nodes:
  - {name: s, routerId: 10.0.0.1, nodeSid: 1, locator: "fd00:0:1::/48"}
  - {name: a, routerId: 10.0.0.2, nodeSid: 2, locator: "fd00:0:2::/48"}
  - {name: b, routerId: 10.0.0.3, nodeSid: 3, locator: "fd00:0:3::/48"}
  - {name: d, routerId: 10.0.0.4, nodeSid: 4, locator: "fd00:0:4::/48"}
links:
  - {name: sa, a: "s:1", z: "a:1", bandwidth: 1Gbps, delay: 1ms}
  - {name: spare, a: "s:2", z: "a:2", bandwidth: 1Gbps, delay: 2ms}
  - {name: ab, a: "a:3", z: "b:1", bandwidth: 1Gbps, delay: 1ms}
  - {name: bd, a: "b:2", z: "d:1", bandwidth: 1Gbps, delay: 1ms}
  - {name: sb, a: "s:3", z: "b:3", bandwidth: 1Gbps, delay: 50ms}
  - {name: ad, a: "a:4", z: "d:2", bandwidth: 1Gbps, delay: 5ms}
"#);
    // Beside this path no way keeps off its nodes and is fast enough, but one keeps off its links.
    let text = service(
        "x",
        "  connectivity: {type: p2p, endpoints: [s, d]}\n  slo: {oneWayDelay: 20ms}\n  sle: {diversity: node}",
    );
    let done = compiled(&set_of(&[CLASSES, &text], &ted), &ted, &drained(&["spare"]));
    let direction = out(&done, "x");
    assert_eq!(links(&direction.primary), BTreeSet::from(["sa", "ab", "bd"]));
    assert_eq!(links(direction.backup.as_ref().unwrap()), BTreeSet::from(["spare", "ad"]));
    let expected = "is drained and the only backup of 1 service (x)";
    assert_eq!(said(&done, codes::BACKUP_OVER_DRAINED), [("link spare", expected)]);
}

#[test]
fn services_that_end_at_a_drained_node_are_named() {
    let hints = Hints { drained_nodes: BTreeSet::from([NodeId::lit("br-1")]), ..Hints::default() };
    let done = minimal(&hints);
    let expected = "is drained and an end of 2 services (payments-br-1, voice/hq-pe1~br-1): nobody else can carry their traffic";
    assert_eq!(said(&done, codes::STAYS_ON_DRAINED), [("node br-1", expected)]);
}

#[test]
fn a_backup_that_is_as_good_elsewhere_keeps_off_what_is_drained() {
    // Between the cores there are two ways; the drained one is not needed.
    let hints = Hints { drained_links: BTreeSet::from([core_link()]), ..Hints::default() };
    let done = minimal(&hints);
    for service in [PAYMENTS, VOICE] {
        let direction = out(&done, service);
        for route in [Some(&direction.primary), direction.backup.as_ref()].into_iter().flatten() {
            assert!(!links(route).contains(core_link().as_str()), "{service}");
        }
    }
    assert_eq!(done.findings, []);
}

fn core_link() -> LinkId {
    let ted = minimal_ted();
    let between = |link: &&model::Link| {
        [&link.a.node, &link.z.node] == [&NodeId::lit("core-1"), &NodeId::lit("core-2")]
    };
    ted.links.values().find(between).unwrap().id.clone()
}

#[test]
fn a_service_without_another_way_stays_on_what_is_drained_and_the_operator_is_told() {
    let done = minimal(&drained(&["line1-br-1", "line2-br-1"]));
    assert!(matches!(done.verdicts[&ServiceId::lit(VOICE)], Verdict::Carried { .. }));
    let told = said(&done, codes::STAYS_ON_DRAINED);
    assert!(
        told.iter().any(|(link, what)| *link == "link line1-br-1" && what.contains("still carries")),
        "{told:?}"
    );
    assert!(done.findings.iter().all(|finding| finding.code != codes::NO_PATH));
    let node = Hints {
        drained_nodes: BTreeSet::from([NodeId::lit("core-1"), NodeId::lit("core-2")]),
        ..Hints::default()
    };
    let done = minimal(&node);
    let told = said(&done, codes::STAYS_ON_DRAINED);
    assert!(told.iter().any(|(node, _)| node.starts_with("node core-")), "{told:?}");
}

#[test]
fn a_line_that_is_down_is_no_backup_and_said_once() {
    let text = include_str!("../../../examples/minimal/network.yaml");
    // Without the way between the cores each branch has exactly two.
    let lines: Vec<&str> = text.lines().filter(|line| !line.contains("core-2:eth2")).collect();
    let ted = ted(&lines.join("\n"));
    let done = compiled(&set_of(&[CLASSES, SERVICES], &ted), &ted, &down(&["line1-br-1"]));
    // Others may share a line with their path; what must be encrypted has nothing at all.
    let expected = "is down and leaves 1 service (payments-br-1) without a backup";
    assert_eq!(said(&done, codes::BARE_WHILE_DOWN), [("link line1-br-1", expected)]);
    assert_eq!(said(&done, codes::NO_BACKUP), []);
}

#[test]
fn encrypted_traffic_is_pinned_link_by_link_on_path_and_backup() {
    let done = minimal(&Hints::default());
    let ted = minimal_ted();
    let Verdict::Carried { directions, .. } = &done.verdicts[&ServiceId::lit(PAYMENTS)] else {
        panic!("refused")
    };
    for route in directions.iter().flat_map(|direction| [Some(&direction.primary), direction.backup.as_ref()])
    {
        let route = route.unwrap();
        let adjacencies: Vec<Sid> = route
            .path
            .hops
            .iter()
            .map(|hop| Sid::Srv6(ted.links[&hop.link].direction(hop.from).end_x.as_ref().unwrap().value))
            .collect();
        assert_eq!(route.segments, adjacencies);
    }
    // Others take the fewest segments.
    assert!(out(&done, VOICE).primary.segments.len() < out(&done, VOICE).primary.path.hops.len() + 1);
}

#[test]
fn encrypted_traffic_without_a_way_is_dropped_on_its_headend_and_not_left_to_the_igp() {
    let done = minimal(&down(&["line1-br-1", "line2-br-1"]));
    let Verdict::Carried { directions, .. } = &done.verdicts[&ServiceId::lit(PAYMENTS)] else {
        panic!("refused")
    };
    for direction in directions {
        let policy = &done.desired.devices[&direction.from].policies[&direction.policy];
        assert_eq!((policy.last_resort, policy.candidates.len()), (LastResort::Drop, 2));
    }
    assert!(done.desired.devices[&NodeId::lit("hq-pe1")].steering.values().any(|rule| rule.prefix.is_some()));
    let told = said(&done, codes::DROPPED_NOT_EXPOSED);
    assert!(told[0].0 == PAYMENTS && told[0].1.contains("dropped rather than sent in clear"), "{told:?}");
    assert!(done.findings.iter().all(|finding| !finding.is_error()));
    // Other traffic has nothing to hide: it is refused and follows the IGP.
    assert!(matches!(done.verdicts[&ServiceId::lit(VOICE)], Verdict::Refused { .. }));
}

#[test]
fn encrypted_traffic_that_does_not_fit_beside_others_is_not_exposed_either() {
    let ted = minimal_ted();
    let secret = service(
        "secret",
        "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}\n  slo: {bandwidth: 60Mbps}\n  sle: {encryption: required}",
    );
    let gold =
        service("gold", "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}\n  slo: {bandwidth: 60Mbps}");
    let set = set_of(&[CLASSES, &secret, &gold], &ted);
    assert_eq!(said(&compiled(&set, &ted, &Hints::default()), codes::DROPPED_NOT_EXPOSED), []);
    let done = compiled(&set, &ted, &down(&["line2-br-1"]));
    assert_eq!(said(&done, codes::DROPPED_NOT_EXPOSED).len(), 1);
    assert!(matches!(done.verdicts[&ServiceId::lit("secret")], Verdict::Carried { .. }));
}
