//! One task for each device: it owns the device, so one order is in flight there, whoever asks.

use std::{sync::Arc, time::Duration};

use device::{Device, DeviceError, ErrorKind, Module, Rehearsal, Rollback, Served, Step};
use model::{DeviceReading, Edit, NodeId, Surroundings, TransactionId};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::AbortHandle,
    time::{Instant, sleep, timeout},
};

/// What a device is asked for.
#[derive(Clone, Debug)]
pub enum Work {
    /// Say whether it would take edits, and leave nothing behind.
    Rehearse(Arc<Vec<Edit>>),
    /// Prepare edits.
    Stage(TransactionId, Arc<Vec<Edit>>),
    /// Put them into effect, with a confirm timer.
    Commit(TransactionId, Duration),
    /// Make them permanent.
    Confirm(TransactionId),
    /// Undo them.
    Cancel(TransactionId),
    /// Read what it holds.
    Read,
    /// Say what is around it.
    Surroundings,
    /// Say which modules it serves, and what they lack.
    Serves,
    /// List all its modules, for people.
    Modules,
    /// Look into the texts of these.
    Contents(Arc<Vec<Module>>),
}

impl Work {
    const fn step(&self) -> Step {
        match self {
            Self::Rehearse(_) => Step::Rehearse,
            Self::Stage(..) => Step::Stage,
            Self::Commit(..) => Step::Commit,
            Self::Confirm(_) => Step::Confirm,
            Self::Cancel(_) => Step::Cancel,
            Self::Read | Self::Surroundings | Self::Serves | Self::Modules | Self::Contents(_) => Step::Read,
        }
    }
}

/// What it answered.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "one lives at a time, and most are readings")]
pub enum Done {
    /// It did it.
    Ok,
    /// What it holds.
    Reading(DeviceReading),
    /// How a rehearsal went.
    Rehearsed(Rehearsal),
    /// What is around it; none where it has no way to say that.
    Surroundings(Option<Surroundings>),
    /// What it serves.
    Served(Served),
    /// Modules.
    Modules(Vec<Module>),
}

/// One order and where its answer goes.
#[derive(Debug)]
enum Job {
    /// Part of a change, or a look.
    Order(Work, oneshot::Sender<Result<Done, DeviceError>>),
    /// Say what becomes of a change that is not confirmed.
    Rollback(oneshot::Sender<Result<Rollback, DeviceError>>),
}

/// A device in its task. The task ends when the last handle is dropped.
#[derive(Clone, Debug)]
pub struct DeviceHandle {
    node: NodeId,
    jobs: mpsc::Sender<Job>,
    /// [`Device::lost_by_restart`], as it was after the last order.
    lost_by_restart: watch::Receiver<Option<&'static str>>,
    _task: Arc<EndsTask>,
}

#[derive(Debug)]
struct EndsTask(AbortHandle);

impl Drop for EndsTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Orders that may wait for one device; more askers than that wait themselves.
const WAITING: usize = 8;

/// The first pause between attempts at a device that was there a moment ago; each is twice the one before.
const PAUSE: Duration = Duration::from_millis(50);
/// No attempt begins later than this after the first: far below the time that is kept for confirming, see [`crate::carry`].
const PATIENCE: Duration = Duration::from_secs(2);

