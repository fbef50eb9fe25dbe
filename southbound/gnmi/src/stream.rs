//! Subscriptions that run: streams of notices, values once, values on demand.
//!
//! A stream is pulled; what nobody pulls stays in the flow control window of HTTP/2, so a slow reader slows the device
//! and costs no memory. Dropping a stream ends the subscription on the device.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};

use crate::error::{Call, Feature, SessionError};
use crate::link::Link;
use crate::login::Login;
use crate::notice::Notice;
use crate::path::Path;
use crate::proto::subscribe_response::Response;
use crate::proto::{self, Encoding};
use crate::session::{Session, unpanicked};
use crate::subscribe::{Drive, Mode, Subscription, Subscriptions, poll_request};

/// What comes on a stream.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Values or deletions.
    Notice(Notice),
    /// Every value has come once; from here on there is news alone.
    Synced,
}

/// How a stream is to run.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct StreamOptions {
    /// How values are written; by default [`crate::session::Capabilities::leaf_encoding`].
    pub encoding: Option<Encoding>,
    /// Leaves the first state out.
    pub updates_only: bool,
    /// Longest pause between two events before the stream is [`SessionError::Silent`]. Several sample intervals are
    /// sensible; none for streams that are on change alone.
    pub silence: Option<Duration>,
}

/// The answers of one Subscribe.
struct Answers {
    messages: Streaming<proto::SubscribeResponse>,
    /// Held open: some devices end the subscription when the request stream ends.
    requests: mpsc::Sender<proto::SubscribeRequest>,
    peer: Arc<str>,
    link: Arc<Link>,
    login: Option<Login>,
}

impl Answers {
    /// The next event; none when the device ended the subscription in good order. Cancel safe.
    async fn next(&mut self) -> Result<Option<Event>, SessionError> {
        loop {
            let message = match unpanicked(self.messages.message()).await {
                Ok(Ok(Some(message))) => message,
                Ok(Ok(None)) => return Ok(None),
                Ok(Err(status)) => return Err(self.fault(&status)),
                Err(why) => return Err(SessionError::unreadable(&self.peer, Call::Subscribe, why)),
            };
            if let Some(login) = &self.login {
                login.taken();
            }
            match message.response {
                Some(Response::Update(wire)) => {
                    // A prefix that is none leaves nothing to be placed, but the stream goes on.
                    let notice = Notice::decode(wire).unwrap_or_else(|why| Notice {
                        unreadable: vec![why.to_string()],
                        ..Notice::default()
                    });
                    return Ok(Some(Event::Notice(notice)));
                }
                Some(Response::SyncResponse(true)) => return Ok(Some(Event::Synced)),
                #[expect(deprecated, reason = "devices of before 0.4 say their errors so")]
                Some(Response::Error(error)) => {
                    let code = i32::try_from(error.code).map_or(Code::Unknown, Code::from_i32);
                    return Err(self.fault(&Status::new(code, error.message)));
                }
                Some(Response::SyncResponse(false)) | None => {}
            }
        }
    }

    fn fault(&self, status: &Status) -> SessionError {
        let error = SessionError::of(&self.peer, Call::Subscribe, status, self.link.ended());
        if let Some(login) = &self.login {
            login.hear(Call::Subscribe, Some(&error));
        }
        error
    }

    /// Everything up to the next sync. An end before it is an error: what came is not all.
    async fn batch(&mut self, limit: usize) -> Result<Vec<Notice>, SessionError> {
        let (mut batch, mut count) = (Vec::new(), 0);
        loop {
            match self.next().await? {
                None => return Err(SessionError::Ended { peer: self.peer.to_string() }),
                Some(Event::Synced) => return Ok(batch),
                Some(Event::Notice(notice)) => {
                    count += 1 + notice.leaves.len() + notice.deleted.len();
                    batch.push(notice);
                }
            }
            if count > limit {
                let why = format!("more than {limit} values at once");
                return Err(SessionError::unreadable(&self.peer, Call::Subscribe, why));
            }
        }
    }
}

/// A subscription that streams. Dropping it ends the subscription.
pub struct Stream {
    answers: Answers,
    first: Option<Event>,
    silence: Option<Duration>,
}

impl Stream {
    /// The next event. Cancel safe. After an error nothing more comes: drop the stream.
    ///
    /// # Errors
    /// See [`SessionError`]; `Ended` when the device stopped, `Silent` when it has sent nothing for too long.
    pub async fn next(&mut self) -> Result<Event, SessionError> {
        if let Some(event) = self.first.take() {
            return Ok(event);
        }
        let peer = self.answers.peer.clone();
        let event = match self.silence {
            None => self.answers.next().await?,
            Some(after) => timeout(after, self.answers.next()).await.map_err(|_| {
                SessionError::Silent { peer: peer.to_string(), call: Call::Subscribe, after }
            })??,
        };
        event.ok_or_else(|| SessionError::Ended { peer: peer.to_string() })
    }

    /// The same events through a channel that holds `capacity` of them. An error is the last. When the receiver is
    /// dropped the subscription ends, whether or not anything was on its way.
    pub fn into_channel(mut self, capacity: usize) -> mpsc::Receiver<Result<Event, SessionError>> {
        let (sender, receiver) = mpsc::channel(capacity.max(1));
        tokio::spawn(async move {
            loop {
                let event = tokio::select! {
                    () = sender.closed() => return,
                    event = self.next() => event,
                };
                let last = event.is_err();
                if sender.send(event).await.is_err() || last {
                    return;
                }
            }
        });
        receiver
    }
}

