//! Writes down what the loop must not forget over a restart, whenever it has changed, beside the loop.

use assess::Kept;

use super::{Controller, journal_failed};

impl Controller {
    /// Writes it where it differs from what was written last; one write at a time. A write that fails is told, and tried again
    /// when there is more to say.
    pub(super) fn keep(&mut self) {
        if self.keeping.as_ref().is_some_and(|write| !write.is_finished()) {
            return;
        }
        let kept = Kept::of(&self.world.memory, &self.world.history);
        if kept == self.kept {
            return;
        }
        self.kept = kept.clone();
        let (journal, tell) = (self.journal.clone(), self.tell.clone());
        self.keeping = Some(tokio::task::spawn_blocking(move || {
            if let Err(error) = journal.put_loop(&kept) {
                // The receiver lives as long as the controller.
                let _ = tell.send(journal_failed(&error));
            }
        }));
    }

    /// The last write before the end.
    pub(super) async fn keep_last(mut self) {
        for _ in 0..2 {
            if let Some(write) = self.keeping.take() {
                // A write that panicked was not made; there is nothing to undo.
                let _ = write.await;
            }
            self.keep();
        }
    }
}
