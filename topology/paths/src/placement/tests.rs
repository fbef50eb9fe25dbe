//! Held against single searches from scratch, which know of no trees, no groups and no threads.

use model::{Bandwidth, NodeIx};
use proptest::{collection::vec, prelude::*};

use super::*;
use crate::{
    Bounds, Exclusions, Workspace, capacities,
    testing::{Ask, Net, any_ask, any_mesh, any_net, node_id},
};

/// What a service has by the plain way.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
struct Plain {
    path: Option<Vec<EdgeIx>>,
    backup: Option<Vec<EdgeIx>>,
}

impl Plain {
    fn rides(&self, link: usize) -> bool {
        self.loses(link) || self.backup.iter().flatten().any(|edge| edge.link() == link)
    }

    fn loses(&self, link: usize) -> bool {
        self.path.iter().flatten().any(|edge| edge.link() == link)
    }
}

/// The plain way: one search for each path in turn, then one for each backup.
struct Slow<'a> {
    graph: &'a Graph,
    requests: &'a [PathRequest],
    diversity: Diversity,
}

impl Slow<'_> {
    /// Lays all services of a list whose path a link that is down takes away, or that never had one, and gives each a backup.
    fn lay(
        &self,
        free: &mut [u64],
        before: &[Plain],
        list: &[usize],
        down: Option<usize>,
    ) -> Vec<(usize, Plain)> {
        let mut workspace = Workspace::new();
        let request = |number: usize| {
            let mut request = self.requests[number].clone();
            // A link that is down is not there for anybody.
            down.into_iter().for_each(|link| request.excluded.edges.insert_link(EdgeIx(2 * link as u32)));
            request
        };
        let mut laid = Vec::new();
        for number in list {
            let request = request(*number);
            let bandwidth = request.bandwidth.as_bps();
            let mut path = before.get(*number).and_then(|before| before.path.clone());
            if down.is_none_or(|link| before[*number].loses(link)) {
                path.iter().flatten().for_each(|edge| free[edge.ix()] += bandwidth);
                path =
                    crate::shortest(self.graph, free, &request, &mut workspace).ok().map(|found| found.edges);
                path.iter().flatten().for_each(|edge| free[edge.ix()] -= bandwidth);
            }
            laid.push((*number, Plain { path, backup: None }));
        }
        for (number, plain) in &mut laid {
            let Some(path) = &plain.path else { continue };
            let request = request(*number);
            let backup = crate::backup(self.graph, free, &request, path, self.diversity, &mut workspace);
            plain.backup = backup.ok().map(|backup| backup.found.edges);
        }
        laid
    }
}

fn owned(ways: &Ways) -> Vec<(usize, Plain)> {
    let own = |edges: Option<&[EdgeIx]>| edges.map(<[EdgeIx]>::to_vec);
    ways.iter().map(|laid| (laid.service, Plain { path: own(laid.path), backup: own(laid.backup) })).collect()
}

/// All services, then each link that fails; the network is the same after it.
fn check(
    graph: &Arc<Graph>,
    free: &[u64],
    requests: &[PathRequest],
    diversity: Diversity,
    worth_a_thread: usize,
) -> Result<(), TestCaseError> {
    let mut placement = Placement::in_threads(graph, free, requests, diversity, worth_a_thread);
    let slow = Slow { graph, requests, diversity };
    let mut left = free.to_vec();
    let all: Vec<usize> = (0..requests.len()).collect();
    let laid = slow.lay(&mut left, &[], &all, None);
    prop_assert_eq!(&owned(placement.laid()), &laid);
    prop_assert_eq!(placement.free(), left.as_slice());
    let before: Vec<Plain> = laid.into_iter().map(|(_, plain)| plain).collect();
    for link in 0..graph.edge_count() / 2 {
        let riders: Vec<usize> = all.iter().copied().filter(|number| before[*number].rides(link)).collect();
        let known: Vec<usize> = placement.riders(link).iter().map(|number| *number as usize).collect();
        prop_assert_eq!(&known, &riders);
        let changed = slow.lay(&mut left.clone(), &before, &riders, Some(link));
        prop_assert_eq!(owned(&placement.without(link)), changed, "link {} fails", link);
        prop_assert_eq!(placement.free(), left.as_slice());
        prop_assert_eq!(&placement.most_free, &placement.free);
    }
    prop_assert!(placement.without(graph.edge_count()).is_empty());
    Ok(())
}

/// How services are drawn: what they ask, and how few places they go to.
#[derive(Clone, Debug)]
struct Draw {
    asks: Vec<Ask>,
    /// For each service which ask, its other end, its bandwidth and its direction.
    services: Vec<(u8, u8, u64, bool)>,
    /// Whether nothing is excluded and no bound looks at segments, so that trees are shared.
    is_short: bool,
    /// Whether there are no bounds.
    is_open: bool,
    /// How much more room than links have: little makes them full.
    room: u64,
}

fn any_draw() -> impl Strategy<Value = Draw> {
    let service = (any::<u8>(), any::<u8>(), 0_u64..4, any::<bool>());
    let room = prop::sample::select(vec![1_u64, 3, 10, 1_000]);
    (vec(any_ask(), 1..4), vec(service, 1..20), prop::bool::weighted(0.8), any::<bool>(), room).prop_map(
        |(asks, services, is_short, is_open, room)| Draw { asks, services, is_short, is_open, room },
    )
}

