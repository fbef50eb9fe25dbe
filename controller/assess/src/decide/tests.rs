use model::{Side, Span};

use super::*;
use crate::fixture::{FAIR, Weather, World, hop, service};

const SLOW: Weather = Weather { delay: 65_000, ..FAIR };
const DOWN: Weather = Weather { up: false, ..FAIR };

fn world() -> World {
    let mut world = World::new(&[service("s")], &[]);
    world.run(10);
    assert_eq!(world.log, []);
    world
}

fn log(world: &World) -> Vec<(u64, &str)> {
    world.log.iter().map(|(second, what)| (*second, what.as_str())).collect()
}

fn stance(world: &mut World) -> Stance {
    let assessment = world.judge();
    stances(&assessment, &world.case(), &world.history)[&ServiceId::lit("s")].clone()
}

fn waits(world: &mut World) -> String {
    match stance(world) {
        Stance::Wait { why, .. } => why,
        Stance::Act(action) => panic!("it acts: {action:?}"),
    }
}

#[test]
fn a_breach_moves_the_service_once_and_heals_back_once() {
    let mut world = world();
    world.set_weather("a--b", Some(SLOW));
    world.run(200);
    // Slow from second 11; three seconds later it moves, once, and is safe.
    assert_eq!(log(&world), [(14, "Relieve")]);
    assert_eq!(world.way("s"), "c");
    world.set_weather("a--b", Some(FAIR));
    // Good from second 211: after 120 s it goes back, once.
    world.run(600);
    assert_eq!(log(&world), [(14, "Relieve"), (331, "Restore")]);
    assert_eq!(world.way("s"), "b");
    assert!(world.hints.relief.is_empty());
}

#[test]
fn the_relief_says_what_was_seen_and_why() {
    let mut world = world();
    world.set_weather("a--b", Some(SLOW));
    world.run(5);
    let relief = &world.hints.relief[&ServiceId::lit("s")];
    let lines: Vec<&DirectedLink> = relief.seen.keys().collect();
    assert_eq!(lines, [&hop("a--b", Side::A), &hop("a--b", Side::Z)]);
    assert_eq!(relief.seen[&hop("a--b", Side::A)].delay.unwrap().as_micros(), 65_000);
    assert_eq!(relief.why, "delay 70ms, promised 20ms; a--b> (delay 65ms, planned 5ms)");
}

#[test]
fn a_service_that_moves_does_not_move_onto_another_bad_line() {
    let mut world = world();
    world.set_weather("c--d", Some(SLOW));
    world.run(10);
    assert_eq!(log(&world), [], "nothing of ours is on it");
    world.set_weather("a--b", Some(SLOW));
    world.run(10);
    assert_eq!(log(&world), [(24, "Relieve")]);
    assert_eq!(world.way("s"), "e");
}

#[test]
fn ten_minutes_of_a_delay_that_jumps_each_second_move_nothing() {
    let mut world = world();
    for second in 0..600 {
        world.set_weather("a--b", Some(if second % 2 == 0 { SLOW } else { FAIR }));
        world.run(1);
    }
    assert_eq!(log(&world), []);
}

#[test]
fn without_a_hold_it_moves_once_and_not_back_while_it_jumps() {
    let mut hasty = service("s");
    hasty.assurance.hold = Span::ZERO;
    let mut world = World::new(&[hasty], &[]);
    for second in 0..600 {
        world.set_weather("a--b", Some(if second % 2 == 0 { SLOW } else { FAIR }));
        world.run(1);
    }
    assert_eq!((world.count("Relieve"), world.count("Restore")), (1, 0));
}

#[test]
fn a_slow_oscillation_is_damped_by_doubled_waits() {
    let mut world = world();
    // 20 s bad, 130 s good, for an hour: without damping it would move 24 times and back as often.
    for second in 0..3_600 {
        world.set_weather("a--b", Some(if second % 150 < 20 { SLOW } else { FAIR }));
        world.run(1);
    }
    assert_eq!((world.count("Relieve"), world.count("Restore")), (2, 1));
}

