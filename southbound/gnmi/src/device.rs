//! A device that is configured over gNMI, as the transaction sees it.
//!
//! gNMI has no candidate: what is staged waits here, and one Set carries it. Where the device knows commit confirmed it
//! takes an unconfirmed commit back by itself. Where not, what it held of ours is kept as a pre-image before the commit
//! is sent, and a cancel puts that back, from any session that shares the pre-images.
//! A device that holds what it held before, while its pre-image is kept, left the commit unanswered: it may still be at it.
//! It is therefore looked at twice, one deadline apart, before the commit is called undone. A device that comes back to the
//! Set even later cannot be told from one that never got it.
//!
//! A session is opened when it is needed, and again after it was lost; what is staged outlives it.

mod fault;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use ::device::edits::{edits_between, last_of_each, misplaced};
use ::device::pre_image::{PreImageError, PreImages};
use ::device::rest::Rest;
use ::device::{
    Capabilities, Device, DeviceError, ErrorKind, Lack, Lacks, Module, Rehearsal, Rollback, Served, Step,
};
use dialects::surroundings::{self, Topics};
use dialects::{Dialect, Headend, View};
use model::state::Foreign;
use model::{DeviceConfig, DeviceReading, Edit, NodeId, Surroundings, TransactionId};
use tokio::time::{Instant, sleep};

use crate::clock;
use crate::content;
use crate::error::SessionError;
use crate::extension::CommitAction;
use crate::notice::Notice;
use crate::path::Path;
use crate::proto::get_request::DataType;
use crate::session::Session;
use crate::set::Changes;
use crate::target::Target;

/// The most models that are looked at, of one device.
const MOST_MODELS: usize = 4_096;

/// A device behind a gNMI session.
pub struct GnmiDevice {
    node: NodeId,
    target: Target,
    dialect: Dialect,
    /// Its own in the policies of others. OpenConfig does not look at it.
    address: IpAddr,
    pre_images: Arc<dyn PreImages>,
    open: Option<Open>,
    staged: Option<Staged>,
    /// Whether it is asked for the database of IS-IS with what is around it.
    tells_database: bool,
    /// Whether it is asked what is around it, where it left that unanswered.
    rest: Rest,
    /// What this object committed on a device that takes it back by itself, and has not tried to confirm yet.
    waiting: Option<TransactionId>,
}

/// A session, and what was found out on it.
struct Open {
    session: Session,
    rollback: Option<Rollback>,
}

/// What a device holds: ours and others'.
type Holds = (DeviceConfig, Foreign);

/// What waits for its commit.
struct Staged {
    transaction: TransactionId,
    changes: Changes,
    /// What the device held of ours, where it cannot take a commit back by itself.
    before: Option<DeviceConfig>,
}

impl GnmiDevice {
    /// A device that is not connected yet. Deadline and sizes are [`Target::limits`]; pre-images are shared with every
    /// other object that may cancel for this one. It speaks OpenConfig until [`Self::speaking`] says otherwise.
    pub fn new(node: NodeId, target: Target, pre_images: Arc<dyn PreImages>) -> Self {
        Self {
            node,
            target,
            dialect: Dialect::OpenConfig,
            address: Ipv4Addr::UNSPECIFIED.into(),
            pre_images,
            open: None,
            staged: None,
            tells_database: false,
            rest: Rest::default(),
            waiting: None,
        }
    }

    /// It speaks this dialect; `address` is [`Headend::address`].
    #[must_use]
    pub fn speaking(self, dialect: Dialect, address: IpAddr) -> Self {
        Self { dialect, address, ..self }
    }

    /// With what is around it, it is asked for the database of IS-IS too: what all routers tell, so that a few are enough.
    #[must_use]
    pub fn telling_database(self) -> Self {
        Self { tells_database: true, ..self }
    }

