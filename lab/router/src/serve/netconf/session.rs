//! One NETCONF session: hello, then requests one after the other, with notifications between them.

use std::{sync::Arc, time::Duration};

use bytes::BytesMut;
use netconf::{
    frame::{self, Decoder, Framing},
    hello::Hello,
    message::{Message, MessageError},
    rpc::RpcReply,
    rpc_error::{ErrorTag, ErrorType, RpcError},
    xml::Limits,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::broadcast,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{
    answer::{self, Answer},
    capabilities, notify,
    seat::{Client, Session},
};
use crate::{
    fault::{Kind, Step},
    router::{Event, Router},
};

/// Largest message that is taken, in octets.
const MAX_MESSAGE: usize = 16 << 20;
/// Bounds on the XML of one message.
const LIMITS: Limits = Limits { bytes: MAX_MESSAGE, depth: 64, elements: 400_000, attributes: 64 };
/// A message of more than so many octets leaves no memory behind.
const KEPT: usize = 64 << 10;
/// Time for the client's hello.
const HELLO: Duration = Duration::from_secs(30);
/// Time in which a client must take what is written to it.
const WRITE: Duration = Duration::from_secs(60);

/// Why a session is over; each is an ordinary end.
struct Over;

/// Speaks NETCONF on a stream until it ends, the session is killed, or `cut`.
pub(super) async fn run<S>(router: Arc<Router>, stream: S, client: Client, cut: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let (id, killed) = router.open_session();
    let session = Session { router, id, client, subscription: None };
    let line = Line {
        stream,
        decoder: Decoder::new(Framing::EndOfMessage, MAX_MESSAGE),
        framing: Framing::EndOfMessage,
        out: BytesMut::new(),
    };
    tokio::select! {
        () = cut.cancelled() => {}
        () = killed.cancelled() => {}
        _over = talk(session, line) => {}
    }
}

async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    mut session: Session,
    mut line: Line<S>,
) -> Result<(), Over> {
    match session.router.faults.meet(Step::Hello).await.map(|fault| fault.kind) {
        None | Some(Kind::Wait | Kind::Lie) => {}
        Some(Kind::Hang) => std::future::pending().await,
        Some(Kind::Garbage) => line.raw(GARBAGE).await?,
        Some(Kind::Close | Kind::Refuse) => return Err(Over),
        Some(Kind::Restart) => {
            session.router.restart();
            return Err(Over);
        }
    }
    line.greet(&session).await?;
    let mut events = session.router.events();
    loop {
        let text = tokio::select! {
            text = line.message() => text?,
            event = next_event(&mut events, session.subscription.is_some()) => {
                report(&mut line, &session, event).await?;
                continue;
            }
        };
        let answer = match Message::parse(&text, &LIMITS) {
            Ok(Message::Rpc(rpc)) => answer::answer(&mut session, rpc).await,
            Ok(_) => return Err(Over),
            Err(MessageError::Rpc(error)) => Answer::Reply(RpcReply::unaddressed(*error)),
            Err(error) => {
                // RFC 6241 section 3: what is not well-formed ends the session; 1.1 has a tag to say so first.
                let tag = match line.framing {
                    Framing::Chunked => ErrorTag::MalformedMessage,
                    Framing::EndOfMessage => ErrorTag::OperationFailed,
                };
                let error = RpcError::new(ErrorType::Rpc, tag, error.to_string());
                Answer::Last(RpcReply::unaddressed(error))
            }
        };
        match answer {
            Answer::Reply(reply) => line.send(&reply.to_xml()).await?,
            Answer::Last(reply) => {
                line.send(&reply.to_xml()).await?;
                return Err(Over);
            }
            Answer::Garbage => line.raw(GARBAGE).await?,
            Answer::Never => std::future::pending().await,
            Answer::Close => return Err(Over),
        }
    }
}

/// What no NETCONF message looks like, in either framing.
const GARBAGE: &[u8] = b"%% \xff\xfe\n#0\n%% internal error]]>]]>";

