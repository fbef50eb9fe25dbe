//! Relief of one hot link with the fewest moves.
//!
//! The demand that alone relieves the link with the least to spare goes first; where none does, the one with the most traffic
//! on it. A move counts only if no link that it loads comes above the goal or above where it was. Greedy: at most as many moves
//! as the link has demands, not always the fewest.

use crate::state::State;

/// How many demands may move, and until when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Relief {
    pub place: usize,
    pub to: f64,
    pub changes: usize,
    pub until: f64,
}

/// The steepness that makes links near the goal dear.
const STEEPNESS: f64 = 100.0;

/// Moves demands off the link until it is at its goal or nothing helps.
pub(crate) fn relieve<'a>(state: &mut impl State<'a>, plan: Relief) {
    let mut hopeless = Vec::new();
    while state.changed() < plan.changes && state.engine().pace.spent() < plan.until {
        let engine = state.engine();
        let inverse = engine.problem.network.inverse[plan.place];
        let excess = engine.potential.load[plan.place] - plan.to / inverse;
        if excess <= 0.0 {
            return;
        }
        // Everything at the goal has a price near 1, and the link itself more than any.
        engine.potential.steepen(&engine.problem.network, STEEPNESS / plan.to.max(1e-9), plan.to);
        let mut on = state.on(&[plan.place]);
        state.engine().price();
        on.retain(|(_, at)| !hopeless.contains(at));
        on.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let enough = on.iter().rposition(|&(traffic, _)| traffic >= excess);
        let Some(&(_, at)) = on.get(enough.unwrap_or(0)) else { return };
        if !step(state, plan, at) {
            hopeless.push(at);
        }
    }
}

/// Moves one demand if that takes load off the link and overloads no other.
fn step<'a>(state: &mut impl State<'a>, plan: Relief, at: usize) -> bool {
    let before = state.engine().potential.load.clone();
    let portions = state.portions(at);
    let engine = state.engine();
    engine.towards(engine.problem.flows[at].to);
    if !state.offer(at) {
        return false;
    }
    let engine = state.engine();
    let harmless = engine
        .potential
        .load
        .iter()
        .zip(&before)
        .zip(&engine.problem.network.inverse)
        .all(|((&now, &then), inverse)| now <= then || now * inverse <= plan.to * (1.0 + 1e-9));
    let helps = engine.potential.load[plan.place] < before[plan.place];
    if !(harmless && helps) {
        state.restore(at, &portions);
        return false;
    }
    true
}
