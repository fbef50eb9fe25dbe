use super::*;
use crate::{
    SourceFile,
    tests::{CLASSES, minimal_ted, service},
};

const ENDS: &str = "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}";

/// What is told of some files, `file:line code` of each finding in the order of the files.
fn told(reading: &Reading, findings: Vec<Finding>) -> Vec<String> {
    assert!(reading.findings.iter().all(|one| findings.contains(one)));
    let mut told: Vec<String> = findings
        .iter()
        .map(|one| {
            let place = one.place.as_ref().unwrap_or_else(|| panic!("{one:#?}"));
            format!("{}:{} {}", place.file, place.line, one.code)
        })
        .collect();
    told.sort();
    told
}

fn reading(files: &[(&str, &str)]) -> Reading {
    let mut reading = Reading::default();
    files.iter().for_each(|(name, text)| reading.add(Reading::of(&SourceFile::new(*name, *text))));
    reading
}

/// What is told of files against the minimal network, beside its classes.
fn faults(files: &[(&str, &str)]) -> Vec<String> {
    let mut all = vec![("classes.yaml", CLASSES)];
    all.extend(files);
    let reading = reading(&all);
    let findings = match judge(&reading, &minimal_ted(), None) {
        Ok((_, findings)) | Err(findings) => findings,
    };
    told(&reading, findings)
}

fn alone(files: &[(&str, &str)]) -> Vec<String> {
    let reading = reading(files);
    let findings = judge_alone(&reading);
    told(&reading, findings)
}

/// A design of one service with the parameter `rate`, and an instance of it.
fn design(body: &str, given: &str) -> String {
    format!(
        "apiVersion: trunkline/v1
kind: Design
metadata: {{name: site}}
spec:
  description: One service.
  parameters: {{rate: {{description: how much, type: bandwidth}}}}
  documents:
    - {{kind: ServiceIntent, metadata: {{name: $(instance)-s}}, spec: {{connectivity: {{type: p2p, endpoints: [hq-pe1, br-2]}}, vrf: $(instance), class: {body}, slo: {{bandwidth: $(rate)}}}}}}
---
apiVersion: trunkline/v1
kind: DesignInstance
metadata: {{name: made}}
spec: {{design: site, parameters: {{{given}}}}}
"
    )
}

#[test]
fn a_fault_of_each_stage_is_told_and_none_hides_another() {
    let misspelt = service("misspelt", &format!("{ENDS}\n  slo: {{bandwith: 1Mbps}}"));
    let syntax = "apiVersion: trunkline/v1\nkind: ServiceIntent\nmetadata: {name: x\nspec: {}\n";
    let nowhere = service("nowhere", "  connectivity: {type: p2p, endpoints: [hq-pe1, br-9]}");
    let slow = service("slow", &format!("{ENDS}\n  slo: {{oneWayDelay: 1ms}}"));
    let large = |name: &str| service(name, &format!("{ENDS}\n  slo: {{bandwidth: 90Mbps}}"));
    let (a, b, c) = (large("a"), large("b"), large("c"));
    let files = [
        ("design.yaml", &*design("voice", "rate: 1Mbps, colour: red")),
        ("misspelt.yaml", &misspelt),
        ("nowhere.yaml", &nowhere),
        ("slow.yaml", &slow),
        ("large.yaml", &[a, b, c].join("---\n")),
    ];
    let expected = [
        format!("design.yaml:{} {}", 13, codes::UNKNOWN_PARAMETER),
        format!("large.yaml:{} {}", 26, codes::DOES_NOT_FIT),
        format!("large.yaml:{} {}", 8, codes::BACKUP_WEAKER),
        format!("large.yaml:{} {}", 17, codes::BACKUP_WEAKER),
        format!("misspelt.yaml:{} {}", 8, codes::UNKNOWN_FIELD),
        format!("nowhere.yaml:{} {}", 7, codes::UNKNOWN_NODE),
        format!("slow.yaml:{} {}", 8, codes::SLO_IMPOSSIBLE),
    ];
    let mut expected = expected.to_vec();
    expected.sort();
    assert_eq!(faults(&files), expected);
    let mut more = files.to_vec();
    more.push(("syntax.yaml", syntax));
    assert_eq!(faults(&more).len(), expected.len() + 1, "nor does a document that is no YAML");
}

