//! Where traffic goes in the moment after a link fails: routers in front of it move packets onto a repair path by themselves,
//! before anybody computes anything anew (TI-LFA, RFC 9855).
//!
//! The router that loses a link sends what it would have sent over it along the path that it will take after convergence. As the
//! others still forward as before, the packets get a list of segments that holds them on that path until a node from which the
//! old shortest paths miss the failure:
//!
//! ```text
//! plr ─first─► n1 ══ P-space: old paths from n1 miss the failure ══► P ─adjacencies─► Q ══ old paths to the end miss it ══► end
//! ```
//!
//! This says where that leads and what it loads; routers work out their lists themselves.

use model::{EdgeIx, Graph, NodeIx};

use crate::{
    constraint::PathRequest,
    encode::SegmentKind,
    metric::MetricType,
    packed::Lead,
    set::{EdgeSet, NodeSet},
    spf::Spf,
    trees::Trees,
};

mod load;
mod ride;

pub use load::{Carried, Moment, Over};
pub use ride::Ridden;

/// What a router takes for failed when it loses a link (RFC 9855 section 6).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Protect {
    /// The link alone.
    #[default]
    Link,
    /// The node behind it; toward that node itself, the link alone.
    Node,
    /// All its links that share a risk with the lost one.
    LocalSrlg,
}

/// How a router repairs one destination.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Repair {
    /// Other shortest paths remain: traffic goes on over these edges, ascending.
    EqualCost(Vec<EdgeIx>),
    /// The path after convergence, held by segments.
    List(RepairList),
    /// Nothing leads there any more: traffic is lost.
    None,
}

/// A repair path.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RepairList {
    /// The path after convergence, from the router to the destination. Between segments packets may take other paths of the same
    /// length.
    pub path: Vec<EdgeIx>,
    /// What is pushed: node and adjacency segments; none where the first neighbour needs no telling (a loop-free alternate). Packets
    /// leave the router over the first edge of the path in any case.
    pub segments: Vec<SegmentKind>,
    /// Where the list ends: from here the old shortest paths miss the failure.
    pub release: NodeIx,
}

impl RepairList {
    /// How many SRv6 SIDs that takes: an adjacency right behind the segment of its node is one with it (RFC 8986 section 4.2). Labels
    /// take one for each segment.
    pub fn srv6_sids(&self, graph: &Graph) -> usize {
        let joined = self.segments.windows(2).filter(|pair| match pair {
            [SegmentKind::Node(node), SegmentKind::Adjacency(edge)] => graph.edge(*edge).from == *node,
            _ => false,
        });
        self.segments.len() - joined.count()
    }
}

/// Looks at failures on one state of the IGP. Shortest-path trees are kept, one for each node that traffic is repaired
/// toward or over: 12 bytes for each node of the network.
#[derive(Debug)]
pub struct FastReroute<'a> {
    graph: &'a Graph,
    down: &'a EdgeSet,
    home: Trees<'a>,
    away: Trees<'a>,
    all_free: Vec<u64>,
    trees: Vec<Option<Spf>>,
}

impl<'a> FastReroute<'a> {
    /// With some edges down already: those that the IGP does not use now.
    pub fn new(graph: &'a Graph, down: &'a EdgeSet) -> Self {
        Self {
            graph,
            down,
            home: Trees::new(graph, MetricType::Igp, Lead::Home, down),
            away: Trees::new(graph, MetricType::Igp, Lead::Away, down),
            all_free: vec![u64::MAX; graph.edge_count()],
            trees: vec![None; graph.node_count()],
        }
    }

    /// How the router in front of `lost` repairs what it sends over it toward each of `ends`, in their order. Exact: the list is
    /// the shortest that holds this path; of equal paths after convergence the one with the smallest last edges is taken.
    ///
    /// One shortest-path tree for the failure, and one for each node that is new to this object, O(edges log nodes) each; then for
    /// each end at most the links of its path times the edges whose traffic the failure may have carried.
    pub fn repairs(&mut self, lost: EdgeIx, ends: &[NodeIx], protect: Protect) -> Vec<Repair> {
        let failed = self.failed(lost, protect);
        let mut paths = self.converged(lost, ends, &failed);
        // The node behind the link cannot be reached without itself.
        let behind = Some(self.graph.edge(lost).to).filter(|_| protect == Protect::Node);
        let link = self.failed(lost, Protect::Link);
        if let Some(place) = ends.iter().position(|end| Some(*end) == behind) {
            paths[place] = self.converged(lost, &ends[place..=place], &link).pop().flatten();
        }
        ends.iter()
            .zip(paths)
            .map(|(end, path)| {
                let failed = if Some(*end) == behind { &link } else { &failed };
                self.repair(lost, *end, path, failed)
            })
            .collect()
    }

