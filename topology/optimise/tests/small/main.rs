//! Small networks, where every answer can be tried, and an evaluation that shares no code with the optimiser.

#[path = "../../benches/te/judge.rs"]
mod judge;

mod answers;
mod constraints;
mod exhaust;
mod kept;
mod linear;
mod networks;
mod priorities;
mod spread;

/// The highest utilisation, as the judge sees it.
fn mlu(instance: &model::dense::Instance, lists: &[Vec<optimise::WeightedList>]) -> f64 {
    judge::utilisation(instance, lists, &[]).into_iter().fold(0.0, f64::max)
}
