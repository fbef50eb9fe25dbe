//! A device for tests that tells of its modules and does nothing else.

use std::time::Duration;

use device::{Capabilities, Device, DeviceError, Module, Served};
use model::{DeviceReading, Edit, NodeId, Surroundings, TransactionId};

/// What such a device tells.
pub(crate) trait Tells: Send {
    /// Which modules it serves.
    fn serves(&mut self) -> Served;

    /// All modules of which it can be asked.
    fn modules(&mut self) -> Vec<Module> {
        unreachable!("nobody asks")
    }

    /// These modules with what stands in their texts.
    fn contents(&mut self, _: &[Module]) -> Vec<Module> {
        unreachable!("nobody asks")
    }

    /// What is around it.
    fn surroundings(&mut self) -> Result<Option<Surroundings>, DeviceError> {
        unreachable!("nobody asks")
    }
}

/// The device `r1`.
pub(crate) struct Teller<T> {
    node: NodeId,
    tells: T,
}

impl<T: Tells> Teller<T> {
    pub(crate) fn new(tells: T) -> Self {
        Self { node: NodeId::lit("r1"), tells }
    }
}

impl<T: Tells> Device for Teller<T> {
    fn node(&self) -> &NodeId {
        &self.node
    }
    async fn capabilities(&mut self) -> Result<Capabilities, DeviceError> {
        unreachable!("nobody asks")
    }
    async fn stage(&mut self, _: TransactionId, _: &[Edit]) -> Result<(), DeviceError> {
        unreachable!("nobody asks")
    }
    async fn commit(&mut self, _: TransactionId, _: Duration) -> Result<(), DeviceError> {
        unreachable!("nobody asks")
    }
    async fn confirm(&mut self, _: TransactionId) -> Result<(), DeviceError> {
        unreachable!("nobody asks")
    }
    async fn cancel(&mut self, _: TransactionId) -> Result<(), DeviceError> {
        unreachable!("nobody asks")
    }
    async fn read(&mut self) -> Result<DeviceReading, DeviceError> {
        unreachable!("nobody asks")
    }
    async fn serves(&mut self) -> Result<Served, DeviceError> {
        Ok(self.tells.serves())
    }
    async fn modules(&mut self) -> Result<Vec<Module>, DeviceError> {
        Ok(self.tells.modules())
    }
    async fn contents(&mut self, modules: &[Module]) -> Result<Vec<Module>, DeviceError> {
        Ok(self.tells.contents(modules))
    }
    async fn surroundings(&mut self) -> Result<Option<Surroundings>, DeviceError> {
        self.tells.surroundings()
    }
}
