//! The store of one router: running, the shared candidate, locks, and at most one commit that waits to be confirmed.
//!
//! Rules are those of RFC 6241 sections 7.5, 8.3 and 8.4, and of gNMI's commit-confirmed extension: both kinds of pending
//! commit are one thing here, so neither protocol can slip a change past the other's timer. Every method that changes
//! running answers with what changed; the shell around the store tells subscribers.

mod commit;
mod set;

pub use commit::{CommitRequest, DEFAULT_CONFIRM};
pub use set::{Confirmation, SetOp};

use std::sync::Arc;

use model::Timestamp;

use super::{
    diff::{Change, changes},
    edit::{self, Edit, Operation},
    judge::Judge,
    refusal::{Refusal, Tag},
    session::SessionId,
    tree::Tree,
    validate,
};
use crate::yang::Schema;

/// The datastores that can be locked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Target {
    /// What the router does.
    Running,
    /// What is being prepared.
    Candidate,
}

/// What an edit of the candidate is checked for (RFC 6241 section 8.6.4.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TestOption {
    /// Values are checked, the whole is not.
    Set,
    /// The whole must be valid, otherwise nothing is changed.
    TestThenSet,
    /// The whole is checked, and nothing is changed.
    TestOnly,
}

/// A commit that reverts by itself unless it is confirmed in time.
#[derive(Clone, Debug, PartialEq)]
struct Pending {
    /// What running goes back to.
    before: Tree,
    /// When.
    deadline: Timestamp,
    /// Who may confirm or cancel.
    owner: Owner,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Owner {
    /// Only this session; its end reverts the commit.
    Session(SessionId),
    /// Whoever knows the persist-id.
    Persistent(String),
    /// Whoever knows the gNMI commit id.
    Gnmi(String),
}

/// The store. All methods are pure: time comes in, changes go out.
#[derive(Debug)]
pub struct Datastore {
    schema: Arc<Schema>,
    /// What a restart brings back.
    startup: Tree,
    running: Tree,
    /// The candidate where it differs from running by someone's doing.
    candidate: Option<Tree>,
    /// The last tree besides running that libyang and the judge accepted, so that nothing is judged twice.
    accepted: Option<Tree>,
    judge: Judge,
    lock_running: Option<SessionId>,
    lock_candidate: Option<SessionId>,
    pending: Option<Pending>,
}

impl Datastore {
    /// A store whose running configuration is `initial`; a restart brings it back.
    ///
    /// # Errors
    /// When that is not valid.
    pub fn new(schema: Arc<Schema>, initial: Tree) -> Result<Self, Refusal> {
        validate::whole(&schema, &initial)?;
        Ok(Self {
            schema,
            startup: initial.clone(),
            running: initial,
            candidate: None,
            accepted: None,
            judge: Judge::default(),
            lock_running: None,
            lock_candidate: None,
            pending: None,
        })
    }

    /// Has every configuration that shall become running judged beside libyang, from now on: the verdict has the reasons of a refusal,
    /// which is `operation-not-supported`. What is running stays, and so does what a restart brings back. Only the first judge counts.
    pub fn judged_by(&mut self, verdict: impl Fn(&Tree) -> Result<(), String> + Send + Sync + 'static) {
        if !self.judge.is_there() {
            self.judge = Judge::new(verdict);
            self.accepted = None;
        }
    }

    /// The schema that the data follows.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// What the router does now.
    pub fn running(&self) -> &Tree {
        &self.running
    }

    /// What is being prepared; running where nothing is.
    pub fn candidate(&self) -> &Tree {
        self.candidate.as_ref().unwrap_or(&self.running)
    }

    /// Whether a commit waits to be confirmed, and until when.
    pub fn deadline(&self) -> Option<Timestamp> {
        self.pending.as_ref().map(|pending| pending.deadline)
    }

    /// Edits the candidate. Whatever fails, the candidate is left as it was (`rollback-on-error`).
    ///
    /// # Errors
    /// When another session holds the lock, an operation does not fit, or a value is not valid.
    pub fn edit(
        &mut self,
        who: SessionId,
        edits: &[Edit],
        default: Operation,
        test: TestOption,
    ) -> Result<(), Refusal> {
        self.may_edit(who)?;
        let mut wanted = self.candidate().clone();
        edit::apply(&self.schema, &mut wanted, edits, default)?;
        let before = self.candidate().clone();
        match test {
            TestOption::Set => self.judge_values(&before, &wanted)?,
            TestOption::TestThenSet | TestOption::TestOnly => self.accept_after(&before, &wanted)?,
        }
        if test != TestOption::TestOnly {
            self.candidate = (wanted != self.running).then_some(wanted);
        }
        Ok(())
    }

    /// Makes the candidate equal to running again (RFC 6241 section 8.3.4.2).
    ///
    /// # Errors
    /// When another session holds the lock.
    pub fn discard(&mut self, who: SessionId) -> Result<(), Refusal> {
        self.may_edit(who)?;
        self.candidate = None;
        Ok(())
    }

    /// Judges a datastore.
    ///
    /// # Errors
    /// With the first violation, or all reasons of the judge.
    pub fn validate(&mut self, target: Target) -> Result<(), Refusal> {
        match target {
            Target::Candidate if self.candidate.is_some() => self.accept(&self.candidate().clone()),
            // Running is valid; what the router started with was not asked about.
            Target::Candidate | Target::Running => self.judge.judge(&self.running),
        }
    }

