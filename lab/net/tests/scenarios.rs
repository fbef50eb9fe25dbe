//! The scenarios as they are committed: each can be played on the case that its name begins with, says what it shows, and ends in time.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use globset::Glob;
use model::Ted;
use net::{Action, Deadline, Expectation, Run, Scenario, Step, Traffic, demands};

/// The rows of the case table that may be cited: what two banks, and the solution around them, ask for.
const ROWS: [&str; 30] = [
    "E1", "E2", "E3", "E4", "E5", "E6", "E7", "E8", "E9", "E10", "E11", "E12", "C1", "C2", "C3", "C4", "C5",
    "C6", "C7", "C8", "C9", "H1", "H2", "H3", "H4", "H5", "H6", "H7", "M1", "R1",
];
/// The longest that a scenario may take, seconds.
const LONGEST: u64 = 120;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn text(name: &str) -> String {
    let path = root().join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What a scenario is played on.
struct Case {
    ted: Ted,
    services: BTreeSet<String>,
    alarms: BTreeSet<String>,
}

impl Case {
    /// A network, its traffic, and its intents: files below the root.
    fn of(network: &str, traffic: &str, intents: &[&str]) -> Self {
        let ted = formats::read(network, &text(network)).unwrap_or_else(|f| panic!("{f:#?}")).ted;
        let traffic = Traffic::read(traffic, &text(traffic)).unwrap_or_else(|f| panic!("{f:#?}"));
        let named = |kind: &str| documents(intents, kind);
        // An intent of a case and a flow of its traffic have the same name and the same pairs.
        let flows: BTreeSet<String> = traffic.flows.iter().map(|flow| flow.name.clone()).collect();
        assert_eq!(flows, named("ServiceIntent"));
        let services = demands(&traffic, &ted).unwrap().keys().map(ToString::to_string).collect();
        Self { services, alarms: named("AlarmPolicy"), ted }
    }
}

/// All cases, by the word with which the names of their scenarios begin, or by their folder.
fn cases() -> BTreeMap<&'static str, Case> {
    let ceb = ["intents/examples/ceb/services.yaml", "intents/examples/ceb/alarms.yaml"];
    BTreeMap::from([
        ("ceb", Case::of("lab/ceb.clab.yml", "lab/ceb-traffic.yaml", &ceb)),
        (
            "ccb",
            Case::of(
                "lab/cases/ccb/network.yaml",
                "lab/cases/ccb/traffic.yaml",
                &["lab/cases/ccb/intents.yaml"],
            ),
        ),
        // It has no scenario, and its traffic and intents belong together all the same.
        ("ccb-branch", Case::of("lab/ccb.clab.yml", "lab/ccb/traffic.yaml", &["lab/ccb/intents.yaml"])),
        (
            "ceb-12",
            Case::of(
                "lab/ceb-12.clab.yml",
                "lab/ceb-12/traffic.yaml",
                &["lab/ceb-12/intents.yaml", "intents/examples/ceb/alarms.yaml"],
            ),
        ),
    ])
}

/// The case of a scenario.
fn case_of<'c>(cases: &'c BTreeMap<&'static str, Case>, name: &str) -> &'c Case {
    let word = name.split_once('/').or_else(|| name.split_once('-')).map_or(name, |(word, _)| word);
    cases.get(word).unwrap_or_else(|| panic!("{name}: there is no case `{word}`"))
}

/// All scenarios of the demonstration, by file, and those of the lab of namespaces, by its folder and file.
fn scenarios() -> BTreeMap<String, (Scenario, String)> {
    let mut all = BTreeMap::new();
    for (folder, case) in [("lab/scenarios", ""), ("lab/ceb-12/scenarios", "ceb-12/")] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let text = text(&format!("{folder}/{name}"));
            let scenario = Scenario::read(&name, &text).unwrap_or_else(|f| panic!("{f:#?}"));
            all.insert(format!("{case}{name}"), (scenario, text));
        }
    }
    assert!(all.len() > 15, "{:?}", all.keys());
    all
}

/// The names of documents of a kind.
fn documents(files: &[&str], kind: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in files {
        let text = text(file);
        for document in serde_yaml::Deserializer::from_str(&text) {
            let value: serde_yaml::Value = serde::Deserialize::deserialize(document).unwrap();
            if value["kind"].as_str() == Some(kind) {
                names.insert(value["metadata"]["name"].as_str().unwrap().to_owned());
            }
        }
    }
    names
}

fn expectations(scenario: &Scenario) -> impl Iterator<Item = &Expectation> {
    scenario.steps.iter().filter_map(|step| match step {
        Step::Expect { expectation, .. } => Some(expectation),
        Step::Do { .. } => None,
    })
}

#[test]
fn every_scenario_says_what_happens_and_what_it_shows() {
    let mut shown = BTreeSet::new();
    for (name, (scenario, text)) in scenarios() {
        let head = text.lines().take_while(|line| line.starts_with("# ")).count();
        assert!((2..=3).contains(&head), "{name}: {head} lines say what happens and what must be seen");
        assert!(!scenario.cites.is_empty(), "{name} cites nothing");
        for row in &scenario.cites {
            assert!(ROWS.contains(&row.as_str()), "{name} cites {row}, which is no row of the case table");
        }
        assert!(expectations(&scenario).next().is_some(), "{name} expects nothing");
        shown.extend(scenario.cites);
    }
    for row in [
        "E1", "E2", "E4", "E6", "E7", "E8", "E9", "E10", "E12", "C3", "C7", "C8", "H3", "H5", "H6", "M1",
        "R1",
    ] {
        assert!(shown.contains(row), "no scenario shows {row}");
    }
}

