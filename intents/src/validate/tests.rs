use model::{
    condition::{Condition, Quantity},
    id::ServiceId,
    intent::Diversity,
    sr::LastResort,
};

use super::*;
use crate::tests::{CLASSES, SERVICES, documents, minimal_ted, service, set_of};

fn faults(texts: &[&str]) -> Vec<Finding> {
    let ted = minimal_ted();
    match validate(&documents(texts), &ted) {
        Ok((_, warnings)) => warnings,
        Err(findings) => findings,
    }
}

fn ids(set: &IntentSet) -> Vec<&str> {
    set.services.keys().map(ServiceId::as_str).collect()
}

#[test]
fn connectivity_becomes_pairs() {
    let ted = minimal_ted();
    let star = "  connectivity: {type: hub-spoke, hubs: [hq-pe1, core-2], spokes: {role: branch}}";
    let set = set_of(&[CLASSES, &service("x", star)], &ted);
    assert_eq!(ids(&set), ["x/core-2~br-1", "x/core-2~br-2", "x/hq-pe1~br-1", "x/hq-pe1~br-2"]);
    let turns = star.replace("branch}}", "branch}, pairing: alternate}");
    let set = set_of(&[CLASSES, &service("x", &turns)], &ted);
    assert_eq!(ids(&set), ["x/core-2~br-1", "x/hq-pe1~br-2"], "hubs and spokes in the order of their names");
    let mesh = "  connectivity: {type: mesh, members: {nodes: \"{br,hq}-*\"}}";
    let set = set_of(&[CLASSES, &service("x", mesh)], &ted);
    assert_eq!(ids(&set), ["x/br-1~br-2", "x/br-1~hq-pe1", "x/br-2~hq-pe1"]);
    let p2p = "  connectivity: {type: p2p, endpoints: [br-2, hq-pe1], bidirectional: false}";
    let set = set_of(&[CLASSES, &service("x", p2p)], &ted);
    let one = &set.services[&"x".parse::<ServiceId>().unwrap()];
    assert_eq!((one.a.as_str(), one.z.as_str(), one.bidirectional), ("br-2", "hq-pe1", false));
}

#[test]
fn what_is_left_out_has_a_safe_meaning() {
    let ted = minimal_ted();
    let set = set_of(&[CLASSES, SERVICES], &ted);
    let voice = &set.services[&"voice/hq-pe1~br-1".parse::<ServiceId>().unwrap()];
    assert!(voice.bidirectional && voice.co_routed);
    assert_eq!(voice.sle.diversity, Diversity::Link);
    assert_eq!(voice.path.last_resort, LastResort::Igp);
    assert_eq!(voice.matches[0].dscp, set.classes[&voice.class].dscp);
    let Condition::Any { any } = &voice.assurance.breach else { panic!("any objective") };
    assert_eq!(any.len(), 3, "delay, jitter and loss");
    assert_eq!(voice.assurance.hold, model::Span::from_secs(3));
    let payments = &set.services[&"payments-br-1".parse::<ServiceId>().unwrap()];
    assert_eq!(
        payments.path.last_resort,
        LastResort::Drop,
        "encrypted traffic must not leave encrypted lines"
    );
    assert_eq!(payments.matches[0].dscp.len(), 1);
}

#[test]
fn all_faults_come_at_once_and_point_at_each_other() {
    let bad = service(
        "pay",
        "  connectivity: {type: p2p, endpoints: [hq-pe2, br-9]}\n  sle: {waypoints: [fw]}\n  path: {avoid: [{affinity: line7}]}",
    );
    let unknown = service("other", "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}")
        .replace("class: business", "class: busines");
    let twice = service("other", "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}");
    let found = faults(&[CLASSES, &bad, &unknown, &twice]);
    let mut codes: Vec<&str> = found.iter().map(|finding| finding.code.as_str()).collect();
    codes.sort_unstable();
    let expected = [
        codes::DUPLICATE_NAME,
        codes::UNKNOWN_NODE,
        codes::UNKNOWN_NODE,
        codes::UNKNOWN_NODE,
        codes::UNKNOWN_REFERENCE,
        codes::UNKNOWN_AFFINITY,
        codes::UNUSED,
    ];
    assert_eq!(codes, expected, "{found:#?}");
    let twice = found.iter().find(|finding| finding.code == codes::DUPLICATE_NAME).unwrap();
    assert_eq!(twice.related[0].message, "first defined here");
    let busines = found.iter().find(|finding| finding.code == codes::UNKNOWN_REFERENCE).unwrap();
    assert_eq!(busines.help.as_deref(), Some("did you mean `business`?"));
    assert!(found.iter().all(|finding| finding.place.is_some()));
}

