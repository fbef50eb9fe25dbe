//! What a thread does with its time: the order of the searches, and the share of the budget that each may take.

use crate::{
    anneal::{self, Anneal, anneal},
    bound::{CLOSED, Proof, ascend, ends, look},
    few::{CAREFUL, Few, few},
    kick::kick,
    list::Portions,
    options::{Goal, Options},
    pace::{Budget, Pace},
    pairs::{Column, SHORT, WIDE},
    problem::Problem,
    recreate::{self, recreate},
    relay::relay,
    relieve::{Relief, relieve},
    running::Start,
    split::Split,
    spread::{self, spread},
    state::State,
    waypoint::every_waypoint,
    whole::Whole,
};

/// What a thread sees to: one of them to the bound, before it searches on; a thread alone to both.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Duty {
    Search,
    Proof,
    Both,
}

/// What a thread found.
pub(crate) struct Found {
    pub mlu: f64,
    pub portions: Vec<Portions>,
    pub changed: usize,
    pub bound: f64,
}

/// Searches in every thread from the same start, from what runs now with at most so many changes, and takes the best that any found with the best proof of any.
pub(crate) fn search(
    problem: &Problem,
    start: &Start,
    options: &Options,
    changes: usize,
    budget: Budget<'_>,
) -> Found {
    let spreads = spread::is_wanted(options, start);
    let worker = |thread: usize| {
        let pace = Pace::without(budget, if spreads { spread::SHARE } else { 0.0 });
        let seed = options.seed.wrapping_add(thread as u64);
        let duty = match thread {
            0 if options.threads == 1 => Duty::Both,
            1 => Duty::Proof,
            _ => Duty::Search,
        };
        if options.lists == 1 {
            let whole = Whole::new(problem, start, pace, seed);
            if gentle(options, start) {
                few_changes(whole, options, (duty, thread), changes, recreate)
            } else {
                one_list(whole, duty)
            }
        } else {
            let split = Split::new(problem, start.clone(), options.lists, pace, seed);
            if gentle(options, start) {
                few_changes(split, options, (duty, thread), changes, |_, _| ())
            } else {
                several_lists(split, duty)
            }
        }
    };
    let found: Vec<Found> = std::thread::scope(|scope| {
        let workers: Vec<_> =
            (0..options.threads).map(|thread| scope.spawn(move || worker(thread))).collect();
        workers.into_iter().map(|worker| worker.join().expect("a worker does not panic")).collect()
    });
    let bound = found.iter().map(|found| found.bound).fold(ends(problem), f64::max);
    let best = found.into_iter().min_by(|a, b| a.mlu.total_cmp(&b.mlu).then(a.changed.cmp(&b.changed)));
    let best = best.expect("there is a thread");
    let before = problem.highest(&start.load);
    let mut best = Found { bound, ..best };
    if start.runs && options.goal == Goal::Lowest && best.mlu > before * (1.0 - WORTHLESS) {
        best = Found { mlu: before, portions: start.portions.clone(), changed: 0, bound };
    }
    if spreads {
        let until = if matches!(budget, Budget::Effort(_)) { spread::SHARE } else { 1.0 };
        best.portions = spread(problem, start, options, changes, best.portions, Pace::new(budget), until);
    }
    best
}

/// What runs does not change for less than this share of the highest utilisation.
const WORTHLESS: f64 = 1e-4;

/// Whether what runs now is to stay as it is as far as possible.
fn gentle(options: &Options, start: &Start) -> bool {
    start.runs || options.max_changes.is_some() || options.goal != Goal::Lowest
}

/// Nothing that takes long begins after this share of the budget.
const LATE: f64 = 0.97;

/// Steepness at the beginning and the end, sweeps, and the share of the budget at most, of the stages with one list.
const WHOLE: [(f64, f64, u32, f64); 3] =
    [(10.0, 100.0, 20, 0.25), (100.0, 1000.0, 20, 0.45), (1000.0, 5000.0, 20, 0.6)];

/// What is this many times its bound after a stage is stuck; then the next has so many sweeps.
const STUCK: f64 = 1.1;
const FEWER: u32 = 4;

/// A first sweep that takes more than this share of the budget is slow.
const SLOW: f64 = 0.03;

/// The steepness at the end where sweeps are slow, and that of a thread that sees to the bound.
const LAST: f64 = 2000.0;
const PROVING: f64 = 60.0;

