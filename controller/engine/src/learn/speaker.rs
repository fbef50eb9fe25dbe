//! The task that speaks with the peers: it alone has the table of what they say, and publishes what that comes to every few seconds,
//! however many messages come.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bgp::{
    Down, Heard, Notice, Peer, Session, Table,
    fsm::End,
    learn::{Names, Unmatched, view},
    session::serve,
    wire::Family,
};
use model::{NodeId, Span, Ted, Timestamp};
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

use super::{Learned, PeerView};
use crate::clock;

/// How often at most something is published.
const PUBLISH_EVERY: Duration = Duration::from_secs(2);
/// A peer that does not say when it has told all has done so after this time (RFC 4724 section 4.2 suggests a timer).
const TOLD_ALL: Span = Span::from_secs(360);
/// Stale routes are kept until their peer is back: a hundred years.
const KEEP: Span = Span::from_secs(100 * 366 * 24 * 3_600);
/// Messages of all peers that may wait.
const WAITING: usize = 1_024;

/// With whom to speak.
#[derive(Clone, Debug)]
pub struct Speaker {
    /// Where peers may connect to; nowhere without.
    pub listen: Option<SocketAddr>,
    /// The peers, by name.
    pub peers: BTreeMap<NodeId, Peer>,
    /// What groups are called.
    pub names: Names,
}

/// What was heard so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct News {
    /// What it comes to.
    pub learned: Learned,
    /// What has no place in the file's network.
    pub unmatched: Unmatched,
    /// Those who say it.
    pub peers: Vec<PeerView>,
    /// Whether all of them have said all since the start. What is missing before that was only not said yet.
    pub complete: bool,
}

impl News {
    /// The same when nobody tells any more: all sources are down for this reason, and what they said stays, stale since then.
    #[must_use]
    pub fn silenced(&self, why: &str, since: Timestamp) -> Self {
        let down = |peer: &PeerView| PeerView {
            up_since: None,
            why: Some(why.to_owned()),
            complete: false,
            stale: peer.routes,
            ..peer.clone()
        };
        Self {
            learned: Learned::default().over(&self.learned, since, &BTreeSet::new()),
            unmatched: self.unmatched.clone(),
            peers: self.peers.iter().map(down).collect(),
            complete: false,
        }
    }
}

/// Nobody to learn from: all that there is was said.
pub fn nobody() -> watch::Receiver<Arc<News>> {
    watch::channel(Arc::new(News { complete: true, ..News::default() })).1
}

/// Begins to speak. It ends when what is given back is dropped.
///
/// # Errors
/// Nothing can be listened to at that address.
pub async fn speak(speaker: Speaker, file: Arc<Ted>) -> io::Result<watch::Receiver<Arc<News>>> {
    let listener = match speaker.listen {
        Some(address) => Some(TcpListener::bind(address).await?),
        None => None,
    };
    let (out, news) = watch::channel(Arc::default());
    let (say, heard) = mpsc::channel(WAITING);
    let mut tasks = JoinSet::new();
    let mut sessions = BTreeMap::new();
    let mut addresses = BTreeMap::new();
    for (name, peer) in speaker.peers {
        addresses.insert(name.clone(), peer.address);
        let ip = peer.address.ip().to_canonical();
        let (session, from) = Session::start(peer);
        sessions.insert(ip, session);
        tasks.spawn(pass_on(name, from, say.clone()));
    }
    tasks.spawn(keep_up(listener, sessions));
    let desk = Desk::new(addresses, speaker.names, file);
    tokio::spawn(async move {
        desk.run(heard, out).await;
        // With them the sessions end.
        drop(tasks);
    });
    Ok(news)
}

