use model::{EdgeIx, NodeIx, sr::Dataplane};
use proptest::prelude::*;

use super::*;
use crate::{
    EdgeSet, capacities,
    testing::{any_ask, any_net, cost, feasible},
};

fn encoding() -> Encoding<'static> {
    Encoding::new(Dataplane::SrMpls, 1)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_best_of_all_paths_that_few_sids_hold_is_found(
        net in any_net(6, 9), ask in any_ask(), most in 0_usize..4,
    ) {
        let (ted, graph, down) = (net.ted(), net.graph(), EdgeSet::default());
        let free = capacities(&graph);
        let request = ask.fit(&graph);
        let mut encoder = Encoder::new(&graph, &ted, &down);
        let fits = |path: &Vec<EdgeIx>| {
            let mut encoder = Encoder::new(&graph, &ted, &down);
            encoder.encode_with(path, &encoding()).is_ok_and(|encoded| encoded.sids.len() <= most)
        };
        let best = feasible(&graph, &free, &request)
            .into_iter()
            .filter(fits)
            .min_by_key(|path| cost(&graph, &request, path));
        let mut workspace = Workspace::new();
        let found =
            within_segments(&graph, &free, &request, &mut encoder, &encoding(), most, 500, &mut workspace);
        match found {
            Ok((found, encoded)) => {
                prop_assert!(encoded.sids.len() <= most);
                prop_assert_eq!(Some(found.edges), best);
            }
            Err(none) => prop_assert_eq!((none.exact, best), (true, None)),
        }
    }
}

#[test]
fn past_the_last_try_nothing_is_proven() {
    let mut net = crate::testing::Net::plain(3, &[(0, 2), (2, 1), (0, 1)]);
    net.lines[2].ways.iter_mut().for_each(|way| (way.igp, way.delay) = (9, 9));
    let (ted, graph, down) = (net.ted(), net.graph(), EdgeSet::default());
    let free = capacities(&graph);
    // The direct line is no shortest path and has no label: it cannot be pinned.
    let mut bare = ted.clone();
    bare.links.values_mut().for_each(|link| link.a_to_z.adjacency_label = None);
    let graph_without = Graph::freeze(&bare).unwrap();
    let request = PathRequest::new(NodeIx(0), NodeIx(1));
    let mut encoder = Encoder::new(&graph_without, &bare, &down);
    let mut ask = |most, tries| {
        let mut workspace = Workspace::new();
        within_segments(
            &graph_without,
            &free,
            &request,
            &mut encoder,
            &encoding(),
            most,
            tries,
            &mut workspace,
        )
    };
    assert!(ask(1, 5).is_ok());
    let none = ask(0, 5).unwrap_err();
    assert_eq!((none.exact, none.nearest.map(|nearest| nearest.1)), (true, Some(1)));
    assert!(!ask(0, 1).unwrap_err().exact);
}
