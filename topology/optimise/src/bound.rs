//! What no routing can do better: a proven lower bound.
//!
//! For any prices `w` of links, not negative, let `D` be the price of the cheapest permitted list of a demand. Whatever the
//! routing, the traffic pays at least the sum of volume times `D` (and what it finds on a link pays there), and at most the highest utilisation times the sum of
//! capacity times `w`. So the quotient of the two sums bounds the highest utilisation from below, for one list per demand and
//! for many (linear programming duality; Shahrokhi and Matula 1990, Garg and Könemann 1998). Prices change how good the bound
//! is, never whether it holds: a search's own prices, averaged over its sweeps, serve.

use crate::{
    engine::Engine,
    network::{Network, small},
    problem::Problem,
};

/// The relative error of one operation in single precision.
const EPSILON: f64 = 6.0e-8;

/// A bound within this of the utilisation leaves nothing to better.
pub(crate) const CLOSED: f64 = 1.0 - 2e-5;

/// What every node has to send and to receive, with what others send over its links, over what its links can carry: a bound that needs no search.
pub(crate) fn ends(problem: &Problem) -> f64 {
    let network = &problem.network;
    let exact = exact(problem);
    let mut volume = vec![(0.0, 0.0); network.nodes];
    let mut capacity = volume.clone();
    for flow in problem.flows.iter() {
        volume[usize::from(flow.from)].0 += flow.volume;
        volume[usize::from(flow.to)].1 += flow.volume;
    }
    for edge in network.working() {
        let base = exact * problem.base[edge];
        volume[usize::from(network.from[edge])].0 += base;
        volume[usize::from(network.to[edge])].1 += base;
        capacity[usize::from(network.from[edge])].0 += network.capacity[edge];
        capacity[usize::from(network.to[edge])].1 += network.capacity[edge];
    }
    let share = |volume: f64, capacity: f64| if volume > 0.0 { volume / capacity } else { 0.0 };
    let nodes = volume.iter().zip(&capacity);
    let found = problem.base.iter().zip(&network.inverse).map(|(base, inverse)| exact * base * inverse);
    nodes
        .map(|(volume, capacity)| share(volume.0, capacity.0).max(share(volume.1, capacity.1)))
        .chain(found)
        .fold(0.0, f64::max)
}

/// The same prices, with one price for parallel edges: their mean, weighted by capacity, so that the divisor stays.
///
/// Between edges that are alike, and between all parallel edges where each may be a segment, the cheapest counts, and the
/// mean is at least that. Search prices leap between such edges; the mean does not.
fn level(network: &Network, weights: &[f64]) -> Vec<f64> {
    let mut level = weights.to_vec();
    for layer in level.chunks_exact_mut(network.edges().max(1)) {
        for twins in &network.parallel {
            let of = |edge: &u16| network.capacity[usize::from(*edge)];
            let worth: f64 = twins.iter().map(|edge| layer[usize::from(*edge)] * of(edge)).sum();
            let mean = worth / twins.iter().map(of).sum::<f64>();
            twins.iter().for_each(|&edge| layer[usize::from(edge)] = mean);
        }
    }
    level
}

/// Prices and the bound that they prove.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proof {
    /// Any prices, by place.
    pub weights: Vec<f64>,
    /// The highest utilisation is at least this.
    pub bound: f64,
}

impl Proof {
    /// Takes the better of two.
    pub fn improve(&mut self, other: Self) {
        if other.bound > self.bound {
            *self = other;
        }
    }
}

