use model::{Measure, Sample, Timestamp};

use super::*;
use crate::fixture::{FAIR, Weather, World, alarm, hop, service};

const SLOW: Weather = Weather { delay: 65_000, ..FAIR };

fn world(text: &str) -> World {
    World::new(&[], &[alarm("line-degraded", text)])
}

/// Seconds of events, with whether they raised.
fn events(world: &mut World, seconds: u64) -> Vec<(u64, bool)> {
    let mut found = Vec::new();
    for _ in 0..seconds {
        let assessment = world.judge();
        found.extend(assessment.events.iter().map(|event| (world.second - 1_000, event.raised)));
    }
    found
}

#[test]
fn it_fires_once_and_clears_once() {
    let mut world = world("delay > contract + 20ms");
    assert_eq!(events(&mut world, 10), []);
    world.set_weather("a--b", Some(SLOW));
    // Both directions are slow from second 11 on: three seconds later both fire.
    assert_eq!(events(&mut world, 300), [(14, true), (14, true)]);
    world.set_weather("a--b", Some(FAIR));
    assert_eq!(events(&mut world, 100), [(341, false), (341, false)]);
}

#[test]
fn it_says_which_line_and_what_was_measured() {
    let mut world = world("delay > contract + 20ms or loss > 0.5%");
    world.set_weather("a--b", Some(SLOW));
    let assessment = (0..5).map(|_| world.judge()).last().unwrap();
    let alarm = &assessment.alarms[0];
    assert_eq!(alarm.line, hop("a--b", Side::A));
    assert_eq!(alarm.detail, "delay > contract + 20ms (is 65ms)");
    assert_eq!(alarm.raised.since(alarm.began), model::Span::from_secs(3));
    assert_eq!(assessment.alarms.len(), 2);
}

#[test]
fn it_names_the_services_that_it_hits_also_those_that_were_moved_before_it_fired() {
    let mut hasty = service("s");
    hasty.assurance.hold = model::Span::ZERO;
    let alarms = [alarm("line-degraded", "delay > contract + 20ms")];
    let mut world = World::new(&[hasty, service("t")], &alarms);
    world.run(10);
    world.set_weather("a--b", Some(SLOW));
    // `s` leaves at second 11, the alarm fires at second 14, and then `t` leaves too.
    let (fired, _) = (0..4).map(|_| world.turn()).last().unwrap();
    let names = |services: &BTreeSet<ServiceId>| {
        services.iter().map(ServiceId::to_string).collect::<Vec<_>>().join(" ")
    };
    assert_eq!((world.way("s"), fired.events.len()), ("c", 2));
    for event in &fired.events {
        assert_eq!((names(&event.alarm.services), names(&event.alarm.riding)), ("s t".into(), "t".into()));
    }
    let later = world.run(5);
    assert_eq!(
        (names(&later.alarms[0].services), names(&later.alarms[0].riding)),
        ("s t".into(), String::new())
    );
    // What is withdrawn is not hit any more.
    world.set.services.remove(&ServiceId::lit("s"));
    world.verdicts.remove(&ServiceId::lit("s"));
    assert_eq!(names(&world.judge().alarms[0].services), "t");
}

#[test]
fn a_service_whose_path_and_backup_are_down_is_hit_where_it_would_ride() {
    let mut world = World::new(&[service("s")], &[alarm("lossy", "loss > 0.5%")]);
    world.judge();
    world.set_weather("a--b", Some(Weather { loss: 20_228_952, ..FAIR }));
    world.judge();
    world.set_weather("b--d", Some(Weather { up: false, ..FAIR }));
    world.set_weather("c--d", Some(Weather { up: false, ..FAIR }));
    let alarms = (0..5).map(|_| world.judge()).last().unwrap().alarms;
    assert_eq!(alarms[0].riding, BTreeSet::from([ServiceId::lit("s")]));
    assert_eq!(alarms[0].detail, "loss > 0.5% (is 2%)");
}

#[test]
fn silence_does_not_clear_it_and_is_shown() {
    let mut world = world("delay > contract + 20ms");
    world.set_weather("a--b", Some(SLOW));
    assert_eq!(events(&mut world, 10).len(), 2);
    world.set_weather("a--b", None);
    assert_eq!(events(&mut world, 500), []);
    let assessment = world.judge();
    assert_eq!(assessment.alarms.len(), 2);
    assert!(assessment.alarms.iter().all(|alarm| alarm.unknown));
    world.set_weather("a--b", Some(FAIR));
    assert_eq!(events(&mut world, 60).len(), 2);
}

#[test]
fn a_delay_that_oscillates_does_not_raise_a_storm() {
    let mut world = world("delay > contract + 20ms");
    let mut found = Vec::new();
    for second in 0..600 {
        world.set_weather("a--b", Some(if second % 2 == 0 { SLOW } else { FAIR }));
        found.extend(events(&mut world, 1));
    }
    assert_eq!(found, []);
    // Six seconds bad, six good: it fires once and never clears in between.
    for second in 0..600 {
        world.set_weather("a--b", Some(if second % 12 < 6 { SLOW } else { FAIR }));
        found.extend(events(&mut world, 1));
    }
    assert_eq!(found.len(), 2);
}

#[test]
fn drops_of_a_class_are_those_of_its_queue_within_the_window() {
    let mut world = world("queue(production).drops > 100");
    let (node, interface) = world.lines.interface(&hop("a--b", Side::A)).unwrap().clone();
    let mut found = Vec::new();
    for second in 1..=60_u64 {
        // 20 drops a second between seconds 10 and 30: more than 100 in ten seconds from second 16 on.
        let drops = second.clamp(10, 30) * 20;
        let at = Timestamp::from_micros((1_000 + second) * 1_000_000);
        let measure = Measure::QueueDrops(model::QueueName::lit("af4"), drops);
        world.seen.take(&Sample { node: node.clone(), interface: interface.clone(), at, measure }, at);
        found.extend(events(&mut world, 1));
    }
    // Raised three seconds after it began; over at second 35, and not before thirty seconds more is it cleared.
    assert_eq!(found, [(19, true)]);
    for second in 61..=80_u64 {
        let at = Timestamp::from_micros((1_000 + second) * 1_000_000);
        let measure = Measure::QueueDrops(model::QueueName::lit("af4"), 600);
        world.seen.take(&Sample { node: node.clone(), interface: interface.clone(), at, measure }, at);
        found.extend(events(&mut world, 1));
    }
    assert_eq!(found, [(19, true), (65, false)]);
}

#[test]
fn it_watches_only_the_lines_that_it_names() {
    let mut policy = alarm("one", "delay > 20ms");
    policy.links = [("name".to_owned(), "a--c".to_owned())].into();
    let mut world = World::new(&[], &[policy]);
    world.set_weather("a--b", Some(SLOW));
    assert_eq!(events(&mut world, 10), []);
    world.set_weather("a--c", Some(SLOW));
    assert_eq!(events(&mut world, 10).len(), 2);
    // The policy is withdrawn: its alarms do not stand for ever.
    world.set.alarms.clear();
    assert_eq!(events(&mut world, 1), [(21, false), (21, false)]);
    assert_eq!(events(&mut world, 5), []);
}

#[test]
fn a_condition_on_what_is_not_measured_never_fires() {
    let mut world = world("queue.depth > 50%");
    assert_eq!(events(&mut world, 30), []);
    let mut no_contract = self::world("loss > contract + 0.1%");
    no_contract.set_weather("a--b", Some(Weather { loss: 900_000_000, ..FAIR }));
    assert_eq!(events(&mut no_contract, 30), []);
}
