//! What a lab must show: traffic follows configuration and nothing else, faults are measured, cuts are survived, overload
//! drops where the queues say so.
#![allow(clippy::unwrap_used, reason = "what a test builds itself is sound, or the test fails")]

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
};

use model::{
    Bandwidth, CandidatePath, Classifier, Color, Delay, Demand, DemandId, Demands, DeviceConfig, Discipline,
    Fact, IgpMetric, InterfaceName, InterfaceQos, Jitter, Label, Link, LinkId, Loss, Node, NodeId, PolicyKey,
    QueueName, QueueShare, SegmentList, Sid, Span, SrPolicy, SteeringKey, SteeringRule, TeMetric, Ted,
    Timestamp, VrfName,
    link::{Contract, Direction, Encryption, Side, Termination},
    node::MsdSet,
    sr::{LabelBlock, LastResort},
};
use sim::{InterfaceState, UnknownName, UsedPath, World};
use traffic::{IgpReason, Via};

const MBPS: u64 = 1_000_000;

fn label(number: u32) -> Sid {
    Sid::Mpls(Label::try_from(number).unwrap())
}

fn node(index: u32, id: &str) -> Node {
    Node {
        id: NodeId::lit(id),
        role: None,
        site: None,
        location: None,
        labels: BTreeMap::new(),
        router_id: Ipv4Addr::from(0x0a00_0000 + index),
        locator: None,
        node_sid: Some(Fact::from_file(index)),
        next_csid: None,
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

fn link(id: &str, a: &str, z: &str, igp: u32) -> Link {
    let direction = Direction {
        bandwidth: Fact::from_file(Bandwidth::from_bps(100 * MBPS)),
        delay: Fact::from_file(Delay::from_micros(8_000)),
        jitter: Fact::from_file(Jitter::from_micros(200)),
        loss: Fact::from_file(Loss::ZERO),
        igp: Fact::from_file(IgpMetric(igp)),
        te: Fact::from_file(TeMetric(igp)),
        adjacency_label: None,
        end_x: None,
    };
    let end = |node: &str| Termination { node: NodeId::lit(node), interface: InterfaceName::lit(id) };
    Link {
        id: LinkId::lit(id),
        a: end(a),
        z: end(z),
        a_to_z: direction.clone(),
        z_to_a: direction,
        affinity: BTreeSet::new(),
        srlg: BTreeSet::new(),
        role: None,
        encryption: Encryption::None,
        contract: Contract::default(),
        price: None,
    }
}

/// hq to branch by `north` (cheap for the IGP) or by `south`.
fn ted() -> Ted {
    let nodes = ["hq", "north", "south", "branch"];
    let links = [
        link("hn", "hq", "north", 1),
        link("nb", "north", "branch", 1),
        link("hs", "hq", "south", 5),
        link("sb", "south", "branch", 5),
    ];
    Ted {
        nodes: (1..).zip(nodes).map(|(index, id)| (NodeId::lit(id), node(index, id))).collect(),
        links: links.into_iter().map(|link| (link.id.clone(), link)).collect(),
    }
}

fn demand(id: &str, dscp: &str, mbps: u64) -> Demand {
    Demand {
        id: DemandId::lit(id),
        service: None,
        from: NodeId::lit("hq"),
        to: NodeId::lit("branch"),
        vrf: VrfName::lit("bank"),
        destination: None,
        dscp: dscp.parse().unwrap(),
        rate: Bandwidth::from_bps(mbps * MBPS),
    }
}

fn demands(all: &[(&str, &str, u64)]) -> Demands {
    all.iter().map(|(id, dscp, mbps)| (DemandId::lit(id), demand(id, dscp, *mbps))).collect()
}

/// Voice by south, with a backup by north.
fn headend() -> DeviceConfig {
    let color = Color::try_from(1_000).unwrap();
    let key = PolicyKey { color, endpoint: IpAddr::V4(Ipv4Addr::new(10, 0, 0, 4)) };
    let candidate = |preference: u32, via: u32| CandidatePath {
        discriminator: preference,
        preference,
        name: format!("p{preference}"),
        lists: vec![SegmentList { weight: 1, sids: vec![label(16_000 + via), label(16_004)] }],
    };
    let policy = SrPolicy {
        key,
        name: "tl-voice".into(),
        binding_sid: None,
        candidates: vec![candidate(200, 3), candidate(100, 2)],
        last_resort: LastResort::Igp,
    };
    let rule = SteeringRule {
        key: SteeringKey { vrf: VrfName::lit("bank"), sequence: 10 },
        prefix: None,
        dscp: BTreeSet::from(["ef".parse().unwrap()]),
        color,
    };
    DeviceConfig {
        policies: BTreeMap::from([(key, policy)]),
        steering: BTreeMap::from([(rule.key.clone(), rule)]),
        ..DeviceConfig::default()
    }
}

fn hq() -> NodeId {
    NodeId::lit("hq")
}

fn at(millis: u64) -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000) + Span::from_millis(millis)
}

