use std::collections::BTreeSet;

use model::{DeviceConfig, Sid, SrPolicy};
use proptest::{collection::btree_map, option, prelude::*};

use super::*;
use crate::fixture::{actual, bare, build, color, diamond, qos, read, service};

fn key(number: u32) -> PolicyKey {
    PolicyKey { color: color(number), endpoint: std::net::IpAddr::from([10, 0, 0, number as u8]) }
}

fn some_policy(number: u32, label: u32) -> SrPolicy {
    let list =
        model::SegmentList { weight: 1, sids: vec![Sid::Mpls(model::Label::try_from(label).unwrap())] };
    let path =
        model::CandidatePath { discriminator: 1, preference: 200, name: "p".into(), lists: vec![list] };
    SrPolicy {
        key: key(number),
        name: format!("tl-{number}"),
        binding_sid: None,
        candidates: vec![path],
        last_resort: model::sr::LastResort::Igp,
    }
}

fn some_rule(sequence: u32, number: u32) -> SteeringRule {
    let key = SteeringKey { vrf: model::VrfName::lit("v"), sequence };
    SteeringRule { key, prefix: None, dscp: BTreeSet::new(), color: color(number) }
}

prop_compose! {
    pub(crate) fn config()(
        policies in btree_map(1_u32..6, 16_u32..19, 0..5),
        rules in btree_map(1_u32..6, 1_u32..6, 0..5),
        shares in btree_map(0_u32..4, 0_u64..3, 0..4),
        marks in option::of(0_u8..2),
        bound in 0_u32..16,
    ) -> DeviceConfig {
        let classifier = marks.map(|mark| Classifier {
            queues: BTreeMap::from([(model::steering::Dscp::new(mark).unwrap(), model::QueueName::lit("q"))]),
        });
        DeviceConfig {
            policies: policies.into_iter().map(|(n, label)| (key(n), some_policy(n, label))).collect(),
            steering: rules.into_iter().map(|(s, n)| some_rule(s, n)).map(|rule| (rule.key.clone(), rule)).collect(),
            qos: shares
                .into_iter()
                .map(|(n, share)| (InterfaceName::lit(&format!("eth{n}")), qos(&[("q", share)])))
                .collect(),
            classifier,
            classified: interfaces(bound),
        }
    }
}

/// The interfaces of a set of bits.
fn interfaces(set: u32) -> BTreeSet<InterfaceName> {
    (0_u32..4).filter(|bit| set >> bit & 1 == 1).map(|n| InterfaceName::lit(&format!("eth{n}"))).collect()
}

prop_compose! {
    fn foreign()(
        policies in 0_u32..64,
        rules in 0_u32..64,
        vrfs in proptest::sample::subsequence(vec![model::VrfName::lit("v")], 0..=1),
        shares in 0_u32..16,
        bound in 0_u32..16,
    ) -> Foreign {
        let bits = |set: u32| (0_u32..6).filter(move |bit| set >> bit & 1 == 1);
        Foreign {
            policies: bits(policies).map(|n| (key(n + 1), "by-hand".to_owned())).collect(),
            steering: bits(rules).map(|n| some_rule(n + 1, 1).key).collect(),
            vrfs: vrfs.into_iter().collect(),
            tables: None,
            qos: interfaces(shares),
            classified: interfaces(bound),
            half: BTreeSet::new(),
        }
    }
}

pub(crate) fn state(configs: &BTreeMap<u32, DeviceConfig>) -> DesiredState {
    let devices = configs.iter().map(|(n, config)| (NodeId::lit(&format!("r{n}")), config.clone())).collect();
    DesiredState { devices }
}

/// What devices hold after every edit of the difference.
fn applied(difference: &Diff, actual: &ActualState) -> ActualState {
    let mut after = actual.clone();
    for (node, change) in &difference.devices {
        let Some(DeviceReading::Read { owned, .. }) = after.devices.get_mut(node) else {
            panic!("{node} was edited without having been read");
        };
        for edit in change.edits() {
            edit.apply(owned);
        }
    }
    after
}

