//! What no arrangement at all can do better: demands on any ways that are open to them, divided as one likes.
//!
//! The bound of [`crate::solve`] holds for segment lists of the kind that is asked for. This one holds for every way there is, whatever
//! lists can say, and needs no table of all pairs. The argument is the same duality (`bound`): for any prices of edges, not
//! negative, a demand pays at least its volume times its cheapest way, and all together pay at most the highest utilisation times the
//! sum of capacity times price. Prices change how good the bound is, never whether it holds.
//!
//! They are found by multiplicative weights (Garg, Könemann 1998; Arora, Hazan, Kale 2012): every demand takes its cheapest way, and
//! edges get dearer by how full that makes them, with some memory of the rounds before, so that ways that are as good as each other
//! share. After so many rounds their mean is tried too, which a concave bound favours; where a stage gains nothing, the step is halved.
//! On networks of seven nodes the bound ends within half a per cent of the optimum.

use std::{cmp::Reverse, collections::BTreeMap, collections::BinaryHeap};

use model::dense::{Edge, Instance};

use crate::network::Unsolvable;

/// What is certain of sums of millions of terms, none of them negative: each addition may be off by a part in 2^53.
const EXACT: f64 = 1.0 - 1e-9;
/// A stage that gains less than this is the last one with its step.
const GAINED: f64 = 1.0 + 1e-4;
/// The first step: the fullest edge becomes dearer by this part.
const STEP: f64 = 0.5;
/// The last one.
const LAST_STEP: f64 = 1e-3;
/// How much of the loads of earlier rounds stays in the next.
const MEMORY: f64 = 0.9;
/// Rounds of a stage; fewer where effort is short, so that there are some stages of each step.
const STAGE: u64 = 80;
const STAGES: u64 = 16;
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
    floor_while(instance, closed, effort, goal, &|| true)
}

/// [`floor`] for as long as somebody waits for it. What was proven until then is a bound too, and not the same on every machine.
///
/// # Errors
/// As [`floor`].
pub fn floor_while(
    instance: &Instance,
    closed: &Closed,
    effort: u64,
    goal: f64,
    wanted: &dyn Fn() -> bool,
) -> Result<f64, Unsolvable> {
    check(instance)?;
    let net = Net::new(instance, closed);
    let best = at_nodes(instance);
    if net.trees.is_empty() || best >= goal * EXACT {
        return Ok(best);
    }
    let each = LOOK * (net.trees.len() as u64) * (instance.edges.len() as u64 + 1);
    let rounds = (effort.saturating_mul(1_000_000) / each).max(1);
    let mut ascent = Ascent::new(&net, rounds, goal, wanted);
    let length = (rounds / STAGES).clamp(4, STAGE);
    let mut step = STEP;
    while step >= LAST_STEP && !ascent.is_over() {
        let before = ascent.proven;
        ascent.stage(step, length)?;
        if ascent.proven < before * GAINED {
            step *= 0.5;
        }
    }
    Ok(best.max(ascent.proven))
}

/// The way up to good prices.
struct Ascent<'a> {
    net: &'a Net<'a>,
    /// Rounds that are left.
    left: u64,
    goal: f64,
    /// Whether anybody waits.
    wanted: &'a dyn Fn() -> bool,
    /// The best bound so far, and its prices.
    proven: f64,
    kept: Vec<f64>,
    /// What the last round put on each edge.
    load: Vec<f64>,
}

impl<'a> Ascent<'a> {
    fn new(net: &'a Net<'a>, left: u64, goal: f64, wanted: &'a dyn Fn() -> bool) -> Self {
        let edges = &net.instance.edges;
        let kept = net.level(edges.iter().map(|edge| 1.0 / edge.capacity).collect());
        Self { net, left, goal, wanted, proven: 0.0, kept, load: vec![0.0; edges.len()] }
    }

    fn is_over(&self) -> bool {
        self.left == 0 || self.proven >= self.goal * EXACT || !(self.wanted)()
    }

    /// What some prices prove, and the load that they make.
    fn look(&mut self, price: &[f64]) -> Result<(), Unsolvable> {
        self.left -= 1;
        let bound = EXACT * self.net.pay(price, &mut self.load)?;
        if bound > self.proven {
            self.proven = bound;
            self.kept.copy_from_slice(price);
        }
        Ok(())
    }

    /// Rounds with one step, from the best prices so far; then their mean.
    fn stage(&mut self, step: f64, length: u64) -> Result<(), Unsolvable> {
        let edges = &self.net.instance.edges;
        let mut price = self.kept.clone();
        let mut mean = vec![0.0; edges.len()];
        let mut remembered: Vec<f64> = Vec::new();
        for _ in 0..length {
            if self.is_over() {
                return Ok(());
            }
            self.look(&price)?;
            mean.iter_mut().zip(&price).for_each(|(mean, price)| *mean += price);
            if remembered.is_empty() {
                remembered.clone_from(&self.load);
            }
            let both = remembered.iter_mut().zip(&self.load);
            both.for_each(|(old, new)| *old = MEMORY * *old + (1.0 - MEMORY) * new);
            let full = |(edge, load): (&Edge, &f64)| load / edge.capacity;
            let fullest = edges.iter().zip(&remembered).map(full).fold(0.0, f64::max);
            let filled = edges.iter().zip(&remembered).map(full).zip(&mut price);
            filled.for_each(|(full, price)| *price *= 1.0 + step * full / fullest);
            price = self.net.level(price);
        }
        if self.is_over() { Ok(()) } else { self.look(&self.net.level(mean)) }
    }
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

    /// The same prices in units where the sum of capacity times price is 1, so that what is paid is the bound.
    fn level(&self, mut price: Vec<f64>) -> Vec<f64> {
        let worth: f64 =
            self.instance.edges.iter().zip(&price).map(|(edge, price)| edge.capacity * price).sum();
        price.iter_mut().for_each(|price| *price /= worth);
        price
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