#[test]
fn no_two_services_have_one_name() {
    let star = service("x", "  connectivity: {type: hub-spoke, hubs: [hq-pe1], spokes: {nodes: br-1}}");
    let same = service("x/hq-pe1~br-1", "  connectivity: {type: p2p, endpoints: [core-2, br-2]}");
    for order in [[CLASSES, &star, &same], [CLASSES, &same, &star]] {
        let found = faults(&order);
        let twice = found.iter().find(|finding| finding.code == codes::DUPLICATE_NAME).unwrap();
        assert!(twice.message.contains("would be called `x/hq-pe1~br-1`"), "{}", twice.message);
        assert_eq!(twice.related[0].message, "the other one comes from here");
    }
}

#[test]
fn more_than_everything_is_not_lost() {
    let bad = service("x", "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}\n  slo: {loss: 150%}");
    assert!(faults(&[CLASSES, &bad]).iter().any(|finding| finding.message == "a loss is at most 100%"));
}

#[test]
fn a_code_point_of_another_class_is_not_to_be_claimed_twice() {
    let help = |point: &str| {
        let rest = format!(
            "  connectivity: {{type: p2p, endpoints: [hq-pe1, br-1]}}\n  match: [{{dscp: [{point}]}}]"
        );
        let found = faults(&[CLASSES, &service("x", &rest)]);
        found.into_iter().find(|finding| finding.code == codes::CONTRADICTION).unwrap().help.unwrap()
    };
    let owned = help("ef");
    assert!(owned.contains("write `class: voice`") && !owned.contains("add it"), "{owned}");
    assert!(help("cs5").contains("add it to the class"), "no other class has it");
}

#[test]
fn no_path_is_better_by_more_than_everything() {
    let of = |margin: &str| {
        let rest = format!(
            "  connectivity: {{type: p2p, endpoints: [hq-pe1, br-1]}}\n  assurance: {{improvementMargin: {margin}}}"
        );
        let found = faults(&[CLASSES, &service("x", &rest)]);
        found.into_iter().any(|finding| finding.message.starts_with("an improvement margin is at most 100%"))
    };
    assert!(of("200%") && !of("100%"));
}

#[test]
fn the_physics_of_the_lines_are_told_in_numbers() {
    let found = faults(&[
        CLASSES,
        &service("x", "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}\n  slo: {oneWayDelay: 5ms}"),
    ]);
    let one = found.iter().find(|finding| finding.is_error()).unwrap();
    assert_eq!(one.code, codes::SLO_IMPOSSIBLE);
    assert!(one.message.contains("the least delay is 6ms, 1ms over 5ms"), "{}", one.message);
    assert_eq!(one.place.as_ref().unwrap().line, 8, "{:?}", one.place);
}

#[test]
fn services_that_fail_alike_are_one_finding() {
    let found = faults(&[
        CLASSES,
        &service(
            "x",
            "  connectivity: {type: hub-spoke, hubs: [hq-pe1, core-1, core-2], spokes: {role: branch}}\n  slo: {oneWayDelay: 1ms}",
        ),
    ]);
    let errors: Vec<_> = found.iter().filter(|finding| finding.is_error()).collect();
    assert_eq!(errors.len(), 1, "{errors:#?}");
    assert!(errors[0].message.contains("and 3 more"), "{}", errors[0].message);
}

#[test]
fn a_queue_in_a_condition_may_be_named_by_its_class() {
    let alarm = "apiVersion: trunkline/v1\nkind: AlarmPolicy\nmetadata: {name: drops}\nspec:\n  on: {links: {role: leased-line}}\n  when: {all: [queue(business).drops > 0, queue(voice).depth > 50%]}\n  severity: minor\n";
    let classes = CLASSES.replace("    business: {", "    gold: {").replace("queue: business", "queue: gold");
    let set = set_of(&[&classes, alarm], &minimal_ted());
    let Condition::All { all } = &set.alarms["drops"].when else { panic!("all") };
    let Condition::One(first) = &all[0] else { panic!("one") };
    assert_eq!(first.quantity, Quantity::QueueDrops(Some("gold".parse().unwrap())));
    let found = faults(&[&classes, &alarm.replace("queue(voice)", "queue(voise)")]);
    assert!(
        found.iter().any(|finding| finding.code == codes::UNKNOWN_REFERENCE && finding.is_error()),
        "{found:#?}"
    );
}

