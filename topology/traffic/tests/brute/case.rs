//! Random networks with random configurations, made of bytes so that a failing one shrinks.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use model::{
    Bandwidth, Classifier, Delay, Demands, DeviceConfig, Fact, IgpMetric, InterfaceQos, Label, Loss, NodeId,
    NodeIx, QueueName, QueueShare, Sid, SrPolicy, Ted,
    node::{ServiceFunction, function_of},
    sr::LastResort,
};
use traffic::{CsidLengths, Network};

use crate::support::*;

/// Choices for a random case; shrinks toward zero.
struct Dice<'a>(std::slice::Iter<'a, u8>);

impl Dice<'_> {
    fn below(&mut self, sides: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or(0)) % sides.max(1)
    }
    fn one_in(&mut self, sides: usize) -> bool {
        self.below(sides) == sides - 1
    }
}

/// How many anycast groups there are.
const GROUPS: usize = 2;

const BINDING: u32 = 500_000;

pub fn anycast_index(group: usize) -> u32 {
    300 + group as u32
}

/// Outside of all locators.
pub fn anycast_sid(group: usize) -> Sid {
    Sid::Srv6(Ipv6Addr::from([0xfd01, 0, 0, 0, 0, 0, 0, group as u16 + 1]))
}

fn anycast(at: usize, group: usize, srv6: bool) -> Sid {
    let label = || Sid::Mpls(Label::try_from(srgb(at) + anycast_index(group)).unwrap());
    if srv6 { anycast_sid(group) } else { label() }
}

/// Every node has a service function: a label, and a SID that its locator covers where its number is even.
pub fn function(node: usize, srv6: bool) -> Sid {
    if !srv6 {
        return Sid::Mpls(Label::try_from(15_900).unwrap());
    }
    if node.is_multiple_of(2) {
        return Sid::Srv6(function_of(locator(node), FUNCTION));
    }
    Sid::Srv6(Ipv6Addr::from([0xfd02, 0, node as u16 + 1, 0, 0, 0, 0, 0]))
}

pub fn is_function(sid: &Sid) -> bool {
    (0..10).any(|node| [true, false].iter().any(|srv6| function(node, *srv6) == *sid))
}

const FUNCTION: u16 = 0xf1;

/// A network, its configuration, its traffic and what is broken.
pub struct Case {
    pub ted: Ted,
    pub devices: BTreeMap<NodeId, DeviceConfig>,
    pub demands: Demands,
    /// Links by number.
    pub down: BTreeSet<usize>,
    pub known: BTreeSet<usize>,
    pub nodes: usize,
    /// Nodes that read containers of CSIDs.
    pub compressed: BTreeSet<usize>,
    /// Anycast groups.
    pub groups: Vec<BTreeSet<usize>>,
}

impl Case {
    pub fn network(&self) -> Network {
        let mut network = Network::new(&self.ted).unwrap();
        for node in &self.compressed {
            network.set_next_csid(NodeIx(*node as u32), Some(CsidLengths::default()));
        }
        for (group, members) in self.groups.iter().enumerate() {
            let members = members.iter().map(|node| NodeIx(*node as u32));
            let Sid::Srv6(address) = anycast_sid(group) else { continue };
            network.add_anycast(members, Some(anycast_index(group)), Some(address));
        }
        network
    }
}

fn network(dice: &mut Dice<'_>, nodes: usize, tight: bool) -> Ted {
    let links = nodes - 1 + dice.below(10 - (nodes - 1));
    let spec: Vec<(usize, usize, u32)> = (0..links)
        .map(|_| {
            let a = dice.below(nodes);
            (a, (a + 1 + dice.below(nodes - 1)) % nodes, 1)
        })
        .collect();
    let mut ted = ted(nodes, &spec);
    // Metrics of zero decide where shortest-path trees may have their roots: half of the networks have none.
    let least = u32::from(dice.one_in(2));
    for link in ted.links.values_mut() {
        for direction in [&mut link.a_to_z, &mut link.z_to_a] {
            direction.igp.value = [1, 1, 2, 3, least, 0x00ff_ffff].map(IgpMetric)[dice.below(6)];
            direction.delay.value = Delay::from_micros(100 * dice.below(40) as u64);
            direction.loss.value = Loss::from_ppb([0, 0, 1_000_000][dice.below(3)]);
            let bps = if tight { 1_000_000 * (1 + dice.below(9) as u64) } else { 1_000 * GBPS };
            direction.bandwidth.value = Bandwidth::from_bps(bps);
        }
        if dice.one_in(3) {
            link.srlg.insert(["duct", "cable"][dice.below(2)].into());
        }
    }
    for (ix, node) in ted.nodes.values_mut().enumerate() {
        if let (Sid::Mpls(label), Sid::Srv6(sid)) = (function(ix, false), function(ix, true)) {
            let both = ServiceFunction { label: Some(label), sid: Some(sid) };
            node.service_function = Some(Fact::from_file(both));
        }
        node.overload = dice.one_in(8);
        // Seldom, for most lists of labels come to nothing where labels are missing.
        if dice.one_in(16) {
            node.srgb.size = [3, 5, 300, 301][dice.below(4)];
        }
    }
    ted
}

