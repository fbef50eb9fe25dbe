//! From values to places on the page, and where the ticks stand.

/// An axis: values from `low` to `high` on a stretch of the page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    low: f64,
    high: f64,
    begin: f64,
    end: f64,
}

impl Scale {
    /// Values from `low` to `high`, from `begin` to `end`; the end may lie before the beginning. An empty range is made a wide one.
    pub(crate) fn new((low, high): (f64, f64), (begin, end): (f64, f64)) -> Self {
        let high = if high > low { high } else { low + 1.0 };
        Self { low, high, begin, end }
    }

    /// Where a value stands; what lies beyond the axis stands at its end.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        self.begin + share * (self.end - self.begin)
    }
}

/// Steps that people count in, for values.
const STEPS: [f64; 3] = [1.0, 2.0, 5.0];
/// Steps that people count time in, seconds.
const TIMES: [u32; 14] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600];

/// All steps, from the smallest: each is one division or multiplication away from whole numbers, so that ticks are as round as can be.
fn steps() -> impl Iterator<Item = f64> {
    let small = (1..=10).rev().flat_map(|zeros| STEPS.map(|step| step / ten_to(zeros)));
    small.chain((0..=18).flat_map(|zeros| STEPS.map(|step| step * ten_to(zeros))))
}

/// Exact: powers of ten up to the 22nd are numbers of this kind.
fn ten_to(zeros: u32) -> f64 {
    (0..zeros).fold(1.0, |power, _| power * 10.0)
}

/// The ticks of values from nothing to `high`, at most six, and how many decimals they need; the last one is not below `high`.
pub(crate) fn ticks(high: f64) -> (Vec<f64>, usize) {
    let high = if high.is_finite() && high > 1e-9 { high.min(1e18) } else { 1.0 };
    let step = steps().find(|step| *step * 5.0 >= high * (1.0 - 1e-9)).unwrap_or(high);
    let mut decimals = 0;
    let mut unit = step;
    while unit < 1.0 - 1e-9 && decimals < 10 {
        unit *= 10.0;
        decimals += 1;
    }
    let mut all = vec![0.0];
    for count in 1..=5_u32 {
        let tick = f64::from(count) * step;
        all.push(tick);
        if tick >= high * (1.0 - 1e-9) {
            break;
        }
    }
    (all, decimals)
}

/// The ticks of a time axis, seconds, at most thirteen where it is shorter than three days.
pub(crate) fn moments(length_ms: u32) -> Vec<u32> {
    let seconds = length_ms / 1_000;
    let step = TIMES.into_iter().find(|step| seconds / step <= 12).unwrap_or(86_400);
    (0..=seconds / step).map(|count| count * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_follow_the_values_and_stay_on_the_page() {
        let scale = Scale::new((0.0, 10.0), (100.0, 0.0));
        assert_eq!(
            [0.0, 2.5, 10.0, 12.0, -1.0].map(|value| scale.place(value)),
            [100.0, 75.0, 0.0, 0.0, 100.0]
        );
        assert_eq!(Scale::new((0.0, 0.0), (0.0, 50.0)).place(0.5), 25.0);
    }

    #[test]
    fn ticks_are_round_and_reach_the_top() {
        assert_eq!(ticks(3.2), (vec![0.0, 1.0, 2.0, 3.0, 4.0], 0));
        assert_eq!(ticks(100.0), (vec![0.0, 20.0, 40.0, 60.0, 80.0, 100.0], 0));
        assert_eq!(ticks(0.0), (vec![0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0], 1));
        for high in [1e-8, 0.004, 0.999, 7.0, 61.7, 12_345.0, 9e17, f64::INFINITY, f64::NAN, -4.0] {
            let (ticks, decimals) = ticks(high);
            assert!((2..=6).contains(&ticks.len()) && decimals <= 10, "{high}: {ticks:?}");
            assert!(ticks.windows(2).all(|pair| pair[0] < pair[1]), "{high}: {ticks:?}");
            if high.is_finite() && high > 0.0 {
                assert!(ticks.last().is_some_and(|last| *last >= high * 0.999), "{high}: {ticks:?}");
            }
            let shown: Vec<String> = ticks.iter().map(|tick| format!("{tick:.decimals$}")).collect();
            assert!(shown.windows(2).all(|pair| pair[0] != pair[1]), "{high}: {shown:?}");
        }
    }

    #[test]
    fn time_is_counted_as_people_count_it() {
        assert_eq!(moments(0), [0]);
        assert_eq!(moments(9_900), (0..10).collect::<Vec<_>>());
        assert_eq!(moments(100_000), (0..=10).map(|count| count * 10).collect::<Vec<_>>());
        for length in [1, 12_999, 13_000, 3_600_000, 86_400_000, u32::MAX] {
            assert!(moments(length).len() <= 60, "{length}");
        }
    }
}
