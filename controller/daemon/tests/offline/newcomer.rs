//! Somebody who has the README alone: the intent that it shows is sound, and whoever misspells it is told what mends it.

use std::fs;

use serde_json::Value;

use crate::call::{Called, INTENTS, NETWORK, root, trunkline};

/// What is misspelt in the intent of the README: what, where, and how.
const SLIPS: [(&str, &str, &str); 6] = [
    ("a kind", "kind: ServiceIntent", "kind: ServiceIntnt"),
    ("a node", "br-1]", "br-11]"),
    ("a class", "class: business", "class: buisness"),
    ("a field", "oneWayDelay:", "oneWayDely:"),
    ("a unit", "10Mbps", "10Mb"),
    ("an affinity", "affinity: line2", "affinity: lin2"),
];

/// The intent that the README shows.
fn shown() -> String {
    let page = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, rest) = page.split_once("\n```yaml\n").expect("the README shows an intent");
    let (text, _) = rest.split_once("```").unwrap();
    assert!(text.contains("\nkind: ServiceIntent\n"), "{text}");
    text.to_owned()
}

/// A copy of the folder of the quick start, with the intent beside the others.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(root().join(INTENTS)).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
        Self(folder)
    }

    fn path(&self) -> &str {
        self.0.path().to_str().unwrap()
    }

    /// What `check` finds with this text as the intent of one's own.
    fn check(&self, text: &str) -> Vec<Value> {
        fs::write(self.0.path().join("tills.yaml"), text).unwrap();
        let Called { out, err, .. } = trunkline(&["check", self.path(), "-n", NETWORK, "--format", "json"]);
        let mut summary: Value =
            serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}"));
        let Value::Array(findings) = summary["findings"].take() else { panic!("{out}") };
        findings
    }
}

/// The one word that is asked for: `X` of "did you mean `X`?".
fn meant(said: &str) -> Option<&str> {
    let (_, rest) = said.split_once("did you mean `")?;
    let (word, rest) = rest.split_once('`')?;
    (rest == "?").then_some(word)
}

/// Puts what a finding asks for where it stands.
fn mend(text: &mut String, finding: &Value) {
    let word = ["help", "message"].into_iter().find_map(|key| meant(finding[key].as_str()?));
    let word = word.unwrap_or_else(|| panic!("nothing says what was meant: {finding:#}"));
    let place = &finding["place"];
    assert!(place["file"].as_str().unwrap().ends_with("tills.yaml"), "{finding:#}");
    let number = |key: &str| usize::try_from(place[key].as_u64().unwrap()).unwrap();
    let from = number("offset");
    text.replace_range(from..from + number("length"), word);
}

/// The text with a slip in it.
fn slipped(text: &str, (what, right, wrong): (&str, &str, &str)) -> String {
    assert_eq!(text.matches(right).count(), 1, "{what}: `{right}` in\n{text}");
    text.replace(right, wrong)
}

#[test]
fn the_intent_of_the_readme_is_carried() {
    let folder = Folder::new();
    let found = folder.check(&shown());
    assert!(found.is_empty(), "{found:#?}");
    let why = trunkline(&["why", "-n", NETWORK, "-i", folder.path(), "tills"]);
    assert_eq!(why.code, Some(0), "{}{}", why.out, why.err);
    assert!(why.out.contains("line2-br-1") && why.out.contains("line1-br-1"), "path and backup: {}", why.out);
}

#[test]
fn what_is_misspelt_is_mended_by_the_help() {
    let (folder, text) = (Folder::new(), shown());
    for slip in SLIPS {
        let mut typed = slipped(&text, slip);
        let found = folder.check(&typed);
        let [finding] = found.as_slice() else { panic!("{}: {found:#?}", slip.0) };
        mend(&mut typed, finding);
        assert_eq!(typed, text, "{}", slip.0);
        let found = folder.check(&typed);
        assert!(found.is_empty(), "{}: {found:#?}", slip.0);
    }
}

#[test]
fn what_is_misspelt_is_told_all_at_once() {
    let (folder, text) = (Folder::new(), shown());
    // Of a kind that is not there nobody knows the fields.
    let slips = &SLIPS[1..];
    let mut typed = slips.iter().fold(text.clone(), |text, slip| slipped(&text, *slip));
    let found = folder.check(&typed);
    assert_eq!(found.len(), slips.len(), "{found:#?}");
    // They come in the order of their places: from the end on, what is put in moves none of them.
    for finding in found.iter().rev() {
        mend(&mut typed, finding);
    }
    assert_eq!(typed, text);
}
