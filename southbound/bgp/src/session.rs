//! A session on sockets: one task for each peer carries out what [`crate::fsm`] decides.
//!
//! ```text
//!   send() ------> commands --> owner task <--> one or two connections
//!   accept() ----> offers ----^     |
//!   one reader <---- Heard ---------|   (what came, and when)
//! ```
//!
//! Whoever reads too slowly is not overrun: the task stops reading from the connection until what it has was taken. Dropping the
//! [`Session`] ends the task and the session with a NOTIFICATION.
//!
//! Connections are neither signed (RFC 2385, RFC 5925) nor limited in hops (RFC 5082): a socket option for which the standard
//! library has no call. Until then BGP belongs on a network of its own.

mod owner;
mod wire;

use std::{
    collections::BTreeMap,
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use model::{Span, Timestamp};
use thiserror::Error;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot},
    time::sleep,
};
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::{Instrument, debug, debug_span, warn};

use crate::{
    fsm::{Config, Notice},
    wire::{Family, TooLong, Update},
};

/// Whom to speak with.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Its address and port.
    pub address: SocketAddr,
    /// The address from which to connect; any without.
    pub local: Option<IpAddr>,
    /// What the session is to be.
    pub config: Config,
    /// How long a connection may take to come up.
    pub connect_within: Span,
    /// What was sent has to be taken within this time (RFC 9687 section 3.2: eight minutes, or twice the hold time).
    pub send_hold: Span,
}

impl Peer {
    /// A peer with the usual times.
    pub const fn new(address: SocketAddr, config: Config) -> Self {
        Self {
            address,
            local: None,
            config,
            connect_within: Span::from_secs(10),
            send_hold: Span::from_secs(480),
        }
    }
}

/// What was heard, and when.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Heard {
    /// When.
    pub at: Timestamp,
    /// What.
    pub notice: Notice,
}

/// Why an update was not sent.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum SendError {
    /// There is no session now.
    #[error("the session to {0} is not established; send again when it is")]
    NotEstablished(SocketAddr),
    /// The other side has not the family of these routes.
    #[error("{0} has no {1} routes; configure the family there")]
    Family(SocketAddr, Family),
    /// It is too long for one message.
    #[error(transparent)]
    TooLong(#[from] TooLong),
    /// The session was ended.
    #[error("the session was ended")]
    Ended,
}

/// What is asked of the owner task.
enum Command {
    Send(Box<Update>, oneshot::Sender<Result<(), SendError>>),
    Refresh(Family, oneshot::Sender<Result<(), SendError>>),
}

/// A handle on a session. When it is dropped, the session ends.
#[derive(Debug)]
pub struct Session {
    commands: mpsc::Sender<Command>,
    offers: mpsc::Sender<TcpStream>,
    stop: CancellationToken,
    done: CancellationToken,
    _stop_on_drop: DropGuard,
}

/// Notices that may wait to be read before the connection is left unread.
const NOTICES: usize = 1_024;
/// Updates that may wait to be sent.
const COMMANDS: usize = 64;
/// Connections that may wait to be accepted.
const OFFERS: usize = 4;

impl Session {
    /// Starts to speak with a peer. What is heard comes out of the receiver, in order.
    pub fn start(peer: Peer) -> (Self, mpsc::Receiver<Heard>) {
        let (commands, queue) = mpsc::channel(COMMANDS);
        let (offers, offered) = mpsc::channel(OFFERS);
        let (notices, heard) = mpsc::channel(NOTICES);
        let (stop, done) = (CancellationToken::new(), CancellationToken::new());
        let span = debug_span!("bgp", peer = %peer.address);
        let wires = owner::Wires { commands: queue, offers: offered, notices, stop: stop.clone() };
        let finished = done.clone().drop_guard();
        let run = async move {
            owner::Owner::new(peer, wires).run().await;
            drop(finished);
        };
        tokio::spawn(run.instrument(span));
        let stop_on_drop = stop.clone().drop_guard();
        (Self { commands, offers, stop, done, _stop_on_drop: stop_on_drop }, heard)
    }

    /// Sends an update. Returns when it is on its way: BGP has no answer to it.
    ///
    /// # Errors
    /// [`SendError`]; nothing was sent then.
    pub async fn send(&self, update: Update) -> Result<(), SendError> {
        self.ask(|answer| Command::Send(Box::new(update), answer)).await
    }

    /// Asks for all routes of a family again (RFC 2918).
    ///
    /// # Errors
    /// [`SendError`]; nothing was sent then.
    pub async fn refresh(&self, family: Family) -> Result<(), SendError> {
        self.ask(|answer| Command::Refresh(family, answer)).await
    }

    async fn ask(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<(), SendError>>) -> Command,
    ) -> Result<(), SendError> {
        let (answer, answered) = oneshot::channel();
        self.commands.send(command(answer)).await.map_err(|_| SendError::Ended)?;
        answered.await.unwrap_or(Err(SendError::Ended))
    }

    /// Hands over a connection that the other side made. With too many waiting it is closed.
    pub fn offer(&self, stream: TcpStream) {
        if self.offers.try_send(stream).is_err() {
            debug!("a connection too many was closed");
        }
    }

    /// Ends the session and waits until the other side was told.
    pub async fn end(self) {
        self.stop.cancel();
        self.done.cancelled().await;
    }
}

/// How long nothing is accepted after a failure to accept: of files for sockets, as a rule, and some will be free again.
const PAUSE: Duration = Duration::from_millis(100);

/// Takes connections and hands each to the session with the peer of its address; others are closed unheard. An IPv4 address
/// that a listener for both calls by its IPv6 form is looked for as what it is. It never ends: a failure to accept is logged.
pub async fn serve(listener: TcpListener, sessions: &BTreeMap<IpAddr, Session>) -> Infallible {
    loop {
        let (stream, from) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                warn!(%error, "a connection could not be accepted");
                sleep(PAUSE).await;
                continue;
            }
        };
        match sessions.get(&from.ip().to_canonical()) {
            Some(session) => session.offer(stream),
            None => debug!(%from, "a connection of no peer was closed"),
        }
    }
}
