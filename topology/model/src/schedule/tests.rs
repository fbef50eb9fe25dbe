use proptest::prelude::*;

use super::*;

/// Minutes that are looked at one by one: three weeks and a little, from a Thursday on.
const LOOKED_AT: u64 = 3 * 7 * 24 * 60 + 100;

fn minute(number: u64) -> Timestamp {
    Timestamp::from_micros(number * MINUTE)
}

fn moment(number: u64, offset: Offset) -> Moment {
    Moment { at: minute(number), offset }
}

/// What a schedule was made of, for an oracle that knows nothing of weeks as circles.
#[derive(Clone, Debug)]
enum Made {
    Once(u64, u64),
    Weekly { days: Vec<usize>, from: u16, minutes: u64, offset: i16 },
}

impl Made {
    fn schedule(&self) -> Schedule {
        match self {
            Self::Once(from, to) => {
                Schedule::once(moment(*from, Offset::UTC), moment(*to, Offset::UTC)).unwrap()
            }
            Self::Weekly { days, from, minutes, offset } => Schedule::weekly(
                days.iter().map(|day| Weekday::ALL[*day]).collect(),
                TimeOfDay::from_minutes(*from).unwrap(),
                Span::from_micros(minutes * MINUTE),
                Offset::from_minutes(*offset).unwrap(),
            )
            .unwrap(),
        }
    }

    /// Whether it is open in a minute: every beginning there was or will be is tried. Minute 0 is a Thursday, 00:00 UTC.
    fn is_open(&self, minute: u64) -> bool {
        match self {
            Self::Once(from, to) => (*from..*to).contains(&minute),
            Self::Weekly { days, from, minutes, offset } => (-21_i64..35).any(|day| {
                let weekday = (day + 3).rem_euclid(7) as usize;
                let begin = day * 24 * 60 + i64::from(*from) - i64::from(*offset);
                let minute = minute as i64;
                days.contains(&weekday) && begin <= minute && minute < begin + *minutes as i64
            }),
        }
    }
}

fn made() -> impl Strategy<Value = Made> {
    let once = (0..LOOKED_AT - 1).prop_flat_map(|from| (Just(from), from + 1..LOOKED_AT));
    let length = prop_oneof![1_u64..=10_080, 1_u64..600, Just(24 * 60), Just(7 * 24 * 60)];
    let from = prop_oneof![0_u16..1440, Just(0), Just(1439)];
    let days = prop::collection::btree_set(0_usize..7, 1..=7);
    let weekly = (days, from, length, -840_i16..=840).prop_map(|(days, from, minutes, offset)| {
        Made::Weekly { days: days.into_iter().collect(), from, minutes, offset }
    });
    prop_oneof![once.prop_map(|(from, to)| Made::Once(from, to)), weekly.clone(), weekly]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn it_is_open_when_some_beginning_says_so(made in made()) {
        let schedule = made.schedule();
        for at in 0..LOOKED_AT {
            prop_assert_eq!(schedule.is_open(minute(at)), made.is_open(at), "minute {}", at);
        }
    }

    #[test]
    fn the_next_change_is_the_first_minute_that_differs(made in made(), after in 0..LOOKED_AT / 2) {
        let schedule = made.schedule();
        let open = |at: u64| made.is_open(at);
        let expected = (after + 1..LOOKED_AT + 7 * 24 * 60).find(|at| open(*at) != open(at - 1));
        prop_assert_eq!(schedule.next_change(minute(after)), expected.map(minute));
        // Between two minutes nothing changes that does not change at the second.
        let between = Timestamp::from_micros(after * MINUTE + 1);
        prop_assert_eq!(schedule.next_change(between), expected.map(minute));
    }

    #[test]
    fn two_overlap_where_some_minute_has_both_open(one in made(), other in made()) {
        let both = |at: &u64| one.is_open(*at) && other.is_open(*at);
        let common = one.schedule().overlaps(&other.schedule());
        let first = (0..LOOKED_AT).find(both);
        prop_assert_eq!(common.is_some(), first.is_some());
        let Some(common) = common else { return Ok(()) };
        for at in 0..LOOKED_AT {
            if common.is_open(minute(at)) {
                prop_assert!(both(&at), "minute {} of {}", at, common);
            }
        }
        let whole = Schedule::common_of(&[&one.schedule(), &other.schedule()]).unwrap();
        if whole.is_all {
            for at in 0..LOOKED_AT {
                prop_assert_eq!(common.is_open(minute(at)), both(&at), "minute {} of {}", at, whole);
            }
        }
        if common.ends().is_some() {
            prop_assert!(common.is_open(minute(first.unwrap())), "{} is the first", common);
        }
        let turned = other.schedule().overlaps(&one.schedule()).unwrap();
        for at in 0..LOOKED_AT {
            prop_assert_eq!(common.is_open(minute(at)), turned.is_open(minute(at)), "whoever asks");
        }
    }

    #[test]
    fn three_overlap_where_some_minute_has_all_open(one in made(), other in made(), third in made()) {
        let all = |at: &u64| one.is_open(*at) && other.is_open(*at) && third.is_open(*at);
        let common = Schedule::overlap_of(&[&one.schedule(), &other.schedule(), &third.schedule()]);
        let first = (0..LOOKED_AT).find(all);
        prop_assert_eq!(common.is_some(), first.is_some());
        let open = |at: &u64| common.as_ref().is_some_and(|common| common.is_open(minute(*at)));
        prop_assert!((0..LOOKED_AT).filter(open).all(|at| all(&at)));
    }

    #[test]
    fn what_is_written_down_comes_back(made in made()) {
        let schedule = made.schedule();
        let text = serde_json::to_string(&schedule).unwrap();
        prop_assert_eq!(serde_json::from_str::<Schedule>(&text).unwrap(), schedule);
    }
}

