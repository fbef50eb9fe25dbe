//! Lines are filled to the brim where nobody suffers, and no further where somebody does.
//!
//! Services are placed without a look at queues. Where that leaves one whose packets wait too long in full queues, all are placed anew with
//! that one careful: waits count among what its path takes, and what its packets need stays free on its lines, so that whoever comes later
//! does not make them wait longer. That may hurt others, which are careful in turn. Who comes first by value has the room as ever: a careful
//! service moves no one that was placed before it.

use std::collections::BTreeSet;

use model::{IntentSet, Service, ServiceId};

use super::{giving::Round, rounds::Rounds};

/// How often others are found hurt before all are careful that could be.
const ROUNDS: usize = 4;

/// Places until nobody that something can be done for waits too long; `anew` does that with some who are careful. Once, where no line is near
/// full.
pub(super) fn settled<'a>(
    set: &IntentSet,
    rounds: &Rounds,
    anew: &dyn Fn(BTreeSet<ServiceId>) -> Round<'a>,
) -> Round<'a> {
    let mut careful = BTreeSet::new();
    for _ in 0..ROUNDS {
        let round = anew(careful.clone());
        let before = careful.len();
        careful.extend(round.hurt());
        // Who is careful and hurt all the same has no better way: its promise is at risk, and that is told.
        if careful.len() == before {
            return round;
        }
        if rounds.are_spent() {
            break;
        }
    }
    let is_bounded = |service: &&Service| service.slo.one_way_delay.is_some() || service.slo.jitter.is_some();
    anew(set.services.values().filter(is_bounded).map(|service| service.id.clone()).collect())
}

#[cfg(test)]
mod tests;
