//! Members of our own (`trunkline:role` and so on; the module is `docs/trunkline.yang`), with what RFC 8345 and RFC 8795 have no place
//! for. They have the words of native files and are read and written by the same code. One that is not known is an error: nobody
//! else writes in our name.
//!
//! What holds for a line as a whole stands in the entry of its first direction.

use std::collections::BTreeMap;

use model::{Link, Node, Side, Ted, sr::LabelBlock};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    names::{self, GROUPS, RISKS},
    number,
};
use crate::{
    code,
    draft::{self, DraftDirection, DraftLine, DraftNode},
    native,
    text::{Fields, Key, Report, Shape, Tree},
    words::{self, Spelling},
};

/// What stands before our words.
pub(super) const PREFIX: &str = "trunkline:";

/// Names of groups and risks, in the network.
pub(super) const NETWORK: [&str; 2] = ["affinity", "srlg"];

/// In a node. The blocks are written always where there are any: without them it has none.
pub(super) const NODE: [&str; 14] = [
    "role",
    "site",
    "labels",
    "locator",
    "nextCsid",
    "nodeSid",
    "serviceSid",
    "serviceLabel",
    "srgb",
    "srlb",
    "msd",
    "queues",
    "overload",
    "dialect",
];

/// In a link, where it is the first direction of its line.
pub(super) const LINE: [&str; 4] = ["role", "contract", "encryption", "price"];

/// In a link. Bandwidth and delay stand here where the numbers of RFC 8795 cannot say them exactly.
pub(super) const DIRECTION: [&str; 6] = ["bandwidth", "delay", "jitter", "loss", "adjacencyLabel", "endX"];

/// A block that is not there.
pub(super) fn no_block(block: LabelBlock) -> LabelBlock {
    LabelBlock { size: 0, ..block }
}

/// Adds what is said by these words.
fn add(entry: &mut Value, said: impl Serialize, words: &[&str]) {
    let said = serde_json::to_value(said).expect("texts, numbers and lists of them always have a JSON form");
    let Value::Object(members) = said else { return };
    for (word, value) in members.into_iter().filter(|(word, _)| words.contains(&word.as_str())) {
        let value = match (word.as_str(), value) {
            // Numbers of 64 bits travel as text (RFC 7951 section 6.1).
            ("price", value) => json!(value.to_string()),
            ("labels", Value::Object(labels)) => {
                labels.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
            }
            (_, value) => value,
        };
        entry[format!("{PREFIX}{word}")] = value;
    }
}

/// Adds the names of groups and risks.
pub(super) fn add_names(entry: &mut Value, ted: &Ted) {
    for (word, kind, names) in
        [(NETWORK[0], GROUPS, names::groups(ted)), (NETWORK[1], RISKS, names::risks(ted))]
    {
        let told = kind.told(&kind.numbers(&names));
        if !told.is_empty() {
            entry[format!("{PREFIX}{word}")] =
                told.iter().map(|(number, name)| json!({ kind.word: number, "name": name })).collect();
        }
    }
}

/// Adds what is ours of a node.
pub(super) fn add_node(entry: &mut Value, node: &Node) {
    let mut said = native::node_file(node);
    said.srgb = (node.srgb != no_block(draft::SRGB)).then_some(node.srgb);
    said.srlb = (node.srlb != no_block(draft::SRLB)).then_some(node.srlb);
    add(entry, said, &NODE);
}

/// Adds what is ours of a direction.
pub(super) fn add_direction(entry: &mut Value, link: &Link, from: Side, usual: &native::Usual) {
    let mut said = native::direction_file(link, from, usual);
    said.bandwidth =
        said.bandwidth.filter(|own| number::read_bandwidth(&number::write_bandwidth(*own)) != Some(*own));
    said.delay = said.delay.filter(|own| u32::try_from(own.as_micros()).is_err());
    add(entry, said, &DIRECTION);
    if from == Side::A {
        add(entry, native::link_file(link, usual), &LINE);
    }
}

/// Our members of a mapping, by our words; unknown ones are reported.
fn members(tree: &Tree, known: &[&str], subject: &str, report: &mut Report) -> Tree {
    let Shape::Map(entries) = &tree.shape else {
        return Tree { shape: Shape::Map(Vec::new()), mark: tree.mark };
    };
    let mut ours = Vec::new();
    for (key, value) in entries {
        let Some(word) = key.text.strip_prefix(PREFIX) else { continue };
        let key = Key { text: word.to_owned(), mark: key.mark };
        if known.contains(&word) {
            ours.push((key, value.clone()));
        } else {
            report.unknown_word(subject, &key, known);
        }
    }
    Tree { shape: Shape::Map(ours), mark: tree.mark }
}

/// Names by number.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub groups: BTreeMap<u32, String>,
    pub risks: BTreeMap<u32, String>,
}

/// Reads the names of groups and risks of a network.
pub(super) fn names(tree: &Tree, report: &mut Report) -> Names {
    let members = members(tree, &NETWORK, "network", report);
    let Some(mut fields) = Fields::of(&members, "network", report) else { return Names::default() };
    Names {
        groups: GROUPS.read(fields.trees(NETWORK[0], report), "network, affinity", report),
        risks: RISKS.read(fields.trees(NETWORK[1], report), "network, srlg", report),
    }
}

/// Reads what is ours of a node.
pub(super) fn node(draft: DraftNode, tree: &Tree, subject: &str, report: &mut Report) -> DraftNode {
    let members = members(tree, &NODE, subject, report);
    let Some(mut fields) = Fields::of(&members, subject, report) else { return draft };
    let mut node = words::node(draft, &mut fields, Spelling::Native, report);
    for label in fields.trees("labels", report) {
        let subject = format!("{subject}, labels");
        let Some(mut fields) = Fields::of(label, &subject, report) else { continue };
        let (name, value) = (fields.required::<String>("name", report), fields.required("value", report));
        fields.finish(&["name", "value"], report);
        if let (Some(name), Some(value)) = (name, value)
            && let Some(other) = node.labels.insert(name.clone(), value)
        {
            let message = format!("the label `{}` is there twice", crate::text::shorten(&name));
            report.error(code::DUPLICATE_KEY, &subject, message, label.mark);
            node.labels.insert(name, other);
        }
    }
    node
}

/// Reads what is ours of a direction and, where it stands there, of its line.
pub(super) fn direction(tree: &Tree, subject: &str, report: &mut Report) -> (DraftLine, DraftDirection) {
    let members = members(tree, &[&LINE[..], &DIRECTION[..]].concat(), subject, report);
    let Some(mut fields) = Fields::of(&members, subject, report) else { return Default::default() };
    (words::line(&mut fields, report), words::direction(&mut fields, report))
}
