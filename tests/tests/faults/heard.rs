//! What routers hear on their lines, over real sessions of both protocols: every end of every line is heard at the other, a line that is
//! cut is heard at neither and is no cable elsewhere, and a network file that is wrong about a cable is told so at both ends. And what IS-IS
//! tells: what the file has otherwise, plans follow as it is told.

use engine::{learn::FactView, snapshot::Snapshot};
use model::{IgpMetric, LinkId, NodeId, Side};
use router::lab::Command;

use crate::{
    inside::Inside,
    lab::{Lab, Speaks},
};

const SIDES: [Side; 2] = [Side::A, Side::Z];

fn line() -> LinkId {
    LinkId::lit("line1-br-1")
}

/// What is said of an end of a link.
fn said(all: &Snapshot, link: &LinkId, side: Side, what: &str) -> Option<FactView> {
    let facts = all.sources.links.get(link)?;
    facts.iter().find(|fact| fact.what == what && fact.from == Some(side)).cloned()
}

/// Findings of cables.
fn cables(all: &Snapshot) -> Vec<String> {
    let findings =
        all.findings.iter().filter(|finding| ["TL0088", "TL0092"].contains(&finding.code.as_str()));
    findings.map(|finding| format!("{} {}: {}", finding.code, finding.subject, finding.message)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_end_is_heard_at_the_other_and_a_line_that_is_cut_is_no_cable_elsewhere() {
    let lab = Lab::start(Speaks::Netconf).await;
    let mut controller = Inside::start(&lab).await;
    let is_heard = |all: &Snapshot, link: &LinkId, side: Side| {
        let far = lab.ted.links[link].end(side.other());
        let heard = said(all, link, side, "neighbour").map(|fact| fact.value);
        let works = said(all, link, side, "oper").is_some_and(|fact| fact.value == "UP");
        works && heard == Some(format!("{} {}", far.node, far.interface))
    };
    let all_heard = |all: &Snapshot| {
        lab.ted.links.keys().all(|link| SIDES.into_iter().all(|side| is_heard(all, link, side)))
    };
    let seen = controller.see("every end of every line is heard at the other", all_heard).await;
    assert_eq!(cables(&seen), Vec::<String>::new());
    assert_eq!(seen.sources.routers.len(), lab.ted.nodes.len());

    lab.tell(&Command::SetUp { link: line(), up: false });
    let is_cut = |all: &Snapshot| {
        SIDES.into_iter().all(|side| {
            let is_down = said(all, &line(), side, "oper").is_some_and(|fact| fact.value == "DOWN");
            is_down && said(all, &line(), side, "neighbour").is_none()
        })
    };
    let seen = controller.see("a line that is cut is heard at neither end", is_cut).await;
    assert_eq!(cables(&seen), Vec::<String>::new());
    lab.tell(&Command::SetUp { link: line(), up: true });
    controller.see("it is heard again", all_heard).await;
    controller.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_wrong_about_cables_is_told_so_at_both_ends() {
    let mut lab = Lab::start(Speaks::GnmiConfirmed).await;
    // The file has the far ends of a branch's lines the wrong way round.
    let other = LinkId::lit("line2-br-1");
    let ends = [&line(), &other].map(|link| lab.ted.links[link].z.clone());
    let [first, second] = ends;
    lab.ted.links.get_mut(&line()).unwrap().z = second;
    lab.ted.links.get_mut(&other).unwrap().z = first;
    let mut controller = Inside::start(&lab).await;
    let both_ends = |all: &Snapshot| {
        let told = cables(all);
        told.len() == 2 && told.iter().all(|told| told.contains("; "))
    };
    let seen = controller.see("both lines are found at both ends", both_ends).await;
    let expected = "TL0088 line1-br-1: br-1 hears core-1 eth3 on its eth1, where the network file has core-2 eth3; core-2 hears \
                    br-1 eth2 on its eth3, where the network file has br-1 eth1";
    assert!(cables(&seen).contains(&expected.to_owned()), "{:?}", cables(&seen));
    controller.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_metric_that_the_file_has_otherwise_is_followed_as_is_is_tells_it() {
    // One of them speaks NETCONF, one gNMI.
    for tells in ["hq-pe1", "core-1"] {
        let mut lab = Lab::start(Speaks::Netconf).await;
        lab.tells = vec![NodeId::lit(tells)];
        let told = lab.ted.links[&line()].a_to_z.igp.value;
        let in_file = IgpMetric(told.0 + 100);
        lab.ted.links.get_mut(&line()).unwrap().a_to_z.igp.value = in_file;
        let mut controller = Inside::start(&lab).await;
        let igp = |all: &Snapshot| said(all, &line(), Side::A, "igp");
        let is_followed = |all: &Snapshot| {
            let fact = igp(all).filter(|fact| fact.followed && fact.value == told.0.to_string());
            let all_links = lab.ted.links.keys().all(|link| said(all, link, Side::Z, "igp").is_some());
            fact.is_some() && all_links && all.sources.waiting.is_empty()
        };
        let seen = controller.see("the metric that is told is followed", is_followed).await;
        let fact = igp(&seen).unwrap();
        assert_eq!((fact.source, fact.stale), (format!("{tells} by isis"), None));
        assert_eq!(cables(&seen), Vec::<String>::new());

        // The lines of a router whose lines are down are told by nobody.
        lab.tell(&Command::SetUp { link: line(), up: false });
        controller.see("a line that is down is not told", |all| igp(all).is_none()).await;
        controller.stop().await;
    }
}
