use std::collections::VecDeque;

use model::{
    calendar::{Moment, Offset},
    hint::Work,
    time::Timestamp,
};
use proptest::prelude::*;

use super::*;
use crate::tests::{CLASSES, service, set_of, ted};

/// Whose services it may be, where there is one encrypted line of three.
const SERVICES: [(usize, usize, bool); 5] =
    [(0, 1, false), (0, 3, false), (2, 4, false), (1, 4, true), (3, 4, false)];

fn network(lines: &[(usize, usize)]) -> Ted {
    let mut text = "apiVersion: trunkline/v1\nkind: Network\nnodes:\n".to_owned();
    for node in 0..5 {
        text += &format!(
            "  - {{name: n{node}, role: core, routerId: 10.0.0.{0}, nodeSid: {0}, locator: \"fd00:0:{0}::/48\"}}\n",
            node + 1
        );
    }
    text += "links:\n";
    for (number, (a, z)) in lines.iter().enumerate() {
        let secret = if number % 3 == 0 { ", encryption: macsec" } else { "" };
        text += &format!(
            "  - {{name: l{number}, a: \"n{a}:e{number}\", z: \"n{z}:f{number}\", bandwidth: 1Gbps, delay: 1ms{secret}}}\n"
        );
    }
    ted(&text)
}

fn once(from: u64, to: u64) -> Schedule {
    let moment = |at| Moment { at: Timestamp::from_micros(at), offset: Offset::UTC };
    Schedule::once(moment(from), moment(to)).unwrap()
}

/// What a case is made of: lines, windows with their links, nodes and times, and when each service is promised.
type Made = (Vec<(usize, usize)>, Vec<(Vec<usize>, Vec<usize>, (u64, u64))>, Vec<Option<(u64, u64)>>);

fn made() -> impl Strategy<Value = Made> {
    let line = (0_usize..5, 1_usize..5).prop_map(|(a, by)| (a, (a + by) % 5));
    let time = || (0_u64..6, 1_u64..5).prop_map(|(from, length)| (from, from + length));
    let window = (prop::collection::vec(0_usize..8, 1..4), prop::collection::vec(0_usize..20, 0..2), time());
    (
        prop::collection::vec(line, 4..9),
        prop::collection::vec(window, 1..6),
        prop::collection::vec(prop::option::of(time()), SERVICES.len()),
    )
}

fn case((lines, windows, when): &Made) -> (Ted, IntentSet) {
    // A ring below keeps every service possible: what is promised is validated before.
    let ring: Vec<(usize, usize)> = (0..5).map(|node| (node, (node + 1) % 5)).collect();
    let whole = network(&ring);
    let texts: Vec<String> = (0..SERVICES.len())
        .map(|number| {
            let (a, z, _) = SERVICES[number];
            service(&format!("s{number}"), &format!("  connectivity: {{type: p2p, endpoints: [n{a}, n{z}]}}"))
        })
        .collect();
    let texts: Vec<&str> = [CLASSES].into_iter().chain(texts.iter().map(String::as_str)).collect();
    let mut set = set_of(&texts, &whole);
    for (number, service) in set.services.values_mut().enumerate() {
        service.sle.encrypted = SERVICES[number].2;
        service.when = when[number].map(|(from, to)| once(from, to));
    }
    for (number, (links, nodes, (from, to))) in windows.iter().enumerate() {
        let work = Work {
            links: links.iter().map(|link| format!("l{link}").parse().unwrap()).collect(),
            nodes: nodes
                .iter()
                .filter(|node| **node < 5)
                .map(|node| format!("n{node}").parse().unwrap())
                .collect(),
        };
        let name = format!("w{number}");
        let window =
            Window { name: name.clone(), owner: None, labels: BTreeMap::new(), work, when: once(*from, *to) };
        set.windows.insert(name, window);
    }
    (network(lines), set)
}

/// Whether a service has a way off all this work: walked node by node.
fn has_way(ted: &Ted, service: &Service, down: &[&Window]) -> bool {
    let is_down = |node: &NodeId| down.iter().any(|window| window.work.nodes.contains(node));
    if is_down(&service.a) || is_down(&service.z) {
        return false;
    }
    let (mut seen, mut queue) = (BTreeSet::from([&service.a]), VecDeque::from([&service.a]));
    while let Some(node) = queue.pop_front() {
        for link in ted.links.values() {
            let is_secret = !service.sle.encrypted || link.encryption != Encryption::None;
            let in_work = down.iter().any(|window| window.work.links.contains(&link.id));
            let over = match node {
                node if *node == link.a.node => &link.z.node,
                node if *node == link.z.node => &link.a.node,
                _ => continue,
            };
            if is_secret && !in_work && !is_down(over) && seen.insert(over) {
                queue.push_back(over);
            }
        }
    }
    seen.contains(&service.z)
}

