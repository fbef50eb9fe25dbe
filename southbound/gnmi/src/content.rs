//! What a dialect's operations are in one Set, and what the answer to a Get is as one tree. Pure.
//!
//! Devices answer a Get as they like: one tree for each path that was asked for, or one update for each list entry or
//! leaf below it. All of them come to the same tree here.

use std::collections::{BTreeMap, BTreeSet};

use dialects::{Action, Dialect, Operation, View, surroundings::Topics, to_gnmi};
use serde_json::Value;

use crate::notice::Notice;
use crate::path::{Elem, Path, PathError};
use crate::set::Changes;

/// The operations as one Set.
///
/// # Errors
/// A name of the model is longer than a path may carry.
pub(crate) fn changes(operations: &[Operation]) -> Result<Changes, PathError> {
    let mut changes = Changes::new();
    for operation in operations {
        let (text, value) = to_gnmi(operation);
        let path: Path = text.parse()?;
        match (&operation.action, value) {
            (Action::Merge(_), Some(value)) => changes.update.push((path, value)),
            (Action::Replace(_), Some(value)) => changes.replace.push((path, value)),
            (Action::Remove, _) | (_, None) => changes.delete.push(path),
        }
    }
    // Objects share queues, and each of them merges its queues in.
    let mut seen = BTreeSet::new();
    changes.update.retain(|(path, value)| seen.insert((path.clone(), value.to_string())));
    Ok(changes)
}

/// The modules that must be served for these operations.
pub(crate) fn modules(operations: &[Operation]) -> BTreeSet<&'static str> {
    operations.iter().flat_map(|operation| &operation.path).map(|step| step.module.name).collect()
}

/// The paths that a device is read by.
pub(crate) fn read_paths(dialect: Dialect) -> Vec<Path> {
    dialect.paths().iter().map(|text| text.parse().expect("the dialect writes paths")).collect()
}

/// The paths that a device is asked by for what is around it.
pub(crate) fn topic_paths(topics: Topics) -> Vec<Path> {
    topics.paths().iter().map(|text| text.parse().expect("the reader writes paths")).collect()
}

/// All values of an answer as one tree, names without modules.
pub(crate) fn tree(notices: Vec<Notice>) -> View {
    let mut root = Node::default();
    for update in notices.into_iter().flat_map(Notice::updates) {
        let place = update
            .path
            .elems
            .into_iter()
            .fold(&mut root, |node, elem| node.children.entry(without_modules(elem)).or_default());
        place.values.push(update.value);
    }
    let mut view = View::default();
    root.fill(&mut view);
    view
}

fn local(name: &str) -> String {
    name.rsplit_once(':').map_or(name, |(_, local)| local).to_owned()
}

fn without_modules(elem: Elem) -> Elem {
    let keys = elem.keys.into_iter().map(|(name, value)| (local(&name), value)).collect();
    Elem { name: local(&elem.name), keys }
}

/// A place of the tree: what came for it as a whole, and what came for places below it.
#[derive(Default)]
struct Node {
    values: Vec<Value>,
    children: BTreeMap<Elem, Node>,
}

impl Node {
    /// Puts everything below this place into `view`. Paths are bounded in length, so the recursion is.
    fn fill(self, view: &mut View) {
        for value in self.values {
            let mut value = View::from_json(&value);
            view.children.append(&mut value.children);
            if !value.text.is_empty() {
                view.text = value.text;
            }
        }
        for (elem, node) in self.children {
            node.stand_below(elem, view);
        }
    }

    /// Becomes a child of `view`, or several where it is a leaf-list or a whole list.
    fn stand_below(mut self, elem: Elem, view: &mut View) {
        let (lists, values): (Vec<_>, Vec<_>) = self.values.into_iter().partition(Value::is_array);
        for list in lists {
            let member = Value::Object([(elem.name.clone(), list)].into_iter().collect());
            view.children.append(&mut View::from_json(&member).children);
        }
        if values.is_empty() && self.children.is_empty() {
            return;
        }
        self.values = values;
        let mut child = View { name: elem.name, ..View::default() };
        child.children.extend(elem.keys.into_iter().map(|(name, text)| View {
            name,
            text,
            children: vec![],
        }));
        self.fill(&mut child);
        view.children.push(child);
    }
}

#[cfg(test)]
mod tests {
    use device::contract::{removal, sample_edits};
    use dialects::Headend;
    use model::DeviceConfig;
    use serde_json::json;

    use super::*;
    use crate::edits::last_of_each;
    use crate::notice::Leaf;

