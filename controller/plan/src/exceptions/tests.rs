use model::{ActualState, InterfaceName};
use proptest::{collection::btree_map, prelude::*};

use super::*;
use crate::{
    diff::{
        diff,
        tests::{config, state},
    },
    fixture::{Placement, actual, build, color, diamond, qos, service},
};

fn exception(who: &str, objects: DeviceDiff) -> Exception {
    let since = Timestamp::from_micros(1);
    Exception { who: who.into(), since, why: "CHG9".into(), until: None, objects }
}

/// All that devices hold otherwise than is desired, accepted by `mei`.
fn accepted(desired: &DesiredState, held: &ActualState) -> Exceptions {
    let mut all = Exceptions::default();
    for (node, objects) in diff(desired, held).devices {
        all.accept(node, exception("mei", objects));
    }
    all
}

/// A state without devices that should hold nothing: an entry for one says no more than none.
fn told(mut desired: DesiredState) -> DesiredState {
    desired.devices.retain(|_, config| !config.is_empty());
    desired
}

/// A part of the objects.
fn first_policy(objects: &DeviceDiff) -> DeviceDiff {
    let policies = objects.policies.iter().take(1).map(|(key, change)| (*key, change.clone())).collect();
    DeviceDiff { policies, ..DeviceDiff::default() }
}

proptest! {
    #[test]
    fn what_was_accepted_is_no_drift_and_comes_off_again_without_a_trace(
        wanted in btree_map(0_u32..4, config(), 0..4),
        held in btree_map(0_u32..4, config(), 4),
    ) {
        let (desired, held) = (state(&wanted), actual(&state(&held)));
        let exceptions = accepted(&desired, &held);
        let mut over = desired.clone();
        let laid = exceptions.lay(&mut over);
        prop_assert!(diff(&over, &held).is_empty());
        prop_assert_eq!(&*laid.standing, &exceptions);
        prop_assert!(laid.over.is_empty() && laid.changed.is_empty());
        exceptions.lift(&mut over);
        prop_assert_eq!(told(over), told(desired.clone()));
        // Shared ones are laid as those that are not, and stay the same value.
        let shared = std::sync::Arc::new(exceptions.clone());
        let (mut once, mut again) = (desired.clone(), desired);
        let laid = Exceptions::lay_shared(&shared, &mut once);
        prop_assert!(std::sync::Arc::ptr_eq(&laid.standing, &shared));
        exceptions.lay(&mut again);
        prop_assert_eq!(&once, &again);
        let is_first = |node: &NodeId| *node == NodeId::lit("r0");
        let others = exceptions.as_of(None, |node| !is_first(node));
        prop_assert_eq!(&exceptions.as_of(None, is_first).beside(&others), &exceptions);
        let astray = LedAstray::by(&exceptions);
        for (node, exception) in exceptions.iter() {
            let named: Vec<String> = exception.objects.differences().into_iter().map(|one| one.object).collect();
            prop_assert_eq!(exception.objects.objects(), named);
            for key in exception.objects.policies.keys() {
                prop_assert_eq!(astray.has(node, key), exceptions.lead_astray(node, key));
            }
        }
        let kept: Exceptions = serde_json::from_str(&serde_json::to_string(&exceptions).unwrap()).unwrap();
        prop_assert_eq!(kept, exceptions);
    }

    #[test]
    fn intents_that_ask_for_it_as_it_is_end_it(
        wanted in btree_map(0_u32..4, config(), 0..4),
        held in btree_map(0_u32..4, config(), 4),
    ) {
        let (desired, held) = (state(&wanted), state(&held));
        let exceptions = accepted(&desired, &actual(&held));
        let mut now = held.clone();
        let laid = exceptions.lay(&mut now);
        prop_assert!(laid.standing.is_empty() && laid.changed.is_empty());
        prop_assert_eq!(laid.over.iter().count(), exceptions.iter().count());
        prop_assert!(exceptions.without(&laid.over).is_empty());
        prop_assert_eq!(told(now), told(held));
    }

    #[test]
    fn other_intents_change_all_but_what_is_held(
        wanted in config(),
        held in config(),
        later in config(),
        in_part in any::<bool>(),
    ) {
        let node = NodeId::lit("r0");
        let of = |config: &DeviceConfig| state(&BTreeMap::from([(0, config.clone())]));
        let mut exceptions = accepted(&of(&wanted), &actual(&of(&held)));
        if in_part {
            for exception in exceptions.0.values_mut().flatten() {
                exception.objects = first_policy(&exception.objects);
            }
            exceptions.release(|_, exception| exception.objects.is_empty());
        }
        let mut desired = of(&later);
        let laid = exceptions.lay(&mut desired);
        let now = &desired.devices[&node];
        for number in 1..6 {
            let key = |name: &PolicyKey| name.color == color(number);
            let find = |config: &DeviceConfig| {
                config.policies.iter().find(|(name, _)| key(name)).map(|(_, policy)| policy.clone())
            };
            let is_held = exceptions.of(&node).iter().any(|one| one.objects.policies.keys().any(&key));
            prop_assert_eq!(find(now), if is_held { find(&held) } else { find(&later) });
        }
        let marks = exceptions.of(&node).iter().any(|one| one.objects.classifier.is_some());
        prop_assert_eq!(&now.classifier, if marks { &held.classifier } else { &later.classifier });
        // What stands and what is over are all there was, and nothing is both.
        prop_assert!(exceptions.without(&laid.standing).without(&laid.over).is_empty());
        prop_assert_eq!(&laid.standing.without(&laid.over), &*laid.standing);
        prop_assert!(laid.changed.without(&laid.standing).is_empty());
        laid.standing.lift(&mut desired);
        prop_assert_eq!(told(desired), told(of(&later)));
    }
}

