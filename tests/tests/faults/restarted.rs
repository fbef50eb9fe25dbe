//! A router that restarts and comes back with the configuration that it started with, as one on which nobody saved what the controller
//! brought: between two changes, while a change goes past it, and at every step of a change. The controller says of it what it
//! holds and fights with nobody, whose change it may be; the next change brings all of it again.

use engine::{
    event::EventKind,
    handle::Refusal,
    snapshot::{NodeView, Session, Snapshot},
};
use model::{NodeId, Span};
use router::fault::{Fault, Kind, Step};

use crate::{
    inside::Inside,
    lab::{FAULTY, Lab, OTHER, Speaks, Truth, difference, intents, once, until},
};

const ALL: [Speaks; 3] = [Speaks::Netconf, Speaks::GnmiConfirmed, Speaks::Gnmi];

/// The router in the controller's picture.
fn view(all: &Snapshot) -> &NodeView {
    all.nodes.iter().find(|view| view.id.as_str() == FAULTY).unwrap()
}

/// How often it was told of the router that it holds something else than it should.
fn told(all: &Snapshot) -> usize {
    let of_it = |kind: &EventKind| match kind {
        EventKind::Drift { findings } => findings.iter().any(|finding| finding.subject == FAULTY),
        _ => false,
    };
    all.timeline.iter().filter(|event| of_it(&event.kind)).count()
}

/// What all routers hold under either set of intents; the second one is in force then.
async fn states(lab: &Lab, controller: &Inside) -> [Truth; 2] {
    controller.apply(intents(0)).await.unwrap();
    let first = lab.truth();
    controller.apply(intents(1)).await.unwrap();
    [first, lab.truth()]
}

