//! Places in the tree: exact ones, and patterns with wildcards as gNMI has them.

use std::fmt::Write as _;

use super::tree::{Branch, Item, Step, Tree};
use crate::yang::{Kind, NodeId, Schema, Value};

/// An exact place, from the top.
pub type Path = Vec<Step>;

/// The place as an instance-identifier with module names (RFC 7951 section 6.11), as errors and notifications show it.
pub fn show(schema: &Schema, path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        text.push('/');
        text.push_str(&schema.qualified(step.node));
        if matches!(schema.node(step.node).kind, Kind::LeafList(_)) {
            for value in &step.keys {
                write!(text, "[.={}]", quote(value)).expect("writing to a string cannot fail");
            }
            continue;
        }
        for (key, value) in schema.keys(step.node).iter().zip(&step.keys) {
            write!(text, "[{}={}]", schema.node(*key).name, quote(value))
                .expect("writing to a string cannot fail");
        }
    }
    if text.is_empty() { "/".into() } else { text }
}

fn quote(value: &Value) -> String {
    let text = value.to_string();
    if text.contains('\'') { format!("\"{text}\"") } else { format!("'{text}'") }
}

/// One level of a pattern.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PatternStep {
    /// The schema node.
    pub node: NodeId,
    /// Per key the value that it must have; none accepts all.
    pub keys: Vec<Option<Value>>,
}

impl PatternStep {
    fn accepts(&self, step: &Step) -> bool {
        self.node == step.node
            && self
                .keys
                .iter()
                .zip(&step.keys)
                .all(|(wanted, have)| wanted.as_ref().is_none_or(|wanted| wanted == have))
    }
}

/// A set of places, one schema node per level. No level at all means the whole store.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Pattern(pub Vec<PatternStep>);

impl Pattern {
    /// The one place it means, where nothing is left open.
    pub fn exact(&self) -> Option<Path> {
        self.0
            .iter()
            .map(|level| {
                let keys: Option<Vec<Value>> = level.keys.iter().cloned().collect();
                keys.map(|keys| Step { node: level.node, keys })
            })
            .collect()
    }

    /// Whether a place is one of these, or lies below one.
    pub fn covers(&self, path: &[Step]) -> bool {
        path.len() >= self.0.len() && self.0.iter().zip(path).all(|(level, step)| level.accepts(step))
    }

    /// Whether something at or below a place can be one of these, or lie below one.
    pub fn touches(&self, path: &[Step]) -> bool {
        self.0.iter().zip(path).all(|(level, step)| level.accepts(step))
    }

    /// Everything in the tree that it means. The whole store is not an item: callers ask for it by [`Tree::root`].
    pub fn select<'t>(&self, tree: &'t Tree) -> Vec<(Path, &'t Item)> {
        let mut found = Vec::new();
        let mut way = Vec::new();
        descend(&self.0, tree.root(), &mut way, &mut found);
        found
    }
}

fn descend<'t>(
    levels: &[PatternStep],
    branch: &'t Branch,
    way: &mut Path,
    found: &mut Vec<(Path, &'t Item)>,
) {
    let Some((level, rest)) = levels.split_first() else { return };
    for (step, item) in branch.instances(level.node).filter(|(step, _)| level.accepts(step)) {
        way.push(step.clone());
        match item {
            _ if rest.is_empty() => found.push((way.clone(), item)),
            Item::Branch(below) => descend(rest, below, way, found),
            Item::Leaf(_) => {}
        }
        way.pop();
    }
}
