//! The names of the data nodes that a module defines, collected from the statement tree, and in which nodes they stand. Nothing is
//! resolved: what stands at the top of a grouping, or is added to something, may stand anywhere.

use std::collections::{BTreeMap, BTreeSet};

use yang_rs::{
    compound::BodyStmts,
    stmt::{CaseStmt, ChoiceStmt, ContainerStmt, GroupingStmt, ListStmt},
};

/// The nodes in which nodes of a name stand, the empty name for the top; none where they may stand in any.
pub(super) type Places = BTreeMap<String, Option<BTreeSet<String>>>;

/// What was collected.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    pub(super) places: Places,
    pub(super) containers: usize,
    pub(super) lists: usize,
}

impl Nodes {
    fn note(&mut self, name: String, parent: Option<&str>) {
        let places = self.places.entry(name).or_insert_with(|| Some(BTreeSet::new()));
        match (parent, places) {
            (Some(parent), Some(known)) => {
                known.insert(parent.to_owned());
            }
            (Some(_), None) => {}
            (None, places) => *places = None,
        }
    }
}

/// What all statements that hold data nodes have in common; the parser's types do not say it.
macro_rules! inside {
    ($holder:expr, $parent:expr, $nodes:expr) => {
        $holder.leaf().iter().for_each(|leaf| $nodes.note(leaf.arg().to_string(), $parent));
        $holder.leaf_list().iter().for_each(|leaves| $nodes.note(leaves.arg().to_string(), $parent));
        $holder.container().iter().for_each(|container| of_container(container, $parent, $nodes));
        $holder.list().iter().for_each(|list| of_list(list, $parent, $nodes));
        $holder.choice().iter().for_each(|choice| of_choice(choice, $parent, $nodes));
    };
}

/// All data nodes of a module's body. The parser has bounded its depth.
pub(super) fn of_body(body: &BodyStmts) -> Nodes {
    let mut nodes = Nodes::default();
    inside!(body.data_def(), Some(""), &mut nodes);
    body.grouping().iter().for_each(|grouping| of_grouping(grouping, &mut nodes));
    for augment in body.augment() {
        // Its target may be a choice, which is no node.
        inside!(augment, None, &mut nodes);
        augment.case().iter().for_each(|case| of_case(case, None, &mut nodes));
    }
    nodes
}

fn of_grouping(grouping: &GroupingStmt, nodes: &mut Nodes) {
    inside!(grouping, None, nodes);
    grouping.grouping().iter().for_each(|inner| of_grouping(inner, nodes));
}

fn of_container(container: &ContainerStmt, parent: Option<&str>, nodes: &mut Nodes) {
    let name = container.arg().to_string();
    nodes.note(name.clone(), parent);
    nodes.containers += 1;
    inside!(container, Some(name.as_str()), nodes);
    container.grouping().iter().for_each(|grouping| of_grouping(grouping, nodes));
}

fn of_list(list: &ListStmt, parent: Option<&str>, nodes: &mut Nodes) {
    let name = list.arg().to_string();
    nodes.note(name.clone(), parent);
    nodes.lists += 1;
    inside!(list, Some(name.as_str()), nodes);
    list.grouping().iter().for_each(|grouping| of_grouping(grouping, nodes));
}

/// A choice and its cases are no nodes: what is in them stands in the node that they are in.
fn of_choice(choice: &ChoiceStmt, parent: Option<&str>, nodes: &mut Nodes) {
    inside!(choice, parent, nodes);
    choice.case().iter().for_each(|case| of_case(case, parent, nodes));
}

fn of_case(case: &CaseStmt, parent: Option<&str>, nodes: &mut Nodes) {
    inside!(case, parent, nodes);
}
