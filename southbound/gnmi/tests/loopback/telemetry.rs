//! Telemetry against a scripted device on loopback.

use std::sync::atomic::Ordering;
use std::time::Duration;

use gnmi::notice::{Leaf, Notice};
use gnmi::telemetry::watch;
use model::{InterfaceName, Measure, NodeId, Sample, Timestamp};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::support::device::{Device, Running};
use crate::support::target;

const TICK: Duration = Duration::from_millis(20);

/// One octet counter, which is the number of the tick.
fn octets(tick: u64) -> Notice {
    let leaf = Leaf { path: "/state/counters/out-octets".parse().expect("a path"), value: json!(tick) };
    Notice {
        at_ns: i64::try_from(tick).expect("small") * 1000,
        prefix: "/interfaces/interface[name=eth1]".parse().expect("a path"),
        leaves: vec![leaf],
        ..Notice::default()
    }
}

fn sample(tick: u64) -> Vec<Sample> {
    vec![Sample {
        node: NodeId::lit("r1"),
        interface: InterfaceName::lit("eth1"),
        at: Timestamp::from_micros(tick),
        measure: Measure::OutOctets(tick),
    }]
}

fn watched(running: &Running) -> (mpsc::Receiver<Vec<Sample>>, JoinHandle<()>) {
    let (out, samples) = mpsc::channel(4);
    let target = target(running.address.clone(), running.authority.client());
    (samples, tokio::spawn(watch(NodeId::lit("r1"), target, TICK, out)))
}

async fn next(samples: &mut mpsc::Receiver<Vec<Sample>>) -> Vec<Sample> {
    timeout(Duration::from_secs(10), samples.recv()).await.expect("samples come").expect("the watch goes on")
}

async fn ended(watch: JoinHandle<()>) {
    timeout(Duration::from_secs(5), watch)
        .await
        .expect("the watch ends with its receiver")
        .expect("no panic");
}

#[tokio::test]
async fn updates_arrive_as_samples_whether_or_not_changes_are_offered() {
    for samples_only in [false, true] {
        let running = Device { samples_only, tells: Some(octets), ..Device::default() }.start().await;
        let (mut samples, watch) = watched(&running);
        for tick in 1..4 {
            assert_eq!(next(&mut samples).await, sample(tick));
        }
        drop(samples);
        ended(watch).await;
        running.stop().await;
    }
}

#[tokio::test]
async fn a_device_that_comes_back_is_watched_again() {
    let running = Device { tells: Some(octets), ..Device::default() }.start().await;
    let (mut samples, watch) = watched(&running);
    while next(&mut samples).await != sample(3) {}
    let running = running.restart().await;
    // The counter begins anew with the device.
    while next(&mut samples).await != sample(1) {}
    assert_eq!(next(&mut samples).await, sample(2));
    drop(samples);
    ended(watch).await;
    running.stop().await;
}

#[tokio::test]
async fn a_device_that_refused_to_report_changes_is_not_asked_for_them_again() {
    let mut running = Device { samples_only: true, tells: Some(octets), ..Device::default() }.start().await;
    let refused = running.device.refused.clone();
    let (mut samples, watch) = watched(&running);
    for _ in 0..2 {
        while next(&mut samples).await != sample(3) {}
        assert_eq!(refused.load(Ordering::SeqCst), 1);
        running = running.restart().await;
    }
    while next(&mut samples).await != sample(1) {}
    assert_eq!(refused.load(Ordering::SeqCst), 1, "asked again after a restart");
    drop(samples);
    ended(watch).await;
    running.stop().await;
}

#[tokio::test]
async fn a_receiver_that_goes_ends_the_watch_while_nothing_is_there() {
    let running = Device::default().start().await;
    running.device.stop.cancel();
    let (samples, watch) = watched(&running);
    drop(samples);
    ended(watch).await;
    running.stop().await;
}
