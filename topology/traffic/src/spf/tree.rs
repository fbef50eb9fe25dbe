//! Shortest distances between one node and all others, and their repair when links go away.
//!
//! A tree has its root at the destination or at the source: whichever end more pairs share; or at all nodes of an anycast
//! group. Overloaded nodes are sources and
//! destinations, never transit (RFC 3787 section 4); metric 2^24-1 is left out (RFC 5305 section 3).
//!
//! So nothing ever depends on how far an overloaded node is but its own traffic, and that is seen from its neighbours: a tree keeps
//! distances of nodes that carry transit only. Of a bank's 10,000 branches it keeps none, and a branch's line that fails changes no
//! tree.

use std::{cmp::Reverse, collections::BinaryHeap};

use model::{EdgeIx, NodeIx};

use super::distances::{Distance, Distances, Draft, HOP_BITS, UNREACHED, longer};
use crate::{
    failure::Parts,
    mesh::{Hop, Mesh},
    network::Network,
};

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

/// Distances of all nodes that carry transit to or from one. 8 bytes a node, or next to nothing where few differ from another tree's.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Tree {
    root: Root,
    /// The nodes of distance zero, ascending.
    origins: Box<[NodeIx]>,
    /// Of the origins and of nodes that carry transit; all others count as unreached here.
    distance: Distances,
}

/// Who a tree grows from, for what needs no distances.
#[derive(Clone, Copy, Debug)]
struct Soil<'a> {
    mesh: &'a Mesh,
    down: &'a Parts,
    root: Root,
    origins: &'a [NodeIx],
}

impl Tree {
    /// Dijkstra. O(edges log nodes), of edges between nodes that carry transit.
    pub(crate) fn grow(network: &Network, root: Root, down: &Parts) -> Self {
        let mesh = network.mesh();
        let origins = root.nodes(network);
        let mut waiting = BinaryHeap::new();
        let mut draft = Draft::nowhere(mesh.nodes());
        for node in &origins {
            draft.set(*node, 0);
            waiting.push(Reverse((0, *node)));
        }
        Soil { mesh, down, root, origins: &origins }.relax(&mut draft, waiting);
        Self { root, origins, distance: draft.done() }
    }

    /// A tree of no nodes.
    #[cfg(test)]
    pub(crate) fn bare(root: Root) -> Self {
        Self { root, origins: Box::default(), distance: Draft::nowhere(0).done() }
    }

    /// The tree after links went away; none where it stays as it is. `fresh` are their edges, which `down` has too.
    ///
    /// Only nodes whose distance changes are looked at, and their neighbours (after Ramalingam and Reps, 1996): O(edges at
    /// them, log), beside a byte for each node, and a copy of the distances where more than a few differ.
    pub(crate) fn without(&self, network: &Network, fresh: &[EdgeIx], down: &Parts) -> Option<Self> {
        let mesh = network.mesh();
        let mut doubtful = BinaryHeap::new();
        for edge in fresh {
            let facts = network.graph().edge(*edge);
            let (far, near) = match self.root {
                Root::To(_) | Root::Any(_) => (facts.from, facts.to),
                Root::From(_) => (facts.to, facts.from),
            };
            if model::IgpMetric(facts.igp).is_usable() && self.supports(near, far, facts.igp) {
                doubtful.push(Reverse((self.distance.at(far), far)));
            }
        }
        if doubtful.is_empty() {
            return None;
        }
        let soil = self.soil(mesh, down);
        let lost = self.lost(soil, doubtful);
        if lost.is_empty() {
            return None;
        }
        let mut draft = self.distance.without(&lost);
        let mut heap = BinaryHeap::new();
        for node in &lost {
            let best = soil.nearest(*node, |near| draft.at(near));
            if best < UNREACHED {
                heap.push(Reverse((best, *node)));
            }
        }
        // Whoever is nearest now is final; the others may still get nearer by it.
        for Reverse((distance, node)) in &heap {
            draft.set(*node, *distance);
        }
        soil.relax(&mut draft, heap);
        Some(Self { root: self.root, origins: self.origins.clone(), distance: draft.done() })
    }

