//! Traffic optimisation: segment lists that keep the highest link utilisation low, and a proof of how low it can be at all.
//!
//! [`solve`] takes a network and its demands ([`model::dense::Instance`]) and gives every demand one or several weighted segment
//! lists. It is a heuristic with a proven lower bound, so that a person knows how far from the best possible the answer is.
//! Time comes in as an argument ([`Budget`]): a clock of the caller's, or a count of steps, which gives the same answer on every
//! machine.
//!
//! # How
//!
//! 1. Where the IGP sends traffic: next hops towards each destination, shares of each pair (`ecmp`).
//! 2. A smooth stand-in for the highest utilisation, whose derivative is a price for each link (`potential`).
//! 3. At these prices the cheapest list of up to so many segments, for all sources at once (`pairs`).
//! 4. Sweeps over all destinations at rising steepness (`anneal`), demands whole (`whole`) or in parts (`split`); a move counts
//!    only on its exact change of the potential (`change`).
//! 5. With one list: a few demands leave and come back (`recreate`), the largest are laid anew (`kick`); with several, the largest
//!    are laid anew part by part (`relay`). In the end demands on the hottest link try every single waypoint (`waypoint`).
//! 6. The same prices prove the bound by duality (`bound`).
//!
//! 7. Where the maximum cannot be lowered further, a convex cost of all links is, below the maximum (`spread`).
//!
//! Demands of several priorities are searched level by level, each above what the levels before it have laid (`levels`); what
//! a thread does with its time is in `schedule`.
//!
//! After a failure a [`Kept`] problem works out only what the failure touches (`ecmp::cut`), and leaves the rest of the time to the search,
//! which finds the demands on a hot link by what was written down before (`riders`).
//!
//! From a running state only demands on the hottest links move (`few`), or those that relieve one link (`relieve`).
//!
//! What no arrangement can do better at all, whatever lists can say, is [`floor()`]: the controller measures itself by it.
//!
//! # Sources
//!
//! Bhatia, Hao, Kodialam, Lakshman, "Optimized network traffic engineering using segment routing" (INFOCOM 2015): segments as
//! pairs. Gay, Hartert, Vissicchio, "Expect the unexpected: sub-second optimization for segment routing" (INFOCOM 2017): local
//! search on the hottest link, SRLS. Hartert et al., "A declarative and expressive approach to control forwarding paths in
//! carrier-grade networks" (SIGCOMM 2015): DEFO. Fortz, Thorup (INFOCOM 2000): convex link costs. Garg, Könemann (FOCS 1998),
//! Fleischer (2000): exponential prices and their bound.
//!
//! # What it does not do
//!
//! Delay bounds as part of the proof (the bound holds, and is weaker); link segments under sets of
//! failures. A demand larger than the links around it can stay far from the bound with one list.

mod ecmp;
mod list;
mod network;
mod problem;

mod arithmetic;
mod change;
mod pairs;
mod potential;

mod delay;
mod engine;
mod pace;
mod riders;
mod running;

mod split;
mod state;
mod whole;

mod anneal;
mod bound;
mod few;
mod kick;
mod recreate;
mod relay;
mod relieve;
mod spread;
mod waypoint;

mod levels;
mod schedule;

mod kept;
mod options;
mod solve;

mod floor;

pub use floor::{Closed, floor, floor_while};
pub use kept::{Kept, Lists, Rerouted};
pub use list::MAX_SEGMENTS;
pub use network::Unsolvable;
pub use options::{Goal, Level, Options, Segment, Solution, WeightedList};
pub use pace::{Budget, reserve};
pub use solve::solve;
