//! The network as forwarding sees it: the frozen graph, and which SID, label or address means what to whom.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use model::{
    Delay, DirectedLink, EdgeIx, Graph, InterfaceName, Jitter, Label, Loss, NodeId, NodeIx, Ted,
    graph::GraphError, link::Side, sr::LabelBlock,
};

/// What segment routing needs to know of a node.
#[derive(Clone, Debug)]
struct Router {
    srgb: LabelBlock,
    end_sid: Option<Ipv6Addr>,
    service_sid: Option<Ipv6Addr>,
}

/// What an SRv6 SID does at the node that owns it (RFC 8986 section 4).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Behaviour {
    /// End: on to the next segment.
    End,
    /// End.X: out over this edge.
    EndX(EdgeIx),
    /// End.DT46: the service's packet comes out here.
    Service,
}

/// The frozen network. Built once for a TED; walks share it.
#[derive(Clone, Debug)]
pub struct Network {
    graph: Graph,
    routers: Vec<Router>,
    /// The sending interface of each edge.
    ports: Vec<InterfaceName>,
    by_port: BTreeMap<NodeIx, BTreeMap<InterfaceName, EdgeIx>>,
    by_index: BTreeMap<u32, NodeIx>,
    by_router_id: BTreeMap<Ipv4Addr, NodeIx>,
    /// Locators by length and first address; the longest length is asked first.
    locators: BTreeMap<u8, BTreeMap<u128, NodeIx>>,
    end_x: BTreeMap<Ipv6Addr, EdgeIx>,
}

impl Network {
    /// Freezes a TED. Where two nodes claim one SID index, router id or locator, the first by id has it.
    /// O((nodes + links) log).
    ///
    /// # Errors
    /// A link without its node; more than 128 affinities.
    pub fn new(ted: &Ted) -> Result<Self, GraphError> {
        let graph = Graph::freeze(ted)?;
        let mut network = Self {
            routers: Vec::with_capacity(graph.node_count()),
            ports: Vec::with_capacity(graph.edge_count()),
            by_port: BTreeMap::new(),
            by_index: BTreeMap::new(),
            by_router_id: BTreeMap::new(),
            locators: BTreeMap::new(),
            end_x: BTreeMap::new(),
            graph,
        };
        for (ix, node) in network.graph.nodes().zip(ted.nodes.values()) {
            if let Some(index) = &node.node_sid {
                network.by_index.entry(index.value).or_insert(ix);
            }
            network.by_router_id.entry(node.router_id).or_insert(ix);
            if let Some(locator) = &node.locator {
                let net = locator.value.trunc();
                let of_length = network.locators.entry(net.prefix_len()).or_default();
                of_length.entry(u128::from(net.addr())).or_insert(ix);
            }
            network.routers.push(Router {
                srgb: node.srgb,
                end_sid: node.end_sid(),
                service_sid: node.service_sid(),
            });
        }
        for link in ted.links.values() {
            for side in [Side::A, Side::Z] {
                network.ports.push(link.end(side).interface.clone());
            }
        }
        for (ix, edge) in network.graph.edges() {
            if let Some(sid) = edge.end_x {
                network.end_x.entry(sid).or_insert(ix);
            }
            let port = network.ports[ix.ix()].clone();
            network.by_port.entry(edge.from).or_default().entry(port).or_insert(ix);
        }
        Ok(network)
    }

    /// The graph: numbers to names and back, and the values of edges.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The interface at which an edge leaves its node.
    pub fn interface(&self, edge: EdgeIx) -> &InterfaceName {
        &self.ports[edge.ix()]
    }

    /// The edge that leaves a node by an interface.
    pub fn edge_at(&self, node: &NodeId, interface: &InterfaceName) -> Option<EdgeIx> {
        self.by_port.get(&self.graph.node_ix(node)?)?.get(interface).copied()
    }

    /// The name of an edge.
    pub fn hop(&self, edge: EdgeIx) -> DirectedLink {
        self.graph.hop(edge)
    }

    /// Sets what an edge does to packets, without queues. The lab impairs lines so.
    pub fn set_line(&mut self, edge: EdgeIx, delay: Delay, jitter: Jitter, loss: Loss) {
        let line = self.graph.edge_mut(edge);
        (line.delay, line.jitter, line.loss) = (delay.as_micros(), jitter.as_micros(), loss.as_ppb());
    }

    /// The node that an address belongs to: its router id, or any address of its locator.
    pub fn owner(&self, address: IpAddr) -> Option<NodeIx> {
        match address {
            IpAddr::V4(id) => self.by_router_id.get(&id).copied(),
            IpAddr::V6(address) => self.locator_of(address),
        }
    }

    /// The node whose locator is the longest match.
    pub(crate) fn locator_of(&self, address: Ipv6Addr) -> Option<NodeIx> {
        self.locators.iter().rev().find_map(|(length, nets)| {
            let mask = u128::MAX.checked_shl(128 - u32::from(*length)).unwrap_or(0);
            nets.get(&(u128::from(address) & mask)).copied()
        })
    }

    pub(crate) fn has_locator(&self, node: NodeIx) -> bool {
        self.routers[node.ix()].service_sid.is_some()
    }

    /// The node that a label means in the SRGB of the node that reads it.
    pub(crate) fn node_of_label(&self, at: NodeIx, label: Label) -> Option<NodeIx> {
        let block = self.routers[at.ix()].srgb;
        let index = label.number().checked_sub(block.base).filter(|index| *index < block.size)?;
        self.by_index.get(&index).copied()
    }

    /// The edge that a local label means at the node that reads it.
    pub(crate) fn adjacency_of_label(&self, at: NodeIx, label: Label) -> Option<EdgeIx> {
        let mut out = self.graph.out(at).iter().copied();
        out.find(|edge| self.graph.edge(*edge).adjacency_label == Some(label))
    }

    /// The node that an SRv6 SID leads to and what it does there.
    pub(crate) fn behaviour(&self, sid: Ipv6Addr) -> Option<(NodeIx, Behaviour)> {
        if let Some(edge) = self.end_x.get(&sid) {
            return Some((self.graph.edge(*edge).from, Behaviour::EndX(*edge)));
        }
        let owner = self.locator_of(sid)?;
        let router = &self.routers[owner.ix()];
        if router.end_sid == Some(sid) {
            Some((owner, Behaviour::End))
        } else if router.service_sid == Some(sid) {
            Some((owner, Behaviour::Service))
        } else {
            None
        }
    }
}
