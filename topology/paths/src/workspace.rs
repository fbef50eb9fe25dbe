//! Memory that searches use again and again: after the first few calls they allocate nothing but the answer.

use model::EdgeIx;

use crate::{
    charges::Charges, dijkstra::Tree, goal::Goal, labels::Labels, lower::Lower, stretches::Stretches,
};

/// How many labels one search under bounds keeps before it gives up on exactness: some 180 bytes each.
pub const LABEL_LIMIT: usize = 100_000;

/// How many paths one search for several of them tries before it gives up on exactness.
pub const BRANCH_LIMIT: usize = 2_000;

/// The memory of the searches. One for each thread; it may serve graphs of any size in turn and holds no results that a
/// later call could see. Up to 128 MiB of shortest-path trees stay in it where segments are bounded.
#[derive(Debug)]
pub struct Workspace {
    pub(crate) tree: Tree,
    pub(crate) labels: Labels,
    pub(crate) lower: Lower,
    pub(crate) goal: Goal,
    pub(crate) stretches: Stretches,
    pub(crate) charges: Charges,
    pub(crate) path: Vec<EdgeIx>,
    pub(crate) label_limit: usize,
    /// How many single paths [`crate::together`] may try where it has to branch; [`BRANCH_LIMIT`] at first.
    pub branch_limit: usize,
}

impl Workspace {
    /// With [`LABEL_LIMIT`].
    pub fn new() -> Self {
        Self::with_label_limit(LABEL_LIMIT)
    }

    /// With a limit of labels of its own.
    pub fn with_label_limit(label_limit: usize) -> Self {
        Self {
            tree: Tree::default(),
            labels: Labels::default(),
            lower: Lower::default(),
            goal: Goal::default(),
            stretches: Stretches::default(),
            charges: Charges::default(),
            path: Vec::new(),
            label_limit,
            branch_limit: BRANCH_LIMIT,
        }
    }
}

impl Workspace {
    /// How many labels the last search under bounds kept; 0 where none was needed yet.
    pub const fn labels(&self) -> usize {
        self.labels.count()
    }
}

impl Default for Workspace {
    fn default() -> Self {
        Self::new()
    }
}