/// Voice and web from hq, configured, at moment zero.
fn world() -> World {
    let mut world = World::new(ted(), demands(&[("voice", "ef", 8), ("web", "be", 40)]), 7).unwrap();
    world.configure(&hq(), headend()).unwrap();
    world.advance(at(0));
    world
}

fn path(world: &World, id: &str) -> Vec<String> {
    world.links(&DemandId::lit(id)).iter().map(|hop| hop.link.to_string()).collect()
}

fn interface(world: &World, node: &str, link: &str) -> InterfaceState {
    world.state(&NodeId::lit(node)).unwrap().interfaces.remove(&InterfaceName::lit(link)).unwrap()
}

#[test]
fn a_class_whose_rule_is_deleted_follows_the_igp() {
    let mut world = world();
    assert_eq!(path(&world, "voice"), ["hs", "sb"]);
    assert_eq!(path(&world, "web"), ["hn", "nb"]);
    let mut config = world.config(&hq()).unwrap().clone();
    config.steering.clear();
    world.configure(&hq(), config).unwrap();
    world.advance(at(0));
    assert_eq!(path(&world, "voice"), ["hn", "nb"]);
    assert_eq!(world.flow(&DemandId::lit("voice")).unwrap().via, Via::Igp(IgpReason::NoRule));
}

#[test]
fn a_fault_shows_in_probes_and_in_the_truth_and_heals() {
    let mut world = world();
    let south = LinkId::lit("hs");
    let (delay, loss) = (Delay::from_micros(60_000), Loss::from_ppb(20_000_000));
    world.impair(&south, Some(Side::A), Some(delay), None, Some(loss)).unwrap();
    world.advance(at(1_000));
    let out = interface(&world, "hq", "hs");
    assert!((67_800..=68_200).contains(&out.delay.unwrap().as_micros()), "{:?}", out.delay);
    assert!((190..=210).contains(&out.jitter.unwrap().as_micros()), "{:?}", out.jitter);
    assert!((19_600_000..=20_400_000).contains(&out.loss.unwrap().as_ppb()), "{:?}", out.loss);
    let back = interface(&world, "south", "hs");
    assert!((7_920..=8_080).contains(&back.delay.unwrap().as_micros()), "{:?}", back.delay);
    assert_eq!(back.loss, Some(Loss::ZERO));
    let voice = world.flow(&DemandId::lit("voice")).unwrap();
    assert!(voice.delay.unwrap().as_micros() >= 76_000);
    assert_eq!(voice.loss, loss);
    world.heal(&south).unwrap();
    world.advance(at(2_000));
    assert_eq!(interface(&world, "hq", "hs").loss, Some(Loss::ZERO));
    assert_eq!(world.flow(&DemandId::lit("voice")).unwrap().loss, Loss::ZERO);
}

#[test]
fn a_cut_line_brings_the_backup_without_any_change_of_configuration() {
    let mut world = world();
    world.set_up(&LinkId::lit("sb"), false).unwrap();
    world.advance(at(0));
    assert_eq!(path(&world, "voice"), ["hn", "nb"]);
    let voice = world.flow(&DemandId::lit("voice")).unwrap();
    assert!(matches!(voice.via, Via::Policy { preference: 100, .. }), "{:?}", voice.via);
    assert_eq!(voice.loss, Loss::ZERO);
    let cut = interface(&world, "south", "sb");
    assert_eq!((cut.up, cut.delay, cut.loss), (false, None, None));
    world.set_up(&LinkId::lit("sb"), true).unwrap();
    world.advance(at(500));
    assert_eq!(path(&world, "voice"), ["hs", "sb"]);
}