#[test]
fn silence_moves_nothing_and_restores_nothing() {
    let mut world = world();
    world.set_weather("a--b", None);
    world.run(300);
    assert_eq!(log(&world), []);
    world.set_weather("a--b", Some(SLOW));
    world.run(10);
    assert_eq!(world.count("Relieve"), 1);
    world.set_weather("a--b", None);
    world.run(1_000);
    assert_eq!(world.count("Restore"), 0);
    assert!(waits(&mut world).contains("is not good yet"));
}

#[test]
fn a_healing_line_must_be_good_without_interruption() {
    let mut world = world();
    world.set_weather("a--b", Some(SLOW));
    world.run(10);
    for _ in 0..5 {
        world.set_weather("a--b", Some(FAIR));
        world.run(100);
        world.set_weather("a--b", Some(SLOW));
        world.run(1);
    }
    assert_eq!(world.count("Restore"), 0);
    world.set_weather("a--b", Some(FAIR));
    world.run(130);
    assert_eq!(world.count("Restore"), 1);
}

#[test]
fn a_way_home_that_got_bad_elsewhere_meanwhile_is_not_taken() {
    let mut world = world();
    world.set_weather("a--b", Some(SLOW));
    world.run(10);
    world.set_weather("b--d", Some(SLOW));
    world.set_weather("a--b", Some(FAIR));
    world.run(500);
    assert_eq!(log(&world), [(14, "Relieve")]);
    world.set_weather("b--d", Some(FAIR));
    world.run(200);
    assert_eq!(log(&world), [(14, "Relieve"), (641, "Restore")]);
}

#[test]
fn a_second_bad_line_moves_it_again_only_after_the_hold_down() {
    let mut world = world();
    world.set_weather("a--b", Some(SLOW));
    world.run(5);
    world.set_weather("a--c", Some(SLOW));
    world.run(10);
    assert!(waits(&mut world).contains("hold-down"));
    world.run(60);
    assert_eq!(log(&world), [(14, "Relieve"), (44, "Relieve")]);
    assert_eq!(world.way("s"), "e");
    // Its home is the way that it had first.
    world.set_weather("a--b", Some(FAIR));
    world.run(300);
    assert_eq!(world.way("s"), "b");
}

#[test]
fn the_loop_stops_itself_when_its_moves_do_not_help() {
    let mut world = world();
    for round in 1..=2 {
        let mut delay = 65_000;
        // Every way is bad, and each gets worse all the time: each move looks like news.
        for _ in 0..8_000 {
            delay += delay / 1_000;
            for link in ["a--b", "a--c", "a--e"] {
                world.set_weather(link, Some(Weather { delay, ..FAIR }));
            }
            world.turn();
        }
        assert_eq!((world.count("Relieve"), world.count("Freeze")), (3 * round, round));
        assert_eq!(world.history.frozen().count(), 1);
        assert!(waits(&mut world).contains("frozen"));
        // Kept again for as long as its wait-to-restore: the loop goes on, and forgives what did not help before.
        for link in ["a--b", "a--c", "a--e"] {
            world.set_weather(link, Some(FAIR));
        }
        world.run(130);
        assert_eq!(world.history.frozen().count(), 0);
    }
}

#[test]
fn lines_within_their_contracts_that_would_break_the_promise_are_not_gone_back_to() {
    let mut strict = service("s");
    strict.slo.one_way_delay = Some(model::Delay::from_micros(14_000));
    strict.assurance.breach = crate::fixture::condition("delay > 14ms");
    let mut world = World::new(&[strict], &[]);
    world.set_weather("a--b", Some(SLOW));
    world.run(10);
    // Both within the contract of 8 ms, together over the promise of 14 ms.
    world.set_weather("a--b", Some(Weather { delay: 7_900, ..FAIR }));
    world.set_weather("b--d", Some(Weather { delay: 7_900, ..FAIR }));
    world.run(500);
    assert_eq!((world.count("Relieve"), world.count("Restore")), (1, 0));
    assert!(waits(&mut world).contains("would not keep the promise"));
    world.set_weather("b--d", Some(FAIR));
    world.run(5);
    assert_eq!(world.count("Restore"), 1);
}

