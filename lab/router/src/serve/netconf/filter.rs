//! Subtree filters (RFC 6241 section 6): which part of a tree a reader gets.

use netconf::xml::Element;

use super::content::read_value;
use crate::{
    datastore::{Branch, Item, Step},
    yang::{NodeId, Schema},
};

/// The part of a branch that the filters select together. Keys of list entries come along.
pub(super) fn select(schema: &Schema, from: &Branch, filters: &[Element]) -> Branch {
    let mut chosen = Branch::default();
    for filter in filters {
        for (step, item) in from.iter().filter(|(step, _)| names(schema, filter, step.node)) {
            if let Some(part) = select_item(schema, step, item, filter) {
                merge(schema, &mut chosen, step, part);
            }
        }
    }
    chosen
}

/// A filter without namespace names nodes of every module (RFC 6241 section 6.2.1).
fn names(schema: &Schema, filter: &Element, node: NodeId) -> bool {
    let namespace = &*filter.name.ns;
    *filter.name.local == *schema.node(node).name
        && (namespace.is_empty() || namespace == schema.module_of(node).namespace)
}

fn select_item(schema: &Schema, step: &Step, item: &Item, filter: &Element) -> Option<Item> {
    let branch = match item {
        Item::Leaf(_) => {
            return (filter.text.trim().is_empty() || matches(schema, step, item, filter))
                .then(|| item.clone());
        }
        Item::Branch(_) if filter.children.is_empty() => return Some(item.clone()),
        Item::Branch(branch) => branch,
    };
    // Content match nodes decide whether this subtree is meant at all; the rest says how much of it.
    let (content, rest): (Vec<&Element>, Vec<&Element>) =
        filter.children.iter().partition(|child| child.children.is_empty() && !child.text.trim().is_empty());
    let holds = |wanted: &&Element| {
        let mut leaves = branch.iter().filter(|(step, _)| names(schema, wanted, step.node));
        leaves.any(|(step, item)| matches(schema, step, item, wanted))
    };
    if !content.iter().all(holds) {
        return None;
    }
    if rest.is_empty() {
        return Some(item.clone());
    }
    let wanted: Vec<Element> = filter.children.clone();
    let inside = select(schema, branch, &wanted);
    if inside.is_empty() && content.is_empty() {
        return None;
    }
    let mut entry = Branch::entry(schema, step);
    for (step, item) in inside.iter() {
        merge(schema, &mut entry, step, item.clone());
    }
    Some(Item::Branch(entry.into()))
}

/// Whether a leaf has the value that a content match node names.
fn matches(schema: &Schema, step: &Step, item: &Item, filter: &Element) -> bool {
    match (item, schema.leaf_type(step.node)) {
        (Item::Leaf(value), Some(leaf)) => {
            let mut trimmed = filter.clone();
            trimmed.text = filter.text.trim().to_owned();
            read_value(schema, &trimmed, leaf).as_ref() == Ok(value)
        }
        _ => false,
    }
}

/// Adds a part to what another filter chose of the same item.
fn merge(schema: &Schema, into: &mut Branch, step: &Step, part: Item) {
    match part {
        Item::Branch(part) if into.branch(step).is_some() => {
            if let Some(below) = into.enter(schema, step) {
                for (step, item) in part.iter() {
                    merge(schema, below, step, item.clone());
                }
            }
        }
        part => into.insert(schema, step.clone(), part),
    }
}
