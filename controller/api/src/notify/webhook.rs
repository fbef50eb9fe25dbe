//! Webhooks: each event as a JSON document by `POST`, in order. A receiver that is away is waited for, so that it is told late
//! rather than never; one that refuses an event is asked a few times more.

use std::{error::Error, time::Duration};

use engine::event::Event;
use model::Severity;
use reqwest::StatusCode;
use serde::Serialize;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};

use super::{
    NotifyError, WebhookConfig,
    select::{Next, Selected},
};
use crate::{
    sentence,
    trust::{self, NoAuthority},
};

/// Events that may wait for a slow receiver.
const WAITING: usize = 256;
/// Attempts for an event that the receiver refuses.
const ATTEMPTS: u32 = 4;
/// How long a receiver that is away is waited for with one event. The others wait behind it.
const PATIENCE: Duration = Duration::from_secs(3_600);
/// Between the first two attempts; doubles after each.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause: so much later than it is back it is told.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What is sent.
#[derive(Serialize)]
pub(super) struct Document<'e> {
    severity: Severity,
    text: String,
    /// Events that could not be told before this one.
    lost: u64,
    event: &'e Event,
}

/// The way to a receiver, on which one document makes one attempt.
pub(super) trait Way: Send + Sync {
    /// Who is there, for the log.
    fn host(&self) -> &str;

    /// The status of the answer, or why there is none.
    fn send(&self, document: &Document<'_>) -> impl Future<Output = Result<StatusCode, String>> + Send;
}

/// An address in the web.
#[derive(Debug)]
pub(super) struct Web {
    client: reqwest::Client,
    url: reqwest::Url,
}

impl Way for Web {
    fn host(&self) -> &str {
        self.url.host_str().unwrap_or("?")
    }

    async fn send(&self, document: &Document<'_>) -> Result<StatusCode, String> {
        let answer = self.client.post(self.url.clone()).json(document).send().await;
        // The address may hold a secret in its path or query: it stays out of the log.
        answer.map(|answer| answer.status()).map_err(|error| with_causes(&error.without_url()))
    }
}

/// An error with what is behind it: that a certificate is not trusted stands there.
fn with_causes(error: &dyn Error) -> String {
    let (mut text, mut next) = (error.to_string(), error.source());
    while let Some(cause) = next {
        text.push_str(&format!(": {cause}"));
        next = cause.source();
    }
    text
}

/// Whether an answer says that the receiver, or one before it, cannot take anything now. Every other answer is about the event.
fn is_away(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 502..=504)
}

/// Posts to one receiver.
#[derive(Debug)]
pub(super) struct Poster<W> {
    way: W,
}

impl Poster<Web> {
    /// `number` is its place in the list, for errors.
    pub fn new(number: usize, config: &WebhookConfig) -> Result<Self, NotifyError> {
        let bad = |place: String, why: String| NotifyError::Url { number, place, why };
        let url = reqwest::Url::parse(&config.url)
            .map_err(|error| bad("which is no address".to_owned(), error.to_string()))?;
        let place = format!("`{}://{}`", url.scheme(), url.host_str().unwrap_or_default());
        let tls = match (url.scheme(), config.ca.as_deref()) {
            ("https", ca) => trust::trusting(ca)
                .map_err(|NoAuthority { place: file, why }| NotifyError::Authority { number, file, why })?,
            ("http", None) => trust::nobody(),
            ("http", Some(_)) => {
                let why = "an authority is named for it, and `http` shows no certificate";
                return Err(bad(place, why.to_owned()));
            }
            (other, _) => return Err(bad(place, format!("`{other}` is not known here"))),
        };
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .timeout(Duration::from_micros(config.timeout.as_micros()))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| bad(place, error.to_string()))?;
        Ok(Self { way: Web { client, url } })
    }
}

