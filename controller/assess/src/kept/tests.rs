use model::{ServiceId, Side, Span};

use super::*;
use crate::fixture::{FAIR, Weather, World, alarm, hop, service};

const SLOW: Weather = Weather { delay: 65_000, ..FAIR };
const DOWN: Weather = Weather { up: false, ..FAIR };

/// The controller is killed and starts again: only what is on disk is left.
fn restart(world: &mut World) {
    let disk = serde_json::to_vec(&Kept::of(&world.memory, &world.history)).unwrap();
    resume(world, serde_json::from_slice(&disk).unwrap());
}

fn resume(world: &mut World, kept: Kept) {
    let disk = serde_json::to_vec(&world.hints).unwrap();
    world.hints = serde_json::from_slice(&disk).unwrap();
    (world.memory, world.history) = kept.resume(&world.hints, world.now());
    world.seen = crate::Observed::default();
}

fn relieved() -> World {
    let mut world = World::new(&[service("s")], &[]);
    world.run(10);
    world.set_weather("a--b", Some(SLOW));
    world.run(10);
    assert_eq!((world.count("Relieve"), world.way("s")), (1, "c"));
    world
}

#[test]
fn a_restart_in_the_middle_of_a_relief_returns_the_traffic_after_wait_to_restore() {
    let mut world = relieved();
    restart(&mut world);
    world.run(40);
    assert_eq!((world.count("Relieve"), world.count("Restore")), (1, 0), "the line is bad still");
    world.set_weather("a--b", Some(FAIR));
    world.run(60);
    restart(&mut world);
    // Nobody watched meanwhile: the line has to be good for the whole of the wait again.
    world.run(120);
    assert_eq!(world.count("Restore"), 0);
    world.run(2);
    assert_eq!((world.count("Restore"), world.way("s")), (1, "b"));
    world.run(300);
    assert_eq!(world.log.len(), 2);
}

#[test]
fn the_path_that_a_service_goes_back_to_is_not_forgotten() {
    let mut world = relieved();
    // Another line that the service never rode was bad too when it was moved, and stays bad.
    world.set_weather("e--d", Some(SLOW));
    world
        .hints
        .relief
        .get_mut(&ServiceId::lit("s"))
        .unwrap()
        .seen
        .insert(hop("e--d", Side::A), model::hint::Degradation { delay: None, jitter: None, loss: None });
    restart(&mut world);
    world.set_weather("a--b", Some(FAIR));
    world.run(125);
    assert_eq!(world.count("Restore"), 1);
}

#[test]
fn a_move_that_was_not_noted_any_more_counts_beside_those_before_it() {
    let mut world = relieved();
    world.set_weather("a--b", Some(FAIR));
    world.run(130);
    assert_eq!(world.count("Restore"), 1);
    let kept = Kept::of(&world.memory, &world.history);
    // It moves the service again, writes the hints, and dies before it writes what it remembers.
    world.set_weather("a--b", Some(SLOW));
    world.run(40);
    assert_eq!(world.count("Relieve"), 2);
    resume(&mut world, kept);
    let service = ServiceId::lit("s");
    let since = world.hints.relief[&service].since;
    let record = &world.history.services[&service];
    assert_eq!((record.away.len(), record.away.last(), record.touched), (2, Some(&since), Some(since)));
}

#[test]
fn restarts_do_not_undo_the_doubling_of_waits() {
    let mut world = World::new(&[service("s")], &[]);
    world.run(10);
    // As in the test of the damping: 20 s bad, 130 s good, for an hour, and a restart in every calm.
    for second in 0..3_600 {
        world.set_weather("a--b", Some(if second % 150 < 20 { SLOW } else { FAIR }));
        world.run(1);
        if second % 150 == 22 {
            restart(&mut world);
        }
    }
    assert!(world.count("Relieve") <= 2, "{:?}", world.log);
}

#[test]
fn hold_down_and_freeze_outlast_a_restart() {
    let mut stubborn = service("s");
    stubborn.assurance.hold_down = Span::from_secs(300);
    let mut world = World::new(&[stubborn], &[]);
    world.run(10);
    world.set_weather("a--b", Some(SLOW));
    world.run(10);
    restart(&mut world);
    world.set_weather("a--c", Some(SLOW));
    world.run(200);
    assert_eq!(world.count("Relieve"), 1, "it is held down");
    world.run(200);
    assert_eq!(world.count("Relieve"), 2);
    let id = ServiceId::lit("s");
    world.history.services.get_mut(&id).unwrap().frozen = Some(world.now());
    restart(&mut world);
    assert_eq!(world.history.frozen().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["s"]);
}

#[test]
fn a_link_that_is_down_is_not_used_again_because_nobody_said_anything_yet() {
    for kept in [true, false] {
        let mut world = World::new(&[service("s")], &[]);
        world.run(10);
        world.set_weather("a--b", Some(DOWN));
        world.run(5);
        assert_eq!(world.count("Avoid"), 1);
        // With the whole memory, and with the hints alone.
        if kept {
            restart(&mut world)
        } else {
            resume(&mut world, Kept::default())
        }
        world.weather.values_mut().for_each(|line| *line = None);
        world.run(60);
        assert_eq!(world.count("Allow"), 0, "silence is not up");
        world.weather.values_mut().for_each(|line| *line = Some(FAIR));
        world.run(9);
        assert_eq!(world.count("Allow"), 0, "it has to be steadily up");
        world.run(3);
        assert_eq!((world.count("Allow"), world.count("Avoid")), (1, 1));
    }
}

#[test]
fn an_alarm_that_stands_is_not_raised_again() {
    let mut world = World::new(&[service("s")], &[alarm("line-degraded", "delay > contract + 20ms")]);
    world.set_weather("a--b", Some(SLOW));
    world.run(10);
    let before = world.judge().alarms;
    assert_eq!(before.len(), 2);
    restart(&mut world);
    let after: Vec<_> = (0..10).map(|_| world.judge()).collect();
    assert!(after.iter().all(|assessment| assessment.events.is_empty()));
    assert_eq!(after.last().unwrap().alarms, before);
    world.set_weather("a--b", Some(FAIR));
    let cleared: usize = (0..60).map(|_| world.judge().events.len()).sum();
    assert_eq!(cleared, 2);
}

#[test]
fn a_relief_without_a_record_counts_as_a_move() {
    let mut world = relieved();
    resume(&mut world, Kept::default());
    let record = &world.history.services[&ServiceId::lit("s")];
    assert_eq!(
        (record.away.len(), record.touched),
        (1, Some(world.hints.relief[&ServiceId::lit("s")].since))
    );
    world.set_weather("a--b", Some(FAIR));
    world.run(125);
    assert_eq!((world.count("Restore"), world.way("s")), (1, "b"));
}