/// The schedule for one list per demand.
fn one_list(mut whole: Whole<'_>, duty: Duty) -> Found {
    let mut proof = Proof::default();
    let begin = whole.engine.pace.spent();
    first_sweep(&mut whole);
    let sweep = whole.engine.pace.spent() - begin;
    if sweep > SLOW {
        // A few sweeps are all that there is time for: no other search does as much.
        whole.engine.forget_prices();
        if duty == Duty::Proof {
            // Prices at a moderate steepness prove most, those at a high one lead farthest: each to one thread.
            while whole.engine.pace.spent() < 0.75 {
                whole.engine.forget_prices();
                anneal(&mut whole, Anneal { from: PROVING, to: PROVING, until: 0.75, sweeps: 1 });
            }
        } else {
            anneal(&mut whole, Anneal { from: 2.0 * WHOLE[0].0, to: LAST, until: 0.9, sweeps: u32::MAX });
        }
        // A proof takes about half as long as a sweep, and looks at lists of all lengths.
        let longer = (whole.engine.problem.segments as f64 / SHORT as f64).max(1.0);
        let last = (1.0 - 0.5 * longer * sweep).min(0.95);
        if whole.engine.pace.spent() < last {
            proof.improve(anneal::proof(&mut whole));
        }
        if duty != Duty::Search {
            tighten(&mut whole, &mut proof, last);
        }
    } else {
        for (from, to, sweeps, until) in WHOLE {
            // Where single demands stand in the way, sweeps do not help; with little time it goes elsewhere.
            let is_stuck = proof.bound > 0.0 && whole.best() > STUCK * proof.bound;
            let sweeps = if is_stuck && whole.engine.pace.spent() > 0.15 { FEWER } else { sweeps };
            whole.engine.forget_prices();
            anneal(&mut whole, Anneal { from, to, until, sweeps });
            if whole.engine.pace.spent() < LATE {
                proof.improve(anneal::proof(&mut whole));
            }
        }
        tighten(&mut whole, &mut proof, 0.65);
        if duty != Duty::Search {
            relax(&mut whole, &mut proof, 0.7);
        }
    }
    let good = proof.bound / CLOSED;
    let far = |whole: &Whole<'_>| whole.best() > 1.01 * proof.bound;
    let spent = whole.engine.pace.spent();
    let until = if far(&whole) { (spent + 0.15).min(0.8) } else { 0.8 };
    recreate(&mut whole, recreate::Plan { until, cycles: 1.0, good, changes: usize::MAX });
    // What is left is not a matter of fine tuning.
    if far(&whole) {
        kick(&mut whole, 0.97, good);
    }
    // Where sweeps are slow, so are proofs, and there is no time to go back to one.
    finish(&mut whole, if sweep > SLOW { Duty::Search } else { duty }, &mut proof);
    let (mlu, portions) = whole.into_best();
    Found { mlu, portions, changed: 0, bound: proof.bound }
}

/// From here on a thread that sees to the bound and finds nothing better goes back to the bound, until there; a proof that begins late
/// takes some time still.
const STALLED: f64 = 0.87;
const PROVEN: f64 = 0.95;

/// From here on a search with one list tries what prices do not see.
const ENDING: f64 = 0.98;

/// The end of the schedule for one list.
fn finish(whole: &mut Whole<'_>, duty: Duty, proof: &mut Proof) {
    let plan = |until, cycles, bound: f64| recreate::Plan {
        until,
        cycles,
        good: bound / CLOSED,
        changes: usize::MAX,
    };
    if duty != Duty::Search && whole.engine.pace.spent() < STALLED {
        let before = whole.best();
        recreate(whole, plan(STALLED, 1.0, proof.bound));
        if whole.best() >= before {
            tighten(whole, proof, PROVEN);
            relax(whole, proof, PROVEN);
        }
    }
    recreate(whole, plan(ENDING, 2.0, proof.bound));
    every_waypoint(whole, proof.bound / CLOSED, 1.0);
    recreate(whole, plan(1.0, 1.0, proof.bound));
}

/// On a large network the first sweep looks at short lists alone: they gain nearly as much in half the time.
fn first_sweep(whole: &mut Whole<'_>) {
    let network = &whole.engine.problem.network;
    let plan = Anneal { from: WHOLE[0].0, to: WHOLE[0].0, until: LATE, sweeps: 1 };
    if network.nodes < WIDE {
        return anneal(whole, plan);
    }
    let short = Column::new(network.nodes, whole.engine.problem.segments.min(SHORT));
    let long = std::mem::replace(&mut whole.engine.column, short);
    anneal(whole, plan);
    whole.engine.column = long;
}

/// Betters the bound by the prices of the problem with divided demands, where there is room.
fn relax<'a>(state: &mut impl State<'a>, proof: &mut Proof, until: f64) {
    if proof.bound >= state.best() * 0.999 {
        return;
    }
    let (problem, pace) = (state.engine().problem, state.engine().pace.clone());
    let portions: Vec<Portions> = (0..problem.flows.len()).map(|at| state.portions(at)).collect();
    let start = Start { portions, load: state.engine().potential.load.clone(), runs: false, riders: None };
    state.engine().pace = divided(problem, start, pace, proof, until);
}