pub fn start_of(ted: &Ted, edge: usize) -> (usize, usize) {
    let link = &ted.links[&link_name(edge / 2)];
    let number = |node: &NodeId| node.as_str()[1..].parse::<usize>().unwrap();
    let (a, z) = (number(&link.a.node), number(&link.z.node));
    if edge.is_multiple_of(2) { (a, z) } else { (z, a) }
}

/// A list that mostly makes sense at the node where each of its SIDs is read.
fn sids(dice: &mut Dice<'_>, ted: &Ted, head: usize, to: usize, srv6: bool, nested: bool) -> Vec<Sid> {
    let nodes = ted.nodes.len();
    let edges = 2 * ted.links.len();
    let mut at = head;
    let mut sids = Vec::new();
    for _ in 0..dice.below(4) {
        let from_here: Vec<usize> = (0..edges).filter(|edge| start_of(ted, *edge).0 == at).collect();
        match dice.below(12) {
            0..=2 => {
                let node = dice.below(nodes);
                sids.push(if srv6 { end(node) } else { node_label(at, node) });
                at = node;
            }
            3 | 4 if srv6 => {
                let edge = dice.below(edges);
                sids.push(end_x(start_of(ted, edge).0, edge));
                at = start_of(ted, edge).1;
            }
            3 | 4 if !from_here.is_empty() => {
                let edge = from_here[dice.below(from_here.len())];
                sids.push(adjacency_label(edge));
                at = start_of(ted, edge).1;
            }
            5 | 6 => {
                let node = dice.below(nodes);
                sids.push(binding(node, srv6));
                at = (node + 1) % nodes;
            }
            7 if srv6 => {
                let node = if dice.one_in(2) { dice.below(nodes) } else { at };
                sids.push(function(node, true));
                at = node;
            }
            7 => sids.push(function(at, false)),
            8 => {
                let node = dice.below(nodes);
                sids.push(anycast(at, dice.below(GROUPS), srv6));
                at = node;
            }
            _ if srv6 => {
                let (container, end) = container(dice, ted, (!nested).then_some(to));
                sids.push(container);
                at = end;
            }
            _ if dice.one_in(4) => sids.push(node_label((at + 1) % nodes, to)),
            _ => {}
        }
    }
    if !dice.one_in(5) {
        sids.push(if srv6 { end(to) } else { node_label(at, to) });
    }
    sids
}

/// A container of up to five CSIDs, and the node that the last of them names. What stands in it may be read otherwise by
/// the node before, as a function of its own: then it goes wrong.
fn container(dice: &mut Dice<'_>, ted: &Ted, service: Option<usize>) -> (Sid, usize) {
    let (nodes, edges) = (ted.nodes.len(), 2 * ted.links.len());
    let mut csids: Vec<u16> = Vec::new();
    let mut at = 0;
    for _ in 0..1 + dice.below(3) {
        if dice.one_in(3) {
            let edge = dice.below(edges);
            csids.extend([start_of(ted, edge).0 as u16 + 1, 0xe000 + edge as u16]);
            at = start_of(ted, edge).1;
        } else {
            // The CSID of node 0 is also the function of End: that seldom goes well.
            at = if dice.one_in(8) { 0 } else { 1 + dice.below(nodes - 1) };
            csids.push(at as u16 + 1);
        }
    }
    match (dice.below(8), service) {
        (0, Some(to)) if csids.len() < 5 => csids.extend([to as u16 + 1, 0xd46]),
        (1, _) => csids.push(0xb),
        (2, _) => csids.extend([0, 1]),
        (3, _) if csids.len() < 5 => csids.extend([at as u16 + 1, FUNCTION]),
        (4, _) => csids.push(FUNCTION),
        _ => {}
    }
    csids.resize(6, 0);
    let parts = [0xfd00, 0, csids[0], csids[1], csids[2], csids[3], csids[4], csids[5]];
    (Sid::Srv6(Ipv6Addr::from(parts)), at)
}

/// Each node may have a policy with a binding SID toward the next node.
fn binding(node: usize, srv6: bool) -> Sid {
    if srv6 {
        Sid::Srv6(model::node::function_of(locator(node), 0xb))
    } else {
        Sid::Mpls(Label::try_from(BINDING + node as u32).unwrap())
    }
}

fn endpoint(node: usize, srv6: bool) -> IpAddr {
    if srv6 { IpAddr::V6(locator(node).addr()) } else { IpAddr::V4(router_id(node)) }
}

