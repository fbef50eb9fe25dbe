//! Label-setting with dominance (Desrochers and Soumis 1988): several walks to one node are kept as long as each may still
//! become the best, so no path that keeps all bounds is lost. The problem is NP-hard: the number of labels has a limit, and
//! past it the answer is the best path at hand and says that it is not proven.
//!
//! Under a bound on segments a label is a walk and one way to write it down ([`Tally`]): a walk may have several labels.

use std::{cmp::Reverse, collections::BinaryHeap};

use model::EdgeIx;

use crate::{
    crowded::Crowded,
    dijkstra::Outcome,
    found::Totals,
    goal::{Goal, NO_EDGE},
    lower::{Lower, Quantity},
    problem::{Key, Objective, Problem, TOLL},
    tally::{Move, Tallies, Tally},
    ties::comes_before,
};

/// How many open walks are completed along the lower bounds when the limit is reached.
const COMPLETIONS: usize = 1_000;
const NONE: u32 = u32::MAX;
const FORBIDDEN: u64 = u64::MAX;

/// A walk from the start.
#[derive(Clone, Copy, Debug)]
struct Label {
    /// Without the risks.
    key: Key,
    totals: Totals,
    /// Shared risks met so far, each counted once however often it is met.
    risks: u128,
    /// Crossings that count ([`Crowded`]).
    crossed: u128,
    tally: Tally,
    state: u32,
    parent: u32,
    /// The last edge; [`NO_EDGE`] where the search began.
    via: EdgeIx,
    /// The next label of the same state.
    next: u32,
    dominated: bool,
}

impl Label {
    /// What walks are compared by: each shared risk is a toll.
    fn order(&self) -> Key {
        let tolls = TOLL * u64::from(self.risks.count_ones());
        Key { rank: self.key.rank + tolls, ..self.key }
    }
}

/// What a search knows beforehand.
pub(crate) struct Known<'s, 'p, 'w> {
    pub(crate) lower: &'s mut Lower,
    /// What is still to come at least: labels that may lead to the best path go first.
    pub(crate) goal: Option<&'s Goal>,
    /// Where segments are bounded.
    pub(crate) tallies: Option<Tallies<'p, 'w>>,
    /// The edges whose crossings count.
    pub(crate) crowded: &'s Crowded,
}

impl Known<'_, '_, '_> {
    /// What a walk comes to at least when it is complete; none where nothing leads to the end.
    fn total(&self, problem: &Problem<'_>, label: &Label) -> Option<Key> {
        let order = label.order();
        match self.goal {
            None => Some(order),
            Some(goal) => goal.rest(problem, label.state).map(|rest| order.plus(rest)),
        }
    }
}

/// The labels of a search, used again and again.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    all: Vec<Label>,
    /// The first label of each state.
    first: Vec<u32>,
    /// The rank that each edge adds.
    ranks: Vec<u64>,
    heap: BinaryHeap<Reverse<(Key, u32)>>,
    best: Option<u32>,
    exact: bool,
}

impl Labels {
    /// How many the last search kept.
    pub(crate) const fn count(&self) -> usize {
        self.all.len()
    }

    /// The least path by key, then edge numbers, that keeps all bounds. Writes the edges into `path`.
    pub(crate) fn shortest(
        &mut self,
        problem: &Problem<'_>,
        mut known: Known<'_, '_, '_>,
        limit: usize,
        path: &mut Vec<EdgeIx>,
    ) -> Outcome {
        path.clear();
        let Some((start, key)) = problem.start() else {
            return Outcome { found: false, exact: true };
        };
        // Where a walk goes on from some place, what is still to come is known from the search of its first part.
        if problem.spur.is_none() {
            known.lower.build(problem);
        }
        self.reset(problem);
        if start == problem.end() {
            return Outcome { found: true, exact: true };
        }
        self.begin(problem, &mut known, start, key);
        self.search(problem, &mut known, limit);
        self.exact &= known.tallies.is_none_or(|tallies| tallies.complete);
        if let Some(best) = self.best {
            path.extend(self.walked(best));
            path.reverse();
        }
        Outcome { found: self.best.is_some(), exact: self.exact }
    }

    /// A label for each way to write down the walk to where the search begins.
    fn begin(&mut self, problem: &Problem<'_>, known: &mut Known<'_, '_, '_>, start: u32, key: Key) {
        let totals = problem.totals();
        let tallies = known.tallies.as_mut().map_or_else(|| vec![Tally::UNBOUNDED], Tallies::start);
        for (ix, tally) in (0..).zip(tallies) {
            let label = Label {
                key,
                totals,
                risks: problem.once(problem.spur.map_or(&[][..], |spur| spur.edges)),
                crossed: 0,
                tally,
                state: start,
                parent: 0,
                via: NO_EDGE,
                next: NONE,
                dominated: false,
            };
            self.all.push(label);
            if let Some(total) = known.total(problem, &label)
                && known.lower.allows(problem, start, &totals)
            {
                self.heap.push(Reverse((total, ix)));
            }
        }
    }

