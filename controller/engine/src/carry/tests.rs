//! Faults at every step, on fake devices: the network ends all-old or all-new, or says what is unknown.

use device::{
    contract::sample_edits,
    fake::{FakeDevice, Fault},
};
use model::{Cause, Phase, ReasonedEdit};

use super::*;

struct Lab {
    devices: Vec<FakeDevice>,
    fleet: Fleet,
    journal: Journal,
    _folder: tempfile::TempDir,
}

const LONGEST: Duration = Duration::from_secs(5);

fn lab(names: &[&str], longest: Duration) -> Lab {
    let devices: Vec<FakeDevice> = names.iter().map(|name| FakeDevice::new(NodeId::lit(name))).collect();
    let fleet = devices
        .iter()
        .map(|device| {
            let handle = DeviceHandle::spawn(device.another_session(), longest);
            (handle.node().clone(), handle)
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(&folder.path().join("journal")).unwrap();
    Lab { devices, fleet, journal, _folder: folder }
}

fn transaction(names: &[&str]) -> Transaction {
    let cause = Cause { intents: Vec::new(), rule: "test".into() };
    let edits: Vec<ReasonedEdit> =
        sample_edits(1).into_iter().map(|edit| ReasonedEdit { edit, cause: cause.clone() }).collect();
    Transaction {
        phase: Phase::Move,
        edits: names.iter().map(|name| (NodeId::lit(name), edits.clone())).collect(),
    }
}

async fn run(lab: &Lab, names: &[&str]) -> Report {
    carry_out(&transaction(names), &BTreeMap::new(), &lab.fleet, &lab.journal, Timestamp::default())
        .await
        .unwrap()
}

#[tokio::test]
async fn all_devices_take_the_change() {
    let names = ["a", "b", "c"];
    let lab = lab(&names, LONGEST);
    let report = run(&lab, &names).await;
    assert_eq!(report.outcome, Outcome::Applied);
    assert_eq!(report.readings.len(), 3);
    assert!(lab.devices.iter().all(|device| !device.truth().is_empty()));
    assert!(lab.journal.open_transactions().unwrap().is_empty());
    lab.devices.iter().for_each(|device| device.pass(CONFIRM_WITHIN * 2));
    assert!(lab.devices.iter().all(|device| !device.truth().is_empty()), "a confirmed change went back");
}

#[tokio::test]
async fn whatever_fails_wherever_the_network_ends_all_old_or_all_new_or_says_what_is_unknown() {
    let names = ["a", "b", "c"];
    let steps = [Step::Stage, Step::Commit, Step::Read, Step::Confirm];
    for step in steps {
        for fault in [Fault::Refuse, Fault::LostBefore, Fault::LostAfter] {
            let lab = lab(&names, LONGEST);
            lab.devices[1].will(step, fault);
            let report = run(&lab, &names).await;
            let new: Vec<bool> = lab.devices.iter().map(|device| !device.truth().is_empty()).collect();
            let case = format!("{fault:?} at {step}: {:?} {new:?}", report.outcome);
            match &report.outcome {
                Outcome::Applied => assert!(new.iter().all(|new| *new), "{case}"),
                Outcome::RolledBack => assert!(new.iter().all(|new| !new), "{case}"),
                Outcome::Unresolved { decided, nodes } => {
                    assert!(*decided && step == Step::Confirm, "{case}");
                    assert_eq!(nodes, &BTreeSet::from([NodeId::lit("b")]), "{case}");
                    assert!(new[0] && new[2], "{case}");
                    assert_eq!(lab.journal.open_transactions().unwrap().len(), 1, "{case}");
                }
            }
            assert_eq!(report.outcome == Outcome::Applied, report.errors.is_empty(), "{case}");
        }
    }
}

#[tokio::test]
async fn a_refused_login_leaves_nothing_unresolved_where_nothing_was_sent() {
    let names = ["a", "b"];
    let lab = lab(&names, LONGEST);
    // The sessions have idled out, and the server that knows the passwords is down.
    for step in [Step::Stage, Step::Cancel] {
        lab.devices[0].will(step, Fault::Shut);
    }
    let report = run(&lab, &names).await;
    assert_eq!(report.outcome, Outcome::RolledBack);
    assert_eq!((report.errors.len(), report.errors[0].step), (1, Step::Connect));
    assert!(lab.journal.open_transactions().unwrap().is_empty());
    assert!(lab.devices.iter().all(|device| device.truth().is_empty()));
}

#[tokio::test]
async fn a_device_that_falls_silent_twice_is_unresolved_and_written_down() {
    let names = ["a", "b"];
    let lab = lab(&names, LONGEST);
    lab.devices[0].will(Step::Commit, Fault::LostAfter);
    lab.devices[0].will(Step::Cancel, Fault::LostBefore);
    let report = run(&lab, &names).await;
    let unknown = BTreeSet::from([NodeId::lit("a")]);
    assert_eq!(report.outcome, Outcome::Unresolved { decided: false, nodes: unknown.clone() });
    let open = lab.journal.open_transactions().unwrap();
    assert_eq!(open[0].unresolved, Some(unknown));
    assert!(!open[0].decided);
    assert!(lab.devices[1].truth().is_empty());
    // The device keeps its own promise: without a confirm it goes back.
    lab.devices[0].pass(CONFIRM_WITHIN * 2);
    assert!(lab.devices[0].truth().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_device_that_restarts_its_server_is_asked_again_and_one_that_stays_away_is_unresolved() {
    let names = ["a", "b"];
    for (step, decided) in [(Step::Cancel, false), (Step::Read, true), (Step::Confirm, true)] {
        for (attempts, back) in [(1, true), (5, true), (6, step == Step::Read)] {
            let lab = lab(&names, LONGEST);
            if step == Step::Cancel {
                lab.devices[0].will(Step::Commit, Fault::LostAfter);
            }
            (0..attempts).for_each(|_| lab.devices[0].will(step, Fault::Away));
            let report = run(&lab, &names).await;
            let case = format!("away for {attempts} orders to {step}: {:?}", report.outcome);
            let applied = decided && (step != Step::Read || attempts < 6);
            match back {
                true if applied => assert_eq!(report.outcome, Outcome::Applied, "{case}"),
                true => assert_eq!(report.outcome, Outcome::RolledBack, "{case}"),
                false => {
                    let nodes = BTreeSet::from([NodeId::lit("a")]);
                    assert_eq!(report.outcome, Outcome::Unresolved { decided, nodes }, "{case}");
                }
            }
            let new = |device: &FakeDevice| !device.truth().is_empty();
            assert_eq!(new(&lab.devices[1]), applied, "{case}");
            assert!(!back || new(&lab.devices[0]) == applied, "{case}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_device_that_is_found_away_only_after_long_is_not_asked_again() {
    let names = ["a", "b"];
    let lab = lab(&names, Duration::from_secs(30));
    lab.devices[0].will(Step::Commit, Fault::LostAfter);
    lab.devices[0].will(Step::Cancel, Fault::Away);
    lab.devices[0].hold(Step::Cancel, tokio::time::sleep(Duration::from_secs(10)));
    let begun = Instant::now();
    let report = run(&lab, &names).await;
    let nodes = BTreeSet::from([NodeId::lit("a")]);
    assert_eq!(report.outcome, Outcome::Unresolved { decided: false, nodes });
    assert!(begun.elapsed() < Duration::from_secs(11), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_is_decided_too_late_goes_back_while_all_devices_still_can() {
    let names = ["a", "b"];
    for (late, outcome) in [(45, Outcome::Applied), (55, Outcome::RolledBack)] {
        let lab = lab(&names, Duration::from_secs(100));
        lab.devices[1].hold(Step::Read, tokio::time::sleep(Duration::from_secs(late)));
        let report = run(&lab, &names).await;
        assert_eq!(report.outcome, outcome, "{late} s");
        let new = outcome == Outcome::Applied;
        assert!(lab.devices.iter().all(|device| device.truth().is_empty() != new), "{late} s");
        assert_eq!(report.undecided.is_some(), !new, "{:?}", report.undecided);
    }
}

#[tokio::test]
async fn a_device_outside_the_inventory_stops_the_change() {
    let lab = lab(&["a"], LONGEST);
    let report = run(&lab, &["a", "stranger"]).await;
    assert_eq!(report.outcome, Outcome::RolledBack);
    assert!(report.errors.iter().any(|error| error.to_string().contains("not in the inventory")));
    assert!(lab.devices[0].truth().is_empty());
}

#[tokio::test]
async fn a_device_that_says_yes_and_does_nothing_is_found_out_before_anything_is_confirmed() {
    let names = ["a", "b", "c"];
    let lab = lab(&names, LONGEST);
    lab.devices[1].will(Step::Commit, Fault::Lie);
    let report = run(&lab, &names).await;
    assert_eq!(report.outcome, Outcome::RolledBack);
    let said: Vec<String> = report.errors.iter().map(ToString::to_string).collect();
    assert!(
        said.len() == 1 && said[0].contains("it acknowledged the change but holds something else"),
        "{said:?}"
    );
    assert!(lab.devices.iter().all(|device| device.truth().is_empty()));
    assert!(lab.journal.open_transactions().unwrap().is_empty());
}
