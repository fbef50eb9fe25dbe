//! IGP shortest paths between two nodes, remembered, and layer by layer under failures that come one on top of the other.
//!
//! A layer takes from the one below what its failure does not touch: taking links away makes nothing reachable, and leaves
//! shortest paths that avoid them as they are.

mod distances;
mod shelf;
mod spread;
mod tree;

use std::{collections::BTreeMap, sync::Arc};

use model::{EdgeIx, NodeIx};

use self::shelf::Shelf;
pub(crate) use self::{
    spread::{Spread, portion},
    tree::{Root, Tree},
};
use crate::{
    failure::Parts,
    network::{Goal, Network},
};

/// How many pairs start and end at each node: the busier end of a pair is where its tree is rooted, so that 10,000 branches
/// that talk to 20 centres cost 20 trees and not 10,000.
#[derive(Clone, Debug)]
pub(crate) struct Anchors {
    /// By node: pairs that start there, and pairs that end there.
    busy: Vec<(u32, u32)>,
    /// Metrics of zero: ties are settled by the hops that are left, which only a tree at the destination knows.
    only_to: bool,
}

impl Anchors {
    pub(crate) fn new(network: &Network, pairs: impl Iterator<Item = (NodeIx, NodeIx)>) -> Self {
        let mut busy = vec![(0_u32, 0_u32); network.graph().node_count()];
        for (from, to) in pairs {
            busy[from.ix()].0 += 1;
            busy[to.ix()].1 += 1;
        }
        Self { busy, only_to: network.mesh().has_zero }
    }

    fn root(&self, from: NodeIx, goal: Goal) -> Root {
        let to = match goal {
            Goal::Node(to) => to,
            Goal::Group(group) => return Root::Any(group),
        };
        if !self.only_to && self.busy[from.ix()].0 > self.busy[to.ix()].1 {
            Root::From(from)
        } else {
            Root::To(to)
        }
    }
}

/// What is remembered under one set of failures.
#[derive(Clone, Debug)]
struct Layer {
    known: Arc<Parts>,
    /// The edges that this layer takes away from the one below.
    fresh: Vec<EdgeIx>,
    shelf: Shelf,
    spreads: BTreeMap<(NodeIx, Goal), Option<Arc<Spread>>>,
}

/// The IGP, under failures one on top of the other.
#[derive(Clone, Debug)]
pub(crate) struct Igp<'a> {
    network: &'a Network,
    anchors: &'a Anchors,
    layers: Vec<Layer>,
}

impl<'a> Igp<'a> {
    /// The IGP that knows these parts to be down.
    pub(crate) fn new(network: &'a Network, anchors: &'a Anchors, known: Parts) -> Self {
        let mut igp = Self { network, anchors, layers: Vec::new() };
        igp.push(known, Vec::new());
        igp
    }

    /// More is down: all of `known`, of which `fresh` was not before.
    pub(crate) fn push(&mut self, known: Parts, fresh: Vec<EdgeIx>) {
        let layer =
            Layer { known: Arc::new(known), fresh, shelf: Shelf::default(), spreads: BTreeMap::new() };
        self.layers.push(layer);
    }

    /// What the last layer took away is back. The first layer stays.
    pub(crate) fn pop(&mut self) {
        if self.layers.len() > 1 {
            self.layers.pop();
        }
    }

    /// What is known to be down.
    pub(crate) fn known(&self) -> Arc<Parts> {
        self.layers[self.layers.len() - 1].known.clone()
    }

    /// Works out pairs that will be asked for, tree by tree: each tree is grown once, however few of them are kept.
    pub(crate) fn prepare(&mut self, pairs: impl Iterator<Item = (NodeIx, NodeIx)>) {
        let rooted = pairs.filter(|(from, to)| from != to);
        let mut rooted: Vec<(Root, NodeIx, NodeIx)> =
            rooted.map(|(from, to)| (self.anchors.root(from, Goal::Node(to)), from, to)).collect();
        rooted.sort_unstable();
        rooted.dedup();
        for (_, from, to) in rooted {
            self.spread(from, Goal::Node(to));
        }
    }

    /// All shortest paths from one node to another, or to the nearest of a group; none where there is no way.
    pub(crate) fn spread(&mut self, from: NodeIx, to: Goal) -> Option<Arc<Spread>> {
        self.spread_in(self.layers.len() - 1, from, to)
    }

    fn spread_in(&mut self, level: usize, from: NodeIx, to: Goal) -> Option<Arc<Spread>> {
        if let Some(spread) = self.layers[level].spreads.get(&(from, to)) {
            return spread.clone();
        }
        if let Some(below) = level.checked_sub(1) {
            let spread = self.spread_in(below, from, to)?;
            if spread.meets(&self.layers[level].known).is_none() {
                return Some(spread);
            }
        }
        let root = self.anchors.root(from, to);
        let tree = self.tree_in(level, root);
        let other = match (root, to) {
            (Root::From(_), Goal::Node(to)) => to,
            _ => from,
        };
        let layer = &mut self.layers[level];
        let spread = Spread::of(&tree, self.network.mesh(), other, &layer.known).map(Arc::new);
        layer.spreads.insert((from, to), spread.clone());
        spread
    }

    fn tree_in(&mut self, level: usize, root: Root) -> Arc<Tree> {
        if let Some(tree) = self.layers[level].shelf.get(root) {
            return tree;
        }
        let network = self.network;
        let below = level.checked_sub(1).map(|below| self.tree_in(below, root));
        let layer = &mut self.layers[level];
        let tree = match below {
            Some(below) => match below.without(network, &layer.fresh, &layer.known) {
                Some(tree) => Arc::new(tree),
                None => below,
            },
            None => Arc::new(Tree::grow(network, root, &layer.known)),
        };
        layer.shelf.put(tree.clone(), network.mesh().nodes());
        tree
    }
}

#[cfg(test)]
mod tests;
