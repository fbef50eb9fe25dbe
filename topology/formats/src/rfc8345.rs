//! RFC 8345 JSON with the attributes of RFC 8795 (`ietf-te-topology`) and, where only those are given, RFC 8346
//! (`ietf-l3-unicast-topology`). Links of these models have one direction: two of them make one of ours.
//!
//! What the models say in other units becomes ours at this edge: bandwidth is a hexadecimal 32-bit float of bytes per
//! second (RFC 8294), administrative groups are bits and shared risks are numbers, which have names with us ([`names`]).
//! Identifiers are URIs there. Ours become `node:NAME`, `if:NAME`, `link:NAME#forth` and `link:NAME#back`, and are read back
//! so from a network called `network:trunkline`; those of others are taken as they are.
//!
//! What the models have no place for stands in members of our own ([`ours`]). Where there are none, nodes come without SIDs and with
//! empty label blocks.

mod beyond;
mod names;
mod number;
mod ours;
mod pair;
mod read;
mod unused;
mod write;

pub use beyond::beyond;
pub(crate) use read::read;
pub use write::to_rfc8345;

/// The member in which all networks stand.
pub(crate) const ROOT: &str = "ietf-network:networks";

/// The name of our networks.
const NETWORK: &str = "network:trunkline";
const NODE: &str = "node:";
const INTERFACE: &str = "if:";
const LINK: &str = "link:";

/// The direction that leaves the first end, and the other.
const DIRECTIONS: [&str; 2] = ["#forth", "#back"];

#[cfg(test)]
mod tests;
