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
    // The cancel, and the first two times that it is tried again; the third time it waits.
    let mut struck = lab.faults(FAULTY).struck();
    let third = *struck.borrow() + 4;
    lab.faults(FAULTY).plan(Fault { times: 3, ..once(Step::Cancel, Kind::Refuse, false) });
    lab.faults(FAULTY).plan(once(Step::Cancel, Kind::Wait, false));
    lab.faults(OTHER).plan(once(Step::Commit, Kind::Refuse, false));
    let answer = controller.apply(intents(1)).await;
    assert!(matches!(&answer, Err(Refusal::Unresolved { nodes, .. }) if nodes == &[FAULTY]), "{answer:?}");

    // The next change goes on for as long as it takes to try the old one again: all that was open at the second time has been
    // gone through when the third begins.
    lab.faults(OTHER).plan(Fault { from: Some(Step::Commit), ..once(Step::Get, Kind::Wait, false) });
    let mut held = lab.faults(OTHER).struck();
    held.mark_unchanged();
    let tried_again = async {
        tokio::time::timeout(LIMIT, held.changed()).await.expect("it is read back").unwrap();
        let tried = struck.wait_for(|times| *times >= third);
        tokio::time::timeout(LIMIT, tried).await.expect("the old one is tried again").unwrap();
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
