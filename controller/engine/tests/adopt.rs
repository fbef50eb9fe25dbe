//! What differs on a router is accepted: it stays, nothing is written for it, and everything that is worked out knows of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should end")]

mod support;

use device::fake::FakeDevice;
use engine::{
    event::EventKind,
    handle::{Applied, Command, Refusal},
    snapshot::{NodeView, PromiseState, Snapshot},
    stages::Files,
};
use model::{DeviceConfig, NodeId, SrPolicy, Timestamp, intent::Mode};
use support::{Lab, Running, intents, lab};

const HQ: &str = "hq-pe1";

fn hq(lab: &Lab) -> &FakeDevice {
    &lab.devices[&NodeId::lit(HQ)]
}

fn view(snapshot: &Snapshot) -> &NodeView {
    snapshot.nodes.iter().find(|node| node.id.as_str() == HQ).unwrap()
}

/// A controller whose intents are in force, and a router that somebody has changed, as it was seen.
async fn changed(lab: &Lab, tamper: impl FnOnce(&mut DeviceConfig)) -> Running {
    let mut running = lab.start().await;
    running.adopt().await;
    running.apply(intents()).await.unwrap();
    hq(lab).tamper(tamper);
    running.snapshot(|snapshot| !view(snapshot).differs.is_empty()).await;
    running
}

async fn accept(running: &Running, node: &str, until: Option<Timestamp>) -> Result<Applied, Refusal> {
    let nodes = [NodeId::lit(node)].into();
    let (who, message) = ("mei".to_owned(), "CHG9".to_owned());
    running.engine.ask(|reply| Command::AdoptDrift { nodes, who, message, until, reply }).await
}

async fn restore(running: &Running) -> Result<Applied, Refusal> {
    let nodes = [NodeId::lit(HQ)].into();
    let (who, message) = ("li".to_owned(), "CHG10".to_owned());
    running.engine.ask(|reply| Command::Restore { nodes, who, message, beyond_limit: false, reply }).await
}

fn rename(config: &mut DeviceConfig) {
    config.policies.values_mut().for_each(|policy| policy.name = "tl-by-hand".into());
}