proptest! {
    #[test]
    fn applying_the_difference_gives_what_is_desired_and_leaves_no_difference(
        wanted in btree_map(0_u32..4, config(), 0..4),
        held in btree_map(0_u32..4, config(), 4),
    ) {
        let (desired, held) = (state(&wanted), actual(&state(&held)));
        let after = applied(&diff(&desired, &held), &held);
        for (node, reading) in &after.devices {
            let DeviceReading::Read { owned, .. } = reading else { unreachable!() };
            prop_assert_eq!(owned, &desired.devices.get(node).cloned().unwrap_or_default());
        }
        prop_assert!(diff(&desired, &after).is_empty());
    }

    #[test]
    fn what_others_own_is_never_touched(wanted in config(), held in config(), foreign in foreign()) {
        let desired = state(&BTreeMap::from([(0, wanted)]));
        let mut held = actual(&state(&BTreeMap::from([(0, held)])));
        let node = NodeId::lit("r0");
        // What is foreign cannot be ours at the same time.
        if let Some(DeviceReading::Read { owned, foreign: theirs, .. }) = held.devices.get_mut(&node) {
            owned.policies.retain(|key, _| !foreign.policies.contains_key(key));
            owned.steering.retain(|key, _| !foreign.steering.contains(key) && !foreign.vrfs.contains(&key.vrf));
            owned.qos.retain(|interface, _| !foreign.qos.contains(interface));
            owned.classified.retain(|interface| !foreign.classified.contains(interface));
            *theirs = foreign.clone();
        }
        let difference = diff(&desired, &held);
        for edit in difference.devices.get(&node).map(DeviceDiff::edits).unwrap_or_default() {
            let theirs = match &edit {
                Edit::PutPolicy(policy) => foreign.policies.contains_key(&policy.key),
                Edit::RemovePolicy(key) => foreign.policies.contains_key(key),
                Edit::PutSteering(SteeringRule { key, .. }) | Edit::RemoveSteering(key) => {
                    foreign.steering.contains(key) || foreign.vrfs.contains(&key.vrf)
                }
                Edit::PutQos { interface, .. } | Edit::RemoveQos(interface) => foreign.qos.contains(interface),
                // Classifiers of others stand beside ours under their own names.
                Edit::PutClassifier(_) | Edit::RemoveClassifier => false,
                Edit::BindClassifier(interface) | Edit::UnbindClassifier(interface) => {
                    foreign.classified.contains(interface)
                }
            };
            prop_assert!(!theirs, "{}", edit);
        }
        let after = applied(&difference, &held);
        let DeviceReading::Read { owned, .. } = &after.devices[&node] else { unreachable!() };
        prop_assert_eq!(owned, &difference.attainable(&desired).devices[&node]);
        prop_assert!(diff(&desired, &after).is_empty());
    }
}

#[test]
fn an_unreadable_device_is_not_an_empty_one() {
    let built = build(diamond(), &[(service("s", "a", "d"), &["a", "b", "d"], None)]);
    let mut held = bare(&built.ted);
    let since = Timestamp::from_micros(5);
    held.devices.insert(NodeId::lit("b"), DeviceReading::Unreadable { why: "session lost".into(), since });
    held.devices.remove(&NodeId::lit("d"));
    let difference = diff(&built.desired, &held);
    assert_eq!(difference.devices.keys().map(NodeId::as_str).collect::<Vec<_>>(), ["a"]);
    assert_eq!(difference.unreadable[&NodeId::lit("b")].since, Some(since));
    assert_eq!(difference.unreadable[&NodeId::lit("d")].since, None);
    assert!(difference.findings.iter().all(|finding| finding.code == codes::UNREADABLE));
    assert_eq!(difference.findings.len(), 2);
}

