use model::LinkId;

use super::*;
use crate::tests::{THREE_WAYS, compiled, mbps, minimal_ted, service, set_with as set, ted};

const TO_BR_1: &str = "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}\n";
const TO_BR_2: &str = "  connectivity: {type: p2p, endpoints: [hq-pe1, br-2]}\n";

/// Of the class of higher value.
fn voice(name: &str, rest: &str) -> String {
    service(name, rest).replace("class: business", "class: voice")
}

fn kept_off(each: &[(&str, &str)]) -> Hints {
    crate::tests::kept_off(each, 0, |link| format!("to relieve {link}"))
}

/// The leased line that a service rides; none where it has no way.
fn line(done: &Compilation, name: &str) -> Option<String> {
    let Verdict::Carried { directions, .. } = &done.verdicts[&ServiceId::lit(name)] else { return None };
    let hops = directions[0].primary.path.hops.iter().map(|hop| hop.link.to_string());
    hops.rev().find(|link| link.starts_with("line"))
}

fn lines(done: &Compilation, names: &[&str]) -> Vec<String> {
    names.iter().map(|name| line(done, name).unwrap_or_else(|| "none".to_owned())).collect()
}

#[test]
fn who_was_moved_gives_way_to_a_promise_that_has_no_other_room() {
    let ted = minimal_ted();
    let second_only = format!("{TO_BR_1}  path: {{avoid: [{{affinity: line1}}]}}\n{}", mbps(60));
    let (x, y) = (voice("x", &format!("{TO_BR_1}{}", mbps(60))), service("y", &second_only));
    let hints = kept_off(&[("x", "line1-br-1")]);
    let alone = compiled(&set(&ted, std::slice::from_ref(&x)), &ted, &hints);
    assert_eq!(lines(&alone, &["x"]), ["line2-br-1"]);
    let both = set(&ted, &[x, y]);
    let done = compiled(&both, &ted, &hints);
    assert_eq!(lines(&done, &["x", "y"]), ["line1-br-1", "line2-br-1"]);
    assert_eq!(done.gave_way, BTreeSet::from([ServiceId::lit("x")]));
    let told: Vec<&model::Finding> =
        done.findings.iter().filter(|finding| finding.code == codes::GIVES_WAY).collect();
    let [told] = told.as_slice() else { panic!("{:#?}", done.findings) };
    let expected = "it is not kept off line1-br-1 now (to relieve line1-br-1): 1 service (y) would have no room otherwise";
    assert_eq!((told.subject.as_str(), told.message.as_str()), ("x", expected));
    let Verdict::Carried { directions, .. } = &done.verdicts[&ServiceId::lit("x")] else { panic!() };
    assert!(directions[0].primary.why[0].starts_with("not kept off line1-br-1 (to"), "{directions:?}");
    let ids = Allocations::default().extended(&both).unwrap();
    let firm = super::super::compile_firm(&both, &ted, &hints, &ids);
    assert_eq!(lines(&firm, &["x", "y"]), ["line2-br-1", "none"], "a move is judged as it is");
}

#[test]
fn a_line_that_fails_brings_back_only_those_who_stand_in_the_way() {
    let ted = minimal_ted();
    let texts = [
        voice("x", &format!("{TO_BR_1}{}", mbps(60))),
        voice("w", &format!("{TO_BR_2}{}", mbps(60))),
        service("y", &format!("{TO_BR_1}  path: {{avoid: [{{affinity: line1}}]}}\n{}", mbps(60))),
    ];
    let hints = kept_off(&[("x", "line1-br-1"), ("w", "line1-br-2")]);
    let done = compiled(&set(&ted, &texts), &ted, &hints);
    assert_eq!(lines(&done, &["x", "w", "y"]), ["line1-br-1", "line2-br-2", "line2-br-1"]);
    assert_eq!(done.gave_way.len(), 1);
}

