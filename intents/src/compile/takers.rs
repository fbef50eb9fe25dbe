//! Who has the bandwidth of each edge, so that whoever finds none learns from whom it could come. Of each edge the three largest
//! are kept and the number of all, which is enough to tell and little to keep: some 100 bytes for each edge.

use std::cmp::Reverse;

use model::{Bandwidth, EdgeIx, Graph, ServiceId};

/// How many are named.
const NAMED: usize = 3;

/// A service that has bandwidth somewhere.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taker<'a> {
    pub service: &'a ServiceId,
    /// The value of its class.
    pub value: u32,
    /// What it has, bit/s.
    pub rate: u64,
}

impl Taker<'_> {
    /// What it has of an edge that it crosses so often.
    pub const fn crossing(self, times: u64) -> Self {
        Self { rate: self.rate.saturating_mul(times), ..self }
    }
}

/// Those that have the bandwidth of one edge.
#[derive(Clone, Debug, Default)]
struct Holders<'a> {
    /// The largest, largest first, then by name.
    largest: Vec<Taker<'a>>,
    count: usize,
    /// The least value among all.
    least: Option<u32>,
}

/// Those that have the bandwidth of every edge.
#[derive(Clone, Debug)]
pub(super) struct Takers<'a>(Vec<Holders<'a>>);

impl<'a> Takers<'a> {
    /// Of a graph on which nobody has anything yet.
    pub fn new(graph: &Graph) -> Self {
        Self(vec![Holders::default(); graph.edge_count()])
    }

    /// Gives bandwidth of edges, each given once, to a service. O(edges).
    pub fn take(&mut self, taker: Taker<'a>, edges: &[EdgeIx]) {
        if taker.rate == 0 {
            return;
        }
        for edge in edges {
            let Some(holders) = self.0.get_mut(edge.ix()) else { continue };
            holders.count += 1;
            holders.least = Some(holders.least.map_or(taker.value, |least| least.min(taker.value)));
            let order = |one: &Taker<'a>| (Reverse(one.rate), one.service);
            let place = holders.largest.partition_point(|one| order(one) < order(&taker));
            if place < NAMED {
                holders.largest.truncate(NAMED - 1);
                holders.largest.insert(place, taker);
            }
        }
    }

    /// Whether all who have bandwidth of an edge are of a higher value, and there are some.
    pub fn are_above(&self, edge: EdgeIx, value: u32) -> bool {
        self.0.get(edge.ix()).and_then(|holders| holders.least).is_some_and(|least| least > value)
    }

    /// `core-1> is promised to payments (60Mbps, value 100) and 2 more`; nothing where nobody has anything.
    pub fn told(&self, edge: EdgeIx, graph: &Graph) -> Option<String> {
        let holders = self.0.get(edge.ix()).filter(|holders| holders.count > 0)?;
        let one = |taker: &Taker<'_>| {
            let rate = Bandwidth::from_bps(taker.rate);
            format!("{} ({rate}, value {})", taker.service, taker.value)
        };
        let named: Vec<String> = holders.largest.iter().map(one).collect();
        let more = match holders.count - named.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Some(format!("{} is promised to {}{more}", graph.hop(edge), named.join(", ")))
    }
}

#[cfg(test)]
mod tests;
