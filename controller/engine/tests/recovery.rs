//! A controller that takes up what was open when it ended, on a network of which a part is dark.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should end")]

mod support;

use std::time::Duration;

use device::{Step, fake::Fault};
use engine::{
    event::EventKind,
    snapshot::{PromiseState, Session, Snapshot},
};
use model::{NodeId, Phase, Timestamp, Transaction};
use store::{Said, TransactionRecord};
use support::{Lab, intents, lab};

/// A transaction over these devices that was begun, and that nobody ended.
async fn leave_open(lab: &Lab, nodes: &[&str], decided: bool) {
    let journal = lab.journal().await;
    let nodes = || nodes.iter().map(|node| NodeId::lit(node));
    let record = TransactionRecord {
        id: journal.next_transaction().unwrap(),
        begun: Timestamp::default(),
        transaction: Transaction {
            phase: Phase::Move,
            edits: nodes().map(|node| (node, Vec::new())).collect(),
        },
        pre_images: nodes().map(|node| (node, Default::default())).collect(),
        decided,
        unresolved: None,
    };
    journal.put_transaction(&record).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_dead_router_does_not_keep_the_others_from_being_put_right() {
    let lab = lab();
    let running = lab.start().await;
    running.adopt().await;
    running.apply(intents()).await.unwrap();
    let (hq, dead) = (&lab.devices[&NodeId::lit("hq-pe1")], &lab.devices[&NodeId::lit("core-2")]);
    let truth = hq.truth();
    running.kill().await;
    // It died in the middle of a change: the devices went back by themselves, and one of them for good.
    leave_open(&lab, &["hq-pe1", "core-2"], true).await;
    hq.tamper(|config| *config = Default::default());
    dead.silence(Step::Confirm, 1_000);
    dead.silence(Step::Read, 1_000);
    let mut running = lab.begin().await;
    // New objects, then the traffic: two transactions at least.
    running.wait(|kind| matches!(kind, EventKind::TransactionEnded { .. }) && hq.truth() == truth).await;
    // The picture is drawn a moment later.
    let is_down = |node: &engine::snapshot::NodeView| {
        node.id == NodeId::lit("core-2") && matches!(node.session, Session::Down { .. })
    };
    running.snapshot(|snapshot| !snapshot.changing && snapshot.nodes.iter().any(is_down)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dark_network_does_not_keep_the_stop_switch_away() {
    let lab = lab();
    let running = lab.start().await;
    running.adopt().await;
    running.apply(intents()).await.unwrap();
    running.kill().await;
    let nodes: Vec<&str> = lab.devices.keys().map(NodeId::as_str).collect();
    leave_open(&lab, &nodes, false).await;
    lab.devices.values().for_each(|device| {
        device.will(Step::Cancel, Fault::Hang);
        device.will(Step::Read, Fault::Hang);
    });
    let running = tokio::time::timeout(Duration::from_secs(4), lab.begin()).await.expect("it starts at once");
    running.observe().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_router_has_still_to_be_given_is_not_forgotten_over_another_restart() {
    let lab = lab();
    let running = lab.start().await;
    running.adopt().await;
    running.apply(intents()).await.unwrap();
    running.kill().await;
    // It died between two transactions of a change: none is open, and any device may stand anywhere.
    let journal = lab.journal().await;
    journal
        .begin_change(None, &journal.allocations().unwrap(), &journal.hints().unwrap(), &Said::default())
        .unwrap();
    drop(journal);
    let dead = &lab.devices[&NodeId::lit("hq-pe1")];
    let truth = dead.truth();
    dead.tamper(|config| *config = Default::default());
    dead.silence(Step::Read, 1_000);
    let mut running = lab.begin().await;
    // The others are compared; nothing differs there.
    running.wait(|kind| matches!(kind, EventKind::Proposed { act: true, .. })).await;
    running.snapshot(|snapshot| !snapshot.changing).await;
    running.kill().await;
    dead.silence(Step::Read, 0);
    let running = lab.start().await;
    assert_eq!(dead.truth(), truth, "it was put right before all was said to be in sync");
    drop(running);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_router_that_did_not_answer_was_not_given_is_unknown_and_follows_when_it_answers() {
    let lab = lab();
    let away = &lab.devices[&NodeId::lit("br-1")];
    away.silence(Step::Read, 1_000);
    let mut running = lab.begin().await;
    running.wait(|kind| matches!(kind, EventKind::DeviceDown { .. })).await;
    // Nothing is in sync before the network is adopted: it is compared with nothing.
    let up = |snapshot: &Snapshot| snapshot.nodes.iter().filter(|node| node.session == Session::Up).count();
    running.snapshot(|snapshot| up(snapshot) + 1 == snapshot.counts.devices).await;
    running.adopt().await;
    let applied = running.apply(intents()).await.unwrap();
    let left_out =
        |finding: &model::Finding| finding.code == plan::codes::UNREADABLE && finding.subject == "br-1";
    assert!(applied.findings.iter().any(left_out), "{:?}", applied.findings);
    assert_eq!(applied.left_out, [NodeId::lit("br-1")].into());
    // It waits for the same still, whatever the next change is about.
    let again = running.apply(intents()).await.unwrap();
    assert_eq!(again.left_out, [NodeId::lit("br-1")].into());
    let _good = support::feed(&lab, &running, false);
    let shown = running.snapshot(|snapshot| snapshot.counts.kept > 0).await;
    let of = |snapshot: &Snapshot| {
        let service = snapshot.services.iter().find(|service| service.z == NodeId::lit("br-1"));
        let service = service.unwrap();
        (service.state, service.why.clone().unwrap_or_default())
    };
    let (state, why) = of(&shown);
    assert_eq!(state, PromiseState::Unknown);
    assert!(why.contains("br-1 was not given the last change"), "{why}");
    away.silence(Step::Read, 0);
    running.snapshot(|snapshot| of(snapshot).0 == PromiseState::Kept).await;
    assert!(!away.truth().is_empty());
    running.kill().await;
    assert!(!lab.journal().await.is_unfinished().unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_router_that_is_not_in_the_inventory_is_left_out_of_every_change() {
    let mut lab = lab();
    lab.devices.remove(&NodeId::lit("br-1"));
    let running = lab.start().await;
    running.adopt().await;
    for _ in 0..2 {
        let applied = running.apply(intents()).await.unwrap();
        assert_eq!(applied.left_out, [NodeId::lit("br-1")].into(), "nobody has told it anything");
    }
}
