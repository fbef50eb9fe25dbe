//! The network as forwarding sees it: the frozen graph, and which SID, label or address means what to whom.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use model::{
    Delay, DirectedLink, EdgeIx, Feature, Graph, InterfaceName, Jitter, Label, Loss, NextCsid, NodeId,
    NodeIx, Ted, graph::GraphError, link::Side, node::ServiceFunction, sr::LabelBlock,
};

use crate::{csid::lengths::CsidLengths, mesh::Mesh};

/// What segment routing needs to know of a node.
#[derive(Clone, Debug)]
struct Router {
    srgb: LabelBlock,
    end_sid: Option<Ipv6Addr>,
    service_sid: Option<Ipv6Addr>,
    /// What stands behind it for service chains.
    function: Option<ServiceFunction>,
    /// Of the CSIDs that it reads.
    csid: Option<CsidLengths>,
    /// Whether it is told at which interfaces packets are classified; without, it classifies whatever enters.
    bound: bool,
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
    /// The service function of the node, a firewall for instance: through it, and on to the next segment.
    Function,
    /// End.B6.Encaps.Red: into the policy behind this binding SID.
    Binding(Ipv6Addr),
}

/// Where a segment leads by shortest paths.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Goal {
    /// To a node.
    Node(NodeIx),
    /// To the nearest node of an anycast group.
    Group(u32),
}

