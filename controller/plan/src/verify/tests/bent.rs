//! Lists that are held by nodes: they stay valid when a line of the path fails, and the IGP bends the way. What is said of it then.

use model::{Affinity, Sid, intent::Pin};

use super::*;

/// The same, with the preferred path held by its nodes and no more by its links.
fn by_nodes(mut built: Built) -> Built {
    for verdict in built.verdicts.values() {
        let Verdict::Carried { directions, .. } = verdict else { continue };
        for direction in directions {
            let device = built.desired.devices.get_mut(&direction.from).unwrap();
            let policy = device.policies.get_mut(&direction.policy).unwrap();
            let label = |node: &NodeId| Sid::Mpls(built.ted.nodes[node].node_label().unwrap());
            policy.candidates[0].lists[0].sids =
                direction.primary.path.nodes[1..].iter().map(label).collect();
        }
    }
    built
}

fn radio() -> Affinity {
    "radio".parse().unwrap()
}

/// A service that avoids radio lines, of which `a--c` is one.
fn avoiding() -> (Service, Ted) {
    let (mut service, mut ted) = (service("s", "a", "d"), diamond());
    service.path.avoid.insert(radio());
    ted.links.get_mut(&LinkId::lit("a--c")).unwrap().affinity.insert(radio());
    (service, ted)
}

#[test]
fn a_backup_that_stands_unused_is_said_to_keep_the_promise() {
    let placed = || build(diamond(), &[(service("s", "a", "d"), OVER_B, Some(OVER_C))]);
    let all = ask(&by_nodes(placed()), &[FailureKind::Link], 1);
    // Over `b` all the same: 6 ms, of which 5 ms are promised.
    assert_eq!(said(&all), [(codes::DELAY_BROKEN, texts(&["a--b", "b--d"]), false)]);
    assert_eq!(
        all.violations[0].help,
        "its backup (4ms) would keep it, but the list of its path stays valid and follows the IGP then: with \
         `path: {pin: links}` the backup takes over"
    );
    // What helps does: each link held by its own segment.
    assert_eq!(said(&ask(&placed(), &[FailureKind::Link], 1)), []);
}

#[test]
fn a_backup_that_would_not_keep_the_promise_is_not_said_to() {
    let mut strict = service("s", "a", "d");
    strict.slo.one_way_delay = Some(Delay::from_micros(3_000));
    let mut ted = diamond();
    let third = link(9, "a", "d", 2_500);
    ted.links.insert(third.id.clone(), third);
    // So that the IGP does not lead over it.
    let line = ted.links.get_mut(&LinkId::lit("a--d")).unwrap();
    for facts in [&mut line.a_to_z, &mut line.z_to_a] {
        facts.igp.value = model::IgpMetric(100);
    }
    let all = ask(&by_nodes(build(ted, &[(strict, OVER_B, Some(OVER_C))])), &[FailureKind::Link], 1);
    assert_eq!(said(&all), [(codes::DELAY_BROKEN, texts(&["a--b", "b--d"]), false)]);
    assert!(
        all.violations[0].help.starts_with("neither its path nor its backup keeps it then; a way of 2.5ms"),
        "{all:?}"
    );
}

