//! What a segment costs: the price of every pair of nodes, and the cheapest list of so many segments.
//!
//! The price of a pair is the mean over its equal-cost paths; one pass over the next hops towards a destination, nearest node
//! first, gives a whole row. A list of `k` segments from `s` to `t` costs the least over `m` of one segment `s` to `m` and
//! `k - 1` segments `m` to `t`: a min-plus product of a matrix and a column, whose inner loop runs along a row and becomes
//! vector instructions. Exact for the given prices. Cost: O(hops of all pairs) for the matrix, O(n² k) for a column. Segment
//! lists as paths over a graph of pairs: Bhatia et al., "Optimized network traffic engineering using segment routing"
//! (INFOCOM 2015).

use crate::{
    ecmp::{Layer, Routes},
    list::List,
    network::{Network, small},
    potential::Potential,
    problem::Problem,
};

/// The price of one segment from every node to every node.
#[derive(Clone, Debug)]
pub(crate) struct Pairs {
    nodes: usize,
    /// Row by destination: `cost[to * nodes + from]`.
    cost: Vec<f32>,
    /// The edge that is cheaper than the shortest paths between its ends, or [`NONE`]; empty where no edge may be a segment.
    over: Vec<u16>,
    /// What the shortest paths cost where an edge is cheaper; as long as `over`.
    route: Vec<f32>,
    /// The same costs row by source, so that looking for the middle of a list runs along a row.
    turned: Vec<f32>,
    /// Whether `turned` is up to date.
    is_turned: bool,
    /// A row of a failure's layer.
    failed: Vec<f32>,
}

const NONE: u16 = u16::MAX;

/// Prices all nodes towards one destination in one layer, nearest first.
fn walk(layer: &Layer, prices: &[f32], row: &mut [f32]) {
    let mut start = 0;
    for (&node, &end) in layer.order.iter().zip(&layer.first[1..]) {
        let end = end as usize;
        let hops = &layer.hops[start..end];
        start = end;
        let price = if let [hop] = hops {
            prices[usize::from(hop.edge)] + row[usize::from(hop.to)]
        } else {
            let each = hops.iter().map(|hop| prices[usize::from(hop.edge)] + row[usize::from(hop.to)]);
            #[expect(clippy::cast_precision_loss, reason = "a node has few edges")]
            let count = hops.len() as f32;
            each.sum::<f32>() / count
        };
        row[usize::from(node)] = price;
    }
}

impl Pairs {
    pub fn new(nodes: usize, adjacency: bool) -> Self {
        let over = if adjacency { vec![NONE; nodes * nodes] } else { Vec::new() };
        let route = vec![0.0; over.len()];
        let cost = vec![f32::INFINITY; nodes * nodes];
        Self { nodes, turned: cost.clone(), cost, is_turned: false, over, route, failed: vec![0.0; nodes] }
    }

    /// Prices all pairs.
    pub fn fill(&mut self, network: &Network, routes: &Routes, prices: &[f32]) {
        self.fill_routes(network, routes, prices);
        if !self.over.is_empty() {
            self.adjacencies(network, prices);
        }
    }

    /// Prices all pairs by shortest paths alone, even where an edge may be a segment.
    pub fn fill_routes(&mut self, network: &Network, routes: &Routes, prices: &[f32]) {
        self.over.fill(NONE);
        self.is_turned = false;
        for (to, row) in self.cost.chunks_exact_mut(self.nodes.max(1)).enumerate() {
            let layers = &routes.dags[to].layers;
            row.fill(f32::INFINITY);
            row[to] = 0.0;
            walk(&layers[0], prices, row);
            for (layer, prices) in layers.iter().zip(prices.chunks_exact(network.edges().max(1))).skip(1) {
                self.failed.fill(0.0);
                walk(layer, prices, &mut self.failed);
                row.iter_mut().zip(&self.failed).for_each(|(cost, more)| *cost += more);
            }
        }
    }