/// Waits for a change; for ever where nobody asked.
async fn next_event(
    events: &mut broadcast::Receiver<Arc<Event>>,
    wanted: bool,
) -> Result<Arc<Event>, broadcast::error::RecvError> {
    loop {
        let event = events.recv().await;
        if wanted || matches!(event, Err(broadcast::error::RecvError::Closed)) {
            return event;
        }
    }
}

/// Tells a subscriber. One that fell behind has lost changes and cannot know which: its session ends, so that it reads anew.
async fn report<S: AsyncRead + AsyncWrite + Unpin>(
    line: &mut Line<S>,
    session: &Session,
    event: Result<Arc<Event>, broadcast::error::RecvError>,
) -> Result<(), Over> {
    let event = event.map_err(|_| Over)?;
    let notification = notify::config_change(session.router.schema(), &event);
    match &session.subscription {
        Some(subscription) if subscription.wants(&notification) => line.send(&notification.to_xml()).await,
        _ => Ok(()),
    }
}

/// A framed stream.
struct Line<S> {
    stream: S,
    decoder: Decoder,
    framing: Framing,
    out: BytesMut,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Line<S> {
    async fn greet(&mut self, session: &Session) -> Result<(), Over> {
        let ours = Hello::server(session.id.0, capabilities(session.router.schema()));
        self.send(&ours.to_xml()).await?;
        let text = timeout(HELLO, self.message()).await.map_err(|_| Over)??;
        let Ok(Message::Hello(theirs)) = Message::parse(&text, &LIMITS) else { return Err(Over) };
        theirs.expect_client().map_err(|_| Over)?;
        self.framing = ours.negotiate(&theirs).map_err(|_| Over)?;
        self.decoder.switch(self.framing);
        Ok(())
    }

    /// The next message. Safe to drop while it waits: what was read stays in the decoder.
    async fn message(&mut self) -> Result<String, Over> {
        loop {
            match self.decoder.next_message() {
                Ok(Some(text)) if text.trim().is_empty() => {}
                Ok(Some(text)) => return Ok(text),
                Ok(None) => {
                    let mut input = BytesMut::with_capacity(16 << 10);
                    if self.stream.read_buf(&mut input).await.map_err(|_| Over)? == 0 {
                        return Err(Over);
                    }
                    self.decoder.feed(&input);
                }
                Err(error) => {
                    tracing::debug!(%error, "session ends: framing broken");
                    return Err(Over);
                }
            }
        }
    }

    async fn send(&mut self, text: &str) -> Result<(), Over> {
        self.out.clear();
        frame::encode(self.framing, text, &mut self.out).map_err(|_| Over)?;
        let out = std::mem::take(&mut self.out);
        self.raw(&out).await?;
        // A session lives for weeks, and one large reply must not cost its memory for as long.
        if out.capacity() <= KEPT {
            self.out = out;
        }
        Ok(())
    }

    async fn raw(&mut self, octets: &[u8]) -> Result<(), Over> {
        let written = timeout(WRITE, async {
            self.stream.write_all(octets).await?;
            self.stream.flush().await
        });
        written.await.map_err(|_| Over)?.map_err(|_| Over)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{DuplexStream, duplex, sink};

    use super::*;

    fn line() -> (Line<DuplexStream>, DuplexStream) {
        let (stream, peer) = duplex(4 << 10);
        let decoder = Decoder::new(Framing::Chunked, MAX_MESSAGE);
        (Line { stream, decoder, framing: Framing::Chunked, out: BytesMut::new() }, peer)
    }

    #[tokio::test]
    async fn a_large_reply_leaves_no_memory_behind_and_a_small_one_is_written_into_what_is_there() {
        let (mut line, mut peer) = line();
        let reader = tokio::spawn(async move { tokio::io::copy(&mut peer, &mut sink()).await });
        assert!(line.send("small").await.is_ok());
        let small = line.out.capacity();
        assert!(small > 0 && small <= KEPT, "{small}");
        assert!(line.send(&"x".repeat(4 * KEPT)).await.is_ok());
        assert_eq!(line.out.capacity(), 0);
        drop(line);
        assert!(reader.await.unwrap().unwrap() > 4 * KEPT as u64);
    }
}
