//! JSON of RFC 7951: the tree written out, and content read as edits.

use serde_json::Value as Json;

use super::{
    edit::{Content, Edit},
    path::{Path, show},
    refusal::{Refusal, Tag},
    tree::{Branch, Item, Step, Tree},
};
use crate::yang::{BadValue, Kind, LeafType, NodeId, Schema, Value};

/// The whole tree as one JSON object.
pub fn write_tree(schema: &Schema, tree: &Tree) -> String {
    write_branch(schema, tree.root())
}

/// The inside of a container or list entry as one JSON object.
pub fn write_branch(schema: &Schema, branch: &Branch) -> String {
    let mut out = String::new();
    put_branch(schema, branch, &mut out);
    out
}

/// One item as a JSON value.
pub fn write_item(schema: &Schema, node: NodeId, item: &Item) -> String {
    let mut out = String::new();
    put_item(schema, node, item, &mut out);
    out
}

fn put_item(schema: &Schema, node: NodeId, item: &Item, out: &mut String) {
    match item {
        Item::Branch(branch) => put_branch(schema, branch, out),
        Item::Leaf(value) => value.write_json(schema.leaf_type(node).unwrap_or(LeafType::Text), out),
    }
}

fn put_branch(schema: &Schema, branch: &Branch, out: &mut String) {
    out.push('{');
    let mut open: Option<NodeId> = None;
    for (step, item) in branch.iter() {
        let many = matches!(schema.node(step.node).kind, Kind::List { .. } | Kind::LeafList(_));
        if open == Some(step.node) {
            out.push(',');
        } else {
            if let Some(before) = open {
                close(schema, before, out);
                out.push(',');
            }
            out.push('"');
            out.push_str(&schema.qualified(step.node));
            out.push_str(if many { "\":[" } else { "\":" });
            open = Some(step.node);
        }
        put_item(schema, step.node, item, out);
    }
    if let Some(before) = open {
        close(schema, before, out);
    }
    out.push('}');
}

fn close(schema: &Schema, node: NodeId, out: &mut String) {
    if matches!(schema.node(node).kind, Kind::List { .. } | Kind::LeafList(_)) {
        out.push(']');
    }
}

/// Reads the members of a JSON object as edits below `parent`, which stands at `way`.
///
/// # Errors
/// When a member is unknown, is state, lacks a key, or has the wrong shape.
pub fn read_members(
    schema: &Schema,
    parent: Option<NodeId>,
    way: &Path,
    json: &Json,
) -> Result<Vec<Edit>, Refusal> {
    let Json::Object(members) = json else {
        return Err(Refusal::new(Tag::InvalidValue, "a JSON object is wanted here").at(show(schema, way)));
    };
    let mut edits = Vec::new();
    for (name, value) in members {
        let node = member(schema, parent, way, name)?;
        match (&schema.node(node).kind, value) {
            (Kind::List { .. } | Kind::LeafList(_), Json::Array(entries)) => {
                for entry in entries {
                    edits.push(read_one(schema, node, way, entry)?);
                }
            }
            (Kind::List { .. } | Kind::LeafList(_), _) => {
                return Err(Refusal::new(Tag::InvalidValue, format!("`{name}` needs a JSON array"))
                    .at(show(schema, way)));
            }
            _ => edits.push(read_one(schema, node, way, value)?),
        }
    }
    Ok(edits)
}

fn member(schema: &Schema, parent: Option<NodeId>, way: &Path, name: &str) -> Result<NodeId, Refusal> {
    let (module, local) = match name.split_once(':') {
        Some((module, local)) => (Some(module), local),
        None => (None, name),
    };
    let node = schema.child(parent, module, local).ok_or_else(|| {
        Refusal::new(Tag::UnknownElement, format!("`{name}` is in none of the served modules"))
            .at(show(schema, way))
            .about(local)
    })?;
    writable(schema, node, way)?;
    Ok(node)
}

/// Refuses state: nobody writes what the router finds out by itself.
pub fn writable(schema: &Schema, node: NodeId, way: &Path) -> Result<(), Refusal> {
    if schema.node(node).config {
        return Ok(());
    }
    let name = &schema.node(node).name;
    Err(Refusal::new(Tag::BadElement, format!("`{name}` is state: it can be read, not written"))
        .at(show(schema, way))
        .about(name.clone()))
}

/// Reads one instance of a node: a container's or list entry's object, or a leaf's value.
///
/// # Errors
/// As [`read_members`].
pub fn read_one(schema: &Schema, node: NodeId, way: &Path, json: &Json) -> Result<Edit, Refusal> {
    let bad = |way: &Path, e: BadValue| Refusal::new(Tag::InvalidValue, e.to_string()).at(show(schema, way));
    match &schema.node(node).kind {
        Kind::Leaf(leaf) => {
            let step = Step::plain(node);
            let here = below(way, &step);
            let value = read_value(schema, node, json, *leaf).map_err(|e| bad(&here, e))?;
            Ok(Edit { step, operation: None, content: Content::Leaf(value) })
        }
        Kind::LeafList(leaf) => {
            let here = below(way, &Step::plain(node));
            let value = read_value(schema, node, json, *leaf).map_err(|e| bad(&here, e))?;
            let step = Step { node, keys: vec![value.clone()] };
            Ok(Edit { step, operation: None, content: Content::Leaf(value) })
        }
        Kind::Container { .. } => {
            let step = Step::plain(node);
            let members = read_members(schema, Some(node), &below(way, &step), json)?;
            Ok(Edit { step, operation: None, content: Content::Branch(members) })
        }
        Kind::List { .. } => {
            let mut members = read_members(schema, Some(node), &below(way, &Step::plain(node)), json)?;
            let keys = take_keys(schema, node, &mut members).map_err(|r| r.at(show(schema, way)))?;
            Ok(Edit { step: Step { node, keys }, operation: None, content: Content::Branch(members) })
        }
    }
}

/// A JSON value for a leaf. An identity without a module is one of the leaf's own module (RFC 7951 section 6.8).
pub fn read_value(schema: &Schema, node: NodeId, json: &Json, leaf: LeafType) -> Result<Value, BadValue> {
    match (leaf, json.as_str()) {
        (LeafType::Identity, Some(text)) if !text.contains(':') => {
            Value::parse(&format!("{}:{text}", schema.module_of(node).name), leaf)
        }
        _ => Value::from_json(json, leaf),
    }
}

/// Takes the key leaves out of an entry's content.
///
/// # Errors
/// When one is missing.
pub fn take_keys(schema: &Schema, list: NodeId, members: &mut Vec<Edit>) -> Result<Vec<Value>, Refusal> {
    let keys = schema.keys(list).iter().map(|key| {
        let found = members.iter().position(|m| m.step.node == *key);
        match found.map(|at| members.remove(at).content) {
            Some(Content::Leaf(value)) => Ok(value),
            _ => {
                let [list, key] = [list, *key].map(|id| schema.node(id).name.clone());
                Err(Refusal::new(Tag::MissingElement, format!("an entry of `{list}` lacks its key `{key}`"))
                    .about(key))
            }
        }
    });
    keys.collect()
}

fn below(way: &Path, step: &Step) -> Path {
    let mut path = way.clone();
    path.push(step.clone());
    path
}
