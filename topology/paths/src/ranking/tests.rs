use model::{Bandwidth, NodeIx};
use proptest::prelude::*;

use super::*;
use crate::{
    capacities,
    testing::{Ask, Net, any_ask, any_mesh, any_net, cost, feasible, simple_paths},
};

const A: NodeIx = NodeIx(0);
const B: NodeIx = NodeIx(1);

#[test]
fn paths_come_in_order_until_there_are_no_more() {
    let graph = Net::plain(4, &[(0, 1), (0, 2), (2, 1), (0, 3), (3, 2)]).graph();
    let free = capacities(&graph);
    let request = PathRequest::new(A, B);
    let mut workspace = Workspace::new();
    let paths = k_shortest(&graph, &free, &request, 9, &mut workspace).unwrap();
    let lengths: Vec<u32> = paths.iter().map(|found| found.totals.hops).collect();
    assert_eq!(lengths, [1, 2, 3]);
    assert!(paths.iter().all(|found| found.exact));
    assert_eq!(k_shortest(&graph, &free, &request, 1, &mut workspace).unwrap(), paths[..1]);
}

#[test]
fn a_walk_that_needs_a_link_twice_is_passed_over_where_it_fits_once() {
    // The waypoint n2 is reached by l0 and left by l1, or by l2 both ways round.
    let graph = Net::plain(3, &[(0, 2), (2, 1), (0, 1)]).graph();
    let free = capacities(&graph);
    let request = PathRequest {
        waypoints: vec![NodeIx(2), A],
        bandwidth: Bandwidth::from_bps(10),
        ..PathRequest::new(A, B)
    };
    let mut workspace = Workspace::new();
    let mut ranking = Ranking::new(&graph, &free, &request, &mut workspace);
    let all: Vec<Found> = ranking.by_ref().collect();
    assert!(ranking.exact());
    let fits = |found: &Found| {
        let once = |edge| found.edges.iter().filter(|other| *other == edge).count() == 1;
        found.edges.iter().all(once)
    };
    assert!(!all.is_empty() && all.iter().all(fits));
}

#[test]
fn ends_without_a_way_have_no_paths() {
    let graph = Net::plain(3, &[(0, 2)]).graph();
    let free = capacities(&graph);
    let none = k_shortest(&graph, &free, &PathRequest::new(A, B), 3, &mut Workspace::new());
    assert_eq!(none, Err(Miss { exact: true }));
    let here = k_shortest(&graph, &free, &PathRequest::new(A, A), 3, &mut Workspace::new()).unwrap();
    assert_eq!(here.len(), 1);
}

fn check(graph: &Graph, request: &PathRequest) -> Result<(), TestCaseError> {
    let free = capacities(graph);
    let mut all = feasible(graph, &free, request);
    all.sort_by_cached_key(|path| cost(graph, request, path));
    let mut workspace = Workspace::new();
    let mut ranking = Ranking::new(graph, &free, request, &mut workspace);
    let found: Vec<Vec<EdgeIx>> = ranking.by_ref().map(|found| found.edges).collect();
    prop_assert!(ranking.exact());
    prop_assert_eq!(found, all);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn all_feasible_paths_come_in_order(net in any_net(6, 9), ask in any_ask()) {
        let graph = net.graph();
        check(&graph, &ask.fit(&graph))?;
    }

    #[test]
    fn under_tight_bounds_too_all_come_in_order(net in any_mesh(5, 9), ask in any_ask()) {
        let graph = net.graph();
        let all = simple_paths(&graph, A, B);
        if let Some(path) = all.get(ask.number() as usize % all.len().max(1)) {
            check(&graph, &ask.tight(&graph, A, B, path))?;
        }
    }

    #[test]
    fn renumbered_nodes_give_the_same_links_in_the_same_order(
        net in any_mesh(5, 8), ask in any_ask(), order in Just(vec![0, 1, 2, 3, 4]).prop_shuffle(),
    ) {
        let request = ask.fit(&net.graph());
        let links = |net: &Net, request: &PathRequest| {
            let graph = net.graph();
            let found = k_shortest(&graph, &capacities(&graph), request, 8, &mut Workspace::new());
            found.map(|paths| paths.into_iter().map(|path| path.edges).collect::<Vec<_>>())
        };
        prop_assert_eq!(
            links(&net, &request),
            links(&net.renumbered(&order), &Ask::renumbered(&request, &order))
        );
    }

    /// Walks through waypoints: no node twice in one leg.
    #[test]
    fn through_waypoints_too_all_come_in_order(net in any_net(4, 5), ask in any_ask()) {
        let graph = net.graph();
        let mut request = ask.fit(&graph);
        request.waypoints = through(&ask, &graph, &request);
        check(&graph, &request)?;
    }
}

/// Waypoints that no leg can pass before its turn: the brute force lists legs one by one.
fn through(ask: &Ask, graph: &Graph, request: &PathRequest) -> Vec<NodeIx> {
    ask.waypoints(graph).into_iter().filter(|node| *node != request.from && *node != request.to).collect()
}
