use std::collections::{BTreeMap, BTreeSet};

use model::{
    Bandwidth, Delay, DeviceConfig, Feature, Features, InterfaceName, InterfaceQos, LinkId, Loss, NodeId,
    PolicyKey, QueueShare, Sid,
    allocation::BINDING_LABELS,
    hint::{Degradation, Relief},
    link::{DirectedLink, Side},
    sr::LastResort,
    verdict::DirectionVerdict,
};

use super::*;
use crate::tests::{CLASSES, SERVICES, compiled, minimal_ted, service, set_of, ted};

fn lit<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().unwrap()
}

fn directions<'a>(done: &'a Compilation, service: &str) -> &'a [DirectionVerdict] {
    match &done.verdicts[&lit::<ServiceId>(service)] {
        Verdict::Carried { directions, .. } => directions,
        refused @ Verdict::Refused { .. } => panic!("{refused:#?}"),
    }
}

fn links(direction: &DirectionVerdict) -> Vec<&str> {
    direction.primary.path.hops.iter().map(|hop| hop.link.as_str()).collect()
}

fn codes_of(done: &Compilation) -> Vec<(&str, &str)> {
    done.findings.iter().map(|finding| (finding.subject.as_str(), finding.code.as_str())).collect()
}

/// What the services that ride a link have seen on it.
fn relief(service: &str, seen: &[(&str, Side, u64)]) -> Hints {
    let degradation = |millis: u64| Degradation {
        delay: Some(Delay::from_micros(millis * 1000)),
        jitter: None,
        loss: None,
    };
    let seen = seen
        .iter()
        .map(|(link, from, millis)| (DirectedLink { link: lit(link), from: *from }, degradation(*millis)))
        .collect();
    let relief = Relief { seen, since: model::Timestamp::from_micros(1), why: "delay > 20ms".to_owned() };
    Hints { relief: BTreeMap::from([(lit(service), relief)]), ..Hints::default() }
}

#[test]
fn a_service_gets_a_policy_with_path_and_disjoint_backup_in_each_direction() {
    let ted = minimal_ted();
    let set = set_of(&[CLASSES, SERVICES], &ted);
    let done = compiled(&set, &ted, &Hints::default());
    assert_eq!(done.findings, []);
    for (id, verdict) in &done.verdicts {
        let Verdict::Carried { directions, .. } = verdict else { panic!("{id} is refused") };
        assert_eq!(directions.len(), 2);
        for direction in directions {
            let policy = &done.desired.devices[&direction.from].policies[&direction.policy];
            assert_eq!(policy.name, format!("tl-{id}"));
            let preferences: Vec<u32> = policy.candidates.iter().map(|path| path.preference).collect();
            assert_eq!(preferences, [PRIMARY_PREFERENCE, BACKUP_PREFERENCE]);
            assert_eq!(policy.candidates[0].lists[0].sids, direction.primary.segments);
            let backup = direction.backup.as_ref().unwrap();
            assert_eq!(policy.candidates[1].lists[0].sids, backup.segments);
            let primary: BTreeSet<_> = direction.primary.path.hops.iter().map(|hop| &hop.link).collect();
            assert!(backup.path.hops.iter().all(|hop| !primary.contains(&hop.link)), "{id}");
        }
        let reverse: Vec<DirectedLink> =
            directions[0].primary.path.hops.iter().rev().map(DirectedLink::reversed).collect();
        assert_eq!(reverse, directions[1].primary.path.hops);
    }
    assert_eq!(links(&directions(&done, "voice/hq-pe1~br-2")[0]).last(), Some(&"line1-br-2"));
    let payments = &directions(&done, "payments-br-1")[0];
    let policy = &done.desired.devices[&payments.from].policies[&payments.policy];
    assert_eq!(
        policy.last_resort,
        LastResort::Drop,
        "traffic that must be encrypted is dropped rather than exposed"
    );
}

