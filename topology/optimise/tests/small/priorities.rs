//! Demands of several priorities: nobody gets a worse way for one that comes after it.

use model::dense::Instance;
use optimise::{Budget, Goal, Options, Solution, WeightedList, solve};
use proptest::prelude::*;

use crate::{exhaust::least, judge, networks};

/// Demand by demand in turn.
fn in_turn(instance: &Instance, levels: u8) -> Vec<u8> {
    (0..instance.demands.len()).map(|at| (at % usize::from(levels)) as u8).collect()
}

/// A list of nodes with its weight.
fn by(weight: u32, nodes: &[u32]) -> WeightedList {
    WeightedList { weight, segments: nodes.iter().map(|node| optimise::Segment::Node(*node)).collect() }
}

/// The instance without the demands of later levels, and the answer without their lists.
fn up_to(
    instance: &Instance,
    priorities: &[u8],
    level: u8,
    solution: &Solution,
) -> (Instance, Vec<Vec<WeightedList>>) {
    let mut instance = instance.clone();
    for (demand, priority) in instance.demands.iter_mut().zip(priorities) {
        demand.volume = if *priority > level { 0.0 } else { demand.volume };
    }
    (instance, solution.lists.clone())
}

#[test]
fn every_level_is_as_good_as_those_before_it_permit() {
    let (mut found, mut levels) = (0, 0);
    for seed in 0..40 {
        let instance = networks::random(seed, 5, 6);
        let priorities = in_turn(&instance, 2);
        let options = Options { max_segments: 2, priorities: priorities.clone(), ..Options::default() };
        let solution = solve(&instance, &options, Budget::Effort(4)).unwrap();
        for level in &solution.levels {
            let (part, lists) = up_to(&instance, &priorities, level.priority, &solution);
            let judged = crate::mlu(&part, &lists);
            assert!((judged - level.mlu).abs() <= 1e-5 * judged, "seed {seed}: {judged} and {level:?}");
            let fixed = |(list, priority): (&Vec<WeightedList>, &u8)| {
                (*priority != level.priority).then(|| list.clone())
            };
            let best = least(&part, &lists.iter().zip(&priorities).map(fixed).collect::<Vec<_>>());
            assert!(
                level.bound <= best * (1.0 + 1e-9) + 1e-12,
                "seed {seed}: {level:?} is no bound of {best}"
            );
            assert!(level.mlu >= best * (1.0 - 1e-6), "seed {seed}: {level:?} is better than {best}");
            found += u32::from(level.mlu <= best * (1.0 + 1e-6));
            levels += 1;
        }
    }
    assert!(found + 2 >= levels && levels > 60, "only {found} of {levels} optima were found");
}

