//! What packets do, hop by hop: slow, and written without a look at the walk.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use model::{PolicyKey, SegmentList, Sid, SrPolicy, sr::LastResort};

use crate::{
    case::{Case, anycast_index, anycast_sid, function, null, start_of},
    reading::Reading,
    support::*,
};

/// What became of packets: amounts by edge, and the slowest that arrived.
#[derive(Clone, Debug, Default)]
pub struct Fate {
    pub edges: BTreeMap<usize, f64>,
    /// What of these came to the edge by an interface without classifier.
    pub strays: BTreeMap<usize, f64>,
    pub arrived: f64,
    pub alive: f64,
    pub lost: bool,
    pub slowest: u64,
    pub hops: u32,
}

/// How packets of one place and stack have fared.
#[derive(Clone, Copy, Debug)]
struct Fare {
    amount: f64,
    /// What of it entered the place by an interface without classifier.
    stray: f64,
    alive: f64,
    delay: u64,
    hops: u32,
}

impl Fare {
    fn times(self, part: f64) -> Self {
        Self { amount: self.amount * part, stray: self.stray * part, alive: self.alive * part, ..self }
    }
}

/// Packets by stack (first SID first) and place; where two meet, of delay and hops the worse counts.
#[derive(Default)]
struct Pending(BTreeMap<(usize, Vec<Sid>, usize), Fare>);

impl Pending {
    fn push(&mut self, at: usize, stack: Vec<Sid>, fare: Fare) {
        let nobody = Fare { amount: 0.0, stray: 0.0, alive: 0.0, ..fare };
        let here = self.0.entry((stack.len(), stack, at)).or_insert(nobody);
        here.amount += fare.amount;
        here.stray += fare.stray;
        here.alive += fare.alive;
        here.delay = here.delay.max(fare.delay);
        here.hops = here.hops.max(fare.hops);
    }
}

pub type Chosen = Option<(u32, Vec<(u32, Vec<Sid>)>)>;

pub struct Brute<'a> {
    pub case: &'a Case,
    chosen: RefCell<BTreeMap<(usize, PolicyKey), Chosen>>,
    /// Policies that are being chosen, one inside the other.
    depth: Cell<usize>,
    /// Whether a policy led into itself unseen: a list over an anycast group may end at another node than it should, and there its
    /// binding SIDs mean something else than [`Brute::endless`] reads ahead. What packets do then is not known here.
    pub lost_count: Cell<bool>,
}

/// Far more than [`Brute::endless`] lets through.
const DEEPEST: usize = 24;

impl<'a> Brute<'a> {
    pub fn new(case: &'a Case) -> Self {
        Self { case, chosen: RefCell::default(), depth: Cell::new(0), lost_count: Cell::new(false) }
    }

    fn metric(&self, edge: usize) -> Option<u64> {
        let link = &self.case.ted.links[&link_name(edge / 2)];
        let direction = if edge.is_multiple_of(2) { &link.a_to_z } else { &link.z_to_a };
        let usable = direction.igp.value.0 < 0x00ff_ffff && !self.case.known.contains(&(edge / 2));
        usable.then_some(u64::from(direction.igp.value.0))
    }

    pub fn edges(&self) -> std::ops::Range<usize> {
        0..2 * self.case.ted.links.len()
    }

    fn overloaded(&self, node: usize) -> bool {
        self.case.ted.nodes[&name(node)].overload
    }

    /// Bellman-Ford toward the nearest of some nodes, until nothing changes.
    fn distances(&self, to: &BTreeSet<usize>) -> Vec<Option<(u64, u32)>> {
        let mut best: Vec<Option<(u64, u32)>> = vec![None; self.case.nodes];
        to.iter().for_each(|node| best[*node] = Some((0, 0)));
        loop {
            let mut changed = false;
            for edge in self.edges() {
                let (u, v) = start_of(&self.case.ted, edge);
                let (Some(metric), Some(rest)) = (self.metric(edge), best[v]) else { continue };
                if !to.contains(&v) && self.overloaded(v) {
                    continue;
                }
                let way = (rest.0 + metric, rest.1 + 1);
                if best[u].is_none_or(|known| way < known) {
                    best[u] = Some(way);
                    changed = true;
                }
            }
            if !changed {
                return best;
            }
        }
    }