#[test]
fn a_line_that_is_crossed_twice_is_no_endless_loop() {
    const PATH: &[&str] = &["s", "p", "q", "r"];
    const BACKUP: &[&str] = &["s", "x", "y", "r"];
    // Each of the three links of the path is led around over x--y: there, back, and there again.
    let (mut ted, risk) = (diamond(), "duct");
    let names = ["s", "p", "q", "r", "x", "y"];
    ted.nodes = (1..).zip(names).map(|(index, name)| (NodeId::lit(name), node(name, index))).collect();
    let lines =
        [("s", "p"), ("p", "q"), ("q", "r"), ("s", "x"), ("q", "x"), ("x", "y"), ("y", "p"), ("y", "r")];
    ted.links = (1..)
        .zip(lines)
        .map(|(number, (a, z))| {
            let mut line = link(number, a, z, 200);
            line.srlg.extend((number < 4).then(|| risk.to_owned()));
            (line.id.clone(), line)
        })
        .collect();
    let placed = (service("s", "s", "r"), PATH, Some(BACKUP));
    let all = ask(&by_nodes(build(ted, &[placed])), &[FailureKind::Srlg], 1);
    assert_eq!(said(&all), [(codes::LOOP, texts(&[risk]), false)]);
    let violation = &all.violations[0];
    assert_eq!(violation.title, "traffic crosses a line twice in the same direction");
    assert_eq!(violation.why, "arrives, but crosses the same line 2 times in the same direction");
    assert!(violation.help.contains("would keep it, but the list of its path stays valid"), "{violation:?}");
}

#[test]
fn a_promise_that_is_kept_on_an_avoided_line_is_counted() {
    let (service, ted) = avoiding();
    let all = ask(&build(ted, &[(service, OVER_B, None)]), &[FailureKind::Link], 1);
    assert_eq!(said(&all), []);
    let links = &all.services[0].checks[1];
    assert_eq!((links.kind, links.by_igp, links.on_avoided), (FailureKind::Link, 2, 2));
    let text = serde_json::to_string(&all).unwrap();
    assert!(text.contains(r#""onAvoided":2"#), "{text}");
    assert!(!text.contains(r#""onAvoided":0"#), "{text}");
    assert_eq!(serde_json::from_str::<Verification>(&text).unwrap().services, all.services);
}

#[test]
fn no_plan_leads_over_what_a_service_avoids() {
    let (service, ted) = avoiding();
    let all = ask(&drops(build(ted, &[(service, OVER_B, None)])), &[FailureKind::Link], 1);
    assert_eq!(said(&all), [(codes::NOT_DELIVERED, texts(&["a--b", "b--d"]), true)]);
    assert_eq!(
        all.violations[0].help,
        "no plan can help: only another line between a and d does, or less under `path.avoid`"
    );
}

#[test]
fn no_plan_leads_through_a_node_with_the_overload_bit() {
    let placed = |overloaded: &str| {
        let mut ted = diamond();
        ted.nodes.get_mut(&NodeId::lit(overloaded)).unwrap().overload = true;
        drops(build(ted, &[(service("s", "a", "d"), OVER_B, None)]))
    };
    let all = ask(&placed("c"), &[FailureKind::Link], 1);
    assert_eq!(said(&all), [(codes::NOT_DELIVERED, texts(&["a--b", "b--d"]), true)]);
    assert!(all.violations[0].help.ends_with("does, or taking the overload bit from a node"), "{all:?}");
    // Its own ends carry their own traffic.
    let all = ask(&placed("d"), &[FailureKind::Link], 1);
    assert_eq!(said(&all), [(codes::NOT_DELIVERED, texts(&["a--b", "b--d"]), false)]);
}

#[test]
fn no_plan_leads_past_a_waypoint() {
    let mut through = service("s", "a", "d");
    through.sle.waypoints = vec![NodeId::lit("b")];
    let all = ask(&drops(build(diamond(), &[(through, OVER_B, None)])), &[FailureKind::Node], 1);
    assert_eq!(said(&all), [(codes::NOT_DELIVERED, texts(&["b"]), true)]);
    assert!(all.violations[0].help.ends_with("does, or fewer `sle.waypoints`"), "{all:?}");
}

#[test]
fn a_service_is_pinned_where_it_asks_for_it_or_must_be_encrypted() {
    let mut service = service("s", "a", "d");
    assert!(!service.is_pinned());
    service.path.pin = Pin::Links;
    assert!(service.is_pinned());
    (service.path.pin, service.sle.encrypted) = (Pin::None, true);
    assert!(service.is_pinned());
}
