//! Which flows may have traffic on a place: those on a hot link are found without going through all of them.
//!
//! With a hundred thousand demands a look at every one takes as long as a good part of a round. So it is written down, before anything
//! fails, which flows cross which place. What failed or moved since then is remembered as such, and looked at each time.

use std::sync::Arc;

use crate::{
    list::{List, Portions},
    problem::Problem,
};

/// Where more than one in so many flows would have to be looked at, going through all is as good.
const FEW: usize = 2;
/// Where more than one in so many flows went another way since it was written down, it is better written anew.
const OLD: usize = 8;

/// A superset of the flows on every place.
#[derive(Clone, Debug)]
pub(crate) struct Riders {
    /// By place, those whose lists crossed it when that was written down, ascending.
    by_place: Arc<Vec<Vec<u32>>>,
    /// Those that may go another way since then.
    others: Vec<u32>,
    /// By flow, whether it is one of these.
    is_other: Vec<bool>,
}

impl Riders {
    /// Writes down what is so now. O(parts of all lists).
    pub fn new(problem: &Problem, portions: &[Portions]) -> Self {
        let mut by_place: Vec<Vec<u32>> = vec![Vec::new(); problem.network.places()];
        for (at, (flow, portions)) in (0_u32..).zip(problem.flows.iter().zip(portions)) {
            for portion in portions {
                portion.list.spread(&problem.network, &problem.routes, flow.from, |part| {
                    let riders = &mut by_place[part.place as usize];
                    if riders.last() != Some(&at) {
                        riders.push(at);
                    }
                });
            }
        }
        Self { by_place: Arc::new(by_place), others: Vec::new(), is_other: vec![false; problem.flows.len()] }
    }

    /// Remembers that a flow may go another way from now on.
    pub fn leaves(&mut self, at: usize) {
        if !std::mem::replace(&mut self.is_other[at], true) {
            self.others.push(u32::try_from(at).unwrap_or(u32::MAX));
        }
    }

    /// Whether so many went other ways that it should be written anew.
    pub fn is_old(&self) -> bool {
        self.others.len() * OLD > self.is_other.len()
    }

    /// The flows with traffic on some places, by their lists of now, and how much; none where too many may have some. O(parts of the
    /// lists of those that may).
    pub fn on(&self, problem: &Problem, places: &[usize], lists: &[List]) -> Option<Vec<(f64, usize)>> {
        let there = places.iter().map(|place| &self.by_place[*place]);
        let count = self.others.len() + there.clone().map(Vec::len).sum::<usize>();
        if count * FEW > lists.len() {
            return None;
        }
        let mut flows: Vec<u32> = Vec::with_capacity(count);
        flows.extend_from_slice(&self.others);
        there.for_each(|riders| flows.extend_from_slice(riders));
        flows.sort_unstable();
        flows.dedup();
        Some(traffic(problem, places, lists, flows.into_iter().map(|at| at as usize)))
    }
}

/// Which of some flows have traffic on some places, and how much.
pub(crate) fn traffic(
    problem: &Problem,
    places: &[usize],
    lists: &[List],
    flows: impl Iterator<Item = usize>,
) -> Vec<(f64, usize)> {
    let mut is_asked = vec![false; problem.network.places()];
    places.iter().for_each(|place| is_asked[*place] = true);
    let on = |at: usize| {
        let (flow, mut share) = (&problem.flows[at], 0.0);
        lists[at].spread(&problem.network, &problem.routes, flow.from, |part| {
            if is_asked[part.place as usize] {
                share += f64::from(part.share);
            }
        });
        (share > 0.0).then_some((share * flow.volume, at))
    };
    flows.filter_map(on).collect()
}
