//! A problem that is kept answers as one that is read anew.

use model::dense::Instance;
use optimise::{Budget, Kept, Options, Rerouted, Segment, Unsolvable, WeightedList, solve};
use proptest::prelude::*;

use crate::{judge, networks};

type Running = Vec<Vec<WeightedList>>;

/// What runs after the change.
fn with(running: &Running, changed: &Rerouted) -> Running {
    let mut lists = running.clone();
    for (demand, list) in &changed.lists {
        lists[*demand as usize].clone_from(list);
    }
    lists
}

fn judged(instance: &Instance, lists: &Running, down: &[u32]) -> f64 {
    judge::utilisation(instance, lists, down).into_iter().fold(0.0, f64::max)
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-5 * a.max(b) + 1e-12
}

/// What makes a problem harder.
#[derive(Clone, Copy, Debug)]
struct Harder {
    /// Every third demand has a delay bound.
    delays: bool,
    /// A link is down already.
    down: bool,
    /// A link may fail on top of what is down.
    failures: bool,
}

const PLAIN: Harder = Harder { delays: false, down: false, failures: false };

/// A network, what runs on it, and options of every kind; none where it has no answer.
fn problem(
    seed: u64,
    lists: usize,
    adjacency: bool,
    levels: u8,
    harder: Harder,
) -> Option<(Instance, Running, Options)> {
    let mut instance = networks::random(seed, 8, 14);
    let bounds = instance.demands.iter_mut().step_by(3).filter(|_| harder.delays);
    bounds.for_each(|demand| demand.max_delay = Some(12.0 + (seed % 20) as f64));
    let link = |of: u64| {
        let edge = (seed / of % (instance.edges.len() as u64 / 2)) as u32 * 2;
        vec![edge, edge + 1]
    };
    let options = Options {
        max_segments: 3,
        lists,
        adjacency,
        priorities: (0..instance.demands.len()).map(|at| at as u8 % levels).collect(),
        down: if harder.down { link(3) } else { Vec::new() },
        failures: if harder.failures && !adjacency { vec![link(5)] } else { Vec::new() },
        ..Options::default()
    };
    let running = solve(&instance, &options, Budget::Effort(1)).ok()?.lists;
    Some((instance, running.clone(), Options { running: Some(running), ..options }))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_failure_costs_what_it_does_to_a_problem_that_is_read_anew(
        seed in 0_u64..1_000_000,
        lists in 1_usize..4,
        adjacency: bool,
        levels in 1_u8..3,
        harder in (any::<bool>(), any::<bool>(), any::<bool>()),
        pick in any::<prop::sample::Index>(),
    ) {
        let (delays, down, failures) = harder;
        let harder = Harder { delays, down, failures };
        let Some((instance, running, options)) = problem(seed, lists, adjacency, levels, harder) else {
            return Ok(());
        };
        let edge = pick.index(instance.edges.len() / 2) as u32 * 2;
        let cut = [edge, edge + 1];
        let down = [&options.down[..], &cut].concat();
        // The judge knows of no failures on top of what is down.
        let single = options.failures.is_empty();
        for max_changes in [Some(0), Some(2), None] {
            let options = Options { max_changes, ..options.clone() };
            let kept = Kept::new(&instance, options.clone()).unwrap();
            let anew = solve(&instance, &Options { down: down.clone(), ..options }, Budget::Effort(1));
            match (kept.without(&cut, Budget::Effort(1)), anew) {
                (Ok(kept), Ok(anew)) => {
                    let now = with(&running, &kept);
                    prop_assert!(!single || near(kept.mlu, judged(&instance, &now, &down)), "{kept:?}");
                    prop_assert!(kept.bound <= anew.mlu * (1.0 + 1e-6) + 1e-12, "{kept:?} {anew:?}");
                    prop_assert!(anew.bound <= kept.mlu * (1.0 + 1e-6) + 1e-12, "{kept:?} {anew:?}");
                    prop_assert!(kept.moved <= max_changes.unwrap_or(2), "{} moved", kept.moved);
                    if max_changes == Some(0) {
                        prop_assert!(near(kept.mlu, anew.mlu), "{} and {}", kept.mlu, anew.mlu);
                        prop_assert!(!single || near(kept.mlu, judged(&instance, &anew.lists, &down)));
                    }
                    for (demand, list) in &kept.lists {
                        prop_assert!(*list != running[*demand as usize], "{demand} did not change");
                    }
                }
                (Err(kept), Err(anew)) => prop_assert_eq!(kept, anew),
                (kept, anew) => prop_assert!(false, "{kept:?} and {anew:?}"),
            }
        }
    }

    /// What was answered after one failure runs; the next failure starts from there.
    #[test]
    fn what_runs_can_be_taken_over(seed in 0_u64..1_000_000, lists in 1_usize..4) {
        let (instance, mut running, options) = problem(seed, lists, false, 1, PLAIN).unwrap();
        let mut kept = Kept::new(&instance, Options { max_changes: Some(3), ..options }).unwrap();
        for edge in (0..instance.edges.len() as u32).step_by(2) {
            let down = [edge, edge + 1];
            let Ok(changed) = kept.without(&down, Budget::Effort(1)) else { continue };
            running = with(&running, &changed);
            kept.adopt(&changed.lists).unwrap();
            let whole = kept.without(&[], Budget::Effort(1)).unwrap();
            let before = judged(&instance, &running, &[]);
            prop_assert!(whole.mlu <= before * (1.0 + 1e-5) + 1e-12);
            prop_assert!(whole.moved == 0 || whole.mlu < before * (1.0 - 5e-5), "moved for nothing: {whole:?}");
            let now = judged(&instance, &with(&running, &whole), &[]);
            prop_assert!(near(whole.mlu, now), "{} and {now}", whole.mlu);
        }
    }
}