#[test]
fn a_collision_withholds_ours_and_what_would_lead_into_the_other() {
    let built = build(diamond(), &[(service("s", "a", "d"), &["a", "b", "d"], None)]);
    let mut held = bare(&built.ted);
    let node = NodeId::lit("a");
    let key = *built.desired.devices[&node].policies.keys().next().unwrap();
    let foreign = Foreign { policies: BTreeMap::from([(key, "by-hand".into())]), ..Foreign::default() };
    let reading = DeviceReading::Read { owned: DeviceConfig::default(), foreign, at: Timestamp::default() };
    held.devices.insert(node.clone(), reading);
    let difference = diff(&built.desired, &held);
    let change = &difference.devices[&node];
    assert!(change.policies.is_empty() && change.steering.is_empty() && !change.qos.is_empty());
    assert_eq!(difference.withheld[&node].len(), 2);
    assert_eq!(difference.findings[0].code, codes::POLICY_TAKEN);
    assert!(difference.findings[0].message.contains("`by-hand`"), "{}", difference.findings[0]);
    assert!(!difference.findings[0].is_error(), "one collision does not stop the network");
}

#[test]
fn a_rule_that_leads_into_other_policies_too_is_kept() {
    let (node, mut config) = (NodeId::lit("a"), DeviceConfig::default());
    for endpoint in [1, 2] {
        let policy = SrPolicy { key: PolicyKey { color: color(1), ..key(endpoint) }, ..some_policy(1, 99) };
        config.policies.insert(policy.key, policy);
    }
    let rule = some_rule(1, 1);
    config.steering.insert(rule.key.clone(), rule);
    let taken = *config.policies.keys().next().unwrap();
    let foreign = Foreign { policies: BTreeMap::from([(taken, "by-hand".into())]), ..Foreign::default() };
    let reading = DeviceReading::Read { owned: DeviceConfig::default(), foreign, at: Timestamp::default() };
    let held = ActualState { devices: BTreeMap::from([(node.clone(), reading)]), ..ActualState::default() };
    let difference = diff(&DesiredState { devices: BTreeMap::from([(node.clone(), config)]) }, &held);
    assert_eq!(difference.withheld[&node], [Withheld::Policy(taken)]);
    let change = &difference.devices[&node];
    assert_eq!((change.policies.len(), change.steering.len()), (1, 1));
}

#[test]
fn drift_names_each_object_and_what_became_of_it() {
    let built = build(diamond(), &[(service("s", "a", "d"), &["a", "b", "d"], None)]);
    assert_eq!(drift(&built.desired, &built.actual()), []);
    let mut held = built.actual();
    let mut config = built.desired.devices[&NodeId::lit("a")].clone();
    config.steering.clear();
    config.policies.values_mut().for_each(|policy| policy.candidates.clear());
    config.qos.insert(InterfaceName::lit("eth9"), qos(&[("q", 1)]));
    held.devices.insert(NodeId::lit("a"), read(config));
    let codes: Vec<String> = drift(&built.desired, &held).into_iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [codes::DRIFT_CHANGED, codes::DRIFT_MISSING, codes::DRIFT_UNEXPECTED]);
}

#[test]
fn what_somebody_else_has_in_the_place_of_ours_is_told_by_kind_and_what_stands_beside_ours_is_not() {
    let node = NodeId::lit("a");
    let (policy, rule, interface) = (some_policy(1, 99), some_rule(1, 1), InterfaceName::lit("eth1"));
    let mark = model::steering::Dscp::new(1).unwrap();
    let config = DeviceConfig {
        policies: BTreeMap::from([(policy.key, policy)]),
        steering: BTreeMap::from([(rule.key.clone(), rule)]),
        qos: BTreeMap::from([(interface.clone(), qos(&[("q", 1)]))]),
        classifier: Some(Classifier { queues: BTreeMap::from([(mark, model::QueueName::lit("q"))]) }),
        classified: [interface, InterfaceName::lit("eth3")].into(),
    };
    let found = |number: u32, wanted: &DeviceConfig| -> Vec<String> {
        let foreign = Foreign {
            policies: BTreeMap::from([(key(number), "by-hand".to_owned())]),
            steering: [some_rule(number, 1).key].into(),
            vrfs: BTreeSet::new(),
            tables: None,
            qos: [InterfaceName::lit(&format!("eth{number}"))].into(),
            classified: [InterfaceName::lit(&format!("eth{number}"))].into(),
            half: BTreeSet::new(),
        };
        let reading =
            DeviceReading::Read { owned: DeviceConfig::default(), foreign, at: Timestamp::default() };
        let held =
            ActualState { devices: BTreeMap::from([(node.clone(), reading)]), ..ActualState::default() };
        let desired = DesiredState { devices: BTreeMap::from([(node.clone(), wanted.clone())]) };
        diff(&desired, &held).findings.iter().map(ToString::to_string).collect()
    };
    assert_eq!(
        found(1, &config),
        [
            "major[TL0201] a: color 1 endpoint 10.0.0.1 is taken by the policy `by-hand` of somebody else: ours is not put",
            "major[TL0202] a: vrf v rule 1 is taken by a rule of somebody else: ours is not put",
            "major[TL0203] a: the queues of eth1 are set by somebody else: ours are not put",
            "major[TL0204] a: the classifier at eth1 is somebody else's: ours is not put there",
        ]
    );
    assert_eq!(found(2, &config), [""; 0], "beside ours");
    let bare = DeviceConfig { classified: BTreeSet::new(), ..config };
    assert_eq!(found(3, &bare), [""; 0], "where ours is not wanted");
}

