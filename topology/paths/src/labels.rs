//! Label-setting with dominance (Desrochers and Soumis 1988): several walks to one node are kept as long as each may still
//! become the best, so no path that keeps all bounds is lost. The problem is NP-hard: the number of labels has a limit, and
//! past it the answer is the best path at hand and says that it is not proven.

use std::{cmp::Reverse, collections::BinaryHeap};

use model::EdgeIx;

use crate::{
    dijkstra::Outcome,
    found::Totals,
    lower::{Lower, Quantity},
    problem::{Key, Problem, TOLL},
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
    state: u32,
    parent: u32,
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
        lower: &mut Lower,
        limit: usize,
        path: &mut Vec<EdgeIx>,
    ) -> Outcome {
        path.clear();
        let Some((start, key)) = problem.start() else {
            return Outcome { found: false, exact: true };
        };
        // Where a walk goes on from some place, what is still to come is known from the search of its first part.
        if problem.spur.is_none() {
            lower.build(problem);
        }
        self.reset(problem);
        let totals = problem.totals();
        let root = Label {
            key,
            totals,
            risks: 0,
            state: start,
            parent: 0,
            via: EdgeIx(0),
            next: NONE,
            dominated: false,
        };
        self.all.push(root);
        if start == problem.end() {
            return Outcome { found: true, exact: true };
        }
        if lower.allows(problem, start, &totals) {
            self.heap.push(Reverse((root.order(), 0)));
        }
        self.search(problem, lower, limit);
        if let Some(best) = self.best {
            path.extend(self.walked(best));
            path.reverse();
        }
        Outcome { found: self.best.is_some(), exact: self.exact }
    }

    fn search(&mut self, problem: &Problem<'_>, lower: &Lower, limit: usize) {
        while let Some(Reverse((order, ix))) = self.heap.pop() {
            if self.all[ix as usize].dominated {
                continue;
            }
            if self.best.is_some_and(|best| self.all[best as usize].order() < order) {
                return;
            }
            if self.all.len() >= limit {
                self.exact = false;
                self.heap.push(Reverse((order, ix)));
                self.complete(problem, lower);
                return;
            }
            self.expand(problem, lower, ix);
        }
    }

    fn expand(&mut self, problem: &Problem<'_>, lower: &Lower, ix: u32) {
        let (stage, node) = problem.place(self.all[ix as usize].state);
        let Some(leave) = problem.leave(stage, node) else { return };
        let state = self.all[ix as usize].state;
        for edge in problem.graph.out(node) {
            let Some(label) = self.step(problem, ix, *edge, leave) else { continue };
            if problem.is_closed(state, *edge, label.state) {
                continue;
            }
            let too_late = self.best.is_some_and(|best| self.all[best as usize].order() < label.order());
            if too_late || !lower.allows(problem, label.state, &label.totals) {
                continue;
            }
            if problem.is_full(*edge, self.walked(ix)) {
                self.exact = false;
                continue;
            }
            if label.state == problem.end() {
                self.arrive(problem, label);
            } else {
                self.keep(lower, label);
            }
        }
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
            risks: before.risks | problem.charges.map_or(0, |charges| charges.once(via)),
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
    fn keep(&mut self, lower: &Lower, mut label: Label) {
        let mut behind = NONE;
        let mut other = self.first[label.state as usize];
        while other != NONE {
            let old = &self.all[other as usize];
            let next = old.next;
            if self.dominates(lower, old, &label) {
                return;
            }
            if self.dominates(lower, &label, old) {
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
        self.heap.push(Reverse((label.order(), ix)));
        self.all.push(label);
    }

    /// Whether every completion of `one` is at least as good as the same completion of `other`.
    fn dominates(&self, lower: &Lower, one: &Label, other: &Label) -> bool {
        one.key <= other.key
            && one.risks & !other.risks == 0
            && lower.uses_no_more(&one.totals, &other.totals)
            && (one.key < other.key || self.is_before(one, other))
    }

    /// Whether one walk comes before another of equal length, edge by edge from the start.
    fn is_before(&self, one: &Label, other: &Label) -> bool {
        let end = |label: &Label| (label.parent, label.via);
        comes_before(end(one), end(other), |ix| end(&self.all[ix as usize]))
    }

    /// The edges behind a label, last first.
    fn walked(&self, mut ix: u32) -> impl Iterator<Item = EdgeIx> + '_ {
        std::iter::from_fn(move || {
            (ix != 0).then(|| {
                let label = &self.all[ix as usize];
                ix = label.parent;
                label.via
            })
        })
    }

    /// The limit is reached: completes open walks along the ways of least use and keeps the best one that meets the bounds.
    fn complete(&mut self, problem: &Problem<'_>, lower: &Lower) {
        let mut open = 0;
        while let Some(Reverse((_, ix))) = self.heap.pop() {
            if self.all[ix as usize].dominated {
                continue;
            }
            for slot in 0..Quantity::ALL.len() {
                self.complete_one(problem, lower, slot, ix);
            }
            open += 1;
            if open == COMPLETIONS {
                return;
            }
        }
    }

    fn complete_one(&mut self, problem: &Problem<'_>, lower: &Lower, slot: usize, from: u32) {
        let mark = self.all.len();
        let mut ix = from;
        while self.all[ix as usize].state != problem.end() {
            let state = self.all[ix as usize].state;
            let (stage, node) = problem.place(state);
            let next = lower
                .next(problem, slot, state)
                .filter(|edge| !problem.is_full(*edge, self.walked(ix)))
                .and_then(|edge| self.step(problem, ix, edge, problem.leave(stage, node)?))
                .filter(|label| !problem.is_closed(state, label.via, label.state));
            let Some(label) = next else {
                self.all.truncate(mark);
                return;
            };
            ix = self.all.len() as u32;
            self.all.push(label);
        }
        let label = &self.all[ix as usize];
        let better = self.best.is_none_or(|best| label.order() < self.all[best as usize].order());
        if label.totals.meets(&problem.bounds) && better {
            self.best = Some(ix);
        } else {
            self.all.truncate(mark);
        }
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
