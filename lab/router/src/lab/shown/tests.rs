use model::{
    Bandwidth, CandidatePath, Delay, Demand, DemandId, Demands, DeviceConfig, Fact, IgpMetric, Jitter, Loss,
    SegmentList, Sid, SrPolicy, SteeringKey, SteeringRule, TeMetric, Timestamp, VrfName,
    link::{Contract, Direction, Encryption, Termination},
    node::{MsdSet, ServiceFunction},
    sr::{LabelBlock, LastResort},
};

use super::*;

fn node(number: u8) -> Node {
    Node {
        id: NodeId::lit(&format!("r{number}")),
        role: None,
        site: None,
        location: None,
        labels: BTreeMap::new(),
        router_id: [10, 0, 0, number].into(),
        locator: Some(Fact::from_file(format!("fd00:0:{number}::/48").parse().unwrap())),
        next_csid: None,
        node_sid: None,
        service_function: None,
        srgb: LabelBlock { base: 16_000, size: 1_000 },
        srlb: LabelBlock { base: 15_000, size: 1_000 },
        msd: Fact::from_file(MsdSet::default()),
        queues: 8,
        overload: false,
        dialect: "openconfig".into(),
        features: model::Features::default(),
    }
}

fn link(name: &str, far: u8) -> Link {
    let direction = |end_x: &str| Direction {
        bandwidth: Fact::from_file(Bandwidth::from_bps(100_000_000)),
        delay: Fact::from_file(Delay::from_micros(8_000)),
        jitter: Fact::from_file(Jitter::from_micros(200)),
        loss: Fact::from_file(Loss::ZERO),
        igp: Fact::from_file(IgpMetric(10)),
        te: Fact::from_file(TeMetric(10)),
        adjacency_label: None,
        end_x: Some(Fact::from_file(end_x.parse().unwrap())),
    };
    let end = |node: u8| Termination {
        node: NodeId::lit(&format!("r{node}")),
        interface: InterfaceName::lit(&format!("eth-{name}")),
    };
    Link {
        id: model::LinkId::lit(name),
        a: end(1),
        z: end(far),
        a_to_z: direction(&format!("fd00:0:1:e00{far}::")),
        z_to_a: direction(&format!("fd00:0:{far}:e000::")),
        affinity: BTreeSet::new(),
        srlg: BTreeSet::new(),
        role: None,
        encryption: Encryption::None,
        contract: Contract::default(),
        price: None,
    }
}

/// r1 with a line to r2 and one to r3.
fn ted() -> Ted {
    Ted {
        nodes: [1, 2, 3].map(node).into_iter().map(|node| (node.id.clone(), node)).collect(),
        links: [link("two", 2), link("three", 3)].map(|link| (link.id.clone(), link)).into(),
    }
}

/// A world of these at some moment, with voice from r1 to r2.
fn world(ted: Ted) -> World {
    let voice = Demand {
        id: DemandId::lit("voice"),
        service: None,
        from: NodeId::lit("r1"),
        to: NodeId::lit("r2"),
        vrf: VrfName::lit("bank"),
        destination: None,
        dscp: "ef".parse().unwrap(),
        rate: Bandwidth::from_bps(1_000_000),
    };
    let mut world = World::new(ted, Demands::from([(voice.id.clone(), voice)]), 7).unwrap();
    world.advance(Timestamp::from_micros(1_700_000_000_000_000));
    world
}

/// What r1 shows of its SIDs: their names by prefix.
fn named(ted: Ted) -> Vec<String> {
    let shown = shown(&world(ted), &NodeId::lit("r1"), &mut BTreeSet::new()).unwrap();
    let name = |(prefix, sid): (&SidPrefix, &SidState)| {
        assert_eq!((sid.traffic, sid.errors), (None, None), "nothing is counted at {prefix}");
        let flavour = sid.flavour.map(|flavour| format!(" {}", flavour.name())).unwrap_or_default();
        format!("{prefix} {}{flavour}", sid.behaviour.name())
    };
    shown.sids.iter().map(name).collect()
}

