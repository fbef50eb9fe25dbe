//! Service chains: functions stand in the list where the path comes to their nodes.

use model::{Label, node::ServiceFunction};

use super::*;

/// Gives a node a function: a label, and an SRv6 SID of its locator or of none.
fn give(ted: &mut Ted, node: usize, routed: bool) {
    let sid =
        if routed { format!("fd00:0:{:x}:f00d::", node + 1) } else { format!("fd00:f:{:x}::", node + 1) };
    let function =
        ServiceFunction { label: Label::try_from(15_900 + node as u32).ok(), sid: sid.parse().ok() };
    ted.nodes.get_mut(&node_id(node)).unwrap().service_function = Some(Fact::from_file(function));
}

fn chain(ted: &Ted, path: &[EdgeIx], visits: &[u32], encoding: &Encoding<'_>) -> String {
    let graph = Graph::freeze(ted).unwrap();
    let down = EdgeSet::default();
    let visits: Vec<NodeIx> = visits.iter().copied().map(NodeIx).collect();
    match Encoder::new(&graph, ted, &down).encode_chain(path, &visits, encoding) {
        Ok(encoded) => encoded.sids.iter().map(Sid::to_string).collect::<Vec<_>>().join(" "),
        Err(error) => error.to_string(),
    }
}

const SRV6: Encoding<'_> = Encoding::new(Dataplane::Srv6, 1);
const MPLS: Encoding<'_> = Encoding::new(Dataplane::SrMpls, 1);

/// `n0` to `n3` by two shortest links, `n1` and `n2` being firewalls.
fn firewalls(routed: bool) -> (Ted, Vec<EdgeIx>) {
    let net = Net::plain(4, &[(0, 1), (1, 2), (2, 3)]);
    let mut ted = net.ted();
    (1..3).for_each(|node| give(&mut ted, node, routed));
    (ted, path(&net, &[(0, Side::A), (1, Side::A), (2, Side::A)]))
}

#[test]
fn a_firewall_stands_in_the_list_by_its_own_sid() {
    let (ted, path) = firewalls(true);
    assert_eq!(chain(&ted, &path, &[], &SRV6), "fd00:0:4:1::");
    assert_eq!(chain(&ted, &path, &[1], &SRV6), "fd00:0:2:f00d:: fd00:0:4:1::");
    assert_eq!(chain(&ted, &path, &[1, 2], &SRV6), "fd00:0:2:f00d:: fd00:0:3:f00d:: fd00:0:4:1::");
    // A label means the function at its own node only, so the label of the node stands before it.
    assert_eq!(chain(&ted, &path, &[1], &MPLS), "16001 15901 16003");
    let (ted, path) = firewalls(false);
    assert_eq!(chain(&ted, &path, &[1], &SRV6), "fd00:0:2:1:: fd00:f:2:: fd00:0:4:1::");
    // The other firewall and the end are passed, which is not going through their functions.
    assert_eq!(chain(&ted, &path, &[3], &SRV6), "fd00:0:4:1::");
}

#[test]
fn every_link_pinned_leads_through_the_firewall_too() {
    let (ted, path) = firewalls(true);
    let encoding = Encoding { pin: Pin::EveryLink, ..SRV6 };
    assert_eq!(
        chain(&ted, &path, &[1], &encoding),
        "fd00:0:1:e000:: fd00:0:2:f00d:: fd00:0:2:e010:: fd00:0:3:e020::"
    );
}

#[test]
fn the_sid_of_a_firewall_ends_a_container() {
    let (ted, path) = firewalls(true);
    let csid = Csid::new(32, 16, 16, (0..4).map(NodeIx).collect()).unwrap();
    let encoding = Encoding { csid: Some(&csid), ..SRV6 };
    assert_eq!(chain(&ted, &path, &[2], &encoding), "fd00:0:3:f00d:: fd00:0:4:1::");
    let encoding = Encoding { pin: Pin::EveryLink, ..encoding };
    assert_eq!(chain(&ted, &path, &[2], &encoding), "fd00:0:1:e000:2:e010:3:f00d fd00:0:3:e020::");
    let (ted, path) = firewalls(false);
    assert_eq!(chain(&ted, &path, &[2], &encoding), "fd00:0:1:e000:2:e010:: fd00:f:3:: fd00:0:3:e020::");
}

