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

/// A direction of a link of the file: the side at which traffic enters it.
type Place = (LinkId, Side);

impl View {
    /// Finds the places of what was learned. A router is known by its TE router id, or else by its name; a direction of a link by
    /// the name of its interface, or else by being the only one between its two nodes. O(halves log links).
    ///
    /// The name of a link may be any text (RFC 9552 section 5.3.2.7), so that another name than the file's says nothing by itself. Where a
    /// router calls some link by an interface of the file, its names are those of interfaces: another name is another line then.
    pub fn matched(&self, ted: &Ted) -> Matched<'_> {
        let mut unmatched = Unmatched::default();
        let ids = self.nodes_of(ted, &mut unmatched);
        let nodes = ids.iter().filter_map(|(key, id)| Some((id.clone(), self.routers.get(key)?))).collect();
        let known: BTreeSet<&NodeId> = ids.values().collect();
        unmatched.silent_nodes = ted.nodes.keys().filter(|id| !known.contains(id)).cloned().collect();
        let ways = self.ways_of(ted, &ids, &mut unmatched);
        let mut heard: BTreeMap<&LinkId, BTreeSet<Side>> = BTreeMap::new();
        for (link, side, _) in &ways {
            heard.entry(link).or_default().insert(*side);
        }
        let both = |id: &&LinkId| heard.get(*id).is_some_and(|sides| sides.len() == 2);
        unmatched.silent_links = ted.links.keys().filter(|id| !both(id)).cloned().collect();
        Matched { nodes, ways, unmatched }
    }

    /// Directions by their places, and in one place in the order of their routes.
    fn ways_of(
        &self,
        ted: &Ted,
        ids: &BTreeMap<RouterKey, NodeId>,
        unmatched: &mut Unmatched,
    ) -> Vec<(LinkId, Side, &Way)> {
        let places = Places::of(ted);
        let is_named = |half: &&Half| half.way.name.is_some() && places.by_name(half, ids).is_some();
        let naming: BTreeSet<RouterKey> =
            self.halves.iter().filter(is_named).map(|half| half.local).collect();
        let mut found: BTreeMap<Place, Vec<Candidate<'_>>> = BTreeMap::new();
        let mut strange = Vec::new();
        for half in &self.halves {
            let by_name = places.by_name(half, ids);
            let is_other = half.way.name.is_some() && naming.contains(&half.local);
            match by_name.or_else(|| places.only(half, ids).filter(|_| !is_other)) {
                Some(place) => {
                    let rank = (half.way.is_stale(), by_name.is_none());
                    found.entry(place.clone()).or_default().push(Candidate { half, rank });
                }
                None => strange.push(half),
            }
        }
        let mut ways = Vec::new();
        for ((link, side), candidates) in found {
            let (chosen, others) = choose(&candidates);
            ways.extend(chosen.into_iter().map(|half| (link.clone(), side, &half.way)));
            strange.extend(others);
        }
        let names = strange.iter().map(|half| (half.local.id.to_string(), half.remote.id.to_string()));
        unmatched.halves.extend(names);
        ways
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
    by_interface: BTreeMap<(NodeId, InterfaceName), Place>,
    by_nodes: BTreeMap<(NodeId, NodeId), Vec<Place>>,
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

    /// By the name of its interface, where the link of that leads to the same node.
    fn by_name(&self, half: &Half, ids: &BTreeMap<RouterKey, NodeId>) -> Option<&Place> {
        let local = ids.get(&half.local)?;
        let place = self.by_interface.get(&(local.clone(), half.interface_name()?))?;
        self.between(half, ids)?.contains(place).then_some(place)
    }

    /// As the only one between its two nodes.
    fn only(&self, half: &Half, ids: &BTreeMap<RouterKey, NodeId>) -> Option<&Place> {
        match self.between(half, ids)? {
            [place] => Some(place),
            _ => None,
        }
    }

    fn between(&self, half: &Half, ids: &BTreeMap<RouterKey, NodeId>) -> Option<&[Place]> {
        let nodes = (ids.get(&half.local)?.clone(), ids.get(&half.remote)?.clone());
        self.by_nodes.get(&nodes).map(Vec::as_slice)
    }
}

/// A direction that may be the one of a place.
struct Candidate<'v> {
    half: &'v Half,
    /// Whether nobody who is heard tells of it any more, and whether only the pair of nodes speaks for it: the least is the best.
    rank: (bool, bool),
}

/// Those that are the direction of the place: the best, with all that could be the same line. Where two of the best are not one line nobody
/// knows which of them the file means, and none is taken. And those that are other lines than the file's.
fn choose<'v>(candidates: &[Candidate<'v>]) -> (Vec<&'v Half>, Vec<&'v Half>) {
    let Some(least) = candidates.iter().map(|candidate| candidate.rank).min() else {
        return (Vec::new(), Vec::new());
    };
    let of_rank = |best: bool| candidates.iter().filter(move |candidate| (candidate.rank == least) == best);
    let best: Vec<&Half> = of_rank(true).map(|candidate| candidate.half).collect();
    let first = best.first().copied();
    let is_other = |half: &Half| first.is_some_and(|first| half.is_other_line(first));
    if best.iter().any(|half| is_other(half)) {
        return (Vec::new(), candidates.iter().map(|candidate| candidate.half).collect());
    }
    let fresh = of_rank(false).filter(|candidate| !candidate.rank.0).map(|candidate| candidate.half);
    let others = fresh.filter(|half| is_other(half)).collect();
    (best, others)
}
