use std::collections::BTreeSet;

use model::{NodeIx, Side};
use proptest::prelude::*;

use super::*;
use crate::{
    capacities, shortest,
    testing::{Ask, Net, Wish, any_ask, any_mesh, any_net, cost, edge},
};

const A: NodeIx = NodeIx(0);
const B: NodeIx = NodeIx(1);

/// Both paths from `n0` to `n1`.
fn pair(net: &Net, diversity: Diversity) -> (Graph, Vec<EdgeIx>, Result<Backup, Miss>) {
    let graph = net.graph();
    let free = capacities(&graph);
    let mut workspace = Workspace::new();
    let request = PathRequest::new(A, B);
    let primary = shortest(&graph, &free, &request, &mut workspace).unwrap().edges;
    let backup = backup(&graph, &free, &request, &primary, diversity, &mut workspace);
    (graph, primary, backup)
}

#[test]
fn a_parallel_link_is_a_backup_and_shares_nothing() {
    let (graph, _, backup) = pair(&Net::plain(2, &[(0, 1), (1, 0)]), Diversity::Node);
    let backup = backup.unwrap();
    assert!(backup.strict && backup.found.exact);
    assert_eq!(backup.found.edges, [edge(&graph, 1, Side::Z)]);
}

#[test]
fn a_stub_shares_its_only_line_and_says_so() {
    let (graph, _, backup) = pair(&Net::plain(4, &[(0, 2), (2, 1), (2, 3), (3, 1)]), Diversity::Link);
    let backup = backup.unwrap();
    assert!(!backup.strict && backup.found.exact);
    assert_eq!(backup.shared.links, [edge(&graph, 0, Side::A)]);
    assert_eq!(backup.shared.nodes, [NodeIx(2)]);
    assert_eq!(backup.found.edges.len(), 3);
}

#[test]
fn one_way_alone_has_no_backup() {
    let (_, _, backup) = pair(&Net::plain(3, &[(0, 2), (2, 1)]), Diversity::Link);
    assert_eq!(backup, Err(Miss { exact: true }));
}

#[test]
fn another_path_is_found_where_the_primary_itself_shares_no_more() {
    // Over the waypoint n2 by l0 out and back, or out by l0 and back by l1, which is slower; l2 is all that leads on.
    let mut net = Net::plain(3, &[(0, 2), (0, 2), (0, 1)]);
    net.lines[1].ways[0].bandwidth = 0;
    net.lines[1].ways.iter_mut().for_each(|way| way.delay = 9);
    let graph = net.graph();
    let free = capacities(&graph);
    let bandwidth = model::Bandwidth::from_bps(1);
    let request = PathRequest { waypoints: vec![NodeIx(2)], bandwidth, ..PathRequest::new(A, B) };
    let walk = |links: [(usize, Side); 3]| links.map(|(link, side)| edge(&graph, link, side));
    let primary = walk([(0, Side::A), (0, Side::Z), (2, Side::A)]);
    let other = backup(&graph, &free, &request, &primary, Diversity::Link, &mut Workspace::new()).unwrap();
    assert_eq!(other.found.edges, walk([(0, Side::A), (1, Side::Z), (2, Side::A)]));
    assert!(other.found.exact && !other.strict);
}

#[test]
fn a_risk_counts_once_however_many_links_lie_in_it() {
    // The primary (0-1) lies in r0 and r1. One way meets r0 twice, the other r0 and r1 once each.
    let mut net = Net::plain(4, &[(0, 1), (0, 2), (2, 1), (0, 3), (3, 1)]);
    for (line, srlg) in net.lines.iter_mut().zip([3, 1, 1, 1, 2]) {
        line.srlg = srlg;
    }
    for line in &mut net.lines[1..3] {
        line.ways[0].delay = 9;
    }
    let (graph, _, backup) = pair(&net, Diversity::Srlg);
    let backup = backup.unwrap();
    assert!(backup.found.exact);
    assert_eq!(backup.found.edges, [edge(&graph, 1, Side::A), edge(&graph, 2, Side::A)]);
    assert_eq!(backup.shared.srlgs, [0]);
}

#[test]
fn a_link_out_and_back_is_shared_once() {
    // Two lines lead to the waypoint n2, at which nothing else ends; from n0 two ways lead on.
    let mut net = Net::plain(5, &[(0, 2), (0, 2), (0, 3), (3, 1), (0, 4), (4, 1)]);
    for (line, delay) in net.lines.iter_mut().zip([10, 45, 10, 10, 50, 50]) {
        line.ways.iter_mut().for_each(|way| way.delay = delay);
    }
    let graph = net.graph();
    let free = capacities(&graph);
    let mut request = PathRequest { waypoints: vec![NodeIx(2)], ..PathRequest::new(A, B) };
    request.bounds.delay = Some(model::Delay::from_micros(120));
    let walk = |links: [(usize, Side); 4]| links.map(|(link, side)| edge(&graph, link, side));
    let primary = walk([(0, Side::A), (0, Side::Z), (2, Side::A), (3, Side::A)]);
    let backup = backup(&graph, &free, &request, &primary, Diversity::Link, &mut Workspace::new()).unwrap();
    // The other line there and back leaves time for the shared way only: two links instead of one.
    assert_eq!(backup.found.edges, walk([(0, Side::A), (0, Side::Z), (4, Side::A), (5, Side::A)]));
    assert_eq!((backup.shared.links.len(), backup.found.exact), (1, true));
}

