//! The problem as the searches see it: checked, dense, with inverse capacities.

use std::collections::BTreeMap;

use model::dense::Instance;
use thiserror::Error;

use crate::options::Options;

/// Ids of nodes and edges fit into 15 bits, so that a segment is one 16-bit number.
pub(crate) const MAX_IDS: usize = 1 << 15;

/// The most nodes: tables of all pairs hold some 60 bytes for each, and 8 more for every link that its traffic uses, so 4,096 nodes
/// take about 3 GiB where paths are ten links long; sets of failures multiply that.
pub(crate) const MAX_NODES: usize = 1 << 12;

/// What sums of delays may be above a bound by rounding alone: 0.1 and 0.2 come to a little more than 0.3.
const ROUNDED: f64 = 1e-12;

/// Why a problem cannot be solved.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum Unsolvable {
    /// Too large for the dense tables.
    #[error(
        "the network has {nodes} nodes and {edges} edges; at most {MAX_NODES} nodes and {MAX_IDS} edges can be handled, since \
         memory grows with the square of the nodes: leave out what no demand crosses, or divide the network"
    )]
    TooLarge {
        /// How many nodes.
        nodes: usize,
        /// How many edges.
        edges: usize,
    },
    /// Too many equal ways, over too many sets of failures, for the tables of one destination.
    #[error(
        "the equal ways to one destination, over all sets of failures, take more than 4294967295 rows: name fewer sets of \
         failures, or divide the network"
    )]
    TooManyWays,
    /// An edge is not usable.
    #[error("edge {edge}: {what}")]
    Edge {
        /// Which one.
        edge: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A demand is not usable.
    #[error("demand {demand}: {what}")]
    Demand {
        /// Which one.
        demand: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// An option is out of its range.
    #[error("{0}")]
    Option(&'static str),
    /// The running state cannot be what runs.
    #[error("running lists of demand {demand}: {what}")]
    Running {
        /// Which one.
        demand: usize,
        /// What is wrong with it.
        what: &'static str,
    },
}

/// A checked network.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    pub nodes: usize,
    pub from: Vec<u16>,
    pub to: Vec<u16>,
    pub metric: Vec<u32>,
    pub delay: Vec<f64>,
    pub capacity: Vec<f64>,
    /// One over the capacity, by place: all edges of layer 0, then those of layer 1, and so on.
    pub inverse: Vec<f64>,
    /// Edges that are down: they carry nothing and are on no path.
    pub down: Vec<bool>,
    /// Groups of two or more working edges with the same ends, which a demand may choose between: all of them where an edge
    /// may be a segment, else those with the same metric and capacity.
    pub parallel: Vec<Vec<u16>>,
    /// Sets of edges that may fail at once, each sorted. Layer `k + 1` is the network without set `k`.
    failures: Vec<Vec<u16>>,
}

/// A demand that uses the network.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flow {
    /// Its place in the instance.
    pub index: u32,
    pub from: u16,
    pub to: u16,
    pub volume: f64,
    /// In microseconds, with room for rounding; infinite without a bound.
    pub max_delay: f64,
    /// Its level: 0 goes first.
    pub priority: u8,
}

impl Network {
    /// Checks the edges; those that are down are kept as ids and used by nothing.
    pub fn new(instance: &Instance, options: &Options) -> Result<Self, Unsolvable> {
        let Options { down, failures, .. } = options;
        let (nodes, edges) = (instance.nodes as usize, instance.edges.len());
        if nodes > MAX_NODES || edges > MAX_IDS {
            return Err(Unsolvable::TooLarge { nodes, edges });
        }
        if let Some(&edge) =
            down.iter().chain(failures.iter().flatten()).find(|&&edge| edge as usize >= edges)
        {
            let what = "it is said to be down or to fail, and does not exist";
            return Err(Unsolvable::Edge { edge: edge as usize, what });
        }
        let mut is_down = vec![false; edges];
        down.iter().for_each(|&edge| is_down[edge as usize] = true);
        let mut sets: Vec<Vec<u16>> =
            failures.iter().map(|set| set.iter().map(|&edge| small(edge as usize)).collect()).collect();
        sets.iter_mut().for_each(|set| set.sort_unstable());
        for (place, edge) in instance.edges.iter().enumerate() {
            let what = if edge.from as usize >= nodes || edge.to as usize >= nodes {
                "it ends at a node that does not exist"
            } else if !(edge.capacity > 0.0 && edge.capacity.is_finite()) {
                "its capacity has to be a number above 0"
            } else if edge.capacity.recip().is_infinite() {
                "its capacity is too small to reckon with"
            } else if edge.metric == 0 {
                "its metric has to be at least 1"
            } else if edge.delay.is_nan() || edge.delay < 0.0 {
                "its delay has to be 0 or above"
            } else {
                continue;
            };
            return Err(Unsolvable::Edge { edge: place, what });
        }
        let parallel = parallel(instance, &is_down, options.adjacency);
        let edges = &instance.edges;
        Ok(Self {
            nodes,
            from: edges.iter().map(|edge| small(edge.from as usize)).collect(),
            to: edges.iter().map(|edge| small(edge.to as usize)).collect(),
            metric: edges.iter().map(|edge| edge.metric).collect(),
            delay: edges.iter().map(|edge| edge.delay).collect(),
            inverse: (0..=sets.len()).flat_map(|_| edges).map(|edge| 1.0 / edge.capacity).collect(),
            capacity: edges.iter().map(|edge| edge.capacity).collect(),
            down: is_down,
            parallel,
            failures: sets,
        })
    }

