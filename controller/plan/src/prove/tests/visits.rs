//! Waypoints and their firewalls: what a wrong compilation would leave out, and what is right.

use model::{Fact, SegmentList, node::ServiceFunction};

use super::*;
use crate::firewalls::{asks, firewall, guarded, network, through};

/// Over the firewalls at b and e.
const OVER_BE: &[&str] = &["a", "b", "e", "d"];

/// What is said of visits: how severe it is, and the words.
fn missed(proof: &Proof) -> Vec<(Severity, &str)> {
    let found = proof.findings.iter().filter(|finding| finding.code == codes::UNVISITED);
    found.map(|finding| (finding.severity, finding.message.as_str())).collect()
}

/// All that is said without a failure is that one thing is missed, which stops the plan and is not forgiven.
fn refused(built: &Built) -> String {
    let found = proof(built, &Failures::None);
    assert_eq!(said(&found), [(codes::UNVISITED, Severity::Error)], "{:?}", found.findings);
    assert!(found.findings[0].help.is_some());
    assert!(!found.clone().against(&found).holds(), "that it was so before is no excuse");
    found.findings[0].message.clone()
}

fn lists(built: &mut Built, node: &str, change: impl Fn(u32, &mut Vec<SegmentList>)) {
    edit(built, node, |device| {
        for policy in device.policies.values_mut() {
            policy.candidates.iter_mut().for_each(|path| change(path.preference, &mut path.lists));
        }
    });
}

#[test]
fn what_passes_its_firewalls_in_order_is_proved() {
    for failures in [Failures::None, Failures::Links] {
        assert_eq!(proof(&guarded(), &failures).findings, []);
    }
    let two = build(network(&["b", "e"]), &[(asks(&["b", "e"]), OVER_BE, None)]);
    assert_eq!(proof(&through(two, &["b", "e"]), &Failures::None).findings, []);
    // Asked for twice in a row, a firewall is passed once; a waypoint without one is a place to pass.
    let mixed = build(network(&["e"]), &[(asks(&["b", "e", "e"]), OVER_BE, None)]);
    assert_eq!(proof(&through(mixed, &["e"]), &Failures::None).findings, []);
}

#[test]
fn a_list_without_the_sid_of_the_firewall_is_refused() {
    let mut built = guarded();
    lists(&mut built, "a", |preference, lists| {
        lists[0].sids.retain(|sid| preference < 200 || *sid != firewall());
    });
    let message = "from a to d: the segment list of its path of preference 200 does not lead through the service function of b in its turn";
    assert_eq!(refused(&built), message);
    // So is a second list of the path, though most of the traffic goes by the first.
    let mut built = guarded();
    lists(&mut built, "d", |preference, lists| {
        if preference == 200 {
            let sids = lists[0].sids.iter().copied().filter(|sid| *sid != firewall()).collect();
            lists.push(SegmentList { weight: 1, sids });
            lists[0].weight = 99;
        }
    });
    assert!(refused(&built).starts_with("from d to a: the segment list"));
}

#[test]
fn a_backup_without_the_sid_of_the_firewall_is_refused_before_anything_fails() {
    let mut built = guarded();
    lists(&mut built, "a", |preference, lists| {
        lists[0].sids.retain(|sid| preference == 200 || *sid != firewall());
    });
    assert!(refused(&built).contains("preference 100 does not lead through the service function of b"));
    // Under failures it is the same thing, told once.
    let found = proof(&built, &Failures::Links);
    assert_eq!(missed(&found).len(), 1);
    let breaks = |breakage: &&Breakage| breakage.of.contains_key("waypoints");
    let failures: Vec<&str> = found.breakages.iter().filter(breaks).map(|b| b.failure.as_str()).collect();
    assert_eq!(failures, ["link a--b down", "link b--d down"]);
}

#[test]
fn firewalls_in_the_wrong_order_are_refused() {
    // The path comes to b first, and the intent asks for e first.
    let built = build(network(&["b", "e"]), &[(asks(&["e", "b"]), OVER_BE, None)]);
    let found = proof(&through(built, &["b", "e"]), &Failures::None);
    let words = |from: &str, first: &str| {
        format!(
            "{from}: the segment list of its path of preference 200 does not lead through the service function of {first} in its turn"
        )
    };
    let all: Vec<String> = missed(&found).into_iter().map(|(_, message)| message.to_owned()).collect();
    assert_eq!(all, [words("from a to d", "e"), words("from d to a", "b")]);
    assert!(!found.holds());
}

#[test]
fn a_firewall_that_is_not_asked_for_is_refused() {
    let built = through(build(network(&["b", "e"]), &[(asks(&["b"]), OVER_BE, None)]), &["b", "e"]);
    let found = proof(&built, &Failures::None);
    let list = "the segment list of its path of preference 200";
    // On the way back it stands where that of b should.
    let words = [
        format!("from a to d: {list} leads through the service function of e, which is not asked for there"),
        format!("from d to a: {list} does not lead through the service function of b in its turn"),
    ];
    let all: Vec<&str> = missed(&found).into_iter().map(|(_, message)| message).collect();
    assert_eq!(all, words);
    assert!(!found.holds());
}

