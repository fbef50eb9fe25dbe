//! Native files: `kind: Network`. Every word is ours, so an unknown one is an error.

use std::collections::BTreeMap;

use crate::{
    code,
    draft::{Draft, DraftLink, DraftNode, Missing},
    text::{Fields, Report, Shape, Tree},
    words::{self, Spelling},
};

mod file;
mod write;

pub use file::network_schema;
pub use write::to_network_yaml;

/// The version of the words.
pub(crate) const API_VERSION: &str = "trunkline/v1";

const TOP: [&str; 4] = ["apiVersion", "kind", "nodes", "links"];

const ENDS: [&str; 4] = ["a", "z", "aToZ", "zToA"];

const END: [&str; 2] = ["node", "interface"];

fn node_words() -> Vec<&'static str> {
    let mut words = vec!["name", "labels"];
    words.extend(Spelling::Native.node_words());
    words
}

fn link_words() -> Vec<&'static str> {
    [&words::LINE[..], &ENDS[..], &words::DIRECTION[..]].concat()
}

/// Reads a native file.
pub(crate) fn read(tree: &Tree, report: &mut Report) -> Option<Draft> {
    let mut top = Fields::of(tree, "file", report)?;
    version(&mut top, report);
    top.value::<String>("kind", report);
    let nodes = top.trees("nodes", report).iter().filter_map(|tree| node(tree, report)).collect();
    let links = top.trees("links", report).iter().filter_map(|tree| link(tree, report)).collect();
    if !top.has("nodes") {
        top.missing("nodes", report);
    }
    top.finish(&TOP, report);
    Some(Draft { nodes, links, missing: Missing::Reported })
}

/// Reads the version and says so where it is another.
fn version(top: &mut Fields<'_>, report: &mut Report) {
    let mark = top.get("apiVersion").and_then(|tree| tree.mark);
    if let Some(version) = top.required::<String>("apiVersion", report)
        && version != API_VERSION
    {
        let message = format!("`apiVersion`: `{version}` is not read here, only `{API_VERSION}`");
        report.error(code::WRONG_VALUE, "file", message, mark);
    }
}

fn node(tree: &Tree, report: &mut Report) -> Option<DraftNode> {
    let name = tree.word_at("name").unwrap_or("without name");
    let mut fields = Fields::of(tree, &format!("node {name}"), report)?;
    let id = fields.required("name", report);
    let labels = labels(&mut fields, report);
    if !fields.has("routerId") {
        fields.missing("routerId", report);
    }
    let draft = id.map(|id| {
        let mut node = words::node(DraftNode::new(id, tree.mark), &mut fields, Spelling::Native, report);
        node.labels = labels;
        node
    });
    fields.finish(&node_words(), report);
    draft
}

fn labels(fields: &mut Fields<'_>, report: &mut Report) -> BTreeMap<String, String> {
    let Some(tree) = fields.get("labels") else { return BTreeMap::new() };
    let Some(mut inner) = Fields::of(tree, &format!("{}, labels", fields.subject), report) else {
        return BTreeMap::new();
    };
    let Shape::Map(entries) = &tree.shape else { return BTreeMap::new() };
    entries.iter().filter_map(|(key, _)| Some((key.text.clone(), inner.value(&key.text, report)?))).collect()
}

fn link(tree: &Tree, report: &mut Report) -> Option<DraftLink> {
    let said = |word: &str| tree.word_at(word).unwrap_or("?");
    let subject = match tree.word_at("name") {
        Some(name) => format!("link {name}"),
        None => format!("link {}--{}", said("a"), said("z")),
    };
    let mut fields = Fields::of(tree, &subject, report)?;
    let line = words::line(&mut fields, report);
    let both = words::direction(&mut fields, report);
    let (a, z) = (end(&mut fields, "a", report), end(&mut fields, "z", report));
    let mut one_way = |word: &str| {
        let Some(mut inner) = fields.inner(word, report) else { return both.clone() };
        let direction = words::direction(&mut inner, report);
        inner.finish(&words::DIRECTION, report);
        direction.over(&both)
    };
    let (from_a, from_z) = (one_way("aToZ"), one_way("zToA"));
    fields.finish(&link_words(), report);
    Some(DraftLink { mark: tree.mark, a: a?, z: z?, line, from_a, from_z })
}

fn end(
    fields: &mut Fields<'_>,
    word: &str,
    report: &mut Report,
) -> Option<(model::NodeId, model::InterfaceName)> {
    let Some(tree) = fields.get(word) else {
        fields.missing(word, report);
        return None;
    };
    if !matches!(tree.shape, Shape::Map(_)) {
        return words::end(tree, &fields.subject, report);
    }
    let mut inner = Fields::of(tree, &format!("{}, {word}", fields.subject), report)?;
    let (node, interface) = (inner.required("node", report), inner.required("interface", report));
    inner.finish(&END, report);
    Some((node?, interface?))
}

#[cfg(test)]
mod tests;
