use model::EdgeIx;
use proptest::prelude::*;

use super::*;
use crate::{
    Includes, capacities,
    testing::{Net, Way, any_ask, any_net, broken, loss, segments, simple_paths, sum},
};

const A: NodeIx = NodeIx(0);
const B: NodeIx = NodeIx(1);

fn why(net: &Net, request: &PathRequest) -> String {
    let graph = net.graph();
    why_not(&graph, &capacities(&graph), request, &mut Workspace::new()).unwrap().describe(&graph)
}

/// `n0` to `n1` over `n2`, 10 bit/s, 4 ms and 5 ms.
fn line() -> Net {
    let mut net = Net::plain(3, &[(0, 2), (2, 1)]);
    net.lines[0].ways[0] = Way { delay: 4_000, ..Way::default() };
    net.lines[1].ways[0] = Way { delay: 5_000, ..Way::default() };
    net
}

#[test]
fn a_path_that_exists_needs_no_explanation() {
    let graph = line().graph();
    assert_eq!(why_not(&graph, &capacities(&graph), &PathRequest::new(A, B), &mut Workspace::new()), None);
}

#[test]
fn a_delay_bound_that_bites_is_named_with_the_least_delay() {
    let mut request = PathRequest::new(A, B);
    request.bounds.delay = Some(Delay::from_micros(7_500));
    assert_eq!(
        why(&line(), &request),
        "no path from n0 to n1 because of delay: the least delay is 9ms, 1.5ms over 7.5ms (n0 > n2 > n1)"
    );
}

#[test]
fn bandwidth_that_bites_is_named_with_what_is_free() {
    let request = PathRequest { bandwidth: Bandwidth::from_bps(11), ..PathRequest::new(A, B) };
    assert_eq!(
        why(&line(), &request),
        "no path from n0 to n1 because of bandwidth: at most 10bps of 11bps are free (n0 > n2 > n1)"
    );
}

#[test]
fn two_constraints_that_bite_together_are_named_together() {
    let mut request = PathRequest { encrypted: true, ..PathRequest::new(A, B) };
    request.bounds.hops = Some(1);
    assert_eq!(why(&line(), &request), "no path from n0 to n1 because of hops and encryption together");
}

#[test]
fn who_is_not_to_blame_where_three_bite_together_is_not_named() {
    // Every way has two links of 10 bit/s in the clear; they are cheap, and without the affinity that is avoided.
    let mut request = PathRequest { encrypted: true, avoid_affinity: 1, ..PathRequest::new(A, B) };
    request.bandwidth = Bandwidth::from_bps(11);
    request.bounds.hops = Some(1);
    request.bounds.price = Some(Price(100));
    assert_eq!(
        why(&line(), &request),
        "no path from n0 to n1 because of hops and bandwidth and encryption together"
    );
}

#[test]
fn an_overloaded_node_is_named() {
    let mut net = line();
    net.overload[2] = true;
    assert_eq!(
        why(&net, &PathRequest::new(A, B)),
        "no path from n0 to n1 because of overloaded nodes: 1 node on it is overloaded (n0 > n2 > n1)"
    );
}

#[test]
fn the_waypoint_that_cannot_be_visited_is_left_out() {
    let net = Net::plain(4, &[(0, 2), (2, 1)]);
    let request = PathRequest { waypoints: vec![NodeIx(2), NodeIx(3)], ..PathRequest::new(A, B) };
    assert_eq!(
        why(&net, &request),
        "no path from n0 to n1 because of waypoints: 1 waypoint is left out (n0 > n2 > n1)"
    );
}

#[test]
fn the_thing_that_cannot_be_visited_is_left_out() {
    let net = Net::plain(4, &[(0, 2), (2, 1)]);
    let things = vec![Include::Node(NodeIx(3)), Include::Link(EdgeIx(2))];
    let request = PathRequest { include: Includes::new(things).unwrap(), ..PathRequest::new(A, B) };
    assert_eq!(
        why(&net, &request),
        "no path from n0 to n1 because of included nodes, links or sites: 1 thing to visit is left out (n0 > n2 > n1)"
    );
}

