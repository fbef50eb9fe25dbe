//! What peers tell of the example network comes to facts beside its file, and only what may be followed is laid over it.

use std::{collections::BTreeSet, net::IpAddr};

use bgp::{
    Table,
    learn::{Names, view},
    originate::{Originator, routes},
    wire::Received,
};
use model::{Affinity, Bandwidth, Delay, Fact, IgpMetric, LinkId, NodeId, Side, Standing, Ted, Timestamp};

use super::*;

fn file() -> Ted {
    let text = include_str!("../../../../intents/examples/minimal/network.yaml");
    formats::read("network.yaml", text).unwrap().ted
}

fn at(secs: u64) -> Timestamp {
    Timestamp::from_micros(secs * 1_000_000)
}

fn core() -> NodeId {
    NodeId::lit("core-1")
}

fn line() -> LinkId {
    LinkId::lit("line1-br-1")
}

/// What peers say of these networks, each of one, by the names of the example's file.
fn learned(told: &[(&str, &Ted)], groups: &Names) -> (Learned, bgp::learn::Unmatched) {
    let mut table = Table::default();
    let originator =
        Originator { asn: 65_000, domain: 0, next_hop: IpAddr::from([10, 0, 0, 1]), external: None };
    for (peer, ted) in told {
        for (nlri, attribute) in routes(ted, &Names::of(ted), &originator) {
            let received =
                Received { update: originator.announce(vec![nlri], attribute), faults: Vec::new() };
            table.update(&NodeId::lit(peer), &received, at(5));
        }
    }
    let seen = view(&table);
    let matched = seen.matched(&file());
    (Learned::of(&matched, groups), matched.unmatched)
}

/// Nobody has told all.
fn nobody() -> BTreeSet<NodeId> {
    BTreeSet::new()
}

fn told(ted: &Ted) -> Learned {
    learned(&[("rr1", ted)], &Names::default()).0
}

/// The example's network with another SID and delay, and a router in overload.
fn changed() -> Ted {
    let mut ted = file();
    let core = ted.nodes.get_mut(&core()).unwrap();
    core.node_sid = Some(Fact::from_file(22));
    core.srgb.base = 17_000;
    core.overload = true;
    let way = &mut ted.links.get_mut(&line()).unwrap().a_to_z;
    way.igp = Fact::from_file(IgpMetric(77));
    way.delay = Fact::from_file(Delay::from_micros(90_000));
    ted
}

#[test]
fn what_routers_tell_of_the_file_itself_changes_no_value() {
    let laid = told(&file()).lay(&file());
    assert_eq!(plain(&laid), plain(&file()));
    let sid = laid.nodes[&core()].node_sid.clone().unwrap();
    assert_eq!((sid.at, sid.standing), (at(5), Standing::Fresh), "but who says it is known");
}

#[test]
fn sids_blocks_metrics_and_overload_are_laid_over_the_file_and_delay_is_not() {
    let laid = told(&changed()).lay(&file());
    let core = &laid.nodes[&core()];
    assert_eq!((core.node_sid.as_ref().unwrap().value, core.srgb.base, core.overload), (22, 17_000, true));
    let way = &laid.links[&line()].a_to_z;
    assert_eq!((way.igp.value, way.delay.value), (IgpMetric(77), Delay::from_micros(5_000)));
    let mut both = differing(&plain(&laid), &plain(&file()));
    both.sort();
    assert_eq!(both, ["core-1", "line1-br-1"]);
    // Another delay alone is nothing to follow.
    let mut slower = file();
    slower.links.get_mut(&line()).unwrap().a_to_z.delay = Fact::from_file(Delay::from_micros(90_000));
    assert_eq!(plain(&told(&slower).lay(&file())), plain(&file()));
    assert_eq!(told(&slower).values(), told(&file()).values());
}

