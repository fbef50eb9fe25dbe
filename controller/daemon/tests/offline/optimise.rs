//! `trunkline plan --optimise`: services off a hot line, in front of the ticket.

use serde_json::Value;

use crate::call::{Called, INTENTS, NETWORK, trunkline};

const HOT: &str = "controller/daemon/tests/offline/hot.yaml";
const CLASSES: &str = "intents/examples/minimal/classes.yaml";

fn plan(more: &[&str]) -> Called {
    trunkline(&[&["plan", "-n", NETWORK, "-i", HOT, "-i", CLASSES], more].concat())
}

#[test]
fn the_moves_stand_in_front_of_the_ticket_which_has_them_in_it() {
    let called = plan(&["--optimise", "--moves", "2", "--effort", "40"]);
    assert_eq!(called.code, Some(0), "{}{}", called.out, called.err);
    let front = "\
Optimisation: highest utilisation 90% on line1-br-1 (br-1 to core-1) -> 45% with 1 move; no arrangement gets even 0.1% lower (proven)
  1. mirror off line1-br-1 (br-1 to core-1): 90% -> 45%
     hq-pe1 to br-1: delay 6ms -> 11ms, 30ms promised; by hq-pe1, core-2, br-1
     br-1 to hq-pe1: delay 6ms -> 11ms, 30ms promised; by br-1, core-2, hq-pe1
  Every link is at or below 50%.

Plan on network state 0: ";
    let (_, said) = called.out.split_once("\n\n").unwrap();
    assert!(said.starts_with(front), "{}", called.out);
    assert!(said.contains("kept off line1-br-1: to relieve line1-br-1: 90% -> 45%"), "{}", called.out);
    assert_eq!(plan(&["--optimise", "--moves", "2", "--effort", "40"]).out, called.out);
}

#[test]
fn markdown_has_a_section_of_its_own() {
    let called = plan(&["--optimise", "--effort", "40", "--format", "markdown"]);
    assert_eq!(called.code, Some(0), "{}", called.err);
    let lines: Vec<&str> = called.out.lines().take(7).collect();
    assert!(lines[0].starts_with("# Plan on network state 0"), "{lines:?}");
    assert_eq!(lines[2], "## Optimisation");
    assert!(
        lines[4].starts_with("highest utilisation 90% on line1-br-1 (br-1 to core-1) -> 45% with 1 move")
    );
    assert!(lines[6].starts_with("1. mirror off line1-br-1"), "{lines:?}");
    assert!(called.out.contains("\n## Services\n"), "{}", called.out);
}

#[test]
fn json_has_the_answer_beside_the_plan() {
    let called = plan(&["--optimise", "--effort", "40", "--format", "json"]);
    let json: Value = serde_json::from_str(&called.out).unwrap();
    let answer = &json["optimisation"];
    assert_eq!(answer["moves"][0]["service"], "mirror");
    assert_eq!(answer["before"]["utilisation"], "90%");
    assert_eq!(answer["balanced"]["mirror"]["off"], serde_json::json!(["line1-br-1"]));
    let plain: Value = serde_json::from_str(&plan(&["--format", "json"]).out).unwrap();
    assert!(plain.get("optimisation").is_none());
}

#[test]
fn from_what_stands_only_the_mover_changes() {
    let folder = tempfile::tempdir().unwrap();
    let state = crate::plan::snapshot_of(&folder, |_| {});
    let call = ["plan", "-n", NETWORK, "-i", INTENTS, "--state", &state, "--format", "json"];
    let called = trunkline(&[&call[..], &["--optimise", "--goal", "10%", "--moves", "1"]].concat());
    let json: Value = serde_json::from_str(&called.out).unwrap();
    let mover = json["optimisation"]["moves"][0]["service"].as_str().unwrap();
    let changed: Vec<&str> = json["report"]["services"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|change| change["fate"] == "moved")
        .map(|change| change["service"].as_str().unwrap())
        .collect();
    assert!(!changed.is_empty() && changed.iter().all(|service| *service == mover), "{mover}: {changed:?}");
    let calm = trunkline(&[&call[..], &["--optimise"]].concat());
    let json: Value = serde_json::from_str(&calm.out).unwrap();
    assert_eq!(json["optimisation"]["end"], "goal", "no line is half full");
    assert_eq!(json["plan"]["transactions"], serde_json::json!([]));
}

#[test]
fn what_makes_no_sense_is_said() {
    let called = plan(&["--moves", "2"]);
    assert_eq!(called.code, Some(2));
    assert!(called.err.contains("add --optimise"), "{}", called.err);
    let called = plan(&["--optimise", "--relieve", "line9"]);
    assert_eq!(called.code, Some(2));
    assert!(called.err.contains("--relieve: there is no link line9 in the network"), "{}", called.err);
    let called = plan(&["--optimise", "--goal", "60"]);
    assert_eq!(called.code, Some(2), "{}", called.err);
}