/// The bound that prices prove. With `load`, also the load of each place when every demand goes by its cheapest list.
pub(crate) fn prove(engine: &mut Engine<'_>, weights: &[f64], mut load: Option<&mut [f64]>) -> Proof {
    let problem = engine.problem;
    let weights = level(&problem.network, weights);
    let largest = weights.iter().copied().fold(0.0, f64::max);
    if largest <= 0.0 || !largest.is_finite() {
        return Proof::default();
    }
    #[expect(clippy::cast_possible_truncation, reason = "any prices prove a bound")]
    for (price, weight) in engine.prices.iter_mut().zip(&weights) {
        *price = (weight / largest) as f32;
    }
    let priced = engine.prices.iter().zip(&problem.network.inverse);
    let worth: f64 = priced.map(|(&price, inverse)| f64::from(price) / inverse).sum();
    engine.fill();
    if load.is_some() {
        engine.pairs.turn();
    }
    let mut paid: f64 =
        engine.prices.iter().zip(&problem.base).map(|(&price, base)| f64::from(price) * base).sum();
    for to in 0..problem.network.nodes {
        let flows = problem.flows_to(to);
        if flows.is_empty() {
            continue;
        }
        engine.towards(small(to));
        for flow in &problem.flows[flows] {
            paid += flow.volume * f64::from(engine.column.cost(flow.from));
            if let Some(load) = load.as_deref_mut()
                && let Some(list) = engine.column.list(&engine.pairs, flow.from)
            {
                engine.pace.count(100);
                list.spread(&problem.network, &problem.routes, flow.from, |part| {
                    load[part.place as usize] += flow.volume * f64::from(part.share);
                });
            }
        }
    }
    Proof { weights, bound: exact(problem) * paid / worth }
}

/// What is certain of a price or a share: it is a sum and a mean over as many hops as the list has, in single precision, and that
/// much may be too high.
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn exact(problem: &Problem) -> f64 {
    let lists = (problem.segments * problem.network.layers()) as f64;
    (1.0 - EPSILON * lists * (f64::from(problem.routes.roundings) + 4.0)).max(0.0)
}

/// Steps without a better bound after which the step is halved.
const PATIENCE: u32 = 8;

/// How much of the last direction stays in the next (Camerini, Fratta, Maffioli 1975): zigzags cancel out.
const MEMORY: f64 = 0.8;

/// Ascends from a proof: the loads of the cheapest lists say which prices are too low. A subgradient method with the step of
/// Polyak (1969), whose goal is the utilisation that was reached.
pub(crate) fn ascend(engine: &mut Engine<'_>, proof: &mut Proof, goal: f64, until: f64) {
    let inverse = &engine.problem.network.inverse;
    let mut weights = proof.weights.clone();
    let (mut scale, mut failed) = (1.0, 0);
    let mut load = vec![0.0; inverse.len()];
    let mut direction = vec![0.0; inverse.len()];
    while scale > 0.01 && proof.bound < goal * CLOSED && !weights.is_empty() && engine.pace.spent() < until {
        load.copy_from_slice(&engine.problem.base);
        let found = prove(engine, &weights, Some(&mut load));
        // In units where all weights times capacities add up to one, the slope by each is the utilisation.
        let sum: f64 = found.weights.iter().zip(inverse).map(|(weight, inverse)| weight / inverse).sum();
        let mean: f64 =
            found.weights.iter().zip(&load).map(|(weight, load)| weight * load).sum::<f64>() / sum;
        for (direction, (load, inverse)) in direction.iter_mut().zip(load.iter().zip(inverse)) {
            *direction = MEMORY * *direction + load * inverse - mean;
        }
        let square: f64 = direction.iter().map(|direction| direction * direction).sum();
        let step = scale * (goal - found.bound).max(0.0) / square.max(f64::MIN_POSITIVE);
        weights = found
            .weights
            .iter()
            .zip(direction.iter().zip(inverse))
            .map(|(weight, (direction, inverse))| (weight / sum + step * direction * inverse).max(0.0))
            .collect();
        failed += 1;

        if found.bound > proof.bound {
            *proof = found;
            failed = 0;
        } else if failed >= PATIENCE {
            weights.clone_from(&proof.weights);
            direction.fill(0.0);
            (scale, failed) = (0.5 * scale, 0);
        }
    }
}

/// Steepnesses at which a look at loads prices them: where links near the maximum count alone, and where many do.
const LOOKS: [f64; 2] = [300.0, 30.0];

/// Betters a proof by the prices of the engine's loads as they are, and ascends from the best of these: prices at which links near the
/// maximum count prove what a look at one state alone can. Leaves prices that are good for nothing else.
pub(crate) fn look(engine: &mut Engine<'_>, proof: &mut Proof, goal: f64, until: f64) {
    for steepness in LOOKS {
        if engine.pace.spent() >= until {
            return;
        }
        engine.steepen(steepness);
        engine.forget_prices();
        engine.price();
        engine.average_prices();
        let average = std::mem::take(&mut engine.average);
        proof.improve(prove(engine, &average, None));
        engine.average = average;
    }
    ascend(engine, proof, goal, until);
}

#[cfg(test)]
mod tests;