#[test]
fn what_is_left_of_a_binding_is_bound_again_or_taken_off() {
    let (node, eth3) = (NodeId::lit("a"), InterfaceName::lit("eth3"));
    let edits = |wanted: DeviceConfig| {
        let foreign = Foreign { half: [InterfaceName::lit("eth3")].into(), ..Foreign::default() };
        let owned = DeviceConfig { classifier: Some(Classifier::default()), ..DeviceConfig::default() };
        let reading = DeviceReading::Read { owned, foreign, at: Timestamp::default() };
        let held =
            ActualState { devices: BTreeMap::from([(node.clone(), reading)]), ..ActualState::default() };
        let desired = DesiredState { devices: BTreeMap::from([(node.clone(), wanted)]) };
        diff(&desired, &held).devices[&node].edits()
    };
    let bound = DeviceConfig {
        classifier: Some(Classifier::default()),
        classified: [eth3.clone()].into(),
        ..DeviceConfig::default()
    };
    assert_eq!(edits(bound), [Edit::BindClassifier(eth3.clone())]);
    // Or else the router would refuse to remove a classifier that is still bound.
    let off = edits(DeviceConfig::default());
    assert!(off.contains(&Edit::UnbindClassifier(eth3)) && off.contains(&Edit::RemoveClassifier), "{off:?}");
}

#[test]
fn one_binding_deleted_by_hand_is_drift_and_is_bound_again() {
    let node = NodeId::lit("a");
    let mark = model::steering::Dscp::new(1).unwrap();
    let config = DeviceConfig {
        classifier: Some(Classifier { queues: BTreeMap::from([(mark, model::QueueName::lit("q"))]) }),
        classified: interfaces(0b111),
        ..DeviceConfig::default()
    };
    let mut held = config.clone();
    held.classified = interfaces(0b1101);
    let desired = DesiredState { devices: BTreeMap::from([(node.clone(), config)]) };
    let actual = actual(&DesiredState { devices: BTreeMap::from([(node.clone(), held)]) });
    let told: Vec<String> = drift(&desired, &actual).iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "major[TL0215] a: the classifier at eth1 is missing",
            "major[TL0217] a: the classifier at eth3 is ours but should not be there",
        ]
    );
    let edits = diff(&desired, &actual).devices[&node].edits();
    let (bind, unbind) = (InterfaceName::lit("eth1"), InterfaceName::lit("eth3"));
    assert_eq!(edits, [Edit::BindClassifier(bind), Edit::UnbindClassifier(unbind)]);
}

