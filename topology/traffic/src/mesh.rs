//! What shortest paths need to know of the network, side by side in memory: a search over 10,000 nodes reads little else.

use model::{EdgeIx, Graph, IgpMetric, NodeIx};

/// An edge that leaves a node, and the metrics of both directions of its link.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hop {
    pub(crate) edge: EdgeIx,
    pub(crate) to: NodeIx,
    forth: u32,
    back: u32,
}

/// A metric that keeps an edge out of shortest paths.
const UNUSABLE: u32 = u32::MAX;

impl Hop {
    /// The metric of the edge; none where shortest paths leave it out (RFC 5305 section 3).
    pub(crate) fn forth(self) -> Option<u32> {
        (self.forth != UNUSABLE).then_some(self.forth)
    }

    /// The metric of the other direction.
    pub(crate) fn back(self) -> Option<u32> {
        (self.back != UNUSABLE).then_some(self.back)
    }

    /// The other direction of the link, which leads to the node that this one leaves.
    const fn turned(self, to: NodeIx) -> Self {
        Self { edge: self.edge.reverse(), to, forth: self.back, back: self.forth }
    }
}

/// Hops by the node that they leave, in compressed sparse rows.
#[derive(Clone, Debug)]
struct Rows {
    first: Vec<u32>,
    hops: Vec<Hop>,
}

impl Rows {
    fn new() -> Self {
        Self { first: vec![0], hops: Vec::new() }
    }

    fn push(&mut self, hops: impl Iterator<Item = Hop>) {
        self.hops.extend(hops);
        self.first.push(self.hops.len() as u32);
    }

    fn of(&self, node: NodeIx) -> &[Hop] {
        &self.hops[self.first[node.ix()] as usize..self.first[node.ix() + 1] as usize]
    }
}

/// The network: metrics and overload bits only. 16 bytes an edge, and as much again for each toward a node that carries transit.
#[derive(Clone, Debug)]
pub(crate) struct Mesh {
    all: Rows,
    /// Only hops to nodes that carry transit: a core router has hundreds to branches that carry none.
    through: Rows,
    overload: Vec<bool>,
    /// Whether some metric is zero: ties are then settled by hops toward the destination.
    pub(crate) has_zero: bool,
}

impl Mesh {
    pub(crate) fn new(graph: &Graph) -> Self {
        let metric = |edge: EdgeIx| match graph.edge(edge).igp {
            igp if IgpMetric(igp).is_usable() => igp,
            _ => UNUSABLE,
        };
        let mut mesh = Self {
            all: Rows::new(),
            through: Rows::new(),
            overload: graph.nodes().map(|node| graph.is_overloaded(node)).collect(),
            has_zero: graph.edges().any(|(_, edge)| edge.igp == 0),
        };
        for node in graph.nodes() {
            mesh.all.push(graph.out(node).iter().map(|edge| Hop {
                edge: *edge,
                to: graph.edge(*edge).to,
                forth: metric(*edge),
                back: metric(edge.reverse()),
            }));
            let through = mesh.all.of(node).iter().copied().filter(|hop| !mesh.overload[hop.to.ix()]);
            mesh.through.push(through);
        }
        mesh
    }

    pub(crate) fn nodes(&self) -> usize {
        self.overload.len()
    }

    /// What leaves a node toward nodes that carry transit, edges ascending.
    pub(crate) fn through(&self, node: NodeIx) -> &[Hop] {
        self.through.of(node)
    }

    /// What leaves a node toward an overloaded one: looked for from there, where few lines meet.
    pub(crate) fn toward(&self, node: NodeIx, overloaded: NodeIx) -> impl Iterator<Item = Hop> {
        let back = self.all.of(overloaded).iter().filter(move |hop| hop.to == node);
        back.map(move |hop| hop.turned(overloaded))
    }

    /// Whether a node asks for no transit traffic (RFC 3787 section 4).
    pub(crate) fn is_overloaded(&self, node: NodeIx) -> bool {
        self.overload[node.ix()]
    }
}
