use model::{Bandwidth, Delay, EdgeIx, Graph, Loss, NodeIx, Price, Side, intent::Minimise};
use proptest::prelude::*;

use super::*;
use crate::{
    capacities, spare,
    testing::{
        Ask, Line, Net, Way, all_walks, any_ask, any_mesh, any_net, broken, cost, edge, feasible, idles,
        keeps, link_id, node_id, simple_paths,
    },
    to_path,
};

const A: NodeIx = NodeIx(0);
const B: NodeIx = NodeIx(1);

fn hops(graph: &Graph, found: &Found) -> Vec<String> {
    found.edges.iter().map(|edge| graph.hop(*edge).to_string()).collect()
}

fn ask_links(net: &Net, request: &PathRequest) -> Result<Vec<String>, Miss> {
    let graph = net.graph();
    shortest(&graph, &capacities(&graph), request, &mut Workspace::new()).map(|found| hops(&graph, &found))
}

/// The best feasible path of all.
fn best(graph: &Graph, free: &[u64], request: &PathRequest) -> Option<Vec<EdgeIx>> {
    feasible(graph, free, request).into_iter().min_by_key(|path| cost(graph, request, path))
}

/// Two parallel lines of equal cost from `n0` to `n1`.
fn twins() -> Net {
    Net::plain(2, &[(0, 1), (1, 0)])
}

#[test]
fn of_equal_parallel_links_the_smaller_id_wins() {
    assert_eq!(ask_links(&twins(), &PathRequest::new(A, B)).unwrap(), ["l00>"]);
    assert_eq!(ask_links(&twins(), &PathRequest::new(B, A)).unwrap(), ["l00<"]);
}

#[test]
fn an_end_that_is_the_start_needs_no_link() {
    assert_eq!(ask_links(&twins(), &PathRequest::new(A, A)).unwrap(), [""; 0]);
    let graph = twins().graph();
    let path = to_path(&graph, A, &[], Bandwidth::ZERO);
    assert_eq!(path.nodes, [node_id(0)]);
}

#[test]
fn metrics_of_zero_do_not_go_in_circles() {
    let mut net = Net::plain(4, &[(0, 1), (1, 2), (2, 0), (2, 3), (0, 0)]);
    for line in &mut net.lines {
        line.ways = [Way { delay: 0, ..Way::default() }; 2];
    }
    assert_eq!(ask_links(&net, &PathRequest::new(A, NodeIx(3))).unwrap(), ["l02<", "l03>"]);
}

#[test]
fn a_link_of_metric_16777215_is_for_other_metrics_only() {
    let mut net = twins();
    net.lines.truncate(1);
    net.lines[0].ways[0].igp = 0x00ff_ffff;
    let by = |minimise| PathRequest { minimise, ..PathRequest::new(A, B) };
    assert_eq!(ask_links(&net, &by(Minimise::Igp)), Err(Miss { exact: true }));
    assert_eq!(ask_links(&net, &by(Minimise::Te)).unwrap(), ["l00>"]);
}

#[test]
fn an_overloaded_node_carries_no_transit_but_is_an_end_and_a_waypoint() {
    let mut net = Net::plain(3, &[(0, 2), (2, 1)]);
    net.overload[2] = true;
    let middle = NodeIx(2);
    assert_eq!(ask_links(&net, &PathRequest::new(A, B)), Err(Miss { exact: true }));
    assert_eq!(ask_links(&net, &PathRequest::new(A, middle)).unwrap(), ["l00>"]);
    assert_eq!(ask_links(&net, &PathRequest::new(middle, B)).unwrap(), ["l01>"]);
    let through = PathRequest { waypoints: vec![middle], ..PathRequest::new(A, B) };
    assert_eq!(ask_links(&net, &through).unwrap(), ["l00>", "l01>"]);
}

#[test]
fn a_waypoint_behind_one_line_is_visited_and_left_by_it() {
    let net = Net::plain(3, &[(0, 1), (0, 2)]);
    let chain = PathRequest { waypoints: vec![NodeIx(2)], ..PathRequest::new(A, B) };
    assert_eq!(ask_links(&net, &chain).unwrap(), ["l01>", "l01<", "l00>"]);
}

