//! Below the maximum: where the highest utilisation is as low as it gets, the rest of the network is spread too.
//!
//! The maximum says nothing of what lies below it: one full stub link, and everything else may stay as the IGP has it. So a second
//! search lowers a convex cost of all links and leaves the maximum alone. The cost is that of Fortz and Thorup (INFOCOM 2000): a unit
//! of traffic costs the more the fuller its link is, so a link of 90% beside one of 10% costs more than two of 50%. Demands on
//! links that are not busy stay where they are, since there nobody gains by a detour.
//!
//! Sweeps over all destinations at the prices that the cost has for each link, a move only on its exact change of the sum. A
//! heuristic: it ends where no single demand (or part of one) betters the cost. One thread, at the end of the budget.

use smallvec::smallvec;

use crate::{
    engine::Engine,
    list::{List, Portion, Portions},
    network::{Flow, small},
    options::{Goal, Options},
    pace::Pace,
    problem::Problem,
    running::{self, Start},
    split,
};

/// From these utilisations on, a unit more of traffic costs so much.
const SLOPES: [(f64, f64); 6] =
    [(0.0, 1.0), (1.0 / 3.0, 3.0), (2.0 / 3.0, 10.0), (0.9, 70.0), (1.0, 500.0), (1.1, 5000.0)];

/// From here on a link is busy.
const BUSY: f64 = SLOPES[1].0;

/// The share of effort that is kept for this; of a clock it gets what is left where nothing lowers the maximum further.
pub(crate) const SHARE: f64 = 1.0 / 16.0;

/// Past this share of its time it does not begin: setting up takes some of it.
const LATE: f64 = 0.9;

/// No link that gets more comes above this share of the maximum.
const BELOW: f64 = 0.999;

/// What a move has to better of the whole cost, at least; the second where moves are counted.
const WORTH: (f64, f64) = (1e-7, 1e-3);

/// The dearest list has to cost this much more than the cheapest.
const DEARER: f32 = 1.01;

/// Parts of a list's traffic that may go to another.
const PARTS: [f64; 5] = [1.0, 0.5, 0.25, 0.125, 0.0625];

/// The most sweeps.
const SWEEPS: u32 = 30;

/// One in so many demands that have moved makes prices stale.
const STALE: usize = 150;

/// Whether this is done at all: not to relieve one link with the fewest moves, and what runs moves for the maximum alone.
pub(crate) fn is_wanted(options: &Options, start: &Start) -> bool {
    options.goal == Goal::Lowest && !start.runs
}

/// Lowers the cost, from portions that were found from `start`, with at most so many changes to it, until the share of the budget.
pub(crate) fn spread(
    problem: &Problem,
    start: &Start,
    options: &Options,
    changes: usize,
    portions: Vec<Portions>,
    mut pace: Pace<'_>,
    until: f64,
) -> Vec<Portions> {
    if pace.spent() >= LATE * until || problem.flows.is_empty() {
        return portions;
    }
    let mut spread = Spread::new(problem, start, options.lists, changes, portions, pace);
    for _ in 0..SWEEPS {
        let total = spread.total();
        spread.worth = total * if options.max_changes.is_some() { WORTH.1 } else { WORTH.0 };
        if spread.sweep(until) == 0 {
            break;
        }
    }
    spread.portions
}

struct Spread<'a> {
    problem: &'a Problem,
    start: &'a Start,
    engine: Engine<'a>,
    portions: Vec<Portions>,
    /// The most lists of a demand.
    most: usize,
    /// How many more demands may go another way than at the beginning.
    left: usize,
    /// No place that gets more comes above this utilisation.
    limit: f64,
    /// What a move has to better.
    worth: f64,
}

impl<'a> Spread<'a> {
    fn new(
        problem: &'a Problem,
        start: &'a Start,
        most: usize,
        changes: usize,
        mut portions: Vec<Portions>,
        pace: Pace<'a>,
    ) -> Self {
        let mut engine = Engine::new(problem, pace, 0);
        let mut changed = 0;
        let load = &mut engine.potential.load;
        load.copy_from_slice(&problem.base);
        for ((flow, now), before) in problem.flows.iter().zip(&mut portions).zip(&start.portions) {
            if now != before {
                changed += 1;
                // As whole weights will divide it: then the maximum is that of the answer.
                *now = split::rounded(now);
            }
            running::add(problem, flow, now, load);
        }
        let limit = problem.highest(load) * BELOW;
        let left = changes.saturating_sub(changed);
        Self { problem, start, engine, portions, most, left, limit, worth: 0.0 }
    }

    /// The cost of all places.
    fn total(&self) -> f64 {
        let places = self.engine.potential.load.iter().zip(&self.problem.network.inverse);
        places.map(|(load, inverse)| cost(load * inverse) / inverse).sum()
    }

    /// Offers every demand a better way once. Says how many took it.
    fn sweep(&mut self, until: f64) -> usize {
        let stale = (self.problem.flows.len() / STALE).max(1);
        let (mut moved, mut priced_at) = (0, None);
        for to in 0..self.problem.network.nodes {
            let flows = self.problem.flows_to(to);
            if flows.is_empty() {
                continue;
            }
            if self.engine.pace.spent() >= until {
                break;
            }
            if priced_at.is_none_or(|before| moved >= before + stale) {
                self.price();
                priced_at = Some(moved);
            }
            self.engine.towards(small(to));
            for at in flows {
                self.engine.pace.count(8);
                moved += usize::from(self.offer(at));
            }
        }
        moved
    }

