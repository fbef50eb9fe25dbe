use model::intent::Minimise;
use proptest::prelude::*;

use super::*;
use crate::{
    capacities,
    testing::{Net, any_ask, any_net, feasible, sum},
};

fn metric_of(minimise: Minimise) -> Option<MetricType> {
    match minimise {
        Minimise::Igp => Some(MetricType::Igp),
        Minimise::Te => Some(MetricType::Te),
        Minimise::Delay => Some(MetricType::Delay),
        Minimise::Hops | Minimise::Price => None,
    }
}

#[test]
fn a_tree_reaches_its_root_and_nothing_beyond_an_overloaded_node() {
    let mut net = Net::plain(4, &[(0, 1), (1, 2), (0, 3), (0, 3)]);
    net.overload[1] = true;
    let graph = net.graph();
    let mut trees = Trees::new(&graph, MetricType::Igp, Lead::Away, &EdgeSet::default());
    let tree = trees.grow(NodeIx(0));
    assert_eq!(
        graph.nodes().map(|node| tree.distance(node)).collect::<Vec<_>>(),
        [Some(0), Some(1), None, Some(1)]
    );
    assert_eq!(tree.path(NodeIx(0)), Some(vec![]));
    assert_eq!(tree.edge(NodeIx(3)), Some(EdgeIx(4)), "the smaller of two equal links");
    assert_eq!(tree.path(NodeIx(2)), None);
    assert_eq!(trees.grow(NodeIx(1)).distance(NodeIx(2)), Some(1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// The sweep and the queue find the same distances and edges, over all arcs and over those that a request admits.
    #[test]
    fn both_methods_grow_the_same_tree(
        net in any_net(7, 12), ask in any_ask(), home in any::<bool>(), more in any::<bool>(), kind in 0..3,
    ) {
        let mut net = net;
        // Small ones; such as go round all buckets; such as come near the longest that a label can hold.
        let long = ((1 << 31) - 1) / 7;
        for way in net.lines.iter_mut().flat_map(|line| &mut line.ways) {
            way.delay = match kind {
                0 => way.delay + 1,
                1 => 1 + way.delay % 2 * 4093,
                _ => long - (way.delay % 3) * (long / 4),
            };
        }
        let graph = net.graph();
        let free = capacities(&graph);
        let request = ask.fit(&graph);
        let lead = if home { Lead::Home } else { Lead::Away };
        let mut swept = Trees::new(&graph, MetricType::Delay, lead, &EdgeSet::default());
        let mut queued = Trees::new(&graph, MetricType::Delay, lead, &EdgeSet::default());
        prop_assert!(matches!(swept.method, Method::Sweep(_)) || graph.edges().next().is_none());
        queued.method = Method::Queue(Queue::new(queued.packed.most));
        let roots = if more { vec![request.from, request.to] } else { vec![request.from] };
        let edges = |tree: Tree<'_>| graph.nodes().map(|node| (tree.distance(node), tree.edge(node))).collect::<Vec<_>>();
        prop_assert_eq!(edges(swept.grow_any(&roots)), edges(queued.grow_any(&roots)));
        let within = [
            edges(swept.grow_within(request.from, &free, &request)),
            edges(queued.grow_within(request.from, &free, &request)),
        ];
        prop_assert_eq!(&within[0], &within[1]);
        prop_assert_eq!(edges(swept.grow_any(&roots)), edges(queued.grow_any(&roots)), "after another tree");
    }

    /// Both ways, with and without what prunes, also on a packed network that has grown other trees before.
    #[test]
    fn distances_are_those_of_the_best_of_all_paths(
        net in any_net(6, 10), ask in any_ask(), wide in any::<bool>(), home in any::<bool>(),
    ) {
        let mut net = net;
        if wide {
            // Metrics too unlike for buckets without order.
            net.lines[0].ways[0] = crate::testing::Way { delay: 1 << 30, igp: 1 << 23, te: 1 << 20, ..net.lines[0].ways[0] };
        }
        let graph = net.graph();
        let free = capacities(&graph);
        let mut request = ask.fit(&graph);
        request.bounds = Default::default();
        let Some(metric) = metric_of(request.minimise) else { return Ok(()) };
        let lead = if home { Lead::Home } else { Lead::Away };
        let mut trees = Trees::new(&graph, metric, lead, &EdgeSet::default());
        trees.grow(NodeIx(0));
        let root = if home { request.to } else { request.from };
        for node in graph.nodes() {
            let ends = if home { (node, root) } else { (root, node) };
            (request.from, request.to) = ends;
            let best = feasible(&graph, &free, &request)
                .iter()
                .map(|path| sum(&graph, path, |edge| metric.of(edge).unwrap()))
                .min();
            let tree = trees.grow_within(root, &free, &request);
            prop_assert_eq!(tree.distance(node), best);
            if let Some(path) = tree.path(node) {
                let length = sum(&graph, &path, |edge| metric.of(edge).unwrap());
                prop_assert_eq!(Some(length), tree.distance(node));
                let from = path.first().map_or(node, |edge| graph.edge(*edge).from);
                let to = path.last().map_or(node, |edge| graph.edge(*edge).to);
                prop_assert_eq!((from, to), ends);
            }
        }
    }
}
