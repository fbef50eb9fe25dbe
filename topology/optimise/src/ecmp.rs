//! Where the IGP sends traffic: for each destination the graph of next hops, for each pair the share of every edge.
//!
//! A packet follows all shortest paths by metric; a node splits what it forwards equally over its outgoing shortest-path
//! *edges*, so parallel edges count one by one. Cost: one Dijkstra per destination, then each pair's shares out of those of
//! its next hops; the memory is the number of (pair, edge) incidences times eight bytes.
//!
//! **Failures are layers.** An edge in failure `k` of a set is a *place* of its own, `k * edges + edge`, with its own load and
//! price. A pair has shares on the places of all layers, so that a search over many failures is the same search over more
//! places. Layer 0 is the network as it is. What a failure cuts off is carried nowhere and costs nothing in its layer.

use std::sync::Arc;

use crate::network::{Network, Unsolvable, small};

mod cut;
mod grow;

use cut::Cutter;
use grow::Grower;

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

impl Layer {
    /// The hops of the node at a place of `order`.
    pub fn hops_of(&self, at: usize) -> &[Hop] {
        &self.hops[self.first[at] as usize..self.first[at + 1] as usize]
    }
}

/// The next hops towards one destination.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dag {
    pub layers: Vec<Layer>,
    /// Where the parts of each node start and end, by node id: in `shared`, or counted on from there in `own`.
    place: Vec<(u32, u32)>,
    shared: Arc<Vec<Part>>,
    /// Parts that routes before a cut do not have.
    own: Vec<Part>,
    /// The longest delay of any path of layer 0 from each node, by node id; infinite where there is none.
    delay: Vec<f64>,
    /// The most roundings on any path of any layer: one for each hop; where traffic is divided, one for each next hop and one more, as
    /// a mean over these takes, and a share that comes together from them.
    roundings: u32,
}

impl Dag {
    /// The places that carry traffic from a node, with their shares.
    #[inline]
    pub fn parts(&self, from: usize) -> &[Part] {
        let (start, end) = self.place[from];
        let (start, end, all) = (start as usize, end as usize, self.shared.len());
        if end <= all { &self.shared[start..end] } else { &self.own[start - all..end - all] }
    }

    /// How many there are of all nodes together.
    fn count(&self) -> usize {
        self.place.iter().map(|(start, end)| (end - start) as usize).sum()
    }
}

/// The next hops towards every destination.
#[derive(Clone, Debug)]
pub(crate) struct Routes {
    /// Shared by the routes of networks that differ in what these do not use.
    pub dags: Vec<Arc<Dag>>,
    /// Hops of all destinations together: the cost of pricing all pairs.
    pub hops: usize,
    /// Parts of all pairs together: the cost of pricing all pairs exactly.
    pub parts: usize,
    /// The most roundings on any path of any pair.
    pub roundings: u32,
}

impl Routes {
    /// Works out all routes, in `threads` threads.
    ///
    /// # Errors
    /// The ways to one destination do not fit into its tables.
    pub fn new(network: &Network, threads: usize) -> Result<Self, Unsolvable> {
        Self::within(network, threads, u32::MAX)
    }

    /// The same with tables of so many rows.
    fn within(network: &Network, threads: usize, most: u32) -> Result<Self, Unsolvable> {
        let incoming = Incoming::new(network);
        let nodes: Vec<usize> = (0..network.nodes).collect();
        let dags: Result<Vec<Arc<Dag>>, Unsolvable> = shared_out(&nodes, threads, |nodes| {
            let mut grower = Grower::new(network, most);
            nodes.iter().map(|&node| grower.dag(network, &incoming, node).map(Arc::new)).collect()
        })
        .into_iter()
        .collect();
        Ok(Self::of(dags?))
    }

    /// The routes without some more edges, which are down in `network`: as [`Self::new`], but only what went over them is worked
    /// out anew. With them, what is other than before.
    ///
    /// # Errors
    /// The ways to one destination do not fit into its tables.
    pub fn without(&self, network: &Network, cut: &[u16], threads: usize) -> Result<(Self, Hit), Unsolvable> {
        let (incoming, outgoing) = (Incoming::new(network), Outgoing::new(network));
        let dags: Vec<(usize, &Arc<Dag>)> = self.dags.iter().enumerate().collect();
        let found = shared_out(&dags, threads, |dags| {
            let mut cutter = Cutter::new(network, &incoming, &outgoing, cut);
            let cut = |(node, dag): &(usize, &Arc<Dag>)| match cutter.cut(dag, *node)? {
                Some((dag, hit)) => Ok((Arc::new(dag), hit)),
                None => Ok((Arc::clone(dag), Vec::new())),
            };
            dags.iter().map(cut).collect()
        });
        let found: Result<Vec<_>, Unsolvable> = found.into_iter().collect();
        let (dags, hit) = found?.into_iter().unzip();
        Ok((Self::of(dags), Hit(hit)))
    }

