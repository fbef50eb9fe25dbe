//! The main job from outside: the built programs run the CEB case, and these tests see only what a person would see: the lines
//! that `trunkline demo` prints, the dashboard in a browser, and the routers over NETCONF.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should end")]
#![expect(clippy::disallowed_methods, reason = "what it waits for happens in real time")]

mod ending;
mod stage;

use std::{process::Command, time::Duration};

use serde_json::Value;

use stage::{Demo, Running, bounded, browser, python, root, trunkline};

const SCENARIO: Duration = Duration::from_secs(150);
const WHOLE_CASE: Duration = Duration::from_secs(240);
const LINE: &str = "line1:core-sh1--br-hangzhou";

/// What every run of the main job must come to.
fn must_be_good(summary: &Value, told: &[Value]) {
    let lines: Vec<String> =
        told.iter().filter(|line| line["kind"] != "device-up").map(Value::to_string).collect();
    let all = lines.join("\n");
    assert_eq!(summary["routers"], 120, "{summary}");
    assert_eq!(summary["slo_restored"], true, "{all}");
    assert_eq!(summary["unexpected"], 0, "{all}");
    for figure in ["intents", "policies", "controller_rss_mib"] {
        assert!(summary[figure].as_u64().is_some_and(|value| value > 0), "{figure}: {summary}");
    }
}

/// Out and back, once each.
fn must_move_twice(summary: &Value, told: &[Value]) {
    must_be_good(summary, told);
    assert_eq!(summary["reroutes"], 2, "{summary}");
    for figure in ["breach_to_plan_ms", "breach_to_ack_ms", "readback_ms", "confirm_ms"] {
        assert!(summary[figure].as_f64().is_some_and(|value| value > 0.0), "{figure}: {summary}");
    }
    let moves = told.iter().filter(|line| line["kind"] == "rerouted");
    assert_eq!(moves.map(|line| line["back"].as_bool().unwrap()).collect::<Vec<_>>(), [false, true]);
}

/// The scenario of the case itself, as the README runs it.
#[test]
fn a_bad_line_is_left_and_come_back_to() {
    let (summary, told) = Demo::start("../../lab/scenarios/ceb-line-degrades.yaml", &[]).finish(WHOLE_CASE);
    must_move_twice(&summary, &told);
    assert_eq!(summary["intents"], 6, "a class, an intent");
    assert!(broken(&told).iter().any(|service| service.starts_with("production")), "{:?}", broken(&told));
}

/// Nothing happens and nothing is done. The run leaves a page that stands by itself, and its figures.
#[test]
fn a_calm_network_is_left_alone_and_its_report_shows_it() {
    let folder = tempfile::tempdir().unwrap();
    let [page, figures] = ["run.html", "run.json"].map(|name| folder.path().join(name).display().to_string());
    let more = ["--report", page.as_str(), "--report", figures.as_str()];
    let (summary, told) = Demo::start("../../lab/scenarios/ceb-calm.yaml", &more).finish(SCENARIO);
    must_be_good(&summary, &told);
    assert_eq!(summary["reroutes"], 0, "{summary}");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("<h1>ceb calm</h1>"), "{page}");
    assert!(page.contains("class=\"verdict good\"") && page.contains("120 routers"), "{page}");
    for foreign in ["<script", "http:", "https:", "src="] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    let run: Value = serde_json::from_str(&std::fs::read_to_string(figures).unwrap()).unwrap();
    assert_eq!(run["verdict"]["passed"], true, "{run}");
    assert_eq!(run["expectations"].as_array().unwrap().len(), 7);
    let series = run["series"].as_array().unwrap();
    for plot in ["loss of lines", "delay of lines, one way", "load of lines"] {
        let mine: Vec<&Value> = series.iter().filter(|one| one["plot"] == plot).collect();
        assert_eq!(mine.len(), 3, "{plot}: {series:?}");
        for one in mine {
            let known = one["points"].as_array().unwrap().iter().filter(|point| point[1].is_f64()).count();
            assert!(known >= 5, "{one}");
            assert!(page.contains(one["name"].as_str().unwrap()), "{one}");
        }
    }
}

