//! What others hold our files against, judged by a validator of JSON Schema that shares no code with us: the schema that editors
//! get, against every example; and SARIF logs, against the schema that OASIS published.

use std::{fs, path::PathBuf};

use cargo_metadata::MetadataCommand;
use jsonschema::Validator;
use serde::Deserialize;
use serde_json::Value;

use crate::call::{bad, root, trunkline};

fn validator(schema: &Value) -> Validator {
    jsonschema::validator_for(schema).unwrap_or_else(|error| panic!("the schema itself is wrong: {error}"))
}

/// Every way in which a value is not what the schema says.
fn faults(validator: &Validator, value: &Value) -> Vec<String> {
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// The schema of intent files, as `trunkline schema` prints it.
fn intents() -> Validator {
    let called = trunkline(&["schema", "intents"]);
    assert_eq!(called.code, Some(0), "{}", called.err);
    validator(&serde_json::from_str(&called.out).unwrap())
}

/// All files of a folder and the folders in it.
fn files(folder: PathBuf) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

fn documents(text: &str) -> Vec<Value> {
    serde_yaml::Deserializer::from_str(text).map(|document| Value::deserialize(document).unwrap()).collect()
}

#[test]
fn every_document_of_the_examples_and_of_the_library_follows_the_schema() {
    let schema = intents();
    let mut judged = 0;
    for folder in ["intents/examples", "intents/library"] {
        for path in
            files(root().join(folder)).iter().filter(|path| path.extension().is_some_and(|end| end == "yaml"))
        {
            for document in documents(&fs::read_to_string(path).unwrap()) {
                if document["kind"] == "Network" {
                    continue;
                }
                let name = path.display();
                assert_eq!(faults(&schema, &document), [""; 0], "{name}: {}", document["metadata"]["name"]);
                judged += 1;
            }
        }
    }
    assert!(judged > 30, "{judged} documents were found");
}

#[test]
fn what_check_refuses_by_its_shape_the_schema_refuses_too() {
    let schema = intents();
    for name in ["unknown-field.yaml", "wrong-unit.yaml"] {
        let text = fs::read_to_string(root().join(bad(name))).unwrap();
        let refused = documents(&text).iter().filter(|document| !schema.is_valid(document)).count();
        assert!(refused > 0, "{name} follows the schema");
    }
}

#[test]
fn a_value_in_the_wrong_unit_and_a_code_point_that_is_none_do_not_follow_the_schema() {
    let schema = intents();
    let text = fs::read_to_string(root().join("intents/examples/minimal/services.yaml")).unwrap();
    let service = documents(&text).into_iter().find(|one| one["kind"] == "ServiceIntent").unwrap();
    let class: Value = serde_json::json!({
        "apiVersion": "trunkline/v1", "kind": "TrafficClass", "metadata": {"name": "x"},
        "spec": {"value": 1, "dscp": ["af41"], "queue": "q", "profile": "p"},
    });
    for (delay, follows) in
        [("30ms", true), (" 8.2 ms", true), ("30Mbps", false), ("30", false), ("-1ms", false)]
    {
        let mut changed = service.clone();
        changed["spec"]["slo"] = serde_json::json!({"oneWayDelay": delay});
        assert_eq!(schema.is_valid(&changed), follows, "{delay}");
    }
    for (point, follows) in [("ef", true), ("46", true), ("64", false), ("af99", false)] {
        let mut changed = class.clone();
        changed["spec"]["dscp"] = serde_json::json!([point]);
        assert_eq!(schema.is_valid(&changed), follows, "{point}");
    }
    let mut changed = class;
    changed["spec"]["dscp"] = serde_json::json!([46]);
    assert!(schema.is_valid(&changed), "a number without quotes");
}

/// The schema of SARIF 2.1.0, from the package that holds it.
fn sarif() -> Validator {
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let metadata = MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .other_options(["--filter-platform".to_owned(), platform])
        .exec()
        .unwrap();
    let package = metadata.packages.iter().find(|package| package.name.as_str() == "serde-sarif").unwrap();
    let path = package.manifest_path.parent().unwrap().join("src/schema.json");
    // In one of its patterns a bracket stands for itself and is not escaped; not every dialect of patterns allows that.
    let text = fs::read_to_string(path).unwrap().replace("{2}]?$", r"{2}\\]?$");
    validator(&serde_json::from_str(&text).unwrap())
}

#[test]
fn sarif_logs_follow_the_published_schema() {
    let schema = sarif();
    let mut judged = 0;
    let bad_files = files(root().join("controller/daemon/tests/offline/bad"));
    let classes = "intents/examples/minimal/classes.yaml";
    let network = "intents/examples/minimal/network.yaml";
    for path in bad_files.iter().map(|path| path.to_str().unwrap()) {
        let called = trunkline(&["check", path, classes, "-n", network, "--format", "sarif"]);
        let log: Value = serde_json::from_str(&called.out).unwrap();
        assert_eq!(faults(&schema, &log), [""; 0], "{path}");
        judged += log["runs"][0]["results"].as_array().unwrap().len();
    }
    assert!(judged >= bad_files.len(), "{judged} results were judged");
    let good = trunkline(&["check", "intents/examples/minimal", "-n", network, "--format", "sarif"]);
    let mut log: Value = serde_json::from_str(&good.out).unwrap();
    assert_eq!(faults(&schema, &log), [""; 0]);
    log["runs"][0]["results"] = serde_json::json!([{"level": "fatal", "message": {"text": "not a level"}}]);
    assert!(!schema.is_valid(&log), "the schema is judged by");
}
