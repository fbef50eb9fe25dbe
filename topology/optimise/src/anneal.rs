//! Sweeps at rising steepness: first the traffic as a whole, in the end the hottest links alone.

use crate::{
    arithmetic::power,
    bound::{Proof, prove},
    state::State,
};

/// How the steepness rises, relative to the highest utilisation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Anneal {
    /// At the beginning: about 10 weighs all links, 5000 only those within a few thousandths of the hottest.
    pub from: f64,
    /// At the end.
    pub to: f64,
    /// The share of the budget at which it ends.
    pub until: f64,
    /// The most sweeps.
    pub sweeps: u32,
}

/// Sweeps at rising steepness and keeps the best state.
pub(crate) fn anneal<'a>(state: &mut impl State<'a>, plan: Anneal) {
    let begin = state.engine().pace.spent();
    for sweep in 0..plan.sweeps {
        let spent = state.engine().pace.spent();
        if spent >= plan.until {
            break;
        }
        let by_time = (spent - begin) / (plan.until - begin);
        let by_count = f64::from(sweep) / f64::from(plan.sweeps);
        let relative = plan.from * power(plan.to / plan.from, by_time.max(by_count));
        state.engine().steepen(relative);
        state.sweep(plan.until);
        state.keep();
    }
}

/// What the average of recent prices proves.
pub(crate) fn proof<'a>(state: &mut impl State<'a>) -> Proof {
    let engine = state.engine();
    let average = std::mem::take(&mut engine.average);
    let proof = prove(engine, &average, None);
    engine.average = average;
    proof
}
