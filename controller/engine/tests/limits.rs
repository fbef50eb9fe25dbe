//! How much of the network one change may touch: people are refused unless they mean it, and the loop proposes what it may not do.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should end")]

mod support;

use engine::{
    codes::BEYOND_LIMIT,
    controller::BEYOND,
    event::EventKind,
    handle::{Command, Refusal, Subject},
    terms::{Manner, Most, Share},
};
use model::{LinkId, Severity};
use support::{hasty, intents, lab};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_too_many_devices_is_refused_with_the_figures_unless_it_is_meant() {
    let mut lab = lab();
    lab.most = Most { devices: Some(Share::Part("40%".parse().unwrap())), services: None };
    let running = lab.start().await;
    running.adopt().await;
    let Refusal::Findings { findings } = running.apply(intents()).await.unwrap_err() else {
        panic!("refused for another reason")
    };
    let told: Vec<&str> =
        findings.iter().filter(|one| one.code == BEYOND_LIMIT).map(|one| one.message.as_str()).collect();
    assert_eq!(told, ["it changes 5 of 5 devices, and one change may touch 2 (mostDevices: 40% of all)"]);
    assert_eq!(lab.writes(), 0);
    let planned = running.plan(intents()).await.unwrap();
    assert!(!planned.plan.is_empty(), "it may be looked at");
    let warned = |findings: &[model::Finding]| {
        findings.iter().any(|one| one.code == BEYOND_LIMIT && one.severity == Severity::Warning)
    };
    assert!(warned(&planned.findings), "{:?}", planned.findings);
    let applied = running.apply_so(intents(), Manner::at_once(true)).await.unwrap();
    assert!(applied.devices == 5 && warned(&applied.findings), "{applied:?}");
    // What changes nothing touches nothing.
    assert!(running.apply(intents()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_share_is_of_the_devices_of_the_inventory_and_not_of_all_nodes() {
    let mut lab = lab();
    lab.devices.retain(|node, _| ["hq-pe1", "br-1"].contains(&node.as_str()));
    lab.most = Most { devices: Some(Share::Part("50%".parse().unwrap())), services: None };
    let running = lab.start().await;
    running.adopt().await;
    let refused = running.apply(intents()).await.unwrap_err();
    let Refusal::Findings { findings } = &refused else { panic!("{refused:?}") };
    let told: Vec<&str> =
        findings.iter().filter(|one| one.code == BEYOND_LIMIT).map(|one| one.message.as_str()).collect();
    assert_eq!(told, ["it changes 2 of 2 devices, and one change may touch 1 (mostDevices: 50% of all)"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_that_moves_too_many_services_is_refused_unless_it_is_meant() {
    let mut lab = lab();
    lab.most = Most { devices: None, services: Some(Share::Count(1)) };
    let running = lab.start().await;
    running.adopt().await;
    // They are new, so that nobody's path moves.
    running.apply(intents()).await.unwrap();
    let drain = |beyond_limit| {
        let subject = Subject::Link(LinkId::lit("line1-br-1"));
        running.engine.ask(move |reply| Command::Drain {
            subject,
            drain: true,
            who: "mei".into(),
            beyond_limit,
            reply,
        })
    };
    let refused = drain(false).await.unwrap_err();
    let Refusal::Findings { findings } = &refused else { panic!("{refused:?}") };
    assert!(
        findings.iter().any(|one| one.code == BEYOND_LIMIT && one.message.contains("2 of 3")),
        "{findings:?}"
    );
    assert!(drain(true).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reroute_beyond_the_limit_is_proposed_and_an_alarm_until_it_is_not_needed() {
    let mut lab = lab();
    lab.most = Most { devices: None, services: Some(Share::Count(0)) };
    let mut running = lab.start().await;
    running.adopt().await;
    running.apply(hasty()).await.unwrap();
    let writes = lab.writes();
    running.events = running.engine.events.subscribe();
    let bad = support::feed(&lab, &running, true);
    let mut proposed = false;
    let raised = running
        .wait(|kind| {
            let acts = matches!(
                kind,
                EventKind::TransactionBegun { .. }
                    | EventKind::Rerouted { .. }
                    | EventKind::Proposed { act: true, .. }
            );
            assert!(!acts, "{kind:?}");
            proposed |= matches!(kind, EventKind::Proposed { act: false, .. });
            matches!(kind, EventKind::AlarmRaised { alarm, .. } if alarm == BEYOND)
        })
        .await;
    let EventKind::AlarmRaised { subject, severity, why, services, .. } = raised else { unreachable!() };
    assert!(proposed && subject == "re-route" && severity == Severity::Major && !services.is_empty());
    assert!(why.contains("is held back: it moves or takes away the paths of"), "{why}");
    assert!(why.contains("mostServices: 0"), "{why}");
    running.snapshot(|snapshot| snapshot.alarms.iter().any(|alarm| alarm.alarm == BEYOND)).await;
    bad.abort();
    let good = support::feed(&lab, &running, false);
    running.wait(|kind| matches!(kind, EventKind::AlarmCleared { alarm, .. } if alarm == BEYOND)).await;
    assert_eq!(lab.writes(), writes, "nothing was sent");
    good.abort();
}