    fn of(dags: Vec<Arc<Dag>>) -> Self {
        let hops = dags.iter().flat_map(|dag| &dag.layers).map(|layer| layer.hops.len()).sum();
        let parts = dags.iter().map(|dag| dag.count()).sum();
        let roundings = dags.iter().map(|dag| dag.roundings).max().unwrap_or(0);
        Self { dags, hops, parts, roundings }
    }

    /// The places that carry traffic from one node to another, with their shares.
    pub fn between(&self, from: u16, to: u16) -> &[Part] {
        self.dags[usize::from(to)].parts(usize::from(from))
    }

    /// The longest delay of any packet from one node to another; infinite where there is no way.
    pub fn delay(&self, from: u16, to: u16) -> f64 {
        self.dags[usize::from(to)].delay[usize::from(from)]
    }
}

/// The pairs whose ways are other than before, by destination, then source; nothing where none is.
pub(crate) struct Hit(Vec<Vec<bool>>);

impl Hit {
    pub fn is_hit(&self, from: u16, to: u16) -> bool {
        self.0[usize::from(to)].get(usize::from(from)).is_some_and(|hit| *hit)
    }
}

/// Does work for each of many, in threads, and puts the results together in order.
fn shared_out<T: Sync, R: Send>(all: &[T], threads: usize, work: impl Fn(&[T]) -> Vec<R> + Sync) -> Vec<R> {
    let share = all.len().div_ceil(threads.max(1)).max(1);
    std::thread::scope(|scope| {
        let work = &work;
        let workers: Vec<_> = all.chunks(share).map(|chunk| scope.spawn(move || work(chunk))).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a worker does not panic")).collect()
    })
}

/// The working edges that end at each node.
struct Incoming(ByNode);

/// The working edges that begin at each node.
struct Outgoing(ByNode);

impl Incoming {
    fn new(network: &Network) -> Self {
        Self(ByNode::new(network, &network.to))
    }
}

impl Outgoing {
    fn new(network: &Network) -> Self {
        Self(ByNode::new(network, &network.from))
    }
}

/// Working edges by one of their ends, in order.
struct ByNode {
    first: Vec<u32>,
    edges: Vec<u16>,
}

impl ByNode {
    fn new(network: &Network, end: &[u16]) -> Self {
        let mut edges: Vec<u16> = network.working().map(small).collect();
        edges.sort_by_key(|&edge| (end[usize::from(edge)], edge));
        let mut first = vec![0_u32; network.nodes + 1];
        for &edge in &edges {
            first[usize::from(end[usize::from(edge)]) + 1] += 1;
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

/// The longest delay from each node in layer 0, and the most roundings on any path of any layer.
fn lengths(network: &Network, layers: &[Layer], destination: usize) -> (Vec<f64>, u32) {
    let mut delay = vec![f64::INFINITY; network.nodes];
    delay[destination] = 0.0;
    if let Some(layer) = layers.first() {
        for (at, &node) in layer.order.iter().enumerate() {
            let beyond = |hop: &Hop| network.delay[usize::from(hop.edge)] + delay[usize::from(hop.to)];
            delay[usize::from(node)] = layer.hops_of(at).iter().map(beyond).fold(0.0, f64::max);
        }
    }
    let mut most = 0;
    let mut roundings = vec![0_u32; network.nodes];
    for layer in layers {
        roundings[destination] = 0;
        for (at, &node) in layer.order.iter().enumerate() {
            let hops = layer.hops_of(at);
            let beyond = hops.iter().map(|hop| roundings[usize::from(hop.to)]).max().unwrap_or(0);
            let own = if hops.len() > 1 { hops.len() as u32 + 1 } else { 1 };
            roundings[usize::from(node)] = beyond.saturating_add(own);
            most = most.max(roundings[usize::from(node)]);
        }
    }
    (delay, most)
}

/// A place in a table of one destination.
fn count(at: usize, most: u32) -> Result<u32, Unsolvable> {
    u32::try_from(at).ok().filter(|at| *at <= most).ok_or(Unsolvable::TooManyWays)
}

#[cfg(test)]
mod tests;
