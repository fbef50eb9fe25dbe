//! Where the IGP sends traffic: for each destination the graph of next hops, for each pair the share of every edge.
//!
//! A packet follows all shortest paths by metric; a node splits what it forwards equally over its outgoing shortest-path
//! *edges*, so parallel edges count one by one. Cost: one Dijkstra per destination, then each pair's shares out of those of
//! its next hops; the memory is the number of (pair, edge) incidences times eight bytes.
//!
//! **Failures are layers.** An edge in failure `k` of a set is a *place* of its own, `k * edges + edge`, with its own load and
//! price. A pair has shares on the places of all layers, so that a search over many failures is the same search over more
//! places. Layer 0 is the network as it is. What a failure cuts off is carried nowhere and costs nothing in its layer.

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::network::{Network, small};

/// One edge towards a destination.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hop {
    pub edge: u16,
    pub to: u16,
}

/// The share of a pair's traffic that a place carries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub place: u32,
    pub share: f32,
}

/// The next hops towards one destination, in one layer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layer {
    /// Nodes that reach the destination, nearest first, without the destination itself.
    pub order: Vec<u16>,
    /// Where the hops of each node of `order` start; one more than `order`.
    pub first: Vec<u32>,
    pub hops: Vec<Hop>,
}

/// The next hops towards one destination.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dag {
    pub layers: Vec<Layer>,
    /// Where the parts of each node start, by node id; one more than there are nodes.
    start: Vec<u32>,
    parts: Vec<Part>,
    /// The longest delay of any path of layer 0 from each node, by node id; infinite where there is none.
    delay: Vec<f32>,
    /// The most hops of any path.
    longest: u32,
}

impl Dag {
    /// The places that carry traffic from a node, with their shares.
    pub fn parts(&self, from: usize) -> &[Part] {
        &self.parts[self.start[from] as usize..self.start[from + 1] as usize]
    }
}

/// The next hops towards every destination.
#[derive(Clone, Debug)]
pub(crate) struct Routes {
    pub dags: Vec<Dag>,
    /// Hops of all destinations together: the cost of pricing all pairs.
    pub hops: usize,
    /// Parts of all pairs together: the cost of pricing all pairs exactly.
    pub parts: usize,
    /// The most hops of any path of any pair.
    pub longest: u32,
}

impl Routes {
    /// Works out all routes, in `threads` threads.
    pub fn new(network: &Network, threads: usize) -> Self {
        let incoming = Incoming::new(network);
        let nodes: Vec<usize> = (0..network.nodes).collect();
        let share = network.nodes.div_ceil(threads.max(1)).max(1);
        let dags: Vec<Dag> = std::thread::scope(|scope| {
            let workers: Vec<_> = nodes
                .chunks(share)
                .map(|chunk| {
                    let incoming = &incoming;
                    scope.spawn(move || {
                        let mut scratch = Scratch::new(network);
                        chunk.iter().map(|&node| scratch.dag(network, incoming, node)).collect::<Vec<_>>()
                    })
                })
                .collect();
            workers.into_iter().flat_map(|worker| worker.join().expect("a worker does not panic")).collect()
        });
        let hops = dags.iter().flat_map(|dag| &dag.layers).map(|layer| layer.hops.len()).sum();
        let parts = dags.iter().map(|dag| dag.parts.len()).sum();
        let longest = dags.iter().map(|dag| dag.longest).max().unwrap_or(0);
        Self { dags, hops, parts, longest }
    }

    /// The places that carry traffic from one node to another, with their shares.
    pub fn between(&self, from: u16, to: u16) -> &[Part] {
        self.dags[usize::from(to)].parts(usize::from(from))
    }

    /// The longest delay of any packet from one node to another; infinite where there is no way.
    pub fn delay(&self, from: u16, to: u16) -> f64 {
        f64::from(self.dags[usize::from(to)].delay[usize::from(from)])
    }
}

/// The edges that end at each node.
struct Incoming {
    first: Vec<u32>,
    edges: Vec<u16>,
}

impl Incoming {
    fn new(network: &Network) -> Self {
        let mut edges: Vec<u16> = network.working().map(small).collect();
        edges.sort_by_key(|&edge| (network.to[usize::from(edge)], edge));
        let mut first = vec![0_u32; network.nodes + 1];
        for &edge in &edges {
            first[usize::from(network.to[usize::from(edge)]) + 1] += 1;
        }
        for node in 0..network.nodes {
            first[node + 1] += first[node];
        }
        Self { first, edges }
    }

    fn at(&self, node: usize) -> &[u16] {
        &self.edges[self.first[node] as usize..self.first[node + 1] as usize]
    }
}

