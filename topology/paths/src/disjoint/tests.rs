use std::collections::BTreeSet;

use model::{NodeIx, Side};
use proptest::prelude::*;

use super::*;
use crate::{
    capacities, shortest,
    testing::{Ask, Net, any_ask, any_mesh, any_net, cost, edge, feasible, simple_paths},
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

/// The backup of any feasible path, against the list of all: the primary in use need not be the best one now.
fn check_backup(net: &Net, ask: &Ask, diversity: Diversity, tight: bool) -> Result<(), TestCaseError> {
    let graph = net.graph();
    let free = capacities(&graph);
    let mut request = ask.fit(&graph);
    if tight {
        let simple = simple_paths(&graph, A, B);
        let Some(path) = simple.get(ask.number() as usize % simple.len().max(1)) else { return Ok(()) };
        request = ask.tight(&graph, A, B, path);
    }
    let all = feasible(&graph, &free, &request);
    let Some(primary) = all.get(ask.number() as usize / 64 % all.len().max(1)) else { return Ok(()) };
    let links = |path: &[EdgeIx]| path.iter().map(|edge| edge.0 / 2).collect::<BTreeSet<_>>();
    let inner =
        |path: &[EdgeIx]| path.iter().skip(1).map(|ix| graph.edge(*ix).from.0).collect::<BTreeSet<_>>();
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
    let best = all.iter().min_by_key(|path| (count(path), cost(&graph, &request, path))).unwrap();
    match backup(&graph, &free, &request, primary, diversity, &mut Workspace::new()) {
        Ok(backup) => {
            prop_assert_eq!(&backup.found.edges, best);
            prop_assert!(backup.found.exact);
            prop_assert_eq!(backup.shared.count(diversity), count(best));
            prop_assert_eq!(backup.strict, count(best) == 0);
        }
        Err(miss) => {
            prop_assert!(miss.exact);
            prop_assert_eq!(primary, best);
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
        check_backup(&net, &ask, diversity, false)?;
    }

    #[test]
    fn under_tight_bounds_too_the_backup_shares_least(
        net in any_mesh(5, 10), ask in any_ask(), diversity in any_diversity(),
    ) {
        check_backup(&net, &ask, diversity, true)?;
    }
}
