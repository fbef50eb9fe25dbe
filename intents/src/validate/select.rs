//! Selectors to nodes, connectivity to pairs.

use std::collections::BTreeSet;

use globset::Glob;
use model::{Node, Ted, id::NodeId};

use super::{Judge, NODE, in_network, known, listed};
use crate::{
    codes,
    doc::{By, Connectivity, Document, HubSpoke, Mesh, P2p, Pairing, Selector},
    read::{At, suggest},
};

/// How many services an intent may be: every node of a large bank with a few hubs, or every two of some hundred.
pub(super) const MAX_SERVICES: usize = 100_000;

/// How many services all intents together may be: several for each node of the largest bank.
pub(super) const MAX_SERVICES_OF_ALL: usize = 500_000;

/// Two ends of a service, and whether both directions are promised.
pub(super) struct Pairs {
    /// `a` and `z` of each service, each pair of nodes once.
    pub ends: Vec<(NodeId, NodeId)>,
    /// Whether traffic from `z` to `a` is promised too.
    pub bidirectional: bool,
}

/// The pairs that a connectivity means; nothing where it cannot be told.
pub(super) fn pairs(doc: &Document, connectivity: &At<Connectivity>, judge: &mut Judge<'_>) -> Option<Pairs> {
    match &connectivity.value {
        Connectivity::P2p(p2p) => two(doc, p2p, judge),
        Connectivity::HubSpoke(star) => hub_spoke(doc, star, judge),
        Connectivity::Mesh(mesh) => every_two(doc, mesh, judge),
    }
}

fn two(doc: &Document, p2p: &P2p, judge: &mut Judge<'_>) -> Option<Pairs> {
    let [a, z] = p2p.endpoints.value.as_slice() else {
        let message = format!("`p2p` has two endpoints, not {}", p2p.endpoints.value.len());
        judge
            .error(codes::BAD_VALUE, doc, p2p.endpoints.mark, message)
            .help("for more than two nodes, use `type: hub-spoke` or `type: mesh`");
        return None;
    };
    // Both are judged before the first ends it.
    let (a_there, z_there) = (is_node(doc, a, judge), is_node(doc, z, judge));
    if !(a_there && z_there) {
        return None;
    }
    if a.value == z.value {
        let message =
            format!("both endpoints are `{}`: nothing is promised between a node and itself", a.value);
        judge.error(codes::SAME_ENDS, doc, z.mark, message).help("name two different nodes");
        return None;
    }
    let bidirectional = p2p.bidirectional.is_none_or(|both| both.value);
    Some(Pairs { ends: vec![(a.value.clone(), z.value.clone())], bidirectional })
}

fn every_two(doc: &Document, mesh: &Mesh, judge: &mut Judge<'_>) -> Option<Pairs> {
    let members: Vec<NodeId> = nodes(doc, &mesh.members, judge)?.into_iter().collect();
    if let Some(no) = mesh.bidirectional.filter(|both| !both.value) {
        let message = "a mesh has no first and second end, so both directions are promised";
        judge
            .error(codes::CONTRADICTION, doc, no.mark, message)
            .help("remove the line, or use `type: hub-spoke`");
    }
    if let [lone] = members.as_slice() {
        let message = format!("a mesh is between two members or more, and `members` selects `{lone}` alone");
        judge
            .error(codes::SAME_ENDS, doc, mesh.members.mark, message)
            .help("select another node as well, or remove the intent");
        return None;
    }
    let pairs = members.len() * (members.len() - 1) / 2;
    if pairs > MAX_SERVICES {
        let message = format!(
            "`members` selects {} nodes, and every two of them are a service: that makes {pairs}, and an intent is at most {MAX_SERVICES}",
            members.len()
        );
        judge.error(codes::LIMIT, doc, mesh.members.mark, message).help(
            "select fewer nodes by `role`, `site` or `labels`, or let all talk to a few by `type: hub-spoke`",
        );
        return None;
    }
    let ends = members
        .iter()
        .enumerate()
        .flat_map(|(place, a)| members[place + 1..].iter().map(move |z| (a.clone(), z.clone())))
        .collect();
    Some(Pairs { ends, bidirectional: true })
}