#[test]
fn a_walk_that_crosses_a_link_twice_needs_its_bandwidth_twice() {
    // Both waypoints lie behind the one link, on either side of it.
    let net = Net::plain(3, &[(0, 1), (1, 2)]);
    let walk = |bandwidth| PathRequest {
        waypoints: vec![NodeIx(2), A],
        bandwidth: Bandwidth::from_bps(bandwidth),
        ..PathRequest::new(A, B)
    };
    assert_eq!(ask_links(&net, &walk(5)).unwrap(), ["l00>", "l01>", "l01<", "l00<", "l00>"]);
    assert_eq!(ask_links(&net, &walk(6)), Err(Miss { exact: true }));
}

#[test]
fn a_slower_walk_that_leaves_room_for_its_way_back_is_found() {
    // From S to B over W. The short way to W rides the link S to P, which the way on needs again, and it has room for one crossing.
    let (s, b, p, w, q) = (0, 1, 2, 3, 4);
    let mut net = Net::plain(5, &[(s, p), (p, w), (p, b), (s, w), (s, q), (q, w)]);
    for (line, rooms) in net.lines.iter_mut().zip([[10, 0], [10, 1], [10, 0], [1, 10], [10, 0], [10, 0]]) {
        for (way, room) in line.ways.iter_mut().zip(rooms) {
            way.bandwidth = room;
        }
    }
    for line in &mut net.lines[4..] {
        line.ways[0].delay = 100;
    }
    let request = PathRequest {
        waypoints: vec![NodeIx(w as u32)],
        bandwidth: Bandwidth::from_bps(6),
        ..PathRequest::new(NodeIx(s as u32), NodeIx(b as u32))
    };
    assert_eq!(ask_links(&net, &request).unwrap(), ["l04>", "l05>", "l03<", "l00>", "l02>"]);
    let graph = net.graph();
    assert!(shortest(&graph, &capacities(&graph), &request, &mut Workspace::new()).unwrap().exact);
}

#[test]
fn an_excluded_site_is_kept_off_and_an_included_one_is_visited_at_any_of_its_nodes() {
    // Three ways from n0 to n1, over n2, n3 and n4, each slower than the one before; n2 and n3 are of one site, n4 of another.
    let mut net = Net::plain(5, &[(0, 2), (2, 1), (0, 3), (3, 1), (0, 4), (4, 1)]);
    net.sites = vec![crate::testing::NO_SITE, crate::testing::NO_SITE, 0, 0, 1];
    for (line, delay) in net.lines.iter_mut().zip([1, 1, 2, 2, 3, 3]) {
        line.ways = [Way { delay, ..Way::default() }; 2];
    }
    let graph = net.graph();
    let site = |name: &str| graph.sites.iter().position(|site| site.as_str() == name).unwrap() as u32;
    let off = |names: &[&str]| {
        let mut request = PathRequest::new(A, B);
        names.iter().for_each(|name| request.excluded.insert_site(&graph, site(name)));
        ask_links(&net, &request)
    };
    assert_eq!(off(&[]).unwrap(), ["l00>", "l01>"]);
    assert_eq!(off(&["s0"]).unwrap(), ["l04>", "l05>"]);
    assert_eq!(off(&["s1"]).unwrap(), ["l00>", "l01>"]);
    assert_eq!(off(&["s0", "s1"]), Err(Miss { exact: true }));
    let over = |names: &[&str]| {
        let sites = names.iter().map(|name| crate::Include::Site(site(name))).collect();
        let include = crate::Includes::new(sites).unwrap();
        ask_links(&net, &PathRequest { include, ..PathRequest::new(A, B) })
    };
    assert_eq!(over(&["s0"]).unwrap(), ["l00>", "l01>"]);
    assert_eq!(over(&["s1"]).unwrap(), ["l04>", "l05>"]);
    // Over one node of the first site, and out and back to the only one of the other.
    let both = over(&["s0", "s1"]).unwrap();
    assert!(both.contains(&"l04>".to_owned()) || both.contains(&"l05<".to_owned()), "{both:?}");
    // Where the site's first node is shut, another one of it serves.
    let mut request = PathRequest::new(A, B);
    request.include = crate::Includes::new(vec![crate::Include::Site(site("s0"))]).unwrap();
    request.excluded.nodes.insert(NodeIx(2));
    assert_eq!(ask_links(&net, &request).unwrap(), ["l02>", "l03>"]);
}

