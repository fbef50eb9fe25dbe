//! The way back of a device that takes no commit back by itself: what it held of ours is kept before the commit is sent, and put
//! back by whoever cancels, also after a restart.
//!
//! A commit whose answer was lost may still be under way in the session that was cut. So what is put back is put back under the
//! locks of a change, which no other session gets before that one has ended. The pre-image is forgotten once it was read back.
//!
//! Beside it, what stands for good is copied to startup where the device boots from there.

use std::collections::BTreeSet;
use std::sync::Arc;

use device::edits::edits_between;
use device::pre_image::{PreImageError, PreImages};
use device::rest::Rest;
use device::{DeviceError, ErrorKind, Step};
use model::{DeviceConfig, NodeId, TransactionId};
use tokio::time::Instant;
use tracing::warn;

use super::candidate::Candidate;
use super::way::Way;
use super::{Known, NetconfDevice, reading};
use crate::rpc_error::RpcErrors;

const NO_WAY: &str =
    "it offers neither :candidate nor :writable-running, so that it can be read and not changed";
const NO_PLACE: &str =
    "it takes no commit back by itself, and no place is given where its pre-images are kept";

/// What is remembered for the way back.
#[derive(Debug, Default)]
pub(super) struct WayBack {
    /// Where pre-images are kept; absent where nobody keeps any.
    pub(super) place: Option<Arc<dyn PreImages>>,
    /// What the device held of ours when the change was staged.
    before: Option<DeviceConfig>,
    /// Whether what stands for good is in startup.
    pub(super) startup: Startup,
    /// There is an occasion to look after that.
    is_due: bool,
    /// The last question or order about startup was left unanswered.
    was_silent: bool,
    /// Whether it is put again, where that happened twice in succession.
    rest: Rest,
}

/// What is known of startup, where the device boots from it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Startup {
    /// Nothing: this value has neither written nor read it.
    #[default]
    Unknown,
    /// What stands for good has still to be copied there.
    Behind,
    /// It lacks what it should hold, or does not say, and that was told. Nobody asked this value for a change that would bring it there.
    Told,
    /// It was copied there, or was there.
    Done,
}

impl NetconfDevice {
    /// How a change goes into the device, if this one may begin, or any where none is named: there is a way, and no other commit waits
    /// for its end. A second one on top of it could not be told apart from it when either is undone.
    pub(super) async fn admit(&mut self, transaction: Option<TransactionId>) -> Result<Way, DeviceError> {
        let open = self.take().await?;
        let way = open.way();
        self.open = Some(open);
        let Some(way) = way else {
            return Err(self.failed(Step::Stage, ErrorKind::Unsupported(NO_WAY.into())));
        };
        if way.is_by_pre_image() {
            let pending = self.keep(Step::Stage, |place, node| place.pending(node)).await?;
            if let Some(other) = pending.into_iter().find(|pending| Some(*pending) != transaction) {
                let why = format!("{other} is neither confirmed nor cancelled");
                return Err(self.failed(Step::Stage, ErrorKind::Locked(why)));
            }
        }
        Ok(way)
    }

    /// Remembers what the device held when a change was staged, where that is its way back.
    pub(super) fn remember(&mut self, way: Way, held: DeviceConfig) {
        self.way_back.before = way.is_by_pre_image().then_some(held);
    }

    /// Keeps what the device held, before its commit is sent; whether that was kept just now. After a commit of unknown outcome
    /// the first pre-image is the right one.
    pub(super) async fn keep_before(
        &mut self,
        transaction: TransactionId,
        way: Option<Way>,
    ) -> Result<bool, DeviceError> {
        if !way.is_some_and(Way::is_by_pre_image) {
            return Ok(false);
        }
        let Some(before) = self.way_back.before.clone() else {
            let why = "nothing was sent to the device: what it held when the change was staged is not known";
            return Err(self.failed(Step::Commit, ErrorKind::Refused(why.into())));
        };
        let first = self.keep(Step::Commit, move |place, node| {
            let first = !place.pending(node)?.contains(&transaction);
            if first {
                place.save(node, transaction, &before)?;
            }
            Ok(first)
        });
        first.await
    }

