//! The contract of devices, judged over real TLS: with commit confirmed, and with pre-images in memory and in a folder.

use std::sync::Arc;
use std::time::Duration;

use device::contract::{Rig, judge};
use gnmi::{FilePreImages, GnmiDevice, MemoryPreImages, PreImages};
use model::{DeviceConfig, NodeId};

use crate::support::tree::TreeDevice;

/// How the sessions of a rig come by the pre-images.
enum Place {
    Shared(Arc<MemoryPreImages>),
    /// Opened anew for each session, as after a restart.
    Folder(tempfile::TempDir),
}

struct Bench {
    device: TreeDevice,
    place: Place,
}

impl Rig for Bench {
    type Device = GnmiDevice;

    async fn session(&self) -> GnmiDevice {
        let place: Arc<dyn PreImages> = match &self.place {
            Place::Shared(memory) => memory.clone(),
            Place::Folder(folder) => Arc::new(FilePreImages::new(folder.path()).expect("a folder")),
        };
        GnmiDevice::new(NodeId::lit("r1"), self.device.target(), place)
    }

    async fn truth(&self) -> DeviceConfig {
        self.device.holds().0
    }

    async fn pass(&self, time: Duration) {
        self.device.pass(time);
    }
}

async fn keeps_the_contract(commit_confirmed: bool, place: Place) {
    let bench = Bench { device: TreeDevice::start(commit_confirmed).await, place };
    let foreign = bench.device.holds().1;
    assert_eq!(foreign.policies.len(), 1);
    judge(&bench).await;
    assert_eq!(bench.device.holds().1, foreign, "what is not ours was touched");
    if let Place::Folder(folder) = &bench.place {
        let left = std::fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(left, 0, "pre-images of finished transactions were left");
    }
    bench.device.stop().await;
}

#[tokio::test]
async fn a_device_with_commit_confirmed_keeps_the_contract() {
    keeps_the_contract(true, Place::Shared(Arc::default())).await;
}

#[tokio::test]
async fn a_device_without_commit_confirmed_keeps_the_contract() {
    keeps_the_contract(false, Place::Shared(Arc::default())).await;
}

#[tokio::test]
async fn the_contract_is_kept_by_pre_images_in_a_folder() {
    keeps_the_contract(false, Place::Folder(tempfile::tempdir().expect("a folder"))).await;
}
