//! A request as the searches see it: which edges may be used, what they cost, and where a walk stands among its waypoints.
//!
//! Explanations and backups are the same search over a changed problem: a constraint that is lifted charges a toll for
//! each edge that breaks it, and tolls count before everything else, so the path that comes out breaks it least.

use model::{EdgeIx, Graph, Loss, NodeIx, graph::Edge, intent::Minimise, link::Encryption, unit::IgpMetric};

use crate::{
    constraint::{Bounds, Constraint, PathRequest},
    disjoint::Charges,
};

/// What paths are compared by, most important first. It only grows along a path: the hops always do.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Key {
    /// Tolls in the upper half, demerits of preference in the lower.
    pub(crate) rank: u64,
    pub(crate) metric: u64,
    pub(crate) delay: u64,
    pub(crate) hops: u32,
}

impl Key {
    /// How many tolls it has paid.
    pub(crate) const fn tolls(self) -> u32 {
        (self.rank / TOLL) as u32
    }
}

/// One toll, as a rank.
pub(crate) const TOLL: u64 = 1 << 32;

/// What is made small.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Objective {
    /// What the request says.
    Chosen(Minimise),
    /// For the nearest path only.
    Jitter,
    /// For the nearest path only. The least loss is exact; ties after it are not, since loss is rounded at each step.
    Loss,
}

/// Constraints that are lifted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Relaxed(u32);

impl Relaxed {
    pub(crate) const fn with(self, constraint: Constraint) -> Self {
        Self(self.0 | 1 << constraint as u32)
    }

    pub(crate) const fn has(self, constraint: Constraint) -> bool {
        self.0 >> constraint as u32 & 1 == 1
    }
}

/// A search to be done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Problem<'a> {
    pub(crate) graph: &'a Graph,
    pub(crate) free: &'a [u64],
    pub(crate) request: &'a PathRequest,
    pub(crate) objective: Objective,
    pub(crate) prefer: &'a [u128],
    pub(crate) bounds: Bounds,
    pub(crate) bandwidth: u64,
    pub(crate) waypoints: &'a [NodeIx],
    pub(crate) relaxed: Relaxed,
    pub(crate) charges: Option<&'a Charges>,
}

impl<'a> Problem<'a> {
    pub(crate) fn new(graph: &'a Graph, free: &'a [u64], request: &'a PathRequest) -> Self {
        Self {
            graph,
            free,
            request,
            objective: Objective::Chosen(request.minimise),
            prefer: &request.prefer,
            bounds: request.bounds,
            bandwidth: request.bandwidth.as_bps(),
            waypoints: &request.waypoints,
            relaxed: Relaxed::default(),
            charges: None,
        }
    }

    /// How many stages there are: one to each waypoint and one to the end.
    pub(crate) const fn stages(&self) -> usize {
        self.waypoints.len() + 1
    }

    /// How many states there are: a node in a stage is `stage * nodes + node`.
    pub(crate) fn states(&self) -> usize {
        self.stages() * self.graph.node_count()
    }

    /// The stage after `node` was reached in `stage`: each waypoint in its turn opens the next one.
    #[inline]
    pub(crate) fn advance(&self, mut stage: usize, node: NodeIx) -> usize {
        while self.waypoints.get(stage) == Some(&node) {
            stage += 1;
        }
        stage
    }

    /// The state of a node in a stage.
    #[inline]
    pub(crate) fn state(&self, stage: usize, node: NodeIx) -> u32 {
        (stage * self.graph.node_count() + node.ix()) as u32
    }

    /// The stage and the node of a state.
    #[inline]
    pub(crate) fn place(&self, state: u32) -> (usize, NodeIx) {
        if self.waypoints.is_empty() {
            return (0, NodeIx(state));
        }
        let nodes = self.graph.node_count() as u32;
        ((state / nodes) as usize, NodeIx(state % nodes))
    }

    /// The first state and its rank; none where the start itself is forbidden or an end is not in the graph.
    pub(crate) fn start(&self) -> Option<(u32, Key)> {
        let nodes = self.graph.node_count();
        let named = [self.request.from, self.request.to];
        if named.iter().chain(self.waypoints).any(|node| node.ix() >= nodes) {
            return None;
        }
        let excluded = self.request.excluded.nodes.contains(self.request.from);
        if excluded && !self.relaxed.has(Constraint::ExcludedNodes) {
            return None;
        }
        let state = self.state(self.advance(0, self.request.from), self.request.from);
        Some((state, Key { rank: if excluded { TOLL } else { 0 }, ..Key::default() }))
    }

