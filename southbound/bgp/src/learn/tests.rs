//! What an originator tells is learned, also when it goes silent, contradicts another, or speaks to others.

#[path = "../../tests/support/network.rs"]
mod network;
mod prefixes;

use std::net::IpAddr;

use model::{Side, Span, Timestamp, link::Direction};

use super::*;
use crate::{
    fsm::{Down, End as Ending, Notice},
    ls::{
        LsAttribute, LsTlv,
        asla::{Application, Asla},
        link::LinkTlv,
        performance::{Measured, PerformanceTlv},
    },
    originate::{Originator, routes},
    session::Heard,
    wire::{Family, Received, Update},
};
use network::network;

fn at(secs: u64) -> Timestamp {
    Timestamp::from_micros(secs * 1_000_000)
}

fn peer(name: &str) -> NodeId {
    NodeId::lit(name)
}

fn originator() -> Originator {
    Originator { asn: 65_000, domain: 0, next_hop: IpAddr::from([10, 0, 0, 1]), external: None }
}

fn say(table: &mut Table, who: &str, update: Update, when: u64) {
    let received = Received { update, faults: Vec::new() };
    table.update(&peer(who), &received, at(when));
}

fn tell(table: &mut Table, who: &str, said: Vec<(Nlri, LsAttribute)>, when: u64) {
    for (nlri, attribute) in said {
        say(table, who, originator().announce(vec![nlri], attribute), when);
    }
}

fn silence(table: &mut Table, who: &str, when: u64) {
    let down = Notice::Down(Down { why: Ending::Lost, restart: None });
    table.hear(&peer(who), &Heard { at: at(when), notice: down });
}

fn plain<T: Clone>(fact: &mut Fact<T>) {
    *fact = Fact::from_file(fact.value.clone());
}

/// The network as if a file had said all of it.
fn as_from_file(mut ted: model::Ted) -> model::Ted {
    for node in ted.nodes.values_mut() {
        node.locator.iter_mut().for_each(plain);
        node.node_sid.iter_mut().for_each(plain);
        plain(&mut node.msd);
    }
    for link in ted.links.values_mut() {
        for way in [&mut link.a_to_z, &mut link.z_to_a] {
            let Direction { bandwidth, delay, jitter, loss, igp, te, adjacency_label, end_x } = way;
            plain(bandwidth);
            plain(delay);
            plain(jitter);
            plain(loss);
            plain(igp);
            plain(te);
            adjacency_label.iter_mut().for_each(plain);
            end_x.iter_mut().for_each(plain);
        }
    }
    ted
}

fn told() -> (model::Ted, Names, Table) {
    let ted = network(12, 30);
    let names = Names::of(&ted);
    let mut table = Table::default();
    tell(&mut table, "rr1", routes(&ted, &names, &originator()), 5);
    (ted, names, table)
}

#[test]
fn what_is_originated_is_learned() {
    let (ted, names, table) = told();
    let learned = view(&table).ted(&names);
    assert_eq!(learned.left_out, []);
    assert_eq!(as_from_file(learned.ted.clone()), ted);
    let delay = &learned.ted.links.values().next().unwrap().a_to_z.delay;
    let source = Source::Advertised(DeviceSource { node: peer("rr1"), protocol: "bgp-ls".into() });
    assert_eq!((&delay.source, delay.at, &delay.standing), (&source, at(5), &Standing::Fresh));
}

#[test]
fn a_source_that_goes_silent_makes_its_facts_stale_and_not_gone() {
    let (ted, names, mut table) = told();
    silence(&mut table, "rr1", 60);
    let learned = view(&table).ted(&names);
    assert_eq!(as_from_file(learned.ted.clone()), ted, "all is still there");
    let stale = Standing::Stale { since: at(60) };
    assert_eq!(learned.ted.links.values().next().unwrap().z_to_a.igp.standing, stale);
    assert!(learned.ted.nodes.values().all(|node| node.node_sid.as_ref().unwrap().at == at(5)));
}

#[test]
fn what_a_peer_that_is_back_does_not_tell_again_goes_when_it_has_told_all() {
    let (ted, names, mut table) = told();
    silence(&mut table, "rr1", 60);
    let all = routes(&ted, &names, &originator());
    let node = all.iter().position(|(nlri, _)| matches!(nlri, Nlri::Node(_))).unwrap();
    tell(&mut table, "rr1", all.into_iter().skip(node + 1).collect(), 70);
    let known = |table: &Table| table.peers()[&peer("rr1")].routes.len();
    let before = known(&table);
    assert_eq!(table.peers()[&peer("rr1")].stale(), 1);
    let end = Heard { at: at(71), notice: Notice::EndOfRib(Family::LINK_STATE) };
    table.hear(&peer("rr1"), &end);
    assert_eq!(known(&table), before - 1);
}

