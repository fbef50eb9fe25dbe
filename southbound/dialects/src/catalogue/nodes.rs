//! The names of the data nodes that a module defines, collected from the statement tree. Nothing is resolved, so a name says that
//! there is such a node somewhere, not where.

use std::collections::BTreeSet;

use yang_rs::{
    compound::BodyStmts,
    stmt::{CaseStmt, ChoiceStmt, ContainerStmt, GroupingStmt, ListStmt},
};

type Names = BTreeSet<String>;

/// What all statements that hold data nodes have in common; the parser's types do not say it.
macro_rules! inside {
    ($holder:expr, $names:expr) => {
        $names.extend($holder.leaf().iter().map(|leaf| leaf.arg().to_string()));
        $names.extend($holder.leaf_list().iter().map(|leaves| leaves.arg().to_string()));
        $holder.container().iter().for_each(|container| of_container(container, $names));
        $holder.list().iter().for_each(|list| of_list(list, $names));
        $holder.choice().iter().for_each(|choice| of_choice(choice, $names));
    };
}

/// All names of a module's body. The parser has bounded its depth.
pub(super) fn of_body(body: &BodyStmts) -> Names {
    let mut names = Names::new();
    inside!(body.data_def(), &mut names);
    body.grouping().iter().for_each(|grouping| of_grouping(grouping, &mut names));
    for augment in body.augment() {
        inside!(augment, &mut names);
        augment.case().iter().for_each(|case| of_case(case, &mut names));
    }
    names
}

fn of_grouping(grouping: &GroupingStmt, names: &mut Names) {
    inside!(grouping, names);
    grouping.grouping().iter().for_each(|inner| of_grouping(inner, names));
}

fn of_container(container: &ContainerStmt, names: &mut Names) {
    names.insert(container.arg().to_string());
    inside!(container, names);
    container.grouping().iter().for_each(|grouping| of_grouping(grouping, names));
}

fn of_list(list: &ListStmt, names: &mut Names) {
    names.insert(list.arg().to_string());
    inside!(list, names);
    list.grouping().iter().for_each(|grouping| of_grouping(grouping, names));
}

fn of_choice(choice: &ChoiceStmt, names: &mut Names) {
    inside!(choice, names);
    choice.case().iter().for_each(|case| of_case(case, names));
}

fn of_case(case: &CaseStmt, names: &mut Names) {
    inside!(case, names);
}
