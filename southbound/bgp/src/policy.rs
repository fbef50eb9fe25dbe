//! SR policies over BGP (RFC 9830, SAFI 73): each candidate path is a route, and what it consists of is in the attribute for
//! tunnels. [`send`] makes updates of the model's policies; a receiver judges with [`judge`] whether a route is meant for it.

pub mod judge;
pub mod nlri;
pub mod segment;
pub mod send;
mod sub;
#[cfg(test)]
mod tests;
pub mod tunnel;

pub use nlri::PolicyNlri;
pub use segment::ListTlv;
pub use tunnel::{PolicyTlv, Tunnel};
