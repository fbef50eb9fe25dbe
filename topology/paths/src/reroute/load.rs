//! What the repairs of a failed link load, and whether that fits.

use std::collections::BTreeMap;

use model::{Bandwidth, EdgeIx, NodeIx};

use super::{FastReroute, Protect, Repair};

/// Traffic that crosses an edge on its way to where its segment ends: an IGP destination, the node of the active node segment, or for
/// an adjacency segment of the edge itself the node behind it. What comes after that node stays as it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Carried {
    /// The edge.
    pub edge: EdgeIx,
    /// Where its segment ends.
    pub end: NodeIx,
    /// How much.
    pub bandwidth: Bandwidth,
}

/// An edge that carries more than it can.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Over {
    /// The edge.
    pub edge: EdgeIx,
    /// What it is to carry.
    pub load: Bandwidth,
    /// What it can.
    pub capacity: Bandwidth,
}

/// The moment after a link has failed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Moment {
    /// What each edge carries whose load changes, ascending by edge.
    pub loads: BTreeMap<EdgeIx, Bandwidth>,
    /// The edges that are now too full, ascending; those that were before and get no worse do not count.
    pub over: Vec<Over>,
    /// What nothing repairs.
    pub lost: Bandwidth,
}

impl Moment {
    /// Whether everything is repaired and fits.
    pub fn fits(&self) -> bool {
        self.over.is_empty() && self.lost == Bandwidth::ZERO
    }
}

impl FastReroute<'_> {
    /// Where the traffic of a link goes in the moment after it fails in both directions, and whether it fits. `carried` is what
    /// crosses the two edges of the link (other entries are not looked at), `loads` what every edge carries before, bit/s, by
    /// number; edges beyond its end carry nothing. Equal paths share evenly, the remainder of a division goes to the smaller edges.
    ///
    /// Costs twice what [`FastReroute::repairs`] does, once for each direction, and O(edges log nodes) for each segment of each repair.
    pub fn after(&mut self, link: EdgeIx, carried: &[Carried], loads: &[u64], protect: Protect) -> Moment {
        let mut change: BTreeMap<EdgeIx, i128> = BTreeMap::new();
        let mut moment = Moment::default();
        for lost in [link, link.reverse()] {
            let mine: Vec<&Carried> = carried.iter().filter(|carried| carried.edge == lost).collect();
            let ends: Vec<NodeIx> = mine.iter().map(|carried| carried.end).collect();
            for (carried, repair) in mine.into_iter().zip(self.repairs(lost, &ends, protect)) {
                let amount = carried.bandwidth.as_bps();
                for (edge, amount) in self.behind(lost, carried.end, amount) {
                    *change.entry(edge).or_insert(0) -= i128::from(amount);
                }
                match self.along(lost, carried.end, &repair, amount) {
                    Some(flow) => {
                        for (edge, amount) in flow {
                            *change.entry(edge).or_insert(0) += i128::from(amount);
                        }
                    }
                    None => moment.lost = moment.lost.saturating_add(carried.bandwidth),
                }
            }
        }
        for (edge, change) in change.into_iter().filter(|(_, change)| *change != 0) {
            let before = loads.get(edge.ix()).copied().unwrap_or(0);
            let after = u64::try_from((i128::from(before) + change).max(0)).unwrap_or(u64::MAX);
            let (load, capacity) = (Bandwidth::from_bps(after), self.graph.edge(edge).bandwidth);
            moment.loads.insert(edge, load);
            if after > capacity && after > before {
                moment.over.push(Over { edge, load, capacity: Bandwidth::from_bps(capacity) });
            }
        }
        moment
    }

    /// What the traffic loaded before: the edge, and the old shortest paths behind it.
    fn behind(&mut self, lost: EdgeIx, end: NodeIx, amount: u64) -> BTreeMap<EdgeIx, u64> {
        let mut flow = BTreeMap::from([(lost, amount)]);
        let next = self.graph.edge(lost).to;
        self.pour(next, end, amount, &mut flow);
        flow
    }

    /// What it loads on its repair.
    fn along(
        &mut self,
        lost: EdgeIx,
        end: NodeIx,
        repair: &Repair,
        amount: u64,
    ) -> Option<BTreeMap<EdgeIx, u64>> {
        use crate::encode::SegmentKind;
        let mut flow = BTreeMap::new();
        match repair {
            Repair::None => return None,
            Repair::EqualCost(edges) => {
                for (edge, amount) in shares(edges, amount) {
                    add(&mut flow, edge, amount);
                    self.pour(self.graph.edge(edge).to, end, amount, &mut flow);
                }
            }
            Repair::List(list) => {
                let mut at = self.graph.edge(lost).from;
                let first = list.path.first().copied().map(SegmentKind::Adjacency);
                let rest = SegmentKind::Node(end);
                for segment in first.iter().chain(&list.segments).chain([&rest]) {
                    match segment {
                        SegmentKind::Adjacency(edge) => {
                            add(&mut flow, *edge, amount);
                            at = self.graph.edge(*edge).to;
                        }
                        SegmentKind::Node(node) => {
                            self.pour(at, *node, amount, &mut flow);
                            at = *node;
                        }
                        SegmentKind::Anycast(_) | SegmentKind::Service(_) => {}
                    }
                }
            }
        }
        Some(flow)
    }

    /// Lets traffic flow from a node by old shortest paths.
    pub(super) fn pour(&mut self, from: NodeIx, end: NodeIx, amount: u64, flow: &mut BTreeMap<EdgeIx, u64>) {
        let graph = self.graph;
        let tree = self.tree(end);
        // Nodes by distance, the farthest first: all that reaches a node has reached it before it is looked at.
        let distance = |node: NodeIx| tree.spf.distance(node).unwrap_or(0);
        let mut waiting = BTreeMap::from([((distance(from), from), amount)]);
        while let Some(((here, node), amount)) = waiting.pop_last() {
            if node == end || amount == 0 {
                continue;
            }
            let nearer = |edge: &EdgeIx| distance(graph.edge(*edge).to) < here;
            let mut hops: Vec<EdgeIx> = tree.hops(node).filter(nearer).collect();
            if hops.is_empty() {
                // Over links of metric 0 the tree alone knows a way that does not turn back.
                hops.extend(tree.spf.first_hop(node));
            }
            for (edge, amount) in shares(&hops, amount) {
                add(flow, edge, amount);
                let to = graph.edge(edge).to;
                *waiting.entry((distance(to), to)).or_insert(0) += amount;
            }
        }
    }
}

fn add(flow: &mut BTreeMap<EdgeIx, u64>, edge: EdgeIx, amount: u64) {
    let load = flow.entry(edge).or_insert(0);
    *load = load.saturating_add(amount);
}

/// Even shares; the first edges get what remains.
fn shares(edges: &[EdgeIx], amount: u64) -> impl Iterator<Item = (EdgeIx, u64)> + '_ {
    let count = edges.len().max(1) as u64;
    let extra = amount % count;
    edges.iter().zip(0..).map(move |(edge, place)| (*edge, amount / count + u64::from(place < extra)))
}
