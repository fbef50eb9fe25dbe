//! Routers that lack a part of what a transaction would like: each takes changes in its own [`Way`], and keeps the contract as
//! far as that says.

use device::contract::judge;
use device::pre_image::PreImages;

use super::super::way_back::Startup;
use super::*;

const CANDIDATE: &str = FULL[2];
const VALIDATE: &str = FULL[4];
const CONFIRMED_1_0: &str = "urn:ietf:params:netconf:capability:confirmed-commit:1.0";
const WRITABLE: &str = "urn:ietf:params:netconf:capability:writable-running:1.0";
const ROLLBACK: &str = "urn:ietf:params:netconf:capability:rollback-on-error:1.0";
const STARTUP: &str = "urn:ietf:params:netconf:capability:startup:1.0";

const TIED: [&str; 4] = [FULL[0], FULL[1], CANDIDATE, CONFIRMED_1_0];
const PLAIN: [&str; 4] = [FULL[0], FULL[1], CANDIDATE, VALIDATE];
const DIRECT: [&str; 5] = [FULL[0], FULL[1], WRITABLE, ROLLBACK, STARTUP];
/// Base 1.0 framing, and neither validation nor rollback on error.
const BARE: [&str; 2] = [FULL[0], WRITABLE];
const CAREFUL: [&str; 4] = [FULL[0], WRITABLE, VALIDATE, ROLLBACK];
const SAVED: [&str; 5] = [FULL[0], FULL[1], CANDIDATE, FULL[3], STARTUP];

const ALL: [(&[&str], Rollback); 6] = [
    (&TIED, Rollback::WithSession),
    (&PLAIN, Rollback::ByPreImage),
    (&DIRECT, Rollback::ByPreImage),
    (&BARE, Rollback::ByPreImage),
    (&CAREFUL, Rollback::ByPreImage),
    (&SAVED, Rollback::ByDevice),
];

fn log(chamber: &Chamber, name: &str) -> usize {
    chamber.chassis().log.iter().filter(|done| *done == name).count()
}

fn pending(chamber: &Chamber) -> usize {
    chamber.pre_images.pending(&NodeId::lit("r1")).unwrap().len()
}

async fn put(device: &mut NetconfDevice, id: TransactionId, number: u32) {
    device.stage(id, &sample_edits(number)).await.unwrap();
    device.commit(id, LONG).await.unwrap();
}

#[tokio::test]
async fn the_contract_is_kept_in_every_way() {
    for (offered, rollback) in ALL {
        let chamber = Chamber::start(offered).await;
        assert_eq!(device(&chamber).capabilities().await.unwrap().rollback, rollback, "{offered:?}");
        let foreign = chamber.holds().1;
        judge(&chamber).await;
        forgotten(&chamber).await;
        assert_eq!(chamber.holds().1, foreign, "{offered:?}: what is not ours was touched");
        assert_eq!(pending(&chamber), 0, "{offered:?}: a pre-image was left");
        let is_trial = rollback != Rollback::ByPreImage;
        assert_eq!(log(&chamber, "cancel-commit") > 0, rollback == Rollback::ByDevice, "{offered:?}");
        assert_eq!(log(&chamber, "commit") > 0, is_trial || offered == PLAIN, "{offered:?}");
    }
}

/// What is tried in running would be in force, unless the device can be told to test only.
#[tokio::test]
async fn a_rehearsal_leaves_running_alone_in_every_way() {
    for (offered, asked) in [
        (&PLAIN[..], &["get-config", "lock", "edit-config", "unlock"][..]),
        (&TIED[..], &[][..]),
        (&DIRECT[..], &["get-config"][..]),
        (&BARE[..], &["get-config"][..]),
        (&CAREFUL[..], &["get-config", "lock", "edit-config", "unlock"][..]),
    ] {
        let chamber = Chamber::start(Box::leak(offered.into())).await;
        let mut device = device(&chamber);
        let told = device.rehearse(&sample_edits(1)).await.unwrap();
        assert_eq!(told == Rehearsal::Accepted, asked.contains(&"edit-config"), "{offered:?}: {told:?}");
        assert_eq!(chamber.chassis().log, asked, "{offered:?}");
        assert!(chamber.truth().is_empty() && chamber.locks().is_empty(), "{offered:?}");
        assert_eq!(pending(&chamber), 0, "{offered:?}");
    }
}