    fn next_hops(&self, at: usize, to: &BTreeSet<usize>) -> Vec<usize> {
        let best = self.distances(to);
        let Some(here) = best[at] else { return Vec::new() };
        self.edges()
            .filter(|edge| {
                let (u, v) = start_of(&self.case.ted, *edge);
                let (Some(metric), Some(rest)) = (self.metric(*edge), best[v]) else { return false };
                u == at
                    && (to.contains(&v) || !self.overloaded(v))
                    && rest.0 + metric == here.0
                    && (metric > 0 || rest.1 < here.1)
            })
            .collect()
    }

    fn cross(&self, pending: &mut Pending, fate: &mut Fate, edge: usize, stack: Vec<Sid>, fare: Fare) {
        if self.case.down.contains(&(edge / 2)) {
            fate.lost = true;
            return;
        }
        let link = &self.case.ted.links[&link_name(edge / 2)];
        let line = if edge.is_multiple_of(2) { &link.a_to_z } else { &link.z_to_a };
        *fate.edges.entry(edge).or_default() += fare.amount;
        if fare.stray > 0.0 {
            *fate.strays.entry(edge).or_default() += fare.stray;
        }
        let fare = Fare {
            amount: fare.amount,
            stray: if self.is_unseen(edge) { fare.amount } else { 0.0 },
            alive: fare.alive * (1.0 - f64::from(line.loss.value.as_ppb()) / 1e9),
            delay: fare.delay + line.delay.value.as_micros(),
            hops: fare.hops + 1,
        };
        pending.push(start_of(&self.case.ted, edge).1, stack, fare);
    }

    /// Whether the node at the end of an edge has a classifier that does not look at what comes over it.
    fn is_unseen(&self, edge: usize) -> bool {
        let link = &self.case.ted.links[&link_name(edge / 2)];
        let end = if edge.is_multiple_of(2) { &link.z } else { &link.a };
        let config = &self.case.devices[&end.node];
        config.classifier.is_some() && !config.classified.contains(&end.interface)
    }

    /// Lets packets go until none is on its way. All stand at one node with stacks of their own.
    fn forward(&self, from: usize, sent: Vec<(f64, Vec<Sid>)>, end_node: usize) -> Fate {
        let mut pending = Pending::default();
        let mut fate = Fate::default();
        for (amount, stack) in sent {
            pending.push(from, stack, Fare { amount, stray: 0.0, alive: amount, delay: 0, hops: 0 });
        }
        while let Some(((_, stack, at), fare)) = pending.0.pop_last() {
            match stack.first() {
                None if at == end_node => {
                    fate.arrived += fare.amount;
                    fate.alive += fare.alive;
                    fate.slowest = fate.slowest.max(fare.delay);
                    fate.hops = fate.hops.max(fare.hops);
                }
                None => fate.lost = true,
                Some(_) => self.read(&mut pending, &mut fate, at, stack, fare),
            }
        }
        fate
    }

    /// Reads the top of the stack at the node where the packet is.
    fn read(&self, pending: &mut Pending, fate: &mut Fate, at: usize, mut stack: Vec<Sid>, fare: Fare) {
        match self.reading(at, &stack) {
            Reading::Pop => {
                stack.remove(0);
                pending.push(at, stack, fare);
            }
            Reading::Toward(nodes, index) => self.spread(pending, fate, at, stack, fare, (&nodes, index)),
            Reading::Over(edge, rest) => {
                stack.splice(0..1, rest.map(Sid::Srv6));
                self.cross(pending, fate, edge, stack, fare);
            }
            Reading::Shifted(rest) => {
                stack[0] = Sid::Srv6(rest);
                pending.push(at, stack, fare);
            }
            Reading::Enter => self.bind(pending, fate, at, stack[0], stack, fare),
            Reading::Lost => fate.lost = true,
        }
    }

