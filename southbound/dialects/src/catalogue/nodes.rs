//! The names of the data nodes that a module defines, collected from the statement tree. Nothing is resolved, so a name says that
//! there is such a node somewhere, not where.

use std::collections::BTreeSet;

use yang_rs::{
    compound::BodyStmts,
    stmt::{CaseStmt, ChoiceStmt, ContainerStmt, GroupingStmt, ListStmt},
};

/// What was collected.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    pub(super) names: BTreeSet<String>,
    pub(super) containers: usize,
    pub(super) lists: usize,
}

/// What all statements that hold data nodes have in common; the parser's types do not say it.
macro_rules! inside {
    ($holder:expr, $nodes:expr) => {
        $nodes.names.extend($holder.leaf().iter().map(|leaf| leaf.arg().to_string()));
        $nodes.names.extend($holder.leaf_list().iter().map(|leaves| leaves.arg().to_string()));
        $holder.container().iter().for_each(|container| of_container(container, $nodes));
        $holder.list().iter().for_each(|list| of_list(list, $nodes));
        $holder.choice().iter().for_each(|choice| of_choice(choice, $nodes));
    };
}

/// All data nodes of a module's body. The parser has bounded its depth.
pub(super) fn of_body(body: &BodyStmts) -> Nodes {
    let mut nodes = Nodes::default();
    inside!(body.data_def(), &mut nodes);
    body.grouping().iter().for_each(|grouping| of_grouping(grouping, &mut nodes));
    for augment in body.augment() {
        inside!(augment, &mut nodes);
        augment.case().iter().for_each(|case| of_case(case, &mut nodes));
    }
    nodes
}

fn of_grouping(grouping: &GroupingStmt, nodes: &mut Nodes) {
    inside!(grouping, nodes);
    grouping.grouping().iter().for_each(|inner| of_grouping(inner, nodes));
}

fn of_container(container: &ContainerStmt, nodes: &mut Nodes) {
    nodes.names.insert(container.arg().to_string());
    nodes.containers += 1;
    inside!(container, nodes);
    container.grouping().iter().for_each(|grouping| of_grouping(grouping, nodes));
}

fn of_list(list: &ListStmt, nodes: &mut Nodes) {
    nodes.names.insert(list.arg().to_string());
    nodes.lists += 1;
    inside!(list, nodes);
    list.grouping().iter().for_each(|grouping| of_grouping(grouping, nodes));
}

fn of_choice(choice: &ChoiceStmt, nodes: &mut Nodes) {
    inside!(choice, nodes);
    choice.case().iter().for_each(|case| of_case(case, nodes));
}

fn of_case(case: &CaseStmt, nodes: &mut Nodes) {
    inside!(case, nodes);
}
