//! Which nodes are meant.

use std::collections::BTreeMap;

use formats::{
    code,
    text::{Fields, Report, Shape},
};
use globset::{Glob, GlobMatcher};
use model::{Node, NodeId, Ted};
use schemars::JsonSchema;
use serde::Serialize;

/// Nodes for which all that is said holds; an empty selector means every node.
#[derive(Clone, Debug, Default, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Selector {
    /// A pattern for the name: `*` and `?` stand for anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// Free labels with their values.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub labels: BTreeMap<String, String>,
}

impl Selector {
    /// The nodes that it means, in the order of their names. O(nodes).
    pub fn nodes<'t>(&self, ted: &'t Ted) -> Vec<&'t NodeId> {
        let pattern = self.name.as_deref().and_then(|text| pattern(text).ok());
        ted.nodes.values().filter(|node| self.means(node, pattern.as_ref())).map(|node| &node.id).collect()
    }

    fn means(&self, node: &Node, name: Option<&GlobMatcher>) -> bool {
        (self.name.is_none() || name.is_some_and(|pattern| pattern.is_match(node.id.as_str())))
            && (self.role.is_none() || self.role == node.role)
            && self.site.as_deref().is_none_or(|site| node.site.as_ref().is_some_and(|s| s.as_str() == site))
            && self.labels.iter().all(|(key, value)| node.labels.get(key) == Some(value))
    }

    /// Reads a selector behind a word.
    pub(crate) fn read(fields: &mut Fields<'_>, word: &str, report: &mut Report) -> Option<Self> {
        if !fields.has(word) {
            fields.missing(word, report);
        }
        let mut inner = fields.inner(word, report)?;
        let mark = inner.get("name").and_then(|tree| tree.mark);
        let name = inner.value::<String>("name", report);
        if let Some((text, Err(why))) = name.as_deref().map(|text| (text, pattern(text))) {
            let message = format!("`{text}` is not a pattern of names: {why}");
            report.error(code::WRONG_VALUE, &inner.subject, message, mark);
        }
        let (role, site) = (inner.value("role", report), inner.value("site", report));
        let mut labels = BTreeMap::new();
        if let Some(tree) = inner.get("labels")
            && let Some(mut words) = Fields::of(tree, &inner.subject, report)
            && let Shape::Map(entries) = &tree.shape
        {
            for (key, _) in entries {
                labels.extend(words.value(&key.text, report).map(|value| (key.text.clone(), value)));
            }
        }
        inner.finish(&["name", "role", "site", "labels"], report);
        Some(Self { name, role, site, labels })
    }
}

/// A pattern of names.
///
/// # Errors
/// It is none, or too much to compile ([`model::pattern`]).
pub(crate) fn pattern(text: &str) -> Result<GlobMatcher, String> {
    model::pattern::may_compile(text).map_err(|why| why.to_string())?;
    Glob::new(text).map(|glob| glob.compile_matcher()).map_err(|error| error.kind().to_string())
}