fn hub_spoke(doc: &Document, star: &HubSpoke, judge: &mut Judge<'_>) -> Option<Pairs> {
    let hubs = nodes(doc, &star.hubs, judge);
    let selected = nodes(doc, &star.spokes, judge);
    let (hubs, selected) = (hubs?, selected?);
    // A node that is both is a hub.
    let spokes: Vec<&NodeId> = selected.difference(&hubs).collect();
    if spokes.is_empty() {
        let names = listed(&selected.iter().map(|node| format!("`{node}`")).collect::<Vec<_>>());
        let message = match selected.len() {
            1 => {
                format!("a hub has spokes besides itself, and `spokes` selects {names} alone, which is a hub")
            }
            _ => format!(
                "hubs have spokes besides themselves, and all that `spokes` selects are hubs: {names}"
            ),
        };
        judge
            .error(codes::SAME_ENDS, doc, star.spokes.mark, message)
            .help("select other nodes as spokes; for every node with every other, use `type: mesh`");
        return None;
    }
    let hubs: Vec<&NodeId> = hubs.iter().collect();
    let pairing = star.pairing.map(|pairing| pairing.value).unwrap_or_default();
    let pairs = if pairing == Pairing::All { spokes.len() * hubs.len() } else { spokes.len() };
    if pairs > MAX_SERVICES {
        let message = format!(
            "`spokes` selects {} nodes and `hubs` {}, and each pair is a service: that makes {pairs}, and an intent is at most {MAX_SERVICES}",
            spokes.len(),
            hubs.len()
        );
        judge.error(codes::LIMIT, doc, star.spokes.mark, message).help(
            "select fewer nodes by `role`, `site` or `labels`, or give each spoke one hub by `pairing: alternate`",
        );
        return None;
    }
    let spokes = spokes.into_iter();
    let ends = match pairing {
        Pairing::All => {
            spokes.flat_map(|spoke| hubs.iter().map(|hub| ((*hub).clone(), spoke.clone()))).collect()
        }
        Pairing::Alternate => {
            spokes.zip(hubs.iter().cycle()).map(|(spoke, hub)| ((*hub).clone(), spoke.clone())).collect()
        }
    };
    Some(Pairs { ends, bidirectional: star.bidirectional.is_none_or(|both| both.value) })
}

/// Whether a node exists; a finding where it does not.
pub(super) fn is_node(doc: &Document, node: &At<NodeId>, judge: &mut Judge<'_>) -> bool {
    let ted = judge.ted;
    ted.nodes.contains_key(&node.value)
        || known(judge, doc, node.mark, NODE, node.value.as_str(), ted.nodes.keys().map(NodeId::as_str))
}

/// The nodes that a selector takes; findings where a name is not there, or where it takes none.
pub(super) fn nodes(
    doc: &Document,
    selector: &At<Selector>,
    judge: &mut Judge<'_>,
) -> Option<BTreeSet<NodeId>> {
    let selected: BTreeSet<NodeId> = match &selector.value {
        Selector::Names(names) => {
            let there = names.iter().filter(|name| is_node(doc, name, judge)).count();
            if there < names.len() {
                return None;
            }
            names.iter().map(|name| name.value.clone()).collect()
        }
        Selector::By(by) if says_nothing(by) => {
            judge
                .error(
                    codes::MISSING_FIELD,
                    doc,
                    selector.mark,
                    "the selector does not say which nodes it takes",
                )
                .help("add `role`, `site`, `region`, `labels` or `nodes`; `nodes: \"*\"` takes all");
            return None;
        }
        Selector::By(by) => {
            let glob = match &by.nodes {
                Some(pattern) => Some(matcher(doc, &pattern.value.0, pattern.mark, judge)?),
                None => None,
            };
            let ted = judge.ted;
            ted.nodes
                .values()
                .filter(|node| {
                    is_selected(by, node) && glob.as_ref().is_none_or(|glob| glob.is_match(node.id.as_str()))
                })
                .map(|node| node.id.clone())
                .collect()
        }
    };
    if selected.is_empty() {
        let help = match &selector.value {
            Selector::By(by) => nearest(by, judge.ted),
            Selector::Names(_) => "name at least one node".to_owned(),
        };
        judge
            .error(codes::EMPTY_SELECTION, doc, selector.mark, "no node of the network is selected")
            .help(help);
        return None;
    }
    Some(selected)
}

