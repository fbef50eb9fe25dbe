use std::collections::BTreeSet;

use model::{Bandwidth, IgpMetric, Side};
use proptest::prelude::*;

use super::*;
use crate::testing::{Line, Net, Way, any_net, edge, simple_paths, sum};

mod ride;

fn metric(igp: u32) -> [Way; 2] {
    [Way { igp, ..Way::default() }; 2]
}

/// A ring of six nodes, all links alike but the last: `n0 n1 n2 n3 n4 n5`.
fn ring() -> Net {
    let mut net = Net::plain(6, &[]);
    for node in 0..6 {
        net.lines.push(Line { ends: (node, (node + 1) % 6), ways: metric(10), ..Line::default() });
    }
    net
}

fn repair(net: &Net, link: usize, side: Side, end: u32, protect: Protect) -> Repair {
    let graph = net.graph();
    let down = EdgeSet::default();
    let lost = edge(&graph, link, side);
    FastReroute::new(&graph, &down).repairs(lost, &[NodeIx(end)], protect).pop().unwrap()
}

fn list(repair: Repair) -> RepairList {
    let Repair::List(list) = repair else { panic!("{repair:?}") };
    list
}

#[test]
fn a_ring_needs_the_far_node_of_the_p_space_and_the_link_behind_it() {
    // n0 loses its link to n1. Before that all traffic between n2 and n3 goes round by this link, since their own is long.
    let mut net = ring();
    net.lines[2].ways = metric(100);
    let found = list(repair(&net, 0, Side::A, 1, Protect::Link));
    assert_eq!(found.path.len(), 5);
    let graph = net.graph();
    let across = edge(&graph, 2, Side::Z);
    assert_eq!(found.segments, [SegmentKind::Node(NodeIx(3)), SegmentKind::Adjacency(across)]);
    assert_eq!(found.release, NodeIx(2));
    assert_eq!(found.srv6_sids(&graph), 1);
}

#[test]
fn a_node_of_both_spaces_is_one_segment() {
    let found = list(repair(&ring(), 0, Side::A, 1, Protect::Link));
    assert_eq!((found.segments, found.release), (vec![SegmentKind::Node(NodeIx(3))], NodeIx(3)));
}

#[test]
fn a_neighbour_that_misses_the_failure_needs_no_list() {
    let mut net = ring();
    net.lines.push(Line { ends: (5, 1), ways: metric(11), ..Line::default() });
    let found = list(repair(&net, 0, Side::A, 1, Protect::Link));
    assert_eq!((found.segments.len(), found.release), (0, NodeIx(5)));
}

#[test]
fn other_shortest_paths_take_over() {
    let found = repair(&ring(), 0, Side::A, 3, Protect::Link);
    assert_eq!(found, Repair::EqualCost(vec![edge(&ring().graph(), 5, Side::Z)]));
}

#[test]
fn a_link_that_nothing_goes_round_loses_its_traffic() {
    let net = Net::plain(3, &[(0, 1), (1, 2)]);
    assert_eq!(repair(&net, 0, Side::A, 2, Protect::Link), Repair::None);
}

#[test]
fn the_node_behind_is_missed_too_where_it_is_protected() {
    // Beside the ring, n5 has a short way to n1: fine for the link, not for the node.
    let mut net = ring();
    net.lines.push(Line { ends: (5, 1), ways: metric(11), ..Line::default() });
    let graph = net.graph();
    let found = list(repair(&net, 0, Side::A, 2, Protect::Node));
    assert!(found.path.iter().all(|ix| graph.edge(*ix).to != NodeIx(1)));
    // The node itself is reached by its other link.
    assert_eq!(list(repair(&net, 0, Side::A, 1, Protect::Node)).release, NodeIx(5));
}

