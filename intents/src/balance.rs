//! Promised bandwidth spread with few moves: which services are to leave which hot link, what that gains, and how far from the best it is.
//!
//! A local search over what the compiler itself places. Hottest link first: each service on it is asked where else it could go, with all
//! that it asks for; of these moves the one after which what it touches is least full is tried, by a whole compilation. A move
//! is offered only where that compilation moves nobody else, says nothing worse than before, and lowers the link by a point or more
//! without making another as full; and where the caller has proved it. Where a link cannot be lowered, the next one has its
//! turn. The search ends at its goal, after so many moves, when none helps, or when its effort is spent.
//!
//! It is a heuristic: one move at a time misses what two together could do. Two services of 60 on a line of 100 each way round, which only fit
//! if they change places, stay. The lower bound ([`optimise::floor()`]) says how much that can cost; it holds for any arrangement of the same
//! services, also for one that divides them, and is weaker where delays and single paths are what stands in the way.
//!
//! Nothing here overrides a constraint. What comes out are [`model::Hints::balanced`] entries: links that a service is kept off.

mod bound;
mod load;
mod option;
mod search;
mod standing;
mod text;
mod trial;

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Affinity, Allocations, Delay, Graph, Hints, IntentSet, LinkId, NodeId, ServiceId, Ted, Timestamp,
    graph::GraphError, hint::Balance, unit::Ratio,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Compilation;

use load::Load;
use search::Search;

/// Links up to this are left alone where nobody says otherwise: a line that is half empty takes the traffic of its twin when that fails.
pub const COOL: Ratio = Ratio::from_ppm(500_000);
/// The moves of an answer, where nobody says how many.
pub const MOVES: usize = 3;
/// Its effort.
pub const EFFORT: u64 = 500;
/// The most moves that can be asked for.
pub const MOST_MOVES: u16 = 256;
/// The most effort: some minutes.
pub const MOST_EFFORT: u64 = 100_000;
/// The most services that are held for one move.
pub const HELD: usize = 16;
/// The most services of one answer, movers and held ones.
pub const MOST_SERVICES: usize = MOST_MOVES as usize * (1 + HELD);
/// The most links that one service is kept off.
pub const MOST_LINKS: usize = 256;

/// What an arrangement is worked out from.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// What is promised.
    pub set: &'a IntentSet,
    /// The network.
    pub ted: &'a Ted,
    /// What the loop and people know and want, earlier balancing included: what was moved before stays moved.
    pub hints: &'a Hints,
    /// Numbers for everything in the set.
    pub ids: &'a Allocations,
    /// When it is asked for.
    pub now: Timestamp,
}

/// How far it may go.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Limits {
    /// The most services that move.
    pub moves: usize,
    /// Millions of elementary steps, half of them for the proof: the same input gives the same answer on every machine.
    pub effort: u64,
    /// Only this link is to be relieved, in both directions, with the fewest moves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relieve: Option<LinkId>,
    /// Links at or below this are left alone; [`COOL`] where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goal: Option<Ratio>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { moves: MOVES, effort: EFFORT, relieve: None, goal: None }
    }
}

impl Limits {
    fn goal(&self) -> u64 {
        self.goal.unwrap_or(COOL).as_ppm()
    }
}

/// One direction of a link and how full promised bandwidth makes it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Heat {
    /// The link.
    pub link: LinkId,
    /// Where the direction starts.
    pub from: NodeId,
    /// Where it ends.
    pub to: NodeId,
    /// Promised bandwidth over capacity, rounded up.
    pub utilisation: Ratio,
}

/// What a move does to one direction of its service.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Way {
    /// Where it enters.
    pub from: NodeId,
    /// Where it leaves.
    pub to: NodeId,
    /// Its delay so far.
    pub before: Delay,
    /// Its delay then.
    pub after: Delay,
    /// What is promised, where something is.
    pub promised: Option<Delay>,
    /// The nodes of its new path.
    pub nodes: Vec<NodeId>,
}

