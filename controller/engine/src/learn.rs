//! What routing protocols tell of the network, beside what its file says.
//!
//! ```text
//!   peers -> speaker (sessions, table) --News--> controller::learning -> the network that is planned on
//!                                                      |
//!                                                      +-> findings, `trunkline topology`
//! ```
//!
//! What is learned is laid over the file's network: SIDs, SR blocks, MSD, locators, metrics, bandwidth, named groups, overload.
//! Of two bandwidths the smaller one holds: a port may be faster than what the contract gives. Delay, jitter and loss are not laid over it:
//! each sample would move traffic. They are shown beside; what is measured reaches plans through the loop's hints alone. Nothing comes
//! into the network that its file has not.
//!
//! A source that falls silent makes its facts stale and not gone. What is not told yet after a start is as it was told before: the
//! journal keeps what plans follow, so that no plan is made with less knowledge than the one before it.

mod facts;
mod judge;
mod shown;
mod speaker;

pub use facts::{Learned, LinkFacts, NodeFacts, WayFacts, differing, plain};
pub use judge::judge;
pub use shown::{FactView, Other, PeerView, Sources, show};
pub use speaker::{News, Speaker, nobody, speak};

#[cfg(test)]
mod tests;
