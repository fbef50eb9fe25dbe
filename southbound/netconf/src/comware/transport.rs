//! The library's `Transport` over a session of ours, for the length of one call.
//!
//! ```text
//!   netconf-rs, on a thread for blocking work        the caller's task
//!   writes a hello   swallowed: ours was said
//!   reads a hello    the device's, as it came
//!   writes an rpc    --- its operation --------->    Session::call: own message-id, deadline
//!   reads a reply    <-- as text ----------------    judged: errors stop here
//! ```
//!
//! A caller that goes away takes the answer with it: the library finds its wire cut, and its thread ends.

use std::any::Any;
use std::io;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};

use netconf_rs::Connection;
use netconf_rs::transport::Transport;
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};
use tracing::warn;

use super::ComwareError;
use crate::message::Message;
use crate::rpc::{Rpc, RpcReply};
use crate::session::{CallError, Session};
use crate::xml::{Element, Limits};

/// The library ends its hello with the mark that its own transport would have to write.
const END_OF_MESSAGE: &str = "]]>]]>";

/// A request of the library, and where its answer goes.
pub(super) struct Ask {
    pub(super) rpc: Rpc,
    pub(super) answer: oneshot::Sender<String>,
}

/// The library's end.
pub(super) struct Wire {
    turn: Turn,
    asks: mpsc::Sender<Ask>,
}

/// Whose turn it is.
enum Turn {
    /// The library says hello first; this is what it will hear.
    Hello(String),
    /// It has, and reads.
    Greeted(String),
    /// It asks.
    Ready,
    /// It has asked, and reads.
    Asked(oneshot::Receiver<String>),
}

impl Wire {
    /// A wire on which the device says this hello. What is asked comes out at the other end of `asks`.
    pub(super) fn new(hello: String, asks: mpsc::Sender<Ask>) -> Self {
        Self { turn: Turn::Hello(hello), asks }
    }

    fn ask(&self, rpc: Rpc) -> io::Result<Turn> {
        let (answer, heard) = oneshot::channel();
        self.asks
            .blocking_send(Ask { rpc, answer })
            .map_err(|_| io::Error::other("nobody waits any more"))?;
        Ok(Turn::Asked(heard))
    }
}

impl Transport for Wire {
    fn write_xml(&mut self, data: &str) -> io::Result<()> {
        let text = data.trim();
        let text = text.strip_suffix(END_OF_MESSAGE).unwrap_or(text);
        let message = Message::parse(text, &Limits::default()).map_err(io::Error::other)?;
        self.turn = match (mem::replace(&mut self.turn, Turn::Ready), message) {
            (Turn::Hello(hello), Message::Hello(_)) => Turn::Greeted(hello),
            (Turn::Ready, Message::Rpc(rpc)) => self.ask(rpc)?,
            _ => return Err(io::Error::other("netconf-rs wrote out of turn")),
        };
        Ok(())
    }

    fn read_xml(&mut self) -> io::Result<String> {
        match mem::replace(&mut self.turn, Turn::Ready) {
            Turn::Greeted(hello) => Ok(hello),
            Turn::Asked(heard) => heard.blocking_recv().map_err(|_| io::Error::other("there is no answer")),
            Turn::Hello(_) | Turn::Ready => Err(io::Error::other("netconf-rs read out of turn")),
        }
    }
}

/// Lets the library work on a wire, here and now. It unwraps what it reads: a panic of its is an answer that it cannot read. (The
/// program's own panic message is still printed. Where a build aborts on panics, this does not help.)
pub(super) fn driven<T>(
    wire: Wire,
    work: impl FnOnce(&mut Connection) -> io::Result<T>,
) -> Result<T, ComwareError> {
    let all = || work(&mut Connection::new(wire)?);
    match catch_unwind(AssertUnwindSafe(all)) {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(ComwareError::unreadable(&error.to_string())),
        Err(panic) => Err(ComwareError::unreadable(&said(&*panic))),
    }
}

fn said(panic: &(dyn Any + Send)) -> String {
    match (panic.downcast_ref::<String>(), panic.downcast_ref::<&str>()) {
        (Some(text), _) => text.clone(),
        (None, Some(text)) => (*text).to_owned(),
        (None, None) => "it panicked without a word".to_owned(),
    }
}

/// What the library is lent for one call.
#[derive(Clone, Copy)]
pub(super) struct Loan<'s> {
    pub(super) session: &'s Session,
    /// By when it has to be done.
    pub(super) deadline: Instant,
    /// Places that every answer has to have, by local names from below the reply: the library looks there without asking.
    pub(super) holds: &'static [&'static [&'static str]],
}

impl Loan<'_> {
    /// Lets the library work over the session.
    ///
    /// # Errors
    /// Any [`ComwareError`]: the first error of a reply where there is one, whatever the library makes of it.
    pub(super) async fn drive<T: Send + 'static>(
        self,
        work: impl FnOnce(&mut Connection) -> io::Result<T> + Send + 'static,
    ) -> Result<T, ComwareError> {
        let (asks, mut asked) = mpsc::channel(1);
        let wire = Wire::new(self.session.info().hello.to_xml(), asks);
        let work = spawn_blocking(move || driven(wire, work));
        let mut failed = None;
        let served = async {
            while let Some(Ask { rpc, answer }) = asked.recv().await {
                match self.answer(rpc).await {
                    // The library may have ended; then nobody reads.
                    Ok(reply) => {
                        let _ = answer.send(reply);
                    }
                    Err(error) if failed.is_none() => failed = Some(error),
                    Err(_) => {}
                }
            }
            work.await
        };
        let served = timeout_at(self.deadline, served).await;
        match (failed, served) {
            (Some(error), _) => Err(error),
            (None, Ok(Ok(answer))) => answer,
            (None, Ok(Err(ended))) => Err(ComwareError::unreadable(&ended.to_string())),
            (None, Err(_)) => Err(ComwareError::Deadline),
        }
    }

    /// The reply to a request of the library, as text, where it is one that the library can be trusted with.
    async fn answer(&self, rpc: Rpc) -> Result<String, ComwareError> {
        let reply = self.session.call(rpc.operation, self.deadline).await?;
        let outcome = reply.outcome().map_err(|error| CallError::BadReply(error.to_string()))?;
        let success = outcome.map_err(CallError::Refused)?;
        for warning in &success.warnings {
            warn!(session = self.session.info().session_id, %warning, "device warns");
        }
        if !self.holds.is_empty() && !has(&success.output, &["data"]) {
            return Err(CallError::BadReply("holds no <data>".into()).into());
        }
        if let Some(place) = self.holds.iter().find(|place| !has(&success.output, place)) {
            return Err(ComwareError::Missing(place.join("/")));
        }
        let reply = RpcReply {
            message_id: Some(rpc.message_id),
            attributes: Vec::new(),
            errors: Vec::new(),
            ok: success.output.is_empty(),
            output: success.output,
        };
        Ok(reply.to_xml())
    }
}

/// Whether there is an element at this place.
fn has(elements: &[Element], place: &[&str]) -> bool {
    let Some((first, rest)) = place.split_first() else { return true };
    elements.iter().any(|element| *element.name.local == **first && element.at(rest).is_some())
}