/// Services whose promise was broken at some time.
fn broken(told: &[Value]) -> Vec<&str> {
    let lines = told.iter().filter(|line| line["kind"] == "promise-broken");
    lines.map(|line| line["service"].as_str().unwrap()).collect()
}

/// A seed decides on the line, on the class whose promise is watched, and on the moments.
#[test]
fn another_line_another_class_and_another_time_end_as_well() {
    let (summary, told) = Demo::start("line-degrades-quick.yaml", &["--seed", "4"]).finish(SCENARIO);
    must_move_twice(&summary, &told);
    let says = |line: &&Value| line["text"].as_str().is_some_and(|text| text.contains("goes bad"));
    let bad: Vec<&Value> = told.iter().filter(says).collect();
    assert!(bad.len() == 1 && bad[0].to_string().contains("line2:pv-urumqi--br-urumqi"), "{bad:?}");
    assert!(broken(&told).iter().any(|service| service.starts_with("video")), "{:?}", broken(&told));
}

/// What was said since the controller was started again.
fn second_life(told: &[Value]) -> &[Value] {
    let starts: Vec<usize> = (0..told.len()).filter(|at| told[*at]["kind"] == "started").collect();
    let [_, again] = starts[..] else { panic!("it was started twice: {starts:?}") };
    let life = &told[again..];
    assert_eq!(life[0]["adopted"], true, "it remembers that the network is its own");
    assert!(life.iter().any(|line| line["kind"] == "in-sync"), "it re-reads the network");
    life
}

#[test]
fn a_killed_controller_starts_again_and_sends_nothing() {
    let (summary, told) = Demo::start("controller-killed.yaml", &[]).finish(SCENARIO);
    must_be_good(&summary, &told);
    let needless = ["transaction-begun", "proposed", "drift", "promise-broken", "rejected", "rerouted"];
    let sent: Vec<&Value> =
        second_life(&told).iter().filter(|line| needless.iter().any(|kind| line["kind"] == *kind)).collect();
    assert!(sent.is_empty(), "{sent:?}");
}

/// What it changes when it is back, it changes for that line's services alone, and what it says that it moved, it sent.
#[test]
fn a_line_cut_while_nobody_steers_is_left_once_the_controller_is_back() {
    let (summary, told) = Demo::start("line-cut-while-nobody-steers.yaml", &[]).finish(SCENARIO);
    must_be_good(&summary, &told);
    let life = second_life(&told);
    let position = |kind: &str| life.iter().position(|line| line["kind"] == kind);
    for proposed in life.iter().filter(|line| line["kind"] == "proposed") {
        let services = proposed["services"].as_array().unwrap();
        assert!(!services.is_empty(), "a change for nobody: {proposed}");
        assert!(services.iter().all(|name| name.as_str().unwrap().contains("br-hangzhou")), "{proposed}");
    }
    let moved = position("rerouted").expect("the services of the line move");
    assert!(position("in-sync").is_some_and(|read| read < moved), "nothing moves before all was read");
    assert!(position("transaction-ended").is_some_and(|ended| ended < moved), "what moved was sent");
}

