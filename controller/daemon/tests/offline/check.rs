//! `trunkline check`: what is wrong is drawn on its source, and the exit code says so.

use serde_json::Value;

use crate::call::{Called, INTENTS, NETWORK, bad, trunkline};

const CLASSES: &str = "intents/examples/minimal/classes.yaml";

/// Checks one bad file beside the classes of the example.
fn check_bad(name: &str) -> Called {
    trunkline(&["check", &bad(name), CLASSES, "-n", NETWORK])
}

fn drawn(name: &str) {
    let called = check_bad(&format!("{name}.yaml"));
    assert_eq!(called.code, Some(1), "{}", called.err);
    insta::assert_snapshot!(format!("check-{name}"), called.out);
}

#[test]
fn an_unknown_field_is_drawn_with_the_nearest_known_one() {
    drawn("unknown-field");
}

#[test]
fn wrong_units_are_drawn_all_at_once() {
    drawn("wrong-unit");
}

#[test]
fn a_missing_node_is_drawn_with_the_nearest_known_one() {
    drawn("missing-node");
}

#[test]
fn a_duplicate_name_is_drawn_with_both_places() {
    drawn("duplicate-name");
}

#[test]
fn an_impossible_objective_is_drawn_with_what_the_network_can_do() {
    drawn("impossible-slo");
}

/// A folder with one file.
fn folder_with(name: &str, text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), text).unwrap();
    folder
}

#[test]
fn a_file_that_is_no_text_is_a_finding_in_every_format_and_hides_no_other() {
    let folder = folder_with("b.yaml", "apiVersion: trunkline/v1\nkind: TrafficClas\n");
    std::fs::write(folder.path().join("a.yaml"), b"name: ok\nsite: M\xfcnchen\n").unwrap();
    for (format, with) in [("text", None), ("json", None), ("json", Some(NETWORK)), ("sarif", Some(NETWORK))]
    {
        let mut arguments = vec!["check", folder.path().to_str().unwrap(), "--format", format];
        arguments.extend(with.into_iter().flat_map(|network| ["-n", network]));
        let called = trunkline(&arguments);
        assert_eq!(called.code, Some(1), "{format}: {}", called.err);
        assert!(called.out.contains("TL0001") && called.out.contains("TL0011"), "{format}: {}", called.out);
    }
}

#[test]
fn the_example_is_clean() {
    let called = trunkline(&["check", INTENTS, "-n", NETWORK]);
    assert_eq!(called.code, Some(0), "{}", called.out);
    insta::assert_snapshot!("check-clean", called.out);
}

#[test]
fn designs_are_judged_with_their_library_and_without_a_network() {
    const EXAMPLE: &str = "intents/examples/library/voice";
    let network = format!("{EXAMPLE}/network.yaml");
    for more in [&[][..], &["-n", network.as_str()]] {
        let called = trunkline(&[&["check", "intents/library", EXAMPLE], more].concat());
        assert_eq!(called.code, Some(0), "{}", called.out);
        assert!(called.out.contains("no findings"), "{}", called.out);
    }
    let bare = trunkline(&["check", EXAMPLE]);
    assert_eq!(bare.code, Some(1), "{}", bare.out);
    assert!(bare.out.contains("TL0042") && bare.out.contains("-i library/ -i my/"), "{}", bare.out);
}

#[test]
fn without_a_network_only_what_needs_none_is_judged() {
    let called = trunkline(&["check", INTENTS]);
    assert_eq!(called.code, Some(0), "{}", called.out);
    assert!(called.out.contains("no findings"), "{}", called.out);
    let twice = trunkline(&["check", &bad("duplicate-name.yaml"), CLASSES]);
    assert_eq!(twice.code, Some(1), "{}", twice.out);
    assert!(twice.out.contains("TL0020"), "{}", twice.out);
    let domains = folder_with(
        "s.yaml",
        "apiVersion: trunkline/v1\nkind: ServiceIntent\nmetadata: {name: s}\nspec:\n  connectivity: {type: p2p, endpoints: [a, b]}\n  vrf: v\n  \
         class: business\n  slo: {oneWayDelay: 40ms, domains: {access: 12ms}}\n",
    );
    let domains = trunkline(&["check", domains.path().to_str().unwrap(), CLASSES]);
    assert_eq!(domains.code, Some(0), "{}", domains.out);
    let window = folder_with(
        "w.yaml",
        "apiVersion: trunkline/v1\nkind: MaintenanceWindow\nmetadata: {name: w}\nspec:\n  on: {nodes: [core-1]}\n  when: {from: \
         \"2026-12-05T01:00:00+08:00\", to: \"2026-12-04T01:00:00+08:00\"}\n",
    );
    let window = trunkline(&["check", window.path().to_str().unwrap()]);
    assert_eq!(window.code, Some(1), "{}", window.out);
    assert!(window.out.contains("TL0072"), "{}", window.out);
    let nowhere = trunkline(&["check", &bad("missing-node.yaml"), CLASSES]);
    assert!(!nowhere.out.contains("TL0021"), "{}", nowhere.out);
}

