use model::Finding;

use crate::{
    codes,
    reading::Unread,
    tests::{CLASSES, documents, service, ted},
    validate,
    validate::{AsOf, MOST, Most, judged_within},
};

/// The minimal network, its branches with a region and a label.
const NETWORK: &str = include_str!("../../../examples/minimal/network.yaml");

/// The findings on a service whose spokes are selected so.
fn faults(spokes: &str) -> Vec<Finding> {
    let network = NETWORK.replace("role: branch,", "role: branch, labels: {region: north, tier: gold},");
    let text =
        service("x", &format!("  connectivity: {{type: hub-spoke, hubs: [hq-pe1], spokes: {spokes}}}"));
    let docs = documents(&[CLASSES, &text]);
    match validate(&docs, &ted(&network)) {
        Ok((_, found)) | Err(found) => found.into_iter().filter(|one| one.code != codes::UNUSED).collect(),
    }
}

fn one(spokes: &str) -> Finding {
    let found = faults(spokes);
    let [one] = found.as_slice() else { panic!("{spokes}: {found:#?}") };
    one.clone()
}

#[test]
fn a_pattern_that_would_ask_too_much_is_a_finding_and_no_panic() {
    let deep = format!("{}a{}", "{".repeat(120), "}".repeat(120));
    let long = format!("br-1{}", "*".repeat(300));
    let nested = format!("{}a{}", "{".repeat(251), "}".repeat(251));
    let cases = [
        (deep, "a `{` stands inside a `{`"),
        (long, "it has 304 bytes, at most 256 are taken"),
        (nested, "it has 503 bytes, at most 256 are taken"),
    ];
    for (pattern, why) in cases {
        let found = one(&format!("{{nodes: \"{pattern}\"}}"));
        assert_eq!(found.code, codes::BAD_VALUE);
        assert!(
            found.message.contains("is not a pattern") && found.message.ends_with(why),
            "{}",
            found.message
        );
    }
    // What is as large as it may be compiles.
    for part in ["[!a]", "?", "*x", "{a,b}", "\u{e9}"] {
        let pattern = part.repeat(256 / part.len());
        assert_eq!(one(&format!("{{nodes: \"{pattern}\"}}")).code, codes::EMPTY_SELECTION, "{pattern}");
    }
    assert_eq!(faults("{nodes: \"{br,hq}-*\"}"), []);
}

#[test]
fn a_selection_that_takes_nothing_is_told_what_was_meant() {
    let cases = [
        ("{role: brnch}", "did you mean `branch`?"),
        ("{site: jinann}", "did you mean `jinan`?"),
        ("{site: mars}", "the sites are baoding, beijing, jinan, tianjin"),
        ("{region: nroth}", "did you mean `north`?"),
        ("{labels: {teir: gold}}", "did you mean `tier`?"),
        ("{labels: {tier: silver}}", "the values of `tier` are gold"),
        ("{role: branch, site: beijing}", "every given line must hold of a node; remove one"),
    ];
    for (spokes, help) in cases {
        let found = one(spokes);
        assert_eq!(
            (found.code.as_str(), found.help.as_deref()),
            (codes::EMPTY_SELECTION, Some(help)),
            "{spokes}"
        );
    }
}

#[test]
fn what_no_node_has_is_asked_for_in_the_words_of_both_kinds_of_files() {
    let network = NETWORK.replace("role: branch, ", "").replace("role: hq, ", "");
    let ted = ted(&network.replace("role: core, site", "site"));
    let cases = [
        (
            "role: branch",
            "no node has one: give it a `role` in the network file (in a containerlab file the label `trunkline.role`)",
        ),
        (
            "region: north",
            "no node has one: give it `labels: {region: …}` in the network file (in a containerlab file the label `region`)",
        ),
    ];
    for (line, help) in cases {
        let text = service("x", &format!("  connectivity: {{type: mesh, members: {{{line}}}}}"));
        let errors = validate(&documents(&[CLASSES, &text]), &ted).unwrap_err();
        assert!(errors.iter().any(|one| one.help.as_deref() == Some(help)), "{errors:#?}");
    }
}

