//! Against brute force: each failure walked afresh, each promise judged in a few lines of their own, and minimality by its
//! definition.

use proptest::prelude::*;
use traffic::{Failure, Flow, Network, Via, WHOLE};

use super::*;

const NODES: usize = 6;
const NAMES: [&str; NODES] = ["n0", "n1", "n2", "n3", "n4", "n5"];

/// A random small network, with services on random ways.
#[derive(Clone, Debug)]
struct Random {
    /// Beside a ring: chords, with the delay of each link in milliseconds.
    chords: BTreeSet<(usize, usize)>,
    delays: Vec<u64>,
    risks: Vec<u8>,
    open: Vec<bool>,
    services: Vec<RandomService>,
}

#[derive(Clone, Debug)]
struct RandomService {
    ends: (usize, usize),
    most: u64,
    mbps: u64,
    encrypted: bool,
    drops: bool,
    /// Which way round the ring, and whether the other way is its backup.
    right: bool,
    backup: bool,
    srlg: bool,
}

fn random() -> impl Strategy<Value = Random> {
    let service = (
        (0..NODES, 1..NODES),
        prop_oneof![3..8_u64, 8..20_u64],
        prop_oneof![Just(1_u64), 20..80_u64],
        proptest::bool::weighted(0.3),
        any::<[bool; 3]>(),
        proptest::bool::weighted(0.8),
    );
    let service = service.prop_map(|((from, step), most, mbps, encrypted, [drops, right, srlg], backup)| {
        RandomService {
            ends: (from, (from + step) % NODES),
            most,
            mbps,
            encrypted,
            drops,
            right,
            backup,
            srlg,
        }
    });
    (
        proptest::collection::btree_set((0..NODES, 2..NODES - 1), 0..4),
        proptest::collection::vec(1..4_u64, 16),
        proptest::collection::vec(0..4_u8, 16),
        proptest::collection::vec(proptest::bool::weighted(0.2), 16),
        proptest::collection::vec(service, 1..4),
    )
        .prop_map(|(chords, delays, risks, open, services)| Random {
            chords: chords.into_iter().map(|(a, step)| (a, (a + step) % NODES)).collect(),
            delays,
            risks,
            open,
            services,
        })
}

/// A service with its path and its backup.
type Placed = (Service, Vec<&'static str>, Option<Vec<&'static str>>);

impl Random {
    fn ted(&self) -> Ted {
        let mut ted = Ted::default();
        for (number, name) in NAMES.into_iter().enumerate() {
            ted.nodes.insert(NodeId::lit(name), node(name, number as u32 + 1));
        }
        let ring = (0..NODES).map(|number| (number, (number + 1) % NODES));
        for (number, (a, z)) in ring.chain(self.chords.iter().copied()).enumerate() {
            let mut line = link(number as u32, NAMES[a], NAMES[z], self.delays[number] * 1_000);
            line.id = LinkId::lit(&format!("{}--{}--{number}", NAMES[a], NAMES[z]));
            if self.risks[number] > 0 {
                line.srlg.insert(format!("risk{}", self.risks[number]));
            }
            if !self.open[number] {
                line.encryption = Encryption::Macsec;
            }
            ted.links.insert(line.id.clone(), line);
        }
        ted
    }

    fn built(&self) -> Built {
        let mut ways: Vec<Placed> = Vec::new();
        for (number, random) in self.services.iter().enumerate() {
            let (from, to) = random.ends;
            let walk = |right: bool| -> Vec<&'static str> {
                let step = if right { 1 } else { NODES - 1 };
                let mut way = vec![from];
                while way[way.len() - 1] != to {
                    way.push((way[way.len() - 1] + step) % NODES);
                }
                way.into_iter().map(|node| NAMES[node]).collect()
            };
            let mut service = service(&format!("s{number}"), NAMES[from], NAMES[to]);
            service.slo.one_way_delay = Some(Delay::from_micros(random.most * 1_000));
            service.slo.bandwidth = Some(Bandwidth::from_bps(random.mbps * 1_000_000));
            service.sle.encrypted = random.encrypted;
            if random.srlg {
                service.sle.diversity = model::intent::Diversity::Srlg;
            }
            let backup = random.backup.then(|| walk(!random.right));
            ways.push((service, walk(random.right), backup));
        }
        let placed: Vec<crate::fixture::Placement<'_>> = ways
            .iter()
            .map(|(service, one, two)| (service.clone(), one.as_slice(), two.as_deref()))
            .collect();
        let mut built = build(self.ted(), &placed);
        for (random, service) in self.services.iter().zip(built.set.services.values()) {
            for device in built.desired.devices.values_mut() {
                for policy in device.policies.values_mut() {
                    if policy.name == format!("tl-{}", service.id) && random.drops {
                        policy.last_resort = LastResort::Drop;
                    }
                }
            }
        }
        built
    }
}

/// A failure as the links and the node that it takes away.
type Gone = (BTreeSet<LinkId>, Option<NodeId>);