/// Betters the bound by what divided demands lead to from a start. Gives what is spent by then.
pub(crate) fn divided<'a>(
    problem: &'a Problem,
    start: Start,
    pace: Pace<'a>,
    proof: &mut Proof,
    until: f64,
) -> Pace<'a> {
    let mut split = Split::new(problem, start, RELAXED, pace, 0);
    for _ in 0..ROUNDS {
        for (from, to) in [(100.0, 1000.0), (1000.0, 5000.0), (5000.0, 5000.0)] {
            split.engine().forget_prices();
            anneal(&mut split, Anneal { from, to, until, sweeps: 20 });
            if split.engine().pace.spent() < until {
                proof.improve(anneal::proof(&mut split));
            }
        }
        // What divided demands reach is nearer to what can be proven than what whole ones do.
        tighten(&mut split, proof, until);
        if proof.bound >= split.best() * NEAR {
            break;
        }
    }
    split.engine().pace.clone()
}

/// How often the prices of divided demands are looked for, and how near a bound has to come to what these reach.
const ROUNDS: u32 = 4;
const NEAR: f64 = 0.998;

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

/// What is farther from its bound than this is not a matter of fine tuning.
const APART: f64 = 1.0005;

/// The schedule for several lists per demand.
fn several_lists(mut split: Split<'_>, duty: Duty) -> Found {
    let mut proof = Proof::default();
    'search: for round in 0_u32.. {
        if round > 0 && split.best() > proof.bound * APART {
            let spent = split.engine().pace.spent();
            relay(&mut split, (spent + 0.2).min(LATE), proof.bound / CLOSED);
        }
        for &(from, to, sweeps) in &SPLIT[usize::from(round % 2 == 1)..] {
            let spent = split.engine().pace.spent();
            // Where the network is large, the first round takes all the time.
            let until = if round == 0 { (spent + 0.25).min(LATE) } else { LATE };
            split.engine().forget_prices();
            anneal(&mut split, Anneal { from, to, until, sweeps });
            if split.engine().pace.spent() < LATE {
                proof.improve(anneal::proof(&mut split));
            }
            if split.engine().pace.spent() >= LATE || proof.bound >= split.best() * CLOSED {
                break 'search;
            }
        }
        let spent = split.engine().pace.spent();
        tighten(&mut split, &mut proof, (spent + 0.1).min(LATE));
        if duty != Duty::Search && round == 0 {
            relax(&mut split, &mut proof, 0.95);
            tighten(&mut split, &mut proof, LATE);
        }
    }
    let (mlu, portions) = split.into_best();
    Found { mlu, portions, changed: 0, bound: proof.bound }
}

/// Past this share of the budget no proof begins that changes of what runs could wait for.
const PROVABLE: f64 = 0.85;

/// Steepness relative to the highest utilisation where few demands are to move, first and last; threads take turns.
const GENTLE: [(f64, f64); 2] = [(60.0, 1500.0), (100.0, 300.0)];

/// How long a thread that also sees to the bound goes on with that.
const SHARED: f64 = 0.5;

/// Where setting up took more of the budget than this, there is no time to begin gently.
const HASTE: f64 = 0.25;

/// The schedule from what runs now; `more` is done, until so much of the budget is spent, where single changes help no further.
fn few_changes<'a, S: State<'a>>(
    mut state: S,
    options: &Options,
    (duty, thread): (Duty, usize),
    changes: usize,
    more: impl FnOnce(&mut S, recreate::Plan),
) -> Found {
    let floor = ends(state.engine().problem);
    match options.goal {
        Goal::Relieve { edge, to } => {
            relieve(&mut state, Relief { place: edge as usize, to, changes, until: 1.0 });
            state.settle();
        }
        Goal::Lowest => {
            let (start, steepness) = GENTLE[usize::from(thread > 0)];
            let is_late = state.engine().pace.spent() > HASTE;
            let start = if is_late || changes <= CAREFUL { steepness } else { start };
            few(&mut state, Few { changes, start, steepness, good: floor / CLOSED, until: 0.95 });
            let until = if duty == Duty::Search { 0.95 } else { SHARED };
            if changes > 0 {
                more(&mut state, recreate::Plan { until, cycles: 1.0, good: floor / CLOSED, changes });
            }
            state.back();
        }
    }
    let mut proof = Proof { weights: Vec::new(), bound: floor };
    let goal = state.best();
    look(state.engine(), &mut proof, goal, PROVABLE);
    // What the search has left, one thread gives to the prices of divided demands.
    if duty != Duty::Search {
        relax(&mut state, &mut proof, PROVABLE);
    }
    let changed = state.changed();
    let (mlu, portions) = state.into_best();
    Found { mlu, portions, changed, bound: proof.bound }
}