#[test]
fn a_path_that_asks_for_it_is_pinned_link_by_link_without_encryption() {
    let ted = minimal_ted();
    let asked = "path: {dataplane: srv6, pin: links, prefer:";
    let text = SERVICES.replace("path: {dataplane: sr-mpls, prefer:", asked);
    assert!(text.contains(asked));
    let done = compiled(&set_of(&[CLASSES, &text], &ted), &ted, &Hints::default());
    let voice = directions(&done, "voice/hq-pe1~br-2");
    let routes = voice.iter().flat_map(|direction| [Some(&direction.primary), direction.backup.as_ref()]);
    for route in routes {
        let route = route.unwrap();
        let adjacency = |hop: &DirectedLink| {
            Sid::Srv6(ted.links[&hop.link].direction(hop.from).end_x.as_ref().unwrap().value)
        };
        assert_eq!(route.segments, route.path.hops.iter().map(adjacency).collect::<Vec<_>>());
    }
    let why = &voice[0].primary.why;
    assert!(why.iter().any(|one| one == "every link is pinned by its own segment"), "{why:?}");
    let policy = &done.desired.devices[&voice[0].from].policies[&voice[0].policy];
    assert_eq!(
        policy.last_resort,
        LastResort::Igp,
        "where path and backup are hit it may still follow the IGP"
    );
}

#[test]
fn numbers_are_unique_on_each_headend_and_within_their_blocks() {
    let ted = minimal_ted();
    let set = set_of(&[CLASSES, SERVICES], &ted);
    let done = compiled(&set, &ted, &Hints::default());
    for (node, config) in &done.desired.devices {
        let mut bindings = BTreeSet::new();
        let mut discriminators = BTreeSet::new();
        for policy in config.policies.values() {
            let sid = policy.binding_sid.unwrap();
            assert!(bindings.insert(sid), "{node} {sid}");
            match sid {
                Sid::Mpls(label) => assert!(BINDING_LABELS.contains(&label.number())),
                Sid::Srv6(address) => {
                    assert!(ted.nodes[node].locator.as_ref().unwrap().value.contains(&address))
                }
            }
            for path in &policy.candidates {
                assert!(discriminators.insert(path.discriminator));
                let sids = &path.lists[0].sids;
                assert!(!sids.is_empty() && sids.len() < 6, "{sids:?} leave no room for the service");
            }
        }
    }
}

#[test]
fn services_of_an_intent_share_their_steering_rules() {
    let ted = minimal_ted();
    let set = set_of(&[CLASSES, SERVICES], &ted);
    let done = compiled(&set, &ted, &Hints::default());
    let hq = &done.desired.devices[&lit::<NodeId>("hq-pe1")];
    assert_eq!((hq.policies.len(), hq.steering.len()), (3, 2));
    let rules: Vec<_> = hq.steering.values().collect();
    assert!(rules[0].prefix.is_some() && rules[1].prefix.is_none(), "the more specific rule stands first");
    let br = &done.desired.devices[&lit::<NodeId>("br-1")];
    assert!(br.steering.values().all(|rule| rule.prefix.is_none()), "prefixes lie behind the branch");
    let colors: BTreeSet<_> = br.policies.keys().map(|PolicyKey { color, .. }| *color).collect();
    assert!(br.steering.values().all(|rule| colors.contains(&rule.color)));
    let classifier = br.classifier.as_ref().unwrap();
    assert_eq!(classifier.queues[&lit("ef")].as_str(), "voice");
    assert_eq!(classifier.queues[&lit("af31")].as_str(), "business");
}

#[test]
fn classifiers_look_at_what_enters_by_every_interface_of_a_router_that_can_be_told_which() {
    let mut ted = minimal_ted();
    let set = set_of(&[CLASSES, SERVICES], &ted);
    let drained = Hints { drained_links: BTreeSet::from([lit("line1-br-1")]), ..Hints::default() };
    let interfaces = |ted: &Ted, node: &NodeId| -> BTreeSet<InterfaceName> {
        let ends = ted.links.values().flat_map(|link| [&link.a, &link.z]);
        ends.filter(|end| end.node == *node).map(|end| end.interface.clone()).collect()
    };
    for hints in [Hints::default(), drained] {
        let done = compiled(&set, &ted, &hints);
        assert!(done.desired.devices.values().any(|config| config.classified.len() > config.qos.len()));
        for (node, config) in &done.desired.devices {
            assert_eq!((config.classifier.is_some(), &config.classified), (true, &interfaces(&ted, node)));
        }
    }
    let core: NodeId = lit("core-1");
    let lacks = [(Feature::BoundClassifiers, "no leaf".to_owned())].into();
    ted.nodes.get_mut(&core).unwrap().features = Features { lacks, longest_name: None };
    let done = compiled(&set, &ted, &Hints::default());
    let config = &done.desired.devices[&core];
    assert!(config.classifier.is_some() && config.classified.is_empty(), "it classifies whatever enters");
}

