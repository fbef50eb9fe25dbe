use kernel::{Locator, Peer};
use model::NodeId;

use super::*;
use crate::fixture::{policy, posted, steered};

const PACE: Pace = Pace { line: Duration::from_millis(20), list: Duration::from_millis(50) };

/// `a`, and how it knows `b`.
fn post() -> (Post, Peer) {
    let [a, _] = posted();
    let b = a.place.peers[&NodeId::lit("b")];
    (a, b)
}

/// The End SID of `b`.
fn end(b: &Peer) -> String {
    Locator { net: b.locator.unwrap(), csid: None }.end().to_string()
}

fn addresses(sids: &[&str]) -> Vec<Ipv6Addr> {
    sids.iter().map(|sid| sid.parse().unwrap()).collect()
}

/// The one probe of a list.
fn probe_of<'a>(wanted: &'a Wanted, list: &[&str]) -> &'a Probe {
    let ids = &wanted.lists[&addresses(list)];
    assert_eq!(ids.len(), 1, "{ids:?}");
    &wanted.probes[ids.first().unwrap()]
}

#[test]
fn each_line_is_probed_to_its_neighbour_whatever_routes_say() {
    let (a, _) = post();
    let wanted = wanted(&a, &DeviceConfig::default(), PACE);
    assert!(wanted.lists.is_empty());
    assert_eq!((wanted.lines.len(), wanted.probes.len()), (2, 2));
    for (device, id) in &wanted.lines {
        let probe = Probe {
            from: a.loopback,
            reflector: a.neighbours[device],
            via: Vec::new(),
            every: PACE.line,
            device: Some(device.to_string()),
            dscp: 46,
        };
        assert_eq!(wanted.probes[id], probe);
    }
}

#[test]
fn a_list_is_probed_to_the_router_at_its_end() {
    let (a, b) = post();
    let end = end(&b);
    let config = steered(vec![policy(7, &b.router_id.to_string(), &[&[&end]])]);
    let wanted = wanted(&a, &config, PACE);
    let probe = Probe {
        from: a.loopback,
        reflector: a.loopbacks[&NodeId::lit("b")],
        via: vec![end.parse().unwrap(), probe_sid(b.locator.unwrap())],
        every: PACE.list,
        device: None,
        dscp: 46,
    };
    assert_eq!(*probe_of(&wanted, &[&end]), probe);
    assert_eq!(wanted.probes.len(), 3, "two lines, one list");
}

#[test]
fn the_models_service_at_the_end_of_a_list_makes_room_for_the_probes() {
    let (a, b) = post();
    let (end, service) = (end(&b), b.service().unwrap().to_string());
    let endpoint = b.locator.unwrap().network().to_string();
    let config = steered(vec![policy(7, &endpoint, &[&[&end, &service], &[&service], &[&service, &end]])]);
    let wanted = wanted(&a, &config, PACE);
    let via = |list: &[&str]| probe_of(&wanted, list).via.clone();
    let taken_out = probe_sid(b.locator.unwrap());
    let [end_sid, service_sid] = [&end, &service].map(|sid| sid.parse::<Ipv6Addr>().unwrap());
    let [end, service] = [&end, &service].map(|sid| sid.as_str());
    assert_eq!(via(&[end, service]), [end_sid, taken_out]);
    assert_eq!(via(&[service]), [taken_out]);
    assert_eq!(via(&[service, end]), [service_sid, end_sid, taken_out], "elsewhere it is a segment");
}

#[test]
fn what_ends_nowhere_or_has_labels_is_not_probed() {
    let (a, b) = post();
    let (end, id) = (end(&b), b.router_id.to_string());
    let config = steered(vec![
        policy(1, "0.0.0.0", &[&[&end]]),
        policy(2, "::", &[&[&end]]),
        policy(3, "10.99.99.99", &[&[&end]]),
        policy(4, &id, &[&["16001"], &["16001", "16002"]]),
    ]);
    let wanted = wanted(&a, &config, PACE);
    assert!(wanted.lists.is_empty(), "{:?}", wanted.lists);
    assert_eq!(wanted.probes.len(), wanted.lines.len());
    // One list with labels leaves the others alone.
    let config = steered(vec![policy(5, &id, &[&["16001"], &[&end]])]);
    assert_eq!(super::wanted(&a, &config, PACE).lists.len(), 1);
}

#[test]
fn a_list_of_two_policies_is_probed_once_for_each_end() {
    let (mut a, b) = post();
    let c = Peer { router_id: [10, 99, 0, 3].into(), locator: "fd00:99:3::/48".parse().ok() };
    a.place.peers.insert(NodeId::lit("c"), c);
    a.loopbacks.insert(NodeId::lit("c"), "fd00:99::3".parse().unwrap());
    let (end, id) = (end(&b), b.router_id.to_string());
    let one = [policy(1, &id, &[&[&end]]), policy(2, &id, &[&[&end]])];
    let same_end = wanted(&a, &steered(one.to_vec()), PACE);
    assert_eq!(probe_of(&same_end, &[&end]).reflector, a.loopbacks[&NodeId::lit("b")]);
    assert_eq!(same_end.probes.len(), 3);

    let other = policy(3, &c.router_id.to_string(), &[&[&end]]);
    let two_ends = wanted(&a, &steered([&one[..], &[other]].concat()), PACE);
    let ids = &two_ends.lists[&addresses(&[&end])];
    let reflectors: BTreeSet<Ipv6Addr> = ids.iter().map(|id| two_ends.probes[id].reflector).collect();
    let both: BTreeSet<Ipv6Addr> = a.loopbacks.values().copied().collect();
    assert_eq!(reflectors, both);
    assert_eq!(two_ends.probes.len(), 4);
}

#[test]
fn the_pace_keeps_a_large_lab_within_its_budget() {
    let of = |directions: usize| Pace::of(directions).line;
    assert_eq!([0, 1, 80].map(of), [LEAST; 3]);
    assert_eq!(of(400), Duration::from_millis(100));
    assert_eq!([4_000, 100_000, usize::MAX].map(of), [MOST; 3]);
    for directions in [81_u32, 400, 1_777, 4_000] {
        let pace = Pace::of(usize::try_from(directions).unwrap());
        assert_eq!(pace.line, pace.list);
        let a_second = f64::from(directions) / pace.line.as_secs_f64();
        assert!((f64::from(BUDGET) - a_second).abs() < 1.0, "{directions}: {a_second}");
    }
}
