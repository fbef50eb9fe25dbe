use model::{Sid, sr::Dataplane};
use proptest::prelude::*;

use super::*;
use crate::{
    Encoder,
    encode::{shifted, walk::World},
    testing::{any_net, feasible, simple_paths},
};

fn nodes(graph: &Graph, without: u8) -> NodeSet {
    graph.nodes().filter(|node| without >> node.0 & 1 == 0 || node.0 > 7).collect()
}

#[test]
fn only_numbers_from_128_are_flexible() {
    assert_eq!(FlexAlgorithm::new(127, NodeSet::default()), Err(BadAlgorithm(127)));
    assert_eq!(FlexAlgorithm::new(128, NodeSet::default()).unwrap().number(), 128);
}

#[test]
fn the_highest_priority_then_the_highest_originator_defines_an_algorithm() {
    let definition = |number, exclude_any| FlexAlgorithm {
        exclude_any,
        ..FlexAlgorithm::new(number, NodeSet::default()).unwrap()
    };
    let one = |priority, originator, definition| Advertised { priority, originator, definition };
    let all = [
        one(100, 9, definition(128, 1)),
        one(120, 3, definition(128, 2)),
        one(120, 7, definition(128, 4)),
        one(255, 9, definition(129, 8)),
    ];
    assert_eq!(FlexAlgorithm::elected(&all, 128).unwrap().exclude_any, 4);
    assert_eq!(FlexAlgorithm::elected(&all, 130), None);
}

