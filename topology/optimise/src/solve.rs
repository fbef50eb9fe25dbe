//! The whole of it: check, start, search in every thread, take the best, prove how good it is.

use model::dense::Instance;

use crate::{
    anneal::{self, Anneal, anneal},
    bound::{CLOSED, Proof, ascend, ends},
    few::{Few, few},
    kick::kick,
    list::{List, MAX_SEGMENTS, Portion, Portions},
    network::Unsolvable,
    options::{Goal, Options, Segment, Solution, WeightedList},
    pace::{Budget, Pace},
    problem::Problem,
    recreate::{self, recreate},
    relieve::{Relief, relieve},
    running,
    split::{self, Split},
    state::State,
    whole::Whole,
};

/// Searches for lists that keep the highest utilisation low, until the budget is spent or nothing better exists.
///
/// A heuristic with a proven bound: [`Solution::gap`] says how far from the best possible it is at most. It can stay far from
/// it where one demand is larger than the links around it and lists cannot divide it.
///
/// # Errors
/// The instance or the options make no sense, or a demand has no way (within its delay).
pub fn solve(instance: &Instance, options: &Options, budget: Budget<'_>) -> Result<Solution, Unsolvable> {
    check(options, instance.edges.len())?;
    let problem = Problem::new(instance, options)?;
    let start = running::start(&problem, options.running.as_deref(), options.lists)?;
    let threads: Vec<u64> =
        (0..options.threads as u64).map(|thread| options.seed.wrapping_add(thread)).collect();
    let worker = |seed: u64| {
        let pace = Pace::new(budget);
        // The second thread sees to the bound before it searches on.
        let prover = seed != options.seed;
        if options.lists == 1 {
            let lists = start.iter().map(|portions| portions[0].list).collect();
            let whole = Whole::new(&problem, lists, pace, seed);
            if gentle(options) { few_changes(whole, options, seed) } else { one_list(whole, prover) }
        } else {
            let split = Split::new(&problem, start.clone(), options.lists, pace, seed);
            if gentle(options) { few_changes(split, options, seed) } else { several_lists(split, prover) }
        }
    };
    let found: Vec<Found> = std::thread::scope(|scope| {
        let workers: Vec<_> = threads.iter().map(|&seed| scope.spawn(move || worker(seed))).collect();
        workers.into_iter().map(|worker| worker.join().expect("a worker does not panic")).collect()
    });
    let bound = found.iter().map(|found| found.bound).fold(ends(&problem), f64::max);
    let best = found.into_iter().min_by(|a, b| a.mlu.total_cmp(&b.mlu).then(a.changed.cmp(&b.changed)));
    let best = best.expect("there is a thread");
    Ok(solution(instance, &problem, &best.portions, &start, bound))
}

/// What a thread found.
struct Found {
    mlu: f64,
    portions: Vec<Portions>,
    changed: usize,
    bound: f64,
}

/// Nothing that takes long begins after this share of the budget.
const LATE: f64 = 0.97;

/// Whether what runs now is to stay as it is as far as possible.
fn gentle(options: &Options) -> bool {
    options.running.is_some() || options.max_changes.is_some() || options.goal != Goal::Lowest
}

fn check(options: &Options, edges: usize) -> Result<(), Unsolvable> {
    let wrong = |what| Err(Unsolvable::Option(what));
    if !(1..=MAX_SEGMENTS).contains(&options.max_segments) {
        return wrong("a list has 1 to 8 segments");
    }
    if options.lists == 0 || options.threads == 0 {
        return wrong("there is at least one list and one thread");
    }
    if let Goal::Relieve { edge, to } = options.goal
        && (edge as usize >= edges || to.is_nan() || to <= 0.0)
    {
        return wrong("the link to relieve exists, and its goal is above 0");
    }
    if options.adjacency && !options.failures.is_empty() {
        return wrong(
            "under failures only node segments are possible: an edge that fails takes its segment with it",
        );
    }
    Ok(())
}

