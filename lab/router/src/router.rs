//! A router: its store behind a lock, the clock that expires its commits, and those who are told of changes.
//!
//! The store is pure; here it meets time and concurrency. Every change of running goes through [`Router::change`], which
//! tells subscribers after the store has taken it, in the order in which it was taken.

use std::{
    collections::BTreeMap,
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use model::{NodeId, Timestamp};
use tokio::sync::{Notify, broadcast, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    clock,
    datastore::{Change, Datastore, Pattern, Refusal, SessionId, Tree},
    fault::Faults,
    state::{Builder, Parts, RouterState, StateSource},
    yang::Schema,
};

/// How many changes a subscriber may be behind before it loses some and is told so.
const BACKLOG: usize = 256;

/// How long an answer waits for who carries the configuration out. A kernel takes tens of milliseconds; one that refuses is told of in
/// the log, and takes nobody's session with it.
const PATIENCE: Duration = Duration::from_secs(2);

/// Who changed running.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Author {
    /// A NETCONF session.
    Session {
        /// Its number.
        id: SessionId,
        /// Who logged in.
        user: String,
        /// From where.
        host: IpAddr,
    },
    /// A gNMI client.
    Client,
    /// The router itself: a commit that was not confirmed, or whose session ended.
    Server,
}

/// A change of running.
#[derive(Clone, Debug)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Author,
    /// What.
    pub changes: Vec<Change>,
}

/// What all routers of a process share.
#[derive(Clone)]
pub struct Shared {
    /// The compiled modules.
    pub schema: Arc<Schema>,
    /// Builds what readers see.
    pub builder: Arc<Builder>,
    /// Where counters and measurements come from.
    pub source: Arc<dyn StateSource>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared")
    }
}

/// Who is told of a configuration that nothing takes back any more.
type Settled = Box<dyn Fn(&Tree) + Send + Sync>;

/// One router.
pub struct Router {
    name: NodeId,
    shared: Shared,
    /// Whether it offers gNMI's commit-confirmed extension.
    pub commit_confirmed: bool,
    /// What goes wrong next.
    pub faults: Faults,
    store: Mutex<Datastore>,
    running: watch::Sender<Tree>,
    /// What is carried out; none where nobody does that.
    carried_out: watch::Sender<Option<Tree>>,
    events: broadcast::Sender<Arc<Event>>,
    settled: OnceLock<Settled>,
    /// Rung when the time of the next expiry may have changed.
    timer: Notify,
    /// How often it has restarted.
    restarts: watch::Sender<u32>,
    sessions: Mutex<Sessions>,
    view: Mutex<View>,
}

#[derive(Default)]
struct Sessions {
    last: u32,
    live: BTreeMap<SessionId, CancellationToken>,
}

/// What readers saw last, so that it is not built again for the next one.
#[derive(Default)]
struct View {
    of: Option<Tree>,
    applied: Tree,
    with: Option<(Arc<RouterState>, Parts)>,
    laid: Tree,
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Router({})", self.name)
    }
}

impl Router {
    /// A router with a configuration.
    ///
    /// # Errors
    /// When the configuration is not valid.
    pub fn new(
        name: NodeId,
        shared: Shared,
        commit_confirmed: bool,
        initial: Tree,
    ) -> Result<Arc<Self>, Refusal> {
        let store = Datastore::new(shared.schema.clone(), initial)?;
        let running = watch::Sender::new(store.running().clone());
        Ok(Arc::new(Self {
            name,
            shared,
            commit_confirmed,
            faults: Faults::default(),
            store: Mutex::new(store),
            running,
            carried_out: watch::Sender::new(None),
            events: broadcast::Sender::new(BACKLOG),
            settled: OnceLock::new(),
            timer: Notify::new(),
            restarts: watch::Sender::new(0),
            sessions: Mutex::default(),
            view: Mutex::default(),
        }))
    }

    /// Its name.
    pub fn name(&self) -> &NodeId {
        &self.name
    }

