use proptest::prelude::*;
use serde_json::json;

use super::{super::fixture, *};
use crate::datastore::{edit, edit::Operation};

/// Interfaces, an instance, and a scheduler that refers to one of two queues.
fn start() -> Tree {
    let mut tree = fixture::tree(&fixture::base());
    for part in [queues(&["GOLD", "SPARE"]), scheduler("GOLD"), hostname("r1"), mtu(1_500)] {
        tree = merged(&tree, &part);
    }
    tree
}

fn queues(names: &[&str]) -> serde_json::Value {
    let queue = |name: &&str| json!({"name": name, "config": {"name": name}});
    json!({"openconfig-qos:qos": {"queues": {"queue": names.iter().map(queue).collect::<Vec<_>>()}}})
}

fn scheduler(queue: &str) -> serde_json::Value {
    let input = json!({"id": "in", "config": {"id": "in", "input-type": "QUEUE", "queue": queue}});
    let one = json!({"sequence": 1, "config": {"sequence": 1}, "inputs": {"input": [input]}});
    json!({"openconfig-qos:qos": {"scheduler-policies": {"scheduler-policy": [
        {"name": "out", "config": {"name": "out"}, "schedulers": {"scheduler": [one]}}]}}})
}

fn hostname(name: &str) -> serde_json::Value {
    json!({"openconfig-system:system": {"config": {"hostname": name}}})
}

fn merged(tree: &Tree, content: &serde_json::Value) -> Tree {
    let mut tree = tree.clone();
    edit::apply(&fixture::schema(), &mut tree, &fixture::edits(content), Operation::Merge).unwrap();
    tree
}

fn mtu(mtu: u32) -> serde_json::Value {
    let mut interface = fixture::interface("eth1");
    interface["config"]["mtu"] = json!(mtu);
    json!({"openconfig-interfaces:interfaces": {"interface": [interface]}})
}

fn lldp(interface: &str) -> serde_json::Value {
    let entry = json!({"name": interface, "config": {"name": interface}});
    json!({"openconfig-lldp:lldp": {"interfaces": {"interface": [entry]}}})
}

/// How many changes there are to mix.
const CHANGES: usize = 16;

/// One of the changes that the property mixes; some make the tree invalid.
fn change(which: usize, tree: &Tree) -> Tree {
    let without = |name: &str| {
        let mut tree = tree.clone();
        let root = fixture::schema().child(None, None, name).unwrap();
        tree.root_mut().retain(|step, _| step.node != root);
        tree
    };
    match which {
        0 => merged(tree, &scheduler("SPARE")),
        1 => merged(tree, &scheduler("LEAD")),
        2 => merged(tree, &queues(&["LEAD"])),
        3 => merged(
            tree,
            &json!({"openconfig-interfaces:interfaces": {"interface": [fixture::interface("eth3")]}}),
        ),
        4 => merged(tree, &json!({"openconfig-interfaces:interfaces": {"interface": [{"name": "eth9"}]}})),
        5 => merged(tree, &fixture::policies(2, 3)),
        6 => without("network-instances"),
        7 => without("qos"),
        8 => without("interfaces"),
        9 => merged(tree, &mtu(9_000)),
        10 => merged(tree, &mtu(70_000)),
        11 => merged(tree, &hostname("r2")),
        12 => merged(tree, &lldp("eth1")),
        13 => merged(tree, &lldp("eth9")),
        14 => without(LOOKS_OUT),
        _ => merged(tree, &hostname("-no-")),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Parts judged apart come to what the whole comes to, and to the same words.
    #[test]
    fn what_is_left_out_would_not_have_mattered(changes in prop::collection::vec(0..CHANGES, 0..6)) {
        let (schema, before) = (fixture::schema(), start());
        whole(&schema, &before).unwrap();
        let wanted = changes.iter().fold(before.clone(), |tree, which| change(*which, &tree));
        prop_assert_eq!(after(&schema, &before, &wanted), whole(&schema, &wanted));
    }
}

#[test]
fn both_answers_occur() {
    let (schema, before) = (fixture::schema(), start());
    let refusal = after(&schema, &before, &change(1, &before)).unwrap_err();
    assert_eq!(refusal.tag, Tag::OperationFailed, "a scheduler with a queue that is nowhere: {refusal:?}");
    after(&schema, &before, &change(0, &before)).unwrap();
    after(&schema, &before, &change(6, &before)).unwrap();
}

#[test]
fn neighbours_are_heard_on_interfaces_that_are_there() {
    let (schema, before) = (fixture::schema(), start());
    let heard = change(12, &before);
    after(&schema, &before, &heard).unwrap();
    after(&schema, &before, &change(13, &before)).unwrap_err();
    // The change is in another top-level node than the reference.
    after(&schema, &heard, &change(8, &heard)).unwrap_err();
}

#[test]
fn no_top_level_node_has_to_be_there() {
    whole(&fixture::schema(), &Tree::default()).unwrap();
}
