//! `trunkline plan` and `trunkline why`: the ticket and the reasons.

use serde_json::Value;

use crate::call::{INTENTS, NETWORK, bad, trunkline};

fn plan(more: &[&str]) -> crate::call::Called {
    trunkline(&[&["plan", "-n", NETWORK, "-i", INTENTS], more].concat())
}

#[test]
fn the_plan_of_the_example_reads_like_a_change_ticket() {
    let called = plan(&[]);
    assert_eq!(called.code, Some(0), "{}{}", called.out, called.err);
    assert_eq!(called.err, "", "no progress where there is no terminal");
    insta::assert_snapshot!("plan-minimal", called.out);
}

#[test]
fn markdown_says_the_same() {
    let called = plan(&["--format", "markdown"]);
    assert_eq!(called.code, Some(0), "{}", called.err);
    insta::assert_snapshot!("plan-minimal-markdown", called.out);
}

#[test]
fn json_has_the_plan_and_the_report() {
    let called = plan(&["--format", "json"]);
    let json: Value = serde_json::from_str(&called.out).unwrap();
    assert_eq!(json["state"], "empty");
    assert!(!json["plan"]["transactions"].as_array().unwrap().is_empty());
    assert!(json["report"]["checked"]["failures"].as_u64().unwrap() >= 7);
}

#[test]
fn the_same_input_gives_the_same_plan() {
    assert_eq!(plan(&["--format", "json"]).out, plan(&["--format", "json"]).out);
}

#[test]
fn a_plan_that_must_not_be_carried_out_ends_with_findings() {
    let classes = "intents/examples/minimal/classes.yaml";
    let impossible = bad("impossible-slo.yaml");
    let call = ["plan", "-n", NETWORK, "-i", &impossible, "-i", classes];
    let called = trunkline(&call);
    assert_eq!(called.code, Some(1));
    assert!(called.out.contains("TL0026"), "{}", called.out);
    let json = trunkline(&[&call[..], &["--format", "json"]].concat());
    assert_eq!(json.code, Some(1));
    let json: Value = serde_json::from_str(&json.out).unwrap();
    let findings = json["findings"].as_array().unwrap();
    assert!(findings.iter().any(|finding| finding["code"] == "TL0026"), "{findings:?}");
}

/// A snapshot whose devices hold what the file's plan puts there.
pub fn snapshot_of(folder: &tempfile::TempDir, change: impl Fn(&mut engine::snapshot::StateFile)) -> String {
    let read = |name: &str| std::fs::read_to_string(crate::call::root().join(INTENTS).join(name)).unwrap();
    let ted = formats::read("network.yaml", &read("network.yaml")).unwrap().ted;
    let files: engine::stages::Files =
        ["classes.yaml", "services.yaml"].map(|name| (name.to_owned(), read(name))).into();
    let (set, _) = engine::cycle::understand(&files, &ted, intents::AsOf::default()).unwrap();
    let ids = model::Allocations::default().extended(&set).unwrap();
    let hints = model::Hints::default();
    let desired = intents::compile(&set, &ted, &hints, &ids).desired;
    let mut actual = model::ActualState { revision: model::Revision(7), ..Default::default() };
    for node in ted.nodes.keys() {
        let owned = desired.devices.get(node).cloned().unwrap_or_default();
        let (foreign, at) = (model::state::Foreign::default(), model::Timestamp::default());
        actual.devices.insert(node.clone(), model::DeviceReading::Read { owned, foreign, at });
    }
    let mut state = engine::snapshot::StateFile {
        version: 1,
        actual,
        ids,
        hints,
        intents: files,
        at: None,
        learned: Default::default(),
        lacks: Default::default(),
        exceptions: Default::default(),
    };
    change(&mut state);
    let path = folder.path().join("state.json");
    std::fs::write(&path, serde_json::to_vec(&state).unwrap()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_snapshot_in_which_all_stands_gives_an_empty_plan() {
    let folder = tempfile::tempdir().unwrap();
    let state = snapshot_of(&folder, |_| {});
    let called = plan(&["--state", &state, "--format", "json"]);
    let json: Value = serde_json::from_str(&called.out).unwrap();
    assert_eq!(json["state"], "snapshot");
    assert_eq!(json["plan"]["transactions"], serde_json::json!([]));
    assert_eq!(json["plan"]["base"], 7);
}

#[test]
fn a_plan_that_a_router_s_modules_have_no_nodes_for_is_refused_as_the_controller_would() {
    let folder = tempfile::tempdir().unwrap();
    let lacking = |holds: bool| {
        snapshot_of(&folder, |state| {
            let node = model::NodeId::lit("hq-pe1");
            let lacks = device::Lacks::from([("trunkline-sr-policy".to_owned(), device::Lack::Module)]);
            state.lacks.insert(node.clone(), lacks);
            if let Some(model::DeviceReading::Read { owned, .. }) = state.actual.devices.get_mut(&node)
                && !holds
            {
                *owned = model::DeviceConfig::default();
            }
        })
    };
    let called = plan(&["--state", &lacking(false), "--format", "json"]);
    assert_eq!(called.code, Some(1), "{}{}", called.out, called.err);
    let json: Value = serde_json::from_str(&called.out).unwrap();
    let findings = json["findings"].as_array().unwrap();
    let [found] = findings.iter().filter(|finding| finding["code"] == "TL0095").collect::<Vec<_>>()[..]
    else {
        panic!("{findings:?}")
    };
    assert_eq!(found["subject"], "hq-pe1");
    let message = found["message"].as_str().unwrap();
    assert!(message.starts_with("it does not serve the module trunkline-sr-policy, and "), "{message}");
    let called = plan(&["--state", &lacking(true)]);
    assert_eq!(called.code, Some(0), "nothing is asked of it: {}{}", called.out, called.err);
}

#[test]
fn a_snapshot_of_another_format_or_network_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let newer = snapshot_of(&folder, |state| state.version = 2);
    let called = plan(&["--state", &newer]);
    assert_eq!(called.code, Some(2));
    assert!(called.err.contains("a snapshot of format 2"), "{}", called.err);
    let other = snapshot_of(&folder, |state| {
        let reading = state.actual.devices.values().next().unwrap().clone();
        state.actual.devices.insert(model::NodeId::lit("stranger"), reading);
    });
    let called = plan(&["--state", &other]);
    assert_eq!(called.code, Some(2));
    assert!(called.err.contains("the device stranger"), "{}", called.err);
}

#[test]
fn what_the_controller_has_learned_is_laid_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let calm = snapshot_of(&folder, |_| {});
    let called = plan(&["--state", &calm]);
    assert!(!called.out.contains("16022"), "{}", called.out);
    let learned = snapshot_of(&folder, |state| {
        let sid = model::Fact::from_file(22);
        state.learned.nodes.entry(model::NodeId::lit("core-1")).or_default().node_sid = Some(sid);
    });
    let called = plan(&["--state", &learned]);
    assert_eq!(called.code, Some(0), "{}{}", called.out, called.err);
    assert!(called.out.contains("16022"), "the SID that routers tell: {}", called.out);
    let called = trunkline(&["why", "-n", NETWORK, "-i", INTENTS, "--state", &learned, "voice"]);
    assert!(called.out.contains("16022"), "{}", called.out);
}

