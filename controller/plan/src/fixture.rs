//! A small network and desired states over it, for the tests of this crate.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    ActualState, Affinity, Allocations, Bandwidth, CandidatePath, ClassName, Classifier, Color, Condition,
    Delay, DesiredState, DeviceConfig, DeviceReading, DirectedLink, Discipline, Fact, IgpMetric, IntentId,
    IntentSet, InterfaceName, InterfaceQos, Jitter, Label, Link, LinkId, Loss, Node, NodeId, Path, PolicyKey,
    Price, QosProfile, QueueName, QueueShare, Ratio, Revision, Scheduling, SegmentList, Service, ServiceId,
    Sid, Side, Slo, Span, SrPolicy, SteeringKey, SteeringRule, TeMetric, Ted, Timestamp, TrafficClass,
    Verdict, VrfName,
    intent::{Assurance, Match, Mode, PathPreference, Sle},
    link::{Contract, Direction, Encryption, Termination},
    node::MsdSet,
    sr::{LabelBlock, LastResort},
    state::Foreign,
    steering::Dscp,
    verdict::{DirectionVerdict, Route},
};

pub(crate) const SRGB: u32 = 16_000;

pub(crate) fn node(id: &str, index: u32) -> Node {
    Node {
        id: NodeId::lit(id),
        role: None,
        site: None,
        location: None,
        labels: BTreeMap::new(),
        router_id: std::net::Ipv4Addr::new(10, 0, (index >> 8) as u8, (index & 0xff) as u8),
        locator: None,
        node_sid: Some(Fact::from_file(index)),
        next_csid: None,
        service_function: None,
        srgb: LabelBlock { base: SRGB, size: 8_000 },
        srlb: LabelBlock { base: 15_000, size: 1_000 },
        msd: Fact::from_file(MsdSet::default()),
        queues: 8,
        overload: false,
        dialect: "openconfig".into(),
        features: model::Features::default(),
    }
}

/// Adjacency labels are 15000 plus twice the number of the link, plus one for side Z.
pub(crate) fn link(number: u32, a: &str, z: &str, delay_us: u64) -> Link {
    let direction = |side: u32| Direction {
        bandwidth: Fact::from_file(Bandwidth::from_bps(100_000_000)),
        delay: Fact::from_file(Delay::from_micros(delay_us)),
        jitter: Fact::from_file(Jitter::from_micros(100)),
        loss: Fact::from_file(Loss::ZERO),
        igp: Fact::from_file(IgpMetric(10)),
        te: Fact::from_file(TeMetric(10)),
        adjacency_label: Some(Fact::from_file(
            Label::try_from(15_000 + number * 2 + side).expect("in range"),
        )),
        end_x: None,
    };
    let end = |node: &str, other: &str| Termination {
        node: NodeId::lit(node),
        interface: InterfaceName::lit(&format!("{node}-{other}-{number}")),
    };
    Link {
        id: LinkId::lit(&format!("{a}--{z}")),
        a: end(a, z),
        z: end(z, a),
        a_to_z: direction(0),
        z_to_a: direction(1),
        affinity: BTreeSet::<Affinity>::new(),
        srlg: BTreeSet::new(),
        role: None,
        encryption: Encryption::None,
        contract: Contract::default(),
        price: Some(Price(1)),
    }
}

/// Two ways from `a` to `d`: over `b` in 2 ms, over `c` in 4 ms.
pub(crate) fn diamond() -> Ted {
    let nodes =
        [("a", 1), ("b", 2), ("c", 3), ("d", 4)].map(|(id, index)| (NodeId::lit(id), node(id, index)));
    let links =
        [("a", "b", 1_000), ("b", "d", 1_000), ("a", "c", 2_000), ("c", "d", 2_000)].into_iter().zip(1..);
    let links = links.map(|((a, z, delay), number)| link(number, a, z, delay));
    Ted { nodes: nodes.into(), links: links.map(|link| (link.id.clone(), link)).collect() }
}