#[test]
fn nothing_is_missing_or_unused_that_only_has_a_fault() {
    let uses = service("s", ENDS).replace("class: business", "class: gold");
    let gold = "apiVersion: trunkline/v1\nkind: TrafficClass\nmetadata: {name: gold}\nspec: {value: 1, dscp: [cs1], queue: q, profile: p}\n";
    let profile = "apiVersion: trunkline/v1\nkind: QosProfile\nmetadata: {name: p}\nspec: {queues: {q: {discipline: strict}}}\n";
    assert_eq!(alone(&[("s.yaml", &uses), ("c.yaml", gold), ("p.yaml", profile)]), [""; 0]);
    // A class, a profile and a service with a fault: their users and what they use are not blamed.
    let bad_class = gold.replace("value: 1", "valeu: 1");
    let only = [format!("c.yaml:4 {}", codes::UNKNOWN_FIELD)];
    assert_eq!(alone(&[("s.yaml", &uses), ("c.yaml", &bad_class), ("p.yaml", profile)]), only);
    let bad_profile = profile.replace("queues", "quueues");
    let only = [format!("p.yaml:4 {}", codes::UNKNOWN_FIELD)];
    assert_eq!(alone(&[("s.yaml", &uses), ("c.yaml", gold), ("p.yaml", &bad_profile)]), only);
    let bad_service = uses.replace("vrf:", "vfr:");
    let only = [format!("s.yaml:5 {}", codes::UNKNOWN_FIELD)];
    assert_eq!(alone(&[("s.yaml", &bad_service), ("c.yaml", gold), ("p.yaml", profile)]), only);
    // Another class is missing all the same.
    let silver = uses.replace("class: gold", "class: silver");
    let both =
        [format!("c.yaml:4 {}", codes::UNKNOWN_FIELD), format!("s.yaml:6 {}", codes::UNKNOWN_REFERENCE)];
    assert_eq!(alone(&[("s.yaml", &silver), ("c.yaml", &bad_class), ("p.yaml", profile)]), both);
}

#[test]
fn what_a_faulty_design_would_have_made_is_neither_missing_nor_unused() {
    let gold = "apiVersion: trunkline/v1\nkind: TrafficClass\nmetadata: {name: gold}\nspec: {value: 1, dscp: [cs1], queue: voice, profile: two-class}\n";
    let instance = [format!("d.yaml:13 {}", codes::WRONG_TYPE)];
    let wrong = design("gold", "rate: much");
    let found = faults(&[("c.yaml", gold), ("d.yaml", &wrong)]);
    assert_eq!(found, instance, "the class is used by a service that was not made");
    let misspelt = wrong.replace("rate: much", "rate: 1Mbps").replace("description: One", "descripton: One");
    let found = faults(&[("c.yaml", gold), ("d.yaml", &misspelt)]);
    assert_eq!(found, [format!("d.yaml:5 {}", codes::UNKNOWN_FIELD)], "the design is not unknown");
    let unknown = design("gold", "rate: 1Mbps").replace("{design: site", "{design: siet");
    let found = faults(&[("c.yaml", gold), ("d.yaml", &unknown)]);
    let expected =
        [format!("d.yaml:13 {}", codes::UNKNOWN_DESIGN), format!("d.yaml:3 {}", codes::UNUSED_DESIGN)];
    assert_eq!(found, expected);
}