/// Steepness at the beginning and the end, sweeps, and the share of the budget at most, of the stages with one list.
const WHOLE: [(f64, f64, u32, f64); 3] =
    [(10.0, 100.0, 20, 0.25), (100.0, 1000.0, 20, 0.45), (1000.0, 5000.0, 20, 0.6)];

/// A first sweep that takes more than this share of the budget is slow.
const SLOW: f64 = 0.03;

/// The steepness at the end where sweeps are slow.
const LAST: f64 = 2000.0;

/// The schedule for one list per demand.
fn one_list(mut whole: Whole<'_>, prover: bool) -> Found {
    let mut proof = Proof::default();
    let begin = whole.engine.pace.spent();
    anneal(&mut whole, Anneal { from: WHOLE[0].0, to: WHOLE[0].0, until: LATE, sweeps: 1 });
    if whole.engine.pace.spent() - begin > SLOW {
        // A few sweeps are all that there is time for: no other search does as much.
        whole.engine.forget_prices();
        anneal(&mut whole, Anneal { from: 2.0 * WHOLE[0].0, to: LAST, until: 0.9, sweeps: u32::MAX });
        if whole.engine.pace.spent() < LATE {
            proof.improve(anneal::proof(&mut whole));
        }
    } else {
        for (from, to, sweeps, until) in WHOLE {
            whole.engine.forget_prices();
            anneal(&mut whole, Anneal { from, to, until, sweeps });
            proof.improve(anneal::proof(&mut whole));
        }
        tighten(&mut whole, &mut proof, 0.65);
        relax(&mut whole, &mut proof, if prover { 0.95 } else { 0.7 });
    }
    let good = proof.bound / CLOSED;
    recreate(&mut whole, recreate::Plan { until: 0.8, cycles: 1.0, good });
    // What is left is not a matter of fine tuning.
    if whole.best() > 1.01 * proof.bound {
        kick(&mut whole, 0.97, good);
    }
    recreate(&mut whole, recreate::Plan { until: 1.0, cycles: 2.0, good });
    let (mlu, portions) = whole.into_best();
    Found { mlu, portions, changed: 0, bound: proof.bound }
}

/// Betters the bound by the prices of the problem with divided demands, where there is room.
fn relax<'a>(state: &mut impl State<'a>, proof: &mut Proof, until: f64) {
    if proof.bound >= state.best() * 0.999 {
        return;
    }
    let (problem, pace) = (state.engine().problem, state.engine().pace.clone());
    let portions: Vec<Portions> = (0..problem.flows.len()).map(|at| state.portions(at)).collect();
    let mut split = Split::new(problem, portions, RELAXED, pace, 0);
    for (from, to) in [(100.0, 1000.0), (1000.0, 5000.0), (5000.0, 5000.0)] {
        split.engine().forget_prices();
        anneal(&mut split, Anneal { from, to, until, sweeps: 20 });
        proof.improve(anneal::proof(&mut split));
    }
    state.engine().pace = split.engine().pace.clone();
}

/// Lists of a demand where their number does not matter.
const RELAXED: usize = 16;

/// Betters the bound, where there is room.
fn tighten<'a>(state: &mut impl State<'a>, proof: &mut Proof, until: f64) {
    let goal = state.best();
    ascend(state.engine(), proof, goal, until);
}

/// The same with several lists; there the first stage rises from the IGP's way or from what the last round left.
const SPLIT: [(f64, f64, u32); 4] =
    [(10.0, 300.0, 40), (300.0, 1000.0, 40), (1000.0, 5000.0, 40), (5000.0, 5000.0, 40)];

