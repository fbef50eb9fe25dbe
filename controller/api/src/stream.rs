//! Events as they happen (server-sent events of the HTML standard).
//!
//! Two kinds: `event` carries each [`Event`], with its number as id; `live` carries what moved, at most once a second.
//! A reader that comes back names the last number that it saw (`Last-Event-ID` or `?after=`) and gets what the timeline
//! still has after it. A reader that cannot keep up is sent away and starts anew: nothing piles up here.

use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};

use engine::{event::Event, snapshot::Snapshot};
use futures_util::stream;
use tokio::{
    sync::{OwnedSemaphorePermit, broadcast, watch},
    time::{Instant, MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;
use warp::{Reply as _, http::StatusCode, reply::Response, sse};

use crate::{Live, Problem, asked::Asked};

/// Streams at a time.
pub(crate) const STREAMS: usize = 64;
/// Between two `live` of a stream.
const LIVE_EVERY: Duration = Duration::from_secs(1);
/// After so much silence comes a comment, so that both ends know that the other is there.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// Opens a stream.
pub(crate) fn answer(asked: Asked<'_>) -> Result<Response, Problem> {
    let full = |_| {
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "streams",
            format!("{STREAMS} streams are open already"),
        )
    };
    let permit = asked.context.streams.clone().try_acquire_owned().map_err(full)?;
    // Subscribed before the picture is taken: an event is in the one or the other or both, and its number tells.
    let events = asked.context.engine.events.subscribe();
    let mut snapshot = asked.context.engine.snapshot.clone();
    let shown = snapshot.borrow_and_update().clone();
    let missed = missed(&shown, last_seen(asked));
    let mut ticks = interval(LIVE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let reader = Reader {
        sent: missed.back().map_or_else(|| newest(&shown), |event| event.number),
        missed,
        events,
        snapshot,
        shown,
        ticks,
        stop: asked.context.stop.clone(),
        last_sent: Instant::now(),
        greeted: false,
        _permit: permit,
    };
    let lines = stream::unfold(reader, |mut reader| async move {
        Some((Ok::<_, Infallible>(reader.next().await?), reader))
    });
    Ok(sse::reply(lines).into_response())
}

/// The number of the newest event in a picture.
fn newest(shown: &Snapshot) -> u64 {
    shown.timeline.last().map_or(0, |event| event.number)
}

/// The number that the reader saw last, if it says so.
fn last_seen(asked: Asked<'_>) -> Option<u64> {
    let header = asked.headers.get("last-event-id").and_then(|value| value.to_str().ok());
    header.or_else(|| asked.value("after"))?.parse().ok()
}

/// What the timeline has after a number. A number ahead of the timeline is of an earlier life of the controller: then
/// all of it is new.
fn missed(shown: &Snapshot, last: Option<u64>) -> VecDeque<Event> {
    let Some(last) = last else { return VecDeque::new() };
    let last = if last > newest(shown) { 0 } else { last };
    shown.timeline.iter().filter(|event| event.number > last).cloned().collect()
}

struct Reader {
    missed: VecDeque<Event>,
    events: broadcast::Receiver<Event>,
    snapshot: watch::Receiver<Arc<Snapshot>>,
    /// The picture that the reader has.
    shown: Arc<Snapshot>,
    /// Number of the event that the reader has.
    sent: u64,
    ticks: tokio::time::Interval,
    stop: CancellationToken,
    last_sent: Instant,
    greeted: bool,
    _permit: OwnedSemaphorePermit,
}

impl Reader {
    /// The next line; nothing when the stream is to end.
    async fn next(&mut self) -> Option<sse::Event> {
        if !self.greeted {
            self.greeted = true;
            return Some(sse::Event::default().retry(Duration::from_secs(1)).comment("trunkline"));
        }
        if let Some(event) = self.missed.pop_front() {
            return line(&event);
        }
        let line = loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return None,
                event = self.events.recv() => match event {
                    Ok(event) if event.number <= self.sent => {}
                    Ok(event) => {
                        self.sent = event.number;
                        break line(&event)?;
                    }
                    // Lagged: the reader comes back with the last number that it has.
                    Err(_) => return None,
                },
                _ = self.ticks.tick() => if let Some(line) = self.tick()? {
                    break line;
                },
            }
        };
        self.last_sent = Instant::now();
        Some(line)
    }

    /// What moved since the last `live`, or a sign of life; nothing outside when the controller has ended.
    fn tick(&mut self) -> Option<Option<sse::Event>> {
        if self.snapshot.has_changed().ok()? {
            let now = self.snapshot.borrow_and_update().clone();
            let live = Live::between(&self.shown, &now);
            self.shown = now;
            return Some(Some(sse::Event::default().event("live").json_data(&live).ok()?));
        }
        let silent = self.last_sent.elapsed() >= HEARTBEAT;
        if silent {
            self.last_sent = Instant::now();
        }
        Some(silent.then(|| sse::Event::default().comment("alive")))
    }
}

fn line(event: &Event) -> Option<sse::Event> {
    sse::Event::default().event("event").id(event.number.to_string()).json_data(event).ok()
}
