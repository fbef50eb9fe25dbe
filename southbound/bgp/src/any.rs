//! Any value of the types that go over the wire, for the property that what is written is read as the same.
//! Longer than 500 lines because every type and every one of its variants has a line.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use proptest::{collection::vec, prelude::*, sample::select};

use crate::{
    ls::{
        IgpRouterId, LinkDescriptor, LinkNlri, LsAttribute, LsTlv, Nlri, NodeDescriptor, NodeNlri,
        PrefixDescriptor, PrefixNlri, ProtocolId, SidDescriptor, SidNlri, WireBandwidth,
        asla::Asla,
        flexalgo::{FlexAlgoTlv, Rule},
        link::{IgpMetric, LinkTlv},
        nlri::{Instance, NodeKey},
        node::NodeTlv,
        performance::{Measured, PerformanceTlv},
        prefix::PrefixTlv,
        sr::{Adjacency, Block, Neighbour, SidLabel, SrTlv},
        srv6::{EndX, Srv6Tlv, Structure},
    },
    policy::{
        ListTlv, PolicyNlri, PolicyTlv, Tunnel,
        segment::{Endpoint, LabelEntry},
        tunnel::Binding,
    },
    wire::{
        Attribute, Capability, Family, Nlri as Routes, Notification, Open, Reach, Tlv, Unreach, Update,
        attribute::{Origin, Segment, SegmentKind},
        capability::GracefulRestart,
        community::{Community, ExtendedCommunity},
        reach::NextHop,
    },
};

pub fn v4() -> impl Strategy<Value = Ipv4Addr> {
    any::<u32>().prop_map(Ipv4Addr::from)
}

pub fn v6() -> impl Strategy<Value = Ipv6Addr> {
    any::<u128>().prop_map(Ipv6Addr::from)
}

fn ip() -> impl Strategy<Value = IpAddr> {
    prop_oneof![v4().prop_map(IpAddr::V4), v6().prop_map(IpAddr::V6)]
}

fn octets(most: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..most)
}

fn net4() -> impl Strategy<Value = Ipv4Net> {
    (v4(), 0..=32_u8).prop_map(|(address, length)| Ipv4Net::new(address, length).unwrap().trunc())
}

fn net6() -> impl Strategy<Value = Ipv6Net> {
    (v6(), 0..=128_u8).prop_map(|(address, length)| Ipv6Net::new(address, length).unwrap().trunc())
}

fn low24() -> impl Strategy<Value = u32> {
    0..=0x00ff_ffff_u32
}

fn text() -> impl Strategy<Value = String> {
    "[a-z0-9:/.-]{1,40}"
}

/// TLVs of codes that nobody has.
fn unknown() -> impl Strategy<Value = Tlv> {
    (40_000..50_000_u16, octets(20)).prop_map(|(code, value)| Tlv { code, value })
}

fn topologies() -> impl Strategy<Value = Vec<u16>> {
    vec(any::<u16>(), 1..4)
}

pub fn family() -> impl Strategy<Value = Family> {
    prop_oneof![
        Just(Family::LINK_STATE),
        Just(Family::IPV4_SR_POLICY),
        (any::<u16>(), any::<u8>()).prop_map(|(afi, safi)| Family { afi, safi }),
    ]
}

fn capability() -> impl Strategy<Value = Capability> {
    let restart = (any::<bool>(), any::<bool>(), 0..4_096_u16, vec((family(), any::<bool>()), 0..4));
    prop_oneof![
        family().prop_map(Capability::Multiprotocol),
        Just(Capability::RouteRefresh),
        Just(Capability::ExtendedMessage),
        restart.prop_map(|(restarted, over_notification, seconds, families)| {
            Capability::GracefulRestart(GracefulRestart { restarted, over_notification, seconds, families })
        }),
        (100..200_u8, octets(200)).prop_map(|(code, value)| Capability::Unknown { code, value }),
    ]
}

pub fn open() -> impl Strategy<Value = Open> {
    let asn = prop_oneof![(any::<u32>(), Just(true)), (any::<u16>().prop_map(u32::from), Just(false))];
    (asn, any::<u16>(), v4(), vec(capability(), 0..8)).prop_map(
        |((asn, four_octet_as), hold_time, identifier, capabilities)| Open {
            asn,
            four_octet_as,
            hold_time,
            identifier,
            capabilities,
        },
    )
}

