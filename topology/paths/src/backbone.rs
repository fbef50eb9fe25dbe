//! The part of the network that carries transit. Thousands of branches with the overload bit (RFC 3787 section 4) are on no way but
//! their own: what is known of a place is known by the nodes of the backbone, and for a branch follows from its few lines.

use model::{EdgeIx, Graph, NodeIx};

/// Stands for a node that carries no transit.
const EDGE_NODE: u32 = u32::MAX;

/// The nodes that carry transit, numbered among themselves in their order.
#[derive(Debug)]
pub(crate) struct Backbone {
    /// By node.
    numbers: Vec<u32>,
    /// The edges between two of them by the number of the first: `out[first[n]..first[n + 1]]`, ascending.
    first: Vec<u32>,
    out: Vec<EdgeIx>,
}

impl Backbone {
    /// O(nodes + edges).
    pub(crate) fn new(graph: &Graph) -> Self {
        let (mut numbers, mut count) = (Vec::with_capacity(graph.node_count()), 0);
        for node in graph.nodes() {
            let is_transit = !graph.is_overloaded(node);
            numbers.push(if is_transit { count } else { EDGE_NODE });
            count += u32::from(is_transit);
        }
        let (mut first, mut out) = (vec![0], Vec::new());
        for node in graph.nodes().filter(|node| numbers[node.ix()] != EDGE_NODE) {
            let inside = |edge: &&EdgeIx| numbers[graph.edge(**edge).to.ix()] != EDGE_NODE;
            out.extend(graph.out(node).iter().filter(inside));
            first.push(out.len() as u32);
        }
        Self { numbers, first, out }
    }

    /// How many there are.
    pub(crate) const fn len(&self) -> usize {
        self.first.len() - 1
    }

    /// How many edges lie between two of them.
    pub(crate) const fn edge_count(&self) -> usize {
        self.out.len()
    }

    /// The number of a node; none where it carries no transit.
    #[inline]
    pub(crate) fn number(&self, node: NodeIx) -> Option<usize> {
        let number = self.numbers[node.ix()];
        (number != EDGE_NODE).then_some(number as usize)
    }

    /// The edges from a node of that number to others of the backbone, ascending.
    #[inline]
    pub(crate) fn out(&self, number: usize) -> &[EdgeIx] {
        &self.out[self.first[number] as usize..self.first[number + 1] as usize]
    }
}