/// The frozen network. Built once for a TED; walks share it.
#[derive(Clone, Debug)]
pub struct Network {
    graph: Graph,
    mesh: Mesh,
    routers: Vec<Router>,
    /// The sending interface of each edge.
    ports: Vec<InterfaceName>,
    by_port: BTreeMap<NodeIx, BTreeMap<InterfaceName, EdgeIx>>,
    by_index: BTreeMap<u32, NodeIx>,
    by_router_id: BTreeMap<Ipv4Addr, NodeIx>,
    /// Locators by length and first address; the longest length is asked first.
    locators: BTreeMap<u8, BTreeMap<u128, NodeIx>>,
    end_x: BTreeMap<Ipv6Addr, EdgeIx>,
    /// The SRv6 SIDs of service functions.
    functions: BTreeMap<Ipv6Addr, NodeIx>,
    /// Anycast groups: their members, ascending.
    groups: Vec<Box<[NodeIx]>>,
    group_of_index: BTreeMap<u32, u32>,
    group_of_sid: BTreeMap<Ipv6Addr, u32>,
    /// The highest SID index there is, and the size of the smallest SRGB.
    widest_index: u32,
    least_srgb: u32,
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
            functions: BTreeMap::new(),
            groups: Vec::new(),
            group_of_index: BTreeMap::new(),
            group_of_sid: BTreeMap::new(),
            widest_index: 0,
            least_srgb: u32::MAX,
            mesh: Mesh::new(&graph),
            graph,
        };
        for (ix, node) in network.graph.nodes().zip(ted.nodes.values()) {
            if let Some(index) = &node.node_sid {
                network.by_index.entry(index.value).or_insert(ix);
                network.widest_index = network.widest_index.max(index.value);
            }
            network.by_router_id.entry(node.router_id).or_insert(ix);
            if let Some(locator) = &node.locator {
                let net = locator.value.trunc();
                let of_length = network.locators.entry(net.prefix_len()).or_default();
                of_length.entry(u128::from(net.addr())).or_insert(ix);
            }
            network.least_srgb = network.least_srgb.min(node.srgb.size);
            let function = node.service_function.as_ref().map(|fact| fact.value);
            if let Some(sid) = function.and_then(|function| function.sid) {
                network.functions.entry(sid).or_insert(ix);
            }
            network.routers.push(Router {
                srgb: node.srgb,
                end_sid: node.end_sid(),
                service_sid: node.service_sid(),
                function,
                csid: node.reads_containers().map(|lengths| CsidLengths {
                    node: lengths.locator_node_length,
                    function: NextCsid::FUNCTION_LENGTH,
                }),
                bound: node.features.has(Feature::BoundClassifiers),
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

    pub(crate) fn mesh(&self) -> &Mesh {
        &self.mesh
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

    /// Sets whether the SIDs of a node are of the NEXT-CSID flavor (RFC 9800 section 4.1), so that it reads containers; a node starts
    /// as the TED says ([`model::Node::reads_containers`]). At one that reads none a container is a SID that nobody knows.
    pub fn set_next_csid(&mut self, node: NodeIx, lengths: Option<CsidLengths>) {
        self.routers[node.ix()].csid = lengths;
    }

    /// Whether a node classifies only what enters where its classifier is bound.
    pub(crate) fn is_bound(&self, node: NodeIx) -> bool {
        self.routers[node.ix()].bound
    }

    pub(crate) fn csid_lengths(&self, node: NodeIx) -> Option<CsidLengths> {
        self.routers[node.ix()].csid
    }

    /// Adds a segment that leads to the nearest of several nodes, to each of them equally by links where several are equally
    /// near (RFC 8402 section 3.3.1): by its index into the SRGB, by its SRv6 SID, or both. What a node had before keeps its
    /// meaning. Nothing happens without members.
    pub fn add_anycast(
        &mut self,
        members: impl IntoIterator<Item = NodeIx>,
        index: Option<u32>,
        sid: Option<Ipv6Addr>,
    ) {
        let members: BTreeSet<NodeIx> = members.into_iter().collect();
        if members.is_empty() {
            return;
        }
        let group = self.groups.len() as u32;
        self.groups.push(members.into_iter().collect());
        if let Some(index) = index {
            self.group_of_index.entry(index).or_insert(group);
            self.widest_index = self.widest_index.max(index);
        }
        if let Some(sid) = sid {
            self.group_of_sid.entry(sid).or_insert(group);
        }
    }

    /// The members of an anycast group, ascending.
    pub(crate) fn group(&self, group: u32) -> &[NodeIx] {
        &self.groups[group as usize]
    }

    pub(crate) fn group_of_sid(&self, sid: Ipv6Addr) -> Option<u32> {
        self.group_of_sid.get(&sid).copied()
    }

    /// Whether every node has a label for every index: then nobody needs to be asked.
    pub(crate) fn labels_all(&self) -> bool {
        self.widest_index < self.least_srgb
    }

    /// Whether a node has a label for an index.
    pub(crate) fn labels(&self, node: NodeIx, index: u32) -> bool {
        index < self.routers[node.ix()].srgb.size
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
        self.locator(address).map(|(node, _)| node)
    }

    /// The same, with the length of the locator.
    pub(crate) fn locator(&self, address: Ipv6Addr) -> Option<(NodeIx, u8)> {
        self.locators.iter().rev().find_map(|(length, nets)| {
            nets.get(&(u128::from(address) & leading(*length))).map(|node| (*node, *length))
        })
    }

    pub(crate) fn has_locator(&self, node: NodeIx) -> bool {
        self.routers[node.ix()].service_sid.is_some()
    }

    /// What a label means in the SRGB of the node that reads it, with its index there.
    pub(crate) fn meaning(&self, at: NodeIx, label: Label) -> Option<(Goal, u32)> {
        let block = self.routers[at.ix()].srgb;
        let index = label.number().checked_sub(block.base).filter(|index| *index < block.size)?;
        let node = self.by_index.get(&index).copied().map(Goal::Node);
        let goal = node.or_else(|| self.group_of_index.get(&index).copied().map(Goal::Group))?;
        Some((goal, index))
    }

    /// The edge that a local label means at the node that reads it.
    pub(crate) fn adjacency_of_label(&self, at: NodeIx, label: Label) -> Option<EdgeIx> {
        let mut out = self.graph.out(at).iter().copied();
        out.find(|edge| self.graph.edge(*edge).adjacency_label == Some(label))
    }

    /// Whether a label means the service function of the node that reads it.
    pub(crate) fn is_function(&self, at: NodeIx, label: Label) -> bool {
        self.routers[at.ix()].function.is_some_and(|function| function.label == Some(label))
    }

    /// The node that an SRv6 SID leads to and what it does there. The SID of a service function outside its node's locator leads
    /// nowhere: it means something at its node only.
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
            self.functions.get(&sid).filter(|node| **node == owner).map(|node| (*node, Behaviour::Function))
        }
    }

    /// Whether a service function stands behind a node, by whatever segment.
    pub fn has_service_function(&self, node: NodeIx) -> bool {
        self.routers[node.ix()].function.is_some()
    }

    /// Whether a node has a service function by this SID.
    pub(crate) fn has_function(&self, node: NodeIx, sid: Ipv6Addr) -> bool {
        self.functions.get(&sid) == Some(&node)
    }
}

/// A mask of so many leading bits.
pub(crate) fn leading(bits: u8) -> u128 {
    u128::MAX.checked_shl(128_u32.saturating_sub(u32::from(bits))).unwrap_or(0)
}
