//! Which way a demand goes: the candidate that is valid now, its lists, and every edge with its share.

use std::{collections::BTreeMap, sync::Arc};

use model::{EdgeIx, NodeIx, sr::LastResort};

use crate::{
    WHOLE,
    failure::Parts,
    flow::{DropReason, IgpReason, Via},
    forwarding::{Entry, Forwarding, List},
    network::Network,
    segment::{Fault, Segment},
    spf::{Layered, Spread},
};

/// So many lists may come out of binding SIDs.
const MAX_BRANCHES: usize = 64;

/// A part of a branch.
#[derive(Clone, Debug)]
pub(crate) enum Stretch {
    Edge(EdgeIx),
    Spread(Arc<Spread>),
}

/// One segment list with its part of the traffic, out of [`WHOLE`].
#[derive(Clone, Debug)]
pub(crate) struct Branch {
    pub(crate) amount: u64,
    pub(crate) stretches: Vec<Stretch>,
}

/// Where a demand goes.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) via: Via,
    pub(crate) branches: Vec<Branch>,
    /// Edges ascending, with what they carry out of [`WHOLE`].
    pub(crate) shares: Vec<(EdgeIx, u64)>,
}

impl Route {
    fn dropped(why: DropReason) -> Self {
        Self { via: Via::Dropped(why), branches: Vec::new(), shares: Vec::new() }
    }
}

/// Finds ways under one outage.
pub(crate) struct Router<'a> {
    network: &'a Network,
    forwarding: &'a Forwarding,
    igp: Layered<'a>,
    down: &'a Parts,
    /// Policies that were judged already.
    judged: BTreeMap<usize, Judged>,
}

/// The place of the candidate of highest preference that is valid, with its lists; or every candidate's first fault.
type Judged = Result<(usize, Vec<Branch>), Vec<Fault>>;

impl<'a> Router<'a> {
    pub(crate) fn new(
        network: &'a Network,
        forwarding: &'a Forwarding,
        igp: Layered<'a>,
        down: &'a Parts,
    ) -> Self {
        Self { network, forwarding, igp, down, judged: BTreeMap::new() }
    }

    /// The way of a demand from one node to another.
    pub(crate) fn route(&mut self, from: NodeIx, to: NodeIx, entry: Entry) -> Route {
        let name = |node: NodeIx| self.network.graph().node_id(node).clone();
        if let Some(node) = [from, to].into_iter().find(|node| self.down.has_node(*node)) {
            return Route::dropped(DropReason::NodeDown(name(node)));
        }
        let why = match entry {
            _ if from == to => IgpReason::Local,
            Entry::NoRule => IgpReason::NoRule,
            Entry::NoPolicy(color) => IgpReason::NoPolicy(color),
            Entry::Policy(number) => {
                let policy = &self.forwarding.policies[number];
                let key = policy.key;
                match self.policy(number) {
                    Ok((candidate, branches)) => {
                        let path = &policy.candidates[candidate];
                        let (preference, discriminator) = (path.preference, path.discriminator);
                        return self.finish(Via::Policy { key, preference, discriminator }, branches);
                    }
                    Err(faults) if policy.last_resort == LastResort::Drop => {
                        return Route::dropped(DropReason::PolicyInvalid { key, faults });
                    }
                    Err(faults) => IgpReason::PolicyInvalid { key, faults },
                }
            }
        };
        if from == to {
            return self.finish(Via::Igp(why), vec![Branch { amount: WHOLE, stretches: Vec::new() }]);
        }
        match self.igp.spread(from, to) {
            Some(spread) => {
                let branch = Branch { amount: WHOLE, stretches: vec![Stretch::Spread(spread)] };
                self.finish(Via::Igp(why), vec![branch])
            }
            None => Route::dropped(DropReason::Unreachable {
                from: name(from),
                to: name(to),
                after: Box::new(why),
            }),
        }
    }

    fn finish(&self, via: Via, branches: Vec<Branch>) -> Route {
        let mut shares: Vec<(EdgeIx, u64)> = Vec::new();
        for branch in &branches {
            for stretch in &branch.stretches {
                match stretch {
                    Stretch::Edge(edge) => shares.push((*edge, branch.amount)),
                    Stretch::Spread(spread) => {
                        spread.pour(branch.amount, self.down, |edge, share| shares.push((edge, share)));
                    }
                }
            }
        }
        shares.sort_unstable();
        shares.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        Route { via, branches, shares }
    }