    fn notice(leaves: Vec<(&str, Value)>) -> Vec<Notice> {
        let leaf = |(path, value): (&str, Value)| Leaf { path: path.parse().expect("a path"), value };
        vec![Notice { leaves: leaves.into_iter().map(leaf).collect(), ..Notice::default() }]
    }

    fn policies(answer: Vec<Notice>) -> DeviceConfig {
        Dialect::OpenConfig.read(&tree(answer)).expect("a tree of ours").0
    }

    #[test]
    fn an_answer_means_the_same_however_it_is_cut() {
        let policy = json!({
            "color": 7, "endpoint": "10.0.0.9", "name": "tl-a", "last-resort": "igp",
            "candidate-paths": {"candidate-path": [{
                "discriminator": 1, "preference": 100, "name": "c",
                "segment-lists": {"segment-list": [{"name": "1", "weight": 1, "segments": {"segment": [
                    {"index": 1, "label": 16001}]}}]}}]}});
        let instance = json!({"name": "default", "trunkline-sr-policy:sr-policies": {"sr-policy": [policy]}});
        let whole = notice(vec![(
            "/openconfig-network-instance:network-instances",
            json!({"openconfig-network-instance:network-instance": [instance.clone()]}),
        )]);
        let list = notice(vec![("/network-instances/network-instance", json!([instance.clone()]))]);
        let entry = notice(vec![("/network-instances/network-instance[name=default]", instance.clone())]);
        let root = notice(vec![("/", json!({"network-instances": {"network-instance": [instance]}}))]);
        let at = "/network-instances/network-instance[name=default]/sr-policies/sr-policy[color=7][endpoint=10.0.0.9]";
        let list_at = format!(
            "{at}/candidate-paths/candidate-path[protocol-origin=local][originator=x][discriminator=1]"
        );
        let segments = format!("{list_at}/segment-lists/segment-list[name=1]");
        let leaves = notice(vec![
            (&format!("{at}/name"), json!("tl-a")),
            (&format!("{at}/last-resort"), json!("igp")),
            (&format!("{list_at}/preference"), json!(100)),
            (&format!("{list_at}/name"), json!("c")),
            (&format!("{segments}/weight"), json!(1)),
            (&format!("{segments}/segments/segment[index=1]/label"), json!(16001)),
        ]);
        let expected = policies(whole);
        assert_eq!(expected.policies.len(), 1);
        for answer in [list, entry, root, leaves] {
            assert_eq!(policies(answer), expected);
        }
    }

    #[test]
    fn every_dialect_is_read_by_paths() {
        for dialect in Dialect::ALL {
            assert_eq!(read_paths(dialect).len(), dialect.paths().len());
        }
    }

    /// Some devices refuse leaves and take the containers that hold them.
    #[test]
    fn no_dialect_writes_a_leaf_by_itself() {
        let held = DeviceConfig::default();
        let headend = Headend { address: "10.0.0.1".parse().expect("an address"), held: &held };
        for dialect in Dialect::ALL.into_iter().filter(|dialect| dialect.has_words()) {
            let edits: Vec<_> = sample_edits(1).into_iter().filter(|edit| dialect.carries(edit)).collect();
            let operations = dialect.render(&edits, &headend).expect("its table has it");
            let changes = changes(&operations).expect("paths");
            let written: Vec<_> = changes.update.iter().chain(&changes.replace).collect();
            assert!(!written.is_empty(), "{dialect}");
            for (path, value) in written {
                assert!(value.is_object(), "{dialect} writes {value} at {path}");
            }
        }
    }

    #[test]
    fn a_leaf_list_is_several_nodes() {
        let view = tree(notice(vec![("/a/dscp-set", json!([10, 12])), ("/a/x", json!("y"))]));
        let texts: Vec<&str> = view.all(&["a", "dscp-set"]).map(|node| node.text.as_str()).collect();
        assert_eq!((texts, view.text_at(&["a", "x"])), (vec!["10", "12"], Some("y")));
    }

    #[test]
    fn only_the_last_edit_of_an_object_is_sent() {
        let mut config = DeviceConfig::default();
        let puts = sample_edits(1);
        puts.iter().for_each(|edit| edit.apply(&mut config));
        let mut edits = puts;
        edits.extend(removal(&config));
        let headend =
            Headend { address: "10.0.0.1".parse().expect("an address"), held: &DeviceConfig::default() };
        let operations = Dialect::OpenConfig.render(&last_of_each(&edits), &headend).expect("it says all");
        let changes = changes(&operations).expect("paths");
        assert!(changes.replace.is_empty() && changes.update.is_empty(), "{changes:?}");
        assert!(!changes.delete.is_empty());
    }
}
