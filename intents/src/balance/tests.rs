use model::{Delay, Verdict};

use super::*;
use crate::tests::{CLASSES, compiled, minimal_ted, service, set_of};

mod brute;
mod held;

/// Proves everything.
fn fine(_: &Hints, _: &Compilation) -> Result<(), String> {
    Ok(())
}

fn between(name: &str, mbps: u32) -> String {
    let ends = "  connectivity: {type: p2p, endpoints: [hq-pe1, br-1]}";
    service(name, &format!("{ends}\n  slo: {{bandwidth: {mbps}Mbps, oneWayDelay: 30ms}}"))
}

/// Services between headquarters and the first branch, all of which ride its first line as far as they fit.
fn several(rates: &[(&str, u32)]) -> (Ted, IntentSet) {
    let ted = minimal_ted();
    let texts: Vec<String> = rates.iter().map(|(name, mbps)| between(name, *mbps)).collect();
    let texts: Vec<&str> = [CLASSES].into_iter().chain(texts.iter().map(String::as_str)).collect();
    let set = set_of(&texts, &ted);
    (ted, set)
}

fn ask(ted: &Ted, set: &IntentSet, hints: &Hints, limits: &Limits) -> Result<Balanced, Unbalanced> {
    let ids = Allocations::default().extended(set).unwrap();
    let case = Case { set, ted, hints, ids: &ids, now: Timestamp::from_micros(7) };
    balance(&case, limits, &mut fine, &|| true)
}

fn names(balanced: &Balanced) -> Vec<&str> {
    balanced.moves.iter().map(|one| one.service.as_str()).collect()
}

fn percent(heat: &Option<Heat>) -> String {
    heat.as_ref().unwrap().utilisation.to_string()
}

fn to(moves: usize) -> Limits {
    Limits { moves, effort: 20, ..Limits::default() }
}

#[test]
fn a_hot_line_gives_to_its_twin_and_the_bound_says_how_much_is_left_to_gain() {
    let (ted, set) = several(&[("a", 20), ("b", 25), ("c", 45)]);
    let hints = Hints::default();
    let balanced = ask(&ted, &set, &hints, &to(3)).unwrap();
    assert_eq!((percent(&balanced.before), percent(&balanced.after)), ("90%".to_owned(), "45%".to_owned()));
    assert_eq!((names(&balanced), balanced.end), (vec!["c"], End::Goal));
    let bound = balanced.bound.as_ppm();
    assert!((449_000..=450_000).contains(&bound), "{bound}");
    let with = Hints { balanced: balanced.balanced.clone(), ..Hints::default() };
    let done = compiled(&set, &ted, &with);
    let Verdict::Carried { directions, .. } = &done.verdicts[&ServiceId::lit("c")] else { panic!() };
    assert!(
        directions[0].primary.why[0].starts_with("kept off line1-br-1: to relieve line1-br-1"),
        "{directions:?}"
    );
    assert!(
        directions[0].backup.as_ref().unwrap().path.hops.iter().any(|hop| hop.link.as_str() == "line1-br-1")
    );
}

#[test]
fn an_answer_reads_like_a_part_of_a_change_ticket() {
    let (ted, set) = several(&[("a", 20), ("b", 25), ("c", 45)]);
    let balanced = ask(&ted, &set, &Hints::default(), &to(3)).unwrap();
    let text = "\
Optimisation: highest utilisation 90% on line1-br-1 (br-1 to core-1) -> 45% with 1 move; no arrangement gets even 0.1% lower (proven)
  1. c off line1-br-1 (br-1 to core-1): 90% -> 45%
     hq-pe1 to br-1: delay 6ms -> 11ms, 30ms promised; by hq-pe1, core-2, br-1
     br-1 to hq-pe1: delay 6ms -> 11ms, 30ms promised; by br-1, core-2, hq-pe1
  Every link is at or below 50%.
";
    assert_eq!(balanced.text(), text);
    let markdown = balanced.markdown();
    assert!(markdown.starts_with("## Optimisation\n\nhighest utilisation 90% on"), "{markdown}");
    assert!(
        markdown.contains("\n1. c off line1-br-1 (br-1 to core-1): 90% -> 45%\n   - hq-pe1 to br-1: delay"),
        "{markdown}"
    );
}

