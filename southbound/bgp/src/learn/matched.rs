//! What was learned, beside a network that a file describes: which router is which node, which direction is which. Nothing comes
//! into the network that the file has not: it is told as unmatched.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

use model::{InterfaceName, LinkId, NodeId, Side, Ted};

use super::{Half, Router, RouterKey, View, Way};

/// What was learned and has no place in the file's network, and the other way round.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Unmatched {
    /// Routers that the file does not have, as the IGP calls them.
    pub routers: Vec<String>,
    /// Directions of links that the file does not have, from and to.
    pub halves: Vec<(String, String)>,
    /// Nodes of the file of which nothing was heard.
    pub silent_nodes: Vec<NodeId>,
    /// Links of the file of which nothing was heard, or only from one side.
    pub silent_links: Vec<LinkId>,
}

/// What was learned, by the names of a file's network.
#[derive(Clone, Debug, Default)]
pub struct Matched<'v> {
    /// Routers; of two that are one node both stand here, in the order in which the IGP calls them.
    pub nodes: Vec<(NodeId, &'v Router)>,
    /// Directions of links, by the side at which traffic enters them.
    pub ways: Vec<(LinkId, Side, &'v Way)>,
    /// What has no place.
    pub unmatched: Unmatched,
}

impl View {
    /// Finds the places of what was learned. A router is known by its TE router id, or else by its name; a direction of a link by
    /// the name of its interface, or else by being the only one between its two nodes. O(halves log links).
    pub fn matched(&self, ted: &Ted) -> Matched<'_> {
        let mut unmatched = Unmatched::default();
        let ids = self.nodes_of(ted, &mut unmatched);
        let nodes = ids.iter().filter_map(|(key, id)| Some((id.clone(), self.routers.get(key)?))).collect();
        let known: BTreeSet<&NodeId> = ids.values().collect();
        unmatched.silent_nodes = ted.nodes.keys().filter(|id| !known.contains(id)).cloned().collect();
        let mut heard: BTreeMap<LinkId, BTreeSet<Side>> = BTreeMap::new();
        let places = Places::of(ted);
        let mut ways = Vec::new();
        for half in &self.halves {
            match places.find(half, &ids) {
                Some((link, side)) => {
                    heard.entry(link.clone()).or_default().insert(side);
                    ways.push((link, side, &half.way));
                }
                None => unmatched.halves.push((half.local.id.to_string(), half.remote.id.to_string())),
            }
        }
        let both = |id: &&LinkId| heard.get(*id).is_some_and(|sides| sides.len() == 2);
        unmatched.silent_links = ted.links.keys().filter(|id| !both(id)).cloned().collect();
        Matched { nodes, ways, unmatched }
    }

    fn nodes_of(&self, ted: &Ted, unmatched: &mut Unmatched) -> BTreeMap<RouterKey, NodeId> {
        let by_id: BTreeMap<Ipv4Addr, &NodeId> =
            ted.nodes.values().map(|node| (node.router_id, &node.id)).collect();
        let mut ids = BTreeMap::new();
        for (key, router) in &self.routers {
            let by_router_id = router.router_id.as_ref().and_then(|fact| by_id.get(&fact.value).copied());
            let by_name = || {
                let name = router.name.as_ref()?.value.parse::<NodeId>().ok()?;
                ted.nodes.get_key_value(&name).map(|(id, _)| id)
            };
            match by_router_id.or_else(by_name) {
                Some(id) => drop(ids.insert(*key, id.clone())),
                None => unmatched.routers.push(key.id.to_string()),
            }
        }
        ids
    }
}

/// Where directions of links are, by interface and by pair of nodes.
struct Places {
    by_interface: BTreeMap<(NodeId, InterfaceName), (LinkId, Side)>,
    by_nodes: BTreeMap<(NodeId, NodeId), Vec<(LinkId, Side)>>,
}

impl Places {
    fn of(ted: &Ted) -> Self {
        let mut places = Self { by_interface: BTreeMap::new(), by_nodes: BTreeMap::new() };
        for link in ted.links.values() {
            for side in [Side::A, Side::Z] {
                let (near, far) = (link.end(side), link.end(side.other()));
                let place = (link.id.clone(), side);
                places.by_interface.insert((near.node.clone(), near.interface.clone()), place.clone());
                places.by_nodes.entry((near.node.clone(), far.node.clone())).or_default().push(place);
            }
        }
        places
    }

    fn find(&self, half: &Half, ids: &BTreeMap<RouterKey, NodeId>) -> Option<(LinkId, Side)> {
        let nodes = (ids.get(&half.local)?.clone(), ids.get(&half.remote)?.clone());
        let between = self.by_nodes.get(&nodes)?;
        let by_interface = half.interface_name().and_then(|interface| {
            self.by_interface.get(&(nodes.0.clone(), interface)).filter(|place| between.contains(place))
        });
        let only = match between.as_slice() {
            [place] => Some(place),
            _ => None,
        };
        by_interface.or(only).cloned()
    }
}
