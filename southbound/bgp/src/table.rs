//! Link-state routes as they are known now: by peer, by route, each with what was said of it and when. A peer that goes silent
//! keeps its routes here, marked stale; they go when it withdraws them, when it is back and has sent all without them, or when
//! they are older than an operator wants.

use std::{collections::BTreeMap, sync::Arc};

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
    /// What was said; none where nothing was, or where it could not be read. Routes of one message share it.
    pub attribute: Option<Arc<LsAttribute>>,
    /// When it was said.
    pub at: Timestamp,
    /// Since when its source is silent.
    pub stale_since: Option<Timestamp>,
    octets: usize,
}

/// Routes of one peer.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PeerRoutes {
    /// The routes, in the order of what they are recognised by.
    pub routes: BTreeMap<Nlri, Route>,
    /// Since when the session stands, if it does.
    pub up_since: Option<Timestamp>,
    /// Routes that had no place any more; see [`Table::with_limits`].
    pub refused: u64,
    hold_time: u16,
    stale: usize,
    octets: usize,
}

/// Routes of all peers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Table {
    peers: BTreeMap<NodeId, PeerRoutes>,
    most_routes: usize,
    most_octets: usize,
    revision: u64,
}

/// Routes of one peer, ten times the largest network of a bank.
const MOST_ROUTES: usize = 2_000_000;
/// What these routes and their attributes have on the wire; a usual one has some 200 octets.
const MOST_OCTETS: usize = 512 << 20;
/// A peer that does not say when it has sent all has done so after this time (RFC 4724 section 4.2 suggests a timer).
const SENT_ALL: Span = Span::from_secs(360);

impl Default for Table {
    fn default() -> Self {
        Self::with_limits(MOST_ROUTES, MOST_OCTETS)
    }
}

impl Table {
    /// An empty table that takes so many routes of each peer, and so many octets of routes and attributes, as they are on the
    /// wire; one that several routes share counts for each. What comes beyond is counted and not kept.
    pub const fn with_limits(most_routes: usize, most_octets: usize) -> Self {
        Self { peers: BTreeMap::new(), most_routes, most_octets, revision: 0 }
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
        let known = self.peers.entry(peer.clone()).or_default();
        for routes in received.went() {
            let Routes::LinkState(routes) = routes else { continue };
            for nlri in routes {
                self.revision += u64::from(known.take(nlri));
            }
        }
        let Some(Routes::LinkState(routes)) = received.came() else { return };
        let attribute = received.update.link_state().cloned().map(Arc::new);
        let said = attribute.as_ref().map_or(0, |attribute| attribute.octets());
        for nlri in routes {
            // What was said before does not hold any more, also where the new has no place.
            let before = known.take(nlri);
            let octets = said + nlri.octets();
            let full = known.routes.len() >= self.most_routes || known.octets + octets > self.most_octets;
            if full {
                known.refused += 1;
            } else {
                known.octets += octets;
                let route = Route { attribute: attribute.clone(), at, stale_since: None, octets };
                known.routes.insert(nlri.clone(), route);
            }
            self.revision += u64::from(before || !full);
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
            known.keep(|route| route.stale_since.is_none());
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
            known.keep(|route| !route.stale_since.is_some_and(old));
            self.revision += u64::from(known.routes.len() < before);
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

    /// Lets a route go; whether there was one.
    fn take(&mut self, nlri: &Nlri) -> bool {
        let Some(route) = self.routes.remove(nlri) else { return false };
        self.stale -= usize::from(route.stale_since.is_some());
        self.octets -= route.octets;
        true
    }

    fn keep(&mut self, wanted: impl Fn(&Route) -> bool) {
        self.routes.retain(|_, route| wanted(route));
        self.stale = self.routes.values().filter(|route| route.stale_since.is_some()).count();
        self.octets = self.routes.values().map(|route| route.octets).sum();
    }
}