#[test]
fn a_window_that_is_over_is_told_beside_windows_that_cut_services_off() {
    let window = |name: &str, on: &str, hours: [u8; 2]| {
        let [from, to] = hours.map(|hour| format!("\"2026-12-05T{hour:02}:00:00+08:00\""));
        format!(
            "apiVersion: trunkline/v1\nkind: MaintenanceWindow\nmetadata: {{name: {name}}}\nspec:\n  on: {{links: [{on}]}}\n  when: {{from: {from}, to: {to}}}\n"
        )
    };
    let windows = [
        window("old", "line1-br-2", [1, 2]),
        window("first", "line1-br-1", [4, 6]),
        window("second", "line2-br-1", [5, 7]),
    ];
    let files =
        [("classes.yaml", CLASSES), ("s.yaml", &service("s", ENDS)), ("w.yaml", &windows.join("---\n"))];
    let reading = reading(&files);
    let of_windows = |at: Option<Timestamp>| {
        let mut found = told(&reading, judge(&reading, &minimal_ted(), at).unwrap_err());
        found.retain(|one| one.starts_with("w.yaml"));
        found
    };
    let at = crate::moment("2026-12-05T03:00:00+08:00").unwrap().at;
    let (together, ended) = (codes::WINDOWS_TOGETHER, codes::WINDOW_ENDED);
    assert_eq!(of_windows(Some(at)), [format!("w.yaml:17 {together}"), format!("w.yaml:3 {ended}")]);
    assert_eq!(of_windows(None), [format!("w.yaml:17 {together}")], "of no moment, nothing is over");
}

#[test]
fn files_without_a_fault_are_a_set_and_those_with_one_are_none() {
    let good = service("s", ENDS);
    let sound = reading(&[("classes.yaml", CLASSES), ("s.yaml", &good)]);
    let (set, findings) = judge(&sound, &minimal_ted(), None).unwrap();
    assert_eq!((set.services.len(), findings.iter().any(Finding::is_error)), (1, false));
    let bad = reading(&[("classes.yaml", CLASSES), ("s.yaml", &good), ("t.yaml", "kind: x\n")]);
    assert!(judge(&bad, &minimal_ted(), None).is_err());
}

#[test]
fn without_a_network_everything_is_told_that_needs_none() {
    let domains = service("s", &format!("{ENDS}\n  slo: {{oneWayDelay: 40ms, domains: {{access: 12ms}}}}"));
    assert_eq!(
        alone(&[("classes.yaml", CLASSES), ("s.yaml", &domains.replace("business", "voice"))]),
        [format!("classes.yaml:18 {}", codes::UNUSED)],
        "a domain is the network's"
    );
    let over = domains.replace("access: 12ms", "access: 42ms");
    let window = "apiVersion: trunkline/v1\nkind: MaintenanceWindow\nmetadata: {name: w}\nspec:\n  on: {nodes: [core-1]}\n  when: {from: \"2026-12-05T01:00:00+08:00\", to: \"2026-12-04T01:00:00+08:00\"}\n";
    let policy = |name: &str, what: &str| {
        format!(
            "apiVersion: trunkline/v1\nkind: SteeringPolicy\nmetadata: {{name: {name}}}\nspec: {{on: {{class: business}}, path: {{minimise: {what}}}}}\n"
        )
    };
    let voice = service("v", ENDS).replace("business", "voice");
    let found = alone(&[
        ("classes.yaml", CLASSES),
        ("p.yaml", &policy("p", "hops")),
        ("q.yaml", &policy("q", "delay")),
        ("s.yaml", &over),
        ("v.yaml", &voice.replace("class:", "match: [{dscp: [af21]}]\n  class:")),
        ("w.yaml", window),
    ]);
    let codes: BTreeSet<&str> = found.iter().map(|one| one.split_once(' ').unwrap().1).collect();
    let expected = BTreeSet::from([codes::CONTRADICTION, codes::POLICY_CLASH, codes::BAD_SCHEDULE]);
    assert_eq!(codes, expected, "{found:#?}");
    let pattern = policy("p", "hops").replace("{class: business}", "{services: \"{{a}}\"}");
    let found =
        alone(&[("classes.yaml", CLASSES), ("p.yaml", &pattern), ("s.yaml", &domains), ("v.yaml", &voice)]);
    assert_eq!(found, [format!("p.yaml:4 {}", codes::BAD_VALUE)]);
}
