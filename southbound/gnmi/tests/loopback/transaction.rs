//! A transaction on one device when things go wrong.

use std::sync::Arc;
use std::time::Duration;

use device::contract::sample_edits;
use device::{Device, DeviceError, ErrorKind, Rollback, Step};
use gnmi::{GnmiDevice, MemoryPreImages, PreImages};
use model::{DeviceConfig, Edit, NodeId, TransactionId};
use tokio::net::TcpListener;

use crate::support::tree::{Fault, TreeDevice};
use crate::support::{Authority, target};

const MINUTE: Duration = Duration::from_secs(60);
const ID: TransactionId = TransactionId(7);

fn node() -> NodeId {
    NodeId::lit("r1")
}

fn after(edits: &[Edit]) -> DeviceConfig {
    let mut config = DeviceConfig::default();
    edits.iter().for_each(|edit| edit.apply(&mut config));
    config
}

/// A box, a session to it, and its pre-images.
async fn rig(commit_confirmed: bool) -> (TreeDevice, GnmiDevice, Arc<MemoryPreImages>) {
    let rig = TreeDevice::start(commit_confirmed).await;
    let place = Arc::new(MemoryPreImages::new());
    let device = GnmiDevice::new(node(), rig.target(), place.clone());
    (rig, device, place)
}

async fn committed(device: &mut GnmiDevice, edits: &[Edit]) -> Result<(), DeviceError> {
    device.stage(ID, edits).await?;
    device.commit(ID, MINUTE).await
}

#[tokio::test]
async fn capabilities_tell_how_a_commit_goes_back() {
    for (commit_confirmed, rollback) in [(true, Rollback::ByDevice), (false, Rollback::ByPreImage)] {
        let (rig, mut device, _) = rig(commit_confirmed).await;
        let said = device.capabilities().await.expect("it answers");
        assert_eq!((said.protocol.as_str(), said.rollback), ("gnmi", rollback));
        assert!(said.modules.contains("openconfig-qos@2026-01-01"), "{:?}", said.modules);
        rig.stop().await;
    }
}

#[tokio::test]
async fn models_that_a_device_does_not_name_are_lacking() {
    let (rig, mut device, _) = rig(true).await;
    let served = device.serves().await.expect("it answers");
    assert!(served.modules.iter().any(|module| module.label() == "openconfig-qos@2026-01-01"));
    assert!(served.lacks.is_empty(), "{:?}", served.lacks);
    // Its texts are not to be had.
    let known = device.contents(&served.modules).await.expect("it answers");
    assert_eq!(known, served.modules);
    let place = Arc::new(MemoryPreImages::new());
    let other = GnmiDevice::new(node(), rig.target(), place);
    let address = std::net::Ipv4Addr::LOCALHOST.into();
    let served = other.speaking(dialects::Dialect::Ietf, address).serves().await.expect("it answers");
    assert_eq!(served.lacks.get("ietf-routing"), Some(&device::Lack::Module), "{:?}", served.lacks);
    rig.stop().await;
}

