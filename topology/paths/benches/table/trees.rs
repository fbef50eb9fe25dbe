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
const ROUNDS: u32 = 101;

pub fn measure(report: &mut Report) {
    let mut builder = Builder::new(NODES);
    builder.mesh(NODES, LINKS, 200..12_000, 10_000_000_000);
    let (_, graph) = builder.done();
    let peer = peer(&graph);
    let free = capacities(&graph);
    let mut trees = Trees::new(&graph, MetricType::Delay, Lead::Away, &EdgeSet::default());
    let mut workspace = Workspace::new();
    let [mut ours, mut pruned, mut petgraph, mut rustworkx, mut pair, mut pruned_pair] =
        [const { Vec::<Duration>::new() }; 6];
    for source in sources() {
        let root = NodeIx(source);
        let (time, sum) = timed(|| trees.grow(root).distances().iter().sum::<u64>());
        ours.push(time);
        let mut request = PathRequest::new(root, NodeIx((source + 5_000) % NODES as u32));
        pair.push(timed(|| shortest(&graph, &free, &request, &mut workspace).is_ok()).0);
        request.bandwidth = Bandwidth::from_bps(1_000_000_000);
        request.avoid_affinity = 1;
        request.excluded.srlgs.insert(7);
        pruned.push(timed(|| trees.grow_within(root, &free, &request).distances().len()).0);
        pruned_pair.push(timed(|| shortest(&graph, &free, &request, &mut workspace).is_ok()).0);
        let start = NodeIndex::new(source as usize);
        let (time, theirs) = timed(|| petgraph::algo::dijkstra(&peer, start, None, |edge| *edge.weight()));
        petgraph.push(time);
        assert_eq!(theirs.values().sum::<u64>(), sum, "both find the same distances");
        let (time, theirs) = timed(|| rustworkx_tree(&peer, start));
        rustworkx.push(time);
        assert_eq!(theirs.iter().flatten().sum::<u64>(), sum, "both find the same distances");
    }
    let ours = median(&mut ours);
    report.say("tree, 10,000 nodes, 40,000 directed links: ours", format!("{ours:.0?}"));
    for (name, times) in [("petgraph", &mut petgraph), ("rustworkx-core", &mut rustworkx)] {
        let theirs = median(times);
        let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
        let line = format!("  {name}");
        report.promise(&line, format!("{theirs:.0?}, {ratio:.1} x ours"), "at least 3 x", ratio >= 3.0);
    }
    match igraph::tree(&edges(&graph), NODES, &sources()) {
        Ok(theirs) => {
            let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
            let value = format!("{theirs:.0?}, {ratio:.1} x ours");
            report.promise("  igraph", value, "slower than ours", ratio > 1.0);
        }
        Err(why) => report.say("  igraph", format!("skipped: {why}")),
    }
    let (pruned, pair, pruned_pair) = (median(&mut pruned), median(&mut pair), median(&mut pruned_pair));
    let times = |pruned: Duration, plain: Duration| pruned.as_secs_f64() / plain.as_secs_f64();
    let ratio = times(pruned, ours);
    let value = format!("{pruned:.0?}, {ratio:.2} x plain");
    report.promise("tree with affinity, SRLG and bandwidth", value, "at most 2 x", ratio <= 2.0);
    report.say("path between two nodes, ties by id", format!("{pair:.0?}"));
    let ratio = times(pruned_pair, pair);
    let value = format!("{pruned_pair:.0?}, {ratio:.2} x plain");
    report.promise("path with affinity, SRLG and bandwidth", value, "at most 2 x", ratio <= 2.0);
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
