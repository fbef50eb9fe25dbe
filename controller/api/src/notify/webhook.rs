//! Webhooks: each event as a JSON document by `POST`, in order. A receiver that is away is waited for, so that it is told late
//! rather than never; one that refuses an event is asked a few times more.

use std::time::Duration;

use engine::event::Event;
use model::Severity;
use serde::Serialize;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};

use super::{
    NotifyError, WebhookConfig,
    select::{Next, Selected},
};
use crate::sentence;

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
struct Document<'e> {
    severity: Severity,
    text: String,
    /// Events that could not be told before this one.
    lost: u64,
    event: &'e Event,
}

/// Posts to one address.
#[derive(Debug)]
pub(super) struct Poster {
    client: reqwest::Client,
    url: reqwest::Url,
}

impl Poster {
    pub fn new(config: &WebhookConfig) -> Result<Self, NotifyError> {
        let bad = |why: String| NotifyError::Url { url: config.url.clone(), why };
        let url = reqwest::Url::parse(&config.url).map_err(|error| bad(error.to_string()))?;
        if url.scheme() != "http" {
            return Err(bad(format!("`{}` is not supported yet", url.scheme())));
        }
        let client = reqwest::Client::builder()
            .timeout(Duration::from_micros(config.timeout.as_micros()))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| bad(error.to_string()))?;
        Ok(Self { client, url })
    }

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
        for attempt in 1_u32.. {
            let (why, is_away) = match self.client.post(self.url.clone()).json(&document).send().await {
                Ok(answer) if answer.status().is_success() => return true,
                Ok(answer) => (format!("it answered {}", answer.status()), answer.status().is_server_error()),
                // The address may hold a secret in its path or query: it stays out of the log.
                Err(error) => (error.without_url().to_string(), true),
            };
            let host = self.url.host_str().unwrap_or("?");
            tracing::warn!(host, event = event.number, attempt, why, "a webhook did not take an event");
            let is_over = if is_away { begun.elapsed() >= PATIENCE } else { attempt >= ATTEMPTS };
            if is_over {
                break;
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        false
    }
}