    /// Forgets the pre-image of a commit that had no effect.
    pub(super) async fn forget_before(&mut self, transaction: TransactionId) {
        let forgotten = self.keep(Step::Commit, move |place, node| place.forget(node, transaction)).await;
        if let Err(error) = forgotten {
            warn!(node = %self.node, %transaction, %error, "the pre-image of a refused commit stays");
        }
    }

    /// Whether a commit waits for its end whose way back is here.
    pub(super) async fn has_pre_image(
        &mut self,
        step: Step,
        transaction: TransactionId,
    ) -> Result<bool, DeviceError> {
        if self.way_back.place.is_none() {
            return Ok(false);
        }
        let pending: BTreeSet<TransactionId> = self.keep(step, |place, node| place.pending(node)).await?;
        Ok(pending.contains(&transaction))
    }

    /// Makes such a commit permanent: there is nothing to ask of the device.
    pub(super) async fn settle(&mut self, transaction: TransactionId) -> Result<(), DeviceError> {
        self.keep(Step::Confirm, move |place, node| place.forget(node, transaction)).await?;
        self.known = Known::Confirmed(transaction);
        self.let_go().await;
        self.save_later();
        Ok(())
    }

    /// Puts back what the device held before such a commit.
    pub(super) async fn restore(&mut self, transaction: TransactionId) -> Result<(), DeviceError> {
        let kept = self.keep(Step::Cancel, move |place, node| place.load(node, transaction)).await?;
        if let Some(before) = kept {
            let mut open = self.take().await?;
            let held = open.hold().await;
            if let Some(denied) = self.put_back(open, Step::Cancel, held)? {
                return Err(self.in_the_way(&denied));
            }
            self.lay_back(&before).await?;
        }
        self.keep(Step::Cancel, move |place, node| place.forget(node, transaction)).await?;
        self.known = Known::Nothing;
        self.let_go().await;
        Ok(())
    }

    /// A session that has a lock may be ours, still at the commit that is to be undone; anything else is in the way for now.
    fn in_the_way(&self, denied: &RpcErrors) -> DeviceError {
        let kind = match denied.lock_holder() {
            Some(holder) if holder != 0 => ErrorKind::Silent(format!(
                "what it held before cannot be put back yet, for session {holder} has a lock and may be ours, still at its \
                 commit: {denied}"
            )),
            _ => ErrorKind::Locked(denied.to_string()),
        };
        self.failed(Step::Cancel, kind)
    }

    async fn lay_back(&mut self, before: &DeviceConfig) -> Result<(), DeviceError> {
        let now = self.look(Step::Cancel).await?;
        let edits = edits_between(&now.0, before);
        if edits.is_empty() {
            return Ok(());
        }
        let operations = self.operations(Step::Cancel, &edits, &now)?;
        let payload = reading::payload(&operations).map_err(|why| self.failed(Step::Cancel, why))?;
        let mut open = self.take().await?;
        let put = open.put(payload).await;
        self.put_back(open, Step::Cancel, put)?;
        // The pre-image is the only way back, so it is not given away for a mere yes.
        let (now, _) = self.look(Step::Cancel).await?;
        if edits_between(&now, before).is_empty() {
            return Ok(());
        }
        let why = "it acknowledged what it held before and holds something else";
        Err(self.failed(Step::Cancel, ErrorKind::Garbage(why.into())))
    }

    /// Gives the locks back, where a session is open that may have some.
    async fn let_go(&mut self) {
        if let Some(mut open) = self.open.take() {
            open.release().await;
            self.open = Some(open);
        }
    }

    /// The session to cancel in. A commit that is tied to its session is undone by that session's end.
    pub(super) async fn take_to_cancel(&mut self) -> Result<Candidate, DeviceError> {
        let open = self.take().await?;
        if !open.is_tied() {
            return Ok(open);
        }
        open.end().await;
        self.take().await
    }

    /// What stands for good is to be copied to startup once the order was answered. That it fails undoes nothing: it is told, and
    /// tried again after the next reading.
    pub(super) fn save_later(&mut self) {
        self.way_back.startup = Startup::Behind;
        self.way_back.is_due = true;
        self.way_back.rest.answered();
    }

    /// A reading is an occasion to look after startup.
    pub(super) fn look_after_startup(&mut self) {
        self.way_back.is_due = true;
    }