/// The backup of any feasible path, against the list of all: the primary in use need not be the best one now.
fn check_backup(net: &Net, ask: &Ask, diversity: Diversity, wish: Wish) -> Result<(), TestCaseError> {
    let graph = net.graph();
    let free = capacities(&graph);
    let Some(request) = wish.request(&graph, ask) else { return Ok(()) };
    let all = wish.walks(&graph, &free, &request);
    let Some(primary) = all.get(ask.number() as usize / 64 % all.len().max(1)) else { return Ok(()) };
    let links = |path: &[EdgeIx]| path.iter().map(|edge| edge.0 / 2).collect::<BTreeSet<_>>();
    let inner = |path: &[EdgeIx]| {
        let nodes = path.iter().skip(1).map(|ix| graph.edge(*ix).from);
        let nodes = nodes.filter(|node| ![request.from, request.to].contains(node));
        nodes.map(|node| node.0).collect::<BTreeSet<_>>()
    };
    let risks =
        |path: &[EdgeIx]| path.iter().flat_map(|ix| graph.edge(*ix).srlg.to_vec()).collect::<BTreeSet<_>>();
    let count = |path: &Vec<EdgeIx>| {
        links(path).intersection(&links(primary)).count()
            + match diversity {
                Diversity::Link => 0,
                Diversity::Node => inner(path).intersection(&inner(primary)).count(),
                Diversity::Srlg => risks(path).intersection(&risks(primary)).count(),
            }
    };
    let others = wish.all_walks(&graph, &free, &request);
    let others = others.iter().filter(|path| *path != primary);
    let best = others.min_by_key(|path| (count(path), cost(&graph, &request, path)));
    match backup(&graph, &free, &request, primary, diversity, &mut Workspace::new()) {
        Ok(backup) => {
            prop_assert!(backup.found.exact);
            // The list of all walks ends somewhere.
            if wish.lists(&backup.found.edges) {
                prop_assert_eq!(Some(&backup.found.edges), best);
                prop_assert_eq!(backup.shared.count(diversity), count(&backup.found.edges));
                prop_assert_eq!(backup.strict, count(&backup.found.edges) == 0);
            }
        }
        Err(miss) => {
            prop_assert!(miss.exact);
            prop_assert_eq!(None, best);
        }
    }
    Ok(())
}

fn any_diversity() -> impl Strategy<Value = Diversity> {
    prop::sample::select(vec![Diversity::Link, Diversity::Node, Diversity::Srlg])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn the_backup_shares_least_and_is_then_the_best(
        net in any_net(6, 10), ask in any_ask(), diversity in any_diversity(),
    ) {
        check_backup(&net, &ask, diversity, Wish::Any)?;
    }

    #[test]
    fn under_tight_bounds_too_the_backup_shares_least(
        net in any_mesh(5, 10), ask in any_ask(), diversity in any_diversity(),
    ) {
        check_backup(&net, &ask, diversity, Wish::Tight)?;
    }

    #[test]
    fn renumbered_nodes_give_the_same_links(
        net in any_mesh(5, 10), ask in any_ask(), diversity in any_diversity(), waypoints in any::<bool>(),
        order in Just(vec![0, 1, 2, 3, 4]).prop_shuffle(),
    ) {
        let graph = net.graph();
        let mut request = ask.fit(&graph);
        if waypoints {
            request.waypoints = ask.waypoints(&graph);
        }
        let primary = shortest(&graph, &capacities(&graph), &request, &mut Workspace::new());
        let Ok(primary) = primary else { return Ok(()) };
        let links = |net: &Net, request: &PathRequest| {
            let graph = net.graph();
            let free = capacities(&graph);
            let found = backup(&graph, &free, request, &primary.edges, diversity, &mut Workspace::new());
            found.map(|backup| (backup.found.edges, backup.found.exact, backup.shared.links))
        };
        prop_assert_eq!(
            links(&net, &request),
            links(&net.renumbered(&order), &Ask::renumbered(&request, &order))
        );
    }

    #[test]
    fn through_waypoints_too_the_backup_shares_least(
        net in any_net(5, 8), ask in any_ask(), diversity in any_diversity(),
    ) {
        check_backup(&net, &ask, diversity, Wish::Waypoints)?;
    }

    /// Nothing but stops is asked, so that many walks cross a node or a link again.
    #[test]
    fn through_waypoints_alone_the_backup_shares_least(
        net in any_mesh(5, 8), ask in any_ask(), diversity in any_diversity(),
    ) {
        check_backup(&net, &ask.bare(), diversity, Wish::Waypoints)?;
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn over_things_to_visit_too_the_backup_shares_least(
        net in any_net(4, 5), ask in any_ask(), diversity in any_diversity(), bare in any::<bool>(),
    ) {
        check_backup(&net, &if bare { ask.bare() } else { ask }, diversity, Wish::Includes)?;
    }
}
