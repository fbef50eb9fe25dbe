//! The loop: intents to proposals, proposals to transactions, telemetry to the next proposal.

pub mod transact;
