//! What IS-IS tells of the network, as routers have it that are asked for it over the sessions that configure them. Each of them has what
//! all tell, so that a few are asked. It is laid beside what peers say by BGP-LS, and followed like that.
//!
//! What a router says of itself counts before what peers and other routers say of it; otherwise what was heard first stands, with the
//! other beside it. A router that is silent makes what it said stale, and what it said before a restart stays, until it answers again.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
};

use bgp::{
    learn::{End, Half, Names, Router, RouterKey, Unmatched, View, Way, merge},
    ls::IgpRouterId,
};
use model::{
    Fact, Finding, Link, NodeId, Ted, Timestamp,
    lsdb::{Adjacency, LsRouter, Lsdb, SystemId},
};

use super::{
    facts::{Learned, fact},
    judge::strangers,
};

/// By which protocol the facts came.
pub(super) const PROTOCOL: &str = "isis";

/// A router's database, and how its facts are made.
pub(super) struct Told<'a> {
    /// Who has it.
    pub node: &'a NodeId,
    /// What it has.
    pub lsdb: &'a Lsdb,
    /// When it said so.
    pub at: Timestamp,
    /// Since when it is silent.
    pub silent: Option<Timestamp>,
}

/// What the databases of all routers that are asked come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Databases {
    learned: Learned,
    unmatched: Unmatched,
    /// Of those whose databases are known now or were known before: who has said something since the start.
    heard: BTreeSet<NodeId>,
}

impl Databases {
    /// By the names of the file. `spoke` are all routers that have said something since the start, with a database or without; `before`
    /// is what was known then. O(n log n) in what they tell.
    pub(super) fn of(told: &[Told<'_>], spoke: BTreeSet<NodeId>, before: &Learned, file: &Ted) -> Self {
        let mut asked: BTreeSet<NodeId> = told.iter().map(|told| told.node.clone()).collect();
        before.said_by(&mut |source| {
            if source.protocol == PROTOCOL {
                asked.insert(source.node.clone());
            }
            false
        });
        let heard = spoke.into_iter().filter(|node| asked.contains(node)).collect();
        if told.is_empty() {
            return Self { heard, ..Self::default() };
        }
        let mut table = Table::default();
        // What each says of itself comes first, whoever is called how.
        for own in [true, false] {
            told.iter().for_each(|told| told.lay(&mut table, file, own));
        }
        let matched = table.view.matched(file);
        let learned = Learned::of(&matched, &Names::default());
        let mut unmatched = matched.unmatched;
        table.drop_parallels(&mut unmatched, file);
        Self { learned, unmatched, heard }
    }

    /// Lays it beside what peers say. Of routers that have not said anything since `started` what was known `before` is kept, as stale.
    /// O(n log n).
    #[must_use]
    pub fn lay(&self, mut learned: Learned, file: &Ted, (before, started): (&Learned, Timestamp)) -> Learned {
        learned.join(&self.learned, file);
        let kept =
            before.said_by(&mut |source| source.protocol == PROTOCOL && !self.heard.contains(&source.node));
        if kept.is_empty() {
            return learned;
        }
        learned.over(&kept, started, &BTreeSet::new())
    }

    /// What they tell of that the file does not have.
    pub fn strangers(&self) -> Vec<Finding> {
        strangers(&self.unmatched)
    }
}

/// One direction as a database tells it: its routers, its ends, and which it is of those that are called the same.
type Place = (RouterKey, RouterKey, Vec<End>, Vec<End>, usize);

/// A view that is being made.
#[derive(Default)]
struct Table {
    view: View,
    places: BTreeMap<Place, usize>,
}

impl Table {
    fn lay(&mut self, half: Half, number: usize) {
        let place = (half.local, half.remote, half.near.clone(), half.far.clone(), number);
        match self.places.get(&place).and_then(|at| self.view.halves.get_mut(*at)) {
            Some(known) => join(&mut known.way, half.way),
            None => {
                self.places.insert(place, self.view.halves.len());
                self.view.halves.push(half);
            }
        }
    }

