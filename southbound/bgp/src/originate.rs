//! A small originator: a network as the link-state routes that its routers would tell by IS-IS. It serves tests, and a lab whose
//! routers are to be learned from; a controller originates nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
};

use ipnet::{IpNet, Ipv4Net};
use model::{InterfaceName, Link, Node, NodeId, Side, Ted, link::Direction};

use crate::{
    learn::Names,
    ls::{
        IgpRouterId, LinkDescriptor, LinkNlri, LsAttribute, LsTlv, Nlri, NodeDescriptor, NodeNlri,
        PrefixDescriptor, PrefixNlri, ProtocolId, SidDescriptor, SidNlri, WireBandwidth,
        link::{IgpMetric, LinkTlv, group_words},
        nlri::{Instance, NodeKey},
        node::{NodeTlv, msd},
        performance::{Measured, PerformanceTlv},
        sr::{self, Adjacency, Block, SidLabel, SrTlv},
        srv6::{EndX, Srv6Tlv, Structure, behaviour},
    },
    wire::{
        Attribute, Nlri as Routes, Reach, Unreach, Update,
        attribute::{Origin, Segment},
        reach::NextHop,
    },
};

/// Who originates.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Originator {
    /// The autonomous system of the routers.
    pub asn: u32,
    /// The identifier of the routing domain.
    pub domain: u64,
    /// The address of the speaker.
    pub next_hop: IpAddr,
    /// Our autonomous system on an external session; none on an internal one.
    pub external: Option<u32>,
}

/// Loss has steps of 30 ppb, 24 bits of them (RFC 8570 section 4.4).
const LOSS_STEP: u32 = 30;
const LOW: u32 = 0x00ff_ffff;
/// V and L: a label, of local meaning (RFC 8667 section 2.2.1).
const LOCAL_LABEL: u8 = 0x30;

impl Names {
    /// Numbers for the names of a network: groups in their order from 0, risks that are numbers by themselves, others from 1 on
    /// in their order.
    pub fn of(ted: &Ted) -> Self {
        let groups: BTreeSet<_> = ted.links.values().flat_map(|link| link.affinity.iter()).collect();
        let risks: BTreeSet<_> = ted.links.values().flat_map(|link| link.srlg.iter()).collect();
        let mut srlg: BTreeMap<u32, String> =
            risks.iter().filter_map(|risk| Some((risk.parse().ok()?, (*risk).clone()))).collect();
        let mut free = 1..u32::MAX;
        for risk in risks.into_iter().filter(|risk| risk.parse::<u32>().is_err()) {
            if let Some(number) = free.find(|number| !srlg.contains_key(number)) {
                srlg.insert(number, risk.clone());
            }
        }
        Self { groups: (0..).zip(groups.into_iter().cloned()).collect(), srlg }
    }
}

/// The routes of a network, in the order of its nodes and links.
pub fn routes(ted: &Ted, names: &Names, originator: &Originator) -> Vec<(Nlri, LsAttribute)> {
    let numbers = Numbers::of(ted, names);
    let mut routes = Vec::new();
    for node in ted.nodes.values() {
        let key = originator.key(node);
        let instance = originator.instance();
        let nlri = NodeNlri { instance, node: key.clone() };
        routes.push((Nlri::Node(nlri), LsAttribute { tlvs: node_tlvs(node) }));
        routes.extend(prefixes(node, &key, instance));
    }
    for link in ted.links.values() {
        for side in [Side::A, Side::Z] {
            routes.extend(originator.half(ted, link, side, &numbers));
        }
    }
    routes
}

/// Numbers for what has names in the model.
struct Numbers<'a> {
    interfaces: BTreeMap<(&'a NodeId, &'a InterfaceName), u32>,
    groups: BTreeMap<&'a model::Affinity, u32>,
    srlg: BTreeMap<&'a str, u32>,
}

impl<'a> Numbers<'a> {
    fn of(ted: &'a Ted, names: &'a Names) -> Self {
        let ends = ted.links.values().flat_map(|link| [&link.a, &link.z]);
        let ends: BTreeSet<_> = ends.map(|end| (&end.node, &end.interface)).collect();
        let mut interfaces = BTreeMap::new();
        let (mut last, mut number) = (None, 0);
        for (node, interface) in ends {
            number = if last == Some(node) { number + 1 } else { 1 };
            last = Some(node);
            interfaces.insert((node, interface), number);
        }
        Self {
            interfaces,
            groups: names.groups.iter().map(|(number, name)| (name, *number)).collect(),
            srlg: names.srlg.iter().map(|(number, name)| (name.as_str(), *number)).collect(),
        }
    }
}