pub fn notification() -> impl Strategy<Value = Notification> {
    (any::<u8>(), any::<u8>(), octets(60)).prop_map(|(code, subcode, data)| Notification {
        code,
        subcode,
        data,
    })
}

fn igp_router_id() -> impl Strategy<Value = IgpRouterId> {
    prop_oneof![
        v4().prop_map(IgpRouterId::Router),
        any::<[u8; 6]>().prop_map(IgpRouterId::Isis),
        (any::<[u8; 6]>(), any::<u8>()).prop_map(|(id, circuit)| IgpRouterId::IsisLan(id, circuit)),
        (v4(), any::<[u8; 4]>()).prop_map(|(router, interface)| IgpRouterId::OspfLan(router, interface)),
    ]
}

/// Descriptors in the order that they must have.
fn node_key() -> impl Strategy<Value = NodeKey> {
    let number = proptest::option::of(any::<u32>());
    (number.clone(), number.clone(), number, igp_router_id(), proptest::option::of(v4()), unknown()).prop_map(
        |(asn, identifier, area, id, router, unknown)| {
            let mut key = Vec::new();
            key.extend(asn.map(NodeDescriptor::AutonomousSystem));
            key.extend(identifier.map(NodeDescriptor::BgpLsIdentifier));
            key.extend(area.map(NodeDescriptor::OspfArea));
            key.push(NodeDescriptor::IgpRouterId(id));
            key.extend(router.map(NodeDescriptor::BgpRouterId));
            key.extend(area.map(NodeDescriptor::ConfederationMember));
            key.push(NodeDescriptor::Unknown(unknown));
            key
        },
    )
}

fn link_descriptors() -> impl Strategy<Value = Vec<LinkDescriptor>> {
    (any::<(u32, u32)>(), v4(), v4(), v6(), v6(), topologies(), unknown()).prop_map(
        |((local, remote), a, b, c, d, topologies, unknown)| {
            vec![
                LinkDescriptor::Numbers { local, remote },
                LinkDescriptor::Ipv4Interface(a),
                LinkDescriptor::Ipv4Neighbour(b),
                LinkDescriptor::Ipv6Interface(c),
                LinkDescriptor::Ipv6Neighbour(d),
                LinkDescriptor::MultiTopology(topologies),
                LinkDescriptor::Unknown(unknown),
            ]
        },
    )
}

fn instance() -> impl Strategy<Value = Instance> {
    any::<(u8, u64)>()
        .prop_map(|(protocol, identifier)| Instance { protocol: ProtocolId(protocol), identifier })
}

pub fn ls_nlri() -> impl Strategy<Value = Nlri> {
    let net = prop_oneof![net4().prop_map(IpNet::V4), net6().prop_map(IpNet::V6)];
    let prefix = (instance(), node_key(), topologies(), any::<u8>(), net, unknown());
    prop_oneof![
        (instance(), node_key()).prop_map(|(instance, node)| Nlri::Node(NodeNlri { instance, node })),
        (instance(), node_key(), node_key(), link_descriptors()).prop_map(
            |(instance, local, remote, link)| { Nlri::Link(LinkNlri { instance, local, remote, link }) }
        ),
        prefix.prop_map(|(instance, node, topologies, kind, net, unknown)| {
            let prefix = vec![
                PrefixDescriptor::MultiTopology(topologies),
                PrefixDescriptor::OspfRouteType(kind),
                PrefixDescriptor::Reachability(net),
                PrefixDescriptor::Unknown(unknown),
            ];
            Nlri::Prefix(PrefixNlri { instance, ipv6: matches!(net, IpNet::V6(_)), node, prefix })
        }),
        (instance(), node_key(), topologies(), v6()).prop_map(|(instance, node, topologies, sid)| {
            let sid = vec![SidDescriptor::MultiTopology(topologies), SidDescriptor::Sid(sid)];
            Nlri::Sid(SidNlri { instance, node, sid })
        }),
        (60_000..61_000_u16, octets(30)).prop_map(|(kind, body)| Nlri::Other { kind, body }),
    ]
}