#[test]
fn without_any_way_the_network_is_not_connected() {
    let net = Net::plain(2, &[(0, 0)]);
    assert_eq!(why(&net, &PathRequest::new(A, B)), "no way leads from n0 to n1, whatever is allowed");
}

/// The best value that a path which breaks only this constraint reaches, as the explanation counts it.
fn least(
    graph: &Graph,
    free: &[u64],
    request: &PathRequest,
    which: Constraint,
    paths: &[&Vec<EdgeIx>],
) -> u64 {
    let value = |path: &&Vec<EdgeIx>| match which {
        Constraint::Delay => sum(graph, path, |edge| edge.delay),
        Constraint::Jitter => sum(graph, path, |edge| edge.jitter),
        Constraint::Loss => u64::from(loss(graph, path).as_ppb()),
        Constraint::Hops => path.len() as u64,
        Constraint::Price => sum(graph, path, |edge| edge.price),
        Constraint::Segments => segments(graph, path, request.bounds.segments.unwrap().plane)
            .map_or(u64::MAX, |count| count as u64),
        Constraint::Bandwidth => u64::MAX - path.iter().map(|edge| free[edge.ix()]).min().unwrap(),
        _ => broken(graph, free, request, path, which) as u64,
    };
    paths.iter().map(value).min().unwrap()
}

fn told(excess: Excess) -> u64 {
    match excess {
        Excess::Delay(best, _) => best.as_micros(),
        Excess::Jitter(best, _) => best.as_micros(),
        Excess::Loss(best, _) => u64::from(best.as_ppb()),
        Excess::Hops(best, _) => u64::from(best),
        Excess::Price(best, _) => best.0,
        Excess::Segments(best, _) => best.map_or(u64::MAX, u64::from),
        Excess::Bandwidth(free, _) => u64::MAX - free.as_bps(),
        Excess::Times(count) => u64::from(count),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn the_first_constraint_whose_lifting_is_enough_is_named_with_the_nearest_path(
        net in any_net(6, 9), ask in any_ask(),
    ) {
        let graph = net.graph();
        let free = capacities(&graph);
        let request = ask.fit(&graph);
        let paths = simple_paths(&graph, request.from, request.to);
        let breaks = |path: &Vec<EdgeIx>| -> Vec<Constraint> {
            Constraint::ALL.into_iter().filter(|c| broken(&graph, &free, &request, path, *c) > 0).collect()
        };
        let told_reason = why_not(&graph, &free, &request, &mut Workspace::new()).map(|why| why.reason);
        if paths.iter().any(|path| breaks(path).is_empty()) {
            prop_assert_eq!(told_reason, None);
            return Ok(());
        }
        let alone = Constraint::ALL.into_iter().find(|c| paths.iter().any(|path| breaks(path) == [*c]));
        match told_reason {
            None => prop_assert!(false, "no explanation"),
            Some(Reason::Disconnected) => prop_assert!(paths.is_empty()),
            Some(Reason::Constraint { which, nearest, excess }) => {
                prop_assert_eq!(Some(which), alone);
                prop_assert_eq!(breaks(&nearest.edges), vec![which]);
                let candidates: Vec<&Vec<EdgeIx>> =
                    paths.iter().filter(|path| breaks(path) == [which]).collect();
                let best = least(&graph, &free, &request, which, &candidates);
                prop_assert_eq!(told(excess), best);
                prop_assert_eq!(least(&graph, &free, &request, which, &[&nearest.edges]), best);
            }
            Some(Reason::Together(several)) => {
                prop_assert_eq!(alone, None);
                let within = |set: &[Constraint]| {
                    paths.iter().any(|path| breaks(path).iter().all(|c| set.contains(c)))
                };
                prop_assert!(within(&several));
                let pair = several.iter().any(|a| several.iter().any(|b| within(&[*a, *b])));
                prop_assert!(several.len() == 2 || !pair);
                for innocent in &several {
                    let rest: Vec<Constraint> = several.iter().copied().filter(|c| c != innocent).collect();
                    prop_assert!(!within(&rest), "{innocent} is not to blame: {rest:?} are enough");
                }
            }
        }
    }
}
