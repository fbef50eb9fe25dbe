//! Changes that stop half-way, and intents that mean nothing any more: what stands on the network, and what is said of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should end")]

mod support;

use std::time::Duration;

use device::{
    Step,
    fake::{FakeDevice, Fault},
};
use engine::{
    clock,
    event::{Ending, EventKind},
    handle::{Applied, Command, Refusal, Subject},
};
use model::{LinkId, Measure, NodeId, intent::Mode};
use store::Said;
use support::{Lab, Running, hasty, intents, lab, telemetry};
use tokio::task::JoinHandle;

fn truths(lab: &Lab) -> Vec<model::DeviceConfig> {
    lab.devices.values().map(FakeDevice::truth).collect()
}

async fn mode(running: &Running, mode: Mode) {
    running.engine.ask(|reply| Command::SetMode { mode, who: "noc".into(), reply }).await.unwrap();
}

/// Applies the example's intents; its answer comes beside the test.
fn applying(running: &Running) -> JoinHandle<Result<Applied, Refusal>> {
    let engine = running.engine.clone();
    tokio::spawn(async move {
        let ask = |reply| Command::Apply {
            files: intents(),
            who: "test".into(),
            message: String::new(),
            remove_all: false,
            manner: engine::terms::Manner::default(),
            reply,
        };
        engine.ask(ask).await
    })
}

/// Waits until nothing of ours stands anywhere.
async fn until_bare(lab: &Lab) {
    let bare = async {
        while !truths(lab).iter().all(model::DeviceConfig::is_empty) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), bare).await.expect("it is taken back in time");
}

