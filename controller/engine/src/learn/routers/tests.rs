//! Cables that are plugged otherwise than the file says are found at both ends, and what only looks so is not; silence makes what was
//! said stale; nothing of it moves a plan.

use model::{
    Bandwidth, IgpMetric, InterfaceName, Neighbour, Oper, Port, Source, fact::DeviceSource, link::Termination,
};

use super::*;
use crate::learn::{plain, show};

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

fn heard(end: &Termination) -> Neighbour {
    Neighbour {
        system_name: Some(format!("{}.bank.example", end.node)),
        chassis_id: None,
        port_id: Some(end.interface.to_string()),
        is_interface: true,
    }
}

/// What a router of a network says whose cables are plugged as that network's file says.
fn as_plugged(ted: &Ted, node: &NodeId) -> Surroundings {
    let mut around = Surroundings { system_name: Some(node.to_string()), ..Surroundings::default() };
    for link in ted.links.values() {
        for side in [Side::A, Side::Z] {
            let (here, far) = (link.end(side), link.end(side.other()));
            if here.node != *node {
                continue;
            }
            let port = Port { oper: Some(Oper::Up), index: Some(1), speed: Some(Bandwidth::from_bps(1_000)) };
            around.ports.insert(here.interface.clone(), port);
            around.neighbours.insert(here.interface.clone(), vec![heard(far)]);
        }
    }
    around
}

/// All routers say what is around them, where cables are plugged as in `ted`.
fn all(ted: &Ted) -> Routers {
    let mut routers = Routers::default();
    for node in ted.nodes.keys() {
        assert!(routers.hear(node, "netconf", at(5), as_plugged(ted, node)));
    }
    routers
}

fn laid(routers: &Routers) -> Learned {
    routers.lay(Learned::default(), &file(), (&Learned::default(), at(1)))
}

/// The example's network with the far ends of two lines of a branch swapped.
fn swapped() -> Ted {
    let mut ted = file();
    let [one, other] = [line(), LinkId::lit("line2-br-1")];
    let far = |ted: &Ted, link: &LinkId| ted.links[link].z.clone();
    let (first, second) = (far(&ted, &one), far(&ted, &other));
    ted.links.get_mut(&one).unwrap().z = second;
    ted.links.get_mut(&other).unwrap().z = first;
    ted
}

#[test]
fn cables_as_in_the_file_are_shown_and_no_finding() {
    let learned = laid(&all(&file()));
    assert_eq!(misplugged(&learned, &file()), []);
    let shown = show(&learned, &file());
    let facts = &shown.links[&line()];
    let of =
        |what: &str, side| facts.iter().find(|fact| fact.what == what && fact.from == Some(side)).unwrap();
    let plug = of("neighbour", Side::A);
    assert_eq!((plug.value.as_str(), plug.source.as_str()), ("core-1 eth3", "br-1 by lldp"));
    assert_eq!((plug.followed, &plug.other, plug.stale), (false, &None, None));
    assert_eq!(of("neighbour", Side::Z).value, "br-1 eth1");
    let oper = of("oper", Side::Z);
    assert_eq!((oper.value.as_str(), oper.source.as_str(), oper.at), ("UP", "core-1 by netconf", at(5)));
    assert_eq!(of("portSpeed", Side::A).value, Bandwidth::from_bps(1_000).to_string());
    assert_eq!(facts.len(), 6);
}

#[test]
fn a_cable_that_is_plugged_otherwise_is_found_at_both_ends() {
    let learned = laid(&all(&swapped()));
    let findings = misplugged(&learned, &file());
    let told: Vec<String> =
        findings.iter().map(|found| format!("{} {}", found.code, found.subject)).collect();
    assert_eq!(told, ["TL0088 line1-br-1", "TL0088 line2-br-1"]);
    assert_eq!(findings[0].severity, Severity::Warning);
    assert_eq!(
        findings[0].message,
        "br-1 hears core-2 eth3 on its eth1, where the network file has core-1 eth3; core-1 hears br-1 eth2 on its \
         eth3, where the network file has br-1 eth1"
    );
    let shown = show(&learned, &file());
    let plug = shown.links[&line()].iter().find(|fact| fact.what == "neighbour").unwrap();
    let other = plug.other.as_ref().map(|other| (other.value.as_str(), other.source.as_str()));
    assert_eq!(other, Some(("core-1 eth3", "network file")));
}

