//! Which way a demand goes: the candidate that is valid now, its lists, and every edge with its share.

use std::{collections::BTreeMap, sync::Arc};

use model::{EdgeIx, NodeId, NodeIx, sr::LastResort};

use crate::{
    WHOLE,
    branch::{Branch, Split, Stretch, divide, leaves, push, scale},
    failure::Parts,
    flow::{DropReason, IgpReason, Shares, Via},
    forwarding::{Choice, Entry, Forwarding},
    network::{Goal, Network},
    segment::{Fault, Fork, Resolved, Segment, Tail},
    spf::{Igp, Spread},
    stray::strays,
};

/// So many lists may come out of binding SIDs.
const MAX_BRANCHES: usize = 64;

/// The lists that carry a demand; many demands share one.
pub(crate) type Way = Arc<[Branch]>;

/// Where a demand goes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Route {
    pub(crate) via: Via,
    pub(crate) branches: Way,
    /// Edges ascending, with what they carry out of [`WHOLE`].
    pub(crate) shares: Shares,
    /// What of it strays.
    pub(crate) strays: Shares,
}

impl Route {
    pub(crate) fn dropped(why: DropReason) -> Self {
        let (shares, strays) = <(Shares, Shares)>::default();
        Self { via: Via::Dropped(why), branches: Arc::default(), shares, strays }
    }
}

/// Finds ways under one outage.
pub(crate) struct Router<'a, 'i> {
    network: &'a Network,
    forwarding: &'a Forwarding,
    igp: &'i mut Igp<'a>,
    down: Arc<Parts>,
    /// Policies that were judged already, by the first of those that say the same; those without endpoint once for each node that
    /// traffic goes to.
    judged: BTreeMap<(usize, Option<NodeIx>), Judged>,
}

/// The candidate of highest preference that is valid; or every candidate's first fault.
type Judged = Result<Chosen, Arc<[Fault]>>;

/// A candidate that carries.
#[derive(Clone, Debug)]
struct Chosen {
    /// Its place among those of its policy.
    place: usize,
    branches: Way,
    shares: Shares,
    strays: Shares,
}

impl<'a, 'i> Router<'a, 'i> {
    /// `down` is what does not forward; the IGP may know of less.
    pub(crate) fn new(
        network: &'a Network,
        forwarding: &'a Forwarding,
        igp: &'i mut Igp<'a>,
        down: Arc<Parts>,
    ) -> Self {
        Self { network, forwarding, igp, down, judged: BTreeMap::new() }
    }

    fn name(&self, node: NodeIx) -> NodeId {
        self.network.graph().node_id(node).clone()
    }

    /// The way of a demand from one node to another.
    pub(crate) fn route(&mut self, from: NodeIx, to: NodeIx, entry: Entry) -> Route {
        if let Some(node) = [from, to].into_iter().find(|node| self.down.has_node(*node)) {
            return Route::dropped(DropReason::NodeDown(self.name(node)));
        }
        let why = match entry {
            _ if from == to => {
                return self.by_igp(IgpReason::Local, Branch::whole(0));
            }
            Entry::NoRule => IgpReason::NoRule,
            Entry::NoPolicy(color) => IgpReason::NoPolicy(color),
            Entry::Policies(choice) => match self.choose(choice, to) {
                Ok(route) => return route,
                Err(why) => why,
            },
        };
        match self.igp.spread(from, Goal::Node(to)) {
            Some(spread) => {
                let mut branch = Branch::whole(1);
                branch.stretches.push(Stretch::Spread(spread));
                self.by_igp(why, branch)
            }
            None => Route::dropped(DropReason::Unreachable {
                from: self.name(from),
                to: self.name(to),
                after: Box::new(why),
            }),
        }
    }

    /// The way by the first policy that is valid; or why it is left to the IGP, which is the fault of the first.
    fn choose(&mut self, choice: Choice, to: NodeIx) -> Result<Route, IgpReason> {
        let mut why = None;
        for number in choice.into_iter().flatten() {
            let policy = &self.forwarding.policies[number];
            let key = policy.key;
            match self.policy(number, to) {
                Ok(Chosen { place, branches, shares, strays }) => {
                    let path = &policy.candidates[place];
                    let (preference, discriminator) = (path.preference, path.discriminator);
                    return Ok(Route {
                        via: Via::Policy { key, preference, discriminator },
                        branches,
                        shares,
                        strays,
                    });
                }
                Err(faults) if policy.last_resort == LastResort::Drop => {
                    return Ok(Route::dropped(DropReason::PolicyInvalid { key, faults: faults.to_vec() }));
                }
                Err(faults) => {
                    why.get_or_insert_with(|| IgpReason::PolicyInvalid { key, faults: faults.to_vec() });
                }
            }
        }
        Err(why.unwrap_or(IgpReason::NoRule))
    }

    fn by_igp(&self, reason: IgpReason, branch: Branch) -> Route {
        let branches = [branch];
        let (shares, strays) = self.shares(&branches);
        Route { via: Via::Igp(reason), branches: branches.into(), shares, strays }
    }

    /// What edges carry, and what of it strays.
    fn shares(&self, branches: &[Branch]) -> (Shares, Shares) {
        let mut shares: Vec<(EdgeIx, u64)> = Vec::new();
        for branch in branches {
            branch.pour(branch.amount, &self.down, &mut |edge, share| shares.push((edge, share)));
        }
        let strays = match self.forwarding.has_strays() {
            true => strays(branches, &self.down, &|edge| self.forwarding.is_astray(edge)),
            false => Vec::new(),
        };
        (added_up(shares), added_up(strays))
    }

