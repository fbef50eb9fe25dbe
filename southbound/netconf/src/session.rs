//! A client's session: one task owns the stream, any number of callers share a handle.
//!
//! ```text
//!   callers --call()--> bounded queue --> owner task <--> stream
//!      ^------- reply by message-id ---------|
//!   one reader <------ notifications --------|
//! ```
//!
//! Requests are pipelined and replies are routed by message-id, so they may come in any order, and a caller
//! that gives up harms nobody: if its request is still queued it is withdrawn and never sent; if it is already
//! sent, the late reply is dropped. Each call brings its own deadline, which covers queueing, writing and the
//! reply. [`CallError`] says which of the two it was, because *not sent* may be tried again and *outcome
//! unknown* must be read back.

mod error;
mod owner;

#[cfg(test)]
pub(crate) mod peer;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::Instrument;

use crate::capability::Capabilities;
use crate::frame::{self, Decoder, Framing};
use crate::hello::{Hello, HelloError};
use crate::message::{Message, Notification};
use crate::rpc::{Rpc, RpcReply};
use crate::xml::{Element, Limits, illegal_char};
pub use error::{CallError, Cause, End, OpenError};

/// Bounds of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Bounds on each message received; `limits.bytes` also bounds the frame.
    pub limits: Limits,
    /// Requests that may wait to be written.
    pub queue: usize,
    /// Requests that may wait for their reply; more stay queued.
    pub in_flight: usize,
    /// Notifications that may wait to be read; more are dropped and counted.
    pub notifications: usize,
}

impl Default for Options {
    /// Default [`Limits`], 64 queued, 256 in flight, 1024 notifications.
    fn default() -> Self {
        Self { limits: Limits::default(), queue: 64, in_flight: 256, notifications: 1024 }
    }
}

/// What the two hellos decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// The device's number for this session.
    pub session_id: u32,
    /// Framing in use.
    pub framing: Framing,
    /// What the device can do.
    pub capabilities: Capabilities,
    /// The device's hello as it came.
    pub hello: Hello,
}

/// A handle on an open session. Clones share the session; when the last is dropped, it ends.
#[derive(Clone, Debug)]
pub struct Session {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    info: Info,
    requests: mpsc::Sender<Request>,
    next_id: AtomicU64,
    ended: watch::Receiver<Option<End>>,
    closing: Arc<AtomicBool>,
    lost: Arc<AtomicU64>,
    stop: CancellationToken,
    _stop_on_drop: DropGuard,
}

/// A request on its way to the owner.
#[derive(Debug)]
struct Request {
    id: u64,
    text: String,
    gate: Arc<Gate>,
    reply: oneshot::Sender<Result<RpcReply, CallError>>,
}

/// Decides, exactly once, whether a queued request is taken by the owner or withdrawn by its caller.
#[derive(Debug, Default)]
struct Gate(AtomicU8);

impl Gate {
    const TAKEN: u8 = 1;
    const WITHDRAWN: u8 = 2;

