//! The contract of devices, judged over real TLS in every dialect: with commit confirmed, and with pre-images in memory and in a
//! folder. And what a dialect has no words for.

use std::sync::Arc;
use std::time::Duration;

use device::contract::{Rig, judge, sample_edits};
use device::{Device as _, ErrorKind, Step};
use dialects::Dialect;
use gnmi::{FilePreImages, GnmiDevice, MemoryPreImages, PreImages};
use model::{DeviceConfig, Edit, NodeId, TransactionId};

use crate::support::tree::{ADDRESS, TreeDevice, edits};

/// How the sessions of a rig come by the pre-images.
enum Place {
    Shared(Arc<MemoryPreImages>),
    /// Opened anew for each session, as after a restart.
    Folder(tempfile::TempDir),
}

struct Bench {
    dialect: Dialect,
    device: TreeDevice,
    place: Place,
}

impl Rig for Bench {
    type Device = GnmiDevice;

    fn edits(&self, number: u32) -> Vec<Edit> {
        edits(self.dialect, number)
    }

    fn can_rehearse(&self) -> bool {
        false
    }

    async fn session(&self) -> GnmiDevice {
        let place: Arc<dyn PreImages> = match &self.place {
            Place::Shared(memory) => memory.clone(),
            Place::Folder(folder) => Arc::new(FilePreImages::new(folder.path()).expect("a folder")),
        };
        GnmiDevice::new(NodeId::lit("r1"), self.device.target(), place).speaking(self.dialect, ADDRESS)
    }

    async fn truth(&self) -> DeviceConfig {
        self.device.holds().0
    }

    async fn pass(&self, time: Duration) {
        self.device.pass(time);
    }
}

async fn keeps_the_contract(commit_confirmed: bool, place: impl Fn() -> Place) {
    for dialect in Dialect::ALL.into_iter().filter(|dialect| dialect.has_words()) {
        let device = TreeDevice::speaking(dialect, commit_confirmed).await;
        let bench = Bench { dialect, device, place: place() };
        let foreign = bench.device.holds().1;
        assert_eq!(foreign.policies.len(), 1, "{dialect}");
        judge(&bench).await;
        assert_eq!(bench.device.holds().1, foreign, "{dialect}: what is not ours was touched");
        if let Place::Folder(folder) = &bench.place {
            let left = std::fs::read_dir(folder.path()).expect("a folder").count();
            assert_eq!(left, 0, "{dialect}: pre-images of finished transactions were left");
        }
        bench.device.stop().await;
    }
}

#[tokio::test]
async fn a_device_with_commit_confirmed_keeps_the_contract() {
    keeps_the_contract(true, || Place::Shared(Arc::default())).await;
}

#[tokio::test]
async fn a_device_without_commit_confirmed_keeps_the_contract() {
    keeps_the_contract(false, || Place::Shared(Arc::default())).await;
}

#[tokio::test]
async fn the_contract_is_kept_by_pre_images_in_a_folder() {
    keeps_the_contract(false, || Place::Folder(tempfile::tempdir().expect("a folder"))).await;
}

#[tokio::test]
async fn what_a_dialect_cannot_say_or_a_device_does_not_serve_is_refused_before_anything_is_sent() {
    for dialect in Dialect::ALL.into_iter().filter(|dialect| dialect.needs_held()) {
        for commit_confirmed in [true, false] {
            let device = TreeDevice::speaking(dialect, commit_confirmed).await;
            let bench = Bench { dialect, device, place: Place::Shared(Arc::default()) };
            let refused = async |edits: &[Edit]| {
                let error = bench.session().await.stage(TransactionId(1), edits).await.expect_err("refused");
                assert_eq!(error.step, Step::Stage);
                match error.kind {
                    ErrorKind::Unsupported(why) => why,
                    other => panic!("{dialect}: {other}"),
                }
            };
            let why = refused(&sample_edits(1)).await;
            assert!(why.starts_with(&format!("dialect {dialect} cannot carry ")), "{why}");
            bench.device.chassis().modules = vec!["openconfig-qos"];
            let why = refused(&edits(dialect, 1)).await;
            assert!(why.starts_with("it does not serve the module "), "{why}");
            assert_eq!(bench.device.chassis().writes, 0);
            bench.device.stop().await;
        }
    }
}

#[tokio::test]
async fn no_vrf_is_made_for_a_rule_that_has_none() {
    let dialect = Dialect::Huawei;
    for commit_confirmed in [true, false] {
        let device = TreeDevice::speaking(dialect, commit_confirmed).await;
        let bench = Bench { dialect, device, place: Place::Shared(Arc::default()) };
        let before = bench.device.holds();
        let strange = |edit: Edit| match edit {
            Edit::PutSteering(mut rule) => {
                rule.key.vrf = "misspelt".parse().expect("a name");
                Edit::PutSteering(rule)
            }
            other => other,
        };
        let strange: Vec<Edit> = edits(dialect, 1).into_iter().map(strange).collect();
        let error = bench.session().await.stage(TransactionId(1), &strange).await.expect_err("refused");
        let ErrorKind::Unsupported(why) = &error.kind else { panic!("{error}") };
        assert!(why.starts_with("vrf misspelt has no routing table for 10.16.0.0/16"), "{why}");
        assert_eq!((bench.device.holds(), bench.device.chassis().writes), (before, 0));
        bench.device.stop().await;
    }
}
