//! Shortest distances between one node and all others, and their repair when links go away.
//!
//! A tree has its root at the destination or at the source: whichever end more pairs share; or at all nodes of an anycast
//! group. Overloaded nodes are sources and
//! destinations, never transit (RFC 3787 section 4); metric 2^24-1 is left out (RFC 5305 section 3).

use std::{cmp::Reverse, collections::BinaryHeap};

use model::{EdgeIx, NodeIx};

use crate::{
    failure::Parts,
    mesh::{Hop, Mesh},
    network::Network,
};

/// Metric and hops in one number, compared in that order: 44 bits and 20 bits, which is enough for a million nodes.
type Distance = u64;

const HOP_BITS: u32 = 20;

const UNREACHED: Distance = Distance::MAX;

const fn longer(distance: Distance, metric: u32) -> Distance {
    distance + ((metric as u64) << HOP_BITS) + 1
}

/// Where a tree starts to grow.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Root {
    /// Distances of all nodes to this one.
    To(NodeIx),
    /// Distances of all nodes from this one.
    From(NodeIx),
    /// Distances of all nodes to the nearest of an anycast group.
    Any(u32),
}

impl Root {
    fn nodes(self, network: &Network) -> Box<[NodeIx]> {
        match self {
            Self::To(node) | Self::From(node) => Box::new([node]),
            Self::Any(group) => network.group(group).into(),
        }
    }

    fn outward_metric(self, hop: Hop) -> Option<u32> {
        match self {
            Self::To(_) | Self::Any(_) => hop.back(),
            Self::From(_) => hop.forth(),
        }
    }

    fn inward_metric(self, hop: Hop) -> Option<u32> {
        match self {
            Self::To(_) | Self::Any(_) => hop.forth(),
            Self::From(_) => hop.back(),
        }
    }

    /// The edge that traffic crosses between a node and the far end, nearer to the root, of one of its hops.
    pub(crate) const fn inward(self, hop: Hop) -> EdgeIx {
        match self {
            Self::To(_) | Self::Any(_) => hop.edge,
            Self::From(_) => hop.edge.reverse(),
        }
    }
}

/// Distances of all nodes to or from one. 8 bytes a node.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Tree {
    root: Root,
    /// The nodes of distance zero, ascending.
    origins: Box<[NodeIx]>,
    distance: Vec<Distance>,
}

impl Tree {
    /// Dijkstra. O(edges log nodes).
    pub(crate) fn grow(network: &Network, root: Root, down: &Parts) -> Self {
        let mesh = network.mesh();
        let origins = root.nodes(network);
        let waiting: BinaryHeap<_> = origins.iter().map(|node| Reverse((0, *node))).collect();
        let mut tree = Self { root, origins, distance: vec![UNREACHED; mesh.nodes()] };
        for node in &tree.origins {
            tree.distance[node.ix()] = 0;
        }
        tree.relax(mesh, down, waiting);
        tree
    }

    /// A tree of no nodes.
    #[cfg(test)]
    pub(crate) fn bare(root: Root) -> Self {
        Self { root, origins: Box::default(), distance: Vec::new() }
    }

    /// The tree after links went away; none where it stays as it is. `fresh` are their edges, which `down` has too.
    ///
    /// Only nodes whose distance changes are looked at, and their neighbours (after Ramalingam and Reps, 1996): O(edges at
    /// them, log), beside a copy of the distances.
    pub(crate) fn without(&self, network: &Network, fresh: &[EdgeIx], down: &Parts) -> Option<Self> {
        let mesh = network.mesh();
        let mut doubtful = BinaryHeap::new();
        for edge in fresh {
            let facts = network.graph().edge(*edge);
            let (far, near) = match self.root {
                Root::To(_) | Root::Any(_) => (facts.from, facts.to),
                Root::From(_) => (facts.to, facts.from),
            };
            if model::IgpMetric(facts.igp).is_usable() && self.supports(mesh, near, far, facts.igp) {
                doubtful.push(Reverse((self.distance[far.ix()], far)));
            }
        }
        if doubtful.is_empty() {
            return None;
        }
        let lost = self.lost(mesh, down, doubtful);
        if lost.is_empty() {
            return None;
        }
        let mut tree = self.clone();
        for node in &lost {
            tree.distance[node.ix()] = UNREACHED;
        }
        let mut heap = BinaryHeap::new();
        for node in &lost {
            let best = tree.inward(mesh, *node, down).min().unwrap_or(UNREACHED);
            if best < UNREACHED {
                heap.push(Reverse((best, *node)));
            }
        }
        // Whoever is nearest now is final; the others may still get nearer by it.
        for Reverse((distance, node)) in &heap {
            tree.distance[node.ix()] = *distance;
        }
        tree.relax(mesh, down, heap);
        Some(tree)
    }

