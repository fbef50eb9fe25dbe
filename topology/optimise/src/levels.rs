//! Levels of priority: one after the other, each beside what the others have laid.

use std::collections::BTreeMap;

use crate::{
    bound::ends,
    list::Portions,
    network::Flow,
    options::{Goal, Level, Options},
    pace::Budget,
    problem::Problem,
    running::{self, Start},
    schedule::{Found, search},
    split,
};

/// Searches level by level, with so many changes for all of them together. Gives what every flow goes by, the levels, and what is
/// proven of the last of them.
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
    let mut levels = Vec::new();
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
        levels.push(Level { priority: turn.priority, demands: ours.len(), mlu, bound: found.bound.min(mlu) });
        if let Goal::Relieve { edge, to } = options.goal
            && load[edge as usize] * problem.network.inverse[edge as usize] <= to
        {
            break;
        }
    }
    let bound = match (levels.last(), options.goal) {
        (None, _) => 0.0,
        (Some(last), Goal::Lowest) => last.bound,
        // What a level can do with the others where they are says nothing of all.
        (_, Goal::Relieve { .. }) => ends(problem),
    };
    levels.sort_by_key(|level| level.priority);
    (portions, levels, bound)
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
    Start { portions, load, ..*start }
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
    let mut rest = 1.0;
    let mut turn = |(priority, count): (u8, f64)| {
        let turn = Turn { priority, part: count / all, rest };
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
