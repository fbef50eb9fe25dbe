//! The TED frozen into compressed sparse rows: what every search and every walk runs on.
//!
//! Nodes and edges are numbered in the order of their ids, so that a tie broken by number is a tie broken by id. An edge is
//! one direction of a link: edge `2 l` leaves side A of link `l`, edge `2 l + 1` leaves side Z.

use std::{collections::BTreeMap, net::Ipv6Addr};

use ipnet::Ipv6Net;
use thiserror::Error;

use crate::{
    id::{Affinity, LinkId, NodeId, Site},
    link::{DirectedLink, Encryption, Side},
    node::Node,
    sr::{Label, LabelBlock},
    ted::Ted,
};

/// Number of a node.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct NodeIx(pub u32);

/// Number of an edge.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct EdgeIx(pub u32);

impl NodeIx {
    /// For indexing.
    pub const fn ix(self) -> usize {
        self.0 as usize
    }
}

impl EdgeIx {
    /// For indexing.
    pub const fn ix(self) -> usize {
        self.0 as usize
    }

    /// The link's number.
    pub const fn link(self) -> usize {
        (self.0 / 2) as usize
    }

    /// The side of the link at which the edge starts.
    pub const fn side(self) -> Side {
        if self.0.is_multiple_of(2) { Side::A } else { Side::Z }
    }

    /// The other direction of the same link.
    pub const fn reverse(self) -> Self {
        Self(self.0 ^ 1)
    }
}

/// One direction of a link, values only.
#[derive(Clone, Debug)]
pub struct Edge {
    /// Where it starts.
    pub from: NodeIx,
    /// Where it ends.
    pub to: NodeIx,
    /// IGP metric.
    pub igp: u32,
    /// TE metric.
    pub te: u32,
    /// One-way delay, microseconds.
    pub delay: u64,
    /// Delay variation, microseconds.
    pub jitter: u64,
    /// Loss, 1e-9.
    pub loss: u32,
    /// Capacity, bit/s.
    pub bandwidth: u64,
    /// Price of the link.
    pub price: u64,
    /// Bit set over [`Graph::affinities`].
    pub affinity: u128,
    /// Sorted numbers into [`Graph::srlgs`].
    pub srlg: Box<[u32]>,
    /// Encryption of the link.
    pub encryption: Encryption,
    /// Adjacency label at the start.
    pub adjacency_label: Option<Label>,
    /// End.X SID at the start.
    pub end_x: Option<Ipv6Addr>,
}

/// By what segments a node is reached, and how it reads labels; as [`Node`] says it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NodeSids {
    /// The SRv6 locator (RFC 8986 section 3.1), where it has one.
    pub locator: Option<Ipv6Net>,
    /// The node SID as an index into every SRGB (RFC 8667 section 2.1), where it has one.
    pub index: Option<u32>,
    /// The SR global block: its label for an index.
    pub srgb: LabelBlock,
}

impl NodeSids {
    fn of(node: &Node) -> Self {
        Self {
            locator: node.locator.as_ref().map(|locator| locator.value),
            index: node.node_sid.as_ref().map(|index| index.value),
            srgb: node.srgb,
        }
    }
}

/// Why a TED cannot be frozen.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum GraphError {
    /// A link ends at a node that is not there.
    #[error("link {link} ends at node {node}, which is not in the network: add the node or remove the link")]
    MissingNode {
        /// The link.
        link: LinkId,
        /// The node that is missing.
        node: NodeId,
    },
    /// More affinities than a bit set of ours holds.
    #[error("the network uses {count} affinities, at most 128 are supported: merge some")]
    TooManyAffinities {
        /// How many there are.
        count: usize,
    },
}

/// The frozen graph. Memory: about 150 bytes an edge, 80 a node.
#[derive(Clone, Debug)]
pub struct Graph {
    nodes: Vec<NodeId>,
    overload: Vec<bool>,
    site: Vec<Option<u32>>,
    sids: Vec<NodeSids>,
    links: Vec<LinkId>,
    edges: Vec<Edge>,
    /// Edges by starting node: `out[first[n]..first[n + 1]]`, ascending.
    first: Vec<u32>,
    out: Vec<EdgeIx>,
    /// Edges by shared risk and nodes by site, ascending.
    in_srlg: Vec<Vec<EdgeIx>>,
    at_site: Vec<Vec<NodeIx>>,
    /// The names of the affinity bits, in order.
    pub affinities: Vec<Affinity>,
    /// The names of the SRLG numbers, in order.
    pub srlgs: Vec<String>,
    /// The names of the site numbers, in order.
    pub sites: Vec<Site>,
}

