//! What limits an answer: delay, the number of changes, one link that is too hot, failures.

use optimise::{Budget, Goal, Options, Segment, Solution, WeightedList, solve};

use crate::{judge, networks};

const BUDGET: Budget<'static> = Budget::Effort(5);
/// Every failure is a network of its own, so the same number of sweeps finds less.
const LONGER: Budget<'static> = Budget::Effort(40);

fn nodes(list: &WeightedList) -> Vec<u32> {
    let node = |segment: &Segment| match segment {
        Segment::Node(node) => *node,
        Segment::Link(_) => panic!("a node segment was asked for"),
    };
    list.segments.iter().map(node).collect()
}

/// Demands whose lists differ.
fn differing(a: &[Vec<WeightedList>], b: &[Vec<WeightedList>]) -> usize {
    a.iter().zip(b).filter(|(a, b)| a != b).count()
}

#[test]
fn a_demand_with_a_delay_bound_takes_the_fast_way() {
    let mut instance = networks::diamond();
    instance.demands[0].max_delay = Some(10.0);
    let solution = solve(&instance, &Options::default(), BUDGET).unwrap();
    assert_eq!(nodes(&solution.lists[0][0]), [3, 2]);
    assert!((solution.mlu - 0.8).abs() < 1e-6, "4 of 5 by node 3: {}", solution.mlu);
    instance.demands[0].max_delay = Some(1.0);
    let error = solve(&instance, &Options::default(), BUDGET).unwrap_err();
    assert!(error.to_string().contains("demand 0"), "{error}");
}

#[test]
fn a_delay_that_is_just_kept_is_kept() {
    // Neither number has an end in binary, and the second is a sum that rounding lifts.
    for (delays, bound) in [(vec![10.1], 10.1), (vec![0.1, 0.2], 0.3)] {
        let edges = delays.iter().zip(0..).map(|(delay, at)| model::dense::Edge {
            from: at,
            to: at + 1,
            metric: 1,
            capacity: 10.0,
            delay: *delay,
        });
        let to = delays.len() as u32;
        let instance = model::dense::Instance {
            nodes: to + 1,
            edges: edges.collect(),
            demands: vec![model::dense::Demand { from: 0, to, volume: 1.0, max_delay: Some(bound) }],
        };
        assert!(solve(&instance, &Options::default(), BUDGET).is_ok(), "{delays:?} within {bound}");
        let mut tight = instance.clone();
        tight.demands[0].max_delay = Some(bound - 1e-6);
        assert!(solve(&tight, &Options::default(), BUDGET).is_err(), "{delays:?} within less than {bound}");
    }
}

#[test]
fn lists_that_are_not_moved_stay_as_they_run() {
    let mut instance = networks::diamond();
    let by = |weight, nodes: &[u32]| WeightedList {
        weight,
        segments: nodes.iter().map(|node| Segment::Node(*node)).collect(),
    };
    let running = vec![vec![by(2, &[2]), by(1, &[3, 2])], vec![by(3, &[2])], vec![by(1, &[2])]];
    for priorities in [vec![], vec![0, 1, 2]] {
        let still = Options {
            lists: 2,
            max_changes: Some(0),
            priorities,
            running: Some(running.clone()),
            ..Options::default()
        };
        let solution = solve(&instance, &still, BUDGET).unwrap();
        assert_eq!((&solution.lists, solution.moved), (&running, 0));
        assert!((solution.mlu - crate::mlu(&instance, &running)).abs() < 1e-12);
    }
    // One demand moves, the others stay.
    instance.demands[2].volume = 6.0;
    let one =
        Options { lists: 2, max_changes: Some(1), running: Some(running.clone()), ..Options::default() };
    let solution = solve(&instance, &one, BUDGET).unwrap();
    assert_eq!((differing(&running, &solution.lists), solution.moved), (1, 1));
}

#[test]
fn so_many_changes_and_no_more() {
    for seed in 0..12 {
        let instance = networks::random(seed, 9, 40);
        let before =
            solve(&instance, &Options { max_changes: Some(0), ..Options::default() }, BUDGET).unwrap();
        let mut last = before.mlu;
        for changes in [1, 3, 40] {
            let options = Options { max_changes: Some(changes), ..Options::default() };
            let after = solve(&instance, &options, BUDGET).unwrap();
            assert!(differing(&before.lists, &after.lists) <= changes, "seed {seed}");
            assert_eq!(differing(&before.lists, &after.lists), after.moved, "seed {seed}");
            assert!(after.mlu <= before.mlu, "seed {seed}");
            assert!(
                after.bound <= last * (1.0 + 1e-9),
                "seed {seed}: the bound holds for any number of changes"
            );
            last = last.min(after.mlu);
        }
        assert!(before.moved == 0, "seed {seed}");
    }
}