fn any_algorithm() -> impl Strategy<Value = (FlexAlgorithm, u8)> {
    let metric = prop::sample::select(vec![MetricType::Igp, MetricType::Delay, MetricType::Te]);
    let numbers = prop::array::uniform5(any::<u8>());
    (metric, numbers).prop_map(|(metric, [exclude, any, all, risk, without])| {
        let rare = |number: u8| if number.is_multiple_of(3) { 1 << (number / 3 % 4) } else { 0 };
        let algorithm = FlexAlgorithm {
            metric,
            exclude_any: rare(exclude),
            include_any: if any % 3 == 0 { u128::from(any / 3 % 16) } else { 0 },
            include_all: if all % 9 == 0 { rare(all / 3) } else { 0 },
            exclude_srlgs: (risk % 3 == 0).then_some(u32::from(risk / 3 % 4)).into_iter().collect(),
            ..FlexAlgorithm::new(128, NodeSet::default()).unwrap()
        };
        (algorithm, without & without.rotate_left(3))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    /// The tree of the algorithm, the request that asks for its paths, and the list of all paths agree.
    #[test]
    fn the_shortest_paths_are_those_of_its_definition(
        net in any_net(6, 10), drawn in any_algorithm(), ends in any::<[u8; 2]>(),
    ) {
        let graph = net.graph();
        let (mut algorithm, without) = drawn;
        algorithm.participants = nodes(&graph, without);
        let node = |number: u8| NodeIx(u32::from(number) % graph.node_count() as u32);
        let (from, to) = (node(ends[0]), node(ends[1]));
        let closed = algorithm.closed(&graph, &EdgeSet::default());
        let request = algorithm.request(&graph, from, to);
        let free = crate::capacities(&graph);
        let metric = |path: &Vec<EdgeIx>| -> u64 {
            path.iter().map(|ix| algorithm.metric.of(graph.edge(*ix)).unwrap()).sum()
        };
        let best = feasible(&graph, &free, &request).iter().map(metric).min();
        let tree = algorithm.toward(&graph, &closed, to);
        let takes_part = algorithm.participants.contains(from);
        prop_assert_eq!(tree.distance(from).filter(|_| takes_part), best);
        let found = crate::shortest(&graph, &free, &request, &mut crate::Workspace::new());
        prop_assert_eq!(found.ok().map(|found| metric(&found.edges)), best);
    }

    #[test]
    fn its_segments_pin_its_paths(
        net in any_net(6, 10), drawn in any_algorithm(), ends in any::<[u8; 2]>(), which in any::<u16>(),
    ) {
        let (ted, graph) = (net.ted(), net.graph());
        let (mut algorithm, without) = drawn;
        algorithm.participants = nodes(&graph, without);
        let takes_part = |node: &NodeIx| algorithm.participants.contains(*node);
        let facts = |node: NodeIx| &ted.nodes[graph.node_id(node)];
        let sids = FlexSids {
            locators: graph
                .nodes()
                .filter(takes_part)
                .filter_map(|node| Some((node, shifted(facts(node).locator.as_ref()?.value, 7))))
                .collect(),
            indices: graph
                .nodes()
                .filter(takes_part)
                .filter_map(|node| Some((node, facts(node).node_sid.as_ref()?.value + 200)))
                .collect(),
        };
        let node = |number: u8| NodeIx(u32::from(number) % graph.node_count() as u32);
        let all = simple_paths(&graph, node(ends[0]), node(ends[1]));
        let Some(path) = all.get(usize::from(which) % all.len().max(1)) else { return Ok(()) };
        let down = EdgeSet::default();
        let metric = |edge: &Edge| algorithm.metric.of(edge).filter(|_| algorithm.admits(edge));
        for (plane, shift) in [(Dataplane::Srv6, 7), (Dataplane::SrMpls, 200)] {
            let mut encoder = Encoder::of_algorithm(&graph, &ted, &down, &algorithm, &sids);
            let Ok(segments) = encoder.encode(path, plane, 1) else { continue };
            let list: Vec<Sid> = segments.iter().map(|segment| segment.sid).collect();
            let world = World { metric: &metric, algorithm: Some(shift), ..World::new(&ted, &graph, &down) };
            let from = path.first().map_or(NodeIx(0), |edge| graph.edge(*edge).from);
            prop_assert_eq!(world.walk(from, &list), Some(path.clone()));
        }
    }
}

#[test]
fn one_node_segment_of_an_algorithm_carries_its_path() {
    // The IGP goes straight; the algorithm by delay goes round.
    let mut net = crate::testing::Net::plain(3, &[(0, 1), (0, 2), (2, 1)]);
    net.lines[0].ways.iter_mut().for_each(|way| way.delay = 9);
    let (ted, graph, down) = (net.ted(), net.graph(), EdgeSet::default());
    let algorithm = FlexAlgorithm {
        metric: MetricType::Delay,
        ..FlexAlgorithm::new(128, graph.nodes().collect()).unwrap()
    };
    let sids = FlexSids { indices: [(NodeIx(1), 201)].into(), ..FlexSids::default() };
    let free = crate::capacities(&graph);
    let request = algorithm.request(&graph, NodeIx(0), NodeIx(1));
    let path = crate::shortest(&graph, &free, &request, &mut crate::Workspace::new()).unwrap().edges;
    let mut encoder = Encoder::of_algorithm(&graph, &ted, &down, &algorithm, &sids);
    let segments = encoder.encode(&path, Dataplane::SrMpls, 1).unwrap();
    assert_eq!(segments.iter().map(|segment| segment.sid.to_string()).collect::<Vec<_>>(), ["16201"]);
    let plain = Encoder::new(&graph, &ted, &down).encode(&path, Dataplane::SrMpls, 1).unwrap();
    assert_eq!(plain.len(), 2);
}

#[test]
fn an_adjacency_sid_of_the_base_locator_is_not_asked_for_from_afar() {
    // By delay the way to n1 goes round over n2; by the IGP it is the direct line. The second of two lines goes on to n3.
    let mut net = crate::testing::Net::plain(4, &[(0, 1), (0, 2), (2, 1), (1, 3), (1, 3)]);
    net.lines[0].ways.iter_mut().for_each(|way| way.delay = 9);
    let (mut ted, down) = (net.ted(), EdgeSet::default());
    let graph = net.graph();
    let algorithm = FlexAlgorithm {
        metric: MetricType::Delay,
        ..FlexAlgorithm::new(128, graph.nodes().collect()).unwrap()
    };
    let locator = |node: NodeIx| ted.nodes[graph.node_id(node)].locator.as_ref().unwrap().value;
    let locators = graph.nodes().map(|node| (node, shifted(locator(node), 7))).collect();
    let sids = FlexSids { locators, ..FlexSids::default() };
    let path = [1, 2, 4].map(|link| crate::testing::edge(&graph, link, model::Side::A));
    let metric = |edge: &Edge| algorithm.metric.of(edge);
    let shown = |ted: &model::Ted| {
        let graph = Graph::freeze(ted).unwrap();
        let mut encoder = Encoder::of_algorithm(&graph, ted, &down, &algorithm, &sids);
        let segments = encoder.encode(&path, Dataplane::Srv6, 1).unwrap();
        let list: Vec<Sid> = segments.iter().map(|segment| segment.sid).collect();
        let world = World { metric: &metric, algorithm: Some(7), ..World::new(ted, &graph, &down) };
        assert_eq!(world.walk(NodeIx(0), &list), Some(path.to_vec()));
        list.iter().map(Sid::to_string).collect::<Vec<_>>()
    };
    assert_eq!(shown(&ted), ["fd00:7:2:1::", "fd00:0:2:e040::"]);
    // One SID is enough where the link has one in the locator of the algorithm.
    let link = ted.links.get_mut(&crate::testing::link_id(4)).unwrap();
    link.a_to_z.end_x = Some(model::Fact::from_file("fd00:7:2:e040::".parse().unwrap()));
    assert_eq!(shown(&ted), ["fd00:7:2:e040::"]);
}