#[test]
fn who_leaves_a_line_that_it_prefers_is_told_so() {
    let ted = minimal_ted();
    let fond = format!("{}  path: {{prefer: [{{affinity: line1}}]}}\n", between("c", 45));
    let set = set_of(&[CLASSES, &between("a", 20), &between("b", 25), &fond], &ted);
    let balanced = ask(&ted, &set, &Hints::default(), &to(3)).unwrap();
    assert_eq!(names(&balanced), ["c"]);
    assert_eq!(balanced.moves[0].preferred, Some(model::Affinity::lit("line1")));
    assert!(balanced.text().contains("\n     it prefers line1, and leaves that\n"), "{}", balanced.text());
    let kept = "to relieve line1-br-1: 90% -> 45%; it prefers line1";
    assert_eq!(balanced.balanced[&ServiceId::lit("c")].why, kept);
    let with = Hints { balanced: balanced.balanced, ..Hints::default() };
    let done = compiled(&set, &ted, &with);
    let Verdict::Carried { directions, .. } = &done.verdicts[&ServiceId::lit("c")] else { panic!() };
    let why = &directions[0].primary.why;
    assert_eq!(why[0], format!("kept off line1-br-1: {kept}"));
    assert!(why.iter().any(|one| one == "no other preferred line meets the rest of the request"), "{why:#?}");
    // Who prefers nothing, or another line, leaves nothing that it prefers.
    let fond = fond.replace("affinity: line1", "affinity: line2");
    let set = set_of(&[CLASSES, &between("a", 20), &between("b", 25), &between("d", 45), &fond], &ted);
    let balanced = ask(&ted, &set, &Hints::default(), &to(1)).unwrap();
    assert!(balanced.moves.iter().all(|one| one.preferred.is_none()), "{balanced:?}");
}

#[test]
fn no_more_services_move_than_may() {
    let (ted, set) = several(&[("a", 30), ("b", 30), ("c", 31)]);
    let none = ask(&ted, &set, &Hints::default(), &to(0)).unwrap();
    assert_eq!((none.moves.len(), none.end), (0, End::Moves));
    assert_eq!(none.before, none.after);
    assert!(
        none.headline().starts_with("No moves: highest utilisation 91% on line1-br-1"),
        "{}",
        none.headline()
    );
    let one = ask(&ted, &set, &Hints::default(), &to(1)).unwrap();
    assert_eq!((names(&one), one.end, percent(&one.after)), (vec!["c"], End::Moves, "60%".to_owned()));
    let many = ask(&ted, &set, &Hints::default(), &to(9)).unwrap();
    assert_eq!(
        (names(&many), many.end),
        (vec!["c"], End::NoBetter),
        "61% on the other line would gain nothing"
    );
}

#[test]
fn one_link_is_relieved_with_the_fewest_moves() {
    let (ted, set) = several(&[("a", 10), ("b", 20), ("c", 40)]);
    let relieve = |link: &str, goal: u64| Limits {
        relieve: Some(LinkId::lit(link)),
        goal: Some(Ratio::from_ppm(goal * 10_000)),
        ..to(3)
    };
    let balanced = ask(&ted, &set, &Hints::default(), &relieve("line1-br-1", 60)).unwrap();
    // Each of the three would do; the one after which all links are least full is taken.
    assert_eq!((names(&balanced), balanced.end), (vec!["c"], End::Goal));
    let (before, after) = balanced.relieved.unwrap();
    assert_eq!((before.utilisation.to_string(), after.utilisation.to_string()), ("70%".into(), "30%".into()));
    let balanced = ask(&ted, &set, &Hints::default(), &relieve("line1-br-1", 5)).unwrap();
    assert_eq!(
        (names(&balanced), balanced.end),
        (vec!["c"], End::NoBetter),
        "another would fill the other line more"
    );
    let calm = ask(&ted, &set, &Hints::default(), &relieve("line1-br-2", 5)).unwrap();
    assert_eq!((names(&calm), calm.end), (vec![], End::Goal));
    let unknown = ask(&ted, &set, &Hints::default(), &relieve("line9", 5)).unwrap_err();
    assert_eq!(unknown.to_string(), "the network has no link `line9`: name one of its links");
}