    /// What a unit more of traffic costs on each place.
    fn price(&mut self) {
        let load = &self.engine.potential.load;
        let places = load.iter().zip(&self.problem.network.inverse);
        for (price, (load, inverse)) in self.engine.prices.iter_mut().zip(places) {
            *price = slope(load * inverse);
        }
        self.engine.fill();
        self.engine.pairs.turn();
    }

    /// Moves a demand, or a part of it, from its dearest list to the cheapest one, where that betters the cost.
    fn offer(&mut self, at: usize) -> bool {
        let flow = self.problem.flows[at];
        let differed = self.portions[at] != self.start.portions[at];
        if self.left == 0 && !differed {
            return false;
        }
        let Some((source, list)) = self.choice(&flow, at) else { return false };
        let now = self.portions[at].clone();
        let is_full = now.len() >= self.most && now.iter().all(|portion| portion.list != list);
        let parts = if is_full { &PARTS[..1] } else { &PARTS };
        let mut best: Option<(f64, Portions)> = None;
        for part in parts {
            let then = shifted(&now, source, list, *part);
            self.put(&flow, &now, &then);
            let effect = self.engine.change.effect(self.problem, &self.engine.potential, self.limit, cost);
            self.engine.change.clear();
            if let Some(effect) = effect.filter(|effect| *effect < -self.worth)
                && best.as_ref().is_none_or(|(least, _)| effect < *least)
            {
                best = Some((effect, then));
            }
        }
        let Some((_, then)) = best else { return false };
        self.put(&flow, &now, &then);
        self.engine.change.apply(self.problem, &mut self.engine.potential, 1.0);
        let differs = then != self.start.portions[at];
        self.portions[at] = then;
        match (differed, differs) {
            (false, true) => self.left -= 1,
            (true, false) => self.left = self.left.saturating_add(1),
            _ => {}
        }
        true
    }

    /// From which of its lists a demand may go, and to which, at the present prices; none where it gains nothing.
    fn choice(&self, flow: &Flow, at: usize) -> Option<(usize, List)> {
        let costs = self.portions[at].iter().map(|portion| self.engine.cost(flow.from, &portion.list));
        let (source, dearest) =
            costs.enumerate().fold((0, 0.0), |most, next| if next.1 > most.1 { next } else { most });
        if self.engine.column.cost(flow.from) * DEARER >= dearest {
            return None;
        }
        let old = self.portions[at][source].list;
        let list = self.engine.candidate(flow)?;
        (list != old && self.is_busy(flow.from, &old)).then_some((source, list))
    }

    /// Whether a list crosses a busy place.
    fn is_busy(&self, from: u16, list: &List) -> bool {
        let (network, load) = (&self.problem.network, &self.engine.potential.load);
        let mut busy = false;
        list.spread(network, &self.problem.routes, from, |part| {
            let at = part.place as usize;
            busy |= load[at] * network.inverse[at] > BUSY;
        });
        busy
    }

    /// Puts what a flow's other portions change into the engine's change.
    fn put(&mut self, flow: &Flow, now: &Portions, then: &Portions) {
        self.engine.pace.count(300);
        for (portions, times) in [(now, -1.0), (then, 1.0)] {
            for portion in portions {
                let volume = times * flow.volume * portion.share;
                self.engine.change.add(self.problem, flow.from, &portion.list, volume);
            }
        }
    }
}

/// The portions with a part of one of them on another list, as whole weights divide them.
fn shifted(now: &Portions, source: usize, list: List, part: f64) -> Portions {
    if let ([_], true) = (&now[..], part == 1.0) {
        return smallvec![Portion { list, share: 1.0 }];
    }
    let mut then = now.clone();
    let share = then[source].share * part;
    then[source].share -= share;
    match then.iter_mut().find(|portion| portion.list == list) {
        Some(portion) => portion.share += share,
        None => then.push(Portion { list, share }),
    }
    split::rounded(&then)
}

/// What a link costs at a utilisation, over its capacity.
fn cost(utilisation: f64) -> f64 {
    let (mut sum, mut before) = (0.0, 0.0);
    for (from, slope) in SLOPES {
        sum += (slope - before) * (utilisation - from).max(0.0);
        before = slope;
    }
    sum
}

/// What a unit more of traffic costs at a utilisation.
#[expect(clippy::cast_possible_truncation, reason = "small whole numbers")]
fn slope(utilisation: f64) -> f32 {
    SLOPES.iter().rev().find(|(from, _)| utilisation >= *from).map_or(1.0, |(_, slope)| *slope as f32)
}

#[cfg(test)]
mod tests {
    use super::{cost, slope};

    #[test]
    fn the_cost_is_the_sum_of_its_slopes() {
        let step = 1e-4;
        let mut sum = 0.0;
        for at in 0..12_000 {
            let utilisation = f64::from(at) * step;
            assert!((cost(utilisation) - sum).abs() < 0.6, "at {utilisation}: {sum}");
            sum += f64::from(slope(utilisation + 0.5 * step)) * step;
        }
        assert_eq!((cost(0.2), slope(0.2)), (0.2, 1.0));
    }
}