    /// On toward the nearest of some nodes; a label is swapped for what the next node calls the same.
    fn spread(
        &self,
        pending: &mut Pending,
        fate: &mut Fate,
        at: usize,
        mut stack: Vec<Sid>,
        fare: Fare,
        (nodes, index): (&BTreeSet<usize>, Option<u32>),
    ) {
        let ways = self.next_hops(at, nodes);
        fate.lost |= ways.is_empty();
        for edge in &ways {
            let label = index.map(|index| self.label(start_of(&self.case.ted, *edge).1, index));
            match label {
                Some(Some(label)) => stack[0] = label,
                Some(None) => {
                    fate.lost = true;
                    continue;
                }
                None => {}
            }
            let part = 1.0 / ways.len() as f64;
            let fare = fare.times(part);
            self.cross(pending, fate, *edge, stack.clone(), fare);
        }
    }

    fn bind(&self, pending: &mut Pending, fate: &mut Fate, at: usize, top: Sid, stack: Vec<Sid>, fare: Fare) {
        let policy = self.bound(at, top);
        let Some((_, lists)) = policy.and_then(|policy| self.choose(policy, at, self.endpoint(policy)))
        else {
            fate.lost = true;
            return;
        };
        let end_of_it = policy.map(|policy| self.endpoint(policy)).unwrap();
        let total: f64 = lists.iter().map(|(weight, _)| f64::from(*weight)).sum();
        for (weight, mut inner) in lists {
            if matches!(inner.last(), Some(Sid::Srv6(_))) {
                inner.push(end(end_of_it));
            }
            inner.extend_from_slice(&stack[1..]);
            let part = f64::from(weight) / total;
            pending.push(at, inner, fare.times(part));
        }
    }

    /// The policy behind a binding SID.
    pub fn bound(&self, at: usize, sid: Sid) -> Option<&SrPolicy> {
        let held = &self.case.devices[&name(at)].policies;
        held.values().find(|policy| policy.binding_sid == Some(sid))
    }

    /// The nodes at which a list reads binding SIDs; none where a SID means nothing or the list ends elsewhere.
    fn bindings(&self, head: usize, list: &SegmentList, to: usize) -> Option<BTreeSet<usize>> {
        let is_list = list.weight > 0 && !list.sids.is_empty();
        is_list.then(|| self.read_ahead(head, self.stack(&list.sids, to), to)).flatten()
    }

    fn read_ahead(&self, head: usize, mut stack: Vec<Sid>, to: usize) -> Option<BTreeSet<usize>> {
        let nodes = 0..self.case.nodes;
        let mut at = head;
        let mut met = BTreeSet::new();
        while !stack.is_empty() {
            let sid = stack.remove(0);
            let group = self.case.groups.iter().enumerate().find(|(group, _)| {
                anycast_sid(*group) == sid || self.label(at, anycast_index(*group)) == Some(sid)
            });
            if let Some((_, members)) = group {
                let rests = members.iter().filter_map(|member| self.read_ahead(*member, stack.clone(), to));
                met.extend(rests.flatten());
                return Some(met);
            }
            if [true, false].iter().any(|srv6| function(at, *srv6) == sid) {
                continue;
            }
            if let Sid::Srv6(address) = sid {
                at = nodes.clone().find(|node| locator(*node).contains(&address))?;
            }
            let edge = self.edges().find(|edge| {
                let start = start_of(&self.case.ted, *edge).0;
                start == at && (adjacency_label(*edge) == sid || end_x(start, *edge) == sid)
            });
            if let Some(node) = nodes.clone().find(|node| self.label(at, 1 + *node as u32) == Some(sid)) {
                at = node;
            } else if let Some(edge) = edge {
                at = start_of(&self.case.ted, edge).1;
            } else if [end(at), service(at), function(at, true)].contains(&sid) {
                continue;
            } else if let Some(policy) = self.bound(at, sid) {
                met.insert(at);
                at = self.endpoint(policy);
            } else {
                let Sid::Srv6(address) = sid else { return None };
                let (out, rest) = self.shift(at, address)?;
                at = out.map_or(at, |edge| start_of(&self.case.ted, edge).1);
                stack.splice(0..0, rest.map(Sid::Srv6));
            }
        }
        (at == to).then_some(met)
    }