fn is_told(findings: &[model::Finding], what: &str) -> bool {
    findings.iter().any(|one| one.code == plan::codes::EXCEPTION && one.message.contains(what))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_accepted_stays_over_changes_and_restarts_until_it_is_put_back() {
    let lab = lab();
    let mut running = changed(&lab, rename).await;
    let (held, writes) = (hq(&lab).truth(), lab.writes());
    let applied = accept(&running, HQ, None).await.unwrap();
    assert_eq!((applied.devices, applied.edits), (0, 0));
    assert!(is_told(&applied.findings, "held by an exception of mei: CHG9"), "{:?}", applied.findings);
    let made = running.wait(|kind| matches!(kind, EventKind::Excepted { .. })).await;
    let EventKind::Excepted { nodes, objects, who, why, until } = made else { unreachable!() };
    assert_eq!((nodes, objects), (vec![NodeId::lit(HQ)], held.policies.len()));
    assert_eq!((who.as_str(), why.as_str(), until), ("mei", "CHG9", None));
    // No alarm stands for it any more, and the same intents change nothing of it.
    let is_kept = |snapshot: &Snapshot| {
        let node = view(snapshot);
        snapshot.alarms.is_empty() && node.differs.is_empty() && node.exceptions.len() == 1
    };
    let shown = running.snapshot(is_kept).await;
    assert_eq!(view(&shown).exceptions[0].objects.len(), held.policies.len());
    assert!(is_told(&shown.findings, "CHG9"));
    let planned = running.plan(intents()).await.unwrap();
    assert!(planned.plan.is_empty() && planned.text.contains("exception of mei"), "{}", planned.text);
    assert_eq!(running.apply(intents()).await.unwrap().devices, 0);
    assert_eq!((hq(&lab).truth(), lab.writes()), (held.clone(), writes));
    running.kill().await;
    let mut running = lab.start().await;
    running.snapshot(is_kept).await;
    assert!(running.plan(intents()).await.unwrap().plan.is_empty());
    let state = running.engine.ask(|reply| Command::State { reply }).await.unwrap();
    assert_eq!(state.exceptions.of(&NodeId::lit(HQ)).len(), 1, "a snapshot has it");
    assert_eq!(lab.writes(), writes);
    assert_eq!(restore(&running).await.unwrap().devices, 1);
    let ended = running.wait(|kind| matches!(kind, EventKind::ExceptionEnded { .. })).await;
    let EventKind::ExceptionEnded { objects, who, why, .. } = ended else { unreachable!() };
    assert_eq!((objects.len(), who.as_str()), (held.policies.len(), "mei"));
    assert!(why.contains("restore hq-pe1 for li: CHG10"), "{why}");
    assert!(hq(&lab).truth().policies.values().all(|policy| policy.name != "tl-by-hand"));
    running.snapshot(|snapshot| view(snapshot).exceptions.is_empty()).await;
    running.kill().await;
    let running = lab.start().await;
    assert!(view(&running.engine.snapshot.borrow()).exceptions.is_empty(), "it does not come back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_accepted_for_a_time_is_drift_again_after_it() {
    let lab = lab();
    lab.set_moment("2026-12-05T00:00:00Z");
    let mut running = changed(&lab, rename).await;
    let until = intents::moment("2026-12-05T01:00:00Z").unwrap().at;
    accept(&running, HQ, Some(until)).await.unwrap();
    let shown = running.snapshot(|snapshot| view(snapshot).differs.is_empty()).await;
    assert_eq!(view(&shown).exceptions[0].until, Some(until));
    let writes = lab.writes();
    lab.set_moment("2026-12-05T01:00:00Z");
    let ended = running.wait(|kind| matches!(kind, EventKind::ExceptionEnded { .. })).await;
    assert!(matches!(ended, EventKind::ExceptionEnded { why, .. } if why == "its time is over"));
    running.wait(|kind| matches!(kind, EventKind::Drift { .. })).await;
    let is_drift = |snapshot: &Snapshot| {
        let node = view(snapshot);
        node.exceptions.is_empty() && !node.differs.is_empty() && !snapshot.alarms.is_empty()
    };
    let shown = running.snapshot(is_drift).await;
    assert!(!is_told(&shown.findings, ""), "{:?}", shown.findings);
    assert_eq!(lab.writes(), writes, "nobody writes because a time is over");
    running.kill().await;
    let log = lab.journal().await.audit(1).unwrap();
    assert_eq!(
        (log[0].what.as_str(), log[0].why.as_str()),
        ("end 1 exception(s): hq-pe1", "its time is over")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_breaks_a_promise_is_refused_and_so_is_what_nobody_can_accept() {
    let lab = lab();
    let mut running = changed(&lab, |config| config.steering.clear()).await;
    let writes = lab.writes();
    let Refusal::Findings { findings } = accept(&running, HQ, None).await.unwrap_err() else {
        panic!("refused for another reason")
    };
    assert!(
        findings.iter().any(|one| one.code == plan::codes::NOT_STEERED && one.is_error()),
        "{findings:?}"
    );
    let shown = running.snapshot(|snapshot| !snapshot.changing).await;
    assert!(view(&shown).exceptions.is_empty() && !view(&shown).differs.is_empty());
    let same = accept(&running, "br-1", None).await.unwrap_err();
    assert_eq!(same.to_string(), "there is no difference on router br-1: it holds what it should");
    let stranger = accept(&running, "br-9", None).await.unwrap_err();
    assert_eq!(stranger, Refusal::NotFound { what: "router br-9 in the inventory".into() });
    running.observe().await;
    assert_eq!(accept(&running, HQ, None).await, Err(Refusal::Mode { mode: Mode::Observe }));
    assert_eq!(lab.writes(), writes);
    // A restart knows of none either.
    running.kill().await;
    assert!(lab.journal().await.exceptions::<plan::Exceptions>().unwrap().is_empty());
}

/// The example with another bandwidth of the payments.
fn payments_of(bandwidth: &str) -> Files {
    let mut files = intents();
    let services = files.get_mut("services.yaml").unwrap();
    *services = services.replace("bandwidth: 20Mbps", &format!("bandwidth: {bandwidth}"));
    assert!(services.contains(bandwidth));
    files
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn intents_that_ask_for_the_same_end_it_and_others_are_told_that_they_ask_in_vain() {
    let lab = lab();
    let mut running = lab.start().await;
    running.adopt().await;
    running.apply(payments_of("30Mbps")).await.unwrap();
    let wide = hq(&lab).truth().qos;
    running.apply(intents()).await.unwrap();
    assert_ne!(hq(&lab).truth().qos, wide);
    hq(&lab).tamper(|config| config.qos = wide.clone());
    running.snapshot(|snapshot| !view(snapshot).differs.is_empty()).await;
    accept(&running, HQ, None).await.unwrap();
    let writes = hq(&lab).writes();
    let planned = running.plan(payments_of("40Mbps")).await.unwrap();
    assert!(
        is_told(&planned.findings, "something else is asked for and is not put"),
        "{:?}",
        planned.findings
    );
    let touches = |node: &NodeId| planned.plan.transactions.iter().any(|one| one.edits.contains_key(node));
    assert!(!touches(&NodeId::lit(HQ)) && touches(&NodeId::lit("br-1")), "{}", planned.text);
    running.apply(payments_of("30Mbps")).await.unwrap();
    let ended = running.wait(|kind| matches!(kind, EventKind::ExceptionEnded { .. })).await;
    assert!(
        matches!(&ended, EventKind::ExceptionEnded { why, .. } if why == "the intents ask for it as it is"),
        "{ended:?}"
    );
    let is_calm =
        |snapshot: &Snapshot| view(snapshot).exceptions.is_empty() && view(snapshot).differs.is_empty();
    running.snapshot(is_calm).await;
    assert_eq!((hq(&lab).truth().qos, hq(&lab).writes()), (wide, writes), "it had it already");
}

/// The policy to the second branch goes by its backup, and has its path in reserve.
fn turned(config: &mut DeviceConfig) {
    let is_to_branch = |policy: &&mut SrPolicy| policy.key.endpoint.to_string() == "10.0.0.5";
    let policy = config.policies.values_mut().find(is_to_branch).unwrap();
    let [path, backup] = policy.candidates.as_mut_slice() else { panic!("two paths") };
    std::mem::swap(&mut path.lists, &mut backup.lists);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_path_that_was_accepted_is_proved_as_it_is_and_its_promise_is_not_called_kept() {
    let lab = lab();
    let mut running = changed(&lab, turned).await;
    accept(&running, HQ, None).await.unwrap();
    let feed = support::feed(&lab, &running, false);
    let shown = running.snapshot(|snapshot| snapshot.counts.kept == 2).await;
    for service in &shown.services {
        let to_branch = [service.a.as_str(), service.z.as_str()].contains(&"br-2");
        assert_eq!(service.state == PromiseState::Unknown, to_branch, "{service:?}");
        let why = service.why.as_deref().unwrap_or_default();
        assert_eq!(why.contains("an exception on hq-pe1 leads it elsewhere"), to_branch, "{why}");
    }
    feed.abort();
}
