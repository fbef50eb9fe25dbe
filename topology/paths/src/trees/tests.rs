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
