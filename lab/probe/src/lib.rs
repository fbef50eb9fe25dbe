//! Probes between routers whose clocks are one clock: delay, jitter and loss of the way forth, and whether a segment list is silent.
//!
//! [`packet`] are STAMP test packets (RFC 8762) and [`header`] what is around them; [`session`] says what one series of them has
//! measured, [`fleet`] which of all series sends next, and [`reflector`] what is answered. All of that is values: time and the seed
//! are arguments. Two parts touch sockets and clocks: [`Prober`], a thread for each router, and [`Reflectors`], one for all of them,
//! which outlives whoever probes.

pub mod fleet;
pub mod header;
mod live;
pub mod moment;
pub mod packet;
pub mod reflector;
pub mod session;

pub use fleet::{LINK_EVERY, LIST_EVERY, Probe, ProbeId};
pub use live::{Prober, Reflectors};
pub use session::Reading;
