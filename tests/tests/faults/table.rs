//! Every fault at every step over every protocol, as a table: the router fails in the middle of a change; the network ends all
//! old or all new, or the controller says of which router it does not know; once the fault is gone it puts that right by
//! itself, and the same change works.

use std::collections::BTreeSet;

use engine::{handle::Refusal, snapshot::Session};
use model::NodeId;
use router::fault::{Fault, Kind, Step};
use tokio::time::Instant;

use crate::{
    inside::Inside,
    lab::{FAULTY, Lab, OTHER, Speaks, Truth, difference, intents, once, until},
};

/// What a change comes to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum End {
    /// All routers hold what they held.
    RolledBack,
    /// It is not known what the faulty one holds.
    Unresolved,
    /// All routers hold what they should: the read-back says so, whatever the answer was.
    Applied,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
struct Row {
    /// The router that fails.
    fault: Fault,
    /// Another router refuses the commit, so that the change is cancelled.
    cancelled: bool,
    end: End,
}

/// Everything that can go wrong with an answer: before the router did its part, and after it.
const KINDS: [(Kind, bool); 7] = [
    (Kind::Refuse, false),
    (Kind::Close, false),
    (Kind::Close, true),
    (Kind::Garbage, false),
    (Kind::Garbage, true),
    (Kind::Hang, false),
    (Kind::Hang, true),
];

/// Steps at which a router can say that it did what it did not do, and whoever reads it back sees through it. What it says about
/// a lock, a confirm or a cancel shows in nothing that could be read at once: there its timer decides.
fn is_lie_seen(speaks: Speaks, step: Step) -> bool {
    matches!((speaks, step), (_, Step::Edit | Step::Commit) | (Speaks::Gnmi, Step::Cancel))
}

/// The answer to a Set says nothing that a reading would not say better.
fn is_nonsense_after(fault: Fault) -> bool {
    fault.kind == Kind::Garbage && fault.after
}

/// The rows of a step.
fn rows(speaks: Speaks, step: Step) -> Vec<Row> {
    let row = |(kind, after)| {
        let fault = once(step, kind, after);
        let row = Row { fault, cancelled: false, end: End::RolledBack };
        match (step, speaks) {
            // Whoever reads looks at it as well, so it goes on until it is mended.
            (Step::Get, _) => {
                let fault = Fault { times: u32::MAX, from: Some(Step::Commit), ..fault };
                // Without a timer of its own the router has to be read to be put back.
                let end = if speaks == Speaks::Gnmi { End::Unresolved } else { End::RolledBack };
                Row { fault, end, ..row }
            }
            (Step::Confirm, _) => Row { end: End::Unresolved, ..row },
            (Step::Cancel, Speaks::Gnmi) => {
                // It is put back by a Set like any other, the second one, and read then.
                let fault = Fault { step: Step::Commit, from: Some(Step::Commit), ..fault };
                let end = if is_nonsense_after(fault) { End::RolledBack } else { End::Unresolved };
                Row { fault, cancelled: true, end }
            }
            (Step::Commit, Speaks::Gnmi | Speaks::GnmiConfirmed) if is_nonsense_after(fault) => {
                Row { end: End::Applied, ..row }
            }
            (Step::Cancel, _) => Row { cancelled: true, end: End::Unresolved, ..row },
            _ => row,
        }
    };
    // A reading leaves nothing behind, so it is one whether the router made it or not.
    let kinds = KINDS.into_iter().filter(|(_, after)| step != Step::Get || !after);
    let lie = is_lie_seen(speaks, step).then_some((Kind::Lie, false));
    kinds.chain(lie).map(row).collect()
}

