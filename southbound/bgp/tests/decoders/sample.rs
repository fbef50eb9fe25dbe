//! What the others are given to read: a small network as our originator tells it, and one route of each kind with a value in
//! every TLV that could be mistaken.

use std::net::IpAddr;

use bgp::{
    learn::Names,
    ls::{
        LsAttribute, LsTlv, Nlri,
        asla::{Application, Asla},
        flexalgo::{FlexAlgoTlv, Rule},
        link::LinkTlv,
        performance::{Measured, PerformanceTlv},
        sr::{Adjacency, SidLabel, SrTlv},
    },
    originate::{Originator, routes},
    wire::{Update, message},
};

use crate::network::network;

pub fn originator() -> Originator {
    Originator { asn: 65_000, domain: 0, next_hop: IpAddr::from([10, 0, 0, 1]), external: None }
}

/// An update as a message.
pub fn octets(update: &Update) -> Vec<u8> {
    message::update(update, true, message::STANDARD).unwrap().to_vec()
}

/// The routes of four routers and their links.
pub fn network_routes() -> Vec<(Nlri, LsAttribute)> {
    let ted = network(4, 6);
    routes(&ted, &Names::of(&ted), &originator())
}

/// The first route of a kind, with these statements beside its own.
fn beside(kind: impl Fn(&Nlri) -> bool, more: Vec<LsTlv>) -> (Nlri, LsAttribute) {
    let (nlri, mut attribute) = network_routes().into_iter().find(|(nlri, _)| kind(nlri)).unwrap();
    attribute.tlvs.extend(more);
    attribute.tlvs.sort_by_key(LsTlv::code);
    (nlri, attribute)
}

/// A link with egress peers' SIDs, extended groups, performance and application-specific values.
pub fn rich_link() -> (Nlri, LsAttribute) {
    let sid = |flags, label| Adjacency { flags, weight: 5, sid: SidLabel::Label(label) };
    let asla = Asla::standard(
        &[Application::SrPolicy, Application::FlexAlgo],
        vec![LsTlv::Link(LinkTlv::TeMetric(777))],
    );
    let loss = Measured { anomalous: true, value: 12_345 };
    let more = vec![
        LsTlv::Sr(SrTlv::PeerNodeSid(sid(0xc0, 24_001))),
        LsTlv::Sr(SrTlv::PeerAdjacencySid(sid(0xc0, 24_002))),
        LsTlv::Sr(SrTlv::PeerSetSid(sid(0xc0, 24_003))),
        LsTlv::Link(LinkTlv::ExtendedAdminGroup(vec![0x11, 0x22])),
        LsTlv::Link(LinkTlv::Msd(vec![(1, 9)])),
        LsTlv::Performance(PerformanceTlv::Loss(loss)),
        LsTlv::Asla(asla),
    ];
    let (nlri, mut attribute) = beside(|nlri| matches!(nlri, Nlri::Link(_)), more);
    let unmarked = LsTlv::Performance(PerformanceTlv::Loss(Measured { anomalous: false, value: 0 }));
    attribute.tlvs.retain(|tlv| *tlv != unmarked);
    (nlri, attribute)
}

/// A node with a flexible algorithm.
pub fn rich_node() -> (Nlri, LsAttribute) {
    let definition = FlexAlgoTlv::Definition {
        algorithm: 128,
        metric: 1,
        calculation: 0,
        priority: 100,
        rules: vec![Rule::ExcludeAny(vec![0x8])],
    };
    beside(|nlri| matches!(nlri, Nlri::Node(_)), vec![LsTlv::FlexAlgo(definition)])
}

/// All of it as messages.
pub fn messages() -> Vec<Vec<u8>> {
    let rich = [rich_node(), rich_link()];
    let all = rich.into_iter().chain(network_routes());
    all.map(|(nlri, attribute)| octets(&originator().announce(vec![nlri], attribute))).collect()
}
