//! Several paths at once as a flow of least cost (Suurballe 1974, Bhandari 1999): exact where links and nodes alone are kept
//! apart and each path need only ride edges that are allowed. A link or node may carry a second path for a toll, which
//! counts before all else, so the flow shares least where nothing strictly disjoint exists.

use std::{cmp::Reverse, collections::BinaryHeap};

use model::{EdgeIx, NodeIx};

use super::cost::Cost;
use crate::{apart::Apart, problem::Problem};

/// A step in the residual network.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Arc {
    /// Over an edge, or back over one that carries flow.
    Edge(EdgeIx, bool),
    /// Through a node, or back.
    Node(NodeIx, bool),
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    cost: Cost,
    parent: u32,
    via: Arc,
    reached: bool,
    settled: bool,
}

const EMPTY: Slot =
    Slot { cost: Cost::ZERO, parent: 0, via: Arc::Edge(EdgeIx(0), true), reached: false, settled: false };

/// The flow of least cost. With nodes apart, node `n` is vertex `2 n` where paths enter and `2 n + 1` where they leave.
#[derive(Debug)]
pub(super) struct Flow<'a> {
    problem: &'a Problem<'a>,
    split: bool,
    units: u8,
    /// What each edge costs; none where it must not be used.
    costs: Vec<Option<Cost>>,
    /// How many paths use each edge and go through each node.
    flow: Vec<u8>,
    through: Vec<u8>,
    /// Paths that were taken out: their share of the flow is not moved any more.
    kept: Vec<u8>,
    kept_through: Vec<u8>,
    /// Potentials: they make all costs in the residual network positive or zero.
    price: Vec<Cost>,
    slots: Vec<Slot>,
}

impl<'a> Flow<'a> {
    /// The edge sets of `units` paths: fewest shared links (and nodes, if asked), then least sum of costs, then smallest edge
    /// numbers: the first path is the smallest in any such set, the second the smallest that goes with it. None where not
    /// even one path exists. Bounds and stops of the problem are not looked at.
    ///
    /// O(units * edges log nodes), and where many paths tie O(path length * degree * edges).
    pub(super) fn paths(problem: &'a Problem<'a>, apart: Apart, units: u8) -> Option<Vec<Vec<EdgeIx>>> {
        let mut flow = Self::new(problem, apart, units);
        for _ in 0..units {
            flow.augment().then_some(())?;
        }
        Some((0..units).map(|_| flow.take_smallest()).collect())
    }

    fn new(problem: &'a Problem<'a>, apart: Apart, units: u8) -> Self {
        let graph = problem.graph;
        let split = apart.nodes;
        let vertices = graph.node_count() * if split { 2 } else { 1 };
        let costs = graph.edges().map(|(ix, edge)| {
            let rank = problem.admit(ix, edge).filter(|_| problem.carries(edge.from))?;
            (edge.from != edge.to).then(|| Cost::of(problem, edge, rank))
        });
        Self {
            problem,
            split,
            units,
            costs: costs.collect(),
            flow: vec![0; graph.edge_count()],
            through: vec![0; graph.node_count()],
            kept: vec![0; graph.edge_count()],
            kept_through: vec![0; graph.node_count()],
            price: vec![Cost::ZERO; vertices],
            slots: vec![EMPTY; vertices],
        }
    }

    fn source(&self) -> u32 {
        self.leaving(self.problem.request.from)
    }

    fn sink(&self) -> u32 {
        self.entering(self.problem.request.to)
    }

    fn leaving(&self, node: NodeIx) -> u32 {
        if self.split { 2 * node.0 + 1 } else { node.0 }
    }

    fn entering(&self, node: NodeIx) -> u32 {
        if self.split { 2 * node.0 } else { node.0 }
    }

    fn is_end(&self, node: NodeIx) -> bool {
        node == self.problem.request.from || node == self.problem.request.to
    }

    /// Every step that the residual network allows from a vertex, with its cost.
    fn each_arc(&self, vertex: u32, mut visit: impl FnMut(Arc, u32, Cost)) {
        let node = NodeIx(if self.split { vertex / 2 } else { vertex });
        let enters = !self.split || vertex.is_multiple_of(2);
        let leaves = !self.split || !enters;
        let graph = self.problem.graph;
        if leaves {
            for ix in graph.out(node) {
                let flow = self.flow[ix.ix()];
                if let Some(cost) = self.costs[ix.ix()].filter(|_| flow < self.units) {
                    let to = self.entering(graph.edge(*ix).to);
                    visit(Arc::Edge(*ix, true), to, cost.with_tolls(u8::from(flow >= 1)));
                }
            }
        }
        if enters {
            for ix in graph.into(node) {
                let flow = self.flow[ix.ix()];
                if let Some(cost) = self.costs[ix.ix()].filter(|_| flow > self.kept[ix.ix()]) {
                    let from = self.leaving(graph.edge(ix).from);
                    visit(Arc::Edge(ix, false), from, -cost.with_tolls(u8::from(flow >= 2)));
                }
            }
        }
        if !self.split || self.is_end(node) {
            return;
        }
        let through = self.through[node.ix()];
        if enters && through < self.units {
            let cost = Cost::ZERO.with_tolls(u8::from(through >= 1));
            visit(Arc::Node(node, true), self.leaving(node), cost);
        }
        if leaves && through > self.kept_through[node.ix()] {
            let cost = -Cost::ZERO.with_tolls(u8::from(through >= 2));
            visit(Arc::Node(node, false), self.entering(node), cost);
        }
    }