pub(crate) fn service(name: &str, a: &str, z: &str) -> Service {
    Service {
        id: ServiceId::lit(name),
        intent: IntentId::lit(name.split('/').next().unwrap_or(name)),
        owner: None,
        a: NodeId::lit(a),
        z: NodeId::lit(z),
        bidirectional: true,
        co_routed: true,
        matches: vec![Match { prefix: None, source: None, dscp: BTreeSet::from([dscp()]) }],
        vrf: VrfName::lit("production"),
        class: ClassName::lit("production"),
        slo: Slo {
            one_way_delay: Some("5ms".parse().expect("a literal")),
            bandwidth: Some("10Mbps".parse().expect("a literal")),
            loss: Some("0.1%".parse().expect("a literal")),
            ..Slo::default()
        },
        budgets: BTreeMap::new(),
        sle: Sle::default(),
        path: PathPreference::default(),
        assurance: Assurance {
            breach: Condition::Any { any: Vec::new() },
            hold: Span::from_secs(3),
            improvement_margin: Ratio::ZERO,
            hold_down: Span::from_secs(30),
            wait_to_restore: Span::from_secs(120),
            mode: Mode::Act,
        },
        when: None,
    }
}

pub(crate) fn dscp() -> Dscp {
    "af41".parse().expect("a literal")
}

pub(crate) fn set(services: &[Service]) -> IntentSet {
    let class = TrafficClass {
        name: ClassName::lit("production"),
        value: 100,
        dscp: BTreeSet::from([dscp()]),
        queue: QueueName::lit("af4"),
        profile: "two".into(),
    };
    let queues = [("af4", 60), ("be", 40)].map(|(name, weight)| {
        (QueueName::lit(name), Scheduling { discipline: Discipline::Weighted(weight) })
    });
    let profile = QosProfile { name: "two".into(), queues: queues.into(), everywhere: false };
    IntentSet {
        classes: BTreeMap::from([(class.name.clone(), class)]),
        profiles: BTreeMap::from([("two".into(), profile)]),
        services: services.iter().map(|service| (service.id.clone(), service.clone())).collect(),
        alarms: BTreeMap::new(),
        steered: BTreeMap::new(),
        windows: BTreeMap::new(),
    }
}

/// A state of the network as a compilation would leave it.
pub(crate) struct Built {
    pub(crate) ted: Ted,
    pub(crate) set: IntentSet,
    pub(crate) ids: Allocations,
    pub(crate) desired: DesiredState,
    pub(crate) verdicts: BTreeMap<ServiceId, Verdict>,
}

