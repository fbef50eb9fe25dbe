//! What lists carry, against packets that are sent over every shortest path by hand.

use std::collections::BTreeMap;

use proptest::collection::vec;

use super::*;

const fn bps(amount: u64) -> Bandwidth {
    Bandwidth::from_bps(amount)
}

/// What crosses each edge of a list toward which end, in bit/s.
fn crossings(ridden: &Ridden) -> BTreeMap<(EdgeIx, NodeIx), u64> {
    let all = ridden.links().into_iter().flat_map(|link| ridden.on(link));
    all.map(|carried| ((carried.edge, carried.end), carried.bandwidth.as_bps())).collect()
}

#[test]
fn each_edge_is_crossed_toward_the_end_of_the_segment_that_is_active_there() {
    let graph = ring().graph();
    let down = EdgeSet::default();
    let mut reroute = FastReroute::new(&graph, &down);
    let [first, second, third] = [0, 1, 2].map(|link| edge(&graph, link, Side::A));
    // To n1 by its node segment, over the next link by its own, and the rest by the IGP.
    let list = [SegmentKind::Node(NodeIx(1)), SegmentKind::Adjacency(second)];
    let ridden = reroute.ride(NodeIx(0), &list, NodeIx(3), bps(7)).unwrap();
    let expected = [((first, NodeIx(1)), 7), ((second, NodeIx(2)), 7), ((third, NodeIx(3)), 7)];
    assert_eq!(crossings(&ridden), expected.into());
    assert_eq!(ridden.links(), [first, second, third]);
    // As an SRv6 SID, the link's own segment leads to its start by itself: toward n1, and then over it.
    let alone = reroute.ride(NodeIx(0), &list[1..], NodeIx(3), bps(7)).unwrap();
    assert_eq!(alone, ridden);
    let service = [SegmentKind::Service(NodeIx(1)), SegmentKind::Node(NodeIx(3))];
    let ridden = reroute.ride(NodeIx(0), &service, NodeIx(3), bps(7)).unwrap();
    assert_eq!(ridden.on(first), [Carried { edge: first, end: NodeIx(1), bandwidth: bps(7) }]);
    assert_eq!(ridden.loads(&graph).iter().sum::<u64>(), 21);
}

#[test]
fn lists_over_one_link_add_up_by_edge_and_end() {
    let graph = ring().graph();
    let down = EdgeSet::default();
    let mut reroute = FastReroute::new(&graph, &down);
    let link = edge(&graph, 0, Side::A);
    let mut all = Ridden::default();
    for (from, to, amount) in [(0, 1, 1), (0, 1, 2), (0, 2, 4), (1, 0, 8)] {
        all.join(reroute.ride(NodeIx(from), &[], NodeIx(to), bps(amount)).unwrap());
    }
    let crossed: Vec<(EdgeIx, NodeIx, u64)> =
        all.on(link.reverse()).iter().map(|one| (one.edge, one.end, one.bandwidth.as_bps())).collect();
    assert_eq!(crossed, [(link, NodeIx(1), 3), (link, NodeIx(2), 4), (link.reverse(), NodeIx(0), 8)]);
    assert_eq!(all.loads(&graph)[link.ix()], 7);
}

#[test]
fn what_cannot_be_followed_is_no_ride() {
    let graph = Net::plain(3, &[(0, 1)]).graph();
    let lost = edge(&graph, 0, Side::A);
    let none = EdgeSet::default();
    let mut reroute = FastReroute::new(&graph, &none);
    assert_eq!(reroute.ride(NodeIx(0), &[], NodeIx(2), bps(1)), None);
    assert_eq!(reroute.ride(NodeIx(0), &[SegmentKind::Anycast(0)], NodeIx(1), bps(1)), None);
    assert_eq!(reroute.ride(NodeIx(0), &[], NodeIx(0), bps(1)), Some(Ridden::default()));
    let mut down = EdgeSet::default();
    down.insert_link(lost);
    let mut reroute = FastReroute::new(&graph, &down);
    assert_eq!(reroute.ride(NodeIx(0), &[SegmentKind::Adjacency(lost)], NodeIx(1), bps(1)), None);
}

/// Divides by all numbers up to ten, five times.
const MANY: u64 = 2_520_u64.pow(5);

/// Sends packets from a node to an end by all shortest paths; none where they do not arrive.
fn spread(graph: &Graph, from: NodeIx, end: NodeIx, amount: u64, to: &mut Vec<(EdgeIx, u64)>) -> Option<()> {
    if from == end {
        return Some(());
    }
    let next = hops(graph, &EdgeSet::default(), from, end).1;
    let share = amount.checked_div(next.len() as u64)?;
    assert_eq!(share * next.len() as u64, amount, "nothing is left over");
    for hop in next {
        to.push((hop, share));
        spread(graph, graph.edge(hop).to, end, share, to)?;
    }
    Some(())
}

fn by_hand(
    graph: &Graph,
    from: NodeIx,
    list: &[SegmentKind],
    to: NodeIx,
) -> Option<BTreeMap<(EdgeIx, NodeIx), u64>> {
    let mut sum = BTreeMap::new();
    let mut at = from;
    for segment in list.iter().chain([&SegmentKind::Node(to)]) {
        let (end, over) = match segment {
            SegmentKind::Adjacency(edge) => (graph.edge(*edge).from, Some(*edge)),
            SegmentKind::Node(node) | SegmentKind::Service(node) => (*node, None),
            SegmentKind::Anycast(_) => return None,
        };
        let mut sent = Vec::new();
        spread(graph, at, end, MANY, &mut sent)?;
        let mut legs: Vec<(EdgeIx, NodeIx, u64)> =
            sent.into_iter().map(|(edge, share)| (edge, end, share)).collect();
        at = end;
        if let Some(edge) = over {
            at = graph.edge(edge).to;
            legs.push((edge, at, MANY));
        }
        for (edge, end, share) in legs {
            *sum.entry((edge, end)).or_insert(0) += share;
        }
    }
    Some(sum)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn lists_carry_what_packets_by_all_shortest_paths_do(
        net in any_net(6, 9),
        ends in (any::<u32>(), any::<u32>()),
        list in vec((0_u8..3, any::<u32>()), 0..4),
    ) {
        let graph = net.graph();
        let node = |number: u32| NodeIx(number % graph.node_count() as u32);
        let list: Vec<SegmentKind> = list
            .into_iter()
            .map(|(kind, number)| match kind {
                0 => SegmentKind::Node(node(number)),
                1 => SegmentKind::Service(node(number)),
                _ => SegmentKind::Adjacency(EdgeIx(number % graph.edge_count() as u32)),
            })
            .collect();
        let down = EdgeSet::default();
        let ridden = FastReroute::new(&graph, &down).ride(node(ends.0), &list, node(ends.1), bps(MANY));
        let expected = by_hand(&graph, node(ends.0), &list, node(ends.1));
        prop_assert_eq!(ridden.as_ref().map(crossings), expected.clone());
        if let Some(ridden) = ridden {
            let sum: u64 = ridden.loads(&graph).iter().sum();
            prop_assert_eq!(sum, expected.into_iter().flatten().map(|(_, share)| share).sum::<u64>());
        }
    }
}