#[test]
fn the_finding_of_cables_is_theirs_alone() {
    let news = crate::learn::News { complete: true, ..Default::default() };
    let shown = show(&laid(&all(&swapped())), &file());
    assert_eq!(crate::learn::judge(&news, &shown), [], "two who say otherwise of a cable are one finding");
}

#[test]
fn a_stranger_between_is_worth_knowing_and_one_beside_is_nothing() {
    let (file, branch) = (file(), NodeId::lit("br-1"));
    let eth1 = InterfaceName::lit("eth1");
    let stranger =
        Neighbour { system_name: Some("carrier-nte".into()), port_id: None, ..Neighbour::default() };
    let mut around = as_plugged(&file, &branch);
    around.neighbours.insert(eth1.clone(), vec![stranger.clone()]);
    let mut routers = all(&file);
    assert!(routers.hear(&branch, "netconf", at(6), around.clone()));
    let findings = misplugged(&laid(&routers), &file);
    let [finding] = &findings[..] else { panic!("{findings:?}") };
    assert_eq!(finding.severity, Severity::Info);
    assert!(finding.message.starts_with("br-1 hears carrier-nte (not in the network file) on its eth1"));
    // Beside whom the file has there.
    let both = vec![stranger, heard(&file.links[&line()].z)];
    around.neighbours.insert(eth1.clone(), both);
    assert!(routers.hear(&branch, "netconf", at(7), around.clone()));
    assert_eq!(misplugged(&laid(&routers), &file), []);
    // Nobody is heard at all.
    around.neighbours.remove(&eth1);
    assert!(routers.hear(&branch, "netconf", at(8), around));
    assert_eq!(misplugged(&laid(&routers), &file), []);
}

#[test]
fn a_cable_between_routers_that_the_file_does_not_join_is_told_once() {
    let (one, other) = (NodeId::lit("br-1"), NodeId::lit("br-2"));
    let eth9 = InterfaceName::lit("eth9");
    let mut routers = all(&file());
    assert_eq!(routers.unknown_cables(&file()), []);
    for (node, far) in [(&one, &other), (&other, &one)] {
        let mut around = as_plugged(&file(), node);
        let end = Termination { node: far.clone(), interface: eth9.clone() };
        around.neighbours.insert(eth9.clone(), vec![heard(&end)]);
        assert!(routers.hear(node, "netconf", at(6), around));
    }
    let findings = routers.unknown_cables(&file());
    let told: Vec<&str> = findings.iter().map(|found| found.subject.as_str()).collect();
    assert_eq!(told, ["br-1 eth9 to br-2 eth9"]);
    assert_eq!((findings[0].code.as_str(), findings[0].severity), ("TL0092", Severity::Warning));
    assert_eq!(misplugged(&laid(&routers), &file()), []);
    // The members of a bundle are no cables of their own.
    let mut around = as_plugged(&file(), &one);
    let member = Termination { node: NodeId::lit("core-1"), interface: eth9.clone() };
    around.neighbours.insert(eth9, vec![heard(&member)]);
    let mut routers = all(&file());
    assert!(routers.hear(&one, "netconf", at(7), around));
    assert_eq!(routers.unknown_cables(&file()), []);
}

