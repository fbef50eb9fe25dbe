//! The guide to the language: every example in it is read and judged as a reader would.

use std::{fs, path::Path};

use model::{Hints, Severity};

use super::{compiled, library::library, minimal_ted};
use crate::{KINDS, SourceFile, codes, doc::ParameterType, explain, parse, validate};

/// The examples of a page, with the line on which each begins.
pub(super) fn examples(page: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in (1..).zip(page.lines()) {
        match (&mut open, line) {
            (None, "```yaml") => open = Some((number, String::new())),
            (Some(_), "```") => found.extend(open.take()),
            (Some((_, text)), line) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, _) => {}
        }
    }
    found
}

#[test]
fn the_examples_of_the_guide_are_carried_together_without_an_error() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/intents.md");
    let page = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let examples = examples(&page);
    let mut docs = library();
    let mut kinds: Vec<&str> = Vec::new();
    for (line, text) in &examples {
        let read = parse(&SourceFile::new(format!("docs/intents.md:{line}"), text));
        let read = read.unwrap_or_else(|faults| panic!("{faults:#?}"));
        kinds.extend(read.iter().map(|doc| doc.kind()));
        docs.extend(read);
    }
    for kind in KINDS {
        assert!(kinds.contains(&kind), "the guide has no example of {kind}");
        assert!(page.contains(&format!("`{kind}`")), "the guide does not speak of {kind}");
    }
    let ted = minimal_ted();
    let (set, warnings) = validate(&docs, &ted).unwrap_or_else(|faults| panic!("{faults:#?}"));
    // What is not judged yet is remarked on.
    let mut warnings = warnings.iter().filter(|one| one.severity > Severity::Info);
    assert!(warnings.next().is_none(), "{warnings:#?}");
    let done = compiled(&set, &ted, &Hints::default());
    assert!(done.findings.iter().all(|finding| !finding.is_error()), "{:#?}", done.findings);
    assert_eq!(done.verdicts.len(), set.services.len());
}

#[test]
fn pages_and_guide_name_every_kind_and_type() {
    let page = |code: &str| explain(code).unwrap_or_default();
    for kind in KINDS {
        assert!(page(codes::UNKNOWN_KIND).contains(&format!("`{kind}`")), "{kind}");
    }
    let schema = schemars::schema_for!(ParameterType).to_value();
    let choices = schema["oneOf"].as_array().unwrap();
    let types: Vec<&str> = choices.iter().filter_map(|one| one["const"].as_str()).collect();
    assert!(types.contains(&"selector") && types.contains(&"schedule"), "{schema:#}");
    let guide = include_str!("../../../docs/intents.md");
    for (what, text) in [("the page", page(codes::WRONG_TYPE)), ("the guide", guide)] {
        for word in &types {
            assert!(text.contains(&format!("`{word}`")), "{what} does not name the type {word}");
        }
    }
}
