//! An independent walker: reads segment lists as routers do and says where the packet goes, without the encoder's trees.
//! Shortest paths are found by listing all simple paths; containers are read bit by bit.

use std::{collections::BTreeSet, net::Ipv6Addr};

use model::{
    EdgeIx, Graph, IgpMetric, Label, Node, NodeIx, Sid, Ted, graph::Edge, link::Side, node::ServiceFunction,
};

use super::Anycast;
use crate::{set::EdgeSet, testing::simple_paths};

/// What shortest paths add up; none where they do not use an edge.
type Metric<'a> = &'a dyn Fn(&Edge) -> Option<u64>;

/// The edges of a walk, and where it goes through service functions.
type Chained = (Vec<EdgeIx>, Vec<(usize, NodeIx)>);

/// What the routers know.
pub(crate) struct World<'a> {
    pub(crate) ted: &'a Ted,
    pub(crate) graph: &'a Graph,
    pub(crate) down: &'a EdgeSet,
    pub(crate) anycast: &'a [Anycast],
    /// Bits of block, node and function, where routers read containers.
    pub(crate) csid: Option<[u32; 3]>,
    /// By which labels and the locators of the algorithm lead.
    pub(crate) metric: Metric<'a>,
    /// Whether labels of nodes are as in the TED, or shifted for another algorithm; then nodes have shifted locators beside those
    /// of the TED, by which the IGP leads.
    pub(crate) algorithm: Option<u32>,
}

/// By IGP metric.
pub(crate) fn igp(edge: &Edge) -> Option<u64> {
    (edge.igp < IgpMetric::EXCLUDED.0).then_some(u64::from(edge.igp))
}

impl<'a> World<'a> {
    pub(crate) fn new(ted: &'a Ted, graph: &'a Graph, down: &'a EdgeSet) -> Self {
        Self { ted, graph, down, anycast: &[], csid: None, metric: &igp, algorithm: None }
    }

    fn node(&self, node: NodeIx) -> &Node {
        &self.ted.nodes[self.graph.node_id(node)]
    }

    /// The edges that a packet takes; none where it is dropped or may go several ways.
    pub(crate) fn walk(&self, from: NodeIx, sids: &[Sid]) -> Option<Vec<EdgeIx>> {
        self.walk_chain(from, sids).map(|(walked, _)| walked)
    }

    /// The same, and the nodes whose service functions it goes through, each with the number of edges before.
    pub(crate) fn walk_chain(&self, from: NodeIx, sids: &[Sid]) -> Option<Chained> {
        let mut at = from;
        let (mut walked, mut served) = (Vec::new(), Vec::new());
        for sid in sids {
            let is_function = match sid {
                Sid::Mpls(label) => self.label(&mut at, &mut walked, *label)?,
                Sid::Srv6(address) => self.address(&mut at, &mut walked, *address)?,
            };
            if is_function {
                served.push((walked.len(), at));
            }
        }
        Some((walked, served))
    }

    fn function(&self, node: NodeIx) -> ServiceFunction {
        self.node(node).service_function.as_ref().map(|fact| fact.value).unwrap_or_default()
    }

    /// Reads a label; says whether it is that of a service function.
    fn label(&self, at: &mut NodeIx, walked: &mut Vec<EdgeIx>, label: Label) -> Option<bool> {
        let block = self.node(*at).srgb;
        let index = label.number().checked_sub(block.base).filter(|index| *index < block.size);
        let Some(index) = index else {
            let Some(edge) = self.out(*at).find(|edge| self.adjacency_label(*edge) == Some(label)) else {
                return (self.function(*at).label == Some(label)).then_some(true);
            };
            return self.cross(at, walked, edge).map(|()| false);
        };
        let shift = self.algorithm.unwrap_or(0);
        let is_meant =
            |node: &NodeIx| self.node(*node).node_sid.as_ref().map(|sid| sid.value + shift) == Some(index);
        let mut targets: Vec<NodeIx> = self.graph.nodes().filter(is_meant).collect();
        if targets.is_empty() {
            targets.clone_from(&self.anycast.iter().find(|group| group.index == Some(index))?.members);
        }
        while !targets.contains(at) {
            // Every node on the way must have a label for the index.
            self.node(*at).srgb.at(index)?;
            let edge = self.forward(*at, &targets)?;
            self.cross(at, walked, edge)?;
        }
        self.node(*at).srgb.at(index).map(|_| false)
    }