impl<W: Way> Poster<W> {
    /// Takes events as they come and posts them in order; what does not fit into the queue is counted.
    pub async fn run(self, mut events: Selected) {
        let (queue, mut waiting) = mpsc::channel::<(Box<Event>, u64)>(WAITING);
        let take = async move {
            let mut lost = 0;
            while let Some(next) = events.next().await {
                match next {
                    Next::Lost(more) => lost += more,
                    Next::Event(event) => match queue.try_send((event, lost)) {
                        Ok(()) => lost = 0,
                        Err(_) => lost += 1,
                    },
                }
            }
        };
        let post = async {
            let mut given_up = 0;
            while let Some((event, lost)) = waiting.recv().await {
                let lost = lost + given_up;
                given_up = if self.post(&event, lost).await { 0 } else { lost + 1 };
            }
        };
        tokio::join!(take, post);
    }

    /// Whether it was taken.
    async fn post(&self, event: &Event, lost: u64) -> bool {
        let severity = event.kind.severity();
        let document = Document { severity, text: sentence(&event.kind), lost, event };
        let begun = Instant::now();
        let mut pause = FIRST_PAUSE;
        // Attempts on a receiver that was away say nothing about the event.
        let mut refusals = 0;
        for attempt in 1_u32.. {
            let (why, is_away) = match self.way.send(&document).await {
                Ok(status) if status.is_success() => return true,
                Ok(status) => (format!("it answered {status}"), is_away(status)),
                Err(why) => (why, true),
            };
            refusals += u32::from(!is_away);
            let host = self.way.host();
            tracing::warn!(host, event = event.number, attempt, why, "a webhook did not take an event");
            let is_over = if is_away { begun.elapsed() >= PATIENCE } else { refusals >= ATTEMPTS };
            if is_over {
                break;
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::VecDeque, iter::repeat_n, sync::Mutex};

    use engine::event::EventKind;
    use model::{NodeId, Timestamp};
    use tokio::sync::broadcast;

    use super::*;

    /// A receiver that answers as told, then takes everything: numbers and `lost` of what it took.
    #[derive(Default)]
    struct Script {
        answers: Mutex<VecDeque<u16>>,
        took: Mutex<Vec<(u64, u64)>>,
    }

    impl Way for &Script {
        fn host(&self) -> &'static str {
            "script"
        }

        async fn send(&self, document: &Document<'_>) -> Result<StatusCode, String> {
            let status = match self.answers.lock().unwrap().pop_front() {
                Some(0) => return Err("nobody is there".to_owned()),
                Some(status) => StatusCode::from_u16(status).unwrap(),
                None => StatusCode::NO_CONTENT,
            };
            if status.is_success() {
                self.took.lock().unwrap().push((document.event.number, document.lost));
            }
            Ok(status)
        }
    }

    /// Numbers and `lost` of what is taken of events 1 and 2.
    async fn took(answers: impl IntoIterator<Item = u16>) -> Vec<(u64, u64)> {
        let script = Script { answers: Mutex::new(answers.into_iter().collect()), ..Script::default() };
        let (events, receiver) = broadcast::channel(4);
        for number in [1, 2] {
            let kind = EventKind::DeviceDown { node: NodeId::lit("r1"), why: "silence".into() };
            events.send(Event { number, at: Timestamp::from_micros(0), kind }).unwrap();
        }
        drop(events);
        Poster { way: &script }.run(Selected::new(receiver, Severity::Info)).await;
        script.took.into_inner().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn an_event_that_is_refused_four_times_is_counted_in_the_next() {
        for status in [400, 404, 500, 501, 301] {
            assert_eq!(took(repeat_n(status, 4)).await, [(2, 1)], "{status}");
            assert_eq!(took(repeat_n(status, 3)).await, [(1, 0), (2, 0)], "{status}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_after_a_time_away_is_the_first() {
        for away in [503, 502, 504, 429, 408, 0] {
            let answers = repeat_n(away, 4).chain([404]);
            assert_eq!(took(answers).await, [(1, 0), (2, 0)], "{away}");
        }
    }
}
