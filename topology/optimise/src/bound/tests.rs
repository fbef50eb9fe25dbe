use model::dense::{Demand, Edge, Instance};

use super::*;
use crate::{
    options::Options,
    pace::{Budget, Pace},
};

/// Many equal lines from node 0 to node 1, over which the one demand is divided, and one line on to node 2.
fn fan(lines: usize) -> Instance {
    let edge = |from, to| Edge { from, to, metric: 1, capacity: 1.0, delay: 0.0 };
    let edges = std::iter::repeat_n(edge(0, 1), lines).chain([edge(1, 2)]).collect();
    let demand = Demand { from: 0, to: 1, volume: 1.0, max_delay: None };
    Instance { nodes: 3, edges, demands: vec![demand] }
}

/// The mean over two thousand prices in single precision is further off than two roundings a hop.
#[test]
fn what_is_proven_holds_where_traffic_is_divided_over_many_lines() {
    let lines = 2_000;
    let options = Options { max_segments: 1, ..Options::default() };
    let problem = Problem::new(&fan(lines), &options).unwrap();
    let best = 1.0 / lines as f64;
    for price in 1..200 {
        // The line that nothing rides has the highest price, so that those of the others are no round numbers.
        let mut weights = vec![f64::from(price) / 200.0; lines];
        weights.push(1.0);
        let mut engine = Engine::new(&problem, Pace::new(Budget::Effort(1)), 0);
        let proof = prove(&mut engine, &weights, None);
        // What that line costs makes every bound a little weaker.
        let ridden = lines as f64 * f64::from((f64::from(price) / 200.0) as f32);
        let bound = proof.bound * (ridden + 1.0) / ridden;
        assert!(bound <= best * (1.0 + 1e-12), "price {price}: {bound} is no bound of {best}");
        assert!(bound >= best * 0.999, "price {price}: {bound} says little of {best}");
    }
}