pub fn is_anycast(sid: &Sid) -> bool {
    (0..GROUPS)
        .any(|group| (0..10).any(|at| [true, false].iter().any(|srv6| anycast(at, group, *srv6) == *sid)))
}

pub fn is_binding(sid: &Sid) -> bool {
    (0..10).any(|node| [true, false].iter().any(|srv6| binding(node, *srv6) == *sid))
}

pub fn null(srv6: bool) -> IpAddr {
    if srv6 { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() }
}

fn a_policy(dice: &mut Dice<'_>, ted: &Ted, color: u32, head: usize, to: usize) -> SrPolicy {
    let srv6 = dice.one_in(2);
    let candidates = (0..1 + dice.below(3))
        .map(|place| {
            let lists = (0..1 + dice.below(3))
                .map(|_| list([1, 2, 5, 0][dice.below(4)], &sids(dice, ted, head, to, srv6, color == 8)))
                .collect();
            candidate(300 - 100 * place as u32, lists)
        })
        .collect();
    let mut policy = policy(color, endpoint(to, srv6), candidates);
    policy.last_resort = if dice.one_in(3) { LastResort::Drop } else { LastResort::Igp };
    policy
}

pub fn case(bytes: &[u8], tight: bool) -> Case {
    let mut dice = Dice(bytes.iter());
    let nodes = 2 + dice.below(5);
    let ted = network(&mut dice, nodes, tight);
    let mut devices = BTreeMap::new();
    let mut traffic = Vec::new();
    for head in 0..nodes {
        let to = dice.below(nodes);
        let mut policies = Vec::new();
        if !dice.one_in(5) {
            policies.push(a_policy(&mut dice, &ted, 7, head, to));
        }
        while dice.one_in(4) && policies.len() < 3 {
            let mut anywhere = a_policy(&mut dice, &ted, 7, head, to);
            anywhere.key.endpoint = null(anywhere.key.endpoint.is_ipv6());
            policies.push(anywhere);
        }
        if !dice.one_in(4) {
            let next = (head + 1) % nodes;
            let mut nested = a_policy(&mut dice, &ted, 8, head, next);
            nested.binding_sid = Some(binding(head, nested.key.endpoint.is_ipv6()));
            policies.push(nested);
        }
        let mut config = device(policies, vec![rule("bank", 1, None, &["ef"], 7)]);
        if tight {
            config.qos = queues(&mut dice, &ted, head);
        }
        devices.insert(name(head), config);
        let rate = if tight { 1_000_000 * (1 + dice.below(4) as u64) } else { 1_000 };
        traffic.push(demand(&format!("p{head}"), head, to, "ef", rate));
        traffic.push(demand(&format!("i{head}"), head, dice.below(nodes), "be", rate));
    }
    let mut down = BTreeSet::new();
    let mut known = BTreeSet::new();
    for _ in 0..dice.below(4) {
        let link = dice.below(ted.links.len());
        down.insert(link);
        if !dice.one_in(3) {
            known.insert(link);
        }
    }
    let compressed = (0..nodes).filter(|_| !dice.one_in(8)).collect();
    let member = |dice: &mut Dice<'_>| (0..1 + dice.below(3)).map(|_| dice.below(nodes)).collect();
    let groups = (0..GROUPS).map(|_| member(&mut dice)).collect();
    for (node, config) in &mut devices {
        classify(&mut dice, &ted, node, config);
    }
    Case { ted, devices, demands: demands(traffic), down, known, nodes, compressed, groups }
}

/// Most nodes have a classifier, and it looks at what enters by most of their interfaces.
fn classify(dice: &mut Dice<'_>, ted: &Ted, node: &NodeId, config: &mut DeviceConfig) {
    if dice.one_in(4) {
        return;
    }
    let high = ("ef".parse().unwrap(), QueueName::lit("high"));
    config.classifier = Some(Classifier { queues: BTreeMap::from([high]) });
    let ends = ted.links.values().flat_map(|link| [&link.a, &link.z]).filter(|end| end.node == *node);
    config.classified = ends.filter(|_| !dice.one_in(3)).map(|end| end.interface.clone()).collect();
}

fn queues(dice: &mut Dice<'_>, ted: &Ted, node: usize) -> BTreeMap<model::InterfaceName, InterfaceQos> {
    let ends = ted.links.values().flat_map(|link| [&link.a, &link.z]);
    ends.filter(|end| end.node == name(node))
        .filter_map(|end| {
            let share = |discipline, mbps: usize| QueueShare {
                discipline,
                guarantee: Bandwidth::from_bps(1_000_000 * mbps as u64),
            };
            let queues = BTreeMap::from([
                (QueueName::lit("high"), share(model::Discipline::Strict, dice.below(4))),
                (QueueName::lit("low"), share(model::Discipline::Weighted(3), dice.below(4))),
            ]);
            (!dice.one_in(3)).then(|| (end.interface.clone(), InterfaceQos { queues }))
        })
        .collect()
}
