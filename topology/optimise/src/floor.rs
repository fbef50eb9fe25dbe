//! What no arrangement at all can do better: demands on any ways that are open to them, divided as one likes.
//!
//! The bound of [`crate::solve`] holds for segment lists of the kind that is asked for. This one holds for every way there is, whatever
//! lists can say, and needs no table of all pairs. The argument is the same duality (`bound`): for any prices of edges, not
//! negative, a demand pays at least its volume times its cheapest way, and all together pay at most the highest utilisation times the
//! sum of capacity times price. Prices change how good the bound is, never whether it holds.
//!
//! They are found by multiplicative weights (Garg, Könemann 1998; Arora, Hazan, Kale 2012): every demand takes its cheapest way, and
//! edges get dearer by how full that makes them. Where that leads no further, the step is halved from the best prices.

use std::{cmp::Reverse, collections::BTreeMap, collections::BinaryHeap};

use model::dense::{Edge, Instance};

use crate::network::Unsolvable;

/// What is certain of sums of millions of terms, none of them negative: each addition may be off by a part in 2^53.
const EXACT: f64 = 1.0 - 1e-9;
/// What is gained must be more than rounding.
const GAINED: f64 = 1.0 + 1e-7;
/// The first step: the fullest edge becomes dearer by this part.
const STEP: f64 = 0.5;
/// The last one.
const LAST_STEP: f64 = 1e-3;
/// Rounds without a better bound after which the step is halved.
const PATIENCE: u32 = 10;
/// Elementary steps for each edge that a search looks at.
const LOOK: u64 = 4;

/// Which edges demands may use.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Closed {
    /// For each kind of demand, whether each edge is closed to it.
    pub kinds: Vec<Vec<bool>>,
    /// The kind of each demand, as a place in `kinds`; one that is not there may use every edge.
    pub of: Vec<Option<usize>>,
}

/// A lower bound for the highest utilisation of any arrangement: no demand uses an edge that is closed to it, and each may be divided
/// over as many ways as there are. It stops early where the bound reaches `goal`; with `effort` millions of elementary steps the answer is the same
/// on every machine, and at least one round is made.
///
/// # Errors
/// The instance makes no sense, or a demand has no way.
pub fn floor(instance: &Instance, closed: &Closed, effort: u64, goal: f64) -> Result<f64, Unsolvable> {
    check(instance)?;
    let net = Net::new(instance, closed);
    let mut best = at_nodes(instance);
    if net.trees.is_empty() {
        return Ok(best);
    }
    let edges = &instance.edges;
    let mut price = vec![1.0; edges.len()];
    edges.iter().zip(&mut price).for_each(|(edge, price)| *price /= edge.capacity);
    let mut load = vec![0.0; edges.len()];
    let (mut kept, mut proven) = (price.clone(), 0.0);
    let (mut step, mut failed) = (STEP, 0);
    let each = LOOK * (net.trees.len() as u64) * (edges.len() as u64 + 1);
    let rounds = (effort.saturating_mul(1_000_000) / each).max(1);
    for _ in 0..rounds {
        let worth: f64 = edges.iter().zip(&price).map(|(edge, price)| edge.capacity * price).sum();
        price.iter_mut().for_each(|price| *price /= worth);
        let bound = EXACT * net.pay(&price, &mut load)?;
        if bound > proven * GAINED {
            (proven, failed) = (bound, 0);
            kept.clone_from(&price);
        } else {
            failed += 1;
        }
        best = best.max(bound);
        if best >= goal * EXACT || step < LAST_STEP {
            break;
        }
        if failed > PATIENCE {
            // From the best prices again, more carefully.
            price.clone_from(&kept);
            (step, failed) = (0.5 * step, 0);
            continue;
        }
        let fullest = edges.iter().zip(&load).map(|(edge, load)| load / edge.capacity).fold(0.0, f64::max);
        let filled = edges.iter().zip(&load).zip(&mut price);
        filled.for_each(|((edge, load), price)| *price *= 1.0 + step * load / (edge.capacity * fullest));
    }
    Ok(best)
}

fn check(instance: &Instance) -> Result<(), Unsolvable> {
    for (edge, Edge { from, to, capacity, .. }) in instance.edges.iter().enumerate() {
        if (*from).max(*to) >= instance.nodes {
            return Err(Unsolvable::Edge { edge, what: "it ends at a node that does not exist" });
        }
        if !(*capacity > 0.0 && capacity.is_finite()) {
            return Err(Unsolvable::Edge { edge, what: "its capacity has to be a number above 0" });
        }
    }
    for (demand, asked) in instance.demands.iter().enumerate() {
        if asked.from.max(asked.to) >= instance.nodes {
            return Err(Unsolvable::Demand { demand, what: "it ends at a node that does not exist" });
        }
        if !(asked.volume >= 0.0 && asked.volume.is_finite()) {
            return Err(Unsolvable::Demand { demand, what: "its volume has to be 0 or above" });
        }
    }
    Ok(())
}

/// What enters and leaves at each node over what its edges can carry: prices that are 1 there and 0 elsewhere.
fn at_nodes(instance: &Instance) -> f64 {
    let mut volume = vec![(0.0, 0.0); instance.nodes as usize];
    let mut capacity = volume.clone();
    for demand in instance.demands.iter().filter(|demand| demand.from != demand.to) {
        volume[demand.from as usize].0 += demand.volume;
        volume[demand.to as usize].1 += demand.volume;
    }
    for edge in instance.edges.iter().filter(|edge| edge.from != edge.to) {
        capacity[edge.from as usize].0 += edge.capacity;
        capacity[edge.to as usize].1 += edge.capacity;
    }
    let share = |volume: f64, capacity: f64| if volume > 0.0 { EXACT * volume / capacity } else { 0.0 };
    let nodes = volume.iter().zip(&capacity);
    nodes.map(|(volume, of)| share(volume.0, of.0).max(share(volume.1, of.1))).fold(0.0, f64::max)
}