    /// Whether the binding SIDs of a list could lead on more than eight times.
    fn endless(&self, head: usize, list: &SegmentList, to: usize) -> bool {
        let mut front = self.bindings(head, list, to).unwrap_or_default();
        for _ in 0..8 {
            let mut next = BTreeSet::new();
            for node in front {
                let policies = self.case.devices[&name(node)].policies.values();
                for policy in policies.filter(|policy| policy.binding_sid.is_some()) {
                    for list in policy.candidates.iter().flat_map(|path| &path.lists) {
                        next.extend(self.bindings(node, list, self.endpoint(policy)).unwrap_or_default());
                    }
                }
            }
            front = next;
        }
        !front.is_empty()
    }

    fn leads_to(&self, policy: &SrPolicy) -> Option<usize> {
        (!policy.key.endpoint.is_unspecified()).then(|| self.endpoint(policy))
    }

    fn endpoint(&self, policy: &SrPolicy) -> usize {
        let is_of = |node: &usize| match policy.key.endpoint {
            IpAddr::V4(id) => router_id(*node) == id,
            IpAddr::V6(address) => locator(*node).contains(&address),
        };
        (0..self.case.nodes).find(is_of).unwrap()
    }

    /// The preference that is used and its valid lists.
    fn choose(&self, policy: &SrPolicy, head: usize, to: usize) -> Chosen {
        if let Some(known) = self.chosen.borrow().get(&(head, policy.key)) {
            return known.clone();
        }
        if self.depth.get() >= DEEPEST {
            self.lost_count.set(true);
            return None;
        }
        self.depth.set(self.depth.get() + 1);
        let chosen = policy.candidates.iter().find_map(|candidate| {
            let valid: Vec<(u32, Vec<Sid>)> = candidate
                .lists
                .iter()
                .filter(|list| self.bindings(head, list, to).is_some() && !self.endless(head, list, to))
                .filter(|list| !self.forward(head, vec![(1.0, self.stack(&list.sids, to))], to).lost)
                .map(|list| (list.weight, list.sids.clone()))
                .collect();
            (!valid.is_empty()).then_some((candidate.preference, valid))
        });
        self.depth.set(self.depth.get() - 1);
        self.chosen.borrow_mut().insert((head, policy.key), chosen.clone());
        chosen
    }

    /// SRv6 packets carry the service SID of the endpoint last.
    fn stack(&self, sids: &[Sid], to: usize) -> Vec<Sid> {
        let mut stack = sids.to_vec();
        if matches!(stack.last(), Some(Sid::Srv6(_))) {
            stack.push(service(to));
        }
        stack
    }

    /// Preference of the candidate, if a policy carries it, and what becomes of the packets.
    pub fn send(&self, from: usize, to: usize, steered: bool) -> (Option<u32>, Fate) {
        let held = self.case.devices[&name(from)].policies.values();
        let mut of_color: Vec<&SrPolicy> =
            held.filter(|policy| steered && from != to && policy.key.color == color(7)).collect();
        // The one toward the node; then those toward none, its family first.
        let exact = of_color
            .iter()
            .find(|policy| self.leads_to(policy) == Some(to))
            .map(|policy| policy.key.endpoint);
        let first = null(exact.is_some_and(|endpoint| endpoint.is_ipv6()));
        of_color.retain(|policy| self.leads_to(policy).is_none_or(|end| end == to));
        of_color.sort_by_key(|policy| (Some(policy.key.endpoint) != exact, policy.key.endpoint != first));
        for policy in of_color {
            if let Some((preference, lists)) = self.choose(policy, from, to) {
                let total: f64 = lists.iter().map(|(weight, _)| f64::from(*weight)).sum();
                let sent = lists
                    .into_iter()
                    .map(|(weight, sids)| (f64::from(weight) / total, self.stack(&sids, to)))
                    .collect();
                return (Some(preference), self.forward(from, sent, to));
            }
            if policy.last_resort == LastResort::Drop {
                return (None, Fate::default());
            }
        }
        // To the End SID of a node leads nothing but the IGP.
        (None, self.forward(from, vec![(1.0, vec![end(to)])], to))
    }
}

pub fn service(node: usize) -> Sid {
    Sid::Srv6(model::node::function_of(locator(node), 0xd46))
}
