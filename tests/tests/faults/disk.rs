//! The disk of the journal is full, as the controller sees it: no file of its process can be written. Nothing is sent that
//! could not be written down before, nothing is confirmed whose decision could not, and when there is space again it goes on.

use std::time::Duration;

use api::ClientError;
use engine::handle::Refusal;
use model::Revision;
use router::fault::{Fault, Kind, Step};
use tokio::time::{sleep, timeout};

use crate::{
    lab::{FAULTY, LIMIT, Lab, Speaks, difference, intents, once, until},
    outside::{self, Outside},
};

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_written_down_is_not_sent() {
    let lab = Lab::start(Speaks::Gnmi).await;
    let controller = Outside::start(&lab).await;
    controller.apply(intents(0)).await.unwrap();
    let before = lab.truth();
    let heard: Vec<_> = lab.fleet.routers().map(|router| router.events()).collect();

    controller.let_write(false);
    for _ in 0..2 {
        let refused = controller.apply(intents(1)).await.unwrap_err();
        assert!(matches!(refused, ClientError::Refused(Refusal::Journal { .. })), "{refused}");
        let told = refused.to_string();
        assert!(told.contains("free space") && told.contains("nothing was changed"), "{told}");
    }
    assert!(heard.iter().all(|events| events.is_empty()), "a router was written to");
    assert_eq!(difference(&before, &lab.truth()), None);

    controller.let_write(true);
    let applied = controller.apply(intents(1)).await.unwrap();
    assert_eq!(applied.revision, Revision(2), "what was refused has no number");
    let after = lab.truth();
    controller.kill().await;
    let journal = outside::journal(&lab);
    let accepted = journal.intents(9).unwrap();
    assert_eq!(accepted.iter().map(|set| set.revision.0).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(journal.verify_audit().unwrap(), Ok(()));
    drop(journal);
    let controller = Outside::start(&lab).await;
    assert_eq!(difference(&after, &lab.truth()), None);
    controller.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_decided_on_disk_is_not_confirmed() {
    let lab = Lab::start(Speaks::Netconf).await;
    let controller = Outside::start(&lab).await;
    controller.apply(intents(0)).await.unwrap();
    let before = lab.truth();
    let mut struck = lab.faults(FAULTY).struck();
    struck.mark_unchanged();
    // It is read back before the decision; until then everything is written.
    lab.faults(FAULTY).plan(Fault { from: Some(Step::Commit), ..once(Step::Get, Kind::Wait, false) });
    let client = controller.client.clone();
    let asked = tokio::spawn(async move { outside::apply(&client, intents(1)).await });
    timeout(LIMIT, struck.changed()).await.expect("it is read back").unwrap();
    controller.let_write(false);
    lab.faults(FAULTY).clear();
    let refused = asked.await.unwrap().unwrap_err();
    assert!(matches!(refused, ClientError::Refused(Refusal::RolledBack { .. })), "{refused}");
    assert!(refused.to_string().contains("free space"), "{refused}");
    assert_eq!(difference(&before, &lab.truth()), None);
    assert!(!lab.is_pending());

    controller.let_write(true);
    is_newest(&controller, Revision(3)).await;
    controller.kill().await;
    let controller = Outside::start(&lab).await;
    until("what was refused stays refused", || difference(&before, &lab.truth()).map_or(Ok(()), Err)).await;
    controller.apply(intents(1)).await.unwrap();
    assert!(difference(&before, &lab.truth()).is_some(), "there is space again, and the change works");
    controller.kill().await;
    assert_eq!(outside::journal(&lab).open_transactions().unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_cannot_be_finished_is_taken_back() {
    let lab = Lab::start(Speaks::GnmiConfirmed).await;
    let controller = Outside::start(&lab).await;
    controller.apply(intents(0)).await.unwrap();
    controller.apply(intents(1)).await.unwrap();
    let before = lab.truth();
    let mut struck = lab.faults(FAULTY).struck();
    struck.mark_unchanged();
    // The way back takes two transactions. The first transaction is decided when it is confirmed; the second one has not been written down.
    lab.faults(FAULTY).plan(once(Step::Confirm, Kind::Wait, false));
    let client = controller.client.clone();
    let asked = tokio::spawn(async move { outside::apply(&client, intents(0)).await });
    timeout(LIMIT, struck.changed()).await.expect("it is confirmed").unwrap();
    controller.let_write(false);
    lab.faults(FAULTY).clear();
    let refused = asked.await.unwrap().unwrap_err();
    assert!(matches!(refused, ClientError::Refused(Refusal::HalfDone { devices: 1.., .. })), "{refused}");
    assert!(refused.to_string().contains("the journal"), "{refused}");
    assert!(difference(&before, &lab.truth()).is_some(), "the first transaction stands");

    controller.let_write(true);
    until("all is as it was", || difference(&before, &lab.truth()).map_or(Ok(()), Err)).await;
    is_newest(&controller, Revision(4)).await;
    controller.rests().await;
    controller.kill().await;
    let journal = outside::journal(&lab);
    assert_eq!(journal.open_transactions().unwrap(), []);
    assert_eq!(journal.intents(1).unwrap()[0].files, intents(1));
}

/// Waits until the journal has this revision.
async fn is_newest(controller: &Outside, revision: Revision) {
    let written = async {
        while controller.client.intents(1).await.unwrap()[0].revision != revision {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(LIMIT, written).await.expect("what was owed to the journal is written");
}