    fn search(&mut self, problem: &Problem<'_>, known: &mut Known<'_, '_, '_>, limit: usize) {
        while let Some(Reverse((total, ix))) = self.heap.pop() {
            if self.all[ix as usize].dominated {
                continue;
            }
            if self.is_beaten(total) {
                return;
            }
            if self.all.len() >= limit {
                self.exact = false;
                self.heap.push(Reverse((total, ix)));
                self.complete(problem, known);
                return;
            }
            self.expand(problem, known, ix);
        }
    }

    /// Whether a complete walk is at hand that is better than this.
    fn is_beaten(&self, total: Key) -> bool {
        self.best.is_some_and(|best| self.all[best as usize].order() < total)
    }

    fn expand(&mut self, problem: &Problem<'_>, known: &mut Known<'_, '_, '_>, ix: u32) {
        let (stage, node) = problem.place(self.all[ix as usize].state);
        let Some(leave) = problem.leave(stage, node) else { return };
        let state = self.all[ix as usize].state;
        for edge in problem.graph.out(node) {
            let Some(label) = self.step(problem, ix, *edge, leave) else { continue };
            if problem.is_closed(state, *edge, label.state) {
                continue;
            }
            let too_late = known.total(problem, &label).is_none_or(|total| self.is_beaten(total));
            if too_late || !known.lower.allows(problem, label.state, &label.totals) {
                continue;
            }
            let tallies = self.written(problem, known, ix, &label);
            if tallies == [None; 2] {
                continue;
            }
            let Some(crossed) = known.crowded.cross(label.crossed, *edge) else { continue };
            if known.crowded.gave_up() && problem.is_full(*edge, self.walked(ix)) {
                self.exact = false;
                continue;
            }
            let label = Label { crossed, ..label };
            for tally in tallies.into_iter().flatten() {
                let key = problem.closing(label.key, tally.used - label.tally.used);
                let label = Label { tally, key, ..label };
                if label.state == problem.end() {
                    self.arrive(problem, label);
                } else {
                    self.keep(problem, known, label);
                }
            }
        }
    }

    /// The ways to write a walk down, given the one for the label before its last edge.
    fn written(
        &self,
        problem: &Problem<'_>,
        known: &mut Known<'_, '_, '_>,
        ix: u32,
        label: &Label,
    ) -> [Option<Tally>; 2] {
        let Some(tallies) = &mut known.tallies else { return [Some(Tally::UNBOUNDED), None] };
        let before = &self.all[ix as usize];
        let go = Move {
            via: label.via,
            is_new_stage: problem.place(before.state).0 != problem.place(label.state).0,
            is_last: label.state == problem.end(),
        };
        tallies.step(&before.tally, go, self.walked(ix))
    }

    /// The label one edge further; none where the edge is forbidden.
    fn step(&self, problem: &Problem<'_>, ix: u32, via: EdgeIx, leave: u64) -> Option<Label> {
        let before = &self.all[ix as usize];
        let rank = self.ranks[via.ix()];
        if rank == FORBIDDEN {
            return None;
        }
        let edge = problem.graph.edge(via);
        let (stage, _) = problem.place(before.state);
        Some(Label {
            key: problem.step(before.key, edge, leave + rank),
            totals: before.totals.then(edge),
            risks: before.risks | problem.once(&[via]),
            crossed: before.crossed,
            tally: before.tally,
            state: problem.state(problem.advance(stage, Some(via), edge.to), edge.to),
            parent: ix,
            via,
            next: NONE,
            dominated: false,
        })
    }

    /// A walk that is complete.
    fn arrive(&mut self, problem: &Problem<'_>, label: Label) {
        if !label.totals.meets(&problem.bounds) {
            return;
        }
        let better = self.best.is_none_or(|best| {
            let best = &self.all[best as usize];
            label.order() < best.order() || label.order() == best.order() && self.is_before(&label, best)
        });
        if better {
            self.best = Some(self.all.len() as u32);
            self.all.push(label);
        }
    }