fn bandwidth() -> impl Strategy<Value = WireBandwidth> {
    any::<u32>().prop_map(WireBandwidth)
}

fn sid_label() -> impl Strategy<Value = SidLabel> {
    prop_oneof![(0..1_u32 << 20).prop_map(SidLabel::Label), any::<u32>().prop_map(SidLabel::Index)]
}

fn adjacency() -> impl Strategy<Value = Adjacency> {
    (any::<u8>(), any::<u8>(), sid_label()).prop_map(|(flags, weight, sid)| Adjacency { flags, weight, sid })
}

fn neighbour() -> impl Strategy<Value = Neighbour> {
    prop_oneof![any::<[u8; 6]>().prop_map(Neighbour::Isis), v4().prop_map(Neighbour::Ospf)]
}

fn node_tlv() -> impl Strategy<Value = LsTlv> {
    prop_oneof![
        vec(any::<(u8, u8)>(), 0..5).prop_map(NodeTlv::Msd),
        any::<u8>().prop_map(NodeTlv::Flags),
        octets(20).prop_map(NodeTlv::Opaque),
        text().prop_map(NodeTlv::Name),
        octets(13).prop_map(NodeTlv::IsisArea),
    ]
    .prop_map(LsTlv::Node)
}

fn link_tlv() -> impl Strategy<Value = LsTlv> {
    let words = || vec(any::<u32>(), 0..6);
    let metric = prop_oneof![
        any::<u8>().prop_map(IgpMetric::Narrow),
        any::<u16>().prop_map(IgpMetric::Ospf),
        low24().prop_map(IgpMetric::Wide),
    ];
    prop_oneof![
        vec(any::<(u8, u8)>(), 0..5).prop_map(LinkTlv::Msd),
        any::<u32>().prop_map(LinkTlv::AdminGroup),
        bandwidth().prop_map(LinkTlv::MaxBandwidth),
        bandwidth().prop_map(LinkTlv::MaxReservable),
        any::<[u32; 8]>().prop_map(|all| LinkTlv::Unreserved(all.map(WireBandwidth))),
        any::<u32>().prop_map(LinkTlv::TeMetric),
        any::<u16>().prop_map(LinkTlv::Protection),
        any::<u8>().prop_map(LinkTlv::MplsProtocols),
        metric.prop_map(LinkTlv::IgpMetric),
        words().prop_map(LinkTlv::Srlg),
        octets(20).prop_map(LinkTlv::Opaque),
        text().prop_map(LinkTlv::Name),
        words().prop_map(LinkTlv::ExtendedAdminGroup),
    ]
    .prop_map(LsTlv::Link)
}

fn prefix_tlv() -> impl Strategy<Value = LsTlv> {
    prop_oneof![
        any::<u8>().prop_map(PrefixTlv::IgpFlags),
        vec(any::<u32>(), 0..4).prop_map(PrefixTlv::Tags),
        vec(any::<u64>(), 0..4).prop_map(PrefixTlv::ExtendedTags),
        any::<u32>().prop_map(PrefixTlv::Metric),
        ip().prop_map(PrefixTlv::ForwardingAddress),
        octets(20).prop_map(PrefixTlv::Opaque),
        octets(4).prop_map(PrefixTlv::AttributeFlags),
        ip().prop_map(PrefixTlv::SourceRouter),
    ]
    .prop_map(LsTlv::Prefix)
}

fn performance_tlv() -> impl Strategy<Value = LsTlv> {
    let measured = || (any::<bool>(), low24()).prop_map(|(anomalous, value)| Measured { anomalous, value });
    prop_oneof![
        measured().prop_map(PerformanceTlv::Delay),
        (measured(), low24()).prop_map(|(least, greatest)| PerformanceTlv::DelayRange { least, greatest }),
        low24().prop_map(PerformanceTlv::Variation),
        measured().prop_map(PerformanceTlv::Loss),
        bandwidth().prop_map(PerformanceTlv::Residual),
        bandwidth().prop_map(PerformanceTlv::Available),
        bandwidth().prop_map(PerformanceTlv::Utilised),
    ]
    .prop_map(LsTlv::Performance)
}

