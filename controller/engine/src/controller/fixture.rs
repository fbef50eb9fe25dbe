//! A controller of one fake device that nobody runs: tests call its parts.

use std::{collections::BTreeMap, time::Duration};

use device::fake::FakeDevice;
use model::NodeId;
use store::Journal;
use tokio::sync::mpsc;

use super::{Controller, Setup};
use crate::{handle::Engine, tasks::DeviceHandle};

/// The controller of `r1`, its way in, its journal, and the folder that holds it.
pub(super) async fn controller() -> (Controller, Engine, Journal, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let journal = Journal::open(&folder.path().join("journal")).expect("a new journal can be opened");
    let node = NodeId::lit("r1");
    let handle = DeviceHandle::spawn(FakeDevice::new(node.clone()), Duration::from_secs(1));
    let (_, samples) = mpsc::channel(1);
    let setup = Setup {
        ted: model::Ted::default(),
        devices: BTreeMap::from([(node, handle)]),
        protocols: BTreeMap::new(),
        samples,
        journal: journal.clone(),
        limits: assess::Limits::default(),
        most: crate::terms::Most::default(),
        read_every: Duration::from_secs(60),
        openings: 1,
        clock: crate::season::Clock::default(),
        learned: crate::learn::nobody(),
    };
    let (controller, engine) = Controller::start(setup).await.expect("an empty journal can be read");
    (controller, engine, journal, folder)
}