    /// The schema of its data.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.shared.schema
    }

    /// Where its counters come from.
    pub fn source(&self) -> &Arc<dyn StateSource> {
        &self.shared.source
    }

    /// Running now and whenever it changes: what the simulator follows.
    pub fn running(&self) -> watch::Receiver<Tree> {
        self.running.subscribe()
    }

    /// Says that a configuration is carried out, or that it never will be. From the first time on, whoever changes running is answered when
    /// the change is carried out.
    pub fn carried_out(&self, tree: Tree) {
        self.carried_out.send_replace(Some(tree));
    }

    /// Waits until what is running is carried out, two seconds at most; false where it is not then. True at once where nobody has said
    /// that he carries anything out.
    pub async fn follows(&self) -> bool {
        let follows = self.follows_within(PATIENCE).await;
        if !follows {
            tracing::warn!(router = %self.name, "a client is answered before its change is carried out");
        }
        follows
    }

    async fn follows_within(&self, patience: Duration) -> bool {
        let mut told = self.carried_out.subscribe();
        let is_running =
            |held: &Option<Tree>| held.as_ref().is_none_or(|held| held.is_same(&self.running.borrow()));
        // The sender is ours: the wait does not end for the lack of one.
        tokio::time::timeout(patience, told.wait_for(is_running)).await.is_ok()
    }

    /// Has running told whenever it is settled: no commit waits for its confirmation. It may be told twice, and it is told before who
    /// made it so is answered. Only the first who asks is told.
    pub fn on_settled(&self, told: impl Fn(&Tree) + Send + Sync + 'static) {
        let _ = self.settled.set(Box::new(told));
    }

    /// Has every configuration that shall become running judged after it was found valid, by whoever knows what this router can carry
    /// out: the text of an error is the reasons, and clients get them as `operation-not-supported`. What is running is not asked about.
    /// It is asked while the store is locked, so it must not ask the router back. Only the first judge counts.
    pub fn judged_by(&self, verdict: impl Fn(&Tree) -> Result<(), String> + Send + Sync + 'static) {
        self.with(|store| store.judged_by(verdict));
    }

    /// Changes of running from now on.
    pub fn events(&self) -> broadcast::Receiver<Arc<Event>> {
        self.events.subscribe()
    }

    /// Does something with the store that cannot change running.
    pub fn with<T>(&self, operation: impl FnOnce(&mut Datastore) -> T) -> T {
        operation(&mut locked(&self.store))
    }

    /// Does something with the store that may change running, and tells who listens. True when something changed.
    ///
    /// # Errors
    /// Those of the operation.
    pub fn change(
        &self,
        by: Author,
        operation: impl FnOnce(&mut Datastore, Timestamp) -> Result<Vec<Change>, Refusal>,
    ) -> Result<bool, Refusal> {
        let at = clock::now();
        let mut store = locked(&self.store);
        let changes = operation(&mut store, at)?;
        self.timer.notify_one();
        if store.deadline().is_none()
            && let Some(settled) = self.settled.get()
        {
            settled(store.running());
        }
        let changed = !changes.is_empty();
        if changed {
            // Still under the lock: listeners hear of changes in the order in which they were made.
            self.running.send_replace(store.running().clone());
            let _nobody_may_listen = self.events.send(Arc::new(Event { at, by, changes }));
        }
        Ok(changed)
    }

    /// Running with its applied copy and with all state as it is now.
    pub fn view(&self) -> Tree {
        self.view_of(Parts::all()).0
    }

    /// State as it is now, as values.
    pub fn state(&self) -> Arc<RouterState> {
        self.shared.source.state(&self.name)
    }

    /// Which kinds of state patterns mean.
    pub fn parts(&self, patterns: &[Pattern]) -> Parts {
        self.shared.builder.parts(patterns)
    }

    /// Running with its applied copy, and with some kinds of state at least: others may be missing. Beside it the state that it
    /// shows.
    pub fn view_of(&self, parts: Parts) -> (Tree, Arc<RouterState>) {
        let state = self.state();
        let running = self.with(|store| store.running().clone());
        let mut view = locked(&self.view);
        if !view.of.as_ref().is_some_and(|of| of.is_same(&running)) {
            let before = view.of.as_ref().map(|of| (of, &view.applied));
            view.applied = self.shared.builder.applied(&running, before);
            view.of = Some(running);
            view.with = None;
        }
        let same = view.with.take().filter(|(with, _)| Arc::ptr_eq(with, &state)).map(|(_, laid)| laid);
        let laid = match same {
            Some(laid) if laid.cover(parts) => laid,
            same => {
                // Readers of one state that ask for different parts do not take turns in throwing away what the other had laid.
                let parts = same.unwrap_or_default().and(parts);
                view.laid = self.shared.builder.overlay(&view.applied, &state, parts);
                parts
            }
        };
        view.with = Some((Arc::clone(&state), laid));
        (view.laid.clone(), state)
    }

    /// Opens a NETCONF session: its number, and what is cancelled when another session kills it.
    pub fn open_session(&self) -> (SessionId, CancellationToken) {
        let mut sessions = locked(&self.sessions);
        sessions.last = sessions.last.checked_add(1).unwrap_or(1);
        let (id, killed) = (SessionId(sessions.last), CancellationToken::new());
        sessions.live.insert(id, killed.clone());
        (id, killed)
    }

    /// Forgets a session that ended, its locks and its unconfirmed commit.
    pub fn close_session(&self, id: SessionId) {
        locked(&self.sessions).live.remove(&id);
        let reverted = self.change(Author::Server, |store, _| Ok(store.session_ended(id)));
        if reverted == Ok(true) {
            tracing::info!(router = %self.name, session = %id, "the session ended: its commit is reverted");
        }
    }

    /// Ends another session. False where there is none of that number.
    pub fn kill_session(&self, id: SessionId) -> bool {
        let killed = locked(&self.sessions).live.get(&id).cloned();
        if let Some(session) = &killed {
            session.cancel();
        }
        killed.is_some()
    }

    /// Restarts it: it holds what it held at its start, and all its sessions are cut by whoever serves them.
    pub fn restart(&self) {
        if self.change(Author::Server, |store, _| Ok(store.restart())) == Ok(true) {
            tracing::info!(router = %self.name, "restarted: what was not saved is gone");
        }
        self.restarts.send_modify(|times| *times += 1);
    }

    /// How often it has restarted, now and whenever it does: its servers follow.
    pub fn restarts(&self) -> watch::Receiver<u32> {
        self.restarts.subscribe()
    }

    /// Reverts commits that nobody confirmed in time, until `stop`.
    pub async fn expire(self: Arc<Self>, stop: CancellationToken) {
        loop {
            let deadline = self.with(|store| store.deadline());
            let due = async {
                match deadline {
                    Some(deadline) => tokio::time::sleep_until(clock::instant_of(deadline)).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.timer.notified() => {}
                () = due => {
                    if self.change(Author::Server, |store, now| Ok(store.expire(now))) == Ok(true) {
                        tracing::info!(router = %self.name, "a commit was not confirmed in time: it is reverted");
                    }
                }
            }
        }
    }
}

/// A lock whose holder panicked is still a lock: the trees in it are replaced whole or not at all.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