#[test]
fn a_person_lets_the_loop_act_again_on_what_it_has_frozen() {
    let mut world = world();
    let id = ServiceId::lit("s");
    let step = Step::Freeze;
    let action = Action { service: Some(id.clone()), step, why: String::new() };
    let decision = Decision { hints: Hints::default(), actions: vec![action] };
    world.history.accept(&decision, world.now());
    world.set_weather("a--b", Some(SLOW));
    world.run(60);
    assert_eq!(world.count("Relieve"), 0);
    world.history.thaw_all();
    world.run(1);
    assert_eq!(world.count("Relieve"), 1);
}

#[test]
fn what_no_path_helps_is_not_tried_again_and_again() {
    let mut world = world();
    for link in ["a--b", "a--c", "a--e"] {
        world.set_weather(link, Some(SLOW));
    }
    world.run(1_000);
    assert_eq!(log(&world), [(14, "Relieve")], "its values are known to the compilation now");
    assert!(waits(&mut world).contains("computed with these values already"));
}

#[test]
fn an_attempt_in_vain_waits_longer_each_time() {
    let mut world = world();
    world.set_weather("a--b", Some(SLOW));
    let id = ServiceId::lit("s");
    let mut tries = Vec::new();
    for _ in 0..600 {
        let assessment = world.judge();
        let mut history = std::mem::take(&mut world.history);
        history.learn(&assessment, &world.case());
        if let Some(decision) = decide(&assessment, &world.case(), &history) {
            assert_eq!(decision.relieved().collect::<Vec<_>>(), [&id]);
            let nothing = decision.without(&BTreeSet::from([id.clone()]), &world.hints);
            assert!(nothing.actions.is_empty() && nothing.hints == world.hints);
            history.decline(&id, world.now());
            tries.push(world.second - 1_000);
        }
        world.history = history;
    }
    assert_eq!(tries, [14, 44, 104, 224, 464]);
}

#[test]
fn the_loop_is_limited_in_rate_whatever_happens() {
    let services: Vec<Service> = (0..20).map(|number| service(&format!("s{number:02}"))).collect();
    let mut world = World::new(&services, &[]);
    // Each service breaks in a turn of its own: the hold differs by a second.
    for (number, service) in (0..).zip(world.set.services.values_mut()) {
        service.assurance.hold = Span::from_secs(3 + number);
    }
    world.set_weather("a--b", Some(SLOW));
    let mut decisions = Vec::new();
    for _ in 0..180 {
        if world.turn().1.is_some() {
            decisions.push(world.second);
        }
    }
    assert_eq!(world.count("Relieve"), 20);
    let limit = world.limits.rate;
    assert!(decisions.windows(limit + 1).all(|some| some[limit] - some[0] >= 60), "{decisions:?}");
}

#[test]
fn services_that_suffer_together_move_together() {
    let services: Vec<Service> = (0..20).map(|number| service(&format!("s{number:02}"))).collect();
    let mut world = World::new(&services, &[]);
    world.set_weather("a--b", Some(SLOW));
    world.run(60);
    assert_eq!(world.count("Relieve"), 20);
    assert_eq!(world.log.first().map(|(second, _)| *second), world.log.last().map(|(second, _)| *second));
}

#[test]
fn an_intent_that_recommends_is_proposed_once_for_each_hold_down_and_never_moved() {
    let mut careful = service("s");
    careful.assurance.mode = Mode::Recommend;
    let mut world = World::new(&[careful], &[]);
    world.set_weather("a--b", Some(SLOW));
    world.run(33);
    assert_eq!(log(&world), [(4, "Propose")]);
    world.run(2);
    assert_eq!(log(&world), [(4, "Propose"), (34, "Propose")]);
    assert!(world.hints.relief.is_empty() && world.way("s") == "b");
    let mut silent = service("s");
    silent.assurance.mode = Mode::Observe;
    let mut world = World::new(&[silent], &[]);
    world.set_weather("a--b", Some(SLOW));
    world.run(300);
    assert_eq!(log(&world), []);
    assert!(waits(&mut world).contains("observe"));
}

