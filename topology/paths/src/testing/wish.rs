//! Kinds of requests, each with the list of all walks that keep it.

use model::{EdgeIx, Graph, NodeIx};

use super::{Ask, all_walks, feasible, idles, keeps, simple_paths, visiting};
use crate::PathRequest;

/// What is asked beside the ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Wish {
    /// Whatever was drawn.
    Any,
    /// What some path from `n0` to `n1` just keeps.
    Tight,
    /// Waypoints too.
    Waypoints,
    /// Things to visit in any order too.
    Includes,
}

impl Wish {
    /// Up to how many links the list of all walks goes where things are to be visited in any order.
    const LONGEST: usize = 7;

    /// The request; none where no path is there to be kept to.
    pub(crate) fn request(self, graph: &Graph, ask: &Ask) -> Option<PathRequest> {
        let request = ask.fit(graph);
        Some(match self {
            Self::Any => request,
            Self::Tight => {
                let (from, to) = (NodeIx(0), NodeIx(1));
                let simple = simple_paths(graph, from, to);
                let path = simple.get(ask.number() as usize % simple.len().max(1))?;
                ask.tight(graph, from, to, path)
            }
            Self::Waypoints => PathRequest { waypoints: ask.waypoints(graph), ..request },
            Self::Includes => PathRequest { include: ask.includes(graph), ..request },
        })
    }

    /// All walks that keep it, without round trips for nothing.
    pub(crate) fn walks(self, graph: &Graph, free: &[u64], request: &PathRequest) -> Vec<Vec<EdgeIx>> {
        match self {
            Self::Includes => visiting(graph, free, request, Self::LONGEST),
            _ => feasible(graph, free, request),
        }
    }

    /// All walks that keep it and are in no state twice: a round trip may be for nothing where it could be left out as well.
    pub(crate) fn all_walks(self, graph: &Graph, free: &[u64], request: &PathRequest) -> Vec<Vec<EdgeIx>> {
        match self {
            Self::Includes => {
                let walks = all_walks(graph, request.from, request.to, Self::LONGEST).into_iter();
                walks
                    .filter(|walk| keeps(graph, free, request, walk) && !idles(graph, request, walk))
                    .collect()
            }
            _ => feasible(graph, free, request),
        }
    }

    /// Whether the list of all walks goes as far as this one.
    pub(crate) fn lists(self, walk: &[EdgeIx]) -> bool {
        self != Self::Includes || walk.len() <= Self::LONGEST
    }

    /// Whether a walk has stops, and so may come back.
    pub(crate) fn has_stops(self) -> bool {
        self == Self::Waypoints || self == Self::Includes
    }
}
