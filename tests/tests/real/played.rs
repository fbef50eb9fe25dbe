//! All scenarios of the lab of 12 routers, played with real packets. Each is judged as it judges itself, and leaves a page with what every
//! flow met; that is held beside what the controller says that it did.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{
    ceb::without_loss,
    stage::{Stage, root},
};

/// What the flows are drawn as.
const PLOTS: [&str; 2] = ["loss of flows", "delay of flows, one way"];

/// Values of the flows of a service over time: the moments, milliseconds, and what was known then; of one flow after the other.
fn met(run: &Value, plot: &str, service: &str) -> Vec<(u64, f64)> {
    let of_service = |one: &&Value| {
        one["plot"] == plot && one["name"].as_str().is_some_and(|name| name.starts_with(service))
    };
    let series: Vec<&Value> = run["series"].as_array().unwrap().iter().filter(of_service).collect();
    assert_eq!(series.len(), 2, "{plot} of {service}, there and back: {:#}", run["figures"]);
    let points = series.iter().flat_map(|one| one["points"].as_array().unwrap());
    points.filter_map(|point| Some((point[0].as_u64()?, point[1].as_f64()?))).collect()
}

/// The most that was met between two moments.
fn most(met: &[(u64, f64)], from: u64, to: u64) -> f64 {
    let values = met.iter().filter(|(at, _)| (from..to).contains(at)).map(|(_, value)| *value);
    values.fold(0.0, f64::max)
}

/// Plays one on a lab that is up: what it wrote down.
fn played(stage: &Stage, scenario: &Path, folder: &Path) -> (String, Value) {
    let file = |name: &str| root().join(name).display().to_string();
    let [page, figures] = ["run.html", "run.json"].map(|name| folder.join(name).display().to_string());
    let intents =
        ["intents/examples/ceb/classes.yaml", "intents/examples/ceb/alarms.yaml", "lab/ceb-12/intents.yaml"]
            .map(file);
    let traffic = format!("--traffic={}", file("lab/ceb-12/traffic.yaml"));
    let scenario = scenario.display().to_string();
    let mut words: Vec<&str> =
        vec!["play", &scenario, "--report", &page, "--report", &figures, &traffic, "--intents"];
    words.extend(intents.iter().map(String::as_str));
    // It ends well where it went as expected.
    println!("{}", stage.lab(&words));
    let run = serde_json::from_str(&fs::read_to_string(figures).unwrap()).unwrap();
    (fs::read_to_string(page).unwrap(), run)
}

/// Its page stands by itself, and has loss and delay of all flows beside the lines, what was done and what the controller decided.
fn must_show_all(page: &str, run: &Value) {
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("class=\"verdict good\""), "{page}");
    for foreign in ["<script", "http:", "https:", "src="] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    for plot in PLOTS.into_iter().chain(["loss of lines", "delay of lines, one way", "load of lines"]) {
        let mine = run["series"].as_array().unwrap().iter().filter(|one| one["plot"] == plot);
        assert!(mine.count() > 0 && page.contains(plot), "{plot}");
    }
    let flows = run["figures"].as_array().unwrap().iter().filter_map(|figure| figure["name"].as_str());
    assert_eq!(flows.filter(|name| name.starts_with("flow ")).count(), 6, "{:#}", run["figures"]);
    for kind in ["fault", "heal", "decision"] {
        let marks = run["marks"].as_array().unwrap();
        assert!(marks.iter().any(|mark| mark["kind"] == kind), "{kind}: {marks:?}");
    }
}

/// The line that degrades: voice and production leave it, lose nothing from then on and take no longer than they are promised; the office
/// stays and meets what the line does.
fn must_have_moved(run: &Value) {
    let moves = run["moves"].as_array().unwrap();
    let away = |service: &str| {
        let is_it =
            |moved: &&Value| moved["back"] == false && moved["services"].to_string().contains(service);
        let moved = moves.iter().find(is_it).unwrap_or_else(|| panic!("{service} does not move: {moves:?}"));
        moved["atMs"].as_u64().unwrap()
    };
    let end = run["lengthMs"].as_u64().unwrap();
    for service in ["production", "voice"] {
        let moved = away(service);
        let [loss, delay] = PLOTS.map(|plot| met(run, plot, service));
        let (before, after) = (most(&delay, 0, moved), most(&delay, moved + 200, end));
        println!("{service}: {before:.1} ms at most before it moved at {moved} ms, {after:.1} ms after it");
        assert!(before > 60.0, "{service} met the line: {before} ms");
        assert!(after < 45.0, "{service} is promised 45 ms: {after}");
        assert!(most(&loss, 0, moved) > 0.0, "{service} met the line's loss");
        assert!(most(&loss, moved + 200, end) <= 0.0, "{service} lost packets after it had moved");
    }
    let (office, moved) = (met(run, PLOTS[1], "office"), away("voice"));
    assert!(most(&office, moved + 200, moved + 10_000) > 60.0, "the office stays on its line");
}

#[test]
fn scenarios_of_the_lab_go_as_expected_with_real_packets() {
    let mut scenarios: Vec<_> = fs::read_dir(root().join("lab/ceb-12/scenarios"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    scenarios.sort();
    assert!(!scenarios.is_empty());
    for scenario in scenarios {
        // Each on a lab of its own: an expectation counts moves, and finds nothing of another run.
        let Some(stage) = Stage::up("played", &without_loss(), &[]) else { return };
        let folder = tempfile::tempdir().unwrap();
        let (page, run) = played(&stage, &scenario, folder.path());
        assert_eq!(run["verdict"]["passed"], true, "{run:#}");
        must_show_all(&page, &run);
        if scenario.ends_with("line-degrades.yaml") {
            must_have_moved(&run);
        }
    }
}
