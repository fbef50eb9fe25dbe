use model::{
    Allocations, Bandwidth, Delay, Hints, Severity, Ted, Verdict,
    hint::{Degradation, Relief},
    link::{DirectedLink, Side},
};

use super::{Free, Lost, View, crowd};
use crate::{
    codes, compile,
    tests::{CLASSES, compiled, service, set_of, ted},
};

/// A network of nodes and of links with the values of both directions.
fn network(nodes: &[&str], links: &[(&str, &str, &str, &str)]) -> Ted {
    let mut text = String::from("apiVersion: trunkline/v1\nkind: Network\nnodes:\n");
    for (place, node) in nodes.iter().enumerate() {
        let number = place + 1;
        text += &format!(
            "  - {{name: {node}, routerId: 10.0.0.{number}, nodeSid: {number}, locator: \"fd00:0:{number}::/48\"}}\n"
        );
    }
    text += "links:\n";
    for (place, (name, a, z, rest)) in links.iter().enumerate() {
        text +=
            &format!("  - {{name: {name}, a: \"{a}:{name}{place}\", z: \"{z}:{name}{place}\", {rest}}}\n");
    }
    ted(&text)
}

fn ways(delays: &[(&str, &str, &str, u64, u64)]) -> Vec<(String, String, String, String)> {
    let each = |(name, a, z, out, back): &(&str, &str, &str, u64, u64)| {
        let values = format!("bandwidth: 100Mbps, aToZ: {{delay: {out}ms}}, zToA: {{delay: {back}ms}}");
        ((*name).to_owned(), (*a).to_owned(), (*z).to_owned(), values)
    };
    delays.iter().map(each).collect()
}

fn asymmetric(nodes: &[&str], delays: &[(&str, &str, &str, u64, u64)]) -> Ted {
    let links = ways(delays);
    let links: Vec<(&str, &str, &str, &str)> = links
        .iter()
        .map(|(name, a, z, rest)| (name.as_str(), a.as_str(), z.as_str(), rest.as_str()))
        .collect();
    network(nodes, &links)
}

/// What a service between `a` and `z` comes to: the links of its path, or the findings of its intent.
fn placed(ted: &Ted, rest: &str) -> Result<Vec<String>, Vec<String>> {
    let text = service("s", &format!("  connectivity: {{type: p2p, endpoints: [a, z]}}\n{rest}"));
    let docs = crate::tests::documents(&[CLASSES, &text]);
    let said = |findings: Vec<model::Finding>| -> Vec<String> {
        let told = findings.iter().filter(|one| one.code != codes::UNUSED);
        told.map(|one| format!("{} {} {}", one.severity, one.code, one.message)).collect()
    };
    let (set, _) = crate::validate(&docs, ted).map_err(&said)?;
    let done = compiled(&set, ted, &Hints::default());
    match done.verdicts.values().next() {
        Some(Verdict::Carried { directions, .. }) => {
            Ok(directions[0].primary.path.hops.iter().map(|hop| hop.link.to_string()).collect())
        }
        _ => Err(said(done.findings)),
    }
}

/// 5 ms there and 16 back, or 11 each way of which every link is bad one way.
const ONE_WAY_BAD: [(&str, &str, &str, u64, u64); 3] =
    [("p0", "a", "z", 5, 16), ("l1", "a", "m", 10, 1), ("l2", "m", "z", 1, 10)];

#[test]
fn a_path_whose_bad_links_are_good_the_other_way_is_found() {
    let ted = asymmetric(&["a", "m", "z"], &ONE_WAY_BAD);
    for minimise in ["delay", "igp", "te", "hops", "price"] {
        let at = |most: u64| {
            placed(&ted, &format!("  slo: {{oneWayDelay: {most}ms}}\n  path: {{minimise: {minimise}}}"))
        };
        assert_eq!(at(15), Ok(vec!["l1".to_owned(), "l2".to_owned()]), "{minimise}");
        assert_eq!(at(11), Ok(vec!["l1".to_owned(), "l2".to_owned()]), "{minimise}");
    }
    let at = |most: u64| placed(&ted, &format!("  slo: {{oneWayDelay: {most}ms}}"));
    assert_eq!(at(16), Ok(vec!["p0".to_owned()]), "the quickest one out that keeps it back too");
    let told = "no path from a to z because of delay: the least delay is 11ms, 1ms over 10ms (a > m > z)";
    assert_eq!(at(10), Err(vec![format!("error {} {told}", codes::SLO_IMPOSSIBLE)]));
}