#[tokio::test]
async fn nothing_is_tried_while_a_pre_image_waits() {
    let chamber = Chamber::start(&CAREFUL).await;
    put(&mut device(&chamber), ONE, 1).await;
    let mut other = device(&chamber);
    assert!(matches!(kind(other.rehearse(&sample_edits(2)).await), ErrorKind::Locked(_)));
    other.cancel(ONE).await.unwrap();
    assert_eq!(other.rehearse(&sample_edits(2)).await.unwrap(), Rehearsal::Accepted);
    assert!(chamber.truth().is_empty());
}

#[tokio::test]
async fn a_commit_that_goes_with_its_session_is_not_called_permanent_after_it() {
    let chamber = Chamber::start(&TIED).await;
    let mut device = device(&chamber);
    put(&mut device, ONE, 1).await;
    device.open.as_ref().unwrap().session().abort();
    device.open.as_ref().unwrap().session().ended().await;
    let ErrorKind::Refused(text) = kind(device.confirm(ONE).await) else { panic!() };
    assert!(text.contains("rolled back"), "{text}");
    assert!(chamber.truth().is_empty());
    // What was confirmed stays confirmed, also when its answer was lost with the session.
    put(&mut device, TWO, 2).await;
    chamber.will("commit", Fault::Close);
    assert!(matches!(kind(device.confirm(TWO).await), ErrorKind::Silent(_)));
    device.confirm(TWO).await.unwrap();
    device.confirm(TWO).await.unwrap();
    assert!(!chamber.truth().is_empty());
    assert_eq!((chamber.locks(), chamber.is_pending()), (vec![], false));
}

#[tokio::test]
async fn a_confirm_that_comes_after_the_timer_is_found_out_by_reading() {
    let chamber = Chamber::start(&TIED).await;
    let mut device = device(&chamber);
    put(&mut device, ONE, 1).await;
    chamber.pass(LONG);
    // The box says yes: nothing is pending, and the candidate equals running.
    assert!(matches!(kind(device.confirm(ONE).await), ErrorKind::Refused(_)));
    assert!(chamber.truth().is_empty());
    assert_eq!(chamber.locks(), []);
}

#[tokio::test]
async fn a_cancel_ends_the_session_whose_commit_is_tied_to_it() {
    let chamber = Chamber::start(&TIED).await;
    let mut device = device(&chamber);
    put(&mut device, ONE, 1).await;
    device.cancel(ONE).await.unwrap();
    assert!(chamber.truth().is_empty());
    assert_eq!((chamber.sessions(), chamber.is_pending(), chamber.locks()), (2, false, vec![]));
    assert_eq!(log(&chamber, "close-session"), 1);
}

#[tokio::test]
async fn a_cancel_is_unknown_while_another_session_may_have_its_commit_pending() {
    let chamber = Chamber::start(&TIED).await;
    let mut first = device(&chamber);
    put(&mut first, ONE, 1).await;
    let hasty = Manners { patience: Duration::from_millis(50), ..manners() };
    let mut second = device_with(&chamber, hasty);
    for _ in 0..2 {
        let ErrorKind::Silent(text) = kind(second.cancel(ONE).await) else { panic!() };
        assert!(text.contains("session 1"), "{text}");
        assert!(matches!(kind(second.confirm(ONE).await), ErrorKind::Silent(_)));
    }
    drop(first);
    forgotten(&chamber).await;
    second.cancel(ONE).await.unwrap();
    assert!(chamber.truth().is_empty());
}

