//! The path engine: which links a service rides, which segments pin them, and why there is no path where there is none.
//!
//! All searches run on the frozen [`model::Graph`] and are exact unless the answer says otherwise. Nothing here knows
//! services or intents: a caller fills in a [`PathRequest`], gives the free bandwidth of every edge, and gets edges back.
//!
//! ```text
//! PathRequest + free ──► shortest ──► Found ──► Encoder::encode ──► segments
//!                           │           └─────► backup ──► Backup (what it shares with the first path)
//!                           └─ none ──► why_not ──► NoPath (which constraint bites, and the nearest path)
//! ```
//!
//! Among equally good paths the one with less delay, then fewer hops, then the smaller edge numbers in order of travel wins;
//! edges are numbered by link id, so the answer depends on names and values alone.

// What is asked for, and the answer.
mod constraint;
mod found;
mod set;

// The searches beneath: one label a node where that is enough, several where bounds pull in two directions.
mod problem;
mod workspace;

mod dijkstra;
mod labels;
mod lower;

// What callers use.
mod cspf;

mod disjoint;

mod explain;

mod spf;

mod encode;

#[cfg(test)]
mod testing;

pub use constraint::{Bounds, Constraint, Exclusions, PathRequest};
pub use cspf::{Miss, find, shortest};
pub use disjoint::{Backup, Shared, backup};
pub use encode::{EncodeError, Encoder, Limit, Segment, SegmentKind};
pub use explain::{Excess, NoPath, Reason, why_not};
pub use found::{Found, Totals, capacities, spare, to_path};
pub use set::{EdgeSet, NodeSet, RiskSet, Set};
pub use spf::Spf;
pub use workspace::{LABEL_LIMIT, Workspace};
