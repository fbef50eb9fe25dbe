//! The network as a graph for people: DOT drawings, and what its loss would cut.

use std::{
    collections::BTreeMap,
    fmt::{Display, Write as _},
};

use model::{Fact, Finding, LinkId, NodeId, Severity, Source, Ted, finding::Place};
use petgraph::{
    algo::{bridges::bridges, connected_components},
    dot::{Config, Dot},
    graph::{NodeIndex, UnGraph},
    visit::EdgeRef as _,
};

use crate::code;

/// The network for Graphviz, nodes and links in the order of their ids. Of a line it says what somebody said of it.
pub fn to_dot(ted: &Ted) -> String {
    let (graph, _) = multigraph(ted);
    let edge = |_, edge: petgraph::graph::EdgeReference<'_, &LinkId>| {
        let facts = ted.links.get(*edge.weight()).map(|link| &link.a_to_z);
        facts.map_or(String::new(), |facts| {
            let said = [told(&facts.bandwidth), told(&facts.delay)];
            let said: Vec<String> = said.into_iter().flatten().collect();
            let below = if said.is_empty() { String::new() } else { format!("\\n{}", said.join(" ")) };
            format!("label=\"{}{below}\"", edge.weight())
        })
    };
    let node = |_, (_, id): (NodeIndex, &&NodeId)| {
        let mut attributes = format!("label=\"{id}\"");
        if let Some(place) = ted.nodes.get(*id).and_then(|node| node.location) {
            write!(attributes, " pos=\"{},{}\"", place.lon, place.lat)
                .expect("writing to a string cannot fail");
        }
        attributes
    };
    let config = [Config::EdgeNoLabel, Config::NodeNoLabel];
    format!("{:?}", Dot::with_attr_getters(&graph, &config, &edge, &node))
}

/// A value that somebody said.
fn told<T: Display>(fact: &Fact<T>) -> Option<String> {
    (fact.source != Source::Derived).then(|| fact.value.to_string())
}

/// Parts that no path joins, and links whose loss cuts the network, as notes. O(nodes + links log links).
pub fn connectivity(ted: &Ted) -> Vec<Finding> {
    judge(ted, &BTreeMap::new())
}

/// [`connectivity`], where some lines have places.
pub(crate) fn judge(ted: &Ted, lines: &BTreeMap<LinkId, Place>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (graph, _) = multigraph(ted);
    let parts = connected_components(&graph);
    if parts > 1 {
        findings.push(
            Finding::new(
                code::DISCONNECTED,
                Severity::Warning,
                "network",
                format!("no link joins these {parts} parts of the network: {}", parts_named(ted)),
            )
            .with_help("add a link between the parts, or leave out what does not belong"),
        );
    }
    // Parallel links back each other up: they count as one edge, and only a lone one can be a bridge.
    let mut between: BTreeMap<(NodeIndex, NodeIndex), Vec<&LinkId>> = BTreeMap::new();
    for edge in graph.edge_references() {
        let ends = (edge.source().min(edge.target()), edge.source().max(edge.target()));
        between.entry(ends).or_default().push(edge.weight());
    }
    let mut simple: UnGraph<(), &[&LinkId]> = UnGraph::new_undirected();
    for _ in graph.node_indices() {
        simple.add_node(());
    }
    for ((a, z), links) in &between {
        simple.add_edge(*a, *z, links);
    }
    let mut cutting: Vec<&LinkId> = bridges(&simple)
        .filter_map(|edge| match edge.weight() {
            [lone] => Some(*lone),
            _ => None,
        })
        .collect();
    cutting.sort();
    findings.extend(cutting.into_iter().map(|link| {
        let message = "its loss cuts the network in two: nothing across it has a backup";
        let finding = Finding::new(code::BRIDGE, Severity::Info, format!("link {link}"), message);
        Finding { place: lines.get(link).cloned(), ..finding }
    }));
    findings
}

type Multigraph<'t> = (UnGraph<&'t NodeId, &'t LinkId>, BTreeMap<&'t NodeId, NodeIndex>);

fn multigraph(ted: &Ted) -> Multigraph<'_> {
    let mut graph = UnGraph::new_undirected();
    let places: BTreeMap<&NodeId, NodeIndex> = ted.nodes.keys().map(|id| (id, graph.add_node(id))).collect();
    for link in ted.links.values() {
        if let (Some(a), Some(z)) = (places.get(&link.a.node), places.get(&link.z.node)) {
            graph.add_edge(*a, *z, &link.id);
        }
    }
    (graph, places)
}

/// One node of each part, by name, and how many are with it; five parts at most.
fn parts_named(ted: &Ted) -> String {
    let (graph, _) = multigraph(ted);
    let mut sets = petgraph::unionfind::UnionFind::new(graph.node_count());
    for edge in graph.edge_references() {
        sets.union(edge.source().index(), edge.target().index());
    }
    let mut sizes: BTreeMap<usize, (&NodeId, usize)> = BTreeMap::new();
    for at in graph.node_indices() {
        sizes.entry(sets.find(at.index())).or_insert((graph[at], 0)).1 += 1;
    }
    let mut parts: Vec<(&NodeId, usize)> = sizes.into_values().collect();
    parts.sort();
    let named = parts.iter().take(5).map(|(first, size)| match size {
        1 => format!("{first} alone"),
        2 => format!("{first} and 1 more node"),
        many => format!("{first} and {} more nodes", many - 1),
    });
    let more = if parts.len() > 5 { "; …" } else { "" };
    format!("{}{more}", named.collect::<Vec<_>>().join("; "))
}