#[test]
fn stale_routes_go_when_they_are_older_than_wanted() {
    let (_, _, mut table) = told();
    silence(&mut table, "rr1", 60);
    table.sweep(at(100), Span::from_secs(3_600));
    assert_ne!(table.peers()[&peer("rr1")].routes.len(), 0);
    let revision = table.revision();
    table.sweep(at(60 + 3_601), Span::from_secs(3_600));
    assert_eq!(table.peers()[&peer("rr1")].routes.len(), 0);
    assert!(table.revision() > revision);
}

#[test]
fn a_peer_cannot_fill_the_memory() {
    let ted = network(12, 30);
    let names = Names::of(&ted);
    let all = routes(&ted, &names, &originator());
    let count = all.len() as u64;
    let mut table = Table::with_limits(10, usize::MAX);
    tell(&mut table, "rr1", all.clone(), 1);
    let known = &table.peers()[&peer("rr1")];
    assert_eq!((known.routes.len(), known.refused), (10, count - 10));

    let mut table = Table::with_limits(usize::MAX, 2_000);
    tell(&mut table, "rr1", all.clone(), 1);
    let few = table.peers()[&peer("rr1")].routes.len();
    assert!((3..30).contains(&few), "{few} routes in 2,000 octets");
    // What is said again takes no more room, and what went makes room.
    let first: Vec<_> = all.iter().take(few).cloned().collect();
    tell(&mut table, "rr1", first.clone(), 2);
    assert_eq!(table.peers()[&peer("rr1")].routes.len(), few);
    for (nlri, _) in first {
        say(&mut table, "rr1", originator().withdraw(vec![nlri]), 3);
    }
    tell(&mut table, "rr1", all, 4);
    assert_eq!(table.peers()[&peer("rr1")].routes.len(), few);
}

#[test]
fn routes_of_one_message_share_what_is_said_of_them() {
    let all = routes(&network(12, 30), &Names::default(), &originator());
    let mut table = Table::default();
    let nlris: Vec<_> = all.iter().map(|(nlri, _)| nlri.clone()).collect();
    say(&mut table, "rr1", originator().announce(nlris, all[0].1.clone()), 1);
    let shared: Vec<_> = table.peers()[&peer("rr1")].routes.values().collect();
    let first = shared[0].attribute.as_ref().unwrap();
    assert!(shared.iter().all(|route| std::sync::Arc::ptr_eq(first, route.attribute.as_ref().unwrap())));
}

#[test]
fn what_cannot_be_read_of_a_node_is_not_known() {
    let (ted, names, mut table) = told();
    let (nlri, _) = routes(&ted, &names, &originator()).remove(0);
    let overload = |table: &Table| view(table).routers.values().filter(|it| it.overload.is_some()).count();
    assert_eq!(overload(&table), 12);
    let mut update = originator().announce(vec![nlri], LsAttribute::default());
    update.attributes.pop();
    say(&mut table, "rr1", update, 8);
    assert_eq!(overload(&table), 11);
}

#[test]
fn interfaces_of_one_name_are_told_apart_however_many_there_are() {
    let (ted, names, mut table) = told();
    let mut all = routes(&ted, &names, &originator());
    for (_, attribute) in &mut all {
        for tlv in &mut attribute.tlvs {
            if let LsTlv::Link(LinkTlv::Name(name)) = tlv {
                *name = "same".to_owned();
            }
        }
    }
    tell(&mut table, "rr1", all, 8);
    let learned = view(&table).ted(&names);
    assert_eq!(learned.ted.links.len(), ted.links.len());
    let ends = learned.ted.links.values().flat_map(|link| [&link.a, &link.z]);
    let ends: BTreeSet<_> = ends.map(|end| (end.node.clone(), end.interface.to_string())).collect();
    assert_eq!(ends.len(), 2 * ted.links.len());
    assert!(ends.iter().all(|(_, name)| name == "same" || name.starts_with("same~")));
}

#[test]
fn groups_are_bounded() {
    let far = crate::ls::link::groups(&[u32::MAX; 16_000]);
    assert_eq!(far.last(), Some(&2_047));
}

#[test]
fn a_route_that_is_withdrawn_is_gone() {
    let (ted, names, mut table) = told();
    let (nlri, _) = routes(&ted, &names, &originator())
        .into_iter()
        .find(|(nlri, _)| matches!(nlri, Nlri::Link(_)))
        .unwrap();
    say(&mut table, "rr1", originator().withdraw(vec![nlri]), 9);
    let learned = view(&table).ted(&names);
    assert_eq!(learned.ted.links.len(), ted.links.len() - 1);
    let [left] = &learned.left_out[..] else { panic!("{:?}", learned.left_out) };
    assert!(left.why.starts_with("only one side tells of it"), "{left:?}");
}