#[test]
fn a_breach_without_a_bad_line_is_left_alone_and_said() {
    let mut strict = service("s");
    strict.slo.one_way_delay = Some(model::Delay::from_micros(9_000));
    strict.assurance.breach = crate::fixture::condition("delay > 9ms");
    let mut world = World::new(&[strict], &[]);
    world.run(60);
    assert_eq!(log(&world), []);
    assert!(waits(&mut world).contains("worse than planned"));
}

#[test]
fn a_link_that_goes_down_is_avoided_at_once_and_used_again_after_ten_steady_seconds() {
    let mut world = world();
    world.set_weather("a--b", Some(DOWN));
    world.run(20);
    assert_eq!(log(&world), [(11, "Avoid")]);
    assert_eq!(world.way("s"), "c");
    world.set_weather("a--b", Some(FAIR));
    world.run(60);
    assert_eq!(log(&world), [(11, "Avoid"), (41, "Allow")]);
    assert_eq!(world.way("s"), "b");
}

#[test]
fn a_link_that_flaps_for_ten_minutes_costs_two_changes() {
    let mut world = world();
    for second in 0..600 {
        world.set_weather("a--b", Some(if second % 2 == 0 { DOWN } else { FAIR }));
        world.run(1);
    }
    assert_eq!(log(&world), [(11, "Avoid")]);
    world.run(700);
    assert_eq!(world.count("Allow"), 1);
}

#[test]
fn a_service_that_is_withdrawn_takes_its_relief_with_it() {
    let mut world = world();
    world.set_weather("a--b", Some(SLOW));
    world.run(10);
    world.set.services.clear();
    world.verdicts.clear();
    world.run(1);
    assert!(world.hints.relief.is_empty());
    assert_eq!(world.history.services.len(), 0);
}

#[test]
fn without_a_journal_the_seen_lines_stand_for_the_home() {
    let mut world = world();
    world.set_weather("a--b", Some(SLOW));
    world.run(10);
    world.history = History::default();
    world.memory = crate::assessment::Memory::default();
    world.set_weather("a--b", Some(FAIR));
    world.run(200);
    assert_eq!(log(&world), [(14, "Relieve"), (141, "Restore")]);
}

#[test]
fn the_history_survives_its_journal() {
    let mut world = world();
    world.set_weather("a--b", Some(SLOW));
    world.run(10);
    let text = serde_json::to_string(&world.history).unwrap();
    assert_eq!(serde_json::from_str::<History>(&text).unwrap(), world.history);
}

#[test]
fn equal_input_gives_equal_decisions() {
    let trace = || {
        let mut world = World::new(&[service("s"), service("t")], &[]);
        for second in 0..400_u64 {
            let bad = |period: u64| (second / period).is_multiple_of(2);
            world.set_weather("a--b", Some(if bad(40) { SLOW } else { FAIR }));
            world.set_weather("c--d", Some(if bad(70) { DOWN } else { FAIR }));
            world.run(1);
        }
        (world.log, world.hints)
    };
    assert_eq!(trace(), trace());
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]

    /// Whatever the lines do: two moves of a service are never closer than its hold-down, it goes back no more often than it left,
    /// and not before its wait-to-restore.
    #[test]
    fn restraint_holds_in_any_weather(
        changes in proptest::collection::vec((0_u64..200, 0_usize..6, 0_u8..4), 1..60),
    ) {
        let mut world = World::new(&[service("s")], &[]);
        let links: Vec<String> = world.ted.links.keys().map(ToString::to_string).collect();
        for (seconds, link, weather) in changes {
            let weather = [Some(FAIR), Some(SLOW), Some(DOWN), None][usize::from(weather)];
            world.set_weather(&links[link], weather);
            world.run(seconds);
        }
        let moves: Vec<(u64, &str)> = log(&world).into_iter().filter(|(_, what)| ["Relieve", "Restore"].contains(what)).collect();
        for pair in moves.windows(2) {
            proptest::prop_assert!(pair[1].0 - pair[0].0 >= 30, "{:?}", moves);
            if pair[1].1 == "Restore" {
                proptest::prop_assert!(pair[0].1 == "Relieve" && pair[1].0 - pair[0].0 >= 120, "{:?}", moves);
            }
        }
    }
}