    /// What it speaks.
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }

    fn error(&self, step: Step, kind: ErrorKind) -> DeviceError {
        DeviceError { node: self.node.clone(), step, kind }
    }

    /// What a failed call means; a session that cannot be relied on any more is closed.
    fn failed(&mut self, step: Step, error: &SessionError) -> DeviceError {
        if !fault::session_survives(error) {
            self.open = None;
        }
        self.error(step, fault::kind(step, error))
    }

    async fn session(&mut self) -> Result<Session, DeviceError> {
        if let Some(open) = self.open.as_ref().filter(|open| open.session.is_open()) {
            return Ok(open.session.clone());
        }
        self.open = None;
        let session = match Session::connect(&self.target).await {
            Ok(session) => session,
            Err(error) => return Err(self.failed(Step::Connect, &error)),
        };
        self.open = Some(Open { session: session.clone(), rollback: None });
        Ok(session)
    }

    /// A session, and how the device at its other end takes a commit back. It is asked once on each session, and not for
    /// mere reading, because the question is a Set.
    async fn session_for_writing(&mut self) -> Result<(Session, Rollback), DeviceError> {
        let session = self.session().await?;
        if let Some(known) = self.open.as_ref().and_then(|open| open.rollback) {
            return Ok((session, known));
        }
        let rollback = match session.offers_commit_confirmed().await {
            Ok(true) => Rollback::ByDevice,
            Ok(false) => Rollback::ByPreImage,
            Err(error) => return Err(self.failed(Step::Connect, &error)),
        };
        if let Some(open) = &mut self.open {
            open.rollback = Some(rollback);
        }
        Ok((session, rollback))
    }

    async fn set(&mut self, step: Step, session: &Session, changes: Changes) -> Result<(), DeviceError> {
        match session.set(changes).await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.failed(step, &error)),
        }
    }

    /// Works with the pre-images, which may block on a disk.
    async fn keep<T: Send + 'static>(
        &self,
        step: Step,
        work: impl FnOnce(&dyn PreImages, &NodeId) -> Result<T, PreImageError> + Send + 'static,
    ) -> Result<T, DeviceError> {
        let (pre_images, node) = (self.pre_images.clone(), self.node.clone());
        let done = tokio::task::spawn_blocking(move || work(&*pre_images, &node)).await;
        let why = match done {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(why)) => why.to_string(),
            Err(why) => format!("pre-image: {why}"),
        };
        Err(self.error(step, ErrorKind::Refused(format!("nothing was sent to the device: {why}"))))
    }

    async fn has_pre_image(&self, step: Step, transaction: TransactionId) -> Result<bool, DeviceError> {
        Ok(self.keep(step, |place, node| place.pending(node)).await?.contains(&transaction))
    }

    /// What the device holds: ours and others'.
    async fn look(&mut self, step: Step) -> Result<Holds, DeviceError> {
        let session = self.session().await?;
        let answer = get_all(&session, content::read_paths(self.dialect), DataType::Config).await;
        let read = self.dialect.read(&self.answered(step, answer)?);
        read.map_err(|why| self.error(step, ErrorKind::Garbage(why.to_string())))
    }

    /// An answer as one tree. A value that cannot be read must not look like one that is not there.
    fn answered(
        &mut self,
        step: Step,
        answer: Result<Vec<Notice>, SessionError>,
    ) -> Result<View, DeviceError> {
        let notices = answer.map_err(|error| self.failed(step, &error))?;
        let unreadable = notices.iter().flat_map(|notice| &notice.unreadable).next().cloned();
        match unreadable {
            Some(why) => Err(self.error(step, ErrorKind::Garbage(why))),
            None => Ok(content::tree(notices)),
        }
    }

    /// The edits as one Set that the device can take, as far as that can be told without sending it. What it holds, of ours and
    /// of others, is `holds`, where the dialect looks at that.
    fn written(&self, session: &Session, edits: &[Edit], holds: &Holds) -> Result<Changes, ErrorKind> {
        let (held, foreign) = holds;
        if let Some(why) = misplaced(edits, foreign) {
            return Err(ErrorKind::Unsupported(why));
        }
        let headend = Headend { address: self.address, held };
        let rendered = self.dialect.render(&last_of_each(edits), &headend);
        let operations = rendered.map_err(|why| ErrorKind::Unsupported(why.to_string()))?;
        let served: BTreeSet<&str> =
            session.capabilities().models.iter().map(|model| local(&model.name)).collect();
        // A device that names no module at all has not answered the question.
        let missing = content::modules(&operations).into_iter().find(|module| !served.contains(*module));
        if let Some(module) = missing.filter(|_| !served.is_empty()) {
            return Err(ErrorKind::Unsupported(format!("it does not serve the module {module}")));
        }
        let changes = content::changes(&operations).map_err(|why| ErrorKind::Unsupported(why.to_string()))?;
        session.check_set(&changes).map_err(|why| ErrorKind::Unsupported(why.to_string()))?;
        Ok(changes)
    }

    /// The pre-image of a transaction about to be staged. A second unconfirmed commit on top of another could not be told
    /// apart from it when either is undone.
    async fn pre_image(&mut self, transaction: TransactionId) -> Result<Holds, DeviceError> {
        let pending = self.keep(Step::Stage, |place, node| place.pending(node)).await?;
        if let Some(other) = pending.into_iter().find(|pending| *pending != transaction) {
            let why = format!("{other} is neither confirmed nor cancelled");
            return Err(self.error(Step::Stage, ErrorKind::Locked(why)));
        }
        self.look(Step::Stage).await
    }

    /// One Set without a way back on the device, after what it held is safe.
    async fn commit_over_pre_image(&mut self, session: &Session, staged: Staged) -> Result<(), DeviceError> {
        let id = staged.transaction;
        let before = match staged.before {
            Some(before) => before,
            // It could take commits back when this was staged.
            None => self.look(Step::Commit).await?.0,
        };
        // After a commit of unknown outcome the first pre-image is the right one.
        let first = self.keep(Step::Commit, move |place, node| {
            let first = !place.pending(node)?.contains(&id);
            if first {
                place.save(node, id, &before)?;
            }
            Ok(first)
        });
        let first = first.await?;
        let done = self.set(Step::Commit, session, staged.changes).await;
        if first && done.as_ref().is_err_and(|error| !error.is_outcome_unknown()) {
            let forgotten = self.keep(Step::Commit, move |place, node| place.forget(node, id)).await;
            if let Err(error) = forgotten {
                tracing::warn!(node = %self.node, transaction = %id, %error, "pre-image of a refused commit stays");
            }
        }
        done
    }

    /// What the device holds now, and what lies between that and what it held before.
    async fn way_back(&mut self, before: &DeviceConfig) -> Result<(Holds, Vec<Edit>), DeviceError> {
        let now = self.look(Step::Cancel).await?;
        let edits = edits_between(&now.0, before);
        Ok((now, edits))
    }

    async fn put_back(&mut self, transaction: TransactionId) -> Result<(), DeviceError> {
        let kept = self.keep(Step::Cancel, move |place, node| place.load(node, transaction)).await?;
        if let Some(before) = kept {
            let (mut now, mut edits) = self.way_back(&before).await?;
            if edits.is_empty() {
                sleep(self.target.limits.deadline).await;
                (now, edits) = self.way_back(&before).await?;
            }
            if !edits.is_empty() {
                let session = self.session().await?;
                let changes =
                    self.written(&session, &edits, &now).map_err(|kind| self.error(Step::Cancel, kind))?;
                self.set(Step::Cancel, &session, changes).await?;
                // The pre-image is the only way back, so it is not given away for a mere yes.
                if !self.way_back(&before).await?.1.is_empty() {
                    let why = "it acknowledged what it held before and holds something else".to_owned();
                    return Err(self.error(Step::Cancel, ErrorKind::Garbage(why)));
                }
            }
        }
        self.keep(Step::Cancel, move |place, node| place.forget(node, transaction)).await
    }
}