#[tokio::test]
async fn a_refused_commit_changes_nothing_and_leaves_no_pre_image() {
    let (rig, mut device, place) = rig(false).await;
    rig.chassis().faults.push_back(Fault::Refuse);
    let error = committed(&mut device, &sample_edits(1)).await.expect_err("told to refuse");
    assert_eq!(error.step, Step::Commit);
    assert!(matches!(error.kind, ErrorKind::Refused(_)), "{error}");
    assert!(rig.holds().0.is_empty() && place.pending(&node()).expect("told").is_empty());
    rig.stop().await;
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_unknown_and_can_be_cancelled() {
    for commit_confirmed in [true, false] {
        for fault in [Fault::LoseAnswer, Fault::LoseRequest] {
            let (rig, mut device, place) = rig(commit_confirmed).await;
            rig.chassis().faults.push_back(fault);
            let error = committed(&mut device, &sample_edits(1)).await.expect_err("no answer");
            assert!(error.is_outcome_unknown(), "{error}");
            assert_eq!(rig.holds().0.is_empty(), fault == Fault::LoseRequest);
            // The controller starts again.
            let mut device = GnmiDevice::new(node(), rig.target(), place.clone());
            for _ in 0..2 {
                device.cancel(ID).await.expect("the device answers again");
                assert!(rig.holds().0.is_empty());
            }
            assert!(place.pending(&node()).expect("told").is_empty());
            rig.stop().await;
        }
    }
}

#[tokio::test]
async fn a_commit_that_takes_effect_after_the_first_look_is_undone() {
    let (rig, mut device, place) = rig(false).await;
    // Between the silence of the commit and the second look of the cancel, which are one deadline apart.
    let deadline = rig.target().limits.deadline;
    rig.chassis().faults.push_back(Fault::Late(deadline * 3 / 2));
    let error = committed(&mut device, &sample_edits(1)).await.expect_err("no answer");
    assert!(error.is_outcome_unknown(), "{error}");
    // The controller starts again: that the commit was silent is known from the pre-image alone.
    let mut device = GnmiDevice::new(node(), rig.target(), place.clone());
    device.cancel(ID).await.expect("the device answers again");
    let in_effect = async {
        while rig.chassis().writes == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(MINUTE, in_effect).await.expect("the device comes back to the Set");
    assert!(rig.holds().0.is_empty(), "the commit was called undone and took effect afterwards");
    assert!(place.pending(&node()).expect("told").is_empty());
    rig.stop().await;
}

#[tokio::test]
async fn a_commit_is_repeated_without_losing_what_was_before() {
    let (rig, mut device, _) = rig(false).await;
    rig.chassis().faults.push_back(Fault::LoseAnswer);
    committed(&mut device, &sample_edits(1)).await.expect_err("no answer");
    committed(&mut device, &sample_edits(1)).await.expect("the device answers again");
    assert!(!rig.holds().0.is_empty());
    device.cancel(ID).await.expect("it can be undone");
    assert!(rig.holds().0.is_empty(), "the pre-image was taken after the first commit");
    rig.stop().await;
}

#[tokio::test]
async fn a_cancel_that_is_refused_can_be_repeated() {
    let (rig, mut device, place) = rig(false).await;
    committed(&mut device, &sample_edits(1)).await.expect("committed");
    rig.chassis().faults.push_back(Fault::Refuse);
    device.cancel(ID).await.expect_err("told to refuse");
    assert!(!place.pending(&node()).expect("told").is_empty(), "the way back is lost");
    device.cancel(ID).await.expect("it can be undone");
    assert!(rig.holds().0.is_empty());
    rig.stop().await;
}

#[tokio::test]
async fn a_second_transaction_waits_for_the_first() {
    for commit_confirmed in [true, false] {
        let (rig, mut device, place) = rig(commit_confirmed).await;
        committed(&mut device, &sample_edits(1)).await.expect("committed");
        let mut other = GnmiDevice::new(node(), rig.target(), place.clone());
        let id = TransactionId(8);
        let tried = match other.stage(id, &sample_edits(2)).await {
            Ok(()) => other.commit(id, MINUTE).await,
            refused => refused,
        };
        let error = tried.expect_err("the first is not confirmed");
        assert!(matches!(error.kind, ErrorKind::Locked(_)), "{error}");
        // Cancelling the one that waits for nothing does not touch the other.
        other.cancel(id).await.expect("nothing is there");
        assert_eq!(rig.holds().0, after(&sample_edits(1)));
        rig.stop().await;
    }
}

#[tokio::test]
async fn a_confirmation_that_comes_too_late_is_an_error() {
    let (rig, mut device, _) = rig(true).await;
    committed(&mut device, &sample_edits(1)).await.expect("committed");
    rig.pass(MINUTE * 2);
    let error = device.confirm(ID).await.expect_err("it has gone back");
    assert!(matches!(error.kind, ErrorKind::Refused(_)), "{error}");
    rig.stop().await;
}

#[tokio::test]
async fn a_device_that_lacks_a_module_says_so_before_anything_is_sent() {
    let (rig, mut device, _) = rig(true).await;
    rig.chassis().modules = vec!["openconfig-qos"];
    let error = device.stage(ID, &sample_edits(1)).await.expect_err("it has no policies");
    assert!(matches!(&error.kind, ErrorKind::Unsupported(why) if why.contains("module")), "{error}");
    assert_eq!(rig.chassis().writes, 0);
    rig.stop().await;
}

#[tokio::test]
async fn what_was_put_and_then_removed_is_not_there() {
    let (rig, mut device, _) = rig(true).await;
    let mut edits = sample_edits(1);
    edits.extend(gnmi::edits::edits_between(&after(&edits), &DeviceConfig::default()));
    committed(&mut device, &edits).await.expect("committed");
    assert!(rig.holds().0.is_empty());
    rig.stop().await;
}

#[tokio::test]
async fn nothing_is_staged_for_another_transaction() {
    let (rig, mut device, _) = rig(true).await;
    device.stage(ID, &sample_edits(1)).await.expect("staged");
    let error = device.commit(TransactionId(8), MINUTE).await.expect_err("another transaction");
    assert!(matches!(error.kind, ErrorKind::Refused(_)), "{error}");
    assert_eq!(rig.chassis().writes, 0);
    rig.stop().await;
}

#[tokio::test]
async fn a_device_that_is_down_or_strange_is_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    let address = listener.local_addr().expect("its address").to_string();
    drop(listener);
    let nowhere = target(address, Authority::new().client());
    let mut down = GnmiDevice::new(node(), nowhere, Arc::new(MemoryPreImages::new()));
    let error = down.read().await.expect_err("nobody listens");
    assert_eq!(error.step, Step::Connect);
    assert!(matches!(error.kind, ErrorKind::Unreachable(_)), "{error}");

    let (rig, ..) = rig(true).await;
    let mut strange = rig.target();
    strange.tls = Authority::named("stranger").client();
    let mut strange = GnmiDevice::new(node(), strange, Arc::new(MemoryPreImages::new()));
    let error = strange.read().await.expect_err("another authority");
    assert!(matches!(error.kind, ErrorKind::Untrusted(_)), "{error}");
    rig.stop().await;
}
