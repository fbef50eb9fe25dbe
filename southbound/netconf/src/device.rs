//! A NETCONF router as a [`device::Device`].
//!
//! ```text
//!   stage    get-config of running, where the dialect has to know     (reading.rs)
//!            get-schema where a module is new                         (served.rs)
//!            lock, discard-changes, edit-config of the candidate      (candidate.rs)
//!   rehearse lock and edit-config of the candidate, test-only; unlock (candidate/rehearsal.rs)
//!   commit   commit with confirm-timeout and persist                  |
//!   confirm  commit with persist-id, then unlock                      |
//!   cancel   cancel-commit with persist-id, discard-changes, unlock   |
//!   read     get-config of running, by a subtree filter               (reading.rs)
//!   surroundings  get of interfaces and neighbours, where its modules are served  (around.rs)
//! ```
//!
//! So it is where the device has all that this asks for. What is done where not is decided by its hello: [`Way`] has the table,
//! `way_back.rs` the way back of those that take no commit back by themselves.
//!
//! The session is opened when it is first needed, and again when it has died. It is taken out of the device for
//! the length of one order and put back only after an answer came: a device that left a request unanswered, or a
//! caller that gave up in the middle, costs the session, so that nobody ever works on with a stream of which he
//! does not know what is still in it. Locks die with the session; a commit does not where it is persistent under the
//! transaction's name.

mod around;
mod candidate;
mod doubt;
mod failure;
mod reading;
mod schemas;
mod served;
mod target;
mod way;
mod way_back;

#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use device::pre_image::PreImages;
use device::rest::Rest;
use device::{
    Capabilities, Device, DeviceError, ErrorKind, Module, Rehearsal, Rollback, Served, Step, clock,
};
use dialects::surroundings::Topics;
use dialects::{Dialect, Headend, Operation};
use model::state::Foreign;
use model::{DeviceConfig, DeviceReading, Edit, NodeId, Surroundings, TransactionId};
use tokio::time::Instant;

pub use candidate::{Candidate, Followed, Manners};
pub use failure::{of_call, of_connect, of_tls};
pub use served::Library;
pub use target::Target;
pub use way::Way;

use crate::operation::Filter;
use crate::session::{self, CallError};

/// How a device is treated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Bounds of the session.
    pub session: session::Options,
    /// Longest time from the TCP connection to the hello.
    pub connect: Duration,
    /// Manners of requests.
    pub manners: Manners,
}

impl Default for Options {
    /// Ten seconds to connect; the default bounds and [`Manners`].
    fn default() -> Self {
        Self {
            session: session::Options::default(),
            connect: Duration::from_secs(10),
            manners: Manners::default(),
        }
    }
}

/// What this value knows of the last transaction that passed through it.
#[derive(Clone, Debug, Default, PartialEq)]
enum Known {
    /// Nothing: a new value, as after a restart.
    #[default]
    Nothing,
    /// Prepared in the session that is open now; no commit was sent.
    Staged(TransactionId, Vec<Edit>),
    /// A commit was sent, and it may be pending.
    Committed(TransactionId, Vec<Edit>),
    /// The device said that it is permanent.
    Confirmed(TransactionId),
}

/// A router that is configured over NETCONF.
#[derive(Debug)]
pub struct NetconfDevice {
    node: NodeId,
    target: Target,
    options: Options,
    dialect: Dialect,
    /// Its own in the policies of others. OpenConfig does not look at it.
    address: IpAddr,
    /// What the dialect reads.
    filter: Filter,
    /// Where modules are kept that devices serve; absent where nobody wants to know, or this device leaves the question
    /// unanswered.
    library: Option<Library>,
    /// Of what it can be asked beside its configuration; absent until the session that is open was asked.
    topics: Option<Topics>,
    /// Whether it is asked for the database of IS-IS too.
    tells_database: bool,
    /// Whether it is asked that, where it left it unanswered.
    rest: Rest,
    /// The modules that the open session told, where not all of them is judged yet.
    told: Option<schemas::Told>,
    /// The session; absent before the first order, and while one runs.
    open: Option<Candidate>,
    known: Known,
    way_back: way_back::WayBack,
}

