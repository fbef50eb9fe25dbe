//! The disk of the journal is full for a while in the middle of things. The limit holds for the whole process, so this file has
//! one test.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should end")]

mod support;

use std::time::Duration;

use assess::Kept;
use device::{Step, fake::Fault};
use engine::{
    event::EventKind,
    handle::{Command, Refusal, Subject},
};
use model::{LinkId, Measure, NodeId};
use nix::sys::{
    resource::{Resource, getrlimit, setrlimit},
    signal::{SigSet, Signal},
};
use support::{Running, intents, lab, telemetry};

fn fill(full: bool) {
    let (_, hard) = getrlimit(Resource::RLIMIT_FSIZE).unwrap();
    setrlimit(Resource::RLIMIT_FSIZE, if full { 0 } else { hard }, hard).unwrap();
}

/// Waits until the controller has gone round for so long: its own clock, not ours.
async fn rounds(running: &mut Running, time: Duration) {
    let now = running.engine.snapshot.borrow().at.as_micros();
    let then = now + u64::try_from(time.as_micros()).unwrap();
    running.snapshot(|snapshot| snapshot.at.as_micros() > then).await;
}

/// The threads of the runtime are begun where the signal is blocked: it would end the process otherwise.
#[test]
fn what_could_not_be_written_is_written_when_there_is_room_again() {
    SigSet::from(Signal::SIGXFSZ).thread_block().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(try_it());
}

async fn try_it() {
    let lab = lab();
    let mut running = lab.start().await;
    running.adopt().await;
    running.apply(intents()).await.unwrap();

    // A drain that goes back while its end cannot be written.
    lab.devices[&NodeId::lit("hq-pe1")].will(Step::Commit, Fault::Hang);
    let drained = {
        let engine = running.engine.clone();
        let subject = Subject::Link(LinkId::lit("line1-br-1"));
        let ask =
            |reply| Command::Drain { subject, drain: true, who: "mei".into(), beyond_limit: false, reply };
        tokio::spawn(async move { engine.ask(ask).await })
    };
    running.wait(|kind| matches!(kind, EventKind::TransactionBegun { .. })).await;
    // The record is written before the first order goes out, and this one waits for the device.
    let writes = lab.writes();
    while lab.writes() == writes {
        tokio::task::yield_now().await;
    }
    fill(true);
    let refusal = drained.await.unwrap().unwrap_err();
    assert!(matches!(refusal, Refusal::RolledBack { .. } | Refusal::Unresolved { .. }), "{refusal:?}");
    running.wait(|kind| matches!(kind, EventKind::JournalFailed { .. })).await;
    fill(false);
    running.snapshot(|snapshot| !snapshot.changing).await;
    rounds(&mut running, Duration::from_secs(1)).await;

    // The loop learns something that it must not forget, while it cannot be written.
    running.observe().await;
    while running.events.try_recv().is_ok() {}
    rounds(&mut running, Duration::from_secs(1)).await;
    fill(true);
    let mut batch = telemetry(&lab.ted, engine::clock::now(), |_, _, _| {});
    let line = lab.ted.links[&LinkId::lit("line1-br-2")].clone();
    for sample in &mut batch {
        if (&sample.node, &sample.interface) == (&line.a.node, &line.a.interface) {
            sample.measure = Measure::Up(false);
        }
    }
    running.samples.send(batch).await.unwrap();
    running.wait(|kind| matches!(kind, EventKind::JournalFailed { .. })).await;
    fill(false);
    rounds(&mut running, Duration::from_secs(4)).await;
    running.kill().await;

    let journal = lab.journal().await;
    assert!(journal.hints().unwrap().drained_links.is_empty(), "the refused drain is not in force");
    assert!(!journal.is_unfinished().unwrap());
    let kept: Kept = journal.loop_memory().unwrap();
    assert_ne!(kept, Kept::default(), "the line that is down is remembered");
}