#[test]
fn a_move_that_is_not_proved_is_not_offered_and_the_next_best_is() {
    let (ted, set) = several(&[("a", 20), ("b", 25), ("c", 45)]);
    let ids = Allocations::default().extended(&set).unwrap();
    let case = Case { set: &set, ted: &ted, hints: &Hints::default(), ids: &ids, now: Timestamp::default() };
    let mut not_c = |hints: &Hints, _: &Compilation| match hints.balanced.contains_key(&ServiceId::lit("c")) {
        true => Err("its plan is not proved".to_owned()),
        false => Ok(()),
    };
    let balanced = balance(&case, &to(1), &mut not_c, &|| true).unwrap();
    assert_eq!(names(&balanced), ["b"]);
    let passed = &balanced.passed[0];
    assert_eq!((passed.service.as_str(), passed.why.as_str()), ("c", "its plan is not proved"));
    assert!(balanced.text().contains("Not offered: c off line1-br-1: its plan is not proved"));
}

#[test]
fn no_move_breaks_a_promise() {
    let ted = minimal_ted();
    let tight = between("tight", 80).replace("oneWayDelay: 30ms", "oneWayDelay: 8ms");
    let set = set_of(&[CLASSES, &tight], &ted);
    let balanced = ask(&ted, &set, &Hints::default(), &to(3)).unwrap();
    assert_eq!((balanced.moves.len(), balanced.end), (0, End::NoBetter), "the other line takes 11ms");
    assert_eq!(balanced.bound.as_ppm() / 1_000, 399, "which a bound without delays does not see");
}

#[test]
fn who_would_follow_into_the_room_is_held_where_he_is() {
    // 60 and 39 fill the first line, so that the last has to go by the second one.
    let (ted, set) = several(&[("a", 60), ("b", 39), ("c", 30)]);
    let balanced = ask(&ted, &set, &Hints::default(), &to(1)).unwrap();
    assert_eq!(percent(&balanced.before), "99%");
    let only = &balanced.moves[0];
    assert_eq!((only.service.as_str(), only.held.as_slice()), ("b", &[ServiceId::lit("c")][..]));
    assert_eq!(percent(&balanced.after), "69%");
    assert_eq!(balanced.balanced.len(), 2);
    assert!(
        balanced.text().contains("kept where they are, and not let into the room: c\n"),
        "{}",
        balanced.text()
    );
}

#[test]
fn what_was_balanced_before_stays_and_gives_way_to_a_promise() {
    let (ted, set) = several(&[("a", 20), ("b", 25), ("c", 45)]);
    let first = ask(&ted, &set, &Hints::default(), &to(3)).unwrap();
    let hints = Hints { balanced: first.balanced, ..Hints::default() };
    let again = ask(&ted, &set, &hints, &to(3)).unwrap();
    assert_eq!((again.moves.len(), again.end, percent(&again.before)), (0, End::Goal, "45%".to_owned()));
    assert!(again.balanced.is_empty(), "nothing new");
    let cut = Hints { down: [LinkId::lit("line2-br-1")].into(), ..hints };
    let done = compiled(&set, &ted, &cut);
    let Verdict::Carried { directions, .. } = &done.verdicts[&ServiceId::lit("c")] else { panic!() };
    let path = &directions[0].primary;
    assert!(
        path.path.delay == Delay::from_micros(6_000) && path.why[0].starts_with("not kept off"),
        "{path:?}"
    );
}

#[test]
fn a_network_without_promises_has_nothing_to_spread() {
    let ted = minimal_ted();
    let set = set_of(&[CLASSES], &ted);
    let balanced = ask(&ted, &set, &Hints::default(), &to(3)).unwrap();
    assert_eq!((balanced.before, balanced.after), (None, None));
}

#[test]
fn an_answer_survives_its_way_as_json() {
    let (ted, set) = several(&[("a", 60), ("b", 39), ("c", 30)]);
    let balanced = ask(&ted, &set, &Hints::default(), &to(1)).unwrap();
    let text = serde_json::to_string(&balanced).unwrap();
    assert_eq!(serde_json::from_str::<Balanced>(&text).unwrap(), balanced);
}
