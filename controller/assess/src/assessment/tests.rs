use model::{ServiceId, Side};

use super::*;
use crate::fixture::{FAIR, Weather, World, alarm, hop, over, service};

const SLOW: Weather = Weather { delay: 65_000, ..FAIR };

#[test]
fn one_bad_line_is_one_incident_with_all_who_suffer() {
    let services = [service("s"), service("t")];
    let mut world = World::new(&services, &[alarm("line-degraded", "delay > contract + 20ms")]);
    let calm = world.judge();
    assert_eq!(calm.incidents, []);
    assert_eq!(calm.count(), (2, 0, 0));
    world.set_weather("a--b", Some(SLOW));
    let first = world.judge();
    let noticed = world.now();
    let assessment = (0..5).map(|_| world.judge()).last().unwrap();
    assert_eq!(first.incidents.len(), 1, "promises break before the alarm has held long enough");
    let [incident] = assessment.incidents.as_slice() else { panic!("{:?}", assessment.incidents) };
    assert_eq!(incident.cause, LinkId::lit("a--b"));
    assert_eq!(incident.since, noticed);
    assert_eq!(incident.alarms.iter().collect::<Vec<_>>(), ["line-degraded"]);
    assert_eq!(incident.services.len(), 2);
    assert_eq!(incident.severity, model::Severity::Major);
    assert_eq!(assessment.count(), (0, 2, 0));
}

#[test]
fn an_incident_began_with_the_first_thing_that_was_noticed() {
    let mut world = World::new(&[service("s")], &[alarm("line-degraded", "delay > contract + 20ms")]);
    world.judge();
    world.set_weather("a--b", Some(Weather { delay: 18_000, ..FAIR }));
    world.judge();
    let noticed = world.now();
    (0..9).for_each(|_| drop(world.judge()));
    world.set_weather("a--b", Some(SLOW));
    let assessment = (0..9).map(|_| world.judge()).last().unwrap();
    assert!(assessment.alarms[0].began > noticed);
    assert_eq!(assessment.incidents[0].since, noticed);
}

#[test]
fn services_that_were_moved_away_stay_with_their_incident() {
    let mut world = World::new(&[service("s")], &[alarm("line-degraded", "delay > contract + 20ms")]);
    world.run(5);
    world.set_weather("a--b", Some(SLOW));
    let assessment = world.run(20);
    let [incident] = assessment.incidents.as_slice() else { panic!("{:?}", assessment.incidents) };
    assert!(incident.services.is_empty());
    assert_eq!(incident.moved.iter().map(ServiceId::as_str).collect::<Vec<_>>(), ["s"]);
}

#[test]
fn an_estimate_takes_what_is_measured_and_the_plan_for_the_rest() {
    let mut world = World::new(&[], &[]);
    world.set_weather("a--c", Some(SLOW));
    world.set_weather("c--d", None);
    let assessment = world.judge();
    let quality = assessment.estimate(&over("c"), &world.ted);
    assert_eq!(quality.delay.unwrap().as_micros(), 70_000);
    assert_eq!(assessment.estimate(&[hop("gone", Side::A)], &world.ted).delay, None);
}

#[test]
fn a_line_is_sound_only_while_it_is_heard_up_and_as_promised() {
    let mut world = World::new(&[], &[]);
    let line = hop("a--b", Side::A);
    let since = |world: &mut World| world.judge().lines[&line].sound_since;
    let first = since(&mut world);
    assert_eq!(first, Some(world.now()));
    assert_eq!(since(&mut world), first);
    // Within the contract of 8 ms it is sound, though longer than planned.
    world.set_weather("a--b", Some(Weather { delay: 7_900, ..FAIR }));
    assert_eq!(since(&mut world), first);
    world.set_weather("a--b", Some(SLOW));
    assert_eq!(since(&mut world), None);
    world.set_weather("a--b", Some(FAIR));
    assert_eq!(since(&mut world), Some(world.now()));
    world.set_weather("a--b", None);
    let last = (0..7).map(|_| since(&mut world)).last().unwrap();
    assert_eq!(last, None);
}

#[test]
fn memory_follows_the_network_and_not_time() {
    let mut world = World::new(&[service("s")], &[alarm("x", "delay > 20ms")]);
    let size = |world: &World| {
        let memory = &world.memory;
        (memory.alarms.len(), memory.services.len(), memory.links.len(), memory.sound.len())
    };
    for second in 0..3_000 {
        let weather =
            Weather { up: second % 7 != 0, delay: if second % 5 == 0 { 65_000 } else { 5_000 }, loss: 0 };
        world.set_weather("a--b", Some(weather));
        world.judge();
        let (alarms, services, links, sound) = size(&world);
        assert!(alarms <= 12 && services == 2 && links <= 6 && sound <= 12);
    }
}

#[test]
fn judging_twice_at_one_moment_changes_nothing() {
    let mut world = World::new(&[service("s")], &[alarm("x", "delay > 20ms")]);
    world.set_weather("a--b", Some(SLOW));
    for _ in 0..10 {
        let first = world.judge();
        let mut memory = world.memory.clone();
        let again = assess(&world.seen, &world.case(), &mut memory, world.now());
        assert_eq!(memory, world.memory);
        assert_eq!(Assessment { events: Vec::new(), ..first }, Assessment { events: Vec::new(), ..again });
    }
}
