//! What a path must visit, in whatever order is best.

use model::{EdgeIx, Graph, NodeIx};
use thiserror::Error;

/// Something to visit.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Include {
    /// A node; an overloaded one carries transit then (RFC 3787 section 4 is about nodes that nobody asked for).
    Node(NodeIx),
    /// This direction of a link.
    Edge(EdgeIx),
    /// A link in either direction, by any of its edges.
    Link(EdgeIx),
    /// Any node of a site, a number into [`Graph::sites`].
    Site(u32),
}

impl Include {
    /// Whether arriving at a node, over that edge, visits it.
    pub(crate) fn is_met(self, graph: &Graph, via: Option<EdgeIx>, node: NodeIx) -> bool {
        match self {
            Self::Node(wanted) => node == wanted,
            Self::Edge(wanted) => via == Some(wanted),
            Self::Link(wanted) => via.is_some_and(|edge| edge.link() == wanted.link()),
            Self::Site(wanted) => graph.site(node) == Some(wanted),
        }
    }
}

/// More than [`Includes::MOST`] things.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("a path cannot be asked to visit {count} things in any order, at most {most} can: make the others waypoints", most = Includes::MOST)]
pub struct TooManyIncludes {
    /// How many there are.
    pub count: usize,
}

/// Up to six things to visit in any order. The search looks at each order at once: its cost doubles with each of them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Includes(Vec<Include>);

impl Includes {
    /// How many there may be.
    pub const MOST: usize = 6;

    /// Of these things; one that stands there twice counts once.
    ///
    /// # Errors
    /// They are too many.
    pub fn new(mut things: Vec<Include>) -> Result<Self, TooManyIncludes> {
        things.sort_unstable();
        things.dedup();
        match things.len() {
            0..=Self::MOST => Ok(Self(things)),
            count => Err(TooManyIncludes { count }),
        }
    }

    /// All of them, ascending.
    pub fn all(&self) -> &[Include] {
        &self.0
    }
}
