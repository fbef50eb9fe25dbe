use std::collections::{BTreeMap, BTreeSet};

use model::{
    Bandwidth, Delay, Demands, LinkId, NodeId, Service, ServiceId, Ted, Verdict, link::Encryption,
    sr::LastResort,
};

use super::*;
use crate::{
    codes,
    fixture::{Built, build, diamond, link, node, service},
};

mod bent;
mod brute;
mod visits;

const OVER_B: &[&str] = &["a", "b", "d"];
const OVER_C: &[&str] = &["a", "c", "d"];

fn ask(built: &Built, kinds: &[FailureKind], threads: usize) -> Verification {
    let demands = Demands::new();
    let question = Question {
        desired: &built.desired,
        set: &built.set,
        verdicts: &built.verdicts,
        demands: &demands,
        ted: &built.ted,
        kinds,
        threads,
    };
    verify(&question, &|_| {}).unwrap()
}

fn drops(mut built: Built) -> Built {
    let policies = built.desired.devices.values_mut().flat_map(|device| device.policies.values_mut());
    policies.for_each(|policy| policy.last_resort = LastResort::Drop);
    built
}

/// Code, failures, and whether no plan can help.
fn said(verification: &Verification) -> Vec<(&str, Vec<String>, bool)> {
    let names = |violation: &Violation| {
        violation.failures.iter().map(|failed| failed.names.join("+")).collect::<Vec<_>>()
    };
    let violations = verification.violations.iter();
    violations.map(|violation| (violation.code.as_str(), names(violation), violation.unavoidable)).collect()
}

fn checks(verification: &Verification, kind: FailureKind) -> (usize, usize, usize, usize) {
    let checks = verification.services[0].checks.iter().find(|checks| checks.kind == kind).unwrap();
    (checks.judged, checks.broken, checks.implied, checks.by_igp)
}

