//! The library of designs: every design has an example on a small network, and every example is carried without a finding.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use model::{Finding, Hints, Sid, Verdict};

use super::{compiled, ted};
use crate::{Document, SourceFile, Spec, parse, validate};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The YAML files of a folder, in the order of their names.
fn files(folder: &Path) -> Vec<(String, String)> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let texts = paths.into_iter().map(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, fs::read_to_string(&path).unwrap())
    });
    texts.collect()
}

fn read(name: &str, text: &str) -> Vec<Document> {
    parse(&SourceFile::new(name, text)).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

pub(super) fn library() -> Vec<Document> {
    files(&folder("library")).iter().flat_map(|(name, text)| read(name, text)).collect()
}

#[test]
fn every_design_of_the_library_explains_itself() {
    let names = [
        "big-data-replication",
        "branch-dual-uplink",
        "branch-three-lines",
        "dc-interconnect",
        "encrypted-with-firewalls",
        "key-application-steering",
        "six-class-qos",
        "video",
        "voice",
    ];
    for (name, text) in files(&folder("library")) {
        assert!(text.starts_with("# "), "{name} begins with a comment");
        for doc in read(&name, &text) {
            let Spec::Design(design) = &doc.spec else { panic!("{name} has a {}", doc.kind()) };
            assert_eq!(format!("{}.yaml", doc.name()), name, "a file is called like its design");
            assert!(design.library.is_some_and(|library| library.value), "{name} says `library: true`");
            assert!(!design.description.value.0.is_empty() && !design.parameters.is_empty(), "{name}");
        }
    }
    assert_eq!(library().iter().map(Document::name).collect::<Vec<_>>(), names);
    let alone = validate(&library(), &super::minimal_ted()).unwrap_or_else(|faults| panic!("{faults:#?}"));
    assert_eq!(alone.1, [], "a library by itself is no reason for a finding");
}

#[test]
fn every_design_has_an_example_that_is_carried_without_a_finding() {
    let designs: BTreeSet<String> = library().iter().map(|doc| doc.name().to_owned()).collect();
    let examples: BTreeSet<String> = fs::read_dir(folder("examples/library"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(designs, examples);
    for name in examples {
        let mut docs = library();
        let mut network = None;
        for (file, text) in files(&folder("examples/library").join(&name)) {
            match file.as_str() {
                "network.yaml" => network = Some(ted(&text)),
                _ => docs.extend(read(&file, &text)),
            }
        }
        let ted = network.unwrap_or_else(|| panic!("{name} has a network"));
        let is_instance = |doc: &Document| match &doc.spec {
            Spec::DesignInstance(given) => given.design.value.0 == name,
            _ => false,
        };
        assert!(docs.iter().any(is_instance), "the example of {name} is an instance of it");
        let (set, warnings) =
            validate(&docs, &ted).unwrap_or_else(|faults| panic!("{name}: {}", told(&faults)));
        assert!(warnings.is_empty(), "{name}: {}", told(&warnings));
        let done = compiled(&set, &ted, &Hints::default());
        assert!(done.findings.is_empty(), "{name}: {}", told(&done.findings));
        assert!(!set.services.is_empty() && done.verdicts.len() == set.services.len(), "{name}");
        for verdict in done.verdicts.values() {
            let Verdict::Carried { service, directions } = verdict else { panic!("{name}: {verdict:?}") };
            assert!(directions.iter().all(|way| way.backup.is_some()), "{name}: {service} has a backup");
        }
    }
}

#[test]
fn the_example_with_a_firewall_leads_through_its_function() {
    let example = folder("examples/library/encrypted-with-firewalls");
    let text = |file: &str| fs::read_to_string(example.join(file)).unwrap();
    let mut docs = library();
    docs.extend(read("intents.yaml", &text("intents.yaml")));
    let ted = ted(&text("network.yaml"));
    let (set, _) = validate(&docs, &ted).unwrap_or_else(|faults| panic!("{}", told(&faults)));
    let done = compiled(&set, &ted, &Hints::default());
    let function: Sid = "fd00:0:5:f1::".parse().unwrap();
    let mut routes = 0;
    for verdict in done.verdicts.values() {
        let Verdict::Carried { directions, .. } = verdict else { panic!("{verdict:?}") };
        for route in directions.iter().flat_map(|way| [Some(&way.primary), way.backup.as_ref()]).flatten() {
            assert!(route.segments.contains(&function), "{route:?}");
            routes += 1;
        }
    }
    assert_eq!(routes, 4, "path and backup, out and back");
}

fn told(findings: &[Finding]) -> String {
    let line = |finding: &Finding| {
        let place = finding.place.as_ref();
        let at =
            place.map_or(String::new(), |place| format!("{}:{}:{}", place.file, place.line, place.column));
        format!("\n{at} {finding} ({:?})", finding.related)
    };
    findings.iter().map(line).collect()
}
