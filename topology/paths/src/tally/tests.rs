use model::{EdgeIx, Graph, Side, sr::LabelBlock};
use proptest::{collection::vec, prelude::*};

use super::*;
use crate::{
    Bounds, Miss, PathRequest, Ranking, Workspace, capacities, find, shortest,
    testing::{
        Ask, Line, Net, Way, all_walks, any_ask, any_mesh, any_net, any_segment_bound, cost, edge, feasible,
        idles, keeps, segments,
    },
};

const A: NodeIx = NodeIx(0);
const B: NodeIx = NodeIx(1);
const PLANES: [Dataplane; 2] = [Dataplane::Srv6, Dataplane::SrMpls];

fn within(most: u32, plane: Dataplane) -> Option<SegmentBound> {
    Some(SegmentBound { most, plane })
}

fn links(found: Result<crate::Found, impl std::fmt::Debug>) -> Vec<u32> {
    found.unwrap().edges.iter().map(|edge| edge.0 / 2).collect()
}

/// From `n0` to `n1`: quickly over `n2` and `n3`, by no link of which the IGP leads; by the IGP over the hub `n4`.
fn hub() -> Net {
    let mut net = Net::plain(5, &[(0, 2), (2, 3), (3, 1), (0, 4), (4, 1), (4, 2), (4, 3)]);
    for (line, (delay, igp)) in
        net.lines.iter_mut().zip([(1, 10), (1, 10), (1, 10), (5, 1), (5, 1), (50, 1), (50, 1)])
    {
        line.ways = [Way { delay, igp, ..Way::default() }; 2];
    }
    net
}

#[test]
fn where_the_best_path_needs_three_segments_a_bound_of_one_leaves_the_path_of_the_igp() {
    let graph = hub().graph();
    for plane in PLANES {
        let ask = |most| {
            let bounds = Bounds { segments: within(most, plane), ..Bounds::default() };
            let request = PathRequest { bounds, ..PathRequest::new(A, B) };
            links(shortest(&graph, &capacities(&graph), &request, &mut Workspace::new()))
        };
        assert_eq!([3, 2, 1].map(ask), [vec![0, 1, 2], vec![3, 4], vec![3, 4]]);
    }
}

/// A ring `n0 n1 n2 n3` with a second line between `n1` and `n2`, to be ridden from `n0` to `n3` by that line.
fn ring() -> (Graph, PathRequest) {
    let graph = Net::plain(4, &[(0, 1), (1, 2), (2, 3), (3, 0), (1, 2)]).graph();
    let mut request = PathRequest::new(A, NodeIx(3));
    [1, 3].into_iter().for_each(|link| request.excluded.edges.insert_link(edge(&graph, link, Side::A)));
    (graph, request)
}

#[test]
fn the_bound_knows_that_one_srv6_sid_pins_a_stretch_and_the_link_behind_it() {
    let (graph, mut request) = ring();
    let mut ask = |most, plane| {
        request.bounds.segments = within(most, plane);
        let found = find(&graph, &capacities(&graph), &request, &mut Workspace::new());
        found.map_err(|why| why.describe(&graph))
    };
    assert_eq!(links(ask(2, Dataplane::Srv6)), [0, 4, 2]);
    assert_eq!(links(ask(3, Dataplane::SrMpls)), [0, 4, 2]);
    assert_eq!(
        ask(2, Dataplane::SrMpls).unwrap_err(),
        "no path from n0 to n3 because of segments: the fewest segments are 3, 2 are allowed (n0 > n1 > n2 > n3)"
    );
}

#[test]
fn where_no_list_pins_any_path_the_explanation_says_so() {
    let mut net = Net::plain(3, &[(0, 2), (2, 1)]);
    net.sids = vec![false; 3];
    net.lines[1].ways[0].sid = false;
    let graph = net.graph();
    let mut request = PathRequest::new(A, B);
    request.bounds.segments = within(9, Dataplane::Srv6);
    let why = find(&graph, &capacities(&graph), &request, &mut Workspace::new()).unwrap_err();
    assert!(why.exact);
    assert_eq!(
        why.describe(&graph),
        "no path from n0 to n1 because of segments: no segments pin any path, 9 are allowed (n0 > n2 > n1)"
    );
}

