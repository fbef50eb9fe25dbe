use std::collections::BTreeMap;

use model::{
    Schedule, Timestamp,
    calendar::{Moment, Offset},
};
use traffic::FailureKind;

use super::*;
use crate::{
    fixture::diamond,
    verify::outcome::{Failed, Looked, Promises, ServiceView, Told},
};

fn broken(service: &str, code: &str) -> Violation {
    Violation {
        service: service.parse().unwrap(),
        intent: service.parse().unwrap(),
        code: code.to_owned(),
        title: String::new(),
        kind: FailureKind::None,
        failures: vec![Failed { names: Vec::new(), amount: 0, told: Told::default() }],
        worst: Vec::new(),
        why: String::new(),
        unavoidable: true,
        help: "add a line".to_owned(),
    }
}

fn verification(violations: Vec<Violation>, windows: Vec<WindowView>) -> Verification {
    let view = |name: &str| ServiceView {
        service: name.parse().unwrap(),
        intent: name.parse().unwrap(),
        promised: Promises::default(),
        checks: Vec::new(),
        worst_delay: None,
        least_spare: None,
        ways: Vec::new(),
    };
    let looked = vec![Looked { kind: FailureKind::None, failures: 1 }];
    Verification { looked, services: ["a", "b", "c"].map(view).into(), violations, windows }
}

fn window(name: &str, violations: Vec<Violation>) -> WindowView {
    let moment = |at| Moment { at: Timestamp::from_micros(at), offset: Offset::UTC };
    let work =
        Work { links: (0..5).map(|link| format!("l{link}").parse().unwrap()).collect(), ..Work::default() };
    let window = Window {
        name: name.to_owned(),
        owner: None,
        labels: BTreeMap::new(),
        work,
        when: Schedule::once(moment(1), moment(2)).unwrap(),
    };
    WindowView::of(&window, verification(violations, Vec::new()), BTreeSet::new())
}

#[test]
fn a_window_can_be_moved_so_that_nothing_that_it_breaks_is_unavoidable() {
    let view = window("w", vec![broken("a", codes::NOT_DELIVERED), broken("a", codes::NOT_DIVERSE)]);
    let [violation] = view.violations.as_slice() else { panic!("{view:?}") };
    assert_eq!((violation.unavoidable, violation.help.as_str()), (false, MOVE_IT));
    assert!(!verification(Vec::new(), vec![view.clone()]).holds(true), "it is not accepted either");
    assert!(view.label().contains("l0, l1, l2 and 2 more down"), "{}", view.label());
}

#[test]
fn a_new_window_is_not_blamed_for_what_is_broken_without_it() {
    let before = verification(vec![broken("a", codes::NOT_DELIVERED)], Vec::new());
    let broken_then = vec![broken("a", codes::NOT_CARRIED), broken("b", codes::NOT_DELIVERED)];
    let mut now = verification(vec![broken("a", codes::NOT_DELIVERED)], vec![window("new", broken_then)]);
    let against = now.against(&before, &diamond()).unwrap();
    let told: Vec<&str> = now.windows[0].violations.iter().map(|told| told.service.as_str()).collect();
    assert_eq!(told, ["b"]);
    assert!(now.windows[0].as_before.iter().any(|service| service.as_str() == "a"), "{:?}", now.windows);
    assert_eq!((against.stay, against.mended), (1, 0), "what is broken without the window is counted once");
}

#[test]
fn what_a_window_broke_before_is_as_before_and_what_it_breaks_no_more_is_mended() {
    let had = window("w", vec![broken("a", codes::NOT_DELIVERED), broken("b", codes::NOT_DELIVERED)]);
    let before = verification(Vec::new(), vec![had]);
    let mut now = verification(Vec::new(), vec![window("w", vec![broken("a", codes::NOT_DELIVERED)])]);
    let against = now.against(&before, &diamond()).unwrap();
    assert_eq!((against.stay, against.mended), (1, 1));
    assert!(now.windows[0].violations.is_empty() && now.windows[0].as_before.len() == 1);
}

#[test]
fn parts_of_a_window_in_which_others_are_promised_are_told_together() {
    let mut first = window("w", vec![broken("a", codes::NOT_DELIVERED)]);
    first.join(window("w", vec![broken("a", codes::NOT_DELIVERED), broken("c", codes::OVERLOADED)]));
    let told: Vec<(&str, &str)> =
        first.violations.iter().map(|told| (told.service.as_str(), told.code.as_str())).collect();
    assert_eq!(told, [("a", codes::NOT_DELIVERED), ("c", codes::OVERLOADED)]);
}