/// A snapshot in which somebody has changed the headquarters' router, and that was accepted until 2033.
pub fn accepted(folder: &tempfile::TempDir, tamper: impl Fn(&mut model::DeviceConfig)) -> String {
    let node = model::NodeId::lit("hq-pe1");
    snapshot_of(folder, |state| {
        let Some(model::DeviceReading::Read { owned, .. }) = state.actual.devices.get_mut(&node) else {
            panic!("it was read")
        };
        let wanted = model::DesiredState { devices: [(node.clone(), owned.clone())].into() };
        tamper(owned);
        let objects = ::plan::diff(&wanted, &state.actual).devices[&node].clone();
        let (since, until) =
            (model::Timestamp::default(), model::Timestamp::from_micros(2_000_000_000_000_000));
        let (who, why, until) = ("mei".to_owned(), "CHG9".to_owned(), Some(until));
        state.exceptions.accept(node.clone(), ::plan::Exception { who, since, why, until, objects });
    })
}

#[test]
fn what_was_accepted_is_left_alone_until_its_time_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let rename = |config: &mut model::DeviceConfig| {
        config.policies.values_mut().for_each(|policy| policy.name = "tl-by-hand".into());
    };
    let state = accepted(&folder, rename);
    let called = plan(&["--state", &state]);
    assert_eq!(called.code, Some(0), "{}{}", called.out, called.err);
    assert!(called.out.contains("Nothing to do"), "{}", called.out);
    assert!(called.out.contains(" held by an exception of mei until 2033-05-18"), "{}", called.out);
    let called = plan(&["--state", &state, "--at", "2034-01-01T00:00:00Z"]);
    assert!(!called.out.contains("Nothing to do") && !called.out.contains("exception of"), "{}", called.out);
    let called = trunkline(&["why", "-n", NETWORK, "-i", INTENTS, "--state", &state, "payments-br-1"]);
    assert_eq!(called.code, Some(0), "{}", called.err);
    assert!(called.err.contains(::plan::codes::EXCEPTION), "{}", called.err);
}

#[test]
fn why_tells_the_path_its_backup_and_the_reasons() {
    let called = trunkline(&["why", "-n", NETWORK, "-i", INTENTS, "payments-br-1"]);
    assert_eq!(called.code, Some(0), "{}", called.err);
    insta::assert_snapshot!("why-payments-br-1", called.out);
}

#[test]
fn why_about_nothing_names_the_nearest() {
    let called = trunkline(&["why", "-n", NETWORK, "-i", INTENTS, "payments-br-2"]);
    assert_eq!(called.code, Some(2));
    assert!(called.err.contains("did you mean `payments-br-1`?"), "{}", called.err);
}

#[test]
fn findings_within_the_report_have_their_places_in_json() {
    let service = |name: &str| {
        format!(
            "---\napiVersion: trunkline/v1\nkind: ServiceIntent\nmetadata: {{name: {name}}}\nspec:\n  connectivity: {{type: p2p, endpoints: [hq-pe1, br-1]}}\n  vrf: {name}\n  class: business\n  slo: {{bandwidth: 90Mbps}}\n"
        )
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.yaml");
    std::fs::write(&path, [service("a"), service("b")].concat()).unwrap();
    let classes = format!("{INTENTS}/classes.yaml");
    let call = ["plan", "-n", NETWORK, "-i", path.to_str().unwrap(), "-i", &classes, "--format", "json"];
    let json: Value = serde_json::from_str(&trunkline(&call).out).unwrap();
    let findings = json["report"]["findings"].as_array().unwrap();
    let lines: Vec<&Value> = findings
        .iter()
        .filter(|finding| finding["code"] == "TL0055")
        .map(|finding| &finding["place"]["line"])
        .collect();
    assert_eq!(lines, [9, 18], "{findings:?}");
}