impl DeviceHandle {
    /// Gives the device to a task. No order takes longer than `longest`: a device that needs more is silent.
    pub fn spawn<D: Device + 'static>(mut device: D, longest: Duration) -> Self {
        let node = device.node().clone();
        let (jobs, mut waiting) = mpsc::channel::<Job>(WAITING);
        let (lost, lost_by_restart) = watch::channel(None);
        let task = tokio::spawn(async move {
            let silent = |node: &NodeId, step| {
                let why = format!("no answer within {} s", longest.as_secs());
                DeviceError { node: node.clone(), step, kind: ErrorKind::Silent(why) }
            };
            // The asker may have gone away; the device has done its work all the same.
            while let Some(job) = waiting.recv().await {
                match job {
                    Job::Order(work, reply) => {
                        let step = work.step();
                        let answer = timeout(longest, carry(&mut device, work)).await;
                        let _ = reply.send(answer.unwrap_or_else(|_| Err(silent(device.node(), step))));
                        // What is cut short here is taken up again later, and what somebody waits for goes first.
                        if waiting.is_empty() {
                            let _ = timeout(longest, device.afterwards()).await;
                        }
                        let now = device.lost_by_restart();
                        lost.send_if_modified(|before| std::mem::replace(before, now) != now);
                    }
                    Job::Rollback(reply) => {
                        let answer = timeout(longest, device.capabilities()).await;
                        let answer = answer.unwrap_or_else(|_| Err(silent(device.node(), Step::Connect)));
                        let _ = reply.send(answer.map(|can| can.rollback));
                    }
                }
            }
        });
        Self { node, jobs, lost_by_restart, _task: Arc::new(EndsTask(task.abort_handle())) }
    }

    /// Its name.
    pub const fn node(&self) -> &NodeId {
        &self.node
    }

    /// What a restart of it would take from what it runs, as far as that is known.
    pub fn lost_by_restart(&self) -> Option<&'static str> {
        *self.lost_by_restart.borrow()
    }

    /// Asks and waits for the answer.
    ///
    /// # Errors
    /// What the device said; `Silent` where its task is gone.
    pub async fn ask(&self, work: Work) -> Result<Done, DeviceError> {
        let step = work.step();
        let (reply, answer) = oneshot::channel();
        self.jobs.send(Job::Order(work, reply)).await.map_err(|_| self.gone(step))?;
        answer.await.map_err(|_| self.gone(step))?
    }

    /// Asks what becomes of a change that is not confirmed. Not for mere reading: over gNMI the question is a Set.
    ///
    /// # Errors
    /// What the device said; `Silent` where its task is gone.
    pub async fn rollback(&self) -> Result<Rollback, DeviceError> {
        let (reply, answer) = oneshot::channel();
        self.jobs.send(Job::Rollback(reply)).await.map_err(|_| self.gone(Step::Connect))?;
        answer.await.map_err(|_| self.gone(Step::Connect))?
    }

    fn gone(&self, step: Step) -> DeviceError {
        DeviceError { node: self.node.clone(), step, kind: ErrorKind::Silent("its task has ended".into()) }
    }

    /// Asks again, within two seconds, where the device cannot be reached: one whose session has just ended may be restarting
    /// its server, and nothing was sent. For what must not be left undone lightly. A device that says nothing at all uses the
    /// time up with one attempt.
    ///
    /// # Errors
    /// As for [`Self::ask`], of the last attempt.
    pub async fn ask_persistently(&self, work: Work) -> Result<Done, DeviceError> {
        let (begun, mut pause) = (Instant::now(), PAUSE);
        loop {
            match self.ask(work.clone()).await {
                Err(DeviceError { kind: ErrorKind::Unreachable(why), .. })
                    if begun.elapsed() + pause < PATIENCE =>
                {
                    tracing::debug!(node = %self.node, step = %work.step(), why, ?pause, "asked again after a pause");
                    sleep(pause).await;
                    pause *= 2;
                }
                answer => return answer,
            }
        }
    }

    /// Reads what it holds.
    ///
    /// # Errors
    /// What the device said.
    pub async fn read(&self) -> Result<DeviceReading, DeviceError> {
        match self.ask(Work::Read).await? {
            Done::Reading(reading) => Ok(reading),
            _ => Err(self.another_answer()),
        }
    }

    /// Asks what is around it.
    ///
    /// # Errors
    /// What the device said.
    pub async fn surroundings(&self) -> Result<Option<Surroundings>, DeviceError> {
        match self.ask(Work::Surroundings).await? {
            Done::Surroundings(surroundings) => Ok(surroundings),
            _ => Err(self.another_answer()),
        }
    }

    /// Asks which modules it serves.
    ///
    /// # Errors
    /// What the device said.
    pub async fn serves(&self) -> Result<Served, DeviceError> {
        match self.ask(Work::Serves).await? {
            Done::Served(served) => Ok(served),
            _ => Err(self.another_answer()),
        }
    }

    /// Lists its modules, or looks into some.
    ///
    /// # Errors
    /// What the device said.
    pub async fn modules(&self, work: Work) -> Result<Vec<Module>, DeviceError> {
        match self.ask(work).await? {
            Done::Modules(modules) => Ok(modules),
            _ => Err(self.another_answer()),
        }
    }

    fn another_answer(&self) -> DeviceError {
        let kind = ErrorKind::Garbage("an answer to another question".into());
        DeviceError { node: self.node.clone(), step: Step::Read, kind }
    }
}

async fn carry<D: Device>(device: &mut D, work: Work) -> Result<Done, DeviceError> {
    match work {
        Work::Rehearse(edits) => device.rehearse(&edits).await.map(Done::Rehearsed),
        Work::Stage(id, edits) => device.stage(id, &edits).await.map(|()| Done::Ok),
        Work::Commit(id, within) => device.commit(id, within).await.map(|()| Done::Ok),
        Work::Confirm(id) => device.confirm(id).await.map(|()| Done::Ok),
        Work::Cancel(id) => device.cancel(id).await.map(|()| Done::Ok),
        Work::Read => device.read().await.map(Done::Reading),
        Work::Surroundings => device.surroundings().await.map(Done::Surroundings),
        Work::Serves => device.serves().await.map(Done::Served),
        Work::Modules => device.modules().await.map(Done::Modules),
        Work::Contents(modules) => device.contents(&modules).await.map(Done::Modules),
    }
}
