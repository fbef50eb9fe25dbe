//! What every search needs at hand: loads, prices, the cheapest lists at these prices, and what a change would do.

use rand::{Rng as _, SeedableRng as _, seq::SliceRandom as _};
use rand_chacha::ChaCha8Rng;

use crate::{
    change::Change,
    delay,
    list::{List, Step},
    network::{Flow, small},
    pace::Pace,
    pairs::{Column, Pairs},
    potential::Potential,
    problem::Problem,
};

/// A move has to promise a share of a list's price: this over the steepness, and no less than the second.
const WORTH: (f64, f64) = (0.5, 1e-4);

/// Prices in a sweep are renewed after so many destinations for each 25 nodes, or after so many moves; where there are many flows each
/// of them matters less, and one in so many makes them stale.
const STALE_NODES: usize = 25;
const STALE_MOVES: usize = 100;
const STALE_SHARE: usize = 150;

/// How fast older prices leave the average: one over the number of settings that count.
const FADE: f64 = 0.004;

/// One thread's working set.
pub(crate) struct Engine<'a> {
    pub problem: &'a Problem,
    pub potential: Potential,
    pub pace: Pace<'a>,
    pub random: ChaCha8Rng,
    pub pairs: Pairs,
    pub column: Column,
    pub prices: Vec<f32>,
    pub change: Change,
    /// Prices of recent sweeps, each with the sum of capacity times price equal to 1. The average of prices is a far better
    /// lower bound than the last of them.
    pub average: Vec<f64>,
    averaged: f64,
    /// What a list's price is multiplied with before another one is compared: while the steepness is low, small gains are not
    /// worth their time.
    pub bar: f32,
    /// Destinations with demands.
    order: Vec<u16>,
}

impl<'a> Engine<'a> {
    pub fn new(problem: &'a Problem, pace: Pace<'a>, seed: u64) -> Self {
        let (nodes, places) = (problem.network.nodes, problem.network.places());
        let order = (0..nodes).filter(|&node| !problem.flows_to(node).is_empty()).map(small).collect();
        Self {
            problem,
            potential: Potential::new(&problem.network),
            pace,
            random: ChaCha8Rng::seed_from_u64(seed),
            pairs: Pairs::new(nodes, problem.adjacency),
            column: Column::new(nodes, problem.segments),
            prices: vec![0.0; places],
            change: Change::new(places),
            average: vec![0.0; places],
            averaged: 0.0,
            bar: 1.0,
            order,
        }
    }

    /// The hottest place and its utilisation.
    pub fn hottest(&self) -> (usize, f64) {
        self.potential.hottest(&self.problem.network)
    }

    /// The highest utilisation.
    pub fn mlu(&self) -> f64 {
        self.hottest().1
    }

    /// Sets the steepness, relative to the highest utilisation.
    pub fn steepen(&mut self, relative: f64) {
        let mlu = self.mlu();
        #[expect(clippy::cast_possible_truncation, reason = "a threshold")]
        let bar = (1.0 - (WORTH.0 / relative).max(WORTH.1)) as f32;
        self.bar = bar;
        self.potential.steepen(&self.problem.network, relative / mlu.max(f64::MIN_POSITIVE), mlu);
    }

    /// Prices all pairs as the loads are now.
    pub fn price(&mut self) {
        self.potential.prices(&self.problem.network, &mut self.prices);
        self.fill();
        self.pairs.turn();
    }

    /// Prices all pairs by `prices`.
    pub fn fill(&mut self) {
        self.pairs.fill(&self.problem.network, &self.problem.routes, &self.prices);
        self.pace.count(self.pairs.work(&self.problem.routes));
    }

    /// Finds the cheapest lists to a destination at the prices of the last [`Self::fill`].
    pub fn towards(&mut self, to: u16) {
        self.column.fill(&self.pairs, to);
        self.pace.count(self.column.work());
    }

    /// The places whose terms are no less than this share of the greatest.
    pub fn hot_places(&self, share: f64) -> Vec<usize> {
        let terms = 0..self.problem.network.places();
        let most = terms.clone().map(|place| self.potential.term(place)).fold(0.0, f64::max);
        terms.filter(|place| self.potential.term(*place) >= share * most && most > 0.0).collect()
    }