#[test]
fn preferred_lines_are_ridden_in_order_and_never_bend_the_core() {
    // Two lines to n3, from n1 (affinity b, short) and from n2 (affinity a, long); n0 is the core.
    let mut net = Net::plain(4, &[(0, 1), (0, 2), (1, 3), (2, 3)]);
    net.lines[2].affinity = 2;
    net.lines[3].affinity = 1;
    net.lines[3].ways = [Way { delay: 50, ..Way::default() }; 2];
    let request = |prefer: Vec<u128>, prefer_over| PathRequest {
        prefer,
        prefer_over,
        ..PathRequest::new(A, NodeIx(3))
    };
    assert_eq!(ask_links(&net, &request(vec![], 0)).unwrap(), ["l00>", "l02>"]);
    assert_eq!(ask_links(&net, &request(vec![1, 2], 0)).unwrap(), ["l01>", "l03>"]);
    assert_eq!(ask_links(&net, &request(vec![2, 1], 0)).unwrap(), ["l00>", "l02>"]);
    assert_eq!(ask_links(&net, &request(vec![1], 2)).unwrap(), ["l01>", "l03>"]);
    // A preference is no constraint: where the preferred line is too slow the next one serves.
    let mut fast = request(vec![1, 2], 0);
    fast.bounds.delay = Some(Delay::from_micros(10));
    assert_eq!(ask_links(&net, &fast).unwrap(), ["l00>", "l02>"]);
}

#[test]
fn two_bounds_that_pull_apart_lose_no_path() {
    // Each of four hops offers a fast dear line and a slow cheap one; only two of each keep both bounds.
    let mut net = Net::plain(5, &[]);
    for hop in 0..4 {
        for (delay, price) in [(1, 10), (10, 1)] {
            let way = Way { delay, ..Way::default() };
            net.lines.push(Line { ends: (hop, hop + 1), ways: [way; 2], price, ..Line::default() });
        }
    }
    let mut request = PathRequest { minimise: Minimise::Hops, ..PathRequest::new(A, NodeIx(4)) };
    request.bounds.delay = Some(Delay::from_micros(22));
    request.bounds.price = Some(Price(22));
    let graph = net.graph();
    let found = shortest(&graph, &capacities(&graph), &request, &mut Workspace::new()).unwrap();
    assert!(found.exact);
    assert_eq!((found.totals.delay.as_micros(), found.totals.price.0), (22, 22));
    request.bounds.price = Some(Price(21));
    assert_eq!(ask_links(&net, &request), Err(Miss { exact: true }));
}

#[test]
fn loss_is_put_together_as_the_answer_reports_it() {
    let mut net = Net::plain(3, &[(0, 2), (2, 1)]);
    for line in &mut net.lines {
        line.ways[0].loss = 500_000_000;
    }
    let graph = net.graph();
    let found =
        shortest(&graph, &capacities(&graph), &PathRequest::new(A, B), &mut Workspace::new()).unwrap();
    assert_eq!(found.totals.loss, Loss::from_ppb(750_000_000));
    let path = found.to_path(&graph, spare(&found.edges, &capacities(&graph)));
    assert_eq!(path.loss, found.totals.loss);
    assert_eq!(path.spare, Bandwidth::from_bps(10));
    assert_eq!(path.hops.iter().map(|hop| hop.link.clone()).collect::<Vec<_>>(), [link_id(0), link_id(1)]);
    assert_eq!(found.edges, [edge(&graph, 0, Side::A), edge(&graph, 1, Side::A)]);
}