#[test]
fn a_headend_shows_which_path_its_policy_uses_where_traffic_asks_for_it() {
    let mut world = world();
    let key = *headend().policies.keys().next().unwrap();
    let used = |world: &World| world.state(&hq()).unwrap().policies.get(&key).copied();
    let path = |preference: u32| Some(Some(UsedPath { preference, discriminator: preference }));
    assert_eq!(used(&world), path(200));
    world.set_up(&LinkId::lit("sb"), false).unwrap();
    world.advance(at(0));
    assert_eq!(used(&world), path(100));
    world.set_up(&LinkId::lit("nb"), false).unwrap();
    world.advance(at(0));
    assert_eq!(used(&world), Some(None), "no path of it is valid");
    assert!(world.state(&NodeId::lit("north")).unwrap().policies.is_empty());
    world.offer(demands(&[("web", "be", 40)]));
    world.advance(at(0));
    assert_eq!(used(&world), None, "nobody asks for it");
}

#[test]
fn the_igp_goes_around_a_cut_after_its_convergence_time() {
    let mut world = world();
    world.set_up(&LinkId::lit("hn"), false).unwrap();
    world.advance(at(199));
    let web = |world: &World| world.flow(&DemandId::lit("web")).unwrap().loss;
    assert_eq!(web(&world), Loss::ALL);
    let before = interface(&world, "south", "sb").out_octets;
    world.advance(at(1_200));
    assert_eq!(web(&world), Loss::ZERO);
    assert_eq!(path(&world, "web"), ["hs", "sb"]);
    // Voice all the time from 199 ms on, web only since 200 ms: 8 Mbit/s for 1001 ms, 40 Mbit/s for 1000 ms.
    let sent = interface(&world, "south", "sb").out_octets - before;
    assert_eq!(sent, (8 * 1_001 + 40 * 1_000) * 1_000 / 8);
}

#[test]
fn counters_add_up_however_often_the_clock_ticks() {
    let (mut once, mut often) = (world(), world());
    once.advance(at(10_000));
    for tick in 0..=1_000 {
        often.advance(at(10 * tick));
    }
    for node in ["hq", "north", "south", "branch"] {
        assert_eq!(once.state(&NodeId::lit(node)), often.state(&NodeId::lit(node)));
    }
    let out = interface(&once, "hq", "hn");
    assert_eq!((out.out_octets, out.out_pkts, out.out_drops), (50_000_000, 100_000, 0));
    assert_eq!(interface(&once, "north", "hn").in_octets, 50_000_000);
}

#[test]
fn what_a_line_loses_was_sent_but_not_received() {
    let mut world = world();
    let half = Some(Loss::from_ppb(500_000_000));
    world.impair(&LinkId::lit("hn"), None, None, None, half).unwrap();
    world.advance(at(1_000));
    assert_eq!(interface(&world, "hq", "hn").out_octets, 5_000_000);
    assert_eq!(interface(&world, "north", "hn").in_octets, 2_500_000);
}

#[test]
fn overload_drops_in_the_lowest_queue_and_spares_what_is_guaranteed() {
    let mut world = world();
    let queue = QueueName::lit;
    let share =
        |discipline, mbps: u64| QueueShare { discipline, guarantee: Bandwidth::from_bps(mbps * MBPS) };
    let qos = InterfaceQos {
        queues: BTreeMap::from([
            (queue("ef"), share(Discipline::Strict, 20)),
            (queue("af4"), share(Discipline::Weighted(4), 50)),
            (queue("be"), share(Discipline::Weighted(1), 0)),
        ]),
    };
    let config = DeviceConfig {
        qos: BTreeMap::from([(InterfaceName::lit("hn"), qos)]),
        classifier: Some(Classifier {
            queues: BTreeMap::from([
                ("ef".parse().unwrap(), queue("ef")),
                ("af41".parse().unwrap(), queue("af4")),
            ]),
        }),
        ..DeviceConfig::default()
    };
    world.configure(&hq(), config).unwrap();
    world.offer(demands(&[("voice", "ef", 20), ("gold", "af41", 50), ("web", "be", 60)]));
    world.advance(at(1_000));
    let queues = interface(&world, "hq", "hn").queues;
    let drops = |name: &str| queues[&queue(name)].drops;
    // 130 are offered to 100: 30 Mbit/s for a second are 7500 packets of 500 octets, all of them web's.
    assert_eq!((drops("ef"), drops("af4"), drops("be")), (0, 0, 7_500));
    assert_eq!(queues[&queue("be")].depth.as_ppm(), 1_000_000);
    assert!(queues[&queue("ef")].depth.as_ppm() < 1_000_000);
    let lost = |id: &str| world.flow(&DemandId::lit(id)).unwrap().loss;
    assert_eq!(
        (lost("voice"), lost("gold"), lost("web")),
        (Loss::ZERO, Loss::ZERO, Loss::from_ppb(500_000_000))
    );
    assert_eq!(interface(&world, "hq", "hn").out_drops, 7_500);
}

