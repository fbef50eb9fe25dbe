//! `trunkline verify`: the gate of a pipeline, as people and pipelines read it.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{
    call::{Called, INTENTS, NETWORK, bad, root, trunkline},
    plan::{accepted, snapshot_of},
};

fn verify(more: &[&str]) -> Called {
    trunkline(&[&["verify", "-n", NETWORK, "-i", INTENTS], more].concat())
}

fn json(called: &Called) -> Value {
    serde_json::from_str(&called.out).unwrap_or_else(|error| panic!("{error}: {}{}", called.out, called.err))
}

/// The example with some text replaced by another, in a folder of its own.
fn changed(folder: &Path, file: &str, from: &str, to: &str) -> (String, String) {
    for name in ["network.yaml", "classes.yaml", "services.yaml"] {
        let text = fs::read_to_string(root().join(INTENTS).join(name)).unwrap();
        let text = if name == file { text.replacen(from, to, 1) } else { text };
        assert!(name != file || text.contains(to), "{from} stands in {file}");
        fs::write(folder.join(name), text).unwrap();
    }
    let folder = folder.to_str().unwrap();
    (format!("{folder}/network.yaml"), folder.to_owned())
}

#[test]
fn the_example_keeps_its_promises_under_every_single_failure() {
    let called = verify(&[]);
    assert_eq!(called.code, Some(0), "{}{}", called.out, called.err);
    assert_eq!(called.err, "", "no progress where there is no terminal");
    insta::assert_snapshot!("verify-minimal", called.out);
}

#[test]
fn what_two_links_break_is_told_with_where_why_and_what_to_do() {
    let called = verify(&["--failures", "two-links"]);
    assert_eq!(called.code, Some(1), "{}{}", called.out, called.err);
    insta::assert_snapshot!("verify-minimal-two-links", called.out);
    let accepted = verify(&["--failures", "two-links", "--accept-unavoidable"]);
    assert!(accepted.out.contains("accepted[TL0220]"), "{}", accepted.out);
}

#[test]
fn the_ways_of_a_service_are_shown_where_they_are_asked_for() {
    let shown = verify(&["--service", "payments-br-1"]);
    assert_eq!(shown.code, Some(0), "{}{}", shown.out, shown.err);
    for part in [
        "ways of payments-br-1",
        "hq-pe1 to br-1",
        "line2-br-1",
        "by policy, preference 100: delay",
        "under no failure",
    ] {
        assert!(shown.out.contains(part), "{part}: {}", shown.out);
    }
    assert!(!verify(&[]).out.contains("ways of"), "only where they are asked for");
    let unknown = verify(&["--service", "payments"]);
    assert_eq!(unknown.code, Some(2), "{}", unknown.err);
    assert!(unknown.err.contains("there is no intent or service"), "{}", unknown.err);
}

#[test]
fn a_snapshot_gives_the_answers_of_production() {
    let folder = tempfile::tempdir().unwrap();
    let state = snapshot_of(&folder, |state| {
        state.hints.drained_links.insert(model::LinkId::lit("line1-br-1"));
    });
    let slowest = |more: &[&str]| {
        let all = json(&verify(&[more, &["--failures", "none", "--format", "json"]].concat()));
        let service = &all["services"][0];
        assert_eq!(service["service"], "payments-br-1");
        [all["state"].clone(), service["worstDelay"]["value"].clone()]
    };
    assert_eq!(slowest(&[]), ["empty", "6.02ms"]);
    assert_eq!(slowest(&["--state", &state]), ["snapshot", "11.02ms"], "its line is drained there");
}

#[test]
fn the_gate_judges_the_network_with_what_was_accepted_on_it() {
    let folder = tempfile::tempdir().unwrap();
    // Promises that were kept with it once are not kept by these intents.
    let state = accepted(&folder, |config| config.steering.clear());
    let called = verify(&["--state", &state, "--failures", "none"]);
    assert!(called.err.contains("TL0218"), "{}", called.err);
    assert_eq!(called.code, Some(1), "{}", called.out);
    assert!(called.out.contains("TL0222"), "{}", called.out);
    let later = verify(&["--state", &state, "--failures", "none", "--at", "2034-01-01T00:00:00Z"]);
    assert_eq!((later.code, later.err.as_str()), (Some(0), ""), "{}", later.out);
}