    /// Of several lines between two routers nobody can say which is which, as databases do not name interfaces: these are no strangers.
    fn drop_parallels(&self, unmatched: &mut Unmatched, file: &Ted) {
        let by_id: BTreeMap<Ipv4Addr, &NodeId> =
            file.nodes.values().map(|node| (node.router_id, &node.id)).collect();
        let node = |(key, router): (&RouterKey, &Router)| {
            let id = router.router_id.as_ref().and_then(|fact| by_id.get(&fact.value).copied());
            let name = router.name.as_ref().and_then(|fact| fact.value.parse::<NodeId>().ok());
            Some((key.id.to_string(), id.cloned().or(name)?))
        };
        let nodes: BTreeMap<String, NodeId> = self.view.routers.iter().filter_map(node).collect();
        let both = |link: &Link| {
            [(link.a.node.clone(), link.z.node.clone()), (link.z.node.clone(), link.a.node.clone())]
        };
        let joined: BTreeSet<(NodeId, NodeId)> = file.links.values().flat_map(both).collect();
        unmatched.halves.retain(|(from, to)| match (nodes.get(from), nodes.get(to)) {
            (Some(from), Some(to)) => !joined.contains(&(from.clone(), to.clone())),
            _ => true,
        });
    }
}

impl Told<'_> {
    fn fact<T>(&self, value: T) -> Fact<T> {
        fact(self.node, PROTOCOL, (self.at, self.silent), value)
    }

    /// Lays what it says of itself over a table, or all the rest.
    fn lay(&self, table: &mut Table, file: &Ted, own: bool) {
        for (system, router) in &self.lsdb.routers {
            if self.is_own(router, file) != own {
                continue;
            }
            self.router(table.view.routers.entry(key(*system)).or_default(), router);
            let mut numbers: BTreeMap<(RouterKey, Vec<End>, Vec<End>), usize> = BTreeMap::new();
            for adjacency in &router.adjacencies {
                let half = self.half(*system, adjacency);
                let number = numbers.entry((half.remote, half.near.clone(), half.far.clone())).or_default();
                table.lay(half, *number);
                *number += 1;
            }
        }
    }

    /// Whether a router of the database is the one that has it.
    fn is_own(&self, router: &LsRouter, file: &Ted) -> bool {
        let by_id = file.nodes.get(self.node).is_some_and(|node| router.router_id == Some(node.router_id));
        by_id || router.router_id.is_none() && router.name.as_deref() == Some(self.node.as_str())
    }

    fn router(&self, known: &mut Router, router: &LsRouter) {
        merge(&mut known.name, router.name.clone().map(|name| self.fact(name)));
        merge(&mut known.router_id, router.router_id.map(|id| self.fact(id)));
        merge(&mut known.overload, router.overload.map(|overload| self.fact(overload)));
        merge(&mut known.srgb, router.srgb.map(|block| self.fact(block)));
        merge(&mut known.node_sid, router.node_sid.map(|index| self.fact(index)));
    }

    fn half(&self, from: SystemId, adjacency: &Adjacency) -> Half {
        let ends = |addresses: &[IpAddr]| {
            let mut ends: Vec<End> = addresses.iter().copied().map(end).collect();
            ends.sort();
            ends
        };
        Half {
            local: key(from),
            remote: key(adjacency.to),
            near: ends(&adjacency.near),
            far: ends(&adjacency.far),
            way: Way {
                igp: Some(self.fact(adjacency.igp)),
                te: adjacency.te.map(|te| self.fact(te)),
                adjacency_label: adjacency.label.map(|label| self.fact(label)),
                delay: adjacency.delay.map(|delay| self.fact(delay)),
                jitter: adjacency.jitter.map(|jitter| self.fact(jitter)),
                loss: adjacency.loss.map(|loss| self.fact(loss)),
                ..Way::default()
            },
        }
    }
}

fn key(system: SystemId) -> RouterKey {
    RouterKey { domain: 0, id: IgpRouterId::Isis(system.0) }
}

fn end(address: IpAddr) -> End {
    match address {
        IpAddr::V4(address) => End::Ipv4(address),
        IpAddr::V6(address) => End::Ipv6(address),
    }
}

/// Lays what another database says of a direction over what was said before.
fn join(known: &mut Way, said: Way) {
    merge(&mut known.igp, said.igp);
    merge(&mut known.te, said.te);
    merge(&mut known.adjacency_label, said.adjacency_label);
    merge(&mut known.delay, said.delay);
    merge(&mut known.jitter, said.jitter);
    merge(&mut known.loss, said.loss);
}

#[cfg(test)]
mod tests;
