//! What goes into the machine and what comes out of it.

use std::net::Ipv4Addr;

use bytes::Bytes;
use model::{Span, Timestamp};

use crate::wire::{
    Capability, Context, Family, Frame, Notification, Open, Received, capability::GracefulRestart,
};

/// What a session is to be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Config {
    /// Our autonomous system.
    pub local_as: u32,
    /// The only one that the other side may be of.
    pub peer_as: u32,
    /// Our BGP identifier; not 0.0.0.0 (RFC 6286).
    pub identifier: Ipv4Addr,
    /// After so many seconds of silence the other side is taken for dead; 0 for never, else 3 at least.
    pub hold_time: u16,
    /// What we want to exchange. One of them has to be common.
    pub families: Vec<Family>,
    /// Wait to be connected to.
    pub passive: bool,
    /// After this time a failed connection is tried again; each failure doubles it, up to 16 times.
    pub retry: Span,
}

/// Who made a connection.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Way {
    /// We.
    Out,
    /// The other side.
    In,
}

impl Way {
    pub(super) const BOTH: [Self; 2] = [Self::Out, Self::In];

    pub(super) const fn other(self) -> Self {
        match self {
            Self::Out => Self::In,
            Self::In => Self::Out,
        }
    }
}

/// What happened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    /// An operator wants the session.
    Start,
    /// An operator does not want it any more.
    Stop,
    /// The connection that we tried stands.
    Connected,
    /// The connection that we tried failed.
    Failed,
    /// The other side connected. Unless [`Action::Accept`] comes of it, the connection is to be closed.
    Offered,
    /// A message came.
    Frame(Way, Frame),
    /// What came is no message.
    Garbage(Way, Notification),
    /// The connection is gone.
    Closed(Way),
    /// What was sent has not been taken for too long (RFC 9687).
    Stuck(Way),
    /// Time has passed.
    Tick,
}

/// What is to be done, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Try to connect.
    Connect,
    /// Give up trying to connect.
    Abandon,
    /// Keep the connection that was offered.
    Accept,
    /// Send octets.
    Send(Way, Bytes),
    /// Messages of up to 65,535 octets may come from now on (RFC 8654).
    Extend(Way),
    /// Close the connection when all that was sent before is gone.
    Close(Way),
    /// Tell whoever uses the session.
    Tell(Notice),
}

/// What whoever uses a session is told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Notice {
    /// The session stands.
    Up(Box<Negotiated>),
    /// Routes came or went.
    Update(Box<Received>),
    /// All routes of a family have come (RFC 4724 section 2).
    EndOfRib(Family),
    /// The other side wants our routes of a family again (RFC 2918).
    Refresh(Family),
    /// The session is over; the next one is being tried unless it was stopped.
    Down(Down),
}

/// What both sides agreed on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Negotiated {
    /// What the other side said of itself.
    pub peer: Open,
    /// Families that both sides have.
    pub families: Vec<Family>,
    /// How autonomous systems are written, and whether both are of one.
    pub context: Context,
    /// The longest message.
    pub most: usize,
    /// After so many seconds of silence either takes the other for dead; 0 for never.
    pub hold_time: u16,
}

/// How a session ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Down {
    /// Why.
    pub why: End,
    /// What the other side said that it keeps while it restarts: we are its helper (RFC 4724 section 4.2).
    pub restart: Option<Restart>,
}

/// What is kept of a speaker that restarts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Restart {
    /// Of which families.
    pub families: Vec<Family>,
    /// Until when it should be back.
    pub until: Timestamp,
}

/// Why a session ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum End {
    /// The other side said so.
    Told(Notification),
    /// We said so.
    Said(Notification),
    /// The connection went away without a word.
    Lost,
    /// The other side connected anew and knows nothing of the old connection.
    Replaced,
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Told(notification) => write!(f, "the other side ended it: {notification}"),
            Self::Said(notification) => write!(f, "we ended it: {notification}"),
            Self::Lost => f.write_str("the connection went away"),
            Self::Replaced => f.write_str("the other side connected anew"),
        }
    }
}

/// The states of RFC 4271 section 8.2.2, of the connection that is furthest.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum State {
    /// Not wanted, or waiting to try again.
    Idle,
    /// Waiting to be connected to.
    Active,
    /// Trying to connect.
    Connect,
    /// Connected; the OPEN of the other side has not come.
    OpenSent,
    /// The OPEN came.
    OpenConfirm,
    /// Routes are exchanged.
    Established,
}

impl Config {
    pub(super) const fn is_internal(&self) -> bool {
        self.local_as == self.peer_as
    }

    /// What we say of ourselves. Our own routes do not survive our restart; we help others over theirs (RFC 4724 section 3).
    pub(super) fn open(&self) -> Open {
        let mut capabilities: Vec<_> = self.families.iter().copied().map(Capability::Multiprotocol).collect();
        capabilities.extend([
            Capability::RouteRefresh,
            Capability::ExtendedMessage,
            Capability::GracefulRestart(GracefulRestart { over_notification: true, ..Default::default() }),
        ]);
        Open {
            asn: self.local_as,
            four_octet_as: true,
            hold_time: self.hold_time,
            identifier: self.identifier,
            capabilities,
        }
    }
}
