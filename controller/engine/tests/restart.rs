//! What a controller remembers over a restart, and what it does not take on trust.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should end")]

mod support;

use std::{collections::BTreeMap, time::Duration};

use engine::{event::EventKind, snapshot::Snapshot};
use model::{NodeId, Phase, Timestamp, Transaction};
use store::{Journal, TransactionRecord};
use support::{feed, hasty, intents, lab};

fn is_payments(services: &[model::ServiceId]) -> bool {
    services.iter().any(|service| service.as_str().contains("payments-br-1"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_in_the_middle_of_a_relief_raises_no_alarm_again_and_returns_the_traffic() {
    let lab = lab();
    let mut running = lab.start().await;
    running.adopt().await;
    running.apply(hasty()).await.unwrap();
    let calm = feed(&lab, &running, false);
    running.snapshot(|snapshot| snapshot.counts.kept == 3).await;
    calm.abort();
    let bad = feed(&lab, &running, true);
    let mut hit = 0;
    let mut moved = false;
    running
        .wait(|kind| {
            match kind {
                EventKind::AlarmRaised { services, why, .. } => {
                    assert!(is_payments(services), "an alarm says whom it hits: {services:?}");
                    assert_eq!(why, "loss > 0.5% (is 2%)");
                    hit += 1;
                }
                EventKind::Rerouted { services, back: false, .. } => moved |= is_payments(services),
                _ => {}
            }
            hit == 2 && moved
        })
        .await;
    let nobody = |snapshot: &Snapshot| {
        snapshot.alarms.len() == 2 && snapshot.alarms.iter().all(|alarm| alarm.riding.is_empty())
    };
    let shown = running.snapshot(nobody).await;
    assert!(shown.alarms.iter().all(|alarm| is_payments(&alarm.services)));
    running.stop.cancel();
    running.task.await.unwrap();
    bad.abort();

    let mut running = lab.start().await;
    let bad = feed(&lab, &running, true);
    let again = running.snapshot(|snapshot| snapshot.counts.kept == 3).await;
    // As they were: the same alarms since the same moment, about the same services.
    assert_eq!(again.alarms, shown.alarms);
    // Longer than the alarm and the breach have to last.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    bad.abort();
    let _good = feed(&lab, &running, false);
    running
        .wait(|kind| match kind {
            EventKind::AlarmRaised { .. }
            | EventKind::Rejected { .. }
            | EventKind::Rerouted { back: false, .. } => {
                panic!("it flaps: {kind:?}")
            }
            EventKind::Rerouted { services, back: true, .. } => is_payments(services),
            _ => false,
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recovery_forward_is_read_back_and_put_right_before_all_is_said_to_be_in_sync() {
    let lab = lab();
    let running = lab.start().await;
    running.adopt().await;
    running.apply(intents()).await.unwrap();
    let hq = &lab.devices[&NodeId::lit("hq-pe1")];
    let truth = hq.truth();
    running.kill().await;
    // It died between its decision and the confirm. The device waited, went back, and takes a late confirm for one that it has.
    {
        let journal = Journal::open(&lab.folder.path().join("journal")).unwrap();
        let node = NodeId::lit("hq-pe1");
        let record = TransactionRecord {
            id: journal.next_transaction().unwrap(),
            begun: Timestamp::default(),
            transaction: Transaction {
                phase: Phase::Move,
                edits: BTreeMap::from([(node.clone(), Vec::new())]),
            },
            pre_images: BTreeMap::from([(node, Default::default())]),
            decided: true,
            unresolved: None,
        };
        journal.put_transaction(&record).unwrap();
        hq.tamper(|config| *config = Default::default());
    }
    let running = lab.start().await;
    // `start` waits for the event that says so.
    assert_eq!(hq.truth(), truth);
    drop(running);
}
