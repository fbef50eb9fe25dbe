//! `init`, `schema`, `network convert`, `explain`, and the help page.

use serde_json::Value;

use crate::call::{NETWORK, trunkline};

#[test]
fn a_new_folder_checks_and_plans_and_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("bank");
    let dir = dir.to_str().unwrap();
    let begun = trunkline(&["init", dir]);
    assert_eq!(begun.code, Some(0), "{}", begun.err);
    let network = format!("{dir}/network.yaml");
    assert!(begun.out.contains(&format!("trunkline check {dir} -n {network}")), "{}", begun.out);
    assert_eq!(trunkline(&["check", dir, "-n", &network]).code, Some(0));
    let intents = format!("{dir}/intents");
    assert_eq!(trunkline(&["plan", "-n", &network, "-i", &intents]).code, Some(0));
    std::fs::write(&network, "mine").unwrap();
    assert_eq!(trunkline(&["init", dir]).code, Some(2));
    assert_eq!(std::fs::read_to_string(&network).unwrap(), "mine");
}

#[test]
fn every_kind_of_file_has_a_schema() {
    for kind in ["intents", "network", "inventory", "config", "scenario"] {
        let called = trunkline(&["schema", kind]);
        assert_eq!(called.code, Some(0), "{kind}: {}", called.err);
        let schema: Value = serde_json::from_str(&called.out).unwrap();
        let described = schema["properties"].is_object() || schema["oneOf"].is_array();
        assert!(described && schema["$schema"].is_string(), "{kind}: {}", called.out);
    }
}

#[test]
fn a_network_that_went_through_another_form_gives_the_same_again() {
    let native = trunkline(&["network", "convert", NETWORK]);
    assert_eq!(native.code, Some(0), "{}", native.err);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("again.yaml");
    std::fs::write(&path, &native.out).unwrap();
    assert_eq!(trunkline(&["network", "convert", path.to_str().unwrap()]).out, native.out);
    let written = trunkline(&["network", "convert", NETWORK, "--to", "rfc8345"]);
    assert!(written.err.contains("info[TL0129]"), "{}", written.err);
    let path = folder.path().join("again.json");
    std::fs::write(&path, &written.out).unwrap();
    assert_eq!(trunkline(&["network", "convert", path.to_str().unwrap()]).out, native.out);
    let rfc8345: Value = serde_json::from_str(&written.out).unwrap();
    let nodes = &rfc8345["ietf-network:networks"]["network"][0]["node"];
    assert_eq!(nodes.as_array().unwrap().len(), 5);
    let dot = trunkline(&["network", "convert", NETWORK, "--to", "dot"]);
    assert!(dot.out.starts_with("graph {"), "{}", dot.out);
}

#[test]
fn explain_has_a_page_with_a_wrong_and_a_right_example() {
    let called = trunkline(&["explain", "tl0009"]);
    assert_eq!(called.code, Some(0), "{}", called.err);
    insta::assert_snapshot!("explain-TL0009", called.out);
    let list = trunkline(&["explain"]);
    assert!(list.out.contains("TL0009  a wrong unit\n"), "{}", list.out);
    let none = trunkline(&["explain", "TL9999"]);
    assert_eq!(none.code, Some(2));
    assert!(none.err.contains("no code `TL9999`"), "{}", none.err);
}

#[test]
fn the_help_page_shows_the_commands_in_groups() {
    let called = trunkline(&["--help"]);
    assert_eq!(called.code, Some(0));
    insta::assert_snapshot!("help", called.out);
    let check = trunkline(&["check", "--help"]);
    insta::assert_snapshot!("help-check", check.out);
}

#[test]
fn a_wrong_call_ends_with_2() {
    for call in [&["no-such-command"][..], &[], &["check"], &["plan", "-n", NETWORK], &["mode", "panic"]] {
        let called = trunkline(call);
        assert_eq!(called.code, Some(2), "{call:?}: {}", called.out);
    }
}