#[test]
fn a_selection_of_too_few_nodes_is_told_what_it_took() {
    let ted = ted(NETWORK);
    let told = |connectivity: &str| {
        let docs = documents(&[CLASSES, &service("x", &format!("  connectivity: {{{connectivity}}}"))]);
        let mut errors = validate(&docs, &ted).unwrap_err();
        errors.retain(|one| one.is_error());
        let [one] = errors.as_slice() else { panic!("{errors:#?}") };
        assert_eq!(one.code, codes::SAME_ENDS);
        let place = one.place.as_ref().unwrap();
        (place.column, one.message.clone())
    };
    for (connectivity, column, message) in [
        (
            "type: p2p, endpoints: [br-1, br-1]",
            47,
            "both endpoints are `br-1`: nothing is promised between a node and itself",
        ),
        (
            "type: mesh, members: {role: hq}",
            40,
            "a mesh is between two members or more, and `members` selects `hq-pe1` alone",
        ),
        (
            "type: hub-spoke, hubs: [hq-pe1], spokes: {nodes: \"hq-*\"}",
            60,
            "a hub has spokes besides itself, and `spokes` selects `hq-pe1` alone, which is a hub",
        ),
        (
            "type: hub-spoke, hubs: {role: core}, spokes: [core-1, core-2]",
            64,
            "hubs have spokes besides themselves, and all that `spokes` selects are hubs: `core-1`, `core-2`",
        ),
    ] {
        assert_eq!(told(connectivity), (column, message.to_owned()));
    }
}

#[test]
fn a_selector_that_says_nothing_takes_no_node() {
    let all = one("{}");
    assert_eq!(all.code, codes::MISSING_FIELD);
    assert_eq!(all.message, "the selector does not say which nodes it takes");
    assert!(all.help.as_deref().unwrap().ends_with("`nodes: \"*\"` takes all"), "{all:?}");
    assert_eq!(faults("{nodes: \"*\"}"), []);
}

/// A network of that many nodes and one link.
fn crowd(nodes: usize) -> model::Ted {
    let mut text = String::from("apiVersion: trunkline/v1\nkind: Network\nnodes:\n");
    for number in 0..nodes {
        text += &format!("  - {{name: n{number:05}, routerId: 10.1.{}.{}}}\n", number / 250, number % 250);
    }
    ted(&(text + "links: [{a: \"n00000:1\", z: \"n00001:1\", bandwidth: 1Gbps}]\n"))
}

#[test]
fn an_intent_of_too_many_services_is_told_at_its_selector_before_they_are_made() {
    let ted = crowd(1_000);
    let limit = |connectivity: &str| {
        let docs = documents(&[CLASSES, &service("x", &format!("  connectivity: {connectivity}"))]);
        let found = validate(&docs, &ted).unwrap_err();
        let one = found.into_iter().find(|one| one.code == codes::LIMIT).unwrap();
        (one.place.unwrap().column, one.message)
    };
    let (column, message) = limit("{type: mesh, members: {nodes: \"*\"}}");
    assert_eq!(column, 40);
    assert_eq!(
        message,
        "`members` selects 1000 nodes, and every two of them are a service: that makes 499500, and an intent is at most 100000"
    );
    let (_, message) =
        limit("{type: hub-spoke, hubs: {nodes: \"n00[01]*\"}, spokes: {nodes: \"n00[2-9]*\"}}");
    assert!(message.starts_with("`spokes` selects 800 nodes and `hubs` 200,"), "{message}");
}

#[test]
fn intents_of_too_many_services_together_are_told_at_the_first_that_is_too_many() {
    let ted = crowd(50);
    let mesh = |name: &str| service(name, "  connectivity: {type: mesh, members: {nodes: \"*\"}}");
    let docs = documents(&[CLASSES, &mesh("a"), &mesh("b"), &mesh("c")]);
    let limits = |services: usize| -> Vec<Finding> {
        let most = Most { services, ..MOST };
        let (_, found) = judged_within(&docs, &ted, AsOf::default(), &Unread::default(), most);
        found.into_iter().filter(|one| one.code == codes::LIMIT).collect()
    };
    let limited = limits(2_000);
    let [one] = limited.as_slice() else { panic!("{limited:#?}") };
    assert_eq!(one.subject, "ServiceIntent b");
    let message = "with this intent there are 2450 services, and all intents together are at most 2000";
    assert_eq!(one.message, message);
    assert_eq!((limits(2_450).len(), limits(3_675).len()), (1, 0), "what is met exactly is not passed");
}

#[test]
fn a_service_visits_few_waypoints() {
    let through = |count: usize| {
        let named: Vec<String> = (2..2 + count).map(|number| format!("n{number:05}")).collect();
        let ends = "  connectivity: {type: p2p, endpoints: [n00000, n00001]}";
        let text = service("x", &format!("{ends}\n  sle: {{waypoints: [{}]}}", named.join(", ")));
        let found = validate(&documents(&[CLASSES, &text]), &crowd(40))
            .map_or_else(|found| found, |(_, found)| found);
        found.into_iter().find(|one| one.code == codes::LIMIT)
    };
    assert_eq!(through(32), None);
    let one = through(33).unwrap();
    assert_eq!(one.message, "33 waypoints, and a service has at most 32");
}