/// By sets of windows, what they cut off and no part of them does: every set, every service, every moment.
fn by_force(ted: &Ted, set: &IntentSet) -> BTreeSet<(Vec<String>, Vec<String>)> {
    let windows: Vec<&Window> = set.windows.values().collect();
    let chosen = |mask: usize| -> Vec<&Window> {
        (0..windows.len()).filter(|place| mask >> place & 1 == 1).map(|place| windows[place]).collect()
    };
    let mut told = BTreeSet::new();
    for mask in 1_usize..1 << windows.len() {
        let down = chosen(mask);
        let is_cut = |service: &&Service| {
            let promised = |at: u64| {
                let at = Timestamp::from_micros(at);
                let open = down.iter().all(|window| window.when.is_open(at));
                open && service.when.as_ref().is_none_or(|when| when.is_open(at))
            };
            let smaller = || (0..mask).filter(|part| part & mask == *part);
            (0..12).any(promised)
                && !has_way(ted, service, &down)
                && smaller().all(|part| has_way(ted, service, &chosen(part)))
        };
        let cut: Vec<String> =
            set.services.values().filter(is_cut).map(|service| service.id.to_string()).collect();
        if down.len() <= LARGEST && !cut.is_empty() {
            told.insert((down.iter().map(|window| window.name.clone()).collect(), cut));
        }
    }
    told
}

proptest! {
    #[test]
    fn the_smallest_sets_are_those_that_are_found_by_trying_all(made in made()) {
        let (ted, set) = case(&made);
        let found = find(&ted, &set, set.windows.values().collect(), MOST);
        prop_assert_eq!(found.stopped, None);
        let count = found.cuts.len();
        let told: BTreeSet<(Vec<String>, Vec<String>)> = found
            .cuts
            .iter()
            .map(|cut| {
                let windows = cut.windows.iter().map(|window| window.name.clone()).collect();
                (windows, cut.services.iter().map(ToString::to_string).collect())
            })
            .collect();
        prop_assert_eq!(told.len(), count, "each set is told once");
        prop_assert_eq!(told, by_force(&ted, &set));
    }
}

#[test]
fn the_search_ends_where_it_is_told_to_and_says_so() {
    let ring: Vec<(usize, usize)> = (0..5).map(|node| (node, (node + 1) % 5)).collect();
    let windows = (0..5).map(|link| (vec![link], Vec::new(), (0, 10))).collect();
    let (ted, set) = case(&(ring, windows, vec![None; SERVICES.len()]));
    let found = find(&ted, &set, set.windows.values().collect(), 8);
    assert_eq!(found.stopped, Some(8), "five alone, three pairs");
    assert!(!found.cuts.is_empty() && found.cuts.iter().all(|cut| cut.windows.len() <= 2));
}

/// A ring of many nodes with a service across it from each of some nodes.
fn ring(nodes: usize, services: usize) -> (Ted, IntentSet) {
    let small: Vec<(usize, usize)> = (0..5).map(|node| (node, (node + 1) % 5)).collect();
    let (mut ted, mut set) = case(&(small, Vec::new(), vec![None; SERVICES.len()]));
    let (node, link) =
        (ted.nodes.values().next().unwrap().clone(), ted.links.values().next().unwrap().clone());
    let name = |number: usize| -> NodeId { format!("r{}", number % nodes).parse().unwrap() };
    ted.nodes =
        (0..nodes).map(|number| (name(number), model::Node { id: name(number), ..node.clone() })).collect();
    ted.links = (0..nodes)
        .map(|number| {
            let mut link = link.clone();
            link.id = format!("r{number}").parse().unwrap();
            (link.a.node, link.z.node) = (name(number), name(number + 1));
            (link.id.clone(), link)
        })
        .collect();
    let service = set.services.values().next().unwrap().clone();
    let across = |number: usize| {
        let id: ServiceId = format!("x{number}").parse().unwrap();
        let ends = (name(number * (nodes / services)), name(number * (nodes / services) + nodes / 2));
        (id.clone(), Service { id, a: ends.0, z: ends.1, ..service.clone() })
    };
    set.services = (0..services).map(across).collect();
    (ted, set)
}

#[test]
fn a_hundred_windows_at_once_in_a_large_network_are_looked_at_in_bounds() {
    let (ted, mut set) = ring(10_000, 1_000);
    let days = [model::calendar::Weekday::Sun].into();
    let weekly =
        Schedule::weekly(days, "01:00".parse().unwrap(), "4h".parse().unwrap(), Offset::UTC).unwrap();
    for number in 0..100 {
        let work = Work { links: [format!("r{}", number * 100).parse().unwrap()].into(), ..Work::default() };
        let name = format!("w{number:02}");
        let window =
            Window { name: name.clone(), owner: None, labels: BTreeMap::new(), work, when: weekly.clone() };
        set.windows.insert(name, window);
    }
    let found = find(&ted, &set, set.windows.values().collect(), MOST);
    // Two lines of a ring cut it; every three have two in them.
    assert_eq!((found.cuts.len(), found.stopped), (100 * 99 / 2, Some(MOST)));
    assert!(found.cuts.iter().all(|cut| cut.windows.len() == 2 && cut.common.is_all));
}
