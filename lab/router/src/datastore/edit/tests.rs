use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::datastore::{
    diff::{ChangeKind, changes},
    fixture::{base, edits, interface, policies, schema, tree},
    json::write_tree,
};

/// The one interface edit of a content that has one, told to do `operation`.
fn told(content: &serde_json::Value, operation: Operation) -> Vec<Edit> {
    let mut all = edits(content);
    let Content::Branch(inside) = &mut all[0].content else { panic!("an interfaces container") };
    inside[0].operation = Some(operation);
    all
}

fn only(name: &str, mtu: u16) -> serde_json::Value {
    json!({"openconfig-interfaces:interfaces": {"interface": [{"name": name, "config": {"mtu": mtu}}]}})
}

fn after(start: &Tree, edits: &[Edit], default: Operation) -> Result<Tree, Refusal> {
    let mut copy = start.clone();
    apply(&schema(), &mut copy, edits, default).map(|()| copy)
}

#[test]
fn merge_adds_and_keeps_what_is_there() {
    let start = tree(&base());
    let merged = after(&start, &told(&only("eth1", 9000), Operation::Merge), Operation::Merge).unwrap();
    let text = write_tree(&schema(), &merged);
    assert!(
        text.contains(
            r#"{"name":"eth1","config":{"name":"eth1","type":"iana-if-type:ethernetCsmacd","mtu":9000}}"#
        ),
        "{text}"
    );
    assert!(text.contains(r#""name":"eth2""#), "{text}");
}

#[test]
fn replace_leaves_nothing_of_what_was_there_but_the_keys() {
    let start = tree(&base());
    let replaced = after(&start, &told(&only("eth1", 9000), Operation::Replace), Operation::None).unwrap();
    assert!(write_tree(&schema(), &replaced).contains(r#"{"name":"eth1","config":{"mtu":9000}}"#));
    let bare = json!({"openconfig-interfaces:interfaces": {"interface": [interface("eth9")]}});
    let whole = after(&start, &edits(&bare), Operation::Replace).unwrap();
    assert_eq!(whole, tree(&bare), "default-operation replace replaces the whole datastore");
}

#[test]
fn create_refuses_what_exists_and_delete_what_does_not() {
    let start = tree(&base());
    let refusal = after(&start, &told(&only("eth1", 9000), Operation::Create), Operation::Merge).unwrap_err();
    assert_eq!(refusal.tag, Tag::DataExists);
    assert_eq!(refusal.path.as_deref(), Some("/openconfig-interfaces:interfaces/interface[name='eth1']"));
    let refusal = after(&start, &told(&only("eth7", 9000), Operation::Delete), Operation::Merge).unwrap_err();
    assert_eq!(refusal.tag, Tag::DataMissing);
    let same = after(&start, &told(&only("eth7", 9000), Operation::Remove), Operation::Merge).unwrap();
    assert_eq!(same, start);
    let created = after(&start, &told(&only("eth7", 9000), Operation::Create), Operation::Merge).unwrap();
    let back = after(&created, &told(&only("eth7", 0), Operation::Delete), Operation::Merge).unwrap();
    assert_eq!(back, start);
}

#[test]
fn none_changes_nothing_by_itself_and_refuses_a_way_that_does_not_exist() {
    let start = tree(&base());
    assert_eq!(
        after(&start, &edits(&only("eth1", 9000)), Operation::None).unwrap_err().tag,
        Tag::DataMissing
    );
    let nothing = json!({"openconfig-interfaces:interfaces": {"interface": [{"name": "eth1"}]}});
    assert_eq!(after(&start, &edits(&nothing), Operation::None).unwrap(), start);
    let refusal = after(&start, &edits(&only("eth7", 9000)), Operation::None).unwrap_err();
    assert_eq!(refusal.tag, Tag::DataMissing);
}

#[test]
fn the_last_child_takes_its_containers_along() {
    let one = json!({"openconfig-interfaces:interfaces": {"interface": [interface("eth1")]}});
    let gone = after(&tree(&one), &told(&only("eth1", 0), Operation::Delete), Operation::Merge).unwrap();
    assert_eq!(gone, Tree::default());
}

#[test]
fn a_case_of_a_choice_drives_out_the_other() {
    let segment = |sid: serde_json::Value| {
        let mut segment = json!({"index": 0});
        segment.as_object_mut().unwrap().extend(sid.as_object().unwrap().clone());
        json!({"openconfig-network-instance:network-instances": {"network-instance": [{"name": "default",
            "trunkline-sr-policy:sr-policies": {"sr-policy": [{"color": 1, "endpoint": "10.0.0.1",
                "candidate-paths": {"candidate-path": [{"protocol-origin": "local", "originator": "x", "discriminator": 1,
                    "segment-lists": {"segment-list": [{"name": "1", "segments": {"segment": [segment]}}]}}]}}]}}]}})
    };
    let label = tree(&segment(json!({"label": 16001})));
    let sid = after(&label, &edits(&segment(json!({"srv6-sid": "fd00::1"}))), Operation::Merge).unwrap();
    assert_eq!(sid, tree(&segment(json!({"srv6-sid": "fd00::1"}))));
}

#[test]
fn content_that_no_module_allows_is_refused_with_its_place() {
    let read =
        |content| crate::datastore::json::read_members(&schema(), None, &Vec::new(), &content).unwrap_err();
    let unknown =
        read(json!({"openconfig-interfaces:interfaces": {"interface": [{"name": "eth1", "speed": 1}]}}));
    assert_eq!((unknown.tag, unknown.element.as_deref()), (Tag::UnknownElement, Some("speed")));
    let keyless = read(json!({"openconfig-interfaces:interfaces": {"interface": [{"config": {}}]}}));
    assert_eq!((keyless.tag, keyless.element.as_deref()), (Tag::MissingElement, Some("name")));
    let state =
        read(json!({"openconfig-interfaces:interfaces": {"interface": [{"name": "eth1", "state": {}}]}}));
    assert_eq!((state.tag, state.element.as_deref()), (Tag::BadElement, Some("state")));
    let shape = read(
        json!({"openconfig-interfaces:interfaces": {"interface": [{"name": "eth1", "config": {"mtu": "x"}}]}}),
    );
    assert_eq!(shape.tag, Tag::InvalidValue);
    assert_eq!(shape.path.as_deref(), Some("/openconfig-interfaces:interfaces/interface/config/mtu"));
}

#[test]
fn what_an_edit_brought_in_is_only_that() {
    let start = tree(&base());
    let merged = after(&start, &edits(&only("eth1", 9000)), Operation::Merge).unwrap();
    let part = write_tree(&schema(), &brought_in(&schema(), &start, &merged));
    assert_eq!(
        part,
        r#"{"openconfig-interfaces:interfaces":{"interface":[{"name":"eth1","config":{"mtu":9000}}]}}"#
    );
    assert_eq!(brought_in(&schema(), &start, &start.clone()), Tree::default());
}

/// Small configurations whose parts meet often.
fn some_content() -> impl Strategy<Value = serde_json::Value> {
    let leaf = (0..4u8, prop::option::of(1500..1504u16), prop::option::of(any::<bool>()));
    let policy = (1..4u32, 1..4u32);
    (prop::collection::vec(leaf, 0..4), prop::collection::vec(policy, 0..3)).prop_map(|(leaves, wanted)| {
        let interfaces: Vec<_> = leaves
            .into_iter()
            .map(|(n, mtu, enabled)| {
                let mut config = serde_json::Map::new();
                config.extend(mtu.map(|mtu| ("mtu".to_owned(), json!(mtu))));
                config.extend(enabled.map(|enabled| ("enabled".to_owned(), json!(enabled))));
                json!({"name": format!("eth{n}"), "config": config})
            })
            .collect();
        let mut content = json!({"openconfig-interfaces:interfaces": {"interface": interfaces}});
        for (count, segments) in wanted {
            content.as_object_mut().unwrap().extend(policies(count, segments).as_object().unwrap().clone());
        }
        content
    })
}

/// Follows changes as a subscriber would.
fn follow(start: &Tree, wanted: &Tree) -> Tree {
    let mut tree = start.clone();
    for change in changes(start, wanted) {
        let (last, way) = change.path.split_last().unwrap();
        let inside = way.iter().fold(tree.root_mut(), |branch, step| branch.enter(&schema(), step).unwrap());
        match change.kind {
            ChangeKind::Deleted => {
                inside.remove(last);
            }
            ChangeKind::Created(item) | ChangeKind::Modified(item) => {
                inside.insert(&schema(), last.clone(), item)
            }
        }
    }
    tree
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn json_written_and_read_is_the_same_tree(content in some_content()) {
        let start = tree(&content);
        let text = write_tree(&schema(), &start);
        prop_assert_eq!(tree(&serde_json::from_str(&text).unwrap()), start);
    }

    #[test]
    fn following_the_changes_leads_from_one_tree_to_the_other(a in some_content(), b in some_content()) {
        let (a, b) = (tree(&a), tree(&b));
        prop_assert_eq!(follow(&a, &b), b);
    }

    #[test]
    fn merging_twice_is_merging_once_and_replacing_forgets(a in some_content(), b in some_content()) {
        let (start, b_edits) = (tree(&a), edits(&b));
        let once = after(&start, &b_edits, Operation::Merge).unwrap();
        prop_assert_eq!(&after(&once, &b_edits, Operation::Merge).unwrap(), &once);
        prop_assert_eq!(&after(&start, &b_edits, Operation::Replace).unwrap(), &tree(&b));
        let merged_part = brought_in(&schema(), &start, &once);
        let mut again = start.clone();
        let part = write_tree(&schema(), &merged_part);
        apply(&schema(), &mut again, &edits(&serde_json::from_str(&part).unwrap()), Operation::Merge).unwrap();
        prop_assert_eq!(again, once);
    }
}