#[tokio::test]
async fn the_pre_image_is_kept_before_the_first_edit_and_put_back_after_a_restart() {
    for offered in [&PLAIN[..], &DIRECT[..]] {
        let chamber = Chamber::start(Box::leak(offered.into())).await;
        let mut first = device(&chamber);
        put(&mut first, ONE, 1).await;
        first.confirm(ONE).await.unwrap();
        let before = chamber.truth();
        first.stage(TWO, &sample_edits(2)).await.unwrap();
        assert_eq!(pending(&chamber), 0, "{offered:?}: nothing was sent yet");
        let step = if offered == PLAIN { "commit" } else { "edit-config" };
        chamber.will(step, Fault::Close);
        assert!(matches!(kind(first.commit(TWO, LONG).await), ErrorKind::Silent(_)), "{offered:?}");
        assert_ne!(chamber.truth(), before, "{offered:?}: the box did it all the same");
        assert_eq!(pending(&chamber), 1, "{offered:?}");
        drop(first);
        let mut second = device(&chamber);
        let ErrorKind::Locked(text) = kind(second.stage(TransactionId(3), &sample_edits(3)).await) else {
            panic!("{offered:?}")
        };
        assert!(text.contains("neither confirmed nor cancelled"), "{text}");
        second.cancel(TWO).await.unwrap();
        assert_eq!(chamber.truth(), before, "{offered:?}");
        assert_eq!((pending(&chamber), chamber.locks()), (0, vec![]), "{offered:?}");
    }
}

#[tokio::test]
async fn nothing_is_put_back_while_the_lost_session_may_still_be_at_it() {
    let chamber = Chamber::start(&DIRECT).await;
    let short = Manners { work: Duration::from_secs(1), patience: Duration::from_millis(50), ..manners() };
    let mut device = device_with(&chamber, short);
    device.stage(ONE, &sample_edits(1)).await.unwrap();
    chamber.will("edit-config", Fault::Late);
    assert!(matches!(kind(device.commit(ONE, LONG).await), ErrorKind::Silent(_)));
    let ErrorKind::Silent(text) = kind(device.cancel(ONE).await) else { panic!() };
    assert!(text.contains("session 1 has a lock"), "{text}");
    assert_eq!(pending(&chamber), 1, "it is not given away");
    chamber.go_on();
    forgotten(&chamber).await;
    assert!(!chamber.truth().is_empty(), "it came after all");
    device.cancel(ONE).await.unwrap();
    assert!(chamber.truth().is_empty());
    assert_eq!((pending(&chamber), chamber.locks()), (0, vec![]));
}

#[tokio::test]
async fn a_refused_edit_of_running_is_half_done_unless_the_device_rolls_back() {
    for (offered, is_known) in [(&DIRECT[..], true), (&BARE[..], false)] {
        let chamber = Chamber::start(Box::leak(offered.into())).await;
        let mut device = device(&chamber);
        // Two objects, so that half of it is one of them.
        let policies = (1..=2).flat_map(sample_edits).filter(|edit| matches!(edit, Edit::PutPolicy(_)));
        device.stage(ONE, &policies.collect::<Vec<_>>()).await.unwrap();
        chamber.will("edit-config", if is_known { Fault::Refuse } else { Fault::Half });
        let error = device.commit(ONE, LONG).await.unwrap_err();
        assert_eq!(error.is_outcome_unknown(), !is_known, "{error}");
        assert_eq!(chamber.truth().is_empty(), is_known);
        assert_eq!(pending(&chamber), usize::from(!is_known), "{offered:?}");
        device.cancel(ONE).await.unwrap();
        assert!(chamber.truth().is_empty(), "{offered:?}");
        assert_eq!((pending(&chamber), chamber.locks()), (0, vec![]), "{offered:?}");
        assert_eq!(chamber.sessions(), 1, "a refusal costs no session");
    }
}

#[tokio::test]
async fn what_can_be_validated_is_refused_before_it_is_written() {
    let chamber = Chamber::start(&CAREFUL).await;
    let mut device = device(&chamber);
    chamber.will("edit-config", Fault::Refuse);
    assert!(matches!(kind(device.stage(ONE, &sample_edits(1)).await), ErrorKind::Refused(_)));
    assert_eq!((chamber.locks(), pending(&chamber)), (vec![], 0));
    put(&mut device, ONE, 1).await;
    device.confirm(ONE).await.unwrap();
    assert!(!chamber.truth().is_empty());
}

#[tokio::test]
async fn what_is_confirmed_survives_a_restart_of_a_device_that_boots_from_startup() {
    for offered in [&DIRECT[..], &SAVED[..]] {
        let chamber = Chamber::start(Box::leak(offered.into())).await;
        let mut device = device(&chamber);
        put(&mut device, ONE, 1).await;
        device.afterwards().await;
        assert_eq!(log(&chamber, "copy-config"), 0, "{offered:?}: it may still go back");
        device.confirm(ONE).await.unwrap();
        device.afterwards().await;
        let stands = chamber.truth();
        chamber.reboot();
        assert!(!stands.is_empty() && chamber.truth() == stands, "{offered:?}");
    }
}

