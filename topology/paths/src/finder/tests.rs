use model::NodeIx;
use proptest::{collection::vec, prelude::*};

use super::*;
use crate::{
    Include, Includes, capacities,
    testing::{Ask, any_ask, any_mesh, any_net, simple_paths},
};

fn any_diversity() -> impl Strategy<Value = Diversity> {
    prop::sample::select(vec![Diversity::Link, Diversity::Node, Diversity::Srlg])
}

/// What the single searches say, one request after the other.
fn check(
    graph: &Graph,
    asks: &[Ask],
    diversity: Diversity,
    patience: usize,
    request: impl Fn(&Ask) -> Option<PathRequest>,
) -> Result<(), TestCaseError> {
    let mut free = capacities(graph);
    let mut finder = Finder::new(Arc::new(graph.clone()));
    finder.memory.patience = patience;
    // Some remember next to nothing.
    finder.memory.roots.forget_beyond(1 + patience * patience);
    for (place, ask) in asks.iter().enumerate() {
        if place == asks.len() / 2 {
            finder.keep_within(patience * 1_000);
            let (is, most) = finder.bytes();
            prop_assert!(is <= most, "{} of {}", is, most);
        }
        let Some(request) = request(ask) else { continue };
        let mut workspace = Workspace::new();
        let alone = crate::shortest(graph, &free, &request, &mut workspace);
        let found = finder.shortest(&free, &request);
        prop_assert_eq!(&found, &alone);
        if let Ok(found) = found {
            let alone = crate::backup(graph, &free, &request, &found.edges, diversity, &mut workspace);
            prop_assert_eq!(finder.backup(&free, &request, &found.edges, diversity), alone);
            // What is free goes and comes back.
            for edge in found.edges {
                free[edge.ix()] = free[edge.ix()].checked_sub(request.bandwidth.as_bps()).unwrap_or(9);
            }
        } else {
            let alone = crate::find(graph, &free, &request, &mut workspace);
            prop_assert_eq!(finder.find(&free, &request), alone);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn what_is_kept_changes_no_answer(
        net in any_net(7, 11), asks in vec(any_ask(), 1..6), diversity in any_diversity(), stops in any::<u8>(),
        patience in 0_usize..9,
    ) {
        let graph = net.graph();
        check(&graph, &asks, diversity, patience, |ask| {
            let mut request = ask.fit(&graph);
            if stops.is_multiple_of(4) {
                request.waypoints = ask.waypoints(&graph);
            } else if stops % 4 == 1 {
                request.include = Includes::new(vec![Include::Node(NodeIx(0))]).unwrap();
            }
            Some(request)
        })?;
    }

    #[test]
    fn where_few_nodes_carry_transit_what_is_kept_changes_no_answer(
        net in any_net(7, 14), asks in vec(any_ask(), 1..8), diversity in any_diversity(), stubs in any::<u8>(),
        patience in 0_usize..9,
    ) {
        let mut net = net;
        net.overload.iter_mut().enumerate().for_each(|(node, bit)| *bit = stubs >> (node % 8) & 1 == 1);
        let graph = net.graph();
        check(&graph, &asks, diversity, patience, |ask| Some(ask.fit(&graph)))?;
    }

    #[test]
    fn under_tight_bounds_too_what_is_kept_changes_no_answer(
        net in any_mesh(5, 12), asks in vec(any_ask(), 1..6), diversity in any_diversity(),
        patience in 0_usize..9,
    ) {
        let graph = net.graph();
        check(&graph, &asks, diversity, patience, |ask| {
            let (from, to) = (NodeIx(ask.number() % 5), NodeIx(ask.number() / 8 % 5));
            let all = simple_paths(&graph, from, to);
            let path = all.get(ask.number() as usize / 64 % all.len().max(1))?;
            Some(ask.tight(&graph, from, to, path))
        })?;
    }
}
