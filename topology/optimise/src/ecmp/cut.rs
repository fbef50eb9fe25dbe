//! The routes towards one destination, when edges go: only nodes whose packets may have gone over them look for another way.

use std::{cmp::Reverse, collections::BinaryHeap, ops::Range, sync::Arc};

use super::{
    Dag, Hop, Incoming, Layer, Outgoing, Part, count,
    grow::{Mixer, each},
    lengths,
};
use crate::network::{Network, Unsolvable};

/// What a worker reuses from destination to destination.
pub(super) struct Cutter<'a> {
    network: &'a Network,
    incoming: &'a Incoming,
    outgoing: &'a Outgoing,
    is_cut: Vec<bool>,
    /// To the destination, by node.
    distance: Vec<u64>,
    /// Whether a node's packets may have gone over an edge that is cut.
    is_hit: Vec<bool>,
    queue: BinaryHeap<Reverse<(u64, u16)>>,
    mixer: Mixer,
}

/// One layer after the cut.
struct Piece {
    layer: Layer,
    is_hit: Vec<bool>,
    /// The places of the layer.
    places: Range<u32>,
    /// Where the new parts of each node that was hit stand, from and to.
    start: Vec<(u32, u32)>,
    parts: Vec<Part>,
}

impl Piece {
    /// The parts of a node after the cut: those of before where it was not hit.
    fn parts_of<'b>(&'b self, old: &'b Dag, node: usize) -> &'b [Part] {
        if self.is_hit[node] {
            let (from, to) = self.start[node];
            return &self.parts[from as usize..to as usize];
        }
        let parts = old.parts(node);
        if old.layers.len() == 1 {
            return parts;
        }
        let before = |place| parts.partition_point(|part| part.place < place);
        &parts[before(self.places.start)..before(self.places.end)]
    }
}

impl<'a> Cutter<'a> {
    pub fn new(network: &'a Network, incoming: &'a Incoming, outgoing: &'a Outgoing, cut: &[u16]) -> Self {
        let mut is_cut = vec![false; network.edges()];
        cut.iter().for_each(|&edge| is_cut[usize::from(edge)] = true);
        Self {
            network,
            incoming,
            outgoing,
            is_cut,
            distance: vec![u64::MAX; network.nodes],
            is_hit: vec![false; network.nodes],
            queue: BinaryHeap::new(),
            mixer: Mixer::new(network.edges()),
        }
    }

    /// The routes after the cut, and the nodes that were hit; none where nothing went over what is cut. O(nodes + hops), and for the nodes that were hit as
    /// much as working them out.
    ///
    /// # Errors
    /// They do not fit into the tables.
    pub fn cut(&mut self, dag: &Dag, destination: usize) -> Result<Option<(Dag, Vec<bool>)>, Unsolvable> {
        let is_cut = |layer: &Layer| layer.hops.iter().any(|hop| self.is_cut[usize::from(hop.edge)]);
        if !dag.layers.iter().any(is_cut) {
            return Ok(None);
        }
        let pieces: Result<Vec<Piece>, Unsolvable> =
            (0..dag.layers.len()).map(|at| self.piece(dag, at, destination)).collect();
        let pieces = pieces?;
        let mut hit = vec![false; self.network.nodes];
        for piece in &pieces {
            hit.iter_mut().zip(&piece.is_hit).for_each(|(hit, is_hit)| *hit |= is_hit);
        }
        let (place, own) = (dag.place.clone(), dag.own.clone());
        let mut new = Dag { place, own, shared: Arc::clone(&dag.shared), ..Dag::default() };
        for node in (0..hit.len()).filter(|node| hit[*node]) {
            let start = new.own.len();
            for piece in &pieces {
                new.own.extend_from_slice(piece.parts_of(dag, node));
            }
            let from = new.shared.len();
            new.place[node] = match new.own.len() {
                // Nothing is nowhere.
                end if end == start => (0, 0),
                end => (count(from + start, u32::MAX)?, count(from + end, u32::MAX)?),
            };
        }
        new.layers.extend(pieces.into_iter().map(|piece| piece.layer));
        (new.delay, new.roundings) = lengths(self.network, &new.layers, destination);
        Ok(Some((new, hit)))
    }

