//! The lab's own IGP at work: what [`Watch`] sees of the lines becomes the routes of every router.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread::{self, JoinHandle},
    time::Duration,
};

use model::NodeId;

use crate::{
    igp::{Change, Igp, Routes, changes},
    layout::{Layout, Router, Stand},
    recipe,
    space::{self, Refusal, SpaceError},
    watch::{Seen, Watch},
};

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
        let mut work = Work { igp: Igp::of(layout), layout: layout.clone(), held: BTreeMap::new() };
        let run = move || {
            if let Ok(seen) = told.recv() {
                // Who waits may have lost patience.
                let _ = ready.send(
                    work.follow(&seen, Refusal::Stops).map(|()| work.held.values().map(Routes::len).sum()),
                );
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
    held: BTreeMap<NodeId, Routes>,
}

impl Work {
    fn run(mut self, told: &Receiver<Seen>) {
        while let Ok(mut seen) = told.recv() {
            // Many lines may fall at once: only how they are in the end counts.
            for next in told.try_iter() {
                seen.fell.extend(next.fell);
                seen.down = next.down;
            }
            // The kernel has removed routes over interfaces that are down by itself: there is nothing to remove then.
            if let Err(error) = self.follow(&seen, Refusal::GoesOn) {
                tracing::error!(%error, "a router's routes do not follow its lines");
            }
        }
    }

    /// Makes the routes those that belong to the lines as they are.
    fn follow(&mut self, seen: &Seen, refusal: Refusal) -> Result<(), SpaceError> {
        self.forget(seen);
        let wanted = self.igp.routes(&seen.down);
        let none = Routes::new();
        let work: Vec<(&Stand, &Router, Vec<Change>)> = self
            .layout
            .routers()
            .filter_map(|(id, stand, router)| {
                let told = changes(self.held.get(id).unwrap_or(&none), wanted.get(id)?);
                (!told.is_empty()).then_some((stand, router, told))
            })
            .collect();
        let done = space::each(
            &work,
            |(stand, _, _)| &stand.space,
            |(_, router, told)| space::ip(&recipe::routes(router, told), refusal),
        );
        drop(work);
        self.held = wanted;
        done.map(drop)
    }

    /// Forgets the routes that the kernel has forgotten: those over lines that fell.
    fn forget(&mut self, seen: &Seen) {
        for line in seen.fell.iter().filter_map(|line| self.layout.lines.get(line)) {
            for end in &line.ends {
                if let Some(routes) = self.held.get_mut(&end.node) {
                    let over =
                        |hops: &BTreeSet<crate::igp::Hop>| hops.iter().any(|hop| hop.device == end.device);
                    routes.retain(|_, route| !over(&route.hops));
                }
            }
        }
    }
}
