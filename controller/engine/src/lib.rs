//! The loop: intents to proposals, proposals to transactions, telemetry to the next proposal.

pub mod carry;
pub mod clock;
pub mod event;
pub mod handle;
pub mod snapshot;
pub mod tasks;
pub mod transact;
