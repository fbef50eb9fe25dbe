//! The task that owns the stream. It alone reads, writes and knows which requests wait for a reply.
//!
//! Reading never waits for writing, nor the other way round: a device that stops reading until its own output
//! is taken cannot lock the session up. Everything the task holds is bounded by [`Options`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::{CallError, Cause, End, Gate, Options, Request, over};
use crate::frame::{self, Decoder, Framing};
use crate::message::{Message, MessageError, Notification};
use crate::rpc::RpcReply;

/// While more than this waits to be written, no further request is taken from the queue. In bytes.
const HIGH_WATER: usize = 256 << 10;

/// The owner's ends of what it shares with the handles.
pub(super) struct Wires {
    pub(super) requests: mpsc::Receiver<Request>,
    pub(super) events: mpsc::Sender<Notification>,
    pub(super) ended: watch::Sender<Option<End>>,
    pub(super) stop: CancellationToken,
    pub(super) closing: Arc<AtomicBool>,
    pub(super) lost: Arc<AtomicU64>,
}

/// A request that was taken and not yet answered.
struct Pending {
    reply: oneshot::Sender<Result<RpcReply, CallError>>,
    /// How many bytes have to be written, in all, until the device has the whole request.
    complete_at: u64,
}

pub(super) struct Owner<R, W> {
    reader: R,
    writer: W,
    decoder: Decoder,
    framing: Framing,
    options: Options,
    wires: Wires,
    input: BytesMut,
    output: BytesMut,
    /// Bytes given to the transport so far.
    written: u64,
    unflushed: bool,
    pending: BTreeMap<u64, Pending>,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Owner<R, W> {
    pub(super) fn new(
        reader: R,
        writer: W,
        decoder: Decoder,
        framing: Framing,
        options: Options,
        wires: Wires,
    ) -> Self {
        Self {
            reader,
            writer,
            decoder,
            framing,
            options,
            wires,
            input: BytesMut::with_capacity(16 << 10),
            output: BytesMut::new(),
            written: 0,
            unflushed: false,
            pending: BTreeMap::new(),
        }
    }

    pub(super) async fn run(mut self) {
        let end = match self.drive().await {
            End::Eof | End::Cut { .. } if self.wires.closing.load(Ordering::Acquire) => End::Closed,
            end => end,
        };
        match end {
            End::Closed => debug!("session over"),
            _ => warn!(pending = self.pending.len(), reason = %end, "session over"),
        }
        self.release(end);
    }

    async fn drive(&mut self) -> End {
        // Messages may have come together with the hello.
        if let Err(end) = self.deliver() {
            return end;
        }
        let stop = self.wires.stop.clone();
        loop {
            let writing = !self.output.is_empty();
            let accepting = self.pending.len() < self.options.in_flight && self.output.len() < HIGH_WATER;
            tokio::select! {
                read = self.reader.read_buf(&mut self.input) => match read {
                    Ok(0) => return over(&self.decoder),
                    Ok(_) => {
                        self.decoder.feed(&self.input);
                        self.input.clear();
                        if let Err(end) = self.deliver() {
                            return end;
                        }
                    }
                    Err(e) => return End::Transport(e.to_string()),
                },
                pushed = push(&mut self.writer, &self.output), if writing || self.unflushed => match pushed {
                    Ok(Some(0)) => return End::Transport("the transport takes no more bytes".into()),
                    Ok(Some(n)) => {
                        self.output.advance(n);
                        self.written += n as u64;
                        self.unflushed = true;
                    }
                    Ok(None) => self.unflushed = false,
                    Err(e) => return End::Transport(e.to_string()),
                },
                request = self.wires.requests.recv(), if accepting => match request {
                    Some(request) => self.take(request),
                    None => return End::Closed,
                },
                () = stop.cancelled() => return End::Closed,
            }
        }
    }

    /// Queues a request for writing, unless its caller is gone.
    fn take(&mut self, request: Request) {
        if !request.gate.pass(Gate::TAKEN) {
            return;
        }
        if let Err(e) = frame::encode(self.framing, &request.text, &mut self.output) {
            // Whoever waited may be gone; there is nobody else to tell.
            let _ = request.reply.send(Err(CallError::Invalid(e.to_string())));
            return;
        }
        let complete_at = self.written + self.output.len() as u64;
        self.pending.insert(request.id, Pending { reply: request.reply, complete_at });
    }

    /// Hands on every message that is complete.
    fn deliver(&mut self) -> Result<(), End> {
        while let Some(text) = self.decoder.next_message().map_err(|e| End::Protocol(e.to_string()))? {
            match Message::parse(&text, &self.options.limits) {
                Ok(Message::RpcReply(reply)) => self.route(reply)?,
                Ok(Message::Notification(event)) => self.announce(event),
                Err(MessageError::NoEventTime) => warn!("notification without eventTime ignored"),
                Ok(Message::Hello(_)) => return Err(End::Protocol("a second hello".into())),
                Ok(Message::Rpc(_)) | Err(MessageError::Rpc(_)) => {
                    return Err(End::Protocol("a server that sends requests".into()));
                }
                Err(e) => return Err(End::Protocol(e.to_string())),
            }
        }
        Ok(())
    }

    fn route(&mut self, reply: RpcReply) -> Result<(), End> {
        let id = match &reply.message_id {
            // To the letter: another spelling of the number is none that was ever sent.
            Some(text) => text.parse().ok().filter(|id: &u64| id.to_string() == *text),
            // A server leaves the id out where it could not read the request's. If one request alone waits,
            // it is that one; else nobody knows which, and all are in doubt.
            None if self.pending.len() == 1 => self.pending.keys().next().copied(),
            None => return Err(End::Protocol("a reply without message-id".into())),
        };
        match id.and_then(|id| self.pending.remove(&id)) {
            // A caller that gave up does not want it any more.
            Some(pending) => drop(pending.reply.send(Ok(reply))),
            None => warn!(message_id = ?reply.message_id, "reply to no request of ours ignored"),
        }
        Ok(())
    }

    fn announce(&self, event: Notification) {
        if let Err(TrySendError::Full(_)) = self.wires.events.try_send(event) {
            self.wires.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Tells everybody that the session is over, and each what that means for its request.
    fn release(mut self, end: End) {
        self.wires.ended.send_replace(Some(end.clone()));
        self.wires.requests.close();
        for pending in std::mem::take(&mut self.pending).into_values() {
            let cause = Cause::Ended(end.clone());
            let sent = pending.complete_at <= self.written;
            let error = if sent { CallError::OutcomeUnknown(cause) } else { CallError::NotSent(cause) };
            let _ = pending.reply.send(Err(error));
        }
        while let Ok(request) = self.wires.requests.try_recv() {
            let _ = request.reply.send(Err(CallError::NotSent(Cause::Ended(end.clone()))));
        }
    }
}

/// Writes some of `output` and gives the number of bytes, or flushes once there is none left. Cancel safe.
async fn push<W: AsyncWrite + Unpin>(writer: &mut W, output: &BytesMut) -> std::io::Result<Option<usize>> {
    if output.is_empty() {
        return writer.flush().await.map(|()| None);
    }
    writer.write(output).await.map(Some)
}