#[test]
fn every_name_is_one_of_the_case() {
    let cases = cases();
    for (name, (scenario, _)) in scenarios() {
        let Case { ted, services, alarms } = case_of(&cases, &name);
        assert_eq!(scenario.check(ted), [], "{name}");
        for expectation in expectations(&scenario) {
            match expectation {
                Expectation::Intent { intent: names, .. }
                | Expectation::Unbroken { unbroken: names }
                | Expectation::Path { path: names, .. } => {
                    let pattern = Glob::new(names).unwrap().compile_matcher();
                    assert!(
                        services.iter().any(|id| pattern.is_match(id)),
                        "{name}: `{names}` means no service"
                    );
                }
                Expectation::Alarm { alarm, .. } | Expectation::Cleared { cleared: alarm, .. } => {
                    assert!(alarms.contains(alarm), "{name}: there is no alarm policy `{alarm}`");
                }
                Expectation::Reroutes { .. }
                | Expectation::Changes { .. }
                | Expectation::Device { .. }
                | Expectation::Drift { .. } => {}
            }
        }
        let vrfs: Vec<&str> = scenario
            .steps
            .iter()
            .filter_map(|step| match step {
                Step::Do { action: Action::Surge { surge, .. }, .. } => Some(surge.as_str()),
                _ => None,
            })
            .collect();
        for vrf in vrfs {
            assert!(
                services.iter().any(|id| id.starts_with(&format!("{vrf}/"))),
                "{name}: nothing is sent in {vrf}"
            );
        }
    }
}

/// Also, a controller that says nothing passes none of them.
#[test]
fn every_scenario_ends_in_time() {
    for (name, (scenario, _)) in scenarios() {
        let mut run = Run::new(&scenario);
        let mut last = 0;
        while let Some(moment) = run.next_moment() {
            run.due(moment);
            last = moment.as_micros();
        }
        let outcome = run.finished().unwrap_or_else(|| panic!("{name} does not end"));
        assert!(last <= LONGEST * 1_000_000, "{name} takes {} s", last / 1_000_000);
        // Nobody said anything, so nothing that must be seen was seen.
        assert!(!outcome.passed, "{name} is met by silence");
    }
}

/// What is cut is joined, what is drained is undrained, and so on: each scenario leaves the case as it found it.
#[test]
fn every_scenario_ends_with_a_network_that_is_whole() {
    for (name, (scenario, _)) in scenarios() {
        let mut open = BTreeSet::new();
        for step in &scenario.steps {
            let Step::Do { action, .. } = step else { continue };
            let (what, begins) = match action {
                Action::Impair { impair, .. } => (format!("impaired {impair}"), true),
                Action::Heal { heal } => (format!("impaired {heal}"), false),
                Action::Down { down } => (format!("cut {down}"), true),
                Action::Up { up } => (format!("cut {up}"), false),
                Action::RiskDown { risk_down } => (format!("cut {risk_down}"), true),
                Action::RiskUp { risk_up } => (format!("cut {risk_up}"), false),
                Action::NodeDown { node_down } => (format!("cut {node_down}"), true),
                Action::NodeUp { node_up } => (format!("cut {node_up}"), false),
                Action::Isolate { isolate } => (format!("isolated {isolate}"), true),
                Action::Rejoin { rejoin } => (format!("isolated {rejoin}"), false),
                Action::Drain { drain } => (format!("drained {drain}"), true),
                Action::Undrain { undrain } => (format!("drained {undrain}"), false),
                Action::DrainNode { drain_node } => (format!("drained {drain_node}"), true),
                Action::UndrainNode { undrain_node } => (format!("drained {undrain_node}"), false),
                Action::Surge { surge, to, .. } => (format!("surge of {surge}"), to.to_string() != "100%"),
                Action::Mode { mode } => ("mode".to_owned(), *mode != net::Allowed::Act),
                Action::Kill { .. } => ("killed".to_owned(), true),
                Action::Start { .. } => ("killed".to_owned(), false),
                Action::Restart { restart } => (format!("changed {restart}"), true),
                Action::DeleteSteering { delete_steering, .. } => {
                    (format!("changed {delete_steering}"), true)
                }
                Action::Restore { restore } => (format!("changed {restore}"), false),
                Action::Apply { .. } => {
                    open.retain(|what: &String| !what.starts_with("changed"));
                    continue;
                }
            };
            if begins {
                open.insert(what);
            } else {
                assert!(open.remove(&what), "{name}: {what} ends and did not begin");
            }
        }
        assert!(open.is_empty(), "{name} leaves {open:?}");
    }
}

/// What a seed varies is of the case too.
#[test]
fn every_variant_is_of_the_case() {
    let cases = cases();
    let mut varied = 0;
    for (name, (scenario, _)) in scenarios() {
        let ted = &case_of(&cases, &name).ted;
        let mut lines = BTreeSet::new();
        for seed in 0..50 {
            let variant = scenario.variant(seed, ted);
            assert_eq!(variant.check(ted), [], "{name}");
            let impaired = variant.steps.iter().find_map(|step| match step {
                Step::Do { action: Action::Impair { impair, .. }, .. } => Some(impair.to_string()),
                _ => None,
            });
            lines.extend(impaired);
        }
        if !scenario.variants.is_empty() {
            varied += 1;
            assert!(lines.len() > 20, "{name}: {lines:?}");
        }
    }
    assert!(varied > 0);
}

/// A deadline that counts from an action cannot pass before the action that it is about has had its time.
#[test]
fn deadlines_leave_time() {
    for (name, (scenario, _)) in scenarios() {
        for step in &scenario.steps {
            if let Step::Expect { deadline: Deadline::Within(span), .. } = step {
                assert!(span.as_micros() >= 5_000_000, "{name}: {span} is too short on a busy machine");
            }
        }
    }
}