#[test]
fn a_vrf_in_other_hands_gets_no_rule_and_is_told_once() {
    let node = NodeId::lit("a");
    let rules = [some_rule(1, 1), some_rule(2, 1)];
    let config = DeviceConfig {
        steering: rules.iter().map(|rule| (rule.key.clone(), rule.clone())).collect(),
        ..DeviceConfig::default()
    };
    let withheld = |vrfs: &[&str], taken: &[u32]| {
        let foreign = Foreign {
            vrfs: vrfs.iter().map(|vrf| model::VrfName::lit(vrf)).collect(),
            steering: taken.iter().map(|number| some_rule(*number, 1).key).collect(),
            ..Foreign::default()
        };
        let reading =
            DeviceReading::Read { owned: DeviceConfig::default(), foreign, at: Timestamp::default() };
        let held =
            ActualState { devices: BTreeMap::from([(node.clone(), reading)]), ..ActualState::default() };
        let desired = DesiredState { devices: BTreeMap::from([(node.clone(), config.clone())]) };
        let difference = diff(&desired, &held);
        let told: Vec<String> = difference.findings.iter().map(ToString::to_string).collect();
        (difference.withheld.get(&node).map_or(0, Vec::len), difference.count(), told)
    };
    let in_hand =
        "major[TL0202] a: the steering of vrf v is in somebody else's hands: our 2 rules are not put"
            .to_owned();
    assert_eq!(withheld(&["v"], &[]), (2, 0, vec![in_hand.clone()]));
    let (count, put, told) = withheld(&["v"], &[1]);
    assert_eq!((count, put, told.len(), told.last()), (2, 0, 2, Some(&in_hand)), "each is withheld once");
    assert_eq!(withheld(&["w"], &[]), (0, 2, Vec::new()));
}

#[test]
fn a_rule_without_a_table_to_stand_in_is_withheld_and_told_once() {
    let node = NodeId::lit("a");
    let of = |number, prefix: Option<&str>| SteeringRule {
        prefix: prefix.map(|prefix| prefix.parse().unwrap()),
        ..some_rule(number, 1)
    };
    let rules = [of(1, Some("10.0.0.0/24")), of(2, Some("2001:db8::/48")), of(3, Some("2001:db8:1::/48"))];
    let config = DeviceConfig {
        steering: rules.iter().map(|rule| (rule.key.clone(), rule.clone())).collect(),
        ..DeviceConfig::default()
    };
    let planned = |tables: Option<&[(&str, bool)]>| {
        let tables = tables.map(|all| all.iter().map(|(vrf, v6)| (model::VrfName::lit(vrf), *v6)).collect());
        let foreign = Foreign { tables, ..Foreign::default() };
        let reading =
            DeviceReading::Read { owned: DeviceConfig::default(), foreign, at: Timestamp::default() };
        let held =
            ActualState { devices: BTreeMap::from([(node.clone(), reading)]), ..ActualState::default() };
        let desired = DesiredState { devices: BTreeMap::from([(node.clone(), config.clone())]) };
        let difference = diff(&desired, &held);
        let told: Vec<String> = difference.findings.iter().map(ToString::to_string).collect();
        (difference.count(), told)
    };
    let told = |rules: &str| {
        vec![format!("major[TL0205] a: vrf v has no routing table there for some prefixes: {rules} not put")]
    };
    assert_eq!(planned(Some(&[("v", false)])), (1, told("our 2 rules are")));
    assert_eq!(planned(Some(&[("v", true), ("w", false)])), (2, told("our rule is")));
    assert_eq!(planned(Some(&[])), (0, told("our 3 rules are")));
    assert_eq!(planned(Some(&[("v", false), ("v", true)])), (3, Vec::new()));
    assert_eq!(planned(None), (3, Vec::new()), "what is not told is not held against it");
}

proptest! {
    #[test]
    fn what_nobody_asks_for_otherwise_is_left_and_what_somebody_does_is_not(
        before in btree_map(0_u32..4, config(), 0..4),
        after in btree_map(0_u32..4, config(), 0..4),
        held in btree_map(0_u32..4, config(), 0..4),
    ) {
        let (before, after, held) = (state(&before), state(&after), actual(&state(&held)));
        let nobody = BTreeSet::new();
        let whole = diff(&after, &actual(&before));
        let mut without_drift = whole.clone();
        without_drift.leave_drift(&before, &after, &nobody);
        prop_assert_eq!(&without_drift, &whole, "all of it is asked for");
        let drift = diff(&after, &held);
        let mut left = drift.clone();
        left.leave_drift(&after, &after, &nobody);
        prop_assert!(left.devices.is_empty(), "nothing is asked for otherwise");
        let mut ours = drift.clone();
        ours.leave_drift(&after, &after, &held.devices.keys().cloned().collect());
        prop_assert_eq!(ours, drift, "what a change left there is put right");
    }
}
