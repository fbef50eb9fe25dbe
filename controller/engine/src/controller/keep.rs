//! Writes down what the loop must not forget over a restart, whenever it has changed, beside the loop.

use std::time::Duration;

use assess::Kept;
use futures_util::FutureExt as _;
use store::StoreError;
use tokio::{task::JoinHandle, time::Instant};

use super::{Controller, journal_failed};

/// How long after a write that failed the next is tried.
const RETRY: Duration = Duration::from_secs(2);

/// What was written, and how that went.
#[derive(Debug, Default)]
pub(super) struct Keeper {
    /// What the journal holds, or is being told.
    last: Kept,
    /// That write, while it is under way or nobody has looked how it ended.
    write: Option<JoinHandle<Result<(), StoreError>>>,
    /// The last write failed, which was told; the next is not tried before.
    failed: Option<Instant>,
}

impl Controller {
    /// Writes it where it differs from what was written last; one write at a time. A write that fails is told once and tried
    /// again until it succeeds.
    pub(super) fn keep(&mut self) {
        let ended = match &mut self.keeper.write {
            Some(write) => match write.now_or_never() {
                Some(ended) => Some(ended.unwrap_or_else(|error| Err(StoreError::Write(error.to_string())))),
                None => return,
            },
            None => None,
        };
        if let Some(ended) = ended {
            self.kept(ended);
        }
        self.keep_now();
    }

    /// Notes how a write ended.
    fn kept(&mut self, ended: Result<(), StoreError>) {
        self.keeper.write = None;
        let was = self.keeper.failed.take();
        if let Err(error) = ended {
            self.keeper.failed = Some(Instant::now() + RETRY);
            if was.is_none() {
                self.publish(journal_failed(&error));
            }
        }
    }

    fn keep_now(&mut self) {
        let kept = Kept::of(&self.world.memory, &self.world.history);
        let due = match self.keeper.failed {
            Some(retry) => Instant::now() >= retry,
            None => kept != self.keeper.last,
        };
        if !due {
            return;
        }
        self.keeper.last = kept.clone();
        let journal = self.journal.clone();
        self.keeper.write = Some(tokio::task::spawn_blocking(move || journal.put_loop(&kept)));
    }

    /// The last write before the end.
    pub(super) async fn keep_last(mut self) {
        for _ in 0..2 {
            if let Some(write) = self.keeper.write.take() {
                let ended = write.await.unwrap_or_else(|error| Err(StoreError::Write(error.to_string())));
                self.kept(ended);
            }
            self.keep_now();
        }
        if let Some(write) = self.keeper.write.take() {
            // Nobody is left to be told; a write that was not made leaves what was written before.
            let _ = write.await;
        }
    }
}