#[test]
fn three_moves_take_most_of_what_there_is_to_gain() {
    let instance = networks::diamond();
    let three = solve(&instance, &Options { max_changes: Some(3), ..Options::default() }, BUDGET).unwrap();
    // 9 units over 10 and 5: 6 and 3 is the best division.
    assert!((three.mlu - 0.6).abs() < 1e-6, "{}", three.mlu);
    assert!(three.moved <= 2);
}

#[test]
fn a_hot_link_is_relieved_with_one_move() {
    let instance = networks::diamond();
    let options = Options { goal: Goal::Relieve { edge: 0, to: 0.65 }, ..Options::default() };
    let solution = solve(&instance, &options, BUDGET).unwrap();
    assert_eq!(solution.moved, 1, "the demand of 3 alone is enough");
    let utilisation = judge::utilisation(&instance, &solution.lists, &[]);
    assert!(utilisation.iter().all(|&utilisation| utilisation <= 0.65));
}

#[test]
fn relief_from_what_runs_and_a_failure_under_a_few_demands_move_something() {
    let mut instance = networks::diamond();
    let running =
        solve(&instance, &Options { max_changes: Some(0), ..Options::default() }, BUDGET).unwrap().lists;
    let goal = Goal::Relieve { edge: 0, to: 0.65 };
    let options = Options { goal, running: Some(running.clone()), ..Options::default() };
    assert_eq!(solve(&instance, &options, BUDGET).unwrap().moved, 1);
    // A third way, on which all falls when the first one is gone.
    instance.edges.extend([(0, 2), (2, 0)].map(|(from, to)| model::dense::Edge {
        from,
        to,
        metric: 3,
        capacity: 10.0,
        delay: 1.0,
    }));
    let options = Options { running: Some(running), down: vec![0, 1], ..Options::default() };
    let solution = solve(&instance, &options, BUDGET).unwrap();
    assert!(solution.moved == 1 && solution.mlu < 0.85, "all 9 units fall on the third way: {solution:?}");
}

#[test]
fn relief_overloads_no_other_link() {
    for seed in 0..12 {
        let instance = networks::random(seed, 9, 40);
        let still =
            solve(&instance, &Options { max_changes: Some(0), ..Options::default() }, BUDGET).unwrap();
        let before = judge::utilisation(&instance, &still.lists, &[]);
        let edge = (0..before.len()).max_by(|&a, &b| before[a].total_cmp(&before[b])).unwrap();
        let to = 0.8 * before[edge];
        let options = Options { goal: Goal::Relieve { edge: edge as u32, to }, ..Options::default() };
        let after = judge::utilisation(&instance, &solve(&instance, &options, BUDGET).unwrap().lists, &[]);
        assert!(after[edge] <= before[edge] * (1.0 + 1e-6), "seed {seed}");
        for (now, then) in after.iter().zip(&before) {
            assert!(*now <= then.max(to) * (1.0 + 1e-5), "seed {seed}: {now} after {then}");
        }
    }
}

/// A search from what runs ends soon; what it leaves of its effort goes into the proof.
#[test]
fn the_bound_from_what_runs_is_nearly_that_from_nothing() {
    for seed in 0..12 {
        let instance = networks::random(seed, 9, 40);
        for lists in [1, 4] {
            let free = Options { lists, ..Options::default() };
            let free = solve(&instance, &free, Budget::Effort(20)).unwrap();
            let still = Options { lists, max_changes: Some(0), ..Options::default() };
            let still = solve(&instance, &still, Budget::Effort(20)).unwrap();
            // The least of these is 0.969.
            assert!(still.bound >= 0.95 * free.bound, "seed {seed}: {} beside {}", still.bound, free.bound);
        }
    }
}

#[test]
fn a_link_fails_and_few_demands_move() {
    let mut moved = 0;
    for seed in 0..8 {
        let instance = networks::random(seed, 9, 66);
        let running = solve(&instance, &Options::default(), BUDGET).unwrap().lists;
        let down = vec![instance.edges.len() as u32 - 2, instance.edges.len() as u32 - 1];
        let options = Options { running: Some(running.clone()), down: down.clone(), ..Options::default() };
        let Ok(solution) = solve(&instance, &options, BUDGET) else { continue };
        let highest = |lists| judge::utilisation(&instance, lists, &down).into_iter().fold(0.0, f64::max);
        assert!(highest(&solution.lists) <= highest(&running) * (1.0 + 1e-6), "seed {seed}");
        assert!(differing(&running, &solution.lists) <= 66 / 11, "seed {seed}");
        moved += solution.moved;
        let cold = solve(&instance, &Options { down, ..Options::default() }, BUDGET).unwrap();
        assert!(
            solution.bound <= cold.mlu * (1.0 + 1e-9),
            "seed {seed}: the bound holds for any number of changes"
        );
    }
    assert!(moved > 8, "only {moved} demands moved in all");
}

