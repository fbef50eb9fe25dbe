//! The device against a NETCONF server over SSH, or over TLS, in this process.

mod around;
mod chassis;
mod secure;
mod served;
mod spoken;
mod tree;
mod ways;

use device::contract::{Rig, removal, sample_edits};
use model::DeviceConfig;

use super::*;
use crate::ns;
use crate::operation::Datastore;
use crate::rpc_error::ErrorTag;
use chassis::{Chamber, FULL, Fault};
use spoken::{ADDRESS, edits};

const LONG: Duration = Duration::from_secs(60);
const ONE: TransactionId = TransactionId(1);
const TWO: TransactionId = TransactionId(2);

/// Patient with a slow machine; impatient only where a test lets a device hang.
fn manners() -> Manners {
    Manners { patience: Duration::from_secs(10), ..Manners::default() }
}

fn device_with(chamber: &Chamber, manners: Manners) -> NetconfDevice {
    let options = Options { manners, ..Options::default() };
    let device = NetconfDevice::new(NodeId::lit("r1"), chamber.target(), options);
    device.speaking(chamber.dialect, ADDRESS).keeping(chamber.pre_images.clone())
}

fn device(chamber: &Chamber) -> NetconfDevice {
    device_with(chamber, manners())
}

async fn committed(chamber: &Chamber) -> NetconfDevice {
    let mut device = device(chamber);
    device.stage(ONE, &sample_edits(1)).await.unwrap();
    device.commit(ONE, LONG).await.unwrap();
    device
}

fn kind<T: std::fmt::Debug>(outcome: Result<T, DeviceError>) -> ErrorKind {
    outcome.unwrap_err().kind
}

/// Waits until the box has noticed the end of every session that held a lock.
async fn forgotten(chamber: &Chamber) {
    let noticed = async {
        while !chamber.locks().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), noticed).await.unwrap();
}

impl Rig for Chamber {
    type Device = NetconfDevice;

    fn edits(&self, number: u32) -> Vec<Edit> {
        edits(self.dialect, number)
    }

    fn can_rehearse(&self) -> bool {
        let offers = |part: &str| self.offered.iter().any(|capability| capability.contains(part));
        offers(":validate:1.1") || (offers(":validate:1.0") && offers(":candidate:1.0"))
    }

    async fn session(&self) -> NetconfDevice {
        device(self)
    }

    async fn truth(&self) -> DeviceConfig {
        Self::truth(self)
    }

    async fn pass(&self, time: Duration) {
        Self::pass(self, time);
    }
}

#[tokio::test]
async fn the_hello_tells_what_it_can_do() {
    let chamber = Chamber::start(&FULL).await;
    let can = device(&chamber).capabilities().await.unwrap();
    assert_eq!((can.protocol.as_str(), can.rollback), ("netconf", Rollback::ByDevice));
    assert!(can.modules.contains("openconfig-qos@2023-01-01"), "{:?}", can.modules);
}

#[tokio::test]
async fn a_session_that_was_opened_elsewhere_serves_until_it_ends() {
    let chamber = Chamber::start(&FULL).await;
    let session = chamber.target().open(&session::Options::default(), Instant::now() + LONG).await.unwrap();
    let Target::Ssh(mut nowhere) = chamber.target() else { panic!("it is an SSH server") };
    nowhere.address = "127.0.0.1:1".into();
    let device = NetconfDevice::new(NodeId::lit("r1"), nowhere, Options::default());
    let mut device = device.beginning_on(session.clone());
    device.stage(ONE, &sample_edits(1)).await.unwrap();
    device.commit(ONE, LONG).await.unwrap();
    device.confirm(ONE).await.unwrap();
    assert!(!chamber.truth().is_empty());
    session.abort();
    session.ended().await;
    assert!(matches!(kind(device.read().await), ErrorKind::Unreachable(_)));
}