#[test]
fn json_has_ways_counts_and_violations() {
    let called = verify(&["--failures", "two-links", "--format", "json"]);
    let all = json(&called);
    assert_eq!(
        (&all["kind"], &all["version"], &all["state"]),
        (&"Verification".into(), &1.into(), &"empty".into())
    );
    assert_eq!(all["services"].as_array().unwrap().len(), 3);
    // One of each: all of them would be read by nobody.
    let service = &all["services"][0];
    let shown = serde_json::json!({
        "looked": all["looked"],
        "checks": service["checks"],
        "worstDelay": service["worstDelay"],
        "leastSpare": service["leastSpare"],
        "way": service["ways"][1],
        "violation": all["violations"][0],
    });
    insta::assert_snapshot!("verify-minimal-json", serde_json::to_string_pretty(&shown).unwrap());
}

#[test]
fn the_same_files_give_the_same_answer() {
    let call = ["--failures", "none,link", "--failures", "srlg", "--failures", "node", "--format", "json"];
    assert_eq!(verify(&call).out, verify(&call).out);
}

#[test]
fn junit_has_a_suite_for_each_intent_and_a_case_for_each_service_and_kind() {
    let called = verify(&["--failures", "two-links", "--format", "junit"]);
    assert_eq!(called.code, Some(1), "{}", called.err);
    insta::assert_snapshot!("verify-minimal-junit", called.out);
    is_junit(&called.out);
    let files = trunkline(&["verify", "-n", NETWORK, "-i", &bad("unknown-field.yaml"), "--format", "junit"]);
    assert_eq!(files.code, Some(1), "{}", files.err);
    is_junit(&files.out);
    assert!(files.out.contains("type=\"TL0"), "{}", files.out);
}

/// What the schemas in use ask of a report: which elements stand in which, which attributes they have and must have, and that the
/// counts are those of the cases.
fn is_junit(text: &str) {
    const RULES: [(&str, &str, &[&str], &[&str]); 5] = [
        ("testsuites", "", &[], &["name", "tests", "failures", "errors", "time"]),
        (
            "testsuite",
            "testsuites",
            &["name", "tests", "failures", "errors"],
            &["name", "tests", "failures", "errors", "skipped", "time"],
        ),
        ("testcase", "testsuite", &["name", "classname"], &["name", "classname", "time"]),
        ("failure", "testcase", &["type", "message"], &["type", "message"]),
        ("skipped", "testcase", &[], &["message"]),
    ];
    let mut reader = quick_xml::Reader::from_str(text);
    let (mut open, mut counts) = (Vec::<String>::new(), [0_usize; 5]);
    let mut claimed = Vec::new();
    loop {
        let event = reader.read_event().unwrap();
        let (element, whole) = match &event {
            quick_xml::events::Event::Start(element) => (element, false),
            quick_xml::events::Event::Empty(element) => (element, true),
            quick_xml::events::Event::End(_) => {
                open.pop();
                continue;
            }
            quick_xml::events::Event::Eof => break,
            _ => continue,
        };
        let name = String::from_utf8(element.name().as_ref().to_vec()).unwrap();
        let place = RULES.iter().position(|rule| rule.0 == name).unwrap_or_else(|| panic!("<{name}>"));
        let (_, parent, required, allowed) = RULES[place];
        assert_eq!(open.last().map_or("", String::as_str), parent, "<{name}>");
        let attributes: Vec<(String, String)> = element
            .attributes()
            .map(|attribute| {
                let attribute = attribute.unwrap();
                let key = String::from_utf8(attribute.key.as_ref().to_vec()).unwrap();
                (key, String::from_utf8(attribute.value.to_vec()).unwrap())
            })
            .collect();
        let has = |wanted: &&&str| attributes.iter().any(|(key, _)| key == *wanted);
        assert!(required.iter().all(|wanted| has(&wanted)), "<{name}> {attributes:?}");
        assert!(attributes.iter().all(|(key, _)| allowed.contains(&key.as_str())), "<{name}> {attributes:?}");
        counts[place] += 1;
        if name == "testsuite" {
            let number =
                |key: &str| attributes.iter().find(|(known, _)| known == key).unwrap().1.parse::<usize>();
            claimed.push(["tests", "failures", "skipped"].map(|key| number(key).unwrap()));
        }
        if !whole {
            open.push(name);
        }
    }
    let sums = [0, 1, 2].map(|place| claimed.iter().map(|counts| counts[place]).sum::<usize>());
    assert_eq!(sums, [counts[2], counts[3], counts[4]], "tests, failures, skipped");
    assert!(counts[2] > 0, "{text}");
}

