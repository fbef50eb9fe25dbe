//! What is asked for, and what is answered.

pub use model::dense::{Segment, WeightedList};

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
    /// The level of each demand, from 0, which goes first; empty where all are alike.
    pub priorities: Vec<u8>,
    /// What random choices start from.
    pub seed: u64,
    /// Edges that are down.
    pub down: Vec<u32>,
    /// Sets of edges that may fail at once. The highest utilisation is that over the network as it is and every set; what a
    /// set cuts off is not carried in it. Node segments only.
    pub failures: Vec<Vec<u32>>,
    /// The lists that run now, by demand. Then the search starts from these and moves only demands on the hottest links. The lists
    /// of a demand go back to the IGP's way where one of them cannot run any more, or is not of the kind that is asked for: they are
    /// more than `lists`, it has more than `max_segments`, or an edge as segment without `adjacency`. Without running lists, all
    /// demands may move.
    pub running: Option<Vec<Vec<WeightedList>>>,
    /// The most demands whose lists may differ from those that run now (or from the IGP's way); not counting lists that
    /// cannot run any more. Where lists run, nothing is said and no link is to be relieved: one in eleven, and at least one.
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
            priorities: Vec::new(),
            seed: 0,
            down: Vec::new(),
            failures: Vec::new(),
            running: None,
            max_changes: None,
        }
    }
}

/// What came of the demands of one priority.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Which.
    pub priority: u8,
    /// How many demands use the network.
    pub demands: usize,
    /// The highest utilisation by these and all that went before them; to relieve a link, by all when its turn was over, and the
    /// last level has the first turn.
    pub mlu: f64,
    /// With what stays as it is for them, no lists of the permitted kind have a lower one.
    pub bound: f64,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// The lists of each demand, by its place in the instance. A demand that uses no edge has the IGP's own way.
    pub lists: Vec<Vec<WeightedList>>,
    /// The highest utilisation.
    pub mlu: f64,
    /// No lists of the permitted kind have a lower one; where demands differ in priority, none at all, also none that give a level a
    /// worse way for one that comes after it.
    pub bound: f64,
    /// The levels of priority, first to last, as far as they were searched.
    pub levels: Vec<Level>,
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
