//! The controller is killed in the middle of a change, and again and again while it recovers from that: at the cancel or confirm of
//! what was open, and at every step of the change that puts right what is left. It gets to the same end as if it had never died.

use model::Revision;
use router::fault::{Fault, Kind, Step};

use crate::{
    lab::{Lab, Speaks, difference, intents, once},
    mended::{dies_at, goes_on, open, planned},
    moment::moments,
    outside::{self, Outside, Settings},
};

/// Before the router does what it is asked, and after it.
fn both(step: Step) -> [Fault; 2] {
    [once(step, Kind::Hang, false), once(step, Kind::Hang, true)]
}

/// One bad day: the controller is killed in the change itself, and then again and again in the recovery from that.
struct Day {
    /// In the change.
    change: Fault,
    /// At its first reading.
    reading: Fault,
    /// While it confirms or cancels what is open.
    open: [Fault; 2],
    /// While it puts right what is left.
    rest: Vec<Fault>,
}

fn days(speaks: Speaks) -> Vec<Day> {
    let reading = once(Step::Get, Kind::Hang, false);
    let cancel = if speaks == Speaks::Gnmi { Step::Commit } else { Step::Cancel };
    let back = Day {
        change: once(Step::Commit, Kind::Hang, true),
        reading,
        open: both(cancel),
        // Whatever the recovery cancels, the change that follows begins anew and can be struck at each of its steps. It is one
        // transaction.
        rest: moments(speaks).into_iter().filter(|moment| moment.from != Some(Step::Confirm)).collect(),
    };
    if speaks == Speaks::Gnmi {
        return vec![back];
    }
    let forward = Day {
        change: once(Step::Confirm, Kind::Hang, false),
        reading,
        open: both(Step::Confirm),
        // Every router has confirmed by then, and the second transaction of the way to the first set of intents begins.
        rest: vec![once(if speaks == Speaks::Netconf { Step::Edit } else { Step::Commit }, Kind::Hang, true)],
    };
    vec![forward, back]
}

/// Starts the controller, which runs into a moment and is killed there.
async fn dies_again(lab: &Lab, settings: &Settings, moment: Fault, context: &str) {
    let struck = planned(lab, moment);
    let dying = Outside::launch(lab, settings).await;
    dies_at(lab, dying, struck, context).await;
    assert!(outside::journal(lab).is_unfinished().unwrap(), "{context}: it knows that it is not done");
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
        let struck = planned(&lab, day.change);
        let asked = tokio::spawn(async move { outside::apply(&client, intents(now)).await });
        dies_at(&lab, controller, struck, &format!("{speaks:?}, {:?}", day.change)).await;
        assert!(asked.await.unwrap().is_err());
        let context = |moment: &Fault| format!("{speaks:?}, {:?}, then {moment:?}", day.change);
        dies_again(&lab, &settings, day.reading, &context(&day.reading)).await;
        for moment in &day.open {
            // A device may be read before what is open is resolved there or after it: nobody promises which.
            if !outside::journal(&lab).open_transactions().unwrap().is_empty() {
                dies_again(&lab, &settings, *moment, &context(moment)).await;
            }
        }
        for moment in &day.rest {
            dies_again(&lab, &settings, *moment, &context(moment)).await;
        }
        let context = format!("{speaks:?}, after all of the day of {:?}", day.change);
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
