//! What routers say is around them. It is laid beside what peers say and judged beside the loop: no plan follows from it, and in an outage,
//! when many routers fall silent or come back, the loop has better things to do. What some of them tell of IS-IS is put together there too,
//! and only where it comes to something else is all weighed anew, for plans follow it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use model::{Finding, NodeId, Surroundings, Ted, Timestamp};
use tokio::{
    task::{JoinHandle, spawn_blocking},
    time::Instant,
};
use tracing::{error, warn};

use super::Controller;
use crate::learn::{self, Databases, Learned, News, Routers, Sources};

/// What many routers say of what is around them is looked at together.
const GATHER: Duration = Duration::from_secs(2);

/// What routers said, and how the loop stands to it.
#[derive(Debug, Default)]
pub(super) struct Around {
    /// What they said last.
    routers: Arc<Routers>,
    /// What the databases of IS-IS among that come to, as it was looked at last.
    databases: Arc<Databases>,
    /// Those that answer and do not say it, and why.
    mute: BTreeMap<NodeId, String>,
    /// When it is looked at, where it is something new.
    due: Option<Instant>,
    /// A look that is under way.
    looking: Option<JoinHandle<Looked>>,
}

/// All that a look at what is told needs.
pub(super) struct Look {
    routers: Arc<Routers>,
    databases: Arc<Databases>,
    mute: BTreeMap<NodeId, String>,
    news: Arc<News>,
    file: Arc<Ted>,
}

/// What a look found.
#[derive(Debug)]
struct Looked {
    /// What it was laid over.
    told: Arc<Learned>,
    learned: Learned,
    databases: Databases,
    shown: Sources,
    odd: Vec<Finding>,
}

impl Around {
    /// Lays it over what others say, see [`Routers::lay`].
    pub fn lay(&self, learned: Learned, file: &Ted, before: (&Learned, Timestamp)) -> Learned {
        let learned = self.databases.lay(learned, file, before);
        self.routers.lay(learned, file, before)
    }

    /// Whether something new was not looked at yet.
    pub const fn has_news(&self) -> bool {
        self.due.is_some() || self.looking.is_some()
    }

    fn look_soon(&mut self, is_new: bool) {
        if is_new {
            self.due.get_or_insert_with(|| Instant::now() + GATHER);
        }
    }
}

impl Look {
    /// What people are shown of what is learned, of which plans do not follow `waiting` yet, and what is odd in it. O(nodes + links).
    pub fn shown(&self, learned: &Learned, waiting: Vec<String>) -> (Sources, Vec<Finding>) {
        let mut shown = learn::show(learned, &self.file);
        shown.peers.clone_from(&self.news.peers);
        shown.routers = self.routers.views();
        shown.waiting = waiting;
        let mut odd = learn::judge(&self.news, &shown);
        // Peers may tell of the same.
        let mut strangers = self.databases.strangers();
        strangers.retain(|finding| !odd.contains(finding));
        odd.extend(strangers);
        odd.extend(learn::misplugged(learned, &self.file));
        odd.extend(self.routers.unknown_cables(&self.file));
        odd.extend(learn::mute(&self.mute));
        (shown, odd)
    }

    /// Lays what routers say now over what was `told` without that.
    fn look(&self, told: Arc<Learned>, before: (&Learned, Timestamp), waiting: Vec<String>) -> Looked {
        let learned = self.routers.lay((*told).clone(), &self.file, before);
        let databases = self.routers.databases(before.0, &self.file);
        let (shown, odd) = self.shown(&learned, waiting);
        Looked { told, learned, databases, shown, odd }
    }
}

impl Controller {
    /// What a router says is around it; nothing, where it has no way to say it, or why it does not though it answers.
    pub(super) fn look_around(
        &mut self,
        node: &NodeId,
        at: Timestamp,
        said: Result<Option<Surroundings>, String>,
    ) {
        let around = &mut self.learning.around;
        match said {
            Ok(said) => {
                let spoke = around.mute.remove(node).is_some();
                around.look_soon(spoke);
                let Some(said) = said else { return self.hear_nothing_of(node, at) };
                let protocol = self.album.protocols.get(node).map_or("its session", String::as_str);
                let is_new = Arc::make_mut(&mut around.routers).hear(node, protocol, at, said);
                around.look_soon(is_new);
            }
            Err(why) => {
                if around.mute.get(node) != Some(&why) {
                    warn!(%node, why, "it answers and does not say what is around it; it is asked again now and then");
                    around.mute.insert(node.clone(), why);
                    around.look_soon(true);
                }
                self.hear_nothing_of(node, at);
            }
        }
    }

    /// What a silent router said stays, and is stale.
    pub(super) fn hear_nothing_of(&mut self, node: &NodeId, since: Timestamp) {
        let around = &mut self.learning.around;
        let is_new = Arc::make_mut(&mut around.routers).fall_silent(node, since);
        around.look_soon(is_new);
    }

    /// What a look needs, as it is now.
    pub(super) fn a_look(&self) -> Look {
        let around = &self.learning.around;
        Look {
            routers: Arc::clone(&around.routers),
            databases: Arc::clone(&around.databases),
            mute: around.mute.clone(),
            news: Arc::clone(&self.learning.heard),
            file: Arc::clone(&self.world.file),
        }
    }

    /// Looks at what routers say where that is due, beside the loop, and takes over what was found.
    pub(super) fn follow_around(&mut self) {
        let ended = match &mut self.learning.around.looking {
            Some(looking) => match looking.now_or_never() {
                Some(ended) => Some(ended),
                None => return,
            },
            None => None,
        };
        if let Some(ended) = ended {
            self.learning.around.looking = None;
            match ended {
                Ok(looked) => self.take_looked(looked),
                Err(error) => error!(%error, "what routers say is around them could not be looked at"),
            }
        }
        if self.learning.around.due.is_some_and(|at| Instant::now() >= at) {
            self.learning.around.due = None;
            self.note_around();
            let (look, told) = (self.a_look(), self.told_now());
            let (before, started) = (Arc::clone(&self.world.learned), self.learning.started);
            let waiting = self.album.sources.waiting.clone();
            let look = move || look.look(told, (&*before, started), waiting);
            self.learning.around.looking = Some(spawn_blocking(look));
        }
    }

    fn take_looked(&mut self, Looked { told, learned, databases, shown, odd }: Looked) {
        if databases != *self.learning.around.databases {
            self.learning.around.databases = Arc::new(databases);
            return self.weigh();
        }
        if !Arc::ptr_eq(&told, &self.told_now()) {
            // It was laid over what is not told any more.
            return self.learning.around.look_soon(true);
        }
        self.tell_now(Arc::new(learned));
        (self.album.sources, self.album.odd) = (Arc::new(shown), odd);
    }
}
