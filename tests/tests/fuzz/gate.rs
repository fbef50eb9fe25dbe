//! What the gate reads beside plain intents: designs with their instances, and the answers of earlier verifications.

use std::{fs, path::PathBuf, sync::LazyLock};

use intents::SourceFile;
use model::{Allocations, Demands, Hints, ted::Ted};
use plan::verify::{FailureKind, Question, Verification, verify};

use crate::files::{TED, YAML, repository_file};
use crate::mutate::mutate_text;
use crate::target;

/// A design of the library with its example, and the network of that.
struct Example {
    text: String,
    ted: Ted,
}

static EXAMPLES: LazyLock<Vec<Example>> = LazyLock::new(|| {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../intents/library");
    let mut designs: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    designs.sort();
    let examples = designs.iter().map(|design| {
        let design = design.to_str().unwrap().strip_suffix(".yaml").unwrap();
        let used = format!("intents/examples/library/{design}");
        let instance = repository_file(&format!("{used}/intents.yaml"));
        let text = format!("{}\n---\n{instance}", repository_file(&format!("intents/library/{design}.yaml")));
        let network = repository_file(&format!("{used}/network.yaml"));
        Example { text, ted: formats::read("network.yaml", &network).unwrap().ted }
    });
    let examples: Vec<_> = examples.collect();
    assert!(examples.len() > 5, "the library has designs");
    examples
});

const DESIGNS: &[&str] = &[
    "$(instance)",
    "$(",
    "$$(",
    ")",
    "$(x)",
    "type: list, of: links, ",
    "type: bandwidth, ",
    "default: ",
    "min: ",
    "max: ",
    "allowed: [",
    "kind: DesignInstance\n",
    "kind: Design\n",
    "parameters: ",
    "documents:\n",
];

target!(designs, |script| {
    let (which, script) = script.split_first().unwrap_or((&0, script));
    let words: Vec<&str> = YAML.iter().chain(DESIGNS).copied().collect();
    let example = &EXAMPLES[usize::from(*which) % EXAMPLES.len()];
    let file = SourceFile::new("fuzz.yaml", mutate_text(&example.text, &words, script));
    match intents::parse(&file) {
        Ok(documents) => {
            let once = intents::validate(&documents, &example.ted);
            assert_eq!(
                once,
                intents::validate(&documents, &example.ted),
                "designs expand the same way each time"
            );
        }
        Err(findings) => assert!(!findings.is_empty(), "a refusal without a finding"),
    }
});

/// A verification of the minimal example by nodes and pairs of links.
static VERIFIED: LazyLock<Verification> = LazyLock::new(|| {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../intents/examples/minimal");
    let texts = ["classes.yaml", "services.yaml"].map(|name| fs::read_to_string(folder.join(name)).unwrap());
    let documents: Vec<_> = texts
        .iter()
        .flat_map(|text| intents::parse(&SourceFile::new("minimal.yaml", text.clone())).unwrap())
        .collect();
    let (set, _) = intents::validate(&documents, &TED).unwrap();
    let ids = Allocations::default().extended(&set).unwrap();
    let compiled = intents::compile(&set, &TED, &Hints::default(), &ids);
    let question = Question {
        desired: &compiled.desired,
        set: &set,
        verdicts: &compiled.verdicts,
        demands: &Demands::default(),
        ted: &TED,
        kinds: &[FailureKind::Node, FailureKind::TwoLinks],
        threads: 1,
    };
    verify(&question, &|_| {}).unwrap()
});
static BASELINE: LazyLock<String> = LazyLock::new(|| {
    assert!(!VERIFIED.violations.is_empty(), "the example has something that breaks");
    serde_json::to_string(&*VERIFIED).unwrap()
});

const JSON: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "null",
    "true",
    "-1",
    "0",
    "18446744073709551615",
    "18446744073709551616",
    "1e999",
    "\"failures\":[",
    "\"names\":[]",
    "\"amount\":",
    "\"link\"",
    "\"node\"",
    "\"TL0222\"",
    "\\u0000",
    "é",
];

target!(baselines, |script| {
    let text = mutate_text(&BASELINE, JSON, script);
    let Ok(before) = serde_json::from_str::<Verification>(&text) else { return };
    let mut now = VERIFIED.clone();
    let all: usize = now.violations.iter().map(|violation| violation.failures.len()).sum();
    if let Ok(against) = now.against(&before, &TED) {
        let kept: usize = now.violations.iter().map(|violation| violation.failures.len()).sum();
        assert_eq!(kept + against.stay, all, "every violation is either worse or as before");
    }
    // Who is held against itself is not worse.
    let mut same = before.clone();
    if let Ok(against) = same.against(&before, &TED) {
        assert_eq!(against.mended, 0);
    }
});