#[test]
fn a_firewall_counts_against_the_depth() {
    let (mut ted, path) = firewalls(true);
    let head = ted.nodes.get_mut(&node_id(0)).unwrap();
    head.msd = Fact::from_file(MsdSet { mpls_imposition: 3, srv6_encaps: 2, ..head.msd.value });
    assert_eq!(
        chain(&ted, &path, &[1], &SRV6),
        "the path needs 3 SIDs with the service SID, node n0 has room for 2 (SRv6 encapsulation depth): choose a path \
         closer to the IGP's"
    );
    assert!(chain(&ted, &path, &[1], &MPLS).starts_with("the path needs 4 SIDs"));
    assert_eq!(chain(&ted, &path, &[], &MPLS), "16003");
}

#[test]
fn a_firewall_that_no_sid_means_is_never_passed_by() {
    let (mut ted, path) = firewalls(true);
    let function = |ted: &mut Ted, label: Option<u32>| {
        let label = label.map(|label| Label::try_from(label).unwrap());
        let fact = Fact::from_file(ServiceFunction { label, sid: None });
        ted.nodes.get_mut(&node_id(1)).unwrap().service_function = Some(fact);
    };
    // None at all; a node's; a link's.
    for label in [None, Some(16_001), Some(15_000)] {
        function(&mut ted, label);
        assert_eq!(
            chain(&ted, &path, &[1], &MPLS),
            "the service function of node n1 has no label that means it alone there: give the node a `serviceLabel` outside \
             its SRGB, or choose the other data plane"
        );
    }
    assert_eq!(
        chain(&ted, &path, &[1], &SRV6),
        "the service function of node n1 has no SRv6 SID that means it alone there: give the node a `serviceSid`, or choose \
         the other data plane"
    );
    assert_eq!(
        chain(&ted, &path, &[2, 1], &SRV6),
        "the path does not come to node n1 in its turn, which it should visit: compute it with this waypoint"
    );
}

/// The fewest segments by trying every SID from every place on the path, in every state of the chain.
fn fewest(world: &World<'_>, path: &[EdgeIx], stops: &[(usize, NodeIx)], plane: Dataplane) -> Option<usize> {
    let World { ted, graph, .. } = *world;
    let labels = ted.nodes.values().flat_map(|reader| (0..12).filter_map(|index| reader.srgb.at(index)));
    let functions = ted.nodes.values().filter_map(|node| node.service_function.as_ref());
    let functions = functions.map(|fact| fact.value);
    let links = graph.edges().map(|(_, edge)| edge);
    let sids: std::collections::BTreeSet<Sid> = match plane {
        Dataplane::Srv6 => {
            let ends = ted.nodes.values().filter_map(Node::end_sid);
            let all = ends.chain(functions.filter_map(|function| function.sid));
            all.chain(links.filter_map(|edge| edge.end_x)).map(Sid::Srv6).collect()
        }
        Dataplane::SrMpls => {
            let all = labels.chain(functions.filter_map(|function| function.label));
            all.chain(links.filter_map(|edge| edge.adjacency_label)).map(Sid::Mpls).collect()
        }
    };
    let mut fewest = vec![vec![None; stops.len() + 1]; path.len() + 1];
    fewest[0][0] = Some(0);
    for at in 0..=path.len() {
        for done in 0..=stops.len() {
            let Some(count) = fewest[at][done] else { continue };
            let from =
                path.get(at).map_or_else(|| graph.edge(path[at - 1]).to, |edge| graph.edge(*edge).from);
            for sid in &sids {
                let Some((stretch, served)) = world.walk_chain(from, &[*sid]) else { continue };
                let end = at + stretch.len();
                let served: Vec<_> = served.iter().map(|(place, node)| (at + place, *node)).collect();
                let next = done + served.len();
                let right = path[at..].starts_with(&stretch) && stops[done..].starts_with(&served);
                // What is to be visited must not be left behind.
                let left_behind = right && stops.get(next).is_some_and(|stop| stop.0 < end);
                if right && !left_behind && fewest[end][next].is_none_or(|known| known > count + 1) {
                    fewest[end][next] = Some(count + 1);
                }
            }
        }
    }
    fewest[path.len()][stops.len()]
}

