//! The instance tree. Branches are shared between versions; changing one copies only the way down to it.

use std::{collections::BTreeMap, sync::Arc};

use crate::yang::{Kind, NodeId, Schema, Value};

/// One child of a branch: which schema node, and for lists and leaf-lists which instance.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Step {
    /// The schema node.
    pub node: NodeId,
    /// A list entry's key values, a leaf-list entry's value, or nothing.
    pub keys: Vec<Value>,
}

impl Step {
    /// The step to a container or leaf.
    pub fn plain(node: NodeId) -> Self {
        Self { node, keys: Vec::new() }
    }
}

/// An instance of a schema node.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Item {
    /// A container or a list entry.
    Branch(Arc<Branch>),
    /// A leaf or a leaf-list entry.
    Leaf(Value),
}

impl Item {
    /// Whether two items are the same, by pointer where they can be: true is certain, false may still be equal.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Branch(a), Self::Branch(b)) => Arc::ptr_eq(a, b),
            (Self::Leaf(a), Self::Leaf(b)) => a == b,
            _ => false,
        }
    }
}

/// The inside of a container, of a list entry, or of the whole store. A list entry's key leaves are among its children.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Branch {
    children: BTreeMap<Step, Item>,
}

impl Branch {
    /// An entry of a list: its key leaves are there from the start.
    pub fn entry(schema: &Schema, step: &Step) -> Self {
        let keys = schema.keys(step.node).iter().zip(&step.keys);
        let children = keys.map(|(key, value)| (Step::plain(*key), Item::Leaf(value.clone())));
        Self { children: children.collect() }
    }

    /// All children in schema order, list entries by key.
    pub fn iter(&self) -> impl Iterator<Item = (&Step, &Item)> {
        self.children.iter()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.children.is_empty()
    }

    /// One child.
    pub fn get(&self, step: &Step) -> Option<&Item> {
        self.children.get(step)
    }

    /// All instances of one schema node: the entries of a list, or the one container or leaf.
    pub fn instances(&self, node: NodeId) -> impl Iterator<Item = (&Step, &Item)> {
        self.children.range(Step::plain(node)..).take_while(move |(step, _)| step.node == node)
    }

    /// The value of a child leaf.
    pub fn leaf(&self, node: NodeId) -> Option<&Value> {
        match self.children.get(&Step::plain(node)) {
            Some(Item::Leaf(value)) => Some(value),
            _ => None,
        }
    }

    /// The inside of a child container or list entry.
    pub fn branch(&self, step: &Step) -> Option<&Branch> {
        match self.children.get(step) {
            Some(Item::Branch(branch)) => Some(branch),
            _ => None,
        }
    }

    /// Puts a child in place, and removes those that its choice excludes (RFC 7950 section 7.9).
    pub fn insert(&mut self, schema: &Schema, step: Step, item: Item) {
        self.exclude(schema, step.node);
        self.children.insert(step, item);
    }

    /// Takes a child away.
    pub fn remove(&mut self, step: &Step) -> Option<Item> {
        self.children.remove(step)
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        self.children.clear();
    }

    /// Keeps the children that the test accepts.
    pub fn retain(&mut self, mut keep: impl FnMut(&Step, &Item) -> bool) {
        self.children.retain(|step, item| keep(step, item));
    }

    /// The inside of a child, made where it is not there; none when the child is a leaf.
    pub fn enter(&mut self, schema: &Schema, step: &Step) -> Option<&mut Branch> {
        if !self.children.contains_key(step) {
            self.exclude(schema, step.node);
        }
        let item = self
            .children
            .entry(step.clone())
            .or_insert_with(|| Item::Branch(Arc::new(Branch::entry(schema, step))));
        match item {
            Item::Branch(branch) => Some(Arc::make_mut(branch)),
            Item::Leaf(_) => None,
        }
    }

    /// Removes a child container without presence that has nothing in it: it means nothing (RFC 7950 section 7.5.1).
    pub fn prune(&mut self, schema: &Schema, step: &Step) {
        let hollow = matches!(schema.node(step.node).kind, Kind::Container { presence: false });
        if hollow && matches!(self.children.get(step), Some(Item::Branch(branch)) if branch.is_empty()) {
            self.children.remove(step);
        }
    }

    fn exclude(&mut self, schema: &Schema, node: NodeId) {
        if let Some(mine) = schema.node(node).case {
            self.children.retain(|step, _| {
                schema.node(step.node).case.is_none_or(|c| c.choice != mine.choice || c.case == mine.case)
            });
        }
    }
}

/// A whole store's content. Cloning is a pointer's cost.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Tree(Arc<Branch>);

impl Tree {
    /// The top.
    pub fn root(&self) -> &Branch {
        &self.0
    }

    /// The top, to be changed; other holders of this tree keep what they have.
    pub fn root_mut(&mut self) -> &mut Branch {
        Arc::make_mut(&mut self.0)
    }

    /// Whether both are the same tree without looking into them: true is certain, false may still be equal.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// What stands at a path.
    pub fn get(&self, steps: &[Step]) -> Option<&Item> {
        let (last, way) = steps.split_last()?;
        way.iter().try_fold(self.root(), |branch, step| branch.branch(step))?.get(last)
    }
}
