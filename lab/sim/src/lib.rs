//! The lab's world in memory: lines that degrade and break, traffic that fills them, counters that routers show.
//!
//! Where traffic goes follows from what routers were configured with, and from nothing else: [`World::configure`] is the
//! only way in for whoever controls the network, [`World::state`] the only thing that a router sees of it. Faults and
//! offered traffic are set by whoever runs the lab. Time and seed are arguments, so that equal calls give equal worlds.

mod state;

mod counter;
mod line;
mod used;

mod world;

pub use counter::PACKET_OCTETS;
pub use line::Impairment;
pub use state::{InterfaceState, NodeState, QueueState, UsedPath};
pub use world::{UnknownName, World};
