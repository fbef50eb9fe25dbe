//! Routers are read before a person's change of what they hold is worked out: since the last reading somebody may have changed more there,
//! and who asks for it has just looked. It goes on beside the loop, which never waits for a device.

use std::{collections::BTreeSet, sync::Arc};

use futures_util::future::join_all;
use model::NodeId;
use tokio::sync::mpsc;

use super::Controller;
use crate::{clock, readers::Seen, tasks::DeviceHandle};

/// Routers that were read, or did not answer, and what waited for that.
pub(super) struct Read {
    seen: Vec<Seen>,
    then: Box<dyn FnOnce(&mut Controller) + Send>,
}

/// What was read for somebody.
pub(super) struct Fresh {
    /// It, as soon as it is there.
    pub read: mpsc::UnboundedReceiver<Read>,
    /// The other end of it. People ask by hand, so it cannot pile up.
    tell: mpsc::UnboundedSender<Read>,
}

impl Default for Fresh {
    /// Nobody waits.
    fn default() -> Self {
        let (tell, read) = mpsc::unbounded_channel();
        Self { read, tell }
    }
}

impl Controller {
    /// Reads routers, each bounded in time as any order, and goes on when all have answered or failed to.
    pub(super) fn read_first(
        &self,
        nodes: &BTreeSet<NodeId>,
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
            let _ = tell.send(Read { seen, then: Box::new(then) });
        });
    }

    /// Takes what was read, and does what waited for it.
    pub(super) fn have_read(&mut self, Read { seen, then }: Read) {
        seen.into_iter().for_each(|seen| self.take_reading(seen));
        then(self);
    }
}
