//! The loop: intents to proposals, proposals to transactions, telemetry to the next proposal.
//!
//! Open [`cycle`] first: every stage once, in order. One task ([`controller`]) owns all state; devices live in tasks of their
//! own ([`tasks`]); a transaction is a pure machine ([`transact`]) in an async shell ([`carry`]). Everybody who looks on gets
//! an immutable [`snapshot`] and a stream of [`event`]s; everybody who asks comes through the [`handle`].

// What crosses the edge: questions, pictures, events, the inventory.
pub mod handle;

pub mod snapshot;

pub mod event;

pub mod inventory;

pub mod schema;

pub mod terms;

// The loop, and the task that runs it.
pub mod cycle;
pub mod stages;

pub mod words;

pub mod beyond;

pub mod balance;

mod clocked;

pub mod season;

pub mod learn;

pub mod excepted;

pub mod world;

pub mod job;

pub mod controller;

pub mod picture;

// The transaction and what carries it.
pub mod transact;

pub mod carry;

pub mod recover;

pub mod tasks;

pub mod rehearse;

pub mod exposure;

pub mod readers;

pub mod codes;

#[cfg(test)]
mod teller;

pub use device::clock;
