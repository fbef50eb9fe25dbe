//! Link loads and a smooth stand-in for their maximum.
//!
//! Minimising the highest utilisation alone gives a search nothing to go by: most moves leave the maximum where it is. The
//! potential is the sum over links of `exp(a (u - U))` with utilisation `u` and a reference `U`: convex, with a derivative that
//! serves as the price of each link, and within `ln(links) / a` of the maximum itself. This is the penalty of
//! exponential-weights flow algorithms (Garg, Könemann, "Faster and simpler algorithms for multicommodity flow", 1998;
//! Fleischer 2000), used here with exact changes instead of fixed steps. It takes the place of the piecewise-linear cost of
//! Fortz and Thorup (INFOCOM 2000), which has the same purpose and a fixed steepness.

use crate::{arithmetic::exp, network::Network};

/// Above this exponent the potential goes on as a straight line, so that nothing overflows.
const STRAIGHT: f64 = 40.0;

/// What a link without load costs, next to 1 for the hottest: enough to prefer fewer links among idle ones.
const IDLE: f64 = 1e-7;

/// The loads of all links, and what one more unit on each costs.
#[derive(Clone, Debug)]
pub(crate) struct Potential {
    /// The steepness.
    a: f64,
    /// The utilisation at which a link's term is 1.
    reference: f64,
    pub load: Vec<f64>,
    term: Vec<f64>,
    /// What all capacities are divided by in prices, so that prices are near 1 at the reference.
    unit: f64,
}

impl Potential {
    pub fn new(network: &Network) -> Self {
        let capacities = network.working().map(|edge| network.capacity[edge]);
        let unit = capacities.fold(f64::INFINITY, f64::min);
        let places = network.places();
        Self { a: 1.0, reference: 0.0, load: vec![0.0; places], term: vec![0.0; places], unit }
    }

    /// Sets steepness and reference.
    pub fn steepen(&mut self, network: &Network, a: f64, reference: f64) {
        self.a = a;
        self.reference = reference;
        for edge in 0..self.load.len() {
            self.term[edge] = self.value(self.load[edge] * network.inverse[edge]);
        }
    }

    /// The highest utilisation and where it is.
    pub fn hottest(&self, network: &Network) -> (usize, f64) {
        let mut best = (0, 0.0);
        for (edge, load) in self.load.iter().enumerate() {
            let utilisation = load * network.inverse[edge];
            if utilisation > best.1 {
                best = (edge, utilisation);
            }
        }
        best
    }

    pub fn total(&self) -> f64 {
        self.term.iter().sum()
    }

    /// The term of a link at a utilisation.
    #[inline]
    pub fn value(&self, utilisation: f64) -> f64 {
        let x = self.a * (utilisation - self.reference);
        if x > STRAIGHT { exp(STRAIGHT) * (1.0 + (x - STRAIGHT)) } else { exp(x) }
    }

    /// The derivative of a link's term by its utilisation, over `a`.
    #[inline]
    pub fn slope(&self, utilisation: f64) -> f64 {
        exp((self.a * (utilisation - self.reference)).min(STRAIGHT))
    }

    /// The term of a link at its present load.
    #[inline]
    pub fn term(&self, edge: usize) -> f64 {
        self.term[edge]
    }

    /// Puts more (or less) on a link.
    #[inline]
    pub fn add(&mut self, network: &Network, edge: usize, volume: f64) {
        // What was added and taken away again may leave a rounding error below zero.
        let load = (self.load[edge] + volume).max(0.0);
        self.load[edge] = load;
        self.term[edge] = self.value(load * network.inverse[edge]);
    }

    /// The price of each link: what a small unit more on it adds to the potential.
    #[expect(clippy::cast_possible_truncation, reason = "prices steer, exact changes decide")]
    pub fn prices(&self, network: &Network, prices: &mut [f32]) {
        for (edge, price) in prices.iter_mut().enumerate() {
            let slope = self.term[edge].min(exp(STRAIGHT));
            *price = ((slope + IDLE) * network.inverse[edge] * self.unit) as f32;
        }
    }

    /// What a change of the potential by a whole demand is multiplied with to be a price.
    pub fn per_unit(&self, volume: f64) -> f64 {
        self.unit / (volume * self.a)
    }

    /// The price of each link for a whole demand: what `volume` more on it adds, per unit. On a path that meets each link
    /// once and undivided, the sum of these is the exact change.
    #[expect(clippy::cast_possible_truncation, reason = "prices steer, exact changes decide")]
    pub fn prices_for(&self, network: &Network, volume: f64, prices: &mut [f32]) {
        let per_unit = self.per_unit(volume);
        for (edge, price) in prices.iter_mut().enumerate() {
            let inverse = network.inverse[edge];
            let more = self.value((self.load[edge] + volume) * inverse) - self.term[edge];
            *price = (more * per_unit + IDLE * inverse * self.unit) as f32;
        }
    }
}
