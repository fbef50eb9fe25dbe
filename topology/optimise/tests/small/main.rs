//! Small networks, where every answer can be tried, and an evaluation that shares no code with the optimiser.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../../benches/te/judge.rs"]
mod judge;

mod answers;
mod constraints;
mod exhaust;
mod networks;