    fn pass(&self, as_what: u8) -> bool {
        self.0.compare_exchange(0, as_what, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

/// Withdraws the request if its caller goes away while it is still queued.
struct Withdraw(Arc<Gate>);

impl Drop for Withdraw {
    fn drop(&mut self) {
        self.0.pass(Gate::WITHDRAWN);
    }
}

impl Session {
    /// Exchanges hellos on a fresh stream and starts the owner task.
    ///
    /// The receiver yields notifications until the session ends. It may be dropped by those who want none.
    ///
    /// # Errors
    /// [`OpenError`] if no usable hello comes before `deadline`.
    pub async fn open<S>(
        stream: S,
        options: &Options,
        deadline: Instant,
    ) -> Result<(Self, mpsc::Receiver<Notification>), OpenError>
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let (mut reader, mut writer) = tokio::io::split(stream);
        let mut decoder = Decoder::new(Framing::EndOfMessage, options.limits.bytes);
        let ours = Hello::client();
        // Both sides speak first, so neither may wait for the other.
        let exchange =
            async { tokio::try_join!(say(&mut writer, &ours), hear(&mut reader, &mut decoder, options)) };
        let ((), hello) = timeout_at(deadline, exchange).await.map_err(|_| OpenError::Deadline)??;
        let session_id = hello.expect_server()?;
        let framing = ours.negotiate(&hello)?;
        decoder.switch(framing);

        let info = Info { session_id, framing, capabilities: Capabilities::from_hello(&hello), hello };
        let (requests, queue) = mpsc::channel(options.queue);
        let (events, notifications) = mpsc::channel(options.notifications);
        let (ended, end) = watch::channel(None);
        let stop = CancellationToken::new();
        let shared = Shared {
            info,
            requests,
            next_id: AtomicU64::new(1),
            ended: end,
            closing: Arc::new(AtomicBool::new(false)),
            lost: Arc::new(AtomicU64::new(0)),
            stop: stop.clone(),
            _stop_on_drop: stop.clone().drop_guard(),
        };
        let (closing, lost) = (Arc::clone(&shared.closing), Arc::clone(&shared.lost));
        let wires = owner::Wires { requests: queue, events, ended, stop, closing, lost };
        let owner = owner::Owner::new(reader, writer, decoder, framing, *options, wires);
        tokio::spawn(owner.run().instrument(tracing::debug_span!("netconf", session = session_id)));
        Ok((Self { shared: Arc::new(shared) }, notifications))
    }

    /// What the hellos decided.
    pub fn info(&self) -> &Info {
        &self.shared.info
    }

    /// What the device can do.
    pub fn capabilities(&self) -> &Capabilities {
        &self.shared.info.capabilities
    }

    /// Why the session is over, or `None` while it lives.
    pub fn end(&self) -> Option<End> {
        self.shared.ended.borrow().clone()
    }

    /// Waits until the session is over.
    pub async fn ended(&self) -> End {
        let mut ended = self.shared.ended.clone();
        let end = ended.wait_for(Option::is_some).await.ok().and_then(|end| end.clone());
        end.unwrap_or(End::Closed)
    }

    /// How many notifications were dropped because nobody read them in time.
    pub fn lost_notifications(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed)
    }

    /// Sends one operation and waits for its reply, whatever the reply says.
    ///
    /// Cancel safe in this sense: dropping the future withdraws a request that is still queued, and abandons
    /// the reply of one that is already sent.
    ///
    /// # Errors
    /// [`CallError::Invalid`], [`CallError::NotSent`] or [`CallError::OutcomeUnknown`].
    pub async fn call(&self, operation: Element, deadline: Instant) -> Result<RpcReply, CallError> {
        let id = self.shared.next_id.fetch_add(1, Ordering::Relaxed);
        let rpc = Rpc { message_id: id.to_string(), attributes: Vec::new(), operation };
        let text = rpc.to_xml();
        if let Some((at, c)) = illegal_char(&text) {
            let what = format!("character U+{:04X} at byte {at} cannot be carried by xml", u32::from(c));
            return Err(CallError::Invalid(what));
        }
        let gate = Arc::new(Gate::default());
        let withdraw = Withdraw(Arc::clone(&gate));
        let (reply, answer) = oneshot::channel();
        let request = Request { id, text, gate, reply };
        let exchange = async {
            match self.shared.requests.send(request).await {
                Ok(()) => answer.await.ok(),
                Err(_) => None,
            }
        };
        let cause = match timeout_at(deadline, exchange).await {
            Ok(Some(result)) => return result,
            // The owner is gone, and took no decision on this request.
            Ok(None) => Cause::Ended(self.end().unwrap_or(End::Closed)),
            Err(_) => Cause::Deadline,
        };
        let unsent = withdraw.0.pass(Gate::WITHDRAWN);
        Err(if unsent { CallError::NotSent(cause) } else { CallError::OutcomeUnknown(cause) })
    }

    /// Ends the session without asking the device. Requests in flight end as outcome unknown.
    pub fn abort(&self) {
        self.shared.stop.cancel();
    }

    /// Notes that the end of the stream is now what we asked for.
    pub(crate) fn expect_end(&self) {
        self.shared.closing.store(true, Ordering::Release);
    }
}

async fn say<W: AsyncWrite + Unpin>(writer: &mut W, hello: &Hello) -> Result<(), OpenError> {
    let mut out = BytesMut::new();
    frame::encode(Framing::EndOfMessage, &hello.to_xml(), &mut out).expect("our hello holds no end mark");
    let failed = |e: std::io::Error| OpenError::Ended(End::Transport(e.to_string()));
    writer.write_all(&out).await.map_err(failed)?;
    writer.flush().await.map_err(failed)
}

/// How a stream is over that ended: between two messages, or in the middle of one.
fn over(decoder: &Decoder) -> End {
    match decoder.finish() {
        Ok(()) => End::Eof,
        Err(error) => End::Cut { at: error.offset },
    }
}

async fn hear<R: AsyncRead + Unpin>(
    reader: &mut R,
    decoder: &mut Decoder,
    options: &Options,
) -> Result<Hello, OpenError> {
    let mut input = BytesMut::with_capacity(16 << 10);
    loop {
        if let Some(text) = decoder.next_message()? {
            return match Message::parse(&text, &options.limits)? {
                Message::Hello(hello) => Ok(hello),
                Message::RpcReply(_) => Err(HelloError::NotHello("rpc-reply".into()).into()),
                Message::Rpc(_) => Err(HelloError::NotHello("rpc".into()).into()),
                Message::Notification(_) => Err(HelloError::NotHello("notification".into()).into()),
            };
        }
        input.clear();
        match reader.read_buf(&mut input).await {
            Ok(0) => return Err(over(decoder).into()),
            Ok(_) => decoder.feed(&input),
            Err(e) => return Err(End::Transport(e.to_string()).into()),
        }
    }
}
