//! Native files: `kind: Network`. Every word is ours, so an unknown one is an error.

use std::collections::BTreeMap;

use model::NodeId;

use crate::{
    code,
    draft::{Draft, DraftLink, DraftNode, Missing, Unread},
    text::{Fields, Mark, Report, Shape, Tree, plain},
    words::{self, Spelling},
};

mod file;
mod write;

pub use file::network_schema;
pub use write::to_network_yaml;
pub(crate) use write::{Usual, direction_file, link_file, node_file};

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
    let (mut nodes, mut unread) = (Vec::new(), Unread::default());
    let written = top.trees("nodes", report);
    for tree in written {
        match (node(tree, report), tree.word_at("name")) {
            (Some(node), _) => nodes.push(node),
            (None, Some(name)) => drop(unread.names.insert(name.to_owned())),
            (None, None) => unread.any = true,
        }
    }
    let links = top.trees("links", report);
    unread.any |= written.is_empty();
    match top.get("nodes") {
        None if !top.mistyped("nodes", &TOP) => top.missing("nodes", report),
        Some(Tree { shape: Shape::List(none), mark }) if none.is_empty() && !links.is_empty() => {
            no_nodes("file", *mark, report);
        }
        _ => {}
    }
    let links = links.iter().filter_map(|tree| link(tree, report)).collect();
    top.finish(&TOP, report);
    Some(Draft { nodes, unread, links, missing: Missing::Reported })
}

/// Says once that links have nothing to end at.
pub(crate) fn no_nodes(subject: &str, mark: Option<Mark>, report: &mut Report) {
    let message = "`nodes` is empty, and links end at nodes";
    report.error(code::MISSING_WORD, subject, message, mark).help =
        Some("add the nodes at which the links end".to_owned());
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
    let known = node_words();
    for word in ["name", "routerId"].into_iter().filter(|word| !fields.has(word)) {
        if !fields.mistyped(word, &known) {
            fields.missing(word, report);
        }
    }
    let id: Option<NodeId> = fields.value("name", report);
    let is_named = id.is_some();
    let labels = labels(&mut fields, report);
    // Without a name the rest is judged all the same.
    let draft = DraftNode::new(id.unwrap_or_else(|| NodeId::lit("unnamed")), tree.mark);
    let mut node = words::node(draft, &mut fields, Spelling::Native, report);
    node.labels = labels;
    fields.finish(&known, report);
    is_named.then_some(node)
}

fn labels(fields: &mut Fields<'_>, report: &mut Report) -> BTreeMap<String, String> {
    let Some(tree) = fields.get("labels") else { return BTreeMap::new() };
    let Some(mut inner) = Fields::of(tree, &format!("{}, labels", fields.subject), report) else {
        return BTreeMap::new();
    };
    let Shape::Map(entries) = &tree.shape else { return BTreeMap::new() };
    for (key, _) in entries {
        if let Err(why) = plain(&key.text) {
            report.error(code::WRONG_VALUE, &inner.subject, format!("the name of a label: {why}"), key.mark);
        }
    }
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
        words::misplaced(&mut inner, "the link itself, beside `a` and `z`", report);
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