/// What a worker reuses from destination to destination.
struct Scratch {
    distance: Vec<u64>,
    queue: BinaryHeap<Reverse<(u64, u16)>>,
    /// The hops of each node while the destination is searched.
    outgoing: Vec<Vec<Hop>>,
    share: Vec<f32>,
    touched: Vec<u32>,
}

impl Scratch {
    fn new(network: &Network) -> Self {
        Self {
            distance: vec![u64::MAX; network.nodes],
            queue: BinaryHeap::new(),
            outgoing: vec![Vec::new(); network.nodes],
            share: vec![0.0; network.edges()],
            touched: Vec::new(),
        }
    }

    fn dag(&mut self, network: &Network, incoming: &Incoming, destination: usize) -> Dag {
        let mut dag = Dag::default();
        let mut pieces = Vec::with_capacity(network.layers());
        for layer in 0..network.layers() {
            let order = self.search(network, incoming, destination, layer);
            let found = self.layer(order);
            if layer == 0 {
                (dag.delay, dag.longest) = lengths(network, &found, destination);
            }
            pieces.push(self.shares(&found, network.nodes, layer * network.edges()));
            dag.layers.push(found);
        }
        // By node id, so that a pair is found by subtraction.
        for node in 0..network.nodes {
            dag.start.push(count(dag.parts.len()));
            for (place, parts) in &pieces {
                let (from, to) = place[node];
                dag.parts.extend_from_slice(&parts[from as usize..to as usize]);
            }
        }
        dag.start.push(count(dag.parts.len()));
        dag
    }

    fn layer(&mut self, order: Vec<u16>) -> Layer {
        let mut layer = Layer { first: vec![0], ..Layer::default() };
        for &node in &order {
            let hops = &mut self.outgoing[usize::from(node)];
            hops.sort_unstable_by_key(|hop| hop.edge);
            layer.hops.extend_from_slice(hops);
            layer.first.push(count(layer.hops.len()));
        }
        layer.order = order;
        layer
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
            for &edge in incoming.at(at) {
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
    fn shares(&mut self, layer: &Layer, nodes: usize, base: usize) -> (Vec<(u32, u32)>, Vec<Part>) {
        let mut place = vec![(0_u32, 0_u32); nodes];
        let mut parts: Vec<Part> = Vec::new();
        let base = count(base);
        for (at, &node) in layer.order.iter().enumerate() {
            let start = parts.len();
            let hops = &layer.hops[layer.first[at] as usize..layer.first[at + 1] as usize];
            if let [only] = hops {
                parts.push(Part { place: base + u32::from(only.edge), share: 1.0 });
                let (from, to) = place[usize::from(only.to)];
                parts.extend_from_within(from as usize..to as usize);
            } else {
                self.merge(hops, &place, &mut parts, base);
            }
            place[usize::from(node)] = (count(start), count(parts.len()));
        }
        (place, parts)
    }

    fn merge(&mut self, hops: &[Hop], place: &[(u32, u32)], parts: &mut Vec<Part>, base: u32) {
        #[expect(clippy::cast_precision_loss, reason = "a node has few edges")]
        let each = 1.0 / hops.len() as f32;
        for hop in hops {
            self.add(u32::from(hop.edge), each);
            let (from, to) = place[usize::from(hop.to)];
            for at in from..to {
                let part = parts[at as usize];
                self.add(part.place - base, each * part.share);
            }
        }
        for edge in self.touched.drain(..) {
            parts.push(Part { place: base + edge, share: std::mem::take(&mut self.share[edge as usize]) });
        }
    }

    fn add(&mut self, edge: u32, share: f32) {
        let slot = &mut self.share[edge as usize];
        if *slot == 0.0 {
            self.touched.push(edge);
        }
        *slot += share;
    }
}

/// The longest delay from each node, and the most hops of any path.
fn lengths(network: &Network, layer: &Layer, destination: usize) -> (Vec<f32>, u32) {
    let mut delay = vec![f32::INFINITY; network.nodes];
    let mut hops = vec![0_u32; network.nodes];
    delay[destination] = 0.0;
    for (at, &node) in layer.order.iter().enumerate() {
        let (mut slowest, mut most) = (0.0_f32, 0);
        for hop in &layer.hops[layer.first[at] as usize..layer.first[at + 1] as usize] {
            #[expect(clippy::cast_possible_truncation, reason = "microseconds of a path fit well")]
            let own = network.delay[usize::from(hop.edge)] as f32;
            slowest = slowest.max(own + delay[usize::from(hop.to)]);
            most = most.max(1 + hops[usize::from(hop.to)]);
        }
        delay[usize::from(node)] = slowest;
        hops[usize::from(node)] = most;
    }
    (delay, hops.into_iter().max().unwrap_or(0))
}

/// A place in a table of one destination.
fn count(at: usize) -> u32 {
    u32::try_from(at).expect("the tables of one destination are below 2^32")
}