#[test]
fn warnings_alone_are_no_failure() {
    let called = trunkline(&["check", CLASSES, "-n", NETWORK]);
    assert!(called.out.contains("TL0035"), "{}", called.out);
    assert_eq!(called.code, Some(0), "{}", called.out);
}

#[test]
fn json_has_every_finding_with_its_place() {
    let called = trunkline(&["check", &bad("wrong-unit.yaml"), CLASSES, "-n", NETWORK, "--format", "json"]);
    let json: Value = serde_json::from_str(&called.out).unwrap();
    assert_eq!(called.code, Some(1));
    assert_eq!(json["errors"], json["findings"].as_array().unwrap().len());
    assert_eq!(json["findings"][0]["code"], "TL0009");
    assert_eq!(json["findings"][0]["place"]["line"], 8);
}

#[test]
fn sarif_has_every_finding_with_its_rule_and_region() {
    let called = trunkline(&["check", &bad("duplicate-name.yaml"), CLASSES, "--format", "sarif"]);
    assert_eq!(called.code, Some(1));
    let log: Value = serde_json::from_str(&called.out).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    let result = results.iter().find(|result| result["ruleId"] == "TL0020").unwrap();
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], bad("duplicate-name.yaml"));
    assert_eq!(place["region"], serde_json::json!({"startLine": 8, "startColumn": 18, "endColumn": 22}));
    assert_eq!(result["relatedLocations"][0]["physicalLocation"]["region"]["startLine"], 3);
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(rules.iter().any(|rule| rule["id"] == "TL0020" && rule["shortDescription"]["text"].is_string()));
}

#[test]
fn a_path_that_is_not_there_is_a_wrong_call() {
    let called = trunkline(&["check", "no/such/file.yaml"]);
    assert_eq!(called.code, Some(2));
    assert!(called.err.starts_with("error: no/such/file.yaml: "), "{}", called.err);
}

#[test]
fn a_key_or_a_token_in_the_place_of_another_file_is_named_and_never_shown() {
    let key = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw\n-----END PRIVATE KEY-----\n";
    let token = "Zx9_Zx9_Zx9_Zx9_Zx9_Zx9_Zx9_Zx9_Zx9_Zx9_Zx9\n";
    let folder = folder_with("k.pem", key);
    std::fs::write(folder.path().join("token"), token).unwrap();
    for (name, what) in [("k.pem", "it holds a private key"), ("token", "it holds one long word")] {
        let path = folder.path().join(name);
        let path = path.to_str().unwrap();
        for call in [
            &["check", path][..],
            &["check", INTENTS, "-n", path],
            &["plan", "-n", path, "-i", INTENTS],
            &["plan", "-n", NETWORK, "-i", INTENTS, "--state", path],
            &["serve", "-c", path],
            &["serve", "-n", path, "--inventory", path, "--state", "no-state"],
            &["serve", "-n", NETWORK, "--inventory", path, "--state", "no-state"],
            &["solve", path, path],
        ] {
            let called = trunkline(call);
            assert!(called.code.is_some_and(|code| code > 0), "{call:?}: {}", called.out);
            assert!(called.err.contains(path) && called.err.contains(what), "{call:?}: {}", called.err);
            let all = called.out + &called.err;
            assert!(
                !all.contains("MC4C") && !all.contains("Zx9_") && !all.contains("ConfigFile"),
                "{call:?}: {all}"
            );
        }
    }
}

#[test]
fn a_network_with_faults_is_drawn_too() {
    let folder = tempfile::tempdir().unwrap();
    let network = folder.path().join("network.yaml");
    let text =
        "apiVersion: trunkline/v1\nkind: Network\nnodes:\n  - {name: a, routerId: 10.0.0.300}\nlinks: []\n";
    std::fs::write(&network, text).unwrap();
    let called = trunkline(&["check", INTENTS, "-n", network.to_str().unwrap()]);
    assert_eq!(called.code, Some(1), "{}", called.err);
    assert!(called.out.contains("TL0104") && called.out.contains("10.0.0.300"), "{}", called.out);
    let both = trunkline(&["check", &bad("wrong-unit.yaml"), CLASSES, "-n", network.to_str().unwrap()]);
    assert_eq!(both.code, Some(1), "{}", both.err);
    assert!(both.out.contains("TL0104") && both.out.contains("TL0009"), "{}", both.out);
    assert!(!both.out.contains("TL0021"), "no node is missing where no network could be read: {}", both.out);
}

