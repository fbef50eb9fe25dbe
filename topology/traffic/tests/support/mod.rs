//! Small networks for tests: nodes `n0`, `n1`, … whose SIDs follow from their number, links `l0`, `l1`, … likewise.
#![allow(dead_code, reason = "each test file uses its part")]

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ipnet::Ipv6Net;
use model::{
    Bandwidth, CandidatePath, Color, Delay, Demand, DemandId, Demands, DeviceConfig, Fact, IgpMetric, Jitter,
    Label, Link, LinkId, Loss, Node, NodeId, PolicyKey, SegmentList, Sid, SrPolicy, SteeringKey,
    SteeringRule, TeMetric, Ted,
    link::{Contract, Direction, Encryption, Termination},
    node::{MsdSet, function_of},
    sr::{LabelBlock, LastResort},
};

pub const GBPS: u64 = 1_000_000_000;

pub fn name(node: usize) -> NodeId {
    NodeId::lit(&format!("n{node}"))
}

pub fn link_name(link: usize) -> LinkId {
    LinkId::lit(&format!("l{link}"))
}

/// Every node has an SRGB of its own.
pub fn srgb(node: usize) -> u32 {
    16_000 + 1_000 * node as u32
}

pub fn router_id(node: usize) -> Ipv4Addr {
    Ipv4Addr::from(0x0a00_0001 + node as u32)
}

pub fn locator(node: usize) -> Ipv6Net {
    Ipv6Net::new(Ipv6Addr::from((0xfd00_u128 << 112) + ((node as u128 + 1) << 80)), 48).unwrap()
}

/// The label that node `at` has for node `to`.
pub fn node_label(at: usize, to: usize) -> Sid {
    Sid::Mpls(Label::try_from(srgb(at) + 1 + to as u32).unwrap())
}

/// The label of edge `edge` at its start.
pub fn adjacency_label(edge: usize) -> Sid {
    Sid::Mpls(Label::try_from(15_000 + edge as u32).unwrap())
}

pub fn end(node: usize) -> Sid {
    Sid::Srv6(function_of(locator(node), 1))
}

/// The End.X SID of an edge that starts at `node`.
pub fn end_x(node: usize, edge: usize) -> Sid {
    Sid::Srv6(function_of(locator(node), 0xe000 + edge as u16))
}

pub fn node(ix: usize) -> Node {
    Node {
        id: name(ix),
        role: None,
        site: None,
        location: None,
        labels: BTreeMap::new(),
        router_id: router_id(ix),
        locator: Some(Fact::from_file(locator(ix))),
        node_sid: Some(Fact::from_file(1 + ix as u32)),
        next_csid: None,
        service_function: None,
        srgb: LabelBlock { base: srgb(ix), size: 900 },
        srlb: LabelBlock { base: 15_000, size: 1_000 },
        msd: Fact::from_file(MsdSet::default()),
        queues: 8,
        overload: false,
        dialect: "openconfig".into(),
        features: model::Features::default(),
    }
}

/// Link number `ix` between two nodes; one metric, 1 ms and 1 Gbit/s both ways.
pub fn link(ix: usize, a: usize, z: usize, igp: u32) -> Link {
    let direction = |from: usize, edge: usize| {
        let (Sid::Mpls(label), Sid::Srv6(address)) = (adjacency_label(edge), end_x(from, edge)) else {
            panic!("a label and an address")
        };
        Direction {
            bandwidth: Fact::from_file(Bandwidth::from_bps(GBPS)),
            delay: Fact::from_file(Delay::from_micros(1_000)),
            jitter: Fact::from_file(Jitter::from_micros(10)),
            loss: Fact::from_file(Loss::ZERO),
            igp: Fact::from_file(IgpMetric(igp)),
            te: Fact::from_file(TeMetric(igp)),
            adjacency_label: Some(Fact::from_file(label)),
            end_x: Some(Fact::from_file(address)),
        }
    };
    let end = |node: usize| Termination {
        node: name(node),
        interface: model::InterfaceName::lit(&format!("eth{ix}")),
    };
    Link {
        id: link_name(ix),
        a: end(a),
        z: end(z),
        a_to_z: direction(a, 2 * ix),
        z_to_a: direction(z, 2 * ix + 1),
        affinity: BTreeSet::new(),
        srlg: BTreeSet::new(),
        role: None,
        encryption: Encryption::None,
        contract: Contract::default(),
        price: None,
    }
}

/// Numbers of links must stay below ten, so that the order of names is the order of numbers.
pub fn ted(nodes: usize, links: &[(usize, usize, u32)]) -> Ted {
    Ted {
        nodes: (0..nodes).map(|ix| (name(ix), node(ix))).collect(),
        links: links
            .iter()
            .enumerate()
            .map(|(ix, (a, z, igp))| (link_name(ix), link(ix, *a, *z, *igp)))
            .collect(),
    }
}

pub fn color(number: u32) -> Color {
    Color::try_from(number).unwrap()
}

pub fn list(weight: u32, sids: &[Sid]) -> SegmentList {
    SegmentList { weight, sids: sids.to_vec() }
}

pub fn candidate(preference: u32, lists: Vec<SegmentList>) -> CandidatePath {
    CandidatePath { discriminator: preference, preference, name: format!("p{preference}"), lists }
}

pub fn policy(color_number: u32, endpoint: IpAddr, candidates: Vec<CandidatePath>) -> SrPolicy {
    SrPolicy {
        key: PolicyKey { color: color(color_number), endpoint },
        name: format!("tl-{color_number}"),
        binding_sid: None,
        candidates,
        last_resort: LastResort::Igp,
    }
}

pub fn rule(
    vrf: &str,
    sequence: u32,
    prefix: Option<&str>,
    dscp: &[&str],
    color_number: u32,
) -> SteeringRule {
    SteeringRule {
        key: SteeringKey { vrf: model::VrfName::lit(vrf), sequence },
        prefix: prefix.map(|text| text.parse().unwrap()),
        dscp: dscp.iter().map(|text| text.parse().unwrap()).collect(),
        color: color(color_number),
    }
}

pub fn device(policies: Vec<SrPolicy>, rules: Vec<SteeringRule>) -> DeviceConfig {
    DeviceConfig {
        policies: policies.into_iter().map(|policy| (policy.key, policy)).collect(),
        steering: rules.into_iter().map(|rule| (rule.key.clone(), rule)).collect(),
        ..DeviceConfig::default()
    }
}

pub fn demand(id: &str, from: usize, to: usize, dscp: &str, bps: u64) -> Demand {
    Demand {
        id: DemandId::lit(id),
        service: None,
        from: name(from),
        to: name(to),
        vrf: model::VrfName::lit("bank"),
        destination: None,
        dscp: dscp.parse().unwrap(),
        rate: Bandwidth::from_bps(bps),
    }
}

pub fn demands(all: Vec<Demand>) -> Demands {
    all.into_iter().map(|demand| (demand.id.clone(), demand)).collect()
}
