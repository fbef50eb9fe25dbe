//! The controller over fake devices: what it accepts, what it sends, and what it does after it was killed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should end")]

mod support;

use std::{collections::BTreeMap, time::Duration};

use device::{Step, fake::Fault};
use engine::{
    controller::DRIFT,
    event::EventKind,
    handle::{Command, Refusal},
    rehearse::Rehearsed,
    snapshot::{Deviation, Difference, PromiseState},
};
use intents::codes;
use model::{NodeId, Timestamp, intent::Mode};
use support::{intents, lab, telemetry};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn first_contact_only_observes_until_the_network_is_adopted() {
    let lab = lab();
    let running = lab.start().await;
    assert_eq!(running.apply(intents()).await, Err(Refusal::NotAdopted));
    assert_eq!(lab.writes(), 0);
    running.adopt().await;
    let applied = running.apply(intents()).await.unwrap();
    assert_eq!((applied.revision.0, applied.devices), (1, 5));
    assert!(lab.devices.values().all(|device| !device.truth().is_empty()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_controller_starts_again_without_sending_anything() {
    let lab = lab();
    let running = lab.start().await;
    running.adopt().await;
    running.apply(intents()).await.unwrap();
    let (writes, truth) = (lab.writes(), lab.devices[&NodeId::lit("hq-pe1")].truth());
    running.kill().await;
    let mut running = lab.start().await;
    let snapshot = running.snapshot(|snapshot| snapshot.counts.services > 0).await;
    assert_eq!((snapshot.intents.0, snapshot.counts.services), (1, 3));
    let planned = running.plan(intents()).await.unwrap();
    assert!(planned.plan.is_empty(), "{}", planned.text);
    assert_eq!(lab.writes(), writes);
    assert_eq!(lab.devices[&NodeId::lit("hq-pe1")].truth(), truth);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_refuses_rolls_all_back_and_the_intents_are_not_accepted() {
    let lab = lab();
    let mut running = lab.start().await;
    running.adopt().await;
    lab.devices[&NodeId::lit("core-2")].will(Step::Commit, Fault::Refuse);
    let refusal = running.apply(intents()).await.unwrap_err();
    assert!(
        matches!(&refusal, Refusal::RolledBack { errors } if errors[0].contains("core-2, commit")),
        "{refusal:?}"
    );
    assert!(lab.devices.values().all(|device| device.truth().is_empty()));
    let snapshot = running.snapshot(|snapshot| !snapshot.changing).await;
    assert_eq!(snapshot.counts.services, 0);
    assert!(running.apply(intents()).await.is_ok(), "the next attempt succeeds");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_promise_nothing_take_services_off_only_where_that_is_said() {
    let lab = lab();
    let running = lab.start().await;
    running.adopt().await;
    running.apply(intents()).await.unwrap();
    let writes = lab.writes();
    let nothing: engine::stages::Files = [("none.yaml".to_owned(), "# nothing yet\n".to_owned())].into();
    let Refusal::Findings { findings } = running.apply(nothing.clone()).await.unwrap_err() else {
        panic!("refused for another reason")
    };
    assert_eq!(findings[0].code, engine::codes::NOTHING_PROMISED);
    assert_eq!(lab.writes(), writes);
    let all_off = |reply| Command::Apply {
        files: nothing,
        who: "test".into(),
        message: "the last branch closes".into(),
        remove_all: true,
        manner: engine::terms::Manner::default(),
        reply,
    };
    assert!(running.engine.ask(all_off).await.is_ok());
    let is_empty = || lab.devices.values().all(|device| device.truth().is_empty());
    assert!(is_empty());
    // What was meant to be empty may be gone back to.
    running.apply(intents()).await.unwrap();
    assert!(!is_empty());
    let back = |reply| Command::Rollback {
        to: model::Revision(2),
        who: "test".into(),
        message: String::new(),
        beyond_limit: false,
        reply,
    };
    running.engine.ask(back).await.unwrap();
    assert!(is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_of_every_stage_are_told_at_once() {
    let lab = lab();
    let running = lab.start().await;
    running.adopt().await;
    let writes = lab.writes();
    let service = |name: &str, end: &str, slo: &str| {
        format!(
            "apiVersion: trunkline/v1\nkind: ServiceIntent\nmetadata: {{name: {name}}}\nspec:\n  connectivity: {{type: p2p, endpoints: \
             [hq-pe1, {end}]}}\n  vrf: {name}\n  class: business\n  slo: {{{slo}}}\n"
        )
    };
    let large = |name: &str| service(name, "br-1", "bandwidth: 90Mbps");
    let mut files = intents();
    files.insert("misspelt.yaml".into(), service("misspelt", "br-1", "bandwith: 1Mbps"));
    files.insert("nowhere.yaml".into(), service("nowhere", "br-9", "bandwidth: 1Mbps"));
    files.insert("large.yaml".into(), ["a", "b", "c"].map(large).join("---\n"));
    let Refusal::Findings { findings } = running.apply(files).await.unwrap_err() else {
        panic!("refused for another reason")
    };
    let is_told = |code: &&str| findings.iter().any(|one| one.is_error() && one.code == **code);
    let told: Vec<&str> = codes::ALL.iter().map(|(code, _)| *code).filter(is_told).collect();
    assert_eq!(told, [codes::UNKNOWN_FIELD, codes::UNKNOWN_NODE, codes::DOES_NOT_FIT], "{findings:#?}");
    assert!(findings.iter().all(|one| one.place.is_some()), "{findings:#?}");
    assert_eq!(lab.writes(), writes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_change_is_told_once_and_not_fought_over() {
    let lab = lab();
    let mut running = lab.start().await;
    running.adopt().await;
    running.apply(intents()).await.unwrap();
    let hq = &lab.devices[&NodeId::lit("hq-pe1")];
    let before = hq.writes();
    hq.tamper(|config| drop(config.steering.pop_first()));
    let drift = running.wait(|kind| matches!(kind, EventKind::Drift { .. })).await;
    let EventKind::Drift { findings } = drift else { unreachable!() };
    assert!(findings[0].message.contains("steering"), "{findings:?}");
    assert_eq!(hq.writes(), before);
    let applied = running.apply(intents()).await.unwrap();
    assert_eq!((applied.devices, applied.edits), (1, 1), "the next change puts it right");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_goes_bad_is_left_and_the_promise_is_kept_again() {
    let lab = lab();
    let mut running = lab.start().await;
    running.adopt().await;
    running.apply(intents()).await.unwrap();
    let clock = || Timestamp::from_micros(engine::clock::now().as_micros());
    let send = |bad: bool| {
        telemetry(&lab.ted, clock(), move |link, delay, loss| {
            if bad && link == "line1-br-1" {
                *delay = 60_000;
                *loss = 20_000_000;
            }
        })
    };
    running.samples.send(send(false)).await.unwrap();
    running.snapshot(|snapshot| snapshot.counts.kept == 3).await;
    let feed = {
        let (samples, ted) = (running.samples.clone(), lab.ted.clone());
        tokio::spawn(async move {
            loop {
                let now = engine::clock::now();
                let batch = telemetry(&ted, now, |link, delay, loss| {
                    if link == "line1-br-1" {
                        *delay = 60_000;
                        *loss = 20_000_000;
                    }
                });
                if samples.send(batch).await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        })
    };
    let event = running.wait(|kind| matches!(kind, EventKind::Rerouted { .. })).await;
    let EventKind::Rerouted { services, back, .. } = event else { unreachable!() };
    assert!(!back);
    assert!(services.iter().any(|service| service.as_str().contains("br-1")), "{services:?}");
    assert!(!services.iter().any(|service| service.as_str().contains("br-2")), "{services:?}");
    let snapshot =
        running.snapshot(|snapshot| snapshot.counts.broken == 0 && snapshot.counts.kept == 3).await;
    assert!(snapshot.services.iter().all(|service| service.state == PromiseState::Kept));
    feed.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_loop_may_only_recommend_is_proposed_once_and_done_when_it_may_act() {
    let lab = lab();
    let mut running = lab.start().await;
    running.adopt().await;
    running.apply(intents()).await.unwrap();
    let set = |mode| move |reply| Command::SetMode { mode, who: "noc".into(), reply };
    running.engine.ask(set(Mode::Recommend)).await.unwrap();
    let line = lab.ted.links[&model::LinkId::lit("line1-br-1")].clone();
    let feed = {
        let (samples, ted) = (running.samples.clone(), lab.ted.clone());
        tokio::spawn(async move {
            loop {
                let mut batch = telemetry(&ted, engine::clock::now(), |_, _, _| {});
                for sample in &mut batch {
                    let is_end = |end: &model::link::Termination| {
                        (&end.node, &end.interface) == (&sample.node, &sample.interface)
                    };
                    if is_end(&line.a) || is_end(&line.z) {
                        sample.measure = model::Measure::Up(false);
                    }
                }
                if samples.send(batch).await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        })
    };
    running.wait(|kind| matches!(kind, EventKind::Proposed { act: false, .. })).await;
    // The loop turns some ten times meanwhile.
    tokio::time::sleep(Duration::from_secs(2)).await;
    running.engine.ask(set(Mode::Act)).await.unwrap();
    let mut again = 0;
    running
        .wait(|kind| {
            again += usize::from(matches!(kind, EventKind::Proposed { act: false, .. }));
            matches!(kind, EventKind::Proposed { act: true, .. })
        })
        .await;
    assert_eq!(again, 0);
    feed.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_is_tried_on_the_devices_that_it_changes_but_not_before_they_may_be_locked() {
    let lab = lab();
    let running = lab.start().await;
    let nobody = |told: &BTreeMap<NodeId, Rehearsed>, why: &str| {
        told.len() == 5
            && told.values().all(|one| matches!(one, Rehearsed::NotAsked { why: told } if told.contains(why)))
    };
    let told = running.rehearse(intents()).await.unwrap().rehearsal.unwrap();
    assert!(nobody(&told, "not adopted"), "{told:?}");
    running.adopt().await;
    running.observe().await;
    let told = running.rehearse(intents()).await.unwrap().rehearsal.unwrap();
    assert!(nobody(&told, "observe"), "{told:?}");
    let recommend = |reply| Command::SetMode { mode: Mode::Recommend, who: "noc".into(), reply };
    running.engine.ask(recommend).await.unwrap();
    let hq = NodeId::lit("hq-pe1");
    lab.devices[&hq].will(Step::Rehearse, Fault::Refuse);
    let told = running.rehearse(intents()).await.unwrap().rehearsal.unwrap();
    assert_eq!(told.len(), 5);
    for (node, answer) in told {
        let expected = if node == hq {
            Rehearsed::Refused { why: "told to refuse".into() }
        } else {
            Rehearsed::Accepted
        };
        assert_eq!(answer, expected, "{node}");
    }
    assert_eq!(lab.writes(), 0);
    running.apply(intents()).await.unwrap();
    // Nothing changes, so nobody is asked.
    lab.devices[&hq].will(Step::Rehearse, Fault::Refuse);
    assert_eq!(running.rehearse(intents()).await.unwrap().rehearsal, Some(BTreeMap::new()));
    assert_eq!(running.plan(intents()).await.unwrap().rehearsal, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_becomes_of_an_unconfirmed_change_is_asked_when_a_router_may_be_written_and_told_with_the_plan()
{
    let lab = lab();
    let mut running = lab.start().await;
    let is_known = |node: &engine::snapshot::NodeView| node.rollback.is_some();
    let shown = running.snapshot(|snapshot| snapshot.counts.read == snapshot.counts.devices).await;
    assert!(!shown.nodes.iter().any(is_known), "the question may be a write");
    let planned = running.plan(intents()).await.unwrap();
    assert!(
        planned
            .text
            .contains("A change that is not confirmed\n  br-1, br-2, core-1, core-2, hq-pe1: not known")
    );
    running.adopt().await;
    let shown = running.snapshot(|snapshot| snapshot.nodes.iter().all(is_known)).await;
    assert_eq!(shown.nodes[0].rollback, Some(device::Rollback::ByDevice));
    let planned = running.plan(intents()).await.unwrap();
    assert!(!planned.text.contains("A change that is not confirmed"), "{}", planned.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stop_switch_stops() {
    let lab = lab();
    let running = lab.start().await;
    running.adopt().await;
    let stop = |mode| move |reply| Command::SetMode { mode, who: "noc".into(), reply };
    running.engine.ask(stop(Mode::Observe)).await.unwrap();
    assert_eq!(running.apply(intents()).await, Err(Refusal::Mode { mode: Mode::Observe }));
    assert_eq!(lab.writes(), 0);
    // What is recommended is done by people.
    running.engine.ask(stop(Mode::Recommend)).await.unwrap();
    assert!(running.apply(intents()).await.is_ok());
    running.stop.cancel();
    running.task.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drift_is_an_alarm_that_says_what_differs_and_ends_when_the_device_holds_what_it_should() {
    let lab = lab();
    let mut running = lab.start().await;
    running.adopt().await;
    running.apply(intents()).await.unwrap();
    let hq = &lab.devices[&NodeId::lit("hq-pe1")];
    let truth = hq.truth();
    hq.tamper(|config| config.steering.clear());
    let raised = running.wait(|kind| matches!(kind, EventKind::AlarmRaised { .. })).await;
    let EventKind::AlarmRaised { alarm, subject, why, .. } = raised else { unreachable!() };
    assert_eq!((alarm.as_str(), subject.as_str()), (engine::controller::DRIFT, "hq-pe1"));
    assert!(why.contains("is missing"), "{why}");
    assert_eq!(why.matches("steering").count(), truth.steering.len().min(5), "{why}");
    let shown = running.snapshot(|snapshot| !snapshot.alarms.is_empty()).await;
    assert_eq!((shown.alarms.len(), shown.alarms[0].why.as_str()), (1, why.as_str()));
    let ends = |service: &&engine::snapshot::ServiceView| {
        [service.a.as_str(), service.z.as_str()].contains(&"hq-pe1")
    };
    let from_there: Vec<_> = shown.services.iter().filter(ends).map(|service| &service.id).collect();
    assert!(
        !from_there.is_empty() && shown.alarms[0].services.iter().eq(from_there),
        "{:?}",
        shown.alarms[0]
    );
    // A device that falls silent may hold it still.
    for _ in 0..3 {
        hq.will(Step::Read, Fault::LostBefore);
    }
    running.wait(|kind| matches!(kind, EventKind::DeviceDown { .. })).await;
    let up = running
        .wait(|kind| {
            assert!(!matches!(kind, EventKind::AlarmCleared { .. }), "it is not known to be over");
            matches!(kind, EventKind::DeviceUp { .. })
        })
        .await;
    assert!(matches!(up, EventKind::DeviceUp { .. }));
    hq.tamper(|config| *config = truth);
    let cleared = running.wait(|kind| matches!(kind, EventKind::AlarmCleared { .. })).await;
    assert!(matches!(cleared, EventKind::AlarmCleared { subject, .. } if subject == "hq-pe1"));
    running.snapshot(|snapshot| snapshot.alarms.is_empty()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_router_is_restored_and_what_differs_on_another_one_stays_and_stays_told() {
    let lab = lab();
    let mut running = lab.start().await;
    running.adopt().await;
    running.apply(intents()).await.unwrap();
    let (hq, branch) = (NodeId::lit("hq-pe1"), NodeId::lit("br-1"));
    let before = lab.devices[&hq].truth();
    lab.devices[&hq].tamper(|config| drop(config.steering.pop_first()));
    lab.devices[&branch].tamper(|config| config.classifier = None);
    let differ = |snapshot: &engine::snapshot::Snapshot| {
        snapshot
            .nodes
            .iter()
            .filter(|node| !node.differs.is_empty())
            .map(|node| node.id.clone())
            .collect::<Vec<_>>()
    };
    let shown = running.snapshot(|snapshot| differ(snapshot).len() == 2).await;
    let [steering] = shown.nodes.iter().find(|node| node.id == hq).unwrap().differs.as_slice() else {
        panic!()
    };
    assert_eq!((steering.deviation, steering.fields.len()), (Deviation::Missing, 3), "{steering:?}");
    let restore = |node: &str| {
        let nodes = [NodeId::lit(node)].into();
        let (who, message) = ("mei".to_owned(), "CHG9".to_owned());
        running.engine.ask(move |reply| Command::Restore { nodes, who, message, beyond_limit: false, reply })
    };
    let stranger = restore("br-9").await.unwrap_err();
    assert_eq!(stranger, Refusal::NotFound { what: "router br-9 in the inventory".into() });
    let writes = lab.devices[&branch].writes();
    let applied = restore("hq-pe1").await.unwrap();
    assert_eq!((applied.devices, applied.edits), (1, 1));
    assert_eq!(lab.devices[&hq].truth(), before);
    assert_eq!(lab.devices[&branch].writes(), writes, "nobody asked for it");
    running.snapshot(|snapshot| differ(snapshot) == [NodeId::lit("br-1")]).await;
    let is_told = |snapshot: &engine::snapshot::Snapshot| {
        snapshot.alarms.iter().any(|alarm| alarm.alarm == DRIFT && alarm.subject == "br-1")
    };
    running.snapshot(is_told).await;
    running.observe().await;
    let nodes = [branch.clone()].into();
    let ask = |reply| Command::Restore {
        nodes,
        who: "mei".into(),
        message: String::new(),
        beyond_limit: false,
        reply,
    };
    assert_eq!(running.engine.ask(ask).await, Err(Refusal::Mode { mode: Mode::Observe }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_router_that_holds_something_else_is_not_in_sync_and_its_promises_are_not_known() {
    let lab = lab();
    let mut running = lab.start().await;
    running.adopt().await;
    running.apply(intents()).await.unwrap();
    let feed = support::feed(&lab, &running, false);
    let all_well = |snapshot: &engine::snapshot::Snapshot| {
        snapshot.counts.kept == 3 && snapshot.counts.in_sync == snapshot.counts.devices
    };
    running.snapshot(all_well).await;
    // As after a restart with an empty configuration, which nobody saw.
    lab.devices[&NodeId::lit("br-1")].tamper(|config| *config = model::DeviceConfig::default());
    let shown = running.snapshot(|snapshot| snapshot.counts.unknown > 0).await;
    assert_eq!((shown.counts.in_sync + 1, shown.counts.read), (shown.counts.read, shown.counts.devices));
    let branch = shown.nodes.iter().find(|node| node.id.as_str() == "br-1").unwrap();
    let is_gone = |one: &Difference| one.object.starts_with("policy") && one.deviation == Deviation::Missing;
    assert!(branch.differs.iter().any(is_gone));
    for service in &shown.services {
        let ends = [service.a.as_str(), service.z.as_str()].contains(&"br-1");
        assert_eq!(service.state == PromiseState::Unknown, ends, "{service:?}");
        assert_eq!(service.why.as_ref().is_some_and(|why| why.contains("br-1 does not hold")), ends);
    }
    running.apply(intents()).await.unwrap();
    running.snapshot(all_well).await;
    feed.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stands_there_before_a_network_is_adopted_is_compared_when_it_is() {
    let first = lab();
    let running = first.start().await;
    running.adopt().await;
    running.apply(intents()).await.unwrap();
    running.kill().await;
    // Another controller, of which the journal is empty.
    let lab = support::Lab { folder: tempfile::tempdir().unwrap(), ..first };
    let mut running = lab.start().await;
    let shown = running.snapshot(|snapshot| snapshot.counts.read == snapshot.counts.devices).await;
    assert_eq!(shown.counts.in_sync, 0, "nobody knows what they should hold");
    let adopted = |node: &engine::snapshot::NodeView| node.uncompared.is_none();
    assert!(!shown.nodes.iter().any(adopted));
    running.adopt().await;
    running.wait(|kind| matches!(kind, EventKind::Drift { .. })).await;
    let shown = running.snapshot(|snapshot| snapshot.adopted).await;
    assert!(shown.nodes.iter().all(adopted));
    let headend = shown.nodes.iter().find(|node| node.id.as_str() == "hq-pe1").unwrap();
    assert!(headend.differs.iter().all(|one| one.deviation == Deviation::Unexpected));
    assert!(!headend.differs.is_empty() && shown.counts.in_sync < shown.counts.read);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn first_contact_tells_what_is_bad_and_writes_to_nobody() {
    let lab = lab();
    let running = lab.start().await;
    running.adopt().await;
    running.apply(support::hasty()).await.unwrap();
    running.kill().await;
    // The same network and intents, and nobody has adopted them.
    lab.journal().await.put_adopted(false).unwrap();
    let before = lab.writes();
    let mut running = lab.start().await;
    let feed = support::feed(&lab, &running, true);
    let (mut alarmed, mut broken) = (false, false);
    running
        .wait(|kind| {
            alarmed |= matches!(kind, EventKind::AlarmRaised { .. });
            broken |= matches!(kind, EventKind::PromiseBroken { .. });
            alarmed && broken
        })
        .await;
    // The breach has to last a second before the loop would act; several turns more go by.
    let until = tokio::time::sleep(Duration::from_millis(2_500));
    tokio::pin!(until);
    loop {
        tokio::select! {
            () = &mut until => break,
            event = running.events.recv() => {
                let kind = event.unwrap().kind;
                let acts = matches!(kind, EventKind::TransactionBegun { .. } | EventKind::Proposed { act: true, .. });
                assert!(!acts, "{kind:?}");
            }
        }
    }
    feed.abort();
    assert_eq!(lab.writes(), before);
}
