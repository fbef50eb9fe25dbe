//! Cases in the language of the operator: a network, intents, and what must come of them.
//!
//! Every folder of `tests/conformance/` is a case: `network.yaml`, intent files (all other `*.yaml`), and what is expected:
//! `verdict.txt` (where every service goes and why, or what is wrong) and `plan.txt` (the change ticket). With
//! `hints.json` the plan is the step from the state without these hints to the state with them; without, it is the step
//! from a network that holds nothing of ours. `UPDATE=1` writes what came out as what is expected: read the difference
//! before you commit it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use engine::{
    cycle,
    stages::{self, Files, Occasion, Proposal, View},
    terms::Terms,
};
use model::{
    ActualState, Allocations, DeviceConfig, DeviceReading, Finding, Hints, IntentSet, Ted, Timestamp,
    Verdict, state::Foreign, verdict::Route,
};
use similar::TextDiff;

/// One folder.
struct Case {
    folder: PathBuf,
    ted: Arc<Ted>,
    files: Files,
    hints: Option<Hints>,
}

fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance");
    let mut folders: Vec<PathBuf> = fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert!(!folders.is_empty(), "no case in {}", root.display());
    folders.into_iter().map(Case::read).collect()
}

impl Case {
    fn read(folder: PathBuf) -> Self {
        let mut files = Files::new();
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.extension().is_some_and(|extension| extension == "yaml") {
                files.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
        let network =
            files.remove("network.yaml").unwrap_or_else(|| panic!("{}: no network.yaml", folder.display()));
        let network = formats::read("network.yaml", &network)
            .unwrap_or_else(|findings| panic!("{}:\n{}", folder.display(), told(&findings)));
        let hints = fs::read_to_string(folder.join("hints.json")).ok();
        let hints = hints.map(|text| serde_json::from_str(&text).unwrap());
        Self { folder, ted: Arc::new(network.ted), files, hints }
    }

    fn name(&self) -> String {
        self.folder.file_name().unwrap().to_string_lossy().into_owned()
    }

    /// What the last of its steps starts from, and with which hints.
    fn start(&self, set: &Arc<IntentSet>) -> (Ground, Hints) {
        let Some(hints) = self.hints.clone() else { return (Ground::bare(&self.ted), Hints::default()) };
        let ground = Ground::bare(&self.ted);
        let calm = ground.propose(set, Hints::default());
        let calm =
            calm.unwrap_or_else(|findings| panic!("{}: without hints:\n{}", self.name(), told(&findings)));
        (ground.after(calm), hints)
    }
}

/// The state of a network that a proposal starts from.
struct Ground {
    view: View,
}

impl Ground {
    /// Every device was read and holds nothing of ours.
    fn bare(ted: &Arc<Ted>) -> Self {
        let devices = ted.nodes.keys().map(|node| (node.clone(), reading(DeviceConfig::default()))).collect();
        let actual = Arc::new(ActualState { devices, ..ActualState::default() });
        let (ids, hints, before) = (Allocations::default(), Hints::default(), Arc::default());
        let (lacks, exceptions, terms) = (Arc::default(), Arc::default(), Terms::default());
        let view = View { ted: Arc::clone(ted), actual, ids, hints, before, lacks, exceptions, terms };
        Self { view }
    }

    fn propose(&self, set: &Arc<IntentSet>, hints: Hints) -> Result<Proposal, Vec<Finding>> {
        cycle::propose(Arc::clone(set), &self.view, hints, &Occasion::Person)
    }

