//! Routers are read before a person's change of what they hold is worked out: since the last reading somebody may have changed more there,
//! and who asks for it has just looked. It goes on beside the loop, which never waits for a device.

use std::{collections::BTreeSet, sync::Arc};

use futures_util::future::join_all;
use model::NodeId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::Controller;
use crate::{clock, handle::Refusal, readers::Seen, tasks::DeviceHandle};

/// So many may wait for their readings at once: these stand before the orders of a re-route.
const WAITING: usize = 8;

/// Routers that were read, or did not answer, and what waited for that.
pub(super) struct Read {
    seen: Vec<Seen>,
    then: Box<dyn FnOnce(&mut Controller) + Send>,
    turn: OwnedSemaphorePermit,
}

/// What was read for somebody.
pub(super) struct Fresh {
    /// It, as soon as it is there.
    pub read: mpsc::UnboundedReceiver<Read>,
    /// The other end of it.
    tell: mpsc::UnboundedSender<Read>,
    /// Places of those who wait: people ask by hand, and programs may ask for them.
    places: Arc<Semaphore>,
}

impl Fresh {
    /// A place among those who wait.
    ///
    /// # Errors
    /// There is none.
    pub fn turn(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        Arc::clone(&self.places).try_acquire_owned().map_err(|_| Refusal::Busy)
    }
}

impl Default for Fresh {
    /// Nobody waits.
    fn default() -> Self {
        let (tell, read) = mpsc::unbounded_channel();
        Self { read, tell, places: Arc::new(Semaphore::new(WAITING)) }
    }
}

impl Controller {
    /// Reads routers, each bounded in time as any order, and goes on when all have answered or failed to.
    pub(super) fn read_first(
        &self,
        nodes: &BTreeSet<NodeId>,
        turn: OwnedSemaphorePermit,
        then: impl FnOnce(&mut Controller) + Send + 'static,
    ) {
        let handles: Vec<_> = nodes.iter().filter_map(|node| self.fleet.get(node).cloned()).collect();
        let (gate, tell) = (Arc::clone(&self.gate), self.fresh.tell.clone());
        tokio::spawn(async move {
            let read = |handle: DeviceHandle| {
                let gate = Arc::clone(&gate);
                async move {
                    let permit = gate.acquire().await.ok()?;
                    let begun = clock::now();
                    let result = handle.read().await;
                    drop(permit);
                    Some(Seen { node: handle.node().clone(), begun, result, in_turn: false })
                }
            };
            let seen = join_all(handles.into_iter().map(read)).await.into_iter().flatten().collect();
            // Nobody hears it where the controller has ended; who waits is told so.
            let _ = tell.send(Read { seen, then: Box::new(then), turn });
        });
    }

    /// Takes what was read, and does what waited for it.
    pub(super) fn have_read(&mut self, Read { seen, then, turn }: Read) {
        seen.into_iter().for_each(|seen| self.take_reading(seen));
        then(self);
        drop(turn);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_some_wait_for_their_readings_at_once() {
        let fresh = Fresh::default();
        let mut waiting: Vec<_> = (0..WAITING).map(|_| fresh.turn().unwrap()).collect();
        assert_eq!(fresh.turn().err(), Some(Refusal::Busy));
        waiting.pop();
        assert!(fresh.turn().is_ok());
    }
}