    /// The same without some more edges.
    ///
    /// # Errors
    /// One of them does not exist.
    pub fn without(&self, edges: &[u32]) -> Result<Self, Unsolvable> {
        let mut cut = self.clone();
        for &edge in edges {
            let down = cut.down.get_mut(edge as usize).ok_or(Unsolvable::Edge {
                edge: edge as usize,
                what: "it is said to be down or to fail, and does not exist",
            })?;
            *down = true;
        }
        for group in &mut cut.parallel {
            group.retain(|edge| !cut.down[usize::from(*edge)]);
        }
        cut.parallel.retain(|group| group.len() > 1);
        Ok(cut)
    }

    /// The network as it is, and one layer for each set of failures.
    pub fn layers(&self) -> usize {
        self.failures.len() + 1
    }

    /// Edges of all layers.
    pub fn places(&self) -> usize {
        self.edges() * self.layers()
    }

    /// Whether an edge is not there in a layer.
    pub fn fails(&self, layer: usize, edge: u16) -> bool {
        layer > 0 && self.failures[layer - 1].binary_search(&edge).is_ok()
    }

    pub fn edges(&self) -> usize {
        self.from.len()
    }

    /// The smallest capacity of an edge that works; infinite where none does.
    pub fn smallest(&self) -> f64 {
        self.working().map(|edge| self.capacity[edge]).fold(f64::INFINITY, f64::min)
    }

    /// The edges that work, in order.
    pub fn working(&self) -> impl Iterator<Item = usize> {
        (0..self.edges()).filter(|&edge| !self.down[edge])
    }
}

fn parallel(instance: &Instance, down: &[bool], adjacency: bool) -> Vec<Vec<u16>> {
    let mut groups: BTreeMap<(u32, u32, u32, u64), Vec<u16>> = BTreeMap::new();
    for (id, edge) in instance.edges.iter().enumerate().filter(|(id, _)| !down[*id]) {
        let alike = if adjacency { (0, 0) } else { (edge.metric, edge.capacity.to_bits()) };
        let key = (edge.from, edge.to, alike.0, alike.1);
        groups.entry(key).or_default().push(small(id));
    }
    groups.into_values().filter(|group| group.len() > 1).collect()
}

/// How far below the largest number the sum of all volumes stays, and the utilisation that it makes: a list crosses an edge several
/// times, and costs weigh utilisations by thousands.
const HEADROOM: f64 = 1e6;

/// The demands that use the network, by destination, then source, then place in the instance.
pub(crate) fn flows(instance: &Instance, priorities: &[u8]) -> Result<Vec<Flow>, Unsolvable> {
    let mut flows: Vec<Flow> = Vec::with_capacity(instance.demands.len());
    let narrowest = instance.edges.iter().map(|edge| edge.capacity).fold(1.0, f64::min);
    let (mut sum, most) = (0.0, f64::MAX / HEADROOM * narrowest);
    for (place, demand) in instance.demands.iter().enumerate() {
        let bad = |what| Unsolvable::Demand { demand: place, what };
        if demand.from >= instance.nodes || demand.to >= instance.nodes {
            return Err(bad("it ends at a node that does not exist"));
        }
        if !(demand.volume >= 0.0 && demand.volume.is_finite()) {
            return Err(bad("its volume has to be 0 or above"));
        }
        sum += demand.volume;
        if sum > most {
            return Err(bad("with those before it, there is more to carry than can be reckoned with"));
        }
        if demand.from == demand.to || demand.volume == 0.0 {
            continue;
        }
        flows.push(Flow {
            index: u32::try_from(place).map_err(|_| bad("there are too many demands"))?,
            from: small(demand.from as usize),
            to: small(demand.to as usize),
            volume: demand.volume,
            max_delay: demand.max_delay.map_or(f64::INFINITY, |most| most * (1.0 + ROUNDED)),
            priority: priorities.get(place).copied().unwrap_or(0),
        });
    }
    let nodes = instance.nodes as usize;
    let by_source = counted(&flows, nodes, |flow| flow.from);
    Ok(counted(&by_source, nodes, |flow| flow.to))
}

/// Sorts by a node, and leaves those of one node in their order. O(flows + nodes).
fn counted(flows: &[Flow], nodes: usize, node: impl Fn(&Flow) -> u16) -> Vec<Flow> {
    let mut next = vec![0_usize; nodes + 1];
    flows.iter().for_each(|flow| next[usize::from(node(flow)) + 1] += 1);
    (0..nodes).for_each(|at| next[at + 1] += next[at]);
    let mut sorted = flows.to_vec();
    for flow in flows {
        let place = &mut next[usize::from(node(flow))];
        sorted[*place] = *flow;
        *place += 1;
    }
    sorted
}

/// An id as the tables hold it.
pub(crate) fn small(id: usize) -> u16 {
    u16::try_from(id).expect("ids were checked against MAX_NODES and MAX_IDS")
}
