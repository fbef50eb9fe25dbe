//! containerlab files. Ours ride in node `labels` (`trunkline.*`) and in link `vars`; all else belongs to containerlab and
//! is left alone. What a node does not say itself comes from its group, its kind and the defaults, in this order.
//!
//! Labels that are not ours become the node's free labels, so that selectors can use them.

use std::collections::{BTreeMap, BTreeSet};

use model::{NodeId, Severity};

use crate::{
    code,
    draft::{Draft, DraftNode, Missing, Unread},
    native::no_nodes,
    text::{Fields, Key, Report, Shape, Tree, plain},
    words::{self, Spelling},
};

pub(crate) mod lab;
mod link;

const OURS: &str = "trunkline.";

/// The label that says to which tenant a host belongs. The lab alone asks for it.
const TENANT: &str = "trunkline.vrf";

/// Kinds that switch frames and route nothing.
const NO_ROUTERS: [&str; 3] = ["bridge", "ovs-bridge", "host"];

/// Reads a containerlab file.
pub(crate) fn read(tree: &Tree, report: &mut Report) -> Option<Draft> {
    let mut top = Fields::of(tree, "file", report)?;
    top.required::<String>("name", report);
    if !top.has("topology") {
        top.missing("topology", report);
    }
    let topology = top.get("topology")?;
    let mut topology = Fields::of(topology, "topology", report)?;
    if !topology.has("nodes") {
        topology.missing("nodes", report);
    }
    let inheritance = Inheritance::of(&mut topology, report);
    let nodes_tree = topology.get("nodes")?;
    // Reports names that stand twice.
    Fields::of(nodes_tree, "nodes", report)?;
    let Shape::Map(entries) = &nodes_tree.shape else { return None };
    let known = label_words();
    let mut bare = true;
    let (mut nodes, mut left_out) = (Vec::new(), BTreeSet::new());
    let mut unread = Unread { any: entries.is_empty(), ..Unread::default() };
    for (key, own) in entries {
        let Some(id) = node_name(key, report) else {
            unread.names.insert(key.text.clone());
            continue;
        };
        let subject = format!("node {id}");
        let kind = inheritance.kind(own);
        if let Some(kind) = kind.filter(|kind| NO_ROUTERS.contains(kind)) {
            let message = format!("a node of kind `{kind}` is not a router: it and its links are left out");
            report.add(code::NO_ROUTER, Severity::Warning, &subject, message, key.mark);
            left_out.insert(id);
            continue;
        }
        check_labels(own.at("labels"), &subject, &known, report);
        let labels = inheritance.labels(own);
        bare &= !labels.iter().any(|(key, _)| is_of_router(key));
        nodes.push(node(DraftNode::new(id, key.mark), labels, report));
    }
    shared_chassis(entries, report);
    let names = link::Names { nodes: nodes.iter().map(|node| node.id.clone()).collect(), left_out };
    let links = topology.trees("links", report);
    if entries.is_empty() && !links.is_empty() {
        no_nodes("topology", nodes_tree.mark, report);
    }
    let links = links.iter().filter_map(|tree| link::read(tree, &names, report)).collect();
    let missing = if bare { Missing::DeriveAll } else { Missing::Derive };
    Some(Draft { nodes, unread, links, missing })
}

fn node_name(key: &Key, report: &mut Report) -> Option<NodeId> {
    let fault = if key.text.contains("${") {
        (code::UNEXPANDED, "its name holds an environment variable, which is not expanded".to_owned())
    } else if key.text.contains(':') {
        (code::WRONG_VALUE, "its name holds a colon, which parts node and interface in links".to_owned())
    } else {
        match key.text.parse() {
            Ok(id) => return Some(id),
            Err(error) => (code::WRONG_VALUE, format!("{error}")),
        }
    };
    report.error(fault.0, format!("node {}", crate::text::shorten(&key.text)), fault.1, key.mark);
    None
}

fn node(draft: DraftNode, labels: Vec<(Key, Tree)>, report: &mut Report) -> DraftNode {
    let subject = format!("node {}", draft.id);
    let (mut ours, free): (Vec<_>, Vec<_>) =
        labels.into_iter().partition(|(key, _)| key.text.starts_with(OURS));
    ours.retain(|(_, tree)| !unexpanded(tree, &subject, report));
    let mark = draft.mark;
    let ours = Tree { shape: Shape::Map(ours), mark };
    let Some(mut fields) = Fields::of(&ours, &subject, report) else { return draft };
    let mut node = words::node(draft, &mut fields, Spelling::Label, report);
    for (key, tree) in free {
        let Some(text) = tree.scalar() else { continue };
        if let Err(why) = plain(&key.text).and_then(|()| plain(text)) {
            let message = format!("label `{}`: {why}", crate::text::shorten(&key.text));
            report.error(code::WRONG_VALUE, &subject, message, tree.mark);
        }
        node.labels.insert(key.text, text.to_owned());
    }
    node
}

