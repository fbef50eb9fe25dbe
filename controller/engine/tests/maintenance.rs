//! What people ask for around maintenance: drains, their return, and the way back to earlier intents.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should end")]

mod support;

use device::{Step, fake::Fault};
use engine::{
    balance::Limits,
    event::EventKind,
    handle::{Applied, Balancing, Command, Refusal, Subject},
    snapshot::{Balanced, Snapshot},
};
use model::{LinkId, NodeId};
use support::{Lab, Running, intents, lab};

async fn drain(running: &Running, link: &str, drain: bool) -> Result<Applied, Refusal> {
    let subject = Subject::Link(LinkId::lit(link));
    running
        .engine
        .ask(|reply| Command::Drain { subject, drain, who: "mei".into(), beyond_limit: false, reply })
        .await
}

/// The services whose path leads over a link.
fn over(snapshot: &Snapshot, link: &str) -> Vec<String> {
    let rides = |service: &&engine::snapshot::ServiceView| {
        service.directions.iter().flat_map(|direction| &direction.path).any(|hop| hop.link.as_str() == link)
    };
    snapshot.services.iter().filter(rides).map(|service| service.id.to_string()).collect()
}

fn truths(lab: &Lab) -> Vec<model::DeviceConfig> {
    lab.devices.values().map(device::fake::FakeDevice::truth).collect()
}