impl Graph {
    /// Freezes a TED. O(nodes + links log links).
    ///
    /// # Errors
    /// A link without its node; more than 128 affinities.
    pub fn freeze(ted: &Ted) -> Result<Self, GraphError> {
        let nodes: Vec<NodeId> = ted.nodes.keys().cloned().collect();
        let affinities = sorted_names(ted.links.values().flat_map(|link| &link.affinity));
        let srlgs = sorted_names(ted.links.values().flat_map(|link| &link.srlg));
        if affinities.len() > 128 {
            return Err(GraphError::TooManyAffinities { count: affinities.len() });
        }
        let bit: BTreeMap<&Affinity, u32> = affinities.iter().zip(0..).collect();
        let risk: BTreeMap<&String, u32> = srlgs.iter().zip(0..).collect();
        let mut edges = Vec::with_capacity(ted.links.len() * 2);
        for link in ted.links.values() {
            let place = |side: Side| {
                let node = &link.end(side).node;
                nodes
                    .binary_search(node)
                    .map(|ix| NodeIx(ix as u32))
                    .map_err(|_| GraphError::MissingNode { link: link.id.clone(), node: node.clone() })
            };
            let affinity = link.affinity.iter().fold(0_u128, |set, name| set | 1 << bit[name]);
            let srlg: Box<[u32]> = link.srlg.iter().map(|name| risk[name]).collect();
            for side in [Side::A, Side::Z] {
                let facts = link.direction(side);
                edges.push(Edge {
                    from: place(side)?,
                    to: place(side.other())?,
                    igp: facts.igp.value.0,
                    te: facts.te.value.0,
                    delay: facts.delay.value.as_micros(),
                    jitter: facts.jitter.value.as_micros(),
                    loss: facts.loss.value.as_ppb(),
                    bandwidth: facts.bandwidth.value.as_bps(),
                    price: link.price.map_or(0, |price| price.0),
                    affinity,
                    srlg: srlg.clone(),
                    encryption: link.encryption,
                    adjacency_label: facts.adjacency_label.as_ref().map(|fact| fact.value),
                    end_x: facts.end_x.as_ref().map(|fact| fact.value),
                });
            }
        }
        let (first, out) = rows(nodes.len(), &edges);
        let overload = ted.nodes.values().map(|node| node.overload).collect();
        let sites = sorted_names(ted.nodes.values().filter_map(|node| node.site.as_ref()));
        let (site, at_site) = places(ted, &sites);
        let in_srlg = members(&edges, srlgs.len());
        Ok(Self {
            nodes,
            overload,
            site,
            sids: ted.nodes.values().map(NodeSids::of).collect(),
            links: ted.links.keys().cloned().collect(),
            edges,
            first,
            out,
            in_srlg,
            at_site,
            affinities,
            srlgs,
            sites,
        })
    }

    /// How many nodes there are.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// How many edges there are: two for each link.
    pub fn edge_count(&self) -> usize {
        self.edges.len()
    }

    /// All nodes, ascending.
    pub fn nodes(&self) -> impl Iterator<Item = NodeIx> + use<> {
        (0..self.nodes.len() as u32).map(NodeIx)
    }

    /// All edges, ascending.
    pub fn edges(&self) -> impl Iterator<Item = (EdgeIx, &Edge)> {
        (0..).map(EdgeIx).zip(&self.edges)
    }

    /// An edge.
    pub fn edge(&self, edge: EdgeIx) -> &Edge {
        &self.edges[edge.ix()]
    }

    /// An edge, to change its values: hints overlay measured ones on a copy of the graph. Its ends and shared risks stay.
    pub fn edge_mut(&mut self, edge: EdgeIx) -> &mut Edge {
        &mut self.edges[edge.ix()]
    }

    /// Edges that leave a node, ascending.
    pub fn out(&self, node: NodeIx) -> &[EdgeIx] {
        &self.out[self.first[node.ix()] as usize..self.first[node.ix() + 1] as usize]
    }

