//! Trees that are repaired against trees that grow afresh, and trees at either end against each other.

use model::{EdgeIx, IgpMetric, NodeIx, Ted};
use proptest::prelude::*;

use super::*;

/// A random network; `least` is its least metric.
fn network(bytes: &[u8], least: u32) -> Network {
    let mut bytes = bytes.iter().map(|byte| usize::from(*byte));
    let mut below = |sides: usize| bytes.next().unwrap_or(0) % sides;
    let nodes = 2 + below(8);
    let links: Vec<(usize, usize, u32)> = (0..1 + below(16))
        .map(|_| {
            let a = below(nodes);
            (a, (a + 1 + below(nodes - 1)) % nodes, 1)
        })
        .collect();
    let mut ted: Ted = crate::support::ted(nodes, &links);
    for link in ted.links.values_mut() {
        for direction in [&mut link.a_to_z, &mut link.z_to_a] {
            direction.igp.value = [1, 1, 2, 3, least, 0x00ff_ffff].map(IgpMetric)[below(6)];
        }
    }
    for node in ted.nodes.values_mut() {
        node.overload = below(6) == 5;
    }
    Network::new(&ted).unwrap()
}

fn poured(tree: &Tree, network: &Network, other: NodeIx, down: &Parts) -> Option<Vec<(EdgeIx, u64)>> {
    let spread = Spread::of(tree, network.mesh(), other, down)?;
    let mut shares = Vec::new();
    spread.pour(1_000_003, down, |edge, share| shares.push((edge, share)));
    shares.sort_unstable();
    Some(shares)
}

proptest! {
    #[test]
    fn a_repaired_tree_is_the_one_that_grows_afresh(
        bytes in proptest::collection::vec(any::<u8>(), 100),
        cuts in proptest::collection::vec(any::<u8>(), 1..8),
        zero in any::<bool>(),
    ) {
        let mut network = network(&bytes, u32::from(!zero));
        network.add_anycast([NodeIx(0), NodeIx(1)], None, None);
        let network = network;
        let graph = network.graph();
        let roots = graph.nodes().flat_map(|node| [Root::To(node), Root::From(node)]);
        for root in roots.chain([Root::Any(0)]) {
            let mut down = Parts::none(&network);
            let mut tree = Tree::grow(&network, root, &down);
            for pair in cuts.chunks(2) {
                let before = down.broken().len();
                for cut in pair {
                    down.break_link(EdgeIx(2 * (u32::from(*cut) % (graph.edge_count() as u32 / 2))));
                }
                let fresh = down.broken()[before..].to_vec();
                let afresh = Tree::grow(&network, root, &down);
                match tree.without(&network, &fresh, &down) {
                    Some(repaired) => tree = repaired,
                    None => prop_assert_eq!(&tree, &afresh, "it was said to stay as it is"),
                }
                prop_assert_eq!(&tree, &afresh);
            }
        }
    }

    #[test]
    fn a_tree_at_either_end_gives_the_same_shares(bytes in proptest::collection::vec(any::<u8>(), 100)) {
        let network = network(&bytes, 1);
        let down = Parts::none(&network);
        for from in network.graph().nodes() {
            let out = Tree::grow(&network, Root::From(from), &down);
            for to in network.graph().nodes().filter(|to| *to != from) {
                let into = Tree::grow(&network, Root::To(to), &down);
                prop_assert_eq!(
                    poured(&out, &network, to, &down),
                    poured(&into, &network, from, &down)
                );
            }
        }
    }
}