    /// What becomes of a policy, for traffic to a node.
    fn policy(&mut self, number: usize, to: NodeIx) -> Judged {
        let policy = &self.forwarding.policies[number];
        let place = (policy.like, policy.endpoint.is_none().then_some(to));
        if let Some(judged) = self.judged.get(&place) {
            return judged.clone();
        }
        let judged = self.judge(number, to);
        self.judged.insert(place, judged.clone());
        judged
    }

    fn judge(&mut self, number: usize, to: NodeIx) -> Judged {
        let policy = &self.forwarding.policies[number];
        let mut faults = Vec::new();
        for (place, candidate) in policy.candidates.iter().enumerate() {
            let mut valid: Vec<(u64, Vec<Branch>)> = Vec::new();
            let mut fault = None;
            for list in &candidate.lists {
                let walked = match &list.meaning {
                    Ok(meaning) => self.walk(policy.head, meaning, to),
                    Err(fault) => Err(fault.clone()),
                };
                match walked {
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
            let (shares, strays) = self.shares(&branches);
            return Ok(Chosen { place, branches: branches.into(), shares, strays });
        }
        Err(faults.into())
    }

    /// Walks a list from some node on. It is valid only where nothing on its way is down.
    fn walk(&mut self, head: NodeIx, list: &Resolved, to: NodeIx) -> Result<Vec<Branch>, Fault> {
        let graph = self.network.graph();
        let mut branches = vec![Branch::whole(list.segments.len())];
        let mut at = head;
        for segment in &list.segments {
            match segment {
                Segment::Node(node) => self.go(&mut branches, &mut at, *node, None)?,
                Segment::Labelled(node, index) => self.go(&mut branches, &mut at, *node, Some(*index))?,
                Segment::Edge(edge) => {
                    if self.down.has(*edge) {
                        return Err(Fault::LinkDown { link: graph.link_id(*edge).clone() });
                    }
                    push(&mut branches, &Stretch::Edge(*edge));
                    at = graph.edge(*edge).to;
                }
                // Whatever it does to packets, it gives them back where it has them from.
                Segment::Function(_) => {}
                Segment::Policy(number) => {
                    let inner = &self.forwarding.policies[*number];
                    let end = inner.endpoint.unwrap_or(at);
                    let Ok(Chosen { branches: nested, .. }) = self.policy(*number, end) else {
                        return Err(Fault::Binding { at: self.name(at), key: inner.key });
                    };
                    if leaves(&branches) * leaves(&nested) > MAX_BRANCHES {
                        return Err(Fault::Endless { at: self.name(at) });
                    }
                    branches = branches.iter().flat_map(|branch| branch.then(&nested)).collect();
                    at = end;
                }
            }
        }
        match &list.tail {
            Tail::Done | Tail::Served => {}
            Tail::Fork(fork) => self.fork(&mut branches, at, fork, to)?,
            _ if at == to => {}
            Tail::Onward if self.network.has_locator(to) => self.go(&mut branches, &mut at, to, None)?,
            Tail::Onward | Tail::There => return Err(Fault::EndsAt { node: self.name(at) }),
        }
        Ok(branches)
    }

    /// All branches on to the nearest nodes of an anycast group, and from each of them on by what the rest means there.
    fn fork(&mut self, branches: &mut [Branch], at: NodeIx, fork: &Fork, to: NodeIx) -> Result<(), Fault> {
        let spread = self.spread(at, Goal::Group(fork.group), fork.index)?;
        let mut then = Vec::with_capacity(spread.ends.len());
        for (end, member) in &*spread.ends {
            let place = fork.then.binary_search_by_key(member, |(node, _)| *node);
            let Some((_, rest)) = place.ok().and_then(|place| fork.then.get(place)) else { continue };
            then.push((*end, self.walk(*member, rest.as_ref().map_err(Clone::clone)?, to)?));
        }
        let split = Split { spread, then };
        if leaves(branches) * split.leaves() > MAX_BRANCHES {
            return Err(Fault::Endless { at: self.name(at) });
        }
        for branch in branches {
            branch.each_leaf(&mut |leaf| leaf.fork = Some(Box::new(split.clone())));
        }
        Ok(())
    }

    /// All branches on to a node.
    fn go(
        &mut self,
        branches: &mut [Branch],
        at: &mut NodeIx,
        node: NodeIx,
        index: Option<u32>,
    ) -> Result<(), Fault> {
        let spread = self.spread(*at, Goal::Node(node), index)?;
        push(branches, &Stretch::Spread(spread));
        *at = node;
        Ok(())
    }

    /// Shortest paths that nothing on them forbids; `index` is that of a label that not every node has.
    fn spread(&mut self, from: NodeIx, goal: Goal, index: Option<u32>) -> Result<Arc<Spread>, Fault> {
        let graph = self.network.graph();
        let to = match goal {
            Goal::Node(node) => node,
            Goal::Group(group) => self.network.group(group)[0],
        };
        let Some(spread) = self.igp.spread(from, goal) else {
            return Err(Fault::Unreachable { from: self.name(from), to: self.name(to) });
        };
        if let Some(edge) = spread.meets(&self.down) {
            return Err(Fault::LinkDown { link: graph.link_id(edge).clone() });
        }
        if let Some(index) = index {
            let ends =
                spread.steps.iter().map(|step| graph.edge(step.edge)).flat_map(|edge| [edge.from, edge.to]);
            if let Some(node) = ends.into_iter().find(|node| !self.network.labels(*node, index)) {
                return Err(Fault::NoLabel { at: self.name(node), to: self.name(to), index });
            }
        }
        Ok(spread)
    }
}

/// Edges ascending, each once with all that was said of it.
fn added_up(mut shares: Vec<(EdgeIx, u64)>) -> Shares {
    shares.sort_unstable();
    shares.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
    shares.into()
}
