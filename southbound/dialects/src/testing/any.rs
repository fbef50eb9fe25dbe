//! Configurations: one that a person reads, and any within the range of a vendor.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use ipnet::IpNet;
use model::{
    Bandwidth, CandidatePath, Classifier, Color, DeviceConfig, Discipline, InterfaceName, InterfaceQos,
    Label, PolicyKey, QueueName, QueueShare, SegmentList, Sid, SrPolicy, SteeringKey, SteeringRule, VrfName,
    sr::{Dataplane, LastResort},
    steering::Dscp,
};
use proptest::{collection, prelude::*, sample as choose};

/// What a vendor takes.
#[derive(Clone, Copy)]
pub(crate) struct Range {
    pub planes: &'static [Dataplane],
    pub drop: bool,
    /// Whether a policy has a binding SID, by data plane: always, perhaps, never.
    pub mpls_binding: &'static [bool],
    pub srv6_binding: &'static [bool],
    pub greatest_preference: u32,
    pub least_weight: u32,
    /// The longest name of a policy, and of a candidate path.
    pub names: (usize, usize),
    /// Queues by name; empty where there are none.
    pub queues: &'static [&'static str],
    pub interfaces: &'static [&'static str],
    /// Rates are multiples of it.
    pub rate: u64,
    pub greatest_weight: u8,
    /// Weighted queues of an interface that may have a guarantee.
    pub guarantees: usize,
    /// Whether it is told at which interfaces its classifier looks.
    pub bound: bool,
    /// VRFs that have rules by prefix; empty where there is no steering.
    pub vrfs: &'static [&'static str],
}

fn sid(plane: Dataplane) -> BoxedStrategy<Sid> {
    match plane {
        Dataplane::SrMpls => (16_u32..1 << 20).prop_map(|n| Sid::Mpls(Label::try_from(n).unwrap())).boxed(),
        Dataplane::Srv6 => any::<u64>()
            .prop_map(|n| Sid::Srv6((0xfd00_u128 << 112 | u128::from(n) << 40 | 1).into()))
            .boxed(),
    }
}

fn name(longest: usize) -> impl Strategy<Value = String> {
    collection::vec(choose::select(b"abcXYZ019.-/~:_@+".to_vec()), 1..=longest)
        .prop_map(|bytes| String::from_utf8(bytes).unwrap())
}

fn candidates(range: Range, plane: Dataplane) -> impl Strategy<Value = Vec<CandidatePath>> {
    let list = (range.least_weight..1000, collection::vec(sid(plane), 1..8))
        .prop_map(|(weight, sids)| SegmentList { weight, sids });
    let path = (name(range.names.1), collection::vec(list, 1..4));
    let preference = 1..=range.greatest_preference;
    collection::btree_map(preference, path, 1..4).prop_map(|paths| {
        let mut candidates = Vec::new();
        for (discriminator, (preference, (name, lists))) in (11_u32..).zip(paths.into_iter().rev()) {
            candidates.push(CandidatePath {
                discriminator,
                preference,
                name: format!("{name}{discriminator}"),
                lists,
            });
        }
        candidates
    })
}

fn policy(range: Range) -> impl Strategy<Value = SrPolicy> {
    choose::select(range.planes).prop_flat_map(move |plane| {
        let binding = match plane {
            Dataplane::SrMpls => range.mpls_binding,
            Dataplane::Srv6 => range.srv6_binding,
        };
        let endpoint = prop_oneof![
            any::<[u8; 2]>().prop_map(|[a, b]| std::net::IpAddr::from([10, a, b, 1])),
            any::<u16>().prop_map(|n| std::net::IpAddr::from([0xfd00, 0, n, 0, 0, 0, 0, 1])),
        ];
        let drop = if range.drop { &[LastResort::Igp, LastResort::Drop][..] } else { &[LastResort::Igp] };
        let whether = (choose::select(binding), sid(plane));
        (
            1..u32::MAX,
            endpoint,
            name(range.names.0 - 6),
            whether,
            candidates(range, plane),
            choose::select(drop),
        )
            .prop_map(|(color, endpoint, name, (whether, sid), candidates, last_resort)| SrPolicy {
                key: PolicyKey { color: Color::try_from(color).unwrap(), endpoint },
                name: format!("tl-{name}"),
                binding_sid: whether.then_some(sid),
                candidates,
                last_resort,
            })
    })
}

fn queues(range: Range) -> impl Strategy<Value = InterfaceQos> {
    let discipline =
        prop_oneof![Just(Discipline::Strict), (1..=range.greatest_weight).prop_map(Discipline::Weighted)];
    let share = (discipline, 0_u64..4000).prop_map(move |(discipline, rate)| QueueShare {
        discipline,
        guarantee: Bandwidth::from_bps(rate * range.rate),
    });
    collection::btree_map(choose::select(range.queues).prop_map(QueueName::lit), share, 1..5).prop_map(
        move |mut queues| {
            let weighted = queues.values_mut().filter(|share| share.discipline != Discipline::Strict);
            weighted.skip(range.guarantees).for_each(|share| share.guarantee = Bandwidth::default());
            InterfaceQos { queues }
        },
    )
}

fn classifier(range: Range) -> impl Strategy<Value = Classifier> {
    let dscp = (0_u8..64).prop_map(|number| Dscp::new(number).unwrap());
    collection::btree_map(dscp, choose::select(range.queues).prop_map(QueueName::lit), 1..12)
        .prop_map(|queues| Classifier { queues })
}

