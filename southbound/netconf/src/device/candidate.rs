//! A transaction on one session, below any data model: the payload is whatever goes into `<config>`.
//!
//! Decisions:
//! - Both locks are held from stage to confirm; a cancel gives the one on running back first. The one on running is what RFC 6241, section 8.4.1, asks
//!   of a confirmed commit: its rollback would otherwise take other clients' later changes with it.
//! - A commit is persistent where that can be had (`:confirmed-commit:1.1`), so that it outlives its session and a restarted
//!   controller can still confirm or cancel it. What is done where not is in `tied.rs` and `plain.rs`, see [`Way`].
//! - There is no `<validate>` of its own. `test-then-set` checks the same, and there are servers that answer
//!   validate and commit with ok and then leave running as it was. A device without `:validate` checks at the commit.
//! - A candidate that another session holds may be held by a session of our own that was given up in the middle of a
//!   commit, and the device may still be at it. That no commit is pending says nothing then.
//! - A confirming commit would also take what somebody else left in the candidate. It is therefore sent under the
//!   candidate's lock, which a device grants only while the candidate equals running.

mod plain;
mod rehearsal;
mod tied;

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tracing::warn;

use super::failure::is_locked;
use super::way::Way;
use crate::capability::Capabilities;
use crate::operation::{
    Commit, Confirmed, Datastore, DefaultOperation, EditConfig, ErrorOption, Filter, Operation, TestOption,
};
use crate::rpc_error::{ErrorTag, RpcErrors};
use crate::session::{CallError, Session};
use crate::xml::Element;

/// Between two attempts at a lock.
const PAUSE: Duration = Duration::from_millis(25);

/// How long to wait for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manners {
    /// For the answer to a lock, an unlock, a discard or a read.
    pub answer: Duration,
    /// For the answer to an edit, a commit, a confirm or a cancel.
    pub work: Duration,
    /// For another session to give its lock back. Long enough for a session of our own that was cut a moment ago
    /// to be forgotten by the device, short enough to tell of a real holder soon.
    pub patience: Duration,
    /// Whether running is locked too. There are devices whose confirm timer does nothing while it is, so that a
    /// commit goes back only when the session ends or cancels; there it is better left open.
    pub lock_running: bool,
}

impl Default for Manners {
    /// Ten seconds, thirty seconds, one second; running is locked.
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(10),
            work: Duration::from_secs(30),
            patience: Duration::from_secs(1),
            lock_running: true,
        }
    }
}

/// How a confirm or cancel ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followed {
    /// The pending commit was made permanent, or undone.
    Done,
    /// No commit is pending under that name.
    NothingPending,
    /// None is pending, and the session that holds the candidate may be about to make one: as the device denied its lock.
    Doubtful(RpcErrors),
}

/// A session with what it has locked.
#[derive(Debug)]
pub struct Candidate {
    session: Session,
    manners: Manners,
    /// How a change goes in; none where the device offers no way.
    way: Option<Way>,
    held: BTreeSet<Datastore>,
    /// The commit that this session sent and has not followed yet.
    trial: Option<String>,
    /// What waits for the commit where running is edited itself.
    waiting: Option<EditConfig>,
}

impl Candidate {
    /// A session that holds no lock yet.
    pub fn new(session: Session, manners: Manners) -> Self {
        let way = Way::of(session.capabilities());
        Self { session, manners, way, held: BTreeSet::new(), trial: None, waiting: None }
    }

    /// The session.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// How a change goes into this device; none where it offers no way.
    pub const fn way(&self) -> Option<Way> {
        self.way
    }

    pub(super) fn answer(&self) -> Instant {
        Instant::now() + self.manners.answer
    }

    fn work(&self) -> Instant {
        Instant::now() + self.manners.work
    }

    /// Locks, forgets what was staged before, and writes `config` to the candidate, or keeps it where there is none. After a
    /// refusal the candidate is as it was and the locks are given back.
    ///
    /// # Errors
    /// Any [`CallError`]; [`CallError::Unsupported`] where the device offers no [`Way`].
    pub async fn stage(&mut self, config: Vec<Element>) -> Result<(), CallError> {
        match self.way {
            Some(Way::Direct) => self.stage_running(config).await,
            _ => self.stage_candidate(config).await,
        }
    }

