//! How much state a reader asks for. One who follows whether interfaces are up need not wait until all queues were counted.

use std::collections::BTreeSet;

use crate::{datastore::Pattern, yang::NodeId};

/// Some or all of the top-level nodes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Parts {
    /// All of them.
    All,
    /// These.
    Of(BTreeSet<NodeId>),
}

impl Parts {
    /// Those in which something can be that a pattern means.
    pub fn of<'p>(patterns: impl IntoIterator<Item = &'p Pattern>) -> Self {
        let tops: Option<BTreeSet<NodeId>> =
            patterns.into_iter().map(|pattern| pattern.0.first().map(|level| level.node)).collect();
        tops.map_or(Self::All, Self::Of)
    }

    /// Whether a top-level node is one of them.
    pub fn has(&self, top: NodeId) -> bool {
        match self {
            Self::All => true,
            Self::Of(tops) => tops.contains(&top),
        }
    }

    /// Whether all of the others are among them.
    pub fn cover(&self, others: &Self) -> bool {
        match (self, others) {
            (Self::All, _) => true,
            (Self::Of(_), Self::All) => false,
            (Self::Of(mine), Self::Of(theirs)) => theirs.is_subset(mine),
        }
    }

    /// Both together.
    #[must_use]
    pub fn and(self, others: &Self) -> Self {
        match (self, others) {
            (Self::Of(mut mine), Self::Of(theirs)) => {
                mine.extend(theirs);
                Self::Of(mine)
            }
            _ => Self::All,
        }
    }
}
