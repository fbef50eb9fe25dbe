//! One router at work: its kernel follows its configuration and what it sees, and what it counts is shown.
//!
//! State that is right is not written again: what the kernel holds is read at the start, and from then on only differences go there.
//!
//! What is probed begins behind what is written: queues that are put onto a line for the first time take what leaves at that moment
//! with them, and a list is probed when its segments are there.

use std::{collections::BTreeSet, io, net::Ipv6Addr, sync::Arc, time::Duration};

use kernel::{
    NotHere, Program,
    live::{Counts, LiveError, Namespace},
};
use model::DeviceConfig;
use probe::Prober;
use router::{datastore::Tree, forwarding, router::Router, state::RouterState};
use thiserror::Error;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, MissedTickBehavior, interval, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

use crate::{
    post::Post,
    probes::{self, Pace, Wanted},
    resume,
    shown::{self, Probed},
    sight::Sight,
};

/// Changes that come together are carried out together.
const TOGETHER: Duration = Duration::from_millis(5);
/// How long a kernel that refused is left alone.
const AGAIN: Duration = Duration::from_secs(1);

/// Why a router cannot be driven.
#[derive(Debug, Error)]
pub enum DriveError {
    /// Its namespace.
    #[error(transparent)]
    Live(#[from] LiveError),
    /// Its probes.
    #[error("the probes of {space} cannot be started: {cause}")]
    Probes {
        /// In which namespace.
        space: String,
        /// Why.
        cause: io::Error,
    },
}

/// A router and its namespace.
pub struct Driver {
    router: Arc<Router>,
    running: watch::Receiver<Tree>,
    post: Arc<Post>,
    pace: Pace,
    seed: u64,
    dropped: shown::Dropped,
    namespace: Namespace,
    news: watch::Receiver<u64>,
    prober: Prober,
    quiet: watch::Receiver<u64>,
    config: DeviceConfig,
    /// What the configuration was read from; none where nothing was read yet.
    tree: Option<Tree>,
    wanted: Wanted,
    /// Whether other things are wanted than are probed.
    unprobed: bool,
    sight: Sight,
    /// Lists that are taken for silent until their probes say something.
    assumed: BTreeSet<Vec<Ipv6Addr>>,
    /// What the kernel holds; none where that has to be read again.
    held: Option<Program>,
}

impl Driver {
    /// Enters the namespace of a router and reads what is held there.
    ///
    /// # Errors
    /// It cannot be entered or read, or a socket cannot be opened there.
    pub async fn start(
        router: Arc<Router>,
        post: Arc<Post>,
        pace: Pace,
        seed: u64,
    ) -> Result<Self, DriveError> {
        let namespace = Namespace::open(&post.space).await?;
        namespace.prepare().await?;
        let news = namespace.listen().await?;
        let prober = prober(&router, &post, seed)
            .map_err(|cause| DriveError::Probes { space: post.space.clone(), cause })?;
        let quiet = prober.changes();
        let mut running = router.running();
        running.mark_changed();
        Ok(Self {
            router,
            running,
            post,
            pace,
            seed,
            dropped: shown::Dropped::default(),
            namespace,
            news,
            prober,
            quiet,
            config: DeviceConfig::default(),
            tree: None,
            wanted: Wanted::default(),
            unprobed: false,
            sight: Sight::default(),
            assumed: BTreeSet::new(),
            held: None,
        })
    }

    /// Drives it until `stop`: `show` gets its state every so often. `begun` is dropped when it was tried for the first time to have the
    /// kernel follow. What was written is in the log.
    pub async fn run(
        mut self,
        every: Duration,
        show: impl Fn(RouterState) + Send + Sync,
        stop: CancellationToken,
        begun: mpsc::Sender<()>,
    ) {
        let mut tick = interval(every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut changed, mut begun) = (true, Some(begun));
        // When a kernel that refused is asked again. What is counted is shown meanwhile, and what is told waits: a kernel that refuses
        // must not be asked all the time.
        let mut again: Option<Instant> = None;
        loop {
            let followed = if changed { self.follow().await } else { Ok(()) };
            drop(begun.take());
            if let Err(error) = followed {
                tracing::error!(router = %self.router.name(), %error, "the kernel does not follow");
                self.held = None;
                again = Some(Instant::now() + AGAIN);
            }
            changed = tokio::select! {
                () = stop.cancelled() => return,
                () = sleep_until(again.unwrap_or_else(Instant::now)), if again.is_some() => {
                    again = None;
                    true
                }
                told = self.running.changed(), if again.is_none() => {
                    // It was waited for here, and is looked at below.
                    self.running.mark_changed();
                    told.is_ok()
                }
                told = self.quiet.changed(), if again.is_none() => {
                    if told.is_err() {
                        self.probe_anew().await;
                    }
                    true
                }
                told = self.news.changed(), if again.is_none() => match told {
                    Ok(()) => {
                        self.news.mark_changed();
                        true
                    }
                    // Nobody listens in the namespace any more: what comes is an error, and no reason to be quick.
                    Err(_) => {
                        sleep(AGAIN).await;
                        true
                    }
                },
                _ = tick.tick() => {
                    self.show(&show).await;
                    self.has_heard()
                }
            };
            if changed {
                sleep(TOGETHER).await;
            }
        }
    }

    /// Makes the kernel hold what configuration, post and sight say; then those who wait for that are told, and probes go out.
    async fn follow(&mut self) -> Result<(), LiveError> {
        self.look().await?;
        let written = self.write().await;
        if std::mem::take(&mut self.unprobed) {
            self.prober.set(self.wanted.probes.clone());
        }
        written?;
        if let Some(tree) = &self.tree {
            self.router.carried_out(tree.clone());
        }
        Ok(())
    }

