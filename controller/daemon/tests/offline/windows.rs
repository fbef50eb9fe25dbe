//! Maintenance windows and schedules, asked about for a moment and for all moments.

use std::{fs, path::Path};

use crate::call::{Called, INTENTS, NETWORK, trunkline};

const WINDOWS: &str = r#"apiVersion: trunkline/v1
kind: MaintenanceWindow
metadata: {name: carrier-work, owner: carriers, labels: {change: CHG2042}}
spec:
  on: {links: {srlg: cable-1}}
  when: {from: "2026-12-05T01:00:00+08:00", to: "2026-12-05T05:00:00+08:00"}
---
apiVersion: trunkline/v1
kind: MaintenanceWindow
metadata: {name: hq-power, owner: sites}
spec:
  on: {nodes: [core-1, core-2]}
  when: {every: [sun], from: "02:00", for: 1h, offset: "+08:00"}
---
apiVersion: trunkline/v1
kind: ServiceIntent
metadata: {name: copies}
spec:
  connectivity: {type: p2p, endpoints: [hq-pe1, br-2]}
  vrf: copies
  class: business
  slo: {bandwidth: 30Mbps}
  when: {every: [mon], from: "01:00", for: 4h, offset: "+08:00"}
"#;

fn call(folder: &Path, command: &str, more: &[&str]) -> Called {
    let windows = folder.join("windows.yaml");
    fs::write(&windows, WINDOWS).unwrap();
    let windows = windows.to_str().unwrap();
    let paths = match command {
        "check" => vec!["check", INTENTS, windows, "-n", NETWORK],
        _ => vec![command, "-n", NETWORK, "-i", INTENTS, "-i", windows],
    };
    let mut called = trunkline(&[&paths, more].concat());
    called.out = called.out.replace(folder.to_str().unwrap(), "FOLDER");
    called
}

const WITHIN: [&str; 2] = ["--at", "2026-12-05T01:30:00+08:00"];

#[test]
fn each_window_is_verified_and_tells_what_it_breaks() {
    let folder = tempfile::tempdir().unwrap();
    let called = call(folder.path(), "verify", &["--failures", "none"]);
    assert_eq!(called.code, Some(1), "{}", called.err);
    insta::assert_snapshot!("verify-windows", called.out);
    let junit = call(folder.path(), "verify", &["--failures", "none", "--format", "junit"]);
    insta::assert_snapshot!("verify-windows-junit", junit.out);
    let json = call(folder.path(), "verify", &["--failures", "none", "--format", "json"]);
    let all: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    let broken = |place: usize| all["windows"][place]["violations"].as_array().unwrap().len();
    assert_eq!((broken(0), broken(1)), (0, 3), "{}", all["windows"]);
    // The same again is no worse; a window can be moved, so that nothing that it breaks is accepted.
    let baseline = folder.path().join("main.json");
    fs::write(&baseline, &json.out).unwrap();
    let against = ["--failures", "none", "--baseline", baseline.to_str().unwrap()];
    let again = call(folder.path(), "verify", &against);
    assert_eq!(again.code, Some(0), "{}", again.out);
    assert!(again.out.contains("0 broken promises of 3 services; 3 as before"), "{}", again.out);
    let junit = call(folder.path(), "verify", &[&against[..], &["--format", "junit"]].concat());
    assert_eq!(junit.out.matches("<skipped").count(), 3, "{}", junit.out);
    let accepted = call(folder.path(), "verify", &["--failures", "none", "--accept-unavoidable"]);
    assert_eq!(accepted.code, Some(1), "{}", accepted.out);
}

#[test]
fn services_that_are_never_promised_together_are_not_judged_together_in_a_window() {
    let service = |name: &str, from: &str, hours: u32| {
        format!(
            "---\napiVersion: trunkline/v1\nkind: ServiceIntent\nmetadata: {{name: {name}}}\nspec:\n  connectivity: {{type: p2p, endpoints: [hq-pe1, br-2]}}\n  vrf: {name}\n  class: business\n  slo: {{bandwidth: 80Mbps}}\n  when: {{every: [mon, tue, wed, thu, fri, sat, sun], from: \"{from}\", for: {hours}h, offset: \"+08:00\"}}\n"
        )
    };
    let window = "apiVersion: trunkline/v1\nkind: MaintenanceWindow\nmetadata: {name: line}\nspec:\n  on: {links: [line1-br-2]}\n  when: {from: \"2026-12-05T01:00:00+08:00\", to: \"2026-12-06T01:00:00+08:00\"}\n";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("more.yaml");
    fs::write(&file, [window, &service("day", "06:00", 16), &service("night", "22:00", 8)].concat()).unwrap();
    let files = ["-n", NETWORK, "-i", INTENTS, "-i", file.to_str().unwrap()];
    let called = trunkline(&[&["verify"], &files[..], &["--failures", "none"]].concat());
    assert_eq!(called.code, Some(0), "{}{}", called.out, called.err);
    assert!(called.out.contains("0 broken promises of 5 services"), "{}", called.out);
    let why = trunkline(&[&["why"], &files[..], &["--at", "2026-12-05T12:00:00+08:00", "night"]].concat());
    assert_eq!(why.code, Some(1), "{}", why.err);
    assert!(why.out.contains("not promised now, only every day from 22:00"), "{}", why.out);
}