impl Originator {
    fn instance(&self) -> Instance {
        Instance { protocol: ProtocolId::ISIS_LEVEL_2, identifier: self.domain }
    }

    fn key(&self, node: &Node) -> NodeKey {
        vec![
            NodeDescriptor::AutonomousSystem(self.asn),
            NodeDescriptor::IgpRouterId(IgpRouterId::Isis(system_id(node.router_id))),
        ]
    }

    fn half(&self, ted: &Ted, link: &Link, side: Side, numbers: &Numbers<'_>) -> Option<(Nlri, LsAttribute)> {
        let (near, far) = (link.end(side), link.end(side.other()));
        let (local, remote) = (ted.nodes.get(&near.node)?, ted.nodes.get(&far.node)?);
        let number = |end: &model::link::Termination| {
            numbers.interfaces.get(&(&end.node, &end.interface)).copied().unwrap_or(0)
        };
        let nlri = LinkNlri {
            instance: self.instance(),
            local: self.key(local),
            remote: self.key(remote),
            link: vec![LinkDescriptor::Numbers { local: number(near), remote: number(far) }],
        };
        let mut tlvs = link_tlvs(link, link.direction(side), numbers);
        tlvs.insert(0, LsTlv::LocalIpv4(local.router_id));
        tlvs.insert(1, LsTlv::RemoteIpv4(remote.router_id));
        tlvs.push(LsTlv::Link(LinkTlv::Name(near.interface.to_string())));
        tlvs.sort_by_key(LsTlv::code);
        Some((Nlri::Link(nlri), LsAttribute { tlvs }))
    }

    /// An update that announces routes of which the same is said.
    pub fn announce(&self, routes: Vec<Nlri>, attribute: LsAttribute) -> Update {
        let next_hop = NextHop::Address(self.next_hop);
        let path = self.external.map(|asn| Segment::sequence(vec![asn]));
        let mut attributes = vec![
            Attribute::Reach(Reach { next_hop, nlri: Routes::LinkState(routes) }),
            Attribute::Origin(Origin::Igp),
            Attribute::AsPath(path.into_iter().collect()),
        ];
        if self.external.is_none() {
            attributes.push(Attribute::LocalPref(100));
        }
        attributes.push(Attribute::LinkState(attribute));
        Update { attributes, ..Update::default() }
    }

    /// An update that takes routes back.
    pub fn withdraw(&self, routes: Vec<Nlri>) -> Update {
        Update {
            attributes: vec![Attribute::Unreach(Unreach(Routes::LinkState(routes)))],
            ..Update::default()
        }
    }
}

/// The usual system id: the twelve digits of the router id.
fn system_id(router_id: Ipv4Addr) -> [u8; 6] {
    let digits: Vec<u8> =
        router_id.octets().into_iter().flat_map(|octet| [octet / 100, octet / 10 % 10, octet % 10]).collect();
    let mut id = [0; 6];
    for (place, pair) in id.iter_mut().zip(digits.chunks_exact(2)) {
        *place = pair.iter().fold(0, |octet, digit| octet << 4 | digit);
    }
    id
}

fn node_tlvs(node: &Node) -> Vec<LsTlv> {
    let depths = node.msd.value;
    let block = |block: model::sr::LabelBlock| Block { size: block.size, first: SidLabel::Label(block.base) };
    let mut tlvs = vec![
        LsTlv::Node(NodeTlv::Msd(vec![
            (msd::BASE_MPLS_IMPOSITION, depths.mpls_imposition),
            (msd::SRV6_SEGMENTS_LEFT, depths.srv6_segments_left),
            (msd::SRV6_END_POP, depths.srv6_end_pop),
            (msd::SRV6_H_ENCAPS, depths.srv6_encaps),
            (msd::SRV6_END_D, depths.srv6_end_d),
        ])),
        LsTlv::Node(NodeTlv::Flags(if node.overload { NodeTlv::OVERLOAD } else { 0 })),
        LsTlv::Node(NodeTlv::Name(node.id.to_string())),
        LsTlv::LocalIpv4(node.router_id),
        LsTlv::Sr(SrTlv::Capabilities { flags: 0xc0, blocks: vec![block(node.srgb)] }),
        LsTlv::Sr(SrTlv::Algorithms(vec![0])),
        LsTlv::Sr(SrTlv::LocalBlocks(vec![block(node.srlb)])),
    ];
    if node.locator.is_some() {
        tlvs.push(LsTlv::Srv6(Srv6Tlv::Capabilities { flags: 0, tlvs: Vec::new() }));
    }
    tlvs
}