#[test]
fn an_end_that_is_the_start_needs_no_segment() {
    let graph = hub().graph();
    let mut request = PathRequest::new(A, A);
    request.bounds.segments = within(0, Dataplane::Srv6);
    assert_eq!(links(shortest(&graph, &capacities(&graph), &request, &mut Workspace::new())), [0; 0]);
    request.to = B;
    let none = shortest(&graph, &capacities(&graph), &request, &mut Workspace::new());
    assert_eq!(none, Err(Miss { exact: true }));
}

#[test]
fn a_round_trip_that_saves_a_segment_is_no_path() {
    // `n2` has no SID and lies before a fork: from n0 over n2 to n1 by the longer of two links no list leads, but over n3 and back.
    let mut net = Net::plain(4, &[(0, 2), (2, 1), (0, 1), (2, 3)]);
    net.sids[2] = false;
    net.lines[0].ways[0].sid = false;
    net.lines[1].ways[0].sid = false;
    net.lines[2].ways = [Way { delay: 100, ..Way::default() }; 2];
    let graph = net.graph();
    let round: Vec<EdgeIx> = [(0, Side::A), (3, Side::A), (3, Side::Z), (1, Side::A)]
        .map(|(link, side)| edge(&graph, link, side))
        .to_vec();
    for plane in PLANES {
        assert_eq!(segments(&graph, &round, plane), Some(2));
        assert_eq!(segments(&graph, &[round[0], round[3]], plane), None);
        let mut request = PathRequest::new(A, B);
        request.bounds.segments = within(2, plane);
        assert_eq!(links(shortest(&graph, &capacities(&graph), &request, &mut Workspace::new())), [2]);
        for limit in 1..9 {
            let found =
                shortest(&graph, &capacities(&graph), &request, &mut Workspace::with_label_limit(limit));
            assert!(found.is_err() || links(found) == [2], "limit {limit}");
        }
    }
}

#[test]
fn nodes_that_cannot_be_told_apart_are_not_passed_and_nothing_is_called_proven() {
    // A chain of 150 nodes without SIDs that ends in two lines alike.
    let last = 151;
    let mut net = Net::plain(last + 1, &[(0, 2), (last, 1), (last, 1)]);
    net.sids[2..].iter_mut().for_each(|sid| *sid = false);
    net.lines.extend((2..last).map(|node| Line { ends: (node, node + 1), ..Line::default() }));
    net.lines
        .iter_mut()
        .flat_map(|line| &mut line.ways)
        .for_each(|way| *way = Way { sid: false, ..Way::default() });
    let graph = net.graph();
    let mut request = PathRequest::new(A, B);
    request.bounds.segments = within(3, Dataplane::Srv6);
    let none = shortest(&graph, &capacities(&graph), &request, &mut Workspace::new());
    assert_eq!(none, Err(Miss { exact: false }));
}

#[test]
fn past_the_label_limit_the_path_of_the_igp_is_at_hand() {
    let graph = hub().graph();
    let mut request = PathRequest::new(A, B);
    request.bounds.segments = within(1, Dataplane::SrMpls);
    let mut workspace = Workspace::with_label_limit(1);
    let found = shortest(&graph, &capacities(&graph), &request, &mut workspace).unwrap();
    assert!(!found.exact);
    assert_eq!(links(Ok::<_, Miss>(found)), [3, 4]);
}

/// The network, where every node has an SRGB of its own, some too small for some indices, and few have SIDs where `bare`.
fn frozen(net: &Net, numbers: &[u32], bare: bool, zero: bool) -> Graph {
    let mut net = net.clone();
    if bare {
        net.sids.iter_mut().zip(0..).for_each(|(sid, node)| *sid &= numbers[2] >> node & 1 == 1);
    }
    if zero {
        net.lines
            .iter_mut()
            .flat_map(|line| &mut line.ways)
            .for_each(|way| way.igp = way.igp.saturating_sub(1));
    }
    let mut ted = net.ted();
    for (place, node) in ted.nodes.values_mut().enumerate() {
        let base = [16_000, 16_000, 20_000][(numbers[0] >> (2 * place)) as usize % 4 % 3];
        node.srgb = LabelBlock { base, size: if numbers[1] >> place & 3 == 0 { 3 } else { 100 } };
    }
    Graph::freeze(&ted).unwrap()
}