    /// The nodes whose distance grows, given those that lost a support: nearest first, a node is lost when none of the
    /// neighbours that gave it its distance is left.
    fn lost(&self, soil: Soil<'_>, mut doubtful: BinaryHeap<Reverse<(Distance, NodeIx)>>) -> Vec<NodeIx> {
        let mut is_lost = vec![false; soil.mesh.nodes()];
        let mut lost = Vec::new();
        while let Some(Reverse((here, node))) = doubtful.pop() {
            if is_lost[node.ix()] {
                continue;
            }
            let held = soil
                .inward(node)
                .any(|(near, metric)| !is_lost[near.ix()] && self.supports(near, node, metric));
            if held {
                continue;
            }
            debug_assert!(here != UNREACHED, "who has no way has no support to lose");
            is_lost[node.ix()] = true;
            lost.push(node);
            for hop in soil.mesh.through(node) {
                let Some(metric) = self.root.outward_metric(*hop) else { continue };
                if self.supports(node, hop.to, metric) {
                    doubtful.push(Reverse((self.distance.at(hop.to), hop.to)));
                }
            }
        }
        lost
    }

    /// Whether a node has its distance by a neighbour over an edge of this metric.
    fn supports(&self, near: NodeIx, far: NodeIx, metric: u32) -> bool {
        let there = self.distance.at(near);
        there != UNREACHED && longer(there, metric) == self.distance.at(far)
    }

    fn soil<'a>(&'a self, mesh: &'a Mesh, down: &'a Parts) -> Soil<'a> {
        Soil { mesh, down, root: self.root, origins: &self.origins }
    }

    pub(crate) fn root(&self) -> Root {
        self.root
    }

    /// How far a node is; none where there is no way. Sorts nodes by how far they are.
    pub(crate) fn far(&self, mesh: &Mesh, node: NodeIx, down: &Parts) -> Option<u64> {
        let known = self.distance.at(node);
        let far = if known == UNREACHED && mesh.is_overloaded(node) {
            self.soil(mesh, down).nearest(node, |near| self.distance.at(near))
        } else {
            known
        };
        (far != UNREACHED).then_some(far)
    }

    /// The edges and far ends of a node's hops that lie on shortest paths between it, which is so `far`, and the root. Edges of
    /// metric zero could close a loop of equal distances; among nodes of equal distance only one with fewer hops left is on the way.
    pub(crate) fn ways<'a>(
        &'a self,
        mesh: &'a Mesh,
        node: NodeIx,
        far: u64,
        down: &'a Parts,
    ) -> impl Iterator<Item = (Hop, u64)> + 'a {
        let hops = |distance: Distance| distance & ((1 << HOP_BITS) - 1);
        let soil = self.soil(mesh, down);
        soil.leading(node).filter_map(move |hop| {
            let there = self.distance.at(hop.to);
            let metric = self.root.inward_metric(hop)?;
            let leads = there != UNREACHED
                && far >> HOP_BITS == (there >> HOP_BITS) + u64::from(metric)
                && (metric > 0 || hops(there) < hops(far));
            leads.then_some((hop, there))
        })
    }
}

impl<'a> Soil<'a> {
    /// The hops of a node over which ways go on: to nodes that carry transit, and to origins, which are ends.
    fn leading(self, node: NodeIx) -> impl Iterator<Item = Hop> + 'a {
        let Self { mesh, down, origins, .. } = self;
        let ends = origins.iter().filter(|origin| mesh.is_overloaded(**origin));
        let through = mesh.through(node).iter().copied();
        through.chain(ends.flat_map(move |end| mesh.toward(node, *end))).filter(|hop| !down.has(hop.edge))
    }

    /// The neighbours by which a node may have its distance, with the metrics over which.
    fn inward(self, node: NodeIx) -> impl Iterator<Item = (NodeIx, u32)> + 'a {
        self.leading(node).filter_map(move |hop| Some((hop.to, self.root.inward_metric(hop)?)))
    }

    /// What the distance of a node is by the best of its neighbours, given theirs.
    fn nearest(self, node: NodeIx, at: impl Fn(NodeIx) -> Distance) -> Distance {
        let by = |(near, metric)| {
            Some(at(near)).filter(|there| *there != UNREACHED).map(|there| longer(there, metric))
        };
        self.inward(node).filter_map(by).min().unwrap_or(UNREACHED)
    }

    /// Goes on with Dijkstra from what waits: origins, and nodes that carry transit.
    fn relax(self, draft: &mut Draft, mut waiting: BinaryHeap<Reverse<(Distance, NodeIx)>>) {
        while let Some(Reverse((here, node))) = waiting.pop() {
            if here > draft.at(node) {
                continue;
            }
            for hop in self.mesh.through(node) {
                let Some(metric) = self.root.outward_metric(*hop) else { continue };
                let there = longer(here, metric);
                if there < draft.at(hop.to) && !self.down.has(hop.edge) {
                    draft.set(hop.to, there);
                    waiting.push(Reverse((there, hop.to)));
                }
            }
        }
    }
}