#[test]
fn where_two_things_differ_by_direction_nothing_is_called_proven() {
    let links = ONE_WAY_BAD.map(|(name, a, z, out, back)| {
        let values = |value: u64| format!("{{delay: {value}ms, jitter: {value}ms}}");
        (name, a, z, format!("bandwidth: 100Mbps, aToZ: {}, zToA: {}", values(out), values(back)))
    });
    let links: Vec<(&str, &str, &str, &str)> =
        links.iter().map(|(name, a, z, rest)| (*name, *a, *z, rest.as_str())).collect();
    let ted = network(&["a", "m", "z"], &links);
    let told = placed(&ted, "  slo: {oneWayDelay: 15ms, jitter: 15ms}").unwrap_err();
    assert!(told.iter().any(|one| one.starts_with("error TL0051")), "it is not carried: {told:?}");
    let text = service(
        "s",
        "  connectivity: {type: p2p, endpoints: [a, z]}\n  slo: {oneWayDelay: 15ms, jitter: 15ms}",
    );
    let (_, warnings) = crate::validate(&crate::tests::documents(&[CLASSES, &text]), &ted).unwrap();
    let one = warnings.iter().find(|one| one.code == codes::SLO_IMPOSSIBLE).unwrap();
    assert_eq!(one.severity, Severity::Warning, "{one:?}");
    assert!(one.help.as_deref().unwrap().starts_with("nothing is proven"), "{one:?}");
}

/// A firewall `w` on a stub of `a`, and the line to `z`.
fn stub(second: &str) -> Ted {
    let text = |rate: &str| format!("bandwidth: {rate}, delay: 1ms");
    let narrow = text("100Mbps");
    let mut links = vec![("stub", "a", "w", narrow.as_str()), ("line", "a", "z", narrow.as_str())];
    if !second.is_empty() {
        links.push(("second", "w", second, narrow.as_str()));
    }
    network(&["a", "w", "z"], &links)
}

#[test]
fn a_link_that_is_crossed_out_and_back_takes_the_bandwidth_twice() {
    let asked = |rate: u64| format!("  slo: {{bandwidth: {rate}Mbps}}\n  sle: {{waypoints: [w]}}");
    assert_eq!(placed(&stub(""), &asked(50)), Ok(["stub", "stub", "line"].map(str::to_owned).to_vec()));
    let told = "no path from a to z because of bandwidth: at most 50Mbps of 60Mbps are free (a > w > a > z); the ways that keep it do not \
                keep `sle.waypoints`";
    assert_eq!(
        placed(&stub(""), &asked(60)),
        Err(vec![format!("error {} {told}", codes::TOO_MUCH_BANDWIDTH)])
    );
    let more = placed(&stub(""), &asked(120)).unwrap_err();
    assert!(more[0].contains("at most 50Mbps of 120Mbps are free"), "{more:?}");
    // Another way to the firewall is taken although it is not the best.
    assert_eq!(placed(&stub("z"), &asked(50)), Ok(["stub", "second"].map(str::to_owned).to_vec()));
    let around = placed(&stub("a"), &asked(60)).unwrap();
    assert_eq!(around.len(), 3);
    assert_eq!(around.iter().filter(|link| *link == "stub").count(), 1, "{around:?}");
}

#[test]
fn what_is_not_bounded_is_as_it_is_on_the_way_out() {
    let values = |delay: u64, jitter: u64| format!("{{delay: {delay}ms, jitter: {jitter}ms}}");
    let line = |out, back| format!("bandwidth: 100Mbps, aToZ: {out}, zToA: {back}");
    let unsteady = line(values(1, 1), values(1, 9));
    let slow_back = line(values(5, 1), values(30, 1));
    let even = line(values(10, 1), values(10, 1));
    let quick = [("p1", "a", "z", slow_back.as_str()), ("p2", "a", "z", even.as_str())];
    let asked = "  slo: {jitter: 5ms}\n  path: {minimise: delay}";
    assert_eq!(placed(&network(&["a", "z"], &quick), asked), Ok(vec!["p1".to_owned()]));
    // One more that keeps its promise in one direction alone changes nothing.
    let more = [("p0", "a", "z", unsteady.as_str()), quick[0], quick[1]];
    assert_eq!(placed(&network(&["a", "z"], &more), asked), Ok(vec!["p1".to_owned()]));
}