#[test]
fn a_profile_for_all_interfaces_leaves_none_without_queues_and_guarantees_nothing_more() {
    let ted = minimal_ted();
    let everywhere = CLASSES.replacen("spec:\n  queues:", "spec:\n  interfaces: all\n  queues:", 1);
    assert_ne!(everywhere, CLASSES);
    let drained = Hints { drained_links: BTreeSet::from([lit("line1-br-1")]), ..Hints::default() };
    let crossed = compiled(&set_of(&[CLASSES, SERVICES], &ted), &ted, &drained);
    let all = compiled(&set_of(&[&everywhere, SERVICES], &ted), &ted, &drained);
    let queues = |done: &Compilation| -> BTreeMap<(NodeId, InterfaceName), InterfaceQos> {
        let each = |(node, device): (&NodeId, &DeviceConfig)| {
            let node = node.clone();
            device.qos.clone().into_iter().map(move |(interface, qos)| ((node.clone(), interface), qos))
        };
        done.desired.devices.iter().flat_map(each).collect()
    };
    let (crossed, all) = (queues(&crossed), queues(&all));
    assert!(crossed.len() < all.len());
    assert_eq!(all.len(), 2 * ted.links.len());
    for (end, qos) in &all {
        match crossed.get(end) {
            Some(same) => assert_eq!(qos, same, "{end:?}"),
            None => {
                let none = |share: &QueueShare| share.guarantee == Bandwidth::ZERO;
                assert!(!qos.queues.is_empty() && qos.queues.values().all(none), "{end:?}");
            }
        }
    }
}

#[test]
fn every_direction_of_a_carried_service_is_a_demand() {
    let ted = minimal_ted();
    let set = set_of(&[CLASSES, SERVICES], &ted);
    let done = compiled(&set, &ted, &Hints::default());
    assert_eq!(done.demands.len(), 6);
    let out = &done.demands[&lit::<DemandId>("payments-br-1:out")];
    assert_eq!((out.from.as_str(), out.rate), ("hq-pe1", Bandwidth::from_bps(20_000_000)));
    assert_eq!(out.destination, Some("10.16.0.0/16".parse().unwrap()));
    assert_eq!(done.demands[&lit::<DemandId>("payments-br-1:back")].destination, None);
}

#[test]
fn rules_and_demands_of_each_direction_go_by_the_prefixes_behind_its_end() {
    let ted = minimal_ted();
    let text = "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}
  match:
    - {prefix: 10.1.0.0/16, source: 10.101.0.0/16, dscp: [af21]}
    - {prefix: 10.2.0.0/16, source: 10.101.0.0/16, dscp: [af31]}
    - {prefix: 10.3.0.0/16, source: 10.102.0.0/24, dscp: [af21]}
    - {prefix: 10.4.0.0/16, dscp: [af31]}";
    let set = set_of(&[CLASSES, &service("x", text)], &ted);
    let done = compiled(&set, &ted, &Hints::default());
    let rules = |node: &str| -> Vec<String> {
        let rules = done.desired.devices[&lit(node)].steering.values();
        let shown = rules.map(|rule| {
            let points: Vec<String> = rule.dscp.iter().map(ToString::to_string).collect();
            let to = rule.prefix.map_or("any".to_owned(), |prefix| prefix.to_string());
            format!("{to} {}", points.join(" "))
        });
        shown.collect()
    };
    assert_eq!(
        rules("hq-pe1"),
        ["10.1.0.0/16 af21", "10.2.0.0/16 af31", "10.3.0.0/16 af21", "10.4.0.0/16 af31"]
    );
    assert_eq!(rules("br-1"), ["10.102.0.0/24 af21", "10.101.0.0/16 af21 af31", "any af31"], "longest first");
    assert_eq!(done.demands[&lit::<DemandId>("x:out")].destination, Some("10.1.0.0/16".parse().unwrap()));
    assert_eq!(done.demands[&lit::<DemandId>("x:back")].destination, Some("10.101.0.0/16".parse().unwrap()));
}