#[tokio::test]
async fn a_device_that_cannot_be_changed_is_told_apart_before_anything_is_locked() {
    let chamber = Chamber::start(Box::leak(FULL[..2].into())).await;
    let mut device = device(&chamber);
    let ErrorKind::Unsupported(text) = kind(device.stage(ONE, &sample_edits(1)).await) else { panic!() };
    assert!(text.contains(":candidate") && text.contains(":writable-running"), "{text}");
    assert_eq!(chamber.chassis().log, Vec::<String>::new());
    assert_eq!(device.capabilities().await.unwrap().rollback, Rollback::ByPreImage);
    device.cancel(ONE).await.unwrap();
}

#[tokio::test]
async fn a_refused_edit_carries_every_error_and_leaves_nothing_behind() {
    let chamber = Chamber::start(&FULL).await;
    let mut device = device(&chamber);
    chamber.will("edit-config", Fault::Refuse);
    let ErrorKind::Refused(text) = kind(device.stage(ONE, &sample_edits(1)).await) else { panic!() };
    assert!(text.contains("/one") && text.contains("/two"), "{text}");
    assert_eq!(chamber.locks(), []);
    assert!(matches!(kind(device.commit(ONE, LONG).await), ErrorKind::Refused(_)));
    assert!(!chamber.chassis().log.contains(&"commit".into()), "nothing was staged, so nothing is committed");
    device.stage(TWO, &sample_edits(2)).await.unwrap();
    assert_eq!(chamber.sessions(), 1, "a refusal costs no session");
}

#[tokio::test]
async fn a_lock_held_by_another_names_its_holder() {
    let chamber = Chamber::start(&FULL).await;
    let mut first = device(&chamber);
    first.stage(ONE, &sample_edits(1)).await.unwrap();
    let hasty = Manners { patience: Duration::from_millis(50), ..manners() };
    let mut second = device_with(&chamber, hasty);
    let ErrorKind::Locked(text) = kind(second.stage(TWO, &sample_edits(2)).await) else { panic!() };
    assert!(text.contains("session 1"), "{text}");
    first.cancel(ONE).await.unwrap();
    second.stage(TWO, &sample_edits(2)).await.unwrap();
}

#[tokio::test]
async fn an_answer_that_does_not_come_leaves_the_outcome_unknown_and_a_new_session_undoes_it() {
    let short = Manners { work: Duration::from_secs(1), ..manners() };
    for fault in [Fault::Hang, Fault::Close, Fault::Garbage] {
        let chamber = Chamber::start(&FULL).await;
        let mut device = device_with(&chamber, if fault == Fault::Hang { short } else { manners() });
        device.stage(ONE, &sample_edits(1)).await.unwrap();
        chamber.will("commit", fault);
        let error = device.commit(ONE, LONG).await.unwrap_err();
        assert!(error.is_outcome_unknown(), "{fault:?}: {error}");
        assert_eq!(matches!(error.kind, ErrorKind::Garbage(_)), fault == Fault::Garbage, "{error}");
        assert!(chamber.is_pending(), "{fault:?}: the box did it all the same");
        device.cancel(ONE).await.unwrap();
        assert!(chamber.truth().is_empty(), "{fault:?}");
        assert_eq!((chamber.sessions(), chamber.is_pending()), (2, false), "{fault:?}");
        assert_eq!(chamber.locks(), [], "{fault:?}");
    }
}

#[tokio::test]
async fn a_cancel_while_another_session_may_be_at_its_commit_is_unknown() {
    let short = Manners { work: Duration::from_secs(1), patience: Duration::from_millis(50), ..manners() };
    for lock_running in [true, false] {
        let chamber = Chamber::start(&FULL).await;
        // What RFC 6241 says of an unknown persist-id.
        chamber.chassis().nothing = [ErrorTag::InvalidValue, ErrorTag::InvalidValue];
        let mut device = device_with(&chamber, Manners { lock_running, ..short });
        device.stage(ONE, &sample_edits(1)).await.unwrap();
        chamber.will("commit", Fault::Late);
        assert!(matches!(kind(device.commit(ONE, LONG).await), ErrorKind::Silent(_)));
        for _ in 0..2 {
            let ErrorKind::Silent(text) = kind(device.cancel(ONE).await) else { panic!("{lock_running}") };
            assert!(text.contains("session 1 holds the candidate"), "{text}");
        }
        assert!(!chamber.is_pending());
        chamber.go_on();
        // The box works it off and forgets the session.
        forgotten(&chamber).await;
        assert!(chamber.is_pending());
        device.cancel(ONE).await.unwrap();
        assert!(chamber.truth().is_empty());
        assert_eq!((chamber.is_pending(), chamber.locks()), (false, vec![]));
    }
}