/// The first link route, with another attribute.
fn first_link(ted: &model::Ted, names: &Names, change: impl Fn(&mut Vec<LsTlv>)) -> (Nlri, LsAttribute) {
    let mut all = routes(ted, names, &originator()).into_iter();
    let (nlri, mut attribute) = all.find(|(nlri, _)| matches!(nlri, Nlri::Link(_))).unwrap();
    change(&mut attribute.tlvs);
    (nlri, attribute)
}

fn first_way(view: &View) -> &Way {
    &view.halves[0].way
}

fn metric(number: u32) -> LsTlv {
    LsTlv::Link(LinkTlv::TeMetric(number))
}

#[test]
fn two_peers_that_disagree_are_both_heard() {
    let (ted, names, mut table) = told();
    let other = first_link(&ted, &names, |tlvs| {
        tlvs.retain(|tlv| tlv.code() != metric(0).code());
        tlvs.push(metric(999));
    });
    tell(&mut table, "rr2", vec![other], 8);
    let seen = view(&table);
    let te = first_way(&seen).te.clone().unwrap();
    assert_eq!(te.value, TeMetric(20));
    let Standing::Conflicting { other, .. } = te.standing else { panic!("{te:?}") };
    assert_eq!(other, TeMetric(999));
    // Of the one that is silent nothing is believed against the other.
    silence(&mut table, "rr1", 60);
    let te = first_way(&view(&table)).te.clone().unwrap();
    assert_eq!((te.value, te.standing), (TeMetric(999), Standing::Fresh));
}

#[test]
fn attributes_for_an_application_hold_for_that_one() {
    let (ted, names, mut table) = told();
    let bound = |applications: &[Application], number| {
        LsTlv::Asla(Asla::standard(applications, vec![metric(number)]))
    };
    let said = first_link(&ted, &names, |tlvs| {
        tlvs.push(bound(&[Application::FlexAlgo], 1));
        tlvs.push(LsTlv::Asla(Asla { tlvs: vec![metric(2)], ..Asla::default() }));
    });
    tell(&mut table, "rr1", vec![said], 8);
    assert_eq!(first_way(&view(&table)).te.as_ref().unwrap().value, TeMetric(2), "for all");
    let said = first_link(&ted, &names, |tlvs| {
        tlvs.push(LsTlv::Asla(Asla { tlvs: vec![metric(2)], ..Asla::default() }));
        tlvs.push(bound(&[Application::SrPolicy, Application::Lfa], 3));
    });
    tell(&mut table, "rr1", vec![said], 9);
    assert_eq!(first_way(&view(&table)).te.as_ref().unwrap().value, TeMetric(3), "for SR policies");
}

#[test]
fn loss_and_delay_come_in_the_units_of_the_model() {
    let (ted, names, mut table) = told();
    let said = first_link(&ted, &names, |tlvs| {
        tlvs.retain(|tlv| !matches!(tlv, LsTlv::Performance(_)));
        let measured = |value| Measured { anomalous: false, value };
        let range = PerformanceTlv::DelayRange { least: measured(1_500), greatest: 9_000 };
        tlvs.extend([range, PerformanceTlv::Loss(measured(0x00ff_ffff))].map(LsTlv::Performance));
    });
    tell(&mut table, "rr1", vec![said], 8);
    let seen = view(&table);
    let way = first_way(&seen);
    assert_eq!(way.delay.as_ref().unwrap().value, Delay::from_micros(1_500));
    assert_eq!(
        way.loss.as_ref().unwrap().value,
        Loss::from_ppb(503_316_450),
        "50.331645%, the most there is"
    );
}

#[test]
fn what_was_learned_finds_its_place_in_a_file_and_what_has_none_is_told() {
    let (ted, _, table) = told();
    let mut file = ted.clone();
    let (lost, gone) = file.links.pop_last().unwrap();
    let stranger = file.nodes.pop_first().unwrap().1;
    file.links.retain(|_, link| link.a.node != stranger.id && link.z.node != stranger.id);
    let seen = view(&table);
    let matched = seen.matched(&file);
    assert_eq!(matched.nodes.len(), 11);
    for (id, router) in &matched.nodes {
        assert_eq!(router.router_id.as_ref().unwrap().value, file.nodes[id].router_id);
    }
    for (link, side, way) in &matched.ways {
        assert_eq!(way.igp.as_ref().unwrap().value, file.links[link].direction(*side).igp.value, "{link}");
    }
    assert_eq!(matched.ways.len(), 2 * file.links.len());
    assert_eq!(matched.unmatched.routers.len(), 1);
    assert_eq!(
        matched.unmatched.halves.len(),
        2 * (ted.links.len() - file.links.len()),
        "with {lost} of {}",
        gone.a.node
    );
    assert!(matched.unmatched.silent_nodes.is_empty() && matched.unmatched.silent_links.is_empty());
    let nothing = view(&Table::default());
    let unmatched = nothing.matched(&ted).unmatched;
    assert_eq!((unmatched.silent_nodes.len(), unmatched.silent_links.len()), (12, 30));
}

