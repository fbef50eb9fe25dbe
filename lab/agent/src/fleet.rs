//! All routers of a process: each with its servers, its namespace, and what it keeps.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ground::Layout;
use model::NodeId;
use router::{
    fleet::Fleet,
    plan::{Initial, Plan},
    router::Router,
    state::{RouterState, StateSource},
};
use thiserror::Error;
use tokio::{
    sync::{mpsc, watch},
    time::{MissedTickBehavior, interval},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    driver::{DriveError, Driver},
    judge::judge,
    keep::Kept,
    post::{self, Post, Unfit},
    probes::Pace,
};

/// How often few routers count, and how often many do.
const OFTEN: Duration = Duration::from_millis(250);
const SELDOM: Duration = Duration::from_secs(1);
/// What few are.
const FEW: usize = 24;

/// Why routers cannot forward in a lab.
#[derive(Debug, Error)]
pub enum StartError {
    /// The lab's layout.
    #[error("{file}: {why}")]
    Layout {
        /// Its file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// A router of the lab has no place for one of ours.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// A router is not of the lab.
    #[error("the lab has no router {0}")]
    Stranger(NodeId),
    /// One cannot be driven.
    #[error("router {node}: {cause}")]
    Drive {
        /// Which.
        node: NodeId,
        /// Why.
        cause: DriveError,
    },
}

/// What the routers of a process show.
#[derive(Debug)]
pub struct Shown {
    states: Mutex<BTreeMap<NodeId, Arc<RouterState>>>,
    ticks: watch::Sender<u64>,
}

impl Default for Shown {
    fn default() -> Self {
        Self { states: Mutex::default(), ticks: watch::Sender::new(0) }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl StateSource for Shown {
    fn state(&self, router: &NodeId) -> Arc<RouterState> {
        locked(&self.states).get(router).cloned().unwrap_or_default()
    }

    fn ticks(&self) -> watch::Receiver<u64> {
        self.ticks.subscribe()
    }
}

/// The lab as its keeper wrote it down.
#[derive(Clone, Debug)]
pub struct Lab {
    posts: BTreeMap<NodeId, Arc<Post>>,
    pace: Pace,
    every: Duration,
}

impl Lab {
    /// Reads the layout that a lab's keeper has written, for the routers of a plan: the posts of others are nothing to them.
    ///
    /// # Errors
    /// The file is not there or is none, or a router has no place for one of ours.
    pub fn read(file: &Path, plan: &Plan) -> Result<Self, StartError> {
        let fail = |why: String| StartError::Layout { file: file.display().to_string(), why };
        let text = std::fs::read_to_string(file).map_err(|error| fail(error.to_string()))?;
        let layout: Layout = serde_json::from_str(&text).map_err(|error| fail(error.to_string()))?;
        let posts = post::posts(&layout)?;
        let every = if posts.len() <= FEW { OFTEN } else { SELDOM };
        let posts = of_plan(posts, plan);
        Ok(Self { posts, pace: Pace::of(2 * layout.ted.links.len()), every })
    }

    /// Has routers of a plan start with what they kept in a folder.
    pub fn remember(plan: &mut Plan, folder: &Path) {
        for router in &mut plan.routers {
            if let Some(file) = Kept::of(folder, &router.name).found() {
                router.config = Some(Initial::File(file.to_owned()));
            }
        }
    }

    fn post(&self, node: &NodeId) -> Result<&Arc<Post>, StartError> {
        self.posts.get(node).ok_or_else(|| StartError::Stranger(node.clone()))
    }

    /// Has a router refuse what its kernel cannot carry out, and keep what it took. It serves already: no commit should come before.
    fn bind(&self, router: &Router, folder: &Path) -> Result<(), StartError> {
        let schema = router.schema().clone();
        router.judged_by(judge(self.post(router.name())?.clone(), schema.clone()));
        let kept = Kept::of(folder, router.name());
        router.on_settled(move |running| {
            if let Err(error) = kept.keep(&schema, running) {
                tracing::error!(%error, "the configuration is not kept");
            }
        });
        Ok(())
    }

    /// Drives all routers of a fleet until `stop`, and has them keep their configurations in a folder. When it returns, the kernel of each
    /// holds what it should, or why it does not is in the log: whoever waited may send traffic and judge lines.
    ///
    /// # Errors
    /// A router is not of the lab, or cannot be driven.
    pub async fn drive(
        &self,
        fleet: &Fleet,
        shown: &Arc<Shown>,
        folder: &Path,
        stop: &CancellationToken,
        tasks: &TaskTracker,
    ) -> Result<(), StartError> {
        for router in fleet.routers() {
            self.bind(router, folder)?;
        }
        let (begun, mut have_begun) = mpsc::channel(1);
        for (seed, router) in (0_u64..).zip(fleet.routers()) {
            let node = router.name().clone();
            let post = self.post(&node)?;
            let driver = Driver::start(router.clone(), post.clone(), self.pace, seed).await;
            let driver = driver.map_err(|cause| StartError::Drive { node: node.clone(), cause })?;
            let shown = shown.clone();
            let show = move |state| drop(locked(&shown.states).insert(node.clone(), Arc::new(state)));
            tasks.spawn(driver.run(self.every, show, stop.clone(), begun.clone()));
        }
        drop(begun);
        // It ends when the last sender is gone.
        while have_begun.recv().await.is_some() {}
        let (shown, stop, every) = (shown.clone(), stop.clone(), self.every);
        tasks.spawn(async move {
            let mut tick = interval(every);
            tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while stop.run_until_cancelled(tick.tick()).await.is_some() {
                shown.ticks.send_modify(|ticks| *ticks += 1);
            }
        });
        Ok(())
    }
}

/// The posts of a plan's routers. The judge and the driver of a router share one.
fn of_plan(posts: BTreeMap<NodeId, Post>, plan: &Plan) -> BTreeMap<NodeId, Arc<Post>> {
    let ours = |node: &NodeId| plan.routers.iter().any(|router| router.name == *node);
    posts.into_iter().filter(|(node, _)| ours(node)).map(|(node, post)| (node, Arc::new(post))).collect()
}

#[cfg(test)]
mod tests;
