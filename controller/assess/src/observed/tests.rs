use super::*;
use proptest::prelude::*;

fn s(secs: u64) -> Timestamp {
    Timestamp::from_micros(secs * 1_000_000)
}

fn sample(at: u64, measure: Measure) -> Sample {
    Sample { node: NodeId::lit("a"), interface: InterfaceName::lit("eth1"), at: s(at), measure }
}

fn fold(samples: &[(u64, Measure)]) -> Observed {
    samples.iter().fold(Observed::new(Settings::default()), |seen, (at, measure)| {
        observe(seen, &sample(*at, measure.clone()), s(*at))
    })
}

fn read(seen: &Observed, now: u64) -> Reading<'_> {
    seen.reading(&NodeId::lit("a"), &InterfaceName::lit("eth1"), s(now)).unwrap()
}

#[test]
fn counters_become_rates_over_the_window_that_is_asked_for() {
    let queue = QueueName::lit("af4");
    let samples: Vec<(u64, Measure)> = (0..=20)
        .flat_map(|t| {
            // 1 MB/s for ten seconds, then 2 MB/s; ten drops a second from then on.
            let octets = if t <= 10 { t * 1_000_000 } else { 10_000_000 + (t - 10) * 2_000_000 };
            let drops = if t <= 10 { 0 } else { (t - 10) * 10 };
            [
                (t, Measure::OutOctets(octets)),
                (t, Measure::QueueOctets(queue.clone(), octets)),
                (t, Measure::QueueDrops(queue.clone(), drops)),
            ]
        })
        .collect();
    let seen = fold(&samples);
    let reading = read(&seen, 20);
    assert_eq!(reading.out(Span::from_secs(5)), Some(Bandwidth::from_bps(16_000_000)));
    assert_eq!(reading.out(Span::from_secs(20)), Some(Bandwidth::from_bps(12_000_000)));
    assert_eq!(reading.queue_out(&queue, Span::from_secs(5)), Some(Bandwidth::from_bps(16_000_000)));
    assert_eq!(reading.queue_drops(&queue, Span::from_secs(5)), Some(50));
    assert_eq!(reading.queue_drops(&QueueName::lit("other"), Span::from_secs(5)), None);
}

#[test]
fn what_is_not_heard_becomes_unknown_measure_by_measure() {
    let seen = fold(&[
        (0, Measure::Delay(Delay::from_micros(7))),
        (0, Measure::Up(true)),
        (4, Measure::Loss(Loss::from_ppb(3))),
    ]);
    assert_eq!(read(&seen, 5).delay(), Some(Delay::from_micros(7)));
    assert_eq!(read(&seen, 6).delay(), None);
    assert_eq!(read(&seen, 6).loss(), Some(Loss::from_ppb(3)));
    assert_eq!(read(&seen, 6).jitter(), None);
    // Up is reported on change: it stands as long as the device is heard.
    assert_eq!(read(&seen, 9).up(), Some((true, s(0))));
    assert!(!read(&seen, 9).is_silent());
    assert_eq!(read(&seen, 10).up(), None);
    assert!(read(&seen, 10).is_silent());
    assert!(seen.reading(&NodeId::lit("b"), &InterfaceName::lit("eth1"), s(0)).is_none());
}

#[test]
fn a_down_interface_stays_known_while_its_device_speaks() {
    let mut seen = fold(&[(0, Measure::Up(false))]);
    for at in 1..60 {
        let other = Sample { interface: InterfaceName::lit("eth2"), ..sample(at, Measure::OutOctets(at)) };
        seen.take(&other, s(at));
    }
    assert_eq!(read(&seen, 60).up(), Some((false, s(0))));
    assert_eq!(read(&seen, 80).up(), None);
}

#[test]
fn since_when_it_is_up_is_when_it_changed() {
    let seen = fold(&[
        (0, Measure::Up(true)),
        (3, Measure::Up(true)),
        (4, Measure::Up(false)),
        (5, Measure::Up(false)),
    ]);
    assert_eq!(read(&seen, 5).up(), Some((false, s(4))));
}

#[test]
fn a_device_that_invents_names_is_bounded() {
    let mut seen = Observed::new(Settings::default());
    for number in 0..5_000 {
        let interface = InterfaceName::lit(&format!("eth{number}"));
        seen.take(&Sample { interface, ..sample(1, Measure::OutOctets(1)) }, s(1));
        seen.take(&sample(1, Measure::QueueOctets(QueueName::lit(&format!("q{number}")), 1)), s(1));
    }
    assert!(seen.interfaces().count() <= MOST_INTERFACES);
    assert!(read(&seen, 1).queues().count() <= MOST_QUEUES);
}