#[test]
fn what_was_found_within_the_limit_is_taken() {
    // Two stretches of two links each to the firewall: each has to be gone back over the other link.
    let line = |delay: u64| format!("bandwidth: 100Mbps, delay: {delay}ms");
    let (near, far) = (line(1), line(2));
    let links = [
        ("am", "a", "m", near.as_str()),
        ("am2", "a", "m", far.as_str()),
        ("mw", "m", "w", near.as_str()),
        ("mw2", "m", "w", far.as_str()),
        ("line", "a", "z", near.as_str()),
    ];
    let ted = network(&["a", "m", "w", "z"], &links);
    let text = service("s", "  connectivity: {type: p2p, endpoints: [a, z]}\n  sle: {waypoints: [w]}");
    let set = set_of(&[CLASSES, &text], &ted);
    let service = set.services.values().next().unwrap();
    let graph = model::Graph::freeze(&ted).unwrap();
    let [a, w, z] = ["a", "w", "z"].map(|node| graph.node_ix(&node.parse().unwrap()).unwrap());
    let request = paths::PathRequest {
        bandwidth: Bandwidth::from_bps(60_000_000),
        waypoints: vec![w],
        minimise: model::intent::Minimise::Delay,
        ..paths::PathRequest::new(a, z)
    };
    let free = Free::of(graph.edges().map(|(_, edge)| edge.bandwidth).collect());
    let mut view = View::new(graph);
    let mut within = |most| crowd::thinned_within(&mut view, &free, service, &request, most);
    assert!(matches!(within(2), Err(Lost::Crowd(_, false))));
    let some = within(4).unwrap();
    let best = within(64).unwrap();
    assert!(!some.out.exact && best.out.exact);
    assert_eq!(some.out.totals.delay, best.out.totals.delay);
    assert_eq!(best.crossings().crowded(60_000_000, free.single()), None);
}

#[test]
fn a_queue_keeps_what_is_promised_for_every_crossing() {
    let ted = stub("");
    let asked =
        "  connectivity: {type: p2p, endpoints: [a, z]}\n  slo: {bandwidth: 40Mbps}\n  sle: {waypoints: [w]}";
    let done = compiled(&set_of(&[CLASSES, &service("a", asked)], &ted), &ted, &Hints::default());
    let guaranteed = |link: &str, from: Side| {
        let end = ted.links.values().find(|one| one.id.as_str() == link).unwrap().end(from);
        done.desired.devices[&end.node].qos[&end.interface].guaranteed()
    };
    for from in [Side::A, Side::Z] {
        assert_eq!(guaranteed("stub", from), Bandwidth::from_bps(80_000_000));
        assert_eq!(guaranteed("line", from), Bandwidth::from_bps(40_000_000));
    }
}

#[test]
fn a_service_whose_promise_is_at_risk_takes_no_more_than_a_link_has() {
    let ted = stub("");
    let through = "  connectivity: {type: p2p, endpoints: [a, z]}\n  slo: {oneWayDelay: 20ms, bandwidth: 40Mbps}\n  sle: {waypoints: [w]}";
    // What the service has seen on the only line breaks its promise.
    let line = DirectedLink { link: "line".parse().unwrap(), from: Side::A };
    let slow = Degradation { delay: Some(Delay::from_micros(100_000)), jitter: None, loss: None };
    let relief = Relief {
        seen: [(line, slow)].into(),
        since: model::Timestamp::from_micros(1),
        why: "delay > 20ms".to_owned(),
    };
    let hints = Hints { relief: [("s".parse().unwrap(), relief)].into(), ..Hints::default() };
    let is_carried = |beside: u64| {
        let ends =
            format!("  connectivity: {{type: p2p, endpoints: [a, w]}}\n  slo: {{bandwidth: {beside}Mbps}}");
        let set = set_of(&[CLASSES, &service("r", &ends), &service("s", through)], &ted);
        let done = compile(&set, &ted, &hints, &Allocations::default().extended(&set).unwrap());
        matches!(done.verdicts[&"s".parse().unwrap()], Verdict::Carried { .. })
    };
    assert!(is_carried(20));
    assert!(!is_carried(30));
}