#[test]
fn sids_are_those_of_the_network_file() {
    let mut ted = ted();
    let own = ted.nodes.get_mut(&NodeId::lit("r1")).unwrap();
    let firewall = ServiceFunction { label: None, sid: "fd00:0:1:f::".parse().ok() };
    own.service_function = Some(Fact::from_file(firewall));
    let expected = [
        "fd00:0:1:1::/128 End",
        "fd00:0:1:f::/128 End",
        "fd00:0:1:d46::/128 End.DT46",
        "fd00:0:1:e002::/128 End.X",
        "fd00:0:1:e003::/128 End.X",
    ];
    assert_eq!(named(ted.clone()), expected);
    ted.nodes.get_mut(&NodeId::lit("r1")).unwrap().locator = None;
    assert!(named(ted).is_empty());
}

#[test]
fn a_router_that_reads_containers_has_shorter_ones_too() {
    let mut ted = ted();
    // A number that is no function: 2 to cff.
    let own = ted.nodes.get_mut(&NodeId::lit("r1")).unwrap();
    own.locator = Some(Fact::from_file("fd00:0:12::/48".parse().unwrap()));
    own.next_csid = Some(NextCsid { locator_block_length: 32, locator_node_length: 16 });
    let link = ted.links.get_mut(&model::LinkId::lit("two")).unwrap();
    link.a_to_z.end_x = Some(Fact::from_file("fd00:0:12:e002::".parse().unwrap()));
    let expected = [
        "fd00:0:1:e003::/128 End.X",
        "fd00:0:12::/48 End NEXT-CSID",
        "fd00:0:12:1::/128 End",
        "fd00:0:12:d46::/128 End.DT46",
        "fd00:0:12:e002::/64 End.X NEXT-CSID",
    ];
    assert_eq!(named(ted), expected, "one is outside of the locator, and in full");
}

fn policy(color: u32) -> SrPolicy {
    let sids = vec![Sid::Srv6("fd00:0:1:e002::".parse().unwrap())];
    let lists = vec![SegmentList { weight: 1, sids }];
    SrPolicy {
        key: PolicyKey { color: color.try_into().unwrap(), endpoint: [10, 0, 0, 2].into() },
        name: format!("tl-{color}"),
        binding_sid: None,
        candidates: vec![CandidatePath { discriminator: 3, preference: 200, name: "one".into(), lists }],
        last_resort: LastResort::Igp,
    }
}

#[test]
fn of_policies_it_is_known_which_path_is_active_where_traffic_asks_for_them() {
    let (voice, other) = (policy(7), policy(8));
    let keys = [voice.key, other.key];
    let key = SteeringKey { vrf: VrfName::lit("bank"), sequence: 10 };
    let rule = SteeringRule { key: key.clone(), prefix: None, dscp: BTreeSet::new(), color: voice.key.color };
    let config = DeviceConfig {
        policies: [(voice.key, voice), (other.key, other)].into(),
        steering: [(key, rule)].into(),
        ..DeviceConfig::default()
    };
    let mut world = world(ted());
    let r1 = NodeId::lit("r1");
    world.configure(&r1, config).unwrap();
    let active = |world: &mut World| {
        let now = world.now();
        world.advance(now);
        let policies = shown(world, &r1, &mut BTreeSet::new()).unwrap().policies;
        assert!(policies.values().all(|policy| policy.traffic.is_none() && policy.lists.is_empty()));
        keys.map(|key| policies[&key].active)
    };
    let path = Active::Path(PathKey { preference: 200, discriminator: 3 });
    assert_eq!(active(&mut world), [path, Active::Unknown]);
    world.set_up(&model::LinkId::lit("two"), false).unwrap();
    assert_eq!(active(&mut world), [Active::LastResort, Active::Unknown]);
    assert!(shown(&world, &NodeId::lit("r2"), &mut BTreeSet::new()).unwrap().policies.is_empty());
    assert!(shown(&world, &NodeId::lit("r9"), &mut BTreeSet::new()).is_none());
}