fn gone(failure: &Failure, ted: &Ted) -> Gone {
    let of = |with: &dyn Fn(&model::Link) -> bool| -> BTreeSet<LinkId> {
        ted.links.values().filter(|link| with(link)).map(|link| link.id.clone()).collect()
    };
    match failure {
        Failure::None => Gone::default(),
        Failure::Links(links) => (links.clone(), None),
        Failure::Srlg(risk) => (of(&|link| link.srlg.contains(risk)), None),
        Failure::Node(node) => (of(&|link| link.a.node == *node || link.z.node == *node), Some(node.clone())),
    }
}

/// Whether a flow is exposed, and whether it breaks any other promise than that of bandwidth.
fn judged(flow: &Flow, service: &Service, verdict: &Verdict, gone: &Gone) -> (bool, bool) {
    let Verdict::Carried { directions, .. } = verdict else { unreachable!("all are carried") };
    let direction = directions.iter().find(|direction| flow_from(flow, direction)).unwrap();
    let clear = |route: &model::verdict::Route| route.path.hops.iter().all(|hop| !gone.0.contains(&hop.link));
    let survives = clear(&direction.primary) || direction.backup.as_ref().is_some_and(clear);
    let nothing = gone.0.is_empty() && gone.1.is_none();
    let astray = match &flow.via {
        Via::Policy { key, preference, .. } => {
            (*key != direction.policy && (nothing || survives)) || (nothing && *preference != 200)
        }
        Via::Igp(_) => nothing || survives,
        Via::Dropped(_) => true,
    };
    let exposed = flow.arrives() && service.sle.encrypted && flow.crosses_unencrypted;
    let loops = flow.shares.iter().any(|(_, share)| *share > WHOLE);
    let slow = flow.delay.is_none_or(|delay| Some(delay) > service.slo.one_way_delay);
    (exposed, astray || loops || slow || Some(flow.loss) > service.slo.loss)
}

/// Demands are named by where they begin: see [`demands`].
fn flow_from(flow: &Flow, direction: &model::verdict::DirectionVerdict) -> bool {
    flow.demand.as_str().ends_with(&format!("/{}", direction.from))
}

/// One demand for each direction, named so that it can be found.
fn demands(built: &Built) -> Demands {
    let mut demands = Demands::new();
    for service in built.set.services.values() {
        for (from, to) in [(&service.a, &service.z), (&service.z, &service.a)] {
            let id = model::DemandId::lit(&format!("{}/{from}", service.id));
            let demand = model::Demand {
                id: id.clone(),
                service: Some(service.id.clone()),
                from: from.clone(),
                to: to.clone(),
                vrf: service.vrf.clone(),
                destination: None,
                dscp: crate::fixture::dscp(),
                rate: service.slo.bandwidth.unwrap(),
            };
            demands.insert(id, demand);
        }
    }
    demands
}

/// Which promise of which service, and what fails.
type Broken = BTreeMap<(ServiceId, bool), Vec<Gone>>;

/// All that breaks a promise, failure by failure.
fn brute(built: &Built, demands: &Demands, kinds: &[FailureKind]) -> Broken {
    let network = Network::new(&built.ted).unwrap();
    let forwarding = traffic::Forwarding::build(&network, &built.desired.devices);
    let witness = traffic::Witness::new(&network, &forwarding, demands);
    let failures =
        std::iter::once(Failure::None).chain(kinds.iter().flat_map(|kind| kind.failures(&network)));
    let mut broken = Broken::new();
    for failure in failures {
        let outcome = witness.walk(&failure).unwrap();
        let gone = gone(&failure, &built.ted);
        for (flow, demand) in outcome.flows.iter().zip(demands.values()) {
            let service = &built.set.services[demand.service.as_ref().unwrap()];
            if [&service.a, &service.z].contains(&gone.1.as_ref().unwrap_or(&NodeId::lit("none"))) {
                continue;
            }
            let (exposed, other) = judged(flow, service, &built.verdicts[&service.id], &gone);
            for (is, kept) in [(exposed, false), (other, true)] {
                let list = broken.entry((service.id.clone(), kept)).or_default();
                if is && !list.contains(&gone) {
                    list.push(gone.clone());
                }
            }
        }
    }
    broken
}

/// Of all that breaks a promise, what does not contain less that breaks it too. A pair of links is less likely than a risk, so that
/// it takes no risk or node off the list, however small it is.
fn minimal(singles: &Broken, pairs: &Broken) -> BTreeSet<(ServiceId, bool, Gone)> {
    let within =
        |less: &Gone, more: &Gone| less.0.is_subset(&more.0) && (less.1.is_none() || less.1 == more.1);
    let mut minimal = BTreeSet::new();
    for ((service, kept), list) in singles {
        let least = list.iter().filter(|gone| !list.iter().any(|less| less != *gone && within(less, gone)));
        minimal.extend(least.map(|gone| (service.clone(), *kept, gone.clone())));
        for pair in pairs.get(&(service.clone(), *kept)).into_iter().flatten() {
            if !list.iter().any(|less| within(less, pair)) {
                minimal.insert((service.clone(), *kept, pair.clone()));
            }
        }
    }
    minimal
}