    /// Judges a configuration that stands nowhere yet.
    ///
    /// # Errors
    /// With the first violation, or all reasons of the judge.
    pub fn validate_inline(&self, edits: &[Edit]) -> Result<(), Refusal> {
        let mut tree = Tree::default();
        edit::apply(&self.schema, &mut tree, edits, Operation::Merge)?;
        validate::whole(&self.schema, &tree)?;
        self.judge.judge(&tree)
    }

    /// Locks a datastore for a session (RFC 6241 section 7.5).
    ///
    /// # Errors
    /// `lock-denied` with the holder: when it is locked, when the candidate has changes, or while a commit waits.
    pub fn lock(&mut self, target: Target, who: SessionId) -> Result<(), Refusal> {
        let denied = |holder, message: String| {
            Err(Refusal { holder: Some(holder), ..Refusal::new(Tag::LockDenied, message) })
        };
        let slot = match target {
            Target::Running => &self.lock_running,
            Target::Candidate => &self.lock_candidate,
        };
        if let Some(holder) = *slot {
            return denied(holder, format!("session {holder} holds the lock; wait or ask for its end"));
        }
        if target == Target::Candidate && self.candidate.is_some() {
            let message = "the candidate has changes; commit or discard them first";
            return denied(SessionId(0), message.into());
        }
        match self.pending.as_ref().map(|pending| &pending.owner) {
            Some(Owner::Session(owner)) if *owner == who => {}
            Some(owner) if target == Target::Running => {
                let holder = if let Owner::Session(id) = owner { *id } else { SessionId(0) };
                return denied(holder, "a commit waits to be confirmed; confirm or cancel it first".into());
            }
            _ => {}
        }
        match target {
            Target::Running => self.lock_running = Some(who),
            Target::Candidate => self.lock_candidate = Some(who),
        }
        Ok(())
    }

    /// Gives a lock back.
    ///
    /// # Errors
    /// When the session does not hold it.
    pub fn unlock(&mut self, target: Target, who: SessionId) -> Result<(), Refusal> {
        let slot = match target {
            Target::Running => &mut self.lock_running,
            Target::Candidate => &mut self.lock_candidate,
        };
        if *slot != Some(who) {
            let message = format!("session {who} does not hold this lock");
            return Err(Refusal { holder: *slot, ..Refusal::new(Tag::OperationFailed, message) });
        }
        *slot = None;
        Ok(())
    }

    /// Forgets a session: its locks, what it prepared under the candidate's lock, and its commit that waits, unless
    /// persistent (RFC 6241 sections 8.3.5.2 and 8.4.1).
    pub fn session_ended(&mut self, who: SessionId) -> Vec<Change> {
        if self.lock_candidate == Some(who) {
            self.lock_candidate = None;
            self.candidate = None;
        }
        if self.lock_running == Some(who) {
            self.lock_running = None;
        }
        match &self.pending {
            Some(Pending { owner: Owner::Session(owner), .. }) if *owner == who => self.revert(),
            _ => Vec::new(),
        }
    }

    /// What a restart leaves of a router on which nobody saved anything: the configuration that it began with. What was
    /// prepared, what was locked, and a commit that waited to be confirmed are gone.
    pub fn restart(&mut self) -> Vec<Change> {
        self.candidate = None;
        self.lock_running = None;
        self.lock_candidate = None;
        self.pending = None;
        self.install(self.startup.clone())
    }

    fn may_edit(&self, who: SessionId) -> Result<(), Refusal> {
        free(self.lock_candidate, who, "candidate")
    }

    /// Judges a tree unless it was judged before.
    fn accept(&mut self, tree: &Tree) -> Result<(), Refusal> {
        let known = tree.is_same(&self.running) || self.accepted.as_ref().is_some_and(|t| t.is_same(tree));
        if !known {
            validate::after(&self.schema, &self.running, tree)?;
            self.judge.judge(tree)?;
            self.accepted = Some(tree.clone());
        }
        Ok(())
    }

    /// Judges a whole tree. Where it is refused for a value that is wrong by itself, that is told; to look for it first would be
    /// to judge everything twice.
    fn accept_after(&mut self, before: &Tree, wanted: &Tree) -> Result<(), Refusal> {
        let Err(refusal) = self.accept(wanted) else { return Ok(()) };
        self.judge_values(before, wanted)?;
        Err(refusal)
    }

    /// Judges what is new in a tree by its types alone.
    fn judge_values(&self, before: &Tree, wanted: &Tree) -> Result<(), Refusal> {
        validate::values(&self.schema, &edit::brought_in(&self.schema, before, wanted))
    }

    /// Puts a tree in place of running.
    fn install(&mut self, tree: Tree) -> Vec<Change> {
        let changed = changes(&self.running, &tree);
        self.running = tree;
        changed
    }
}

/// Refuses when another session holds a lock.
fn free(lock: Option<SessionId>, who: SessionId, what: &str) -> Result<(), Refusal> {
    match lock {
        Some(holder) if holder != who => {
            let message = format!("session {holder} has locked {what}");
            Err(Refusal { holder: Some(holder), ..Refusal::new(Tag::InUse, message) })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