    /// Does what is due, unless a commit is under way: what may still go back has no place in startup. A device that leaves it unanswered
    /// twice, which costs the session each time, is asked rarely.
    pub(super) async fn tend_startup(&mut self) {
        let is_settled = matches!(self.known, Known::Confirmed(_) | Known::Nothing);
        if !is_settled || !std::mem::take(&mut self.way_back.is_due) {
            return;
        }
        if self.way_back.rest.resting(Instant::now().into_std()).is_some() {
            return;
        }
        match self.way_back.startup {
            Startup::Behind => self.save_startup().await,
            Startup::Unknown => self.compare_startup().await,
            Startup::Told | Startup::Done => {}
        }
    }

    async fn save_startup(&mut self) {
        let Some(mut open) = self.open.take() else { return };
        let saved = open.save().await;
        match self.put_back(open, Step::Confirm, saved) {
            Ok(()) => self.has_startup(Startup::Done),
            Err(error) => {
                self.startup_failed(&error);
                warn!(%error, "the change is not in the startup configuration yet: a restart would lose it");
            }
        }
    }

    /// Tells where startup lacks what the device runs of ours: an earlier value may have ended before it was copied. It is not
    /// written here, for a value that was asked to read may have no leave to write.
    async fn compare_startup(&mut self) {
        match self.is_in_startup().await {
            Ok(true) => self.has_startup(Startup::Done),
            Ok(false) => {
                let node = &self.node;
                warn!(%node, "it runs what is not in its startup configuration: a restart would lose it; the next change saves all");
                self.has_startup(Startup::Told);
            }
            Err(error) => {
                self.startup_failed(&error);
                warn!(%error, "it is not known what the startup configuration holds");
                if !error.is_outcome_unknown() && !error.is_not_reached() {
                    self.way_back.startup = Startup::Told;
                }
            }
        }
    }

    fn has_startup(&mut self, known: Startup) {
        self.way_back.startup = known;
        self.way_back.was_silent = false;
        self.way_back.rest.answered();
    }

    /// Notes that nothing is known of startup, or that it was not written.
    fn startup_failed(&mut self, error: &DeviceError) {
        let is_silent = error.is_outcome_unknown();
        if is_silent && self.way_back.was_silent {
            self.way_back.rest.unanswered(error.to_string(), Instant::now().into_std());
        }
        self.way_back.was_silent = is_silent;
    }

    /// What a restart would take from what it runs, as far as that is known.
    pub(super) const fn startup_lacks(&self) -> Option<&'static str> {
        match self.way_back.startup {
            Startup::Behind => Some("the last change is not in its startup configuration yet"),
            Startup::Told => {
                Some("its startup configuration lacks some of what it runs, or is not to be had")
            }
            Startup::Unknown if self.way_back.was_silent => Some("it does not say what it starts with"),
            Startup::Unknown | Startup::Done => None,
        }
    }

    async fn is_in_startup(&mut self) -> Result<bool, DeviceError> {
        let open = self.take().await?;
        if !open.session().capabilities().startup {
            self.open = Some(open);
            return Ok(true);
        }
        let told = open.startup(self.filter.clone()).await;
        let data = self.put_back(open, Step::Read, told)?;
        let kept = self.dialect.read(&reading::view(data));
        let (kept, _) = kept.map_err(|why| self.failed(Step::Read, ErrorKind::Garbage(why.to_string())))?;
        let (runs, _) = self.look(Step::Read).await?;
        Ok(kept == runs)
    }

    /// Works with the pre-images, which may block on a disk.
    async fn keep<T: Send + 'static>(
        &mut self,
        step: Step,
        work: impl FnOnce(&dyn PreImages, &NodeId) -> Result<T, PreImageError> + Send + 'static,
    ) -> Result<T, DeviceError> {
        let Some(place) = self.way_back.place.clone() else {
            return Err(self.failed(step, ErrorKind::Unsupported(NO_PLACE.into())));
        };
        let node = self.node.clone();
        let done = tokio::task::spawn_blocking(move || work(&*place, &node)).await;
        let why = match done {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(why)) => why.to_string(),
            Err(why) => format!("pre-image: {why}"),
        };
        Err(self.failed(step, ErrorKind::Refused(format!("nothing was sent to the device: {why}"))))
    }
}