fn prefixes(node: &Node, key: &NodeKey, instance: Instance) -> Vec<(Nlri, LsAttribute)> {
    let mut routes = Vec::new();
    let prefix = |net: IpNet, tlvs| {
        let ipv6 = matches!(net, IpNet::V6(_));
        let prefix = vec![PrefixDescriptor::Reachability(net)];
        (Nlri::Prefix(PrefixNlri { instance, ipv6, node: key.clone(), prefix }), LsAttribute { tlvs })
    };
    if let (Some(index), Ok(net)) = (&node.node_sid, Ipv4Net::new(node.router_id, 32)) {
        let sid = SrTlv::PrefixSid { flags: sr::NODE_SID, algorithm: 0, sid: SidLabel::Index(index.value) };
        routes.push(prefix(IpNet::V4(net), vec![LsTlv::Sr(sid)]));
    }
    if let Some(locator) = &node.locator {
        let said = Srv6Tlv::Locator { flags: 0, algorithm: 0, metric: 0, tlvs: Vec::new() };
        routes.push(prefix(IpNet::V6(locator.value.trunc()), vec![LsTlv::Srv6(said)]));
    }
    if let (Some(sid), Some(locator)) = (node.end_sid(), &node.locator) {
        let nlri = SidNlri { instance, node: key.clone(), sid: vec![SidDescriptor::Sid(sid)] };
        let said = Srv6Tlv::Behaviour { behaviour: behaviour::END, flags: 0, algorithm: 0 };
        let structure = LsTlv::Srv6(Srv6Tlv::Structure(structure(locator.value.prefix_len())));
        routes.push((Nlri::Sid(nlri), LsAttribute { tlvs: vec![LsTlv::Srv6(said), structure] }));
    }
    routes
}

/// The last 16 bits of a locator are its node's (RFC 8986 section 3.1 leaves the division open).
const fn structure(locator: u8) -> Structure {
    let block = locator.saturating_sub(16);
    Structure { block, node: locator - block, function: 16, argument: 0 }
}

fn link_tlvs(link: &Link, direction: &Direction, numbers: &Numbers<'_>) -> Vec<LsTlv> {
    let bandwidth = WireBandwidth::from_bandwidth(direction.bandwidth.value);
    let low = |value: u64| u32::try_from(value).unwrap_or(LOW).min(LOW);
    let measured = |value| Measured { anomalous: false, value };
    let delay = low(direction.delay.value.as_micros());
    let groups: BTreeSet<u32> =
        link.affinity.iter().filter_map(|name| numbers.groups.get(name).copied()).collect();
    let words = group_words(&groups);
    let mut tlvs = vec![
        LsTlv::Link(LinkTlv::AdminGroup(words.first().copied().unwrap_or(0))),
        LsTlv::Link(LinkTlv::MaxBandwidth(bandwidth)),
        LsTlv::Link(LinkTlv::TeMetric(direction.te.value.0)),
        LsTlv::Link(LinkTlv::IgpMetric(IgpMetric::Wide(direction.igp.value.0 & LOW))),
        LsTlv::Performance(PerformanceTlv::Delay(measured(delay))),
        LsTlv::Performance(PerformanceTlv::DelayRange { least: measured(delay), greatest: delay }),
        LsTlv::Performance(PerformanceTlv::Variation(low(direction.jitter.value.as_micros()))),
        LsTlv::Performance(PerformanceTlv::Loss(measured((direction.loss.value.as_ppb() / LOSS_STEP) & LOW))),
    ];
    let risks: Vec<u32> =
        link.srlg.iter().filter_map(|name| numbers.srlg.get(name.as_str()).copied()).collect();
    if !risks.is_empty() {
        tlvs.push(LsTlv::Link(LinkTlv::Srlg(risks)));
    }
    if words.len() > 1 {
        tlvs.push(LsTlv::Link(LinkTlv::ExtendedAdminGroup(words)));
    }
    if let Some(label) = &direction.adjacency_label {
        let sid = SidLabel::Label(label.value.number());
        tlvs.push(LsTlv::Sr(SrTlv::AdjacencySid(Adjacency { flags: LOCAL_LABEL, weight: 0, sid })));
    }
    if let Some(sid) = &direction.end_x {
        tlvs.push(LsTlv::Srv6(Srv6Tlv::EndX(EndX {
            behaviour: behaviour::END_X,
            flags: 0,
            algorithm: 0,
            weight: 0,
            sid: sid.value,
            tlvs: Vec::new(),
        })));
    }
    tlvs
}