/// Demands that one search answers: of one kind, from one node or to one.
struct Tree {
    kind: Option<usize>,
    root: u32,
    /// Whether they start at the root; else they end there.
    starts: bool,
    /// The other end of each, with its volume and its place in the instance.
    demands: Vec<(u32, f64, usize)>,
}

/// What it costs to reach each node, and the edge by which it is reached.
type Reached = Vec<Option<(f64, Option<u32>)>>;

/// The instance as the searches see it.
struct Net<'a> {
    instance: &'a Instance,
    closed: &'a Closed,
    /// Edges that leave each node, and that enter it.
    out: Vec<Vec<u32>>,
    into: Vec<Vec<u32>>,
    trees: Vec<Tree>,
}

impl<'a> Net<'a> {
    fn new(instance: &'a Instance, closed: &'a Closed) -> Self {
        let mut out = vec![Vec::new(); instance.nodes as usize];
        let mut into = out.clone();
        for (edge, id) in instance.edges.iter().zip(0_u32..) {
            out[edge.from as usize].push(id);
            into[edge.to as usize].push(id);
        }
        Self { instance, closed, out, into, trees: trees(instance, closed) }
    }

    /// What all demands pay at some prices, each on its cheapest way; and the load that this makes.
    fn pay(&self, price: &[f64], load: &mut [f64]) -> Result<f64, Unsolvable> {
        load.fill(0.0);
        let mut paid = 0.0;
        for tree in &self.trees {
            paid += self.pay_tree(tree, price, load)?;
        }
        Ok(paid)
    }

    fn pay_tree(&self, tree: &Tree, price: &[f64], load: &mut [f64]) -> Result<f64, Unsolvable> {
        let (reached, order) = self.search(tree, price);
        let mut carried = vec![0.0; reached.len()];
        let mut paid = 0.0;
        for (end, volume, demand) in &tree.demands {
            let Some((cost, _)) = reached[*end as usize] else {
                return Err(Unsolvable::Demand { demand: *demand, what: "no way is open to it" });
            };
            paid += volume * cost;
            carried[*end as usize] += volume;
        }
        // From the farthest on, each node hands on what it carries towards the root.
        for node in order.into_iter().rev() {
            let Some((_, Some(edge))) = reached[node as usize] else { continue };
            load[edge as usize] += carried[node as usize];
            let ends = &self.instance.edges[edge as usize];
            let parent = if tree.starts { ends.from } else { ends.to };
            carried[parent as usize] += carried[node as usize];
        }
        Ok(paid)
    }

    /// The cheapest ways from the root, or to it: the cost at each node and the edge by which it is reached; and nodes in order of cost, ties by
    /// number. Prices are not negative, so that their bits sort as they do.
    fn search(&self, tree: &Tree, price: &[f64]) -> (Reached, Vec<u32>) {
        let shut = tree.kind.and_then(|kind| self.closed.kinds.get(kind));
        let edges = if tree.starts { &self.out } else { &self.into };
        let mut reached: Reached = vec![None; edges.len()];
        let mut settled = vec![false; edges.len()];
        let mut order = Vec::new();
        let mut queue = BinaryHeap::from([Reverse((0_u64, tree.root))]);
        reached[tree.root as usize] = Some((0.0, None));
        while let Some(Reverse((bits, node))) = queue.pop() {
            if std::mem::replace(&mut settled[node as usize], true) {
                continue;
            }
            order.push(node);
            for &edge in &edges[node as usize] {
                if shut.is_some_and(|shut| shut[edge as usize]) {
                    continue;
                }
                let ends = &self.instance.edges[edge as usize];
                let next = if tree.starts { ends.to } else { ends.from };
                let cost = f64::from_bits(bits) + price[edge as usize];
                if reached[next as usize].is_none_or(|(known, _)| cost < known) {
                    reached[next as usize] = Some((cost, Some(edge)));
                    queue.push(Reverse((cost.to_bits(), next)));
                }
            }
        }
        (reached, order)
    }
}

/// Groups demands by kind and by the end that more of them share: most of a bank's begin or end at a few places.
fn trees(instance: &Instance, closed: &Closed) -> Vec<Tree> {
    let kind = |place: usize| closed.of.get(place).copied().flatten();
    let real = || {
        instance
            .demands
            .iter()
            .enumerate()
            .filter(|(_, demand)| demand.from != demand.to && demand.volume > 0.0)
    };
    let mut many: BTreeMap<(Option<usize>, u32, bool), u32> = BTreeMap::new();
    for (place, demand) in real() {
        *many.entry((kind(place), demand.from, true)).or_default() += 1;
        *many.entry((kind(place), demand.to, false)).or_default() += 1;
    }
    let mut trees: BTreeMap<(Option<usize>, u32, bool), Tree> = BTreeMap::new();
    for (place, demand) in real() {
        let of = kind(place);
        let (start, end) = ((of, demand.from, true), (of, demand.to, false));
        let (key, other) = if many[&start] >= many[&end] { (start, demand.to) } else { (end, demand.from) };
        let empty = || Tree { kind: of, root: key.1, starts: key.2, demands: Vec::new() };
        trees.entry(key).or_insert_with(empty).demands.push((other, demand.volume, place));
    }
    trees.into_values().collect()
}

#[cfg(test)]
mod tests;
