use super::*;
use crate::fixture::{FAIR, Weather, World, condition, hop, over, service};
use model::{Side, intent::Mode};

const SLOW: Weather = Weather { delay: 65_000, ..FAIR };

fn world() -> World {
    World::new(&[service("s")], &[])
}

fn forward(world: &mut World) -> Promise {
    world.judge().services[&ServiceId::lit("s")][0].clone()
}

#[test]
fn a_promise_is_kept_along_the_measured_path() {
    let promise = forward(&mut world());
    assert_eq!(promise.standing, Standing::Kept);
    assert_eq!(promise.hops, over("b"));
    assert_eq!(promise.quality.delay, Some(Delay::from_micros(10_000)));
    assert_eq!(promise.quality.loss, Some(Loss::ZERO));
}

#[test]
fn a_broken_promise_names_the_line_that_breaks_it() {
    let mut world = world();
    forward(&mut world);
    world.set_weather("b--d", Some(Weather { delay: 65_000, loss: 20_000_000, up: true }));
    world.set_weather("a--b", Some(Weather { delay: 7_000, ..FAIR }));
    let promise = forward(&mut world);
    let Standing::Broken { since, what, blame } = promise.standing else { panic!("{promise:?}") };
    assert_eq!(since, world.now());
    assert_eq!(what, ["delay 72ms, promised 20ms", "loss 2%, promised 0.5%"]);
    assert_eq!(blame[0].line, hop("b--d", Side::A));
    assert_eq!(blame[0].what, "delay 65ms, planned 5ms, loss 2%, planned 0%");
    assert_eq!(blame[1].line, hop("a--b", Side::A));
    let began = world.now();
    assert_eq!(promise.breached, None, "not yet long enough");
    for _ in 0..3 {
        forward(&mut world);
    }
    let promise = forward(&mut world);
    assert!(matches!(promise.standing, Standing::Broken { since, .. } if since == began));
    assert_eq!(promise.breached, Some(began));
}

#[test]
fn silence_on_the_path_is_unknown_and_not_kept() {
    let mut world = world();
    assert_eq!(forward(&mut world).standing, Standing::Kept);
    world.set_weather("a--b", None);
    for _ in 0..5 {
        assert_eq!(forward(&mut world).standing, Standing::Kept, "the last values are still fresh");
    }
    let Standing::Unknown { why } = forward(&mut world).standing else {
        panic!("silence is not a judgement")
    };
    assert!(why.contains("a--b>"), "{why}");
    // What is known is bad enough by itself.
    world.set_weather("b--d", Some(SLOW));
    assert!(matches!(forward(&mut world).standing, Standing::Broken { .. }));
}

#[test]
fn silence_is_unknown_where_nothing_measured_is_promised() {
    let mut modest = service("s");
    modest.slo = Slo { bandwidth: Some(model::Bandwidth::from_bps(20_000_000)), ..Slo::default() };
    // What an intent without measured objectives gets.
    modest.assurance.breach = model::Condition::Any { any: Vec::new() };
    let mut world = World::new(&[modest], &[]);
    // Nothing was ever heard.
    world.weather.values_mut().for_each(|weather| *weather = None);
    let promise = forward(&mut world);
    let Standing::Unknown { why } = promise.standing else { panic!("{promise:?}") };
    assert_eq!(why, "whether these links are up was not heard lately: a--b, b--d");
    assert_eq!(promise.kept_since, None);
    world.weather.values_mut().for_each(|weather| *weather = Some(FAIR));
    assert_eq!(forward(&mut world).standing, Standing::Kept);
    // All is silent again.
    world.weather.values_mut().for_each(|weather| *weather = None);
    for _ in 0..5 {
        assert_eq!(forward(&mut world).standing, Standing::Kept, "the last values are still fresh");
    }
    assert!(matches!(forward(&mut world).standing, Standing::Unknown { .. }));
    // That a line is down is known.
    for line in ["a--b", "a--c"] {
        world.set_weather(line, Some(Weather { up: false, ..FAIR }));
    }
    assert!(matches!(forward(&mut world).standing, Standing::Broken { .. }));
}

#[test]
fn a_path_with_a_dead_line_rides_its_backup() {
    let mut world = world();
    forward(&mut world);
    world.set_weather("a--b", Some(Weather { up: false, ..FAIR }));
    let promise = forward(&mut world);
    assert_eq!((promise.riding, promise.hops), (Riding::Backup, over("c")));
    assert_eq!(promise.standing, Standing::Kept);
    world.set_weather("c--d", Some(Weather { up: false, ..FAIR }));
    let promise = forward(&mut world);
    assert_eq!(promise.riding, Riding::Nothing);
    let Standing::Broken { blame, .. } = promise.standing else { panic!("nothing is left") };
    assert_eq!((blame[0].line.clone(), blame[0].what.as_str()), (hop("a--b", Side::A), "it is down"));
}

#[test]
fn the_breach_condition_of_the_intent_counts_beside_its_objectives() {
    let mut picky = service("s");
    picky.assurance.breach = condition("delay > 12ms");
    picky.assurance.mode = Mode::Observe;
    let mut world = World::new(&[picky], &[]);
    assert_eq!(forward(&mut world).standing, Standing::Kept);
    world.set_weather("a--b", Some(Weather { delay: 9_000, ..FAIR }));
    let Standing::Broken { what, .. } = forward(&mut world).standing else { panic!("14 ms is over 12 ms") };
    assert_eq!(what, ["delay > 12ms (is 14ms)"]);
}

fn quality(delay: u64, loss: u32) -> Quality {
    Quality { delay: Some(Delay::from_micros(delay)), jitter: None, loss: Some(Loss::from_ppb(loss)) }
}

#[test]
fn improvement_is_of_what_is_worst_against_its_promise() {
    let slo = service("s").slo;
    let percent = |before, after| improvement(&slo, before, after).as_ppm() / 10_000;
    assert_eq!(percent(quality(40_000, 0), quality(20_000, 0)), 50);
    assert_eq!(percent(quality(40_000, 0), quality(40_000, 0)), 0);
    assert_eq!(percent(quality(20_000, 0), quality(40_000, 0)), 0);
    // The loss of 2% is four times what was promised; a longer way without loss is better.
    assert_eq!(percent(quality(10_000, 20_000_000), quality(20_000, 0)), 75);
    // A shorter way does not mend a loss.
    assert_eq!(percent(quality(20_000, 20_000_000), quality(10_000, 20_000_000)), 0);
    let unknown = Quality { delay: None, ..quality(0, 0) };
    assert_eq!(percent(quality(40_000, 0), unknown), 0);
    assert_eq!(improvement(&Slo::default(), quality(9, 9), quality(0, 0)), Ratio::ZERO);
}
