//! What is known of the places where many paths begin or end, within a limit of memory.

use std::collections::{BTreeMap, VecDeque};

use model::{EdgeIx, Graph, NodeIx, intent::Minimise};

use crate::{
    backbone::Backbone,
    constraint::PathRequest,
    narrow::{Arcs, Sets},
    packed::Lead,
    problem::Problem,
    root::{Behind, Root},
};

/// How many bytes of best paths are kept.
const MOST_BYTES: usize = 256 << 20;

/// How many obstacles are known of at once: going on round more of them is worth it where that is found out in microseconds, in a
/// backbone of up to so many edges.
const MOST_OBSTACLES: usize = 6;
const SMALL: usize = 4_096;
const MOST_OBSTACLES_BEYOND: usize = 2;

/// How many natures a place knows by heart.
const MOST_NATURES: usize = 32;

/// After so many roots numbers begin anew.
const MOST_NUMBERS: u32 = 1 << 31;

/// What makes one path better than another, whatever the ends.
type Taste = (Minimise, Vec<u128>, u128);

/// What every edge of a path has to be, whatever is free: affinities to avoid, of which to have one, all to have, and encryption.
type Nature = (u128, u128, u128, bool);

fn nature(request: &PathRequest) -> Nature {
    (request.avoid_affinity, request.include_any, request.include_all, request.encrypted)
}

/// Where paths begin or end.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct End {
    node: NodeIx,
    /// The number of the taste.
    taste: u32,
    /// Whether paths end there.
    is_end: bool,
}

/// The same, and what is known to stand in the way there.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Place {
    end: End,
    /// What edges have to be, once that stood in the way of many paths.
    nature: Option<Nature>,
    /// Edges that stand in the way, ascending.
    obstacles: Vec<EdgeIx>,
}

/// A root and where it stands.
#[derive(Debug)]
struct Known {
    end: End,
    nature: Option<Nature>,
    root: Root,
    /// What is known of the same place by nature, where it has none.
    natures: Vec<(Nature, Behind)>,
}

impl Known {
    fn place(&self) -> Place {
        Place { end: self.end, nature: self.nature, obstacles: self.root.obstacles.clone() }
    }

    /// Where its paths go on behind one thing more.
    fn place_behind(&self, obstacle: Obstacle) -> Place {
        let mut place = self.place();
        match obstacle {
            Obstacle::Nature(nature) => place.nature = Some(nature),
            Obstacle::Edge(node) => {
                place.obstacles.push(self.root.steps[node].via);
                place.obstacles.sort_unstable();
            }
        }
        place
    }

    fn behind(&mut self, obstacle: Obstacle) -> &mut Behind {
        let nature = match obstacle {
            Obstacle::Edge(node) => return &mut self.root.steps[node].behind,
            Obstacle::Nature(nature) => nature,
        };
        let known = self.natures.iter().position(|(known, _)| *known == nature);
        let place = known.unwrap_or_else(|| {
            if self.natures.len() >= MOST_NATURES {
                self.natures.clear();
            }
            self.natures.push((nature, Behind::default()));
            self.natures.len() - 1
        });
        &mut self.natures[place].1
    }
}

/// What stands in the way of a path.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Obstacle {
    /// What edges have to be.
    Nature(Nature),
    /// The edge by which the node of that number goes on.
    Edge(usize),
}

/// Whether it is known what lies behind an obstacle.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Beyond {
    /// The number of the root that knows.
    Known(u32),
    /// Not yet, and so many edges were looked at by searches round it.
    Unknown(Obstacle, u32),
    /// Nobody will: there are too many obstacles.
    Never,
}

/// The roots of one graph by number; those that were grown first are forgotten first.
#[derive(Debug)]
pub(crate) struct Roots {
    /// As if every edge were free.
    open: Vec<u64>,
    tastes: Vec<Taste>,
    arcs: Sets<(Lead, u32, Option<Nature>)>,
    /// Those without nature and obstacles.
    ends: BTreeMap<End, u32>,
    /// All.
    numbers: BTreeMap<Place, u32>,
    known: VecDeque<Known>,
    /// The number of the first that is still known; none has number zero.
    first: u32,
    /// How many are known at once.
    most: usize,
    /// What one of them takes, bytes.
    each: usize,
    most_obstacles: usize,
}

impl Roots {
    pub(crate) fn new(graph: &Graph, backbone: &Backbone) -> Self {
        let each = Root::bytes(backbone).max(1);
        Self {
            open: vec![u64::MAX; graph.edge_count()],
            tastes: Vec::new(),
            arcs: Sets::default(),
            ends: BTreeMap::new(),
            numbers: BTreeMap::new(),
            known: VecDeque::new(),
            first: 1,
            most_obstacles: if backbone.edge_count() <= SMALL {
                MOST_OBSTACLES
            } else {
                MOST_OBSTACLES_BEYOND
            },
            most: (MOST_BYTES / each).max(1),
            each,
        }
    }

    /// Keeps no more than so many bytes from now on, and one root at least.
    pub(crate) fn keep_within(&mut self, bytes: usize) {
        self.most = (bytes.min(MOST_BYTES) / self.each).max(1);
        while self.known.len() > self.most {
            self.forget_oldest();
        }
    }

    /// What is kept, and what may be, bytes.
    pub(crate) fn bytes(&self) -> (usize, usize) {
        (self.known.len() * self.each, self.most * self.each)
    }

