use model::{Finding, Severity};

use super::super::{AsOf, validate_as_of};
use crate::{
    codes,
    tests::{CLASSES, documents, minimal_ted, service, ted},
    validate,
};

const ENDS: &str = "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}";

/// `line:column severity code message` of each finding on a service between headquarters and branch.
fn told_on(network: &model::Ted, rest: &str) -> Vec<String> {
    let docs = documents(&[CLASSES, &service("x", &format!("{ENDS}\n{rest}"))]);
    let found: Vec<Finding> = match validate(&docs, network) {
        Ok((_, found)) | Err(found) => found,
    };
    let told = found.into_iter().filter(|one| one.code != codes::UNUSED).map(|one| {
        let place = one.place.unwrap();
        format!("{}:{} {} {} {}", place.line, place.column, one.severity, one.code, one.message)
    });
    told.collect()
}

fn told(rest: &str) -> Vec<String> {
    told_on(&minimal_ted(), rest)
}

#[test]
fn what_is_impossible_alone_is_told_alone_with_its_numbers() {
    let both = told("  slo: {oneWayDelay: 2ms, bandwidth: 200Mbps}");
    let expected = [
        "8:22 error TL0026 no path from hq-pe1 to br-1 because of delay: the least delay is 6ms, 4ms over 2ms (hq-pe1 > core-1 > br-1)",
        "8:38 error TL0027 no path from hq-pe1 to br-1 because of bandwidth: at most 100Mbps of 200Mbps are free (hq-pe1 > core-1 > br-1)",
    ];
    assert_eq!(both, expected);
    // What is left without it is told too.
    let three =
        told("  slo: {oneWayDelay: 2ms, bandwidth: 200Mbps, jitter: 1us}\n  sle: {encryption: required}");
    assert_eq!(three.len(), 3, "{three:#?}");
    assert!(three.iter().all(|one| !one.contains("together")), "{three:#?}");
}

#[test]
fn together_is_said_of_what_is_possible_alone() {
    let network = include_str!("../../../examples/minimal/network.yaml")
        .replace("delay: 5ms, jitter: 0.5ms, affinity: [line1]", "delay: 5ms, jitter: 9ms, affinity: [line1]")
        .replace(
            "name: line1-br-1, a: \"br-1:eth1\", z: \"core-1:eth3\", role: leased-line, bandwidth: 100Mbps",
            "name: line1-br-1, a: \"br-1:eth1\", z: \"core-1:eth3\", role: leased-line, bandwidth: 50Mbps",
        );
    let three = "  slo: {oneWayDelay: 10ms, jitter: 5ms, bandwidth: 80Mbps}";
    let found = told_on(&ted(&network), three);
    // The quick line is narrow and unsteady: delay alone would have to give.
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].contains("because of delay: the least delay is 11ms"), "{found:#?}");
    let avoiding = format!("{three}\n  path: {{avoid: [{{affinity: line2}}]}}");
    let found = told_on(&ted(&network), &avoiding);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].contains("together"), "{found:#?}");
}

#[test]
fn from_a_design_a_finding_points_at_the_value_of_the_instance() {
    let design = "apiVersion: trunkline/v1\nkind: Design\nmetadata: {name: d}\nspec:\n  description: x\n  parameters:\n    delay: {type: delay, description: x}\n    rate: {type: bandwidth, description: x}\n  documents:\n    - kind: ServiceIntent\n      metadata: {name: $(instance)-x}\n      spec:\n        connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}\n        vrf: x\n        class: business\n        slo: {oneWayDelay: $(delay), bandwidth: $(rate)}\n---\napiVersion: trunkline/v1\nkind: DesignInstance\nmetadata: {name: i}\nspec:\n  design: d\n  parameters:\n    delay: 2ms\n    rate: 200Mbps\n";
    let docs = documents(&[CLASSES, design]);
    let found = validate(&docs, &minimal_ted()).unwrap_err();
    let places: Vec<(u32, &str)> = found
        .iter()
        .filter(|one| one.is_error())
        .map(|one| (one.place.as_ref().unwrap().line, one.code.as_str()))
        .collect();
    assert_eq!(places, [(24, codes::SLO_IMPOSSIBLE), (25, codes::TOO_MUCH_BANDWIDTH)], "{found:#?}");
}

