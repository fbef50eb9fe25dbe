use model::{Hints, Sid};

use super::*;
use crate::tests::{CLASSES, SERVICES, compiled, minimal_ted, service, set_of, ted};

/// `a` and `b` with a line between them and a thin way around by `c`; behind `b` a stub.
const TRIANGLE: &str = r#"
apiVersion: trunkline/v1
kind: Network
nodes:
  - {name: a, routerId: 10.0.0.1, nodeSid: 1, locator: "fd00:0:1::/48"}
  - {name: b, routerId: 10.0.0.2, nodeSid: 2, locator: "fd00:0:2::/48"}
  - {name: c, routerId: 10.0.0.3, nodeSid: 3, locator: "fd00:0:3::/48"}
  - {name: stub, routerId: 10.0.0.4, nodeSid: 4, locator: "fd00:0:4::/48"}
links:
  - {name: direct, a: "a:eth1", z: "b:eth1", bandwidth: 100Mbps, delay: 1ms}
  - {name: thin-1, a: "a:eth2", z: "c:eth1", bandwidth: 10Mbps, delay: 1ms}
  - {name: thin-2, a: "b:eth2", z: "c:eth2", bandwidth: 10Mbps, delay: 1ms}
  - {name: tail, a: "b:eth3", z: "stub:eth1", bandwidth: 100Mbps, delay: 1ms}
"#;

/// A service of one direction.
fn one(name: &str, to: &str, rest: &str) -> String {
    let ends =
        format!("  connectivity: {{type: p2p, endpoints: [a, {to}], bidirectional: false}}\n  {rest}\n");
    service(name, &ends)
}

fn asked(texts: &[String], hints: &Hints) -> Repairs {
    let ted = ted(TRIANGLE);
    let texts: Vec<&str> = [CLASSES].into_iter().chain(texts.iter().map(String::as_str)).collect();
    let set = set_of(&texts, &ted);
    repairs(&compiled(&set, &ted, hints), &set, &ted, &hints.down).unwrap()
}

/// `link: lost; load of capacity on a>b, …` of each link that does not fit.
fn told(answer: &Repairs) -> Vec<String> {
    let over = |one: &TooFull| format!("{} of {} on {}>{}", one.load, one.capacity, one.from, one.to);
    let line = |unfit: &Unfit| {
        let over: Vec<String> = unfit.over.iter().map(over).collect();
        format!("{}: {}; {}", unfit.link, unfit.lost, over.join(", "))
    };
    answer.unfit.iter().map(line).collect()
}

#[test]
fn a_detour_that_is_too_thin_is_told_with_all_that_it_gets() {
    for plane in ["srv6", "sr-mpls"] {
        let text = one("s", "b", &format!("slo: {{bandwidth: 50Mbps}}\n  path: {{dataplane: {plane}}}"));
        let answer = asked(&[text], &Hints::default());
        assert_eq!(told(&answer), ["direct: 0bps; 50Mbps of 10Mbps on a>c, 50Mbps of 10Mbps on c>b"]);
        assert_eq!((answer.links, answer.untold.len(), answer.pinned.len()), (1, 0, 0));
    }
}

#[test]
fn what_fits_and_what_promises_no_bandwidth_is_not_told() {
    let small = asked(&[one("s", "b", "slo: {bandwidth: 10Mbps}")], &Hints::default());
    assert_eq!((told(&small).len(), small.links), (0, 1));
    let nothing = asked(&[one("s", "b", "slo: {oneWayDelay: 30ms}")], &Hints::default());
    assert_eq!(nothing, Repairs::default());
}

#[test]
fn what_hangs_on_one_link_is_lost_with_it() {
    let answer = asked(&[one("s", "stub", "slo: {bandwidth: 5Mbps}")], &Hints::default());
    assert_eq!(told(&answer), ["tail: 5Mbps; "]);
    assert_eq!(answer.links, 2);
}

#[test]
fn what_is_down_already_repairs_nothing() {
    let hints = Hints { down: BTreeSet::from([LinkId::lit("direct")]), ..Hints::default() };
    let answer = asked(&[one("s", "b", "slo: {bandwidth: 5Mbps}")], &hints);
    assert_eq!(told(&answer), ["thin-1: 5Mbps; ", "thin-2: 5Mbps; "]);
}

#[test]
fn what_must_be_encrypted_is_not_led_around() {
    let ted = minimal_ted();
    let set = set_of(&[CLASSES, SERVICES], &ted);
    let done = compiled(&set, &ted, &Hints::default());
    let answer = repairs(&done, &set, &ted, &BTreeSet::new()).unwrap();
    assert_eq!(answer.pinned, BTreeSet::from([ServiceId::lit("payments-br-1")]));
    assert!(answer.unfit.is_empty() && answer.untold.is_empty(), "{answer:?}");
    // The lines of the two other services, and the link by which both are reached.
    assert_eq!(answer.links, 3);
}

#[test]
fn what_asks_to_be_pinned_is_not_led_around() {
    let text = one("s", "b", "slo: {bandwidth: 5Mbps}\n  path: {pin: links}");
    let answer = asked(&[text], &Hints::default());
    let pinned = BTreeSet::from([ServiceId::lit("s")]);
    assert_eq!(answer, Repairs { pinned, ..Repairs::default() });
}

#[test]
fn a_list_that_is_not_the_written_one_is_told_and_not_guessed() {
    let ted = ted(TRIANGLE);
    let text = one("s", "b", "slo: {bandwidth: 50Mbps}");
    let set = set_of(&[CLASSES, &text], &ted);
    let mut done = compiled(&set, &ted, &Hints::default());
    let Some(Verdict::Carried { directions, .. }) = done.verdicts.get_mut(&ServiceId::lit("s")) else {
        panic!("it is refused")
    };
    directions[0].primary.segments.push(Sid::Srv6("fd00::1".parse().unwrap()));
    let answer = repairs(&done, &set, &ted, &BTreeSet::new()).unwrap();
    let untold = BTreeSet::from([ServiceId::lit("s")]);
    assert_eq!(answer, Repairs { untold, ..Repairs::default() });
}

#[test]
fn of_two_choices_the_worst_of_each_link_is_told() {
    let ask = |to: &str, rate: &str| {
        asked(&[one("s", to, &format!("slo: {{bandwidth: {rate}}}"))], &Hints::default())
    };
    let mut both = ask("b", "50Mbps");
    both.join(ask("stub", "20Mbps"));
    both.join(ask("b", "30Mbps"));
    // Neither rides what the other does.
    let mut apart = ask("b", "50Mbps");
    apart.join(ask("c", "1Mbps"));
    assert_eq!(apart.links, ask("b", "50Mbps").links + ask("c", "1Mbps").links);
    let expected = ["direct: 0bps; 50Mbps of 10Mbps on a>c, 50Mbps of 10Mbps on c>b", "tail: 20Mbps; "];
    assert_eq!((told(&both), both.links), (expected.map(str::to_owned).to_vec(), 2));
}