    /// The edges that the router takes for failed.
    fn failed(&self, lost: EdgeIx, protect: Protect) -> EdgeSet {
        let mut failed = EdgeSet::default();
        failed.insert_link(lost);
        let edge = self.graph.edge(lost);
        match protect {
            Protect::Link => {}
            Protect::Node => self.graph.out(edge.to).iter().for_each(|out| failed.insert_link(*out)),
            Protect::LocalSrlg => {
                for out in self.graph.out(edge.from) {
                    if self.graph.edge(*out).srlg.iter().any(|risk| edge.srlg.contains(risk)) {
                        failed.insert_link(*out);
                    }
                }
            }
        }
        failed
    }

    /// The paths after convergence from the router in front of the failure.
    fn converged(&mut self, lost: EdgeIx, ends: &[NodeIx], failed: &EdgeSet) -> Vec<Option<Vec<EdgeIx>>> {
        let from = self.graph.edge(lost).from;
        let mut request = PathRequest::new(from, from);
        request.excluded.edges = failed.clone();
        let tree = self.away.grow_within(from, &self.all_free, &request);
        ends.iter().map(|end| tree.path(*end)).collect()
    }

    fn repair(&mut self, lost: EdgeIx, end: NodeIx, path: Option<Vec<EdgeIx>>, failed: &EdgeSet) -> Repair {
        let from = self.graph.edge(lost).from;
        let spoilt = self.spoilt(end, failed);
        let others: Vec<EdgeIx> = self.tree(end).hops(from).collect();
        let sound = |edge: &EdgeIx| !failed.contains(*edge) && !spoilt.contains(self.graph.edge(*edge).to);
        let others: Vec<EdgeIx> = others.into_iter().filter(sound).collect();
        if !others.is_empty() {
            return Repair::EqualCost(others);
        }
        let Some(path) = path.filter(|path| !path.is_empty()) else { return Repair::None };
        // Where the path stands after each of its edges; the first one is taken by the router itself.
        let nodes: Vec<NodeIx> = path.iter().map(|edge| self.graph.edge(*edge).to).collect();
        let mut segments = Vec::new();
        let mut at = 0;
        while spoilt.contains(nodes[at]) {
            let mut next = at;
            while next + 1 < nodes.len()
                && spoilt.contains(nodes[next])
                && !self.spoilt(nodes[next + 1], failed).contains(nodes[at])
            {
                next += 1;
            }
            if next == at {
                next += 1;
                segments.push(SegmentKind::Adjacency(path[next]));
            } else {
                segments.push(SegmentKind::Node(nodes[next]));
            }
            at = next;
        }
        Repair::List(RepairList { path, segments, release: nodes[at] })
    }

    /// The nodes from which some old shortest path toward `end` crosses the failure. O(nodes behind it).
    fn spoilt(&mut self, end: NodeIx, failed: &EdgeSet) -> NodeSet {
        let graph = self.graph;
        let tree = self.tree(end);
        let mut spoilt = NodeSet::default();
        let tight = |edge: EdgeIx| tree.is_hop(edge);
        let mut waiting: Vec<NodeIx> =
            failed.iter().filter(|edge| tight(*edge)).map(|edge| graph.edge(edge).from).collect();
        while let Some(node) = waiting.pop() {
            if spoilt.contains(node) {
                continue;
            }
            spoilt.insert(node);
            waiting.extend(graph.into(node).filter(|edge| tight(*edge)).map(|edge| graph.edge(edge).from));
        }
        spoilt
    }

    fn tree(&mut self, end: NodeIx) -> Old<'_> {
        let spf = self.trees[end.ix()]
            .get_or_insert_with(|| Spf::grown(&mut self.home, MetricType::Igp, vec![end]));
        Old { graph: self.graph, down: self.down, spf }
    }
}

/// Shortest paths toward a node before the failure.
#[derive(Clone, Copy, Debug)]
struct Old<'t> {
    graph: &'t Graph,
    down: &'t EdgeSet,
    spf: &'t Spf,
}

impl<'t> Old<'t> {
    fn hops(self, node: NodeIx) -> impl Iterator<Item = EdgeIx> + 't {
        self.spf.next_hops(self.graph, self.down, node)
    }

    fn is_hop(self, edge: EdgeIx) -> bool {
        self.hops(self.graph.edge(edge).from).any(|hop| hop == edge)
    }
}

#[cfg(test)]
mod tests;