#[test]
fn a_port_that_is_faster_than_the_contract_gives_no_room_and_a_slower_one_takes_it() {
    let in_file = file().links[&line()].a_to_z.bandwidth.clone();
    assert_eq!(in_file.source, model::Source::File);
    let of = |bps: u64| {
        let mut ted = file();
        ted.links.get_mut(&line()).unwrap().a_to_z.bandwidth = Fact::from_file(Bandwidth::from_bps(bps));
        told(&ted)
    };
    let shown = |learned: &Learned| {
        let shown = show(learned, &file());
        let is_it = |fact: &&FactView| fact.what == "bandwidth" && fact.from == Some(Side::A);
        shown.links[&line()].iter().find(is_it).unwrap().clone()
    };
    let bps = in_file.value.as_bps();
    let (fast, slow) = (of(bps * 10), of(bps / 4));
    assert_eq!(plain(&fast.lay(&file())), plain(&file()));
    let fact = shown(&fast);
    assert_eq!((fact.followed, fact.other), (false, None), "that a port is faster is no contradiction");
    let laid = slow.lay(&file()).links[&line()].a_to_z.bandwidth.clone();
    assert_eq!(laid.value, Bandwidth::from_bps(bps / 4));
    assert!(matches!(laid.standing, Standing::Conflicting { .. }) && shown(&slow).followed);
    // Where the file says none, what routers say is more than a guess.
    let mut silent = file();
    silent.links.get_mut(&line()).unwrap().a_to_z.bandwidth = Fact::derived(in_file.value);
    assert_eq!(fast.lay(&silent).links[&line()].a_to_z.bandwidth.value, Bandwidth::from_bps(bps * 10));
}

#[test]
fn what_was_told_before_and_not_since_stays_and_is_stale() {
    let before = told(&changed());
    let after = Learned::default().over(&before, at(60), &nobody());
    assert_eq!(plain(&after.lay(&file())), plain(&before.lay(&file())));
    let stale = Standing::Stale { since: at(60) };
    assert_eq!(after.nodes[&core()].node_sid.as_ref().unwrap().standing, stale);
    // Silent for longer stays silent for longer.
    let later = Learned::default().over(&after, at(90), &nobody());
    assert_eq!(later, after);
    // What is told again counts, whatever was told before.
    let again = told(&file()).over(&after, at(90), &nobody());
    assert_eq!(plain(&again.lay(&file())), plain(&file()));
    assert_eq!(again.nodes[&core()].node_sid.as_ref().unwrap().standing, Standing::Fresh);
}

#[test]
fn what_a_peer_withdrew_that_has_told_all_is_gone_while_another_is_still_silent() {
    // Each of them alone tells of one router.
    let (mut one, mut two) = (file(), changed());
    let branch = NodeId::lit("br-1");
    one.nodes.retain(|id, _| *id == branch);
    one.links.clear();
    two.nodes.retain(|id, _| *id == core());
    two.links.clear();
    let (before, _) = learned(&[("rr1", &one), ("rr2", &two)], &Names::default());
    assert!(before.nodes.contains_key(&branch) && before.nodes.contains_key(&core()));
    let after = Learned::default().over(&before, at(60), &BTreeSet::from([NodeId::lit("rr1")]));
    assert_eq!(after.nodes.keys().collect::<Vec<_>>(), [&core()], "rr2 has not come yet");
    let all = Learned::default().over(&before, at(60), &nobody());
    assert_eq!(all.nodes.len(), 2);
}

#[test]
fn what_is_learned_survives_the_journal() {
    let learned = told(&changed()).over(&told(&file()), at(60), &nobody());
    let text = serde_json::to_string(&learned).unwrap();
    assert_eq!(serde_json::from_str::<Learned>(&text).unwrap(), learned);
    assert_eq!(serde_json::from_str::<Learned>("{}").unwrap(), Learned::default());
}

#[test]
fn routers_say_of_named_groups_which_links_have_them_and_the_file_of_others() {
    let ted = file();
    // The originator numbers groups in the order of their names: core, line1, line2.
    let names = Names::of(&ted);
    let line1 = Affinity::lit("line1");
    let number = names.groups.iter().find(|(_, name)| **name == line1).map(|(number, _)| *number).unwrap();
    let only = Names { groups: [(number, line1.clone())].into(), ..Names::default() };
    let mut other = ted.clone();
    let link = other.links.get_mut(&line()).unwrap();
    link.affinity = BTreeSet::from([Affinity::lit("line2")]);
    other.links.get_mut(&LinkId::lit("line2-br-1")).unwrap().affinity.insert(line1.clone());
    let (learned, _) = learned(&[("rr1", &other)], &only);
    let laid = learned.lay(&ted);
    let groups = |link: &str| -> Vec<String> {
        laid.links[&LinkId::lit(link)].affinity.iter().map(ToString::to_string).collect()
    };
    assert_eq!(groups("line1-br-1"), Vec::<String>::new(), "line1 is not told of it, and line2 has no name");
    assert_eq!(groups("line2-br-1"), ["line1", "line2"]);
    assert_eq!(groups("hq-pe1:eth1--core-1:eth1"), ["core"]);
}