    /// Keeps a walk unless another one to the same state dominates it, and drops those that it dominates.
    fn keep(&mut self, problem: &Problem<'_>, known: &Known<'_, '_, '_>, mut label: Label) {
        let Some(total) = known.total(problem, &label) else { return };
        let (_, node) = problem.place(label.state);
        let dominates = |labels: &Self, one: &Label, other: &Label| {
            one.tally.covers(&other.tally, node) && labels.dominates(known.lower, one, other)
        };
        let mut behind = NONE;
        let mut other = self.first[label.state as usize];
        while other != NONE {
            let old = &self.all[other as usize];
            let next = old.next;
            if dominates(self, old, &label) {
                return;
            }
            if dominates(self, &label, old) {
                self.all[other as usize].dominated = true;
                match behind {
                    NONE => self.first[label.state as usize] = next,
                    behind => self.all[behind as usize].next = next,
                }
            } else {
                behind = other;
            }
            other = next;
        }
        label.next = self.first[label.state as usize];
        let ix = self.all.len() as u32;
        self.first[label.state as usize] = ix;
        self.heap.push(Reverse((total, ix)));
        self.all.push(label);
    }

    /// Whether every completion of `one` is at least as good as the same completion of `other`, however they are written down.
    fn dominates(&self, lower: &Lower, one: &Label, other: &Label) -> bool {
        one.key <= other.key
            && one.risks & !other.risks == 0
            && one.crossed & !other.crossed == 0
            && lower.uses_no_more(&one.totals, &other.totals)
            && (one.key < other.key || !self.is_before(other, one))
    }

    /// Whether one walk comes before another of equal length, edge by edge from the start.
    fn is_before(&self, one: &Label, other: &Label) -> bool {
        let end = |label: &Label| (label.parent, label.via);
        comes_before(end(one), end(other), |ix| end(&self.all[ix as usize]))
    }

    /// The edges behind a label, last first.
    fn walked(&self, mut ix: u32) -> impl Iterator<Item = EdgeIx> + Clone + '_ {
        std::iter::from_fn(move || {
            let label = &self.all[ix as usize];
            ix = label.parent;
            (label.via != NO_EDGE).then_some(label.via)
        })
    }

    /// Whether the walk behind a label was in a state before.
    fn has_been(&self, mut ix: u32, state: u32) -> bool {
        loop {
            let label = &self.all[ix as usize];
            if label.state == state || label.via == NO_EDGE {
                return label.state == state;
            }
            ix = label.parent;
        }
    }

    /// The limit is reached: completes open walks along the ways of least use and keeps the best one that meets the bounds.
    fn complete(&mut self, problem: &Problem<'_>, known: &mut Known<'_, '_, '_>) {
        let mut open = 0;
        while let Some(Reverse((_, ix))) = self.heap.pop() {
            if self.all[ix as usize].dominated {
                continue;
            }
            for slot in 0..=Quantity::ALL.len() {
                self.complete_one(problem, known, slot, ix);
            }
            open += 1;
            if open == COMPLETIONS {
                return;
            }
        }
    }

    /// Along the least of one quantity, or behind the last of them along shortest paths of the IGP, which few segments pin.
    fn complete_one(&mut self, problem: &Problem<'_>, known: &mut Known<'_, '_, '_>, slot: usize, from: u32) {
        let mark = self.all.len();
        let mut ix = from;
        while self.all[ix as usize].state != problem.end() {
            let state = self.all[ix as usize].state;
            let (stage, node) = problem.place(state);
            let next = match &mut known.tallies {
                _ if slot < Quantity::ALL.len() => known.lower.next(problem, slot, state),
                Some(tallies) => tallies.homeward(node, problem.stop(state)),
                None => None,
            };
            let next = next
                .filter(|edge| !problem.is_full(*edge, self.walked(ix)))
                .and_then(|edge| self.step(problem, ix, edge, problem.leave(stage, node)?))
                .filter(|label| !problem.is_closed(state, label.via, label.state))
                .filter(|label| !self.has_been(ix, label.state));
            let Some(label) = next else {
                self.all.truncate(mark);
                return;
            };
            ix = self.all.len() as u32;
            self.all.push(label);
        }
        let label = &self.all[ix as usize];
        // A completed walk has not counted all its segments: by these it is no match for one that has.
        let counts = problem.objective != Objective::Segments;
        let better = self.best.is_none_or(|best| counts && label.order() < self.all[best as usize].order());
        if better && label.totals.meets(&problem.bounds) && self.fits(known, ix) {
            self.best = Some(ix);
        } else {
            self.all.truncate(mark);
        }
    }

    fn fits(&self, known: &mut Known<'_, '_, '_>, ix: u32) -> bool {
        known.tallies.as_mut().is_none_or(|tallies| {
            let mut path: Vec<EdgeIx> = self.walked(ix).collect();
            path.reverse();
            tallies.fits(&path)
        })
    }

    fn reset(&mut self, problem: &Problem<'_>) {
        self.all.clear();
        self.heap.clear();
        self.first.clear();
        self.first.resize(problem.states(), NONE);
        self.ranks.clear();
        self.ranks
            .extend(problem.graph.edges().map(|(ix, edge)| problem.admit(ix, edge).unwrap_or(FORBIDDEN)));
        self.best = None;
        self.exact = true;
    }
}
