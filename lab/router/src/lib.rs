//! The software router: one datastore behind NETCONF and gNMI, validated with libyang against the modules that it serves.
//!
//! A router here is a protocol peer, not a model of one: clients that know nothing of Trunkline configure it and watch it.
//! Its forwarding is not computed here: what the router was configured with goes outward as an immutable tree, and what
//! it counts and measures comes in through a [`state::StateSource`]. Read in this order: the modules it serves, the
//! datastore, what it means and shows, the router, the servers.

// The modules that it serves, as texts and as schema.
pub mod yang;

// What it holds.
pub mod datastore;

// What that means for forwarding, and what the router shows of itself.
pub mod forwarding;
pub mod state;

// The router around its store: clock, faults, who is told.
pub mod clock;
pub mod fault;

pub mod router;

// The protocols.
pub mod serve;

// Many of them, as a file lists them.
pub mod plan;

pub mod fleet;

// A world around them.
pub mod lab;