#[test]
fn a_fold_by_value_and_in_place_are_the_same() {
    let samples = [(0, Measure::OutOctets(1)), (1, Measure::OutOctets(9)), (1, Measure::Up(true))];
    let mut seen = Observed::new(Settings::default());
    for (at, measure) in &samples {
        seen.take(&sample(*at, measure.clone()), s(*at));
    }
    assert_eq!(seen, fold(&samples));
}

/// A second in which a device whose clock says `at` is heard at `now`: `seconds` of 1 MB/s, and whether it is up.
fn tick(seen: &mut Observed, at: u64, now: u64, seconds: u64, up: bool) {
    let measures = [
        Measure::OutOctets(seconds * 1_000_000),
        Measure::Delay(Delay::from_micros(seconds)),
        Measure::Up(up),
    ];
    for measure in measures {
        seen.take(&sample(at, measure), s(now));
    }
}

#[test]
fn a_clock_that_was_ahead_and_is_set_right_blinds_nobody() {
    let mut seen = Observed::new(Settings::default());
    const DAY: u64 = 86_400;
    for t in 100..110 {
        tick(&mut seen, t + DAY, t, t, true);
    }
    assert_eq!(read(&seen, 109).up(), Some((true, s(100))), "a sample cannot be from the future");
    assert_eq!(read(&seen, 109).out(Span::from_secs(5)), Some(Bandwidth::from_bps(8_000_000)));
    tick(&mut seen, 110, 110, 110, false);
    let reading = read(&seen, 110);
    assert_eq!(reading.up(), Some((false, s(110))));
    assert_eq!(reading.delay(), Some(Delay::from_micros(110)));
    assert_eq!(reading.out(Span::from_secs(5)), Some(Bandwidth::from_bps(8_000_000)), "the past is kept");
}

#[test]
fn a_clock_that_is_set_back_begins_anew() {
    let mut seen = Observed::new(Settings::default());
    for t in 1_000..1_010 {
        tick(&mut seen, t, t, t, true);
    }
    tick(&mut seen, 400, 1_010, 1_010, false);
    assert_eq!(read(&seen, 1_010).up(), Some((false, s(400))));
    assert_eq!(read(&seen, 1_010).delay_moments(), Some((1_010.0, 0.0)));
    assert_eq!(read(&seen, 1_010).out(Span::from_secs(5)), None, "one sample is no rate");
    tick(&mut seen, 401, 1_011, 1_011, false);
    assert_eq!(read(&seen, 1_011).out(Span::from_secs(5)), Some(Bandwidth::from_bps(8_000_000)));
}

#[test]
fn what_comes_late_or_twice_is_passed_over() {
    let mut seen = Observed::new(Settings::default());
    for t in 100..110 {
        tick(&mut seen, t, t, t, t >= 109);
    }
    let before = seen.clone();
    for late in [104, 108] {
        tick(&mut seen, late, 109, late, false);
    }
    tick(&mut seen, 109, 109, 109, true);
    assert_eq!(seen, before);
}

proptest! {
    /// However wrong a clock was, and however wrong it stays: once it runs, what is heard is known within what a measure counts for.
    #[test]
    fn no_clock_blinds_for_long(
        past in prop::collection::vec((0_u64..3_000, 0_u64..1_000_000, any::<bool>()), 0..40),
        behind in 0_u64..1_000,
        ahead in 0_u64..1_000,
        up in any::<bool>(),
    ) {
        let mut seen = Observed::new(Settings::default());
        let mut now = 1_000;
        for (at, octets, up) in past {
            tick(&mut seen, at, now, octets, up);
            now += 1;
        }
        for second in 0..8 {
            tick(&mut seen, now + second + ahead - behind, now + second, 2_000_000 + second, up);
        }
        let reading = read(&seen, now + 7);
        prop_assert_eq!(reading.up().map(|(up, _)| up), Some(up));
        prop_assert_eq!(reading.delay(), Some(Delay::from_micros(2_000_007)));
        prop_assert_eq!(reading.out(Span::from_secs(1)), Some(Bandwidth::from_bps(8_000_000)));
    }
}
