//! One reader for each device: reads it once at the start and again at intervals, so that what others change is noticed.

use std::{sync::Arc, time::Duration};

use device::{DeviceError, ErrorKind};
use model::{DeviceReading, NodeId, Timestamp};
use tokio::{
    sync::{Semaphore, mpsc},
    time::sleep,
};

use crate::{clock, tasks::DeviceHandle};

/// What a reader brought.
#[derive(Debug)]
pub struct Seen {
    /// The device.
    pub node: NodeId,
    /// When the reading was begun.
    pub begun: Timestamp,
    /// What it holds, or why that is not known.
    pub result: Result<DeviceReading, DeviceError>,
}

/// How long after a failure a device is tried again: doubling up to a minute, spread over devices by their names, so that
/// a hundred routers behind one broken line do not all come at once.
fn pause(failures: u32, node: &NodeId) -> Duration {
    let base = 500_u64 << failures.min(7);
    let spread =
        node.as_str().bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    Duration::from_millis(base.min(60_000) + spread % (base / 2 + 1))
}

/// Reads once, out of turn, but through the same gate.
pub async fn read_once(handle: DeviceHandle, gate: Arc<Semaphore>, out: mpsc::Sender<Seen>) {
    let Ok(permit) = gate.acquire().await else { return };
    let begun = clock::now();
    let result = handle.read().await;
    drop(permit);
    // Nobody hears it where the controller has ended.
    let _ = out.send(Seen { node: handle.node().clone(), begun, result }).await;
}

/// Reads for ever. `gate` bounds how many devices are asked at once: real servers have short listen queues.
pub async fn read_on(handle: DeviceHandle, every: Duration, gate: Arc<Semaphore>, out: mpsc::Sender<Seen>) {
    let mut failures = 0;
    loop {
        let Ok(permit) = gate.acquire().await else { return };
        let begun = clock::now();
        let result = handle.read().await;
        drop(permit);
        let wait = match &result {
            Ok(_) => {
                failures = 0;
                every
            }
            Err(DeviceError { kind: ErrorKind::Untrusted(_), .. }) => Duration::from_secs(60),
            Err(_) => {
                failures += 1;
                pause(failures, handle.node())
            }
        };
        if out.send(Seen { node: handle.node().clone(), begun, result }).await.is_err() {
            return;
        }
        sleep(wait).await;
    }
}