    /// Prices all pairs for a whole demand, splits and all: exact for each single segment, where [`Self::fill`] takes the
    /// mean of undivided paths. Cost: one exponential for every divided (pair, edge) incidence.
    #[expect(clippy::cast_possible_truncation, reason = "prices steer, exact changes decide")]
    pub fn fill_exact(&mut self, problem: &Problem, potential: &Potential, volume: f64, prices: &[f32]) {
        self.is_turned = false;
        let scale = potential.per_unit(volume);
        let inverse = &problem.network.inverse;
        for (to, row) in self.cost.chunks_exact_mut(self.nodes.max(1)).enumerate() {
            let dag = &problem.routes.dags[to];
            for (from, cost) in row.iter_mut().enumerate() {
                let parts = dag.parts(from);
                *cost = if parts.is_empty() && from != to { f32::INFINITY } else { 0.0 };
                for part in parts {
                    let place = part.place as usize;
                    *cost += if part.share == 1.0 {
                        prices[place]
                    } else {
                        let load = potential.load[place] + volume * f64::from(part.share);
                        ((potential.value(load * inverse[place]) - potential.term(place)) * scale) as f32
                    };
                }
            }
        }
        if !self.over.is_empty() {
            self.adjacencies(&problem.network, prices);
        }
    }

    /// Makes finding many lists cheap: O(n) along a row for each segment instead of O(n) across all rows.
    pub fn turn(&mut self) {
        const BLOCK: usize = 16;
        for from in (0..self.nodes).step_by(BLOCK) {
            for to in 0..self.nodes {
                let row = &self.cost[to * self.nodes..(to + 1) * self.nodes];
                for (at, &cost) in row.iter().enumerate().skip(from).take(BLOCK) {
                    self.turned[at * self.nodes + to] = cost;
                }
            }
        }
        self.is_turned = true;
    }

    /// The node by which `from` goes on most cheaply, given what each node costs from there, if that is cheaper than `direct`;
    /// the lowest id among equals.
    fn middle(&self, from: usize, onward: &[f32], direct: f32) -> Option<usize> {
        if self.is_turned {
            let row = &self.turned[from * self.nodes..(from + 1) * self.nodes];
            let least = least_sum(row, onward);
            if least >= direct {
                return None;
            }
            let found = row.iter().zip(onward).enumerate();
            return found
                .filter(|(node, _)| *node != from)
                .find(|(_, (cost, onward))| *cost + *onward <= least)
                .map(|(node, _)| node);
        }
        let (mut best, mut via) = (direct, None);
        for (node, &onward) in onward.iter().enumerate() {
            let cost = self.cost[node * self.nodes + from] + onward;
            if node != from && cost < best {
                (best, via) = (cost, Some(node));
            }
        }
        via
    }

    fn adjacencies(&mut self, network: &Network, prices: &[f32]) {
        let place =
            |edge: usize| usize::from(network.to[edge]) * self.nodes + usize::from(network.from[edge]);
        for edge in network.working() {
            self.over[place(edge)] = NONE;
        }
        for edge in network.working() {
            let at = place(edge);
            if prices[edge] < self.cost[at] {
                if self.over[at] == NONE {
                    self.route[at] = self.cost[at];
                }
                self.cost[at] = prices[edge];
                self.over[at] = small(edge);
            }
        }
    }

    /// The price of a node segment.
    #[inline]
    pub fn route(&self, from: u16, to: u16) -> f32 {
        let at = usize::from(to) * self.nodes + usize::from(from);
        match self.over.get(at) {
            Some(&edge) if edge != NONE => self.route[at],
            _ => self.cost[at],
        }
    }

    fn row(&self, to: usize) -> &[f32] {
        &self.cost[to * self.nodes..(to + 1) * self.nodes]
    }

    /// Work of one [`Self::fill_exact`] in elementary steps.
    pub fn work_exact(&self, routes: &Routes) -> u64 {
        (self.nodes * self.nodes + 3 * routes.parts) as u64
    }

