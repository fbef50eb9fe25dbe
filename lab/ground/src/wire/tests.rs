use proptest::prelude::*;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use super::*;

fn impairment(delay_us: u64, jitter_us: u64, loss_ppb: u32) -> Impairment {
    Impairment {
        delay: Delay::from_micros(delay_us),
        jitter: Jitter::from_micros(jitter_us),
        loss: Loss::from_ppb(loss_ppb),
    }
}

fn micros(micros: u64) -> Duration {
    Duration::from_micros(micros)
}

/// Lets everything leave; moment, lane and first octets of each, as a number.
fn rest(wire: &mut Wire) -> Vec<(Duration, usize, u32)> {
    let mut left = Vec::new();
    while let Some(at) = wire.next() {
        let (lane, frame) = wire.leave(at).expect("one is due");
        left.push((at, lane, u32::from_be_bytes([frame[0], frame[1], frame[2], frame[3]])));
        wire.done(frame);
    }
    left
}

#[test]
fn a_frame_leaves_after_its_delay_and_not_before() {
    let mut dice = ChaCha8Rng::seed_from_u64(1);
    let mut wire = Wire::new(Room::default());
    let slow = wire.add(impairment(10_000, 0, 0));
    let fast = wire.add(impairment(0, 0, 0));
    assert_eq!(wire.offer(slow, &7_u32.to_be_bytes(), micros(5), &mut dice), Fate::Held);
    assert_eq!(wire.offer(fast, &8_u32.to_be_bytes(), micros(5), &mut dice), Fate::Through);
    assert!(wire.leave(micros(10_004)).is_none());
    assert_eq!(rest(&mut wire), [(micros(10_005), slow, 7)]);
}

#[test]
fn what_is_set_anew_counts_for_later_frames_and_loses_none() {
    let mut dice = ChaCha8Rng::seed_from_u64(1);
    let mut wire = Wire::new(Room::default());
    let lane = wire.add(impairment(40_000, 0, 0));
    wire.offer(lane, &1_u32.to_be_bytes(), micros(0), &mut dice);
    wire.set(lane, impairment(8_000, 0, 0));
    wire.offer(lane, &2_u32.to_be_bytes(), micros(1_000), &mut dice);
    wire.set(lane, impairment(0, 0, 0));
    // Others are on their way, so it waits for its turn among those of its moment.
    assert_eq!(wire.offer(lane, &3_u32.to_be_bytes(), micros(2_000), &mut dice), Fate::Held);
    let left: Vec<(u64, u32)> =
        rest(&mut wire).into_iter().map(|(at, _, frame)| (at.as_micros() as u64, frame)).collect();
    assert_eq!(left, [(2_000, 3), (9_000, 2), (40_000, 1)]);
}

#[test]
fn a_full_lane_takes_no_more_and_says_so() {
    let mut dice = ChaCha8Rng::seed_from_u64(1);
    // One of two wires that share 30.
    let mut wire = Wire::new(Room { lane: 10, all: 30 }.of(2));
    let lanes = [wire.add(impairment(1, 0, 0)), wire.add(impairment(1, 0, 0))];
    let fates: Vec<Fate> =
        [0, 0, 0, 1, 1].iter().map(|at| wire.offer(lanes[*at], &[0; 5], micros(0), &mut dice)).collect();
    assert_eq!(fates, [Fate::Held, Fate::Held, Fate::Full, Fate::Held, Fate::Full]);
    assert_eq!((wire.count(lanes[0]).full, wire.count(lanes[1]).full), (1, 1));
    wire.leave(micros(1)).expect("one is due");
    assert_eq!(wire.offer(lanes[1], &[0; 5], micros(1), &mut dice), Fate::Held, "there is room again");
}

#[test]
fn the_mean_stays_the_delay_however_close_frames_come() {
    for every in [50, 10_000] {
        let mut dice = ChaCha8Rng::seed_from_u64(9);
        let mut lane = Lane::new(impairment(20_000, 5_000, 0));
        let moments = (0..200_000_u64).map(|number| micros(number * every));
        let took = moments.map(|now| (lane.due(now, &mut dice) - now).as_micros());
        let mean = took.sum::<u128>() / 200_000;
        // In the ten seconds of the crowded run the curve has 500 points, so the mean may be 0.4 ms off.
        assert!(mean.abs_diff(20_000) < 400, "{mean} every {every}");
    }
}

proptest! {
    #[test]
    fn a_lane_keeps_order_and_bounds_whatever_its_variation(
        seed: u64,
        delay in 0_u64..50_000,
        jitter in 0_u64..20_000,
        gaps in prop::collection::vec(0_u64..30_000, 1..200),
    ) {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let mut wire = Wire::new(Room::default());
        let lane = wire.add(impairment(delay, jitter, 0));
        let (mut now, mut offered, mut left) = (0, Vec::new(), Vec::new());
        for (number, gap) in (0_u32..).zip(&gaps) {
            now += gap;
            while let Some(at) = wire.next().filter(|at| *at <= micros(now)) {
                let (_, frame) = wire.leave(at).expect("one is due");
                left.push((at, u32::from_be_bytes([frame[0], frame[1], frame[2], frame[3]])));
            }
            offered.push(micros(now));
            if wire.offer(lane, &number.to_be_bytes(), micros(now), &mut dice) == Fate::Through {
                left.push((micros(now), number));
            }
        }
        left.extend(rest(&mut wire).into_iter().map(|(at, _, frame)| (at, frame)));
        prop_assert_eq!(left.len(), gaps.len(), "none is lost");
        for (place, (at, number)) in left.iter().enumerate() {
            prop_assert_eq!(*number as usize, place, "in the order in which they came");
            let took = *at - offered[place];
            prop_assert!(took <= micros(delay + jitter), "{took:?}");
            prop_assert!(took >= micros(delay.saturating_sub(jitter)), "{took:?}");
        }
    }

    #[test]
    fn loss_is_what_it_is_told_to_be(seed: u64, percent in 0_u32..=100) {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let mut wire = Wire::new(Room::default());
        let lane = wire.add(impairment(0, 0, percent * 10_000_000));
        for _ in 0..4_000 {
            wire.offer(lane, &[0; 64], Duration::ZERO, &mut dice);
        }
        let lost = wire.count(lane).lost;
        // Six standard deviations of 4,000 throws at most.
        prop_assert!(lost.abs_diff(u64::from(percent) * 40) <= 190, "{lost} at {percent}%");
        prop_assert!(percent != 0 || lost == 0);
        prop_assert!(percent != 100 || lost == 4_000);
    }

    #[test]
    fn equal_throws_give_equal_lines(seed: u64, gaps in prop::collection::vec(0_u64..5_000, 1..50)) {
        let run = || {
            let mut dice = ChaCha8Rng::seed_from_u64(seed);
            let mut wire = Wire::new(Room::default());
            let lane = wire.add(impairment(3_000, 1_000, 100_000_000));
            let mut now = 0;
            let fates: Vec<Fate> = (0_u32..)
                .zip(&gaps)
                .map(|(number, gap)| {
                    now += gap;
                    wire.offer(lane, &number.to_be_bytes(), micros(now), &mut dice)
                })
                .collect();
            (fates, rest(&mut wire))
        };
        prop_assert_eq!(run(), run());
    }
}
