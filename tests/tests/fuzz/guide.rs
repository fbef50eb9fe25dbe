//! The guide to the language as a seed: it has every kind, and what the smallest example has not: policies, windows, schedules,
//! budgets over domains, designs and their instances.

use std::sync::LazyLock;

use intents::SourceFile;

use crate::files::{TED, YAML, repository_file};
use crate::mutate::mutate_text;
use crate::target;

/// What the guide says in its prose alone.
const BUDGET: &str = "apiVersion: trunkline/v1
kind: ServiceIntent
metadata: {name: budget}
spec:
  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}
  vrf: budget
  class: business
  slo: {oneWayDelay: 40ms, domains: {backbone: 30ms}}
";

static GUIDE: LazyLock<String> = LazyLock::new(|| {
    let page = repository_file("docs/intents.md");
    let blocks = page.split("\n```yaml\n").skip(1).map(|rest| rest.split_once("\n```").unwrap().0);
    let mut blocks: Vec<&str> = blocks.collect();
    // The design of the library that the last example is an instance of.
    let design = repository_file("intents/library/voice.yaml");
    blocks.extend([design.as_str(), BUDGET]);
    let text = blocks.join("\n---\n");
    for word in ["kind: SteeringPolicy", "kind: MaintenanceWindow", "domains:", "when:", "design: voice"] {
        assert!(text.contains(word), "the guide has `{word}`");
    }
    let documents = intents::parse(&SourceFile::new("guide.yaml", text.clone())).unwrap();
    assert!(intents::validate(&documents, &TED).is_ok(), "the guide has no fault");
    text
});

target!(the_guide, |script| {
    let text = mutate_text(&GUIDE, YAML, script);
    let Ok(documents) = intents::parse(&SourceFile::new("fuzz.yaml", text)) else { return };
    drop(intents::validate(&documents, &TED));
    let written = intents::print(&documents);
    let again = intents::parse(&SourceFile::new("written.yaml", written.clone()))
        .unwrap_or_else(|faults| panic!("what was written is not read: {faults:?}\n{written}"));
    assert_eq!(intents::print(&again), written, "what was written says the same");
});