    fn piece(&mut self, dag: &Dag, at: usize, destination: usize) -> Result<Piece, Unsolvable> {
        let old = &dag.layers[at];
        let hit = self.hit(old, destination);
        let found = self.search(&hit, at);
        let layer = self.layer(old, &found, at)?;
        let place = |layer: usize| count(layer * self.network.edges(), u32::MAX);
        let mut piece = Piece {
            layer,
            is_hit: self.is_hit.clone(),
            places: place(at)?..place(at + 1)?,
            start: vec![(0, 0); self.network.nodes],
            parts: Vec::new(),
        };
        let base = piece.places.start;
        // Nearest first, so that the parts of what comes behind are known.
        let mut parts = Vec::new();
        for place in 0..piece.layer.order.len() {
            let node = usize::from(piece.layer.order[place]);
            if !piece.is_hit[node] {
                continue;
            }
            let hops = piece.layer.hops_of(place);
            if let [only] = hops {
                parts.push(Part { place: base + u32::from(only.edge), share: 1.0 });
                parts.extend_from_slice(piece.parts_of(dag, usize::from(only.to)));
            } else {
                for hop in hops {
                    self.mixer.add(*hop, each(hops), piece.parts_of(dag, usize::from(hop.to)), base);
                }
                self.mixer.pour(base, &mut parts);
            }
            let start = count(piece.parts.len(), u32::MAX)?;
            piece.parts.append(&mut parts);
            piece.start[node] = (start, count(piece.parts.len(), u32::MAX)?);
        }
        Ok(piece)
    }

    /// Finds the nodes that are hit, and the distances of all others; nothing is known of those that are hit.
    fn hit(&mut self, layer: &Layer, destination: usize) -> Vec<u16> {
        self.distance.fill(u64::MAX);
        self.distance[destination] = 0;
        self.is_hit.fill(false);
        let mut hit = Vec::new();
        for (at, &node) in layer.order.iter().enumerate() {
            let hops = layer.hops_of(at);
            if hops.iter().any(|hop| self.is_cut[usize::from(hop.edge)] || self.is_hit[usize::from(hop.to)]) {
                self.is_hit[usize::from(node)] = true;
                hit.push(node);
            } else if let Some(hop) = hops.first() {
                let metric = u64::from(self.network.metric[usize::from(hop.edge)]);
                self.distance[usize::from(node)] = metric + self.distance[usize::from(hop.to)];
            }
        }
        hit
    }

    /// Dijkstra among the nodes that were hit, from where they touch the others. Gives those that still reach the destination,
    /// nearest first.
    fn search(&mut self, hit: &[u16], layer: usize) -> Vec<u16> {
        for &node in hit {
            let least = self.ways(node, layer).map(|(_, distance)| distance).min();
            if let Some(distance) = least {
                self.queue.push(Reverse((distance, node)));
            }
        }
        // What was found of one node is seen by the others only from here on.
        self.queue.iter().for_each(|Reverse((distance, node))| self.distance[usize::from(*node)] = *distance);
        let mut found = Vec::with_capacity(hit.len());
        while let Some(Reverse((distance, node))) = self.queue.pop() {
            if distance > self.distance[usize::from(node)] {
                continue;
            }
            found.push(node);
            for &edge in self.incoming.0.at(usize::from(node)) {
                let before = self.network.from[usize::from(edge)];
                if !self.is_hit[usize::from(before)] || self.network.fails(layer, edge) {
                    continue;
                }
                let reached = distance + u64::from(self.network.metric[usize::from(edge)]);
                if reached < self.distance[usize::from(before)] {
                    self.distance[usize::from(before)] = reached;
                    self.queue.push(Reverse((reached, before)));
                }
            }
        }
        found
    }

    /// Where a node's edges lead whose distance is known, and how far it is from the node by each.
    fn ways(&self, node: u16, layer: usize) -> impl Iterator<Item = (Hop, u64)> {
        self.outgoing.0.at(usize::from(node)).iter().filter_map(move |&edge| {
            let to = self.network.to[usize::from(edge)];
            let beyond = self.distance[usize::from(to)];
            let open = beyond != u64::MAX && !self.network.fails(layer, edge);
            open.then(|| (Hop { edge, to }, beyond + u64::from(self.network.metric[usize::from(edge)])))
        })
    }

    /// The layer after the cut: what was not hit as it was, and what was found, by distance.
    fn layer(&self, old: &Layer, found: &[u16], layer: usize) -> Result<Layer, Unsolvable> {
        let mut new = Layer { first: vec![0], ..Layer::default() };
        new.order.reserve(old.order.len());
        new.hops.reserve(old.hops.len());
        let near = |node: &u16| (self.distance[usize::from(*node)], *node);
        let mut found = found.iter().peekable();
        let mut kept = (0..old.order.len()).filter(|&at| !self.is_hit[usize::from(old.order[at])]).peekable();
        loop {
            let is_found = match (found.peek(), kept.peek()) {
                (None, None) => break,
                (Some(found), Some(&kept)) => near(found) < near(&old.order[kept]),
                (found, None) => found.is_some(),
                (None, Some(_)) => false,
            };
            if is_found && let Some(&node) = found.next() {
                let own = self.distance[usize::from(node)];
                new.hops.extend(self.ways(node, layer).filter(|way| way.1 == own).map(|way| way.0));
                new.order.push(node);
            } else if let Some(at) = kept.next() {
                new.hops.extend_from_slice(old.hops_of(at));
                new.order.push(old.order[at]);
            }
            new.first.push(count(new.hops.len(), u32::MAX)?);
        }
        Ok(new)
    }
}
