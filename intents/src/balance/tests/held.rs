//! What a move does to services that do not move, and how long a search may go on.

use super::*;
use crate::tests::{THREE_WAYS, kept_off, mbps, set_with as set, ted};

const ENDS: &str = "  connectivity: {type: p2p, endpoints: [p, q]}\n";

fn earlier(each: &[(&str, &str)]) -> Hints {
    kept_off(each, 3, |link| format!("to relieve {link}: 95% -> 60%"))
}

#[test]
fn who_is_held_is_not_among_the_movers_and_says_for_whom() {
    let (ted, set) = several(&[("a", 60), ("b", 39), ("c", 30)]);
    let balanced = ask(&ted, &set, &Hints::default(), &to(1)).unwrap().balanced;
    assert!(!balanced[&ServiceId::lit("b")].is_held());
    assert_eq!(balanced[&ServiceId::lit("c")].held, BTreeSet::from([ServiceId::lit("b")]));
}

#[test]
fn who_was_moved_before_keeps_that_reason_when_it_is_held() {
    let (ted, set) = several(&[("a", 60), ("b", 39), ("c", 30)]);
    let mut hints = earlier(&[("c", "line1-br-2")]);
    let answer = ask(&ted, &set, &hints, &to(1)).unwrap();
    assert_eq!(answer.moves[0].held, [ServiceId::lit("c")]);
    for (id, balance) in answer.balanced {
        Balance::join(&mut hints.balanced, id, balance);
    }
    let kept = &hints.balanced[&ServiceId::lit("c")];
    let (before, held) = (LinkId::lit("line1-br-2"), &answer.moves[0].held);
    assert!(kept.off.contains(&before) && kept.off.len() > 1, "{kept:?} beside {held:?}");
    assert_eq!((kept.is_held(), kept.since.as_micros()), (false, 3));
    assert_eq!(kept.why, "to relieve line1-br-2: 95% -> 60%");
    let done = compiled(&set, &ted, &hints);
    let load = Load::of(&Graph::freeze(&ted).unwrap(), &set, &done);
    assert_eq!(load.highest(&Graph::freeze(&ted).unwrap()), answer.after);
}

#[test]
fn services_that_stay_and_get_another_backup_are_named() {
    // `a` stays on the first way; its backup finds no room on the second when `z` rides it.
    let ted = ted(THREE_WAYS);
    let texts = [
        service("a", &format!("{ENDS}{}", mbps(60))),
        service("s", &format!("{ENDS}  path: {{avoid: [{{affinity: first}}]}}\n{}", mbps(35))),
        service("z", &format!("{ENDS}{}", mbps(30))),
    ];
    let set = set(&ted, &texts);
    let hints = earlier(&[("a", "line3"), ("z", "line3")]);
    let answer = ask(&ted, &set, &hints, &to(1)).unwrap();
    assert_eq!(
        (names(&answer), percent(&answer.before), percent(&answer.after)),
        (vec!["z"], "90%".into(), "65%".into())
    );
    let [only] = answer.moves.as_slice() else { panic!() };
    assert_eq!((only.held.len(), only.backups.as_slice()), (0, &[ServiceId::lit("a")][..]));
    let text = answer.text();
    assert!(text.contains("backups that are laid anew, of services that stay: a\n"), "{text}");
}

#[test]
fn who_would_follow_onto_links_that_it_rides_cannot_be_held() {
    // `c` goes out over the second line and comes back over the first. It would go out there too, and is kept off neither.
    let ted = minimal_ted();
    let way = |bidirectional: bool| {
        format!(
            "  connectivity: {{type: p2p, endpoints: [hq-pe1, br-1], bidirectional: {bidirectional}}}\n  path: {{coRouted: false}}\n"
        )
    };
    let texts = [("a", 60, false), ("b", 20, false), ("c", 25, true)];
    let texts = texts.map(|(name, rate, both)| service(name, &format!("{}{}", way(both), mbps(rate))));
    let answer = ask(&ted, &set(&ted, &texts), &Hints::default(), &to(1)).unwrap();
    assert_eq!((percent(&answer.before), answer.moves.len()), ("80%".to_owned(), 0));
    let passed = answer.passed.iter().find(|passed| passed.service.as_str() == "b").unwrap();
    assert_eq!(passed.why, "c would move with it, on links that it rides already");
    assert!(answer.balanced.is_empty());
}

#[test]
fn proofs_count_as_effort() {
    let names: Vec<String> = (10..55).map(|number| format!("s{number}")).collect();
    let (ted, set) = several(&names.iter().map(|name| (name.as_str(), 2)).collect::<Vec<_>>());
    let ids = Allocations::default().extended(&set).unwrap();
    let case = Case { set: &set, ted: &ted, hints: &Hints::default(), ids: &ids, now: Timestamp::default() };
    let mut proofs = 0;
    let mut never = |_: &Hints, _: &Compilation| {
        proofs += 1;
        Err("it is not proved".to_owned())
    };
    let limits = Limits { effort: 2, ..to(3) };
    let answer = balance(&case, &limits, &mut never, &|| true).unwrap();
    assert_eq!((answer.end, percent(&answer.before)), (End::Effort, "90%".to_owned()));
    assert!((1..=5).contains(&proofs), "{proofs} proofs");
}

#[test]
fn a_search_that_nobody_waits_for_ends() {
    let (ted, set) = several(&[("a", 20), ("b", 25), ("c", 45)]);
    let ids = Allocations::default().extended(&set).unwrap();
    let case = Case { set: &set, ted: &ted, hints: &Hints::default(), ids: &ids, now: Timestamp::default() };
    let mut none = |_: &Hints, _: &Compilation| -> Result<(), String> { panic!("nothing is proved") };
    let limits = Limits { effort: MOST_EFFORT, ..to(3) };
    assert_eq!(balance(&case, &limits, &mut none, &|| false).unwrap_err(), Unbalanced::InVain);
}

#[test]
fn who_gives_way_is_left_alone() {
    // `x` was moved off the first line, and is there because `y` needs the second: both are at 60%, and no move helps.
    let ted = minimal_ted();
    let to_branch = "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}\n";
    let texts = [
        service("x", &format!("{to_branch}{}", mbps(60))).replace("class: business", "class: voice"),
        service("y", &format!("{to_branch}  path: {{avoid: [{{affinity: line1}}]}}\n{}", mbps(60))),
    ];
    let hints = earlier(&[("x", "line1-br-1")]);
    let answer = ask(&ted, &set(&ted, &texts), &hints, &to(3)).unwrap();
    assert_eq!((percent(&answer.before), answer.moves.len(), answer.end), ("60%".into(), 0, End::NoBetter));
    assert!(answer.passed.is_empty() && answer.balanced.is_empty(), "{answer:?}");
}
