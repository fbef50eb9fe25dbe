//! Files that are no intents, though they stand in a folder of them: a network, a scenario, a manifest of something else. Whoever
//! gives a folder means its intents, so these are left out; but only where the whole file says so, for one slip must not make
//! intents vanish.

use crate::{
    faults::Faults,
    kinds::KINDS,
    parse::API_VERSION,
    read::nearest,
    source::{MAX_BYTES, SourceFile, chunks},
    tree::{self, Node, Value, short},
};

/// The kinds of our files that are no intents.
const OTHER_KINDS: [&str; 6] = ["Network", "Inventory", "Controller", "Scenario", "Traffic", "Routers"];

/// What a file is that is no file of intents: all of it can be read, and every document is of one of our other kinds or of a
/// version that is not ours. Nothing where it is to be judged. O(bytes) for such a file, O(bytes of the first document) for others.
pub fn foreign(file: &SourceFile) -> Option<String> {
    if file.text.len() > MAX_BYTES {
        return None;
    }
    let mut faults = Faults::new(&file.name);
    let mut first = None;
    for chunk in chunks(&file.text) {
        let node = tree::read(chunk, &mut faults);
        if !faults.findings.is_empty() {
            return None;
        }
        // An empty document says nothing.
        let Some(node) = node else { continue };
        let what = stranger(&node)?;
        first.get_or_insert(what);
    }
    first
}

/// What a document is that is no intent.
fn stranger(node: &Node) -> Option<String> {
    let Value::Map(entries) = &node.value else { return None };
    let field = |name: &str| entries.iter().find(|(key, _)| key.text == name).map(|(_, value)| value);
    let text = |name: &str| match field(name).map(|node| &node.value) {
        Some(Value::Scalar(text)) => Some(text.as_str()),
        _ => None,
    };
    let (kind, version) = (text("kind"), text("apiVersion"));
    if kind.is_some_and(|kind| KINDS.contains(&kind)) {
        return None;
    }
    // None of our other files has a `spec`: a document with one is an intent whose kind has slipped.
    if let Some(kind) = kind.filter(|kind| OTHER_KINDS.contains(kind) && field("spec").is_none()) {
        return Some(kind.to_owned());
    }
    let ours = |version: &str| {
        version.starts_with("trunkline") || nearest(version, std::iter::once(API_VERSION)).is_some()
    };
    let version = version.filter(|version| !ours(version))?;
    Some(kind.map_or_else(|| short(version), |kind| format!("{} of {}", short(kind), short(version))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_out(text: &str) -> Option<String> {
        foreign(&SourceFile::new("x.yaml", text))
    }

    #[test]
    fn a_file_is_left_out_only_where_all_of_it_is_something_else() {
        let network = "apiVersion: trunkline/v1\nkind: Network\nnodes: []\n";
        let manifest = "# of the cluster\napiVersion: v1\nkind: ConfigMap\nspec: {}\n";
        assert_eq!(left_out(network).as_deref(), Some("Network"));
        assert_eq!(left_out("kind: \"Inventory\" # ours\n").as_deref(), Some("Inventory"));
        assert_eq!(left_out(manifest).as_deref(), Some("ConfigMap of v1"));
        assert_eq!(
            left_out(&format!("{network}---\n# nothing\n---\n{manifest}")).as_deref(),
            Some("Network")
        );
        let class = "apiVersion: trunkline/v1\nkind: TrafficClass\nmetadata: {name: a}\nspec: {}\n";
        for judged in [
            class,
            "",
            "# nothing\n",
            "- a\n",
            "foo: 1\n",
            "kind: Network\nnope: [\n",
            "apiVersion: trunkline/v1\nkind: Traffic\nmetadata: {name: a}\nspec: {value: 1}\n",
            "apiVersion: trunklin/v1\nkind: TrafficClas\n",
            "apiVersion: trunkline/v2\nkind: Nework\n",
            "apiVersion: v1\nkind: ServiceIntent\n",
            &format!("{network}---\n{class}"),
            &format!("{class}---\n{network}"),
            &format!("{network}---\na: [\n"),
        ] {
            assert_eq!(left_out(judged), None, "{judged}");
        }
    }
}