    async fn stage_candidate(&mut self, config: Vec<Element>) -> Result<(), CallError> {
        let caps = self.session.capabilities();
        let is_empty = config.is_empty();
        let edit = EditConfig::of(Datastore::Candidate, config).default_operation(DefaultOperation::Merge);
        let edit = with_options(edit, caps);
        // Better said now than after other devices have staged.
        Operation::Commit(self.first_commit("any", Duration::ZERO)).needs(caps)?;

        self.lock(self.way.unwrap_or(Way::Plain).stores(self.manners.lock_running)).await?;
        // Both at once: a device works in the order of sending, and neither does harm without the other.
        let (discarded, edited) = tokio::join!(
            biased;
            self.session.discard_changes(self.answer()),
            // Nothing to write is a change too, and no server has to understand an edit without content.
            async { if is_empty { Ok(()) } else { self.session.edit_config(edit, self.work()).await } },
        );
        let staged = discarded.and(edited);
        if matches!(staged, Err(CallError::Refused(_) | CallError::Invalid(_))) {
            if let Err(error) = self.session.discard_changes(self.answer()).await {
                warn!(%error, "the candidate could not be reset after a refused edit: the session is closed");
                self.session.abort();
            }
            self.release().await;
        }
        staged
    }

    /// Makes running what was staged, until `confirm_within` (rounded up to whole seconds, at least one) has passed
    /// without [`Candidate::confirm`] of the same name; for good, where the [`Way`] is by pre-image.
    ///
    /// # Errors
    /// Any [`CallError`]. The locks stay whatever happens.
    pub async fn commit(&mut self, name: &str, confirm_within: Duration) -> Result<(), CallError> {
        if self.way == Some(Way::Direct) {
            return self.write_running().await;
        }
        self.trial = Some(name.to_owned());
        self.session.commit(self.first_commit(name, confirm_within), self.work()).await
    }

    /// What puts the candidate into effect, as far as the device can be told to take it back.
    fn first_commit(&self, name: &str, confirm_within: Duration) -> Commit {
        match self.way {
            Some(Way::Persistent) => trial(confirm_within, Some(name)),
            Some(Way::Tied) => trial(confirm_within, None),
            Some(Way::Plain | Way::Direct) | None => Commit::default(),
        }
    }

    /// Makes the pending commit of that name permanent, and unlocks, also where the device refuses.
    ///
    /// # Errors
    /// Any [`CallError`]; after silence the locks stay, and go with the session.
    pub async fn confirm(&mut self, name: &str) -> Result<Followed, CallError> {
        let followed = self.confirm_commit(name).await;
        match &followed {
            Ok(_) => {
                self.trial = None;
                self.release().await;
            }
            Err(CallError::Refused(_)) => self.release().await,
            // The session is about to be closed: a device that did not answer is not asked more.
            Err(_) => {}
        }
        followed
    }

    async fn confirm_commit(&mut self, name: &str) -> Result<Followed, CallError> {
        let persist_id = match self.way {
            Some(Way::Persistent) => Some(name.to_owned()),
            Some(Way::Tied) if self.trial.as_deref() == Some(name) => None,
            Some(Way::Tied) => return self.settled().await,
            Some(Way::Plain | Way::Direct) | None => return Ok(Followed::NothingPending),
        };
        match self.lock(&[Datastore::Candidate]).await {
            Err(CallError::Refused(errors)) => self.expect_clean(errors).await?,
            locked => locked?,
        }
        let until = Instant::now() + self.manners.patience;
        loop {
            let commit = Commit { confirmed: None, persist_id: persist_id.clone() };
            match self.session.commit(commit, self.work()).await {
                Ok(()) => return Ok(Followed::Done),
                Err(CallError::Refused(errors)) if is_locked(&errors) && Instant::now() < until => {
                    sleep(PAUSE).await;
                }
                // A device may grant running's lock to the session whose commit is pending (RFC 6241, section 7.5, denies
                // it to others), and what waits for its confirm must not be taken for permanent.
                Err(CallError::Refused(errors))
                    if self.trial.as_deref() == Some(name) && !names_no_commit(&errors) =>
                {
                    return Err(CallError::Refused(errors));
                }
                Err(CallError::Refused(errors)) => return self.nothing_or(errors).await,
                Err(error) => return Err(error),
            }
        }
    }