fn flexalgo_tlv() -> impl Strategy<Value = LsTlv> {
    let words = || vec(any::<u32>(), 0..4);
    let rule = prop_oneof![
        words().prop_map(Rule::ExcludeAny),
        words().prop_map(Rule::IncludeAny),
        words().prop_map(Rule::IncludeAll),
        octets(4).prop_map(Rule::Flags),
        words().prop_map(Rule::ExcludeSrlg),
        unknown().prop_map(Rule::Unknown),
    ];
    prop_oneof![
        (any::<[u8; 4]>(), vec(rule, 0..4)).prop_map(
            |([algorithm, metric, calculation, priority], rules)| {
                FlexAlgoTlv::Definition { algorithm, metric, calculation, priority, rules }
            }
        ),
        (any::<u8>(), any::<u8>(), any::<u32>())
            .prop_map(|(algorithm, flags, metric)| FlexAlgoTlv::PrefixMetric { algorithm, flags, metric }),
    ]
    .prop_map(LsTlv::FlexAlgo)
}

fn structure() -> impl Strategy<Value = Structure> {
    any::<[u8; 4]>().prop_map(|[block, node, function, argument]| Structure {
        block,
        node,
        function,
        argument,
    })
}

fn leaf() -> BoxedStrategy<LsTlv> {
    prop_oneof![
        topologies().prop_map(LsTlv::MultiTopology),
        v4().prop_map(LsTlv::LocalIpv4),
        v6().prop_map(LsTlv::LocalIpv6),
        v4().prop_map(LsTlv::RemoteIpv4),
        v6().prop_map(LsTlv::RemoteIpv6),
        node_tlv(),
        link_tlv(),
        prefix_tlv(),
        performance_tlv(),
        flexalgo_tlv(),
        unknown().prop_map(LsTlv::Unknown),
        structure().prop_map(|it| LsTlv::Srv6(Srv6Tlv::Structure(it))),
        (any::<u16>(), any::<u8>(), any::<u8>()).prop_map(|(behaviour, flags, algorithm)| {
            LsTlv::Srv6(Srv6Tlv::Behaviour { behaviour, flags, algorithm })
        }),
        (any::<u8>(), any::<u8>(), any::<u32>(), v4()).prop_map(|(flags, weight, asn, identifier)| {
            LsTlv::Srv6(Srv6Tlv::PeerNode { flags, weight, asn, identifier })
        }),
    ]
    .boxed()
}

fn sr_tlv() -> BoxedStrategy<LsTlv> {
    let blocks = || {
        vec((low24(), sid_label()), 0..3)
            .prop_map(|all| all.into_iter().map(|(size, first)| Block { size, first }).collect::<Vec<_>>())
    };
    prop_oneof![
        (any::<u8>(), blocks()).prop_map(|(flags, blocks)| SrTlv::Capabilities { flags, blocks }),
        octets(5).prop_map(SrTlv::Algorithms),
        blocks().prop_map(SrTlv::LocalBlocks),
        any::<u8>().prop_map(SrTlv::MappingPreference),
        adjacency().prop_map(SrTlv::AdjacencySid),
        (adjacency(), neighbour()).prop_map(|(sid, neighbour)| SrTlv::LanAdjacencySid(sid, neighbour)),
        adjacency().prop_map(SrTlv::PeerNodeSid),
        adjacency().prop_map(SrTlv::PeerAdjacencySid),
        adjacency().prop_map(SrTlv::PeerSetSid),
        (any::<u8>(), any::<u8>(), sid_label()).prop_map(|(flags, algorithm, sid)| SrTlv::PrefixSid {
            flags,
            algorithm,
            sid
        }),
    ]
    .prop_map(LsTlv::Sr)
    .boxed()
}

