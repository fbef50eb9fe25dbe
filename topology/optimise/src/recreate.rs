//! Ruin and recreate: a few demands leave the network and come back one after the other, each where it is best by then.
//!
//! What a single move cannot do (two demands that have to change places) this can. The first demand crosses a hot link; the
//! others are large ones that block, others on the same link, or any. Changes for the worse are accepted within a margin that
//! shrinks (Schrimpf et al., "Record breaking optimization results using the ruin and recreate principle", 2000). A heuristic:
//! it stays in a local optimum from which only more demands at once lead away; see [`crate::kick`].

use crate::{arithmetic::power, list::List, state::State as _, whole::Whole};

/// How it goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// The share of the budget at which it ends.
    pub until: f64,
    /// From the highest margin to none so many times.
    pub cycles: f64,
    /// A utilisation that cannot be bettered, by the bound: there it ends.
    pub good: f64,
    /// How many demands may have other lists than at the beginning.
    pub changes: usize,
}

/// The most demands that leave at once.
const MOST: usize = 6;
/// Trials between two settings of the steepness.
const BATCH: usize = 30;
/// The highest margin for changes for the worse, as a share of the potential.
const MARGIN: f64 = 0.02;
/// Steepness at the beginning and at the end of a cycle.
const STEEPNESS: (f64, f64) = (200.0, 2000.0);
/// Demands from this share of the smallest capacity are priced with their equal-cost splits as they are.
const LARGE: f64 = 0.1;
/// How many of the largest demands are seen as blocking.
pub(crate) const LARGEST: usize = 40;

/// The largest flows, largest first.
pub(crate) fn largest(whole: &Whole<'_>, count: usize) -> Vec<usize> {
    let flows = &whole.engine.problem.flows;
    let larger = |&a: &usize, &b: &usize| flows[b].volume.total_cmp(&flows[a].volume).then(a.cmp(&b));
    let mut order: Vec<usize> = (0..flows.len()).collect();
    if count < order.len() {
        order.select_nth_unstable_by(count, larger);
        order.truncate(count);
    }
    order.sort_unstable_by(larger);
    order
}

/// Betters the best state until the budget's share is spent.
pub(crate) fn recreate(whole: &mut Whole<'_>, plan: Plan) {
    let begin = whole.engine.pace.spent();
    if begin >= plan.until {
        return;
    }
    whole.back();
    let large = largest(whole, LARGEST);
    while !large.is_empty() {
        let spent = whole.engine.pace.spent();
        if spent >= plan.until || whole.best() <= plan.good {
            break;
        }
        let cycle = ((spent - begin) / (plan.until - begin) * plan.cycles).fract();
        whole.engine.steepen(STEEPNESS.0 * power(STEEPNESS.1 / STEEPNESS.0, cycle));
        for _ in 0..BATCH {
            if whole.engine.pace.spent() >= plan.until
                || !trial(whole, &large, MARGIN * (1.0 - cycle), plan.changes)
            {
                break;
            }
        }
    }
}

/// One trial; `false` where nothing crosses a hot link.
fn trial(whole: &mut Whole<'_>, large: &[usize], margin: f64, changes: usize) -> bool {
    let before = whole.engine.potential.total();
    let changed = if changes < whole.lists.len() { whole.changed() } else { 0 };
    let Some(out) = choose(whole, large) else { return false };
    let old: Vec<List> = out.iter().map(|&at| whole.lists[at]).collect();
    out.iter().for_each(|&at| whole.take_out(at));
    for place in order(whole, &out) {
        let (at, mut list) = (out[place], old[place]);
        if let Some(new) = answer(whole, at)
            && new != list
            && whole.cost_of(at, &new) < whole.cost_of(at, &list)
        {
            list = new;
        }
        whole.put_in(at, list);
    }
    let limit = before * (1.0 + margin * whole.engine.chance());
    let few = changes >= whole.lists.len() || whole.changed() <= changes.max(changed);
    if few && whole.engine.potential.total() < limit {
        whole.keep();
    } else {
        out.iter().for_each(|&at| whole.take_out(at));
        out.iter().zip(old).for_each(|(&at, list)| whole.put_in(at, list));
    }
    true
}

/// The best list for a demand that is off the network.
pub(crate) fn answer(whole: &mut Whole<'_>, at: usize) -> Option<List> {
    let flow = whole.flow(at);
    let exact = flow.volume >= LARGE * whole.engine.problem.smallest;
    whole.engine.best_answer(&flow, exact)
}

/// Which demands leave.
fn choose(whole: &mut Whole<'_>, large: &[usize]) -> Option<Vec<usize>> {
    let place = whole.engine.hot_place();
    let crossing = whole.crossing(place);
    if crossing.is_empty() {
        return None;
    }
    let all = whole.lists.len();
    let engine = &mut whole.engine;
    let mut out = vec![crossing[engine.below(crossing.len())]];
    for _ in 0..engine.below(MOST) {
        let at = match engine.below(3) {
            0 => large[engine.below(large.len())],
            1 => crossing[engine.below(crossing.len())],
            _ => engine.below(all),
        };
        if !out.contains(&at) {
            out.push(at);
        }
    }
    Some(out)
}

/// In which order they come back: the largest first, but now and then another one.
fn order(whole: &mut Whole<'_>, out: &[usize]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..out.len()).collect();
    order.sort_by(|&a, &b| whole.flow(out[b]).volume.total_cmp(&whole.flow(out[a]).volume).then(a.cmp(&b)));
    if whole.engine.below(4) == 0 {
        let first = whole.engine.below(order.len());
        order.swap(0, first);
    }
    order
}
