use model::{EdgeIx, Graph, NodeIx};
use proptest::prelude::*;

use super::*;
use crate::{
    capacities,
    testing::{Ask, Net, Wish, any_ask, any_mesh, any_net, broken, cost, feasible},
};

const A: NodeIx = NodeIx(0);
const B: NodeIx = NodeIx(1);

fn ask(net: &Net, count: u8, apart: Apart) -> Together {
    let graph = net.graph();
    let request = PathRequest::new(A, B);
    together(&graph, &capacities(&graph), &request, count, apart, &mut Workspace::new()).unwrap()
}

fn links(together: &Together) -> Vec<Vec<u32>> {
    together.paths.iter().map(|path| path.edges.iter().map(|edge| edge.0 / 2).collect()).collect()
}

/// The trap of Suurballe's paper: the best path crosses both paths of the only pair.
fn trap() -> Net {
    let mut net = Net::plain(6, &[(0, 2), (2, 3), (3, 1), (0, 4), (4, 3), (2, 5), (5, 1)]);
    for slow in [3, 4, 5, 6] {
        net.lines[slow].ways.iter_mut().for_each(|way| way.delay = 3);
    }
    net
}

#[test]
fn a_pair_exists_where_the_best_path_is_in_no_pair() {
    let net = trap();
    let pair = ask(&net, 2, Apart::NODE);
    assert!(pair.strict && pair.exact);
    assert_eq!(links(&pair), [[0, 5, 6], [3, 4, 2]]);
    let graph = net.graph();
    let mut workspace = Workspace::new();
    let request = PathRequest::new(A, B);
    let first = crate::shortest(&graph, &capacities(&graph), &request, &mut workspace).unwrap();
    let backup = crate::backup(
        &graph,
        &capacities(&graph),
        &request,
        &first.edges,
        model::intent::Diversity::Link,
        &mut workspace,
    );
    assert!(!backup.unwrap().strict, "one after the other does not find it");
}

#[test]
fn three_paths_share_what_they_must_and_say_so() {
    let stub = Net::plain(3, &[(0, 2), (2, 1), (2, 1), (2, 1)]);
    let three = ask(&stub, 3, Apart::NODE);
    assert!(!three.strict && three.exact);
    // The stub and the node behind it, each used twice more than once.
    assert_eq!((three.paths.len(), three.count), (3, 4));
    assert_eq!((three.shared.links.len(), three.shared.nodes.len()), (1, 1));
    // A third way that is no farther from the others than a copy of one of them is not listed.
    let square = Net::plain(4, &[(0, 2), (2, 1), (0, 3), (3, 1), (2, 3)]);
    let two = ask(&square, 3, Apart::LINK);
    assert_eq!((two.paths.len(), two.count, two.strict), (2, 0, false));
}

#[test]
fn one_way_alone_is_named_once() {
    let single = ask(&Net::plain(3, &[(0, 2), (2, 1)]), 2, Apart::NODE);
    assert_eq!((single.paths.len(), single.strict, single.exact), (1, false, true));
}

#[test]
fn sites_are_kept_apart_as_a_whole() {
    // Two ways, each over two nodes; the quick ones lie in one site.
    let mut net = Net::plain(5, &[(0, 2), (2, 1), (0, 3), (3, 1), (0, 4), (4, 1)]);
    net.sites = vec![0, 1, 2, 2, 3];
    net.lines[4].ways.iter_mut().for_each(|way| way.delay = 9);
    let pair = ask(&net, 2, Apart::SITE);
    assert!(pair.strict && pair.exact);
    assert_eq!(links(&pair), [[0, 1], [4, 5]]);
    let near = ask(&net, 2, Apart::NODE);
    assert_eq!(near.shared.sites.len(), 1);
}

#[test]
fn an_end_that_a_walk_crosses_is_not_a_thing_to_share() {
    // A-W twice, A-X, X-Y, Y-B, W-Y, X-B, A-Z, Z-B: through W, two walks can share the node X or Y alone.
    let mut net = Net::plain(6, &[(0, 2), (0, 2), (0, 3), (3, 4), (4, 1), (2, 4), (3, 1), (0, 5), (5, 1)]);
    for (line, delay) in net.lines.iter_mut().zip([1, 1, 1, 1, 1, 100, 100, 20, 20]) {
        line.ways.iter_mut().for_each(|way| way.delay = delay);
    }
    let graph = net.graph();
    let request = PathRequest { waypoints: vec![NodeIx(2)], ..PathRequest::new(A, B) };
    let free = capacities(&graph);
    let pair = together(&graph, &free, &request, 2, Apart::NODE, &mut Workspace::new()).unwrap();
    // Both visit W, and neither shares anything else.
    assert_eq!((pair.count, pair.exact), (1, true));
    assert_eq!(pair.shared.nodes, [NodeIx(2)]);
}

