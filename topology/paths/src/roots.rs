//! What is known of the places where many paths begin or end, within a limit of memory.

use std::collections::{BTreeMap, VecDeque};

use model::{EdgeIx, Graph, NodeIx, intent::Minimise};

use crate::{backbone::Backbone, constraint::PathRequest, packed::Lead, problem::Problem, root::Root};

/// How many bytes of best paths are kept.
const MOST_BYTES: usize = 256 << 20;

/// How many obstacles are known of at once: going on round more of them is worth it where that is found out in microseconds, in a
/// backbone of up to so many edges.
const MOST_OBSTACLES: usize = 6;
const SMALL: usize = 4_096;
const MOST_OBSTACLES_BEYOND: usize = 2;

/// What makes one path better than another, whatever the ends.
type Taste = (Minimise, Vec<u128>, u128);

/// What every edge of a path has to be, whatever is free: affinities to avoid, of which to have one, all to have, and encryption.
type Nature = (u128, u128, u128, bool);

fn nature(request: &PathRequest) -> Nature {
    (request.avoid_affinity, request.include_any, request.include_all, request.encrypted)
}

/// Where paths begin or end.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Place {
    /// The number of the taste.
    taste: usize,
    node: NodeIx,
    /// Whether paths end there.
    is_end: bool,
    /// What edges have to be, once that stood in the way of many paths.
    nature: Option<Nature>,
    /// Edges that stand in the way of paths to it, ascending.
    obstacles: Vec<EdgeIx>,
}

impl Place {
    /// What the place is for paths that know of one obstacle more: all edges of its nature where that is what is wrong with it,
    /// else the edge itself. None where that were more than `most`.
    pub(crate) fn behind(&self, problem: &Problem<'_>, obstacle: EdgeIx, most: usize) -> Option<Self> {
        let mut place = self.clone();
        if self.nature.is_none() && !problem.suits(problem.graph.edge(obstacle)) {
            place.nature = Some(nature(problem.request));
            return Some(place);
        }
        if self.obstacles.len() >= most {
            return None;
        }
        place.obstacles.push(obstacle);
        place.obstacles.sort_unstable();
        Some(place)
    }
}

/// The roots of one graph by place; the places used first are forgotten first.
#[derive(Debug)]
pub(crate) struct Roots {
    /// As if every edge were free.
    open: Vec<u64>,
    tastes: Vec<Taste>,
    known: BTreeMap<Place, Root>,
    order: VecDeque<Place>,
    most: usize,
    /// How many obstacles a place has at most.
    pub(crate) most_obstacles: usize,
}

impl Roots {
    pub(crate) fn new(graph: &Graph, backbone: &Backbone) -> Self {
        Self {
            open: vec![u64::MAX; graph.edge_count()],
            tastes: Vec::new(),
            known: BTreeMap::new(),
            order: VecDeque::new(),
            most_obstacles: if backbone.edge_count() <= SMALL {
                MOST_OBSTACLES
            } else {
                MOST_OBSTACLES_BEYOND
            },
            most: (MOST_BYTES / Root::bytes(backbone)).max(1),
        }
    }

    /// The place at one end of a request, without obstacles.
    pub(crate) fn place(&mut self, request: &PathRequest, is_end: bool) -> Place {
        let is_mine = |taste: &Taste| {
            taste.0 == request.minimise && taste.1 == request.prefer && taste.2 == request.prefer_over
        };
        let taste = self.tastes.iter().position(is_mine).unwrap_or_else(|| {
            self.tastes.push((request.minimise, request.prefer.clone(), request.prefer_over));
            self.tastes.len() - 1
        });
        let node = if is_end { request.to } else { request.from };
        Place { taste, node, is_end, nature: None, obstacles: Vec::new() }
    }

    /// Whether the place was asked for before.
    pub(crate) fn knows(&self, place: &Place) -> bool {
        self.known.contains_key(place)
    }

    /// What is known of a place; found out if need be. The request's place is this one.
    pub(crate) fn at(
        &mut self,
        place: &Place,
        backbone: &Backbone,
        graph: &Graph,
        request: &PathRequest,
    ) -> &mut Root {
        if !self.knows(place) {
            if self.known.len() >= self.most
                && let Some(oldest) = self.order.pop_front()
            {
                self.known.remove(&oldest);
            }
            self.order.push_back(place.clone());
        }
        self.known.entry(place.clone()).or_insert_with(|| {
            let (avoid_affinity, include_any, include_all, encrypted) = place.nature.unwrap_or_default();
            let asked = PathRequest {
                minimise: request.minimise,
                prefer: request.prefer.clone(),
                prefer_over: request.prefer_over,
                avoid_affinity,
                include_any,
                include_all,
                encrypted,
                ..PathRequest::new(request.from, request.to)
            };
            let lead = if place.is_end { Lead::Home } else { Lead::Away };
            Root::new(lead, place.node, backbone, &Problem::new(graph, &self.open, &asked), &place.obstacles)
        })
    }
}