/// Where a service goes and where its backup goes.
pub(crate) type Placement<'a> = (Service, &'a [&'a str], Option<&'a [&'a str]>);

/// Puts services on explicit paths, pinned by adjacency segments; queues get what is promised there.
pub(crate) fn build(ted: Ted, placed: &[Placement<'_>]) -> Built {
    build_after(&Allocations::default(), ted, placed)
}

/// The same with the numbers that were given before.
pub(crate) fn build_after(ids: &Allocations, ted: Ted, placed: &[Placement<'_>]) -> Built {
    let services: Vec<Service> = placed.iter().map(|(service, _, _)| service.clone()).collect();
    let set = set(&services);
    let ids = ids.extended(&set).expect("few services");
    let mut built = Built { ted, set, ids, desired: DesiredState::default(), verdicts: BTreeMap::new() };
    for (service, primary, backup) in placed {
        built.place(service, primary, *backup);
    }
    built
}

impl Built {
    fn place(&mut self, service: &Service, primary: &[&str], backup: Option<&[&str]>) {
        let color = self.ids.colors[&service.intent];
        let mut directions = Vec::new();
        for reverse in [false, true] {
            let turned = |nodes: &[&str]| -> Vec<NodeId> {
                let nodes = nodes.iter().map(|name| NodeId::lit(name));
                if reverse { nodes.rev().collect() } else { nodes.collect() }
            };
            let primary = self.route(turned(primary));
            let backup = backup.map(|nodes| self.route(turned(nodes)));
            let (from, to) =
                (primary.path.nodes[0].clone(), primary.path.nodes.last().expect("a path has nodes").clone());
            let key = PolicyKey { color, endpoint: self.ted.nodes[&to].router_id.into() };
            for (route, guarantee) in [(Some(&primary), true), (backup.as_ref(), false)] {
                for hop in route.into_iter().flat_map(|route| &route.path.hops) {
                    self.queue(hop, service.slo.bandwidth.filter(|_| guarantee).unwrap_or_default());
                }
            }
            let device = self.desired.devices.entry(from.clone()).or_default();
            device.policies.insert(key, policy(service, key, &primary, backup.as_ref()));
            let rule = SteeringKey { vrf: service.vrf.clone(), sequence: color.number() * 10 };
            let dscp = service.matches[0].dscp.clone();
            device.steering.insert(rule.clone(), SteeringRule { key: rule, prefix: None, dscp, color });
            device.classifier =
                Some(Classifier { queues: BTreeMap::from([(self::dscp(), QueueName::lit("af4"))]) });
            let ends = self.ted.links.values().flat_map(|link| [&link.a, &link.z]);
            device.classified =
                ends.filter(|end| end.node == from).map(|end| end.interface.clone()).collect();
            let domains = Vec::new();
            directions.push(DirectionVerdict { from, to, policy: key, primary, backup, domains });
        }
        let verdict = Verdict::Carried { service: service.id.clone(), directions };
        self.verdicts.insert(service.id.clone(), verdict);
    }

    fn queue(&mut self, hop: &DirectedLink, more: Bandwidth) {
        let end = self.ted.links[&hop.link].end(hop.from);
        let device = self.desired.devices.entry(end.node.clone()).or_default();
        let qos = device.qos.entry(end.interface.clone()).or_insert_with(|| qos(&[("af4", 0), ("be", 0)]));
        let share = qos.queues.get_mut(&QueueName::lit("af4")).expect("every interface has it");
        share.guarantee = share.guarantee.saturating_add(more);
    }

    fn route(&self, nodes: Vec<NodeId>) -> Route {
        let hops: Vec<DirectedLink> =
            nodes.windows(2).map(|pair| hop(&self.ted, &pair[0], &pair[1])).collect();
        let facts = || hops.iter().map(|hop| self.ted.links[&hop.link].direction(hop.from));
        let segments = facts()
            .map(|facts| Sid::Mpls(facts.adjacency_label.as_ref().expect("every line has one").value))
            .collect();
        let path = Path {
            delay: facts().map(|facts| facts.delay.value).sum(),
            jitter: facts().map(|facts| facts.jitter.value).sum(),
            loss: facts().fold(Loss::ZERO, |loss, facts| loss.then(facts.loss.value)),
            price: Price(hops.len() as u64),
            spare: Bandwidth::from_bps(100_000_000),
            hops,
            nodes,
        };
        Route { path, segments, why: vec!["shortest delay".into()] }
    }

    /// All devices hold exactly what is desired.
    pub(crate) fn actual(&self) -> ActualState {
        actual(&self.desired)
    }
}

pub(crate) fn hop(ted: &Ted, from: &NodeId, to: &NodeId) -> DirectedLink {
    ted.links
        .values()
        .flat_map(|link| [(Side::A, link), (Side::Z, link)])
        .find(|(side, link)| link.end(*side).node == *from && link.end(side.other()).node == *to)
        .map(|(from, link)| DirectedLink { link: link.id.clone(), from })
        .expect("they are neighbours")
}

fn policy(service: &Service, key: PolicyKey, primary: &Route, backup: Option<&Route>) -> SrPolicy {
    let candidates = [(200, "primary", Some(primary)), (100, "backup", backup)];
    let candidate = |(preference, name, route): (u32, &str, Option<&Route>)| {
        Some(CandidatePath {
            discriminator: preference,
            preference,
            name: name.into(),
            lists: vec![SegmentList { weight: 1, sids: route?.segments.clone() }],
        })
    };
    SrPolicy {
        key,
        name: format!("tl-{}", service.id),
        binding_sid: None,
        candidates: candidates.into_iter().filter_map(candidate).collect(),
        last_resort: LastResort::Igp,
    }
}

pub(crate) fn qos(shares: &[(&str, u64)]) -> InterfaceQos {
    let share = |(name, mbps): &(&str, u64)| {
        let guarantee = Bandwidth::from_bps(mbps * 1_000_000);
        (QueueName::lit(name), QueueShare { discipline: Discipline::Weighted(50), guarantee })
    };
    InterfaceQos { queues: shares.iter().map(share).collect() }
}

pub(crate) fn read(owned: DeviceConfig) -> DeviceReading {
    DeviceReading::Read { owned, foreign: Foreign::default(), at: Timestamp::default() }
}

pub(crate) fn actual(desired: &DesiredState) -> ActualState {
    let devices = desired.devices.iter().map(|(node, config)| (node.clone(), read(config.clone()))).collect();
    ActualState { revision: Revision(7), devices }
}

/// Every device of a network is there and holds nothing.
pub(crate) fn bare(ted: &Ted) -> ActualState {
    let devices = ted.nodes.keys().map(|node| (node.clone(), read(DeviceConfig::default()))).collect();
    ActualState { revision: Revision(1), devices }
}

pub(crate) fn color(number: u32) -> Color {
    Color::try_from(number).expect("in range")
}
