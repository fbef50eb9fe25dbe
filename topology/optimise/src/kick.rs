//! Kicks: the largest demands are laid anew in another order, and everything else settles around them.
//!
//! A demand that is larger than every link at its end has to be divided by equal-cost paths, and others have to make room for
//! it first: nothing that judges before the others have moved gets there. So each kick is judged after a few sweeps.

use crate::{
    anneal::{Anneal, anneal},
    list::List,
    recreate::{answer, largest},
    state::State as _,
    whole::Whole,
};

/// How many of the largest demands may be laid anew.
const LARGEST: usize = 20;
/// The most of them at once.
const MOST: usize = 20;
/// How much worse a state may be from which the search goes on.
const MARGIN: f64 = 0.01;
/// Steepness while demands are laid anew, and after the sweeps.
const STEEPNESS: (f64, f64) = (40.0, 1000.0);
const SWEEPS: u32 = 5;

/// Betters the best state until the budget's share is spent or it is as good as can be.
pub(crate) fn kick(whole: &mut Whole<'_>, until: f64, good: f64) {
    if whole.engine.pace.spent() >= until {
        return;
    }
    let large = largest(whole, LARGEST);
    whole.back();
    let mut current: Vec<List> = whole.lists.clone();
    let mut level = whole.best();
    while whole.engine.pace.spent() < until && whole.best() > good && !large.is_empty() {
        whole.set(&current);
        whole.engine.steepen(STEEPNESS.0);
        lay_anew(whole, &large);
        anneal(whole, Anneal { from: STEEPNESS.0, to: STEEPNESS.1, until, sweeps: SWEEPS });
        let mlu = whole.engine.mlu();
        if mlu < level * (1.0 + MARGIN * whole.engine.chance()) {
            level = mlu;
            current.clone_from(&whole.lists);
        }
    }
    whole.back();
}

fn lay_anew(whole: &mut Whole<'_>, large: &[usize]) {
    let (place, _) = whole.engine.hottest();
    let mut out = whole.crossing(place);
    out.sort_by(|&a, &b| whole.flow(b).volume.total_cmp(&whole.flow(a).volume).then(a.cmp(&b)));
    out.truncate(1 + whole.engine.below(3));
    for _ in 0..=whole.engine.below(MOST) {
        let at = large[whole.engine.below(large.len())];
        if !out.contains(&at) {
            out.push(at);
        }
    }
    out.iter().for_each(|&at| whole.take_out(at));
    // Largest first, roughly: the order is what the kick varies.
    let mut keyed: Vec<(f64, usize)> =
        out.iter().map(|&at| (whole.flow(at).volume * (0.5 + whole.engine.chance()), at)).collect();
    keyed.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, at) in keyed {
        let list = answer(whole, at).unwrap_or(whole.lists[at]);
        whole.put_in(at, list);
    }
}
