//! `trunkline verify --fast-reroute`: what is lost or too full in the moment after a link fails.

use std::fs;

use serde_json::{Value, json};

use crate::call::{Called, INTENTS, NETWORK, trunkline};

const DETOUR: &str = "controller/daemon/tests/offline/detour";
const CLASSES: &str = "intents/examples/minimal/classes.yaml";

fn verify(intents: &[&str], more: &[&str]) -> Called {
    let network = format!("{DETOUR}/network.yaml");
    let intents: Vec<String> = intents.iter().map(|name| format!("{DETOUR}/{name}.yaml")).collect();
    let mut call = vec!["verify", "-n", network.as_str(), "-i", CLASSES];
    intents.iter().for_each(|path| call.extend(["-i", path.as_str()]));
    trunkline(&[&call[..], more].concat())
}

fn json_of(called: &Called) -> Value {
    serde_json::from_str(&called.out).unwrap_or_else(|error| panic!("{error}: {}{}", called.out, called.err))
}

/// The part of a text that the option adds.
fn section(called: &Called) -> &str {
    called.out.split("\n\n").find(|part| part.starts_with("fast reroute")).unwrap_or_default()
}

#[test]
fn a_repair_over_a_thin_way_is_told_although_every_promise_holds() {
    let called = verify(&["payments"], &["--fast-reroute"]);
    assert_eq!(called.code, Some(0), "{}{}", called.out, called.err);
    assert!(called.out.ends_with("every promise holds\n"), "{}", called.out);
    assert!(
        section(&called).contains("\n  warning: link direct fails: thin-1 a to c gets 50Mbps"),
        "{}",
        called.out
    );
    let plain = verify(&["payments"], &[]);
    assert_eq!(called.out.replace(&format!("{}\n\n", section(&called)), ""), plain.out, "it is told beside");
}

#[test]
fn what_is_lost_and_what_is_too_full_is_a_line_for_each_link() {
    let both = ["payments", "archive"];
    let called = verify(&both, &["--fast-reroute"]);
    assert_eq!(called.code, verify(&both, &[]).code, "it is no gate");
    insta::assert_snapshot!("verify-fast-reroute", section(&called));
}

#[test]
fn json_has_it_where_it_is_asked_for_and_is_a_baseline_all_the_same() {
    let called = verify(&["payments"], &["--fast-reroute", "--format", "json"]);
    let all = json_of(&called);
    let over = |link: &str, from: &str, to: &str| json!({"link": link, "from": from, "to": to, "load": "50Mbps", "capacity": "10Mbps"});
    let expected = json!({
        "links": 1,
        "unfit": [{
            "link": "direct",
            "lost": "0bps",
            "over": [
                over("thin-1", "a", "c"),
                over("thin-1", "c", "a"),
                over("thin-2", "b", "c"),
                over("thin-2", "c", "b"),
            ],
        }],
        "pinned": [],
        "untold": [],
    });
    assert_eq!(all["fastReroute"], expected);
    let plain = json_of(&verify(&["payments"], &["--format", "json"]));
    assert!(plain.get("fastReroute").is_none(), "{plain}");
    let folder = tempfile::tempdir().unwrap();
    let main = folder.path().join("main.json");
    fs::write(&main, &called.out).unwrap();
    let against = verify(&["payments"], &["--baseline", main.to_str().unwrap()]);
    assert_eq!(against.code, Some(0), "{}{}", against.out, against.err);
}

#[test]
fn what_must_be_encrypted_is_told_apart() {
    let called = trunkline(&["verify", "-n", NETWORK, "-i", INTENTS, "--fast-reroute"]);
    assert_eq!(called.code, Some(0), "{}{}", called.out, called.err);
    let told = section(&called);
    assert!(told.contains("3 links looked at, something is lost or too full for 0 of them"), "{told}");
    assert!(told.ends_with("until their headends take the backup: 1 service"), "{told}");
}