#[test]
fn who_says_otherwise_stands_beside() {
    let (learned, _) = learned(&[("rr1", &changed()), ("rr2", &file())], &Names::default());
    let shown = show(&learned, &file());
    let of = |facts: &[FactView], what: &str, from: Option<Side>| -> FactView {
        facts.iter().find(|fact| fact.what == what && fact.from == from).unwrap().clone()
    };
    let sid = of(&shown.nodes[&core()], "nodeSid", None);
    let other = Other { value: "2".into(), source: "rr2 by bgp-ls".into() };
    assert_eq!((sid.value.as_str(), sid.source.as_str(), sid.other), ("22", "rr1 by bgp-ls", Some(other)));
    let overload = of(&shown.nodes[&core()], "overload", None);
    assert_eq!(overload.other.map(|other| other.source), Some("rr2 by bgp-ls".into()));
    let igp = of(&shown.links[&line()], "igp", Some(Side::A));
    assert_eq!((igp.value.as_str(), igp.followed), ("77", true));
    let delay = of(&shown.links[&line()], "delay", Some(Side::A));
    assert_eq!((delay.value.as_str(), delay.followed), ("90ms", false));
    assert_eq!(of(&shown.links[&line()], "igp", Some(Side::Z)).other, None, "the file says no metric");
    let alone = show(&told(&changed()), &file());
    let srgb = of(&alone.nodes[&core()], "srgb", None);
    let in_file =
        Other { value: "16000/8000".into(), source: "network file, or what it has by default".into() };
    assert_eq!(srgb.other, Some(in_file));
}

#[test]
fn of_two_that_are_one_the_fresh_one_is_believed_and_of_two_fresh_ones_both_stand() {
    let router = |sid: u32, standing: Standing<u32>| {
        let source = model::fact::DeviceSource { node: NodeId::lit("rr1"), protocol: "bgp-ls".into() };
        let source = model::Source::Advertised(source);
        let node_sid = Some(Fact { value: sid, source, at: at(5), standing });
        bgp::learn::Router { node_sid, ..bgp::learn::Router::default() }
    };
    let believed = |first: &bgp::learn::Router, second: &bgp::learn::Router| {
        let nodes = vec![(core(), first), (core(), second)];
        let matched = bgp::learn::Matched { nodes, ..bgp::learn::Matched::default() };
        Learned::of(&matched, &Names::default()).nodes[&core()].node_sid.clone().unwrap()
    };
    let stale = router(1, Standing::Stale { since: at(3) });
    let (fresh, other) = (router(2, Standing::Fresh), router(3, Standing::Fresh));
    assert_eq!(Some(believed(&stale, &fresh)), fresh.node_sid);
    assert_eq!(Some(believed(&fresh, &stale)), fresh.node_sid);
    let both = believed(&fresh, &other);
    assert_eq!(both.value, 2);
    assert!(matches!(both.standing, Standing::Conflicting { other: 3, .. }), "{both:?}");
}

#[test]
fn what_is_odd_is_told_once_for_each_subject() {
    let mut strange = changed();
    // A router and its lines that the file does not have, and one of the file's that nobody tells of.
    let gone = strange.nodes.remove(&NodeId::lit("br-2")).unwrap();
    strange.links.retain(|_, link| link.a.node != gone.id && link.z.node != gone.id);
    let mut new = gone.clone();
    (new.id, new.router_id) = (NodeId::lit("br-9"), [10, 0, 0, 9].into());
    strange.nodes.insert(new.id.clone(), new);
    let (learned, unmatched) = learned(&[("rr1", &strange)], &Names::default());
    let peer = PeerView {
        name: NodeId::lit("rr1"),
        address: "10.0.0.1:179".parse().unwrap(),
        up_since: None,
        why: Some("the connection went away".into()),
        complete: true,
        routes: 3,
        stale: 3,
        refused: 0,
    };
    let news = News { learned, unmatched, peers: vec![peer], complete: true };
    let shown = show(&news.learned, &file());
    let findings = judge(&news, &shown);
    let told: Vec<String> =
        findings.iter().map(|finding| format!("{} {}", finding.code, finding.subject)).collect();
    assert_eq!(told, ["TL0093 rr1", "TL0092 0100.0000.0009", "TL0090 network", "TL0094 core-1",]);
    assert!(findings[0].message.starts_with("the connection went away; what was learned"), "{findings:?}");
    assert!(findings[2].message.contains("br-2, line1-br-2, line2-br-2"), "{}", findings[2].message);
    assert!(
        findings[3].message.contains("nodeSid is 22 as rr1 by bgp-ls says, and 2 as network file says"),
        "{}",
        findings[3].message
    );
    // Before all have told all, nothing is missed.
    let early = News { complete: false, ..news };
    assert!(judge(&early, &shown).iter().all(|finding| finding.code != crate::codes::UNHEARD));
}
