//! Edits: what both protocols want done to a tree (RFC 6241 section 7.2).

use super::{
    path::{Path, show},
    refusal::{Refusal, Tag},
    tree::{Branch, Item, Step, Tree},
};
use crate::yang::{Kind, NodeId, Schema, Value};

/// The `operation` attribute, and what `default-operation` may be besides `none`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Operation {
    /// Add to what is there.
    Merge,
    /// Put in place of what is there.
    Replace,
    /// Add; refuse if it is there.
    Create,
    /// Take away; refuse if it is not there.
    Delete,
    /// Take away if it is there.
    Remove,
    /// Leave it; refuse if it is not there. Only a default.
    None,
}

/// What an edit carries.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Edits below a container or list entry.
    Branch(Vec<Edit>),
    /// A leaf's value.
    Leaf(Value),
    /// Nothing: enough to take something away.
    Nothing,
}

/// What is wanted at one place; the place is known by where the edit stands among others.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// Which child.
    pub step: Step,
    /// What to do; where absent, what is done around it.
    pub operation: Option<Operation>,
    /// With what.
    pub content: Content,
}

impl Edit {
    /// Wraps an edit of something deep down into edits that lead to it, making what is missing on the way.
    pub fn nested(way: &[Step], innermost: Vec<Self>) -> Vec<Self> {
        way.iter().rev().fold(innermost, |inside, step| {
            vec![Self {
                step: step.clone(),
                operation: Some(Operation::Merge),
                content: Content::Branch(inside),
            }]
        })
    }
}

/// Applies edits to a tree.
///
/// # Errors
/// When an operation meets what it must not meet; the tree is then in an unknown state between, so callers work on a copy.
pub fn apply(schema: &Schema, tree: &mut Tree, edits: &[Edit], default: Operation) -> Result<(), Refusal> {
    let root = tree.root_mut();
    let inherited = if default == Operation::Replace {
        root.clear();
        Operation::Merge
    } else {
        default
    };
    let mut way = Vec::new();
    edits.iter().try_for_each(|edit| apply_one(schema, root, edit, inherited, &mut way))
}

fn apply_one(
    schema: &Schema,
    parent: &mut Branch,
    edit: &Edit,
    inherited: Operation,
    way: &mut Path,
) -> Result<(), Refusal> {
    let operation = edit.operation.unwrap_or(inherited);
    let exists = parent.get(&edit.step).is_some();
    way.push(edit.step.clone());
    let refuse = |tag, what: &str, way: &Path| {
        let name = &schema.node(edit.step.node).name;
        Err(Refusal::new(tag, format!("`{name}` {what}")).at(show(schema, way)))
    };
    match operation {
        Operation::Delete | Operation::Remove if exists => {
            parent.remove(&edit.step);
        }
        Operation::Remove => {}
        Operation::Delete | Operation::None if !exists => {
            return refuse(Tag::DataMissing, "does not exist, so it cannot be changed or deleted", way);
        }
        Operation::Create if exists => {
            return refuse(Tag::DataExists, "exists already, so it cannot be created", way);
        }
        Operation::Create | Operation::Replace => {
            // What is put into an empty place needs no more replacing.
            parent.remove(&edit.step);
            put(schema, parent, edit, Operation::Merge, way)?;
        }
        _ => put(schema, parent, edit, operation, way)?,
    }
    way.pop();
    Ok(())
}

/// Puts the content at its place, over what is there.
fn put(
    schema: &Schema,
    parent: &mut Branch,
    edit: &Edit,
    operation: Operation,
    way: &mut Path,
) -> Result<(), Refusal> {
    match &edit.content {
        Content::Leaf(value) if operation != Operation::None => {
            parent.insert(schema, edit.step.clone(), Item::Leaf(value.clone()));
        }
        Content::Leaf(_) => {}
        Content::Branch(edits) => {
            let inside = parent.enter(schema, &edit.step).ok_or_else(|| {
                Refusal::new(Tag::BadElement, "a leaf has no children").at(show(schema, way))
            })?;
            for edit in edits {
                apply_one(schema, inside, edit, operation, way)?;
            }
            parent.prune(schema, &edit.step);
        }
        Content::Nothing => {
            let name = schema.node(edit.step.node).name.clone();
            return Err(Refusal::new(Tag::InvalidValue, format!("`{name}` has no value"))
                .at(show(schema, way))
                .about(name));
        }
    }
    Ok(())
}

/// The part of `new` that is not in `old`, with the keys that lead to it: what an edit brought in, to be checked.
pub fn brought_in(schema: &Schema, old: &Tree, new: &Tree) -> Tree {
    let mut tree = Tree::default();
    if let Some(part) = fresh(schema, None, old.root(), new.root()) {
        *tree.root_mut() = part;
    }
    tree
}

fn fresh(schema: &Schema, at: Option<&Step>, old: &Branch, new: &Branch) -> Option<Branch> {
    let mut part = at.map(|step| Branch::entry(schema, step)).unwrap_or_default();
    let mut found = false;
    for (step, item) in new.iter() {
        let before = old.get(step);
        if before.is_some_and(|before| before.is_same(item)) {
            continue;
        }
        match (before, item) {
            (Some(Item::Branch(before)), Item::Branch(now)) => {
                if let Some(below) = fresh(schema, Some(step), before, now) {
                    part.insert(schema, step.clone(), Item::Branch(below.into()));
                    found = true;
                }
            }
            _ => {
                part.insert(schema, step.clone(), item.clone());
                found = true;
            }
        }
    }
    found.then_some(part)
}

/// Removes all that a schema node has below a branch; true when there was something.
pub fn remove_all(branch: &mut Branch, node: NodeId) -> bool {
    let before = branch.instances(node).next().is_some();
    branch.retain(|step, _| step.node != node);
    before
}

/// Whether a node's instances are told apart by keys.
pub fn is_keyed(schema: &Schema, node: NodeId) -> bool {
    matches!(schema.node(node).kind, Kind::List { .. } | Kind::LeafList(_))
}

#[cfg(test)]
mod tests;
