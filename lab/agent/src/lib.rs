//! Routers that forward real packets: a software router's configuration, carried out by the kernel of its network namespace.
//!
//! [`post`] says what a router of a lab's layout stands on: interfaces, SIDs, tenants. [`sight`] adds what the router finds out by
//! itself: which lines are up, what the IGP leads to, on which segment lists probes are lost. Configuration, post and sight make a
//! `kernel::Program`; [`judge`] has what makes none refused when it is committed. [`driver`] carries the difference out, and again whenever one of the three changes;
//! [`resume`] says what it takes for silent when it comes back. [`shown`] turns what the
//! kernel counts and the probes measure into the state that NETCONF and gNMI serve. All but the driver and [`keep`] are values.

// Where a router stands, and what it sees from there.
pub mod post;

pub mod sight;

// What cannot be carried out there.
pub mod judge;

// What it measures, and what of that it shows.
pub mod probes;

pub mod shown;

// What it holds when it is killed, and what it takes for given when it comes back.
pub mod keep;

pub mod resume;

// All of it at work.
pub mod driver;
pub mod fleet;

#[cfg(test)]
mod fixture;
