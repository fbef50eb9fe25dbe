//! A link fails: from the running lists to new ones, by a problem that was kept since before.

use std::time::Duration;

use model::dense::Instance;
use optimise::{Budget, Kept, Options, Rerouted, Unsolvable, WeightedList};

use crate::{Gaps, clock::Clock, instances::Published, judge, made::made, solve};

/// Failures that are tried on each instance: those of the most loaded links that do not cut the network.
const FAILURES: usize = 2;

/// How long a change may take, and what is kept of that for leaving the searches.
const TIME: Duration = Duration::from_millis(50);
const RESERVE: Duration = Duration::from_millis(3);

/// Of many instances every fifth is tried where nothing else is said, so that large and small ones are among them.
const EVERY: usize = 5;
const MANY: usize = 20;

/// How far above a cold second an answer may be.
const NEAR: f64 = 0.02;

/// Prints the table, for each of so many instances one.
pub fn table(set: &[Published], every: Option<usize>) {
    println!("\n## A link fails: 50 ms from the running lists, against 1 s from nothing\n");
    println!(
        "| instance | edges down | as it falls | cold 1 s | 50 ms | above cold | demands moved | seconds |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let (mut gaps, mut moves) = (Vec::new(), Vec::new());
    let every = every.unwrap_or(if set.len() > MANY { EVERY } else { 1 });
    let published = set.iter().step_by(every);
    let published = published.map(|it| (it.name().to_owned(), it.read()));
    let made = [150, 315].map(|nodes| (format!("made, {nodes} nodes"), made(nodes, 7)));
    for (name, instance) in published.chain(made) {
        for (gap, moved) in failures(&name, &instance) {
            gaps.push((gap, name.clone()));
            moves.push((moved, name.clone()));
        }
    }
    println!();
    let near = gaps.iter().filter(|(gap, _)| *gap <= NEAR).count();
    println!("within 2% of a cold second: {near} of {} (target: all)", gaps.len());
    Gaps::new(gaps).say("above cold", "2%");
    Gaps::new(moves).say("demands moved", "below 10%");
}

/// Failures of the most loaded links: how far above what is found from nothing, and the share of demands that moved.
fn failures(name: &str, instance: &Instance) -> Vec<(f64, f64)> {
    let running =
        solve(instance, &Options::default(), &Clock::start(), Duration::from_secs(1)).solution.lists;
    let utilisation = judge::utilisation(instance, &running, &[]);
    let kept = Kept::new(instance, Options { running: Some(running.clone()), ..Options::default() }).unwrap();
    let mut order: Vec<usize> = (0..instance.edges.len()).collect();
    order.sort_by(|&a, &b| utilisation[b].total_cmp(&utilisation[a]).then(a.cmp(&b)));
    let mut found = Vec::new();
    for edge in order {
        let down = both_ways(instance, edge);
        let cold = Options { down: down.clone(), ..Options::default() };
        if cuts(instance, &cold) {
            continue;
        }
        let begun = Clock::start();
        let quick = without(&kept, &down, &begun);
        let seconds = begun.elapsed().as_secs_f64();
        let mlu = judged(instance, &running, &quick, &down);
        let cold = solve(instance, &cold, &Clock::start(), Duration::from_secs(1));
        let falls = judge::utilisation(instance, &running, &down).into_iter().fold(0.0, f64::max);
        let (gap, moved) = (mlu / cold.mlu - 1.0, quick.moved as f64 / instance.demands.len() as f64);
        println!(
            "| {name} | {down:?} | {falls:.4} | {:.4} | {mlu:.4} | {:+.3}% | {:.2}% | {seconds:.3} |",
            cold.mlu,
            100.0 * gap,
            100.0 * moved
        );
        found.push((gap, moved));
        if found.len() == FAILURES {
            break;
        }
    }
    found
}

fn without(kept: &Kept, down: &[u32], begun: &Clock) -> Rerouted {
    let allowed = (TIME - RESERVE).as_secs_f64();
    let clock = || begun.elapsed().as_secs_f64() / allowed;
    kept.without(down, Budget::Clock(&clock)).unwrap()
}

/// The highest utilisation with what is changed, as the judge sees it.
fn judged(instance: &Instance, running: &[Vec<WeightedList>], changed: &Rerouted, down: &[u32]) -> f64 {
    let mut lists = running.to_vec();
    changed.lists.iter().for_each(|(demand, list)| lists[*demand as usize].clone_from(list));
    let mlu = judge::utilisation(instance, &lists, down).into_iter().fold(0.0, f64::max);
    assert!((mlu / changed.mlu - 1.0).abs() < 1e-5, "the judge says {mlu}, the optimiser {}", changed.mlu);
    mlu
}

/// An edge and the first one the other way round.
fn both_ways(instance: &Instance, edge: usize) -> Vec<u32> {
    let it = instance.edges[edge];
    let back = instance.edges.iter().position(|other| (other.from, other.to) == (it.to, it.from));
    [Some(edge), back].into_iter().flatten().map(|edge| edge as u32).collect()
}

/// Whether a demand loses its way.
fn cuts(instance: &Instance, options: &Options) -> bool {
    let over = optimise::Budget::Clock(&|| 2.0);
    matches!(optimise::solve(instance, options, over), Err(Unsolvable::Demand { .. }))
}
