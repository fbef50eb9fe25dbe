//! One TCP connection of a session: what came and is no message yet, what is to be sent and has not gone.

use bytes::{Buf, Bytes, BytesMut};
use model::{Span, Timestamp};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    task::JoinHandle,
    time::timeout,
};

use crate::wire::Framer;

/// Octets read at once.
const READ: usize = 64 << 10;
/// No more updates are taken while this many octets wait to be sent.
const HIGH_WATER: usize = 256 << 10;
/// How long a last message may take to go.
const LINGER: Span = Span::from_secs(2);

pub(super) struct Wire {
    reader: OwnedReadHalf,
    writer: OwnedWriteHalf,
    input: BytesMut,
    output: BytesMut,
    /// Since when nothing of the output was taken.
    stuck_since: Option<Timestamp>,
    pub(super) framer: Framer,
}

/// What can happen on a connection.
pub(super) enum Stir {
    /// Octets are in the framer.
    Read,
    /// Some of the output went.
    Wrote(usize),
    /// It is gone.
    Closed,
}

impl Wire {
    pub(super) fn new(stream: TcpStream) -> Self {
        // A sign of life is a small message that must not wait for more; without it BGP works too.
        let _ = stream.set_nodelay(true);
        let (reader, writer) = stream.into_split();
        Self {
            reader,
            writer,
            input: BytesMut::with_capacity(READ),
            output: BytesMut::new(),
            stuck_since: None,
            framer: Framer::default(),
        }
    }

    /// Waits until something happens. Cancel safe.
    pub(super) async fn stir(&mut self, reading: bool) -> Stir {
        let Self { reader, writer, input, output, framer, .. } = self;
        tokio::select! {
            read = reader.read_buf(input), if reading => match read {
                Ok(0) | Err(_) => Stir::Closed,
                Ok(_) => {
                    framer.feed(input);
                    input.clear();
                    Stir::Read
                }
            },
            wrote = writer.write(output), if !output.is_empty() => match wrote {
                Ok(0) | Err(_) => Stir::Closed,
                Ok(octets) => Stir::Wrote(octets),
            },
            else => std::future::pending().await,
        }
    }

    /// Takes what has come already; false when there is nothing.
    pub(super) fn try_read(&mut self) -> bool {
        let read = self.reader.try_read_buf(&mut self.input).unwrap_or(0);
        self.framer.feed(&self.input);
        self.input.clear();
        read > 0
    }

    pub(super) fn send(&mut self, octets: &Bytes, now: Timestamp) {
        if self.output.is_empty() {
            self.stuck_since = Some(now);
        }
        self.output.extend_from_slice(octets);
    }

    pub(super) fn wrote(&mut self, octets: usize, now: Timestamp) {
        self.output.advance(octets);
        self.stuck_since = (!self.output.is_empty()).then_some(now);
    }

    /// When the other side has to have taken something.
    pub(super) fn stuck_at(&self, most: Span) -> Option<Timestamp> {
        self.stuck_since.map(|since| since + most)
    }

    /// Whether there is room for an update.
    pub(super) fn has_room(&self) -> bool {
        self.output.len() < HIGH_WATER
    }

    /// Sends what is left, for a short time, and closes.
    pub(super) fn close(self) -> JoinHandle<()> {
        let Self { mut writer, output, reader, .. } = self;
        tokio::spawn(async move {
            let last = async {
                writer.write_all(&output).await?;
                writer.shutdown().await
            };
            // Whoever does not take it does not get it.
            let _ = timeout(LINGER.as_duration(), last).await;
            drop(reader);
        })
    }
}
