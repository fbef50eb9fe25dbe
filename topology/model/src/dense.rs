//! A traffic-engineering problem with numbers for names: what optimisers and published instances speak.
//!
//! Nodes and edges are counted from 0. An edge has one direction; parallel edges are distinct. Rates and capacities share one
//! unit (kbit/s in published files), delays are microseconds.

use serde::{Deserialize, Serialize};

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

/// One segment (RFC 8402): a node by all shortest paths (section 3.2), or one edge from where it starts (section 3.4).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Segment {
    /// To a node, by all shortest paths.
    Node(u32),
    /// Over an edge; the packet is already where it starts.
    Link(u32),
}

/// A segment list and its weight among the lists of its demand (RFC 9256, section 2.2).
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightedList {
    /// Its share of the demand is its weight over the sum of the demand's weights.
    pub weight: u32,
    /// The segments; the last one ends at the demand's destination.
    pub segments: Vec<Segment>,
}