    /// Work of one [`Self::fill`] in elementary steps.
    pub fn work(&self, routes: &Routes) -> u64 {
        (self.nodes * self.nodes + 2 * routes.hops) as u64
    }
}

/// A network of so many nodes is large; segments of its short lists.
pub(crate) const WIDE: usize = 180;
pub(crate) const SHORT: usize = 2;

/// The cheapest lists of up to so many segments from every node to one destination.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    nodes: usize,
    to: usize,
    /// `layer[k][from]`: with at most `k + 1` segments.
    layers: Vec<Vec<f32>>,
}

impl Column {
    pub fn new(nodes: usize, segments: usize) -> Self {
        Self { nodes, to: 0, layers: vec![vec![0.0; nodes]; segments.max(1)] }
    }

    /// Works out the lists to a destination.
    pub fn fill(&mut self, pairs: &Pairs, to: u16) {
        self.to = usize::from(to);
        self.layers[0].copy_from_slice(pairs.row(self.to));
        for k in 1..self.layers.len() {
            let (done, rest) = self.layers.split_at_mut(k);
            let (before, layer) = (&done[k - 1][..], &mut rest[0][..]);
            layer.copy_from_slice(before);
            for (via, &onward) in before.iter().enumerate() {
                if onward.is_infinite() || via == self.to {
                    continue;
                }
                let row = &pairs.cost[via * self.nodes..(via + 1) * self.nodes];
                for (best, &price) in layer.iter_mut().zip(row) {
                    let cost = price + onward;
                    *best = if cost < *best { cost } else { *best };
                }
            }
            if rest[0] == *before {
                // One more segment made nothing cheaper, and so will none.
                let (done, rest) = self.layers.split_at_mut(k);
                rest.iter_mut().for_each(|layer| layer.copy_from_slice(&done[k - 1]));
                return;
            }
        }
    }

    /// The price of the cheapest list.
    #[inline]
    pub fn cost(&self, from: u16) -> f32 {
        self.layers[self.layers.len() - 1][usize::from(from)]
    }

    /// The cheapest list, with as few segments as any of nearly its price; ties go to the lower id.
    pub fn list(&self, pairs: &Pairs, from: u16) -> Option<List> {
        let goal = self.cost(from);
        if goal.is_infinite() {
            return None;
        }
        let limit = goal * (1.0 + 1e-6) + f32::MIN_POSITIVE;
        let mut at = usize::from(from);
        let mut k = self.layers.iter().position(|layer| layer[at] <= limit)?;
        let mut list = List::EMPTY;
        while at != self.to {
            let mut via = self.to;
            if k > 0 {
                let direct = pairs.row(self.to)[at];
                via = pairs.middle(at, &self.layers[k - 1], direct).unwrap_or(via);
                k -= 1;
            }
            match pairs.over.get(via * self.nodes + at) {
                Some(&edge) if edge != NONE => list.push_link(edge),
                _ => list.push_node(small(via)),
            }
            at = via;
        }
        Some(list)
    }

    /// Work of one [`Self::fill`] in elementary steps.
    pub fn work(&self) -> u64 {
        (self.nodes * self.nodes * (self.layers.len() - 1) / 4) as u64
    }
}

/// The least sum of two rows, eight lanes at a time.
fn least_sum(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 8;
    let mut lanes = [f32::INFINITY; LANES];
    let (a_lanes, b_lanes) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest =
        a_lanes.remainder().iter().zip(b_lanes.remainder()).map(|(a, b)| a + b).fold(f32::INFINITY, f32::min);
    for (a, b) in a_lanes.zip(b_lanes) {
        for lane in 0..LANES {
            let sum = a[lane] + b[lane];
            lanes[lane] = if sum < lanes[lane] { sum } else { lanes[lane] };
        }
    }
    lanes.into_iter().fold(rest, f32::min)
}
