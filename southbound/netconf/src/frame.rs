//! Message framing over a byte stream: RFC 6242, section 4.
//!
//! A session starts with the end-of-message mark and moves to chunks once both hellos named version 1.1.
//! The decoder is fed whatever the transport gave, in any splitting, and hands out whole messages. It never
//! holds more than one message of the permitted size plus what was fed last, and it refuses a chunk by its
//! *announced* size, before a byte of it is stored.

#[cfg(test)]
mod tests;

use bytes::{Buf, BytesMut};
use thiserror::Error;

/// The end-of-message mark: RFC 6242, section 4.3.
pub const END_OF_MESSAGE: &[u8] = b"]]>]]>";

/// The largest chunk that the framing can announce: RFC 6242, section 4.2.
pub const MAX_CHUNK: u64 = u32::MAX as u64;

/// Default bound on one message, in bytes.
pub const DEFAULT_MAX_MESSAGE: usize = 64 << 20;

/// A message of more than so many bytes leaves no memory behind.
const KEPT: usize = 64 << 10;

/// How messages are told apart on the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// `]]>]]>` after each message; version 1.0, and every hello.
    EndOfMessage,
    /// `\n#size\n` before each chunk, `\n##\n` after the last; version 1.1.
    Chunked,
}

/// Why the stream cannot be cut into messages any more, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("framing broken at stream byte {offset}: {kind}")]
pub struct FrameError {
    /// Byte offset since the decoder was made.
    pub offset: u64,
    /// What is wrong there.
    pub kind: FrameErrorKind,
}

/// What can be wrong with a frame.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FrameErrorKind {
    /// A byte that no chunk header or end mark can have there.
    #[error("expected {expected}, found byte 0x{found:02x}")]
    BadHeader {
        /// What the grammar wants.
        expected: &'static str,
        /// What came.
        found: u8,
    },
    /// A chunk size over 4294967295.
    #[error("chunk size has more than ten digits or exceeds 4294967295")]
    ChunkSize,
    /// An end-of-chunks without any chunk.
    #[error("a message without any chunk")]
    NoChunk,
    /// A message over the decoder's bound.
    #[error("message exceeds the limit of {limit} bytes")]
    TooLong {
        /// The bound, in bytes.
        limit: usize,
    },
    /// A message that is not UTF-8.
    #[error("message is not utf-8 at its byte {at}")]
    NotUtf8 {
        /// Offset inside the message.
        at: usize,
    },
    /// The stream ended inside a message.
    #[error("stream ended inside a message")]
    Truncated,
}

/// Cuts a stream of bytes into messages.
#[derive(Debug)]
pub struct Decoder {
    framing: Framing,
    limit: usize,
    /// Fed and not yet understood.
    input: BytesMut,
    /// End-of-message framing: how much of `input` certainly holds no mark.
    scanned: usize,
    /// Chunked framing: the message so far.
    message: Vec<u8>,
    /// Chunked framing: what is left of the chunk being read, in bytes.
    left: usize,
    /// Chunked framing: whether the message has a chunk yet.
    begun: bool,
    /// Stream offset of the first byte of `input`.
    offset: u64,
    broken: Option<FrameError>,
}

impl Decoder {
    /// A decoder at the start of a stream; `limit` bounds one message, in bytes.
    pub fn new(framing: Framing, limit: usize) -> Self {
        Self {
            framing,
            limit,
            input: BytesMut::new(),
            scanned: 0,
            message: Vec::new(),
            left: 0,
            begun: false,
            offset: 0,
            broken: None,
        }
    }

    /// Takes the next bytes of the stream. Call [`Decoder::next_message`] until it gives `None` after each feed.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
    }

    /// Changes the framing for what follows the last message handed out (after the hellos).
    pub fn switch(&mut self, framing: Framing) {
        self.framing = framing;
        self.scanned = 0;
    }

    /// The next whole message, or `None` if it has not all come yet.
    ///
    /// # Errors
    /// [`FrameError`] if the stream breaks the framing. A stream cannot be resynchronised, so the same error
    /// comes back for ever after.
    pub fn next_message(&mut self) -> Result<Option<String>, FrameError> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        let next = match self.framing {
            Framing::EndOfMessage => self.next_marked(),
            Framing::Chunked => self.next_chunked(),
        };
        next.inspect_err(|e| {
            self.broken = Some(e.clone());
            self.message = Vec::new();
            self.input = BytesMut::new();
        })
    }

    /// To be asked when the stream ends.
    ///
    /// # Errors
    /// [`FrameErrorKind::Truncated`] if it ended inside a message.
    pub fn finish(&self) -> Result<(), FrameError> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        if self.begun || self.input.iter().any(|b| !b.is_ascii_whitespace()) {
            let offset = self.offset + self.input.len() as u64;
            return Err(FrameError { offset, kind: FrameErrorKind::Truncated });
        }
        Ok(())
    }

    fn fault<T>(&self, at: usize, kind: FrameErrorKind) -> Result<T, FrameError> {
        Err(FrameError { offset: self.offset + at as u64, kind })
    }

    fn advance(&mut self, n: usize) {
        self.input.advance(n);
        self.offset += n as u64;
    }

    fn next_marked(&mut self) -> Result<Option<String>, FrameError> {
        let Some(at) = find_mark(&self.input, self.scanned) else {
            self.scanned = self.input.len().saturating_sub(END_OF_MESSAGE.len() - 1);
            if self.scanned > self.limit {
                return self.fault(self.limit, FrameErrorKind::TooLong { limit: self.limit });
            }
            return Ok(None);
        };
        if at > self.limit {
            return self.fault(self.limit, FrameErrorKind::TooLong { limit: self.limit });
        }
        let message = match std::str::from_utf8(&self.input[..at]) {
            Ok(text) => text.to_owned(),
            Err(e) => return self.fault(e.valid_up_to(), FrameErrorKind::NotUtf8 { at: e.valid_up_to() }),
        };
        self.advance(at + END_OF_MESSAGE.len());
        self.scanned = 0;
        if at > KEPT {
            // A session lives for weeks, and one large reply must not cost its memory for as long.
            self.input = BytesMut::from(&self.input[..]);
        }
        Ok(Some(message))
    }

    fn next_chunked(&mut self) -> Result<Option<String>, FrameError> {
        loop {
            if self.left > 0 {
                let n = self.left.min(self.input.len());
                self.message.extend_from_slice(&self.input[..n]);
                self.advance(n);
                self.left -= n;
                if self.left > 0 {
                    return Ok(None);
                }
            }
            let header = match read_header(&self.input) {
                Ok(Some(header)) => header,
                Ok(None) => return Ok(None),
                Err((at, kind)) => return self.fault(at, kind),
            };
            match header {
                Header::Chunk { size, length } => {
                    let room = self.limit - self.message.len();
                    let Some(size) = usize::try_from(size).ok().filter(|size| *size <= room) else {
                        return self.fault(2, FrameErrorKind::TooLong { limit: self.limit });
                    };
                    self.begun = true;
                    self.left = size;
                    self.advance(length);
                }
                Header::End { .. } if !self.begun => return self.fault(2, FrameErrorKind::NoChunk),
                Header::End { length } => {
                    // Exact for a message of one chunk; `at` is exact for all.
                    let start = self.offset - self.message.len() as u64;
                    self.begun = false;
                    let message = String::from_utf8(std::mem::take(&mut self.message)).map_err(|e| {
                        let at = e.utf8_error().valid_up_to();
                        FrameError { offset: start + at as u64, kind: FrameErrorKind::NotUtf8 { at } }
                    })?;
                    self.advance(length);
                    return Ok(Some(message));
                }
            }
        }
    }
}

