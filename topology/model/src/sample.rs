//! What telemetry brings: one measure of one interface or queue at one moment.

use serde::{Deserialize, Serialize};

use crate::{
    id::{InterfaceName, NodeId, QueueName},
    time::Timestamp,
    unit::{Delay, Jitter, Loss},
};

/// Something measured. Counters grow from the device's start; a smaller one than before means that it started again.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Measure {
    /// Whether the interface is up.
    Up(bool),
    /// Octets sent.
    OutOctets(u64),
    /// Octets sent from a queue.
    QueueOctets(QueueName, u64),
    /// Packets that a queue dropped.
    QueueDrops(QueueName, u64),
    /// Delay of the link in the sending direction, one-way.
    Delay(Delay),
    /// Its variation.
    Jitter(Jitter),
    /// Its loss.
    Loss(Loss),
}

/// A measure with its place and moment.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The device.
    pub node: NodeId,
    /// Its interface.
    pub interface: InterfaceName,
    /// When the device took it.
    pub at: Timestamp,
    /// What it is.
    pub measure: Measure,
}
