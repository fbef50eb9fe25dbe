//! What segment lists carry over each edge, split by where the segment ends that leads over it: what a repair asks for.

use std::collections::BTreeMap;

use model::{Bandwidth, EdgeIx, Graph, NodeIx};

use super::{Carried, FastReroute};
use crate::encode::SegmentKind;

/// Traffic of many lists by the edge that it crosses and the node at which its segment ends, see [`Carried`].
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Ridden {
    /// bit/s.
    amounts: BTreeMap<(EdgeIx, NodeIx), u64>,
}

impl Ridden {
    /// Takes in what other lists carry.
    pub fn join(&mut self, other: Self) {
        for ((edge, end), amount) in other.amounts {
            self.add(edge, end, amount);
        }
    }

    /// The links over which something goes, each as the edge that leaves its side A; ascending.
    pub fn links(&self) -> Vec<EdgeIx> {
        let mut links: Vec<EdgeIx> =
            self.amounts.keys().map(|(edge, _)| (*edge).min(edge.reverse())).collect();
        links.dedup();
        links
    }

    /// What crosses a link in either direction, ascending by edge and end: what [`FastReroute::after`] takes.
    pub fn on(&self, link: EdgeIx) -> Vec<Carried> {
        let (first, last) = (link.min(link.reverse()), link.max(link.reverse()));
        let of_link = self.amounts.range((first, NodeIx(0))..=(last, NodeIx(u32::MAX)));
        of_link
            .map(|((edge, end), amount)| Carried {
                edge: *edge,
                end: *end,
                bandwidth: Bandwidth::from_bps(*amount),
            })
            .collect()
    }

    /// What every edge carries, bit/s, by number.
    pub fn loads(&self, graph: &Graph) -> Vec<u64> {
        let mut loads = vec![0_u64; graph.edge_count()];
        for ((edge, _), amount) in &self.amounts {
            loads[edge.ix()] = loads[edge.ix()].saturating_add(*amount);
        }
        loads
    }

    fn add(&mut self, edge: EdgeIx, end: NodeIx, amount: u64) {
        let known = self.amounts.entry((edge, end)).or_insert(0);
        *known = known.saturating_add(amount);
    }
}

impl FastReroute<'_> {
    /// What a segment list carries where before anything fails: from a node to the end of each segment, and from the last one to where
    /// packets are to go, by the old shortest paths; equal ones share evenly as in [`FastReroute::after`]. An adjacency segment
    /// leads to the start of its link first, as an SRv6 SID does; packets with labels are there already.
    ///
    /// None where a segment cannot be followed: nothing leads to its end, its link is down, or it is an anycast segment, whose group
    /// nobody has told here.
    ///
    /// One shortest-path tree for each segment whose end is new to this object, O(edges log nodes), then O(edges log edges) for each
    /// segment.
    pub fn ride(
        &mut self,
        from: NodeIx,
        list: &[SegmentKind],
        to: NodeIx,
        amount: Bandwidth,
    ) -> Option<Ridden> {
        let mut ridden = Ridden::default();
        let mut at = from;
        for segment in list.iter().chain([&SegmentKind::Node(to)]) {
            let end = match segment {
                SegmentKind::Node(node) | SegmentKind::Service(node) => *node,
                SegmentKind::Adjacency(edge) => self.graph.edge(*edge).from,
                SegmentKind::Anycast(_) => return None,
            };
            self.tree(end).spf.distance(at)?;
            let mut flow = BTreeMap::new();
            self.pour(at, end, amount.as_bps(), &mut flow);
            for (edge, amount) in flow {
                ridden.add(edge, end, amount);
            }
            at = end;
            if let SegmentKind::Adjacency(edge) = segment {
                if self.down.contains(*edge) {
                    return None;
                }
                at = self.graph.edge(*edge).to;
                ridden.add(*edge, at, amount.as_bps());
            }
        }
        Some(ridden)
    }
}
