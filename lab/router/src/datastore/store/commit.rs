//! Commit, confirmed commit, cancel, and the timer that reverts (RFC 6241 sections 8.3.4 and 8.4).

use model::{Span, Timestamp};

use super::{Datastore, Owner, Pending, SessionId, free};
use crate::datastore::{
    diff::Change,
    refusal::{Refusal, Tag},
};

/// How long a confirmed commit waits where the client says nothing: 600 s (RFC 6241 section 8.4.5.1), in gNMI too.
pub const DEFAULT_CONFIRM: Span = Span::from_secs(600);

/// What a `<commit>` says.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CommitRequest {
    /// The time to confirm in, where it is a confirmed commit.
    pub confirmed: Option<Span>,
    /// The id under which other sessions may confirm it.
    pub persist: Option<String>,
    /// The id of the commit that this one follows or confirms.
    pub persist_id: Option<String>,
}

impl Datastore {
    /// Makes the candidate running; confirms the commit that waits, or starts or extends one.
    ///
    /// # Errors
    /// When someone else holds a lock or owns the commit that waits, or the candidate is not valid. Nothing changes then.
    pub fn commit(
        &mut self,
        who: SessionId,
        request: CommitRequest,
        now: Timestamp,
    ) -> Result<Vec<Change>, Refusal> {
        free(self.lock_running, who, "running")?;
        free(self.lock_candidate, who, "candidate")?;
        self.owns(who, request.persist_id.as_deref())?;
        let wanted = self.candidate().clone();
        self.accept(&wanted)?;
        let earlier = self.pending.take();
        if let Some(wait) = request.confirmed {
            let (before, owner) = match earlier {
                Some(pending) => (pending.before, Some(pending.owner)),
                None => (self.running.clone(), None),
            };
            let owner = match request.persist {
                Some(id) => Owner::Persistent(id),
                None => owner.unwrap_or(Owner::Session(who)),
            };
            self.pending = Some(Pending { before, deadline: now + wait, owner });
        }
        self.candidate = None;
        Ok(self.install(wanted))
    }

    /// Reverts the commit that waits (RFC 6241 section 8.4.4.1).
    ///
    /// # Errors
    /// When none waits or it is another's.
    pub fn cancel_commit(
        &mut self,
        who: SessionId,
        persist_id: Option<&str>,
    ) -> Result<Vec<Change>, Refusal> {
        if self.pending.is_none() {
            return Err(Refusal::new(Tag::OperationFailed, "no commit waits to be confirmed"));
        }
        self.owns(who, persist_id)?;
        Ok(self.revert())
    }

    /// Reverts the commit that waits if its time is up. The shell calls it at [`Datastore::deadline`].
    pub fn expire(&mut self, now: Timestamp) -> Vec<Change> {
        match &self.pending {
            Some(pending) if pending.deadline <= now => self.revert(),
            _ => Vec::new(),
        }
    }

    /// Running as it was before the commit that waits. The candidate, if someone edits it, stays.
    pub(super) fn revert(&mut self) -> Vec<Change> {
        match self.pending.take() {
            Some(pending) => self.install(pending.before),
            None => Vec::new(),
        }
    }

    /// Whether a session may follow up on the commit that waits.
    fn owns(&self, who: SessionId, persist_id: Option<&str>) -> Result<(), Refusal> {
        let in_use = |holder, message: &str| {
            Err(Refusal { holder: Some(holder), ..Refusal::new(Tag::InUse, message) })
        };
        let wrong_id = || {
            let message = "the persist-id is not that of a commit that waits to be confirmed";
            Err(Refusal::new(Tag::InvalidValue, message).about("persist-id"))
        };
        match (self.pending.as_ref().map(|pending| &pending.owner), persist_id) {
            (None, None) => Ok(()),
            (Some(Owner::Session(owner)), None) if *owner == who => Ok(()),
            (Some(Owner::Persistent(id)), Some(given)) if id == given => Ok(()),
            (Some(Owner::Session(owner)), None) => {
                in_use(*owner, "another session's commit waits to be confirmed")
            }
            (Some(Owner::Persistent(_)), None) => {
                in_use(SessionId(0), "a persistent commit waits to be confirmed; name its persist-id")
            }
            (Some(Owner::Gnmi(_)), _) => in_use(SessionId(0), "a gNMI commit waits to be confirmed"),
            (_, Some(_)) => wrong_id(),
        }
    }
}