/// Reports what only the environment could tell, anywhere in a value that we read.
fn unexpanded(tree: &Tree, subject: &str, report: &mut Report) -> bool {
    match &tree.shape {
        Shape::Scalar(scalar) => {
            let found = scalar.text.contains("${");
            if found {
                let text = crate::text::shorten(&scalar.text);
                let message = format!("`{text}` holds an environment variable, which is not expanded");
                report.error(code::UNEXPANDED, subject, message, tree.mark);
            }
            found
        }
        Shape::List(list) => list.iter().filter(|part| unexpanded(part, subject, report)).count() > 0,
        Shape::Map(entries) => {
            entries.iter().filter(|(_, part)| unexpanded(part, subject, report)).count() > 0
        }
    }
}

/// Whether a label is ours and says something about a router: to which tenant a host belongs says nothing about the network.
fn is_of_router(key: &Key) -> bool {
    key.text.starts_with(OURS) && key.text != TENANT
}

/// Labels that are read: those of the network, and that of the lab.
fn label_words() -> Vec<&'static str> {
    let mut words = Spelling::Label.node_words();
    words.push(TENANT);
    words
}

/// Labels in the name of ours that nobody reads.
fn check_labels(labels: Option<&Tree>, subject: &str, known: &[&str], report: &mut Report) {
    let Some(labels) = labels else { return };
    let Some(fields) = Fields::of(labels, subject, report) else { return };
    for (key, _) in fields.rest() {
        if key.text.starts_with(OURS) && !known.contains(&key.text.as_str()) {
            report.unknown_word(subject, key, known);
        }
    }
}

/// Tells of nodes that run in the network of another, at the first of them.
fn shared_chassis(entries: &[(Key, Tree)], report: &mut Report) {
    let is_card = |own: &Tree| own.word_at("network-mode").is_some_and(|mode| mode.starts_with("container:"));
    let cards: Vec<&Key> = entries.iter().filter(|(_, own)| is_card(own)).map(|(key, _)| key).collect();
    let message = match cards.as_slice() {
        [] => return,
        [card] => format!(
            "the node {} runs in the network of another (`network-mode`), as the card of a chassis does, and is read as a router of its own",
            card.text
        ),
        [first, second, ..] => format!(
            "{} nodes run in the network of another (`network-mode`), as the cards of a chassis do, and each is read as a router of its own: {}, {}{}",
            cards.len(),
            first.text,
            second.text,
            if cards.len() > 2 { ", …" } else { "" }
        ),
    };
    let mark = cards.first().and_then(|card| card.mark);
    report.add(code::SHARED_CHASSIS, Severity::Info, "network", message, mark).help =
        Some("where they are one router, keep one node of it and end all its links there".to_owned());
}

/// What nodes inherit.
struct Inheritance<'t> {
    defaults: Option<&'t Tree>,
    kinds: BTreeMap<&'t str, &'t Tree>,
    groups: BTreeMap<&'t str, &'t Tree>,
}

impl<'t> Inheritance<'t> {
    fn of(topology: &mut Fields<'t>, report: &mut Report) -> Self {
        let known = label_words();
        let defaults = topology.get("defaults");
        check_labels(defaults.and_then(|tree| tree.at("labels")), "defaults", &known, report);
        let mut named = |word: &str| {
            let Some(Shape::Map(entries)) = topology.get(word).map(|tree| &tree.shape) else {
                return BTreeMap::new();
            };
            for (key, tree) in entries {
                check_labels(tree.at("labels"), &format!("{word} {}", key.text), &known, report);
            }
            entries.iter().map(|(key, tree)| (key.text.as_str(), tree)).collect()
        };
        let (kinds, groups) = (named("kinds"), named("groups"));
        Self { defaults, kinds, groups }
    }

    fn group(&self, own: &'t Tree) -> Option<&'t Tree> {
        let of_kind = own.word_at("kind").and_then(|kind| self.kinds.get(kind));
        let name = own
            .word_at("group")
            .or_else(|| of_kind.and_then(|kind| kind.word_at("group")))
            .or_else(|| self.defaults.and_then(|defaults| defaults.word_at("group")))?;
        self.groups.get(name).copied()
    }

    fn kind(&self, own: &'t Tree) -> Option<&'t str> {
        own.word_at("kind")
            .or_else(|| self.group(own).and_then(|group| group.word_at("kind")))
            .or_else(|| self.defaults.and_then(|defaults| defaults.word_at("kind")))
    }

    /// The image of a node, that of the nearest layer winning.
    fn image(&self, own: &'t Tree) -> Option<&'t str> {
        let kind = self.kind(own).and_then(|kind| self.kinds.get(kind)).copied();
        let layers = [Some(own), self.group(own), kind, self.defaults];
        layers.into_iter().flatten().find_map(|layer| layer.word_at("image"))
    }

    /// All labels of a node, those of the nearest layer winning.
    fn labels(&self, own: &'t Tree) -> Vec<(Key, Tree)> {
        let kind = self.kind(own).and_then(|kind| self.kinds.get(kind)).copied();
        let mut merged: BTreeMap<&str, (&Key, &Tree)> = BTreeMap::new();
        for layer in [self.defaults, kind, self.group(own), Some(own)].into_iter().flatten() {
            if let Some(Shape::Map(entries)) = layer.at("labels").map(|tree| &tree.shape) {
                merged.extend(entries.iter().map(|(key, tree)| (key.text.as_str(), (key, tree))));
            }
        }
        merged.into_values().map(|(key, tree)| (key.clone(), tree.clone())).collect()
    }
}

#[cfg(test)]
mod tests;