fn told(verification: &Verification, ted: &Ted) -> BTreeSet<(ServiceId, bool, Gone)> {
    let mut told = BTreeSet::new();
    for violation in &verification.violations {
        if violation.code == codes::NOT_DIVERSE {
            continue;
        }
        for failed in &violation.failures {
            let links = || failed.names.iter().map(|name| LinkId::lit(name)).collect();
            let failure = match violation.kind {
                FailureKind::None => Failure::None,
                FailureKind::Link | FailureKind::TwoLinks => Failure::Links(links()),
                FailureKind::Node => Failure::Node(NodeId::lit(&failed.names[0])),
                FailureKind::Srlg => Failure::Srlg(failed.names[0].clone()),
            };
            let kept = violation.code != codes::UNENCRYPTED;
            told.insert((violation.service.clone(), kept, gone(&failure, ted)));
        }
    }
    told
}

fn verified(built: &Built, demands: &Demands, kinds: &[FailureKind], threads: usize) -> Verification {
    let Built { desired, set, verdicts, ted, .. } = built;
    verify(&Question { desired, set, verdicts, demands, ted, kinds, threads }, &|_| {}).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// Every promise has a loss, so that a line that is too small shows in the flows that suffer from it.
    #[test]
    fn violations_are_those_of_brute_force_and_minimal(
        random in random(),
        kinds in proptest::sample::subsequence(
            vec![FailureKind::Link, FailureKind::Node, FailureKind::Srlg, FailureKind::TwoLinks], 0..=4,
        ),
    ) {
        let built = random.built();
        let demands = demands(&built);
        let asked = super::kinds(&kinds);
        let verification = verified(&built, &demands, &kinds, 1);
        let (pairs, singles): (Vec<FailureKind>, Vec<FailureKind>) =
            asked.iter().partition(|kind| **kind == FailureKind::TwoLinks);
        let [singles, pairs] = [singles, pairs].map(|kinds| brute(&built, &demands, &kinds));
        prop_assert_eq!(told(&verification, &built.ted), minimal(&singles, &pairs));
        // The answer does not depend on the number of threads.
        for threads in [2, 3] {
            prop_assert_eq!(&verified(&built, &demands, &kinds, threads), &verification);
        }
    }

    /// Counts and worst values, against walks of everything.
    #[test]
    fn counts_and_worst_values_are_those_of_brute_force(random in random()) {
        let built = random.built();
        let demands = demands(&built);
        let kinds = [FailureKind::None, FailureKind::Link, FailureKind::TwoLinks];
        let verification = verified(&built, &demands, &kinds, 2);
        let network = Network::new(&built.ted).unwrap();
        let forwarding = traffic::Forwarding::build(&network, &built.desired.devices);
        let witness = traffic::Witness::new(&network, &forwarding, &demands);
        for view in &verification.services {
            let service = &built.set.services[&view.service];
            let (mut delay, mut spare) = (None, None);
            for kind in kinds {
                let mut broken = 0;
                let failures: Vec<Failure> = match kind {
                    FailureKind::None => vec![Failure::None],
                    kind => kind.failures(&network).collect(),
                };
                for failure in &failures {
                    let outcome = witness.walk(failure).unwrap();
                    let mut bad = false;
                    for (flow, demand) in outcome.flows.iter().zip(demands.values()) {
                        if demand.service.as_ref() != Some(&view.service) {
                            continue;
                        }
                        let gone = gone(failure, &built.ted);
                        let (exposed, other) = judged(flow, service, &built.verdicts[&service.id], &gone);
                        bad |= exposed || other;
                        delay = delay.max(flow.delay);
                        if flow.arrives() {
                            let left = flow.edges().map(|edge| {
                                let offered = outcome.loads.edge(edge).offered().as_bps();
                                network.graph().edge(edge).bandwidth.saturating_sub(offered)
                            });
                            spare = spare.into_iter().chain(left).min();
                        }
                    }
                    broken += usize::from(bad);
                }
                let checks = view.checks.iter().find(|checks| checks.kind == kind).unwrap();
                // Diversity is judged once, beside the walks.
                let apart = verification.violations.iter().any(|violation| {
                    violation.service == view.service && violation.code == codes::NOT_DIVERSE
                });
                let beside = usize::from(kind == FailureKind::None && apart && broken == 0);
                prop_assert_eq!((checks.judged, checks.broken), (failures.len(), broken + beside));
            }
            prop_assert_eq!(view.worst_delay.as_ref().map(|worst| worst.value), delay);
            prop_assert_eq!(view.least_spare.as_ref().map(|least| least.value.as_bps()), spare);
        }
    }
}