#[tokio::test]
async fn a_cancel_asks_again_when_the_session_that_was_cut_is_forgotten() {
    let chamber = Chamber::start(&FULL).await;
    chamber.chassis().nothing = [ErrorTag::InvalidValue, ErrorTag::InvalidValue];
    let mut first = device(&chamber);
    first.stage(ONE, &sample_edits(1)).await.unwrap();
    let mut second = device(&chamber);
    let (cancelled, ()) = tokio::join!(second.cancel(ONE), async {
        while !chamber.chassis().log.contains(&"cancel-commit".into()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        drop(first);
    });
    cancelled.unwrap();
    assert_eq!(chamber.locks(), []);
}

#[tokio::test]
async fn a_refused_commit_can_be_cancelled() {
    let chamber = Chamber::start(&FULL).await;
    let mut device = device(&chamber);
    device.stage(ONE, &sample_edits(1)).await.unwrap();
    chamber.will("commit", Fault::Refuse);
    assert!(matches!(kind(device.commit(ONE, LONG).await), ErrorKind::Refused(_)));
    device.cancel(ONE).await.unwrap();
    assert!(chamber.truth().is_empty());
    assert_eq!(chamber.locks(), []);
}

#[tokio::test]
async fn a_session_that_died_after_staging_has_nothing_to_commit() {
    let chamber = Chamber::start(&FULL).await;
    let mut device = device(&chamber);
    device.stage(ONE, &sample_edits(1)).await.unwrap();
    device.open.as_ref().unwrap().session().abort();
    device.open.as_ref().unwrap().session().ended().await;
    assert!(matches!(kind(device.commit(ONE, LONG).await), ErrorKind::Refused(_)));
    device.stage(ONE, &sample_edits(1)).await.unwrap();
    device.commit(ONE, LONG).await.unwrap();
    assert_eq!(chamber.sessions(), 2);
}

#[tokio::test]
async fn a_caller_that_gives_up_costs_the_session_and_nothing_else() {
    let chamber = Chamber::start(&FULL).await;
    let mut device = device(&chamber);
    device.stage(ONE, &sample_edits(1)).await.unwrap();
    chamber.will("commit", Fault::Hang);
    let gave_up = tokio::time::timeout(Duration::from_millis(500), device.commit(ONE, LONG)).await;
    assert!(gave_up.is_err());
    device.confirm(ONE).await.unwrap();
    assert_eq!((chamber.sessions(), chamber.is_pending()), (2, false));
    assert!(!chamber.truth().is_empty());
}

#[tokio::test]
async fn a_confirm_whose_answer_was_lost_is_settled_by_reading_back() {
    let chamber = Chamber::start(&FULL).await;
    let mut device = committed(&chamber).await;
    chamber.will("commit", Fault::Close);
    assert!(matches!(kind(device.confirm(ONE).await), ErrorKind::Silent(_)));
    device.confirm(ONE).await.unwrap();
    assert_eq!(chamber.chassis().log.last().map(String::as_str), Some("get-config"));
}

#[tokio::test]
async fn a_refused_confirm_gives_the_locks_back_and_can_be_repeated() {
    let chamber = Chamber::start(&FULL).await;
    let mut device = committed(&chamber).await;
    chamber.will("commit", Fault::Refuse);
    assert!(matches!(kind(device.confirm(ONE).await), ErrorKind::Refused(_)));
    assert_eq!((chamber.locks(), chamber.is_pending()), (vec![], true));
    device.confirm(ONE).await.unwrap();
    assert_eq!((chamber.locks(), chamber.is_pending()), (vec![], false));
    assert!(!chamber.truth().is_empty());
}

#[tokio::test]
async fn a_refused_confirm_is_not_taken_for_done_where_its_own_session_may_lock() {
    let chamber = Chamber::start(&FULL).await;
    chamber.chassis().is_lax = true;
    let mut device = committed(&chamber).await;
    chamber.will("commit", Fault::Refuse);
    assert!(matches!(kind(device.confirm(ONE).await), ErrorKind::Refused(_)));
    assert!(chamber.is_pending());
    device.confirm(ONE).await.unwrap();
    assert!(!chamber.is_pending());
}

#[tokio::test]
async fn a_confirm_of_what_is_permanent_is_done_whatever_the_device_calls_it() {
    let chamber = Chamber::start(&FULL).await;
    chamber.chassis().nothing = [ErrorTag::OperationFailed, ErrorTag::DataMissing];
    let mut device = committed(&chamber).await;
    chamber.will("commit", Fault::Close);
    assert!(matches!(kind(device.confirm(ONE).await), ErrorKind::Silent(_)));
    for _ in 0..2 {
        device.confirm(ONE).await.unwrap();
        assert_eq!(chamber.locks(), []);
    }
    assert!(!chamber.truth().is_empty());
    // One that was taken back is never called done.
    device.stage(TWO, &sample_edits(2)).await.unwrap();
    device.commit(TWO, LONG).await.unwrap();
    chamber.pass(LONG);
    assert!(matches!(kind(device.confirm(TWO).await), ErrorKind::Refused(_)));
    assert_eq!(chamber.locks(), []);
}

#[tokio::test]
async fn a_confirm_that_comes_too_late_is_not_called_done() {
    let chamber = Chamber::start(&FULL).await;
    let mut device = committed(&chamber).await;
    chamber.pass(LONG);
    let ErrorKind::Refused(text) = kind(device.confirm(ONE).await) else { panic!() };
    assert!(text.contains("rolled back"), "{text}");
    device.cancel(ONE).await.unwrap();
    assert_eq!(chamber.locks(), []);
}

#[tokio::test]
async fn a_confirm_from_another_session_never_takes_what_somebody_left_in_the_candidate() {
    let chamber = Chamber::start(&FULL).await;
    drop(committed(&chamber).await);
    let hasty = Manners { patience: Duration::from_millis(50), ..manners() };
    let mut other = device_with(&chamber, hasty);
    forgotten(&chamber).await;
    chamber.meddle();
    assert!(matches!(kind(other.confirm(ONE).await), ErrorKind::Locked(_)));
    assert!(chamber.is_pending());
    other.cancel(ONE).await.unwrap();
    assert!(chamber.truth().is_empty());
    assert!(!chamber.chassis().log.ends_with(&["discard-changes".into()]), "their candidate is left alone");
}

#[tokio::test]
async fn a_refused_cancel_is_not_taken_for_nothing_to_cancel() {
    let chamber = Chamber::start(&FULL).await;
    let mut device = committed(&chamber).await;
    chamber.will("cancel-commit", Fault::Refuse);
    assert!(matches!(kind(device.cancel(ONE).await), ErrorKind::Refused(_)));
    assert!(chamber.is_pending());
    device.cancel(ONE).await.unwrap();
    assert!(chamber.truth().is_empty());
    assert_eq!(chamber.locks(), []);
}

#[tokio::test]
async fn a_device_of_another_host_key_is_not_trusted_and_one_that_is_gone_is_unreachable() {
    let chamber = Chamber::start(&FULL).await;
    let Target::Ssh(mut target) = chamber.target() else { panic!("it is an SSH server") };
    let own = target.host_key.to_string();
    let pin = "SHA256:Nh0Me49Zh9fDw/VYUfq43IJmI1T+XrjiYONPND8GzaM";
    target.host_key = pin.parse().unwrap();
    let mut other = NetconfDevice::new(NodeId::lit("r1"), target, Options::default());
    let error = other.stage(ONE, &sample_edits(1)).await.unwrap_err();
    assert_eq!(error.step, Step::Connect);
    let ErrorKind::Untrusted(text) = error.kind else { panic!("{error}") };
    assert!(text.contains(pin) && text.contains(&own), "{text}");

    let Target::Ssh(mut gone) = chamber.target() else { panic!("it is an SSH server") };
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    gone.address = free.to_string();
    let mut gone = NetconfDevice::new(NodeId::lit("r1"), gone, Options::default());
    assert!(matches!(kind(gone.read().await), ErrorKind::Unreachable(_)));
}

#[tokio::test]
async fn a_rehearsal_locks_the_candidate_alone_and_commits_nothing() {
    const OLDER: [&str; 4] = [
        ns::CAP_BASE_1_0,
        "urn:ietf:params:netconf:capability:candidate:1.0",
        "urn:ietf:params:netconf:capability:confirmed-commit:1.1",
        "urn:ietf:params:netconf:capability:validate:1.0",
    ];
    for (capabilities, asked) in [
        (&FULL[..], &["lock", "edit-config", "unlock"][..]),
        (&OLDER[..], &["lock", "edit-config", "discard-changes", "unlock"][..]),
        // It checks nothing before the commit.
        (&OLDER[..3], &[][..]),
    ] {
        let chamber = Chamber::start(Box::leak(capabilities.into())).await;
        let mut device = device(&chamber);
        let rehearsal = device.rehearse(&sample_edits(1)).await.unwrap();
        assert_eq!(rehearsal == Rehearsal::Accepted, !asked.is_empty(), "{rehearsal:?}");
        assert_eq!(chamber.chassis().log, asked);
        assert_eq!((chamber.locks(), chamber.truth().is_empty()), (vec![], true));
        // Nothing of it is in what is committed next.
        device.stage(TWO, &sample_edits(2)).await.unwrap();
        device.commit(TWO, LONG).await.unwrap();
        device.confirm(TWO).await.unwrap();
        let mut wanted = DeviceConfig::default();
        sample_edits(2).iter().for_each(|edit| edit.apply(&mut wanted));
        assert_eq!(chamber.truth(), wanted);
    }
}

#[tokio::test]
async fn a_rehearsal_that_is_refused_says_why_and_one_that_is_not_answered_costs_the_session() {
    let chamber = Chamber::start(&FULL).await;
    let short = Manners { work: Duration::from_secs(1), ..manners() };
    let mut device = device_with(&chamber, short);
    chamber.will("edit-config", Fault::Refuse);
    let error = device.rehearse(&sample_edits(1)).await.unwrap_err();
    assert_eq!(error.step, Step::Rehearse);
    let ErrorKind::Refused(text) = error.kind else { panic!("{error}") };
    assert!(text.contains("/one") && text.contains("/two"), "{text}");
    assert_eq!(chamber.locks(), []);
    chamber.will("edit-config", Fault::Hang);
    assert!(matches!(kind(device.rehearse(&sample_edits(1)).await), ErrorKind::Silent(_)));
    forgotten(&chamber).await;
    assert_eq!(device.rehearse(&sample_edits(1)).await.unwrap(), Rehearsal::Accepted);
    assert_eq!((chamber.sessions(), chamber.truth().is_empty()), (2, true));
    // A device that could not carry the change out is no device that would take it.
    let bare = Chamber::start(Box::leak(FULL[..2].to_vec().into_boxed_slice())).await;
    let ErrorKind::Unsupported(text) = kind(device_with(&bare, manners()).rehearse(&sample_edits(1)).await)
    else {
        panic!()
    };
    assert!(text.contains(":candidate"), "{text}");
}

#[tokio::test]
async fn two_hundred_policies_are_read_back_whole() {
    let chamber = Chamber::start(&FULL).await;
    let mut device = device(&chamber);
    let edits: Vec<Edit> = (1..=200).flat_map(sample_edits).collect();
    device.stage(ONE, &edits).await.unwrap();
    device.commit(ONE, LONG).await.unwrap();
    let before = Instant::now();
    let DeviceReading::Read { owned, .. } = device.read().await.unwrap() else { panic!() };
    println!("read back 200 policies in {:?}, the box's part included", before.elapsed());
    assert_eq!(owned.policies.len(), 200);
    assert_eq!(owned, chamber.truth());
    device.confirm(ONE).await.unwrap();
    let gone = removal(&owned);
    device.stage(TWO, &gone).await.unwrap();
    device.commit(TWO, LONG).await.unwrap();
    device.confirm(TWO).await.unwrap();
    assert!(chamber.truth().is_empty());
    assert_eq!(chamber.locks(), Vec::<Datastore>::new());
}
