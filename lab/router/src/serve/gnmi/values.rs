//! Values on the wire: whole subtrees as JSON, leaves in any encoding.

use std::collections::BTreeMap;

use gnmi::{
    Encoding,
    proto::{self, ScalarArray, TypedValue, typed_value::Value as Typed},
};

use super::paths::wire;
use crate::{
    datastore::{Branch, Item, Path, Step, json},
    yang::{Kind, LeafType, NodeId, Schema, Value},
};

/// A leaf with its place. Entries of a leaf-list are one leaf.
pub(super) struct Leaf {
    pub(super) path: Path,
    pub(super) values: Vec<Value>,
}

/// All leaves at and below an item, in tree order.
pub(super) fn leaves(schema: &Schema, path: &Path, item: &Item, found: &mut Vec<Leaf>) {
    match item {
        Item::Leaf(value) => {
            let mut place = path.clone();
            let list =
                place.last().is_some_and(|step| matches!(schema.node(step.node).kind, Kind::LeafList(_)));
            if list && let Some(last) = place.last_mut() {
                last.keys.clear();
            }
            match found.last_mut() {
                Some(before) if list && before.path == place => before.values.push(value.clone()),
                _ => found.push(Leaf { path: place, values: vec![value.clone()] }),
            }
        }
        Item::Branch(branch) => {
            for (step, item) in branch.iter() {
                let mut below = path.clone();
                below.push(step.clone());
                leaves(schema, &below, item, found);
            }
        }
    }
}

/// A leaf's value in an encoding.
pub(super) fn typed(schema: &Schema, node: NodeId, values: &[Value], encoding: Encoding) -> TypedValue {
    let leaf = schema.leaf_type(node).unwrap_or(LeafType::Text);
    let list = matches!(schema.node(node).kind, Kind::LeafList(_));
    let value = match (encoding, list) {
        (Encoding::Proto, false) => values.first().map_or(Typed::StringVal(String::new()), scalar),
        (Encoding::Proto, true) => {
            let element = values.iter().map(|v| TypedValue { value: Some(scalar(v)) }).collect();
            Typed::LeaflistVal(ScalarArray { element })
        }
        (_, list) => {
            let mut text = String::new();
            for (at, value) in values.iter().enumerate() {
                text.push_str(match (list, at) {
                    (true, 0) => "[",
                    (true, _) => ",",
                    (false, _) => "",
                });
                value.write_json(leaf, &mut text);
            }
            if list {
                text.push(']');
            }
            json_text(text, encoding)
        }
    };
    TypedValue { value: Some(value) }
}

fn scalar(value: &Value) -> Typed {
    match value {
        Value::Bool(b) => Typed::BoolVal(*b),
        Value::Int(n) => Typed::IntVal(*n),
        Value::Uint(n) => Typed::UintVal(*n),
        Value::Text(text) => Typed::StringVal(text.as_ref().to_owned()),
        Value::Empty => Typed::BoolVal(true),
    }
}

/// A container's or list entry's content as JSON.
pub(super) fn subtree(schema: &Schema, branch: &Branch, encoding: Encoding) -> TypedValue {
    TypedValue { value: Some(json_text(json::write_branch(schema, branch), encoding)) }
}

fn json_text(text: String, encoding: Encoding) -> Typed {
    match encoding {
        Encoding::Json => Typed::JsonVal(text.into_bytes()),
        _ => Typed::JsonIetfVal(text.into_bytes()),
    }
}

/// Notifications with leaves, those of one container together below their common prefix.
pub(super) fn notifications(
    schema: &Schema,
    at_ns: i64,
    target: &str,
    encoding: Encoding,
    found: &[Leaf],
) -> Vec<proto::Notification> {
    let mut groups: BTreeMap<&[Step], Vec<proto::Update>> = BTreeMap::new();
    for leaf in found {
        let Some((last, above)) = leaf.path.split_last() else { continue };
        let update = proto::Update {
            path: Some(wire(schema, std::slice::from_ref(last)).into()),
            val: Some(typed(schema, last.node, &leaf.values, encoding)),
            ..Default::default()
        };
        groups.entry(above).or_default().push(update);
    }
    let notification = |(above, update): (&[Step], Vec<proto::Update>)| {
        let mut prefix = proto::Path::from(wire(schema, above));
        target.clone_into(&mut prefix.target);
        proto::Notification { timestamp: at_ns, prefix: Some(prefix), update, ..Default::default() }
    };
    groups.into_iter().map(notification).collect()
}
