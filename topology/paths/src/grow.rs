//! How what is known of a place is found out: by growing a tree of best paths from it; and where one edge more stands in the way, by
//! growing again only what hung on that edge, for no other path was any better by it.

use std::{cmp::Reverse, collections::BinaryHeap};

use model::{EdgeIx, NodeIx};

use crate::{
    backbone::Backbone,
    goal::{NEVER, NO_EDGE},
    landing::HERE,
    narrow::{Arcs, UNREACHED},
    packed::Lead,
    problem::{Key, Problem},
    root::{Behind, NOWHERE, Root, Step},
};

/// Nodes that were reached and are not settled yet, by their numbers.
type Heap = BinaryHeap<Reverse<(Key, u32)>>;

impl Root {
    /// Of the place where the paths of a direct problem end or begin; `arcs` are the edges that the problem admits, where their
    /// keys are narrow. O(edges * log nodes) of the backbone (Dijkstra 1959).
    pub(crate) fn new(
        lead: Lead,
        place: NodeIx,
        obstacles: Vec<EdgeIx>,
        backbone: &Backbone,
        problem: &Problem<'_>,
        arcs: Option<&Arcs>,
    ) -> Self {
        let nodes = backbone.len();
        let mut root = Self {
            lead,
            place,
            obstacles,
            keys: vec![NEVER; nodes],
            steps: vec![NOWHERE; nodes],
            ways: Vec::new(),
        };
        if let Some(number) = backbone.number(place) {
            root.keys[number] = Key::default();
        }
        let mut heap = Heap::new();
        root.offer(backbone, problem, None, |_| true, &mut heap);
        match arcs.filter(|_| root.obstacles.is_empty()) {
            Some(arcs) => root.grow_narrow(arcs, heap),
            None => root.grow(backbone, problem, |_| true, &mut heap),
        }
        root
    }

    /// Goes on from the nodes that the place itself leads to, all keys being narrow.
    fn grow_narrow(&mut self, arcs: &Arcs, reached: Heap) {
        let label = |key: &Key| if *key == NEVER { UNREACHED } else { arcs.label(*key) };
        let mut labels: Vec<u128> = self.keys.iter().map(label).collect();
        let mut heap: BinaryHeap<Reverse<u128>> = reached
            .into_iter()
            .map(|Reverse((key, number))| Reverse(arcs.label(key) | u128::from(number)))
            .collect();
        while let Some(Reverse(waiting)) = heap.pop() {
            let (number, label) = arcs.apart(waiting);
            if labels[number] != label {
                continue;
            }
            for arc in arcs.of(number) {
                let (to, next) = (arc.to as usize, label + arc.cost);
                if next > labels[to] {
                    continue;
                }
                let known = self.steps[to];
                if next < labels[to] {
                    labels[to] = next;
                    heap.push(Reverse(next | u128::from(arc.to)));
                } else if !self.comes_before((number as u32, arc.via), (known.next, known.via)) {
                    continue;
                }
                self.steps[to] = Step { via: arc.via, next: number as u32, ..known };
            }
        }
        for (key, label) in self.keys.iter_mut().zip(labels).filter(|(_, label)| *label != UNREACHED) {
            *key = arcs.key(label);
        }
    }

    /// The same with one obstacle more: the edge by which the node of that number goes on. O(nodes), and what hangs on that edge
    /// is grown anew.
    pub(crate) fn behind(&self, backbone: &Backbone, problem: &Problem<'_>, number: usize) -> Self {
        let mut obstacles = Vec::with_capacity(self.obstacles.len() + 1);
        obstacles.extend_from_slice(&self.obstacles);
        obstacles.push(self.steps[number].via);
        obstacles.sort_unstable();
        self.again(backbone, problem, obstacles, &self.hanging(|node| node == number))
    }

    /// The same for a problem that is charged for some edges, and else is the one that this was grown for: O(nodes), and what hangs on
    /// these edges is grown anew.
    pub(crate) fn charged(&self, backbone: &Backbone, problem: &Problem<'_>) -> Self {
        let is_charged = |via: EdgeIx| problem.charges.is_some_and(|charges| charges.toll(via) != Some(0));
        let hangs = self.hanging(|node| {
            let via = self.steps[node].via;
            via != NO_EDGE && is_charged(via)
        });
        self.again(backbone, problem, self.obstacles.clone(), &hangs)
    }

