//! The simplest device: a value in memory that keeps the contract. Tests of the transaction run on it, with faults that
//! are told to it step by step.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use model::{
    DeviceConfig, DeviceReading, Edit, NodeId, Surroundings, Timestamp, TransactionId, state::Foreign,
};

use crate::{Capabilities, Device, DeviceError, ErrorKind, Rehearsal, Rollback, Step};

/// What the next order for a step meets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// The device refuses.
    Refuse,
    /// It cannot be reached: no session is opened, and nothing is sent.
    Away,
    /// It refuses the login: no session is opened, and nothing is sent.
    Shut,
    /// The order is lost: nothing happens and no answer comes.
    LostBefore,
    /// The order is carried out, but its answer is lost.
    LostAfter,
    /// The device says that it did it, and did nothing.
    Lie,
    /// The order is lost, and the device says nothing for as long as it is waited for.
    Hang,
}

/// The box itself: it goes on when sessions end.
#[derive(Debug, Default)]
struct Chassis {
    running: DeviceConfig,
    foreign: Foreign,
    /// What it says of what is around it.
    surroundings: Option<Surroundings>,
    /// The transaction that is pending, what was before it, and how much longer it waits.
    pending: Option<(TransactionId, DeviceConfig, Duration)>,
    /// What the next orders for a step meet; none where an order meets nothing.
    faults: BTreeMap<Step, VecDeque<Option<Fault>>>,
    /// What the answer to the next order for a step waits for.
    held: BTreeMap<Step, Held>,
    writes: usize,
}

/// Something to wait for.
struct Held(Pin<Box<dyn Future<Output = ()> + Send>>);

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Held")
    }
}

/// A device in memory. Clones are further sessions to the same box.
#[derive(Clone, Debug)]
pub struct FakeDevice {
    node: NodeId,
    chassis: Arc<Mutex<Chassis>>,
    staged: Option<(TransactionId, DeviceConfig)>,
}

impl FakeDevice {
    /// A device that holds nothing of ours.
    pub fn new(node: NodeId) -> Self {
        Self { node, chassis: Arc::default(), staged: None }
    }

    fn chassis(&self) -> MutexGuard<'_, Chassis> {
        self.chassis.lock().expect("no holder of the lock panics")
    }

    /// Another session to the same box.
    #[must_use]
    pub fn another_session(&self) -> Self {
        Self { staged: None, ..self.clone() }
    }

    /// The next order for that step meets this fault; further ones queue behind it.
    pub fn will(&self, step: Step, fault: Fault) {
        self.chassis().faults.entry(step).or_default().push_back(Some(fault));
    }

    /// The answer to the next order for that step that is carried out, or that finds the device away, waits: for time, which is
    /// the test's, or for something else.
    pub fn hold(&self, step: Step, until: impl Future<Output = ()> + Send + 'static) {
        self.chassis().held.insert(step, Held(Box::pin(until)));
    }

    /// The next order for that step meets nothing, whatever queues behind it.
    pub fn spare(&self, step: Step) {
        self.chassis().faults.entry(step).or_default().push_back(None);
    }

    /// The next orders for that step are lost, so many; zero ends what was told before.
    pub fn silence(&self, step: Step, orders: usize) {
        self.chassis().faults.insert(step, std::iter::repeat_n(Some(Fault::LostBefore), orders).collect());
    }

    /// Time goes by: a commit whose timer runs out is undone.
    pub fn pass(&self, time: Duration) {
        let mut chassis = self.chassis();
        if let Some((id, before, left)) = chassis.pending.take() {
            if left <= time {
                chassis.running = before;
            } else {
                chassis.pending = Some((id, before, left - time));
            }
        }
    }

    /// What it holds, seen from beside.
    pub fn truth(&self) -> DeviceConfig {
        self.chassis().running.clone()
    }

    /// How often its running configuration was written.
    pub fn writes(&self) -> usize {
        self.chassis().writes
    }

    /// Objects of others that stand on it.
    pub fn set_foreign(&self, foreign: Foreign) {
        self.chassis().foreign = foreign;
    }

    /// From now on it says this of what is around it; nothing, before that.
    pub fn set_surroundings(&self, surroundings: Surroundings) {
        self.chassis().surroundings = Some(surroundings);
    }

    /// Somebody else changes what is ours.
    pub fn tamper(&self, change: impl FnOnce(&mut DeviceConfig)) {
        change(&mut self.chassis().running);
    }

    /// Waits for what the answer to a step was told to wait for.
    async fn wait(&self, step: Step) {
        let held = self.chassis().held.remove(&step);
        if let Some(Held(until)) = held {
            until.await;
        }
    }

    /// Meets the fault of a step, where there is one, around what the step does. A lie does the step and undoes what it changed.
    async fn meet<T>(
        &mut self,
        step: Step,
        act: impl FnOnce(&mut Self) -> Result<T, ErrorKind>,
    ) -> Result<T, DeviceError> {
        let fault = self.chassis().faults.get_mut(&step).and_then(VecDeque::pop_front).flatten();
        let error = |kind| DeviceError { node: self.node.clone(), step, kind };
        let silent = || ErrorKind::Silent("the answer was lost".into());
        match fault {
            Some(Fault::Refuse) => Err(error(ErrorKind::Refused("told to refuse".into()))),
            Some(Fault::Shut) => Err(DeviceError {
                step: Step::Connect,
                ..error(ErrorKind::Refused("told to refuse the login".into()))
            }),
            Some(Fault::Away) => {
                let away = error(ErrorKind::Unreachable("told to be away".into()));
                self.wait(step).await;
                Err(away)
            }
            Some(Fault::LostBefore) => Err(error(silent())),
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::LostAfter) => {
                let lost = error(silent());
                let _ = act(self);
                Err(lost)
            }
            Some(Fault::Lie) => {
                let (node, before) = (self.node.clone(), self.truth());
                let answer = act(self);
                self.chassis().running = before;
                answer.map_err(|kind| DeviceError { node, step, kind })
            }
            None => {
                let node = self.node.clone();
                let answer = act(self).map_err(|kind| DeviceError { node, step, kind });
                self.wait(step).await;
                answer
            }
        }
    }
}