    /// The number of the root at one end of a request, without obstacles. Grown where need be at the end that is asked for, unless
    /// the other's is there already: what is known of either gives the same answer, and finding out costs more than most searches.
    pub(crate) fn of(
        &mut self,
        backbone: &Backbone,
        graph: &Graph,
        request: &PathRequest,
        is_end: bool,
    ) -> u32 {
        let taste = self.taste(request);
        let end = |is_end: bool| {
            let node = if is_end { request.to } else { request.from };
            End { node, taste, is_end }
        };
        let known = self.ends.get(&end(is_end)).or_else(|| self.ends.get(&end(!is_end)));
        known.copied().unwrap_or_else(|| {
            let end = end(is_end);
            let number =
                self.grow(backbone, graph, request, Place { end, nature: None, obstacles: Vec::new() });
            self.ends.insert(end, number);
            number
        })
    }

    /// A root by its number. None is forgotten before the next is grown.
    pub(crate) fn at(&mut self, number: u32) -> &mut Root {
        &mut self.known[(number - self.first) as usize].root
    }

    /// What is known of a root's place behind the edge by which that node goes on: behind the nature of edges where that is what is
    /// wrong with it, else behind the edge itself.
    pub(crate) fn beyond(&mut self, problem: &Problem<'_>, number: u32, node: usize) -> Beyond {
        let known = &mut self.known[(number - self.first) as usize];
        let via = known.root.steps[node].via;
        let obstacle = if known.nature.is_none() && !problem.suits(problem.graph.edge(via)) {
            Obstacle::Nature(nature(problem.request))
        } else if known.root.obstacles.len() < self.most_obstacles {
            Obstacle::Edge(node)
        } else {
            return Beyond::Never;
        };
        let behind = *known.behind(obstacle);
        if behind.root >= self.first {
            return Beyond::Known(behind.root);
        }
        // The same obstacles may have been met in another order.
        let Some(root) = self.numbers.get(&known.place_behind(obstacle)) else {
            return Beyond::Unknown(obstacle, behind.spent);
        };
        known.behind(obstacle).root = *root;
        Beyond::Known(*root)
    }

    /// Remembers that a search looked at so many edges to get round an obstacle.
    pub(crate) fn spend(&mut self, number: u32, obstacle: Obstacle, edges: u32) {
        let behind = self.known[(number - self.first) as usize].behind(obstacle);
        behind.spent = behind.spent.saturating_add(edges);
    }

    /// Grows what lies behind an obstacle that is unknown, and gives its number.
    pub(crate) fn grow_behind(
        &mut self,
        backbone: &Backbone,
        graph: &Graph,
        request: &PathRequest,
        number: u32,
        obstacle: Obstacle,
    ) -> u32 {
        let known = &self.known[(number - self.first) as usize];
        let place = known.place_behind(obstacle);
        let grown = match obstacle {
            Obstacle::Nature(_) => self.grow(backbone, graph, request, place),
            Obstacle::Edge(node) => {
                let asked = asked(request, known.nature);
                let root = known.root.behind(backbone, &Problem::new(graph, &self.open, &asked), node);
                self.keep(place, root)
            }
        };
        // It may just have been forgotten.
        if let Some(known) = number.checked_sub(self.first).and_then(|n| self.known.get_mut(n as usize)) {
            known.behind(obstacle).root = grown;
        }
        grown
    }

    /// Grows the root of a place from nothing.
    fn grow(&mut self, backbone: &Backbone, graph: &Graph, request: &PathRequest, place: Place) -> u32 {
        let asked = asked(request, place.nature);
        let lead = if place.end.is_end { Lead::Home } else { Lead::Away };
        let problem = Problem::new(graph, &self.open, &asked);
        let kind = (lead, place.end.taste, place.nature);
        let arcs = self.arcs.of(kind, || Arcs::new(lead, backbone, &problem));
        let root = Root::new(lead, place.end.node, place.obstacles.clone(), backbone, &problem, arcs);
        self.keep(place, root)
    }

    fn keep(&mut self, place: Place, root: Root) -> u32 {
        if self.first == MOST_NUMBERS {
            self.ends.clear();
            self.numbers.clear();
            self.known.clear();
            self.first = 1;
        }
        while self.known.len() >= self.most {
            self.forget_oldest();
        }
        let number = self.first + self.known.len() as u32;
        self.known.push_back(Known { end: place.end, nature: place.nature, root, natures: Vec::new() });
        self.numbers.insert(place, number);
        number
    }

    fn forget_oldest(&mut self) {
        let Some(oldest) = self.known.pop_front() else { return };
        self.first += 1;
        self.numbers.remove(&oldest.place());
        if oldest.nature.is_none() && oldest.root.obstacles.is_empty() {
            self.ends.remove(&oldest.end);
        }
    }

    /// Keeps no more roots than these.
    #[cfg(test)]
    pub(crate) const fn forget_beyond(&mut self, most: usize) {
        self.most = most;
    }

    /// The number of what a request finds better.
    fn taste(&mut self, request: &PathRequest) -> u32 {
        let is_mine = |taste: &Taste| {
            taste.0 == request.minimise && taste.1 == request.prefer && taste.2 == request.prefer_over
        };
        let known = self.tastes.iter().position(is_mine);
        known.unwrap_or_else(|| {
            self.tastes.push((request.minimise, request.prefer.clone(), request.prefer_over));
            self.tastes.len() - 1
        }) as u32
    }
}

/// What is asked of every path of a place.
fn asked(request: &PathRequest, nature: Option<Nature>) -> PathRequest {
    let (avoid_affinity, include_any, include_all, encrypted) = nature.unwrap_or_default();
    PathRequest {
        minimise: request.minimise,
        prefer: request.prefer.clone(),
        prefer_over: request.prefer_over,
        avoid_affinity,
        include_any,
        include_all,
        encrypted,
        ..PathRequest::new(request.from, request.to)
    }
}
