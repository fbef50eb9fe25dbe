//! Which nodes are hosts, and what only containers have a place for.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use formats::{LabFile, LabNode};
use ipnet::IpNet;
use model::{Finding, NodeId, Severity, Side, Ted};

use super::{Kind, Layout};

/// The hosts of a lab.
pub(super) type Hosts = BTreeSet<NodeId>;

/// Parts of the names of images that route.
const ROUTING: [&str; 9] =
    ["frr", "trunkline-router", "bird", "quagga", "vyos", "gobgp", "openbgpd", "osvbng", "holo"];

/// The nodes that are hosts.
pub(super) fn of(ted: &Ted, lab: &LabFile) -> Hosts {
    let is_host = |node: &&model::Node| {
        node.role.as_deref() == Some("host") || lab.nodes.get(&node.id).is_some_and(is_end_system)
    };
    ted.nodes.values().filter(is_host).map(|node| node.id.clone()).collect()
}

fn is_end_system(node: &LabNode) -> bool {
    node.kind.as_deref() == Some("linux") && !node.labelled && !node.image.as_deref().is_some_and(routes)
}

/// Whether an image is one of a routing suite: by its own name, not by those of its registry or version.
fn routes(image: &str) -> bool {
    let name = image.rsplit('/').next().unwrap_or(image);
    let name = name.split([':', '@']).next().unwrap_or(name).to_ascii_lowercase();
    ROUTING.iter().any(|suite| name.contains(suite))
}

/// The network without hosts: what routers and controllers see.
pub(super) fn without(ted: &Ted, hosts: &Hosts) -> Ted {
    let mut ted = ted.clone();
    ted.nodes.retain(|id, _| !hosts.contains(id));
    ted.links.retain(|_, link| !hosts.contains(&link.a.node) && !hosts.contains(&link.z.node));
    ted
}

/// What the file says and has no effect here.
pub(super) fn notes(ted: &Ted, lab: &LabFile, hosts: &Hosts) -> Vec<Finding> {
    let note = |message: String| Finding::new(formats::code::LAB_NO_PLACE, Severity::Info, "lab", message);
    let mut words: BTreeMap<&str, Vec<&NodeId>> = BTreeMap::new();
    let mut kinds: BTreeMap<&str, Vec<&NodeId>> = BTreeMap::new();
    for (id, node) in lab.nodes.iter().filter(|(id, _)| ted.nodes.contains_key(*id)) {
        node.unused.iter().for_each(|word| words.entry(word).or_default().push(id));
        if let Some(kind) = node.kind.as_deref().filter(|kind| *kind != "linux" && !hosts.contains(id)) {
            kinds.entry(kind).or_default().push(id);
        }
    }
    let unused = words.iter().map(|(word, nodes)| {
        note(format!("`{word}` is for containers and has no effect here: {}", some(nodes)))
    });
    let stood_in = kinds.iter().map(|(kind, nodes)| {
        note(format!("a software router of the lab stands in for each node of kind {kind}: {}", some(nodes)))
    });
    unused.chain(stood_in).collect()
}

/// The first few names, and how many more there are.
fn some(nodes: &[&NodeId]) -> String {
    let first: Vec<&str> = nodes.iter().take(4).map(|id| id.as_str()).collect();
    match nodes.len().saturating_sub(first.len()) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// Gives each host its way out: the first router, by the order of its interfaces, that has an address in a network of its own.
pub(super) fn gateways(layout: &mut Layout) {
    let mut found: BTreeMap<NodeId, Vec<IpAddr>> = BTreeMap::new();
    for (id, stand) in layout.nodes.iter().filter(|(id, _)| layout.is_host(id)) {
        let gateways = found.entry(id.clone()).or_default();
        for interface in stand.interfaces.values() {
            for address in routers_there(layout, interface, interface.side) {
                if !gateways.iter().any(|known| known.is_ipv4() == address.is_ipv4()) {
                    gateways.push(address);
                }
            }
        }
    }
    for (id, gateways) in found {
        if let Some(Kind::Host(host)) = layout.nodes.get_mut(&id).map(|stand| &mut stand.kind) {
            host.gateways = gateways;
        }
    }
}

/// The addresses of the router at the far end that lie in networks of this interface.
fn routers_there(layout: &Layout, interface: &super::Interface, side: Side) -> Vec<IpAddr> {
    let Some(line) = layout.lines.get(&interface.line) else { return Vec::new() };
    let far = line.end(side.other());
    let stand = layout.nodes.get(&far.node).filter(|_| !layout.is_host(&far.node));
    let there = stand.and_then(|stand| stand.interfaces.get(&far.interface));
    let near = |net: &&IpNet| interface.addresses.iter().any(|own| own.contains(&net.addr()));
    there.into_iter().flat_map(|there| &there.addresses).filter(near).map(IpNet::addr).collect()
}
