//! Programs in a network namespace: read, written, counted.
//!
//! Netlink sockets, `/proc/sys/net` and child processes belong to the namespace of the thread that opens them. So a [`Namespace`] is a
//! thread of its own that has entered it and stays there: whatever runs on it, and its children, see that namespace and nothing of
//! the host's. Routes, rules and the anchor are written over rtnetlink, queues by `tc -batch`, marks by `nft -f -`.

mod attribute;
mod child;
mod counters;
mod decode;
mod encode;
mod error;
mod inside;
mod listen;
mod namespace;
mod read;
mod sysctl;
mod write;

pub use counters::{ClassCounters, Counters, InterfaceCounters, SidCounters};
pub use error::{Fault, LiveError};
pub use inside::Inside;
pub use namespace::Namespace;
pub use write::Counts;