/// Telemetry in which a line is down.
fn broken_line(lab: &Lab, running: &Running, down: &'static str) -> JoinHandle<()> {
    let (samples, ted) = (running.samples.clone(), lab.ted.clone());
    tokio::spawn(async move {
        loop {
            let mut batch = telemetry(&ted, clock::now(), |_, _, _| {});
            let ends =
                [model::Side::A, model::Side::Z].map(|side| ted.links[&LinkId::lit(down)].end(side).clone());
            for sample in &mut batch {
                let here =
                    ends.iter().any(|end| end.node == sample.node && end.interface == sample.interface);
                if here && sample.measure == Measure::Up(true) {
                    sample.measure = Measure::Up(false);
                }
            }
            if samples.send(batch).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn intents_that_do_not_fit_the_network_file_any_more_take_nothing_off_the_network() {
    let mut lab = lab();
    let running = lab.start().await;
    running.adopt().await;
    running.apply(hasty()).await.unwrap();
    running.kill().await;
    // As if it had died in the middle of a change: all would be compared and put right.
    let journal = lab.journal().await;
    let (ids, hints) = (journal.allocations().unwrap(), journal.hints().unwrap());
    journal.begin_change(None, &ids, &hints, &Said::default()).unwrap();
    drop(journal);
    let (before, writes) = (truths(&lab), lab.writes());
    let whole = lab.ted.clone();
    let gone = NodeId::lit("br-1");
    lab.ted.nodes.remove(&gone);
    lab.ted.links.retain(|_, link| link.a.node != gone && link.z.node != gone);

    let mut running = lab.begin().await;
    let said = running.wait(|kind| matches!(kind, EventKind::Rejected { .. })).await;
    assert!(matches!(&said, EventKind::Rejected { findings, .. } if !findings.is_empty()), "{said:?}");
    running.wait(|kind| matches!(kind, EventKind::InSync { .. })).await;
    let feed = broken_line(&lab, &running, "line1-br-2");
    let is_down =
        |link: &engine::snapshot::LinkView| link.id.as_str() == "line1-br-2" && link.up == Some(false);
    running.snapshot(|snapshot| snapshot.links.iter().any(is_down)).await;
    // Longer than a line has to be down, and than the loop takes to decide.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let subject = Subject::Link(LinkId::lit("line2-br-2"));
    let drain =
        |reply| Command::Drain { subject, drain: true, who: "mei".into(), beyond_limit: false, reply };
    let refused = running.engine.ask(drain).await.unwrap_err();
    assert!(matches!(&refused, Refusal::Misfit { findings } if !findings.is_empty()), "{refused:?}");
    assert_eq!((truths(&lab), lab.writes()), (before.clone(), writes), "nothing was sent");
    feed.abort();
    running.kill().await;

    // The file is mended: all is as it should be, and nothing has to be sent.
    lab.ted = whole;
    let running = lab.start().await;
    assert_eq!((truths(&lab), lab.writes()), (before, writes));
    drop(running);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_that_stops_after_its_first_transaction_says_so_and_is_taken_back_also_where_the_loop_may_not_act()
 {
    let lab = lab();
    let running = lab.start().await;
    running.adopt().await;
    mode(&running, Mode::Recommend).await;
    let hq = &lab.devices[&NodeId::lit("hq-pe1")];
    hq.spare(Step::Stage);
    hq.will(Step::Stage, Fault::Refuse);
    let refused = running.apply(intents()).await.unwrap_err();
    assert!(matches!(refused, Refusal::HalfDone { devices: 1.., .. }), "{refused:?}");
    until_bare(&lab).await;
    running.kill().await;
    let journal = lab.journal().await;
    let said: Vec<(String, String)> =
        journal.audit(9).unwrap().into_iter().rev().map(|entry| (entry.who, entry.what)).collect();
    assert_eq!(said[1].0, "test");
    assert!(said[1].1.contains("is on every device") && said[1].1.contains("was rolled back"), "{said:?}");
    assert!(said[2..].iter().all(|(who, _)| who == "controller") && said.len() == 4, "{said:?}");
    assert_eq!(journal.verify_audit().unwrap(), Ok(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stop_switch_ends_a_change_between_two_transactions_and_what_stands_is_taken_back_when_it_is_lifted()
 {
    let lab = lab();
    let mut running = lab.start().await;
    running.adopt().await;
    let hq = &lab.devices[&NodeId::lit("hq-pe1")];
    hq.hold(Step::Commit, tokio::time::sleep(Duration::from_secs(1)));
    let apply = applying(&running);
    running.wait(|kind| matches!(kind, EventKind::TransactionBegun { .. })).await;
    mode(&running, Mode::Observe).await;
    let ended = running.wait(|kind| matches!(kind, EventKind::TransactionEnded { .. })).await;
    assert!(matches!(ended, EventKind::TransactionEnded { ending: Ending::Applied, .. }), "{ended:?}");
    let refused = apply.await.unwrap().unwrap_err();
    assert!(
        matches!(&refused, Refusal::HalfDone { errors, .. } if errors == &["the stop switch was set"]),
        "{refused:?}"
    );
    let (stands, writes) = (truths(&lab), lab.writes());
    // Several readings, after each of which it could be put right.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!((truths(&lab), lab.writes()), (stands, writes), "nothing is sent while the switch is set");
    let shown = running.snapshot(|snapshot| !snapshot.unfinished.is_empty()).await;
    assert!(shown.unfinished.contains(&NodeId::lit("hq-pe1")), "{:?}", shown.unfinished);
    mode(&running, Mode::Act).await;
    until_bare(&lab).await;
    running.snapshot(|snapshot| snapshot.unfinished.is_empty()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_is_refused_while_the_controller_stops_is_answered_and_does_not_come_back() {
    let lab = lab();
    let mut running = lab.start().await;
    running.adopt().await;
    lab.devices[&NodeId::lit("hq-pe1")].will(Step::Commit, Fault::Hang);
    let apply = applying(&running);
    running.wait(|kind| matches!(kind, EventKind::TransactionBegun { .. })).await;
    running.stop.cancel();
    let refused = apply.await.unwrap().unwrap_err();
    assert!(matches!(refused, Refusal::RolledBack { .. }), "{refused:?}");
    running.task.await.unwrap();
    let journal = lab.journal().await;
    assert!(journal.intents(1).unwrap()[0].files.is_empty(), "what is in force is nothing");
    drop(journal);
    let again = lab.start().await;
    assert!(truths(&lab).iter().all(model::DeviceConfig::is_empty));
    drop(again);
}
