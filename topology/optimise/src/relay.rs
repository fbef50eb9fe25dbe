//! Large demands are laid anew: where all of a demand's lists are in use, what lies between two good sets of lists is worse than
//! either, and shifting traffic does not lead from one to the other.
//!
//! A few demands leave the network, those with most traffic on the hottest link or among the largest of all, and come back in as
//! many equal parts as they may have lists, each part where it is best by then. Sweeps see to the rest. A heuristic, like
//! [`crate::kick`].

use crate::{
    anneal::{Anneal, anneal},
    list::{Portion, Portions},
    split::Split,
    state::State as _,
};

/// How many of the largest demands may be laid anew.
const LARGEST: usize = 16;
/// The most that are laid anew at once.
const MOST: usize = 3;
/// Steepness while demands are laid anew, and after the sweeps.
const STEEPNESS: (f64, f64) = (40.0, 2000.0);
const SWEEPS: u32 = 8;

/// Betters the best state until the budget's share is spent or it is as good as can be.
pub(crate) fn relay(split: &mut Split<'_>, until: f64, good: f64) {
    let flows = &split.engine().problem.flows;
    let mut large: Vec<usize> = (0..flows.len()).collect();
    large.sort_by(|&a, &b| flows[b].volume.total_cmp(&flows[a].volume).then(a.cmp(&b)));
    large.truncate(LARGEST);
    while split.engine().pace.spent() < until && split.best() > good && !large.is_empty() {
        split.back();
        split.engine().steepen(STEEPNESS.0);
        let out = chosen(split, &large);
        let old: Vec<Portions> = out.iter().map(|&at| split.portions(at)).collect();
        out.iter().for_each(|&at| split.restore(at, &Portions::new()));
        out.iter().zip(&old).for_each(|(&at, old)| lay(split, at, old));
        anneal(split, Anneal { from: STEEPNESS.0, to: STEEPNESS.1, until, sweeps: SWEEPS });
    }
    split.back();
}

/// Which demands leave: the one with most traffic on the hottest link or one of the largest, and perhaps others of these.
fn chosen(split: &mut Split<'_>, large: &[usize]) -> Vec<usize> {
    let (place, _) = split.engine().hottest();
    let on = split.on(&[place]);
    let first = on.iter().max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1))).map(|(_, at)| *at);
    let engine = split.engine();
    let mut out: Vec<usize> = first.filter(|_| engine.below(2) == 0).into_iter().collect();
    for _ in 0..=engine.below(MOST) {
        // The larger the likelier.
        let at = large[engine.below(large.len()).min(engine.below(large.len()))];
        if !out.contains(&at) {
            out.push(at);
        }
    }
    out
}

/// Puts a demand that is off the network on it again, part by part; on its old lists where no other is found for a part.
fn lay(split: &mut Split<'_>, at: usize, old: &Portions) {
    let most = split.most();
    let mut flow = split.engine().problem.flows[at];
    flow.volume /= most as f64;
    let share = 1.0 / most as f64;
    for _ in 0..most {
        let Some(list) = split.engine().best_answer(&flow, true) else {
            return split.restore(at, old);
        };
        let mut portions = split.portions(at);
        match portions.iter_mut().find(|portion| portion.list == list) {
            Some(portion) => portion.share += share,
            None => portions.push(Portion { list, share }),
        }
        split.restore(at, &portions);
    }
}