#[test]
fn what_the_repair_loads_is_measured_against_capacity() {
    let graph = ring().graph();
    let down = EdgeSet::default();
    let lost = edge(&graph, 0, Side::A);
    let carried = |amount| Carried { edge: lost, end: NodeIx(1), bandwidth: Bandwidth::from_bps(amount) };
    let mut loads = vec![0; graph.edge_count()];
    loads[lost.ix()] = 8;
    let round = edge(&graph, 3, Side::Z);
    loads[round.ix()] = 4;
    let mut reroute = FastReroute::new(&graph, &down);
    let moment = reroute.after(lost, &[carried(6)], &loads, Protect::Link);
    assert!(moment.fits());
    assert_eq!(moment.loads[&lost], Bandwidth::from_bps(2));
    assert_eq!(moment.loads[&round], Bandwidth::from_bps(10));
    let moment = reroute.after(lost, &[carried(8)], &loads, Protect::Link);
    assert_eq!(moment.over.iter().map(|over| over.edge).collect::<Vec<_>>(), [round]);
    assert_eq!(
        (moment.over[0].load, moment.over[0].capacity),
        (Bandwidth::from_bps(12), Bandwidth::from_bps(10))
    );
    let stub = Net::plain(2, &[(0, 1)]).graph();
    let lost = edge(&stub, 0, Side::A);
    let gone = Carried { edge: lost, end: NodeIx(1), bandwidth: Bandwidth::from_bps(3) };
    let moment = FastReroute::new(&stub, &down).after(lost, &[gone], &[3, 0], Protect::Link);
    assert_eq!((moment.lost, moment.fits()), (Bandwidth::from_bps(3), false));
}

/// The next hops of a node by listing all paths.
fn hops(graph: &Graph, closed: &EdgeSet, node: NodeIx, end: NodeIx) -> (Option<u64>, BTreeSet<EdgeIx>) {
    let usable = |path: &Vec<EdgeIx>| {
        path.iter().all(|ix| !closed.contains(*ix) && graph.edge(*ix).igp < IgpMetric::EXCLUDED.0)
            && path.iter().skip(1).all(|ix| !graph.is_overloaded(graph.edge(*ix).from))
    };
    let length = |path: &Vec<EdgeIx>| sum(graph, path, |edge| edge.igp.into());
    let paths: Vec<Vec<EdgeIx>> = simple_paths(graph, node, end).into_iter().filter(usable).collect();
    let least = paths.iter().map(length).min();
    let first = paths.iter().filter(|path| Some(length(path)) == least).filter_map(|path| path.first());
    (least, first.copied().collect())
}

/// All edge sequences by which packets may go from one node to another on old shortest paths.
fn ways(graph: &Graph, down: &EdgeSet, from: NodeIx, end: NodeIx) -> Vec<Vec<EdgeIx>> {
    let mut done = Vec::new();
    let mut open = vec![(from, Vec::new())];
    while let Some((node, path)) = open.pop() {
        if node == end {
            done.push(path);
            continue;
        }
        for hop in hops(graph, down, node, end).1 {
            open.push((graph.edge(hop).to, [&path[..], &[hop]].concat()));
        }
    }
    done
}

/// All that packets may do behind a router that pushes these segments and sends them over that edge.
fn repaired(graph: &Graph, down: &EdgeSet, list: &RepairList, end: NodeIx) -> Vec<Vec<EdgeIx>> {
    let mut all = vec![vec![list.path[0]]];
    for segment in list.segments.iter().chain([&SegmentKind::Node(end)]) {
        let mut next = Vec::new();
        for path in all {
            let at = graph.edge(path[path.len() - 1]).to;
            let more = match segment {
                SegmentKind::Adjacency(edge) if graph.edge(*edge).from == at => vec![vec![*edge]],
                SegmentKind::Node(node) => ways(graph, down, at, *node),
                _ => vec![],
            };
            next.extend(more.into_iter().map(|more| [&path[..], &more[..]].concat()));
        }
        all = next;
    }
    all
}

fn failed(graph: &Graph, lost: EdgeIx, end: NodeIx, protect: Protect) -> EdgeSet {
    let here = graph.edge(lost);
    let is_lost = |ix: EdgeIx| {
        let edge = graph.edge(ix);
        let at = |node: NodeIx| edge.from == node || edge.to == node;
        match protect {
            Protect::Node if end != here.to && at(here.to) => true,
            Protect::LocalSrlg if at(here.from) => edge.srlg.iter().any(|risk| here.srlg.contains(risk)),
            _ => false,
        }
    };
    graph.edges().map(|(ix, _)| ix).filter(|ix| ix.0 / 2 == lost.0 / 2 || is_lost(*ix)).collect()
}