#[test]
fn values_that_nobody_wrote_are_told_once_for_each_promise() {
    let network = include_str!("../../../examples/minimal/network.yaml")
        .replace("delay: 1ms, jitter: 0.1ms, loss: 0%, ", "")
        .replace("jitter: 0.1ms, loss: 0%, ", "loss: 0%, ");
    let network = ted(&network);
    let promise = "  slo: {oneWayDelay: 20ms, jitter: 5ms, loss: 0.5%}";
    let link = "hq-pe1:eth1--core-1:eth1";
    let expected = ["delay", "jitter", "loss"].map(|word| {
        let column = [("delay", 22), ("jitter", 36), ("loss", 47)].into_iter().find(|(known, _)| *known == word);
        let zero = if word == "loss" { "0%" } else { "0us" };
        format!(
            "8:{} warning TL0067 the promised {word} may not be kept: nobody wrote the {word} of the link {link} on its best path, so it counts as {zero}",
            column.unwrap().1
        )
    });
    assert_eq!(told_on(&network, promise), expected);
    assert_eq!(told_on(&network, "  slo: {bandwidth: 1Mbps}"), [""; 0], "nothing is promised of them");
    assert_eq!(told(promise), [""; 0], "the minimal network says all of it");
}

#[test]
fn a_path_of_which_nobody_wrote_the_delay_is_not_praised() {
    let network =
        include_str!("../../../examples/minimal/network.yaml").replace("delay: 1ms, jitter: 0.1ms, ", "");
    let network = ted(&network);
    let text = service("x", &format!("{ENDS}\n  slo: {{oneWayDelay: 20ms}}"));
    let set = crate::tests::set_of(&[CLASSES, &text], &network);
    let done = crate::tests::compiled(&set, &network, &model::Hints::default());
    let why = crate::why("x", &set, &done).unwrap();
    assert!(why.contains("chosen by least delay: 5ms without one link of which nobody wrote it"), "{why}");
    assert!(why.contains("delay 5ms without one link of which nobody wrote it, 20ms promised"), "{why}");
}

/// One line from the branch to two cores.
const NARROW: &str = r#"
apiVersion: trunkline/v1
kind: Network
nodes:
  - {name: hq-pe1, routerId: 10.0.0.1, nodeSid: 1, locator: "fd00:0:1::/48"}
  - {name: core-1, routerId: 10.0.0.2, nodeSid: 2, locator: "fd00:0:2::/48"}
  - {name: br-1, routerId: 10.0.0.3, nodeSid: 3, locator: "fd00:0:3::/48"}
links:
  - {name: trunk1, a: "hq-pe1:1", z: "core-1:1", bandwidth: 1Gbps, delay: 1ms, srlg: [duct]}
  - {name: trunk2, a: "hq-pe1:2", z: "core-1:2", bandwidth: 1Gbps, delay: 1ms, srlg: [duct]}
  - {name: line1, a: "core-1:3", z: "br-1:1", bandwidth: 100Mbps, delay: 5ms}
  - {name: line2, a: "core-1:4", z: "br-1:2", bandwidth: 100Mbps, delay: 9ms}
"#;

#[test]
fn diversity_that_the_network_does_not_have_is_an_error_where_it_is_asked_for() {
    let network = ted(NARROW);
    let asked = |kind: &str| told_on(&network, &format!("  sle: {{diversity: {kind}}}"));
    assert_eq!(asked("link"), [""; 0]);
    let head = "8:20 error TL0029 no two paths between hq-pe1 and br-1 have no";
    assert_eq!(
        asked("node"),
        [format!("{head} link or node in common: the most disjoint have in common node core-1")]
    );
    assert_eq!(
        asked("srlg"),
        [format!("{head} link or shared risk in common: the most disjoint have in common risk duct")]
    );
    let bridge = ted(&NARROW.replace("  - {name: line2", "  # {name: line2"));
    assert_eq!(
        told_on(&bridge, "  sle: {diversity: link}"),
        [format!("{head} link in common: the most disjoint have in common link line1")]
    );
    assert_eq!(told_on(&bridge, "  slo: {bandwidth: 1Mbps}"), [""; 0], "nobody asked");
}

