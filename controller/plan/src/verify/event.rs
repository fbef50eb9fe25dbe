//! What may fail, by number: events are compared, kept and counted by the thousand, and named only where they are told.

use model::{EdgeIx, Graph, NodeIx};
use traffic::{Failure, FailureKind, Network};

/// One failure. Their order is that of the kinds, then that of names: the order in which everything is told.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct Event {
    pub(super) kind: FailureKind,
    /// The number of the link, node or SRLG.
    pub(super) first: u32,
    /// The number of the second link of a pair.
    pub(super) second: u32,
}

/// What an event takes away.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Cut {
    /// Links by number, ascending.
    pub(super) links: Vec<u32>,
    pub(super) node: Option<NodeIx>,
}

impl Cut {
    /// Whether all that it takes away is taken by the other one too.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        let node = self.node.is_none() || self.node == other.node;
        node && self.links.iter().all(|link| other.links.binary_search(link).is_ok())
    }

    pub(super) fn has(&self, link: usize) -> bool {
        self.links.binary_search(&(link as u32)).is_ok()
    }
}

impl Event {
    pub(super) const NONE: Self = Self { kind: FailureKind::None, first: 0, second: 0 };

    pub(super) fn single(kind: FailureKind, number: usize) -> Self {
        Self { kind, first: number as u32, second: 0 }
    }

    pub(super) fn pair(first: usize, second: usize) -> Self {
        Self { kind: FailureKind::TwoLinks, first: first as u32, second: second as u32 }
    }

    /// Whether it is a failure of one thing, or none.
    pub(super) fn is_single(self) -> bool {
        self.kind != FailureKind::TwoLinks
    }

    /// Every single failure of these kinds, in order.
    pub(super) fn singles(kinds: &[FailureKind], network: &Network) -> Vec<Self> {
        let single = kinds.iter().filter(|kind| !matches!(kind, FailureKind::None | FailureKind::TwoLinks));
        single.flat_map(|kind| (0..kind.count(network)).map(|number| Self::single(*kind, number))).collect()
    }

    pub(super) fn failure(self, graph: &Graph) -> Failure {
        let link = |number: u32| graph.link_id(EdgeIx(2 * number)).clone();
        match self.kind {
            FailureKind::None => Failure::None,
            FailureKind::Link => Failure::link(link(self.first)),
            FailureKind::Node => Failure::Node(graph.node_id(NodeIx(self.first)).clone()),
            FailureKind::Srlg => Failure::Srlg(graph.srlgs[self.first as usize].clone()),
            FailureKind::TwoLinks => Failure::Links([link(self.first), link(self.second)].into()),
        }
    }

    /// The names of what fails.
    pub(super) fn names(self, graph: &Graph) -> Vec<String> {
        match self.failure(graph) {
            Failure::None => Vec::new(),
            Failure::Links(links) => links.iter().map(ToString::to_string).collect(),
            Failure::Node(node) => vec![node.to_string()],
            Failure::Srlg(name) => vec![name],
        }
    }

    /// The event of these names, where the network has them all.
    pub(super) fn named(kind: FailureKind, names: &[String], graph: &Graph) -> Option<Self> {
        let link = |name: &String| Some(graph.link_ix(&name.parse().ok()?)?.link());
        match (kind, names) {
            (FailureKind::None, []) => Some(Self::NONE),
            (FailureKind::Link, [name]) => Some(Self::single(kind, link(name)?)),
            (FailureKind::Node, [name]) => Some(Self::single(kind, graph.node_ix(&name.parse().ok()?)?.ix())),
            (FailureKind::Srlg, [name]) => Some(Self::single(kind, graph.srlgs.binary_search(name).ok()?)),
            (FailureKind::TwoLinks, [one, two]) => {
                let (one, two) = (link(one)?, link(two)?);
                Some(Self::pair(one.min(two), one.max(two)))
            }
            _ => None,
        }
    }

    /// The node that is down.
    pub(super) fn node(self) -> Option<NodeIx> {
        (self.kind == FailureKind::Node).then_some(NodeIx(self.first))
    }

    pub(super) fn cut(self, graph: &Graph) -> Cut {
        let numbers = |edges: &[EdgeIx]| {
            let mut links: Vec<u32> = edges.iter().map(|edge| edge.link() as u32).collect();
            links.sort_unstable();
            links.dedup();
            links
        };
        match self.kind {
            FailureKind::None => Cut { links: Vec::new(), node: None },
            FailureKind::Link => Cut { links: vec![self.first], node: None },
            FailureKind::Node => Cut { links: numbers(graph.out(NodeIx(self.first))), node: self.node() },
            FailureKind::Srlg => Cut { links: numbers(graph.in_srlg(self.first)), node: None },
            FailureKind::TwoLinks => Cut { links: vec![self.first, self.second], node: None },
        }
    }
}
