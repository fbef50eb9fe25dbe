//! Shortest paths over the lines that are up: the routes of every router, as values.
//!
//! What IS-IS would come to with the same metrics: equal paths share (ECMP), a line counts where both of its ends are up (of one to a
//! host the router's end alone: nobody watches hosts), routers with the overload bit carry no transit traffic (RFC 3787 section 4), and a
//! metric of 2^24-1 keeps a line out (RFC 5305 section 3).
//! Every router announces its loopback, its router id, its locator, and the networks of hosts that belong to no tenant.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
    net::Ipv6Addr,
};

use ipnet::IpNet;
use model::{LinkId, NodeId, Side};

use crate::layout::{Interface, Layout, next_hop};

/// A way out of a router.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Hop {
    /// The neighbour, by its address on the line.
    pub via: Ipv6Addr,
    /// The interface, as Linux calls it.
    pub device: String,
}

/// Where a prefix leads.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Route {
    /// Ways of equal cost; at least one.
    pub hops: BTreeSet<Hop>,
    /// What it costs.
    pub cost: u64,
}

/// The routes of one router. What it announces itself is not among them.
pub type Routes = BTreeMap<IpNet, Route>;

/// What has to be told for other routes to hold.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Change {
    /// A prefix leads there now.
    Set(IpNet, BTreeSet<Hop>),
    /// A prefix leads nowhere any more.
    Remove(IpNet),
}

/// What must be told so that `to` holds where `from` held: first what leads elsewhere, then what leads nowhere.
pub fn changes(from: &Routes, to: &Routes) -> Vec<Change> {
    let hops = |routes: &Routes, prefix: &IpNet| routes.get(prefix).map(|route| route.hops.clone());
    let set = to.iter().filter(|(prefix, route)| hops(from, prefix).as_ref() != Some(&route.hops));
    let set = set.map(|(prefix, route)| Change::Set(*prefix, route.hops.clone()));
    let removed =
        from.keys().filter(|prefix| !to.contains_key(*prefix)).map(|prefix| Change::Remove(*prefix));
    set.chain(removed).collect()
}

/// The routers and lines of a lab, made ready for searches.
#[derive(Clone, Debug)]
pub struct Igp {
    nodes: Vec<NodeId>,
    routers: Vec<Router>,
}

#[derive(Clone, Debug, Default)]
struct Router {
    arcs: Vec<Arc>,
    announced: Vec<Announced>,
    overload: bool,
}

/// One direction of a line.
#[derive(Clone, Debug)]
struct Arc {
    to: usize,
    metric: u32,
    line: LinkId,
    hop: Hop,
}

#[derive(Clone, Debug)]
struct Announced {
    prefix: IpNet,
    /// The line that must be up for it.
    line: Option<LinkId>,
}

impl Igp {
    /// The routers of a layout.
    pub fn of(layout: &Layout) -> Self {
        let nodes: Vec<NodeId> = layout.routers().map(|(id, _, _)| id.clone()).collect();
        let place: BTreeMap<&NodeId, usize> = nodes.iter().enumerate().map(|(at, id)| (id, at)).collect();
        let mut routers = vec![Router::default(); nodes.len()];
        for ((id, stand, own), router) in layout.routers().zip(&mut routers) {
            router.overload = layout.ted.nodes.get(id).is_some_and(|node| node.overload);
            let addresses = own.addresses();
            router.announced =
                addresses.iter().map(|net| Announced { prefix: net.trunc(), line: None }).collect();
            router.announced.extend(stand.interfaces.values().flat_map(|each| to_host(layout, each)));
        }
        for link in layout.ted.links.values() {
            for side in [Side::A, Side::Z] {
                let arc = place.get(&link.end(side.other()).node).and_then(|to| {
                    let device = layout.lines.get(&link.id)?.end(side).device.clone();
                    let hop = Hop { via: next_hop(layout, &link.id, side)?, device };
                    let metric = link.direction(side).igp.value;
                    metric.is_usable().then(|| Arc {
                        to: *to,
                        metric: metric.0.max(1),
                        line: link.id.clone(),
                        hop,
                    })
                });
                let from = place.get(&link.end(side).node).and_then(|from| routers.get_mut(*from));
                if let (Some(from), Some(arc)) = (from, arc) {
                    from.arcs.push(arc);
                }
            }
        }
        Self { nodes, routers }
    }

