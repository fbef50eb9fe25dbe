//! A link fails: from the running lists to new ones.

use std::time::Duration;

use optimise::{Options, Unsolvable};

use crate::{Gaps, clock::Clock, instances::Published, judge, solve};

/// Failures that are tried on each instance: those of the most loaded links that do not cut the network.
const FAILURES: usize = 2;

/// Instances are every fifth, so that large and small ones are among them.
const EVERY: usize = 5;

/// Prints the table.
pub fn table(set: &[Published]) {
    println!("\n## A link fails: 50 ms from the running lists, against 1 s from nothing\n");
    println!(
        "| instance | edges down | as it falls | cold 1 s | 50 ms | above cold | demands moved | seconds |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let (mut gaps, mut moves) = (Vec::new(), Vec::new());
    for it in set.iter().step_by(if set.len() > 20 { EVERY } else { 1 }) {
        let instance = it.read();
        let running =
            solve(&instance, &Options::default(), &Clock::start(), Duration::from_secs(1)).solution.lists;
        let utilisation = judge::utilisation(&instance, &running, &[]);
        let mut order: Vec<usize> = (0..instance.edges.len()).collect();
        order.sort_by(|&a, &b| utilisation[b].total_cmp(&utilisation[a]).then(a.cmp(&b)));
        let mut tried = 0;
        for edge in order {
            let down = both_ways(&instance, edge);
            let cold = Options { down: down.clone(), ..Options::default() };
            if cuts(&instance, &cold) {
                continue;
            }
            let begun = Clock::start();
            let warm = Options { running: Some(running.clone()), ..cold.clone() };
            let quick = solve(&instance, &warm, &begun, Duration::from_millis(50));
            let cold = solve(&instance, &cold, &Clock::start(), Duration::from_secs(1));
            let falls = judge::utilisation(&instance, &running, &down).into_iter().fold(0.0, f64::max);
            let (gap, moved) =
                (quick.mlu / cold.mlu - 1.0, quick.solution.moved as f64 / instance.demands.len() as f64);
            println!(
                "| {} | {down:?} | {falls:.4} | {:.4} | {:.4} | {:+.3}% | {:.2}% | {:.3} |",
                it.name(),
                cold.mlu,
                quick.mlu,
                100.0 * gap,
                100.0 * moved,
                quick.seconds
            );
            gaps.push((gap, it.name().to_owned()));
            moves.push((moved, it.name().to_owned()));
            tried += 1;
            if tried == FAILURES {
                break;
            }
        }
    }
    println!();
    Gaps::new(gaps).say("above cold", "2%");
    Gaps::new(moves).say("demands moved", "below 10%");
}

/// An edge and the first one the other way round.
fn both_ways(instance: &model::dense::Instance, edge: usize) -> Vec<u32> {
    let it = instance.edges[edge];
    let back = instance.edges.iter().position(|other| (other.from, other.to) == (it.to, it.from));
    [Some(edge), back].into_iter().flatten().map(|edge| edge as u32).collect()
}

/// Whether a demand loses its way.
fn cuts(instance: &model::dense::Instance, options: &Options) -> bool {
    let over = optimise::Budget::Clock(&|| 2.0);
    matches!(optimise::solve(instance, options, over), Err(Unsolvable::Demand { .. }))
}
