//! Strays: traffic whose code point nobody looks at, because it enters a node by an interface at which no classifier is bound. It
//! waits in the lowest queue of whatever interface it leaves by; at the next node it may be seen again.

use model::EdgeIx;

use crate::{
    branch::{Branch, Stretch, amounts, divide},
    failure::Parts,
    spf::{Spread, portion},
};

/// What comes to a place: all of it, and what of it strays; none where nothing does, zero where that rounds to nothing.
#[derive(Clone, Copy, Debug, Default)]
struct Come {
    all: u64,
    stray: Option<u64>,
}

impl Come {
    /// What stands behind an edge over which all of this goes.
    fn over(self, is_astray: bool) -> Self {
        Self { all: self.all, stray: is_astray.then_some(self.all) }
    }

    fn join(&mut self, other: Self) {
        self.all += other.all;
        if let Some(more) = other.stray {
            self.stray = Some(self.stray.unwrap_or(0) + more);
        }
    }
}

/// The part of a way that strays, by edge as it comes to the start of it. An edge may stand here more than once. `is_astray` says of
/// an edge whether what comes over it is classified by nobody at its end.
pub(crate) fn strays(
    branches: &[Branch],
    down: &Parts,
    is_astray: &impl Fn(EdgeIx) -> bool,
) -> Vec<(EdgeIx, u64)> {
    let mut walk = Walk { down, is_astray, found: Vec::new() };
    for branch in branches {
        // Where it enters the network, by an interface that the network does not have, it is taken for classified.
        walk.branch(branch, Come { all: branch.amount, stray: None });
    }
    walk.found
}

struct Walk<'a, F> {
    down: &'a Parts,
    is_astray: &'a F,
    found: Vec<(EdgeIx, u64)>,
}

impl<F: Fn(EdgeIx) -> bool> Walk<'_, F> {
    fn branch(&mut self, branch: &Branch, come: Come) {
        let mut here = come;
        for stretch in &branch.stretches {
            here = match stretch {
                Stretch::Edge(edge) => {
                    self.found.extend(here.stray.map(|stray| (*edge, stray)));
                    here.over((self.is_astray)(*edge))
                }
                // Nothing on the way of a list is down, so all of it comes.
                Stretch::Spread(spread) => {
                    let end = self.spread(spread, here).last().copied().unwrap_or_default();
                    Come { all: here.all, ..end }
                }
            };
        }
        let Some(split) = &branch.fork else { return };
        let ends = self.spread(&split.spread, here);
        for (end, branches) in &split.then {
            let (here, parts) = (ends[*end as usize], amounts(branches));
            let strays = here.stray.map(|stray| divide(stray, &parts));
            for (place, (all, branch)) in divide(here.all, &parts).into_iter().zip(branches).enumerate() {
                let stray = strays.as_ref().map(|strays| strays[place].min(all));
                self.branch(branch, Come { all, stray });
            }
        }
    }

    /// Gives what comes to each node.
    fn spread(&mut self, spread: &Spread, come: Come) -> Vec<Come> {
        let mut at = vec![Come::default(); spread.nodes as usize];
        at[0] = come;
        for ways in spread.steps.chunk_by(|a, b| a.from == b.from) {
            let here = at[ways[0].from as usize];
            for (way, step) in (0..).zip(ways) {
                if self.down.has(step.edge) {
                    continue;
                }
                let share = |amount: u64| portion(amount, ways.len() as u64, way);
                self.found.extend(here.stray.map(|stray| (step.edge, share(stray))));
                let there = Come { all: share(here.all), stray: None };
                at[step.to as usize].join(there.over((self.is_astray)(step.edge)));
            }
        }
        at
    }
}

/// What of a list of edges, ascending, belongs to one; none where it does not stand there.
pub(crate) fn of_edge(shares: &[(EdgeIx, u64)], edge: EdgeIx) -> Option<u64> {
    let place = shares.binary_search_by_key(&edge, |(known, _)| *known).ok()?;
    Some(shares[place].1)
}