fn texts(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

#[test]
fn a_protected_service_keeps_its_promise_under_every_single_failure() {
    let built = build(diamond(), &[(service("s", "a", "d"), OVER_B, Some(OVER_C))]);
    let all = ask(&built, &[FailureKind::Link, FailureKind::Node], 1);
    assert_eq!(said(&all), []);
    assert!(all.holds(false));
    assert_eq!(all.scope(), "the network as it is, 4 links, 4 nodes");
    assert_eq!(checks(&all, FailureKind::Link), (4, 0, 0, 0));
    // Its two ends may not be asked to carry it while they are down.
    assert_eq!(checks(&all, FailureKind::Node), (2, 0, 0, 0));
    let view = &all.services[0];
    let worst = view.worst_delay.as_ref().unwrap();
    assert!(worst.value > Delay::from_micros(4_000), "{worst:?}");
    assert_eq!((worst.kind, &worst.failure), (FailureKind::Link, &texts(&["a--b"])));
    assert_eq!(view.least_spare.as_ref().unwrap().value, Bandwidth::from_bps(90_000_000));
    let ways: Vec<_> = view.ways.iter().map(|way| (way.by.as_str(), way.failures, way.kept)).collect();
    // Without failure, under the two links of the other way, and under the node there.
    assert_eq!(ways[0], ("policy, preference 200", 1, true));
    assert_eq!(ways[1], ("policy, preference 100", 3, true));
    assert_eq!(view.ways[1].links, [LinkId::lit("a--c"), LinkId::lit("c--d")]);
}

#[test]
fn two_links_break_it_together_and_are_named_as_one_of_these_with_one_of_those() {
    let built = drops(build(diamond(), &[(service("s", "a", "d"), OVER_B, Some(OVER_C))]));
    let all = ask(&built, &[FailureKind::TwoLinks], 1);
    let pairs = texts(&["a--b+a--c", "a--b+c--d", "a--c+b--d", "b--d+c--d"]);
    assert_eq!(said(&all), [(codes::NOT_DELIVERED, pairs, true)]);
    let when = all.violations[0].when();
    assert_eq!(when, "under 4 failures: one of a--b, b--d together with one of a--c, c--d");
    assert_eq!(checks(&all, FailureKind::TwoLinks), (6, 4, 0, 0));
    assert!(!all.holds(false) && all.holds(true), "nothing is left between its ends");
}

#[test]
fn a_pair_is_not_told_where_one_of_it_breaks_the_promise_alone() {
    let built = drops(build(diamond(), &[(service("s", "a", "d"), OVER_B, None)]));
    let all = ask(&built, &[FailureKind::TwoLinks], 1);
    assert_eq!(said(&all), [(codes::NOT_DELIVERED, texts(&["a--b", "b--d"]), false)]);
    assert_eq!(checks(&all, FailureKind::TwoLinks), (6, 5, 5, 0));
    assert!(
        all.violations[0].help.contains("it has no backup, `trunkline why s` says why; a way of 4ms"),
        "{all:?}"
    );
}

#[test]
fn a_risk_that_is_one_link_is_told_as_the_link() {
    let mut ted = diamond();
    ted.links.get_mut(&LinkId::lit("a--b")).unwrap().srlg.insert("duct".into());
    let built = drops(build(ted, &[(service("s", "a", "d"), OVER_B, None)]));
    let both = ask(&built, &[FailureKind::Srlg, FailureKind::Link], 1);
    assert_eq!(said(&both), [(codes::NOT_DELIVERED, texts(&["a--b", "b--d"]), false)]);
    assert_eq!(checks(&both, FailureKind::Srlg), (1, 1, 1, 0));
    let alone = ask(&built, &[FailureKind::Srlg], 1);
    assert_eq!(said(&alone), [(codes::NOT_DELIVERED, texts(&["duct"]), false)]);
}

#[test]
fn jitter_and_loss_are_not_helped_by_what_is_said_of_delay() {
    let mut ted = diamond();
    let line = ted.links.get_mut(&LinkId::lit("a--c")).unwrap();
    for facts in [&mut line.a_to_z, &mut line.z_to_a] {
        facts.jitter.value = "9ms".parse().unwrap();
        facts.loss.value = "1%".parse().unwrap();
    }
    let mut wanted = service("s", "a", "d");
    wanted.slo.jitter = Some("1ms".parse().unwrap());
    let all = ask(&build(ted, &[(wanted, OVER_B, Some(OVER_C))]), &[FailureKind::Link], 1);
    let help = |code: &str| {
        let one = all.violations.iter().find(|violation| violation.code == code).unwrap();
        assert!(!one.unavoidable, "{one:?}");
        one.help.as_str()
    };
    assert!(help(codes::JITTER_BROKEN).starts_with("`trunkline why s` has the jitter of its lines"));
    assert!(help(codes::LOSS_BROKEN).starts_with("`trunkline why s` has the loss of its lines"));
}

#[test]
fn a_service_that_follows_the_igp_is_kept_where_its_objectives_are() {
    let built = build(diamond(), &[(service("s", "a", "d"), OVER_B, None)]);
    let all = ask(&built, &[FailureKind::Link], 1);
    assert_eq!(said(&all), []);
    assert_eq!(checks(&all, FailureKind::Link), (4, 0, 0, 2));
    let mut strict = service("s", "a", "d");
    strict.slo.one_way_delay = Some(Delay::from_micros(3_000));
    let built = build(diamond(), &[(strict, OVER_B, None)]);
    let all = ask(&built, &[FailureKind::Link], 1);
    // Over `c` it takes 4 ms: no plan can keep 3 ms.
    assert_eq!(said(&all), [(codes::DELAY_BROKEN, texts(&["a--b", "b--d"]), true)]);
    assert!(all.violations[0].help.contains("the quickest way that is left takes 4ms"), "{all:?}");
}

#[test]
fn what_follows_the_igp_although_its_backup_is_clear_is_broken() {
    let mut built = build(diamond(), &[(service("s", "a", "d"), OVER_B, Some(OVER_C))]);
    for policy in built.desired.devices.values_mut().flat_map(|device| device.policies.values_mut()) {
        policy.candidates.truncate(1);
    }
    let all = ask(&built, &[FailureKind::Link], 1);
    assert_eq!(said(&all), [(codes::NOT_STEERED, texts(&["a--b", "b--d"]), false)]);
}

#[test]
fn a_service_that_is_not_carried_is_broken_everywhere_and_told_once() {
    let mut built = build(diamond(), &[(service("s", "a", "d"), OVER_B, None)]);
    let id = ServiceId::lit("s");
    let refused =
        Verdict::Refused { service: id.clone(), constraint: "delay 2ms is too much".into(), nearest: None };
    built.verdicts.insert(id, refused);
    let all = ask(&built, &[FailureKind::Node, FailureKind::TwoLinks], 1);
    assert_eq!(said(&all), [(codes::NOT_CARRIED, vec![String::new()], false)]);
    assert_eq!(all.violations[0].why, "not carried: delay 2ms is too much");
    assert_eq!(all.violations[0].when(), "as the network is, without any failure");
    assert_eq!(checks(&all, FailureKind::Link), (4, 4, 4, 0));
    assert_eq!(checks(&all, FailureKind::TwoLinks), (6, 6, 6, 0));
    // Of its own two ends nothing is asked while they are down, and so nothing is broken.
    assert_eq!(checks(&all, FailureKind::Node), (2, 2, 2, 0));
}

#[test]
fn exposure_is_told_also_where_something_smaller_only_loses_the_traffic() {
    let mut secret = service("s", "a", "d");
    (secret.sle.encrypted, secret.slo.one_way_delay) = (true, Some(Delay::from_micros(3_000)));
    let mut ted = diamond();
    for link in ["a--b", "b--d", "a--c", "c--d"] {
        ted.links.get_mut(&LinkId::lit(link)).unwrap().encryption = Encryption::Macsec;
    }
    let third = link(9, "a", "d", 1_000);
    ted.links.insert(third.id.clone(), third);
    let mut built = build(ted, &[(secret, OVER_B, Some(OVER_C))]);
    let igp = |policy: &mut model::SrPolicy| policy.last_resort = LastResort::Igp;
    built.desired.devices.values_mut().flat_map(|device| device.policies.values_mut()).for_each(igp);
    let all = ask(&built, &[FailureKind::TwoLinks], 1);
    let of = |code: &str| said(&all).into_iter().find(|said| said.0 == code).unwrap();
    assert_eq!(of(codes::DELAY_BROKEN).1, texts(&["a--b", "b--d"]));
    assert_eq!(of(codes::UNENCRYPTED).1.len(), 4, "{:?}", said(&all));
}

#[test]
fn path_and_backup_that_share_a_risk_are_found_where_that_is_promised() {
    let mut apart = service("s", "a", "d");
    apart.sle.diversity = model::intent::Diversity::Srlg;
    let mut ted = diamond();
    for link in ["a--b", "a--c"] {
        ted.links.get_mut(&LinkId::lit(link)).unwrap().srlg.insert("duct".into());
    }
    let built = build(ted.clone(), &[(apart.clone(), OVER_B, Some(OVER_C))]);
    let all = ask(&built, &[], 1);
    assert_eq!(said(&all), [(codes::NOT_DIVERSE, vec![String::new()], true)]);
    assert_eq!(all.violations[0].why, "path and backup have in common SRLG duct");
    // With a third way it would be in a plan's power.
    let third = link(9, "a", "d", 1_000);
    ted.links.insert(third.id.clone(), third);
    let built = build(ted, &[(apart, OVER_B, Some(OVER_C))]);
    assert_eq!(said(&ask(&built, &[], 1)), [(codes::NOT_DIVERSE, vec![String::new()], false)]);
    let linkwise = build(diamond(), &[(service("s", "a", "d"), OVER_B, Some(OVER_B))]);
    let all = ask(&linkwise, &[], 1);
    assert_eq!(all.violations[0].why, "path and backup have in common link a--b, link b--d");
}

#[test]
fn what_does_not_fit_after_a_failure_is_told_of_the_services_that_suffer() {
    let big = |name: &str| {
        let mut big = service(name, "a", "d");
        big.slo.bandwidth = Some(Bandwidth::from_bps(60_000_000));
        (big.slo.loss, big.slo.one_way_delay) = (None, None);
        big
    };
    let mut other = big("t");
    other.matches[0].dscp = BTreeSet::from(["ef".parse().unwrap()]);
    let built = build(diamond(), &[(big("s"), OVER_B, Some(OVER_C)), (other, OVER_C, Some(OVER_B))]);
    let all = ask(&built, &[FailureKind::Link], 2);
    let overloaded = |name: &str, links: &[&str]| {
        let violation = all.violations.iter().find(|violation| violation.service.as_str() == name).unwrap();
        assert_eq!(violation.code, codes::OVERLOADED);
        let names: Vec<&str> = violation.failures.iter().map(|failed| failed.names[0].as_str()).collect();
        assert_eq!(names, links);
        assert!(violation.why.contains("120Mbps are promised"), "{}", violation.why);
    };
    overloaded("s", &["a--b", "a--c", "b--d", "c--d"]);
    overloaded("t", &["a--b", "a--c", "b--d", "c--d"]);
    let spare = all.services[0].least_spare.as_ref().unwrap();
    assert_eq!((spare.value, spare.failure.as_slice()), (Bandwidth::ZERO, texts(&["a--b"]).as_slice()));
}

#[test]
fn a_baseline_leaves_only_what_is_worse() {
    let slow = |name: &str, micros: u64| {
        let mut slow = service(name, "a", "d");
        slow.slo.one_way_delay = Some(Delay::from_micros(micros));
        slow
    };
    let kinds = &[FailureKind::Link];
    let network = |delay: u64| -> Ted {
        let mut ted = diamond();
        let line = ted.links.get_mut(&LinkId::lit("a--c")).unwrap();
        (line.a_to_z.delay.value, line.z_to_a.delay.value) =
            (Delay::from_micros(delay), Delay::from_micros(delay));
        ted
    };
    let of = |delay: u64, both: bool| {
        let mut placed = vec![(slow("s", 3_000), OVER_B, Some(OVER_C))];
        if both {
            placed.push((slow("t", 3_000), OVER_B, Some(OVER_C)));
        }
        build(network(delay), &placed)
    };
    let before = ask(&of(2_000, false), kinds, 1);
    let text = serde_json::to_string(&before).unwrap();
    let before: Verification = serde_json::from_str(&text).unwrap();
    // The same again: nothing is worse.
    let mut same = ask(&of(2_000, false), kinds, 1);
    let against = same.against(&before, &diamond()).unwrap();
    assert_eq!((said(&same).len(), against.stay, against.mended), (0, 2, 0));
    // A service that is new is broken anew; the old one is not told.
    let mut added = ask(&of(2_000, true), kinds, 1);
    added.against(&before, &diamond()).unwrap();
    assert_eq!(added.violations.len(), 1);
    assert_eq!(added.violations[0].service.as_str(), "t");
    // Half as slow again is worse, with both failures.
    let mut slower = ask(&of(4_000, false), kinds, 1);
    slower.against(&before, &diamond()).unwrap();
    assert_eq!(said(&slower), [(codes::DELAY_BROKEN, texts(&["a--b", "b--d"]), true)]);
    // What is good now is counted.
    let mut good = ask(&of(500, false), kinds, 1);
    let against = good.against(&before, &diamond()).unwrap();
    assert_eq!((good.violations.len(), against.mended), (0, 2));
    let narrower = ask(&of(2_000, false), &[], 1);
    let mut now = ask(&of(2_000, false), kinds, 1);
    let error = now.against(&narrower, &diamond()).unwrap_err();
    assert_eq!(error, baseline::Incomparable::Narrower("link"));
}

#[test]
fn worse_as_before_and_mended_count_the_same_things() {
    let of = |delay: u64, jitter: &str| {
        let (mut ted, mut wanted) = (diamond(), service("s", "a", "d"));
        let line = ted.links.get_mut(&LinkId::lit("a--c")).unwrap();
        for facts in [&mut line.a_to_z, &mut line.z_to_a] {
            (facts.delay.value, facts.jitter.value) = (Delay::from_micros(delay), jitter.parse().unwrap());
        }
        wanted.slo.one_way_delay = Some(Delay::from_micros(3_000));
        wanted.slo.jitter = Some("1ms".parse().unwrap());
        ask(&build(ted, &[(wanted, OVER_B, Some(OVER_C))]), &[FailureKind::Link], 1)
    };
    // Two links break delay and jitter.
    let (good, bad) = (of(500, "0.1ms"), of(2_000, "9ms"));
    assert_eq!((good.breakages(false), bad.breakages(false), bad.violations.len()), (0, 4, 2));
    let against = |now: &Verification, before: &Verification| {
        let mut now = now.clone();
        let against = now.against(before, &diamond()).unwrap();
        (now.breakages(false), against.stay, against.mended)
    };
    assert_eq!(against(&bad, &good), (4, 0, 0));
    assert_eq!(against(&bad, &bad), (0, 4, 0));
    assert_eq!(against(&good, &bad), (0, 0, 4));
    // What no plan can help is not counted where that is accepted: the way over `c` takes 4 ms.
    assert_eq!(bad.breakages(true), 2);
}

#[test]
fn a_baseline_of_another_network_is_refused_and_one_of_a_changed_one_is_doubted() {
    let kinds = &[FailureKind::Link, FailureKind::TwoLinks];
    let built = drops(build(diamond(), &[(service("s", "a", "d"), OVER_B, Some(OVER_C))]));
    let before = ask(&built, kinds, 1);
    let named = before.named_in(&diamond()).unwrap();
    assert_eq!((named, named.doubt()), (baseline::Named { all: 6, missing: 0 }, None));
    // Where lines are renamed, the nodes are still there.
    let mut renamed = diamond();
    renamed.links = std::mem::take(&mut renamed.links)
        .into_values()
        .map(|mut link| {
            link.id = format!("new-{}", link.id).parse().unwrap();
            (link.id.clone(), link)
        })
        .collect();
    let named = before.named_in(&renamed).unwrap();
    let doubt = named.doubt().unwrap();
    assert!(
        doubt.starts_with("this network does not have 4 of the 6 nodes and links that it names"),
        "{doubt}"
    );
    ask(&built, kinds, 1).against(&before, &renamed).unwrap();
    // Nothing is left of it.
    let other = Ted { nodes: [("x".parse().unwrap(), node("x", 9))].into(), links: BTreeMap::new() };
    let error = ask(&built, kinds, 1).against(&before, &other).unwrap_err();
    assert_eq!(error, baseline::Incomparable::OtherNetwork(6));
    assert!(error.to_string().contains("it is of another network: this one has none of the 6"), "{error}");
    // What names nothing is of any network.
    assert_eq!(Verification::default().named_in(&other), Ok(baseline::Named::default()));
}

#[test]
fn a_pair_whose_link_broke_it_before_is_no_worse() {
    let broken = drops(build(diamond(), &[(service("s", "a", "d"), OVER_B, None)]));
    let mended = drops(build(diamond(), &[(service("s", "a", "d"), OVER_B, Some(OVER_C))]));
    let kinds = &[FailureKind::TwoLinks];
    let before = ask(&broken, kinds, 1);
    let mut now = ask(&mended, kinds, 1);
    let against = now.against(&before, &diamond()).unwrap();
    assert_eq!((said(&now).len(), against.mended), (0, 2), "{:?}", said(&now));
    let before = ask(&mended, kinds, 1);
    let mut now = ask(&broken, kinds, 1);
    now.against(&before, &diamond()).unwrap();
    assert_eq!(said(&now), [(codes::NOT_DELIVERED, texts(&["a--b", "b--d"]), false)]);
}

#[test]
fn choices_of_services_are_one_answer_in_which_nothing_is_lost() {
    let kinds = &[FailureKind::Link];
    let slow = |name: &str, micros: u64| {
        let mut slow = service(name, "a", "d");
        slow.slo.one_way_delay = Some(Delay::from_micros(micros));
        slow
    };
    let all = |slow: Service, other: &str| {
        let mut more = service(other, "a", "d");
        more.vrf = other.parse().unwrap();
        ask(&build(diamond(), &[(slow, OVER_B, Some(OVER_C)), (more, OVER_B, Some(OVER_C))]), kinds, 1)
    };
    let (mut day, night) = (all(slow("s", 3_000), "day"), all(slow("s", 1_000), "night"));
    let (one, other) = (day.clone(), night.clone());
    day.join(night);
    let names: Vec<&str> = day.services.iter().map(|view| view.service.as_str()).collect();
    assert_eq!(names, ["day", "night", "s"]);
    let of = |verification: &Verification| verification.services.last().unwrap().clone();
    let count = |view: &ServiceView| {
        view.checks.iter().map(|checks| (checks.judged, checks.broken)).collect::<Vec<_>>()
    };
    let (whole, parts) = (of(&day), [of(&one), of(&other)]);
    let sums = count(&parts[0]).into_iter().zip(count(&parts[1])).map(|(a, b)| (a.0 + b.0, a.1 + b.1));
    assert_eq!(count(&whole), sums.collect::<Vec<_>>());
    assert_eq!(whole.ways.len(), parts[0].ways.len(), "the ways are the same");
    assert_eq!(whole.worst_delay, parts[0].worst_delay);
    // What breaks without any failure in one of them stands first, and what breaks under one in the other is there too.
    let kinds: Vec<FailureKind> = day.violations.iter().map(|violation| violation.kind).collect();
    assert_eq!(kinds, [FailureKind::None, FailureKind::Link], "{:?}", said(&day));
    let mut again = day.clone();
    again.join(one);
    assert_eq!(again.violations, day.violations, "what breaks in both is told once");
}

#[test]
fn a_network_that_cannot_be_walked_is_an_error() {
    let mut built = build(diamond(), &[(service("s", "a", "d"), OVER_B, None)]);
    built.ted.nodes.remove(&NodeId::lit("c"));
    let demands = Demands::new();
    let Built { desired, set, verdicts, ted, .. } = &built;
    let question = Question { desired, set, verdicts, demands: &demands, ted, kinds: &[], threads: 1 };
    assert!(verify(&question, &|_| {}).unwrap_err().to_string().contains("nothing can be verified"));
}

#[test]
fn pairs_without_a_pattern_are_told_by_the_link_that_most_have() {
    let built = drops(build(diamond(), &[(service("s", "a", "d"), OVER_B, Some(OVER_C))]));
    let mut violation = ask(&built, &[FailureKind::TwoLinks], 1).violations.remove(0);
    violation.failures.retain(|failed| failed.names != texts(&["b--d", "c--d"]));
    let when = violation.when();
    assert_eq!(when, "under 3 failures: a--b together with one of a--c, c--d; a--c together with b--d");
    violation.kind = FailureKind::Srlg;
    violation.failures.iter_mut().for_each(|failed| failed.names.truncate(1));
    assert_eq!(violation.when(), "under 3 failures: shared risks a--b, a--b, a--c");
}
