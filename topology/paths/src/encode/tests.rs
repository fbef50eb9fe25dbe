use ipnet::Ipv6Net;
use model::{Bandwidth, Fact, Node, SegmentList, Side, node::MsdSet, sr::LabelBlock};
use proptest::prelude::*;

use super::{walk::World, *};
use crate::testing::{Net, any_net, edge, node_id, simple_paths};

mod chain;
mod depth;

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
fn a_line_of_metric_zero_behind_the_end_takes_no_segment_more() {
    // Many lines meet at n0, so that shortest paths are looked up from there; n3 lies as far from it as n2.
    let mut net = Net::plain(7, &[(0, 1), (1, 2), (2, 3), (0, 4), (0, 5), (0, 6)]);
    net.lines[2].ways.iter_mut().for_each(|way| way.igp = 0);
    let path = path(&net, &[(0, Side::A), (1, Side::A)]);
    assert_eq!(shown(encode(&net.ted(), &path, Dataplane::SrMpls)), "16002");
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
fn a_label_is_that_of_the_node_which_reads_it() {
    let path = path(&ring(), &ROUND);
    let mut ted = ring().ted();
    let srgb = |ted: &mut Ted, node: usize, base, size| {
        ted.nodes.get_mut(&node_id(node)).unwrap().srgb = LabelBlock { base, size };
    };
    // The label of n3 is read at n2, where the adjacency label leads.
    srgb(&mut ted, 2, 20_000, 100);
    srgb(&mut ted, 3, 30_000, 100);
    assert_eq!(shown(encode(&ted, &path, Dataplane::SrMpls)), "16001 15004 20003");
    // Without a label for index 3 at n2, the link is left to its adjacency.
    srgb(&mut ted, 2, 20_000, 2);
    assert_eq!(shown(encode(&ted, &path, Dataplane::SrMpls)), "16001 15004 15002");
    let mut bare = ring();
    bare.lines[2].ways[0].sid = false;
    let mut ted = bare.ted();
    srgb(&mut ted, 2, 20_000, 2);
    assert_eq!(
        shown(encode(&ted, &path, Dataplane::SrMpls)),
        "node n2 has no label for node n3: index 3 lies outside its SRGB; widen the SRGB or change the index"
    );
}

#[test]
fn an_adjacency_label_inside_the_srgb_means_a_node() {
    let path = path(&ring(), &ROUND);
    let mut ted = ring().ted();
    ted.nodes.get_mut(&node_id(1)).unwrap().srgb = LabelBlock { base: 15_000, size: 2_000 };
    assert!(matches!(encode(&ted, &path, Dataplane::SrMpls), Err(EncodeError::NoSid { .. })));
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
fn fewest(world: &World<'_>, path: &[EdgeIx], plane: Dataplane) -> Option<usize> {
    let World { ted, graph, .. } = *world;
    // Any label of any block: who reads it is not known beforehand.
    let labels = ted.nodes.values().flat_map(|reader| (0..12).filter_map(|index| reader.srgb.at(index)));
    let ends = ted.nodes.values().filter_map(Node::end_sid).map(Sid::Srv6);
    let nodes: Vec<Sid> = match plane {
        Dataplane::Srv6 => {
            ends.chain(world.anycast.iter().filter_map(|group| group.sid.map(Sid::Srv6))).collect()
        }
        Dataplane::SrMpls => labels.map(Sid::Mpls).collect(),
    };
    let links = graph.edges().filter_map(|(_, edge)| match plane {
        Dataplane::Srv6 => edge.end_x.map(Sid::Srv6),
        Dataplane::SrMpls => edge.adjacency_label.map(Sid::Mpls),
    });
    let sids: std::collections::BTreeSet<Sid> = nodes.into_iter().chain(links).collect();
    let mut fewest = vec![None; path.len() + 1];
    fewest[0] = Some(0);
    for at in 0..path.len() {
        let Some(count) = fewest[at] else { continue };
        for sid in &sids {
            let from = graph.edge(path[at]).from;
            let Some(stretch) = world.walk(from, &[*sid]) else { continue };
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
    let (mut ted, graph) = (net.ted(), net.graph());
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
    // Every node has an SRGB of its own, some too small for the larger indices.
    for (place, node) in ted.nodes.values_mut().enumerate() {
        let number = numbers[8] >> (2 * place);
        let base = [16_000, 16_000, 20_000, 24_000][number as usize % 4];
        let size = if numbers[9] >> place & 7 == 0 { 4 } else { 100 };
        node.srgb = LabelBlock { base, size };
    }
    Some((ted, graph, down, path))
}

fn start(graph: &Graph, path: &[EdgeIx]) -> NodeIx {
    path.first().map_or(NodeIx(0), |edge| graph.edge(*edge).from)
}

const PLANES: [Dataplane; 2] = [Dataplane::Srv6, Dataplane::SrMpls];

fn groups(graph: &Graph, numbers: &[u32]) -> Vec<Anycast> {
    let members = |bits: u32| graph.nodes().filter(|node| bits >> node.0 & 1 == 1).collect();
    let group = |place: u32| Anycast {
        members: members(numbers[10] >> (8 * place)),
        index: Some(8 + place),
        sid: format!("fd00:ffff:{place}::").parse().ok(),
    };
    vec![group(0), group(1)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_segments_pin_the_path_and_no_fewer_do(
        net in any_net(6, 10), numbers in prop::collection::vec(any::<u32>(), 11), any_group in any::<bool>(),
    ) {
        let Some((ted, graph, down, path)) = case(&net, &numbers) else { return Ok(()) };
        let anycast = if any_group { groups(&graph, &numbers) } else { Vec::new() };
        let world = World { anycast: &anycast, ..World::new(&ted, &graph, &down) };
        for plane in PLANES {
            let fewest = fewest(&world, &path, plane);
            let mut encoder = Encoder::new(&graph, &ted, &down).with_anycast(anycast.clone());
            match encoder.encode(&path, plane, 1) {
                Ok(segments) => {
                    let sids: Vec<Sid> = segments.iter().map(|segment| segment.sid).collect();
                    prop_assert_eq!(world.walk(start(&graph, &path), &sids), Some(path.clone()));
                    prop_assert_eq!(Some(segments.len()), fewest);
                }
                Err(error) => {
                    let known = matches!(error, EncodeError::NoSid { .. } | EncodeError::OutsideSrgb { .. });
                    prop_assert!(known, "{error}");
                    prop_assert_eq!(fewest, None);
                }
            }
        }
    }

    #[test]
    fn over_links_of_metric_zero_the_segments_still_pin_the_path(
        mut net in any_net(6, 10), numbers in prop::collection::vec(any::<u32>(), 11),
    ) {
        for way in net.lines.iter_mut().flat_map(|line| &mut line.ways) {
            way.igp = way.igp.saturating_sub(1);
        }
        let Some((ted, graph, down, path)) = case(&net, &numbers) else { return Ok(()) };
        for plane in PLANES {
            if let Ok(segments) = Encoder::new(&graph, &ted, &down).encode(&path, plane, 1) {
                let sids: Vec<Sid> = segments.iter().map(|segment| segment.sid).collect();
                let walked = World::new(&ted, &graph, &down).walk(start(&graph, &path), &sids);
                prop_assert_eq!(walked, Some(path.clone()));
            }
        }
    }

    /// Whatever becomes of metrics and other links, packets stay on the path or are dropped.
    #[test]
    fn a_path_pinned_by_every_link_is_left_by_no_change_of_the_igp(
        net in any_net(6, 10), other in any_net(6, 10), numbers in prop::collection::vec(any::<u32>(), 11),
        failed in any::<u32>(),
    ) {
        let Some((ted, graph, down, path)) = case(&net, &numbers) else { return Ok(()) };
        let mut converged = net.clone();
        for (line, other) in converged.lines.iter_mut().zip(other.lines.iter().cycle()) {
            for (way, other) in line.ways.iter_mut().zip(&other.ways) {
                way.igp = other.igp;
            }
        }
        let fewer: EdgeSet = (0..graph.edge_count() as u32).filter(|edge| failed >> (edge / 2) & 3 == 3).map(EdgeIx).collect();
        for plane in PLANES {
            let encoding = Encoding { pin: Pin::EveryLink, ..Encoding::new(plane, 1) };
            let Ok(encoded) = Encoder::new(&graph, &ted, &down).encode_with(&path, &encoding) else { continue };
            prop_assert_eq!(encoded.segments.len(), path.len());
            let graph = converged.graph();
            let walked = World::new(&ted, &graph, &fewer).walk(start(&graph, &path), &encoded.sids);
            let whole = path.iter().all(|edge| !fewer.contains(*edge));
            prop_assert_eq!(walked, whole.then(|| path.clone()));
        }
    }

    #[test]
    fn containers_pin_the_same_path_in_no_more_sids(
        mut net in any_net(6, 10), numbers in prop::collection::vec(any::<u32>(), 11), reads in any::<u8>(), every in any::<bool>(),
    ) {
        net.sids = vec![true; net.sids.len()];
        let Some((ted, graph, down, path)) = case(&net, &numbers) else { return Ok(()) };
        let nodes = graph.nodes().filter(|node| reads >> node.0 & 1 == 1).collect();
        let csid = Csid::new(32, 16, 16, nodes).unwrap();
        let pin = if every { Pin::EveryLink } else { Pin::Fewest };
        let full = Encoding { pin, ..Encoding::new(Dataplane::Srv6, 1) };
        let short = Encoding { csid: Some(&csid), ..full };
        let mut encoder = Encoder::new(&graph, &ted, &down);
        let (full, short) = (encoder.encode_with(&path, &full), encoder.encode_with(&path, &short));
        let (Ok(full), Ok(short)) = (full, short) else { return Ok(()) };
        prop_assert_eq!(&full.segments, &short.segments);
        prop_assert!(short.sids.len() <= full.sids.len());
        let world = World { csid: Some([32, 16, 16]), ..World::new(&ted, &graph, &down) };
        prop_assert_eq!(world.walk(start(&graph, &path), &short.sids), Some(path.clone()));
        if reads & 63 == 63 {
            // All nodes read containers: as few as hold all elements, one after the other.
            let mut room = 0;
            let mut containers = 0;
            let mut before: Option<NodeIx> = None;
            for segment in &short.segments {
                let (owner, length) = match segment.kind {
                    SegmentKind::Adjacency(edge) => (graph.edge(edge).from, 2),
                    SegmentKind::Node(node) => (node, 1),
                    SegmentKind::Anycast(_) | SegmentKind::Service(_) => unreachable!("there are none"),
                };
                // Node numbers 1 and up: 1 is the function of every End SID, so it follows no End SID.
                let misread = before.is_some() && owner == NodeIx(0);
                if room < length || misread {
                    containers += 1;
                    room = 6;
                }
                room -= length;
                before = (length == 1).then_some(owner);
            }
            prop_assert_eq!(short.sids.len(), containers);
        }
    }

    #[test]
    fn parts_are_as_few_as_fit_and_lead_over_the_same_path(
        net in any_net(6, 10), numbers in prop::collection::vec(any::<u32>(), 11), depths in any::<u32>(), every in any::<bool>(),
    ) {
        let Some((mut ted, graph, down, path)) = case(&net, &numbers) else { return Ok(()) };
        for (place, node) in ted.nodes.values_mut().enumerate() {
            let depth = 1 + (depths >> (3 * place) & 3) as u8;
            node.msd = Fact::from_file(MsdSet { mpls_imposition: depth, srv6_encaps: depth, ..node.msd.value });
        }
        let pin = if every { Pin::EveryLink } else { Pin::Fewest };
        for plane in PLANES {
            let encoding = Encoding { pin, ..Encoding::new(plane, 1) };
            let mut encoder = Encoder::new(&graph, &ted, &down);
            let fewest = fewest_parts(&mut encoder, &path, &encoding);
            match encoder.encode_in_parts(&path, &encoding) {
                Err(_) => prop_assert_eq!(fewest, None),
                Ok(parts) => {
                    prop_assert_eq!(Some(parts.len()), fewest);
                    let mut walked = Vec::new();
                    for part in &parts {
                        let sids: Vec<Sid> = part.segments.iter().map(|segment| segment.sid).collect();
                        let world = World::new(&ted, &graph, &down);
                        let mut stretch = world.walk(part.head, &sids).unwrap();
                        let wanted = &path[part.edges.clone()];
                        // The binding SID itself leads over the rest, as the SID of its node does.
                        if stretch.len() < wanted.len() {
                            let at = stretch.last().map_or(part.head, |edge| graph.edge(*edge).to);
                            let binder = graph.edge(wanted[wanted.len() - 1]).to;
                            let sid = ted.nodes[graph.node_id(binder)].end_sid().unwrap();
                            stretch.extend(world.walk(at, &[Sid::Srv6(sid)]).unwrap());
                        }
                        prop_assert_eq!(&stretch[..], wanted);
                        walked.extend(stretch);
                    }
                    prop_assert_eq!(walked, path.clone());
                }
            }
        }
    }
}

/// The fewest parts by trying every way to cut the path.
fn fewest_parts(encoder: &mut Encoder<'_>, path: &[EdgeIx], encoding: &Encoding<'_>) -> Option<usize> {
    if path.is_empty() {
        return Some(0);
    }
    let inner = path.len() - 1;
    let graph = encoder.graph;
    let fits = |cuts: u32, encoder: &mut Encoder<'_>| {
        let mut from = 0;
        let mut whole = true;
        for place in 1..=path.len() {
            if place < path.len() && cuts >> (place - 1) & 1 == 0 {
                continue;
            }
            let stretch = &path[from..place];
            let wide = Encoding { service: 0, ..*encoding };
            let ted = encoder.ted;
            let head = graph.edge(stretch[0]).from;
            let mut deep = ted.clone();
            let most = MsdSet {
                mpls_imposition: 200,
                srv6_encaps: 200,
                srv6_segments_left: 200,
                srv6_end_pop: 200,
                srv6_end_d: 200,
            };
            deep.nodes.values_mut().for_each(|node| node.msd = Fact::from_file(most));
            let list = Encoder::new(graph, &deep, encoder.down).encode_with(stretch, &wide);
            let Ok(list) = list else { return false };
            let binding = place < path.len();
            let saved = binding
                && encoding.plane == Dataplane::Srv6
                && matches!(list.segments.last().unwrap().kind, SegmentKind::Node(_));
            let service = if from == 0 { usize::from(encoding.service) } else { 0 };
            let needs = list.sids.len() - usize::from(saved) + usize::from(binding) + service;
            let msd = ted.nodes[graph.node_id(head)].msd.value;
            whole &= match encoding.plane {
                Dataplane::SrMpls => needs <= usize::from(msd.mpls_imposition),
                Dataplane::Srv6 => needs <= 1 || needs <= usize::from(msd.srv6_encaps),
            };
            from = place;
        }
        whole
    };
    (0..1_u32 << inner).filter(|cuts| fits(*cuts, encoder)).map(|cuts| cuts.count_ones() as usize + 1).min()
}

#[test]
fn a_link_without_a_sid_cannot_be_pinned() {
    let mut net = ring();
    net.lines[0].ways[0].sid = false;
    let graph = net.graph();
    let ted = net.ted();
    let down = EdgeSet::default();
    let path = path(&net, &ROUND);
    let encoding = Encoding { pin: Pin::EveryLink, ..Encoding::new(Dataplane::Srv6, 1) };
    let error = Encoder::new(&graph, &ted, &down).encode_with(&path, &encoding).unwrap_err();
    assert_eq!(
        error.to_string(),
        "link l00 has no adjacency SID at node n0, and every link must be pinned: give it one"
    );
}

#[test]
fn lists_carry_the_ratio_of_their_rates() {
    let rates = [300, 100, 0, 200].map(Bandwidth::from_bps);
    assert_eq!(weights(&rates), [3, 1, 0, 2]);
    let huge = weights(&[u64::MAX, 1].map(Bandwidth::from_bps));
    assert_eq!(huge[1], 1);
    assert_eq!(weights(&[]), [0; 0]);
    let net = ring();
    let (graph, ted, down) = (net.graph(), net.ted(), EdgeSet::default());
    let (near, far) = (path(&net, &[(3, Side::Z)]), path(&net, &ROUND));
    let paths = [(&near[..], rates[0]), (&far[..], rates[1]), (&far[..], rates[2])];
    let mut encoder = Encoder::new(&graph, &ted, &down);
    let lists: Vec<SegmentList> = encoder.encode_lists(&paths, &Encoding::new(Dataplane::Srv6, 1)).unwrap();
    assert_eq!(lists.iter().map(|list| (list.weight, list.sids.len())).collect::<Vec<_>>(), [(3, 1), (1, 2)]);
    let both = encoder.encode_both(&far, &Encoding::new(Dataplane::Srv6, 1)).unwrap();
    let back = World::new(&ted, &graph, &down).walk(NodeIx(3), &both[1].sids);
    assert_eq!(back, Some(reversed(&far)));
}

#[test]
fn a_path_of_adjacencies_alone_goes_into_a_container_too() {
    let net = ring();
    let (graph, mut bare, down) = (net.graph(), net.ted(), EdgeSet::default());
    for node in bare.nodes.values_mut() {
        node.locator = None;
    }
    let csid = Csid::new(32, 16, 16, graph.nodes().collect()).unwrap();
    let encoding = Encoding { csid: Some(&csid), ..Encoding::new(Dataplane::Srv6, 1) };
    let encoded = Encoder::new(&graph, &bare, &down).encode_with(&path(&net, &ROUND), &encoding).unwrap();
    let sids: Vec<String> = encoded.sids.iter().map(ToString::to_string).collect();
    assert_eq!(sids, ["fd00:0:1:e000:2:e040:3:e020"]);
}

#[test]
fn lengths_of_a_sid_must_fit() {
    assert!(Csid::new(48, 16, 16, Default::default()).is_ok());
    assert!(Csid::new(0, 16, 16, Default::default()).is_err());
    assert!(Csid::new(100, 16, 16, Default::default()).is_err());
}

/// The locator of another algorithm: the same node in another block.
pub(crate) fn shifted(locator: Ipv6Net, shift: u32) -> Ipv6Net {
    let network = u128::from(locator.network()) | u128::from(shift) << 96;
    Ipv6Net::new(network.into(), locator.prefix_len()).unwrap()
}