/// Rules by prefix alone.
fn steering(range: Range) -> BoxedStrategy<BTreeMap<SteeringKey, SteeringRule>> {
    if range.vrfs.is_empty() {
        return Just(BTreeMap::new()).boxed();
    }
    let net = |address: IpAddr, length: u8| IpNet::new(address, length).unwrap().trunc();
    let prefix = prop_oneof![
        (any::<[u8; 4]>(), 0_u8..=32).prop_map(move |(address, length)| net(address.into(), length)),
        (any::<[u16; 3]>(), 0_u8..=128)
            .prop_map(move |([a, b, c], length)| net(IpAddr::from([0xfd00, a, b, c, 0, 0, 0, 1]), length)),
    ];
    let rule = (choose::select(range.vrfs), any::<u32>(), prefix, 1..u32::MAX);
    collection::vec(rule, 0..6)
        .prop_map(|rules| {
            let rules = rules.into_iter().map(|(vrf, sequence, prefix, color)| SteeringRule {
                key: SteeringKey { vrf: VrfName::lit(vrf), sequence },
                prefix: Some(prefix),
                dscp: BTreeSet::new(),
                color: Color::try_from(color).unwrap(),
            });
            rules.map(|rule| (rule.key.clone(), rule)).collect()
        })
        .boxed()
}

/// Any configuration within a range. Names, binding SIDs and discriminators of policies differ, as allocation has them.
pub(crate) fn config(range: Range) -> BoxedStrategy<DeviceConfig> {
    let policies = collection::vec(policy(range), 0..4).prop_map(|policies| {
        let (mut found, mut sids) = (BTreeMap::new(), BTreeSet::new());
        for (place, mut policy) in (0_u32..).zip(policies) {
            policy.name.push_str(&format!("{place}"));
            policy.candidates.iter_mut().for_each(|path| path.discriminator += place * 10);
            if policy.binding_sid.is_none_or(|sid| sids.insert(sid)) {
                found.insert(policy.key, policy);
            }
        }
        found
    });
    if range.queues.is_empty() {
        return policies.prop_map(|policies| DeviceConfig { policies, ..Default::default() }).boxed();
    }
    let qos = collection::btree_map(
        choose::select(range.interfaces).prop_map(InterfaceName::lit),
        queues(range),
        0..3,
    );
    let most = if range.bound { range.interfaces.len() } else { 0 };
    let bound = choose::subsequence(range.interfaces.to_vec(), 0..=most);
    (policies, steering(range), qos, proptest::option::of((classifier(range), bound)))
        .prop_map(|(policies, steering, qos, classifier)| {
            let (classifier, bound) = classifier.unzip();
            let classified = bound.into_iter().flatten().map(InterfaceName::lit).collect();
            DeviceConfig { policies, steering, qos, classifier, classified }
        })
        .boxed()
}

/// A policy with a path of two weighted lists and a backup.
pub(crate) fn sample_policy(plane: Dataplane) -> SrPolicy {
    let (lists, backup, binding, endpoint) = match plane {
        Dataplane::SrMpls => ([["16001", "24002"], ["16003", "16007"]], "16005", "400001", "10.0.0.7"),
        Dataplane::Srv6 => (
            [["fd00:0:3:1::", "fd00:0:7:1::"], ["fd00:0:4:1::", "fd00:0:7:1::"]],
            "fd00:0:5:e002::",
            "fd00:0:1:4000::",
            "fd00:0:7::1",
        ),
    };
    let list = |weight, sids: &[&str]| SegmentList {
        weight,
        sids: sids.iter().map(|sid| sid.parse().unwrap()).collect(),
    };
    let [one, other] = lists;
    SrPolicy {
        key: PolicyKey { color: Color::try_from(1001).unwrap(), endpoint: endpoint.parse().unwrap() },
        name: "tl-voice/hq-pe1~hz-pe1".into(),
        binding_sid: Some(binding.parse().unwrap()),
        candidates: vec![
            CandidatePath {
                discriminator: 5,
                preference: 200,
                name: "primary".into(),
                lists: vec![list(3, &one), list(1, &other)],
            },
            CandidatePath {
                discriminator: 6,
                preference: 100,
                name: "backup".into(),
                lists: vec![list(1, &[backup])],
            },
        ],
        last_resort: LastResort::Igp,
    }
}

/// Queues and a classifier on one interface.
pub(crate) fn sample(interface: &str) -> DeviceConfig {
    let share =
        |discipline, mbps: u64| QueueShare { discipline, guarantee: Bandwidth::from_bps(mbps * 1_000_000) };
    let queues = BTreeMap::from([
        (QueueName::lit("ef"), share(Discipline::Strict, 20)),
        (QueueName::lit("af4"), share(Discipline::Weighted(40), 200)),
        (QueueName::lit("be"), share(Discipline::Weighted(10), 0)),
    ]);
    let points = [(46, "ef"), (34, "af4"), (32, "af4"), (0, "be")];
    let points = points.map(|(dscp, queue)| (Dscp::new(dscp).unwrap(), QueueName::lit(queue)));
    DeviceConfig {
        qos: BTreeMap::from([(InterfaceName::lit(interface), InterfaceQos { queues })]),
        classifier: Some(Classifier { queues: BTreeMap::from(points) }),
        ..Default::default()
    }
}