impl Device for FakeDevice {
    fn node(&self) -> &NodeId {
        &self.node
    }

    async fn capabilities(&mut self) -> Result<Capabilities, DeviceError> {
        Ok(Capabilities {
            protocol: "memory".into(),
            rollback: Rollback::ByDevice,
            modules: std::collections::BTreeSet::new(),
        })
    }

    async fn stage(&mut self, transaction: TransactionId, edits: &[Edit]) -> Result<(), DeviceError> {
        self.meet(Step::Stage, |device| {
            if let Some((other, ..)) = &device.chassis().pending {
                return Err(ErrorKind::Locked(format!("transaction {other} is pending")));
            }
            let mut config = device.truth();
            edits.iter().for_each(|edit| edit.apply(&mut config));
            device.staged = Some((transaction, config));
            Ok(())
        })
        .await
    }

    async fn commit(
        &mut self,
        transaction: TransactionId,
        confirm_within: Duration,
    ) -> Result<(), DeviceError> {
        self.meet(Step::Commit, |device| match device.staged.take() {
            Some((staged, config)) if staged == transaction => {
                let mut chassis = device.chassis();
                let before = std::mem::replace(&mut chassis.running, config);
                chassis.pending = Some((transaction, before, confirm_within));
                chassis.writes += 1;
                Ok(())
            }
            _ => Err(ErrorKind::Refused(format!("nothing is staged for {transaction}"))),
        })
        .await
    }

    async fn confirm(&mut self, transaction: TransactionId) -> Result<(), DeviceError> {
        self.meet(Step::Confirm, |device| {
            let mut chassis = device.chassis();
            match &chassis.pending {
                Some((pending, ..)) if *pending != transaction => {
                    Err(ErrorKind::Refused(format!("transaction {pending} is pending, not {transaction}")))
                }
                _ => {
                    chassis.pending = None;
                    Ok(())
                }
            }
        })
        .await
    }

    async fn cancel(&mut self, transaction: TransactionId) -> Result<(), DeviceError> {
        self.meet(Step::Cancel, |device| {
            device.staged = None;
            let mut chassis = device.chassis();
            match chassis.pending.take() {
                Some((pending, before, _)) if pending == transaction => {
                    chassis.running = before;
                    chassis.writes += 1;
                }
                other => chassis.pending = other,
            }
            Ok(())
        })
        .await
    }

    async fn rehearse(&mut self, _: &[Edit]) -> Result<Rehearsal, DeviceError> {
        self.meet(Step::Rehearse, |device| {
            let pending = device.chassis().pending.as_ref().map(|(id, ..)| *id);
            match device.staged.as_ref().map(|(id, _)| *id).or(pending) {
                Some(other) => Err(ErrorKind::Locked(format!("transaction {other} is under way"))),
                None => Ok(Rehearsal::Accepted),
            }
        })
        .await
    }

    /// It meets no fault: those that are planned for a reading are for the reading.
    async fn surroundings(&mut self) -> Result<Option<Surroundings>, DeviceError> {
        Ok(self.chassis().surroundings.clone())
    }

    async fn read(&mut self) -> Result<DeviceReading, DeviceError> {
        self.meet(Step::Read, |device| {
            let chassis = device.chassis();
            Ok(DeviceReading::Read {
                owned: chassis.running.clone(),
                foreign: chassis.foreign.clone(),
                at: Timestamp::default(),
            })
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Rig, judge};

    struct Memory(FakeDevice);

    impl Rig for Memory {
        type Device = FakeDevice;

        async fn session(&self) -> FakeDevice {
            self.0.another_session()
        }

        async fn truth(&self) -> DeviceConfig {
            self.0.truth()
        }

        async fn pass(&self, time: Duration) {
            self.0.pass(time);
        }
    }

    #[tokio::test]
    async fn the_fake_keeps_the_contract() {
        judge(&Memory(FakeDevice::new(NodeId::lit("fake")))).await;
    }
}
