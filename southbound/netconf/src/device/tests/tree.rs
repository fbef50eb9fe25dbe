//! The tree of the tests' box, which knows no model: how edits are merged into it and what a filter selects of it.

use std::collections::BTreeMap;

use dialects::{Action, Dialect, Headend};
use model::{DeviceConfig, Edit};

use super::super::reading;
use super::{ADDRESS, edits};
use crate::ns;
use crate::xml::Element;

/// The leaves that tell entries of a list apart, by the list's place.
pub(super) type Keys = BTreeMap<Vec<String>, Vec<&'static str>>;

fn rendered(dialect: Dialect, edits: &[Edit]) -> Vec<dialects::Operation> {
    dialect.render(edits, &Headend { address: ADDRESS, held: &DeviceConfig::default() }).unwrap()
}

/// The routing tables in which the contract's rules stand, where they are those of a VRF: of it, a dialect merges a leaf alone.
fn tables(dialect: Dialect) -> Vec<dialects::Operation> {
    let steering = edits(dialect, 1).into_iter().filter(|edit| matches!(edit, Edit::PutSteering(_)));
    let mut operations = rendered(dialect, &steering.collect::<Vec<_>>());
    operations.retain(|operation| dialect.needs_held() && matches!(operation.action, Action::Merge(_)));
    operations.iter_mut().for_each(|operation| operation.action = Action::Merge(Vec::new()));
    operations
}

/// What a box holds at first: the tables that rules of ours need, and a policy of somebody else, which is one of ours under
/// another name.
pub(super) fn foreign(dialect: Dialect, keys: &Keys) -> Element {
    const NUMBER: u32 = 900;
    let policies = edits(dialect, NUMBER).into_iter().filter(|edit| matches!(edit, Edit::PutPolicy(_)));
    let operations = rendered(dialect, &policies.collect::<Vec<_>>());
    let ours = format!("tl-contract-{NUMBER}");
    let mut running = Element::new(ns::BASE, "data");
    for part in reading::payload(&tables(dialect)).unwrap() {
        merge(&mut running, &part, keys, &[]);
    }
    for part in reading::payload(&operations).unwrap() {
        merge(&mut running, &renamed(part, &ours, "by-hand"), keys, &[]);
    }
    running
}

fn renamed(mut element: Element, from: &str, to: &str) -> Element {
    element.text = element.text.replace(from, to);
    element.children = element.children.into_iter().map(|child| renamed(child, from, to)).collect();
    element
}

/// The keys of all lists in which the dialect writes, out of the paths of what it renders. What stands below a path is always
/// written whole, so that no other list is ever merged.
pub(super) fn keys(dialect: Dialect) -> Keys {
    let mut keys = Keys::new();
    for operation in rendered(dialect, &edits(dialect, 1)) {
        let mut place = Vec::new();
        for step in operation.path {
            place.push(step.name.to_owned());
            if !step.keys.is_empty() {
                keys.insert(place.clone(), step.keys.into_iter().map(|(name, _)| name).collect());
            }
        }
    }
    keys
}

/// `<edit-config>` with default-operation merge (RFC 6241, section 7.2), as far as dialects use it. `above` is where `into` stands.
pub(super) fn merge(into: &mut Element, part: &Element, keys: &Keys, above: &[String]) {
    let place = [above, &[part.name.local.to_string()]].concat();
    let names = keys.get(&place).map(Vec::as_slice).unwrap_or_default();
    let key = |e: &Element, name: &str| e.at(&[name]).map(|leaf| leaf.text.clone());
    let same = |child: &Element| {
        child.name == part.name && names.iter().all(|name| key(child, name) == key(part, name))
    };
    let there = into.children.iter().position(same);
    match (part.attribute(ns::BASE, "operation"), there) {
        (Some("remove"), there) => drop(there.map(|at| into.children.remove(at))),
        (Some("replace"), there) => {
            drop(there.map(|at| into.children.remove(at)));
            into.children.push(plain(part));
        }
        (None, Some(at)) => {
            let old = &mut into.children[at];
            old.text.clone_from(&part.text);
            part.children.iter().for_each(|child| merge(old, child, keys, &place));
        }
        (None, None) => {
            let mut new = plain(part);
            new.children.clear();
            part.children.iter().for_each(|child| merge(&mut new, child, keys, &place));
            into.children.push(new);
        }
        (Some(other), _) => panic!("the device sent operation {other}"),
    }
}

fn plain(part: &Element) -> Element {
    let mut plain = part.clone();
    plain.attributes.clear();
    plain
}

/// What a subtree filter selects (RFC 6241, section 6), as far as dialects write filters: nodes with others in them, and nodes
/// that are wanted whole.
pub(super) fn selected(tree: &Element, filter: &[Element]) -> Vec<Element> {
    let one = |node: &Element| {
        let wanted = filter.iter().find(|wanted| wanted.name == node.name)?;
        let mut kept = node.clone();
        if !wanted.children.is_empty() {
            kept.children = selected(node, &wanted.children);
        }
        Some(kept)
    };
    tree.children.iter().filter_map(one).collect()
}
