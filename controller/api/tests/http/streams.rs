//! The event stream.

use std::{sync::Arc, time::Duration};

use api::client::Message;
use engine::snapshot::Snapshot;
use futures_util::StreamExt as _;
use tokio::time::timeout;

use crate::fixture::{Fixture, event, picture};

const SOON: Duration = Duration::from_secs(10);

#[tokio::test]
async fn events_arrive_as_they_happen() {
    let fixture = Fixture::start().await;
    let mut events = fixture.client().events(None).await.unwrap();
    fixture.events.send(event(6)).unwrap();
    fixture.events.send(event(7)).unwrap();
    for number in [6, 7] {
        assert_eq!(timeout(SOON, events.next_event()).await.unwrap().unwrap(), Some(event(number)));
    }
}

#[tokio::test]
async fn a_reader_that_comes_back_misses_nothing_and_hears_nothing_twice() {
    let fixture = Fixture::start().await;
    let events = fixture.client().events(Some(3)).await.unwrap();
    // As when an event is both in the picture and in the channel.
    fixture.events.send(event(5)).unwrap();
    fixture.events.send(event(6)).unwrap();
    let numbers =
        timeout(SOON, events.into_stream().take(3).map(|event| event.unwrap().number).collect::<Vec<_>>());
    assert_eq!(numbers.await.unwrap(), [4, 5, 6]);
}

#[tokio::test]
async fn a_number_of_an_earlier_life_brings_the_whole_timeline() {
    let fixture = Fixture::start().await;
    let mut events = fixture.client().events(Some(900)).await.unwrap();
    assert_eq!(timeout(SOON, events.next_event()).await.unwrap().unwrap(), Some(event(1)));
}

#[tokio::test]
async fn what_moved_is_sent_and_nothing_else() {
    let fixture = Fixture::start().await;
    let mut events = fixture.client().events(None).await.unwrap();
    let mut now: Snapshot = picture();
    now.links[0].a_to_z.load = Some(77);
    fixture.snapshot.send(Arc::new(now)).unwrap();
    let message = timeout(SOON, events.next_message()).await.unwrap().unwrap().unwrap();
    let Message::Live(live) = message else { panic!("{message:?}") };
    assert_eq!(live.links.len(), 1);
    assert_eq!(live.links[0].a_to_z.load, Some(77));
    assert!(live.nodes.is_empty() && !live.resync);
}

#[tokio::test]
async fn a_reader_that_falls_behind_is_sent_away() {
    let fixture = Fixture::start().await;
    let mut events = fixture.client().events(None).await.unwrap();
    // The channel holds eight; the server's task does not run in between.
    for number in 6..40 {
        fixture.events.send(event(number)).unwrap();
    }
    assert_eq!(timeout(SOON, events.next_event()).await.unwrap().unwrap(), None);
    let mut again = fixture.client().events(Some(5)).await.unwrap();
    fixture.events.send(event(41)).unwrap();
    assert_eq!(timeout(SOON, again.next_event()).await.unwrap().unwrap(), Some(event(41)));
}

#[tokio::test]
async fn streams_end_when_the_server_stops() {
    let mut fixture = Fixture::start().await;
    let mut events = fixture.client().events(None).await.unwrap();
    fixture.stop.take().unwrap().send(()).unwrap();
    assert_eq!(timeout(SOON, events.next_event()).await.unwrap().unwrap(), None);
    timeout(SOON, fixture.served).await.expect("open streams do not keep the server").unwrap();
}
