//! One waypoint more: what prices do not see.
//!
//! A list is priced as the sum of its segments. Where a demand is larger than links are, lists whose segments meet on a link look cheap
//! one by one, and hide the list that wins only by how its ways divide. So where a search has ended, the few largest demands on the
//! hottest link try every node as their only waypoint, each judged by its exact change of the potential. Cost: O(nodes) changes for
//! each of these demands, for each that moves. A heuristic still: one demand at a time, and one waypoint.

use crate::{list::List, network::small, running, state::State as _, whole::Whole};

/// The most demands of the hottest link that try.
const DEMANDS: usize = 16;
/// The most moves.
const MOVES: usize = 64;
/// Links near the maximum count and few others.
const STEEPNESS: f64 = 1000.0;
/// A move betters at least this share of the potential.
const WORTH: f64 = 1e-9;
/// Steps of one trial.
const STEPS: u64 = 200;

/// Betters the best state until nothing helps, it is as good as can be, or so much of the budget is spent.
pub(crate) fn every_waypoint(whole: &mut Whole<'_>, good: f64, until: f64) {
    if whole.engine.problem.segments < 2 {
        return;
    }
    whole.back();
    for _ in 0..MOVES {
        if whole.best() <= good || whole.engine.pace.spent() >= until {
            return;
        }
        whole.engine.steepen(STEEPNESS);
        let (hottest, _) = whole.engine.hottest();
        let mut on = whole.on(&[hottest]);
        on.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        on.truncate(DEMANDS);
        if !on.iter().any(|&(_, at)| moves(whole, at, until)) {
            return;
        }
        whole.keep();
    }
}

/// Moves a demand to the list of one waypoint that betters most, if there is one.
fn moves(whole: &mut Whole<'_>, at: usize, until: f64) -> bool {
    let (flow, old) = (whole.flow(at), whole.lists[at]);
    let engine = &mut whole.engine;
    let problem = engine.problem;
    let mut least = -WORTH * engine.potential.total();
    let mut best = None;
    for via in (0..problem.network.nodes).map(small).filter(|via| *via != flow.from) {
        if engine.pace.spent() >= until {
            break;
        }
        let mut list = List::EMPTY;
        if via != flow.to {
            list.push_node(via);
        }
        list.push_node(flow.to);
        if list == old || !running::runs(problem, &flow, &list) {
            continue;
        }
        engine.pace.count(STEPS);
        engine.change.add(problem, flow.from, &old, -flow.volume);
        engine.change.add(problem, flow.from, &list, flow.volume);
        let gain = engine.change.gain(problem, &engine.potential);
        engine.change.clear();
        if gain < least {
            (least, best) = (gain, Some(list));
        }
    }
    let Some(list) = best else { return false };
    whole.take_out(at);
    whole.put_in(at, list);
    true
}
