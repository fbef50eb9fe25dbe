use model::{Fact, Side, node::MsdSet, sr::LabelBlock};
use proptest::prelude::*;

use super::{walk::walk, *};
use crate::testing::{Net, any_net, edge, node_id, simple_paths};

fn encode(ted: &Ted, path: &[EdgeIx], plane: Dataplane) -> Result<Vec<Segment>, EncodeError> {
    let graph = Graph::freeze(ted).unwrap();
    Encoder::new(&graph, ted, &EdgeSet::default()).encode(path, plane, 1)
}

fn shown(segments: Result<Vec<Segment>, EncodeError>) -> String {
    match segments {
        Ok(segments) => segments.iter().map(|segment| segment.sid.to_string()).collect::<Vec<_>>().join(" "),
        Err(error) => error.to_string(),
    }
}

/// A ring `n0 n1 n2 n3` with a second line between `n1` and `n2`.
fn ring() -> Net {
    Net::plain(4, &[(0, 1), (1, 2), (2, 3), (3, 0), (1, 2)])
}

fn path(net: &Net, links: &[(usize, Side)]) -> Vec<EdgeIx> {
    links.iter().map(|(link, side)| edge(&net.graph(), *link, *side)).collect()
}

const ROUND: [(usize, Side); 3] = [(0, Side::A), (4, Side::A), (2, Side::A)];

#[test]
fn a_shortest_path_is_one_node_segment() {
    let net = Net::plain(3, &[(0, 1), (1, 2)]);
    let path = path(&net, &[(0, Side::A), (1, Side::A)]);
    assert_eq!(shown(encode(&net.ted(), &path, Dataplane::Srv6)), "fd00:0:3:1::");
    assert_eq!(shown(encode(&net.ted(), &path, Dataplane::SrMpls)), "16002");
}

#[test]
fn a_parallel_link_is_pinned_by_its_adjacency() {
    let path = path(&ring(), &ROUND);
    // One End.X SID pins the way to n1 and the line after it; a label for the adjacency needs the label of n1 before it.
    assert_eq!(shown(encode(&ring().ted(), &path, Dataplane::Srv6)), "fd00:0:2:e040:: fd00:0:4:1::");
    assert_eq!(shown(encode(&ring().ted(), &path, Dataplane::SrMpls)), "16001 15004 16003");
}

#[test]
fn a_link_without_a_sid_that_nothing_else_pins_is_named() {
    let mut net = ring();
    net.lines[4].ways[0].sid = false;
    let path = path(&net, &ROUND);
    assert_eq!(
        shown(encode(&net.ted(), &path, Dataplane::Srv6)),
        "nothing pins link l04 at node n1: it has no adjacency SID there, and the shortest path to node n2 is another one \
         or that node has no SID; give the link an adjacency SID"
    );
}

#[test]
fn room_is_kept_for_the_service_sid() {
    let mut ted = ring().ted();
    let path = path(&ring(), &ROUND);
    let msd = |ted: &mut Ted, node: usize, msd| {
        ted.nodes.get_mut(&node_id(node)).unwrap().msd = Fact::from_file(msd)
    };
    let wide = MsdSet { mpls_imposition: 4, srv6_encaps: 3, srv6_segments_left: 2, srv6_end_pop: 6 };
    msd(&mut ted, 0, wide);
    msd(&mut ted, 1, wide);
    assert_eq!(encode(&ted, &path, Dataplane::Srv6).unwrap().len(), 2);
    assert_eq!(encode(&ted, &path, Dataplane::SrMpls).unwrap().len(), 3);
    msd(&mut ted, 0, MsdSet { mpls_imposition: 3, srv6_encaps: 2, ..wide });
    assert_eq!(
        shown(encode(&ted, &path, Dataplane::Srv6)),
        "the path needs 3 SIDs with the service SID, node n0 has room for 2 (SRv6 encapsulation depth): choose a path \
         closer to the IGP's"
    );
    assert!(matches!(
        encode(&ted, &path, Dataplane::SrMpls),
        Err(EncodeError::TooDeep { needs: 4, has: 3, limit: Limit::MplsImposition, .. })
    ));
    // n1 takes the packet from its End.X SID with two segments left.
    msd(&mut ted, 0, wide);
    msd(&mut ted, 1, MsdSet { srv6_segments_left: 1, ..wide });
    assert!(matches!(
        encode(&ted, &path, Dataplane::Srv6),
        Err(EncodeError::TooDeep { needs: 3, has: 2, limit: Limit::Srv6SegmentsLeft, .. })
    ));
}

#[test]
fn a_label_that_another_srgb_reads_otherwise_is_refused() {
    let net = Net::plain(3, &[(0, 1), (1, 2)]);
    let mut ted = net.ted();
    ted.nodes.get_mut(&node_id(2)).unwrap().srgb = LabelBlock { base: 20_000, size: 100 };
    let path = path(&net, &[(0, Side::A), (1, Side::A)]);
    assert_eq!(
        shown(encode(&ted, &path, Dataplane::SrMpls)),
        "node n0 does not read label 20002 as node n2: their SRGBs differ; use one SRGB in the whole domain"
    );
    assert!(encode(&ted, &path, Dataplane::Srv6).is_ok());
}

