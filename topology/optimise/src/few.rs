//! Few changes: from what runs now, move only demands on the hottest links.
//!
//! A round steepens the potential, so that only links near the maximum have a price, more so from round to round, takes the
//! demands on the hottest ones by their traffic there, and moves those whose exact change is an improvement. So a network that is nearly good stays as it is,
//! and one that lost a link moves what it has to. Where the number of changes is small, each step tries all these demands and
//! takes the best: a greedy choice, which misses pairs of moves that help only together.

use std::collections::BTreeMap;

use crate::{
    arithmetic::power,
    pairs::{Column, SHORT, WIDE},
    state::State,
};

/// How much is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Few {
    /// How many demands may have other lists than they have now.
    pub changes: usize,
    /// Steepness relative to the highest utilisation, in the first round and in the last ones.
    pub start: f64,
    pub steepness: f64,
    /// A utilisation that cannot be bettered, by the bound.
    pub good: f64,
    /// The share of the budget at which it ends.
    pub until: f64,
}

/// With at most so many changes, each is the best of all.
pub(crate) const CAREFUL: usize = 16;
/// The most demands that a step looks at.
const LOOK: usize = 400;
/// Moves after which prices are renewed, and the share of all flows that may be more.
const ROUND: usize = 24;
const ROUND_SHARE: usize = 100;
/// From one round to the next, at least.
const STEEPER: f64 = 2.0;
/// Links whose terms are no less than this share of the hottest one's are looked at with it.
const HOT: f64 = 0.2;
/// The most segments of a new list, on networks that are not wide: finding longer ones takes time that there is not.
const SEGMENTS: usize = 3;

/// Betters the state by few changes and keeps the best.
pub(crate) fn few<'a>(state: &mut impl State<'a>, plan: Few) {
    let problem = state.engine().problem;
    let most = if problem.network.nodes < WIDE { SEGMENTS } else { SHORT };
    let short = Column::new(problem.network.nodes, problem.segments.min(most));
    let long = std::mem::replace(&mut state.engine().column, short);
    let mut steepness = plan.start;
    loop {
        let begin = state.engine().pace.spent();
        state.engine().steepen(steepness);
        let moved = round(state, plan);
        state.keep();
        let spent = state.engine().pace.spent();
        let is_last = steepness >= plan.steepness;
        if moved == 0 && is_last || spent >= plan.until || state.best() <= plan.good {
            break;
        }
        // Half of the rounds that there is time for are steep.
        let rounds = (plan.until - spent) / (spent - begin).max(f64::MIN_POSITIVE);
        let steeper = power(plan.steepness / steepness, 2.0 / rounds.max(2.0));
        steepness = (steepness * steeper.max(STEEPER)).min(plan.steepness);
    }
    state.engine().column = long;
}

fn round<'a>(state: &mut impl State<'a>, plan: Few) -> usize {
    let places = if plan.changes <= CAREFUL {
        vec![state.engine().hottest().0]
    } else {
        state.engine().hot_places(HOT)
    };
    let mut on: Vec<(f64, usize)> = state.on(&places);
    on.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let left = plan.changes.saturating_sub(state.changed());
    if left == 0 {
        // All changes are made: only what is changed may change again.
        on.retain(|&(_, at)| state.differs(at));
    }
    state.engine().price();
    if plan.changes <= CAREFUL { best_of(state, &on, plan) } else { first_few(state, &on, left, plan) }
}

/// Takes what improves, by destination: the destination with the most traffic on the link first.
fn first_few<'a>(state: &mut impl State<'a>, on: &[(f64, usize)], mut left: usize, plan: Few) -> usize {
    let flows = &state.engine().problem.flows;
    let enough = ROUND.max(flows.len() / ROUND_SHARE);
    let mut traffic: BTreeMap<u16, (f64, Vec<usize>)> = BTreeMap::new();
    for &(volume, at) in on {
        let entry = traffic.entry(flows[at].to).or_default();
        entry.0 += volume;
        entry.1.push(at);
    }
    let mut groups: Vec<(u16, (f64, Vec<usize>))> = traffic.into_iter().collect();
    groups.sort_by(|a, b| b.1.0.total_cmp(&a.1.0).then(a.0.cmp(&b.0)));
    let mut moved = 0;
    for (to, (_, group)) in groups {
        if moved >= enough || state.engine().pace.spent() >= plan.until {
            break;
        }
        state.engine().towards(to);
        for at in group {
            let fresh = !state.differs(at);
            if (!fresh || left > 0) && state.offer(at) {
                moved += 1;
                left -= usize::from(fresh);
            }
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
        let engine = state.engine();
        let before = engine.potential.total();
        engine.towards(engine.problem.flows[at].to);
        let portions = state.portions(at);
        if state.offer(at) {
            let gain = state.engine().potential.total() - before;
            state.restore(at, &portions);
            if best.is_none_or(|(least, _)| gain < least) {
                best = Some((gain, at));
            }
        }
    }
    let Some((_, at)) = best else { return 0 };
    let engine = state.engine();
    engine.towards(engine.problem.flows[at].to);
    usize::from(state.offer(at))
}
