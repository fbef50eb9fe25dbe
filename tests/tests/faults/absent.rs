//! A router that is not there, or is there and is not who it should be.

use engine::{handle::Refusal, snapshot::Session};
use model::{NodeId, Severity};
use router::fault::{Kind, Step};

use crate::{
    inside::Inside,
    lab::{FAULTY, LIMIT, Lab, Speaks, difference, intents, once, own, until},
};

const ALL: [Speaks; 3] = [Speaks::Netconf, Speaks::GnmiConfirmed, Speaks::Gnmi];

async fn is(controller: &mut Inside, up: bool) -> String {
    let what = format!("{FAULTY} is {}", if up { "up" } else { "down" });
    let node = NodeId::lit(FAULTY);
    let of = |all: &engine::snapshot::Snapshot| {
        all.nodes.iter().find(|view| view.id == node).map(|view| view.session.clone()).unwrap()
    };
    match of(&*controller.see(&what, |all| (of(all) == Session::Up) == up).await) {
        Session::Down { why, .. } => why,
        Session::Up | Session::Unknown => String::new(),
    }
}

/// The others are changed, it is said of whom nothing is known, and he gets his part when he is back.
async fn is_known_to_be_away(speaks: Speaks) {
    let lab = Lab::start(speaks).await;
    let mut controller = Inside::start(&lab).await;
    let node = NodeId::lit(FAULTY);
    controller.apply(intents(1)).await.unwrap();
    let new = lab.truth();
    controller.apply(intents(0)).await.unwrap();
    let old = lab.truth();
    assert!(lab.fleet.power(&node, false));
    is(&mut controller, false).await;
    let same = controller.apply(intents(0)).await.unwrap();
    assert!(same.left_out.is_empty(), "{speaks:?}: nothing of this concerns it: {:?}", same.left_out);
    let applied = controller.apply(intents(1)).await.unwrap();
    assert_eq!(applied.left_out, [node.clone()].into(), "{speaks:?}");
    let named = applied.findings.iter().any(|finding| {
        finding.code == "TL0210" && finding.severity == Severity::Warning && finding.subject == FAULTY
    });
    assert!(named, "{speaks:?}: {:#?}", applied.findings);
    let mut half = new.clone();
    half.insert(node.clone(), old[&node].clone());
    assert_eq!(difference(&half, &lab.truth()), None, "{speaks:?}: the others follow");
    assert!(lab.fleet.power(&node, true));
    is(&mut controller, true).await;
    until("it gets its part by itself", || difference(&new, &lab.truth()).map_or(Ok(()), Err)).await;
    let applied = controller.apply(intents(1)).await.unwrap();
    assert_eq!(applied.edits, 0, "{speaks:?}: nothing is left to be done");
    controller.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_router_that_is_known_to_be_away_gets_its_part_when_it_is_back() {
    let [a, b, c] = ALL.map(is_known_to_be_away);
    tokio::join!(a, b, c);
}

/// It goes in the middle of a commit.
async fn goes_in_the_middle(speaks: Speaks) {
    let lab = Lab::start(speaks).await;
    let mut controller = Inside::start(&lab).await;
    let node = NodeId::lit(FAULTY);
    controller.apply(intents(0)).await.unwrap();
    let old = lab.truth();
    let mut struck = lab.faults(FAULTY).struck();
    struck.mark_unchanged();
    lab.faults(FAULTY).plan(once(Step::Commit, Kind::Hang, true));
    let gone = async {
        tokio::time::timeout(LIMIT, struck.changed()).await.expect("the commit comes").unwrap();
        assert!(lab.fleet.power(&node, false));
    };
    let (answer, ()) = tokio::join!(controller.apply(intents(1)), gone);
    match answer {
        Err(Refusal::Unresolved { nodes, .. }) => assert_eq!(nodes, [FAULTY], "{speaks:?}"),
        other => panic!("{speaks:?}: {other:?}"),
    }
    let others = |truth: &crate::lab::Truth| {
        let mut truth = truth.clone();
        truth.remove(&node);
        truth
    };
    assert_eq!(difference(&others(&old), &lab.truth()), None, "{speaks:?}: the others are as before");
    let open = controller.journal.open_transactions().unwrap();
    let left: Vec<_> = open.iter().flat_map(|record| record.unresolved.clone().unwrap_or_default()).collect();
    assert_eq!(left, std::slice::from_ref(&node), "{speaks:?}: the journal names it");
    is(&mut controller, false).await;
    assert!(lab.fleet.power(&node, true));
    until(&format!("{speaks:?}: it is put back"), || {
        let open = controller.journal.open_transactions().unwrap().len();
        match (open, difference(&old, &lab.truth()), lab.is_pending()) {
            (0, None, false) => Ok(()),
            found => Err(found),
        }
    })
    .await;
    is(&mut controller, true).await;
    controller.apply(intents(1)).await.unwrap();
    assert!(difference(&old, &lab.truth()).is_some());
    controller.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_router_that_goes_in_the_middle_of_a_commit_is_put_back_when_it_is_there_again() {
    let [a, b, c] = ALL.map(goes_in_the_middle);
    tokio::join!(a, b, c);
}

/// Somebody else answers at its address. He is told nothing and gets nothing.
async fn is_somebody_else(speaks: Speaks) {
    let lab = Lab::start(speaks).await;
    let mut controller = Inside::start(&lab).await;
    let node = NodeId::lit(FAULTY);
    controller.apply(intents(0)).await.unwrap();
    let old = lab.truth();
    assert!(lab.fleet.power(&node, false));
    let impostor = lab.impostor(FAULTY).await;
    let why = controller
        .see("it is not trusted", |all| {
            all.nodes.iter().any(|view| {
                matches!(&view.session, Session::Down { why, .. } if why.contains("not the device that we know"))
            })
        })
        .await;
    assert!(why.counts.in_sync < why.counts.devices);
    controller.apply(intents(1)).await.unwrap();
    let stranger = impostor.router(&node).unwrap();
    let held = stranger.with(|store| store.running().clone());
    let held = own(router::forwarding::read(stranger.schema(), &held));
    assert!(held.is_empty(), "a stranger was configured");
    impostor.stop().await;
    assert!(lab.fleet.power(&node, true));
    is(&mut controller, true).await;
    controller.apply(intents(0)).await.unwrap();
    assert_eq!(difference(&old, &lab.truth()), None, "{speaks:?}");
    controller.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_with_other_keys_is_not_configured() {
    tokio::join!(is_somebody_else(Speaks::Netconf), is_somebody_else(Speaks::Gnmi));
}