    /// Writes what differs.
    async fn write(&mut self) -> Result<(), LiveError> {
        let mut wanted = match Program::of(&self.config, &self.post.place(&self.sight)) {
            Ok(wanted) => wanted,
            Err(refused) => {
                self.refuse(&refused);
                return Ok(());
            }
        };
        let held = match self.held.take() {
            Some(held) => held,
            None => {
                let held = self.namespace.read().await?;
                wanted = self.resumed(&held, wanted);
                held
            }
        };
        let writes = Program::changes(&held, &wanted);
        let counts = self.namespace.write(&writes).await?;
        self.held = Some(wanted);
        self.tell(&counts);
        Ok(())
    }

    /// What is wanted where lists that the kernel does not use are not known to be alive. What is refused does not depend on them.
    fn resumed(&mut self, held: &Program, wanted: Program) -> Program {
        let services = self.post.place.peers.values().filter_map(kernel::Peer::service).collect();
        self.assumed = resume::unused(held, &wanted, self.wanted.lists.keys(), &services);
        self.has_heard();
        if self.assumed.is_empty() {
            return wanted;
        }
        self.sight.silent.extend(self.assumed.iter().cloned());
        Program::of(&self.config, &self.post.place(&self.sight)).unwrap_or(wanted)
    }

    /// Whether probes have said something by now of a list that was taken for silent.
    fn has_heard(&mut self) -> bool {
        if self.assumed.is_empty() {
            return false;
        }
        let (readings, lists) = (self.prober.readings(), &self.wanted.lists);
        let speaks = |id| readings.get(id).is_some_and(|reading| reading.answered > 0 || reading.silent);
        let before = self.assumed.len();
        // One that is no longer configured is waited for by nobody.
        self.assumed.retain(|list| lists.get(list).is_some_and(|ids| !ids.iter().any(speaks)));
        self.assumed.len() < before
    }

    /// Reads what may have changed.
    async fn look(&mut self) -> Result<(), LiveError> {
        if self.running.has_changed().unwrap_or(false) {
            let tree = self.running.borrow_and_update().clone();
            self.config = forwarding::read(self.router.schema(), &tree);
            self.wanted = probes::wanted(&self.post, &self.config, self.pace);
            self.unprobed = true;
            self.tree = Some(tree);
        }
        let is_news = self.news.has_changed().unwrap_or(true);
        self.news.mark_unchanged();
        self.quiet.mark_unchanged();
        let devices = self.namespace.devices().await?;
        if is_news && let Some(held) = &mut self.held {
            // A device that went down took its routes with it, also when it is up again by now.
            held.routes = self.namespace.routes().await?;
        }
        let routes = self.namespace.underlay().await?;
        self.sight = Sight { devices, routes, silent: self.silent() };
        Ok(())
    }

    /// Lists on which probes to some end are lost.
    fn silent(&self) -> BTreeSet<Vec<Ipv6Addr>> {
        let readings = self.prober.readings();
        let is_silent = |id| readings.get(id).is_some_and(|reading| reading.silent);
        let silent = self
            .wanted
            .lists
            .iter()
            .filter(|(list, ids)| self.assumed.contains(*list) || ids.iter().any(is_silent));
        silent.map(|(list, _)| list.clone()).collect()
    }

    /// Begins all probes anew: their thread has ended, and why stands in the log. Where it ended by something that is still so, it is not
    /// begun more than once a second.
    async fn probe_anew(&mut self) {
        tracing::error!(router = %self.router.name(), "nothing is probed; the probes begin anew");
        sleep(AGAIN).await;
        match prober(&self.router, &self.post, self.seed) {
            Ok(prober) => {
                self.quiet = prober.changes();
                prober.set(self.wanted.probes.clone());
                self.prober = prober;
            }
            Err(error) => tracing::error!(router = %self.router.name(), %error, "the probes do not begin"),
        }
    }

    async fn show(&mut self, show: &(impl Fn(RouterState) + Sync)) {
        match self.namespace.counters().await {
            Ok(counters) => {
                self.dropped.count(&counters);
                let readings = self.prober.readings();
                let probed = Probed { wanted: &self.wanted, readings: &readings };
                // Without a program that is known to be held, nobody knows what the kernel does.
                let place = self.held.as_ref().map(|_| self.post.place(&self.sight));
                show(shown::state(
                    &self.post,
                    &self.config,
                    (&counters, &self.dropped),
                    probed,
                    place.as_ref(),
                ));
            }
            Err(error) => tracing::warn!(router = %self.router.name(), %error, "nothing was counted"),
        }
    }

    /// What was there stays: half a configuration is none. Commits of such a configuration are refused, so it is one that the router
    /// started with, kept from a lab that was laid out otherwise.
    fn refuse(&self, refused: &NotHere) {
        tracing::error!(router = %self.router.name(), %refused, "this kernel cannot forward so");
    }

    fn tell(&self, counts: &Counts) {
        let (router, total) = (self.router.name(), counts.total());
        let Counts { routes, rules, marks, queues, .. } = *counts;
        tracing::info!(%router, total, routes, rules, marks, queues, "netlink writes");
    }
}

/// Starts the probes of a router, in its namespace.
fn prober(router: &Router, post: &Post, seed: u64) -> io::Result<Prober> {
    let space = post.space.clone();
    let enter = move || ground::space::enter(&space).map_err(io::Error::other);
    Prober::start(router.name().as_str(), seed, enter)
}