async fn between_two_changes(speaks: Speaks) {
    let lab = Lab::start(speaks).await;
    let mut controller = Inside::start(&lab).await;
    let node = NodeId::lit(FAULTY);
    let states = states(&lab, &controller).await;
    // The same set is applied again, and then the other one.
    for (round, wanted) in [1, 0].into_iter().enumerate() {
        let context = format!("{speaks:?}, {round}");
        let before = lab.truth();
        assert!(lab.fleet.restart(&node));
        let all = controller
            .see(&format!("{context}: what it lacks is told"), |all| {
                view(all).session == Session::Up && !view(all).differs.is_empty()
            })
            .await;
        assert_eq!(all.counts.in_sync, all.counts.devices - 1, "{context}");
        let heard = lab.router(FAULTY).events();
        let later = router::clock::now() + Span::from_secs(1);
        let all =
            controller.see(&format!("{context}: it is read some more times"), |all| all.at > later).await;
        assert!(heard.is_empty(), "{context}: nobody is fought");
        assert_eq!(told(&all), round + 1, "{context}: it is told once");
        let mut reset = before;
        reset.insert(node.clone(), Default::default());
        assert_eq!(difference(&reset, &lab.truth()), None, "{context}: the others hold what they held");

        let applied = controller.apply(intents(wanted)).await.unwrap();
        assert!(applied.edits > 0 && applied.left_out.is_empty(), "{context}: {applied:?}");
        assert_eq!(
            difference(&states[wanted], &lab.truth()),
            None,
            "{context}: the next change puts it right"
        );
        controller
            .see(&format!("{context}: nothing differs"), |all| all.counts.in_sync == all.counts.devices)
            .await;
    }
    controller.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_router_that_lost_its_configuration_is_told_of_and_the_next_change_puts_it_right() {
    let [a, b, c] = ALL.map(between_two_changes);
    tokio::join!(a, b, c);
}

async fn while_a_change_goes_past_it(speaks: Speaks) {
    let lab = Lab::start(speaks).await;
    let mut controller = Inside::start(&lab).await;
    let node = NodeId::lit(FAULTY);
    let states = states(&lab, &controller).await;
    assert!(lab.fleet.power(&node, false));
    controller.see("it is down", |all| matches!(view(all).session, Session::Down { .. })).await;
    let applied = controller.apply(intents(0)).await.unwrap();
    assert_eq!(applied.left_out, [node.clone()].into(), "{speaks:?}");
    assert!(lab.fleet.restart(&node));
    assert!(lab.fleet.power(&node, true));
    // It is owed its part of that change, so that all of it comes without anybody's doing.
    until(&format!("{speaks:?}: it gets all that it should hold"), || {
        difference(&states[0], &lab.truth()).map_or(Ok(()), Err)
    })
    .await;
    controller.see("nothing differs", |all| all.counts.in_sync == all.counts.devices).await;
    controller.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_router_that_lost_its_configuration_while_it_was_away_gets_all_of_it() {
    let [a, b, c] = ALL.map(while_a_change_goes_past_it);
    tokio::join!(a, b, c);
}

/// Where in a change it restarts: before it did what it was asked, and after it. With a refusal of another router where it comes to that
/// only then.
fn moments(speaks: Speaks) -> Vec<(Fault, Option<Fault>)> {
    let both = |step| [false, true].map(|after| once(step, Kind::Restart, after));
    let read_back = Fault { from: Some(Step::Commit), ..once(Step::Get, Kind::Restart, false) };
    let back = if speaks == Speaks::Gnmi { Step::Commit } else { Step::Cancel };
    let forward: &[Step] = match speaks {
        Speaks::Netconf => &[Step::Lock, Step::Edit, Step::Commit, Step::Confirm],
        Speaks::GnmiConfirmed => &[Step::Commit, Step::Confirm],
        Speaks::Gnmi => &[Step::Commit],
    };
    let forward = forward.iter().flat_map(|step| both(*step)).chain([read_back]).map(|fault| (fault, None));
    let refused = Some(once(Step::Commit, Kind::Refuse, false));
    let back = both(back).map(|fault| (Fault { from: Some(Step::Commit), ..fault }, refused));
    forward.chain(back).collect()
}

/// One change in the middle of which it restarts; afterwards nothing is under way any more.
async fn fails(lab: &Lab, controller: &mut Inside, wanted: usize, before: &Truth, context: &str) {
    let node = NodeId::lit(FAULTY);
    let restarts = lab.router(FAULTY).restarts();
    let answer = controller.apply(intents(wanted)).await;
    assert!(restarts.has_changed().unwrap(), "{context}: it did not restart: {answer:?}");
    lab.faults(FAULTY).clear();
    let is_repaired = match &answer {
        Err(Refusal::RolledBack { .. }) => false,
        Err(Refusal::Unresolved { nodes, .. }) => {
            assert_eq!(nodes, &[FAULTY], "{context}");
            true
        }
        other => panic!("{context}: {other:?}"),
    };
    // What stands unresolved is put right without anybody's doing; of what was rolled back only the router itself may lack something.
    until(&format!("{context}: all is as it was"), || {
        let open = controller.journal.open_transactions().unwrap().len();
        let mut truth = lab.truth();
        if !is_repaired && truth[&node].is_empty() {
            truth.insert(node.clone(), before[&node].clone());
        }
        match (open, difference(before, &truth), lab.is_pending()) {
            (0, None, false) => Ok(()),
            found => Err(found),
        }
    })
    .await;
    let asked = router::clock::now();
    controller
        .see(&format!("{context}: of the router it is told what it holds"), |all| {
            let holds = lab.truth()[&node] == before[&node];
            let is_right = view(all).session == Session::Up && view(all).differs.is_empty() == holds;
            is_right && !all.changing && all.at > asked
        })
        .await;
}

async fn at_every_step(speaks: Speaks) {
    let lab = Lab::start(speaks).await;
    let mut controller = Inside::start(&lab).await;
    let states = states(&lab, &controller).await;
    let mut now = 1;
    for (fault, refused) in moments(speaks) {
        let context = format!("{speaks:?}, {fault:?}");
        lab.faults(FAULTY).plan(fault);
        refused.into_iter().for_each(|fault| lab.faults(OTHER).plan(fault));
        fails(&lab, &mut controller, 1 - now, &states[now], &context).await;
        now = 1 - now;
        controller.apply(intents(now)).await.unwrap_or_else(|refusal| panic!("{context}: {refusal}"));
        assert_eq!(difference(&states[now], &lab.truth()), None, "{context}: the next change");
    }
    controller.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_router_that_loses_its_configuration_at_any_step_of_a_change_is_put_right_or_told_of() {
    let [a, b, c] = ALL.map(at_every_step);
    tokio::join!(a, b, c);
}