/// The first direction as its file has it, and one between the same routers, of another line, that comes before it.
fn two_between_the_same(name: Option<&str>) -> (model::Ted, View) {
    let (ted, _, table) = told();
    let mut seen = view(&table);
    let mut other = seen.halves[0].clone();
    let called = |half: &mut Half, name: Option<&str>| {
        half.way.name =
            name.and_then(|name| half.way.name.clone().map(|fact| Fact { value: name.to_owned(), ..fact }));
    };
    called(&mut other, name);
    other.near = vec![End::Number(9_999)];
    other.way.igp.as_mut().unwrap().value = IgpMetric(777);
    if name.is_none() {
        seen.halves.iter_mut().for_each(|half| called(half, None));
    }
    seen.halves.insert(0, other);
    (ted, seen)
}

fn metrics(matched: &Matched<'_>, of: &Half, seen: &View) -> Vec<u32> {
    let local = seen.routers[&of.local].router_id.as_ref().unwrap().value;
    let remote = seen.routers[&of.remote].router_id.as_ref().unwrap().value;
    let node = |at: Ipv4Addr| matched.nodes.iter().find(|(_, it)| it.router_id.as_ref().unwrap().value == at);
    let (near, far) = (&node(local).unwrap().0, &node(remote).unwrap().0);
    let is_it = |link: &model::LinkId, side: Side| {
        let (a, z) = link.as_str().split_once("--").unwrap();
        let (from, to) = if side == Side::A { (a, z) } else { (z, a) };
        from.starts_with(near.as_str()) && to.starts_with(far.as_str())
    };
    let of_it = matched.ways.iter().filter(|(link, side, _)| is_it(link, *side));
    of_it.map(|(_, _, way)| way.igp.as_ref().unwrap().value.0).collect()
}

/// Of the direction nobody but a silent peer told, and only its metric.
fn stale_since(way: &mut Way, secs: u64) {
    let standing = Standing::Stale { since: at(secs) };
    *way = Way { igp: way.igp.take().map(|fact| Fact { standing, ..fact }), ..Way::default() };
}

#[test]
fn a_line_beside_that_of_the_file_is_not_taken_for_it() {
    let (ted, seen) = two_between_the_same(Some("eth99"));
    let matched = seen.matched(&ted);
    let own = seen.halves[1].way.igp.as_ref().unwrap().value.0;
    assert_eq!(
        metrics(&matched, &seen.halves[0], &seen),
        [own],
        "its router names interfaces, and this is another"
    );
    assert_eq!(matched.unmatched.halves.len(), 1);
    assert!(matched.unmatched.silent_links.is_empty());
}

#[test]
fn where_nobody_knows_which_line_is_the_files_none_is_taken() {
    let (ted, seen) = two_between_the_same(None);
    let matched = seen.matched(&ted);
    assert_eq!(metrics(&matched, &seen.halves[0], &seen), Vec::<u32>::new());
    assert_eq!((matched.unmatched.halves.len(), matched.unmatched.silent_links.len()), (2, 1));
}

#[test]
fn a_line_that_moved_is_taken_as_it_is_told_now_and_not_as_a_silent_peer_told_it() {
    let (ted, mut seen) = two_between_the_same(None);
    stale_since(&mut seen.halves[0].way, 60);
    let matched = seen.matched(&ted);
    let own = seen.halves[1].way.igp.as_ref().unwrap().value.0;
    assert_eq!(metrics(&matched, &seen.halves[0], &seen), [own]);
    assert!(matched.unmatched.halves.is_empty());
}

#[test]
fn a_line_that_is_told_of_twice_is_one() {
    let (ted, mut seen) = two_between_the_same(None);
    seen.halves[0].near = seen.halves[1].near.clone();
    let matched = seen.matched(&ted);
    let own = seen.halves[1].way.igp.as_ref().unwrap().value.0;
    assert_eq!(metrics(&matched, &seen.halves[0], &seen), [777, own]);
}

#[test]
fn another_name_alone_is_no_other_line() {
    let (ted, _, table) = told();
    let mut seen = view(&table);
    // Links have names of their own there.
    for half in &mut seen.halves {
        half.way.name.as_mut().unwrap().value.insert_str(0, "line-of-");
    }
    let matched = seen.matched(&ted);
    assert_eq!((matched.ways.len(), matched.unmatched.halves.len()), (2 * ted.links.len(), 0));
}
