//! Fewer points that look the same: of each stretch of time the smallest and the largest value stay, so that no spike is lost.

use crate::run::Point;

/// The most points that a series keeps in a page.
pub const MOST_POINTS: usize = 2_000;

/// At most [`MOST_POINTS`] points, in the order of time. Of each stretch the smallest and the largest value stay, and a gap where there
/// was one. A value that is no number is not known. O(points).
pub fn thin(points: &[Point]) -> Vec<Point> {
    let known = |point: &Point| (point.0, point.1.filter(|value| value.is_finite()));
    if points.len() <= MOST_POINTS {
        return points.iter().map(known).collect();
    }
    // Three of each stretch at most: the smallest, the largest, a gap.
    let stretch = points.len().div_ceil(MOST_POINTS / 3);
    points.chunks(stretch).flat_map(|chunk| extremes(&chunk.iter().map(known).collect::<Vec<_>>())).collect()
}

/// The smallest, the largest and the first unknown of some points, by where they stand.
fn extremes(points: &[Point]) -> Vec<Point> {
    let values = || points.iter().enumerate().filter_map(|(place, point)| Some((place, point.1?)));
    let least = values().min_by(|one, other| one.1.total_cmp(&other.1)).map(|(place, _)| place);
    let most = values().max_by(|one, other| one.1.total_cmp(&other.1)).map(|(place, _)| place);
    let gap = points.iter().position(|point| point.1.is_none());
    let mut places: Vec<usize> = [least, most, gap].into_iter().flatten().collect();
    places.sort_unstable();
    places.dedup();
    places.into_iter().filter_map(|place| points.get(place).copied()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn few_points_stay_as_they_are_but_for_what_is_no_number() {
        let points = [(0, Some(1.0)), (5, None), (9, Some(f64::NAN))];
        assert_eq!(thin(&points), [(0, Some(1.0)), (5, None), (9, None)]);
    }

    #[test]
    fn a_spike_and_a_gap_among_a_hundred_thousand_points_stay() {
        let mut points: Vec<Point> = (0..100_000).map(|at| (at, Some(1.0))).collect();
        points[54_321].1 = Some(99.0);
        points[54_322].1 = Some(-3.0);
        points[77_777].1 = None;
        let thinned = thin(&points);
        assert!(thinned.len() <= MOST_POINTS && thinned.len() > 500, "{}", thinned.len());
        for kept in [(54_321, Some(99.0)), (54_322, Some(-3.0)), (77_777, None)] {
            assert!(thinned.contains(&kept), "{kept:?}");
        }
    }

    proptest! {
        #[test]
        fn it_is_bounded_ordered_and_keeps_the_extremes(
            values in prop::collection::vec(prop::option::of(-1e9..1e9_f64), 0..7_000)
        ) {
            let points: Vec<Point> = (0..).zip(values).collect();
            let thinned = thin(&points);
            prop_assert!(thinned.len() <= MOST_POINTS);
            prop_assert!(thinned.windows(2).all(|pair| pair[0].0 < pair[1].0));
            prop_assert!(thinned.iter().all(|point| points[usize::try_from(point.0).unwrap()] == *point));
            let range = |of: &[Point]| {
                let known = || of.iter().filter_map(|point| point.1);
                (known().min_by(f64::total_cmp), known().max_by(f64::total_cmp))
            };
            prop_assert_eq!(range(&thinned), range(&points));
        }
    }
}