    fn policy(&mut self, number: usize) -> Judged {
        if let Some(judged) = self.judged.get(&number) {
            return judged.clone();
        }
        let judged = self.judge(number);
        self.judged.insert(number, judged.clone());
        judged
    }

    fn judge(&mut self, number: usize) -> Judged {
        let policy = &self.forwarding.policies[number];
        let mut faults = Vec::new();
        for (place, candidate) in policy.candidates.iter().enumerate() {
            let mut valid: Vec<(u64, Vec<Branch>)> = Vec::new();
            let mut fault = None;
            for list in &candidate.lists {
                match self.list(policy.head, list) {
                    Ok(branches) => valid.push((u64::from(list.weight), branches)),
                    Err(found) => fault = fault.or(Some(found)),
                }
            }
            if valid.is_empty() {
                faults.push(fault.unwrap_or(Fault::Empty));
                continue;
            }
            let weights: Vec<u64> = valid.iter().map(|(weight, _)| *weight).collect();
            let mut branches = Vec::new();
            for (amount, (_, parts)) in divide(WHOLE, &weights).into_iter().zip(valid) {
                branches.extend(scale(amount, parts));
            }
            return Ok((place, branches));
        }
        Err(faults)
    }

    /// Walks one list. It is valid only where nothing on its way is down.
    fn list(&mut self, head: NodeIx, list: &List) -> Result<Vec<Branch>, Fault> {
        let graph = self.network.graph();
        let name = |node: NodeIx| graph.node_id(node).clone();
        let mut branches = vec![Branch { amount: WHOLE, stretches: Vec::new() }];
        let mut at = head;
        for segment in list.segments.as_ref().map_err(Clone::clone)? {
            match segment {
                Segment::Node(node) => {
                    let spread = self
                        .igp
                        .spread(at, *node)
                        .ok_or_else(|| Fault::Unreachable { from: name(at), to: name(*node) })?;
                    if let Some(edge) = spread.meets(self.down) {
                        return Err(Fault::LinkDown { link: graph.link_id(edge).clone() });
                    }
                    for branch in &mut branches {
                        branch.stretches.push(Stretch::Spread(spread.clone()));
                    }
                    at = *node;
                }
                Segment::Edge(edge) => {
                    if self.down.has(*edge) {
                        return Err(Fault::LinkDown { link: graph.link_id(*edge).clone() });
                    }
                    for branch in &mut branches {
                        branch.stretches.push(Stretch::Edge(*edge));
                    }
                    at = graph.edge(*edge).to;
                }
                Segment::Policy(number) => {
                    let key = self.forwarding.policies[*number].key;
                    let (_, nested) =
                        self.policy(*number).map_err(|_| Fault::Binding { at: name(at), key })?;
                    if branches.len() * nested.len() > MAX_BRANCHES {
                        return Err(Fault::Endless { at: name(at) });
                    }
                    branches = branches.iter().flat_map(|branch| append(branch, &nested)).collect();
                    at = self.network.owner(key.endpoint).unwrap_or(at);
                }
            }
        }
        Ok(branches)
    }
}

/// A branch that goes on over the branches of a nested policy.
fn append(branch: &Branch, nested: &[Branch]) -> Vec<Branch> {
    let amounts: Vec<u64> = nested.iter().map(|part| part.amount).collect();
    divide(branch.amount, &amounts)
        .into_iter()
        .zip(nested)
        .map(|(amount, part)| Branch {
            amount,
            stretches: branch.stretches.iter().chain(&part.stretches).cloned().collect(),
        })
        .collect()
}

/// Branches that make up [`WHOLE`], scaled down to an amount.
fn scale(amount: u64, branches: Vec<Branch>) -> Vec<Branch> {
    let amounts: Vec<u64> = branches.iter().map(|branch| branch.amount).collect();
    let scaled = divide(amount, &amounts).into_iter().zip(branches);
    scaled.map(|(amount, branch)| Branch { amount, ..branch }).collect()
}

/// Divides by weight, exactly; what is left over goes to the first ones. The weights add up to more than zero.
fn divide(amount: u64, weights: &[u64]) -> Vec<u64> {
    let total: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
    let part = |weight: &u64| (u128::from(amount) * u128::from(*weight) / total.max(1)) as u64;
    let mut parts: Vec<u64> = weights.iter().map(part).collect();
    let odd = amount - parts.iter().sum::<u64>();
    for (part, _) in parts.iter_mut().zip(0..odd) {
        *part += 1;
    }
    parts
}