#[test]
fn relief_moves_one_service_and_nothing_else() {
    let ted = minimal_ted();
    let set = set_of(&[CLASSES, SERVICES], &ted);
    let before = compiled(&set, &ted, &Hints::default());
    let seen = [("line1-br-1", Side::A, 60), ("line1-br-1", Side::Z, 60)];
    let after = compiled(&set, &ted, &relief("voice/hq-pe1~br-1", &seen));
    assert_eq!(links(&directions(&after, "voice/hq-pe1~br-1")[0]).last(), Some(&"line2-br-1"));
    assert!(directions(&after, "voice/hq-pe1~br-1")[0].primary.why[0].contains("delay > 20ms"));
    for (node, config) in &before.desired.devices {
        let now = &after.desired.devices[node];
        assert_eq!(config.steering, now.steering);
        for (key, policy) in
            config.policies.iter().filter(|(_, policy)| policy.name != "tl-voice/hq-pe1~br-1")
        {
            assert_eq!(now.policies[key], *policy);
        }
    }
    assert_eq!(
        codes_of(&after),
        [("voice/hq-pe1~br-1", codes::BACKUP_WEAKER); 1],
        "the bad line is now the backup"
    );
}

#[test]
fn a_line_that_is_bad_in_one_direction_moves_both() {
    let ted = minimal_ted();
    let set = set_of(&[CLASSES, SERVICES], &ted);
    // Only from the branch: the search from headquarters alone would not see it.
    let after = compiled(&set, &ted, &relief("voice/hq-pe1~br-1", &[("line1-br-1", Side::A, 60)]));
    for direction in directions(&after, "voice/hq-pe1~br-1") {
        assert!(links(direction).contains(&"line2-br-1"));
    }
}

#[test]
fn where_no_path_keeps_the_promise_the_least_bad_one_carries_it() {
    let ted = minimal_ted();
    let set = set_of(&[CLASSES, SERVICES], &ted);
    let seen = [
        ("line1-br-1", Side::A, 90),
        ("line1-br-1", Side::Z, 90),
        ("line2-br-1", Side::A, 60),
        ("line2-br-1", Side::Z, 60),
    ];
    let after = compiled(&set, &ted, &relief("voice/hq-pe1~br-1", &seen));
    assert!(links(&directions(&after, "voice/hq-pe1~br-1")[0]).contains(&"line2-br-1"));
    assert!(codes_of(&after).contains(&("voice/hq-pe1~br-1", codes::PROMISE_AT_RISK)));
    assert!(after.findings.iter().all(|finding| !finding.is_error()));
}

#[test]
fn links_that_are_down_or_drained_carry_nothing() {
    let ted = minimal_ted();
    let set = set_of(&[CLASSES, SERVICES], &ted);
    let line: LinkId = lit("line1-br-1");
    let down = Hints { down: BTreeSet::from([line.clone()]), ..Hints::default() };
    let drained = Hints { drained_links: BTreeSet::from([line.clone()]), ..Hints::default() };
    let (down, drained) = (compiled(&set, &ted, &down), compiled(&set, &ted, &drained));
    for done in [&down, &drained] {
        assert!(!links(&directions(done, "payments-br-1")[0]).contains(&"line1-br-1"));
    }
    let found: BTreeSet<_> = codes_of(&down).into_iter().collect();
    let shared = |service| (service, codes::BACKUP_SHARES);
    assert!(
        found.contains(&shared("payments-br-1")) && found.contains(&shared("voice/hq-pe1~br-1")),
        "{found:?}"
    );
    let both = Hints { down: BTreeSet::from([line, lit("line2-br-1")]), ..Hints::default() };
    let both = compiled(&set, &ted, &both);
    assert!(matches!(both.verdicts[&lit::<ServiceId>("voice/hq-pe1~br-1")], Verdict::Refused { .. }));
    assert!(codes_of(&both).contains(&("voice/hq-pe1~br-1", codes::NO_PATH)));
    assert!(
        both.findings.iter().all(|finding| !finding.is_error()),
        "a failure must not stop the other services"
    );
    let node = Hints { drained_nodes: BTreeSet::from([lit("core-1"), lit("br-1")]), ..Hints::default() };
    let node = compiled(&set, &ted, &node);
    for service in set.services.keys() {
        let nodes = &directions(&node, service.as_str())[0].primary.path.nodes;
        assert!(nodes.iter().all(|name| name.as_str() != "core-1"), "{nodes:?}");
    }
}