#[test]
fn a_code_point_counts_in_transit_only_where_the_interface_of_entry_is_bound() {
    let queue = QueueName::lit;
    let share = |weight, mbps: u64| QueueShare {
        discipline: Discipline::Weighted(weight),
        guarantee: Bandwidth::from_bps(mbps * MBPS),
    };
    let qos =
        InterfaceQos { queues: BTreeMap::from([(queue("af4"), share(4, 50)), (queue("be"), share(1, 0))]) };
    let config = DeviceConfig {
        qos: BTreeMap::from([(InterfaceName::lit("nb"), qos)]),
        classifier: Some(Classifier { queues: BTreeMap::from([("af41".parse().unwrap(), queue("af4"))]) }),
        classified: ["hn", "nb"].map(InterfaceName::lit).into(),
        ..DeviceConfig::default()
    };
    let mut world = world();
    let north = NodeId::lit("north");
    world.offer(demands(&[("gold", "af41", 40), ("web", "be", 50)]));
    // Beside what comes from the headquarters, the router has traffic of its own: nobody knows where that came in.
    let own = Demand { from: north.clone(), ..demand("own", "af41", 5) };
    let fill = Demand { from: north.clone(), ..demand("fill", "be", 55) };
    let mut all = world.demands().clone();
    all.extend([own, fill].map(|demand| (demand.id.clone(), demand)));
    world.offer(all);
    let lost = |world: &World, id: &str| world.flow(&DemandId::lit(id)).unwrap().loss;
    world.configure(&north, config.clone()).unwrap();
    world.advance(at(0));
    assert_eq!([lost(&world, "gold"), lost(&world, "own")], [Loss::ZERO; 2]);
    assert!(lost(&world, "web") > Loss::ZERO);
    // Somebody takes the binding away: what enters there is told apart no more, what is bound elsewhere is.
    let unbound = DeviceConfig { classified: [InterfaceName::lit("nb")].into(), ..config.clone() };
    world.configure(&north, unbound).unwrap();
    world.advance(at(1_000));
    assert_eq!(lost(&world, "own"), Loss::ZERO);
    assert!(lost(&world, "gold") > Loss::ZERO);
    assert_eq!(lost(&world, "gold"), lost(&world, "web"), "they share the lowest queue");
    world.configure(&north, config).unwrap();
    world.advance(at(2_000));
    assert_eq!(lost(&world, "gold"), Loss::ZERO);
}

#[test]
fn without_queues_all_suffer_alike() {
    let mut world = world();
    world.configure(&hq(), DeviceConfig::default()).unwrap();
    world.offer(demands(&[("voice", "ef", 25), ("web", "be", 100)]));
    world.advance(at(0));
    for id in ["voice", "web"] {
        assert_eq!(world.flow(&DemandId::lit(id)).unwrap().loss, Loss::from_ppb(200_000_000), "{id}");
    }
}

#[test]
fn equal_calls_give_equal_worlds_and_another_seed_other_probes() {
    let probes = |seed| {
        let mut world = World::new(ted(), Demands::new(), seed).unwrap();
        world.advance(at(0));
        let read = |millis| {
            world.advance(at(millis));
            interface(&world, "hq", "hn").delay.unwrap()
        };
        (1..20).map(|tick| 100 * tick).map(read).collect::<Vec<_>>()
    };
    assert_eq!(probes(1), probes(1));
    assert_ne!(probes(1), probes(2));
}

#[test]
fn a_router_that_is_off_takes_its_lines_down() {
    let mut world = world();
    world.set_node_up(&NodeId::lit("south"), false).unwrap();
    world.advance(at(300));
    assert!(!interface(&world, "hq", "hs").up);
    assert!(interface(&world, "hq", "hn").up);
    assert_eq!(path(&world, "voice"), ["hn", "nb"]);
}

#[test]
fn unknown_names_are_refused() {
    let mut world = world();
    let nobody = NodeId::lit("nobody");
    assert_eq!(world.configure(&nobody, DeviceConfig::default()), Err(UnknownName::Node(nobody.clone())));
    assert_eq!(world.set_up(&LinkId::lit("x"), false), Err(UnknownName::Link(LinkId::lit("x"))));
    assert_eq!(world.state(&nobody), None);
    assert_eq!(world.flow(&DemandId::lit("x")), None);
}