/// The schedule for several lists per demand.
fn several_lists(mut split: Split<'_>, prover: bool) -> Found {
    let mut proof = Proof::default();
    'search: for round in 0_u32.. {
        for &(from, to, sweeps) in &SPLIT[usize::from(round % 2 == 1)..] {
            let spent = split.engine().pace.spent();
            // Where the network is large, the first round takes all the time.
            let until = if round == 0 { (spent + 0.25).min(LATE) } else { LATE };
            split.engine().forget_prices();
            anneal(&mut split, Anneal { from, to, until, sweeps });
            proof.improve(anneal::proof(&mut split));
            if split.engine().pace.spent() >= LATE || proof.bound >= split.best() * CLOSED {
                break 'search;
            }
        }
        let spent = split.engine().pace.spent();
        tighten(&mut split, &mut proof, (spent + 0.1).min(LATE));
        if prover && round == 0 {
            relax(&mut split, &mut proof, 0.95);
            tighten(&mut split, &mut proof, LATE);
        }
    }
    let (mlu, portions) = split.into_best();
    Found { mlu, portions, changed: 0, bound: proof.bound }
}

/// Steepness relative to the highest utilisation where few demands are to move; threads take turns.
const GENTLE: [f64; 2] = [1500.0, 300.0];

/// The schedule from what runs now.
fn few_changes<'a>(mut state: impl State<'a>, options: &Options, seed: u64) -> Found {
    let changes = options.max_changes.unwrap_or(usize::MAX);
    let floor = ends(state.engine().problem);
    match options.goal {
        Goal::Relieve { edge, to } => {
            relieve(&mut state, Relief { place: edge as usize, to, changes, until: 1.0 });
            state.settle();
        }
        Goal::Lowest => {
            let steepness = GENTLE[usize::from(seed != options.seed)];
            few(&mut state, Few { changes, steepness, good: floor / CLOSED, until: 0.8 });
            state.back();
        }
    }
    // Prices at which links near the maximum count prove what a look at this state alone can.
    let mut proof = Proof { weights: Vec::new(), bound: floor };
    for steepness in [300.0, 30.0] {
        if state.engine().pace.spent() < 0.9 {
            state.engine().steepen(steepness);
            state.engine().forget_prices();
            state.engine().price();
            state.engine().average_prices();
            proof.improve(anneal::proof(&mut state));
        }
    }
    tighten(&mut state, &mut proof, LATE);
    let changed = state.changed();
    let (mlu, portions) = state.into_best();
    Found { mlu, portions, changed, bound: proof.bound }
}

/// The answer as it will run: with whole weights, and its utilisation worked out from these.
fn solution(
    instance: &Instance,
    problem: &Problem,
    portions: &[Portions],
    start: &[Portions],
    bound: f64,
) -> Solution {
    // A demand that uses no link has the IGP's own way, so that every demand has an answer.
    let plain = |to| vec![WeightedList { weight: 1, segments: vec![Segment::Node(to)] }];
    let mut lists: Vec<Vec<WeightedList>> = instance.demands.iter().map(|demand| plain(demand.to)).collect();
    let mut real: Vec<Portions> = Vec::with_capacity(portions.len());
    let mut moved = 0;
    for ((flow, portions), start) in problem.flows.iter().zip(portions).zip(start) {
        let weights = split::weights(portions);
        let sum: f64 = weights.iter().map(|(weight, _)| f64::from(*weight)).sum();
        real.push(
            weights.iter().map(|&(weight, list)| Portion { list, share: f64::from(weight) / sum }).collect(),
        );
        moved += usize::from(portions != start);
        let list = |(weight, list): &(u32, List)| WeightedList { weight: *weight, segments: list.segments() };
        lists[flow.index as usize] = weights.iter().map(list).collect();
    }
    let mut load = vec![0.0; problem.network.places()];
    split::load(problem, &real, &mut load);
    let mlu =
        load.iter().zip(&problem.network.inverse).map(|(load, inverse)| load * inverse).fold(0.0, f64::max);
    // A proof and an answer are sums in another order; what is more than their rounding would be a wrong proof.
    debug_assert!(bound <= mlu * (1.0 + 1e-6), "proven {bound}, reached {mlu}");
    Solution { lists, mlu, bound: bound.min(mlu), moved }
}
