use serde_json::json;

use super::*;

fn run(steps: &str) -> Run {
    let text = format!("apiVersion: trunkline/v1\nkind: Scenario\nsteps:\n{steps}");
    Run::new(&Scenario::read("s.yaml", &text).unwrap_or_else(|f| panic!("{f:?}")))
}

fn at(seconds: u64) -> Span {
    Span::from_secs(seconds)
}

fn intent(service: &str, kept: Option<bool>) -> Event {
    Event::Intent { service: service.parse().unwrap(), kept }
}

fn alarm(name: &str, link: Option<&str>, raised: bool) -> Event {
    Event::Alarm { name: name.into(), link: link.map(|link| link.parse().unwrap()), raised }
}

const OUT_AND_BACK: &str = "
  - {at: 15s, do: {impair: line1, delay: 60ms}}
  - {expect: {alarm: degraded, link: line1}, within: 8s}
  - {expect: {intent: \"production*\", kept: true}, within: 10s}
  - {at: 60s, do: {heal: line1}}
  - {expect: {cleared: degraded}, within: 40s}
  - {expect: {reroutes: 2}, by: 120s}
";

#[test]
fn actions_come_due_once_and_in_order() {
    let mut run = run(OUT_AND_BACK);
    assert_eq!(run.next_moment(), Some(Span::ZERO));
    assert_eq!(run.due(at(0)), []);
    assert_eq!(run.next_moment(), Some(at(15)));
    assert_eq!(run.due(at(15)).len(), 1);
    assert_eq!(run.due(at(16)), []);
    assert_eq!(run.next_moment(), Some(at(23)));
    assert_eq!(run.due(at(61)), [Action::Heal { heal: "line1".parse().unwrap() }]);
}

#[test]
fn a_loop_that_does_its_work_passes() {
    let mut run = run(OUT_AND_BACK);
    run.observe(&intent("production/a~b", Some(true)), at(1));
    run.due(at(15));
    run.observe(&alarm("degraded", Some("line1"), true), at(18));
    run.observe(&intent("production/a~b", Some(false)), at(18));
    run.observe(&Event::Reroute { services: vec![] }, at(19));
    assert!(run.finished().is_none());
    run.observe(&intent("production/a~b", Some(true)), at(20));
    run.due(at(60));
    run.observe(&alarm("degraded", Some("line1"), false), at(90));
    run.observe(&Event::Reroute { services: vec![] }, at(95));
    run.due(at(119));
    assert!(run.finished().is_none(), "the number of moves is known at the deadline only");
    run.due(at(120));
    let outcome = run.finished().unwrap();
    assert!(outcome.passed, "{outcome:?}");
    assert_eq!(outcome.expectations[1].at, at(20));
    assert_eq!(run.next_moment(), None);
}

#[test]
fn a_loop_that_sleeps_fails_and_says_why() {
    let mut run = run(OUT_AND_BACK);
    run.observe(&alarm("degraded", Some("line1"), true), at(3));
    run.due(at(15));
    run.observe(&alarm("degraded", Some("line2"), true), at(16));
    run.observe(&alarm("other", Some("line1"), true), at(16));
    run.observe(&intent("production/a~b", Some(false)), at(17));
    run.observe(&intent("production/c~d", None), at(17));
    run.due(at(60));
    run.due(at(200));
    let outcome = run.finished().unwrap();
    let whys: Vec<(bool, &str)> = outcome.expectations.iter().map(|j| (j.met, j.why.as_str())).collect();
    assert_eq!(
        whys,
        [
            (false, "not seen in time"),
            (false, "production/a~b is broken, and 1 more"),
            (false, "not seen in time"),
            (false, "it moved 0 times"),
        ]
    );
    assert_eq!(outcome.expectations[0].what, "alarm degraded of line1 is raised");
}

#[test]
fn a_flapping_loop_fails_at_once() {
    let mut run = run("  - {at: 1s, do: {down: l}}\n  - {expect: {reroutes: 1}, by: 100s}\n");
    run.due(at(1));
    run.observe(&Event::Reroute { services: vec![] }, at(2));
    run.observe(&Event::Reroute { services: vec![] }, at(3));
    let outcome = run.finished().unwrap();
    assert_eq!((outcome.passed, outcome.expectations[0].at), (false, at(3)));
}

#[test]
fn promises_that_nobody_heard_of_are_not_kept() {
    let mut run = run("  - {at: 1s, do: {down: l}}\n  - {expect: {intent: x, kept: true}, within: 5s}\n");
    run.due(at(1));
    run.due(at(6));
    assert_eq!(run.finished().unwrap().expectations[0].why, "no promise of that name was heard of");
}

#[test]
fn a_promise_that_was_never_broken_is_kept_at_the_deadline() {
    let mut run = run(
        "  - {at: 1s, do: {down: l}}\n  - {expect: {intent: x, kept: true}, within: 5s}\n  - {expect: {intent: x, kept: false}, within: 5s}\n",
    );
    run.observe(&intent("x", Some(true)), at(0));
    run.due(at(1));
    run.due(at(5));
    assert!(run.finished().is_none());
    run.due(at(6));
    let outcome = run.finished().unwrap();
    assert_eq!([outcome.expectations[0].met, outcome.expectations[1].met], [true, false]);
}

#[test]
fn what_is_seen_at_the_deadline_counts() {
    let mut run = run("  - {at: 1s, do: {delete-steering: r}}\n  - {expect: {drift: r}, within: 5s}\n");
    run.due(at(1));
    run.observe(&Event::Drift { node: "other".parse().unwrap() }, at(3));
    run.observe(&Event::Drift { node: "r".parse().unwrap() }, at(6));
    assert!(run.finished().unwrap().passed);
}

#[test]
fn events_are_read_from_json_lines() {
    let mut run = run("  - {at: 1s, do: {kill: controller}}\n  - {expect: {alarm: a}, within: 5s}\n");
    run.due(at(1));
    assert!(!run.observe_json(&json!({"kind": "summary", "routers": 120}), at(2)));
    assert!(!run.observe_json(&json!({"kind": "alarm", "name": 3}), at(2)));
    assert!(
        run.observe_json(&json!({"kind": "alarm", "name": "a", "raised": true, "severity": "major"}), at(2))
    );
    assert!(run.finished().unwrap().passed);
}

fn path(service: &str, links: &[&str]) -> Event {
    let links = links.iter().map(|link| link.parse().unwrap()).collect();
    Event::Path { service: service.parse().unwrap(), links }
}

/// How the expectations of a run ended: met, when, why.
fn ended(run: &mut Run, after: u64) -> Vec<(bool, Span, String)> {
    run.due(at(after));
    let outcome = run.finished().unwrap_or_else(|| panic!("{run:?}"));
    outcome.expectations.into_iter().map(|judgement| (judgement.met, judgement.at, judgement.why)).collect()
}

#[test]
fn an_alarm_that_comes_too_often_or_at_all_is_told() {
    let steps = "  - {at: 1s, do: {down: l}}\n  - {expect: {alarm: a, link: l, times: 1}, within: 9s}\n  \
                 - {expect: {alarm: a, times: 0}, within: 9s}\n  - {expect: {alarm: b, times: 0}, within: 9s}\n";
    let mut run = run(steps);
    run.observe(&alarm("a", Some("l"), true), at(0));
    run.due(at(1));
    run.observe(&alarm("a", Some("l"), true), at(2));
    run.observe(&alarm("a", Some("l"), false), at(3));
    assert_eq!(
        ended(&mut run, 20),
        [
            (true, at(10), "it was raised 1 times".to_owned()),
            (false, at(2), "it was raised 1 times already".to_owned()),
            (true, at(10), "it was raised 0 times".to_owned()),
        ]
    );
}

#[test]
fn a_promise_that_broke_for_a_moment_was_not_unbroken() {
    let steps = "  - {at: 1s, do: {down: l}}\n  - {expect: {unbroken: \"p*\"}, within: 9s}\n  \
                 - {expect: {unbroken: \"v*\"}, within: 9s}\n  - {expect: {unbroken: \"x*\"}, within: 9s}\n";
    let mut run = run(steps);
    for service in ["p1", "v1"] {
        run.observe(&intent(service, Some(true)), at(0));
    }
    run.due(at(1));
    run.observe(&intent("p1", None), at(2));
    run.observe(&intent("v1", None), at(2));
    run.observe(&intent("v1", Some(false)), at(3));
    run.observe(&intent("v1", Some(true)), at(4));
    assert_eq!(
        ended(&mut run, 20),
        [
            (true, at(10), "none was broken".to_owned()),
            (false, at(3), "v1 is broken".to_owned()),
            (false, at(10), "no promise of that name was heard of".to_owned()),
        ]
    );
}

#[test]
fn paths_are_judged_as_they_are_at_the_deadline() {
    let steps = "  - {at: 1s, do: {drain: l}}\n  - {expect: {path: \"p*\", avoids: l}, within: 9s}\n  \
                 - {expect: {path: \"p*\", uses: m}, within: 9s}\n  - {expect: {path: \"p*\", uses: l}, within: 2s}\n  \
                 - {expect: {path: \"x\", avoids: l}, within: 2s}\n";
    let mut run = run(steps);
    for service in ["p1", "p2", "p3"] {
        run.observe(&path(service, &["l", "k"]), at(0));
    }
    run.due(at(1));
    run.due(at(4));
    run.observe(&path("p1", &["m", "k"]), at(5));
    run.observe(&path("p2", &["k"]), at(5));
    run.observe(&path("p3", &["k"]), at(5));
    assert_eq!(
        ended(&mut run, 20),
        [
            (true, at(10), "so do all 3".to_owned()),
            (false, at(10), "not so p2, and 1 more".to_owned()),
            (true, at(3), "so do all 3".to_owned()),
            (false, at(3), "no promise of that name was heard of".to_owned()),
        ]
    );
}

#[test]
fn moves_may_be_counted_between_two_bounds_and_changes_exactly() {
    let steps = "  - {expect: {reroutes: 1, at-most: 2}, by: 9s}\n  - {expect: {changes: 0}, by: 9s}\n";
    let outcomes = |moves: u64, changes: u64| {
        let mut run = run(steps);
        run.due(at(0));
        for second in 0..moves {
            run.observe(&Event::Reroute { services: vec![] }, at(second));
        }
        for second in 0..changes {
            run.observe(&Event::Change, at(second));
        }
        ended(&mut run, 20).into_iter().map(|(met, _, _)| met).collect::<Vec<_>>()
    };
    assert_eq!(outcomes(0, 0), [false, true]);
    assert_eq!(outcomes(1, 1), [true, false]);
    assert_eq!(outcomes(2, 0), [true, true]);
    assert_eq!(outcomes(3, 2), [false, false]);
}

#[test]
fn a_router_that_goes_and_comes_is_seen() {
    let steps = "  - {at: 1s, do: {isolate: r}}\n  - {expect: {device: r, up: false}, within: 9s}\n  \
                 - {expect: {device: r, up: true}, within: 9s}\n  - {expect: {device: q, up: false}, within: 9s}\n";
    let mut run = run(steps);
    run.due(at(1));
    run.observe(&Event::Device { node: "r".parse().unwrap(), up: false }, at(2));
    run.observe(&Event::Device { node: "r".parse().unwrap(), up: true }, at(3));
    let met: Vec<_> = ended(&mut run, 20).into_iter().map(|(met, when, _)| (met, when)).collect();
    assert_eq!(met, [(true, at(2)), (true, at(3)), (false, at(10))]);
}
