//! Levels of priority: one after the other, each beside what the others have laid.

use std::collections::BTreeMap;

use crate::{
    bound::{CLOSED, Proof, ends, look},
    engine::Engine,
    list::Portions,
    network::Flow,
    options::{Goal, Level, Options},
    pace::{Budget, Pace},
    problem::Problem,
    running::{self, Start},
    schedule::{Found, divided, search},
    split,
};

/// Searches level by level, with so many changes for all of them together. Gives what every flow goes by, the levels, and what is
/// proven of all of them together.
pub(crate) fn in_turn(
    problem: &Problem,
    start: &Start,
    options: &Options,
    changes: usize,
    budget: Budget<'_>,
) -> (Vec<Portions>, Vec<Level>, f64) {
    let turns = turns(problem, options.goal);
    if let [turn] = &turns[..] {
        // All at once: nothing is laid beside anything, and nothing copied.
        let Found { portions, bound, mlu, .. } = search(problem, start, options, changes, budget);
        let level = Level { priority: turn.priority, demands: portions.len(), mlu, bound };
        return (portions, vec![level], bound);
    }
    let mut portions = start.portions.clone();
    let (mut levels, mut alone) = (Vec::<Level>::new(), 0.0_f64);
    let mut left = changes;
    for turn in &turns {
        let load = loads(problem, &portions, start, |flow| match options.goal {
            Goal::Lowest => flow.priority < turn.priority,
            Goal::Relieve { .. } => flow.priority != turn.priority,
        });
        let ours: Vec<usize> =
            (0..problem.flows.len()).filter(|at| problem.flows[*at].priority == turn.priority).collect();
        let level = problem.among(&ours, load);
        let begin = beginning(&level, start, &ours);
        let found = budget.part(turn.part, turn.rest, |part| search(&level, &begin, options, left, part));
        for ((at, found), before) in ours.iter().zip(found.portions).zip(&begin.portions) {
            left -= usize::from(found != *before).min(left);
            portions[*at] = found;
        }
        let load = loads(problem, &portions, start, |flow| match options.goal {
            Goal::Lowest => flow.priority <= turn.priority,
            Goal::Relieve { .. } => true,
        });
        let mlu = problem.highest(&load);
        // The first level is beside nothing, so what is proven of it holds whatever becomes of the others.
        if levels.is_empty() && options.goal == Goal::Lowest {
            alone = found.bound.min(mlu);
        }
        levels.push(Level { priority: turn.priority, demands: ours.len(), mlu, bound: found.bound.min(mlu) });
        if let Goal::Relieve { edge, to } = options.goal
            && load[edge as usize] * problem.network.inverse[edge as usize] <= to
        {
            break;
        }
    }
    let bound = budget.part(PROOF, PROOF, |part| together(problem, start, &portions, options, part));
    levels.sort_by_key(|level| level.priority);
    (portions, levels, bound.max(alone))
}

/// The share of the budget that is kept for the proof of all levels together.
const PROOF: f64 = 1.0 / 16.0;

/// Past these shares of its time no step of that proof begins: of a look at what the levels have come to, and of all.
const LOOKED: f64 = 0.4;
const PROVABLE: f64 = 0.85;

/// What no lists of all demands can do better, whatever their levels. What a level proves beside lists that stay as they are says
/// nothing of that: without levels those could give way.
fn together(
    problem: &Problem,
    start: &Start,
    portions: &[Portions],
    options: &Options,
    budget: Budget<'_>,
) -> f64 {
    let mut proof = Proof { weights: Vec::new(), bound: ends(problem) };
    let mut pace = Pace::new(budget);
    // The tables that a proof needs take time too.
    if problem.flows.is_empty() || pace.spent() >= PROVABLE {
        return proof.bound;
    }
    let mut engine = Engine::new(problem, pace, options.seed);
    let load = loads(problem, portions, start, |_| true);
    engine.potential.load.copy_from_slice(&load);
    let reached = engine.mlu();
    look(&mut engine, &mut proof, reached, LOOKED);
    if proof.bound < reached * CLOSED {
        let start = Start { portions: portions.to_vec(), load, runs: false, riders: None };
        divided(problem, start, engine.pace, &mut proof, PROVABLE);
    }
    proof.bound
}

/// Where a level begins, beside what the others have laid.
fn beginning(level: &Problem, start: &Start, ours: &[usize]) -> Start {
    let portions: Vec<Portions> = ours.iter().map(|at| start.portions[*at].clone()).collect();
    let mut load = level.base.clone();
    level
        .flows
        .iter()
        .zip(&portions)
        .for_each(|(flow, portions)| running::add(level, flow, portions, &mut load));
    Start { portions, load, runs: start.runs, riders: None }
}

/// A level and its time.
struct Turn {
    priority: u8,
    /// Its share of the budget, and that of it and all that come after it.
    part: f64,
    rest: f64,
}

/// The levels in the order in which they are searched, with time by their number of demands.
fn turns(problem: &Problem, goal: Goal) -> Vec<Turn> {
    let mut counts: BTreeMap<u8, f64> = BTreeMap::new();
    problem.flows.iter().for_each(|flow| *counts.entry(flow.priority).or_default() += 1.0);
    let all = problem.flows.len() as f64;
    // One level proves itself; of several, some time is left for what is proven of all.
    let mut rest = 1.0;
    let share = if counts.len() > 1 { 1.0 - PROOF } else { 1.0 };
    let mut turn = |(priority, count): (u8, f64)| {
        let turn = Turn { priority, part: share * count / all, rest };
        rest -= turn.part;
        turn
    };
    match goal {
        Goal::Lowest => counts.into_iter().map(&mut turn).collect(),
        Goal::Relieve { .. } => counts.into_iter().rev().map(&mut turn).collect(),
    }
}

/// The load of each place by some flows, divided as whole weights will divide them: the next level finds what these leave. What
/// stays as it began has its weights already.
fn loads(problem: &Problem, portions: &[Portions], start: &Start, which: impl Fn(&Flow) -> bool) -> Vec<f64> {
    let mut load = vec![0.0; problem.network.places()];
    let flows = problem.flows.iter().zip(portions).zip(&start.portions);
    for ((flow, portions), before) in flows.filter(|((flow, _), _)| which(flow)) {
        if portions.len() == 1 || portions == before {
            running::add(problem, flow, portions, &mut load);
        } else {
            running::add(problem, flow, &split::rounded(portions), &mut load);
        }
    }
    load
}
