//! All answers tried: the optimum is known, so the heuristic can be measured and the bound refuted.

use model::dense::Instance;
use optimise::{Budget, Closed, Options, Segment, WeightedList, solve};

use crate::networks;

fn by(list: &[u32]) -> Vec<WeightedList> {
    vec![WeightedList { weight: 1, segments: list.iter().map(|&node| Segment::Node(node)).collect() }]
}

/// The best utilisation with at most one node between, one list per demand: nodes to the power of demands.
fn optimum(instance: &Instance) -> f64 {
    least(instance, &vec![None; instance.demands.len()])
}

/// The same where some demands have their lists already.
pub fn least(instance: &Instance, given: &[Option<Vec<WeightedList>>]) -> f64 {
    let mut middles = vec![0_u32; instance.demands.len()];
    let mut best = f64::INFINITY;
    loop {
        let lists: Vec<Vec<WeightedList>> = instance
            .demands
            .iter()
            .zip(given)
            .zip(&middles)
            .map(|((demand, given), &middle)| given.clone().unwrap_or_else(|| by(&[middle, demand.to])))
            .collect();
        best = best.min(crate::mlu(instance, &lists));
        let open = |at: usize| given[at].is_none() && middles[at] + 1 < instance.nodes;
        let Some(place) = (0..middles.len()).find(|&at| open(at)) else { return best };
        middles[place] += 1;
        middles[..place].fill(0);
    }
}

#[test]
fn the_optimum_of_small_networks_is_found_and_the_bound_is_below_it() {
    let options = Options { max_segments: 2, ..Options::default() };
    let mut found = 0;
    let seeds = 40;
    for seed in 0..seeds {
        let instance = networks::random(seed, 5, 4);
        let best = optimum(&instance);
        let solution = solve(&instance, &options, Budget::Effort(2)).unwrap();
        assert!(
            solution.bound <= best * (1.0 + 1e-9) + 1e-12,
            "seed {seed}: {} is no bound of {best}",
            solution.bound
        );
        assert!(
            solution.mlu >= best * (1.0 - 1e-6),
            "seed {seed}: {} is better than the optimum {best}",
            solution.mlu
        );
        let floor = optimise::floor(&instance, &Closed::default(), 2, best).unwrap();
        assert!(floor <= best * (1.0 + 1e-9) + 1e-12, "seed {seed}: {floor} is no bound of {best}");
        found += u64::from(solution.mlu <= best * (1.0 + 1e-6));
    }
    assert!(found >= seeds - 1, "only {found} of {seeds} optima were found");
}

/// Its other lists look cheaper by linear prices: their segments meet on a link.
#[test]
fn a_single_waypoint_is_found_where_a_list_wins_by_how_its_ways_divide() {
    let mut alone = networks::crossing();
    alone.demands = vec![alone.demands[1]];
    for (instance, moved) in [(alone, 0), (networks::crossing(), 1)] {
        let solution = solve(&instance, &Options::default(), Budget::Effort(10)).unwrap();
        assert!(solution.mlu <= 1.2 + 1e-6, "{solution:?}");
        assert_ne!(solution.lists[moved], by(&[2]));
    }
}

#[test]
fn dividing_demands_is_never_worse_and_still_above_the_bound() {
    for seed in 0..20 {
        let instance = networks::random(seed, 7, 12);
        let one = solve(&instance, &Options::default(), Budget::Effort(3)).unwrap();
        let options = Options { lists: 16, adjacency: true, ..Options::default() };
        let many = solve(&instance, &options, Budget::Effort(3)).unwrap();
        assert!(many.mlu <= one.mlu * (1.0 + 1e-4), "seed {seed}: {} and {}", many.mlu, one.mlu);
        assert!(many.bound <= one.bound * (1.0 + 5e-3) || many.bound <= one.mlu, "seed {seed}");
        assert!(many.mlu <= many.bound * 1.01 + 1e-12, "seed {seed}: {} over {}", many.mlu, many.bound);
    }
}