    /// What a refused confirm or cancel means: that nothing is pending, or what it says.
    async fn nothing_or(&mut self, refused: RpcErrors) -> Result<Followed, CallError> {
        let is_nothing = names_no_commit(&refused) || (!is_locked(&refused) && self.is_idle().await?);
        if is_nothing { Ok(Followed::NothingPending) } else { Err(CallError::Refused(refused)) }
    }

    /// Some devices lock nothing while a commit is pending. Then there must be nothing in the candidate that
    /// running has not, or else `denied` stands: what another session holds or has left there.
    async fn expect_clean(&self, denied: RpcErrors) -> Result<(), CallError> {
        if is_held(&denied) {
            return Err(CallError::Refused(denied));
        }
        let (running, candidate) = tokio::join!(
            biased;
            self.session.get_config(Datastore::Running, None, None, self.work()),
            self.session.get_config(Datastore::Candidate, None, None, self.work()),
        );
        if running? == candidate? { Ok(()) } else { Err(CallError::Refused(denied)) }
    }

    /// Undoes the pending commit of that name, if one is given, forgets what is staged, and unlocks. One that is tied to its
    /// session is undone by that session's end alone.
    ///
    /// # Errors
    /// Any [`CallError`]; the locks stay then.
    pub async fn cancel(&mut self, name: Option<&str>) -> Result<Followed, CallError> {
        self.waiting = None;
        let followed = match (name, self.way) {
            (Some(name), Some(Way::Persistent)) => self.cancel_surely(name).await?,
            (Some(_), Some(Way::Tied)) => self.settled().await?,
            _ => Followed::NothingPending,
        };
        if self.held.contains(&Datastore::Candidate) {
            self.session.discard_changes(self.answer()).await?;
        }
        self.release().await;
        self.trial = None;
        Ok(followed)
    }

    /// Asks again while nothing is pending and another session holds the candidate: one of our own that was cut a moment
    /// ago is forgotten soon, and its commit is pending by then or never.
    async fn cancel_surely(&mut self, name: &str) -> Result<Followed, CallError> {
        let until = Instant::now() + self.manners.patience;
        loop {
            let denied = self.claim_candidate().await?;
            let followed = self.cancel_commit(name).await?;
            match denied.filter(is_held) {
                Some(denied) if followed == Followed::NothingPending => {
                    if Instant::now() >= until {
                        return Ok(Followed::Doubtful(denied));
                    }
                    sleep(PAUSE).await;
                }
                _ => return Ok(followed),
            }
        }
    }

    /// Locks the candidate before a cancel, or says why not. Running goes back and the candidate does not, so it has to be
    /// reset afterwards, and only its lock says that nobody else's work is in it. Without the lock it is left alone.
    async fn claim_candidate(&mut self) -> Result<Option<RpcErrors>, CallError> {
        match self.try_lock(&[Datastore::Candidate]).await {
            Ok(()) => Ok(None),
            Err(CallError::Refused(denied)) => {
                tracing::debug!(%denied, "cancelling without the candidate's lock");
                Ok(Some(denied))
            }
            Err(error) => Err(error),
        }
    }