/// A subscription that answers when asked. Dropping it ends the subscription.
pub struct Poller {
    answers: Answers,
    deadline: Duration,
    values: usize,
}

impl Poller {
    /// The values as they are now.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub async fn poll(&mut self) -> Result<Vec<Notice>, SessionError> {
        let (after, peer) = (self.deadline, self.answers.peer.to_string());
        timeout(after, self.fresh()).await.unwrap_or(Err(SessionError::Silent {
            peer,
            call: Call::Subscribe,
            after,
        }))
    }

    async fn fresh(&mut self) -> Result<Vec<Notice>, SessionError> {
        let peer = self.answers.peer.to_string();
        let ended = || SessionError::Ended { peer: peer.clone() };
        // Some devices send a first state unasked. What lies here already is older than this poll.
        for _ in 0..self.values {
            match self.answers.next().now_or_never() {
                Some(event) => event?.map(drop).ok_or_else(ended)?,
                None => break,
            }
        }
        self.answers.requests.send(poll_request()).await.map_err(|_| ended())?;
        self.answers.batch(self.values).await
    }
}

impl Session {
    /// Subscribes to a stream of values. It stands when the device's first answer has come.
    ///
    /// # Errors
    /// See [`SessionError`]; `Unsupported` when the list asks for more than samples and the device refuses it as
    /// unimplemented or invalid: ask again with samples alone.
    pub async fn subscribe(
        &self,
        list: Vec<Subscription>,
        options: StreamOptions,
    ) -> Result<Stream, SessionError> {
        let feature = beyond_samples(&list);
        let request = Subscriptions {
            drive: Drive::Stream,
            list,
            encoding: options.encoding.unwrap_or_else(|| self.capabilities().leaf_encoding()),
            updates_only: options.updates_only,
            target: String::new(),
        };
        self.in_time(async {
            let mut answers = self.open_subscription(vec![request.encode()]).await?;
            let first = answers.next().await?;
            let ended = || SessionError::Ended { peer: self.peer.to_string() };
            Ok(Stream { answers, first: Some(first.ok_or_else(ended)?), silence: options.silence })
        })
        .await
        .map_err(|error| error.lacking(feature))
    }

    /// Every value below the paths, once.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub async fn once(&self, paths: &[Path]) -> Result<Vec<Notice>, SessionError> {
        let request = self.plain(Drive::Once, paths);
        self.in_time(async {
            self.open_subscription(vec![request.encode()]).await?.batch(self.limits.values).await
        })
        .await
    }

    /// Subscribes to values on demand, and returns them as they are now.
    ///
    /// # Errors
    /// See [`SessionError`]; `Unsupported` when the device refuses polls as unimplemented or invalid.
    pub async fn poll(&self, paths: &[Path]) -> Result<(Poller, Vec<Notice>), SessionError> {
        let request = self.plain(Drive::Poll, paths);
        let values = self.limits.values;
        self.in_time(async {
            // Some devices do not answer at all before the first poll, so it goes along.
            let mut answers = self.open_subscription(vec![request.encode(), poll_request()]).await?;
            let batch = answers.batch(values).await?;
            Ok((Poller { answers, deadline: self.limits.deadline, values }, batch))
        })
        .await
        .map_err(|error| error.lacking(Some(Feature::Poll)))
    }

    fn plain(&self, drive: Drive, paths: &[Path]) -> Subscriptions {
        // The mode has no meaning here, but some devices refuse every one but this.
        let mode = Mode::sample(Duration::ZERO);
        let one = |path: &Path| Subscription { path: path.clone(), mode };
        Subscriptions {
            drive,
            list: paths.iter().map(one).collect(),
            encoding: self.capabilities().leaf_encoding(),
            updates_only: false,
            target: String::new(),
        }
    }

    async fn open_subscription(&self, first: Vec<proto::SubscribeRequest>) -> Result<Answers, SessionError> {
        let (requests, stream) = mpsc::channel(first.len());
        for request in first {
            requests.try_send(request).expect("the channel is new and has room for each");
        }
        let mut client = self.client.clone();
        let request = self.request(ReceiverStream::new(stream));
        let messages = self.ask(Call::Subscribe, client.subscribe(request)).await?;
        let (peer, link, login) = (self.peer.clone(), self.link.clone(), self.login.clone());
        Ok(Answers { messages, requests, peer, link, login })
    }

    /// Within the deadline of the session.
    async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, SessionError>>,
    ) -> Result<T, SessionError> {
        let after = self.limits.deadline;
        timeout(after, work).await.unwrap_or_else(|_| {
            Err(SessionError::Silent { peer: self.peer.to_string(), call: Call::Subscribe, after })
        })
    }
}

/// What in the list goes beyond samples.
fn beyond_samples(list: &[Subscription]) -> Option<Feature> {
    list.iter().find_map(|one| match one.mode {
        Mode::OnChange { .. } => Some(Feature::OnChange),
        Mode::TargetDefined => Some(Feature::TargetDefined),
        Mode::Sample { .. } => None,
    })
}