/// Hands on what one peer says. Whoever reads too slowly slows the peer down. A session that ends while we want it is told as lost.
async fn pass_on(name: NodeId, mut from: mpsc::Receiver<Heard>, to: mpsc::Sender<(NodeId, Heard)>) {
    while let Some(heard) = from.recv().await {
        if to.send((name.clone(), heard)).await.is_err() {
            return;
        }
    }
    let lost = Notice::Down(Down { why: End::Lost, restart: None });
    // Nobody hears it where all of it ends.
    let _ = to.send((name, Heard { at: clock::now(), notice: lost })).await;
}

/// Sessions live as long as they are held; peers that connect by themselves are led to theirs.
async fn keep_up(listener: Option<TcpListener>, sessions: BTreeMap<IpAddr, Session>) {
    match listener {
        Some(listener) => match serve(listener, &sessions).await {},
        None => {
            std::future::pending::<()>().await;
            drop(sessions);
        }
    }
}

/// What is known, and what of it was published.
struct Desk {
    table: Table,
    addresses: BTreeMap<NodeId, SocketAddr>,
    names: Names,
    file: Arc<Ted>,
    /// Peers that have said all.
    complete: BTreeSet<NodeId>,
    /// Why sessions are down.
    why: BTreeMap<NodeId, String>,
    changed: bool,
}

impl Desk {
    fn new(addresses: BTreeMap<NodeId, SocketAddr>, names: Names, file: Arc<Ted>) -> Self {
        let (table, complete, why) = (Table::default(), BTreeSet::new(), BTreeMap::new());
        Self { table, addresses, names, file, complete, why, changed: true }
    }

    async fn run(mut self, mut heard: mpsc::Receiver<(NodeId, Heard)>, out: watch::Sender<Arc<News>>) {
        let mut turn = interval(PUBLISH_EVERY);
        turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = out.closed() => return,
                Some((name, heard)) = heard.recv() => self.hear(&name, &heard),
                _ = turn.tick() => {
                    self.look_at_time(clock::now());
                    if std::mem::take(&mut self.changed) {
                        out.send_replace(Arc::new(self.news()));
                    }
                }
            }
        }
    }

    fn hear(&mut self, name: &NodeId, heard: &Heard) {
        let revision = self.table.revision();
        match &heard.notice {
            Notice::Up(_) => {
                self.why.remove(name);
                self.changed = true;
            }
            Notice::Down(down) => {
                self.why.insert(name.clone(), down.why.to_string());
                self.changed = true;
            }
            Notice::EndOfRib(Family::LINK_STATE) => self.changed |= self.complete.insert(name.clone()),
            Notice::EndOfRib(_) | Notice::Update(_) | Notice::Refresh(_) => {}
        }
        self.table.hear(name, heard);
        self.changed |= self.table.revision() != revision;
    }

    /// What follows from time alone.
    fn look_at_time(&mut self, now: Timestamp) {
        let revision = self.table.revision();
        self.table.sweep(now, KEEP);
        self.changed |= self.table.revision() != revision;
        for (name, known) in self.table.peers() {
            if known.up_since.is_some_and(|since| now.since(since) >= TOLD_ALL) {
                self.changed |= self.complete.insert(name.clone());
            }
        }
    }

    /// O(routes log routes).
    fn news(&self) -> News {
        let seen = view(&self.table);
        let matched = seen.matched(&self.file);
        let peers = self.addresses.iter().map(|(name, address)| self.peer(name, *address)).collect();
        News {
            learned: Learned::of(&matched, &self.names),
            unmatched: matched.unmatched,
            peers,
            complete: self.addresses.keys().all(|name| self.complete.contains(name)),
        }
    }

    fn peer(&self, name: &NodeId, address: SocketAddr) -> PeerView {
        let known = self.table.peers().get(name);
        PeerView {
            name: name.clone(),
            address,
            up_since: known.and_then(|known| known.up_since),
            why: self.why.get(name).cloned(),
            complete: self.complete.contains(name),
            routes: known.map_or(0, |known| known.routes.len()),
            stale: known.map_or(0, |known| known.stale()),
            refused: known.map_or(0, |known| known.refused),
        }
    }
}