async fn served(lab: &Lab) -> Running {
    let running = lab.start().await;
    running.adopt().await;
    running.apply(intents()).await.unwrap();
    running
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_moves_traffic_off_and_its_end_brings_it_back() {
    let lab = lab();
    let mut running = served(&lab).await;
    let before = truths(&lab);
    let shown = running.snapshot(|snapshot| !over(snapshot, "line1-br-1").is_empty()).await;
    let riders = over(&shown, "line1-br-1");
    let applied = drain(&running, "line1-br-1", true).await.unwrap();
    assert!(applied.edits > 0, "{applied:?}");
    let event = running.wait(|kind| matches!(kind, EventKind::Drained { .. })).await;
    assert!(matches!(event, EventKind::Drained { drained: true, .. }), "{event:?}");
    let shown = running.snapshot(|snapshot| snapshot.drained == ["line1-br-1"]).await;
    assert_eq!(over(&shown, "line1-br-1"), Vec::<String>::new());
    assert_eq!(shown.services.iter().filter(|service| service.refused.is_some()).count(), 0);
    assert_ne!(truths(&lab), before);
    drain(&running, "line1-br-1", false).await.unwrap();
    let shown = running.snapshot(|snapshot| snapshot.drained.is_empty()).await;
    assert_eq!(over(&shown, "line1-br-1"), riders);
    assert_eq!(truths(&lab), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_is_drained_while_another_one_is() {
    let lab = lab();
    let mut running = served(&lab).await;
    drain(&running, "line1-br-1", true).await.unwrap();
    drain(&running, "line1-br-2", true).await.unwrap();
    let shown = running.snapshot(|snapshot| snapshot.drained.len() == 2).await;
    assert!(over(&shown, "line1-br-1").is_empty() && over(&shown, "line1-br-2").is_empty());
    // The other line of the same branch: nothing else is left, so its services stay and are named.
    let applied = drain(&running, "line2-br-1", true).await.unwrap();
    let stays = applied.findings.iter().find(|finding| finding.code == intents::codes::STAYS_ON_DRAINED);
    assert!(stays.is_some_and(|finding| finding.message.contains("payments-br-1")), "{:?}", applied.findings);
    drain(&running, "line1-br-1", false).await.unwrap();
    let shown = running.snapshot(|snapshot| snapshot.drained == ["line1-br-2", "line2-br-1"]).await;
    assert!(over(&shown, "line2-br-1").is_empty(), "what stayed goes back as soon as it may");
    assert!(over(&shown, "line1-br-2").is_empty(), "the other drain still holds");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn services_leave_a_full_line_as_it_was_shown_and_come_back() {
    let lab = lab();
    let mut running = lab.start().await;
    running.adopt().await;
    let mut files = intents();
    let services = files.get_mut("services.yaml").unwrap();
    *services = services.replace("bandwidth: 20Mbps", "bandwidth: 60Mbps");
    running.apply(files).await.unwrap();
    let before = truths(&lab);
    let optimise = |limits: Limits| running.engine.ask(|reply| Command::Optimise { limits, reply });
    let shown = optimise(Limits::default()).await.unwrap();
    let balanced = shown.balanced.balanced.clone();
    assert_eq!(shown.balanced.moves.len(), 1, "{}", shown.text);
    assert!(shown.text.starts_with("Optimisation: highest utilisation 62% on line1-br-1"), "{}", shown.text);
    assert!(!shown.plan.transactions.is_empty());
    assert_eq!(truths(&lab), before, "looking changes nothing");
    let relieve = Some(LinkId::lit("line9"));
    let refused = optimise(Limits { relieve, ..Limits::default() }).await.unwrap_err();
    assert_eq!(refused, Refusal::NotFound { what: "link line9".into() });

    let ask = |balancing: Balancing| {
        running.engine.ask(|reply| Command::Balance {
            balancing,
            who: "mei".into(),
            beyond_limit: false,
            reply,
        })
    };
    let mover = shown.balanced.moves[0].service.clone();
    let nobody = balanced.values().map(|kept| ("nobody".parse().unwrap(), kept.clone())).collect();
    let refused = ask(Balancing::Off(nobody)).await.unwrap_err();
    assert_eq!(refused, Refusal::NotFound { what: "service nobody".into() });
    let applied = ask(Balancing::Off(balanced)).await.unwrap();
    assert!(applied.edits > 0, "{applied:?}");
    let event = running.wait(|kind| matches!(kind, EventKind::Balanced { .. })).await;
    let told = EventKind::Balanced { services: vec![mover.clone()], held: 0, back: false, who: "mei".into() };
    assert_eq!(event, told);
    let shown = running.snapshot(|snapshot| snapshot.balanced.contains_key(&mover)).await;
    assert!(!over(&shown, "line1-br-1").contains(&mover.to_string()), "{:?}", shown.balanced);

    // It is journalled: another controller keeps it so.
    running.kill().await;
    let mut running = lab.start().await;
    running.snapshot(|snapshot| snapshot.balanced.contains_key(&mover)).await;
    let back = Balancing::Back(Default::default());
    running
        .engine
        .ask(|reply| Command::Balance { balancing: back, who: "li".into(), beyond_limit: false, reply })
        .await
        .unwrap();
    running.snapshot(|snapshot| snapshot.balanced.is_empty()).await;
    assert_eq!(truths(&lab), before);
}

/// Services between headquarters and the first branch, by name and rate.
fn to_the_branch(rates: &[(&str, u32)]) -> engine::stages::Files {
    let each = rates.iter().map(|(name, rate)| {
        format!(
            "apiVersion: trunkline/v1\nkind: ServiceIntent\nmetadata: {{name: {name}}}\nspec:\n  connectivity: {{type: p2p, endpoints: [hq-pe1, br-1]}}\n  vrf: {name}\n  class: business\n  slo: {{bandwidth: {rate}Mbps}}\n"
        )
    });
    let mut files = intents();
    files.insert("services.yaml".to_owned(), each.collect::<Vec<_>>().join("---\n"));
    files
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_held_is_not_moved_and_goes_back_with_whom_it_was_held_for() {
    let lab = lab();
    let mut running = lab.start().await;
    running.adopt().await;
    // The first line has no room for the last, which goes by the second, and would take the place of the one before.
    running.apply(to_the_branch(&[("a", 55), ("b", 35), ("c", 30)])).await.unwrap();
    let before = truths(&lab);
    let limits = Limits { moves: 1, ..Limits::default() };
    let shown = running.engine.ask(|reply| Command::Optimise { limits, reply }).await.unwrap();
    assert_eq!((shown.balanced.moves.len(), shown.balanced.balanced.len()), (1, 2), "{}", shown.text);
    let mover = shown.balanced.moves[0].service.clone();
    let held = shown.balanced.moves[0].held[0].clone();
    let ask = |balancing: Balancing| {
        running.engine.ask(|reply| Command::Balance {
            balancing,
            who: "mei".into(),
            beyond_limit: false,
            reply,
        })
    };
    ask(Balancing::Off(shown.balanced.balanced)).await.unwrap();
    let event = running.wait(|kind| matches!(kind, EventKind::Balanced { .. })).await;
    let told = EventKind::Balanced { services: vec![mover.clone()], held: 1, back: false, who: "mei".into() };
    assert_eq!(event, told);
    let picture = running.snapshot(|snapshot| snapshot.balanced.len() == 2).await;
    let word = |id: &model::ServiceId| {
        let service = picture.services.iter().find(|service| service.id == *id).unwrap();
        (service.moved, service.balanced)
    };
    assert_eq!((word(&mover), word(&held)), ((false, Some(Balanced::Moved)), (false, Some(Balanced::Held))));

    let ask = |names: &[&model::ServiceId]| {
        let balancing = Balancing::Back(names.iter().copied().cloned().collect());
        running.engine.ask(|reply| Command::Balance {
            balancing,
            who: "li".into(),
            beyond_limit: false,
            reply,
        })
    };
    let stranger = model::ServiceId::lit("a");
    let refused = ask(&[&stranger]).await.unwrap_err();
    let what = "service a among those that were moved off full links".to_owned();
    assert_eq!(refused, Refusal::NotFound { what });
    ask(&[&mover]).await.unwrap();
    let event = running.wait(|kind| matches!(kind, EventKind::Balanced { .. })).await;
    assert_eq!(event, EventKind::Balanced { services: vec![mover], held: 1, back: true, who: "li".into() });
    running.snapshot(|snapshot| snapshot.balanced.is_empty()).await;
    assert_eq!(truths(&lab), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_that_is_rolled_back_is_not_told_as_done_and_leaves_no_trace() {
    let lab = lab();
    let mut running = served(&lab).await;
    let before = truths(&lab);
    lab.devices[&NodeId::lit("hq-pe1")].will(Step::Commit, Fault::Refuse);
    let refusal = drain(&running, "line1-br-1", true).await.unwrap_err();
    assert!(matches!(refusal, Refusal::RolledBack { .. }), "{refusal:?}");
    assert_eq!(truths(&lab), before);
    drain(&running, "line1-br-2", true).await.unwrap();
    let event = running.wait(|kind| matches!(kind, EventKind::Drained { .. })).await;
    let EventKind::Drained { subject, .. } = event else { unreachable!() };
    assert_eq!(subject, "link line1-br-2", "the other one was never drained");
    running.kill().await;
    let mut running = lab.start().await;
    running.snapshot(|snapshot| snapshot.drained == ["line1-br-2"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollback_brings_back_what_an_earlier_revision_put_there() {
    let lab = lab();
    let mut running = served(&lab).await;
    let first = truths(&lab);
    let mut fewer = intents();
    let services = fewer.get_mut("services.yaml").unwrap();
    let voice_only = services.split("---").next().unwrap().to_owned();
    *services = voice_only;
    running.apply(fewer).await.unwrap();
    assert_ne!(truths(&lab), first);
    let to = model::Revision(1);
    let applied = running
        .engine
        .ask(|reply| Command::Rollback {
            to,
            who: "mei".into(),
            message: "CHG7".into(),
            beyond_limit: false,
            reply,
        })
        .await
        .unwrap();
    assert_eq!(applied.revision.0, 3, "it is a revision of its own");
    assert_eq!(truths(&lab), first, "with the numbers that it had");
    running.snapshot(|snapshot| snapshot.counts.services == 3).await;
    let to = model::Revision(9);
    let none = running
        .engine
        .ask(|reply| Command::Rollback {
            to,
            who: "mei".into(),
            message: "CHG7".into(),
            beyond_limit: false,
            reply,
        })
        .await;
    assert!(matches!(none, Err(Refusal::NotFound { .. })), "{none:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_was_given_stays_given_when_its_change_goes_back() {
    let lab = lab();
    let running = lab.start().await;
    running.adopt().await;
    lab.devices[&NodeId::lit("core-2")].will(Step::Commit, Fault::Refuse);
    running.apply(intents()).await.unwrap_err();
    let ids = |running: &Running| {
        let engine = running.engine.clone();
        async move { engine.ask(|reply| Command::State { reply }).await.unwrap().ids }
    };
    let given = ids(&running).await;
    assert_ne!(given, model::Allocations::default(), "a device that fell silent may hold them");
    running.kill().await;
    let running = lab.start().await;
    assert_eq!(ids(&running).await, given);
    running.apply(intents()).await.unwrap();
    assert_eq!(ids(&running).await, given, "the same intents have the same numbers");
}