/// What is proven of the last level beside the others says nothing of all: without levels these give way.
#[test]
fn the_bound_of_all_levels_holds_for_any_lists() {
    let crossing = networks::crossing();
    let options = Options { priorities: vec![1, 0, 1], ..Options::default() };
    let solution = solve(&crossing, &options, Budget::Effort(10)).unwrap();
    let lists = [vec![4], vec![1, 2], vec![0]].map(|nodes| vec![by(1, &nodes)]);
    let reached = crate::mlu(&crossing, &lists);
    assert!((reached - 1.2).abs() < 1e-6, "by node 1: {reached}");
    assert!(solution.bound <= reached && solution.bound > 0.799, "{solution:?}");
    for seed in 0..20 {
        let instance = networks::random(seed, 8, 24);
        for lists in [1, 3] {
            let levels = Options { lists, priorities: in_turn(&instance, 3), ..Options::default() };
            let free = Options { priorities: Vec::new(), ..levels.clone() };
            let solution = solve(&instance, &levels, Budget::Effort(4)).unwrap();
            let free = solve(&instance, &free, Budget::Effort(4)).unwrap();
            let (bound, least) = (solution.bound, free.mlu.min(solution.mlu));
            assert!(bound <= least * (1.0 + 1e-6), "seed {seed}: {bound} is no bound of {least}");
            assert!(bound >= 0.85 * free.bound, "seed {seed}: {bound} says little beside {}", free.bound);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// With several lists and links as segments too. The first level is as if there were no other.
    #[test]
    fn what_comes_after_changes_nothing_for_what_goes_before(
        seed in any::<u64>(), nodes in 2..9_u32, demands in 1..30_u32, levels in 2..5_u8,
        lists in 1..4_usize, adjacency in any::<bool>(), failing in any::<bool>(),
    ) {
        let instance = networks::random(seed, nodes, demands);
        let priorities = in_turn(&instance, levels);
        let links = instance.edges.len() as u32 / 2;
        let failing = (0..links.min(2)).filter(|_| failing && !adjacency);
        let failures = failing.map(|link| vec![2 * link, 2 * link + 1]).collect();
        let options = Options { lists, adjacency, priorities, failures, ..Options::default() };
        let solution = solve(&instance, &options, Budget::Effort(2)).unwrap();
        prop_assert_eq!(&solve(&instance, &options, Budget::Effort(2)).unwrap(), &solution);
        prop_assert!(solution.bound <= solution.mlu);
        let mut last = 0.0;
        for level in &solution.levels {
            prop_assert!(level.bound <= level.mlu && level.mlu >= last * (1.0 - 1e-5), "{:?}", solution.levels);
            last = level.mlu;
        }
        let mut heavier = instance.clone();
        for (demand, priority) in heavier.demands.iter_mut().zip(&options.priorities) {
            demand.volume *= if *priority == 0 { 1.0 } else { 3.0 };
        }
        let after = solve(&heavier, &options, Budget::Effort(2)).unwrap();
        for (at, priority) in options.priorities.iter().enumerate() {
            if *priority == 0 {
                prop_assert_eq!(&solution.lists[at], &after.lists[at], "demand {}", at);
            }
        }
    }
}

#[test]
fn the_last_level_gives_way_first_where_a_link_is_relieved() {
    let mut instance = networks::diamond();
    instance.edges[4..].iter_mut().for_each(|edge| edge.capacity = 20.0);
    // 9 units over 10; the last 2 of them first, and the 4 before them next.
    for (to, moved) in [(0.71, vec![2]), (0.45, vec![0, 2])] {
        let options =
            Options { goal: Goal::Relieve { edge: 0, to }, priorities: vec![1, 0, 2], ..Options::default() };
        let solution = solve(&instance, &options, Budget::Effort(5)).unwrap();
        let direct = |lists: &[WeightedList]| lists[0].segments.len() == 1;
        let away: Vec<usize> = (0..3).filter(|at| !direct(&solution.lists[*at])).collect();
        let utilisation = judge::utilisation(&instance, &solution.lists, &[]);
        assert_eq!((&away, away.len()), (&moved, solution.moved), "{to}: {utilisation:?}");
    }
}

#[test]
fn all_levels_share_the_changes() {
    let mut moved = 0;
    for seed in 0..12 {
        let instance = networks::random(seed, 9, 40);
        let options =
            Options { max_changes: Some(3), priorities: in_turn(&instance, 3), ..Options::default() };
        let solution = solve(&instance, &options, Budget::Effort(5)).unwrap();
        assert!(solution.moved <= 3, "seed {seed}: {}", solution.moved);
        moved += solution.moved;
    }
    assert!(moved > 12, "only {moved} demands moved in all");
}

#[test]
fn a_link_fails_under_demands_of_several_priorities() {
    let mut moved = 0;
    for seed in 0..12 {
        let instance = networks::random(seed, 9, 66);
        let options = Options { lists: 2, priorities: in_turn(&instance, 3), ..Options::default() };
        let running = solve(&instance, &options, Budget::Effort(5)).unwrap().lists;
        let down = vec![instance.edges.len() as u32 - 2, instance.edges.len() as u32 - 1];
        let options = Options { running: Some(running.clone()), down: down.clone(), ..options };
        let Ok(solution) = solve(&instance, &options, Budget::Effort(5)) else { continue };
        let judged = judge::utilisation(&instance, &solution.lists, &down).into_iter().fold(0.0, f64::max);
        assert!((judged - solution.mlu).abs() <= 1e-5 * judged, "seed {seed}: {judged} and {}", solution.mlu);
        for level in &solution.levels {
            assert!(level.bound <= level.mlu, "seed {seed}: {level:?}");
        }
        assert!(
            solution.moved <= 6,
            "seed {seed}: one in eleven of all levels together, not {}",
            solution.moved
        );
        moved += solution.moved;
    }
    assert!(moved > 6, "only {moved} demands moved in all");
}

/// Where two lists of a level that stays as it is divide it in thirds, the next level finds what whole weights make of that.
#[test]
fn what_runs_in_thirds_is_a_base_as_it_will_run() {
    let mut instance = networks::diamond();
    instance.demands.truncate(2);
    let running = vec![vec![by(2, &[2]), by(1, &[3, 2])], vec![by(1, &[2])]];
    let options = Options {
        lists: 2,
        max_changes: Some(0),
        priorities: vec![0, 1],
        running: Some(running),
        ..Options::default()
    };
    let solution = solve(&instance, &options, Budget::Effort(5)).unwrap();
    let judged = crate::mlu(&instance, &solution.lists);
    assert!(
        (judged - solution.mlu).abs() <= 1e-9 * judged && solution.bound <= judged,
        "{solution:?} {judged}"
    );
}

#[test]
fn a_clock_that_has_run_out_ends_all_levels() {
    let instance = networks::random(3, 8, 20);
    let options = Options { priorities: in_turn(&instance, 4), ..Options::default() };
    let solution = solve(&instance, &options, Budget::Clock(&|| 2.0)).unwrap();
    assert_eq!(solution.levels.len(), 4);
}

#[test]
fn priorities_of_some_demands_only_are_refused() {
    let instance = networks::diamond();
    let options = Options { priorities: vec![0, 1], ..Options::default() };
    let error = solve(&instance, &options, Budget::Effort(1)).unwrap_err();
    assert!(error.to_string().contains("every demand has a priority"), "{error}");
}
