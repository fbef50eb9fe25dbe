//! Below the maximum: what one full link says nothing of is spread too.

use std::sync::atomic::{AtomicU32, Ordering};

use model::dense::{Demand, Edge, Instance};
use optimise::{Budget, Options, WeightedList, solve};

use crate::{judge, networks};

/// A stub that is full, and beside it two ways of 10 of which the IGP uses one, to nine tenths.
fn stub() -> Instance {
    let edge = |from, to, metric| Edge { from, to, metric, capacity: 10.0, delay: 1.0 };
    let demand = |from, to, volume| Demand { from, to, volume, max_delay: None };
    Instance {
        nodes: 6,
        edges: vec![edge(0, 1, 1), edge(2, 3, 1), edge(3, 5, 1), edge(2, 4, 2), edge(4, 5, 2)],
        demands: vec![demand(0, 1, 10.0), demand(2, 5, 3.0), demand(2, 5, 3.0), demand(2, 5, 3.0)],
    }
}

fn utilisation(instance: &Instance, lists: &[Vec<WeightedList>]) -> Vec<f64> {
    judge::utilisation(instance, lists, &[])
}

#[test]
fn what_lies_below_a_full_link_is_spread() {
    let instance = stub();
    // A clock that goes on whenever somebody looks at it.
    let looks = AtomicU32::new(0);
    let clock = || f64::from(looks.fetch_add(1, Ordering::Relaxed)) * 1e-4;
    for (lists, most) in [(1, 0.61), (4, 0.7)] {
        let options = Options { lists, ..Options::default() };
        for budget in [Budget::Effort(4), Budget::Clock(&clock)] {
            looks.store(0, Ordering::Relaxed);
            let solution = solve(&instance, &options, budget).unwrap();
            let load = utilisation(&instance, &solution.lists);
            assert!((solution.mlu - 1.0).abs() < 1e-6 && solution.bound > 0.999, "{solution:?}");
            assert!(load[1..].iter().all(|load| *load < most), "{lists} lists: {load:?}");
        }
        assert_eq!(
            solve(&instance, &options, Budget::Effort(4)).unwrap(),
            solve(&instance, &options, Budget::Effort(4)).unwrap()
        );
    }
}

#[test]
fn no_more_moves_for_it_than_there_may_be() {
    let instance = stub();
    let at_most = |changes| Options { max_changes: Some(changes), ..Options::default() };
    let still = solve(&instance, &at_most(0), Budget::Effort(4)).unwrap();
    assert_eq!(still.moved, 0);
    let one = solve(&instance, &at_most(1), Budget::Effort(4)).unwrap();
    assert_eq!(one.moved, 1);
    let load = utilisation(&instance, &one.lists);
    assert!(load[1..].iter().all(|load| *load < 0.61), "{load:?}");
    // What runs moves for the maximum alone.
    let running = Options { running: Some(still.lists.clone()), ..at_most(1) };
    assert_eq!(solve(&instance, &running, Budget::Effort(4)).unwrap().lists, still.lists);
}

#[test]
fn links_that_are_not_busy_keep_what_the_igp_gives_them() {
    let mut instance = stub();
    instance.demands.iter_mut().skip(1).for_each(|demand| demand.volume = 1.0);
    let solution = solve(&instance, &Options::default(), Budget::Effort(4)).unwrap();
    let load = utilisation(&instance, &solution.lists);
    assert!(load[1..].iter().zip([0.3, 0.3, 0.0, 0.0]).all(|(is, was)| (is - was).abs() < 1e-9), "{load:?}");
}

/// The maximum stays, delays are kept, and twice the same is asked.
#[test]
fn spreading_never_raises_the_maximum() {
    let (mut lower, mut count) = (0, 0);
    for seed in 0..20 {
        let mut instance = networks::random(seed, 9, 40);
        // A stub that is nearly full, so that the maximum stands.
        let (nodes, stub) = (instance.nodes, 1_000.0);
        instance.nodes += 1;
        instance.edges.push(Edge { from: 0, to: nodes, metric: 1, capacity: stub, delay: 1.0 });
        let before =
            crate::mlu(&instance, &solve(&instance, &Options::default(), Budget::Effort(2)).unwrap().lists);
        instance.demands.push(Demand { from: 0, to: nodes, volume: 1.5 * before * stub, max_delay: None });
        for lists in [1, 3] {
            let options = Options { lists, ..Options::default() };
            let solution = solve(&instance, &options, Budget::Effort(4)).unwrap();
            assert!(solution.mlu <= 1.5 * before * (1.0 + 1e-6), "seed {seed}: {} of {before}", solution.mlu);
            let igp = Options { max_changes: Some(0), ..options };
            let igp = solve(&instance, &igp, Budget::Effort(1)).unwrap();
            let second = |lists: &[Vec<WeightedList>]| {
                let mut all = utilisation(&instance, lists);
                all.sort_by(f64::total_cmp);
                all[all.len() - 2]
            };
            count += 1;
            lower += u32::from(second(&solution.lists) < second(&igp.lists) * 0.999);
        }
    }
    assert!(2 * lower > count, "only {lower} of {count} were spread");
}
