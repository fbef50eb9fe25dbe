//! What is asked for, and what is answered.

/// One segment (RFC 8402): a node by all shortest paths (section 3.2), or one edge from where it starts (section 3.4).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Segment {
    /// To a node, by all shortest paths.
    Node(u32),
    /// Over an edge; the packet is already where it starts.
    Link(u32),
}

/// A segment list and its weight among the lists of its demand (RFC 9256, section 2.2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WeightedList {
    /// Its share of the demand is its weight over the sum of the demand's weights.
    pub weight: u32,
    /// The segments; the last one ends at the demand's destination.
    pub segments: Vec<Segment>,
}

/// What is to be reached.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Goal {
    /// The lowest highest utilisation.
    #[default]
    Lowest,
    /// One link at or below a utilisation, with the fewest changes to what runs, and no other link above this utilisation or
    /// its own of now.
    Relieve {
        /// Which edge.
        edge: u32,
        /// The utilisation that it is to come to.
        to: f64,
    },
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// What is to be reached.
    pub goal: Goal,
    /// The most lists of a demand, at least 1.
    pub lists: usize,
    /// The most segments of a list, from 1 to [`crate::MAX_SEGMENTS`].
    pub max_segments: usize,
    /// Whether an edge may be a segment.
    pub adjacency: bool,
    /// Threads, at least 1. Each searches by itself with a seed of its own, so their number is part of the input.
    pub threads: usize,
    /// What random choices start from.
    pub seed: u64,
    /// Edges that are down.
    pub down: Vec<u32>,
    /// Sets of edges that may fail at once. The highest utilisation is that over the network as it is and every set; what a
    /// set cuts off is not carried in it. Node segments only.
    pub failures: Vec<Vec<u32>>,
    /// The lists that run now, by demand. Then the search starts from these and moves only demands on the hottest links; lists
    /// that cannot run any more go back to the IGP's way. Without it, all demands may move.
    pub running: Option<Vec<Vec<WeightedList>>>,
    /// The most demands whose lists may differ from those that run now (or from the IGP's way); not counting lists that
    /// cannot run any more.
    pub max_changes: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            goal: Goal::Lowest,
            lists: 1,
            max_segments: 5,
            adjacency: false,
            threads: 2,
            seed: 0,
            down: Vec::new(),
            failures: Vec::new(),
            running: None,
            max_changes: None,
        }
    }
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// The lists of each demand, by its place in the instance. A demand that uses no edge has the IGP's own way.
    pub lists: Vec<Vec<WeightedList>>,
    /// The highest utilisation.
    pub mlu: f64,
    /// No lists of the permitted kind have a lower one.
    pub bound: f64,
    /// Demands with other lists than before; without a running state, than the IGP's own way.
    pub moved: usize,
}

impl Solution {
    /// How far from the best possible it is at most: 0.01 is one percent; infinite where nothing is proven.
    pub fn gap(&self) -> f64 {
        match (self.mlu > 0.0, self.bound > 0.0) {
            (false, _) => 0.0,
            (true, true) => self.mlu / self.bound - 1.0,
            (true, false) => f64::INFINITY,
        }
    }
}