#[test]
fn lists_over_a_dead_link_go_back_to_the_igp() {
    let instance = networks::diamond();
    let mut running = solve(&instance, &Options::default(), BUDGET).unwrap().lists;
    running[0] = vec![WeightedList { weight: 1, segments: vec![Segment::Link(4), Segment::Node(2)] }];
    let options = Options { running: Some(running), down: vec![4, 5], adjacency: true, ..Options::default() };
    let solution = solve(&instance, &options, BUDGET).unwrap();
    assert!(
        judge::utilisation(&instance, &solution.lists, &[4, 5])
            .iter()
            .all(|&utilisation| utilisation <= 0.9 + 1e-6)
    );
}

/// The highest utilisation as it is and under each single failure of a link; what is cut off is left out.
fn worst(instance: &model::dense::Instance, solution: &Solution, failures: &[Vec<u32>]) -> f64 {
    let base = crate::mlu(instance, &solution.lists);
    failures
        .iter()
        .map(|down| judge::utilisation(instance, &solution.lists, down).into_iter().fold(0.0, f64::max))
        .fold(base, f64::max)
}

#[test]
fn failures_are_met_with_lists_that_stay() {
    for seed in 0..8 {
        // A ring on top of the random links, so that no single failure cuts anything off.
        let mut instance = networks::random(seed, 6, 14);
        for node in 0..6 {
            for (from, to) in [(node, (node + 1) % 6), ((node + 1) % 6, node)] {
                let edge = model::dense::Edge { from, to, metric: 2, capacity: 30.0, delay: 1.0 };
                instance.edges.push(edge);
            }
        }
        let links = instance.edges.len() as u32 / 2;
        let failures: Vec<Vec<u32>> = (0..links).map(|link| vec![2 * link, 2 * link + 1]).collect();
        let options = Options { failures: failures.clone(), ..Options::default() };
        let careful = solve(&instance, &options, LONGER).unwrap();
        let judged = worst(&instance, &careful, &failures);
        assert!((judged - careful.mlu).abs() <= 1e-5 * judged, "seed {seed}: {judged} and {}", careful.mlu);
        let careless = solve(&instance, &Options::default(), BUDGET).unwrap();
        let naive = worst(&instance, &careless, &failures);
        assert!(
            judged <= naive * (1.0 + 1e-6),
            "seed {seed}: {judged} with failures in mind, {naive} without"
        );
        assert!(careful.bound <= judged && careful.bound >= careless.bound * 0.9, "seed {seed}");
    }
}

/// The delay of the slowest packet of a list: over equal-cost paths the longest counts.
fn slowest(instance: &model::dense::Instance, from: u32, list: &WeightedList) -> f64 {
    let mut at = from;
    let mut sum = 0.0;
    for to in nodes(list) {
        sum += slowest_to(instance, at, to);
        at = to;
    }
    sum
}

fn slowest_to(instance: &model::dense::Instance, from: u32, to: u32) -> f64 {
    let mut distance = vec![u64::MAX; instance.nodes as usize];
    distance[to as usize] = 0;
    for _ in 0..instance.nodes {
        for edge in &instance.edges {
            let onward = distance[edge.to as usize].saturating_add(u64::from(edge.metric));
            distance[edge.from as usize] = distance[edge.from as usize].min(onward);
        }
    }
    if from == to {
        return 0.0;
    }
    let hops = instance.edges.iter().filter(|edge| {
        let there = distance[edge.to as usize];
        edge.from == from && there != u64::MAX && there + u64::from(edge.metric) == distance[from as usize]
    });
    hops.map(|edge| edge.delay + slowest_to(instance, edge.to, to)).fold(0.0, f64::max)
}

/// Bounds are the delays of an answer that did not know of them, so there is always one; often only lists over two nodes keep them.
#[test]
fn divided_demands_keep_their_delays_too() {
    for seed in 0..20 {
        let mut instance = networks::random(seed, 9, 16);
        let loose = solve(&instance, &Options { seed, ..Options::default() }, BUDGET).unwrap();
        let bounds: Vec<f64> = instance
            .demands
            .iter()
            .zip(&loose.lists)
            .map(|(demand, lists)| slowest(&instance, demand.from, &lists[0]))
            .collect();
        instance.demands.iter_mut().zip(&bounds).for_each(|(demand, bound)| demand.max_delay = Some(*bound));
        for lists in [1, 4] {
            let options = Options { lists, ..Options::default() };
            let tight = solve(&instance, &options, BUDGET).unwrap();
            let judged = crate::mlu(&instance, &tight.lists);
            assert!((judged - tight.mlu).abs() <= 1e-5 * judged, "seed {seed}: {judged} and {}", tight.mlu);
            for ((demand, bound), lists) in instance.demands.iter().zip(&bounds).zip(&tight.lists) {
                for list in lists.iter().filter(|_| demand.volume > 0.0) {
                    let delay = slowest(&instance, demand.from, list);
                    assert!(delay <= bound + 1e-3, "seed {seed}: {delay} of {bound} by {list:?}");
                }
            }
        }
    }
}