impl NetconfDevice {
    /// A device to which no session is open yet. It speaks OpenConfig until [`Self::speaking`] says otherwise.
    pub fn new(node: NodeId, target: impl Into<Target>, options: Options) -> Self {
        let dialect = Dialect::OpenConfig;
        Self {
            node,
            target: target.into(),
            options,
            dialect,
            address: Ipv4Addr::UNSPECIFIED.into(),
            filter: reading::filter(dialect),
            library: None,
            topics: None,
            tells_database: false,
            rest: Rest::default(),
            told: None,
            open: None,
            known: Known::Nothing,
            way_back: way_back::WayBack::default(),
        }
    }

    /// Pre-images are kept here, shared with every other value that may cancel for this device. Without a place, a device that
    /// takes no commit back by itself is refused.
    #[must_use]
    pub fn keeping(mut self, pre_images: Arc<dyn PreImages>) -> Self {
        self.way_back.place = Some(pre_images);
        self
    }

    /// It speaks this dialect; `address` is [`Headend::address`].
    #[must_use]
    pub fn speaking(self, dialect: Dialect, address: IpAddr) -> Self {
        Self { dialect, address, filter: reading::filter(dialect), ..self }
    }

    /// What it speaks.
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Before it stages, it looks whether the device's own modules have the nodes that are written. The library is shared
    /// by a fleet.
    #[must_use]
    pub fn with_library(self, library: Library) -> Self {
        Self { library: Some(library.of_one_device()), ..self }
    }

    /// With what is around it, it is asked for the database of IS-IS too: what all routers tell, so that a few are enough.
    #[must_use]
    pub fn telling_database(self) -> Self {
        Self { tells_database: true, ..self }
    }

    /// It begins on a session that was opened elsewhere, whatever carries that. When it ends, the next one is opened to the target.
    #[must_use]
    pub fn beginning_on(self, session: session::Session) -> Self {
        Self { open: Some(Candidate::new(session, self.options.manners)), ..self }
    }

    /// What carries the edits out, and what the device holds before. That is read where the dialect or the way back has to know
    /// it, and without a lock: the edits themselves come from an earlier reading, and what is read back before the confirm tells
    /// whether somebody came between.
    async fn rendered(
        &mut self,
        edits: &[Edit],
        way: Way,
    ) -> Result<(Vec<Operation>, DeviceConfig), DeviceError> {
        let looked = match self.dialect.needs_held() || way.is_by_pre_image() {
            true => self.look(Step::Stage).await?,
            false => Default::default(),
        };
        let operations = self.operations(Step::Stage, edits, &looked)?;
        Ok((operations, looked.0))
    }

    /// What carries the edits out on a device that holds this, ours and others'.
    fn operations(
        &self,
        step: Step,
        edits: &[Edit],
        (held, foreign): &(DeviceConfig, Foreign),
    ) -> Result<Vec<Operation>, DeviceError> {
        let rendered = self.dialect.render(edits, &Headend { address: self.address, held });
        let rendered = match device::edits::misplaced(edits, foreign) {
            Some(why) => Err(why),
            None => rendered.map_err(|why| why.to_string()),
        };
        rendered.map_err(|why| self.failed(step, ErrorKind::Unsupported(why)))
    }

    /// What it holds, ours and others' apart.
    async fn look(&mut self, step: Step) -> Result<(DeviceConfig, Foreign), DeviceError> {
        let open = self.take().await?;
        let outcome = open.running(self.filter.clone()).await;
        let data = self.put_back(open, step, outcome)?;
        let read = self.dialect.read(&reading::view(data));
        read.map_err(|why| self.failed(step, ErrorKind::Garbage(why.to_string())))
    }

    /// A session to a device that has, as far as can be told, what the operations write.
    async fn take_for(&mut self, operations: &[Operation]) -> Result<Candidate, DeviceError> {
        let open = self.take().await?;
        let Some(library) = &self.library else { return Ok(open) };
        match library.lacking(open.session(), operations).await {
            Ok(None) => Ok(open),
            Ok(Some(why)) => {
                self.open = Some(open);
                Err(self.failed(Step::Stage, ErrorKind::Unsupported(why)))
            }
            Err(error) => {
                self.unanswered(&error);
                drop(open);
                self.take().await
            }
        }
    }

    /// The session for the next order: the open one, or a new one where it has died. The locks of a session that
    /// died are gone, and what it had staged with them.
    async fn take(&mut self) -> Result<Candidate, DeviceError> {
        if let Some(open) = self.open.take().filter(|open| open.session().end().is_none()) {
            return Ok(open);
        }
        if matches!(self.known, Known::Staged(..)) {
            self.known = Known::Nothing;
        }
        self.told = None;
        let deadline = Instant::now() + self.options.connect;
        let opened = self.target.open(&self.options.session, deadline).await;
        let session = opened.map_err(|kind| self.failed(Step::Connect, kind))?;
        // It may have come back with another release.
        self.topics = None;
        Ok(Candidate::new(session, self.options.manners))
    }