#[test]
fn when_enough_was_tried_all_are_let_back_who_may_be() {
    let ted = minimal_ted();
    let texts = [
        voice("x", &format!("{TO_BR_1}{}", mbps(60))),
        voice("w", &format!("{TO_BR_2}{}", mbps(60))),
        service("y", &format!("{TO_BR_1}  path: {{avoid: [{{affinity: line1}}]}}\n{}", mbps(60))),
    ];
    let hints = kept_off(&[("x", "line1-br-1"), ("w", "line1-br-2")]);
    let set = set(&ted, &texts);
    let ids = Allocations::default().extended(&set).unwrap();
    let arranged = |most: usize| {
        let rounds = Rounds::at_most(most);
        let how = super::super::How { may_give: true, rounds: &rounds };
        (super::super::arrange(&set, &ted, &hints, &ids, how), rounds.made())
    };
    let (done, made) = arranged(2);
    assert_eq!((made, done.gave_way.len()), (2, 2), "nobody is sought who has not to give way");
    assert_eq!(lines(&done, &["x", "w", "y"]), ["line1-br-1", "line1-br-2", "line2-br-1"]);
    let (done, made) = arranged(super::super::rounds::MOST);
    assert!(made > 2 && done.gave_way.len() == 1, "{made} rounds");
    assert_eq!(done, compiled(&set, &ted, &hints));
}

#[test]
fn who_stands_in_the_way_of_who_gives_way_gives_way_too() {
    // `y` needs the third way, on which `x` is; `x` has room on the second when `v` leaves it, which fits beside `u` on the first.
    let ted = ted(THREE_WAYS);
    let ends = "  connectivity: {type: p2p, endpoints: [p, q]}\n";
    let far = format!("{ends}  path: {{avoid: [{{affinity: first}}, {{affinity: second}}]}}\n{}", mbps(60));
    let texts = [
        voice("u", &format!("{ends}{}", mbps(50))),
        voice("v", &format!("{ends}{}", mbps(50))),
        voice("x", &format!("{ends}{}", mbps(60))),
        service("y", &far),
    ];
    let mut hints = kept_off(&[("v", "line1"), ("x", "line1")]);
    hints.balanced.get_mut(&ServiceId::lit("x")).unwrap().off.insert(LinkId::lit("line2"));
    let without = compiled(&set(&ted, &texts[..3]), &ted, &hints);
    assert_eq!(lines(&without, &["u", "v", "x"]), ["line1", "line2", "line3"]);
    let done = compiled(&set(&ted, &texts), &ted, &hints);
    assert_eq!(lines(&done, &["u", "v", "x", "y"]), ["line1", "line1", "line2", "line3"]);
    assert_eq!(done.gave_way.len(), 2);
}

#[test]
fn nobody_gives_way_where_that_carries_no_more() {
    let ted = minimal_ted();
    let sixty = |name: &str| service(name, &format!("{TO_BR_1}{}", mbps(60)));
    let texts = [voice("x", &format!("{TO_BR_1}{}", mbps(60))), sixty("a"), sixty("b")];
    let done = compiled(&set(&ted, &texts), &ted, &kept_off(&[("x", "line1-br-1")]));
    assert_eq!(lines(&done, &["x", "a", "b"]), ["line2-br-1", "line1-br-1", "none"]);
    assert!(done.findings.iter().all(|finding| finding.code != codes::GIVES_WAY));
}

#[test]
fn harm_at_a_higher_value_is_worse_than_any_below() {
    let ted = minimal_ted();
    let set = set(&ted, &[voice("v", TO_BR_1), service("a", TO_BR_1), service("b", TO_BR_2)]);
    let harm = |ill: &[(&str, Ill)]| {
        super::harm(&set, &ill.iter().map(|(name, ill)| (ServiceId::lit(name), *ill)).collect())
    };
    assert!(harm(&[]) < harm(&[("a", Ill::AtRisk)]));
    assert!(harm(&[("a", Ill::AtRisk), ("b", Ill::AtRisk)]) < harm(&[("a", Ill::Refused)]));
    assert!(harm(&[("a", Ill::Refused), ("b", Ill::Refused)]) < harm(&[("v", Ill::AtRisk)]));
    assert_eq!(harm(&[("a", Ill::Refused)]), harm(&[("b", Ill::Refused)]));
}