/// What no bound of the asked-for kind holds for does not run on: else less than "the least possible" could be reached.
#[test]
fn running_lists_of_another_kind_than_asked_for_go_back_to_the_way_of_the_igp() {
    let is_permitted = |list: &WeightedList, options: &Options| {
        list.segments.len() <= options.max_segments
            && (options.adjacency || list.segments.iter().all(|segment| matches!(segment, Segment::Node(_))))
    };
    let mut others = 0;
    for seed in 0..20 {
        let Some((instance, running, asked)) = problem(seed, 1, true, 1, PLAIN) else { continue };
        for (max_segments, adjacency) in [(1, true), (3, false)] {
            let options = Options { max_segments, adjacency, max_changes: Some(0), ..asked.clone() };
            let igp = |demand: usize| {
                vec![WeightedList { weight: 1, segments: vec![Segment::Node(instance.demands[demand].to)] }]
            };
            let expected: Running = running
                .iter()
                .enumerate()
                .map(|(demand, lists)| match lists.iter().all(|list| is_permitted(list, &options)) {
                    true => lists.clone(),
                    false => igp(demand),
                })
                .collect();
            others += expected.iter().zip(&running).filter(|(now, before)| now != before).count();
            let solution = solve(&instance, &options, Budget::Effort(1)).unwrap();
            assert_eq!(solution.lists, expected, "seed {seed}");
            assert!(near(solution.mlu, judged(&instance, &expected, &[])));
            // The same where a kept problem starts from them, and where it takes them over later.
            let mut kept = Kept::new(&instance, options.clone()).unwrap();
            let at_once = kept.without(&[], Budget::Effort(1)).unwrap();
            let named: Vec<_> = (0..).zip(running.iter().cloned()).collect();
            kept.adopt(&named).unwrap();
            for answer in [at_once, kept.without(&[], Budget::Effort(1)).unwrap()] {
                assert!(near(answer.mlu, solution.mlu), "seed {seed}: {} and {}", answer.mlu, solution.mlu);
                assert!(answer.lists.is_empty(), "seed {seed}");
            }
        }
    }
    assert!(others > 20, "{others} lists were of another kind: too few to say anything");
}

#[test]
fn the_same_question_has_the_same_answer() {
    let (instance, _, options) = problem(7, 2, true, 2, PLAIN).unwrap();
    let kept = Kept::new(&instance, options).unwrap();
    let ask = || kept.without(&[0, 1], Budget::Effort(2));
    assert_eq!(ask(), ask());
}

#[test]
fn what_does_not_exist_is_refused() {
    let (instance, _, options) = problem(3, 1, false, 1, PLAIN).unwrap();
    let kept = Kept::new(&instance, options).unwrap();
    let refused = kept.without(&[0, 9_999], Budget::Effort(1)).unwrap_err();
    assert!(matches!(refused, Unsolvable::Edge { edge: 9_999, .. }), "{refused}");
}

#[test]
fn a_demand_without_a_way_is_named() {
    let mut instance = networks::diamond();
    instance.demands[1].to = 1;
    let kept = Kept::new(&instance, Options::default()).unwrap();
    // Node 1 is behind the first two links.
    let refused = kept.without(&[0, 1, 2, 3], Budget::Effort(1)).unwrap_err();
    assert!(matches!(refused, Unsolvable::Demand { demand: 1, .. }), "{refused}");
}