    /// Edges that enter a node, ascending.
    pub fn into(&self, node: NodeIx) -> impl Iterator<Item = EdgeIx> + '_ {
        self.out(node).iter().map(|edge| edge.reverse())
    }

    /// Whether a node asks for no transit traffic.
    pub fn is_overloaded(&self, node: NodeIx) -> bool {
        self.overload[node.ix()]
    }

    /// The site of a node, as a number into [`Graph::sites`]; none where the node has no site.
    pub fn site(&self, node: NodeIx) -> Option<u32> {
        self.site[node.ix()]
    }

    /// By what segments a node is reached.
    pub fn sids(&self, node: NodeIx) -> &NodeSids {
        &self.sids[node.ix()]
    }

    /// The edges that lie in a shared risk, ascending, both directions of each link.
    pub fn in_srlg(&self, risk: u32) -> &[EdgeIx] {
        self.in_srlg.get(risk as usize).map_or(&[], Vec::as_slice)
    }

    /// The nodes of a site, ascending.
    pub fn at_site(&self, site: u32) -> &[NodeIx] {
        self.at_site.get(site as usize).map_or(&[], Vec::as_slice)
    }

    /// A node's name.
    pub fn node_id(&self, node: NodeIx) -> &NodeId {
        &self.nodes[node.ix()]
    }

    /// A node's number.
    pub fn node_ix(&self, id: &NodeId) -> Option<NodeIx> {
        self.nodes.binary_search(id).ok().map(|ix| NodeIx(ix as u32))
    }

    /// The name of an edge's link.
    pub fn link_id(&self, edge: EdgeIx) -> &LinkId {
        &self.links[edge.link()]
    }

    /// The edge that leaves side A of a link.
    pub fn link_ix(&self, id: &LinkId) -> Option<EdgeIx> {
        self.links.binary_search(id).ok().map(|ix| EdgeIx(2 * ix as u32))
    }

    /// The number of a direction.
    pub fn edge_ix(&self, hop: &DirectedLink) -> Option<EdgeIx> {
        let forward = self.link_ix(&hop.link)?;
        Some(if hop.from == Side::A { forward } else { forward.reverse() })
    }

    /// The name of an edge.
    pub fn hop(&self, edge: EdgeIx) -> DirectedLink {
        DirectedLink { link: self.link_id(edge).clone(), from: edge.side() }
    }

    /// The bit of an affinity; none where no link has it.
    pub fn affinity_bit(&self, name: &Affinity) -> Option<u128> {
        self.affinities.binary_search(name).ok().map(|bit| 1 << bit)
    }
}

fn sorted_names<'a, T: Clone + Ord + 'a>(names: impl Iterator<Item = &'a T>) -> Vec<T> {
    names.collect::<std::collections::BTreeSet<_>>().into_iter().cloned().collect()
}

/// The number of every node's site, and the nodes of every site, in order.
fn places(ted: &Ted, sites: &[Site]) -> (Vec<Option<u32>>, Vec<Vec<NodeIx>>) {
    let number = |site: &Site| sites.binary_search(site).ok().map(|ix| ix as u32);
    let of_node: Vec<Option<u32>> =
        ted.nodes.values().map(|node| node.site.as_ref().and_then(number)).collect();
    let mut members = vec![Vec::new(); sites.len()];
    for (node, site) in (0..).map(NodeIx).zip(&of_node) {
        site.iter().for_each(|site| members[*site as usize].push(node));
    }
    (of_node, members)
}

/// The edges of every risk group, in order.
fn members(edges: &[Edge], srlgs: usize) -> Vec<Vec<EdgeIx>> {
    let mut in_srlg = vec![Vec::new(); srlgs];
    for (ix, edge) in (0..).map(EdgeIx).zip(edges) {
        edge.srlg.iter().for_each(|risk| in_srlg[*risk as usize].push(ix));
    }
    in_srlg
}

/// Where the edges of every node begin, and the edges in that order.
fn rows(nodes: usize, edges: &[Edge]) -> (Vec<u32>, Vec<EdgeIx>) {
    let mut first = vec![0_u32; nodes + 1];
    for edge in edges {
        first[edge.from.ix() + 1] += 1;
    }
    for node in 0..nodes {
        first[node + 1] += first[node];
    }
    let mut next = first.clone();
    let mut out = vec![EdgeIx(0); edges.len()];
    for (ix, edge) in (0..).map(EdgeIx).zip(edges) {
        let slot = &mut next[edge.from.ix()];
        out[*slot as usize] = ix;
        *slot += 1;
    }
    (first, out)
}