impl Draw {
    fn requests(&self, graph: &Graph) -> Vec<PathRequest> {
        let one = |(ask, node, bandwidth, turned): &(u8, u8, u64, bool)| {
            let mut request = self.asks[usize::from(*ask) % self.asks.len()].fit(graph);
            request.from = NodeIx(u32::from(*node) % graph.node_count() as u32);
            request.bandwidth = Bandwidth::from_bps(*bandwidth);
            if self.is_short {
                request.excluded = Exclusions::default();
                request.bounds.segments = None;
            }
            if self.is_open {
                request.bounds = Bounds::default();
            }
            if *turned {
                std::mem::swap(&mut request.from, &mut request.to);
            }
            request
        };
        self.services.iter().map(one).collect()
    }

    fn check(&self, net: &Net, diversity: Diversity, worth_a_thread: usize) -> Result<(), TestCaseError> {
        let graph = Arc::new(net.graph());
        let free: Vec<u64> = capacities(&graph).iter().map(|free| free * self.room).collect();
        check(&graph, &free, &self.requests(&graph), diversity, worth_a_thread)
    }
}

fn any_diversity() -> impl Strategy<Value = Diversity> {
    prop::sample::select(vec![Diversity::Link, Diversity::Node, Diversity::Srlg])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn what_is_shared_changes_no_answer(
        net in any_net(7, 12), draw in any_draw(), diversity in any_diversity(), stubs in any::<u8>(),
        threads in any::<bool>(),
    ) {
        let mut net = net;
        net.overload.iter_mut().enumerate().for_each(|(node, bit)| *bit = stubs >> (node % 8) & 1 == 1);
        draw.check(&net, diversity, if threads { 0 } else { usize::MAX })?;
    }

    #[test]
    fn nor_does_it_where_many_paths_are_equally_good(
        net in any_mesh(7, 14), draw in any_draw(), diversity in any_diversity(), stubs in any::<u8>(),
        threads in any::<bool>(),
    ) {
        let mut net = net;
        net.overload.iter_mut().enumerate().for_each(|(node, bit)| *bit = stubs >> node & 3 == 3);
        draw.check(&net, diversity, if threads { 0 } else { usize::MAX })?;
    }
}

/// A ring of four routers with two chords, and branches with lines to two of them.
fn hub_and_spoke(branches: usize) -> Net {
    let mut ends = vec![(0, 1), (1, 2), (2, 3), (3, 0), (0, 2), (1, 3)];
    for branch in 0..branches {
        ends.extend([(4 + branch, branch % 4), (4 + branch, (branch + 1 + branch / 4 % 3) % 4)]);
    }
    let mut net = Net::plain(4 + branches, &ends);
    net.overload[4..].fill(true);
    for (place, line) in net.lines.iter_mut().enumerate() {
        line.ways.iter_mut().for_each(|way| {
            way.bandwidth = 1_000;
            way.delay = 1 + place as u64 % 5;
        });
    }
    net
}

#[test]
fn branches_share_the_trees_of_their_hub() {
    let graph = Arc::new(hub_and_spoke(24).graph());
    // Nodes stand in the order of their names.
    let node = |n: usize| graph.node_ix(&node_id(n)).unwrap();
    let requests: Vec<PathRequest> = (0..48)
        .map(|n| {
            let (branch, hub) = (node(4 + n / 2), node(n / 8 % 4));
            let (from, to) = if n % 2 == 0 { (branch, hub) } else { (hub, branch) };
            PathRequest { bandwidth: Bandwidth::from_bps(1 + n as u64 % 3), ..PathRequest::new(from, to) }
        })
        .collect();
    let free = capacities(&graph);
    for diversity in [Diversity::Link, Diversity::Node] {
        check(&graph, &free, &requests, diversity, 0).unwrap();
        let placement = Placement::new(&graph, &free, &requests, diversity);
        let known = (0..placement.laid.len()).filter(|place| placement.laid.core(*place) != ALONE);
        assert_eq!(known.count(), requests.len(), "every path is one of a tree");
        let apart = placement.laid().iter().filter(|laid| laid.path.is_some() && laid.backup.is_some());
        assert_eq!(apart.count(), requests.len());
        assert!(placement.cores < 48, "paths that differ by their line share a core: {}", placement.cores);
    }
}

#[test]
fn what_needs_no_room_does_not_ride_a_link_that_is_down() {
    let graph = Arc::new(Net::plain(3, &[(0, 1), (0, 2), (2, 1)]).graph());
    let request = PathRequest::new(NodeIx(0), NodeIx(1));
    let mut placement = Placement::new(&graph, &capacities(&graph), &[request], Diversity::Link);
    let first = placement.laid().iter().next().unwrap();
    assert_eq!(first.path.map(<[EdgeIx]>::len), Some(1));
    let link = first.path.unwrap()[0].link();
    let changed = placement.without(link);
    let now = changed.iter().next().unwrap();
    assert_eq!((now.path.map(<[EdgeIx]>::len), now.backup), (Some(2), None));
}
