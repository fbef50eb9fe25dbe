use std::net::IpAddr;

use super::*;
use crate::fixture::posted;

fn eth(number: u8) -> Device {
    format!("eth{number}").parse().unwrap()
}

fn up(post: &Post, sight: &Sight) -> Vec<(Device, bool)> {
    post.place(sight).ports.into_values().map(|port| (port.device, port.up)).collect()
}

#[test]
fn a_line_is_up_where_its_device_is_there_and_up() {
    let [a, _] = posted();
    let sees = |devices: &[(u8, bool)]| Sight {
        devices: devices.iter().map(|(number, up)| (eth(*number), *up)).collect(),
        ..Sight::default()
    };
    assert_eq!(up(&a, &sees(&[(1, true), (2, true)])), [(eth(1), true), (eth(2), true)]);
    assert_eq!(up(&a, &sees(&[(1, false), (2, true)])), [(eth(1), false), (eth(2), true)]);
    assert_eq!(up(&a, &sees(&[(1, true), (9, true)])), [(eth(1), true), (eth(2), false)], "eth2 is gone");
}

#[test]
fn routes_of_the_igp_are_known_and_not_ours() {
    let [a, b] = posted();
    let via = a.neighbours.get(&eth(1)).map(|neighbour| IpAddr::V6(*neighbour));
    let to = IpNet::V6(b.place.locator.unwrap().net);
    let routes = BTreeMap::from([(to, BTreeSet::from([Hop { device: eth(1), via }]))]);
    let place = a.place(&Sight { routes: routes.clone(), ..Sight::default() });
    assert_eq!(place.underlay, Underlay { routes, ours: false });
    assert!(a.place(&Sight::default()).underlay.routes.is_empty(), "what is gone is not remembered");
}

#[test]
fn silent_lists_are_those_that_are_silent_now() {
    let [a, b] = posted();
    let silent = BTreeSet::from([vec![b.loopback]]);
    assert_eq!(a.place(&Sight { silent: silent.clone(), ..Sight::default() }).silent, silent);
    assert!(a.place(&Sight::default()).silent.is_empty());
}

#[test]
fn all_else_is_as_the_post_has_it() {
    let [a, _] = posted();
    let mut place = a.place(&Sight::default());
    place.ports.values_mut().for_each(|port| port.up = true);
    place.down.clear();
    assert_eq!(place, a.place);
}

#[test]
fn a_customers_device_that_nobody_sees_is_down() {
    let [_, b] = posted();
    let down = |devices: &[(u8, bool)]| {
        let devices = devices.iter().map(|(number, up)| (eth(*number), *up)).collect();
        b.place(&Sight { devices, ..Sight::default() }).down
    };
    // eth3 and eth4 lead to customers, and eth5 to a host of nobody.
    assert_eq!(down(&[(3, true), (4, true)]), BTreeSet::new());
    assert_eq!(down(&[(3, false), (4, true), (1, false)]), BTreeSet::from([eth(3)]));
    assert_eq!(down(&[(4, false)]), BTreeSet::from([eth(3), eth(4)]), "eth3 is gone");
}
