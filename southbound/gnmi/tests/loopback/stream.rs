//! Subscriptions against a scripted device on loopback.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::support::device::{Device, Running, counters};
use gnmi::error::Feature;
use gnmi::notice::Notice;
use gnmi::stream::{Event, StreamOptions};
use gnmi::subscribe::{Mode, Subscription};
use gnmi::{Path, SessionError};
use tokio::time::timeout;

fn path(text: &str) -> Path {
    text.parse().expect("a path of the test")
}

fn samples() -> Vec<Subscription> {
    vec![Subscription {
        path: path("/interfaces/interface/state/counters"),
        mode: Mode::sample(Duration::from_millis(20)),
    }]
}

fn mixed() -> Vec<Subscription> {
    let mut list = samples();
    list.push(Subscription { path: path("/lldp"), mode: Mode::OnChange { heartbeat: None } });
    list
}

/// Waits until the device runs `wanted` streams.
async fn streams(running: &Running, wanted: usize) {
    let reached = async {
        while running.device.live.load(Ordering::SeqCst) != wanted {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(5), reached).await.expect("the device's streams start and end with ours");
}

#[tokio::test]
async fn a_mixed_stream_delivers_state_then_sync_then_news() {
    let running = Device::default().start().await;
    let session = running.session().await;
    let mut stream = session.subscribe(mixed(), StreamOptions::default()).await.expect("a stream");
    assert_eq!(stream.next().await.expect("state"), Event::Notice(counters(1)));
    assert_eq!(stream.next().await.expect("sync"), Event::Synced);
    for tick in 2..5 {
        assert_eq!(stream.next().await.expect("news"), Event::Notice(counters(tick)));
    }
    running.stop().await;
}

#[tokio::test]
async fn a_dropped_stream_ends_the_subscription_on_the_device() {
    let running = Device::default().start().await;
    let session = running.session().await;
    let stream = session.subscribe(samples(), StreamOptions::default()).await.expect("a stream");
    streams(&running, 1).await;
    drop(stream);
    streams(&running, 0).await;
    assert!(session.is_open());
    running.stop().await;
}

#[tokio::test]
async fn a_dropped_receiver_ends_even_a_quiet_subscription() {
    let running = Device { quiet: true, ..Device::default() }.start().await;
    let session = running.session().await;
    let stream = session.subscribe(samples(), StreamOptions::default()).await.expect("a stream");
    let mut events = stream.into_channel(2);
    assert_eq!(events.recv().await.expect("an event").expect("state"), Event::Notice(counters(1)));
    assert_eq!(events.recv().await.expect("an event").expect("sync"), Event::Synced);
    streams(&running, 1).await;
    drop(events);
    streams(&running, 0).await;
    running.stop().await;
}

#[tokio::test]
async fn a_stream_outlives_the_session_that_opened_it() {
    let running = Device::default().start().await;
    let session = running.session().await;
    let mut stream = session.subscribe(samples(), StreamOptions::default()).await.expect("a stream");
    drop(session);
    for _ in 0..5 {
        stream.next().await.expect("it goes on");
    }
    running.stop().await;
}

#[tokio::test]
async fn a_device_that_knows_samples_alone_is_recognised_and_sampled() {
    let running = Device { samples_only: true, ..Device::default() }.start().await;
    let session = running.session().await;
    let on_change = session.subscribe(mixed(), StreamOptions::default()).await.map(|_| ());
    let Err(SessionError::Unsupported { feature: Feature::OnChange, message, .. }) = on_change else {
        panic!("{on_change:?}")
    };
    assert_eq!(message, "samples only");
    let poll = session.poll(&[path("/interfaces")]).await.map(|_| ());
    assert!(matches!(poll, Err(SessionError::Unsupported { feature: Feature::Poll, .. })), "{poll:?}");
    // The session is as good as before.
    let mut stream = session.subscribe(samples(), StreamOptions::default()).await.expect("samples");
    assert_eq!(stream.next().await.expect("state"), Event::Notice(counters(1)));
    running.stop().await;
}

#[tokio::test]
async fn once_brings_everything_once() {
    let running = Device::default().start().await;
    let notices = running.session().await.once(&[path("/interfaces")]).await.expect("values");
    assert_eq!(notices, [counters(1)]);
    running.stop().await;
}

#[tokio::test]
async fn every_poll_brings_the_values_of_its_time() {
    let running = Device::default().start().await;
    let session = running.session().await;
    let (mut poller, first) = session.poll(&[path("/interfaces")]).await.expect("values");
    assert_eq!(first, [counters(1)]);
    for tick in 2..5 {
        assert_eq!(poller.poll().await.expect("values"), [counters(tick)]);
    }
    drop(poller);
    streams(&running, 0).await;
    running.stop().await;
}

#[tokio::test]
async fn a_stream_that_the_device_ends_says_so() {
    let running = Device { ends_after: Some(2), ..Device::default() }.start().await;
    let session = running.session().await;
    let mut events =
        session.subscribe(samples(), StreamOptions::default()).await.expect("a stream").into_channel(8);
    let mut notices: Vec<Notice> = Vec::new();
    let end = loop {
        match events.recv().await.expect("the error is the last event") {
            Ok(Event::Notice(notice)) => notices.push(notice),
            Ok(Event::Synced) => {}
            Err(end) => break end,
        }
    };
    assert!(matches!(end, SessionError::Ended { .. }), "{end}");
    assert_eq!(notices, [counters(1), counters(2)]);
    assert!(events.recv().await.is_none());
    running.stop().await;
}

#[tokio::test]
async fn a_device_that_goes_away_ends_the_stream_as_unreachable() {
    let running = Device::default().start().await;
    let session = running.session().await;
    let mut stream = session.subscribe(samples(), StreamOptions::default()).await.expect("a stream");
    running.device.stop.cancel();
    let end = timeout(Duration::from_secs(5), async {
        loop {
            if let Err(end) = stream.next().await {
                break end;
            }
        }
    });
    let end = end.await.expect("the stream notices");
    assert!(matches!(end, SessionError::Unreachable { .. }), "{end}");
    running.stop().await;
}

#[tokio::test]
async fn a_stream_that_falls_silent_says_so() {
    let running = Device { quiet: true, ..Device::default() }.start().await;
    let session = running.session().await;
    let options = StreamOptions { silence: Some(Duration::from_millis(50)), ..StreamOptions::default() };
    let mut stream = session.subscribe(samples(), options).await.expect("a stream");
    let end = loop {
        if let Err(end) = stream.next().await {
            break end;
        }
    };
    assert!(matches!(end, SessionError::Silent { .. }), "{end}");
    running.stop().await;
}

#[tokio::test]
async fn values_of_one_batch_are_bounded() {
    let running = Device::default().start().await;
    let mut target = crate::support::target(running.address.clone(), running.authority.client());
    target.limits.values = 5;
    let session = gnmi::Session::connect(&target).await.expect("a session");
    let error = session.once(&[path("/interfaces")]).await.expect_err("eleven are more than five");
    assert!(matches!(error, SessionError::Malformed { .. }), "{error}");
    running.stop().await;
}