    /// Ends an order: keeps the session where the device answered, drops it where it did not.
    fn put_back<T>(
        &mut self,
        open: Candidate,
        step: Step,
        outcome: Result<T, CallError>,
    ) -> Result<T, DeviceError> {
        match outcome {
            Ok(done) => {
                self.open = Some(open);
                Ok(done)
            }
            Err(error) => {
                if !matches!(error, CallError::NotSent(_)) && !error.is_outcome_unknown() {
                    self.open = Some(open);
                }
                Err(self.failed(step, of_call(&error)))
            }
        }
    }

    /// Refuses what would be asked beside a change, on the session that carries it: an answer that does not come would cost the
    /// session, with its locks, what is staged, and a commit that is tied to it.
    fn expect_no_change(&self, step: Step) -> Result<(), DeviceError> {
        match &self.known {
            Known::Staged(id, _) | Known::Committed(id, _) => {
                Err(self.failed(step, ErrorKind::Locked(format!("transaction {id} is under way"))))
            }
            Known::Nothing | Known::Confirmed(_) => Ok(()),
        }
    }

    fn failed(&self, step: Step, kind: ErrorKind) -> DeviceError {
        DeviceError { node: self.node.clone(), step, kind }
    }
}

/// What is done as for staging was done for a rehearsal.
fn rehearsing(error: DeviceError) -> DeviceError {
    match error.step {
        Step::Stage => DeviceError { step: Step::Rehearse, ..error },
        _ => error,
    }
}

impl Device for NetconfDevice {
    fn node(&self) -> &NodeId {
        &self.node
    }

    async fn capabilities(&mut self) -> Result<Capabilities, DeviceError> {
        let open = self.take().await?;
        let offered = open.session().capabilities();
        let modules = offered.modules.iter().map(|(name, module)| match &module.revision {
            Some(revision) => format!("{name}@{revision}"),
            None => name.clone(),
        });
        let capabilities = Capabilities {
            protocol: "netconf".into(),
            rollback: open.way().map_or(Rollback::ByPreImage, Way::rollback),
            modules: modules.collect(),
        };
        self.open = Some(open);
        Ok(capabilities)
    }

    async fn stage(&mut self, transaction: TransactionId, edits: &[Edit]) -> Result<(), DeviceError> {
        let way = self.admit(Some(transaction)).await?;
        let (operations, held) = self.rendered(edits, way).await?;
        let payload = reading::payload(&operations).map_err(|why| self.failed(Step::Stage, why))?;
        let mut open = self.take_for(&operations).await?;
        let outcome = open.stage(payload).await;
        self.known = match outcome {
            Ok(()) => Known::Staged(transaction, edits.to_vec()),
            Err(_) => Known::Nothing,
        };
        self.remember(way, held);
        self.put_back(open, Step::Stage, outcome)
    }

    /// The confirm timer counts whole seconds (RFC 6241, section 8.4.5.1), so `confirm_within` is rounded up.
    async fn commit(
        &mut self,
        transaction: TransactionId,
        confirm_within: Duration,
    ) -> Result<(), DeviceError> {
        let staged = |known: &Known| matches!(known, Known::Staged(id, _) if *id == transaction);
        let open = match self.open.take() {
            Some(open) if open.session().end().is_none() && staged(&self.known) => Some(open),
            other => {
                self.open = other;
                None
            }
        };
        let Some(mut open) = open else {
            let why = format!("nothing is staged as {transaction}: the session in which it was is gone");
            return Err(self.failed(Step::Commit, ErrorKind::Refused(why)));
        };
        let kept = match self.keep_before(transaction, open.way()).await {
            Ok(kept) => kept,
            Err(error) => {
                self.open = Some(open);
                return Err(error);
            }
        };
        if let Known::Staged(id, edits) = std::mem::take(&mut self.known) {
            // From here on a commit may be pending, whatever happens to this future.
            self.known = Known::Committed(id, edits);
        }
        let outcome = open.commit(&transaction.to_string(), confirm_within).await;
        if outcome.as_ref().is_err_and(|error| !failure::may_have_happened(error)) {
            if let Known::Committed(id, edits) = std::mem::take(&mut self.known) {
                self.known = Known::Staged(id, edits);
            }
            if kept {
                self.forget_before(transaction).await;
            }
        }
        self.put_back(open, Step::Commit, outcome)
    }

