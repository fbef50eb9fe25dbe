//! What IS-IS tells by a router's own session is laid by the names of the file, with who said it; it is followed, and neither silence nor
//! a restart moves anything.

use model::{IgpMetric, LinkId, Source, Standing, Surroundings, TeMetric};

use super::*;
use crate::learn::{Routers, plain};

fn file() -> Ted {
    let text = include_str!("../../../../../intents/examples/minimal/network.yaml");
    formats::read("network.yaml", text).unwrap().ted
}

fn at(secs: u64) -> Timestamp {
    Timestamp::from_micros(secs * 1_000_000)
}

fn line() -> LinkId {
    LinkId::lit("line1-br-1")
}

fn around(lsdb: Lsdb) -> Surroundings {
    Surroundings { lsdb: Some(lsdb), ..Surroundings::default() }
}

/// Routers of which these have said what IS-IS tells them.
fn routers(told: &[(&str, Lsdb)]) -> Routers {
    let mut routers = Routers::default();
    for (node, lsdb) in told {
        assert!(routers.hear(&NodeId::lit(node), "netconf", at(5), around(lsdb.clone())));
    }
    routers
}

fn laid(routers: &Routers, beside: Learned, before: &Learned) -> Learned {
    routers.databases(before, &file()).lay(beside, &file(), (before, at(1)))
}

fn told(ted: &Ted) -> Lsdb {
    Lsdb::of(ted, &BTreeSet::new())
}

/// The file's network, in which the first branch's end of its first line has another metric.
fn dearer() -> Ted {
    let mut ted = file();
    ted.links.get_mut(&line()).unwrap().a_to_z.igp.value = IgpMetric(777);
    ted
}

fn source(node: &str) -> Source {
    Source::Advertised(model::fact::DeviceSource { node: NodeId::lit(node), protocol: PROTOCOL.into() })
}

#[test]
fn what_is_told_as_in_the_file_changes_no_plan_and_has_a_source() {
    let routers = routers(&[("core-1", told(&file()))]);
    let learned = laid(&routers, Learned::default(), &Learned::default());
    assert_eq!(plain(&learned.lay(&file())), plain(&file()));
    assert_eq!(learned.links.len(), file().links.len());
    let igp = learned.links[&line()].a_to_z.igp.as_ref().unwrap();
    assert_eq!((&igp.source, igp.at, &igp.standing), (&source("core-1"), at(5), &Standing::Fresh));
    assert!(!learned.nodes[&NodeId::lit("br-1")].overload.as_ref().unwrap().value);
    assert_eq!(routers.databases(&Learned::default(), &file()).strangers(), []);
}

#[test]
fn what_is_told_otherwise_is_followed() {
    let learned = laid(&routers(&[("core-1", told(&dearer()))]), Learned::default(), &Learned::default());
    let ted = learned.lay(&file());
    let igp = &ted.links[&line()].a_to_z.igp;
    assert_eq!((igp.value, &igp.source), (IgpMetric(777), &source("core-1")));
    assert_eq!(plain(&ted), plain(&dearer()));
}

#[test]
fn what_a_router_says_of_itself_goes_before_what_others_say() {
    let own = routers(&[("br-1", told(&dearer())), ("core-1", told(&file()))]);
    let igp = |routers: &Routers, beside: Learned| {
        laid(routers, beside, &Learned::default()).links[&line()].a_to_z.igp.clone().unwrap()
    };
    let heard = igp(&own, Learned::default());
    assert_eq!((heard.value, &heard.source), (IgpMetric(777), &source("br-1")));
    assert!(
        matches!(&heard.standing, Standing::Conflicting { source: other, .. } if *other == source("core-1"))
    );
    // Beside a peer: of the branch itself it counts before that peer, of somebody else after it.
    let mut peer = Learned::default();
    let by_peer = super::fact(&NodeId::lit("rr-1"), "bgp-ls", (at(4), None), IgpMetric(5));
    peer.links.entry(line()).or_default().a_to_z.igp = Some(by_peer);
    assert_eq!(igp(&routers(&[("br-1", told(&dearer()))]), peer.clone()).value, IgpMetric(777));
    let second = igp(&routers(&[("core-1", told(&dearer()))]), peer);
    assert_eq!(second.value, IgpMetric(5));
    assert!(matches!(&second.standing, Standing::Conflicting { other: IgpMetric(777), .. }), "{second:?}");
}