fn weekly(days: &[Weekday], from: &str, length: &str, offset: &str) -> Result<Schedule, BadSchedule> {
    let days = days.iter().copied().collect();
    Schedule::weekly(days, from.parse().unwrap(), length.parse().unwrap(), offset.parse().unwrap())
}

#[test]
fn schedules_read_well() {
    let nights = weekly(&[Weekday::Sat, Weekday::Sun], "01:00", "4h", "+08:00").unwrap();
    assert_eq!(nights.to_string(), "every sat, sun from 01:00 for 4h (+08:00)");
    let all = weekly(&Weekday::ALL, "22:30", "90min", "Z").unwrap();
    assert_eq!(all.to_string(), "every day from 22:30 for 1.5h (+00:00)");
    let offset = "+08:00".parse().unwrap();
    let once = Schedule::once(moment(0, offset), moment(90, offset)).unwrap();
    assert_eq!(once.to_string(), "from 1970-01-01 08:00+08:00 to 1970-01-01 09:30+08:00");
}

#[test]
fn what_would_never_be_open_is_refused_also_where_it_was_stored() {
    let at = moment(5, Offset::UTC);
    assert!(matches!(Schedule::once(at, at), Err(BadSchedule::EndsFirst { .. })));
    assert_eq!(weekly(&[], "01:00", "1h", "Z"), Err(BadSchedule::NoDay));
    assert_eq!(weekly(&[Weekday::Mon], "01:00", "0h", "Z"), Err(BadSchedule::NoLength));
    assert!(matches!(weekly(&[Weekday::Mon], "01:00", "169h", "Z"), Err(BadSchedule::TooLong(_))));
    let stored = r#"{"weekly":{"days":[],"from":"01:00","length":"1h","offset":"+00:00"}}"#;
    assert!(serde_json::from_str::<Schedule>(stored).is_err());
}

#[test]
fn a_weekly_one_that_never_closes_has_no_next_change() {
    let always = weekly(&Weekday::ALL, "13:00", "24h", "+08:00").unwrap();
    assert!(always.is_open(minute(0)) && always.next_change(minute(0)).is_none());
    let week = weekly(&[Weekday::Wed], "13:00", "168h", "+08:00").unwrap();
    assert!(week.next_change(minute(77)).is_none());
    let common = always.overlaps(&week).unwrap();
    assert!(common.next_change(minute(0)).is_none(), "{common}");
}

#[test]
fn the_end_of_time_is_no_change() {
    let nights = weekly(&[Weekday::Sat], "01:00", "4h", "+08:00").unwrap();
    assert_eq!(nights.next_change(Timestamp::from_micros(u64::MAX - 1)), None);
}

#[test]
fn what_several_have_in_common_names_every_day_or_says_that_it_is_the_first() {
    let early = weekly(&[Weekday::Mon, Weekday::Wed, Weekday::Fri], "01:00", "4h", "+08:00").unwrap();
    let late = weekly(&[Weekday::Wed, Weekday::Fri, Weekday::Sun], "03:00", "4h", "+08:00").unwrap();
    let common = Schedule::common_of(&[&early, &late]).unwrap();
    assert_eq!(
        (common.to_string().as_str(), common.is_all),
        ("every wed, fri from 03:00 for 2h (+08:00)", true)
    );
    let long = weekly(&[Weekday::Wed], "03:00", "49h", "+08:00").unwrap();
    let common = Schedule::common_of(&[&early, &long]).unwrap();
    assert_eq!(
        common.to_string(),
        "first every wed from 03:00 for 2h (+08:00), and again after that",
        "on Friday it is another time"
    );
    let offset = "+08:00".parse().unwrap();
    let week = Schedule::once(moment(0, offset), moment(7 * 24 * 60, offset)).unwrap();
    let common = Schedule::common_of(&[&week, &early]).unwrap();
    assert!(!common.is_all && common.to_string().starts_with("first from "), "{common}");
}
