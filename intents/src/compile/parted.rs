//! Two ways that keep apart, where the best path leaves no backup that does.
//!
//! The path of a service is the best one, and its backup is looked for beside it. So it may be that the best path crosses both of two ways that
//! have nothing in common ("the trap"). Where an intent says itself how far apart path and backup are (`sle.diversity`), the two are taken
//! instead: everything is placed anew with that, once, and kept if nobody fares worse by it. It costs nothing where every such intent has
//! its backup, and nobody moves because a line elsewhere is down.

use std::collections::BTreeSet;

use model::{IntentSet, ServiceId};

use super::{giving::Round, rounds::Rounds};

/// All services with paths and backups; `laid` makes them with some who part.
pub(super) fn settled<'a>(
    set: &IntentSet,
    rounds: &Rounds,
    laid: &dyn Fn(&BTreeSet<ServiceId>) -> Round<'a>,
) -> Round<'a> {
    let mut round = laid(&BTreeSet::new());
    if rounds.are_spent() {
        return round;
    }
    let parted = round.parted();
    if parted.is_empty() {
        return round;
    }
    let other = laid(&parted);
    let ((ill, lacking), (ill_then, lacking_then)) = (round.harm(set), other.harm(set));
    if ill_then <= ill && lacking_then < lacking { other } else { round }
}
