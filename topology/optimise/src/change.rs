//! What moving traffic does to the loads, before it is done.

use crate::{ecmp::Part, list::List, potential::Potential, problem::Problem};

/// A share of a utilisation that rounding alone may add.
const ROUNDING: f64 = 1e-9;

/// Differences of link loads; empty between uses.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    delta: Vec<f64>,
    marked: Vec<bool>,
    touched: Vec<u32>,
}

impl Change {
    pub fn new(places: usize) -> Self {
        Self { delta: vec![0.0; places], marked: vec![false; places], touched: Vec::new() }
    }

    /// Puts `volume` more (or less) on a list.
    pub fn add(&mut self, problem: &Problem, from: u16, list: &List, volume: f64) {
        list.spread(&problem.network, &problem.routes, from, |Part { place, share }| {
            let at = place as usize;
            if !self.marked[at] {
                self.marked[at] = true;
                self.touched.push(place);
            }
            self.delta[at] += volume * f64::from(share);
        });
    }

    /// What it does to the potential.
    pub fn gain(&self, problem: &Problem, potential: &Potential) -> f64 {
        let each = self.touched.iter().map(|&place| {
            let at = place as usize;
            let delta = self.delta[at];
            if delta == 0.0 {
                return 0.0;
            }
            potential.value((potential.load[at] + delta) * problem.network.inverse[at]) - potential.term(at)
        });
        each.sum()
    }

    /// What it does to the sum of what places cost by their utilisation, `cost` being that of a unit of capacity; none where a
    /// place gets more and comes above a utilisation.
    pub fn effect(
        &self,
        problem: &Problem,
        potential: &Potential,
        most: f64,
        cost: impl Fn(f64) -> f64,
    ) -> Option<f64> {
        let mut sum = 0.0;
        for &place in &self.touched {
            let at = place as usize;
            let inverse = problem.network.inverse[at];
            let before = potential.load[at] * inverse;
            let now = (self.delta[at].mul_add(inverse, before)).max(0.0);
            // What was taken off and put back leaves a rounding error.
            if now > most && now - before > ROUNDING * most {
                return None;
            }
            sum += (cost(now) - cost(before)) / inverse;
        }
        Some(sum)
    }

    /// How steeply the potential changes, over `a`, after `step` of it.
    pub fn slope(&self, problem: &Problem, potential: &Potential, step: f64) -> f64 {
        let each = self.touched.iter().map(|&place| {
            let at = place as usize;
            let inverse = problem.network.inverse[at];
            let delta = self.delta[at] * inverse;
            delta * potential.slope(step.mul_add(delta, potential.load[at] * inverse))
        });
        each.sum()
    }

    /// Does `step` of it and forgets it.
    pub fn apply(&mut self, problem: &Problem, potential: &mut Potential, step: f64) {
        for place in self.touched.drain(..) {
            let at = place as usize;
            self.marked[at] = false;
            let delta = std::mem::take(&mut self.delta[at]);
            if delta != 0.0 {
                potential.add(&problem.network, at, step * delta);
            }
        }
    }

    /// Forgets it.
    pub fn clear(&mut self) {
        for place in self.touched.drain(..) {
            self.marked[place as usize] = false;
            self.delta[place as usize] = 0.0;
        }
    }
}
