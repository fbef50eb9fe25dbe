//! What the repository shows to readers passes the gate itself: the library of designs, the case of a bank, the guide.

use std::fs;

use crate::call::{NETWORK, root, trunkline};

/// `check` has nothing against it, and `verify` finds every promise kept under every failure of a link or shared risk.
fn passes(network: &str, intents: &[&str]) {
    let check = trunkline(&[&["check", "-n", network], intents].concat());
    assert_eq!(check.code, Some(0), "{network}: {}{}", check.out, check.err);
    assert!(!check.out.contains("warning["), "{network}: {}", check.out);
    let given: Vec<&str> = intents.iter().flat_map(|path| ["-i", *path]).collect();
    let verify = trunkline(&[&["verify", "-n", network], &given[..]].concat());
    assert_eq!(verify.code, Some(0), "{network}: {}{}", verify.out, verify.err);
    assert!(verify.out.ends_with("every promise holds\n"), "{network}: {}", verify.out);
}

#[test]
fn every_design_of_the_library_passes_with_its_example() {
    let folder = root().join("intents/examples/library");
    let mut designs: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    designs.sort();
    assert!(designs.len() >= 9, "the library was found: {designs:?}");
    for design in designs {
        let example = format!("intents/examples/library/{}", design.to_str().unwrap());
        passes(&format!("{example}/network.yaml"), &["intents/library", &format!("{example}/intents.yaml")]);
    }
}

#[test]
fn the_cases_of_two_banks_and_the_small_example_pass() {
    passes("lab/ceb.clab.yml", &["intents/examples/ceb"]);
    passes("lab/cases/ccb/network.yaml", &["lab/cases/ccb/intents.yaml"]);
    passes(NETWORK, &["intents/examples/minimal/classes.yaml", "intents/examples/minimal/services.yaml"]);
}

#[test]
fn the_guide_to_the_language_passes_as_one_file() {
    let page = fs::read_to_string(root().join("docs/intents.md")).unwrap();
    let blocks = page.split("\n```yaml\n").skip(1).map(|rest| rest.split_once("\n```").unwrap().0);
    let blocks: Vec<&str> = blocks.collect();
    assert!(blocks.len() >= 10, "the guide has {} examples", blocks.len());
    let folder = tempfile::tempdir().unwrap();
    let guide = folder.path().join("guide.yaml");
    fs::write(&guide, blocks.join("\n---\n")).unwrap();
    passes(NETWORK, &["intents/library", guide.to_str().unwrap()]);
}

#[test]
fn the_example_of_a_pipeline_passes() {
    passes("intents/examples/ci/bank.clab.yml", &["intents/examples/ci/intents"]);
}
