//! Subscribe (specification 3.5): once, poll, and streams that sample or follow changes.
//!
//! A stream compares trees: configuration shares what did not change, so following it costs what changed. On-change and
//! target-defined subscriptions look whenever running changes or the state source ticks.

use std::{sync::Arc, time::Duration};

use gnmi::{
    Encoding,
    proto::{self, subscribe_response::Response as Told},
    subscribe::{Drive, Mode, Offer, Subscriptions},
};
use tokio::{
    sync::{broadcast, mpsc},
    time::Instant,
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

use super::{
    ENCODINGS,
    paths::{resolve, wire},
    values::{Leaf, leaves, notifications},
};
use crate::{
    clock,
    datastore::{Change, ChangeKind, Item, Pattern, Step, Tree, diff::changes_where},
    router::Router,
    state::{Parts, RouterState},
    yang::Schema,
};

/// The fastest sampling.
const FASTEST: Duration = Duration::from_millis(100);
/// Messages that may wait for a slow client; then its stream waits, and samples are taken later.
const WAITING: usize = 64;

/// What is served.
pub(super) fn offer() -> Offer {
    Offer { encodings: ENCODINGS.to_vec(), fastest: FASTEST }
}

type Answer = Result<proto::SubscribeResponse, Status>;

/// Starts a subscription; it ends when the client goes.
///
/// # Errors
/// `INVALID_ARGUMENT` for a path that no module has.
pub(super) fn subscribe(
    router: Arc<Router>,
    wanted: Subscriptions,
    asks: Streaming<proto::SubscribeRequest>,
) -> Result<ReceiverStream<Answer>, Status> {
    let now = Instant::now();
    let mut watches = Vec::with_capacity(wanted.list.len());
    for one in &wanted.list {
        let patterns = resolve(router.schema(), &one.path)?;
        let beat = heartbeat(one.mode).map(|every| now + every);
        watches.push(Watch {
            parts: router.parts(&patterns),
            patterns,
            mode: one.mode,
            last: Tree::default(),
            state: Arc::default(),
            due: due(one.mode, now),
            beat,
        });
    }
    let (out, answers) = mpsc::channel(WAITING);
    let stream = Stream { router, encoding: wanted.encoding, target: wanted.target.clone(), out };
    tokio::spawn(async move {
        // The client's going ends the task; there is nobody to tell.
        let _gone = stream.run(wanted, watches, asks).await;
    });
    Ok(ReceiverStream::new(answers))
}

/// One subscribed path and what was told of it.
struct Watch {
    patterns: Vec<Pattern>,
    /// The kinds of state in which something of it can be.
    parts: Parts,
    mode: Mode,
    /// The tree when values were last compared, and the state that it showed.
    last: Tree,
    state: Arc<RouterState>,
    /// The next sample.
    due: Option<Instant>,
    /// When every value is told whether it changed or not.
    beat: Option<Instant>,
}

impl Watch {
    fn told(&mut self, tree: &Tree, state: &Arc<RouterState>) {
        (self.last, self.state) = (tree.clone(), Arc::clone(state));
    }
}

/// How long a subscription lets pass between two samples.
fn interval(mode: Mode) -> Option<Duration> {
    match mode {
        Mode::TargetDefined | Mode::OnChange { .. } => None,
        Mode::Sample { every, .. } => Some(every.max(FASTEST)),
    }
}

/// How long values that do not change may go untold.
fn heartbeat(mode: Mode) -> Option<Duration> {
    match mode {
        Mode::OnChange { heartbeat } | Mode::Sample { suppress_redundant: true, heartbeat, .. } => {
            heartbeat.map(|every| every.max(FASTEST))
        }
        Mode::TargetDefined | Mode::Sample { .. } => None,
    }
}

/// The moment after `now` in a row that a timer started, so that a slow moment does not shift all later ones.
fn after(timer: Option<Instant>, every: Option<Duration>, now: Instant) -> Option<Instant> {
    match (timer, every) {
        (Some(timer), Some(every)) if timer <= now => Some((timer + every).max(now)),
        _ => timer,
    }
}

fn due(mode: Mode, now: Instant) -> Option<Instant> {
    interval(mode).map(|every| now + every)
}

/// The client is gone.
struct Gone;

struct Stream {
    router: Arc<Router>,
    encoding: Encoding,
    target: String,
    out: mpsc::Sender<Answer>,
}

impl Stream {
    async fn run(
        self,
        wanted: Subscriptions,
        mut watches: Vec<Watch>,
        mut asks: Streaming<proto::SubscribeRequest>,
    ) -> Result<(), Gone> {
        let mut running = self.router.events();
        let mut ticks = self.router.source().ticks();
        let parts = watches.iter().map(|watch| watch.parts).fold(Parts::default(), Parts::and);
        let (tree, state) = self.router.view_of(parts);
        match wanted.drive {
            Drive::Once => {
                self.tell_all(&watches, &tree).await?;
                return self.synced().await;
            }
            Drive::Stream => {
                if !wanted.updates_only {
                    self.tell_all(&watches, &tree).await?;
                }
                self.synced().await?;
                watches.iter_mut().for_each(|watch| watch.told(&tree, &state));
            }
            Drive::Poll => {}
        }
        let mut listening = true;
        loop {
            let next = watches.iter().flat_map(|watch| [watch.due, watch.beat]).flatten().min();
            tokio::select! {
                () = self.out.closed() => return Err(Gone),
                ask = asks.message(), if listening => {
                    listening = self.hear(&wanted, ask).await?;
                    if !listening && wanted.drive == Drive::Stream {
                        continue;
                    }
                    if !listening {
                        return Ok(());
                    }
                    if wanted.drive == Drive::Poll {
                        self.tell_all(&watches, &self.router.view_of(parts).0).await?;
                        self.synced().await?;
                    }
                }
                event = running.recv(), if wanted.drive == Drive::Stream => {
                    if matches!(event, Err(broadcast::error::RecvError::Closed)) {
                        return Err(Gone);
                    }
                    self.tell_changes(&mut watches, |_| true).await?;
                }
                tick = ticks.changed(), if wanted.drive == Drive::Stream => {
                    if tick.is_err() {
                        // The source is gone and state stands still: only configuration can change from now on.
                        ticks = frozen();
                        continue;
                    }
                    let state = self.router.state();
                    self.tell_changes(&mut watches, |watch| !watch.parts.are_same(&watch.state, &state)).await?;
                }
                () = sleep_until(next), if wanted.drive == Drive::Stream => {
                    self.tell_due(&mut watches).await?;
                }
            }
        }
    }

    /// Judges what the client sends later. False when it has no more to say: it may go on listening to a stream.
    async fn hear(
        &self,
        wanted: &Subscriptions,
        ask: Result<Option<proto::SubscribeRequest>, Status>,
    ) -> Result<bool, Gone> {
        let judged = match ask {
            Ok(Some(ask)) => wanted.check_later(&ask),
            Ok(None) => return Ok(false),
            Err(_) => return Err(Gone),
        };
        match judged {
            Ok(()) => Ok(true),
            Err(status) => {
                self.out.send(Err(status)).await.map_err(|_| Gone)?;
                Err(Gone)
            }
        }
    }

    /// Tells every value of every watch.
    async fn tell_all(&self, watches: &[Watch], tree: &Tree) -> Result<(), Gone> {
        for watch in watches {
            self.tell(&values(self.schema(), &watch.patterns, tree), Vec::new()).await?;
        }
        Ok(())
    }

    /// Tells the watches that follow changes what changed.
    async fn tell_changes(
        &self,
        watches: &mut [Watch],
        may_differ: impl Fn(&Watch) -> bool + Send,
    ) -> Result<(), Gone> {
        let follows = |watch: &Watch| !matches!(watch.mode, Mode::Sample { .. }) && may_differ(watch);
        let mut following: Vec<&mut Watch> = watches.iter_mut().filter(|watch| follows(watch)).collect();
        let Some((tree, state)) = self.view_for(following.iter().map(|watch| watch.parts)) else {
            return Ok(());
        };
        for watch in &mut following {
            let (news, gone) = changed(self.schema(), watch, &tree);
            watch.told(&tree, &state);
            self.tell(&news, gone).await?;
        }
        Ok(())
    }

    /// Tells the watches whose time has come.
    async fn tell_due(&self, watches: &mut [Watch]) -> Result<(), Gone> {
        let now = Instant::now();
        let rung = |timer: Option<Instant>| timer.is_some_and(|timer| timer <= now);
        let due = |watch: &Watch| rung(watch.due) || rung(watch.beat);
        let mut due: Vec<&mut Watch> = watches.iter_mut().filter(|watch| due(watch)).collect();
        let Some((tree, state)) = self.view_for(due.iter().map(|watch| watch.parts)) else { return Ok(()) };
        for watch in &mut due {
            let (mut news, gone) = changed(self.schema(), watch, &tree);
            let redundant = matches!(watch.mode, Mode::Sample { suppress_redundant: false, .. });
            if redundant || rung(watch.beat) {
                news = values(self.schema(), &watch.patterns, &tree);
            }
            watch.told(&tree, &state);
            watch.due = after(watch.due, interval(watch.mode), now);
            watch.beat = after(watch.beat, heartbeat(watch.mode), now);
            self.tell(&news, gone).await?;
        }
        Ok(())
    }

    /// A tree in which all that some watches may tell is of now, and the state that it shows; none where there is no watch.
    fn view_for(&self, parts: impl Iterator<Item = Parts>) -> Option<(Tree, Arc<RouterState>)> {
        parts.reduce(Parts::and).map(|parts| self.router.view_of(parts))
    }

    fn schema(&self) -> &Schema {
        self.router.schema()
    }

    async fn tell(&self, found: &[Leaf], gone: Vec<proto::Path>) -> Result<(), Gone> {
        let at_ns = clock::nanos(clock::now());
        let mut all = notifications(self.schema(), at_ns, &self.target, self.encoding, found);
        if !gone.is_empty() {
            let prefix = proto::Path { target: self.target.clone(), ..Default::default() };
            all.insert(
                0,
                proto::Notification {
                    timestamp: at_ns,
                    prefix: Some(prefix),
                    delete: gone,
                    ..Default::default()
                },
            );
        }
        for notification in all {
            self.send(Told::Update(notification)).await?;
        }
        Ok(())
    }

    async fn synced(&self) -> Result<(), Gone> {
        self.send(Told::SyncResponse(true)).await
    }

    async fn send(&self, told: Told) -> Result<(), Gone> {
        let answer = proto::SubscribeResponse { response: Some(told), ..Default::default() };
        self.out.send(Ok(answer)).await.map_err(|_| Gone)
    }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// A watch that never ticks; its sender lives as long as the process.
fn frozen() -> tokio::sync::watch::Receiver<u64> {
    static NEVER: std::sync::OnceLock<tokio::sync::watch::Sender<u64>> = std::sync::OnceLock::new();
    NEVER.get_or_init(|| tokio::sync::watch::Sender::new(0)).subscribe()
}

/// Every leaf that the patterns mean.
fn values(schema: &Schema, patterns: &[Pattern], tree: &Tree) -> Vec<Leaf> {
    let mut found = Vec::new();
    for pattern in patterns {
        if pattern.0.is_empty() {
            leaves(schema, &Vec::new(), &Item::Branch(tree.root().clone().into()), &mut found);
        }
        for (path, item) in pattern.select(tree) {
            leaves(schema, &path, item, &mut found);
        }
    }
    found
}

/// What a watch has not told yet: leaves that are new or different, and places that are gone.
fn changed(schema: &Schema, watch: &Watch, tree: &Tree) -> (Vec<Leaf>, Vec<proto::Path>) {
    let (mut news, mut gone) = (Vec::new(), Vec::new());
    let wanted = |path: &[Step]| watch.patterns.iter().any(|pattern| pattern.touches(path));
    for Change { path, kind } in changes_where(&watch.last, tree, &wanted) {
        match kind {
            ChangeKind::Deleted => gone.push(wire(schema, &path).into()),
            ChangeKind::Created(item) | ChangeKind::Modified(item) => {
                leaves(schema, &path, &item, &mut news);
            }
        }
    }
    // Something new above a pattern brings leaves beside it along.
    news.retain(|leaf: &Leaf| watch.patterns.iter().any(|pattern| pattern.covers(&leaf.path)));
    (news, gone)
}
