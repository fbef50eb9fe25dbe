//! The independent witness: where traffic goes over IGP and segment routing, and what it suffers there.
//!
//! It sees what routers see: the topology, what headends are configured with, and what is offered. It shares no code with
//! the path engine, so that an error of one is not repeated by the other. Plans are proved on it, and the lab's routers
//! forward by it.
//!
//! What it takes for granted, everywhere:
//! - A headend knows at once whether a segment list delivers (seamless BFD, RFC 7880, on every list). A list that meets a
//!   link that is down, a node that cannot be reached or a SID that nobody has is invalid; a candidate path is valid while
//!   one of its lists is (RFC 9256 section 5.1), and its traffic goes by weight over the lists that are valid.
//! - A node segment follows all IGP shortest paths; each node splits equally over its outgoing shortest-path *links*, so
//!   that parallel links count one by one.
//! - Routers have no local repair (TI-LFA): until the IGP has heard of a failure, shortest paths lead into it ([`Outage`]).
//! - Traffic of a color for which no policy toward its node is valid may use one whose endpoint is null (RFC 9256 section 8.8).
//! - Shares are integers out of [`WHOLE`]; what a split leaves over goes to the lowest link ids. Nothing is lost by rounding.
//! - A packet finds its queue by its code point where it entered the node by an interface at which the node's classifier is
//!   bound, and the lowest queue elsewhere. What enters the network is taken for classified: by which interface it comes is not
//!   known. So is all that enters a node that cannot be told interfaces (`Feature::BoundClassifiers`).
//! - A service function gives packets back to its node, and what goes by the IGP passes none ([`Chain`]).
//! - In proofs, what a queue drops is still offered to the links behind it, so that no plan leans on drops; only
//!   [`Witness::observe`], by which the lab forwards, takes it away there.

mod failure;
mod mesh;
mod network;

mod csid;
mod forwarding;
mod port;
mod resolve;
mod segment;
mod spf;

mod branch;
mod route;
mod stray;

mod fate;
mod flow;
mod load;
pub mod queues;

mod drill;
mod marks;
mod witness;

pub use csid::lengths::CsidLengths;
pub use drill::Drill;
pub use failure::{Failure, FailureKind, Outage, Parts, UnknownKind, UnknownPart};
pub use flow::{DropReason, Flow, IgpReason, Shares, Via};
pub use forwarding::{Forwarding, chain::Chain};
pub use load::{EdgeLoad, Loads, QueueLoad};
pub use network::Network;
pub use port::{DEFAULT_QUEUE, lowest};
pub use segment::Fault;
pub use witness::{Outcome, Witness};

/// All of a flow's traffic: shares of links are counted out of it.
pub const WHOLE: u64 = 1 << 32;

#[cfg(test)]
#[path = "../tests/support/mod.rs"]
mod support;