/// One service that leaves a link.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Move {
    /// Which.
    pub service: ServiceId,
    /// The direction of a link that it is moved off, as full as it was.
    pub off: Heat,
    /// How full that is then.
    pub after: Ratio,
    /// All links that it is kept off from then on: that one, and others that it would take instead of its new path.
    pub avoids: BTreeSet<LinkId>,
    /// Its directions.
    pub ways: Vec<Way>,
    /// Services that would have taken the room that it leaves, and are kept where they are.
    pub held: Vec<ServiceId>,
    /// Other services whose backup is laid anew; their paths stay.
    #[serde(default)]
    pub backups: Vec<ServiceId>,
    /// What it prefers to ride and leaves, for what it prefers less or not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred: Option<Affinity>,
}

/// A move that is not offered.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Passed {
    /// Whose.
    pub service: ServiceId,
    /// Off which link.
    pub link: LinkId,
    /// Why not.
    pub why: String,
}

/// Why there are no more moves.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// Every link that is looked at is at its goal.
    Goal,
    /// As many services move as may.
    Moves,
    /// No move helps.
    NoBetter,
    /// The effort is spent.
    Effort,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Balanced {
    /// What it was limited by.
    pub limits: Limits,
    /// The fullest direction of any link before; none where nothing is promised.
    pub before: Option<Heat>,
    /// And after all moves.
    pub after: Option<Heat>,
    /// The fuller direction of the link that is to be relieved, before and after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relieved: Option<(Heat, Heat)>,
    /// No arrangement of these services, also one that divides them, has a lower highest utilisation.
    pub bound: Ratio,
    /// The moves, in the order in which they were found.
    pub moves: Vec<Move>,
    /// What to add to [`Hints::balanced`], by [`Balance::join`].
    pub balanced: BTreeMap<ServiceId, Balance>,
    /// Why there are no more.
    pub end: End,
    /// The first moves that looked good and are not offered.
    pub passed: Vec<Passed>,
}

/// Why there is no answer.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum Unbalanced {
    /// The network makes no sense.
    #[error(transparent)]
    Network(#[from] GraphError),
    /// The link that is to be relieved is not there.
    #[error("the network has no link `{0}`: name one of its links")]
    NoSuchLink(LinkId),
    /// It was given up.
    #[error("nobody waits for the answer any more")]
    InVain,
}

/// What the caller has to say about a move that compiles well: the proof of its plan.
pub type Proof<'p> = &'p mut dyn FnMut(&Hints, &Compilation) -> Result<(), String>;

/// Works out which services are to move. Deterministic; one path search for each service on a hot link, one compilation for each move
/// that is tried, and as many searches for the bound as the effort allows. It ends early where `wanted` says that nobody waits any more.
///
/// # Errors
/// The network cannot be frozen, the link to relieve is not in it, or nobody waits any more.
pub fn balance(
    case: &Case<'_>,
    limits: &Limits,
    proved: Proof<'_>,
    wanted: &dyn Fn() -> bool,
) -> Result<Balanced, Unbalanced> {
    let graph = Graph::freeze(case.ted)?;
    let only = match &limits.relieve {
        Some(link) => {
            let edge = graph.link_ix(link).ok_or_else(|| Unbalanced::NoSuchLink(link.clone()))?;
            Some([edge, edge.reverse()])
        }
        None => None,
    };
    let mut search = Search::new(case, limits, &graph, only, wanted);
    let first = search.start();
    let relieved = |load: &Load| only.map(|both| load.heat(&graph, load.hotter(both)));
    let (before, relieved_before) = (first.load.highest(&graph), relieved(&first.load));
    let (moves, end, last) = search.run(first, proved);
    let passed = search.passed();
    let after = last.load.highest(&graph);
    let bound = bound::prove(case, &graph, &last, limits.effort.div_ceil(2), wanted);
    // What was found until then is not the same on every machine.
    if !wanted() {
        return Err(Unbalanced::InVain);
    }
    Ok(Balanced {
        limits: limits.clone(),
        before,
        after,
        relieved: relieved_before.zip(relieved(&last.load)),
        bound,
        moves,
        balanced: last.added,
        end,
        passed,
    })
}

#[cfg(test)]
mod tests;