#[test]
fn against_a_baseline_only_what_is_worse_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let before = folder.path().join("before.json");
    let (before, worse) = (before.to_str().unwrap(), folder.path().join("worse"));
    fs::create_dir(&worse).unwrap();
    let failures = ["--failures", "two-links,srlg"];
    let all = verify(&[&failures[..], &["--format", "json"]].concat());
    assert_eq!(all.code, Some(1), "pairs of lines cut branches off");
    fs::write(before, &all.out).unwrap();
    // The same files are no worse than themselves.
    let same = verify(&[&failures[..], &["--baseline", before]].concat());
    assert_eq!(same.code, Some(0), "{}{}", same.out, same.err);
    assert!(same.out.contains("nothing is worse than before"), "{}", same.out);
    // A promise that the backup of one branch cannot keep: that alone is shown, with both lines whose loss leads there.
    let (network, intents) =
        changed(&worse, "services.yaml", "oneWayDelay: 30ms, bandwidth", "oneWayDelay: 9ms, bandwidth");
    let call = ["verify", "-n", &network, "-i", &intents, "--baseline", before];
    let called = trunkline(&[&call[..], &failures].concat());
    assert_eq!(called.code, Some(1), "{}{}", called.out, called.err);
    insta::assert_snapshot!("verify-baseline", called.out);
    let against = json(&trunkline(&[&call[..], &failures, &["--format", "json"]].concat()));
    let services: Vec<&str> = against["violations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|violation| violation["service"].as_str().unwrap())
        .collect();
    assert!(!services.is_empty() && services.iter().all(|name| *name == "payments-br-1"), "{services:?}");
    // And back: mended, and nothing worse.
    let bad = trunkline(&[&call[..5], &failures, &["--format", "json"]].concat());
    fs::write(before, &bad.out).unwrap();
    let mended = verify(&[&failures[..], &["--baseline", before]].concat());
    assert_eq!(mended.code, Some(0), "{}", mended.out);
    assert!(mended.out.contains("mended") && !mended.out.contains(" 0 mended"), "{}", mended.out);
}

#[test]
fn a_baseline_that_is_none_says_what_is_expected() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("some.json");
    let path = path.to_str().unwrap();
    let write = |text: &str| fs::write(path, text).unwrap();
    let refused = |said: &str| {
        let called = verify(&["--baseline", path]);
        assert_eq!(called.code, Some(2), "{}", called.out);
        assert!(called.err.contains(said), "{said}: {}", called.err);
    };
    write("not json");
    refused("this is not such a file; --baseline takes the file that `trunkline verify --format json` wrote");
    write("{\"plan\": {}}");
    refused("this is another JSON file");
    let unreadable = ["verify", "-n", NETWORK, "-i", &bad("unknown-field.yaml"), "--format", "json"];
    write(&trunkline(&unreadable).out);
    refused("the files that it was to be made from have errors");
    write(&verify(&["--failures", "none", "--format", "json"]).out);
    refused("it was made without `--failures link`");
    let all = verify(&["--format", "json"]).out;
    let renamed = ["hq-pe1", "core-", "br-", "line1", "line2"]
        .iter()
        .fold(all.clone(), |text, name| text.replace(name, &format!("other-{name}")));
    write(&renamed);
    refused("it is of another network: this one has none of the");
    write(
        &all.replace("line1", "other-line1").replace("line2", "other-line2").replace("core-", "other-core-"),
    );
    let doubted = verify(&["--baseline", path]);
    assert!(doubted.err.contains("are they of one network?"), "{}", doubted.err);
    let of_folder = verify(&["--baseline", INTENTS]);
    assert_eq!(of_folder.code, Some(2));
    assert!(of_folder.err.contains("this is a folder; --baseline takes"), "{}", of_folder.err);
}

#[test]
fn wrong_calls_end_with_2_and_files_with_errors_with_1() {
    let called = verify(&["--failures", "meteor"]);
    assert_eq!(called.code, Some(2));
    assert!(called.err.contains("use none, link, node, srlg or two-links"), "{}", called.err);
    assert_eq!(trunkline(&["verify", "-n", NETWORK]).code, Some(2));
    let called = trunkline(&["verify", "-n", NETWORK, "-i", &bad("unknown-field.yaml")]);
    assert_eq!(called.code, Some(1));
    assert!(called.out.contains("TL0"), "{}", called.out);
}

#[test]
fn a_service_that_is_refused_is_broken_and_all_others_are_verified() {
    let case = "tests/conformance/07-does-not-fit";
    let network = format!("{case}/network.yaml");
    let called = trunkline(&["verify", "-n", &network, "-i", case]);
    assert_eq!(called.code, Some(1), "{}", called.err);
    assert!(called.out.contains("broken[TL0228]: a service is not carried by this plan\n  where archive\n"));
    assert!(called.out.contains("  where payments, trading\n"), "{}", called.out);
}
