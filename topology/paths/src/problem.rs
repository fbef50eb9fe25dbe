//! A request as the searches see it: which edges may be used, what they cost, and where a walk stands among its waypoints.
//!
//! Explanations and backups are the same search over a changed problem: a constraint that is lifted charges a toll for
//! each edge that breaks it, and tolls count before everything else, so the path that comes out breaks it least.
//!
//! A walk is at a node in a stage: how many waypoints it has visited in their order, and which of the included things, in
//! any order. Only the walk that has them all is complete at its end.

use model::{EdgeIx, Graph, Loss, NodeIx, graph::Edge, intent::Minimise, link::Encryption, unit::IgpMetric};

use crate::{
    charges::{Charges, Count},
    constraint::{Bounds, Constraint, PathRequest},
    found::Totals,
    include::Include,
    set::Set,
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
    /// Both after each other.
    #[inline]
    pub(crate) const fn plus(self, other: Self) -> Self {
        Self {
            rank: self.rank.saturating_add(other.rank),
            metric: self.metric.saturating_add(other.metric),
            delay: self.delay.saturating_add(other.delay),
            hops: self.hops + other.hops,
        }
    }

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
    /// For the nearest path only, under a bound on segments: edges count nothing, segments do as they are closed.
    Segments,
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

/// A walk that is given up to some place; the search goes on from there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spur<'a> {
    /// The walk to that place.
    pub(crate) edges: &'a [EdgeIx],
    /// The state of that place, and what the walk to it costs and adds up to.
    pub(crate) state: u32,
    pub(crate) key: Key,
    pub(crate) totals: Totals,
    /// States that the walk has been in before.
    pub(crate) walked: &'a Set<u32>,
    /// Edges by which it must not go on, ascending.
    pub(crate) closed: &'a [EdgeIx],
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
    pub(crate) include: &'a [Include],
    pub(crate) relaxed: Relaxed,
    pub(crate) charges: Option<&'a Charges>,
    pub(crate) spur: Option<&'a Spur<'a>>,
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
            include: request.include.all(),
            relaxed: Relaxed::default(),
            charges: None,
            spur: None,
        }
    }

    /// Whether every walk from start to end is complete.
    #[inline]
    pub(crate) const fn is_direct(&self) -> bool {
        self.waypoints.is_empty() && self.include.is_empty()
    }

    /// How many sets of included things there are.
    const fn masks(&self) -> usize {
        1 << self.include.len()
    }

    /// How many legs there are: one to each waypoint and one to the end.
    pub(crate) const fn legs(&self) -> usize {
        self.waypoints.len() + 1
    }

    /// How many states there are: a node in a stage is `stage * nodes + node`.
    pub(crate) fn states(&self) -> usize {
        self.legs() * self.masks() * self.graph.node_count()
    }

    /// The stage after `node` was reached in `stage`: each waypoint in its turn opens the next leg, and each included thing
    /// is ticked off.
    #[inline]
    pub(crate) fn advance(&self, stage: usize, via: Option<EdgeIx>, node: NodeIx) -> usize {
        if self.is_direct() { stage } else { self.advance_by(stage, via, node) }
    }

    fn advance_by(&self, stage: usize, via: Option<EdgeIx>, node: NodeIx) -> usize {
        let (mut leg, mut mask) = (stage / self.masks(), stage % self.masks());
        while self.waypoints.get(leg) == Some(&node) {
            leg += 1;
        }
        for (bit, include) in self.include.iter().enumerate() {
            mask |= usize::from(include.is_met(self.graph, via, node)) << bit;
        }
        leg * self.masks() + mask
    }

    /// The state of a node in a stage.
    #[inline]
    pub(crate) fn state(&self, stage: usize, node: NodeIx) -> u32 {
        (stage * self.graph.node_count() + node.ix()) as u32
    }

    /// The stage and the node of a state.
    #[inline]
    pub(crate) fn place(&self, state: u32) -> (usize, NodeIx) {
        if self.is_direct() {
            return (0, NodeIx(state));
        }
        let nodes = self.graph.node_count() as u32;
        ((state / nodes) as usize, NodeIx(state % nodes))
    }

    /// Where the leg of a state leads.
    pub(crate) fn stop(&self, state: u32) -> NodeIx {
        let leg = self.on_leg(state) as usize / self.graph.node_count().max(1);
        self.waypoints.get(leg).copied().unwrap_or(self.request.to)
    }

    /// The state among those of the legs alone.
    #[inline]
    pub(crate) fn on_leg(&self, state: u32) -> u32 {
        if self.include.is_empty() {
            return state;
        }
        let (stage, node) = self.place(state);
        self.state(stage / self.masks(), node)
    }

    /// The first state and its rank; none where the start itself is forbidden or an end is not in the graph.
    pub(crate) fn start(&self) -> Option<(u32, Key)> {
        if let Some(spur) = self.spur {
            return Some((spur.state, spur.key));
        }
        let nodes = self.graph.node_count();
        let named = [self.request.from, self.request.to];
        if named.iter().chain(self.waypoints).any(|node| node.ix() >= nodes) {
            return None;
        }
        let excluded = self.request.excluded.nodes.contains(self.request.from);
        if excluded && !self.relaxed.has(Constraint::ExcludedNodes) {
            return None;
        }
        let state = self.state(self.advance(0, None, self.request.from), self.request.from);
        Some((state, Key { rank: if excluded { TOLL } else { 0 }, ..Key::default() }))
    }

    /// The state in which a path is complete.
    pub(crate) fn end(&self) -> u32 {
        self.state(self.legs() * self.masks() - 1, self.request.to)
    }

    /// What the walk adds up to where the search starts.
    pub(crate) fn totals(&self) -> Totals {
        self.spur.map_or_else(Totals::default, |spur| spur.totals)
    }

    /// The states and keys of a walk from the start, one after each of its edges. None where an edge is not allowed.
    pub(crate) fn trace(&self, edges: &[EdgeIx]) -> Option<Vec<(u32, Key)>> {
        let (mut state, mut key) = self.start()?;
        let mut trace = Vec::with_capacity(edges.len());
        for ix in edges {
            let (stage, node) = self.place(state);
            let edge = self.graph.edge(*ix);
            key = self.step(key, edge, self.leave(stage, node)? + self.admit(*ix, edge)?);
            state = self.state(self.advance(stage, Some(*ix), edge.to), edge.to);
            trace.push((state, key));
        }
        Some(trace)
    }

    /// What a walk shares of what counts once for the whole walk.
    pub(crate) fn once(&self, edges: &[EdgeIx]) -> u128 {
        self.charges.map_or(0, |charges| edges.iter().fold(0, |once, edge| once | charges.once(*edge)))
    }

    /// Whether every edge of a walk has room for all crossings of it.
    pub(crate) fn has_room(&self, edges: &[EdgeIx]) -> bool {
        let crossings = |ix: EdgeIx| edges.iter().filter(|edge| **edge == ix).count() as u64;
        self.relaxed.has(Constraint::Bandwidth) || edges.iter().all(|ix| crossings(*ix) <= self.room(*ix))
    }

    /// Whether a walk that was found has room, as far as its search had to see to that: without stops it crosses no edge twice, and
    /// who goes on from a given place knows what was walked before, and looks at the whole walk.
    pub(crate) fn is_rideable(&self, walk: &[EdgeIx]) -> bool {
        self.is_direct() || self.spur.is_some() || self.has_room(walk)
    }

    /// How many crossings an edge has room for.
    pub(crate) fn room(&self, ix: EdgeIx) -> u64 {
        let free = self.free.get(ix.ix()).copied().unwrap_or(0);
        free.checked_div(self.bandwidth).unwrap_or(u64::MAX)
    }

    /// What the walk adds up to with these edges more.
    pub(crate) fn totals_with(&self, edges: &[EdgeIx]) -> Totals {
        edges.iter().fold(self.totals(), |totals, edge| totals.then(self.graph.edge(*edge)))
    }

    /// Whether a walk that is given up to some place must not go on like this.
    #[inline]
    pub(crate) fn is_closed(&self, state: u32, via: EdgeIx, target: u32) -> bool {
        self.spur.is_some_and(|spur| {
            spur.walked.contains(target) || state == spur.state && spur.closed.contains(&via)
        })
    }

    /// Whether a node may carry the walk on in any stage.
    pub(crate) fn carries(&self, node: NodeIx) -> bool {
        !self.graph.is_overloaded(node)
            || node == self.request.from
            || self.waypoints.contains(&node)
            || self.includes(node)
    }

    fn includes(&self, node: NodeIx) -> bool {
        self.include.contains(&Include::Node(node))
    }

    /// The toll for leaving a node, as rank; none where an overloaded node would carry transit.
    #[inline]
    pub(crate) fn leave(&self, stage: usize, node: NodeIx) -> Option<u64> {
        if self.graph.is_overloaded(node) { self.leave_on(stage / self.masks(), node) } else { Some(0) }
    }

    /// The same on a leg.
    pub(crate) fn leave_on(&self, leg: usize, node: NodeIx) -> Option<u64> {
        if !self.graph.is_overloaded(node) {
            return Some(0);
        }
        let named = match leg {
            0 => self.request.from,
            leg => self.waypoints[leg - 1],
        };
        match (node == named || self.includes(node), self.relaxed.has(Constraint::Overload)) {
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
            // Whoever excludes no risk need not know those of an edge.
            && (excluded.srlgs.is_bare()
                || !edge.srlg.iter().any(|risk| excluded.srlgs.contains(*risk))
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

    /// Whether a path may pay tolls at all.
    pub(crate) fn pays_tolls(&self) -> bool {
        self.charges.is_some_and(|charges| charges.count != Count::Strict)
            || self.relaxed != Relaxed::default()
    }

    /// Whether an edge is of the nature that the request asks for: its affinities and its encryption.
    pub(crate) fn suits(&self, edge: &Edge) -> bool {
        let request = self.request;
        edge.affinity & request.avoid_affinity == 0
            && (request.include_any == 0 || edge.affinity & request.include_any != 0)
            && edge.affinity & request.include_all == request.include_all
            && (!request.encrypted || edge.encryption != Encryption::None)
    }

    /// What an edge costs by objective and preferences alone, whatever else is asked; none where it is on no path at all.
    pub(crate) fn by_taste(&self, edge: &Edge) -> Option<Key> {
        let usable = self.request.minimise != Minimise::Igp || IgpMetric(edge.igp).is_usable();
        usable.then(|| self.step(Key::default(), edge, self.demerit(edge)))
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
            Objective::Segments => 0,
        };
        Key {
            rank: key.rank + rank,
            metric: key.metric.saturating_add(value),
            delay: key.delay.saturating_add(edge.delay),
            hops: key.hops + 1,
        }
    }

    /// The key of a walk of which that many more segments are closed.
    pub(crate) fn closing(&self, key: Key, segments: u32) -> Key {
        let counts = if self.objective == Objective::Segments { u64::from(segments) } else { 0 };
        Key { metric: key.metric + counts, ..key }
    }

    /// How often a walk may cross an edge: once in each stage that it goes through.
    pub(crate) const fn most_crossings(&self) -> u64 {
        (self.legs() + self.include.len()) as u64
    }

    /// Whether an edge has no room for one more crossing, given how often the walk behind has crossed it already. Only
    /// walks through waypoints cross an edge twice.
    pub(crate) fn is_full(&self, ix: EdgeIx, walked: impl Iterator<Item = EdgeIx>) -> bool {
        if self.is_direct() || self.spur.is_some() || self.relaxed.has(Constraint::Bandwidth) {
            return false;
        }
        let room = self.room(ix);
        self.most_crossings() > room && 1 + walked.filter(|edge| *edge == ix).count() as u64 > room
    }
}

/// Loss put together, as numbers of 1e-9.
pub(crate) fn then(before: u64, loss: u32) -> u64 {
    let before = u32::try_from(before).unwrap_or(u32::MAX);
    u64::from(Loss::from_ppb(before).then(Loss::from_ppb(loss)).as_ppb())
}