    /// What the distance of a node would be by each of its neighbours.
    fn inward<'a>(
        &'a self,
        mesh: &'a Mesh,
        node: NodeIx,
        down: &'a Parts,
    ) -> impl Iterator<Item = Distance> + 'a {
        mesh.hops(node).iter().filter_map(move |hop| {
            let metric = self.root.inward_metric(*hop)?;
            let there = self.distance[hop.to.ix()];
            (there != UNREACHED && !down.has(hop.edge) && self.leads_on(mesh, hop.to))
                .then(|| longer(there, metric))
        })
    }

    /// Goes on with Dijkstra from what waits.
    fn relax(&mut self, mesh: &Mesh, down: &Parts, mut waiting: BinaryHeap<Reverse<(Distance, NodeIx)>>) {
        while let Some(Reverse((here, node))) = waiting.pop() {
            if here > self.distance[node.ix()] || !self.leads_on(mesh, node) {
                continue;
            }
            for hop in mesh.hops(node) {
                let Some(metric) = self.root.outward_metric(*hop) else { continue };
                let there = longer(here, metric);
                if there < self.distance[hop.to.ix()] && !down.has(hop.edge) {
                    self.distance[hop.to.ix()] = there;
                    waiting.push(Reverse((there, hop.to)));
                }
            }
        }
    }

    /// The nodes whose distance grows, given those that lost a support: nearest first, a node is lost when none of the
    /// neighbours that gave it its distance is left.
    fn lost(
        &self,
        mesh: &Mesh,
        down: &Parts,
        mut doubtful: BinaryHeap<Reverse<(Distance, NodeIx)>>,
    ) -> Vec<NodeIx> {
        let mut is_lost = vec![false; mesh.nodes()];
        let mut lost = Vec::new();
        while let Some(Reverse((here, node))) = doubtful.pop() {
            if is_lost[node.ix()] {
                continue;
            }
            let held = mesh.hops(node).iter().any(|hop| {
                let by = self.root.inward_metric(*hop).map(|metric| (hop.to, metric));
                by.is_some_and(|(near, metric)| {
                    !down.has(hop.edge) && !is_lost[near.ix()] && self.supports(mesh, near, node, metric)
                })
            });
            if held {
                continue;
            }
            debug_assert!(here != UNREACHED, "who has no way has no support to lose");
            is_lost[node.ix()] = true;
            lost.push(node);
            for hop in mesh.hops(node) {
                let Some(metric) = self.root.outward_metric(*hop) else { continue };
                if self.supports(mesh, node, hop.to, metric) {
                    doubtful.push(Reverse((self.distance[hop.to.ix()], hop.to)));
                }
            }
        }
        lost
    }

    /// Whether a node has its distance by a neighbour over an edge of this metric.
    fn supports(&self, mesh: &Mesh, near: NodeIx, far: NodeIx, metric: u32) -> bool {
        let there = self.distance[near.ix()];
        there != UNREACHED && longer(there, metric) == self.distance[far.ix()] && self.leads_on(mesh, near)
    }

    fn leads_on(&self, mesh: &Mesh, node: NodeIx) -> bool {
        !mesh.is_overloaded(node) || self.origins.binary_search(&node).is_ok()
    }

    pub(crate) fn root(&self) -> Root {
        self.root
    }

    pub(crate) fn reaches(&self, node: NodeIx) -> bool {
        self.distance[node.ix()] != UNREACHED
    }

    /// Sorts nodes by how far they are.
    pub(crate) fn far(&self, node: NodeIx) -> u64 {
        self.distance[node.ix()]
    }

    /// The hops of a node that lie on shortest paths between it and the root, ascending. Edges of metric zero could close a
    /// loop of equal distances; among nodes of equal distance only one with fewer hops left is on the way.
    pub(crate) fn ways<'a>(
        &'a self,
        mesh: &'a Mesh,
        node: NodeIx,
        down: &'a Parts,
    ) -> impl Iterator<Item = Hop> + 'a {
        let here = self.distance[node.ix()];
        let hops = |distance: Distance| distance & ((1 << HOP_BITS) - 1);
        mesh.hops(node).iter().copied().filter(move |hop| {
            let there = self.distance[hop.to.ix()];
            self.root.inward_metric(*hop).is_some_and(|metric| {
                there != UNREACHED
                    && here >> HOP_BITS == (there >> HOP_BITS) + u64::from(metric)
                    && (metric > 0 || hops(there) < hops(here))
                    && !down.has(hop.edge)
                    && self.leads_on(mesh, hop.to)
            })
        })
    }
}
