//! A device that cannot be driven because what it needs, such as its login key, cannot be had here. It answers every order with
//! the reason, so that it is shown as any other device that is down, and changes leave it out.

use std::time::Duration;

use device::{Capabilities, Device, DeviceError, ErrorKind, Rehearsal, Step};
use model::{DeviceReading, Edit, NodeId, TransactionId};

/// The device, and why it is of no use.
#[derive(Clone, Debug)]
pub struct Unusable {
    /// Its name.
    pub node: NodeId,
    /// What is missing, and what to do.
    pub why: String,
}

impl Unusable {
    fn answer<T>(&self, step: Step) -> Result<T, DeviceError> {
        let kind = ErrorKind::Unreachable(self.why.clone());
        Err(DeviceError { node: self.node.clone(), step, kind })
    }
}

impl Device for Unusable {
    fn node(&self) -> &NodeId {
        &self.node
    }

    async fn capabilities(&mut self) -> Result<Capabilities, DeviceError> {
        self.answer(Step::Connect)
    }

    async fn stage(&mut self, _: TransactionId, _: &[Edit]) -> Result<(), DeviceError> {
        self.answer(Step::Stage)
    }

    async fn commit(&mut self, _: TransactionId, _: Duration) -> Result<(), DeviceError> {
        self.answer(Step::Commit)
    }

    async fn confirm(&mut self, _: TransactionId) -> Result<(), DeviceError> {
        self.answer(Step::Confirm)
    }

    async fn cancel(&mut self, _: TransactionId) -> Result<(), DeviceError> {
        self.answer(Step::Cancel)
    }

    async fn rehearse(&mut self, _: &[Edit]) -> Result<Rehearsal, DeviceError> {
        self.answer(Step::Rehearse)
    }

    async fn read(&mut self) -> Result<DeviceReading, DeviceError> {
        self.answer(Step::Read)
    }
}
