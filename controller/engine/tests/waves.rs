//! Changes in two waves: what is looked at between them, what stops them, and what becomes of them when the controller ends there.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should end")]

mod support;

use std::time::Duration;

use device::fake::FakeDevice;
use engine::{
    event::EventKind,
    handle::{Applied, Command, Refusal},
    stages::Files,
    terms::{Manner, Waves},
};
use model::{DeviceConfig, NodeId, Phase, Span, intent::Mode};
use support::{Lab, Running, feed, intents, lab, telemetry};
use tokio::task::JoinHandle;

fn truths(lab: &Lab) -> Vec<DeviceConfig> {
    lab.devices.values().map(FakeDevice::truth).collect()
}

/// The example with voice on the other lines: its policies move at both branches.
fn moved() -> Files {
    let mut files = intents();
    let services = files.get_mut("services.yaml").unwrap();
    *services = services.replace("affinity: line1", "affinity: line2");
    files
}

/// What the network holds when voice was moved at once.
async fn wanted() -> Vec<DeviceConfig> {
    let lab = lab();
    let running = lab.start().await;
    running.adopt().await;
    running.apply(intents()).await.unwrap();
    running.apply(moved()).await.unwrap();
    running.kill().await;
    truths(&lab)
}

/// A controller that has the example's intents and sees all promises kept.
async fn kept(lab: &Lab) -> (Running, JoinHandle<()>) {
    let mut running = lab.start().await;
    running.adopt().await;
    running.apply(intents()).await.unwrap();
    let feed = feed(lab, &running, false);
    running.snapshot(|snapshot| snapshot.counts.kept == 3).await;
    (running, feed)
}

/// Moves voice in two waves; the answer comes beside the test.
fn moving(running: &Running, settle: Span) -> JoinHandle<Result<Applied, Refusal>> {
    let engine = running.engine.clone();
    let manner = Manner { waves: Some(Waves { first: 1, settle }), beyond_limit: false };
    tokio::spawn(async move {
        let (who, message) = ("test".to_owned(), "CHG1".to_owned());
        let ask = |reply| Command::Apply { files: moved(), who, message, remove_all: false, manner, reply };
        engine.ask(ask).await
    })
}

/// Waits until the first wave is looked at; gives the services that have moved.
async fn watched(running: &mut Running) -> Vec<String> {
    let kind = running.wait(|kind| matches!(kind, EventKind::WaveWatched { .. })).await;
    let EventKind::WaveWatched { wave: 1, of: 2, services, devices: 1.., .. } = kind else {
        panic!("{kind:?}")
    };
    services.iter().map(ToString::to_string).collect()
}

/// Waits until the network holds something.
async fn until(lab: &Lab, what: &[DeviceConfig]) {
    let there = async {
        while truths(lab) != what {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), there).await.expect("it comes to that in time");
}