fn holder(inner: BoxedStrategy<LsTlv>) -> BoxedStrategy<LsTlv> {
    let tlvs = move || vec(inner.clone(), 0..3);
    let end_x = (any::<(u16, u8, u8, u8)>(), v6(), tlvs()).prop_map(|(head, sid, tlvs)| {
        let (behaviour, flags, algorithm, weight) = head;
        EndX { behaviour, flags, algorithm, weight, sid, tlvs }
    });
    let end_x = end_x.boxed();
    let mask = || select(vec![0_usize, 4, 8]).prop_flat_map(|length| vec(any::<u8>(), length));
    prop_oneof![
        (any::<u16>(), tlvs()).prop_map(|(flags, tlvs)| LsTlv::Srv6(Srv6Tlv::Capabilities { flags, tlvs })),
        end_x.clone().prop_map(|end| LsTlv::Srv6(Srv6Tlv::EndX(end))),
        (end_x, neighbour()).prop_map(|(end, neighbour)| LsTlv::Srv6(Srv6Tlv::LanEndX(end, neighbour))),
        (any::<u8>(), any::<u8>(), any::<u32>(), tlvs()).prop_map(|(flags, algorithm, metric, tlvs)| {
            LsTlv::Srv6(Srv6Tlv::Locator { flags, algorithm, metric, tlvs })
        }),
        (mask(), mask(), tlvs()).prop_map(|(standard, own, tlvs)| LsTlv::Asla(Asla { standard, own, tlvs })),
        (any::<u8>(), any::<u16>(), tlvs()).prop_map(|(flags, size, first)| LsTlv::Sr(SrTlv::Range {
            flags,
            size,
            first
        })),
        (any::<u32>(), tlvs()).prop_map(|(member, tlvs)| LsTlv::Sr(SrTlv::BundleMember { member, tlvs })),
    ]
    .boxed()
}

pub fn ls_attribute() -> impl Strategy<Value = LsAttribute> {
    let flat = prop_oneof![leaf(), sr_tlv()].boxed();
    let deep = holder(prop_oneof![3 => flat.clone(), 1 => holder(flat.clone())].boxed());
    vec(prop_oneof![4 => flat, 1 => deep], 0..12).prop_map(|tlvs| LsAttribute { tlvs })
}

fn endpoint() -> impl Strategy<Value = Option<Endpoint>> {
    proptest::option::of(
        (any::<u16>(), structure()).prop_map(|(behaviour, structure)| Endpoint { behaviour, structure }),
    )
}

fn entry() -> impl Strategy<Value = LabelEntry> {
    (0..1_u32 << 20, 0..8_u8, any::<u8>()).prop_map(|(label, traffic_class, ttl)| LabelEntry {
        label,
        traffic_class,
        ttl,
    })
}

fn policy_tlv() -> impl Strategy<Value = PolicyTlv> {
    let part = prop_oneof![
        (any::<u8>(), any::<u32>()).prop_map(|(flags, weight)| ListTlv::Weight { flags, weight }),
        (any::<u8>(), entry()).prop_map(|(flags, entry)| ListTlv::Label { flags, entry }),
        (any::<u8>(), v6(), endpoint()).prop_map(|(flags, sid, endpoint)| ListTlv::Srv6 {
            flags,
            sid,
            endpoint
        }),
        (30..40_u8, octets(20)).prop_map(|(code, value)| ListTlv::Unknown { code, value }),
    ];
    let binding =
        prop_oneof![Just(Binding::None), entry().prop_map(Binding::Label), v6().prop_map(Binding::Srv6)];
    prop_oneof![
        (any::<u8>(), any::<u32>())
            .prop_map(|(flags, preference)| PolicyTlv::Preference { flags, preference }),
        (any::<u8>(), binding).prop_map(|(flags, sid)| PolicyTlv::BindingSid { flags, sid }),
        (any::<u8>(), v6(), endpoint()).prop_map(|(flags, sid, endpoint)| PolicyTlv::Srv6BindingSid {
            flags,
            sid,
            endpoint
        }),
        (any::<u8>(), any::<u8>()).prop_map(|(flags, policy)| PolicyTlv::ExplicitNull { flags, policy }),
        any::<u8>().prop_map(PolicyTlv::Priority),
        vec(part, 0..5).prop_map(PolicyTlv::SegmentList),
        text().prop_map(PolicyTlv::CandidateName),
        text().prop_map(PolicyTlv::PolicyName),
        (prop_oneof![30..40_u8, 200..210_u8], octets(20))
            .prop_map(|(code, value)| PolicyTlv::Unknown { code, value }),
    ]
}

