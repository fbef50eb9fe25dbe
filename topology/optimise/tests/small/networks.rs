//! Networks to try things on.

use model::dense::{Demand, Edge, Instance};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// A connected network with parallel links, equal-cost paths, and links of several sizes.
pub fn random(seed: u64, nodes: u32, demands: u32) -> Instance {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut edges = Vec::new();
    let mut link = |random: &mut ChaCha8Rng, a: u32, b: u32| {
        for (from, to) in [(a, b), (b, a)] {
            let capacity = f64::from(random.random_range(1..5_u32)) * 10.0;
            let delay = f64::from(random.random_range(1..10_u32));
            edges.push(Edge { from, to, metric: random.random_range(1..3), capacity, delay });
        }
    };
    for node in 1..nodes {
        let other = random.random_range(0..node);
        link(&mut random, node, other);
    }
    for _ in 0..nodes {
        let (a, b) = (random.random_range(0..nodes), random.random_range(0..nodes));
        if a != b {
            link(&mut random, a, b);
        }
    }
    let demands = (0..demands)
        .map(|_| Demand {
            from: random.random_range(0..nodes),
            to: random.random_range(0..nodes),
            volume: f64::from(random.random_range(0..20_u32)),
            max_delay: None,
        })
        .collect();
    Instance { nodes, edges, demands }
}

/// A ring of four: node 0 to node 2 by 1 (metric 2, slow, large) or by 3 (metric 4, fast, small).
pub fn diamond() -> Instance {
    let both = |a: u32, b: u32, metric: u32, capacity: f64, delay: f64| {
        [(a, b), (b, a)].map(|(from, to)| Edge { from, to, metric, capacity, delay })
    };
    let edges = [
        both(0, 1, 1, 10.0, 50.0),
        both(1, 2, 1, 10.0, 50.0),
        both(0, 3, 2, 5.0, 1.0),
        both(3, 2, 2, 5.0, 1.0),
    ];
    let demand = |volume| Demand { from: 0, to: 2, volume, max_delay: None };
    Instance { nodes: 4, edges: edges.concat(), demands: vec![demand(4.0), demand(3.0), demand(2.0)] }
}

/// Five nodes where a list wins only by how its ways divide: the demand from 4 to 2 is larger than most links, its cheapest lists by
/// linear prices cross themselves, and by node 1 it is divided best. Two more demands, each on its own.
pub fn crossing() -> Instance {
    let edge = |(from, to, metric, capacity)| Edge { from, to, metric, capacity, delay: 1.0 };
    let edges = [
        (0, 1, 2, 50.0),
        (1, 0, 3, 50.0),
        (1, 2, 2, 50.0),
        (2, 1, 2, 50.0),
        (2, 3, 1, 50.0),
        (3, 2, 1, 50.0),
        (3, 4, 2, 1000.0),
        (4, 3, 2, 1000.0),
        (4, 0, 1, 100.0),
        (0, 4, 3, 100.0),
        (0, 2, 3, 50.0),
        (1, 3, 1, 100.0),
        (3, 0, 1, 100.0),
        (0, 1, 2, 100.0),
    ];
    let demand = |(from, to, volume)| Demand { from, to, volume, max_delay: None };
    let demands = [(0, 4, 90.0), (4, 2, 120.0), (3, 0, 90.0)];
    Instance {
        nodes: 5,
        edges: edges.into_iter().map(edge).collect(),
        demands: demands.into_iter().map(demand).collect(),
    }
}