    /// One more path's worth of flow at least cost. False where there is no way.
    fn augment(&mut self) -> bool {
        let mut slots = std::mem::take(&mut self.slots);
        slots.fill(EMPTY);
        let mut heap = BinaryHeap::new();
        let (source, sink) = (self.source(), self.sink());
        slots[source as usize] = Slot { parent: source, reached: true, ..EMPTY };
        heap.push(Reverse((Cost::ZERO, source)));
        while let Some(Reverse((cost, vertex))) = heap.pop() {
            let slot = &mut slots[vertex as usize];
            if slot.settled {
                continue;
            }
            slot.settled = true;
            if vertex == sink {
                break;
            }
            let price = self.price[vertex as usize];
            self.each_arc(vertex, |via, to, step| {
                let next = cost + step + price - self.price[to as usize];
                let slot = &mut slots[to as usize];
                if !slot.settled && (!slot.reached || next < slot.cost) {
                    *slot = Slot { cost: next, parent: vertex, via, reached: true, settled: false };
                    heap.push(Reverse((next, to)));
                }
            });
        }
        let last = slots[sink as usize];
        if last.settled {
            for (price, slot) in self.price.iter_mut().zip(&slots) {
                *price = *price + if slot.settled { slot.cost } else { last.cost };
            }
            self.push(&slots, source, sink);
        }
        self.slots = slots;
        last.settled
    }

    /// Moves one unit along the steps that lead back from `end` to `start`, which may be the same vertex.
    fn push(&mut self, slots: &[Slot], start: u32, end: u32) {
        let mut vertex = end;
        loop {
            let slot = slots[vertex as usize];
            match slot.via {
                Arc::Edge(ix, true) => self.flow[ix.ix()] += 1,
                Arc::Edge(ix, false) => self.flow[ix.ix()] -= 1,
                Arc::Node(node, true) => self.through[node.ix()] += 1,
                Arc::Node(node, false) => self.through[node.ix()] -= 1,
            }
            vertex = slot.parent;
            if vertex == start {
                return;
            }
        }
    }

    /// Takes out the path with the smallest edge numbers that any flow of the same cost has.
    fn take_smallest(&mut self) -> Vec<EdgeIx> {
        let (from, to) = (self.problem.request.from, self.problem.request.to);
        let mut path = Vec::new();
        let mut node = from;
        while node != to {
            let next = self.smallest_from(node);
            self.kept[next.ix()] += 1;
            node = self.problem.graph.edge(next).to;
            if !self.is_end(node) {
                self.kept_through[node.ix()] += 1;
            }
            path.push(next);
        }
        path
    }

    /// The smallest edge out of a node that carries flow, after flow was moved to it from a larger one where that is free.
    fn smallest_from(&mut self, node: NodeIx) -> EdgeIx {
        let out = self.problem.graph.out(node);
        let carries = |flow: &Self, ix: EdgeIx| flow.flow[ix.ix()] > flow.kept[ix.ix()];
        let next = out.iter().copied().find(|ix| carries(self, *ix) || self.move_onto(*ix));
        next.expect("flow that enters a node leaves it")
    }

    /// Moves one unit onto an edge along steps that cost nothing, keeping what was taken out. False where that cannot be.
    fn move_onto(&mut self, ix: EdgeIx) -> bool {
        let edge = self.problem.graph.edge(ix);
        let (start, end) = (self.leaving(edge.from), self.entering(edge.to));
        let flow = self.flow[ix.ix()];
        let Some(cost) = self.costs[ix.ix()].filter(|_| flow < self.units) else { return false };
        let cost = cost.with_tolls(u8::from(flow >= 1));
        if cost + self.price[start as usize] - self.price[end as usize] != Cost::ZERO {
            return false;
        }
        let mut slots = std::mem::take(&mut self.slots);
        slots.fill(EMPTY);
        slots[end as usize] = Slot { parent: start, via: Arc::Edge(ix, true), reached: true, ..EMPTY };
        let mut waiting = vec![end];
        while let Some(vertex) = waiting.pop().filter(|_| !slots[start as usize].reached) {
            let price = self.price[vertex as usize];
            self.each_arc(vertex, |via, to, step| {
                // Back over the edge itself would move nothing.
                let free =
                    step + price - self.price[to as usize] == Cost::ZERO && via != Arc::Edge(ix, false);
                if free && !slots[to as usize].reached {
                    slots[to as usize] = Slot { parent: vertex, via, reached: true, ..EMPTY };
                    waiting.push(to);
                }
            });
        }
        let found = slots[start as usize].reached;
        if found {
            self.push(&slots, start, start);
        }
        self.slots = slots;
        found
    }
}
