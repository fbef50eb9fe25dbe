//! Random networks with random configurations, made of bytes so that a failing one shrinks.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use model::{
    Bandwidth, Delay, Demands, DeviceConfig, IgpMetric, InterfaceQos, Label, Loss, NodeId, QueueName,
    QueueShare, Sid, SrPolicy, Ted, sr::LastResort,
};

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

const BINDING: u32 = 500_000;

/// A network, its configuration, its traffic and what is broken.
pub struct Case {
    pub ted: Ted,
    pub devices: BTreeMap<NodeId, DeviceConfig>,
    pub demands: Demands,
    /// Links by number.
    pub down: BTreeSet<usize>,
    pub known: BTreeSet<usize>,
    pub nodes: usize,
}

fn network(dice: &mut Dice<'_>, nodes: usize, tight: bool) -> Ted {
    let links = 1 + dice.below(9);
    let spec: Vec<(usize, usize, u32)> = (0..links)
        .map(|_| {
            let a = dice.below(nodes);
            (a, (a + 1 + dice.below(nodes - 1)) % nodes, 1)
        })
        .collect();
    let mut ted = ted(nodes, &spec);
    for link in ted.links.values_mut() {
        for direction in [&mut link.a_to_z, &mut link.z_to_a] {
            direction.igp.value = [1, 1, 2, 3, 0, 0x00ff_ffff].map(IgpMetric)[dice.below(6)];
            direction.delay.value = Delay::from_micros(100 * dice.below(40) as u64);
            direction.loss.value = Loss::from_ppb([0, 0, 1_000_000][dice.below(3)]);
            let bps = if tight { 1_000_000 * (1 + dice.below(9) as u64) } else { 1_000 * GBPS };
            direction.bandwidth.value = Bandwidth::from_bps(bps);
        }
        if dice.one_in(3) {
            link.srlg.insert(["duct", "cable"][dice.below(2)].into());
        }
    }
    for node in ted.nodes.values_mut() {
        node.overload = dice.one_in(8);
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
fn sids(dice: &mut Dice<'_>, ted: &Ted, head: usize, to: usize, srv6: bool) -> Vec<Sid> {
    let nodes = ted.nodes.len();
    let edges = 2 * ted.links.len();
    let mut at = head;
    let mut sids = Vec::new();
    for _ in 0..dice.below(4) {
        let from_here: Vec<usize> = (0..edges).filter(|edge| start_of(ted, *edge).0 == at).collect();
        match dice.below(8) {
            0..=3 => {
                let node = dice.below(nodes);
                sids.push(if srv6 { end(node) } else { node_label(at, node) });
                at = node;
            }
            4 | 5 if srv6 => {
                let edge = dice.below(edges);
                sids.push(end_x(start_of(ted, edge).0, edge));
                at = start_of(ted, edge).1;
            }
            4 | 5 if !from_here.is_empty() => {
                let edge = from_here[dice.below(from_here.len())];
                sids.push(adjacency_label(edge));
                at = start_of(ted, edge).1;
            }
            6 => {
                let node = dice.below(nodes);
                sids.push(binding(node, srv6));
                at = (node + 1) % nodes;
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

fn a_policy(dice: &mut Dice<'_>, ted: &Ted, color: u32, head: usize, to: usize) -> SrPolicy {
    let srv6 = dice.one_in(2);
    let candidates = (0..1 + dice.below(3))
        .map(|place| {
            let lists = (0..1 + dice.below(3))
                .map(|_| list([1, 2, 5, 0][dice.below(4)], &sids(dice, ted, head, to, srv6)))
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
        let mut policies = vec![a_policy(&mut dice, &ted, 7, head, to)];
        if dice.one_in(2) {
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
    Case { ted, devices, demands: demands(traffic), down, known, nodes }
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