#[test]
fn past_the_branch_limit_the_set_is_valid_and_not_called_exact() {
    // A ladder of which every rung's two sides lie in one risk each way round.
    let mut net = Net::plain(8, &[]);
    for rung in [(0, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 1)] {
        for srlg in [1, 2, 3] {
            net.lines.push(crate::testing::Line { ends: rung, srlg, ..Default::default() });
        }
    }
    let graph = net.graph();
    let request = PathRequest::new(A, B);
    let mut workspace = Workspace::new();
    workspace.branch_limit = 3;
    let cut = together(&graph, &capacities(&graph), &request, 3, Apart::SRLG, &mut workspace).unwrap();
    assert!(!cut.exact && cut.paths.len() == 3);
}

/// Fewest shared, least sum, smallest edges, of all ways to choose that many paths with repetition.
type Value = (usize, [u64; 4], Vec<Vec<EdgeIx>>);

fn value(graph: &Graph, request: &PathRequest, apart: Apart, paths: &[Vec<EdgeIx>]) -> Value {
    let mut sum = [0; 4];
    for path in paths {
        let (demerits, metric, delay, hops, _) = cost(graph, request, path);
        for (sum, value) in sum.iter_mut().zip([demerits, metric, delay, hops as u64]) {
            *sum += value;
        }
    }
    let mut things = std::collections::BTreeMap::<String, usize>::new();
    for path in paths {
        let ends = [graph.site(request.from), graph.site(request.to)];
        let mut mine = std::collections::BTreeSet::new();
        for (place, ix) in path.iter().enumerate() {
            let edge = graph.edge(*ix);
            mine.insert(format!("link {}", ix.0 / 2));
            if apart.srlgs {
                mine.extend(edge.srlg.iter().map(|risk| format!("risk {risk}")));
            }
            if place > 0 && apart.nodes && ![request.from, request.to].contains(&edge.from) {
                mine.insert(format!("node {}", edge.from.0));
            }
            let site = graph.site(edge.from);
            if place > 0 && apart.sites && site.is_some() && !ends.contains(&site) {
                mine.insert(format!("site {site:?}"));
            }
        }
        mine.into_iter().for_each(|thing| *things.entry(thing).or_default() += 1);
    }
    let mut sorted = paths.to_vec();
    sorted.sort();
    (things.values().map(|users| users - 1).sum(), sum, sorted)
}

fn best(
    graph: &Graph,
    request: &PathRequest,
    apart: Apart,
    all: &[Vec<EdgeIx>],
    chosen: &[Vec<EdgeIx>],
    more: u8,
) -> Option<Value> {
    if more == 0 {
        return Some(value(graph, request, apart, chosen));
    }
    let next = |place: usize| {
        let chosen = [chosen, &all[place..=place]].concat();
        best(graph, request, apart, &all[place..], &chosen, more - 1)
    };
    (0..all.len()).filter_map(next).min()
}

fn check(net: &Net, ask: &Ask, apart: Apart, count: u8, wish: Wish) -> Result<(), TestCaseError> {
    let graph = net.graph();
    let free = capacities(&graph);
    let Some(request) = wish.request(&graph, ask) else { return Ok(()) };
    if request.from == request.to {
        return Ok(());
    }
    let all = wish.walks(&graph, &free, &request);
    if all.len() > 14 {
        return Ok(());
    }
    let best = best(&graph, &request, apart, &all, &[], count);
    let found = match together(&graph, &free, &request, count, apart, &mut Workspace::new()) {
        Ok(found) => found,
        Err(miss) => {
            prop_assert!(miss.exact);
            prop_assert_eq!(best, None);
            return Ok(());
        }
    };
    prop_assert!(found.exact);
    if !found.paths.iter().all(|path| wish.lists(&path.edges)) {
        return Ok(());
    }
    let (shared, sum, edges) = best.unwrap();
    let mut paths: Vec<Vec<EdgeIx>> = found.paths.iter().map(|found| found.edges.clone()).collect();
    for path in &paths {
        for constraint in crate::Constraint::ALL {
            prop_assert_eq!(broken(&graph, &free, &request, path, constraint), 0);
        }
    }
    let distinct = paths.len();
    // One that could only repeat another stands once in the answer.
    let fill = (0..distinct)
        .map(|place| {
            let more = vec![paths[place].clone(); usize::from(count) - distinct];
            value(&graph, &request, apart, &[&paths[..], &more[..]].concat())
        })
        .min()
        .unwrap();
    prop_assert_eq!((fill.0, fill.1), (shared, sum));
    prop_assert_eq!(found.strict, shared == 0 && distinct == usize::from(count));
    let slices: Vec<&[EdgeIx]> = paths.iter().map(Vec::as_slice).collect();
    prop_assert_eq!(found.count, value(&graph, &request, apart, &paths).0);
    prop_assert_eq!(&found.shared, &Shared::among(&graph, &slices));
    let polynomial = !apart.srlgs && !apart.sites && request.bounds == Bounds::default() && !wish.has_stops();
    if polynomial && distinct == usize::from(count) {
        paths.sort();
        prop_assert_eq!(paths, edges);
    }
    Ok(())
}