/// What may have been meant by a selection that takes no node: of the first line that no node has, the nearest.
fn nearest(by: &By, ted: &Ted) -> String {
    let labels =
        |key: &str| ted.nodes.values().filter_map(|node| Some(node.labels.get(key)?.as_str())).collect();
    let roles: BTreeSet<&str> = ted.nodes.values().filter_map(|node| node.role.as_deref()).collect();
    let sites: BTreeSet<&str> =
        ted.nodes.values().filter_map(|node| node.site.as_ref()).map(|site| site.as_str()).collect();
    let ours = |word: &str| format!("a {}", in_network(word, &format!("label `trunkline.{word}`")));
    let free = |key: &str| in_network(&format!("labels: {{{key}: …}}"), &format!("label `{key}`"));
    // The text, the names there are, how they are introduced, and what a node lacks where there are none.
    let mut given: Vec<(&str, BTreeSet<&str>, String, String)> = Vec::new();
    if let Some(role) = &by.role {
        given.push((&role.value.0, roles, "the roles of this network are".to_owned(), ours("role")));
    }
    if let Some(site) = &by.site {
        given.push((site.value.as_str(), sites, "the sites are".to_owned(), ours("site")));
    }
    if let Some(region) = &by.region {
        given.push((&region.value.0, labels("region"), "the regions are".to_owned(), free("region")));
    }
    for (key, value) in &by.labels {
        let keys: BTreeSet<&str> =
            ted.nodes.values().flat_map(|node| node.labels.keys()).map(String::as_str).collect();
        let key = key.0.as_str();
        given.push((key, keys, "the labels of nodes are".to_owned(), free(key)));
        given.push((&value.value.0, labels(key), format!("the values of `{key}` are"), free(key)));
    }
    match given.into_iter().find(|(text, names, _, _)| !names.contains(text)) {
        Some((_, names, _, lacks)) if names.is_empty() => format!("no node has one: give it {lacks}"),
        Some((text, names, those, _)) => suggest(text, names.iter().copied(), &those),
        None => "every given line must hold of a node; remove one".to_owned(),
    }
}

/// A pattern, compiled; a finding where it is none.
pub(super) fn matcher(
    doc: &Document,
    pattern: &str,
    mark: crate::source::Mark,
    judge: &mut Judge<'_>,
) -> Option<globset::GlobMatcher> {
    let compiled = model::pattern::may_compile(pattern)
        .map_err(|why| why.to_string())
        .and_then(|()| Glob::new(pattern).map_err(|error| error.kind().to_string()));
    match compiled {
        Ok(glob) => Some(glob.compile_matcher()),
        Err(why) => {
            let message = format!("`{}` is not a pattern: {why}", crate::tree::short(pattern));
            judge.error(codes::BAD_VALUE, doc, mark, message).help(
                "write it like `hz-*`, `hq-pe?` or `{bj,sh}-*`; several short ones say more than a long one",
            );
            None
        }
    }
}

/// Whether no line says anything: that is a slip more often than every node of the network.
fn says_nothing(by: &By) -> bool {
    let By { role, site, region, labels, nodes } = by;
    role.is_none() && site.is_none() && region.is_none() && labels.is_empty() && nodes.is_none()
}

fn is_selected(by: &By, node: &Node) -> bool {
    let role = by.role.as_ref().is_none_or(|role| node.role.as_deref() == Some(role.value.0.as_str()));
    let site = by.site.as_ref().is_none_or(|site| node.site.as_ref() == Some(&site.value));
    let region = by.region.as_ref().is_none_or(|region| node.labels.get("region") == Some(&region.value.0));
    let labels = by.labels.iter().all(|(key, value)| node.labels.get(&key.0) == Some(&value.value.0));
    role && site && region && labels
}

#[cfg(test)]
mod tests;