    /// Makes [`Self::cost`] the share of a list's traffic on some places, until the next pricing: a price of 1 there and 0
    /// elsewhere.
    pub fn price_places(&mut self, places: &[usize]) {
        self.prices.fill(0.0);
        places.iter().for_each(|place| self.prices[*place] = 1.0);
        self.pairs.fill_routes(&self.problem.network, &self.problem.routes, &self.prices);
        self.pace.count(self.pairs.work(&self.problem.routes) + 4 * self.problem.flows.len() as u64);
    }

    /// What a list costs at the prices of the last [`Self::fill`].
    pub fn cost(&self, from: u16, list: &List) -> f32 {
        let step = |step| match step {
            Step::Route { from, to } => self.pairs.route(from, to),
            Step::Over { edge } => self.prices[usize::from(edge)],
        };
        list.walk(&self.problem.network, from).map(step).sum()
    }

    /// The cheapest list that keeps the demand's delay, once [`Self::towards`] its destination was called. Exact without a
    /// delay bound; with one, where the cheapest of all is too slow, the cheapest with at most one node between.
    pub fn candidate(&self, flow: &Flow) -> Option<List> {
        let list = self.column.list(&self.pairs, flow.from)?;
        let network = &self.problem.network;
        if flow.max_delay.is_infinite()
            || list.delay(network, &self.problem.routes, flow.from) <= flow.max_delay
        {
            return Some(list);
        }
        delay::cheapest(self.problem, &self.pairs, flow)
    }

    /// Calls `each` with the demands of every destination, in a new order, with the cheapest lists at hand; `each` says
    /// whether it moved something. Gives the number of moves.
    pub fn sweep(&mut self, until: f64, mut each: impl FnMut(&mut Self, usize) -> bool) -> usize {
        let mut order = std::mem::take(&mut self.order);
        order.shuffle(&mut self.random);
        let patience = self.problem.network.nodes.div_ceil(STALE_NODES);
        let stale = STALE_MOVES.max(self.problem.flows.len() / STALE_SHARE);
        let (mut moved, mut priced_at, mut since) = (0, 0, patience);
        for &to in &order {
            if self.pace.spent() >= until {
                break;
            }
            if since >= patience || moved - priced_at >= stale {
                self.price();
                self.average_prices();
                (priced_at, since) = (moved, 0);
            }
            since += 1;
            self.towards(to);
            for flow in self.problem.flows_to(usize::from(to)) {
                self.pace.count(8);
                moved += usize::from(each(self, flow));
            }
        }
        self.order = order;
        moved
    }

    /// Begins a new average of prices.
    pub fn forget_prices(&mut self) {
        self.averaged = 0.0;
    }

    /// Adds the present prices to the average.
    pub fn average_prices(&mut self) {
        let network = &self.problem.network;
        let worth: f64 = self
            .prices
            .iter()
            .zip(&network.inverse)
            .map(|(&price, inverse)| f64::from(price) / inverse)
            .sum();
        if worth > 0.0 && worth.is_finite() {
            self.averaged += 1.0;
            let fade = FADE.max(1.0 / self.averaged);
            for (average, &price) in self.average.iter_mut().zip(&self.prices) {
                *average += fade * (f64::from(price) / worth - *average);
            }
        }
    }

    /// The list that is best for a whole demand that is off the network now. With `exact`, equal-cost splits are priced as
    /// they are and not as the mean of undivided paths.
    pub fn best_answer(&mut self, flow: &Flow, exact: bool) -> Option<List> {
        self.potential.prices_for(&self.problem.network, flow.volume, &mut self.prices);
        if exact {
            self.pairs.fill_exact(self.problem, &self.potential, flow.volume, &self.prices);
            self.pace.count(self.pairs.work_exact(&self.problem.routes));
        } else {
            self.fill();
        }
        self.towards(flow.to);
        self.candidate(flow)
    }

    /// A number below `bound`, which is at least 1.
    pub fn below(&mut self, bound: usize) -> usize {
        self.random.random_range(0..u32::try_from(bound.max(1)).unwrap_or(u32::MAX)) as usize
    }

    /// A number from 0 to 1.
    pub fn chance(&mut self) -> f64 {
        self.random.random()
    }

    /// A place, drawn by its part in the potential.
    pub fn hot_place(&mut self) -> usize {
        let mut left = self.chance() * self.potential.total();
        for place in 0..self.problem.network.places() {
            left -= self.potential.term(place);
            if left <= 0.0 {
                return place;
            }
        }
        self.hottest().0
    }
}