/// What stands between chunks; `length` is how many bytes it takes.
enum Header {
    Chunk { size: u64, length: usize },
    End { length: usize },
}

/// Reads `\n#size\n` or `\n##\n` from the front of `input`; `None` if more bytes are needed.
fn read_header(input: &[u8]) -> Result<Option<Header>, (usize, FrameErrorKind)> {
    let bad = |at, expected, found| Err((at, FrameErrorKind::BadHeader { expected, found }));
    let mut size: u64 = 0;
    for (at, &byte) in input.iter().enumerate() {
        match (at, byte) {
            (0, b'\n') | (1, b'#') | (2, b'#') => {}
            (0, _) => return bad(at, "a line feed before a chunk", byte),
            (1, _) => return bad(at, "`#` of a chunk header", byte),
            (2, b'1'..=b'9') => size = u64::from(byte - b'0'),
            (2, _) => return bad(at, "a chunk size from 1 to 4294967295 or `#`", byte),
            (3, b'\n') if size == 0 => return Ok(Some(Header::End { length: 4 })),
            (_, _) if size == 0 => return bad(at, "a line feed after `##`", byte),
            (_, b'\n') => return Ok(Some(Header::Chunk { size, length: at + 1 })),
            (_, b'0'..=b'9') => {
                size = size * 10 + u64::from(byte - b'0');
                if size > MAX_CHUNK {
                    return Err((at, FrameErrorKind::ChunkSize));
                }
            }
            (_, _) => return bad(at, "a digit or a line feed in a chunk size", byte),
        }
    }
    Ok(None)
}

/// Offset of the first end-of-message mark in `input`, looking from `from` on.
fn find_mark(input: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let rest = input.get(at..)?;
        at += rest.iter().position(|&b| b == b']')?;
        if input.get(at..)?.starts_with(END_OF_MESSAGE) {
            return Some(at);
        }
        at += 1;
    }
}

/// Why a message cannot be framed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EncodeError {
    /// The end-of-message mark occurs inside; the peer would cut there.
    #[error("message holds the end-of-message mark `]]>]]>` at byte {at}, which framing 1.0 cannot carry")]
    HoldsMark {
        /// Where the peer would cut.
        at: usize,
    },
    /// Chunked framing has no empty message.
    #[error("message is empty")]
    Empty,
}

/// Appends `message` to `out`, framed.
///
/// # Errors
/// [`EncodeError`] if this framing cannot carry this message.
pub fn encode(framing: Framing, message: &str, out: &mut BytesMut) -> Result<(), EncodeError> {
    let bytes = message.as_bytes();
    match framing {
        Framing::EndOfMessage => {
            // A message that ends in `]]>` makes an earlier mark together with the real one.
            let tail = [&bytes[bytes.len().saturating_sub(5)..], END_OF_MESSAGE].concat();
            let early = find_mark(&tail, 0).filter(|at| *at + END_OF_MESSAGE.len() < tail.len());
            let early = early.map(|at| bytes.len() + END_OF_MESSAGE.len() - tail.len() + at);
            if let Some(at) = find_mark(bytes, 0).or(early) {
                return Err(EncodeError::HoldsMark { at });
            }
            out.extend_from_slice(bytes);
            out.extend_from_slice(END_OF_MESSAGE);
        }
        Framing::Chunked => {
            if bytes.is_empty() {
                return Err(EncodeError::Empty);
            }
            for chunk in bytes.chunks(MAX_CHUNK as usize) {
                out.extend_from_slice(format!("\n#{}\n", chunk.len()).as_bytes());
                out.extend_from_slice(chunk);
            }
            out.extend_from_slice(b"\n##\n");
        }
    }
    Ok(())
}