    /// Reads an address; says whether it ends in a service function.
    fn address(&self, at: &mut NodeIx, walked: &mut Vec<EdgeIx>, mut address: Ipv6Addr) -> Option<bool> {
        if let Some(group) = self.anycast.iter().find(|group| group.sid == Some(address)) {
            while !group.members.contains(at) {
                let edge = self.forward(*at, &group.members)?;
                self.cross(at, walked, edge)?;
            }
            return Some(false);
        }
        loop {
            // A SID of the node itself is looked up there; else the locator that covers it leads on.
            let own = self.out(*at).find(|edge| self.end_x(*edge) == Some(address));
            if let Some(edge) = own {
                return self.cross(at, walked, edge).map(|()| false);
            }
            if self.function(*at).sid == Some(address) {
                return Some(true);
            }
            let (owner, locator, metric) = self.covering(address)?;
            while *at != owner {
                let edge = self.forward_by(metric, *at, &[owner])?;
                self.cross(at, walked, edge)?;
            }
            let end = u128::from(locator.network()) | 1 << 64;
            if u128::from(address) == end {
                return Some(false);
            }
            if let Some(edge) = self.out(owner).find(|edge| self.end_x(*edge) == Some(address)) {
                return self.cross(at, walked, edge).map(|()| false);
            }
            if self.function(owner).sid == Some(address) {
                return Some(true);
            }
            let [block, node, function] = self.csid?;
            let bits = u128::from(address);
            let same = |sid: Ipv6Addr| (u128::from(sid) ^ bits) >> (128 - block - node - function) == 0;
            let next = self.out(owner).find(|edge| self.end_x(*edge).is_some_and(same));
            let taken = if next.is_some() { node + function } else { node };
            // The end SID, the service SID and the service function of the node would catch the packet too.
            let here = self.node(owner);
            let own = [here.end_sid(), here.service_sid(), self.function(owner).sid];
            if next.is_none() && own.into_iter().flatten().any(same) {
                return None;
            }
            if let Some(edge) = next {
                self.cross(at, walked, edge)?;
            }
            let rest = bits << block << taken >> block;
            if rest == 0 {
                return Some(false);
            }
            address = Ipv6Addr::from(bits >> (128 - block) << (128 - block) | rest);
        }
    }

    /// The node whose locator covers an address, and what its shortest paths add up: a locator belongs to one algorithm.
    fn covering(&self, address: Ipv6Addr) -> Option<(NodeIx, ipnet::Ipv6Net, Metric<'_>)> {
        let shifts = self.algorithm.into_iter().map(|shift| (shift, self.metric));
        let base: Metric<'_> = if self.algorithm.is_some() { &igp } else { self.metric };
        for (shift, metric) in shifts.chain([(0, base)]) {
            for node in self.graph.nodes() {
                let Some(locator) = self.node(node).locator.as_ref() else { continue };
                let locator = super::tests::shifted(locator.value, shift);
                if locator.contains(&address) {
                    return Some((node, locator, metric));
                }
            }
        }
        None
    }

    fn cross(&self, at: &mut NodeIx, walked: &mut Vec<EdgeIx>, edge: EdgeIx) -> Option<()> {
        let facts = self.graph.edge(edge);
        if self.down.contains(edge) || facts.from != *at {
            return None;
        }
        walked.push(edge);
        *at = facts.to;
        Some(())
    }

    fn out(&self, node: NodeIx) -> impl Iterator<Item = EdgeIx> + '_ {
        self.graph.edges().filter(move |(_, edge)| edge.from == node).map(|(ix, _)| ix)
    }

    fn way(&self, edge: EdgeIx) -> &model::link::Direction {
        let hop = self.graph.hop(edge);
        let link = &self.ted.links[&hop.link];
        if hop.from == Side::A { &link.a_to_z } else { &link.z_to_a }
    }

    fn adjacency_label(&self, edge: EdgeIx) -> Option<Label> {
        self.way(edge).adjacency_label.as_ref().map(|fact| fact.value)
    }

    fn end_x(&self, edge: EdgeIx) -> Option<Ipv6Addr> {
        self.way(edge).end_x.as_ref().map(|fact| fact.value)
    }

    /// The only edge by which a node forwards: the first edge of all its shortest paths to the nearest target.
    fn forward(&self, at: NodeIx, targets: &[NodeIx]) -> Option<EdgeIx> {
        self.forward_by(self.metric, at, targets)
    }

    fn forward_by(&self, metric: Metric<'_>, at: NodeIx, targets: &[NodeIx]) -> Option<EdgeIx> {
        let graph = self.graph;
        let usable = |path: &Vec<EdgeIx>| {
            path.iter().all(|ix| !self.down.contains(*ix) && metric(graph.edge(*ix)).is_some())
                && path.iter().skip(1).all(|ix| !graph.is_overloaded(graph.edge(*ix).from))
        };
        let length =
            |path: &Vec<EdgeIx>| -> u64 { path.iter().filter_map(|ix| metric(graph.edge(*ix))).sum() };
        let paths: Vec<Vec<EdgeIx>> =
            targets.iter().flat_map(|target| simple_paths(graph, at, *target)).filter(usable).collect();
        let least = paths.iter().map(length).min()?;
        let first: BTreeSet<EdgeIx> = paths
            .iter()
            .filter(|path| length(path) == least)
            .filter_map(|path| path.first().copied())
            .collect();
        if first.len() == 1 { first.first().copied() } else { None }
    }
}