#[test]
fn edges_that_are_no_path_are_refused() {
    let graph = ring().graph();
    let ted = ring().ted();
    let gap = path(&ring(), &[(0, Side::A), (2, Side::A)]);
    assert!(matches!(encode(&ted, &gap, Dataplane::Srv6), Err(EncodeError::Broken { .. })));
    let down: EdgeSet = [edge(&graph, 0, Side::A)].into_iter().collect();
    let round = path(&ring(), &ROUND);
    let refused = Encoder::new(&graph, &ted, &down).encode(&round, Dataplane::Srv6, 1);
    assert!(matches!(refused, Err(EncodeError::Broken { .. })));
    assert_eq!(encode(&ted, &[], Dataplane::Srv6), Ok(vec![]));
}

/// The fewest segments by trying every SID from every place on the path, as the walker reads them.
fn fewest(ted: &Ted, graph: &Graph, down: &EdgeSet, path: &[EdgeIx], plane: Dataplane) -> Option<usize> {
    let nodes = ted.nodes.values().filter_map(|node| match plane {
        Dataplane::Srv6 => node.end_sid().map(Sid::Srv6),
        Dataplane::SrMpls => node.node_label().map(Sid::Mpls),
    });
    let links = graph.edges().filter_map(|(_, edge)| match plane {
        Dataplane::Srv6 => edge.end_x.map(Sid::Srv6),
        Dataplane::SrMpls => edge.adjacency_label.map(Sid::Mpls),
    });
    let sids: std::collections::BTreeSet<Sid> = nodes.chain(links).collect();
    let mut fewest = vec![None; path.len() + 1];
    fewest[0] = Some(0);
    for at in 0..path.len() {
        let Some(count) = fewest[at] else { continue };
        for sid in &sids {
            let Some(stretch) = walk(ted, graph, down, graph.edge(path[at]).from, &[*sid]) else { continue };
            let end = at + stretch.len();
            if path[at..].starts_with(&stretch) && fewest[end].is_none_or(|known| known > count + 1) {
                fewest[end] = Some(count + 1);
            }
        }
    }
    fewest[path.len()]
}

/// A network, some edges down, and a walk of up to two simple paths over the rest.
fn case(net: &Net, numbers: &[u32]) -> Option<(Ted, Graph, EdgeSet, Vec<EdgeIx>)> {
    let (ted, graph) = (net.ted(), net.graph());
    let down: EdgeSet =
        (0..numbers[0] % 3).map(|n| EdgeIx(numbers[1 + n as usize] % graph.edge_count() as u32)).collect();
    let node = |number: u32| NodeIx(number % graph.node_count() as u32);
    let stops = [node(numbers[3]), node(numbers[4]), node(numbers[5])];
    let mut path = Vec::new();
    for (ends, number) in stops.windows(2).zip(&numbers[6..]) {
        let mut legs = simple_paths(&graph, ends[0], ends[1]);
        legs.retain(|leg| leg.iter().all(|edge| !down.contains(*edge)));
        path.extend(legs.get(*number as usize % legs.len().max(1))?);
    }
    Some((ted, graph, down, path))
}

const PLANES: [Dataplane; 2] = [Dataplane::Srv6, Dataplane::SrMpls];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_segments_pin_the_path_and_no_fewer_do(
        net in any_net(6, 10), numbers in prop::collection::vec(any::<u32>(), 8),
    ) {
        let Some((ted, graph, down, path)) = case(&net, &numbers) else { return Ok(()) };
        for plane in PLANES {
            let fewest = fewest(&ted, &graph, &down, &path, plane);
            match Encoder::new(&graph, &ted, &down).encode(&path, plane, 1) {
                Ok(segments) => {
                    let sids: Vec<Sid> = segments.iter().map(|segment| segment.sid).collect();
                    let from = path.first().map_or(NodeIx(0), |edge| graph.edge(*edge).from);
                    prop_assert_eq!(walk(&ted, &graph, &down, from, &sids), Some(path.clone()));
                    prop_assert_eq!(Some(segments.len()), fewest);
                }
                Err(error) => {
                    prop_assert!(matches!(error, EncodeError::NoSid { .. }), "{error}");
                    prop_assert_eq!(fewest, None);
                }
            }
        }
    }

    #[test]
    fn over_links_of_metric_zero_the_segments_still_pin_the_path(
        mut net in any_net(6, 10), numbers in prop::collection::vec(any::<u32>(), 8),
    ) {
        for way in net.lines.iter_mut().flat_map(|line| &mut line.ways) {
            way.igp = way.igp.saturating_sub(1);
        }
        let Some((ted, graph, down, path)) = case(&net, &numbers) else { return Ok(()) };
        for plane in PLANES {
            if let Ok(segments) = Encoder::new(&graph, &ted, &down).encode(&path, plane, 1) {
                let sids: Vec<Sid> = segments.iter().map(|segment| segment.sid).collect();
                let from = path.first().map_or(NodeIx(0), |edge| graph.edge(*edge).from);
                prop_assert_eq!(walk(&ted, &graph, &down, from, &sids), Some(path.clone()));
            }
        }
    }
}
