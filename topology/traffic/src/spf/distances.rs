//! Distances of all nodes, where a tree after a failure shares with the one before it what it can: most failures move few
//! nodes, and a table of a large network is dear to copy.

use std::sync::Arc;

use model::NodeIx;

/// Metric and hops in one number, compared in that order: 44 bits and 20 bits, which is enough for a million nodes.
pub(super) type Distance = u64;

pub(super) const HOP_BITS: u32 = 20;

pub(super) const UNREACHED: Distance = Distance::MAX;

pub(super) const fn longer(distance: Distance, metric: u32) -> Distance {
    distance + ((metric as u64) << HOP_BITS) + 1
}

/// So many nodes may differ from a table before there is another one.
const FEW: usize = 16;

/// By node: a table, and what differs from it.
#[derive(Clone, Debug)]
pub(super) struct Distances {
    table: Arc<Vec<Distance>>,
    /// At most [`FEW`], by node.
    others: Vec<(NodeIx, Distance)>,
}

/// Distances of which some are still to be found.
#[derive(Debug)]
pub(super) enum Draft {
    Table(Vec<Distance>),
    /// Only those that differ can be set.
    Few(Distances),
}

impl Distances {
    /// That of a node.
    #[inline]
    pub(super) fn at(&self, node: NodeIx) -> Distance {
        if self.others.is_empty() {
            return self.table[node.ix()];
        }
        match self.others.binary_search_by_key(&node, |(other, _)| *other) {
            Ok(place) => self.others[place].1,
            Err(_) => self.table[node.ix()],
        }
    }

    /// The same without those of some nodes, which may be set anew; all others are final.
    pub(super) fn without(&self, lost: &[NodeIx]) -> Draft {
        if self.others.len() + lost.len() > FEW {
            let mut table = self.to_table();
            lost.iter().for_each(|node| table[node.ix()] = UNREACHED);
            return Draft::Table(table);
        }
        let mut few = self.clone();
        for node in lost {
            match few.others.binary_search_by_key(node, |(other, _)| *other) {
                Ok(place) => few.others[place].1 = UNREACHED,
                Err(place) => few.others.insert(place, (*node, UNREACHED)),
            }
        }
        Draft::Few(few)
    }

    fn to_table(&self) -> Vec<Distance> {
        let mut table = Vec::clone(&self.table);
        self.others.iter().for_each(|(node, distance)| table[node.ix()] = *distance);
        table
    }
}

/// Two are equal where every node is as far, however it is written down.
impl PartialEq for Distances {
    fn eq(&self, other: &Self) -> bool {
        self.to_table() == other.to_table()
    }
}

impl Eq for Distances {}

impl Draft {
    /// Of nodes that are all unreached.
    pub(super) fn nowhere(nodes: usize) -> Self {
        Self::Table(vec![UNREACHED; nodes])
    }

    #[inline]
    pub(super) fn at(&self, node: NodeIx) -> Distance {
        match self {
            Self::Table(table) => table[node.ix()],
            Self::Few(few) => few.at(node),
        }
    }

    /// Sets that of a node, which is one of those to be found.
    #[inline]
    pub(super) fn set(&mut self, node: NodeIx, distance: Distance) {
        match self {
            Self::Table(table) => table[node.ix()] = distance,
            Self::Few(few) => {
                let place = few.others.binary_search_by_key(&node, |(other, _)| *other);
                debug_assert!(place.is_ok(), "only nodes that were lost get another distance");
                if let Ok(place) = place {
                    few.others[place].1 = distance;
                }
            }
        }
    }

    /// All are found.
    pub(super) fn done(self) -> Distances {
        match self {
            Self::Table(table) => Distances { table: Arc::new(table), others: Vec::new() },
            Self::Few(few) => few,
        }
    }
}
