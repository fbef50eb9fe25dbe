//! What is printed reads as what was printed.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use proptest::prelude::*;

use super::{any::Any, any::tree, guide};
use crate::{
    Document, KINDS, SourceFile, Spec,
    doc::{AnyValue, InstanceSpec, Metadata, Name, Text},
    parse, print,
    read::At,
    source::Mark,
};

/// The documents as they show themselves, without the places where everything stands.
fn without_places(documents: &[Document]) -> String {
    let shown = format!("{documents:?}");
    let mut parts = shown.split("mark: Mark { ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| out + part.split_once(" }").unwrap().1)
}

/// Prints and reads again.
fn there_and_back(documents: &[Document]) -> Vec<Document> {
    let text = print(documents);
    parse(&SourceFile::new("test.yaml", text.clone())).unwrap_or_else(|faults| panic!("{faults:#?}\n{text}"))
}

fn yaml_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            yaml_files(&path, found);
        } else if path.extension().is_some_and(|end| end == "yaml") && !path.ends_with("network.yaml") {
            found.push(path);
        }
    }
}

#[test]
fn every_example_reads_the_same_after_it_was_printed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    yaml_files(&root.join("library"), &mut files);
    yaml_files(&root.join("examples"), &mut files);
    let mut texts: Vec<String> = files.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let page = fs::read_to_string(root.join("../docs/intents.md")).unwrap();
    texts.extend(guide::examples(&page).into_iter().map(|(_, text)| text));
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for text in texts {
        // The folders hold files of other programs too.
        let Ok(documents) = parse(&SourceFile::new("test.yaml", text)) else { continue };
        assert_eq!(without_places(&there_and_back(&documents)), without_places(&documents));
        documents.iter().for_each(|document| *kinds.entry(document.kind()).or_default() += 1);
    }
    assert!(KINDS.iter().all(|kind| kinds.contains_key(kind)), "not every kind has an example: {kinds:?}");
    assert!(kinds["Design"] >= 9 && kinds["ServiceIntent"] >= 10, "{kinds:?}");
}

fn document() -> impl Strategy<Value = Document> {
    (Metadata::any(), Spec::any()).prop_map(|(metadata, spec)| Document {
        file: "test.yaml".into(),
        metadata,
        spec,
        origin: None,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Documents of every kind, with each optional field on and off.
    #[test]
    fn documents_read_the_same_after_they_were_printed(documents in proptest::collection::vec(document(), 1..3)) {
        let again = there_and_back(&documents);
        prop_assert_eq!(without_places(&again), without_places(&documents), "{}", print(&documents));
        prop_assert_eq!(print(&again), print(&documents));
    }

    /// Whatever stands in a tree is no syntax.
    #[test]
    fn a_tree_of_any_texts_reads_the_same_after_it_was_printed(node in tree()) {
        let documents = [instance("any", AnyValue(node))];
        prop_assert_eq!(without_places(&there_and_back(&documents)), without_places(&documents), "{}", print(&documents));
    }
}

fn at<T>(value: T) -> At<T> {
    At { value, mark: Mark::default() }
}

fn instance(parameter: &str, value: AnyValue) -> Document {
    let spec = InstanceSpec {
        design: at(Name("design".to_owned())),
        parameters: BTreeMap::from([(at(Text(parameter.to_owned())), value)]),
    };
    let metadata = Metadata { name: at(Name("one".to_owned())), owner: None, labels: BTreeMap::new() };
    Document { file: "test.yaml".into(), metadata, spec: Spec::DesignInstance(spec), origin: None }
}

#[test]
fn what_yaml_takes_for_a_number_stays_as_it_was_written() {
    // The second is the beginning of a commit's name, and too large for a number.
    for text in [
        "1.50",
        "12e4567",
        "-1e999",
        ".inf",
        ".NaN",
        "0x1F",
        "0o17",
        "1_000",
        "12:30:45",
        "99999999999999999999",
    ] {
        let file = format!(
            "apiVersion: trunkline/v1\nkind: DesignInstance\nmetadata: {{name: one, labels: {{a: {text}}}}}\nspec: {{design: d}}\n"
        );
        let documents =
            parse(&SourceFile::new("test.yaml", file)).unwrap_or_else(|faults| panic!("{faults:#?}"));
        let label = documents[0].metadata.labels.values().next().unwrap();
        assert_eq!(label.value.0, text);
    }
}

#[test]
fn a_key_that_is_longer_than_yaml_looks_ahead_is_announced() {
    let documents = [instance(&"long ".repeat(1_000), AnyValue(crate::print::scalar("value")))];
    assert_eq!(without_places(&there_and_back(&documents)), without_places(&documents));
}

#[test]
fn what_is_short_stands_on_one_line_and_nothing_is_quoted_without_need() {
    let text = "apiVersion: trunkline/v1
kind: ServiceIntent
metadata: {name: payments, owner: \"payments & clearing\", labels: {change: CHG-1}}
spec:
  connectivity: {type: hub-spoke, hubs: [hq-pe1], spokes: {role: branch, nodes: \"{bj,sh}-*\"}}
  match:
    - {prefix: 10.16.0.0/16, dscp: [af41]}
  vrf: payments
  class: business
  slo:
    oneWayDelay: 30ms
    domains: {access: 12ms, backbone: 18ms}
    jitter: 5ms
    loss: 0.1%
    bandwidth: 20Mbps
    availability: 99.99%
  assurance:
    breach:
      any:
        - delay > contract + 20ms
        - {all: [loss > 0.5%, queue(production).drops > 0]}
      for: 5s
  when: {every: [sat, sun], from: 01:00, for: 4h, offset: \"+08:00\"}
";
    let documents = parse(&SourceFile::new("test.yaml", text)).unwrap();
    assert_eq!(print(&documents), text);
}