const LONG: Span = Span::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wave_after_which_all_is_as_good_as_before_is_followed_by_the_other() {
    let lab = lab();
    let (mut running, feed) = kept(&lab).await;
    let later = &lab.devices[&NodeId::lit("br-2")];
    let before = later.truth();
    let apply = moving(&running, Span::from_secs(2));
    let services = watched(&mut running).await;
    assert!(!services.is_empty() && services.iter().all(|id| id.contains("br-1")), "{services:?}");
    assert_eq!(later.truth().policies, before.policies, "it has its turn");
    let mut stopped = false;
    running
        .wait(|kind| {
            stopped |= matches!(kind, EventKind::WaveStopped { .. });
            matches!(kind, EventKind::TransactionBegun { phase: Phase::Move, .. })
        })
        .await;
    let applied = apply.await.unwrap().unwrap();
    assert!(applied.findings.iter().all(|one| one.code != engine::codes::ONE_WAVE), "{:?}", applied.findings);
    assert!(!stopped && applied.transactions >= 2 && applied.took_ms >= 2_000.0, "{applied:?}");
    assert_eq!(truths(&lab), wanted().await);
    feed.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_for_a_look_and_gets_none_is_told() {
    let lab = lab();
    let (running, feed) = kept(&lab).await;
    let manner = Manner { waves: Some(Waves { first: 9, settle: LONG }), beyond_limit: false };
    let applied = running.apply_so(moved(), manner).await.unwrap();
    assert!(applied.edits > 0 && applied.took_ms < 60_000.0, "{applied:?}");
    let is_told =
        |one: &model::Finding| one.code == engine::codes::ONE_WAVE && one.message.contains("9 or fewer");
    assert!(applied.findings.iter().any(is_told), "{:?}", applied.findings);
    feed.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promise_that_breaks_on_its_new_path_ends_the_change_and_takes_it_back() {
    let lab = lab();
    let (mut running, calm) = kept(&lab).await;
    let before = truths(&lab);
    let apply = moving(&running, LONG);
    watched(&mut running).await;
    assert_ne!(truths(&lab), before);
    calm.abort();
    // Nothing is wrong with the old path, by which the loop still judges.
    let (samples, ted) = (running.samples.clone(), lab.ted.clone());
    let bad = tokio::spawn(async move {
        loop {
            let batch = telemetry(&ted, engine::clock::now(), |link, delay, loss| {
                if link == "line2-br-1" {
                    *delay = 60_000;
                    *loss = 20_228_952;
                }
            });
            if samples.send(batch).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    let kind = running.wait(|kind| matches!(kind, EventKind::WaveStopped { .. })).await;
    let EventKind::WaveStopped { wave: 1, of: 2, why } = kind else { panic!("{kind:?}") };
    assert!(why.contains("voice") && why.contains("br-1") && why.contains("is broken: "), "{why}");
    let refused = apply.await.unwrap().unwrap_err();
    let Refusal::HalfDone { devices: 1.., errors } = &refused else { panic!("{refused:?}") };
    assert_eq!(errors, &[format!("after wave 1 of 2: {why}")]);
    until(&lab, &before).await;
    bad.abort();
    running.kill().await;
    let journal = lab.journal().await;
    let said: Vec<String> = journal.audit(9).unwrap().into_iter().map(|entry| entry.what).collect();
    assert!(said.iter().any(|what| what.contains("stopped: after wave 1 of 2: ")), "{said:?}");
    assert_eq!(journal.intents(1).unwrap()[0].files, intents(), "what holds is what held before");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stop_switch_ends_the_look_and_the_change() {
    let lab = lab();
    let (mut running, feed) = kept(&lab).await;
    let before = truths(&lab);
    let apply = moving(&running, LONG);
    watched(&mut running).await;
    running.observe().await;
    let refused = apply.await.unwrap().unwrap_err();
    assert!(
        matches!(&refused, Refusal::HalfDone { errors, .. } if errors == &["after wave 1 of 2: the stop switch was set"]),
        "{refused:?}"
    );
    let act = |reply| Command::SetMode { mode: Mode::Act, who: "noc".into(), reply };
    running.engine.ask(act).await.unwrap();
    until(&lab, &before).await;
    feed.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_controller_that_is_stopped_between_two_waves_does_not_wait_and_takes_back_what_stands_at_its_next_start()
 {
    let lab = lab();
    let (mut running, feed) = kept(&lab).await;
    let before = truths(&lab);
    let apply = moving(&running, LONG);
    watched(&mut running).await;
    running.stop.cancel();
    let refused = tokio::time::timeout(Duration::from_secs(20), apply).await.unwrap().unwrap().unwrap_err();
    let Refusal::HalfDone { errors, .. } = &refused else { panic!("{refused:?}") };
    assert_eq!(errors, &["after wave 1 of 2: the controller is being stopped"]);
    running.task.await.unwrap();
    feed.abort();
    assert_ne!(truths(&lab), before);
    let again = lab.start().await;
    until(&lab, &before).await;
    drop(again);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_controller_that_is_killed_between_two_waves_finishes_what_was_accepted() {
    let lab = lab();
    let (mut running, feed) = kept(&lab).await;
    let apply = moving(&running, LONG);
    watched(&mut running).await;
    running.kill().await;
    feed.abort();
    assert!(apply.await.unwrap().is_err(), "nobody is told that it is done");
    let again = lab.start().await;
    until(&lab, &wanted().await).await;
    drop(again);
}