#[test]
fn what_a_walk_through_a_waypoint_takes_is_not_free_for_others() {
    let ted = stub("");
    let one = |name: &str, rate: u64, more: &str| {
        let ends = "  connectivity: {type: p2p, endpoints: [a, z]}";
        service(name, &format!("{ends}\n  slo: {{bandwidth: {rate}Mbps}}{more}"))
    };
    let through = "\n  sle: {waypoints: [w]}";
    let stub = service("b", "  connectivity: {type: p2p, endpoints: [a, w]}\n  slo: {bandwidth: 30Mbps}");
    let set = set_of(&[CLASSES, &one("a", 40, through), &stub], &ted);
    let done = compile(&set, &ted, &Hints::default(), &Allocations::default().extended(&set).unwrap());
    let refused = done.findings.iter().find(|one| one.is_error()).unwrap();
    assert_eq!((refused.subject.as_str(), refused.code.as_str()), ("b", codes::DOES_NOT_FIT));
    assert!(refused.message.contains("at most 20Mbps of 30Mbps are free"), "{}", refused.message);
    assert!(refused.message.contains("stub> is promised to a (80Mbps, value"), "{}", refused.message);
    // Both want to cross the stub twice each way.
    let set = set_of(&[CLASSES, &one("a", 40, through), &one("b", 20, through)], &ted);
    let done = compiled(&set, &ted, &Hints::default());
    let refused = done.findings.iter().find(|one| one.is_error()).unwrap();
    assert_eq!((refused.subject.as_str(), refused.code.as_str()), ("b", codes::DOES_NOT_FIT));
    assert!(refused.message.contains("at most 10Mbps of 20Mbps are free"), "{}", refused.message);
}

#[test]
fn two_directions_that_meet_on_an_edge_fit_there_together() {
    // Out by the upper row, back by the lower one; both want `middle` in the same direction.
    let ted = asymmetric(
        &["a", "x", "y", "z"],
        &[
            ("ax", "a", "x", 1, 90),
            ("middle", "x", "y", 1, 90),
            ("yz", "y", "z", 1, 90),
            ("zx", "z", "x", 1, 90),
            ("ya", "y", "a", 1, 90),
        ],
    );
    let asked = |rate: u64| {
        // The line in the middle is filled to the brim, where packets wait 50 ms.
        format!("  slo: {{oneWayDelay: 60ms, bandwidth: {rate}Mbps}}\n  path: {{coRouted: false}}")
    };
    assert!(placed(&ted, &asked(50)).is_ok());
    let told = placed(&ted, &asked(60)).unwrap_err();
    let [one] = told.as_slice() else { panic!("{told:#?}") };
    assert!(one.starts_with("error TL0050") && one.contains("at most 50Mbps of 60Mbps are free"), "{one}");
}

mod brute {
    use proptest::prelude::*;

    use super::*;

