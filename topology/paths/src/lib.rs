//! The path engine: which links a service rides, which segments pin them, and why there is no path where there is none.
//!
//! All searches run on the frozen [`model::Graph`] and are exact unless the answer says otherwise. Nothing here knows
//! services or intents: a caller fills in a [`PathRequest`], gives the free bandwidth of every edge, and gets edges back.
//!
//! ```text
//! Reservations ─► free ─┐
//! PathRequest ──────────┴─► shortest, Finder ──► Found ──► Encoder ──► segments, SIDs, parts
//!                           │  │  │                └─────► backup ──► Backup (what it shares with the first path)
//!                           │  │  └─ together ─► pairs and triples, apart as far as the network allows
//!                           │  └──── Ranking ──► one path after the other ──► within_segments
//!                           └─ none: why_not ──► NoPath (which constraint bites, and the nearest path)
//!
//! Placement: all that for many services in turn, and for those that a failing link hits, what they share found out once
//! Trees, Spf, FlexAlgorithm: what the IGP does        FastReroute: what it does in the moment after a failure
//! ```
//!
//! Among equally good paths the one with less delay, then fewer hops, then the smaller edge numbers in order of travel wins;
//! edges are numbered by link id, so the answer depends on names and values alone.
//!
//! | what | promise | cost |
//! |---|---|---|
//! | [`shortest`] without bounds | exact | edges * log nodes |
//! | with bounds ([`Bounds`]) | exact up to [`LABEL_LIMIT`] labels, and says so | NP-hard: exponential at worst |
//! | with stops whose way crosses a link for which there is no room twice | the same | the same |
//! | with a bound on segments alone | the same | segments * nodes² labels where every node has a SID |
//! | [`together`] by links and nodes | exact | paths * edges * log nodes |
//! | by shared risks or sites, or with bounds or stops | exact up to [`BRANCH_LIMIT`] searches, and says so | NP-hard |
//! | [`Placement`] | as its single paths and backups | the trees that are shared, and for each service its length |
//! | [`Ranking`] | exact in the same sense | a search for each node of each path |
//! | [`Encoder`] | fewest segments; fewest containers; fewest parts: exact | links² trees at worst |
//! | [`FastReroute`] | shortest list for the path after convergence: exact | a tree for the failure, one for each end |
//! | [`Reservations::victims`] | heuristic, see there | holders |

// What is asked for, and the answer.
mod apart;
mod constraint;
mod found;
mod include;
mod set;

// The searches beneath: one label a node where that is enough, several where bounds pull in two directions.
mod problem;
mod workspace;

mod ties;

mod crowded;
mod dijkstra;
mod goal;
mod labels;
mod lower;
mod stretches;
mod tally;

mod backbone;
mod grow;
mod guided;
mod landing;
mod narrow;
mod root;
mod roots;

// What callers use.
mod cspf;
mod finder;

mod charges;
mod disjoint;
mod together;

mod placement;

mod ranking;
mod segments;

mod reservation;

mod reroute;

mod explain;

mod flex;
mod metric;
mod only;
mod packed;
mod queue;
mod spf;
mod sweep;
mod trees;

mod encode;

#[cfg(test)]
mod testing;

pub use apart::{Apart, Shared};
pub use constraint::{Bounds, Constraint, Exclusions, PathRequest, SegmentBound};
pub use cspf::{Miss, shortest};
pub use disjoint::{Backup, backup};
pub use encode::{
    Anycast, BadCsid, Csid, EncodeError, Encoded, Encoder, Encoding, Limit, Part, Pin, Segment, SegmentKind,
    reversed, weights,
};
pub use explain::{Excess, NoPath, Reason, find, why_not};
pub use finder::Finder;
pub use flex::{Advertised, BadAlgorithm, FlexAlgorithm, FlexSids};
pub use found::{Found, Totals, capacities, spare, to_path};
pub use include::{Include, Includes, TooManyIncludes};
pub use metric::MetricType;
pub use packed::Lead;
pub use placement::{Laid, Placement, Ways};
pub use ranking::{Ranking, k_shortest};
pub use reroute::{Carried, FastReroute, Moment, Over, Protect, Repair, RepairList, Ridden};
pub use reservation::{BadPriorities, BandwidthModel, Held, Priorities, Reservations};
pub use segments::{TooManySegments, within_segments};
pub use set::{EdgeSet, NodeSet, RiskSet, Set};
pub use spf::Spf;
pub use together::{MOST_TOGETHER, Together, together};
pub use trees::{Tree, Trees};
pub use workspace::{BRANCH_LIMIT, LABEL_LIMIT, Workspace};