fn best(graph: &Graph, free: &[u64], request: &PathRequest) -> Option<Vec<EdgeIx>> {
    feasible(graph, free, request).into_iter().min_by_key(|path| cost(graph, request, path))
}

/// A request that asks for few segments, and with `all` for whatever else was drawn.
fn asked(graph: &Graph, ask: &Ask, bound: SegmentBound, all: bool) -> PathRequest {
    let mut request = if all { ask.fit(graph) } else { ask.bare().fit(graph) };
    request.bounds.segments = Some(bound);
    request
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn within_few_segments_the_best_of_all_paths_is_found(
        net in any_net(7, 12), ask in any_ask(), bound in any_segment_bound(3), numbers in vec(any::<u32>(), 3),
        [all, bare, zero] in any::<[bool; 3]>(),
    ) {
        let graph = frozen(&net, &numbers, bare, zero);
        let free = capacities(&graph);
        let request = asked(&graph, &ask, bound, all);
        let best = best(&graph, &free, &request);
        match shortest(&graph, &free, &request, &mut Workspace::new()) {
            Ok(found) => {
                prop_assert!(found.exact);
                prop_assert_eq!(Some(found.edges), best);
            }
            Err(miss) => prop_assert_eq!((miss.exact, best), (true, None)),
        }
    }

    #[test]
    fn in_a_mesh_too_the_best_of_all_paths_is_found(
        net in any_mesh(6, 13), ask in any_ask(), bound in any_segment_bound(3), numbers in vec(any::<u32>(), 3),
        [prefer, bare, zero] in any::<[bool; 3]>(),
    ) {
        let graph = frozen(&net, &numbers, bare, zero);
        let free = capacities(&graph);
        let mut request = asked(&graph, &ask, bound, false);
        (request.from, request.to) = (A, B);
        if prefer {
            (request.prefer, request.prefer_over) = (vec![1, 2], 4);
        }
        let found = shortest(&graph, &free, &request, &mut Workspace::new());
        prop_assert!(found.as_ref().map_or_else(|miss| miss.exact, |found| found.exact));
        prop_assert_eq!(found.ok().map(|found| found.edges), best(&graph, &free, &request));
    }

    #[test]
    fn through_waypoints_too_the_best_walk_is_found(
        net in any_net(5, 7), ask in any_ask(), bound in any_segment_bound(4), numbers in vec(any::<u32>(), 3),
        [all, bare] in any::<[bool; 2]>(),
    ) {
        let graph = frozen(&net, &numbers, bare, false);
        let free = capacities(&graph);
        let mut request = asked(&graph, &ask, bound, all);
        request.waypoints = ask.waypoints(&graph);
        let best = best(&graph, &free, &request);
        match shortest(&graph, &free, &request, &mut Workspace::new()) {
            Ok(found) => {
                prop_assert!(found.exact);
                prop_assert_eq!(Some(found.edges), best);
            }
            Err(miss) => prop_assert_eq!((miss.exact, best), (true, None)),
        }
    }

    #[test]
    fn paths_within_few_segments_come_in_order(
        net in any_net(6, 8), ask in any_ask(), bound in any_segment_bound(3), numbers in vec(any::<u32>(), 3),
        [all, bare, zero] in any::<[bool; 3]>(),
    ) {
        let graph = frozen(&net, &numbers, bare, zero);
        let free = capacities(&graph);
        let request = asked(&graph, &ask, bound, all);
        let mut paths = feasible(&graph, &free, &request);
        paths.sort_by_cached_key(|path| cost(&graph, &request, path));
        let mut workspace = Workspace::new();
        let mut ranking = Ranking::new(&graph, &free, &request, &mut workspace);
        let found: Vec<Vec<EdgeIx>> = ranking.by_ref().map(|found| found.edges).collect();
        prop_assert!(ranking.exact());
        prop_assert_eq!(found, paths);
    }

    #[test]
    fn past_the_label_limit_a_path_still_keeps_the_bound_and_says_whether_it_is_proven(
        net in any_net(7, 12), ask in any_ask(), bound in any_segment_bound(3), numbers in vec(any::<u32>(), 3),
        [all, bare, zero] in any::<[bool; 3]>(), limit in 1_usize..12,
    ) {
        let graph = frozen(&net, &numbers, bare, zero);
        let free = capacities(&graph);
        let request = asked(&graph, &ask, bound, all);
        let best = best(&graph, &free, &request);
        match shortest(&graph, &free, &request, &mut Workspace::with_label_limit(limit)) {
            Ok(found) => {
                prop_assert!(feasible(&graph, &free, &request).contains(&found.edges));
                prop_assert!(!found.exact || Some(found.edges) == best);
            }
            Err(miss) => prop_assert!(!miss.exact || best.is_none()),
        }
    }

    /// Metrics of the same links change from search to search: what was kept of the IGP before must not be seen.
    #[test]
    fn one_memory_serves_many_states_of_the_igp(
        net in any_mesh(5, 10), bound in any_segment_bound(2), metrics in vec(vec(1_u32..4, 4), 3),
    ) {
        let mut graph = net.graph();
        let free = capacities(&graph);
        let mut request = PathRequest::new(A, B);
        request.bounds.segments = Some(bound);
        let mut workspace = Workspace::new();
        for metrics in metrics {
            for (ix, igp) in (0..graph.edge_count() as u32).zip(metrics.into_iter().cycle()) {
                graph.edge_mut(EdgeIx(ix)).igp = igp;
            }
            let found = shortest(&graph, &free, &request, &mut workspace);
            prop_assert_eq!(found.ok().map(|found| found.edges), best(&graph, &free, &request));
        }
    }

    #[test]
    fn renumbered_nodes_give_the_same_links(
        net in any_mesh(5, 10), ask in any_ask(), bound in any_segment_bound(3),
        order in Just(vec![0, 1, 2, 3, 4]).prop_shuffle(),
    ) {
        let request = asked(&net.graph(), &ask, bound, true);
        let links = |net: &Net, request: &PathRequest| {
            let graph = net.graph();
            shortest(&graph, &capacities(&graph), request, &mut Workspace::new()).map(|found| found.edges)
        };
        prop_assert_eq!(
            links(&net, &request),
            links(&net.renumbered(&order), &Ask::renumbered(&request, &order))
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_walk_takes_as_many_segments_as_the_encoder_says(
        net in any_net(5, 7), numbers in vec(any::<u32>(), 3), bare in any::<bool>(), zero in any::<bool>(),
        plane in prop::sample::select(PLANES.to_vec()),
    ) {
        let graph = frozen(&net, &numbers, bare, zero);
        let free = capacities(&graph);
        let mut request = PathRequest::new(A, B);
        request.bounds.segments = within(1, plane);
        let mut stretches = Stretches::default();
        for walk in all_walks(&graph, A, B, 4) {
            let problem = Problem::new(&graph, &free, &request);
            let mut tallies = Tallies::new(&problem, &mut stretches).unwrap();
            let count = tallies.fewest(&walk).map(|count| count as usize);
            prop_assert_eq!(count, segments(&graph, &walk, plane), "{:?}", walk);
        }
    }

    #[test]
    fn over_things_to_visit_too_the_best_walk_is_found(
        net in any_net(4, 4), ask in any_ask(), bound in any_segment_bound(4), numbers in vec(any::<u32>(), 3),
        [all, bare] in any::<[bool; 2]>(),
    ) {
        const LONGEST: usize = 7;
        let graph = frozen(&net, &numbers, bare, false);
        let free = capacities(&graph);
        let mut request = asked(&graph, &ask, bound, all);
        request.include = ask.includes(&graph);
        let is_asked = |walk: &Vec<EdgeIx>| keeps(&graph, &free, &request, walk) && !idles(&graph, &request, walk);
        let walks = all_walks(&graph, request.from, request.to, LONGEST);
        let best = walks.into_iter().filter(is_asked).min_by_key(|walk| cost(&graph, &request, walk));
        match shortest(&graph, &free, &request, &mut Workspace::new()) {
            Ok(found) => {
                prop_assert!(found.exact && is_asked(&found.edges));
                // The list of all walks ends somewhere.
                if found.edges.len() <= LONGEST {
                    prop_assert_eq!(Some(found.edges), best);
                }
            }
            Err(miss) => prop_assert_eq!((miss.exact, best), (true, None)),
        }
    }
}