/// A request on another network leaves its traces in the memory; they must not be seen.
fn used_workspace(net: &Net, ask: &Ask, limit: usize) -> Workspace {
    let mut workspace = Workspace::with_label_limit(limit);
    let graph = net.graph();
    let _ = shortest(&graph, &capacities(&graph), &ask.fit(&graph), &mut workspace);
    workspace
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn shortest_is_the_best_of_all_feasible_paths(
        net in any_net(7, 11), ask in any_ask(), other in any_net(4, 5), decoy in any_ask(),
    ) {
        let graph = net.graph();
        let free = capacities(&graph);
        let request = ask.fit(&graph);
        let mut workspace = used_workspace(&other, &decoy, LIMIT);
        let found = shortest(&graph, &free, &request, &mut workspace);
        let best = best(&graph, &free, &request);
        match found {
            Ok(found) => {
                prop_assert!(found.exact);
                prop_assert_eq!(Some(found.edges), best);
            }
            Err(miss) => {
                prop_assert!(miss.exact);
                prop_assert_eq!(None, best);
            }
        }
    }

    #[test]
    fn under_bounds_that_one_path_just_keeps_the_best_such_path_is_found(
        net in any_mesh(5, 12), ask in any_ask(),
    ) {
        let graph = net.graph();
        let free = capacities(&graph);
        let to = NodeIx(4);
        let all = simple_paths(&graph, A, to);
        if all.is_empty() {
            return Ok(());
        }
        let request = ask.tight(&graph, A, to, &all[ask.number() as usize % all.len()]);
        let found = shortest(&graph, &free, &request, &mut Workspace::new()).unwrap();
        prop_assert!(found.exact);
        prop_assert_eq!(Some(found.edges), best(&graph, &free, &request));
    }

    /// Only names and values may decide: nodes that are numbered otherwise are settled and tied in another order.
    #[test]
    fn shuffled_nodes_give_the_same_links(
        net in any_mesh(5, 12), ask in any_ask(), order in Just(vec![0, 1, 2, 3, 4]).prop_shuffle(),
    ) {
        let graph = net.graph();
        let Some(path) = simple_paths(&graph, A, NodeIx(4)).pop() else { return Ok(()) };
        let request = ask.tight(&graph, A, NodeIx(4), &path);
        let mut shuffled = net.clone();
        for line in &mut shuffled.lines {
            line.ends = (order[line.ends.0], order[line.ends.1]);
        }
        let ends = PathRequest {
            from: NodeIx(order[0] as u32),
            to: NodeIx(order[4] as u32),
            ..request.clone()
        };
        prop_assert_eq!(ask_links(&net, &request), ask_links(&shuffled, &ends));
    }

    #[test]
    fn waypoints_are_visited_in_order_by_the_best_walk(net in any_net(5, 7), ask in any_ask()) {
        let graph = net.graph();
        let free = capacities(&graph);
        let mut request = ask.fit(&graph);
        request.waypoints = ask.waypoints(&graph);
        let best = best(&graph, &free, &request);
        match shortest(&graph, &free, &request, &mut Workspace::new()) {
            Ok(found) => {
                prop_assert!(found.exact);
                prop_assert_eq!(Some(found.edges), best);
            }
            Err(miss) => {
                prop_assert!(miss.exact);
                prop_assert_eq!(None, best);
            }
        }
    }

    /// Rooms for one or two crossings everywhere, and nothing else asked.
    #[test]
    fn a_walk_that_comes_back_has_room_for_each_crossing(
        net in any_mesh(5, 9), ask in any_ask(), bandwidth in 1_u64..4, limit in 1_usize..200,
    ) {
        let graph = net.graph();
        let free = capacities(&graph);
        let request = PathRequest {
            waypoints: ask.waypoints(&graph),
            bandwidth: Bandwidth::from_bps(bandwidth),
            ..ask.bare().fit(&graph)
        };
        let best = best(&graph, &free, &request);
        let found = shortest(&graph, &free, &request, &mut Workspace::new());
        prop_assert!(found.as_ref().map_or_else(|miss| miss.exact, |found| found.exact));
        prop_assert_eq!(found.ok().map(|found| found.edges), best.clone());
        match shortest(&graph, &free, &request, &mut Workspace::with_label_limit(limit)) {
            Ok(found) => {
                prop_assert!(feasible(&graph, &free, &request).contains(&found.edges));
                prop_assert!(!found.exact || Some(found.edges) == best);
            }
            Err(miss) => prop_assert!(!miss.exact || best.is_none()),
        }
    }

    #[test]
    fn past_the_label_limit_a_path_is_still_feasible_and_says_whether_it_is_proven(
        net in any_net(7, 11), ask in any_ask(), limit in 1_usize..12,
    ) {
        let graph = net.graph();
        let free = capacities(&graph);
        let request = ask.fit(&graph);
        let best = best(&graph, &free, &request);
        match shortest(&graph, &free, &request, &mut Workspace::with_label_limit(limit)) {
            Ok(found) => {
                for constraint in crate::Constraint::ALL {
                    prop_assert_eq!(broken(&graph, &free, &request, &found.edges, constraint), 0);
                }
                prop_assert!(!found.exact || Some(&found.edges) == best.as_ref());
                prop_assert!(simple_paths(&graph, request.from, request.to).contains(&found.edges));
            }
            Err(miss) => prop_assert!(!miss.exact || best.is_none()),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn things_to_visit_are_visited_by_the_best_walk(
        net in any_net(4, 4), ask in any_ask(), waypoint in any::<bool>(),
    ) {
        let graph = net.graph();
        let free = capacities(&graph);
        let mut request = ask.fit(&graph);
        request.include = ask.includes(&graph);
        if waypoint {
            request.waypoints = ask.waypoints(&graph).into_iter().take(1).collect();
        }
        let stops = |walk: &Vec<EdgeIx>| {
            let at = |place: usize| match place.checked_sub(1) {
                None => request.from,
                Some(before) => graph.edge(walk[before]).to,
            };
            request.waypoints.iter().all(|stop| (0..=walk.len()).any(|place| at(place) == *stop))
        };
        let keeps = |walk: &Vec<EdgeIx>| {
            stops(walk) && keeps(&graph, &free, &request, walk) && !idles(&graph, &request, walk)
        };
        let walks = all_walks(&graph, request.from, request.to, LONGEST);
        let best = walks.into_iter().filter(keeps).min_by_key(|walk| cost(&graph, &request, walk));
        match shortest(&graph, &free, &request, &mut Workspace::new()) {
            Ok(found) => {
                prop_assert!(found.exact && keeps(&found.edges));
                // The list of all walks ends somewhere.
                if found.edges.len() <= LONGEST {
                    prop_assert_eq!(Some(found.edges), best);
                }
            }
            Err(miss) => {
                prop_assert!(miss.exact);
                prop_assert_eq!(None, best);
            }
        }
    }
}

/// Up to how many links the list of all walks goes.
const LONGEST: usize = 7;
const LIMIT: usize = crate::LABEL_LIMIT;

/// The limit must bite somewhere, or the test above says nothing.
#[test]
fn a_low_label_limit_gives_up_and_says_so() {
    let mut net = Net::plain(9, &[]);
    for hop in 0..8 {
        for (delay, price) in [(1, 10), (10, 1), (4, 5)] {
            let way = Way { delay, ..Way::default() };
            net.lines.push(Line { ends: (hop, hop + 1), ways: [way; 2], price, ..Line::default() });
        }
    }
    let mut request = PathRequest { minimise: Minimise::Te, ..PathRequest::new(A, NodeIx(8)) };
    request.bounds.delay = Some(Delay::from_micros(40));
    request.bounds.price = Some(Price(45));
    let graph = net.graph();
    let free = capacities(&graph);
    let full = shortest(&graph, &free, &request, &mut Workspace::new()).unwrap();
    assert!(full.exact);
    let cut = shortest(&graph, &free, &request, &mut Workspace::with_label_limit(10));
    assert!(!cut.map_or_else(|miss| miss.exact, |found| found.exact));
}
