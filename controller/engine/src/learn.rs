//! What routing protocols and routers tell of the network, beside what its file says.
//!
//! ```text
//!   peers -> speaker (sessions, table) --News--> controller::learning -> the network that is planned on
//!                                                   ^      |
//!   devices -> readers --Surroundings--> routers ---+      +-> findings, `trunkline topology`
//! ```
//!
//! A few routers are also asked for the database of IS-IS ([`Databases`]); what it tells is followed as what peers tell is.
//!
//! What is learned is laid over the file's network: SIDs, SR blocks, MSD, locators, metrics, bandwidth, named groups, overload.
//! Of two bandwidths the smaller one holds: a port may be faster than what the contract gives. Delay, jitter and loss are not laid over it:
//! each sample would move traffic. They are shown beside; what is measured reaches plans through the loop's hints alone. Nothing comes
//! into the network that its file has not. What routers say of their interfaces and of whom they hear behind them ([`Routers`]) is shown
//! too; a cable that is plugged otherwise than in the file is a finding.
//!
//! A source that falls silent makes its facts stale and not gone. What is not told yet after a start is as it was told before: the
//! journal keeps what plans follow, so that no plan is made with less knowledge than the one before it.

mod databases;
mod facts;
mod judge;
mod plug;
mod routers;
mod shown;
mod speaker;

pub use databases::Databases;
pub use facts::{Learned, LinkFacts, NodeFacts, WayFacts, differing, plain};
pub use judge::{judge, mute};
pub use plug::{AroundFacts, Plug, Who};
pub use routers::{RouterView, Routers, misplugged};
pub use shown::{FactView, Other, PeerView, Sources, show};
pub use speaker::{News, Speaker, nobody, speak};

#[cfg(test)]
mod tests;
