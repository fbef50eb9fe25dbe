//! Networks that nobody tuned for: made from a seed, up to 315 nodes and 98,910 demands.

use std::time::Duration;

use model::dense::{Demand, Edge, Instance};
use optimise::Options;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::{clock::Clock, solve};

/// Prints the table.
pub fn table() {
    println!("\n## Made networks, one list\n");
    println!("| nodes | edges | demands | time | ours | bound below ours | seconds |");
    println!("|---|---|---|---|---|---|---|");
    for (nodes, time) in [(60, 1000), (150, 1000), (315, 200), (315, 1000)] {
        let instance = made(nodes, 7);
        let judged = solve(&instance, &Options::default(), &Clock::start(), Duration::from_millis(time));
        println!(
            "| {nodes} | {} | {} | {time} ms | {:.6} | {:.3}% | {:.3} |",
            instance.edges.len(),
            instance.demands.len(),
            judged.mlu,
            100.0 * (1.0 - judged.solution.bound / judged.mlu),
            judged.seconds
        );
    }
}

/// Points on a plane, each linked to its nearest; demands between all pairs by the product of the sizes of their ends.
pub fn made(nodes: u32, seed: u64) -> Instance {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let points: Vec<(f64, f64, f64)> = (0..nodes)
        .map(|_| (random.random(), random.random(), random.random_range(0.0..2.0_f64).exp2().powi(2)))
        .collect();
    let distance = |a: u32, b: u32| {
        let ((x, y, _), (u, v, _)) = (points[a as usize], points[b as usize]);
        (x - u).hypot(y - v)
    };
    let mut edges = Vec::new();
    let mut link = |a: u32, b: u32, capacity: f64| {
        let metric = 1 + (distance(a, b) * 100.0) as u32;
        for (from, to) in [(a, b), (b, a)] {
            edges.push(Edge { from, to, metric, capacity, delay: f64::from(metric) });
        }
    };
    for node in 1..nodes {
        let mut near: Vec<u32> = (0..node).collect();
        near.sort_by(|&a, &b| distance(node, a).total_cmp(&distance(node, b)));
        for &other in near.iter().take(2) {
            link(node, other, [1e6, 2.5e6, 1e7][(node % 3) as usize]);
        }
    }
    let mut demands = Vec::new();
    for from in 0..nodes {
        for to in (0..nodes).filter(|&to| to != from) {
            let volume =
                10.0 * points[from as usize].2 * points[to as usize].2 * random.random_range(0.2..2.0_f64);
            demands.push(Demand { from, to, volume, max_delay: None });
        }
    }
    Instance { nodes, edges, demands }
}