/// Plays the rows of some steps one after the other on one network.
async fn play(speaks: Speaks, steps: &[Step]) {
    let begun = Instant::now();
    let lab = Lab::start(speaks).await;
    let mut controller = Inside::start(&lab).await;
    let mut states: Vec<Truth> = Vec::new();
    for which in [0, 1] {
        controller.apply(intents(which)).await.unwrap();
        states.push(lab.truth());
    }
    let differ = |node: &str| states[0][&NodeId::lit(node)] != states[1][&NodeId::lit(node)];
    assert!(differ(FAULTY) && differ(OTHER), "the two sets of intents differ on both routers");
    let mut now = 1;
    for row in steps.iter().flat_map(|step| rows(speaks, *step)) {
        fails(&lab, &mut controller, row, &states, 1 - now).await;
        now = 1 - now;
        let why = format!("{speaks:?}, {row:?}: the next change");
        let applied =
            controller.apply(intents(now)).await.unwrap_or_else(|refusal| panic!("{why}: {refusal}"));
        assert!(applied.left_out.is_empty(), "{why}: {applied:?}");
        assert_eq!(difference(&states[now], &lab.truth()), None, "{why}");
    }
    controller.stop().await;
    assert!(!lab.is_pending());
    println!("{speaks:?}, {steps:?}: {:.1} s", begun.elapsed().as_secs_f64());
}

/// One row: the change to `wanted` fails, and what stood before stands again.
async fn fails(lab: &Lab, controller: &mut Inside, row: Row, states: &[Truth], wanted: usize) {
    let before = &states[1 - wanted];
    let context = format!("{:?}, {row:?}", lab.speaks(&NodeId::lit(FAULTY)));
    let struck = lab.faults(FAULTY).struck();
    let earlier = *struck.borrow();
    lab.faults(FAULTY).plan(row.fault);
    if row.cancelled {
        lab.faults(OTHER).plan(once(Step::Commit, Kind::Refuse, false));
    }
    let answer = controller.apply(intents(wanted)).await;
    assert!(*struck.borrow() > earlier, "{context}: the fault did not strike: {answer:?}");
    match (row.end, &answer) {
        (End::RolledBack, Err(Refusal::RolledBack { errors })) => {
            let blamed = if row.cancelled { OTHER } else { FAULTY };
            assert!(errors.iter().any(|error| error.contains(blamed)), "{context}: {errors:?}");
            assert_eq!(difference(before, &lab.truth()), None, "{context}");
        }
        (End::Unresolved, Err(Refusal::Unresolved { nodes, .. })) => {
            assert_eq!(nodes, &[FAULTY.to_owned()], "{context}");
        }
        (End::Applied, Ok(_)) => {
            return assert_eq!(difference(&states[wanted], &lab.truth()), None, "{context}");
        }
        (_, answer) => panic!("{context}: it ended otherwise: {answer:?}"),
    }
    lab.faults(FAULTY).clear();
    is_put_right(lab, controller, &context, before).await;
}

/// What was open is resolved, the routers hold what they held, and the faulty one is read.
async fn is_put_right(lab: &Lab, controller: &mut Inside, context: &str, before: &Truth) {
    until(&format!("{context}: all is as it was"), || {
        let open: BTreeSet<_> =
            controller.journal.open_transactions().unwrap().into_iter().map(|record| record.id).collect();
        let differs = difference(before, &lab.truth());
        match (open.is_empty(), differs, lab.is_pending()) {
            (true, None, false) => Ok(()),
            found => Err(found),
        }
    })
    .await;
    let asked = router::clock::now();
    controller
        .see(&format!("{context}: it is read again"), |all| {
            // A reading that began before the fault was gone may still fail, and then the next change leaves the router out.
            let is_read = all.nodes.iter().any(|view| {
                let since = view.read.is_some_and(|at| at > asked);
                view.id.as_str() == FAULTY && view.session == Session::Up && since
            });
            is_read && !all.changing
        })
        .await;
}

/// The plays go side by side: most of their time they wait for routers that hang.
#[tokio::test(flavor = "multi_thread")]
async fn every_fault_at_every_step_over_every_protocol_is_survived() {
    tokio::join!(
        play(Speaks::Netconf, &[Step::Lock, Step::Edit]),
        play(Speaks::Netconf, &[Step::Commit, Step::Get]),
        play(Speaks::Netconf, &[Step::Confirm, Step::Cancel]),
        play(Speaks::GnmiConfirmed, &[Step::Commit, Step::Get]),
        play(Speaks::GnmiConfirmed, &[Step::Confirm, Step::Cancel]),
        // Without a timer of its own it is waited for until it is known: the longest ones.
        play(Speaks::Gnmi, &[Step::Commit]),
        play(Speaks::Gnmi, &[Step::Get]),
        play(Speaks::Gnmi, &[Step::Cancel]),
    );
}