/// Where a path first comes to these nodes, each after the one before.
fn stops(graph: &Graph, path: &[EdgeIx], visits: &[NodeIx]) -> Option<Vec<(usize, NodeIx)>> {
    let mut nodes = vec![start(graph, path)];
    nodes.extend(path.iter().map(|edge| graph.edge(*edge).to));
    let mut from = 0;
    let place = |node: &NodeIx| {
        from = (from..nodes.len()).find(|place| nodes[*place] == *node)?;
        Some((from, *node))
    };
    let mut stops: Vec<_> = visits.iter().map(place).collect::<Option<_>>()?;
    stops.dedup();
    Some(stops)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_list_leads_over_the_path_and_through_its_functions_and_no_shorter_one_does(
        net in any_net(6, 10), numbers in prop::collection::vec(any::<u32>(), 11), firewalls in any::<u16>(),
        visited in any::<u8>(), containers in any::<bool>(),
    ) {
        let Some((mut ted, graph, down, path)) = case(&net, &numbers) else { return Ok(()) };
        if path.is_empty() {
            return Ok(());
        }
        for node in (0..graph.node_count()).filter(|node| firewalls >> node & 1 == 1) {
            give(&mut ted, node, firewalls >> (8 + node) & 1 == 1);
        }
        // Some nodes of the path, in its order; and where the last bit says so, whatever node beside.
        let nodes = std::iter::once(start(&graph, &path)).chain(path.iter().map(|edge| graph.edge(*edge).to));
        let mut visits: Vec<NodeIx> =
            nodes.enumerate().filter(|(place, _)| visited >> (place % 7) & 1 == 1).map(|(_, node)| node).collect();
        if visited >> 7 == 1 && numbers[10] % 4 == 0 {
            visits.push(NodeIx(numbers[10] / 4 % graph.node_count() as u32));
        }
        let has_function = |node: NodeIx| ted.nodes[graph.node_id(node)].service_function.is_some();
        let world = World { csid: containers.then_some([32, 16, 16]), ..World::new(&ted, &graph, &down) };
        let csid = Csid::new(32, 16, 16, graph.nodes().collect()).unwrap();
        for plane in PLANES {
            let encoding = Encoding { csid: containers.then_some(&csid), ..Encoding::new(plane, 1) };
            let encoded = Encoder::new(&graph, &ted, &down).encode_chain(&path, &visits, &encoding);
            let Some(mut stops) = stops(&graph, &path, &visits) else {
                let refused = matches!(encoded, Err(EncodeError::NotVisited { .. }));
                prop_assert!(refused);
                continue;
            };
            stops.retain(|(_, node)| has_function(*node));
            let fewest = fewest(&world, &path, &stops, plane);
            match encoded {
                Ok(encoded) => {
                    let walked = world.walk_chain(start(&graph, &path), &encoded.sids);
                    prop_assert_eq!(walked, Some((path.clone(), stops.clone())));
                    prop_assert_eq!(Some(encoded.segments.len()), fewest);
                }
                Err(error) => {
                    let known = matches!(error, EncodeError::NoSid { .. } | EncodeError::OutsideSrgb { .. });
                    prop_assert!(known, "{error}");
                    prop_assert_eq!(fewest, None);
                }
            }
        }
    }
}
