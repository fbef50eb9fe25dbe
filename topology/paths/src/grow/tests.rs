use proptest::{collection::vec, prelude::*};

use super::*;
use crate::{
    Apart, PathRequest,
    charges::{Charges, Count},
    testing::{Ask, any_ask, any_mesh, any_net},
};

/// All that is known of a place.
fn known(root: &Root) -> Vec<(Key, EdgeIx, u32)> {
    root.keys.iter().zip(&root.steps).map(|(key, step)| (*key, step.via, step.next)).collect()
}

/// One obstacle after the other, each on a path that is the best behind those before.
fn check(net: &crate::testing::Net, ask: &Ask, obstacles: &[u8], is_end: bool) -> Result<(), TestCaseError> {
    let graph = net.graph();
    let backbone = Backbone::new(&graph);
    let free = vec![u64::MAX; graph.edge_count()];
    let request = PathRequest { excluded: Default::default(), ..ask.fit(&graph) };
    let problem = Problem::new(&graph, &free, &request);
    let (lead, place) = if is_end { (Lead::Home, request.to) } else { (Lead::Away, request.from) };
    let arcs = Arcs::new(lead, &backbone, &problem).unwrap();
    let mut root = Root::new(lead, place, Vec::new(), &backbone, &problem, Some(&arcs));
    prop_assert_eq!(known(&root), known(&Root::new(lead, place, Vec::new(), &backbone, &problem, None)));
    for obstacle in obstacles {
        let steps: Vec<usize> =
            (0..root.steps.len()).filter(|n| root.steps[*n].via != crate::goal::NO_EDGE).collect();
        let Some(number) = steps.get(usize::from(*obstacle) % steps.len().max(1)) else { break };
        if root.obstacles.contains(&root.steps[*number].via) {
            continue;
        }
        root = root.behind(&backbone, &problem, *number);
        let anew = Root::new(lead, place, root.obstacles.clone(), &backbone, &problem, None);
        prop_assert_eq!(known(&root), known(&anew));
    }
    Ok(())
}

/// Some edges are charged for, or closed.
fn check_charged(
    net: &crate::testing::Net,
    ask: &Ask,
    edges: &[u8],
    is_end: bool,
) -> Result<(), TestCaseError> {
    let graph = net.graph();
    let backbone = Backbone::new(&graph);
    let free = vec![u64::MAX; graph.edge_count()];
    let request = PathRequest { excluded: Default::default(), ..ask.fit(&graph) };
    let problem = Problem::new(&graph, &free, &request);
    let (lead, place) = if is_end { (Lead::Home, request.to) } else { (Lead::Away, request.from) };
    let root = Root::new(lead, place, Vec::new(), &backbone, &problem, None);
    let edges: Vec<EdgeIx> =
        edges.iter().map(|edge| EdgeIx(u32::from(*edge) % graph.edge_count() as u32)).collect();
    for count in [Count::Exact, Count::Strict] {
        let mut charges = Charges::default();
        charges.fill(&graph, &[edges.as_slice()], Apart::LINK, true);
        charges.count = count;
        let charged = Problem { charges: Some(&charges), ..problem };
        let anew = Root::new(lead, place, Vec::new(), &backbone, &charged, None);
        prop_assert_eq!(known(&root.charged(&backbone, &charged)), known(&anew));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn growing_again_what_hung_on_charged_edges_changes_nothing(
        net in any_net(8, 16), ask in any_ask(), edges in vec(any::<u8>(), 0..6), is_end in any::<bool>(),
        stubs in any::<u8>(), mesh in any_mesh(7, 16),
    ) {
        let mut net = net;
        net.overload.iter_mut().enumerate().for_each(|(node, bit)| *bit = stubs >> node & 3 == 3);
        check_charged(&net, &ask, &edges, is_end)?;
        check_charged(&mesh, &ask.bare(), &edges, is_end)?;
    }

    #[test]
    fn narrow_keys_and_growing_again_what_hung_on_an_obstacle_change_nothing(
        net in any_net(8, 16), ask in any_ask(), obstacles in vec(any::<u8>(), 0..5), is_end in any::<bool>(),
        stubs in any::<u8>(),
    ) {
        let mut net = net;
        net.overload.iter_mut().enumerate().for_each(|(node, bit)| *bit = stubs >> node & 3 == 3);
        check(&net, &ask, &obstacles, is_end)?;
    }

    #[test]
    fn nor_do_they_where_many_paths_are_equally_good(
        net in any_mesh(7, 16), ask in any_ask(), obstacles in vec(any::<u8>(), 0..5), is_end in any::<bool>(),
    ) {
        check(&net, &ask.bare(), &obstacles, is_end)?;
    }
}

#[test]
fn keys_that_fit_in_no_number_are_grown_as_they_are() {
    let mut net = crate::testing::Net::plain(3, &[(0, 1), (1, 2)]);
    net.lines[0].ways[0].delay = u64::MAX / 3;
    let graph = net.graph();
    let free = vec![u64::MAX; graph.edge_count()];
    let request = PathRequest::new(NodeIx(0), NodeIx(2));
    let problem = Problem::new(&graph, &free, &request);
    assert!(Arcs::new(Lead::Away, &Backbone::new(&graph), &problem).is_none());
}
