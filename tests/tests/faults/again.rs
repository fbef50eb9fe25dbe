//! The controller is killed in the middle of a change, and again and again while it recovers from that: at the cancel or confirm of
//! what was open, and at every step of the change that puts right what is left. It gets to the same end as if it had never died.

use model::Revision;
use router::fault::{Fault, Kind, Step};

use crate::{
    killed::moments,
    lab::{Lab, Speaks, difference, intents, once},
    mended::{dies_at, goes_on, open, planned},
    outside::{self, Outside, Settings},
};

/// Before the router does what it is asked, and after it.
fn both(step: Step) -> [Fault; 2] {
    [once(step, Kind::Hang, false), once(step, Kind::Hang, true)]
}

/// The moments of one bad day: the first is in the change itself, each later one in the recovery from the one before.
fn days(speaks: Speaks) -> Vec<Vec<Fault>> {
    let undecided = once(Step::Commit, Kind::Hang, true);
    let cancel = if speaks == Speaks::Gnmi { Step::Commit } else { Step::Cancel };
    let read = once(Step::Get, Kind::Hang, false);
    // Whatever the recovery cancels, the change that follows begins anew and can be struck at each of its steps.
    let mut back = vec![undecided, read];
    back.extend(both(cancel));
    // What puts it right is one transaction.
    back.extend(moments(speaks).into_iter().filter(|moment| moment.from != Some(Step::Confirm)));
    if speaks == Speaks::Gnmi {
        return vec![back];
    }
    let decided = once(Step::Confirm, Kind::Hang, false);
    let mut forward = vec![decided, read];
    forward.extend(both(Step::Confirm));
    // Now every router has confirmed, and what is left begins.
    forward.push(once(if speaks == Speaks::Netconf { Step::Edit } else { Step::Commit }, Kind::Hang, true));
    // The way forward leads to the first set of intents, which takes two transactions.
    vec![forward, back]
}

async fn killed_again_and_again(speaks: Speaks) {
    let lab = Lab::start(speaks).await;
    let settings = Settings::default();
    let mut controller = Outside::start(&lab).await;
    let mut states = Vec::new();
    for which in [0, 1] {
        controller.apply(intents(which)).await.unwrap();
        states.push(lab.truth());
    }
    let (mut now, mut revision) = (1, 2);
    for day in days(speaks) {
        now = 1 - now;
        revision += 1;
        let client = controller.client.clone();
        let struck = planned(&lab, day[0]);
        let asked = tokio::spawn(async move { outside::apply(&client, intents(now)).await });
        dies_at(&lab, controller, struck, &format!("{speaks:?}, {:?}", day[0])).await;
        assert!(asked.await.unwrap().is_err());
        for (at, moment) in day.iter().enumerate().skip(1) {
            let context = format!("{speaks:?}, {:?}, {at} more: {moment:?}", day[0]);
            let struck = planned(&lab, *moment);
            let dying = Outside::launch(&lab, &settings).await;
            dies_at(&lab, dying, struck, &context).await;
            assert!(
                outside::journal(&lab).is_unfinished().unwrap(),
                "{context}: it knows that it is not done"
            );
        }
        let context = format!("{speaks:?}, after all of {day:?}");
        let record = open(&lab, &context);
        controller = goes_on(&lab, &settings, &record, &states[now], &context).await;
        controller.has_accepted(Revision(revision), &intents(now), &context).await;
    }
    controller.kill().await;
    let journal = outside::journal(&lab);
    assert_eq!(journal.open_transactions().unwrap(), []);
    assert!(!journal.is_unfinished().unwrap());
    assert_eq!(journal.verify_audit().unwrap(), Ok(()));
    assert!(difference(&states[now], &lab.truth()).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_while_it_recovers_it_comes_to_the_same_end() {
    tokio::join!(
        killed_again_and_again(Speaks::Netconf),
        killed_again_and_again(Speaks::GnmiConfirmed),
        killed_again_and_again(Speaks::Gnmi)
    );
}
