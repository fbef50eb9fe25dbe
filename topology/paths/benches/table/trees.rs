//! Shortest-path trees on 10,000 nodes and 40,000 directed links, by several hands on the same sources in turn.

use std::{convert::Infallible, time::Duration};

use model::{Bandwidth, Graph, NodeIx};
use paths::{EdgeSet, Lead, MetricType, PathRequest, Trees, Workspace, capacities, shortest};
use petgraph::graph::{DiGraph, EdgeReference, NodeIndex};

use crate::{
    igraph,
    network::Builder,
    report::{Report, median, timed},
};

const NODES: usize = 10_000;
const LINKS: usize = 20_000;
const ROUNDS: u32 = 104;
const IN_TURN: usize = 8;

/// Times of one thing each.
#[derive(Default)]
struct Times {
    ours: Vec<Duration>,
    pruned: Vec<Duration>,
    pair: Vec<Duration>,
    pruned_pair: Vec<Duration>,
    petgraph: Vec<Duration>,
    rustworkx: Vec<Duration>,
}

pub fn measure(report: &mut Report) {
    let mut builder = Builder::new(NODES);
    builder.mesh(NODES, LINKS, 200..12_000, 10_000_000_000);
    let (_, graph) = builder.done();
    let mut times = take(&graph);
    let ours = median(&mut times.ours);
    report.say("tree, 10,000 nodes, 40,000 directed links: ours", format!("{ours:.2?}"));
    for (name, times) in [("petgraph", &mut times.petgraph), ("rustworkx-core", &mut times.rustworkx)] {
        let theirs = median(times);
        let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
        let line = format!("  {name}");
        report.promise(&line, format!("{theirs:.2?}, {ratio:.1} x ours"), "at least 3 x", ratio >= 3.0);
    }
    match igraph::tree(&edges(&graph), NODES, &sources()) {
        Ok(theirs) => {
            let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
            let value = format!("{theirs:.2?}, {ratio:.1} x ours");
            report.promise("  igraph", value, "slower than ours", ratio > 1.0);
        }
        Err(why) => report.say("  igraph", format!("skipped: {why}")),
    }
    let [pruned, pair, pruned_pair] =
        [&mut times.pruned, &mut times.pair, &mut times.pruned_pair].map(|times| median(times));
    let times = |pruned: Duration, plain: Duration| pruned.as_secs_f64() / plain.as_secs_f64();
    let ratio = times(pruned, ours);
    let value = format!("{pruned:.2?}, {ratio:.2} x plain");
    report.promise("tree with affinity, SRLG and bandwidth", value, "at most 2 x", ratio <= 2.0);
    report.say("path between two nodes, ties by id", format!("{pair:.2?}"));
    let ratio = times(pruned_pair, pair);
    let value = format!("{pruned_pair:.2?}, {ratio:.2} x plain");
    report.promise("path with affinity, SRLG and bandwidth", value, "at most 2 x", ratio <= 2.0);
}

/// In turn, so that all meet the same moods of the machine, and some sources at a time, so that each hand finds its own data in
/// the caches, as it does where it grows many trees.
fn take(graph: &Graph) -> Times {
    let (peer, free) = (peer(graph), capacities(graph));
    let mut trees = Trees::new(graph, MetricType::Delay, Lead::Away, &EdgeSet::default());
    let mut workspace = Workspace::new();
    let mut times = Times::default();
    for some in sources().chunks(IN_TURN) {
        let mut sums = Vec::new();
        let roots = || some.iter().copied().map(NodeIx);
        for root in roots() {
            let (time, sum) = timed(|| trees.grow(root).distances().iter().sum::<u64>());
            times.ours.push(time);
            sums.push(sum);
        }
        for root in roots() {
            let request = within(root);
            times.pruned.push(timed(|| trees.grow_within(root, &free, &request).distances().len()).0);
        }
        let mut path = |request| timed(|| shortest(graph, &free, &request, &mut workspace).is_ok()).0;
        times.pair.extend(roots().map(|root| path(PathRequest::new(root, across(root)))));
        times.pruned_pair.extend(roots().map(|root| path(within(root))));
        let starts = || some.iter().map(|source| NodeIndex::new(*source as usize)).zip(&sums);
        for (start, sum) in starts() {
            let (time, theirs) =
                timed(|| petgraph::algo::dijkstra(&peer, start, None, |edge| *edge.weight()));
            times.petgraph.push(time);
            assert_eq!(theirs.values().sum::<u64>(), *sum, "both find the same distances");
        }
        for (start, sum) in starts() {
            let (time, theirs) = timed(|| rustworkx_tree(&peer, start));
            times.rustworkx.push(time);
            assert_eq!(theirs.iter().flatten().sum::<u64>(), *sum, "both find the same distances");
        }
    }
    times
}

/// Half a network away.
fn across(root: NodeIx) -> NodeIx {
    NodeIx((root.0 + 5_000) % NODES as u32)
}

/// A request that prunes by affinity, risk group and bandwidth.
fn within(root: NodeIx) -> PathRequest {
    let mut request = PathRequest::new(root, across(root));
    request.bandwidth = Bandwidth::from_bps(1_000_000_000);
    request.avoid_affinity = 1;
    request.excluded.srlgs.insert(7);
    request
}

fn rustworkx_tree(peer: &DiGraph<(), u64>, start: NodeIndex) -> Vec<Option<u64>> {
    let delay = |edge: EdgeReference<'_, u64>| Ok::<u64, Infallible>(*edge.weight());
    rustworkx_core::shortest_path::dijkstra(peer, start, None, delay, None).unwrap_or_default()
}

fn sources() -> Vec<u32> {
    (0..ROUNDS).map(|round| round * 97 % NODES as u32).collect()
}

/// Start, end and delay of every edge.
fn edges(graph: &Graph) -> Vec<(u32, u32, u64)> {
    graph.edges().map(|(_, edge)| (edge.from.0, edge.to.0, edge.delay)).collect()
}

fn peer(graph: &Graph) -> DiGraph<(), u64> {
    let mut peer = DiGraph::new();
    let nodes: Vec<NodeIndex> = graph.nodes().map(|_| peer.add_node(())).collect();
    for (from, to, delay) in edges(graph) {
        peer.add_edge(nodes[from as usize], nodes[to as usize], delay);
    }
    peer
}