#[test]
fn silence_and_a_restart_make_it_stale_and_move_nothing() {
    let mut routers = routers(&[("core-1", told(&dearer()))]);
    let before = laid(&routers, Learned::default(), &Learned::default());
    assert!(routers.fall_silent(&NodeId::lit("core-1"), at(9)));
    let silent = laid(&routers, Learned::default(), &Learned::default());
    assert_eq!(plain(&silent.lay(&file())), plain(&before.lay(&file())));
    let standing = |learned: &Learned| learned.links[&line()].a_to_z.igp.as_ref().unwrap().standing.clone();
    assert_eq!(standing(&silent), Standing::Stale { since: at(9) });
    // Nobody has said anything since the start.
    let started = laid(&Routers::default(), Learned::default(), &before);
    assert_eq!(plain(&started.lay(&file())), plain(&before.lay(&file())));
    assert_eq!(standing(&started), Standing::Stale { since: at(1) });
    // It answers again, and tells no database any more: what it told goes.
    let mut without = Routers::default();
    without.hear(&NodeId::lit("core-1"), "netconf", at(20), Surroundings::default());
    assert_eq!(laid(&without, Learned::default(), &before), Learned::default());
}

#[test]
fn strangers_are_told() {
    let mut wider = file();
    let mut node = wider.nodes[&NodeId::lit("br-1")].clone();
    node.id = NodeId::lit("br-99");
    node.router_id = "10.99.99.99".parse().unwrap();
    wider.nodes.insert(node.id.clone(), node);
    let routers = routers(&[("core-1", told(&wider))]);
    let strangers = routers.databases(&Learned::default(), &file()).strangers();
    let subjects: Vec<&str> = strangers.iter().map(|finding| finding.subject.as_str()).collect();
    assert_eq!(subjects, ["0100.9909.9099"]);
}

#[test]
fn of_parallel_lines_nothing_is_said_and_they_are_no_strangers() {
    let mut twice = file();
    let mut link = twice.links[&line()].clone();
    link.id = LinkId::lit("another");
    twice.links.insert(link.id.clone(), link);
    let databases = routers(&[("core-1", told(&twice))]).databases(&Learned::default(), &twice);
    assert_eq!(databases.strangers(), []);
    let learned = databases.lay(Learned::default(), &twice, (&Learned::default(), at(1)));
    assert!(!learned.links.contains_key(&line()), "which of both is told of is not known");
    assert_eq!(learned.links.len(), twice.links.len() - 2);
}

#[test]
fn lines_of_one_database_that_are_called_alike_are_not_one() {
    let (one, other) = (SystemId([1; 6]), SystemId([2; 6]));
    let line = |igp| Adjacency { te: Some(TeMetric(igp)), ..Adjacency::new(other, IgpMetric(igp)) };
    let router = LsRouter { adjacencies: vec![line(10), line(20)], ..LsRouter::default() };
    let lsdb = Lsdb { routers: [(one, router)].into() };
    let node = NodeId::lit("core-1");
    let (first, second) = (
        Told { node: &node, lsdb: &lsdb, at: at(1), silent: None },
        Told { node: &node, lsdb: &lsdb, at: at(2), silent: None },
    );
    let mut table = Table::default();
    for told in [first, second] {
        told.lay(&mut table, &file(), false);
    }
    let metrics: Vec<u32> =
        table.view.halves.iter().map(|half| half.way.igp.as_ref().unwrap().value.0).collect();
    assert_eq!(metrics, [10, 20]);
    let is_fresh = |half: &Half| half.way.igp.as_ref().is_some_and(|fact| fact.standing == Standing::Fresh);
    assert!(table.view.halves.iter().all(is_fresh));
}