#[test]
fn intents_that_differ_in_vrf_prefix_or_code_point_do_not_clash() {
    let base = "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1], bidirectional: false}";
    let one = |name: &str, matches: &str| {
        service(name, &format!("{base}\n  match: {matches}")).replace(&format!("vrf: {name}"), "vrf: v")
    };
    let clash = |a: &str, b: &str| {
        faults(&[CLASSES, &one("a", a), &one("b", b)])
            .iter()
            .any(|finding| finding.code == codes::SAME_TRAFFIC)
    };
    assert!(clash("[{dscp: [af21]}]", "[{dscp: [af21, af31]}]"));
    assert!(!clash("[{dscp: [af21]}]", "[{dscp: [af31]}]"));
    assert!(!clash("[{prefix: 10.1.0.0/16}]", "[{prefix: 10.2.0.0/16}]"));
    assert!(!clash("[{prefix: 10.1.0.0/16}]", "[{dscp: [af21]}]"), "the more specific one goes first");
    assert!(clash("[{prefix: 10.1.0.0/16}]", "[{prefix: 10.1.0.0/16, dscp: [af31]}]"));
}

#[test]
fn bidirectional_intents_between_two_nodes_need_prefixes_both_ways() {
    let one = |name: &str, matches: &str, ends: &str| {
        let base = format!("  connectivity: {{type: p2p, endpoints: {ends}}}\n  match: {matches}");
        service(name, &base).replace(&format!("vrf: {name}"), "vrf: v")
    };
    let told = |a: &str, b: &str, ends: &str| -> Vec<String> {
        let found = faults(&[CLASSES, &one("a", a, "[hq-pe1, br-1]"), &one("b", b, ends)]);
        let clashes = found.into_iter().filter(|finding| finding.code == codes::SAME_TRAFFIC);
        clashes.map(|finding| finding.message).collect()
    };
    let same = "[hq-pe1, br-1]";
    let a = "[{prefix: 10.1.0.0/16, source: 10.101.0.0/16}]";
    let back = "`a` claims the same packets at br-1: VRF `v`, `af21`";
    assert_eq!(told("[{prefix: 10.1.0.0/16}]", "[{prefix: 10.2.0.0/16}]", same), [back]);
    assert_eq!(told(a, "[{prefix: 10.2.0.0/16, source: 10.102.0.0/16}]", same), [""; 0]);
    assert_eq!(told(a, "[{prefix: 10.2.0.0/16}]", same), [""; 0], "the more specific one goes first");
    assert_eq!(
        told(a, "[{prefix: 10.2.0.0/16, source: 10.101.0.0/16}]", same),
        [format!("{back} to 10.101.0.0/16")]
    );
    let out = "`a` claims the same packets at hq-pe1: VRF `v`, `af21` to 10.1.0.0/16";
    assert_eq!(
        told(a, "[{prefix: 10.1.0.0/16, source: 10.102.0.0/16}]", same),
        [out],
        "where packets come from is not looked at"
    );
    let turned = told(a, "[{prefix: 10.101.0.0/16, source: 10.1.0.0/16}]", "[br-1, hq-pe1]");
    assert_eq!(turned.len(), 1, "the same traffic, told from the other end: {turned:?}");
}

#[test]
fn a_source_without_a_way_back_and_one_in_a_mesh_are_told() {
    let p2p = "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1], bidirectional: false}";
    let star =
        "  connectivity: {type: hub-spoke, hubs: [hq-pe1], spokes: {role: branch}, bidirectional: false}";
    let mesh = "  connectivity: {type: mesh, members: {role: branch}}";
    let cases = [
        (p2p, codes::CONTRADICTION, false),
        (star, codes::CONTRADICTION, false),
        (mesh, codes::PREFIX_IN_MESH, true),
    ];
    for (connectivity, code, error) in cases {
        let text = service("x", &format!("{connectivity}\n  match: [{{source: 10.1.0.0/16}}]"));
        let found = faults(&[CLASSES, &text]);
        let one = found.iter().find(|finding| finding.code == code).unwrap_or_else(|| panic!("{found:#?}"));
        assert_eq!((one.is_error(), one.place.as_ref().map(|place| place.column)), (error, Some(20)));
    }
}