#[test]
fn what_the_network_file_leaves_to_guesses_is_told_by_every_command_that_reads_it() {
    let network = std::fs::read_to_string(crate::call::root().join(NETWORK)).unwrap();
    let (before, rest) = network.split_once("name: line1-br-1").unwrap();
    let (of_line, after) = rest.split_once("bandwidth: 100Mbps, ").unwrap();
    let folder = folder_with("network.yaml", &format!("{before}name: line1-br-1{of_line}{after}"));
    let network = folder.path().join("network.yaml");
    let network = network.to_str().unwrap();
    let check = trunkline(&["check", INTENTS, "-n", network]);
    assert_eq!(check.code, Some(0), "{}{}", check.out, check.err);
    assert!(check.out.contains("warning[TL0132]"), "{}", check.out);
    let check = trunkline(&["check", INTENTS, "-n", network, "--format", "json"]);
    let said: Value = serde_json::from_str(&check.out).unwrap();
    assert_eq!(said["findings"][0]["code"], "TL0132", "{}", check.out);
    let plan = trunkline(&["plan", "-i", INTENTS, "-n", network]);
    assert!(plan.out.contains("warning[TL0132]"), "{}", plan.out);
    let verify = trunkline(&["verify", "-i", INTENTS, "-n", network, "--format", "json"]);
    assert!(verify.err.contains("warning[TL0132]"), "{}", verify.err);
    assert!(serde_json::from_str::<Value>(&verify.out).is_ok(), "{}", verify.out);
}

#[test]
fn intents_in_place_of_the_network_are_named_so() {
    let called = trunkline(&["check", INTENTS, "-n", CLASSES]);
    assert_eq!(called.code, Some(2), "{}", called.out);
    assert!(called.err.contains("a file of intents (`kind:"), "{}", called.err);
    let called = trunkline(&["network", "convert", CLASSES]);
    assert_eq!(called.code, Some(2), "{}", called.out);
    let told = &called.err;
    assert!(told.contains("where the network belongs") && !told.contains("-n"), "{told}: convert has no -n");
}

#[test]
fn what_is_left_out_of_a_folder_is_named_in_the_summary() {
    let text = std::fs::read_to_string(crate::call::root().join(CLASSES)).unwrap();
    let folder = folder_with("a.yaml", &text);
    std::fs::write(folder.path().join("network.yaml"), "kind: Network\nnodes: []\n").unwrap();
    let path = folder.path().to_str().unwrap();
    let called = trunkline(&["check", path]);
    assert_eq!(called.code, Some(0), "{}", called.out);
    assert!(called.out.ends_with(&format!("left out: {path}/network.yaml (Network)\n")), "{}", called.out);
    let json: Value = serde_json::from_str(&trunkline(&["check", path, "--format", "json"]).out).unwrap();
    let left = serde_json::json!([{"file": format!("{path}/network.yaml"), "why": "Network"}]);
    assert_eq!(json["leftOut"], left);
}

#[test]
fn who_plans_explains_and_verifies_is_told_what_is_left_out_of_a_folder() {
    let services = crate::call::root().join(crate::call::INTENTS).join("services.yaml");
    let text = std::fs::read_to_string(crate::call::root().join(CLASSES)).unwrap();
    let folder = folder_with("a.yaml", &text);
    std::fs::copy(services, folder.path().join("b.yaml")).unwrap();
    let path = folder.path().to_str().unwrap();
    // The network that is asked about is read, and not left out.
    let network = format!("{path}/network.yaml");
    std::fs::copy(crate::call::root().join(crate::call::NETWORK), &network).unwrap();
    let commands = [vec!["plan"], vec!["why", "voice"], vec!["verify", "--failures", "none"]];
    for file in [None, Some("other.yaml")] {
        if let Some(name) = file {
            std::fs::write(folder.path().join(name), "kind: Network\nnodes: []\n").unwrap();
        }
        let expected = file.map(|name| format!("left out: {path}/{name} (Network)\n")).unwrap_or_default();
        for command in &commands {
            let called = trunkline(&[command.as_slice(), &["-n", &network, "-i", path]].concat());
            assert_eq!((called.code, called.err), (Some(0), expected.clone()), "{command:?}: {}", called.out);
        }
    }
}