#[test]
fn what_was_accepted_before_is_carried_on() {
    let text = service("x", &format!("{ENDS}\n  sle: {{diversity: node}}"));
    let docs = documents(&[CLASSES, &text]);
    let network = ted(NARROW);
    assert!(validate(&docs, &network).is_err());
    let (set, warnings) = validate_as_of(&docs, &network, AsOf::default().in_force()).unwrap();
    assert_eq!(set.services.len(), 1);
    let one = warnings.iter().find(|one| one.code == codes::CONSTRAINT_IMPOSSIBLE).unwrap();
    assert_eq!(one.severity, Severity::Warning);
}

#[test]
fn two_paths_that_keep_apart_are_no_error_although_the_best_path_has_no_such_second() {
    // The best path crosses from one row to the other, so that nothing is left beside it.
    let trap = r#"
apiVersion: trunkline/v1
kind: Network
nodes:
  - {name: hq-pe1, routerId: 10.0.0.1, nodeSid: 1, locator: "fd00:0:1::/48"}
  - {name: up, routerId: 10.0.0.2, nodeSid: 2, locator: "fd00:0:2::/48"}
  - {name: low, routerId: 10.0.0.3, nodeSid: 3, locator: "fd00:0:3::/48"}
  - {name: br-1, routerId: 10.0.0.4, nodeSid: 4, locator: "fd00:0:4::/48"}
links:
  - {name: a, a: "hq-pe1:1", z: "up:1", bandwidth: 1Gbps, delay: 1ms}
  - {name: b, a: "hq-pe1:2", z: "low:1", bandwidth: 1Gbps, delay: 9ms}
  - {name: c, a: "up:2", z: "low:2", bandwidth: 1Gbps, delay: 1ms}
  - {name: d, a: "up:3", z: "br-1:1", bandwidth: 1Gbps, delay: 9ms}
  - {name: e, a: "low:3", z: "br-1:2", bandwidth: 1Gbps, delay: 1ms}
"#;
    assert_eq!(told_on(&ted(trap), "  sle: {diversity: link}"), [""; 0]);
}

#[test]
fn a_breach_with_the_sign_the_wrong_way_round_is_told_so() {
    let help = |breach: &str| {
        let rest = format!("{ENDS}\n  assurance: {{breach: {{any: [{breach}]}}}}");
        let docs = documents(&[CLASSES, &service("x", &rest)]);
        let (_, found) = validate(&docs, &minimal_ted()).unwrap();
        found.into_iter().find(|one| one.code == codes::ALWAYS_BREACHED).unwrap().help.unwrap()
    };
    let small = help("delay < 30ms");
    assert!(small.contains("`delay < 30ms` holds while all is well"), "{small}");
    assert!(small.contains("like `delay > 30ms`") && !small.contains("set its bound above"), "{small}");
    assert!(help("delay > 1us").starts_with("set its bound above"), "the sign is right, the bound is low");
}

#[test]
fn where_the_intent_keeps_lines_out_the_network_is_not_blamed() {
    let network = ted(&NARROW.replace("delay: 9ms}", "delay: 9ms, affinity: [radio]}"));
    let rest = "  sle: {diversity: link}\n  path: {avoid: [{affinity: radio}]}";
    let docs = documents(&[CLASSES, &service("x", &format!("{ENDS}\n{rest}"))]);
    let found = validate(&docs, &network).unwrap_err();
    let one = found.into_iter().find(|one| one.code == codes::CONSTRAINT_IMPOSSIBLE).unwrap();
    assert!(one.message.ends_with("link line1; without `path.avoid` two keep apart"), "{}", one.message);
    assert!(one.help.unwrap().starts_with("relax `path.avoid`"));
    assert_eq!(one.related[0].place.line, 9, "the wish that keeps the line out");
}

#[test]
fn the_least_of_an_objective_is_told_with_what_rules_out_less() {
    let network = NARROW
        .replace("100Mbps, delay: 5ms}", "100Mbps, delay: 5ms, loss: 1%}")
        .replace("100Mbps, delay: 9ms}", "1Gbps, delay: 9ms, loss: 5%}");
    let found = told_on(&ted(&network), "  slo: {bandwidth: 200Mbps, loss: 3%}");
    let loss = found.iter().find(|one| one.contains(codes::SLO_IMPOSSIBLE)).unwrap();
    assert!(loss.ends_with("; the ways that keep it do not keep the bandwidth"), "{loss}");
}