/// The name of a module: SR Linux says `urn:srl_nokia/interfaces:srl_nokia-interfaces`, and the name of a module has no colon.
fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// What stands at some paths. A device may say that a path is not there instead of answering with nothing, and then for all
/// paths of a request at once.
async fn get_all(session: &Session, paths: Vec<Path>, kind: DataType) -> Result<Vec<Notice>, SessionError> {
    match session.get(&paths, kind).await {
        Err(error) if fault::is_absence(&error) => {}
        answer => return answer,
    }
    let mut notices = Vec::new();
    for path in paths {
        match session.get(&[path], kind).await {
            Ok(some) => notices.extend(some),
            Err(error) if fault::is_absence(&error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(notices)
}

impl Device for GnmiDevice {
    fn node(&self) -> &NodeId {
        &self.node
    }

    async fn capabilities(&mut self) -> Result<Capabilities, DeviceError> {
        let (session, rollback) = self.session_for_writing().await?;
        let module = |model: &crate::proto::ModelData| match model.version.as_str() {
            "" => model.name.clone(),
            version => format!("{}@{version}", model.name),
        };
        let modules = session.capabilities().models.iter().map(module).collect();
        Ok(Capabilities { protocol: "gnmi".into(), rollback, modules })
    }

    async fn stage(&mut self, transaction: TransactionId, edits: &[Edit]) -> Result<(), DeviceError> {
        self.staged = None;
        let (session, rollback) = self.session_for_writing().await?;
        let holds = match rollback {
            Rollback::ByPreImage => self.pre_image(transaction).await?,
            Rollback::ByDevice | Rollback::WithSession if self.dialect.needs_held() => {
                self.look(Step::Stage).await?
            }
            Rollback::ByDevice | Rollback::WithSession => Holds::default(),
        };
        let changes = self.written(&session, edits, &holds).map_err(|kind| self.error(Step::Stage, kind))?;
        let before = (rollback == Rollback::ByPreImage).then_some(holds.0);
        self.staged = Some(Staged { transaction, changes, before });
        Ok(())
    }

    async fn commit(
        &mut self,
        transaction: TransactionId,
        confirm_within: Duration,
    ) -> Result<(), DeviceError> {
        if self.staged.as_ref().is_none_or(|staged| staged.transaction != transaction) {
            let why = format!("nothing is staged for {transaction}");
            return Err(self.error(Step::Commit, ErrorKind::Refused(why)));
        }
        let (session, rollback) = self.session_for_writing().await?;
        let Some(staged) = self.staged.take().filter(|staged| !staged.changes.is_empty()) else {
            return Ok(());
        };
        if rollback == Rollback::ByPreImage {
            return self.commit_over_pre_image(&session, staged).await;
        }
        let begin = CommitAction::Begin { rollback: confirm_within };
        let changes = staged.changes.commit(transaction.to_string(), begin);
        let done = self.set(Step::Commit, &session, changes).await;
        if done.as_ref().map_or_else(DeviceError::is_outcome_unknown, |()| true) {
            self.waiting = Some(transaction);
        }
        done
    }

    async fn confirm(&mut self, transaction: TransactionId) -> Result<(), DeviceError> {
        if self.has_pre_image(Step::Confirm, transaction).await? {
            return self.keep(Step::Confirm, move |place, node| place.forget(node, transaction)).await;
        }
        let (session, Rollback::ByDevice) = self.session_for_writing().await? else { return Ok(()) };
        let expected = self.waiting.take_if(|waiting| *waiting == transaction).is_some();
        let confirm = Changes::new().commit(transaction.to_string(), CommitAction::Confirm);
        match session.set(confirm).await {
            Ok(_) => Ok(()),
            Err(error) if fault::nothing_waits(&error) && expected => {
                let why =
                    format!("{transaction} waits no more: it was not confirmed in time and has gone back");
                Err(self.error(Step::Confirm, ErrorKind::Refused(why)))
            }
            Err(error) if fault::nothing_waits(&error) => Ok(()),
            Err(error) => {
                // After silence the commit may be confirmed, and then nothing waits rightly.
                self.waiting = Some(transaction).filter(|_| expected && !error.outcome_unknown());
                Err(self.failed(Step::Confirm, &error))
            }
        }
    }

    async fn cancel(&mut self, transaction: TransactionId) -> Result<(), DeviceError> {
        self.staged = None;
        if self.has_pre_image(Step::Cancel, transaction).await? {
            return self.put_back(transaction).await;
        }
        let (session, Rollback::ByDevice) = self.session_for_writing().await? else { return Ok(()) };
        let cancel = Changes::new().commit(transaction.to_string(), CommitAction::Cancel);
        match session.set(cancel).await {
            Err(error) if !fault::nothing_waits(&error) => Err(self.failed(Step::Cancel, &error)),
            _ => {
                self.waiting.take_if(|waiting| *waiting == transaction);
                Ok(())
            }
        }
    }

    async fn rehearse(&mut self, _: &[Edit]) -> Result<Rehearsal, DeviceError> {
        Ok(Rehearsal::Cannot("gNMI has none: a Set is in force when it is answered".to_owned()))
    }

    async fn read(&mut self) -> Result<DeviceReading, DeviceError> {
        let at = clock::now();
        let (owned, foreign) = self.look(Step::Read).await?;
        Ok(DeviceReading::Read { owned, foreign, at })
    }

    /// A Get is a stream of its own, so that one that is not answered, or with more than is taken, costs no session.
    async fn surroundings(&mut self) -> Result<Option<Surroundings>, DeviceError> {
        if let Some(why) = self.rest.resting(Instant::now().into_std()) {
            return Err(self.error(Step::Read, ErrorKind::Silent(why.to_owned())));
        }
        let session = self.session().await?;
        let models = session.capabilities().models.iter().take(MOST_MODELS);
        let topics = Topics::of(models.map(|model| local(&model.name)));
        let topics = if self.tells_database { topics.with_database() } else { topics };
        if topics.is_empty() {
            return Ok(None);
        }
        let answer = get_all(&session, content::topic_paths(topics), DataType::State).await;
        match &answer {
            Err(error) if fault::is_given_up(error) => {
                let kind = fault::kind(Step::Read, error);
                self.rest.unanswered(error.to_string(), Instant::now().into_std());
                return Err(self.error(Step::Read, kind));
            }
            Ok(_) => self.rest.answered(),
            Err(_) => {}
        }
        let read = surroundings::read(&self.answered(Step::Read, answer)?);
        read.map(Some).map_err(|why| self.error(Step::Read, ErrorKind::Garbage(why.to_string())))
    }

    /// Its models, as it named them when the session was opened. gNMI has no way to their texts, so that nothing is known of
    /// their nodes.
    async fn serves(&mut self) -> Result<Served, DeviceError> {
        let session = self.session().await?;
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let models = session.capabilities().models.iter().take(MOST_MODELS);
        let module = |model: &crate::proto::ModelData| Module {
            name: local(&model.name).to_owned(),
            revision: some(&model.version),
            ..Module::default()
        };
        let mut modules: Vec<Module> = models.map(module).collect();
        modules.sort_unstable();
        modules.dedup();
        let names: BTreeSet<&str> = modules.iter().map(|module| module.name.as_str()).collect();
        let mut lacks = Lacks::new();
        // One that names none has not answered the question, and of one that names too many not all is looked at.
        if !names.is_empty() && session.capabilities().models.len() <= MOST_MODELS {
            let written = self.dialect.vocabulary();
            let missing = written.keys().filter(|module| !names.contains(**module));
            lacks.extend(missing.map(|module| ((*module).to_owned(), Lack::Module)));
        }
        // Of the models that it has, nothing more can be found out.
        let judged = lacks.keys().cloned().collect();
        Ok(Served { modules, lacks, judged, unfinished: false })
    }
}