#[test]
fn where_not_all_fits_the_highest_value_stays() {
    let ted = minimal_ted();
    let classes = CLASSES.replace("weight: 60", "weight: 50")
        + "---\napiVersion: trunkline/v1\nkind: TrafficClass\nmetadata: {name: bulk}\nspec: {value: 5, dscp: [af11], queue: default, profile: two-class}\n";
    let bulk =
        service("bulk", "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}\n  slo: {bandwidth: 60Mbps}")
            .replace("class: business", "class: bulk");
    let gold =
        service("gold", "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}\n  slo: {bandwidth: 60Mbps}");
    let more =
        service("more", "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}\n  slo: {bandwidth: 60Mbps}");
    let set = set_of(&[&classes, &bulk, &gold, &more], &ted);
    let done = compiled(&set, &ted, &Hints::default());
    assert!(links(&directions(&done, "gold")[0]).contains(&"line1-br-1"));
    assert!(links(&directions(&done, "more")[0]).contains(&"line2-br-1"));
    let Verdict::Refused { constraint, nearest, .. } = &done.verdicts[&lit::<ServiceId>("bulk")] else {
        panic!("bulk fits");
    };
    assert_eq!(constraint, "bandwidth");
    assert!(nearest.as_ref().unwrap().contains("40Mbps of 60Mbps"), "{nearest:?}");
    let error = done.findings.iter().find(|finding| finding.is_error()).unwrap();
    assert_eq!((error.subject.as_str(), error.code.as_str()), ("bulk", codes::DOES_NOT_FIT));
    assert!(
        !done.desired.devices[&lit::<NodeId>("hq-pe1")]
            .policies
            .values()
            .any(|policy| policy.name == "tl-bulk")
    );
    // The backups of both do not fit beside the paths: guarantees stay within the line, and it is said.
    assert!(codes_of(&done).contains(&("gold", codes::BACKUP_WEAKER)), "{:?}", codes_of(&done));
    within_the_lines(&done, &ted);
}

fn within_the_lines(done: &Compilation, ted: &Ted) {
    let leads = ted.interfaces();
    for (node, config) in &done.desired.devices {
        for (interface, qos) in &config.qos {
            let hop = &leads[&(node.clone(), interface.clone())];
            let bandwidth = ted.links[&hop.link].direction(hop.from).bandwidth.value;
            assert!(qos.guaranteed() <= bandwidth, "{node} {interface}: {} of {bandwidth}", qos.guaranteed());
        }
    }
}

#[test]
fn doubling_a_bandwidth_changes_exactly_the_interfaces_on_its_paths_and_backups() {
    let ted = minimal_ted();
    let set = set_of(&[CLASSES, SERVICES], &ted);
    let before = compiled(&set, &ted, &Hints::default());
    let mut doubled = set.clone();
    let id: ServiceId = lit("payments-br-1");
    doubled.services.get_mut(&id).unwrap().slo.bandwidth = Some(Bandwidth::from_bps(40_000_000));
    let after = compiled(&doubled, &ted, &Hints::default());
    let mut changed: BTreeSet<(NodeId, InterfaceName)> = BTreeSet::new();
    for (node, config) in &after.desired.devices {
        let old = &before.desired.devices[node];
        assert_eq!(
            (&old.policies, &old.steering, &old.classifier),
            (&config.policies, &config.steering, &config.classifier)
        );
        changed.extend(
            config
                .qos
                .iter()
                .filter(|(name, qos)| old.qos[*name] != **qos)
                .map(|(name, _)| (node.clone(), name.clone())),
        );
    }
    let mut ridden: BTreeSet<(NodeId, InterfaceName)> = BTreeSet::new();
    for direction in directions(&after, id.as_str()) {
        let backup = direction.backup.as_ref().unwrap();
        for hop in direction.primary.path.hops.iter().chain(&backup.path.hops) {
            let end = ted.links[&hop.link].end(hop.from);
            ridden.insert((end.node.clone(), end.interface.clone()));
        }
    }
    assert_eq!(changed, ridden);
}

