use model::dense::Demand;

use super::*;

fn edge(from: u32, to: u32, capacity: f64) -> [Edge; 2] {
    [(from, to), (to, from)].map(|(from, to)| Edge { from, to, metric: 1, capacity, delay: 0.0 })
}

fn demand(from: u32, to: u32, volume: f64) -> Demand {
    Demand { from, to, volume, max_delay: None }
}

fn near(found: f64, wanted: f64) {
    assert!(found <= wanted, "{found} is no bound of {wanted}");
    assert!(found >= wanted * 0.999, "{found} is far below {wanted}");
}

/// From 0 to 3 by 1 (10), by 2 (20), and directly (10).
fn three_ways(demands: Vec<Demand>) -> Instance {
    let edges = [edge(0, 1, 10.0), edge(1, 3, 10.0), edge(0, 2, 20.0), edge(2, 3, 20.0), edge(0, 3, 10.0)];
    Instance { nodes: 4, edges: edges.concat(), demands }
}

#[test]
fn a_demand_that_can_be_divided_fills_all_ways_alike() {
    let instance = three_ways(vec![demand(0, 3, 30.0)]);
    near(floor(&instance, &Closed::default(), 10, 1.0).unwrap(), 0.75);
}

#[test]
fn the_cut_need_not_be_at_a_node() {
    // Two triangles with one line between them.
    let edges = [
        edge(0, 1, 90.0),
        edge(1, 2, 90.0),
        edge(0, 2, 90.0),
        edge(3, 4, 90.0),
        edge(4, 5, 90.0),
        edge(3, 5, 90.0),
        edge(2, 3, 10.0),
    ];
    let demands = vec![demand(0, 5, 4.0), demand(1, 4, 3.0), demand(4, 0, 2.0)];
    let instance = Instance { nodes: 6, edges: edges.concat(), demands };
    near(floor(&instance, &Closed::default(), 10, 1.0).unwrap(), 0.7);
}

#[test]
fn edges_that_are_closed_to_a_kind_of_demand_raise_the_bound() {
    let instance = three_ways(vec![demand(0, 3, 12.0)]);
    near(floor(&instance, &Closed::default(), 10, 1.0).unwrap(), 0.3);
    // Neither by 2 nor back: 12 over 20.
    let shut = (0..10).map(|edge| (4..8).contains(&edge)).collect();
    let closed = Closed { kinds: vec![shut], of: vec![Some(0)] };
    near(floor(&instance, &closed, 10, 1.0).unwrap(), 0.6);
    let nobody_waits = floor_while(&instance, &closed, 1_000_000, 1.0, &|| false).unwrap();
    near(nobody_waits, 0.3);
    let all = Closed { kinds: vec![vec![true; 10]], of: vec![Some(0)] };
    let why = floor(&instance, &all, 10, 1.0).unwrap_err();
    assert_eq!(why.to_string(), "demand 0: no way is open to it");
}

#[test]
fn nothing_promised_is_bounded_by_nothing() {
    let instance = three_ways(vec![demand(0, 3, 0.0), demand(1, 1, 5.0)]);
    assert!(floor(&instance, &Closed::default(), 10, 1.0).unwrap().abs() < f64::EPSILON);
}

#[test]
fn what_cannot_be_is_refused() {
    let good = || three_ways(vec![demand(0, 3, 1.0)]);
    let mut instance = good();
    instance.edges[0].capacity = 0.0;
    assert!(floor(&instance, &Closed::default(), 1, 1.0).unwrap_err().to_string().contains("capacity"));
    let mut instance = good();
    instance.demands[0].to = 9;
    assert!(floor(&instance, &Closed::default(), 1, 1.0).unwrap_err().to_string().contains("does not exist"));
}
