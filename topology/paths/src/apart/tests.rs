use proptest::prelude::*;

use super::*;
use crate::testing::{any_net, simple_paths};

proptest! {
    #[test]
    fn two_paths_have_in_common_what_counting_says(net in any_net(7, 14), one in any::<u16>(), other in any::<u16>()) {
        let graph = net.graph();
        let paths = simple_paths(&graph, NodeIx(0), NodeIx(1));
        prop_assume!(!paths.is_empty());
        let one = &paths[usize::from(one) % paths.len()];
        let other = &paths[usize::from(other) % paths.len()];
        prop_assert_eq!(Shared::between(&graph, one, other), Shared::among(&graph, &[one, other]));
    }

    #[test]
    fn so_have_any_two_walks(net in any_net(5, 9), one in any::<u64>(), other in any::<u64>()) {
        let graph = net.graph();
        let (one, other) = (walk(&graph, one), walk(&graph, other));
        prop_assert_eq!(Shared::between(&graph, &one, &other), Shared::among(&graph, &[&one, &other]));
    }
}

/// A walk by the digits of a number: which edge goes on.
fn walk(graph: &Graph, mut digits: u64) -> Vec<EdgeIx> {
    let (mut node, mut edges) = (NodeIx(0), Vec::new());
    while digits > 0 {
        let out = graph.out(node);
        let Some(edge) = out.get(digits as usize % out.len().max(1)) else { break };
        edges.push(*edge);
        node = graph.edge(*edge).to;
        digits /= 8;
    }
    edges
}
