//! The lab's own IGP at work: what [`Watch`] sees of the lines becomes the routes of every router. What a router refuses it is told again.

mod book;

use std::{
    collections::BTreeSet,
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread::{self, JoinHandle},
    time::Duration,
};

use book::Book;
use model::{LinkId, NodeId};

use crate::{
    igp::{Change, Igp},
    layout::{Layout, Router, Stand},
    recipe,
    space::{self, Refusal, SpaceError},
    watch::{Seen, Watch},
};

/// How long a router that refused something is left alone.
const AGAIN: Duration = Duration::from_secs(1);

/// A thread that has every router's routes follow its lines. It ends when it is dropped.
pub struct Follow {
    // In the order in which they end: without the watch the thread has nothing to wait for.
    watch: Option<Watch>,
    thread: Option<JoinHandle<()>>,
}

impl Follow {
    /// Begins, and waits until every router has its routes, for so long at most. Gives how many routes there are.
    ///
    /// # Errors
    /// A namespace cannot be entered, a route cannot be set, or it takes too long.
    pub fn start(layout: &Layout, patience: Duration) -> Result<(Self, usize), SpaceError> {
        let (tell, told) = channel();
        let watch = Watch::start(layout, tell)?;
        let (ready, waiting) = channel();
        let (book, down) = (Book::default(), BTreeSet::new());
        let mut work = Work { igp: Igp::of(layout), layout: layout.clone(), book, down };
        let run = move || {
            if let Ok(seen) = told.recv() {
                // Who waits may have lost patience.
                let _ = ready.send(work.follow(&seen, Refusal::Stops).map(|()| work.book.count()));
            }
            work.run(&told);
        };
        let thread = thread::Builder::new().name("igp".to_owned()).spawn(run);
        let thread = thread.map_err(|cause| SpaceError::Run { program: "a thread", cause })?;
        let follow = Self { watch: Some(watch), thread: Some(thread) };
        let count = waiting.recv_timeout(patience).map_err(|error| match error {
            RecvTimeoutError::Timeout => {
                SpaceError::Run { program: "the lab's IGP", cause: std::io::ErrorKind::TimedOut.into() }
            }
            RecvTimeoutError::Disconnected => SpaceError::Thread,
        })??;
        Ok((follow, count))
    }
}

impl Drop for Follow {
    fn drop(&mut self) {
        drop(self.watch.take());
        if let Some(thread) = self.thread.take() {
            // One that panicked has said so.
            let _ = thread.join();
        }
    }
}

struct Work {
    igp: Igp,
    layout: Layout,
    /// The routes that each router has, as far as is known.
    book: Book,
    /// The lines that were down last.
    down: BTreeSet<LinkId>,
}

/// A router, and what it is to be told.
struct Turn<'a> {
    id: &'a NodeId,
    stand: &'a Stand,
    router: &'a Router,
    told: Vec<Change>,
}

impl Work {
    fn run(mut self, told: &Receiver<Seen>) {
        while let Some(mut seen) = self.next(told) {
            // Many lines may fall at once: only how they are in the end counts.
            for next in told.try_iter() {
                seen.fell.extend(next.fell);
                seen.down = next.down;
            }
            let was_doubtful = self.book.is_doubtful();
            // The kernel has removed routes over interfaces that are down by itself: there is nothing to remove then.
            if let Err(error) = self.follow(&seen, Refusal::GoesOn) {
                tracing::error!(%error, "a router's routes do not follow its lines");
            } else if self.book.is_doubtful() && !was_doubtful {
                tracing::warn!("a router refuses a route: it is told again until it takes it");
            }
        }
    }

    /// What the lines are like, when that changes, or when something is to be told again. None when nobody watches any more.
    fn next(&self, told: &Receiver<Seen>) -> Option<Seen> {
        if !self.book.is_doubtful() {
            return told.recv().ok();
        }
        match told.recv_timeout(AGAIN) {
            Ok(seen) => Some(seen),
            Err(RecvTimeoutError::Timeout) => Some(Seen { down: self.down.clone(), fell: BTreeSet::new() }),
            Err(RecvTimeoutError::Disconnected) => None,
        }
    }

    /// Makes the routes those that belong to the lines as they are.
    fn follow(&mut self, seen: &Seen, refusal: Refusal) -> Result<(), SpaceError> {
        self.down.clone_from(&seen.down);
        self.doubt(seen);
        let wanted = self.igp.routes(&seen.down);
        let turns: Vec<Turn<'_>> = self
            .layout
            .routers()
            .filter_map(|(id, stand, router)| {
                let told = self.book.changes(id, wanted.get(id)?);
                (!told.is_empty()).then_some(Turn { id, stand, router, told })
            })
            .collect();
        let done = space::each(&turns, |turn| &turn.stand.space, |turn| turn.tell(refusal));
        match done {
            Ok(refused) => {
                for (turn, refused) in turns.iter().zip(&refused) {
                    if let Some(wanted) = wanted.get(turn.id) {
                        self.book.told(turn.id, &turn.told, refused, wanted);
                    }
                }
                Ok(())
            }
            Err(error) => {
                turns.iter().for_each(|turn| self.book.lost(turn.id, &turn.told));
                Err(error)
            }
        }
    }

    /// Doubts the routes over lines that fell.
    fn doubt(&mut self, seen: &Seen) {
        for line in seen.fell.iter().filter_map(|line| self.layout.lines.get(line)) {
            for end in &line.ends {
                self.book.fell(&end.node, &end.device);
            }
        }
    }
}

impl Turn<'_> {
    /// Tells it, in its namespace; gives the places of what it refused.
    fn tell(&self, refusal: Refusal) -> Result<BTreeSet<usize>, SpaceError> {
        let lines = recipe::routes(self.router, &self.told);
        match refusal {
            Refusal::Stops => space::ip(&lines, refusal).map(|()| BTreeSet::new()),
            Refusal::GoesOn => space::ip_all(&lines),
        }
    }
}
