//! What was learned, laid over a network that a file describes. What routers say takes the place of what the file says or what was
//! derived; where a file says otherwise, both stand: the fact is conflicting. Nothing comes into the network that the file has
//! not: it is told as unmatched.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
};

use model::{Fact, InterfaceName, LinkId, NodeId, Side, Source, Standing, Ted, link::Direction};

use super::{Half, Router, RouterKey, View};

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

impl View {
    /// Lays what was learned over a network. A router is known by its TE router id, or else by its name; a direction of a link by
    /// the name of its interface, or else by being the only one between its two nodes. O(halves log links).
    pub fn overlay(&self, ted: &mut Ted) -> Unmatched {
        let mut unmatched = Unmatched::default();
        let ids = self.nodes_of(ted, &mut unmatched);
        for (key, id) in &ids {
            if let (Some(router), Some(node)) = (self.routers.get(key), ted.nodes.get_mut(id)) {
                lay_node(router, node);
            }
        }
        let known: BTreeSet<&NodeId> = ids.values().collect();
        unmatched.silent_nodes = ted.nodes.keys().filter(|id| !known.contains(id)).cloned().collect();
        let mut heard: BTreeMap<LinkId, BTreeSet<bool>> = BTreeMap::new();
        let places = Places::of(ted);
        for half in &self.halves {
            match places.find(half, &ids) {
                Some((link, side)) => {
                    heard.entry(link.clone()).or_default().insert(side == Side::A);
                    if let Some(link) = ted.links.get_mut(&link) {
                        lay_direction(half, link.direction_mut(side));
                    }
                }
                None => unmatched.halves.push((half.local.id.to_string(), half.remote.id.to_string())),
            }
        }
        let both = |id: &&LinkId| heard.get(*id).is_some_and(|sides| sides.len() == 2);
        unmatched.silent_links = ted.links.keys().filter(|id| !both(id)).cloned().collect();
        unmatched
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

fn lay_node(router: &Router, node: &mut model::Node) {
    lay_some(&mut node.locator, router.locator.as_ref());
    lay_some(&mut node.node_sid, router.node_sid.as_ref());
    lay(&mut node.msd, router.msd.as_ref());
    if let Some(srgb) = &router.srgb {
        node.srgb = srgb.value;
    }
    if let Some(srlb) = &router.srlb {
        node.srlb = srlb.value;
    }
    if let Some(overload) = &router.overload {
        node.overload = overload.value;
    }
}

fn lay_direction(half: &Half, direction: &mut Direction) {
    let way = &half.way;
    lay(&mut direction.bandwidth, way.bandwidth.as_ref());
    lay(&mut direction.delay, way.delay.as_ref());
    lay(&mut direction.jitter, way.jitter.as_ref());
    lay(&mut direction.loss, way.loss.as_ref());
    lay(&mut direction.igp, way.igp.as_ref());
    lay(&mut direction.te, way.te.as_ref());
    lay_some(&mut direction.adjacency_label, way.adjacency_label.as_ref());
    lay_some(&mut direction.end_x, way.end_x.as_ref());
}

fn lay_some<T: Clone + PartialEq>(place: &mut Option<Fact<T>>, said: Option<&Fact<T>>) {
    match place {
        Some(place) => lay(place, said),
        None => *place = said.cloned(),
    }
}

/// What routers say counts; what the file says stands beside it where it is another value, unless the routers are silent.
fn lay<T: Clone + PartialEq>(place: &mut Fact<T>, said: Option<&Fact<T>>) {
    let Some(said) = said else { return };
    let mut new = said.clone();
    if place.source == Source::File && place.value != new.value && new.standing == Standing::Fresh {
        new.standing = Standing::Conflicting { other: place.value.clone(), source: Source::File };
    }
    *place = new;
}