#[test]
fn a_path_that_is_not_there_keeps_nobody_from_judging_the_others() {
    let called = trunkline(&["check", "no/such/file.yaml", &bad("wrong-unit.yaml"), CLASSES]);
    assert_eq!(called.code, Some(2), "{}", called.out);
    assert!(called.err.starts_with("error: no/such/file.yaml: "), "{}", called.err);
    assert!(called.out.contains("TL0009"), "{}", called.out);
    let nowhere = trunkline(&["check", &bad("wrong-unit.yaml"), CLASSES, "-n", "no/such/network.yaml"]);
    assert_eq!(nowhere.code, Some(2), "{}", nowhere.out);
    assert!(nowhere.err.starts_with("error: no/such/network.yaml: "), "{}", nowhere.err);
    assert!(nowhere.out.contains("TL0009"), "{}", nowhere.out);
}

#[test]
fn more_faults_than_are_drawn_are_counted_and_stand_in_json() {
    let fields: String = (0..1_500).map(|at| format!("  x{at}: 1\n")).collect();
    let text =
        format!("apiVersion: trunkline/v1\nkind: TrafficClass\nmetadata: {{name: a}}\nspec:\n{fields}");
    let folder = folder_with("a.yaml", &text);
    let path = folder.path().to_str().unwrap();
    let called = trunkline(&["check", path]);
    assert!(called.out.contains("and 1400 more; --format json shows all"), "{}", called.out);
    assert!(called.out.contains("1500 errors"), "{}", called.out);
    let json: Value = serde_json::from_str(&trunkline(&["check", path, "--format", "json"]).out).unwrap();
    assert_eq!(json["findings"].as_array().unwrap().len(), 1_500);
    let log: Value = serde_json::from_str(&trunkline(&["check", path, "--format", "sarif"]).out).unwrap();
    assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), 1_500);
}

#[test]
fn what_would_act_on_a_terminal_is_drawn_as_its_escape_and_columns_count_characters() {
    let text = "\u{feff}apiVersion: trunkline/v1\nkind: ServiceIntent\nmetadata: {name: s, owner: \"银行\u{202e}\", vrf: x}\n";
    let folder = folder_with("a.yaml", text);
    let path = folder.path().to_str().unwrap();
    let called = trunkline(&["check", path]);
    assert!(called.out.contains("a.yaml:3:35]"), "{}", called.out);
    assert!(called.out.contains("owner: \"银行\\u{202e}\", vrf"), "{}", called.out);
    assert!(!called.out.contains('\u{202e}'), "{}", called.out);
    let json: Value = serde_json::from_str(&trunkline(&["check", path, "--format", "json"]).out).unwrap();
    let told = json["findings"].as_array().unwrap().iter().find(|one| one["code"] == "TL0006").unwrap();
    assert_eq!((&told["place"]["line"], &told["place"]["column"]), (&3.into(), &35.into()));
    let control = "cl\u{1b}[31mub\u{7}\u{202e}.yaml";
    let named = trunkline(&["check", control]);
    assert!(named.err.contains("cl\\u{1b}[31mub\\u{7}\\u{202e}.yaml"), "{}", named.err);
    let why = trunkline(&["why", "-n", NETWORK, "-i", INTENTS, control]);
    assert!(!why.err.contains('\u{1b}') && why.err.contains("\\u{1b}"), "{}", why.err);
    let unknown = trunkline(&["check", &format!("--{control}")]);
    assert!(!unknown.err.contains('\u{1b}'), "{}", unknown.err);
}

#[test]
fn a_byte_order_mark_of_a_network_file_moves_no_column() {
    let text = "\u{feff}apiVersion: trunkline/v2\nkind: Network\nnodes: []\nlinks: []\n";
    let folder = folder_with("network.yaml", text);
    let network = folder.path().join("network.yaml");
    let called = trunkline(&["check", INTENTS, "-n", network.to_str().unwrap()]);
    let with = called.out;
    std::fs::write(&network, text.trim_start_matches('\u{feff}')).unwrap();
    let without = trunkline(&["check", INTENTS, "-n", network.to_str().unwrap()]).out;
    assert!(with.contains("network.yaml:1:"), "{with}");
    assert_eq!(with, without);
}

#[test]
fn what_is_said_of_a_whole_file_names_it_once_and_counts_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.yaml");
    std::fs::write(&path, b"name: ok\nsite: M\xfcnchen\n").unwrap();
    let path = path.to_str().unwrap();
    let called = trunkline(&["check", path]);
    assert!(called.out.contains(&format!("{path}:2:8: the file is not UTF-8 text")), "{}", called.out);
    assert!(!called.out.contains(&format!("{path}: ")), "{}", called.out);
    assert!(called.out.contains("1 error in 1 file;"), "{}", called.out);
}
