//! The ways of a demand's lists as values: stretches one after the other, and forks where an anycast segment leads to several
//! nodes that go on each in its own way.

use std::sync::Arc;

use model::EdgeIx;

use crate::{WHOLE, failure::Parts, spf::Spread};

/// A part of a branch.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Stretch {
    Edge(EdgeIx),
    Spread(Arc<Spread>),
}

/// One segment list with its part of the traffic, out of [`WHOLE`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Branch {
    pub(crate) amount: u64,
    pub(crate) stretches: Vec<Stretch>,
    /// What follows the last stretch.
    pub(crate) fork: Option<Box<Split>>,
}

/// On to the nearest nodes of a group, and what follows at each of them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Split {
    pub(crate) spread: Arc<Spread>,
    /// By end of the spread: the lists that carry on what comes there, with their parts of it out of [`WHOLE`].
    pub(crate) then: Vec<(u32, Vec<Branch>)>,
}

impl Split {
    /// How many ends there are in all.
    pub(crate) fn leaves(&self) -> usize {
        self.then.iter().map(|(_, branches)| leaves(branches)).sum()
    }
}

impl Branch {
    /// All of it, nowhere yet.
    pub(crate) fn whole(stretches: usize) -> Self {
        Self { amount: WHOLE, stretches: Vec::with_capacity(stretches), fork: None }
    }

    /// Goes on over other branches, wherever it ends.
    pub(crate) fn then(&self, next: &[Self]) -> Vec<Self> {
        let Some(split) = &self.fork else {
            let parts = divide(self.amount, &amounts(next)).into_iter().zip(next);
            let joined = parts.map(|(amount, part)| Self {
                amount,
                stretches: self.stretches.iter().chain(&part.stretches).cloned().collect(),
                fork: part.fork.clone(),
            });
            return joined.collect();
        };
        let on = |branches: &Vec<Self>| branches.iter().flat_map(|branch| branch.then(next)).collect();
        let then = split.then.iter().map(|(end, branches)| (*end, on(branches))).collect();
        vec![Self { fork: Some(Box::new(Split { spread: split.spread.clone(), then })), ..self.clone() }]
    }

    /// Wherever it ends.
    pub(crate) fn each_leaf(&mut self, change: &mut impl FnMut(&mut Self)) {
        match &mut self.fork {
            Some(split) => {
                split
                    .then
                    .iter_mut()
                    .flat_map(|(_, branches)| branches)
                    .for_each(|branch| branch.each_leaf(change));
            }
            None => change(self),
        }
    }

    /// Lets an amount flow; tells each edge what it carries, an edge that is crossed again once more.
    pub(crate) fn pour(&self, amount: u64, down: &Parts, each: &mut impl FnMut(EdgeIx, u64)) {
        for stretch in &self.stretches {
            match stretch {
                Stretch::Edge(edge) => each(*edge, amount),
                Stretch::Spread(spread) => spread.pour(amount, down, &mut *each),
            }
        }
        let Some(split) = &self.fork else { return };
        let come = split.spread.pour_out(amount, down, &mut *each);
        for (end, branches) in &split.then {
            for (amount, branch) in divide(come[*end as usize], &amounts(branches)).into_iter().zip(branches)
            {
                branch.pour(amount, down, each);
            }
        }
    }
}

/// What each of these branches has.
pub(crate) fn amounts(branches: &[Branch]) -> Vec<u64> {
    branches.iter().map(|branch| branch.amount).collect()
}

/// How many ends branches have.
pub(crate) fn leaves(branches: &[Branch]) -> usize {
    branches.iter().map(|branch| branch.fork.as_ref().map_or(1, |split| split.leaves())).sum()
}

/// One stretch more, wherever branches end.
pub(crate) fn push(branches: &mut [Branch], stretch: &Stretch) {
    for branch in branches {
        branch.each_leaf(&mut |leaf| leaf.stretches.push(stretch.clone()));
    }
}

/// Branches that make up [`WHOLE`], scaled down to an amount.
pub(crate) fn scale(amount: u64, branches: Vec<Branch>) -> Vec<Branch> {
    let scaled = divide(amount, &amounts(&branches)).into_iter().zip(branches);
    scaled.map(|(amount, branch)| Branch { amount, ..branch }).collect()
}

/// Divides by weight, exactly; what is left over goes to the first ones. The weights add up to more than zero.
pub(crate) fn divide(amount: u64, weights: &[u64]) -> Vec<u64> {
    if weights.len() == 1 {
        return vec![amount];
    }
    let total: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    let part = |weight: &u64| (u128::from(amount) * u128::from(*weight) / total.max(1)) as u64;
    let mut parts: Vec<u64> = weights.iter().map(part).collect();
    let odd = amount - parts.iter().sum::<u64>();
    for (part, _) in parts.iter_mut().zip(0..odd) {
        *part += 1;
    }
    parts
}
