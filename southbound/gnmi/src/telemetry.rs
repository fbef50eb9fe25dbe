//! Telemetry of one device: a stream that is always being kept, turned into samples of the model.
//!
//! It is OpenConfig's, whatever dialect the device is configured in. Of a vendor's router that serves OpenConfig's interfaces,
//! their state and octets are understood; its queues have other names there than ours.
//!
//! The stream has its own connection, so its loss touches nothing else. It is opened again after a pause that grows
//! while it fails; pauses of different devices differ, so that a network that comes back is not asked all at once.

mod backoff;
mod decode;

use std::mem::{Discriminant, discriminant};
use std::time::Duration;

use dialects::openconfig;
use model::{NodeId, Sample};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

pub use decode::samples;

use self::backoff::Backoff;
use crate::error::SessionError;
use crate::session::Session;
use crate::stream::{Event, Stream, StreamOptions};
use crate::subscribe::{Mode, Subscription};
use crate::target::Target;

/// This many sample intervals without a word mean that the stream is dead.
const SILENT_INTERVALS: u32 = 5;
/// At least this long: some devices sample late.
const SHORTEST_SILENCE: Duration = Duration::from_secs(5);

/// Keeps a stream of the device's measures and sends the samples of each notice to `out`, until `out` closes. A receiver
/// that is slow slows the device, and costs no memory here. What a device refused once is not asked again when its stream is opened anew.
pub async fn watch(node: NodeId, target: Target, interval: Duration, out: mpsc::Sender<Vec<Sample>>) {
    let mut log = Log { node: &node, last: None };
    let mut backoff = Backoff::new(node.as_str());
    let mut knows = Knows::NotTried;
    loop {
        let begun = Instant::now();
        let end = tokio::select! {
            () = out.closed() => return,
            end = follow(&node, &target, &mut knows, interval, &out, &mut log) => end,
        };
        // None is a receiver that has gone.
        let Some(error) = end else { return };
        let pause = backoff.after(begun.elapsed());
        log.lost(&error, pause);
        tokio::select! {
            () = out.closed() => return,
            () = sleep(pause) => {}
        }
    }
}

/// One stream, until it ends; none when the receiver has gone.
async fn follow(
    node: &NodeId,
    target: &Target,
    knows: &mut Knows,
    interval: Duration,
    out: &mpsc::Sender<Vec<Sample>>,
    log: &mut Log<'_>,
) -> Option<SessionError> {
    let mut stream = match subscribe(target, knows, interval).await {
        Ok(stream) => stream,
        Err(error) => return Some(error),
    };
    log.streaming();
    loop {
        match stream.next().await {
            Ok(Event::Synced) => {}
            Ok(Event::Notice(notice)) => {
                if let Some(why) = notice.unreadable.first() {
                    tracing::debug!(%node, count = notice.unreadable.len(), first = %why, "values passed over");
                }
                let samples = samples(node, &notice);
                if !samples.is_empty() && out.send(samples).await.is_err() {
                    return None;
                }
            }
            Err(error) => return Some(error),
        }
    }
}

/// What a device was found to know of subscriptions, while it is watched.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Knows {
    /// It has refused nothing so far.
    NotTried,
    /// It refused to report changes, and took samples in their place.
    SamplesAlone,
}

/// A stream of everything that the loop watches: changes where the device reports them, samples of all otherwise.
async fn subscribe(target: &Target, knows: &mut Knows, interval: Duration) -> Result<Stream, SessionError> {
    let session = Session::connect(target).await?;
    let silence = interval.saturating_mul(SILENT_INTERVALS).max(SHORTEST_SILENCE);
    let options = StreamOptions { silence: Some(silence), ..StreamOptions::default() };
    if *knows == Knows::NotTried {
        match session.subscribe(list(interval, true), options).await {
            Err(SessionError::Unsupported { .. }) => {}
            other => return other,
        }
    }
    let stream = session.subscribe(list(interval, false), options).await?;
    // Only now: a device that takes no samples either may have refused for another reason.
    *knows = Knows::SamplesAlone;
    Ok(stream)
}

fn list(interval: Duration, on_change: bool) -> Vec<Subscription> {
    let one = |wanted: openconfig::Subscription| Subscription {
        path: wanted.path.parse().expect("the dialect writes paths"),
        mode: match wanted.on_change && on_change {
            true => Mode::OnChange { heartbeat: None },
            false => Mode::sample(interval),
        },
    };
    openconfig::subscriptions().into_iter().map(one).collect()
}

/// Says each change of the stream's state once, however often it is tried.
struct Log<'n> {
    node: &'n NodeId,
    /// How it failed last; none while it streams.
    last: Option<Discriminant<SessionError>>,
}

impl Log<'_> {
    fn streaming(&mut self) {
        self.last = None;
        tracing::info!(node = %self.node, "telemetry streams");
    }

    fn lost(&mut self, error: &SessionError, pause: Duration) {
        let kind = Some(discriminant(error));
        if self.last != kind {
            tracing::warn!(node = %self.node, %error, ?pause, "telemetry is lost; it is tried again until it stands");
        }
        self.last = kind;
    }
}