/// One run, seen by a browser and then touched by hand.
#[test]
fn the_dashboard_shows_the_move_and_a_rule_deleted_by_hand_shows_as_drift() {
    let (browser, python) = (browser(), python());
    if browser.is_none() && python.is_none() {
        return;
    }
    let mut demo = Demo::start("watched.yaml", &[]);
    demo.wait_kept();
    let watching = browser.map(|mut command| {
        command.args([&demo.url, "120", LINE]).arg(demo.folder.path().join("state/token"));
        Running::start(command)
    });
    demo.wait_for("the move", Duration::from_secs(60), |line| line["kind"] == "rerouted");
    if let Some(watching) = watching {
        let seen = watching.finish(Duration::from_secs(60));
        let told = [&seen.stdout, &seen.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
        assert!(seen.status.success() && told[0].trim_end().ends_with("done"), "{}{}", told[0], told[1]);
    }
    if let Some(python) = python {
        deletes_a_rule(&mut demo, &python);
    }
}

/// The router whose rule is deleted is one that the scenario's fault does not touch.
fn deletes_a_rule(demo: &mut Demo, python: &std::path::Path) {
    let folder = demo.folder.path().display().to_string();
    let rules = |what: &str| {
        let mut command = Command::new(python);
        command.arg(root().join("tests/peers/steering_rule.py")).args([
            &folder,
            "br-baoding",
            "production",
            what,
        ]);
        let done = bounded(command, Duration::from_secs(30));
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    };
    let before = rules("show");
    assert!(!before.is_empty(), "br-baoding steers production");
    assert_ne!(rules("delete"), before);
    let drift = demo.wait_for("the drift", Duration::from_secs(15), |line| line["kind"] == "drift");
    assert!(drift["findings"].to_string().contains("br-baoding"), "{drift}");
    let intents = root().join("intents/examples/ceb").display().to_string();
    let applied = demo.client(&["apply", &intents, "--message", "put right what was deleted by hand"]);
    let told = [&applied.stdout, &applied.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    assert!(applied.status.success(), "{} {}", told[0], told[1]);
    assert_eq!(rules("show"), before, "the rule is back: {} {}", told[0], demo.told());
}

/// The controller says that the router drifted and fights nobody; the class falls back to the IGP until the intents are applied.
#[test]
fn steering_deleted_by_hand_is_drift_until_the_intents_are_applied_again() {
    let (summary, told) = Demo::start("steering-deleted-by-hand.yaml", &[]).finish(SCENARIO);
    must_be_good(&summary, &told);
    let expectations = summary["expectations"].as_array().unwrap();
    assert_eq!(expectations.len(), 3);
    for each in expectations {
        assert!(each["met"] == true && each["what"].is_string() && each["why"].is_string(), "{each}");
    }
    let place = |what: &str, found: &dyn Fn(&Value) -> bool| {
        told.iter().position(found).unwrap_or_else(|| panic!("{what}: {told:?}"))
    };
    let says = |line: &Value, text: &str| line["text"].as_str().is_some_and(|said| said.contains(text));
    let deleted = place("it is deleted", &|line| says(line, "deletes the steering of br-baoding"));
    let fallen = place("the class falls back", &|line| says(line, "goes by the IGP's shortest path"));
    let drift = place("drift is told", &|line| line["kind"] == "drift");
    let applied = place("it is applied again", &|line| says(line, "the intents are applied again"));
    assert!(deleted < fallen && deleted < drift && fallen < applied && drift < applied);
    let (before, after) = told[deleted..].split_at(applied - deleted);
    let changes = |lines: &[Value]| lines.iter().filter(|line| line["kind"] == "transaction-begun").count();
    assert_eq!((changes(before), changes(after)), (0, 1), "nobody fights; one transaction puts it right");
    assert!(after.iter().any(|line| says(line, "1 edit on 1 device in 1 transaction")), "{after:?}");
}

#[test]
fn a_scenario_that_is_wrong_is_refused_before_anything_starts() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = folder.path().join("wrong.yaml");
    std::fs::write(
        &wrong,
        "apiVersion: trunkline/v1\nkind: Scenario\nsteps:\n  - {at: 1s, do: {heal: \"no:such--line\"}}\n",
    )
    .unwrap();
    let mut command = Command::new(trunkline());
    command.args(["demo", "--scenario"]).arg(&wrong).arg("--folder").arg(folder.path().join("run"));
    let done = bounded(command, Duration::from_secs(20));
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(!done.status.success() && told.contains("no:such--line"), "{told}");
    assert!(!folder.path().join("run").exists(), "nothing was begun");
}