#[test]
fn findings_of_the_compiler_find_their_document() {
    let docs = documents(&[CLASSES, SERVICES]);
    let finding = |subject: &str| Finding::new("TL0050", Severity::Error, subject, "does not fit");
    let mut findings = [finding("voice/hq-pe1~br-1"), finding("payments-br-1"), finding("network")];
    locate(&mut findings, &docs);
    let lines: Vec<Option<u32>> =
        findings.iter().map(|finding| finding.place.as_ref().map(|place| place.line)).collect();
    assert_eq!(lines, [Some(9), Some(21), None], "where the bandwidth stands");
    let placed = |code: &str, message: &str| {
        let text = service(
            "x",
            "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}\n  slo:\n    oneWayDelay: 30ms\n    domains: {backbone: 1ms}\n    bandwidth: 1Mbps\n  sle: {diversity: node}",
        );
        let mut findings = [Finding::new(code, Severity::Warning, "x", message)];
        locate(&mut findings, &documents(&[CLASSES, &text]));
        findings[0].place.as_ref().map(|place| place.line)
    };
    let lines = [
        (codes::DOES_NOT_FIT, "x", 11),
        (codes::BACKUP_WEAKER, "the bandwidth of the backup is not guaranteed on x>", 11),
        (codes::BACKUP_WEAKER, "the backup breaks an objective", 9),
        (codes::NO_BACKUP, "x", 12),
        (codes::BACKUP_SHARES, "x", 12),
        (codes::DOMAIN_OVER_SHARE, "x", 10),
        (codes::NO_PATH, "x", 3),
    ];
    for (code, message, line) in lines {
        assert_eq!(placed(code, message), Some(line), "{code} {message}");
    }
}

#[test]
fn what_can_be_written_and_does_nothing_yet_is_told() {
    let ends = "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}";
    let told = |rest: &str| {
        let found = faults(&[CLASSES, &service("x", &format!("{ends}\n  {rest}"))]);
        let found = found.into_iter().filter(|one| one.code == codes::NOT_SUPPORTED);
        found.map(|one| (one.severity, one.place.unwrap().line, one.message)).collect::<Vec<_>>()
    };
    let depth = "`queue(voice).depth > 50%` never holds: nothing measures the depth of queues yet";
    let breach = "assurance: {breach: {any: [queue(voice).depth > 50%, loss > 1%]}}";
    assert_eq!(told(breach), [(Severity::Warning, 8, depth.to_owned())]);
    let availability = "the availability is kept with the promise and not judged yet";
    assert_eq!(told("slo: {availability: 99.9%}"), [(Severity::Info, 8, availability.to_owned())]);
    assert_eq!(told("slo: {loss: 1%}"), []);
}

#[test]
fn less_loss_than_carriers_promise_is_told_where_no_path_keeps_it() {
    let network = include_str!("../../examples/minimal/network.yaml");
    let told = |network: &str, loss: &str| -> Vec<String> {
        let text = service(
            "x",
            &format!("  connectivity: {{type: p2p, endpoints: [hq-pe1, br-1]}}\n  slo: {{loss: {loss}}}"),
        );
        let (_, found) = validate(&documents(&[CLASSES, &text]), &crate::tests::ted(network)).unwrap();
        let found = found.into_iter().filter(|one| one.code == codes::BEYOND_CONTRACT);
        found.map(|one| format!("{}: {}", one.place.unwrap().line, one.message)).collect()
    };
    let words = "8: carriers promise no path of so little loss from `hq-pe1` to `br-1`: by the contracts of its lines the best may lose 0.1%";
    assert_eq!(told(network, "0.05%"), [words]);
    assert_eq!(told(network, "0.1%"), [""; 0], "as much as they promise");
    let better = network.replace("delay: 12ms, loss: 0.1%", "delay: 12ms, loss: 0.01%");
    assert_eq!(told(&better, "0.05%"), [""; 0], "another path keeps it");
}
