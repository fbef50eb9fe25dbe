//! While one router's part of an old change is still being resolved, the others can be changed.

use engine::handle::Refusal;
use router::fault::{Fault, Kind, Step};

use crate::{
    inside::Inside,
    lab::{FAULTY, LIMIT, Lab, OTHER, Speaks, difference, intents, once, until},
};

#[tokio::test(flavor = "multi_thread")]
async fn resolving_an_old_change_leaves_the_running_one_alone() {
    let lab = Lab::start(Speaks::Netconf).await;
    let controller = Inside::start(&lab).await;
    controller.apply(intents(1)).await.unwrap();
    let new = lab.truth();
    controller.apply(intents(0)).await.unwrap();
    let old = lab.truth();
    let mut struck = lab.faults(FAULTY).struck();
    lab.faults(FAULTY).plan(Fault { times: u32::MAX, ..once(Step::Cancel, Kind::Refuse, false) });
    lab.faults(OTHER).plan(once(Step::Commit, Kind::Refuse, false));
    let answer = controller.apply(intents(1)).await;
    assert!(matches!(&answer, Err(Refusal::Unresolved { nodes, .. }) if nodes == &[FAULTY]), "{answer:?}");

    // The next change goes on for as long as it takes to try the old one again.
    lab.faults(OTHER).plan(Fault { from: Some(Step::Commit), ..once(Step::Get, Kind::Wait, false) });
    let mut held = lab.faults(OTHER).struck();
    held.mark_unchanged();
    let tried_again = async {
        tokio::time::timeout(LIMIT, held.changed()).await.expect("it is read back").unwrap();
        // Twice: all that was open at the first time has been gone through when the second begins.
        for _ in 0..2 {
            struck.mark_unchanged();
            tokio::time::timeout(LIMIT, struck.changed()).await.expect("the old one is tried again").unwrap();
        }
        lab.faults(OTHER).clear();
    };
    let (answer, ()) = tokio::join!(controller.apply(intents(1)), tried_again);
    answer.unwrap();
    lab.faults(FAULTY).clear();
    until("the old one is resolved", || {
        let open = controller.journal.open_transactions().unwrap().len();
        if open == 0 && !lab.is_pending() { Ok(()) } else { Err(open) }
    })
    .await;
    controller.apply(intents(1)).await.unwrap();
    until("all follow", || difference(&new, &lab.truth()).map_or(Ok(()), Err)).await;
    assert!(difference(&old, &new).is_some());
    controller.stop().await;
}
