//! Maintenance windows and services that are promised at some times only, on a clock that the test sets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should end")]

mod support;

use std::{collections::BTreeSet, time::Duration};

use engine::{
    controller::BEYOND,
    event::EventKind,
    handle::{Command, Subject},
    snapshot::Snapshot,
    stages::Files,
    terms::{Manner, Most, Share},
};
use model::{LinkId, NodeId, intent::Mode};
use support::{Lab, Running, hasty, intents, lab};

const BEFORE: &str = "2026-12-05T00:59:59+08:00";
const WITHIN: &str = "2026-12-05T01:00:00+08:00";
const AFTER: &str = "2026-12-05T05:00:00+08:00";

const WINDOW: &str = "
apiVersion: trunkline/v1
kind: MaintenanceWindow
metadata: {name: first-line, owner: netops, labels: {change: CHG7}}
spec:
  on: {links: [line1-br-1]}
  when: {from: \"2026-12-05T01:00:00+08:00\", to: \"2026-12-05T05:00:00+08:00\"}
";

const NIGHTLY: &str = "
apiVersion: trunkline/v1
kind: ServiceIntent
metadata: {name: copies}
spec:
  connectivity: {type: p2p, endpoints: [hq-pe1, br-2]}
  vrf: copies
  class: business
  slo: {bandwidth: 30Mbps}
  when: {every: [sat], from: \"01:00\", for: 4h, offset: \"+08:00\"}
";

/// 60Mbps each of two services of a higher class, one on each line of the second branch: 40Mbps are left on either.
const GREEDY: &str = "
---
apiVersion: trunkline/v1
kind: TrafficClass
metadata: {name: gold}
spec: {value: 80, dscp: [af41], queue: business, profile: two-class}
---
apiVersion: trunkline/v1
kind: ServiceIntent
metadata: {name: first}
spec:
  connectivity: {type: p2p, endpoints: [hq-pe1, br-2]}
  vrf: first
  class: gold
  slo: {bandwidth: 60Mbps}
---
apiVersion: trunkline/v1
kind: ServiceIntent
metadata: {name: second}
spec:
  connectivity: {type: p2p, endpoints: [hq-pe1, br-2]}
  vrf: second
  class: gold
  slo: {bandwidth: 60Mbps}
---
";

fn with(text: &str) -> Files {
    let mut files = intents();
    files.insert("more.yaml".into(), text.into());
    files
}

/// The services whose path leads over the first line of the first branch.
fn riders(snapshot: &Snapshot) -> Vec<String> {
    let rides = |service: &&engine::snapshot::ServiceView| {
        let mut hops = service.directions.iter().flat_map(|direction| &direction.path);
        hops.any(|hop| hop.link.as_str() == "line1-br-1")
    };
    snapshot.services.iter().filter(rides).map(|service| service.id.to_string()).collect()
}

fn truths(lab: &Lab) -> Vec<model::DeviceConfig> {
    lab.devices.values().map(device::fake::FakeDevice::truth).collect()
}

fn is_drained(snapshot: &Snapshot) -> bool {
    snapshot.drained == ["line1-br-1"]
}

async fn drain(running: &Running, drain: bool) {
    let subject = Subject::Link(LinkId::lit("line1-br-1"));
    running
        .engine
        .ask(|reply| Command::Drain { subject, drain, who: "mei".into(), beyond_limit: false, reply })
        .await
        .unwrap();
}

async fn set_mode(running: &Running, mode: Mode) {
    running.engine.ask(|reply| Command::SetMode { mode, who: "noc".into(), reply }).await.unwrap();
}

async fn served(lab: &Lab, files: Files) -> Running {
    let running = lab.start().await;
    running.adopt().await;
    running.apply(files).await.unwrap();
    running
}

fn is_opened(kind: &EventKind) -> bool {
    matches!(kind, EventKind::WindowOpened { .. })
}

fn is_closed(kind: &EventKind) -> bool {
    matches!(kind, EventKind::WindowClosed { .. })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_moves_traffic_off_and_its_end_brings_it_back() {
    let lab = lab();
    lab.set_moment(BEFORE);
    let mut running = served(&lab, with(WINDOW)).await;
    let before = truths(&lab);
    let shown =
        running.snapshot(|snapshot| snapshot.windows.len() == 1 && !riders(snapshot).is_empty()).await;
    let rode = riders(&shown);
    let window = &shown.windows[0];
    assert!(!window.open && !window.due && window.next.is_some(), "{window:?}");
    lab.set_moment(WITHIN);
    let event = running.wait(is_opened).await;
    let EventKind::WindowOpened { window, on, why } = event else { unreachable!() };
    assert_eq!(
        (window.as_str(), on, why.as_str()),
        ("first-line", vec!["line1-br-1".to_owned()], "netops, change CHG7")
    );
    let shown = running.snapshot(is_drained).await;
    assert_eq!(riders(&shown), Vec::<String>::new());
    assert!(shown.windows[0].open && shown.windows[0].due);
    assert!(shown.links.iter().any(|link| link.id.as_str() == "line1-br-1" && link.drained));
    lab.set_moment(AFTER);
    running.wait(is_closed).await;
    let shown = running.snapshot(|snapshot| snapshot.drained.is_empty()).await;
    assert_eq!((riders(&shown), truths(&lab)), (rode, before));
    assert!(shown.windows.is_empty(), "what is over is not shown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_person_drained_outlasts_the_window_and_the_window_outlasts_a_person() {
    let lab = lab();
    lab.set_moment(BEFORE);
    let mut running = served(&lab, with(WINDOW)).await;
    drain(&running, true).await;
    lab.set_moment(WITHIN);
    running.wait(is_opened).await;
    lab.set_moment(AFTER);
    running.wait(is_closed).await;
    let shown = running.snapshot(|snapshot| snapshot.windows.is_empty()).await;
    assert!(is_drained(&shown) && riders(&shown).is_empty(), "{:?}", shown.drained);
    lab.set_moment(WITHIN);
    running.wait(is_opened).await;
    drain(&running, false).await;
    let shown = running.snapshot(|snapshot| snapshot.windows.iter().any(|window| window.open)).await;
    assert!(is_drained(&shown) && riders(&shown).is_empty(), "the window is still open");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_stands_on_devices_only_while_it_is_promised_and_keeps_its_numbers() {
    let lab = lab();
    lab.set_moment(BEFORE);
    let mut running = served(&lab, with(NIGHTLY)).await;
    let without = truths(&lab);
    let promised =
        |snapshot: &Snapshot| snapshot.services.iter().any(|service| service.id.as_str() == "copies");
    let shown = running.snapshot(|snapshot| snapshot.resting.len() == 1).await;
    assert!(!promised(&shown) && shown.resting[0].as_str() == "copies");
    lab.set_moment(WITHIN);
    running.snapshot(|snapshot| promised(snapshot) && snapshot.resting.is_empty()).await;
    let with = truths(&lab);
    assert_ne!(with, without);
    lab.set_moment(AFTER);
    running.snapshot(|snapshot| !promised(snapshot) && !snapshot.changing).await;
    assert_eq!(truths(&lab), without);
    lab.set_moment("2026-12-12T02:00:00+08:00");
    running.snapshot(promised).await;
    assert_eq!(truths(&lab), with, "a week later with the same numbers");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_within_a_window_changes_nothing_and_one_after_it_takes_back() {
    let lab = lab();
    lab.set_moment(BEFORE);
    let mut running = served(&lab, with(WINDOW)).await;
    let before = truths(&lab);
    lab.set_moment(WITHIN);
    running.wait(is_opened).await;
    let drained = truths(&lab);
    running.kill().await;
    let writes = lab.writes();
    let mut running = lab.start().await;
    running
        .snapshot(|snapshot| is_drained(snapshot) && snapshot.windows.iter().any(|window| window.open))
        .await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!((lab.writes(), truths(&lab)), (writes, drained), "nothing is sent that is there");
    running.kill().await;
    lab.set_moment(AFTER);
    let mut running = lab.begin().await;
    running.wait(is_closed).await;
    running.snapshot(|snapshot| snapshot.drained.is_empty()).await;
    assert_eq!(truths(&lab), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_is_proposed_once_where_the_loop_may_only_recommend() {
    let lab = lab();
    lab.set_moment(BEFORE);
    let mut running = served(&lab, with(WINDOW)).await;
    set_mode(&running, Mode::Recommend).await;
    let before = truths(&lab);
    lab.set_moment(WITHIN);
    let event = running.wait(|kind| matches!(kind, EventKind::Proposed { act: false, .. })).await;
    let EventKind::Proposed { why, .. } = event else { unreachable!() };
    assert!(why == "window first-line opens (netops, change CHG7)", "{why}");
    let shown = running.snapshot(|snapshot| snapshot.windows.iter().any(|window| window.due)).await;
    assert!(!shown.windows[0].open, "it should be open, and is not");
    // The loop looks five times a second: a second proposal would come.
    tokio::time::sleep(Duration::from_millis(700)).await;
    while let Ok(event) = running.events.try_recv() {
        assert!(!matches!(event.kind, EventKind::Proposed { .. }), "{event:?}");
    }
    assert_eq!(truths(&lab), before);
    set_mode(&running, Mode::Act).await;
    running.wait(is_opened).await;
    running.snapshot(is_drained).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_the_stop_switch_no_window_opens() {
    let lab = lab();
    lab.set_moment(BEFORE);
    let mut running = served(&lab, with(WINDOW)).await;
    running.observe().await;
    let writes = lab.writes();
    lab.set_moment(WITHIN);
    running.snapshot(|snapshot| snapshot.windows.iter().any(|window| window.due && !window.open)).await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(lab.writes(), writes);
    set_mode(&running, Mode::Act).await;
    running.wait(is_opened).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn intents_that_come_within_a_window_are_carried_out_around_it_and_without_it_all_goes_back() {
    let lab = lab();
    lab.set_moment(WITHIN);
    let mut running = served(&lab, with(WINDOW)).await;
    running.wait(is_opened).await;
    let shown = running.snapshot(|snapshot| is_drained(snapshot) && snapshot.services.len() == 3).await;
    assert!(riders(&shown).is_empty());
    running.apply(intents()).await.unwrap();
    let event = running.wait(is_closed).await;
    assert!(matches!(&event, EventKind::WindowClosed { why, .. } if why.is_empty()), "{event:?}");
    let shown = running.snapshot(|snapshot| snapshot.drained.is_empty()).await;
    assert!(!riders(&shown).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alarm_on_a_line_in_work_says_so() {
    let lab = lab();
    lab.set_moment(WITHIN);
    let mut files = hasty();
    files.insert("window.yaml".into(), WINDOW.into());
    let mut running = served(&lab, files).await;
    running.wait(is_opened).await;
    let feed = support::feed(&lab, &running, true);
    let event = running.wait(|kind| matches!(kind, EventKind::AlarmRaised { .. })).await;
    feed.abort();
    let EventKind::AlarmRaised { subject, why, .. } = event else { unreachable!() };
    assert!(subject.contains("line1-br-1"), "{subject}");
    assert!(why.starts_with("in maintenance by window first-line: "), "{why}");
    let shown = running.snapshot(|snapshot| !snapshot.alarms.is_empty()).await;
    assert!(shown.alarms[0].why.starts_with("in maintenance by window first-line: "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_does_not_fit_when_it_begins_holds_back_no_other_and_no_window() {
    let lab = lab();
    lab.set_moment(BEFORE);
    let too_much = NIGHTLY.replace("30Mbps", "50Mbps");
    let fits = NIGHTLY.replace("name: copies", "name: small").replace("vrf: copies", "vrf: small");
    let fits = fits.replace("30Mbps", "10Mbps").replace("from: \"01:00\"", "from: \"05:00\"");
    // At five one begins that does not fit, another that does, and the window closes.
    let too_much = too_much.replace("from: \"01:00\"", "from: \"05:00\"");
    let mut running = served(&lab, with(&[GREEDY, &too_much, "---", &fits, "---", WINDOW].concat())).await;
    lab.set_moment(WITHIN);
    running.wait(is_opened).await;
    lab.set_moment(AFTER);
    running.wait(is_closed).await;
    let shown = running.snapshot(|snapshot| snapshot.drained.is_empty() && snapshot.resting.is_empty()).await;
    let on_a_path = |name: &str| {
        let is_it = |service: &&engine::snapshot::ServiceView| service.id.as_str() == name;
        shown.services.iter().find(is_it).is_some_and(|service| !service.directions.is_empty())
    };
    assert!(on_a_path("small") && on_a_path("first") && !on_a_path("copies"), "{:?}", shown.services);
    // It is not tried again and again, and stands against nothing that people do either.
    let writes = lab.writes();
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(lab.writes(), writes);
    drain(&running, true).await;
    drain(&running, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_beyond_the_limit_is_held_back_and_told_again_after_a_change_that_does_not_open_it() {
    let mut lab = lab();
    lab.most = Most { devices: Some(Share::Count(0)), services: None };
    lab.set_moment(BEFORE);
    let mut running = lab.start().await;
    running.adopt().await;
    running.apply_so(with(WINDOW), Manner::at_once(true)).await.unwrap();
    let writes = lab.writes();
    let is_raised =
        |kind: &EventKind| matches!(kind, EventKind::AlarmRaised { alarm, .. } if alarm == BEYOND);
    let is_cleared =
        |kind: &EventKind| matches!(kind, EventKind::AlarmCleared { alarm, .. } if alarm == BEYOND);
    lab.set_moment(WITHIN);
    let EventKind::AlarmRaised { subject, why, .. } = running.wait(is_raised).await else { unreachable!() };
    assert_eq!(subject, "schedule");
    assert!(
        why.contains("`window first-line opens (netops, change CHG7)` is held back: it changes"),
        "{why}"
    );
    // A router that holds all it should is put right, which changes nothing of what the schedules ask for.
    let nodes = BTreeSet::from([NodeId::lit("core-1")]);
    let ask = |reply| Command::Restore {
        nodes,
        who: "noc".into(),
        message: "CHG8".into(),
        beyond_limit: false,
        reply,
    };
    running.engine.ask(ask).await.unwrap();
    running.wait(is_cleared).await;
    let EventKind::AlarmRaised { subject, .. } = running.wait(is_raised).await else { unreachable!() };
    assert_eq!(subject, "schedule", "it is still needed");
    assert_eq!(lab.writes(), writes, "nothing is sent");
    lab.set_moment(AFTER);
    running.wait(is_cleared).await;
    assert_eq!(lab.writes(), writes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fits_nowhere_is_refused_within_a_window_too_and_the_window_closes() {
    let lab = lab();
    lab.set_moment(WITHIN);
    let mut running = served(&lab, with(WINDOW)).await;
    running.wait(is_opened).await;
    let always = NIGHTLY.replace("30Mbps", "50Mbps");
    let always: String =
        always.lines().filter(|line| !line.contains("when:")).map(|line| format!("{line}\n")).collect();
    let refused = running.apply(with(&[GREEDY, &always, "---", WINDOW].concat())).await.unwrap_err();
    let engine::handle::Refusal::Findings { findings } = refused else { panic!("{refused:?}") };
    assert!(
        findings.iter().any(|finding| finding.is_error() && finding.subject.contains("copies")),
        "{findings:?}"
    );
    lab.set_moment(AFTER);
    running.wait(is_closed).await;
}