    /// The routes of every router while these lines are down. O(routers × lines × log routers).
    pub fn routes(&self, down: &BTreeSet<LinkId>) -> BTreeMap<NodeId, Routes> {
        self.nodes.iter().enumerate().map(|(at, id)| (id.clone(), self.routes_of(at, down))).collect()
    }

    fn routes_of(&self, source: usize, down: &BTreeSet<LinkId>) -> Routes {
        let own = self.routers.get(source).map(|router| router.announced.as_slice()).unwrap_or_default();
        let own: BTreeSet<IpNet> = own.iter().map(|announced| announced.prefix).collect();
        let mut routes = Routes::new();
        for (reached, router) in self.tree(source, down).into_iter().zip(&self.routers) {
            let Some(Reached { cost, hops }) = reached else { continue };
            for Announced { prefix, line } in &router.announced {
                let is_up = line.as_ref().is_none_or(|line| !down.contains(line));
                if hops.is_empty() || own.contains(prefix) || !is_up {
                    continue;
                }
                let route = routes.entry(*prefix).or_insert_with(|| Route { hops: BTreeSet::new(), cost });
                if cost < route.cost {
                    *route = Route { hops: BTreeSet::new(), cost };
                }
                if cost == route.cost {
                    route.hops.extend(hops.iter().cloned().cloned());
                }
            }
        }
        routes
    }

    /// The tree of shortest paths of one router, by the routers' places.
    fn tree(&self, source: usize, down: &BTreeSet<LinkId>) -> Vec<Option<Reached<'_>>> {
        let mut reached: Vec<Option<Reached<'_>>> = vec![None; self.routers.len()];
        let mut settled = vec![false; self.routers.len()];
        let mut waiting = BinaryHeap::from([Reverse((0_u64, source))]);
        if let Some(start) = reached.get_mut(source) {
            *start = Some(Reached { cost: 0, hops: BTreeSet::new() });
        }
        while let Some(Reverse((cost, at))) = waiting.pop() {
            let (Some(router), Some(done)) = (self.routers.get(at), settled.get_mut(at)) else { continue };
            if std::mem::replace(done, true) || (router.overload && at != source) {
                continue;
            }
            // All that lead here with this cost are settled: metrics are at least one.
            let here = reached.get(at).cloned().flatten().map(|here| here.hops).unwrap_or_default();
            for arc in router.arcs.iter().filter(|arc| !down.contains(&arc.line)) {
                let cost = cost + u64::from(arc.metric);
                let Some(there) = reached.get_mut(arc.to) else { continue };
                let known = there.as_ref().map_or(u64::MAX, |there| there.cost);
                if cost > known {
                    continue;
                }
                if cost < known {
                    *there = Some(Reached { cost, hops: BTreeSet::new() });
                    waiting.push(Reverse((cost, arc.to)));
                }
                if let Some(there) = there {
                    if at == source {
                        there.hops.insert(&arc.hop);
                    } else {
                        there.hops.extend(&here);
                    }
                }
            }
        }
        reached
    }
}

/// A router that is reached.
#[derive(Clone, Debug)]
struct Reached<'a> {
    cost: u64,
    /// The first hops of all shortest paths; none at the source.
    hops: BTreeSet<&'a Hop>,
}

/// The networks of an interface whose line leads to a host.
fn to_host(layout: &Layout, interface: &Interface) -> Vec<Announced> {
    let far = layout.far(interface);
    // What a tenant has is no business of the IGP.
    if !far.is_some_and(|far| layout.is_host(&far.node) && layout.tenant(&far.node).is_none()) {
        return Vec::new();
    }
    let line = Some(interface.line.clone());
    interface.addresses.iter().map(|net| Announced { prefix: net.trunc(), line: line.clone() }).collect()
}

#[cfg(test)]
mod tests;