fn any_apart() -> impl Strategy<Value = Apart> {
    any::<[bool; 3]>().prop_map(|[nodes, srlgs, sites]| Apart { nodes, srlgs, sites })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn pairs_and_triples_share_least_and_are_then_the_best(
        net in any_net(6, 10), ask in any_ask(), apart in any_apart(), count in 2_u8..4,
    ) {
        check(&net, &ask, apart, count, Wish::Any)?;
    }

    #[test]
    fn under_tight_bounds_too_pairs_share_least(
        net in any_mesh(5, 9), ask in any_ask(), apart in any_apart(), count in 2_u8..4,
    ) {
        check(&net, &ask, apart, count, Wish::Tight)?;
    }

    #[test]
    fn through_waypoints_too_pairs_share_least(
        net in any_net(5, 8), ask in any_ask(), apart in any_apart(), count in 2_u8..4,
    ) {
        check(&net, &ask, apart, count, Wish::Waypoints)?;
    }

    /// Nothing but stops is asked, so that many walks cross a node or a link again.
    #[test]
    fn through_waypoints_alone_pairs_share_least(
        net in any_mesh(5, 8), ask in any_ask(), apart in any_apart(), count in 2_u8..4,
    ) {
        check(&net, &ask.bare(), apart, count, Wish::Waypoints)?;
    }

    /// Where only links and nodes are kept apart ties are broken by link, so nothing depends on how nodes are numbered.
    #[test]
    fn renumbered_nodes_give_the_same_links(
        net in any_mesh(5, 9), ask in any_ask(), nodes in any::<bool>(), count in 2_u8..4,
        order in Just(vec![0, 1, 2, 3, 4]).prop_shuffle(),
    ) {
        let apart = Apart { nodes, ..Apart::LINK };
        let request = PathRequest { bounds: Bounds::default(), ..ask.fit(&net.graph()) };
        let links = |net: &Net, request: &PathRequest| {
            let graph = net.graph();
            let found = together(&graph, &capacities(&graph), request, count, apart, &mut Workspace::new());
            found.map(|found| (links(&found), found.count, found.strict, found.exact))
        };
        prop_assert_eq!(
            links(&net, &request),
            links(&net.renumbered(&order), &Ask::renumbered(&request, &order))
        );
    }

    /// Many ties: only the smallest edge numbers tell sets apart.
    #[test]
    fn among_equal_sets_the_smallest_edges_win(
        net in any_mesh(5, 9), nodes in any::<bool>(), count in 2_u8..4,
    ) {
        let mut net = net;
        for way in net.lines.iter_mut().flat_map(|line| &mut line.ways) {
            *way = crate::testing::Way::default();
        }
        let graph = net.graph();
        let free = capacities(&graph);
        let request = PathRequest::new(A, B);
        let apart = Apart { nodes, ..Apart::LINK };
        let all = feasible(&graph, &free, &request);
        if all.len() > 14 {
            return Ok(());
        }
        let best = best(&graph, &request, apart, &all, &[], count);
        let found = together(&graph, &free, &request, count, apart, &mut Workspace::new());
        let mut paths: Vec<Vec<EdgeIx>> =
            found.into_iter().flat_map(|found| found.paths).map(|found| found.edges).collect();
        paths.sort();
        let (.., mut edges) = best.unwrap_or_default();
        edges.dedup();
        prop_assert_eq!(paths, edges);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn over_things_to_visit_too_pairs_share_least(
        net in any_net(4, 5), ask in any_ask(), apart in any_apart(), bare in any::<bool>(),
    ) {
        check(&net, &if bare { ask.bare() } else { ask }, apart, 2, Wish::Includes)?;
    }
}