#[test]
fn a_missing_number_is_a_finding() {
    let ted = minimal_ted();
    let set = set_of(&[CLASSES, SERVICES], &ted);
    let done = compile(&set, &ted, &Hints::default(), &Allocations::default());
    assert_eq!(done.findings.len(), 3);
    assert!(done.findings.iter().all(|finding| finding.code == codes::NO_ID && finding.is_error()));
    assert!(done.desired.devices.is_empty());
}

#[test]
fn a_path_deeper_than_the_headend_can_push_is_refused_with_both_numbers() {
    let text = include_str!("../../examples/minimal/network.yaml")
        .replace("name: hq-pe1, role: hq", "name: hq-pe1, msd: {mplsImposition: 1}, role: hq");
    let ted = ted(&text);
    let set = set_of(&[CLASSES, SERVICES], &ted);
    let done = compiled(&set, &ted, &Hints::default());
    let error = done.findings.iter().find(|finding| finding.code == codes::NOT_ENCODABLE).unwrap();
    assert!(error.message.contains("has room for 1"), "{}", error.message);
}

#[test]
fn names_for_devices_stay_short_and_apart() {
    let ted = minimal_ted();
    let mut services: Vec<Service> = set_of(&[CLASSES, SERVICES], &ted).services.into_values().collect();
    let mut one = services.remove(0);
    one.id = lit("支付/hq-pe1~br-1");
    let mut two = one.clone();
    two.id = lit("办公/hq-pe1~br-1");
    let names: BTreeSet<String> = [&one, &two].into_iter().map(policy_name).collect();
    assert_eq!(names.len(), 2);
    assert!(names.iter().all(|name| name.is_ascii() && name.len() <= 128 && name.starts_with("tl-")));
}

#[test]
fn a_headend_is_told_only_what_it_has_words_for() {
    let mut ted = minimal_ted();
    let text = service(
        "by-prefix-alone",
        "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}\n  match: [{prefix: 10.16.0.0/16, source: 10.1.0.0/16, marked: any}]",
    );
    let set = set_of(&[CLASSES, &text], &ted);
    let usual = compiled(&set, &ted, &Hints::default());
    let br_1: NodeId = lit("br-1");
    let lacks = [(Feature::Srv6BindingSids, "no leaf".to_owned())].into();
    ted.nodes.get_mut(&br_1).unwrap().features = Features { lacks, longest_name: Some(17) };
    let done = compiled(&set, &ted, &Hints::default());
    let policy = |done: &Compilation| done.desired.devices[&br_1].policies.values().next().unwrap().clone();
    assert_eq!(policy(&usual).name, "tl-by-prefix-alone");
    let told = policy(&done);
    assert_eq!((told.name.as_str(), told.binding_sid), ("tl-1000#0", None));
    assert_eq!(told.candidates, policy(&usual).candidates);
    let others = |done: &Compilation| {
        let others = done.desired.devices.iter().filter(|(node, _)| **node != br_1);
        others.map(|(node, config)| (node.clone(), config.clone())).collect::<Vec<_>>()
    };
    assert_eq!(others(&done), others(&usual), "all others are told the same as ever");
    // All code points are no condition, and the promise is judged by the marks of the class.
    let rules: Vec<_> = done.desired.devices[&br_1].steering.values().collect();
    assert_eq!(rules.len(), 1);
    assert_eq!((rules[0].prefix, rules[0].dscp.len()), (Some(lit("10.1.0.0/16")), 0));
    assert!(done.demands.values().all(|demand| demand.dscp == lit("af21")));
}

#[test]
fn loss_that_is_seen_moves_a_service_as_delay_does() {
    let ted = minimal_ted();
    let set = set_of(&[CLASSES, SERVICES], &ted);
    let mut hints = relief("voice/hq-pe1~br-1", &[("line1-br-1", Side::A, 5), ("line1-br-1", Side::Z, 5)]);
    for seen in hints.relief.values_mut().flat_map(|relief| relief.seen.values_mut()) {
        seen.loss = Some(Loss::from_ppb(20_000_000));
    }
    let after = compiled(&set, &ted, &hints);
    assert!(links(&directions(&after, "voice/hq-pe1~br-1")[0]).contains(&"line2-br-1"));
}