#[test]
fn a_line_says_by_whom_why_and_until_when_and_what_is_asked_for_in_vain() {
    let placed: [Placement<'_>; 1] = [(service("s", "a", "d"), &["a", "b", "d"], Some(&["a", "c", "d"][..]))];
    let built = build(diamond(), &placed);
    let a = NodeId::lit("a");
    let mut held = built.desired.clone();
    let config = held.devices.get_mut(&a).unwrap();
    config.policies.values_mut().for_each(|policy| policy.name = "tl-by-hand".into());
    let mut exceptions = accepted(&built.desired, &actual(&held));
    exceptions.0.get_mut(&a).unwrap()[0].until = Some(Timestamp::from_micros(1_796_403_600_000_000));
    let mut desired = built.desired.clone();
    let lines = |laid: &Laid| laid.told().iter().map(ToString::to_string).collect::<Vec<_>>();
    let laid = exceptions.lay(&mut desired);
    let told = lines(&laid);
    let [one] = told.as_slice() else { panic!("{told:?}") };
    assert!(one.starts_with("warning[TL0218] a: policy color "), "{one}");
    assert!(one.ends_with(" is held by an exception of mei until 2026-12-04 17:00+00:00: CHG9"), "{one}");
    assert!(laid.told().iter().all(|finding| finding.code == codes::EXCEPTION && finding.help.is_some()));
    // The intents want another name, and are told that they do not get it.
    let mut desired = built.desired.clone();
    let policies = &mut desired.devices.get_mut(&a).unwrap().policies;
    policies.values_mut().for_each(|policy| policy.name = "tl-other".into());
    let told = lines(&laid.standing.lay(&mut desired));
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[1].contains("something else is asked for and is not put: policy color "), "{told:?}");
    assert!(desired.devices[&a].policies.values().all(|policy| policy.name == "tl-by-hand"));
}

