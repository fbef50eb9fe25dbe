//! All failures of a kind, one after the other, none of them held before it is asked for.

use std::{collections::BTreeSet, fmt, str::FromStr};

use model::{EdgeIx, LinkId};
use thiserror::Error;

use super::Failure;
use crate::network::Network;

/// Kinds of failures that are gone through in full.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum FailureKind {
    /// None at all.
    #[default]
    None,
    /// Each link in turn.
    Link,
    /// Each node in turn.
    Node,
    /// Each shared risk in turn.
    Srlg,
    /// Each pair of links in turn.
    TwoLinks,
}

/// A text names no kind of failure.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("`{0}` is no kind of failure: use none, link, node, srlg or two-links")]
pub struct UnknownKind(pub String);

impl FailureKind {
    /// All kinds, the simplest first.
    pub const ALL: [Self; 5] = [Self::None, Self::Link, Self::Node, Self::Srlg, Self::TwoLinks];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Link => "link",
            Self::Node => "node",
            Self::Srlg => "srlg",
            Self::TwoLinks => "two-links",
        }
    }

    /// How many failures of the kind there are: n links make n (n - 1) / 2 pairs.
    pub fn count(self, network: &Network) -> usize {
        let graph = network.graph();
        let links = graph.edge_count() / 2;
        match self {
            Self::None => 0,
            Self::Link => links,
            Self::Node => graph.node_count(),
            Self::Srlg => graph.srlgs.len(),
            Self::TwoLinks => links * links.saturating_sub(1) / 2,
        }
    }

    /// The failures of the kind, in the order of ids. Pairs that share their first link stand beside each other, which is
    /// what [`Witness::walk_each`](crate::Witness::walk_each) makes use of.
    pub fn failures(self, network: &Network) -> Box<dyn Iterator<Item = Failure> + '_> {
        let graph = network.graph();
        let links = graph.edge_count() / 2;
        let name = |link: usize| -> LinkId { graph.link_id(EdgeIx(2 * link as u32)).clone() };
        match self {
            Self::None => Box::new(std::iter::empty()),
            Self::Link => Box::new((0..links).map(move |link| Failure::link(name(link)))),
            Self::Node => Box::new(graph.nodes().map(|node| Failure::Node(graph.node_id(node).clone()))),
            Self::Srlg => Box::new(graph.srlgs.iter().cloned().map(Failure::Srlg)),
            Self::TwoLinks => Box::new((0..links).flat_map(move |first| {
                (first + 1..links)
                    .map(move |second| Failure::Links(BTreeSet::from([name(first), name(second)])))
            })),
        }
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for FailureKind {
    type Err = UnknownKind;
    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        let known = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        known.ok_or_else(|| UnknownKind(text.chars().take(40).collect()))
    }
}
