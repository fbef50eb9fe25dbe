//! A device that cannot be driven because what it needs, such as its login key, cannot be had here. It answers every order with
//! the reason, so that it is shown as any other device that is down, and changes leave it out.

use std::time::Duration;

use device::{Capabilities, Device, DeviceError, ErrorKind, Module, Rehearsal, Served, Step};
use model::{DeviceReading, Edit, NodeId, Surroundings, TransactionId};

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

    async fn surroundings(&mut self) -> Result<Option<Surroundings>, DeviceError> {
        self.answer(Step::Read)
    }

    async fn serves(&mut self) -> Result<Served, DeviceError> {
        self.answer(Step::Read)
    }

    async fn modules(&mut self) -> Result<Vec<Module>, DeviceError> {
        self.answer(Step::Read)
    }

    async fn contents(&mut self, _: &[Module]) -> Result<Vec<Module>, DeviceError> {
        self.answer(Step::Read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whatever_it_is_asked_it_says_why_it_is_of_no_use() {
        let mut device = Unusable { node: NodeId::lit("r1"), why: "WHY".to_owned() };
        let expected = "r1, read: it cannot be reached: WHY";
        assert_eq!(device.read().await.unwrap_err().to_string(), expected);
        assert_eq!(device.serves().await.unwrap_err().to_string(), expected);
        assert_eq!(device.modules().await.unwrap_err().to_string(), expected);
        assert_eq!(device.contents(&[]).await.unwrap_err().to_string(), expected);
        assert_eq!(device.surroundings().await.unwrap_err().to_string(), expected);
        let refused = device.rehearse(&[]).await.unwrap_err();
        assert!(matches!(refused.kind, ErrorKind::Unreachable(_)), "{refused}");
    }
}
