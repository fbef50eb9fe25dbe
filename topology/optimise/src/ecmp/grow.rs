//! The routes towards one destination, from nothing.

use std::{cmp::Reverse, collections::BinaryHeap, sync::Arc};

use super::{Dag, Hop, Incoming, Layer, Part, count, lengths};
use crate::network::{Network, Unsolvable, small};

/// Where each node's parts are, and the parts.
type Shares = (Vec<(u32, u32)>, Vec<Part>);

/// What a worker reuses from destination to destination.
pub(super) struct Grower {
    distance: Vec<u64>,
    queue: BinaryHeap<Reverse<(u64, u16)>>,
    /// The hops of each node while the destination is searched.
    outgoing: Vec<Vec<Hop>>,
    mixer: Mixer,
    /// The most rows of a table.
    most: u32,
}

impl Grower {
    pub fn new(network: &Network, most: u32) -> Self {
        Self {
            most,
            distance: vec![u64::MAX; network.nodes],
            queue: BinaryHeap::new(),
            outgoing: vec![Vec::new(); network.nodes],
            mixer: Mixer::new(network.edges()),
        }
    }

    /// The next hops towards a destination.
    ///
    /// # Errors
    /// They do not fit into the tables.
    pub fn dag(
        &mut self,
        network: &Network,
        incoming: &Incoming,
        destination: usize,
    ) -> Result<Dag, Unsolvable> {
        let mut dag = Dag::default();
        let mut pieces = Vec::with_capacity(network.layers());
        for layer in 0..network.layers() {
            let order = self.search(network, incoming, destination, layer);
            let found = self.layer(order)?;
            pieces.push(self.shares(&found, network.nodes, layer * network.edges())?);
            dag.layers.push(found);
        }
        (dag.delay, dag.roundings) = lengths(network, &dag.layers, destination);
        let mut parts = Vec::new();
        for node in 0..network.nodes {
            let start = count(parts.len(), self.most)?;
            for (place, of_layer) in &pieces {
                let (from, to) = place[node];
                parts.extend_from_slice(&of_layer[from as usize..to as usize]);
            }
            dag.place.push((start, count(parts.len(), self.most)?));
        }
        dag.shared = Arc::new(parts);
        Ok(dag)
    }

    fn layer(&mut self, order: Vec<u16>) -> Result<Layer, Unsolvable> {
        let mut layer = Layer { first: vec![0], ..Layer::default() };
        for &node in &order {
            let hops = &mut self.outgoing[usize::from(node)];
            hops.sort_unstable_by_key(|hop| hop.edge);
            layer.hops.extend_from_slice(hops);
            layer.first.push(count(layer.hops.len(), self.most)?);
        }
        layer.order = order;
        Ok(layer)
    }

    /// Dijkstra against the edges. Leaves the hops of each node in `outgoing`.
    fn search(
        &mut self,
        network: &Network,
        incoming: &Incoming,
        destination: usize,
        layer: usize,
    ) -> Vec<u16> {
        self.distance.fill(u64::MAX);
        self.distance[destination] = 0;
        self.queue.push(Reverse((0, small(destination))));
        let mut order = Vec::with_capacity(network.nodes);
        while let Some(Reverse((distance, node))) = self.queue.pop() {
            let at = usize::from(node);
            if distance > self.distance[at] {
                continue;
            }
            if at != destination {
                order.push(node);
            }
            for &edge in incoming.0.at(at) {
                if network.fails(layer, edge) {
                    continue;
                }
                let before = usize::from(network.from[usize::from(edge)]);
                let reached = distance + u64::from(network.metric[usize::from(edge)]);
                if reached < self.distance[before] {
                    self.distance[before] = reached;
                    self.outgoing[before].clear();
                    self.queue.push(Reverse((reached, small(before))));
                }
                if reached == self.distance[before] {
                    self.outgoing[before].push(Hop { edge, to: node });
                }
            }
        }
        order
    }

    /// Each node's shares out of those of its next hops, nearest node first: where each node's parts are, and the parts.
    fn shares(&mut self, layer: &Layer, nodes: usize, base: usize) -> Result<Shares, Unsolvable> {
        let mut place = vec![(0_u32, 0_u32); nodes];
        let mut parts: Vec<Part> = Vec::new();
        let base = count(base, u32::MAX)?;
        for (at, &node) in layer.order.iter().enumerate() {
            let start = parts.len();
            let hops = layer.hops_of(at);
            if let [only] = hops {
                parts.push(Part { place: base + u32::from(only.edge), share: 1.0 });
                let (from, to) = place[usize::from(only.to)];
                parts.extend_from_within(from as usize..to as usize);
            } else {
                let each = each(hops);
                for hop in hops {
                    let (from, to) = place[usize::from(hop.to)];
                    self.mixer.add(*hop, each, &parts[from as usize..to as usize], base);
                }
                self.mixer.pour(base, &mut parts);
            }
            place[usize::from(node)] = (count(start, self.most)?, count(parts.len(), self.most)?);
        }
        Ok((place, parts))
    }
}

/// What each of several equal next hops gets.
#[expect(clippy::cast_precision_loss, reason = "a node has few edges")]
pub(super) fn each(hops: &[Hop]) -> f32 {
    1.0 / hops.len() as f32
}

/// Puts the shares of several next hops together.
pub(super) struct Mixer {
    share: Vec<f32>,
    touched: Vec<u32>,
}

impl Mixer {
    pub fn new(edges: usize) -> Self {
        Self { share: vec![0.0; edges], touched: Vec::new() }
    }

    /// One next hop with the parts beyond it; `base` is the first place of the layer.
    pub fn add(&mut self, hop: Hop, each: f32, beyond: &[Part], base: u32) {
        self.put(u32::from(hop.edge), each);
        for part in beyond {
            self.put(part.place - base, each * part.share);
        }
    }

    /// All that was added, in the order in which it came.
    pub fn pour(&mut self, base: u32, into: &mut Vec<Part>) {
        for edge in self.touched.drain(..) {
            into.push(Part { place: base + edge, share: std::mem::take(&mut self.share[edge as usize]) });
        }
    }

    fn put(&mut self, edge: u32, share: f32) {
        let slot = &mut self.share[edge as usize];
        if *slot == 0.0 {
            self.touched.push(edge);
        }
        *slot += share;
    }
}
