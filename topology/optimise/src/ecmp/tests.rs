use model::dense::Instance;
use proptest::prelude::*;

use super::Routes;
use crate::{network::Network, options::Options};

#[path = "../../tests/small/networks.rs"]
#[expect(dead_code, reason = "the other tests have use for all of them")]
mod networks;

fn network(instance: &Instance, down: Vec<u32>, failures: &[Vec<u32>]) -> Network {
    let options = Options { down, failures: failures.to_vec(), ..Options::default() };
    Network::new(instance, &options).unwrap()
}

proptest! {
    /// Down to the order of everything: searches go by it.
    #[test]
    fn routes_after_a_cut_are_those_of_the_network_without_it(
        seed in 0_u64..1_000_000,
        nodes in 2_u32..14,
        picks in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
        sets in prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 1..4), 0..3),
    ) {
        let instance = networks::random(seed, nodes, 0);
        let edge = |pick: &prop::sample::Index| pick.index(instance.edges.len()) as u32;
        let cut: Vec<u32> = picks.iter().map(edge).collect();
        let sets: Vec<Vec<u32>> = sets.iter().map(|set| set.iter().map(edge).collect()).collect();
        let whole = network(&instance, Vec::new(), &sets);
        let less = whole.without(&cut).unwrap();
        prop_assert_eq!(format!("{less:?}"), format!("{:?}", network(&instance, cut.clone(), &sets)));
        let (before, anew) = (Routes::new(&whole, 2).unwrap(), Routes::new(&less, 1).unwrap());
        let small: Vec<u16> = cut.iter().map(|&edge| edge as u16).collect();
        // In two steps, so that the second finds what the first has changed.
        let (first, rest) = small.split_at(small.len() / 2);
        let half = whole.without(&cut[..first.len()]).unwrap();
        let (between, hit_first) = before.without(&half, first, 1).unwrap();
        let (after, hit_rest) = between.without(&less, rest, 2).unwrap();
        let whole_of = |routes: &Routes| {
            let dags = routes.dags.iter().map(|dag| format!("{:?} {:?} {}", dag.layers, dag.delay, dag.roundings));
            (dags.collect::<Vec<_>>(), routes.hops, routes.parts, routes.roundings)
        };
        prop_assert_eq!(whole_of(&after), whole_of(&anew));
        for from in 0..nodes as u16 {
            for to in 0..nodes as u16 {
                let parts = |routes: &Routes| format!("{:?}", routes.between(from, to));
                prop_assert_eq!(parts(&after), parts(&anew));
                prop_assert!(parts(&after) == parts(&before) || hit_first.is_hit(from, to) || hit_rest.is_hit(from, to), "from {from} to {to}");
            }
        }
    }
}

#[test]
fn ways_that_do_not_fit_into_the_tables_are_refused() {
    let instance = networks::random(3, 8, 0);
    let network = network(&instance, Vec::new(), &[vec![0], vec![1]]);
    let routes = Routes::new(&network, 1).unwrap();
    let largest = routes.dags.iter().map(|dag| dag.count() as u32).max().unwrap();
    assert!(Routes::within(&network, 2, largest).is_ok());
    let refused = Routes::within(&network, 2, largest - 1).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the equal ways to one destination, over all sets of failures, take more than 4294967295 rows: name fewer sets of \
         failures, or divide the network"
    );
}

/// The way round a failure may be longer than any way without it.
#[test]
fn the_most_roundings_are_those_of_all_layers() {
    let instance = networks::random(5, 8, 0);
    let most =
        |failures: &[Vec<u32>]| Routes::new(&network(&instance, Vec::new(), failures), 1).unwrap().roundings;
    let each: Vec<Vec<u32>> = (0..instance.edges.len() as u32).map(|edge| vec![edge]).collect();
    let alone =
        each.iter().map(|down| Routes::new(&network(&instance, down.clone(), &[]), 1).unwrap().roundings);
    assert_eq!(most(&each), alone.max().unwrap().max(most(&[])));
}
