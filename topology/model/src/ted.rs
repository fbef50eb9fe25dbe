//! The traffic-engineering database (RFC 9522 section 2.4): nodes and links, in the order of their ids.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    id::{InterfaceName, LinkId, NodeId},
    link::{DirectedLink, Link, Side},
    node::Node,
};

/// The network as contracts and advertisements describe it. Every link's ends are nodes of the same TED.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ted {
    /// Its routers.
    pub nodes: BTreeMap<NodeId, Node>,
    /// Its lines.
    pub links: BTreeMap<LinkId, Link>,
}

impl Ted {
    /// The direction of a link that leaves `node` by `interface`. O(links); build an index for hot use.
    pub fn outgoing(&self, node: &NodeId, interface: &InterfaceName) -> Option<DirectedLink> {
        self.links.values().find_map(|link| {
            [Side::A, Side::Z]
                .into_iter()
                .find(|side| link.end(*side).node == *node && link.end(*side).interface == *interface)
                .map(|from| DirectedLink { link: link.id.clone(), from })
        })
    }

    /// Where every interface leads: node and interface to direction. O(links log links).
    pub fn interfaces(&self) -> BTreeMap<(NodeId, InterfaceName), DirectedLink> {
        self.links
            .values()
            .flat_map(|link| {
                [Side::A, Side::Z].map(|from| {
                    let end = link.end(from);
                    ((end.node.clone(), end.interface.clone()), DirectedLink { link: link.id.clone(), from })
                })
            })
            .collect()
    }

    /// The nodes at which a direction starts and ends, where the link exists.
    pub fn ends(&self, hop: &DirectedLink) -> Option<(&NodeId, &NodeId)> {
        let link = self.links.get(&hop.link)?;
        Some((&link.end(hop.from).node, &link.end(hop.from.other()).node))
    }
}
