//! Bandwidth by class and priority: what is free for one class at one setup priority, and who has to go when it is taken.

use model::{Bandwidth, EdgeIx, Graph};
use thiserror::Error;

/// Classes and priorities are numbered from 0 to 7 (RFC 4124 section 4.1, RFC 3209 section 4.7.1).
const LEVELS: usize = 8;

/// How classes share a link.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum BandwidthModel {
    /// Each class has its own part (RFC 4125).
    #[default]
    MaximumAllocation,
    /// Class `c` and all above it together have part `c`: what higher classes leave is for the lower ones (RFC 4127).
    RussianDolls,
}

/// With which priority a path takes bandwidth, and with which it holds it; 0 is the best, 7 the worst.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Priorities {
    setup: u8,
    hold: u8,
}

/// Priorities that no path may have.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error(
    "setup priority {setup} with hold priority {hold}: both go from 0 (best) to 7, and hold must be as good as setup, or paths \
     would push each other out in turn"
)]
pub struct BadPriorities {
    /// Setup priority.
    pub setup: u8,
    /// Hold priority.
    pub hold: u8,
}

impl Priorities {
    /// Setup and hold priority (RFC 3209 section 4.7.1).
    ///
    /// # Errors
    /// A number above 7, or a hold priority that is worse than the setup priority.
    pub const fn new(setup: u8, hold: u8) -> Result<Self, BadPriorities> {
        if setup > 7 || hold > setup { Err(BadPriorities { setup, hold }) } else { Ok(Self { setup, hold }) }
    }
}

/// A path that holds bandwidth on an edge.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Held {
    /// Its class, 0 to 7.
    pub class: u8,
    /// Its priorities.
    pub priorities: Priorities,
    /// How much.
    pub bandwidth: Bandwidth,
}

/// What is reserved on every edge, by class and hold priority. Memory: 512 bytes an edge.
#[derive(Clone, Debug)]
pub struct Reservations {
    model: BandwidthModel,
    /// By edge: what the link carries, and the part of each class.
    capacity: Vec<u64>,
    parts: Vec<[u64; LEVELS]>,
    /// By edge, class and hold priority.
    reserved: Vec<[[u64; LEVELS]; LEVELS]>,
}

impl Reservations {
    /// Nothing is reserved. `part` says how much of an edge's capacity a class may have, bit/s; more than the capacity counts as
    /// all of it. Classes above 7 do not exist.
    pub fn new(graph: &Graph, model: BandwidthModel, mut part: impl FnMut(EdgeIx, u8) -> Bandwidth) -> Self {
        let capacity: Vec<u64> = graph.edges().map(|(_, edge)| edge.bandwidth).collect();
        let parts = (0..).map(EdgeIx).zip(&capacity);
        Self {
            model,
            parts: parts
                .map(|(ix, capacity)| {
                    std::array::from_fn(|class| part(ix, class as u8).as_bps().min(*capacity))
                })
                .collect(),
            reserved: vec![[[0; LEVELS]; LEVELS]; capacity.len()],
            capacity,
        }
    }

    /// What a class finds free on every edge at a setup priority, bit/s: what is reserved at worse hold priorities counts as
    /// free, since it gives way. For the searches. O(edges).
    pub fn free(&self, class: u8, priorities: Priorities) -> Vec<u64> {
        (0..self.capacity.len()).map(|edge| self.free_on(edge, class, priorities.setup)).collect()
    }

    /// RFC 4125 section 5.4 and RFC 4127 section 5.4.
    fn free_on(&self, edge: usize, class: u8, setup: u8) -> u64 {
        let class = usize::from(class).min(LEVELS - 1);
        let kept = |class: usize| -> u64 { sum(&self.reserved[edge][class][..=usize::from(setup)]) };
        let from = |first: usize| (first..LEVELS).fold(0, |all: u64, class| all.saturating_add(kept(class)));
        let parts = &self.parts[edge];
        match self.model {
            BandwidthModel::MaximumAllocation => {
                let own = parts[class].saturating_sub(kept(class));
                own.min(self.capacity[edge].saturating_sub(from(0)))
            }
            BandwidthModel::RussianDolls => {
                let rooms = (0..=class).map(|outer| parts[outer].saturating_sub(from(outer)));
                rooms.min().unwrap_or(0)
            }
        }
    }

    /// Takes bandwidth on the edges of a path, as often as they stand there.
    pub fn take(&mut self, edges: &[EdgeIx], held: &Held) {
        for edge in edges {
            let slot = self.slot(*edge, held);
            *slot = slot.saturating_add(held.bandwidth.as_bps());
        }
    }

    /// Gives it back.
    pub fn give_back(&mut self, edges: &[EdgeIx], held: &Held) {
        for edge in edges {
            let slot = self.slot(*edge, held);
            *slot = slot.saturating_sub(held.bandwidth.as_bps());
        }
    }

    fn slot(&mut self, edge: EdgeIx, held: &Held) -> &mut u64 {
        let class = usize::from(held.class).min(LEVELS - 1);
        &mut self.reserved[edge.ix()][class][usize::from(held.priorities.hold)]
    }

    /// Whether more is reserved on an edge than it or one of its parts has: somebody has to go.
    pub fn is_overbooked(&self, edge: EdgeIx) -> bool {
        let of = |class: usize| sum(&self.reserved[edge.ix()][class]);
        let from = |first: usize| (first..LEVELS).fold(0, |all: u64, class| all.saturating_add(of(class)));
        let parts = &self.parts[edge.ix()];
        match self.model {
            BandwidthModel::MaximumAllocation => {
                from(0) > self.capacity[edge.ix()] || (0..LEVELS).any(|class| of(class) > parts[class])
            }
            BandwidthModel::RussianDolls => (0..LEVELS).any(|class| from(class) > parts[class]),
        }
    }

    /// Who of the holders of an overbooked edge has to go, by place in `holders`: the worst hold priority first, of equals the
    /// largest, then the last; none who helps nothing. Never more harm to better priorities than is needed, but not always the
    /// fewest: of holders of 4, 4 and 7 at one priority, 7 and 4 go where 8 are short, though both 4 would do.
    pub fn victims(&self, edge: EdgeIx, holders: &[Held]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..holders.len()).collect();
        order.sort_by_key(|place| {
            let held = &holders[*place];
            std::cmp::Reverse((held.priorities.hold, held.bandwidth, *place))
        });
        let mut rest = self.clone_of(edge);
        let mut victims = Vec::new();
        for place in order {
            if !rest.is_overbooked(EdgeIx(0)) {
                break;
            }
            rest.give_back(&[EdgeIx(0)], &holders[place]);
            victims.push(place);
        }
        // Whoever went in vain may stay, the best first.
        for place in victims.clone().into_iter().rev() {
            rest.take(&[EdgeIx(0)], &holders[place]);
            if rest.is_overbooked(EdgeIx(0)) {
                rest.give_back(&[EdgeIx(0)], &holders[place]);
            } else {
                victims.retain(|victim| *victim != place);
            }
        }
        victims.sort_unstable();
        victims
    }

    /// The same for one edge alone.
    fn clone_of(&self, edge: EdgeIx) -> Self {
        Self {
            model: self.model,
            capacity: vec![self.capacity[edge.ix()]],
            parts: vec![self.parts[edge.ix()]],
            reserved: vec![self.reserved[edge.ix()]],
        }
    }
}

fn sum(amounts: &[u64]) -> u64 {
    amounts.iter().fold(0, |sum, amount| sum.saturating_add(*amount))
}

#[cfg(test)]
mod tests;
