//! libyang's judgement of a tree.

use yang5::data::{DataFormat, DataParserFlags, DataTree, DataValidationFlags};

use super::{
    diff::{Change, ChangeKind, changes},
    edit, json,
    refusal::{Refusal, Tag},
    tree::{Item, Tree},
};
use crate::yang::Schema;

/// Judges the whole configuration: types, keys, mandatory nodes, references, `must` and `when`.
///
/// # Errors
/// With the first violation that libyang finds.
pub fn whole(schema: &Schema, tree: &Tree) -> Result<(), Refusal> {
    judge(schema, tree, DataParserFlags::STRICT | DataParserFlags::NO_STATE)
        .map_err(|(message, path)| refusal(Tag::OperationFailed, message, path))
}

/// Judges a whole configuration of which an earlier one was accepted, by what it changes:
///
/// - where leaves get other values, and these are nobody else's affair ([`Node::alone`](crate::yang::Node)), their types alone;
/// - where something is configured in [`LOOKS_OUT`], whose references lead into other top-level nodes, all of it;
/// - otherwise the top-level nodes that differ. No reference, `must` or `when` of the other served modules leads from one top-level
///   node into another, and none has to be there (`yang/tests/closed.rs` and the tests
///   here prove it), so the others stay as good as they were.
///
/// # Errors
/// With the first violation that libyang finds.
pub fn after(schema: &Schema, accepted: &Tree, tree: &Tree) -> Result<(), Refusal> {
    let alone = |change: &Change| match (&change.kind, change.path.last()) {
        (ChangeKind::Modified(Item::Leaf(_)), Some(step)) => schema.node(step.node).alone,
        _ => false,
    };
    if changes(accepted, tree).iter().all(alone)
        && values(schema, &edit::brought_in(schema, accepted, tree)).is_ok()
    {
        return Ok(());
    }
    if looks_out(schema, tree) {
        return whole(schema, tree);
    }
    let mut differs = tree.clone();
    differs
        .root_mut()
        .retain(|step, item| accepted.root().get(step).is_none_or(|before| !before.is_same(item)));
    whole(schema, &differs)
}

/// The top-level node that refers to others: neighbours are heard on interfaces.
pub(crate) const LOOKS_OUT: &str = "lldp";

fn looks_out(schema: &Schema, tree: &Tree) -> bool {
    schema.child(None, None, LOOKS_OUT).is_some_and(|node| tree.root().instances(node).next().is_some())
}

/// Judges values by their types alone, for parts of a configuration (RFC 7950 section 8.3.1).
///
/// # Errors
/// With the first value that its type does not allow.
pub fn values(schema: &Schema, part: &Tree) -> Result<(), Refusal> {
    let flags = DataParserFlags::STRICT | DataParserFlags::NO_STATE | DataParserFlags::NO_VALIDATION;
    judge(schema, part, flags).map_err(|(message, path)| refusal(Tag::InvalidValue, message, path))
}

fn refusal(tag: Tag, message: String, path: Option<String>) -> Refusal {
    Refusal { path, ..Refusal::new(tag, message) }
}

fn judge(schema: &Schema, tree: &Tree, parser: DataParserFlags) -> Result<(), (String, Option<String>)> {
    let text = json::write_tree(schema, tree);
    let validation = DataValidationFlags::NO_STATE;
    match DataTree::parse_string(&schema.context, text, DataFormat::JSON, parser, validation) {
        Ok(_) => Ok(()),
        Err(cause) => Err((cause.msg.unwrap_or_else(|| "the configuration is not valid".into()), cause.path)),
    }
}

#[cfg(test)]
mod tests;
