//! Few changes: from what runs now, move only demands on the hottest links.
//!
//! A round steepens the potential, so that only links near the maximum have a price, takes the demands on the hottest one by
//! their traffic on it, and moves those whose exact change is an improvement. So a network that is nearly good stays as it is,
//! and one that lost a link moves what it has to. Where the number of changes is small, each step tries all these demands and
//! takes the best: a greedy choice, which misses pairs of moves that help only together.

use crate::state::State;

/// How much is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Few {
    /// How many demands may have other lists than they have now.
    pub changes: usize,
    /// Steepness relative to the highest utilisation.
    pub steepness: f64,
    /// A utilisation that cannot be bettered, by the bound.
    pub good: f64,
    /// The share of the budget at which it ends.
    pub until: f64,
}

/// With at most so many changes, each is the best of all.
const CAREFUL: usize = 16;
/// The most demands that a step looks at.
const LOOK: usize = 400;
/// Moves after which a round begins anew with fresh prices.
const ROUND: usize = 24;

/// Betters the state by few changes and keeps the best.
pub(crate) fn few<'a>(state: &mut impl State<'a>, plan: Few) {
    loop {
        state.engine().steepen(plan.steepness);
        let moved = round(state, plan);
        if std::env::var("TRACE").is_ok() { let m = state.engine().mlu(); let sp = state.engine().pace.spent(); eprintln!("round {sp:.3} moved {moved} mlu {m:.4} "); }
        state.keep();
        if moved == 0 || state.engine().pace.spent() >= plan.until || state.best() <= plan.good {
            return;
        }
    }
}

fn round<'a>(state: &mut impl State<'a>, plan: Few) -> usize {
    let place = state.engine().hottest().0;
    let mut on: Vec<(f64, usize)> = state.on(place);
    on.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let left = plan.changes.saturating_sub(state.changed());
    if left == 0 {
        // All changes are made: only what is changed may change again.
        on.retain(|&(_, at)| state.differs(at));
    }
    state.engine().price();
    if plan.changes <= CAREFUL { best_of(state, &on, plan) } else { first_few(state, &on, left, plan) }
}

/// Takes what improves, in order.
fn first_few<'a>(state: &mut impl State<'a>, on: &[(f64, usize)], mut left: usize, plan: Few) -> usize {
    let mut moved = 0;
    for &(_, at) in on {
        if moved >= ROUND || state.engine().pace.spent() >= plan.until {
            break;
        }
        let fresh = !state.differs(at);
        if fresh && left == 0 {
            continue;
        }
        if state.offer(at) {
            moved += 1;
            left -= usize::from(fresh);
        }
    }
    moved
}

/// Takes the one that improves most.
fn best_of<'a>(state: &mut impl State<'a>, on: &[(f64, usize)], plan: Few) -> usize {
    let mut best: Option<(f64, usize)> = None;
    for &(_, at) in on.iter().take(LOOK) {
        if state.engine().pace.spent() >= plan.until {
            break;
        }
        let before = state.engine().potential.total();
        let portions = state.portions(at);
        if state.offer(at) {
            let gain = state.engine().potential.total() - before;
            state.restore(at, &portions);
            if best.is_none_or(|(least, _)| gain < least) {
                best = Some((gain, at));
            }
        }
    }
    best.map_or(0, |(_, at)| usize::from(state.offer(at)))
}