pub fn tunnel() -> impl Strategy<Value = Tunnel> {
    prop_oneof![
        4 => vec(policy_tlv(), 0..6).prop_map(Tunnel::SrPolicy),
        1 => (100..110_u16, octets(20)).prop_map(|(kind, value)| Tunnel::Other { kind, value }),
    ]
}

pub fn routes() -> impl Strategy<Value = Routes> {
    let policy =
        |endpoint: BoxedStrategy<IpAddr>| {
            vec(
                (any::<u32>(), any::<u32>(), endpoint).prop_map(|(distinguisher, color, endpoint)| {
                    PolicyNlri { distinguisher, color, endpoint }
                }),
                0..3,
            )
        };
    prop_oneof![
        3 => vec(ls_nlri(), 0..3).prop_map(Routes::LinkState),
        1 => policy(v4().prop_map(IpAddr::V4).boxed())
            .prop_map(|all| Routes::SrPolicy(Family::IPV4_SR_POLICY, all)),
        1 => policy(v6().prop_map(IpAddr::V6).boxed())
            .prop_map(|all| Routes::SrPolicy(Family::IPV6_SR_POLICY, all)),
        1 => vec(net4(), 0..4).prop_map(Routes::Ipv4),
        1 => vec(net6(), 0..4).prop_map(Routes::Ipv6),
        1 => octets(20).prop_map(|octets| Routes::Other(Family { afi: 25, safi: 65 }, octets)),
    ]
}

fn as_path() -> impl Strategy<Value = Vec<Segment>> {
    let kind = select(vec![
        SegmentKind::Set,
        SegmentKind::Sequence,
        SegmentKind::ConfederationSequence,
        SegmentKind::ConfederationSet,
    ]);
    vec((kind, vec(any::<u32>(), 1..5)).prop_map(|(kind, systems)| Segment { kind, systems }), 0..4)
}

/// An update in which no attribute comes twice, and which has all that it must have.
pub fn update() -> impl Strategy<Value = Update> {
    let hop = prop_oneof![
        ip().prop_map(NextHop::Address),
        (v6(), v6()).prop_map(|(global, local)| NextHop::Both(global, local))
    ];
    let fixed = (select(vec![Origin::Igp, Origin::Egp, Origin::Incomplete]), as_path(), v4(), hop, routes());
    let more = (
        any::<(u32, u32)>(),
        v4(),
        vec(any::<u32>(), 1..4),
        vec(any::<[u8; 8]>(), 1..4),
        vec(any::<[u32; 3]>(), 1..4),
        vec(tunnel(), 0..3),
        ls_attribute(),
        routes(),
        octets(300),
    );
    (fixed, more, vec(net4(), 0..3), vec(net4(), 0..3)).prop_map(|(fixed, more, withdrawn, announced)| {
        let (origin, path, v4, next_hop, nlri) = fixed;
        let (numbers, router, words, extended, large, tunnels, link_state, gone, other) = more;
        let attributes = vec![
            Attribute::Reach(Reach { next_hop, nlri }),
            Attribute::Unreach(Unreach(gone)),
            Attribute::Origin(origin),
            Attribute::AsPath(path),
            Attribute::NextHop(v4),
            Attribute::Med(numbers.0),
            Attribute::LocalPref(numbers.1),
            Attribute::AtomicAggregate,
            Attribute::Aggregator { asn: numbers.0, router },
            Attribute::Communities(words.into_iter().map(Community).collect()),
            Attribute::OriginatorId(router),
            Attribute::ClusterList(vec![router, v4]),
            Attribute::ExtendedCommunities(extended.into_iter().map(ExtendedCommunity).collect()),
            Attribute::Tunnel(tunnels),
            Attribute::LinkState(link_state),
            Attribute::LargeCommunities(large),
            Attribute::Unknown { flags: 0xc0, code: 99, value: other },
        ];
        Update { withdrawn, attributes, announced }
    })
}
