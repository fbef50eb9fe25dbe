//! What paths share, as people read it.

use model::{Graph, intent::Diversity};
use paths::Shared;

/// What a diversity keeps apart, in words.
pub(crate) const fn kept_apart(diversity: Diversity) -> &'static str {
    match diversity {
        Diversity::Link => "link",
        Diversity::Node => "link or node",
        Diversity::Srlg => "link or shared risk",
    }
}

/// Links, nodes and risks, in words.
pub(crate) fn in_common(graph: &Graph, shared: &Shared) -> String {
    let links = shared.links.iter().map(|edge| format!("link {}", graph.link_id(*edge)));
    let nodes = shared.nodes.iter().map(|node| format!("node {}", graph.node_id(*node)));
    let risks = shared
        .srlgs
        .iter()
        .filter_map(|risk| graph.srlgs.get(*risk as usize))
        .map(|risk| format!("risk {risk}"));
    let all: Vec<String> = links.chain(nodes).chain(risks).collect();
    if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
}
