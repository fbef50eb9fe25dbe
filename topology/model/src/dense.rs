//! A traffic-engineering problem with numbers for names: what optimisers and published instances speak.
//!
//! Nodes and edges are counted from 0. An edge has one direction; parallel edges are distinct. Rates and capacities share one
//! unit (kbit/s in published files), delays are microseconds.

/// A directed edge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edge {
    /// Where it starts.
    pub from: u32,
    /// Where it ends.
    pub to: u32,
    /// Its IGP metric, at least 1.
    pub metric: u32,
    /// What it can carry, above 0.
    pub capacity: f64,
    /// How long a packet takes over it, in microseconds.
    pub delay: f64,
}

/// Traffic from one node to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demand {
    /// Where it enters.
    pub from: u32,
    /// Where it leaves; a demand that leaves where it enters uses no edge.
    pub to: u32,
    /// How much there is, at least 0.
    pub volume: f64,
    /// The longest delay that any of its packets may have, in microseconds.
    pub max_delay: Option<f64>,
}

/// A network and what it is to carry.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Instance {
    /// How many nodes there are.
    pub nodes: u32,
    /// The edges; the place of an edge is its id.
    pub edges: Vec<Edge>,
    /// The demands; the place of a demand is its id.
    pub demands: Vec<Demand>,
}
