//! Waypoints and their firewalls, judged by the gate as by the proof of a plan.

use super::*;
use crate::firewalls::{asks, firewall, guarded, network, through};

const KINDS: &[FailureKind] = &[FailureKind::Link];

#[test]
fn a_service_whose_path_and_backup_pass_its_firewall_is_kept() {
    let all = ask(&guarded(), KINDS, 1);
    assert_eq!(said(&all), []);
    assert!(all.holds(false));
}

#[test]
fn a_list_that_leads_past_the_firewall_breaks_the_promise_and_is_told_once() {
    let all = |preference: u32| {
        let mut built = guarded();
        let device = built.desired.devices.get_mut(&NodeId::lit("a")).unwrap();
        for policy in device.policies.values_mut() {
            let paths = policy.candidates.iter_mut().filter(|path| path.preference == preference);
            paths.for_each(|path| path.lists[0].sids.retain(|sid| *sid != firewall()));
        }
        ask(&built, KINDS, 1)
    };
    for (preference, broken) in [(200, 7), (100, 2)] {
        let all = all(preference);
        assert_eq!(said(&all), [(codes::UNVISITED, vec![String::new()], false)]);
        let list =
            format!("from a to d: the segment list of its path of preference {preference} does not lead");
        assert!(all.violations[0].why.starts_with(&list), "{all:?}");
        // Under failures it is broken wherever that path is ridden: the path under all links but its own two, which are the backup's.
        assert_eq!(checks(&all, FailureKind::Link), (9, broken, broken, 0));
        assert!(!all.holds(true), "a plan can help");
    }
}

#[test]
fn a_way_that_avoids_a_waypoint_breaks_the_promise() {
    let all = ask(&build(network(&[]), &[(asks(&["b"]), OVER_C, None)]), &[], 1);
    assert_eq!(said(&all), [(codes::UNVISITED, vec![String::new()], false)]);
    assert_eq!(all.violations[0].why, "does not come to the waypoint b");
    // A place to pass that is passed needs no function.
    let all = ask(&build(network(&[]), &[(asks(&["b"]), OVER_B, None)]), KINDS, 1);
    assert_eq!(said(&all), []);
}

#[test]
fn what_follows_the_igp_past_a_firewall_is_broken_and_what_is_dropped_is_only_lost() {
    let built = || through(build(network(&["b"]), &[(asks(&["b"]), OVER_B, None)]), &["b"]);
    let all = ask(&built(), KINDS, 1);
    assert_eq!(said(&all), [(codes::UNVISITED, texts(&["a--b", "b--d"]), false)]);
    let violation = &all.violations[0];
    assert_eq!(violation.why, "passes by the service function of b: what follows the IGP passes none");
    assert!(violation.help.starts_with("`path.lastResort: drop` loses this traffic"), "{violation:?}");
    assert_eq!(checks(&all, FailureKind::Link), (9, 2, 0, 0));
    let all = ask(&drops(built()), KINDS, 1);
    assert_eq!(said(&all), [(codes::NOT_DELIVERED, texts(&["a--b", "b--d"]), false)]);
}

#[test]
fn what_passes_by_under_a_pair_is_told_also_where_one_of_it_loses_the_traffic() {
    // One direction drops and the other follows the IGP: loss of the one says nothing of exposure of the other.
    let mut built = guarded();
    let device = built.desired.devices.get_mut(&NodeId::lit("a")).unwrap();
    for policy in device.policies.values_mut() {
        policy.last_resort = LastResort::Drop;
        policy.candidates.truncate(1);
    }
    let all = ask(&built, &[FailureKind::TwoLinks], 1);
    let codes: BTreeSet<&str> = all.violations.iter().map(|violation| violation.code.as_str()).collect();
    assert_eq!(codes, BTreeSet::from([codes::NOT_DELIVERED, codes::UNVISITED]));
}
