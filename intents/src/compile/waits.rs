//! How long packets wait in queues, and whose promise that breaks.
//!
//! Bandwidth is given out to the last bit/s, and a queue that is offered all that it is served fills its buffer. A packet of 8000 bits that
//! finds `c - l` of a line left beside a load `l` waits `8000 / (c - l)` on average at most, as in an M/M/1 queue, and never longer than the
//! buffer of 50 ms. Strict queues are served first within their guarantee, so that of all loads those of strict queues alone count for them
//! (Cobham, 1954). How long it is at most is cheap to know, and what searches go by; how long it is, queue by queue, says whose promise is
//! broken. The witness of the proof counts in the same way and by code of its own.

use std::collections::BTreeSet;

use model::{Discipline, EdgeIx, Graph, IntentSet, QueueName, ServiceId};
use paths::{Bounds, Found};

use super::{placed::Placed, room::Room};
use crate::validate::queues_in_use;

/// The longest that a packet waits, microseconds: no buffer holds more.
const BUFFER: u64 = 50_000;

/// Bits of a packet, times the microseconds of a second.
const PACKET: u64 = 8_000 * 1_000_000;

/// Finer than any capacity, so that shares by it are not rounded away.
const FINE: u64 = 1 << 40;

/// How long packets wait at most where so much is left of a line, microseconds.
pub(super) fn most(left: u64) -> u64 {
    if left == 0 { BUFFER } else { PACKET.div_ceil(left).min(BUFFER) }
}

/// How much of a line has to be left so that packets wait no longer, bit/s.
fn needed(wait: u64) -> u64 {
    if wait >= BUFFER { 0 } else { PACKET.div_ceil(wait.max(1)) }
}

/// How long packets may wait on a way beside what its lines take, microseconds. None where nothing bounds that, or where the lines alone break
/// a bound.
pub(super) fn allowance(found: &Found, bounds: &Bounds) -> Option<u64> {
    let totals = &found.totals;
    let rest = |most: u64, is: u64| most.checked_sub(is);
    let delay = bounds.delay.map(|most| rest(most.as_micros(), totals.delay.as_micros()));
    let jitter = bounds.jitter.map(|most| rest(most.as_micros(), totals.jitter.as_micros()));
    match (delay, jitter) {
        (None, None) => None,
        (Some(one), None) | (None, Some(one)) => one,
        (Some(one), Some(other)) => Some(one?.min(other?)),
    }
}

/// What has to be left of each line of a way so that its packets do not wait longer together, bit/s; none where they do already. `lines` has
/// of each its capacity and what is left. What may be waited beyond what is waited now is given to lines by the inverse root of their
/// capacity, by which the parts of capacities that are held add up to least.
pub(super) fn held(allowance: u64, lines: &[(u64, u64)]) -> Option<Vec<u64>> {
    let now: Vec<u64> = lines.iter().map(|(_, left)| most(*left)).collect();
    let rest = allowance.checked_sub(now.iter().sum())?;
    let weights: Vec<u64> = lines.iter().map(|(capacity, _)| FINE / capacity.isqrt().max(1)).collect();
    let all = weights.iter().map(|weight| u128::from(*weight)).sum::<u128>().max(1);
    let part = |weight: u64| u64::try_from(u128::from(rest) * u128::from(weight) / all).unwrap_or(rest);
    Some(
        now.into_iter()
            .zip(weights)
            .map(|(wait, weight)| needed(wait.saturating_add(part(weight))))
            .collect(),
    )
}

/// What is offered to each queue of each edge, bit/s.
struct Queues {
    names: Vec<QueueName>,
    /// By queue.
    is_strict: Vec<bool>,
    /// One row of queues for each edge.
    offered: Vec<u64>,
}

impl Queues {
    fn of(set: &IntentSet, graph: &Graph, placed: &[Placed<'_>]) -> Self {
        let queues = queues_in_use(set).into_iter();
        let (names, is_strict): (Vec<QueueName>, Vec<bool>) =
            queues.map(|(name, how)| (name, how.discipline == Discipline::Strict)).unzip();
        let mut offered = vec![0_u64; graph.edge_count() * names.len()];
        for one in placed.iter().filter(|one| !one.stranded) {
            let Ok(place) = names.binary_search(one.queue) else { continue };
            for edge in one.ways.each().flat_map(|found| &found.edges) {
                let sum = &mut offered[edge.ix() * names.len() + place];
                *sum = sum.saturating_add(one.rate());
            }
        }
        Self { names, is_strict, offered }
    }

    /// How long packets of a queue wait on an edge, microseconds. Guarantees hold what is offered, so that each queue is served all that the
    /// others do not want.
    fn wait(&self, graph: &Graph, edge: EdgeIx, queue: &QueueName) -> u64 {
        let Ok(place) = self.names.binary_search(queue) else { return 0 };
        let row = &self.offered[edge.ix() * self.names.len()..][..self.names.len()];
        let (own, capacity) = (row[place], graph.edge(edge).bandwidth);
        if own == 0 {
            return 0;
        }
        let others = row.iter().fold(0_u64, |sum, one| sum.saturating_add(*one)) - own;
        let served = capacity.saturating_sub(others);
        let wait = match served.checked_sub(own) {
            None | Some(0) => BUFFER,
            Some(spare) => {
                let wait = u128::from(PACKET) * u128::from(own) / (u128::from(served) * u128::from(spare));
                u64::try_from(wait).unwrap_or(BUFFER).min(BUFFER)
            }
        };
        if !self.is_strict[place] {
            return wait;
        }
        let strict = row.iter().zip(&self.is_strict).filter(|(_, is_strict)| **is_strict);
        let before = strict.fold(0_u64, |sum, (one, _)| sum.saturating_add(*one));
        wait.min(most(capacity.saturating_sub(before)))
    }
}

/// Services whose lines keep the promise and whose packets wait so long that it is broken, with all paths in place. O(paths), and queue by
/// queue only where a rough bound on waits does not show that all is well.
pub(super) fn hurt(
    set: &IntentSet,
    graph: &Graph,
    placed: &[Placed<'_>],
    room: &Room<'_>,
) -> BTreeSet<ServiceId> {
    let rough: [Vec<u64>; 2] =
        [false, true].map(|is_strict| room.left(is_strict).iter().map(|left| most(*left)).collect());
    let mut queues: Option<Queues> = None;
    let mut hurt = BTreeSet::new();
    for one in placed.iter().filter(|one| !one.stranded) {
        let is_kept = |wait: &dyn Fn(EdgeIx) -> u64| {
            one.ways.each().all(|found| {
                let all = || found.edges.iter().map(|edge| wait(*edge)).fold(0, u64::saturating_add);
                allowance(found, &one.request.bounds).is_none_or(|most| all() <= most)
            })
        };
        let at_most = &rough[usize::from(one.is_strict)];
        if is_kept(&|edge: EdgeIx| at_most[edge.ix()]) {
            continue;
        }
        let queues = queues.get_or_insert_with(|| Queues::of(set, graph, placed));
        if !is_kept(&|edge: EdgeIx| queues.wait(graph, edge, one.queue)) {
            hurt.insert(one.service.id.clone());
        }
    }
    hurt
}

#[cfg(test)]
mod tests;
