//! BGP-LS (RFC 9552): an IGP's nodes, links, prefixes and SIDs as routes, and what is said of each as TLVs of one attribute.
//!
//! The TLVs of the attribute come from one registry, whatever they are said of. Each module below has those of one idea; what
//! none of them knows is kept as it came.

pub mod asla;
pub mod attribute;
pub mod bandwidth;
pub mod descriptor;
pub mod flexalgo;
pub mod link;
pub mod nested;
pub mod nlri;
pub mod node;
pub mod performance;
pub mod prefix;
pub mod sr;
pub mod srv6;

pub use attribute::{LsAttribute, LsTlv};
pub use bandwidth::WireBandwidth;
pub use descriptor::{IgpRouterId, LinkDescriptor, NodeDescriptor, PrefixDescriptor, SidDescriptor};
pub use nlri::{LinkNlri, Nlri, NodeNlri, PrefixNlri, ProtocolId, SidNlri};