    /// The same network once a proposal was carried out, edit by edit.
    fn after(&self, proposal: Proposal) -> Self {
        let mut devices: BTreeMap<_, _> = self
            .view
            .actual
            .devices
            .iter()
            .map(|(node, reading)| match reading {
                DeviceReading::Read { owned, .. } => (node.clone(), owned.clone()),
                DeviceReading::Unreadable { .. } => panic!("{node} was read"),
            })
            .collect();
        for transaction in &proposal.plan.transactions {
            for (node, edits) in &transaction.edits {
                let config = devices.get_mut(node).unwrap();
                edits.iter().for_each(|reasoned| reasoned.edit.apply(config));
            }
        }
        let mut actual = ActualState::clone(&self.view.actual);
        actual.revision.0 += 1;
        actual.devices = devices.into_iter().map(|(node, config)| (node, reading(config))).collect();
        let (actual, before) = (Arc::new(actual), Arc::new(proposal.compiled));
        let (ted, ids, hints) = (Arc::clone(&self.view.ted), proposal.ids, proposal.hints);
        let (lacks, exceptions, terms) = (Arc::default(), Arc::default(), Terms::default());
        let view = View { ted, actual, ids, hints, before, lacks, exceptions, terms };
        Self { view }
    }
}

fn reading(owned: DeviceConfig) -> DeviceReading {
    DeviceReading::Read { owned, foreign: Foreign::default(), at: Timestamp::default() }
}

/// What a case comes to: `verdict.txt` and `plan.txt`.
fn outcome(case: &Case) -> [(&'static str, String); 2] {
    let (set, warnings) = match cycle::understand(&case.files, &case.ted, intents::AsOf::default()) {
        Ok((set, warnings)) => (Arc::new(set), warnings),
        Err(findings) => {
            let none = "no plan: the intents have errors\n".to_owned();
            return [("verdict.txt", told(&findings)), ("plan.txt", none)];
        }
    };
    let (ground, hints) = case.start(&set);
    let ids = stages::number(&set, &ground.view.ids).unwrap();
    let compiled = intents::compile(&set, &case.ted, &hints, &ids);
    let mut verdict: String = compiled.verdicts.values().map(verdict_text).collect();
    verdict += &told(&warnings);
    verdict += &told(&compiled.findings);
    let plan = match ground.propose(&set, hints) {
        Ok(proposal) => proposal.report.text(),
        Err(findings) => format!("no plan\n{}", told(&findings)),
    };
    [("verdict.txt", verdict), ("plan.txt", plan)]
}

/// Findings, one a line, each with its place and its way out.
fn told(findings: &[Finding]) -> String {
    let mut out = String::new();
    for finding in findings {
        let place = finding.place.as_ref();
        let place =
            place.map_or(String::new(), |place| format!("{}:{}:{}: ", place.file, place.line, place.column));
        let help = finding.help.as_ref().map_or(String::new(), |help| format!("\n  help: {help}"));
        writeln!(out, "{place}{finding}{help}").unwrap();
    }
    out
}

fn verdict_text(verdict: &Verdict) -> String {
    let mut out = String::new();
    match verdict {
        Verdict::Carried { service, directions } => {
            writeln!(out, "{service}").unwrap();
            for direction in directions {
                writeln!(out, "  {} to {}", direction.from, direction.to).unwrap();
                out += &route_text("primary", &direction.primary);
                match &direction.backup {
                    Some(backup) => out += &route_text("backup", backup),
                    None => out += "    backup   none\n",
                }
            }
        }
        Verdict::Refused { service, constraint, nearest } => {
            let nearest = nearest.as_deref().unwrap_or("no path at all");
            writeln!(out, "{service}\n  refused: {constraint}\n  nearest: {nearest}").unwrap();
        }
    }
    out
}

fn route_text(what: &str, route: &Route) -> String {
    let nodes: Vec<&str> = route.path.nodes.iter().map(|node| node.as_str()).collect();
    let segments: Vec<String> = route.segments.iter().map(ToString::to_string).collect();
    let (nodes, delay, segments) = (nodes.join(" "), route.path.delay, segments.join(" "));
    let mut out = format!("    {what:<8} {nodes}, delay {delay}, segments {segments}\n");
    for why in &route.why {
        writeln!(out, "             why {why}").unwrap();
    }
    out
}

#[test]
fn every_case_comes_to_what_is_expected() {
    let update = std::env::var_os("UPDATE").is_some_and(|value| value == "1");
    let mut wrong = String::new();
    for case in cases() {
        for (file, text) in outcome(&case) {
            let path = case.folder.join(file);
            let expected = fs::read_to_string(&path).unwrap_or_default();
            if text == expected {
                continue;
            }
            if update {
                fs::write(&path, &text).unwrap();
                continue;
            }
            let diff = TextDiff::from_lines(&expected, &text);
            let diff = diff.unified_diff().header("expected", "came out").to_string();
            writeln!(wrong, "{}/{file}\n{diff}", case.name()).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}\nUPDATE=1 writes what came out; read the difference first");
}

#[test]
fn a_plan_that_was_carried_out_leaves_what_was_desired_and_nothing_to_do() {
    let mut carried = 0;
    for case in cases() {
        let Ok((set, _)) = cycle::understand(&case.files, &case.ted, intents::AsOf::default()) else {
            continue;
        };
        let set = Arc::new(set);
        let (ground, hints) = case.start(&set);
        let Ok(proposal) = ground.propose(&set, hints.clone()) else { continue };
        let desired = proposal.compiled.desired.clone();
        let after = ground.after(proposal);
        for (node, found) in &after.view.actual.devices {
            let wanted = desired.devices.get(node).cloned().unwrap_or_default();
            assert_eq!(*found, reading(wanted), "{}: {node}", case.name());
        }
        let again = after.propose(&set, hints).unwrap();
        assert_eq!(again.plan.transactions, [], "{}", case.name());
        carried += 1;
    }
    assert!(carried >= 4, "only {carried} cases have a plan");
}

#[test]
fn folders_are_numbered_without_gap() {
    let names: Vec<String> = cases().iter().map(Case::name).collect();
    let numbers: BTreeSet<usize> = names.iter().map(|name| name[..2].parse().unwrap()).collect();
    assert_eq!(numbers.into_iter().collect::<Vec<_>>(), (1..=names.len()).collect::<Vec<_>>(), "{names:?}");
}