fn any_protect() -> impl Strategy<Value = Protect> {
    prop::sample::select(vec![Protect::Link, Protect::Node, Protect::LocalSrlg])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever equal paths packets take, they miss the failure, arrive, and ride a shortest path of the converged network.
    #[test]
    fn repaired_packets_take_a_path_after_convergence(net in any_net(6, 9), protect in any_protect()) {
        let graph = net.graph();
        let down = EdgeSet::default();
        let mut reroute = FastReroute::new(&graph, &down);
        let ends: Vec<NodeIx> = graph.nodes().collect();
        for (lost, edge) in graph.edges() {
            if edge.from == edge.to {
                continue;
            }
            for (end, repair) in ends.iter().zip(reroute.repairs(lost, &ends, protect)) {
                if !hops(&graph, &down, edge.from, *end).1.contains(&lost) {
                    continue;
                }
                let failed = failed(&graph, lost, *end, protect);
                let (best, _) = hops(&graph, &failed, edge.from, *end);
                match repair {
                    Repair::None => prop_assert_eq!(best, None),
                    Repair::EqualCost(edges) => {
                        for next in edges {
                            for way in ways(&graph, &down, graph.edge(next).to, *end) {
                                prop_assert!(!way.iter().any(|edge| failed.contains(*edge)));
                            }
                        }
                    }
                    Repair::List(list) => {
                        let all = repaired(&graph, &down, &list, *end);
                        prop_assert!(!all.is_empty());
                        for way in &all {
                            prop_assert!(!way.iter().any(|edge| failed.contains(*edge)));
                            prop_assert_eq!(Some(sum(&graph, way, |edge| edge.igp.into())), best);
                        }
                        prop_assert!(all.contains(&list.path));
                        prop_assert_eq!(list.segments.len(), fewest(&graph, &failed, &list.path, *end));
                    }
                }
            }
        }
    }

    #[test]
    fn nothing_is_lost_or_made_on_the_way(net in any_net(6, 9), amount in 1_u64..1000, link in any::<u32>()) {
        let graph = net.graph();
        let down = EdgeSet::default();
        let lost = EdgeIx(2 * (link % (graph.edge_count() as u32 / 2)));
        let loads = vec![1_000_000; graph.edge_count()];
        for end in graph.nodes() {
            if !hops(&graph, &down, graph.edge(lost).from, end).1.contains(&lost) {
                continue;
            }
            let carried = Carried { edge: lost, end, bandwidth: Bandwidth::from_bps(amount) };
            let moment = FastReroute::new(&graph, &down).after(lost, &[carried], &loads, Protect::Link);
            if moment.lost > Bandwidth::ZERO {
                prop_assert_eq!(moment.lost.as_bps(), amount);
                continue;
            }
            // What changes flows in where it flows out.
            let change = |edge: EdgeIx| moment.loads.get(&edge).map_or(0, |load| load.as_bps() as i64 - 1_000_000);
            for node in graph.nodes() {
                let net: i64 = graph.out(node).iter().map(|out| change(*out) - change(out.reverse())).sum();
                prop_assert_eq!(net, 0);
            }
            prop_assert_eq!(change(lost), -(amount as i64));
        }
    }
}

/// The fewest segments that hold packets on a path until they are past the failure, by trying all lists.
fn fewest(graph: &Graph, failed: &EdgeSet, path: &[EdgeIx], end: NodeIx) -> usize {
    let down = EdgeSet::default();
    let nodes: Vec<NodeIx> = path.iter().map(|edge| graph.edge(*edge).to).collect();
    let clean = |from: NodeIx, to: NodeIx| {
        ways(graph, &down, from, to).iter().all(|way| !way.iter().any(|edge| failed.contains(*edge)))
    };
    let mut best = vec![usize::MAX; nodes.len()];
    best[0] = 0;
    for at in 0..nodes.len() {
        for next in at + 1..nodes.len() {
            if next == at + 1 || clean(nodes[at], nodes[next]) {
                best[next] = best[next].min(best[at] + 1);
            }
        }
    }
    (0..nodes.len()).filter(|at| clean(nodes[*at], end)).map(|at| best[at]).min().unwrap()
}