#[test]
fn a_silent_router_makes_what_it_said_stale_until_it_says_it_again() {
    let branch = NodeId::lit("br-1");
    let mut routers = all(&file());
    let standing = |routers: &Routers, side| {
        let around = laid(routers).links[&line()].way(side).around.clone();
        (around.plug.unwrap().standing, around.oper.unwrap().standing == Standing::Fresh)
    };
    assert_eq!(standing(&routers, Side::A), (Standing::Fresh, true));
    assert!(routers.fall_silent(&branch, at(30)));
    assert!(!routers.fall_silent(&branch, at(40)), "silent for longer is no news");
    let stale = Standing::Stale { since: at(30) };
    assert_eq!(standing(&routers, Side::A), (stale.clone(), false));
    assert_eq!(standing(&routers, Side::Z), (Standing::Fresh, true), "its neighbour goes on");
    let view = routers.views().into_iter().find(|view| view.name == branch).unwrap();
    assert_eq!((view.silent, view.interfaces, view.neighbours), (Some(at(30)), 2, 2));
    // It was asked before, and its answer came late.
    assert!(!routers.hear(&branch, "netconf", at(29), as_plugged(&file(), &branch)));
    assert_eq!(standing(&routers, Side::A), (stale, false));
    assert!(routers.hear(&branch, "netconf", at(50), as_plugged(&file(), &branch)));
    assert_eq!(standing(&routers, Side::A), (Standing::Fresh, true));
    assert!(!routers.hear(&branch, "netconf", at(60), as_plugged(&file(), &branch)), "the same is no news");
    assert!(
        !Routers::default().fall_silent(&branch, at(1)),
        "nor is the silence of one who never said anything"
    );
}

#[test]
fn a_silent_router_s_last_word_on_a_cable_is_told_as_that() {
    let mut routers = all(&swapped());
    assert!(routers.fall_silent(&NodeId::lit("br-1"), at(30)));
    let findings = misplugged(&laid(&routers), &file());
    assert!(findings[0].message.starts_with("br-1 heard last core-2 eth3"), "{}", findings[0].message);
}

#[test]
fn after_a_restart_it_is_as_it_was_and_stale_until_the_router_has_answered() {
    let text = serde_json::to_string(&laid(&all(&file()))).unwrap();
    let before: Learned = serde_json::from_str(&text).unwrap();
    assert_eq!(before, laid(&all(&file())), "it survives the journal");
    let begun = Routers::default().lay(Learned::default(), &file(), (&before, at(100)));
    let plug = begun.links[&line()].a_to_z.around.plug.clone().unwrap();
    assert_eq!(
        (plug.value.to_string().as_str(), plug.standing),
        ("core-1 eth3", Standing::Stale { since: at(100) })
    );
    // One answers, and hears nobody any more.
    let mut routers = Routers::default();
    let nobody = Surroundings::default();
    assert!(routers.hear(&NodeId::lit("br-1"), "gnmi", at(101), nobody));
    let later = routers.lay(Learned::default(), &file(), (&begun, at(100)));
    assert!(later.links[&line()].a_to_z.around.is_empty());
    assert!(!later.links[&line()].z_to_a.around.is_empty(), "the other has not answered yet");
}

#[test]
fn what_routers_say_of_themselves_moves_nothing() {
    let mut told = Learned::default();
    let source = Source::Advertised(DeviceSource { node: NodeId::lit("rr1"), protocol: "bgp-ls".into() });
    let igp = Fact::new(IgpMetric(77), source, at(5));
    told.links.entry(line()).or_default().a_to_z.igp = Some(igp.clone());
    let with = all(&swapped()).lay(told.clone(), &file(), (&Learned::default(), at(1)));
    assert_eq!(with.links[&line()].a_to_z.igp, Some(igp), "what peers say stands beside");
    assert!(!with.links[&line()].a_to_z.around.is_empty());
    assert_eq!(plain(&with.lay(&file())), plain(&told.lay(&file())));
    assert_eq!(with.values(), told.values());
}

#[test]
fn a_router_that_answers_and_does_not_say_what_is_around_it_is_told() {
    let mute = crate::learn::mute(&BTreeMap::from([(NodeId::lit("br-1"), "it fell silent".to_owned())]));
    let [finding] = &mute[..] else { panic!("{mute:?}") };
    assert_eq!((finding.code.as_str(), finding.subject.as_str()), ("TL0093", "br-1"));
    assert!(finding.message.contains("it fell silent"), "{}", finding.message);
}