    /// The state in which a path is complete.
    pub(crate) fn end(&self) -> u32 {
        self.state(self.waypoints.len(), self.request.to)
    }

    /// The toll for leaving a node, as rank; none where an overloaded node would carry transit.
    #[inline]
    pub(crate) fn leave(&self, stage: usize, node: NodeIx) -> Option<u64> {
        if !self.graph.is_overloaded(node) {
            return Some(0);
        }
        let named = match stage {
            0 => self.request.from,
            _ => self.waypoints[stage - 1],
        };
        match (node == named, self.relaxed.has(Constraint::Overload)) {
            (true, _) => Some(0),
            (false, true) => Some(TOLL),
            (false, false) => None,
        }
    }

    /// The tolls and demerits of an edge, as rank; none where it must not be used.
    #[inline]
    pub(crate) fn admit(&self, ix: EdgeIx, edge: &Edge) -> Option<u64> {
        let mut rank = 0;
        let mut lift = |constraint| {
            rank += TOLL;
            self.relaxed.has(constraint)
        };
        let request = self.request;
        let excluded = &request.excluded;
        let admitted = (self.free.get(ix.ix()).is_some_and(|free| *free >= self.bandwidth)
            || lift(Constraint::Bandwidth))
            && (edge.affinity & request.avoid_affinity == 0 || lift(Constraint::AvoidAffinity))
            && (request.include_any == 0
                || edge.affinity & request.include_any != 0
                || lift(Constraint::IncludeAny))
            && (edge.affinity & request.include_all == request.include_all || lift(Constraint::IncludeAll))
            && (!request.encrypted || edge.encryption != Encryption::None || lift(Constraint::Encryption))
            && (!excluded.edges.contains(ix) || lift(Constraint::ExcludedLinks))
            && (!excluded.nodes.contains(edge.to) || lift(Constraint::ExcludedNodes))
            && (!edge.srlg.iter().any(|risk| excluded.srlgs.contains(*risk))
                || lift(Constraint::ExcludedSrlgs))
            && (request.minimise != Minimise::Igp
                || IgpMetric(edge.igp).is_usable()
                || lift(Constraint::UnusableMetric));
        if !admitted {
            return None;
        }
        if let Some(charges) = self.charges {
            rank += TOLL * u64::from(charges.toll(ix)?);
        }
        Some(rank + self.demerit(edge))
    }

    /// The rank of the best preference that an edge meets; see [`PathRequest::prefer`].
    fn demerit(&self, edge: &Edge) -> u64 {
        let last = if edge.affinity & self.request.prefer_over != 0 { self.prefer.len() } else { 0 };
        self.prefer.iter().position(|set| edge.affinity & set != 0).unwrap_or(last) as u64
    }

    /// The key with one edge more, `rank` being what the edge and the node before it add.
    #[inline]
    pub(crate) fn step(&self, key: Key, edge: &Edge, rank: u64) -> Key {
        let value = match self.objective {
            Objective::Chosen(Minimise::Delay) => edge.delay,
            Objective::Chosen(Minimise::Igp) => u64::from(edge.igp),
            Objective::Chosen(Minimise::Te) => u64::from(edge.te),
            Objective::Chosen(Minimise::Hops) => 1,
            Objective::Chosen(Minimise::Price) => edge.price,
            Objective::Jitter => edge.jitter,
            Objective::Loss => then(key.metric, edge.loss) - key.metric,
        };
        Key {
            rank: key.rank + rank,
            metric: key.metric.saturating_add(value),
            delay: key.delay.saturating_add(edge.delay),
            hops: key.hops + 1,
        }
    }

    /// Whether an edge has no room for one more crossing, given how often the walk behind has crossed it already. Only
    /// walks through waypoints cross an edge twice.
    pub(crate) fn is_full(&self, ix: EdgeIx, walked: impl Iterator<Item = EdgeIx>) -> bool {
        if self.waypoints.is_empty() || self.relaxed.has(Constraint::Bandwidth) {
            return false;
        }
        let free = self.free.get(ix.ix()).copied().unwrap_or(0);
        if self.bandwidth.saturating_mul(self.stages() as u64) <= free {
            return false;
        }
        let crossings = 1 + walked.filter(|edge| *edge == ix).count() as u64;
        self.bandwidth.saturating_mul(crossings) > free
    }
}

/// Loss put together, as numbers of 1e-9.
pub(crate) fn then(before: u64, loss: u32) -> u64 {
    let before = u32::try_from(before).unwrap_or(u32::MAX);
    u64::from(Loss::from_ppb(before).then(Loss::from_ppb(loss)).as_ppb())
}
