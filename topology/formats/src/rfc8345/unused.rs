//! What a file says that nobody reads, so that it is not taken for read.

use std::collections::BTreeMap;

use model::Severity;

use super::ours;
use crate::{
    code,
    text::{Mark, Report, Shape, Tree},
};

/// Members that are read, or that say nothing that a TED holds, by where they stand.
const NETWORK: [&str; 6] = [
    "network-id",
    "network-types",
    "ietf-te-topology:te-topology-identifier",
    "ietf-te-topology:te",
    "node",
    "ietf-network-topology:link",
];
const NODE: [&str; 5] = [
    "node-id",
    "ietf-network-topology:termination-point",
    "ietf-te-topology:te-node-id",
    "ietf-te-topology:te",
    "ietf-l3-unicast-topology:l3-node-attributes",
];
const TE_NODE: [&str; 2] = ["te-node-attributes", "geolocation"];
const L3_NODE: [&str; 2] = ["name", "router-id"];
const LINK: [&str; 5] = [
    "link-id",
    "source",
    "destination",
    "ietf-te-topology:te",
    "ietf-l3-unicast-topology:l3-link-attributes",
];
const TE_LINK: [&str; 1] = ["te-link-attributes"];
const ATTRIBUTES: [&str; 9] = [
    "administrative-group",
    "max-link-bandwidth",
    "te-default-metric",
    "te-igp-metric",
    "te-delay-metric",
    "te-srlgs",
    "admin-status",
    "name",
    "link-index",
];
const L3_LINK: [&str; 2] = ["name", "metric1"];

/// Members that nobody reads, each with the place where it stands first.
#[derive(Debug, Default)]
pub(super) struct Unused(BTreeMap<String, Option<Mark>>);

impl Unused {
    /// Looks at a network, and at no part of it.
    pub fn network(&mut self, tree: &Tree) {
        self.look(Some(tree), &NETWORK, true);
    }

    /// Looks at a node.
    pub fn node(&mut self, tree: &Tree) {
        self.look(Some(tree), &NODE, true);
        self.look(tree.at("ietf-te-topology:te"), &TE_NODE, false);
        self.look(tree.at("ietf-l3-unicast-topology:l3-node-attributes"), &L3_NODE, false);
    }

    /// Looks at one direction of a line.
    pub fn link(&mut self, tree: &Tree) {
        let te = tree.at("ietf-te-topology:te");
        self.look(Some(tree), &LINK, true);
        self.look(te, &TE_LINK, false);
        self.look(te.and_then(|te| te.at("te-link-attributes")), &ATTRIBUTES, false);
        self.look(tree.at("ietf-l3-unicast-topology:l3-link-attributes"), &L3_LINK, false);
    }

    /// Where ours have their place, they are read or refused there ([`ours`]).
    fn look(&mut self, tree: Option<&Tree>, known: &[&str], ours_too: bool) {
        let Some(Shape::Map(entries)) = tree.map(|tree| &tree.shape) else { return };
        for (key, _) in entries {
            let is_known =
                known.contains(&key.text.as_str()) || ours_too && key.text.starts_with(ours::PREFIX);
            if !is_known && !self.0.contains_key(&key.text) {
                self.0.insert(key.text.clone(), key.mark);
            }
        }
    }

    /// Says all of them at the place of the first.
    pub fn tell(self, report: &mut Report) {
        let mark = self.0.values().flatten().min_by_key(|mark| mark.offset).copied();
        let names: Vec<String> = self.0.keys().map(|name| crate::text::shorten(name)).collect();
        if !names.is_empty() {
            let message = format!("attributes that are not used: {}", names.join(", "));
            report.add(code::UNUSED_ATTRIBUTE, Severity::Info, "network", message, mark);
        }
    }
}
