//! Probes between routers whose clocks are one clock: delay, jitter and loss of the way forth, and whether a segment list is silent.
//!
//! [`packet`] are STAMP test packets (RFC 8762) and [`header`] what is around them; [`session`] says what one series of them has
//! measured, [`fleet`] which of all series sends next, and [`reflector`] what is answered. All of that is values: time and the seed
//! are arguments. [`Prober`] is the one part that touches sockets and clocks: a thread for each router.

pub mod fleet;
pub mod header;
mod live;
pub mod moment;
pub mod packet;
pub mod reflector;
pub mod session;

pub use fleet::{LINK_EVERY, LIST_EVERY, Probe, ProbeId};
pub use live::Prober;
pub use session::Reading;