mod properties {
    use proptest::prelude::*;

    use super::*;
    use crate::tests::documents;

    /// Some intents with names, ends and bandwidths by chance; each in a VRF of its own, so that none claims another's packets.
    fn intents() -> impl Strategy<Value = Vec<String>> {
        let one = (0_usize..4, 1_u32..30, any::<bool>(), any::<bool>()).prop_map(|(ends, mbps, mpls, line2)| {
            let connectivity = [
                "{type: p2p, endpoints: [hq-pe1, br-1]}",
                "{type: p2p, endpoints: [br-1, br-2], bidirectional: false}",
                "{type: hub-spoke, hubs: [hq-pe1, core-2], spokes: {role: branch}, pairing: alternate}",
                "{type: mesh, members: {nodes: \"br-*\"}}",
            ][ends];
            let plane = if mpls { "sr-mpls" } else { "srv6" };
            let prefer = if line2 { "[{affinity: line2}]" } else { "[]" };
            format!("  connectivity: {connectivity}\n  slo: {{bandwidth: {mbps}Mbps, oneWayDelay: 60ms}}\n  path: {{dataplane: {plane}, prefer: {prefer}}}")
        });
        prop::collection::vec(one, 1..6).prop_map(|bodies| {
            bodies.iter().enumerate().map(|(place, body)| service(&format!("s{place}"), body)).collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_order_of_documents_changes_nothing(texts in intents(), by in 0_usize..5) {
            let ted = minimal_ted();
            let mut docs = documents(&texts.iter().map(String::as_str).chain([CLASSES]).collect::<Vec<_>>());
            let (set, _) = crate::validate(&docs, &ted).unwrap();
            let len = docs.len();
            docs.rotate_left(by % len);
            docs.reverse();
            let (turned, _) = crate::validate(&docs, &ted).unwrap();
            prop_assert_eq!(&set, &turned);
            prop_assert_eq!(compiled(&set, &ted, &Hints::default()), compiled(&turned, &ted, &Hints::default()));
        }

        #[test]
        fn adding_an_intent_changes_no_others_numbers(texts in intents()) {
            let ted = minimal_ted();
            let few: Vec<&str> = texts.iter().skip(1).map(String::as_str).chain([CLASSES]).collect();
            let all: Vec<&str> = texts.iter().map(String::as_str).chain([CLASSES]).collect();
            let (few, all) = (set_of(&few, &ted), set_of(&all, &ted));
            let ids = Allocations::default().extended(&few).unwrap();
            let more = ids.extended(&all).unwrap();
            let (before, after) = (compile(&few, &ted, &Hints::default(), &ids), compile(&all, &ted, &Hints::default(), &more));
            for (node, config) in &before.desired.devices {
                let now = &after.desired.devices[node];
                prop_assert!(config.steering.iter().all(|(key, rule)| now.steering.get(key) == Some(rule)));
                for (key, policy) in &config.policies {
                    // With less bandwidth left, a path may differ; its identity may not.
                    let Some(now) = now.policies.get(key) else { continue };
                    prop_assert_eq!((&policy.name, policy.binding_sid), (&now.name, now.binding_sid));
                    let numbers = |policy: &model::SrPolicy| policy.candidates.iter().map(|path| path.discriminator).min();
                    prop_assert_eq!(numbers(policy), numbers(now));
                }
            }
        }

        #[test]
        fn segment_lists_fit_and_guarantees_stay_within_the_lines(texts in intents()) {
            let ted = minimal_ted();
            let set = set_of(&texts.iter().map(String::as_str).chain([CLASSES]).collect::<Vec<_>>(), &ted);
            let done = compiled(&set, &ted, &Hints::default());
            within_the_lines(&done, &ted);
            prop_assert_eq!(done.verdicts.len(), set.services.len());
            for (node, config) in &done.desired.devices {
                let msd = ted.nodes[node].msd.value;
                for list in config.policies.values().flat_map(|policy| &policy.candidates).flat_map(|path| &path.lists) {
                    prop_assert!(!list.sids.is_empty());
                    prop_assert!(list.sids.len() < usize::from(msd.mpls_imposition.min(msd.srv6_encaps)));
                }
            }
        }
    }
}
