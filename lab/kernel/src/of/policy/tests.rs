use std::collections::BTreeSet;

use model::{InterfaceName, NodeId, Sid, SrPolicy, sr::LastResort};
use proptest::prelude::*;

use super::*;
use crate::{
    Program,
    fixture::{address, config, list, path, place, policy, rule, usual, with_csid},
};

const SERVICE: &str = "fc00:0:3:d40::";

fn target(policies: &[SrPolicy], place: &Place) -> Option<Target> {
    place.carried(policies.iter(), &NodeId::lit("r3"), address(SERVICE))
}

/// Lists with weights, without the service at their ends.
fn lists(policies: &[SrPolicy], place: &Place) -> Vec<(u16, String)> {
    match target(policies, place) {
        Some(Target::Encap(ways)) => {
            let shown = |way: &Way| {
                assert_eq!(way.segments.last(), Some(&address(SERVICE)));
                let list: Vec<String> =
                    way.segments.iter().rev().skip(1).rev().map(ToString::to_string).collect();
                (way.weight.number(), list.join(" "))
            };
            ways.iter().map(shown).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn voice() -> SrPolicy {
    usual().policies.into_values().next().unwrap()
}

fn both() -> SrPolicy {
    usual().policies.into_values().nth(1).unwrap()
}

#[test]
fn the_highest_preference_that_is_valid_carries() {
    let mut place = place();
    assert_eq!(lists(&[voice()], &place), [(1, "fc00:0:2:1::".to_owned())]);
    // The line to r2 is cut: the backup, without anybody's help.
    place.ports.get_mut(&InterfaceName::lit("eth1")).unwrap().up = false;
    assert_eq!(lists(&[voice()], &place), [(1, "fc00:0:1:e001::".to_owned())]);
    place.ports.get_mut(&InterfaceName::lit("eth2")).unwrap().up = false;
    assert_eq!(target(&[voice()], &place), None, "left to the IGP");
    let drops = SrPolicy { last_resort: LastResort::Drop, ..voice() };
    assert_eq!(target(&[drops], &place), Some(Target::Drop));
}

#[test]
fn of_one_preference_the_higher_discriminator_carries() {
    let [mut lower, mut higher] =
        ["fc00:0:2:1::", "fc00:0:1:e001::"].map(|sid| path(100, vec![list(1, &[sid])]));
    (lower.discriminator, higher.discriminator) = (4, 5);
    for candidates in [vec![lower.clone(), higher.clone()], vec![higher, lower]] {
        let twice = SrPolicy { candidates, ..voice() };
        assert_eq!(lists(&[twice], &place()), [(1, "fc00:0:1:e001::".to_owned())]);
    }
}

#[test]
fn what_probes_and_the_igp_say_counts() {
    let mut place = place();
    place.silent.insert(vec![address("fc00:0:2:1::")]);
    assert_eq!(lists(&[voice()], &place)[0].1, "fc00:0:1:e001::");
    place.silent.clear();
    place.broken.insert(address("fc00:0:2:1::"));
    assert_eq!(lists(&[voice()], &place)[0].1, "fc00:0:1:e001::");
    place.broken.clear();
    place.underlay.routes.remove(&crate::fixture::net("fc00:0:2::/48"));
    assert_eq!(lists(&[voice()], &place)[0].1, "fc00:0:1:e001::");
}

#[test]
fn the_share_of_a_failed_list_falls_to_the_others() {
    let mut place = place();
    let shares: Vec<u16> = lists(&[both()], &place).iter().map(|(weight, _)| *weight).collect();
    assert_eq!(shares, [3, 1]);
    place.ports.get_mut(&InterfaceName::lit("eth1")).unwrap().up = false;
    assert_eq!(lists(&[both()], &place), [(1, "fc00:0:1:e001::".to_owned())]);
}

#[test]
fn the_path_that_is_used_can_be_asked_for_and_so_can_each_list() {
    let mut place = place();
    let used = |place: &Place| place.active(&voice()).map(|path| path.preference);
    let valid = |place: &Place| {
        let lists = voice().candidates.into_iter().flat_map(|path| path.lists);
        lists.map(|list| place.is_valid(&list)).collect::<Vec<bool>>()
    };
    assert_eq!((used(&place), valid(&place)), (Some(200), vec![true, true]));
    place.silent.insert(vec![address("fc00:0:2:1::")]);
    assert_eq!((used(&place), valid(&place)), (Some(100), vec![false, true]));
    place.ports.get_mut(&InterfaceName::lit("eth2")).unwrap().up = false;
    assert_eq!((used(&place), valid(&place)), (None, vec![false, false]));
}

#[test]
fn a_list_without_weight_carries_nothing() {
    let none = policy(7, "fc00:0:3:1::", vec![path(100, vec![list(0, &["fc00:0:2:1::"])])]);
    assert_eq!(target(&[none], &place()), None);
    let empty = policy(7, "fc00:0:3:1::", vec![path(100, vec![list(1, &[])])]);
    assert_eq!(target(&[empty], &place()), None);
}

#[test]
fn the_models_service_gives_way_to_the_tenants() {
    let ends = policy(7, "fc00:0:3:1::", vec![path(100, vec![list(1, &["fc00:0:2:1::", "fc00:0:3:d46::"])])]);
    assert_eq!(lists(&[ends], &place()), [(1, "fc00:0:2:1::".to_owned())]);
    // Lists that become the same are one.
    let twice = vec![list(1, &["fc00:0:2:1::", "fc00:0:3:d46::"]), list(2, &["fc00:0:2:1::"])];
    let twice = policy(7, "fc00:0:3:1::", vec![path(100, twice)]);
    assert_eq!(lists(&[twice], &place()), [(1, "fc00:0:2:1::".to_owned())]);
}

#[test]
fn a_null_endpoint_takes_what_no_policy_toward_the_node_carries() {
    let any = policy(1000, "::", vec![path(100, vec![list(1, &["fc00:0:2:1::"])])]);
    let toward = policy(1000, "fc00:0:3:1::", vec![path(100, vec![list(1, &["fc00:0:1:e001::"])])]);
    let mut place = place();
    assert_eq!(lists(&[any.clone(), toward.clone()], &place)[0].1, "fc00:0:1:e001::");
    place.ports.get_mut(&InterfaceName::lit("eth2")).unwrap().up = false;
    place.underlay.routes.insert(
        crate::fixture::net("fc00:0:3::/48"),
        BTreeSet::from([crate::fixture::hop("eth1", "fd00:12::2")]),
    );
    assert_eq!(lists(&[any.clone(), toward], &place)[0].1, "fc00:0:2:1::");
    let elsewhere = policy(1000, "fc00:0:2:1::", vec![path(100, vec![list(1, &["fc00:0:2:1::"])])]);
    assert_eq!(target(&[elsewhere], &place), None, "toward another node");
}

#[test]
fn a_router_id_is_an_endpoint_too() {
    let by_id = policy(7, "10.0.0.3", vec![path(100, vec![list(1, &["fc00:0:2:1::"])])]);
    assert_eq!(lists(&[by_id], &place()).len(), 1);
}

#[test]
fn containers_are_judged_by_what_is_in_them() {
    let mut place = with_csid(place());
    let ways = |place: &Place, sid: &str| {
        target(&[policy(7, "fc00:0:3:1::", vec![path(100, vec![list(1, &[sid])])])], place).is_some()
    };
    // r2's link e001, then r3; then a node that nobody has.
    for (container, delivers) in [
        ("fc00:0:2:e001:3::", true),
        ("fc00:0:2:3::", true),
        ("fc00:0:1:e000:2:3::", true),
        ("fc00:0:9:3::", false),
    ] {
        assert_eq!(ways(&place, container), delivers, "{container}");
    }
    place.broken.insert(address("fc00:0:2:e001::"));
    assert!(!ways(&place, "fc00:0:2:e001:3::") && ways(&place, "fc00:0:2:3::"));
    place.ports.get_mut(&InterfaceName::lit("eth1")).unwrap().up = false;
    assert!(!ways(&place, "fc00:0:1:e000:2:3::"));
}

#[test]
fn binding_sids_lead_into_the_lists_and_end_where_the_header_comes_off() {
    let mut bound = both();
    bound.binding_sid = Some(Sid::Srv6(address("fc00:0:1:4000::")));
    let config = config(vec![bound], vec![rule(10, None, &["ef"], 1)]);
    let at = |place: &Place| {
        let program = Program::of(&config, place).unwrap();
        let key = RouteKey { table: Table::Main, to: IpNet::from(IpAddr::V6(address("fc00:0:1:4000::"))) };
        program.routes[&key].clone()
    };
    let mut place = place();
    match at(&place) {
        Target::Bound(ways) => {
            assert_eq!(ways.len(), 2);
            assert!(ways.iter().all(|way| way.segments.last() == Some(&address("fc00:0:3:d06::"))));
        }
        other => panic!("{other:?}"),
    }
    place.ports.values_mut().for_each(|port| port.up = false);
    assert_eq!(at(&place), Target::Drop);
}

proptest! {
    #[test]
    fn weights_are_as_near_as_256_parts_come(weights in proptest::collection::vec(1_u64..u64::from(u32::MAX), 1..6)) {
        let list = |place: usize| vec![Ipv6Addr::from(place as u128 + 1)];
        let lists: Lists = weights.iter().enumerate().map(|(place, weight)| (list(place), *weight)).collect();
        let ways = weighed(lists);
        let (most, top) = (*weights.iter().max().unwrap(), ways.iter().map(|way| way.weight.number()).max().unwrap());
        for (place, weight) in weights.iter().enumerate() {
            let way = ways.iter().find(|way| way.segments == list(place)).unwrap();
            let wanted = *weight as f64 / most as f64 * f64::from(top);
            prop_assert!((f64::from(way.weight.number()) - wanted).abs() <= 0.5 + 1e-6 || way.weight == Weight::ONE);
        }
    }

    #[test]
    fn small_weights_are_exact(a in 1_u64..=256, b in 1_u64..=256, times in 1_u64..1_000_000) {
        let lists = Lists::from([(vec![address("::1")], a * times), (vec![address("::2")], b * times)]);
        let ways = weighed(lists);
        prop_assert_eq!(u64::from(ways[0].weight.number()) * b, u64::from(ways[1].weight.number()) * a);
    }

    #[test]
    fn no_container_is_read_forever(bits in any::<u128>()) {
        prop_assert!(with_csid(place()).unpacked(Ipv6Addr::from(bits)).len() <= 128);
    }
}
