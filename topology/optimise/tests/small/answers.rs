//! Every answer is one: lists are well formed, the judge agrees with the figure, and the same input gives the same answer.

use optimise::{Budget, Options, Segment, Unsolvable, solve};
use proptest::prelude::*;

use crate::networks;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_judge_agrees(
        seed in any::<u64>(), nodes in 2..9_u32, demands in 0..30_u32,
        lists in 1..4_usize, max_segments in 1..6_usize, adjacency in any::<bool>(),
    ) {
        let instance = networks::random(seed, nodes, demands);
        let options = Options { lists, max_segments, adjacency, ..Options::default() };
        let solution = solve(&instance, &options, Budget::Effort(1)).unwrap();
        let judged = crate::mlu(&instance, &solution.lists);
        prop_assert!((judged - solution.mlu).abs() <= 1e-5 * judged, "{judged} and {}", solution.mlu);
        prop_assert!(solution.bound <= solution.mlu);
        for answer in &solution.lists {
            prop_assert!((1..=lists).contains(&answer.len()));
            for list in answer {
                prop_assert!(list.weight > 0 && (1..=max_segments).contains(&list.segments.len()));
                prop_assert!(adjacency || list.segments.iter().all(|segment| matches!(segment, Segment::Node(_))));
            }
        }
        prop_assert_eq!(solve(&instance, &options, Budget::Effort(1)).unwrap(), solution);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Demands are searched by where they go, not by where they stand in the file.
    #[test]
    fn shuffled_demands_get_the_same_lists(
        seed in any::<u64>(), nodes in 3..9_u32, lists in 1..3_usize, order in any::<u64>(),
    ) {
        let mut instance = networks::random(seed, nodes, 30);
        // Among demands with the same ends places decide.
        let mut ends = std::collections::BTreeSet::new();
        instance.demands.retain(|demand| ends.insert((demand.from, demand.to)));
        let mut places: Vec<usize> = (0..instance.demands.len()).collect();
        places.sort_by_key(|place| (*place as u64 + 1).wrapping_mul(order | 1).rotate_left(32));
        let demands = places.iter().map(|place| instance.demands[*place]).collect();
        let shuffled = model::dense::Instance { demands, ..instance.clone() };
        let options = Options { lists, ..Options::default() };
        let (one, other) = (
            solve(&instance, &options, Budget::Effort(2)).unwrap(),
            solve(&shuffled, &options, Budget::Effort(2)).unwrap(),
        );
        for (at, place) in places.iter().enumerate() {
            prop_assert_eq!(&one.lists[*place], &other.lists[at]);
        }
        prop_assert_eq!((one.mlu, one.bound), (other.mlu, other.bound));
    }
}

#[test]
fn a_demand_without_a_way_is_named() {
    let mut instance = networks::diamond();
    instance.nodes = 5;
    instance.demands[1].to = 4;
    let error = solve(&instance, &Options::default(), Budget::Effort(1)).unwrap_err();
    assert!(matches!(error, Unsolvable::Demand { demand: 1, .. }), "{error}");
}

#[test]
fn nonsense_is_refused() {
    let solve = |change: &dyn Fn(&mut model::dense::Instance, &mut Options)| {
        let (mut instance, mut options) = (networks::diamond(), Options::default());
        change(&mut instance, &mut options);
        solve(&instance, &options, Budget::Effort(1)).map(|_| ()).unwrap_err().to_string()
    };
    assert!(solve(&|instance, _| instance.edges[2].capacity = 0.0).contains("edge 2"));
    assert!(solve(&|instance, _| instance.edges[3].metric = 0).contains("edge 3"));
    assert!(solve(&|instance, _| instance.edges[4].to = 9).contains("edge 4"));
    assert!(solve(&|instance, _| instance.demands[2].volume = f64::NAN).contains("demand 2"));
    assert!(
        solve(&|instance, _| instance.edges[2].capacity = 1e-310)
            .contains("edge 2: its capacity is too small")
    );
    let much = solve(&|instance, _| instance.demands.iter_mut().for_each(|demand| demand.volume = 9e301));
    assert!(much.contains("demand 1: with those before it"), "{much}");
    assert!(solve(&|_, options| options.max_segments = 9).contains("segments"));
    assert!(solve(&|_, options| options.lists = 0).contains("list"));
    assert!(solve(&|_, options| options.down = vec![77]).contains("edge 77"));
    assert!(
        solve(&|_, options| (options.adjacency, options.failures) = (true, vec![vec![0]]))
            .contains("failures")
    );
}

/// The network is refused before any table is made: the test needs no memory.
#[test]
fn a_network_whose_tables_nothing_could_hold_is_refused() {
    let instance = model::dense::Instance { nodes: 10_000, ..model::dense::Instance::default() };
    let error = solve(&instance, &Options::default(), Budget::Effort(1)).unwrap_err();
    assert_eq!(error, Unsolvable::TooLarge { nodes: 10_000, edges: 0 });
    assert!(error.to_string().contains("at most 4096 nodes"), "{error}");
}

#[test]
fn an_empty_problem_has_an_answer() {
    let solution = solve(&model::dense::Instance::default(), &Options::default(), Budget::Effort(1)).unwrap();
    assert_eq!((solution.mlu, solution.lists.len()), (0.0, 0));
}

#[test]
fn a_clock_that_has_run_out_still_gives_an_answer() {
    let instance = networks::random(3, 8, 20);
    let solution = solve(&instance, &Options::default(), Budget::Clock(&|| 2.0)).unwrap();
    assert!((crate::mlu(&instance, &solution.lists) / solution.mlu - 1.0).abs() < 1e-5);
}