#[test]
fn a_name_leads_nobody_astray_and_a_path_or_a_rule_does() {
    let placed: [Placement<'_>; 1] = [(service("s", "a", "d"), &["a", "b", "d"], Some(&["a", "c", "d"][..]))];
    let built = build(diamond(), &placed);
    let a = NodeId::lit("a");
    let key = *built.desired.devices[&a].policies.keys().next().unwrap();
    let after = |tamper: &dyn Fn(&mut DeviceConfig)| {
        let mut held = built.desired.clone();
        tamper(held.devices.get_mut(&a).unwrap());
        let exceptions = accepted(&built.desired, &actual(&held));
        (exceptions.have_hold(&a, &key), exceptions.lead_astray(&a, &key))
    };
    let queues = |config: &mut DeviceConfig| {
        config.qos.insert(InterfaceName::lit("a-b-1"), qos(&[("q", 1)]));
    };
    assert_eq!(after(&queues), (false, false));
    let policy = |config: &mut DeviceConfig, change: fn(&mut SrPolicy)| {
        config.policies.values_mut().for_each(change);
    };
    assert_eq!(after(&|config| policy(config, |one| one.name = "tl-x".into())), (true, false));
    assert_eq!(after(&|config| policy(config, |one| one.candidates.truncate(1))), (true, false));
    assert_eq!(after(&|config| policy(config, |one| drop(one.candidates.remove(0)))), (true, true));
    assert_eq!(after(&|config| config.steering.clear()), (true, true));
}

#[test]
fn an_object_is_held_by_the_last_who_accepted_it_and_ends_when_its_time_has_come() {
    let held = actual(&state(&BTreeMap::from([(0, some_objects())])));
    let node = NodeId::lit("r0");
    let mut all = accepted(&DesiredState::default(), &held);
    assert_eq!(all.of(&node)[0].objects.count(), 3);
    let mut part = exception("li", first_policy(&all.of(&node)[0].objects));
    part.until = Some(Timestamp::from_micros(50));
    all.accept(node.clone(), part);
    let by: Vec<_> = all.of(&node).iter().map(|one| (one.who.as_str(), one.objects.count())).collect();
    assert_eq!(by, [("mei", 2), ("li", 1)]);
    assert_eq!(all.next_end(), Some(Timestamp::from_micros(50)));
    let at = |micros| all.as_of(Some(Timestamp::from_micros(micros)), |_| true).iter().count();
    assert_eq!((at(49), at(50), all.as_of(None, |_| true).iter().count()), (2, 1, 2));
    assert!(all.as_of(None, |_| false).is_empty());
    let over = all.release(|_, one| one.is_over(Timestamp::from_micros(50)));
    assert_eq!((over.of(&node)[0].who.as_str(), all.iter().count(), all.next_end()), ("li", 1, None));
}

#[test]
fn what_changes_again_is_accepted_again_and_what_went_back_by_hand_needs_nobody() {
    let placed: [Placement<'_>; 1] = [(service("s", "a", "d"), &["a", "b", "d"], None)];
    let built = build(diamond(), &placed);
    let a = NodeId::lit("a");
    let named = |name: &str| {
        let mut held = built.desired.clone();
        let policies = &mut held.devices.get_mut(&a).unwrap().policies;
        policies.values_mut().for_each(|policy| policy.name = name.into());
        actual(&held)
    };
    let mut all = accepted(&built.desired, &named("tl-one"));
    // Each time what differs from what should be there by then is accepted, as it is held now.
    let mut again = |name: &str| {
        let mut over = built.desired.clone();
        all.lay(&mut over);
        let objects = diff(&over, &named(name)).devices[&a].clone();
        all.accept(a.clone(), exception("li", objects));
        let mut over = built.desired.clone();
        let laid = all.lay(&mut over);
        assert!(diff(&over, &named(name)).is_empty() && laid.changed.is_empty());
        all.iter().map(|(_, one)| one.who.clone()).collect::<Vec<_>>()
    };
    assert_eq!(again("tl-two"), ["li"]);
    let policy = built.desired.devices[&a].policies.values().next().unwrap();
    assert_eq!(again(&policy.name), Vec::<String>::new());
}

/// Two policies and the queues of an interface.
fn some_objects() -> DeviceConfig {
    let placed: [Placement<'_>; 2] =
        [(service("s", "a", "d"), &["a", "b", "d"], None), (service("t", "a", "d"), &["a", "c", "d"], None)];
    let built = build(diamond(), &placed);
    let config = built.desired.devices[&NodeId::lit("a")].clone();
    let qos = config.qos.into_iter().take(1).collect();
    DeviceConfig { policies: config.policies, qos, ..DeviceConfig::default() }
}
