//! libyang's judgement of a tree.

use yang5::data::{DataFormat, DataParserFlags, DataTree, DataValidationFlags};

use super::{
    json,
    refusal::{Refusal, Tag},
    tree::Tree,
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