    async fn cancel_commit(&mut self, name: &str) -> Result<Followed, CallError> {
        // There are devices that say ok and roll nothing back while running is locked.
        self.unlock(&BTreeSet::from([Datastore::Candidate])).await;
        let until = Instant::now() + self.manners.patience;
        loop {
            match self.session.cancel_commit(Some(name.to_owned()), self.work()).await {
                Ok(()) => return Ok(Followed::Done),
                Err(CallError::Refused(errors)) if is_locked(&errors) && Instant::now() < until => {
                    sleep(PAUSE).await;
                }
                Err(CallError::Refused(errors)) => return self.nothing_or(errors).await,
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether the device has no commit pending at all. Devices refuse to cancel nothing with whatever error they
    /// like, so the error does not tell. But running cannot be locked while another's commit is pending (RFC 6241,
    /// section 7.5), and a persistent commit is nobody's.
    async fn is_idle(&mut self) -> Result<bool, CallError> {
        // The device is to be asked: a lock that is held already says nothing.
        self.unlock(&BTreeSet::from([Datastore::Candidate])).await;
        let until = Instant::now() + self.manners.patience;
        loop {
            match self.try_lock(&[Datastore::Running]).await {
                Ok(()) => return Ok(true),
                // A session has the lock: one of our own that was cut a moment ago, perhaps, and is forgotten soon.
                Err(CallError::Refused(errors)) if is_held(&errors) && Instant::now() < until => {
                    sleep(PAUSE).await;
                }
                Err(CallError::Refused(_)) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
    }

    /// What runs, in part.
    ///
    /// # Errors
    /// Any [`CallError`].
    pub async fn running(&self, filter: Filter) -> Result<Element, CallError> {
        self.session.get_config(Datastore::Running, Some(filter), None, self.work()).await
    }

    /// Locks all of `stores` that are not held yet, or none of them.
    async fn lock(&mut self, stores: &[Datastore]) -> Result<(), CallError> {
        let until = Instant::now() + self.manners.patience;
        loop {
            match self.try_lock(stores).await {
                Err(CallError::Refused(errors)) if is_locked(&errors) && Instant::now() < until => {
                    sleep(PAUSE).await;
                }
                done => return done,
            }
        }
    }

    async fn try_lock(&mut self, stores: &[Datastore]) -> Result<(), CallError> {
        let before = self.held.clone();
        let wanted = |store| stores.contains(&store) && !before.contains(&store);
        let deadline = self.answer();
        let one = async |store| match wanted(store) {
            true => self.session.lock(store, deadline).await.map(|()| true),
            false => Ok(false),
        };
        let (running, candidate) = tokio::join!(biased; one(Datastore::Running), one(Datastore::Candidate));
        let mut outcome = Ok(());
        for (store, locked) in [(Datastore::Running, running), (Datastore::Candidate, candidate)] {
            match locked {
                Ok(true) => {
                    self.held.insert(store);
                }
                Ok(false) => {}
                Err(error) => outcome = outcome.and(Err(error)),
            }
        }
        if outcome.is_err() {
            self.unlock(&before).await;
        }
        outcome
    }

    /// Gives back all locks.
    pub(super) async fn release(&mut self) {
        self.unlock(&BTreeSet::new()).await;
    }

    /// Gives back all locks but those to keep. One that cannot be given back goes with the session.
    async fn unlock(&mut self, keep: &BTreeSet<Datastore>) {
        let deadline = self.answer();
        let give = |store| self.held.contains(&store) && !keep.contains(&store);
        let one = async |store| match give(store) {
            true => self.session.unlock(store, deadline).await,
            false => Ok(()),
        };
        let (candidate, running) = tokio::join!(biased; one(Datastore::Candidate), one(Datastore::Running));
        if let Err(error) = candidate.and(running) {
            warn!(%error, "a lock could not be given back: the session is closed");
            self.session.abort();
        }
        self.held.retain(|store| keep.contains(store));
    }
}

/// An edit with all the care that the device can take.
fn with_options(edit: EditConfig, caps: &Capabilities) -> EditConfig {
    let edit = if caps.validate { edit.test_option(TestOption::TestThenSet) } else { edit };
    if caps.rollback_on_error { edit.error_option(ErrorOption::RollbackOnError) } else { edit }
}

/// A commit that goes back unless it is confirmed, under its name where it has one.
fn trial(confirm_within: Duration, name: Option<&str>) -> Commit {
    let seconds = confirm_within.as_secs() + u64::from(confirm_within.subsec_nanos() > 0);
    let timeout_s = Some(u32::try_from(seconds.max(1)).unwrap_or(u32::MAX));
    Commit { confirmed: Some(Confirmed { timeout_s, persist: name.map(str::to_owned) }), persist_id: None }
}

/// Whether a NETCONF session is named that has the lock; zero is anything else (RFC 6241, section 7.5).
fn is_held(denied: &RpcErrors) -> bool {
    denied.lock_holder().is_some_and(|holder| holder != 0)
}

/// Whether the device says that the persist-id is not that of a pending commit: by the tag of RFC 6241, section
/// 8.4.5.1, or by pointing at the parameter.
fn names_no_commit(errors: &RpcErrors) -> bool {
    errors.0.iter().any(|error| {
        let at_fault = error.path.as_deref().is_some_and(|path| path.ends_with("persist-id"));
        error.tag == ErrorTag::InvalidValue || at_fault
    })
}
