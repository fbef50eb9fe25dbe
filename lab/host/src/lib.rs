//! The end systems of a lab: what customers send, what arrives, and what packets look like on the way.
//!
//! [`Flow`] says what is sent, [`Schedule`] when, [`Packet`] what a test packet carries. [`Ledger`] keeps what a receiver has seen of a
//! flow, and [`Tally`] is what follows from it: loss, delay, order, silences. All of these are values: moments are arguments.
//! [`Station`] is a host: one thread in its namespace that sends and receives; [`Exchange`] is several of them, whose senders tell
//! receivers how much was sent. [`capture`] reads what `tcpdump` saw at a hop: addresses, markings, segment routing headers.

// What is sent, and when.
pub mod moment;

pub mod flow;

pub mod packet;
pub mod schedule;

// What has arrived.
pub mod histogram;
pub mod order;
pub mod series;

mod gaps;

pub mod tally;

pub mod ledger;

// What it looked like on the way.
pub mod capture;

// The machine.
pub mod station;

pub mod exchange;

pub use exchange::{Assigned, Exchange};
pub use flow::{Flow, FlowError, FlowId, Pace};
pub use ledger::{Arrival, Ledger};
pub use moment::Moment;
pub use packet::Packet;
pub use schedule::{Due, Schedule};
pub use station::{Report, Station, StationError};
pub use tally::{Sent, Tally};