#[test]
fn a_way_that_avoids_the_waypoint_is_refused() {
    // No firewall is there, and no segment is missing.
    let built = build(network(&[]), &[(asks(&["b"]), OVER_C, None)]);
    assert_eq!(refused(&built), "in both directions: does not come to the waypoint b");
    let mut built = build(network(&[]), &[(asks(&["b"]), OVER_B, None)]);
    assert_eq!(proof(&built, &Failures::None).findings, []);
    let other = build(network(&[]), &[(service("s", "a", "d"), OVER_C, None)]);
    let around = other.desired.devices[&NodeId::lit("a")].policies.values().next().unwrap();
    let around = around.candidates[0].lists[0].clone();
    lists(&mut built, "a", |_, lists| lists.push(around.clone()));
    assert_eq!(refused(&built), "from a to d: only a part of it comes to the waypoint b");
}

#[test]
fn a_waypoint_that_the_network_has_not_is_never_visited() {
    let built = build(network(&[]), &[(asks(&["gone"]), OVER_B, None)]);
    assert_eq!(refused(&built), "in both directions: does not come to the waypoint gone");
}

#[test]
fn a_firewall_without_a_label_is_never_led_past() {
    // The compiler refuses such a service; a plan that leads it past the firewall is not proved either.
    let mut built = build(network(&["b"]), &[(asks(&["b"]), OVER_B, None)]);
    let sid = "fd00:f::2".parse().ok();
    let function = Some(Fact::from_file(ServiceFunction { label: None, sid }));
    built.ted.nodes.get_mut(&NodeId::lit("b")).unwrap().service_function = function;
    assert!(refused(&built).starts_with("in both directions: the segment list"));
}

#[test]
fn a_firewall_that_depends_on_what_is_up_is_refused() {
    // Behind a binding SID of b the preferred path leads through its firewall, and the other does not.
    let mut built = guarded();
    let binding = Sid::Mpls(Label::try_from(15_800).unwrap());
    let (ted, key) = (network(&["b"]), built.desired.devices[&NodeId::lit("a")].policies.keys().next());
    let inner = build(ted, &[(service("t", "b", "d"), &["b", "e", "d"], Some(&["b", "f", "d"]))]);
    let mut nested = inner.desired.devices[&NodeId::lit("b")].policies.values().next().unwrap().clone();
    (nested.key, nested.binding_sid) = (*key.unwrap(), Some(binding));
    nested.candidates[0].lists[0].sids.insert(0, firewall());
    edit(&mut built, "b", |device| drop(device.policies.insert(nested.key, nested.clone())));
    lists(&mut built, "a", |preference, lists| {
        if preference == 200 {
            lists[0].sids.truncate(1);
            lists[0].sids.push(binding);
        }
    });
    let message = refused(&built);
    assert!(message.contains("leads through depends on what is up"), "{message}");
}

#[test]
fn what_is_left_to_the_igp_by_a_failure_passes_by_the_firewall_and_is_told() {
    let bare = through(build(network(&["b"]), &[(asks(&["b"]), OVER_B, None)]), &["b"]);
    let found = proof(&bare, &Failures::Links);
    assert!(found.holds(), "{:?}", found.findings);
    let message = "with link a--b down and under one more failure, in both directions: passes by the service function of b: what follows the IGP passes none";
    assert_eq!(missed(&found), [(Severity::Warning, message)]);
    // Dropped, it is lost and passes nothing by. With a waypoint that has no firewall nothing is passed by either.
    let mut drops = through(build(network(&["b"]), &[(asks(&["b"]), OVER_B, None)]), &["b"]);
    let policies = drops.desired.devices.values_mut().flat_map(|device| device.policies.values_mut());
    policies.for_each(|policy| policy.last_resort = LastResort::Drop);
    assert_eq!(missed(&proof(&drops, &Failures::Links)), []);
    let place = build(network(&[]), &[(asks(&["b"]), OVER_B, None)]);
    assert_eq!(missed(&proof(&place, &Failures::Links)), []);
    // Where nothing has failed it may not happen at all.
    let mut astray = guarded();
    edit(&mut astray, "a", |device| device.steering.clear());
    let found = proof(&astray, &Failures::None);
    assert_eq!(said(&found), [codes::NOT_STEERED, codes::UNVISITED].map(|code| (code, Severity::Error)));
    assert!(!found.clone().against(&found).holds());
}

#[test]
fn the_policy_of_another_service_is_judged_by_what_it_passes() {
    let mut other = service("t", "a", "d");
    other.vrf = "other".parse().unwrap();
    let placed = [(asks(&["b"]), OVER_B, None), (other, OVER_B, None)];
    let mut built = through(build(network(&["b"]), &placed), &["b"]);
    let [ours, theirs] = ["s", "t"].map(|name| built.ids.colors[&model::IntentId::lit(name)]);
    edit(&mut built, "a", |device| {
        let rules = device.steering.values_mut().filter(|rule| rule.color == ours);
        rules.for_each(|rule| rule.color = theirs);
    });
    let astray = |built: &Built| missed(&proof(built, &Failures::None)).len();
    assert_eq!(astray(&built), 0, "it passes the firewall, though by a policy that is not its own");
    edit(&mut built, "a", |device| {
        let policies = device.policies.values_mut().filter(|policy| policy.key.color == theirs);
        policies.for_each(|policy| policy.candidates[0].lists[0].sids.retain(|sid| *sid != firewall()));
    });
    assert_eq!(astray(&built), 1);
}
