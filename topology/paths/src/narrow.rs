//! Keys that fit in one number, and the edges of the backbone with what they cost in such numbers: a tree grows over them in a
//! fraction of the time. Where delays or metrics are too long for that, it grows over keys as they are.

use model::EdgeIx;

use crate::{
    backbone::Backbone,
    packed::Lead,
    problem::{Key, Problem},
};

/// A node that is not reached.
pub(crate) const UNREACHED: u128 = u128::MAX;

/// Where each part of a key begins. Lowest of all is room for the number of a node.
#[derive(Clone, Copy, Debug)]
struct Layout {
    hops: u32,
    delay: u32,
    metric: u32,
    rank: u32,
}

impl Layout {
    /// For paths of so many edges, none of which comes to more than `most` by any part of its key. None where that does not fit.
    fn new(nodes: usize, most: Key) -> Option<Self> {
        let bits = |most: u64| u64::BITS - most.leading_zeros();
        // A path visits each node once, and its place may be one more.
        let edges = nodes as u64 + 1;
        let sum = |most: u64| Some(bits(most.checked_mul(edges)?));
        let hops = bits(edges);
        let delay = hops + bits(edges);
        let metric = delay + sum(most.delay)?;
        let rank = metric + sum(most.metric)?;
        // One bit more keeps all labels below that of nodes that are not reached.
        (rank + sum(most.rank)? < u128::BITS).then_some(Self { hops, delay, metric, rank })
    }

    fn pack(self, key: Key) -> u128 {
        u128::from(key.rank) << self.rank
            | u128::from(key.metric) << self.metric
            | u128::from(key.delay) << self.delay
            | u128::from(key.hops) << self.hops
    }

    fn unpack(self, label: u128) -> Key {
        let part = |low: u32, high: u32| ((label >> low) & ((1 << (high - low)) - 1)) as u64;
        Key {
            rank: (label >> self.rank) as u64,
            metric: part(self.metric, self.rank),
            delay: part(self.delay, self.metric),
            hops: part(self.hops, self.delay) as u32,
        }
    }
}

/// An edge between two nodes of the backbone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arc {
    pub(crate) cost: u128,
    /// The number of the node that a tree reaches by it.
    pub(crate) to: u32,
    /// The edge in the direction of travel.
    pub(crate) via: EdgeIx,
}

/// The edges of the backbone for trees of one lead and one kind of path. 32 bytes an edge.
#[derive(Debug)]
pub(crate) struct Arcs {
    layout: Layout,
    /// By the number of the node from which a tree grows over them: `arcs[first[n]..first[n + 1]]`.
    first: Vec<u32>,
    arcs: Vec<Arc>,
}

impl Arcs {
    /// Of all edges that a problem admits. None where keys do not fit. O(edges of the graph).
    pub(crate) fn new(lead: Lead, backbone: &Backbone, problem: &Problem<'_>) -> Option<Self> {
        let mut most = Key::default();
        for cost in problem.graph.edges().filter_map(|(_, edge)| problem.by_taste(edge)) {
            most.rank = most.rank.max(cost.rank);
            most.metric = most.metric.max(cost.metric);
            most.delay = most.delay.max(cost.delay);
        }
        let layout = Layout::new(backbone.len(), most)?;
        let (mut first, mut arcs) = (vec![0], Vec::with_capacity(backbone.edge_count()));
        for number in 0..backbone.len() {
            for out in backbone.out(number) {
                let to = backbone.number(problem.graph.edge(*out).to);
                let via = lead.toward(out.reverse());
                let edge = problem.graph.edge(via);
                let (Some(to), Some(rank)) = (to, problem.admit(via, edge)) else { continue };
                let cost = layout.pack(problem.step(Key::default(), edge, rank));
                arcs.push(Arc { cost, to: to as u32, via });
            }
            first.push(arcs.len() as u32);
        }
        Some(Self { layout, first, arcs })
    }

    /// Those over which a tree grows from the node of that number.
    #[inline]
    pub(crate) fn of(&self, number: usize) -> &[Arc] {
        &self.arcs[self.first[number] as usize..self.first[number + 1] as usize]
    }

    /// A key as label.
    pub(crate) fn label(&self, key: Key) -> u128 {
        self.layout.pack(key)
    }

    /// The key that a label stands for.
    pub(crate) fn key(&self, label: u128) -> Key {
        self.layout.unpack(label)
    }

    /// The number of the node that waits with a label, and the label.
    #[inline]
    pub(crate) fn apart(&self, waiting: u128) -> (usize, u128) {
        let number = waiting & ((1 << self.layout.hops) - 1);
        (number as usize, waiting ^ number)
    }
}

/// How many sets of edges are kept.
const MOST_SETS: usize = 8;

/// The sets of edges that trees grew over last; `K` tells what they are good for.
#[derive(Debug)]
pub(crate) struct Sets<K> {
    /// None where keys do not fit.
    sets: Vec<(K, Option<Arcs>)>,
    /// Whose turn it is to be forgotten.
    oldest: usize,
}

impl<K> Default for Sets<K> {
    fn default() -> Self {
        Self { sets: Vec::new(), oldest: 0 }
    }
}

impl<K: PartialEq> Sets<K> {
    /// The edges of one kind.
    pub(crate) fn of(&mut self, kind: K, make: impl FnOnce() -> Option<Arcs>) -> Option<&Arcs> {
        let place = match self.sets.iter().position(|(known, _)| *known == kind) {
            Some(place) => place,
            None if self.sets.len() < MOST_SETS => {
                self.sets.push((kind, make()));
                self.sets.len() - 1
            }
            None => {
                let place = self.oldest;
                self.sets[place] = (kind, make());
                self.oldest = (place + 1) % MOST_SETS;
                place
            }
        };
        self.sets[place].1.as_ref()
    }
}