    /// All simple paths between the first and the last of five nodes: the links, and the delay there and back.
    fn all(links: &[(usize, usize, u64, u64)]) -> Vec<(Vec<usize>, u64, u64)> {
        let mut found = Vec::new();
        let mut open = vec![(vec![0_usize], Vec::new(), 0, 0)];
        while let Some((nodes, ridden, out, back)) = open.pop() {
            let at = *nodes.last().unwrap();
            if at == 4 {
                found.push((ridden, out, back));
                continue;
            }
            for (place, (a, z, there, home)) in links.iter().enumerate() {
                for (from, to, there, home) in [(a, z, there, home), (z, a, home, there)] {
                    if *from == at && !nodes.contains(to) {
                        let nodes = nodes.iter().copied().chain([*to]).collect();
                        let ridden = ridden.iter().copied().chain([place]).collect();
                        open.push((nodes, ridden, out + there, back + home));
                    }
                }
            }
        }
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn a_bound_is_kept_both_ways_exactly_where_some_path_keeps_it(
            links in prop::collection::vec((0_usize..5, 0_usize..5, 1_u64..20, 1_u64..20), 4..9),
            most in 5_u64..40,
        ) {
            let links: Vec<_> = links.into_iter().filter(|(a, z, _, _)| a != z).collect();
            prop_assume!(!links.is_empty());
            let nodes = ["a", "b", "c", "d", "z"];
            let names: Vec<String> = (0..links.len()).map(|place| format!("l{place}")).collect();
            let given: Vec<(&str, &str, &str, u64, u64)> = links
                .iter()
                .zip(&names)
                .map(|((a, z, out, back), name)| (name.as_str(), nodes[*a], nodes[*z], *out, *back))
                .collect();
            let ted = asymmetric(&nodes, &given);
            let kept = all(&links).into_iter().filter(|(_, out, back)| *out <= most && *back <= most);
            let best = kept.map(|(_, out, _)| out).min();
            let found = placed(&ted, &format!("  slo: {{oneWayDelay: {most}ms}}"));
            match best {
                Some(best) => {
                    let ridden = found.unwrap();
                    let place = |name: &String| names.iter().position(|known| known == name).unwrap();
                    let ridden: Vec<usize> = ridden.iter().map(place).collect();
                    let (_, out, back) = all(&links).into_iter().find(|(links, _, _)| *links == ridden).unwrap();
                    prop_assert_eq!(out, best);
                    prop_assert!(back <= most);
                }
                None => {
                    let told = found.unwrap_err();
                    let least = all(&links).into_iter().map(|(_, out, back)| out.max(back)).min();
                    let expected = match least {
                        None => "no way leads from a to z".to_owned(),
                        Some(least) => format!("the least delay is {least}ms, {}ms over {most}ms", least - most),
                    };
                    prop_assert!(told.iter().any(|one| one.starts_with("error") && one.contains(&expected)), "{told:?}, {expected}");
                }
            }
        }

        #[test]
        fn no_link_carries_a_service_twice_that_has_no_room_for_it(
            links in prop::collection::vec((0_usize..5, 0_usize..5), 3..8),
        ) {
            let links: Vec<_> = links.into_iter().filter(|(a, z)| a != z).map(|(a, z)| (a, z, 1, 1)).collect();
            prop_assume!(!links.is_empty());
            let nodes = ["a", "b", "c", "d", "z"];
            let names: Vec<String> = (0..links.len()).map(|place| format!("l{place}")).collect();
            let given: Vec<(&str, &str, &str, u64, u64)> = links
                .iter()
                .zip(&names)
                .map(|((a, z, out, back), name)| (name.as_str(), nodes[*a], nodes[*z], *out, *back))
                .collect();
            let ted = asymmetric(&nodes, &given);
            match placed(&ted, "  slo: {bandwidth: 60Mbps}\n  sle: {waypoints: [c]}") {
                Ok(ridden) => {
                    let once: std::collections::BTreeSet<&String> = ridden.iter().collect();
                    prop_assert_eq!(once.len(), ridden.len(), "{:?}", ridden);
                }
                Err(told) => {
                    let proven = told.iter().any(|one| one.starts_with("error TL0027"));
                    prop_assert!(!(proven && has_trail(&links)), "{told:?}");
                }
            }
        }
    }

    /// Whether a walk leads from the first to the last node over the third, and over no link twice.
    fn has_trail(links: &[(usize, usize, u64, u64)]) -> bool {
        let mut open = vec![(0_usize, false, Vec::new())];
        while let Some((at, visited, ridden)) = open.pop() {
            let visited = visited || at == 2;
            if at == 4 && visited {
                return true;
            }
            for (place, (a, z, ..)) in links.iter().enumerate() {
                for (from, to) in [(a, z), (z, a)] {
                    if *from == at && !ridden.contains(&place) {
                        open.push((*to, visited, ridden.iter().copied().chain([place]).collect()));
                    }
                }
            }
        }
        false
    }
}
