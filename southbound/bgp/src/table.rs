//! Link-state routes as they are known now: by peer, by route, each with what was said of it and when. A peer that goes silent
//! keeps its routes here, marked stale; they go when it withdraws them, when it is back and has sent all without them, or when
//! they are older than an operator wants.

use std::collections::BTreeMap;

use model::{NodeId, Span, Timestamp};

use crate::{
    fsm::{Down, End, Notice},
    ls::{LsAttribute, Nlri},
    session::Heard,
    wire::{Family, Nlri as Routes, Received, notification::code},
};

/// What is known of a route.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Route {
    /// What was said; empty where nothing was, or where it could not be read.
    pub attribute: LsAttribute,
    /// When it was said.
    pub at: Timestamp,
    /// Since when its source is silent.
    pub stale_since: Option<Timestamp>,
}

/// Routes of one peer.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PeerRoutes {
    /// The routes, in the order of what they are recognised by.
    pub routes: BTreeMap<Nlri, Route>,
    /// Since when the session stands, if it does.
    pub up_since: Option<Timestamp>,
    /// Routes that had no place any more; see [`Table::with_limit`].
    pub refused: u64,
    hold_time: u16,
    stale: usize,
}

/// Routes of all peers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Table {
    peers: BTreeMap<NodeId, PeerRoutes>,
    limit: usize,
    revision: u64,
}

/// Routes of one peer, ten times the largest network of a bank.
const LIMIT: usize = 2_000_000;
/// A peer that does not say when it has sent all has done so after this time (RFC 4724 section 4.2 suggests a timer).
const SENT_ALL: Span = Span::from_secs(360);

impl Default for Table {
    fn default() -> Self {
        Self::with_limit(LIMIT)
    }
}

impl Table {
    /// An empty table that takes so many routes of each peer. What comes beyond is counted and not kept.
    pub const fn with_limit(limit: usize) -> Self {
        Self { peers: BTreeMap::new(), limit, revision: 0 }
    }

    /// Peers and their routes, in the order of their names.
    pub const fn peers(&self) -> &BTreeMap<NodeId, PeerRoutes> {
        &self.peers
    }

    /// Grows with each change, so that nobody has to compare.
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// What a session heard.
    pub fn hear(&mut self, peer: &NodeId, heard: &Heard) {
        match &heard.notice {
            Notice::Up(negotiated) => {
                let known = self.peers.entry(peer.clone()).or_default();
                known.up_since = Some(heard.at);
                known.hold_time = negotiated.hold_time;
                self.revision += 1;
            }
            Notice::Update(received) => self.update(peer, received, heard.at),
            Notice::EndOfRib(Family::LINK_STATE) => self.forget_stale(peer),
            Notice::EndOfRib(_) | Notice::Refresh(_) => {}
            Notice::Down(down) => self.down(peer, down, heard.at),
        }
    }

    /// Routes that came or went.
    pub fn update(&mut self, peer: &NodeId, received: &Received, at: Timestamp) {
        let limit = self.limit;
        let known = self.peers.entry(peer.clone()).or_default();
        for routes in received.went() {
            let Routes::LinkState(routes) = routes else { continue };
            for nlri in routes {
                if let Some(route) = known.routes.remove(nlri) {
                    known.stale -= usize::from(route.stale_since.is_some());
                    self.revision += 1;
                }
            }
        }
        let Some(Routes::LinkState(routes)) = received.came() else { return };
        for nlri in routes {
            if known.routes.len() >= limit && !known.routes.contains_key(nlri) {
                known.refused += 1;
                continue;
            }
            let attribute = received.update.link_state().cloned().unwrap_or_default();
            let before = known.routes.insert(nlri.clone(), Route { attribute, at, stale_since: None });
            known.stale -= usize::from(before.is_some_and(|route| route.stale_since.is_some()));
            self.revision += 1;
        }
    }

    /// The session is over: its routes stand as they were last said, and are stale.
    fn down(&mut self, peer: &NodeId, down: &Down, at: Timestamp) {
        let Some(known) = self.peers.get_mut(peer) else { return };
        let silent = match &down.why {
            // It was last heard before the time began that has run out.
            End::Said(notification) if notification.code == code::HOLD => {
                at - Span::from_secs(known.hold_time.into())
            }
            _ => at,
        };
        known.up_since = None;
        for route in known.routes.values_mut() {
            route.stale_since.get_or_insert(silent);
        }
        known.stale = known.routes.len();
        self.revision += 1;
    }

    /// The peer has sent all: what it did not send again is gone. What it kept of its forwarding says nothing of link-state
    /// routes, so that they are never dropped earlier (RFC 4724 section 4.2).
    fn forget_stale(&mut self, peer: &NodeId) {
        if let Some(known) = self.peers.get_mut(peer).filter(|known| known.stale > 0) {
            known.routes.retain(|_, route| route.stale_since.is_none());
            known.stale = 0;
            self.revision += 1;
        }
    }

    /// Lets routes go that have been stale for longer than `keep`, and those that a peer which is back for long did not send
    /// again although it never said that it sent all.
    pub fn sweep(&mut self, now: Timestamp, keep: Span) {
        for known in self.peers.values_mut().filter(|known| known.stale > 0) {
            let complete = known.up_since.is_some_and(|since| now.since(since) >= SENT_ALL);
            let old = |since: Timestamp| complete || now.since(since) > keep;
            let before = known.routes.len();
            known.routes.retain(|_, route| !route.stale_since.is_some_and(old));
            let gone = before - known.routes.len();
            known.stale -= gone;
            self.revision += u64::from(gone > 0);
        }
    }

    /// Forgets a peer that is not configured any more.
    pub fn forget(&mut self, peer: &NodeId) {
        if self.peers.remove(peer).is_some() {
            self.revision += 1;
        }
    }
}

impl PeerRoutes {
    /// How many of its routes are stale.
    pub const fn stale(&self) -> usize {
        self.stale
    }
}