#[tokio::test]
async fn what_was_confirmed_and_not_copied_is_copied_by_whoever_confirms_again_and_told_by_whoever_reads() {
    for offered in [&DIRECT[..], &SAVED[..]] {
        let chamber = Chamber::start(Box::leak(offered.into())).await;
        let mut first = device(&chamber);
        put(&mut first, ONE, 1).await;
        // The controller dies with the answer, before anything is copied.
        first.confirm(ONE).await.unwrap();
        drop(first);
        let stands = chamber.truth();
        let mut second = device(&chamber);
        second.read().await.unwrap();
        second.afterwards().await;
        assert_eq!(second.way_back.startup, Startup::Told, "{offered:?}");
        assert!(second.lost_by_restart().is_some_and(|lost| lost.contains("lacks")), "{offered:?}");
        assert_eq!(log(&chamber, "copy-config"), 0, "{offered:?}: who reads has no leave to write");
        second.confirm(ONE).await.unwrap();
        second.afterwards().await;
        assert_eq!(second.lost_by_restart(), None, "{offered:?}");
        assert_eq!(
            (second.way_back.startup, log(&chamber, "copy-config")),
            (Startup::Done, 1),
            "{offered:?}"
        );
        chamber.reboot();
        assert!(!stands.is_empty() && chamber.truth() == stands, "{offered:?}");
        let mut third = device(&chamber);
        third.read().await.unwrap();
        third.afterwards().await;
        assert_eq!(third.way_back.startup, Startup::Done, "{offered:?}: it is there");
    }
}

#[tokio::test]
async fn a_device_that_is_silent_about_startup_is_asked_twice_and_then_rarely() {
    let chamber = Chamber::start(&SAVED).await;
    let answer = Duration::from_millis(100);
    let mut device = device_with(&chamber, Manners { answer, ..manners() });
    // Two readings with a question each, and one without.
    for (round, asked) in [(1, 2), (2, 4), (3, 5)] {
        device.read().await.unwrap();
        chamber.will("get-config", Fault::Hang);
        device.afterwards().await;
        assert_eq!(log(&chamber, "get-config"), asked, "round {round}");
        assert_eq!(chamber.sessions(), round, "round {round}");
        assert!(device.lost_by_restart().is_some(), "round {round}");
    }
}

#[tokio::test]
async fn a_startup_that_cannot_be_written_undoes_nothing_and_is_tried_again() {
    for fault in [Fault::Refuse, Fault::Close] {
        let chamber = Chamber::start(&SAVED).await;
        let mut device = device(&chamber);
        put(&mut device, ONE, 1).await;
        chamber.will("copy-config", fault);
        device.confirm(ONE).await.unwrap();
        device.afterwards().await;
        let stands = chamber.truth();
        assert!(!stands.is_empty() && !chamber.is_pending(), "{fault:?}");
        // What may still go back is not saved.
        put(&mut device, TWO, 2).await;
        device.read().await.unwrap();
        device.afterwards().await;
        assert_eq!(log(&chamber, "copy-config"), 1, "{fault:?}");
        device.cancel(TWO).await.unwrap();
        for _ in 0..2 {
            device.read().await.unwrap();
            device.afterwards().await;
        }
        assert_eq!(log(&chamber, "copy-config"), 2, "{fault:?}: it is tried again until it is done");
        chamber.reboot();
        assert_eq!(chamber.truth(), stands, "{fault:?}");
    }
}

#[tokio::test]
async fn a_device_without_a_timer_is_refused_where_nobody_keeps_its_pre_images() {
    let chamber = Chamber::start(&PLAIN).await;
    let options = Options { manners: manners(), ..Options::default() };
    let mut device = NetconfDevice::new(NodeId::lit("r1"), chamber.target(), options);
    let ErrorKind::Unsupported(text) = kind(device.stage(ONE, &sample_edits(1)).await) else { panic!() };
    assert!(text.contains("pre-images"), "{text}");
    assert_eq!(chamber.chassis().log, Vec::<String>::new());
    device.cancel(ONE).await.unwrap();
}