    /// Grown anew where nodes hang on something that is in the way now; all others stay as they are.
    fn again(
        &self,
        backbone: &Backbone,
        problem: &Problem<'_>,
        obstacles: Vec<EdgeIx>,
        hangs: &[bool],
    ) -> Self {
        let mut root = Self {
            lead: self.lead,
            place: self.place,
            obstacles,
            keys: self.keys.clone(),
            steps: self.steps.iter().map(|step| Step { behind: Behind::default(), ..*step }).collect(),
            ways: Vec::new(),
        };
        let hanging = || (0..hangs.len()).filter(|node| hangs[*node]);
        for node in hanging() {
            root.keys[node] = NEVER;
            root.steps[node] = NOWHERE;
        }
        let mut heap = Heap::new();
        if backbone.number(self.place).is_none() {
            root.offer(backbone, problem, None, |node| hangs[node], &mut heap);
        }
        for node in hanging() {
            // What its neighbours offer that do not hang there, and so are settled.
            for out in backbone.out(node) {
                let from = backbone.number(problem.graph.edge(*out).to).filter(|from| !hangs[*from]);
                let Some(from) = from.filter(|from| root.keys[*from] != NEVER) else { continue };
                root.offer_edge(backbone, problem, Some(from), out.reverse(), &mut heap);
            }
        }
        root.grow(backbone, problem, |node| hangs[node], &mut heap);
        root
    }

    /// Which nodes go on sooner or later by the edge of one of these nodes.
    fn hanging(&self, is_cut: impl Fn(usize) -> bool) -> Vec<bool> {
        let mut hangs: Vec<Option<bool>> =
            (0..self.steps.len()).map(|node| is_cut(node).then_some(true)).collect();
        let mut walked = Vec::new();
        for node in 0..self.steps.len() as u32 {
            let mut at = node;
            let answer = loop {
                if at == HERE {
                    break false;
                }
                if let Some(answer) = hangs[at as usize] {
                    break answer;
                }
                walked.push(at);
                at = self.steps[at as usize].next;
            };
            walked.drain(..).for_each(|at: u32| hangs[at as usize] = Some(answer));
        }
        hangs.into_iter().map(|hangs| hangs == Some(true)).collect()
    }

    /// Settles one node after the other of those that are open. A node whose key is matched is not settled yet, for every edge
    /// adds to a key.
    fn grow(
        &mut self,
        backbone: &Backbone,
        problem: &Problem<'_>,
        is_open: impl Fn(usize) -> bool + Copy,
        heap: &mut Heap,
    ) {
        while let Some(Reverse((key, number))) = heap.pop() {
            if self.keys[number as usize] == key {
                self.offer(backbone, problem, Some(number as usize), is_open, heap);
            }
        }
    }

    /// Goes on from a settled node, or from the place itself.
    fn offer(
        &mut self,
        backbone: &Backbone,
        problem: &Problem<'_>,
        from: Option<usize>,
        is_open: impl Fn(usize) -> bool,
        heap: &mut Heap,
    ) {
        let out = match from.or_else(|| backbone.number(self.place)) {
            Some(number) => backbone.out(number),
            None => problem.graph.out(self.place),
        };
        for out in out {
            if backbone.number(problem.graph.edge(*out).to).is_some_and(&is_open) {
                self.offer_edge(backbone, problem, from, *out, heap);
            }
        }
    }

    /// Offers the other end of an edge that leaves a settled node, or the place itself, to go on by it.
    fn offer_edge(
        &mut self,
        backbone: &Backbone,
        problem: &Problem<'_>,
        from: Option<usize>,
        out: EdgeIx,
        heap: &mut Heap,
    ) {
        let to = problem.graph.edge(out).to;
        let via = self.lead.toward(out.reverse());
        let edge = problem.graph.edge(via);
        let (Some(number), Some(rank)) = (backbone.number(to), problem.admit(via, edge)) else { return };
        let place = backbone.number(self.place);
        let from = from.filter(|from| Some(*from) != place);
        let key = from.map_or_else(Key::default, |from| self.keys[from]);
        let next = problem.step(key, edge, rank + self.toll(via));
        let leads_to = from.map_or(HERE, |from| from as u32);
        let known = self.steps[number];
        let is_better = next < self.keys[number];
        if is_better {
            self.keys[number] = next;
            heap.push(Reverse((next, number as u32)));
        }
        if is_better
            || next == self.keys[number] && self.comes_before((leads_to, via), (known.next, known.via))
        {
            self.steps[number] = Step { via, next: leads_to, ..known };
        }
    }
}

#[cfg(test)]
mod tests;
