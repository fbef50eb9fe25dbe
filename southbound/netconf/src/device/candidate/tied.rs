//! Confirmed commits of version 1.0, which belong to the session that made them: its end undoes them, and no other can confirm
//! or cancel them. What became of one whose session was lost is found out by a lock of running: no other session gets it while
//! such a commit is pending (RFC 6241, section 7.5).

use tokio::time::{Instant, sleep};
use tracing::debug;

use super::{Candidate, Followed, PAUSE};
use crate::device::way::Way;
use crate::operation::Datastore;
use crate::session::CallError;

impl Candidate {
    /// Whether a commit is pending that lives as long as this session.
    pub(in crate::device) fn is_tied(&self) -> bool {
        self.way == Some(Way::Tied) && self.trial.is_some()
    }

    /// Ends the session, and with it what is pending in it.
    pub(in crate::device) async fn end(self) {
        if let Err(error) = self.session.close(self.answer()).await {
            debug!(%error, "a session was ended to undo its commit, and the device did not say goodbye");
        }
    }

    /// Waits until no session has a commit pending, or says which may.
    pub(super) async fn settled(&mut self) -> Result<Followed, CallError> {
        let until = Instant::now() + self.manners.patience;
        loop {
            match self.try_lock(&[Datastore::Running]).await {
                Ok(()) => return Ok(Followed::NothingPending),
                Err(CallError::Refused(_)) if Instant::now() < until => sleep(PAUSE).await,
                Err(CallError::Refused(denied)) => return Ok(Followed::Doubtful(denied)),
                Err(error) => return Err(error),
            }
        }
    }
}