#[test]
fn who_claims_the_same_packets_at_another_time_is_judged_apart_without_a_moment() {
    let service = |name: &str, from: &str, mbps: u32| {
        format!(
            "---\napiVersion: trunkline/v1\nkind: ServiceIntent\nmetadata: {{name: {name}}}\nspec:\n  connectivity: {{type: p2p, endpoints: [hq-pe1, br-2]}}\n  vrf: copies\n  class: business\n  slo: {{bandwidth: {mbps}Mbps}}\n  when: {{every: [mon], from: \"{from}\", for: 2h, offset: \"+08:00\"}}\n"
        )
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("more.yaml");
    fs::write(&file, [service("early", "01:00", 20), service("late", "03:00", 30)].concat()).unwrap();
    let files = ["-n", NETWORK, "-i", INTENTS, "-i", file.to_str().unwrap()];
    let run = |command: &str, more: &[&str]| trunkline(&[&[command], &files[..], more].concat());
    let verified = run("verify", &["--failures", "none"]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.out, verified.err);
    assert!(verified.out.contains("each of the 3 choices of services"), "{}", verified.out);
    let json = run("verify", &["--failures", "none", "--format", "json"]).out;
    let all: serde_json::Value = serde_json::from_str(&json).unwrap();
    let judged = |name: &str| {
        let services = all["services"].as_array().unwrap();
        let view = services.iter().find(|view| view["service"] == name).unwrap();
        view["checks"][0]["judged"].as_u64().unwrap()
    };
    assert_eq!((all["choices"].as_u64(), judged("early"), judged("late")), (Some(3), 1, 1));
    let baseline = folder.path().join("main.json");
    fs::write(&baseline, &json).unwrap();
    let again = run("verify", &["--failures", "none", "--baseline", baseline.to_str().unwrap()]);
    assert_eq!(again.code, Some(0), "{}{}", again.out, again.err);
    let planned = run("plan", &[]);
    assert_eq!(planned.code, Some(0), "{}{}", planned.out, planned.err);
    assert!(
        planned.out.contains("1 of which do not count, because others claim the same packets"),
        "{}",
        planned.out
    );
    let json: serde_json::Value = serde_json::from_str(&run("plan", &["--format", "json"]).out).unwrap();
    assert_eq!(json["leftOut"], serde_json::json!(["late"]));
    let monday = run("plan", &["--at", "2026-12-07T03:00:00+08:00"]);
    assert!(monday.out.contains("late") && !monday.out.contains("early"), "{}", monday.out);
}

#[test]
fn a_moment_within_a_window_has_what_it_works_on_drained() {
    let folder = tempfile::tempdir().unwrap();
    let shown = |more: &[&str]| call(folder.path(), "plan", more).out;
    let (any, within) = (shown(&[]), shown(&WITHIN));
    assert!(any.contains("copies") && !within.contains("copies"), "it is promised on Mondays:\n{within}");
    assert!(within.contains("line1-br-1") && within.contains("drained"), "{within}");
    assert!(!any.contains("drained"), "{any}");
    let monday = shown(&["--at", "2026-12-07T01:00:00+08:00"]);
    assert!(monday.contains("copies") && !monday.contains("drained"), "{monday}");
}

#[test]
fn a_window_that_is_over_is_told_for_a_moment_only() {
    let folder = tempfile::tempdir().unwrap();
    let over = ["--at", "2026-12-05T05:00:00+08:00"];
    let called = call(folder.path(), "check", &over);
    assert_eq!(called.code, Some(0), "{}{}", called.out, called.err);
    assert!(called.out.contains("TL0074") && called.out.contains("carrier-work"), "{}", called.out);
    assert!(!call(folder.path(), "check", &[]).out.contains("TL0074"));
    let verified = call(folder.path(), "verify", &[&over[..], &["--failures", "none"]].concat());
    assert!(!verified.out.contains("window carrier-work"), "{}", verified.out);
}

#[test]
fn a_moment_without_an_offset_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let called = call(folder.path(), "plan", &["--at", "2026-12-05T01:30:00"]);
    assert_eq!(called.code, Some(2), "{}", called.out);
    assert!(called.err.contains("how far its clock is from UTC"), "{}", called.err);
    let alone = trunkline(&["check", INTENTS, "--at", "2026-12-05T01:30:00Z"]);
    assert_eq!(alone.code, Some(2), "{}", alone.err);
}

#[test]
fn a_plan_says_what_its_moment_has_to_do_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let first = |more: &[&str]| {
        let called = call(folder.path(), "plan", more);
        called.out.lines().next().unwrap_or_default().to_owned()
    };
    let within = first(&WITHIN);
    assert!(within.ends_with("windows open: `carrier-work`; services not promised: 1."), "{within}");
    let at_no_time = first(&[]);
    assert!(
        at_no_time.ends_with("a `when`: 1, all of which count; maintenance windows: 2, none open."),
        "{at_no_time}"
    );
}
