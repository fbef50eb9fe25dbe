//! Reads the event stream of a controller: the lines of server-sent events, as far as our server uses them.

use std::time::Duration;

use engine::event::Event;
use futures_util::{Stream, stream};

use super::{ClientError, wire::Answer};
use crate::Live;

/// The server says something every five seconds.
const SILENCE: Duration = Duration::from_secs(20);
/// The largest message, bytes.
const LARGEST: usize = 64 << 20;

/// A message of the stream.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// Something happened.
    Event(Box<Event>),
    /// Something moved.
    Live(Box<Live>),
}

/// An open stream.
#[derive(Debug)]
pub struct Events {
    answer: Answer,
    base: String,
    parser: Parser,
}

impl Events {
    pub(super) fn new(answer: Answer, base: String) -> Self {
        Self { answer, base, parser: Parser::default() }
    }

    /// The next message; nothing when the controller has ended the stream.
    ///
    /// # Errors
    /// The connection broke, fell silent, or carries something else.
    pub async fn next_message(&mut self) -> Result<Option<Message>, ClientError> {
        loop {
            if let Some((name, data)) = self.parser.next() {
                let foreign = |why: String| ClientError::Foreign { base: self.base.clone(), why };
                match name.as_str() {
                    "event" => {
                        let event =
                            serde_json::from_str(&data).map_err(|error| foreign(error.to_string()))?;
                        return Ok(Some(Message::Event(Box::new(event))));
                    }
                    "live" => {
                        let live = serde_json::from_str(&data).map_err(|error| foreign(error.to_string()))?;
                        return Ok(Some(Message::Live(Box::new(live))));
                    }
                    _ => continue,
                }
            }
            let broken = |why: String| ClientError::Broken { base: self.base.clone(), why };
            let read = tokio::time::timeout(SILENCE, self.answer.chunk()).await;
            match read.map_err(|_| broken("silence for 20 s".into()))?.map_err(broken)? {
                Some(part) => {
                    self.parser.feed(&part).map_err(|()| broken("a message is too large".into()))?
                }
                None => return Ok(None),
            }
        }
    }

    /// The next event, past everything that only moved; nothing when the controller has ended the stream.
    ///
    /// # Errors
    /// As [`Events::next_message`].
    pub async fn next_event(&mut self) -> Result<Option<Event>, ClientError> {
        loop {
            match self.next_message().await? {
                Some(Message::Event(event)) => return Ok(Some(*event)),
                Some(Message::Live(_)) => {}
                None => return Ok(None),
            }
        }
    }

    /// As a stream of events. It ends after an error.
    pub fn into_stream(self) -> impl Stream<Item = Result<Event, ClientError>> + Send {
        stream::unfold(Some(self), |events| async move {
            let mut events = events?;
            match events.next_event().await {
                Ok(Some(event)) => Some((Ok(event), Some(events))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        })
    }
}

/// Cuts bytes into messages.
#[derive(Debug, Default)]
struct Parser {
    /// Bytes without a line end yet, and lines not looked at yet.
    rest: Vec<u8>,
    name: String,
    data: String,
    ready: std::collections::VecDeque<(String, String)>,
}

impl Parser {
    fn next(&mut self) -> Option<(String, String)> {
        self.ready.pop_front()
    }

    fn feed(&mut self, bytes: &[u8]) -> Result<(), ()> {
        // Only what is new can hold a line end that was not found before.
        let mut from = self.rest.len();
        self.rest.extend_from_slice(bytes);
        let mut start = 0;
        while let Some(end) = self.rest.iter().skip(from).position(|byte| *byte == b'\n').map(|at| at + from)
        {
            let line = String::from_utf8_lossy(&self.rest[start..end]).into_owned();
            self.line(line.strip_suffix('\r').unwrap_or(&line));
            start = end + 1;
            from = start;
        }
        self.rest.drain(..start);
        if self.rest.len() + self.data.len() > LARGEST { Err(()) } else { Ok(()) }
    }

    fn line(&mut self, line: &str) {
        if line.is_empty() {
            let (name, data) = (std::mem::take(&mut self.name), std::mem::take(&mut self.data));
            if !data.is_empty() {
                self.ready.push_back((name, data));
            }
            return;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.name),
            "data" => {
                if !self.data.is_empty() {
                    self.data.push('\n');
                }
                self.data.push_str(value);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_out_whole_however_the_bytes_are_cut() {
        let text = ": trunkline\nretry:1000\n\nevent:event\nid:1\ndata:{\"a\":\ndata: 1}\n\r\n: alive\n\nevent: live\ndata: 北\n\n";
        for size in 1..text.len() {
            let mut parser = Parser::default();
            let mut got = Vec::new();
            for part in text.as_bytes().chunks(size) {
                parser.feed(part).unwrap();
                while let Some(message) = parser.next() {
                    got.push(message);
                }
            }
            let wanted = [("event", "{\"a\":\n1}"), ("live", "北")];
            assert_eq!(got, wanted.map(|(name, data)| (name.to_owned(), data.to_owned())), "parts of {size}");
        }
    }
}