    async fn confirm(&mut self, transaction: TransactionId) -> Result<(), DeviceError> {
        if self.has_pre_image(Step::Confirm, transaction).await? {
            return self.settle(transaction).await;
        }
        let mut open = self.take().await?;
        let way = open.way();
        // Without a pre-image that waits, what is by pre-image is permanent; what goes with its session was told to be.
        let stands = way.is_none_or(Way::is_by_pre_image)
            || (way == Some(Way::Tied) && self.known == Known::Confirmed(transaction));
        if stands {
            self.open = Some(open);
            // Whoever confirmed it before may have ended before it was in startup.
            if self.known != Known::Confirmed(transaction) {
                self.save_later();
            }
            return Ok(());
        }
        let outcome = open.confirm(&transaction.to_string()).await;
        match self.put_back(open, Step::Confirm, outcome)? {
            // A plain commit is what confirms there, and a device says yes to one too when it went back before.
            Followed::Done if way == Some(Way::Tied) => self.already(transaction, way).await?,
            Followed::Done => self.known = Known::Confirmed(transaction),
            Followed::NothingPending => self.already(transaction, way).await?,
            Followed::Doubtful(denied) => return Err(self.doubtful(Step::Confirm, transaction, &denied)),
        }
        self.save_later();
        Ok(())
    }

    async fn cancel(&mut self, transaction: TransactionId) -> Result<(), DeviceError> {
        if self.has_pre_image(Step::Cancel, transaction).await? {
            return self.restore(transaction).await;
        }
        let mut open = self.take_to_cancel().await?;
        // Where this value knows that no commit was sent, or that it is permanent, there is nothing to ask for.
        let pending = match &self.known {
            Known::Staged(id, _) | Known::Confirmed(id) => *id != transaction,
            Known::Nothing | Known::Committed(..) => true,
        };
        let name = transaction.to_string();
        let outcome = open.cancel(pending.then_some(name.as_str())).await;
        if let Followed::Doubtful(denied) = self.put_back(open, Step::Cancel, outcome)? {
            return Err(self.doubtful(Step::Cancel, transaction, &denied));
        }
        if !matches!(self.known, Known::Confirmed(_)) {
            self.known = Known::Nothing;
        }
        Ok(())
    }

    async fn rehearse(&mut self, edits: &[Edit]) -> Result<Rehearsal, DeviceError> {
        self.expect_no_change(Step::Rehearse)?;
        let way = self.admit(None).await.map_err(rehearsing)?;
        let (operations, _) = self.rendered(edits, way).await.map_err(rehearsing)?;
        let payload = reading::payload(&operations).map_err(|why| self.failed(Step::Rehearse, why))?;
        let mut open = self.take_for(&operations).await.map_err(rehearsing)?;
        let outcome = open.rehearse(payload).await;
        Ok(match (self.put_back(open, Step::Rehearse, outcome)?, way) {
            (true, _) => Rehearsal::Accepted,
            (false, Way::Direct) => {
                Rehearsal::Cannot("it has no :validate:1.1, and what is tried would be in force".to_owned())
            }
            (false, _) => {
                Rehearsal::Cannot("it has no :validate, and checks only when it commits".to_owned())
            }
        })
    }

    async fn read(&mut self) -> Result<DeviceReading, DeviceError> {
        let (owned, foreign) = self.look(Step::Read).await?;
        self.look_after_startup();
        Ok(DeviceReading::Read { owned, foreign, at: clock::now() })
    }

    async fn surroundings(&mut self) -> Result<Option<Surroundings>, DeviceError> {
        self.look_around().await
    }

    async fn afterwards(&mut self) {
        self.tend_startup().await;
    }

    fn lost_by_restart(&self) -> Option<&'static str> {
        self.startup_lacks()
    }

    async fn serves(&mut self) -> Result<Served, DeviceError> {
        self.learn().await
    }

    async fn modules(&mut self) -> Result<Vec<Module>, DeviceError> {
        self.list_modules().await
    }

    async fn contents(&mut self, modules: &[Module]) -> Result<Vec<Module>, DeviceError> {
        self.look_into(modules).await
    }
}
