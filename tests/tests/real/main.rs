//! Intents on routers that really forward packets: labs of network namespaces, driven by a controller, with customers whose packets
//! are counted and captured. As root; elsewhere each test says why it is skipped.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::disallowed_methods, reason = "what it waits for happens in real time")]
#![expect(clippy::print_stdout, reason = "a skipped test says why, and figures are told")]

mod processes;
mod promise;
mod sids;
mod stage;

mod apart;
mod ccb;
mod ceb;
mod control;
mod failover;
mod played;
mod queues;
mod refused;
mod steering;
mod tenants;
