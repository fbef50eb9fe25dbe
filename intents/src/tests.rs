//! What several test modules share, and the tests that span stages: every page's examples, every example of the folder.

use std::{collections::BTreeSet, fs, path::Path};

use model::{Allocations, Finding, Hints, IntentSet, LinkId, ServiceId, Ted, Timestamp, hint::Balance};

use super::*;

pub(crate) mod any;
mod diagnostics;
mod domains;
mod guide;
mod library;
mod print;

/// The network of `examples/minimal`.
pub(crate) fn minimal_ted() -> Ted {
    ted(include_str!("../examples/minimal/network.yaml"))
}

pub(crate) fn ted(text: &str) -> Ted {
    formats::read("network.yaml", text).expect("the network of the test can be read").ted
}

pub(crate) const CLASSES: &str = include_str!("../examples/minimal/classes.yaml");
pub(crate) const SERVICES: &str = include_str!("../examples/minimal/services.yaml");

/// Three ways of 100Mbps from `p` to `q`, the first the fastest.
pub(crate) const THREE_WAYS: &str = "
apiVersion: trunkline/v1
kind: Network
nodes:
  - {name: p, role: core, routerId: 10.0.0.1, nodeSid: 1, locator: \"fd00:0:1::/48\"}
  - {name: q, role: core, routerId: 10.0.0.2, nodeSid: 2, locator: \"fd00:0:2::/48\"}
  - {name: m1, role: core, routerId: 10.0.0.3, nodeSid: 3, locator: \"fd00:0:3::/48\"}
  - {name: m2, role: core, routerId: 10.0.0.4, nodeSid: 4, locator: \"fd00:0:4::/48\"}
  - {name: m3, role: core, routerId: 10.0.0.5, nodeSid: 5, locator: \"fd00:0:5::/48\"}
links:
  - {name: line1, a: \"p:e1\", z: \"m1:e1\", role: core, bandwidth: 100Mbps, delay: 1ms, affinity: [first]}
  - {name: far1, a: \"m1:e2\", z: \"q:e1\", role: core, bandwidth: 100Mbps, delay: 1ms}
  - {name: line2, a: \"p:e2\", z: \"m2:e1\", role: core, bandwidth: 100Mbps, delay: 2ms, affinity: [second]}
  - {name: far2, a: \"m2:e2\", z: \"q:e2\", role: core, bandwidth: 100Mbps, delay: 2ms}
  - {name: line3, a: \"p:e3\", z: \"m3:e1\", role: core, bandwidth: 100Mbps, delay: 3ms}
  - {name: far3, a: \"m3:e2\", z: \"q:e3\", role: core, bandwidth: 100Mbps, delay: 3ms}
";

/// `line:column code message / help` of each error that documents earn on a network.
pub(crate) fn errors(documents: &[Document], ted: &Ted) -> Vec<String> {
    let found = match validate(documents, ted) {
        Ok((_, found)) | Err(found) => found,
    };
    let errors = found.into_iter().filter(Finding::is_error).map(|one| {
        let place = one.place.unwrap();
        let help = one.help.unwrap_or_default();
        format!("{}:{} {} {} / {help}", place.line, place.column, one.code, one.message)
    });
    errors.collect()
}

/// Documents of several texts that must have no fault.
pub(crate) fn documents(texts: &[&str]) -> Vec<Document> {
    texts
        .iter()
        .flat_map(|text| {
            parse(&SourceFile::new("test.yaml", *text)).unwrap_or_else(|faults| panic!("{faults:#?}"))
        })
        .collect()
}

pub(crate) fn set_of(texts: &[&str], ted: &Ted) -> IntentSet {
    validate(&documents(texts), ted).unwrap_or_else(|faults| panic!("{faults:#?}")).0
}

pub(crate) fn compiled(set: &IntentSet, ted: &Ted, hints: &Hints) -> Compilation {
    let ids = Allocations::default().extended(set).unwrap();
    compile(set, ted, hints, &ids)
}

/// What some documents promise beside the minimal classes.
pub(crate) fn set_with(ted: &Ted, texts: &[String]) -> IntentSet {
    let texts: Vec<&str> = [CLASSES].into_iter().chain(texts.iter().map(String::as_str)).collect();
    set_of(&texts, ted)
}

/// A bandwidth as all that a service is promised.
pub(crate) fn mbps(rate: u32) -> String {
    format!("  slo: {{bandwidth: {rate}Mbps}}\n")
}

/// Services that are kept off a link each.
pub(crate) fn kept_off(each: &[(&str, &str)], since: u64, why: impl Fn(&str) -> String) -> Hints {
    let balance = |link: &str| Balance {
        off: BTreeSet::from([LinkId::lit(link)]),
        since: Timestamp::from_micros(since),
        why: why(link),
        held: BTreeSet::new(),
    };
    let balanced = each.iter().map(|(name, link)| (ServiceId::lit(name), balance(link))).collect();
    Hints { balanced, ..Hints::default() }
}

/// The classes of the minimal example and a service of `business`, for tests that need one.
pub(crate) fn service(name: &str, rest: &str) -> String {
    format!(
        "apiVersion: trunkline/v1\nkind: ServiceIntent\nmetadata: {{name: {name}}}\nspec:\n  vrf: {name}\n  class: business\n{rest}\n"
    )
}

/// The findings of all stages on a text beside the minimal classes.
fn judge(text: &str, ted: &Ted) -> Vec<Finding> {
    let mut docs = documents(&[CLASSES]);
    match parse(&SourceFile::new("page.yaml", text)) {
        Ok(more) => docs.extend(more),
        Err(faults) => return faults,
    }
    match validate(&docs, ted) {
        Ok((set, warnings)) => {
            let mut findings = warnings;
            findings.extend(compiled(&set, ted, &Hints::default()).findings);
            findings
        }
        Err(faults) => faults,
    }
}

fn block<'a>(page: &'a str, title: &str) -> Option<&'a str> {
    let part = page.split_once(&format!("## {title}\n"))?.1;
    let part = part.split_once("```yaml\n")?.1;
    Some(part.split_once("```")?.0)
}

#[test]
fn every_page_shows_what_earns_its_code_and_what_does_not() {
    let ted = minimal_ted();
    // These need bytes, networks, hints or faults of the program that a page cannot show.
    let told: BTreeSet<&str> = [
        "TL0001", "TL0028", "TL0036", "TL0050", "TL0051", "TL0052", "TL0053", "TL0054", "TL0055", "TL0056",
        "TL0057", "TL0058", "TL0059", "TL0060", "TL0061", "TL0062", "TL0064", "TL0067", "TL0074", "TL0077",
        "TL0080", "TL0081",
    ]
    .into();
    for (code, page) in codes::ALL {
        assert!(page.starts_with(&format!("# {code}: ")), "{code} has another title");
        let Some(wrong) = block(page, "Wrong") else {
            assert!(told.contains(code), "{code} shows no example");
            continue;
        };
        let earned: Vec<String> = judge(wrong, &ted).iter().map(|finding| finding.code.clone()).collect();
        assert!(earned.iter().any(|one| one == code), "the example of {code} earns {earned:?}");
        if let Some(right) = block(page, "Right") {
            let findings = judge(right, &ted);
            let bad: Vec<&Finding> =
                findings.iter().filter(|finding| finding.is_error() || finding.code == *code).collect();
            assert!(bad.is_empty(), "the near miss of {code} earns {bad:#?}");
        }
    }
}

#[test]
fn every_code_is_in_the_table_and_used() {
    fn sources(folder: &Path, found: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
                found.push_str(&fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut text = String::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
    let table = include_str!("codes.rs");
    let mut before = "";
    for line in table.lines().filter(|line| line.contains("= \"TL")) {
        let (name, code) = line.trim().trim_end_matches(';').split_once(" = ").unwrap();
        let code = code.trim_matches('"');
        assert!(text.contains(&format!("codes::{name}")), "{name} is never earned");
        assert!(explain(code).is_some_and(|page| page.len() > 100), "{code} has no page");
        assert!(before < code, "{code} stands out of order");
        before = code;
    }
    assert!(explain("tl0006").is_some() && explain("TL9999").is_none());
}

#[test]
fn the_minimal_example_is_carried_without_an_error() {
    let ted = minimal_ted();
    let docs = documents(&[CLASSES, SERVICES]);
    let (set, warnings) = validate(&docs, &ted).unwrap();
    assert!(warnings.is_empty(), "{warnings:#?}");
    let done = compiled(&set, &ted, &Hints::default());
    assert_eq!(set.services.len(), 3);
    assert!(done.findings.iter().all(|finding| !finding.is_error()), "{:#?}", done.findings);
    assert!(done.verdicts.values().all(|verdict| matches!(verdict, model::Verdict::Carried { .. })));
    let text = why("voice", &set, &done).unwrap();
    assert!(text.contains("rides line1, preference 1 of 1"), "{text}");
    let unknown = why("voise", &set, &done).unwrap_err();
    assert_eq!(unknown.near.as_deref(), Some("voice"));
}

#[test]
fn the_ceb_example_is_carried_on_its_network() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let network = root.join("../lab/ceb.clab.yml");
    let network =
        fs::read_to_string(&network).unwrap_or_else(|error| panic!("{}: {error}", network.display()));
    let ted = formats::read("ceb.clab.yml", &network).expect("the network of the case can be read").ted;
    let texts: Vec<String> = ["classes", "alarms", "services"]
        .iter()
        .map(|name| fs::read_to_string(root.join(format!("examples/ceb/{name}.yaml"))).unwrap())
        .collect();
    let docs = documents(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    let (set, warnings) = validate(&docs, &ted).unwrap_or_else(|faults| panic!("{faults:#?}"));
    assert!(warnings.is_empty(), "{warnings:#?}");
    let branches = ted.nodes.values().filter(|node| node.role.as_deref() == Some("branch")).count();
    assert_eq!((branches, set.services.len()), (60, 360));
    let done = compiled(&set, &ted, &Hints::default());
    let errors: Vec<&Finding> = done.findings.iter().filter(|finding| finding.is_error()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    assert_eq!(done.findings.len(), 0, "{:#?}", &done.findings[..3]);
    assert_eq!(done.demands.len(), 720);

    // Cases E1, E2: each class on its own line, and all three lines of a branch in use at once.
    let mut lines: BTreeSet<&str> = BTreeSet::new();
    let mut long = 0;
    for verdict in done.verdicts.values() {
        let model::Verdict::Carried { service, directions } = verdict else { panic!("{verdict:?}") };
        let [out, back] = directions.as_slice() else { panic!("{service} has two directions") };
        long += usize::from(out.primary.path.hops.len() >= 3);
        assert_eq!(out.primary.path.hops.len(), back.primary.path.hops.len());
        let ridden: BTreeSet<&str> = out
            .primary
            .path
            .hops
            .iter()
            .flat_map(|hop| &ted.links[&hop.link].affinity)
            .map(|name| name.as_str())
            .filter(|name| name.starts_with("line"))
            .collect();
        assert_eq!(ridden.len(), 1, "{service} rides one leased line: {ridden:?}");
        lines.extend(ridden);
        assert!(out.backup.is_some() && back.backup.is_some(), "{service} has a backup");
    }
    assert_eq!(lines.into_iter().collect::<Vec<_>>(), ["line1", "line2", "line3"]);
    assert!(long * 10 >= set.services.len() * 6, "only {long} services have three or more hops");
}
