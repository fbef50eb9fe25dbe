//! A BGP-4 speaker for what a controller needs of BGP: it learns the network by BGP-LS (RFC 9552) and sends SR policies (RFC 9830).
//!
//! ```text
//!   octets -> wire, ls, policy -> fsm -> session -> table -> learn -> facts of the model
//!                                           ^
//!                        policy::send, originate
//! ```
//!
//! The lower half knows no IO: [`wire`], [`ls`] and [`policy`] turn octets into values and back, [`fsm`] is the session as a pure
//! machine. [`session`] carries its decisions out on sockets. [`table`] holds what came, by peer, and [`learn`] makes facts of it.
//! [`originate`] is the way back, for tests and labs.
//!
//! Decisions that hold everywhere:
//! - Everything from the network is bounded: messages by their length, TLVs by the one that holds them, nesting by a depth, routes
//!   by a limit, time by timers.
//! - A fault costs as little as the RFCs allow, and what it cost is a value ([`wire::update::Received`], RFC 7606): a route, an
//!   attribute, the routes of a message, or the session.
//! - What is not known is kept as it came and passed over by its length.
//! - A silent source makes facts stale. They go only when it says so, or has said everything else.
//! - All octets are read by `nom` parsers of our own, and none by `netgauze-bgp-pkt` (looked at in 0.13): it knows the base of BGP-LS, and SR, SRv6,
//!   performance, MSD, application-specific attributes and SR policies would be ours all the same, inside of attributes that it reads. What an error costs
//!   (RFC 7606) and what is kept unread is decided for a whole attribute, so that one attribute in two decoders would have two such
//!   decisions. Independent judges of the octets are `tshark` and ExaBGP, in tests.
//!
//! What is not here: signed connections (RFC 2385, RFC 5925), hop limits (RFC 5082), communities and routes of other families
//! beyond reading them, link-state routes of VPNs (SAFI 72), SR policies in BGP-LS (RFC 9857; kept as octets), LANs as links of
//! the model, segments that a headend has to resolve (RFC 9831; kept as octets), route reflection.
//!
//! Not there yet:
//! - Two speakers that connect to each other at the same moment can both end the connection that the other one keeps: one of them
//!   may be established before it saw the second OPEN, and the other has compared the identifiers by then (RFC 4271 section 6.8
//!   leaves this open). Both try again, and meet in the next tries.
//! - [`learn::View::ted`] has no way to say that it is not known whether a router is overloaded: the network has `false` then, as a
//!   file without a word on it. Beside a file's network it is not told then.
//! - The bound of [`Table::with_limits`] is in octets of the wire; many short TLVs take several times that in memory. Attributes are
//!   shared by the routes of one message, and not by equal ones of several.
//! - Extended administrative groups for all applications go before plain ones for SR policies.
//! - Routes of IPv4 unicast in the message's own field are told also where that family was not agreed on; the table passes them over.
//! - Reserved fields are not kept, but for those of topologies; a TE metric of three octets is written in four.
//! - Options of an OSPFv3 locator are not looked at: whether it was passed on is seen by its route type alone.

#[cfg(test)]
mod any;

pub mod wire;

pub mod ls;
pub mod policy;

pub mod fsm;
pub mod session;

pub mod learn;
pub mod table;

pub mod originate;

pub use fsm::{Config, Down, Notice};
pub use session::{Heard, Peer, Session};
pub use table::Table;
