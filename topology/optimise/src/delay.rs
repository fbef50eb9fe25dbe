//! Delay bounds: which lists keep them.
//!
//! The delay of a list is that of its slowest packet: over equal-cost paths the longest counts.

use crate::{
    list::List,
    network::{Flow, small},
    pairs::Pairs,
    problem::Problem,
};

/// The cheapest list with at most one node between that keeps the demand's delay. A heuristic for more: it misses a list that
/// needs two nodes between. Cost: O(n).
pub(crate) fn cheapest(problem: &Problem, pairs: &Pairs, flow: &Flow) -> Option<List> {
    let routes = &problem.routes;
    let mut best: Option<(f32, u16)> = None;
    for via in 0..problem.network.nodes {
        let via = small(via);
        if via == flow.from || (via != flow.to && problem.segments < 2) {
            continue;
        }
        let delay = routes.delay(flow.from, via) + routes.delay(via, flow.to);
        let cost = pairs.route(flow.from, via) + pairs.route(via, flow.to);
        if delay <= flow.max_delay && best.is_none_or(|(least, _)| cost < least) {
            best = Some((cost, via));
        }
    }
    let (_, via) = best?;
    let mut list = List::EMPTY;
    if via != flow.to {
        list.push_node(via);
    }
    list.push_node(flow.to);
    Some(list)
}

/// The fastest list of node segments. Exact; cost: O(n² segments).
pub(crate) fn fastest(problem: &Problem, flow: &Flow) -> Option<(f64, List)> {
    let (nodes, routes) = (problem.network.nodes, &problem.routes);
    let mut delay: Vec<f64> = (0..nodes).map(|node| routes.delay(small(node), flow.to)).collect();
    // The first segment of the best list from each node, by the number of segments.
    let mut first: Vec<Vec<u16>> = vec![vec![flow.to; nodes]];
    for _ in 1..problem.segments {
        let (before, mut via) = (delay.clone(), first[first.len() - 1].clone());
        for node in 0..nodes {
            for (middle, onward) in before.iter().enumerate() {
                let through = routes.delay(small(node), small(middle)) + onward;
                if middle != node && through < delay[node] {
                    delay[node] = through;
                    via[node] = small(middle);
                }
            }
            if delay[node] == before[node] {
                via[node] = NO_BETTER;
            }
        }
        first.push(via);
    }
    let (mut at, mut list) = (flow.from, List::EMPTY);
    for via in first.iter().rev() {
        let next = via[usize::from(at)];
        if next != NO_BETTER && at != flow.to {
            list.push_node(next);
            at = next;
        }
    }
    let found = delay[usize::from(flow.from)];
    (found.is_finite() && at == flow.to).then_some((found, list))
}

const NO_BETTER: u16 = u16::MAX;
