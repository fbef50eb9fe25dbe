//! What devices are configured with, compiled for walking: steering, policies and queues by number.

pub(crate) mod chain;

use std::collections::{BTreeMap, BTreeSet};

use model::{
    CandidatePath, Color, Demand, DeviceConfig, EdgeIx, NodeId, NodeIx, PolicyKey, SegmentList, SrPolicy,
    SteeringRule, VrfName, sr::LastResort, steering::Dscp,
};

use crate::{
    network::Network,
    port::Port,
    resolve::resolve,
    segment::{Bindings, Fault, Resolved, Segment},
};

/// Binding SIDs may lead into each other so often.
const MAX_NESTING: u32 = 8;

/// A list with its weight and meaning, or why it has none.
#[derive(Clone, Debug)]
pub(crate) struct List {
    pub(crate) weight: u32,
    pub(crate) meaning: Result<Resolved, Fault>,
}

impl List {
    /// The policies behind its binding SIDs.
    fn nested(&self) -> impl Iterator<Item = usize> {
        self.meaning.iter().flat_map(Resolved::policies)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) preference: u32,
    pub(crate) discriminator: u32,
    pub(crate) lists: Vec<List>,
}

#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) head: NodeIx,
    /// None where it is by color only.
    pub(crate) endpoint: Option<NodeIx>,
    pub(crate) key: PolicyKey,
    /// The number of the first policy of that headend that leads to the same end by the same lists: what is found out for it holds
    /// for this one. Services of several classes between the same ends often have that in common.
    pub(crate) like: usize,
    pub(crate) last_resort: LastResort,
    /// The order in which they are tried.
    pub(crate) candidates: Vec<Candidate>,
    /// Whether links that go away may make a list valid that was invalid before.
    pub(crate) turns: bool,
}

impl Policy {
    /// Whether some list hands the service's packet over at its end.
    fn serves(&self) -> bool {
        let mut lists = self.candidates.iter().flat_map(|path| &path.lists);
        lists.any(|list| list.meaning.as_ref().is_ok_and(Resolved::serves))
    }

    fn nested(&self) -> impl Iterator<Item = usize> {
        self.candidates.iter().flat_map(|path| &path.lists).flat_map(List::nested)
    }
}

/// The compiled configuration of all devices. It holds no reference to what it was built from.
#[derive(Clone, Debug, Default)]
pub struct Forwarding {
    pub(crate) policies: Vec<Policy>,
    /// By headend: color and endpoint's node to policy.
    toward: BTreeMap<NodeIx, BTreeMap<(Color, NodeIx), usize>>,
    /// By headend and color: the policies whose endpoint is null, IPv4 and IPv6.
    anywhere: BTreeMap<NodeIx, BTreeMap<Color, [Option<usize>; 2]>>,
    /// By headend and VRF, in the order of sequence.
    rules: BTreeMap<NodeIx, BTreeMap<VrfName, Vec<SteeringRule>>>,
    pub(crate) ports: Vec<Port>,
    /// By edge: whether nobody classifies what comes over it, at a node that classifies elsewhere. Empty where that is so nowhere.
    astray: Vec<bool>,
}

/// What the headend's rules say about a demand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Entry {
    /// No rule matches.
    NoRule,
    /// A rule gives a color for which the headend has no policy toward that node.
    NoPolicy(Color),
    /// Into the first of these policies that is valid.
    Policies(Choice),
}

/// The policy toward a node, then those of its color that lead anywhere. At least one is there.
pub(crate) type Choice = [Option<usize>; 3];

impl Forwarding {
    /// Compiles. Devices that the network does not have are left out; so are policies whose endpoint belongs to no node.
    /// Where two policies of one color lead to one node, the lower endpoint address counts: the router id before SRv6.
    /// Of candidates of one preference the higher discriminator is tried first (RFC 9256 section 2.9).
    ///
    /// A policy whose endpoint is null, `0.0.0.0` or `::`, takes the traffic of its color for which no policy toward its node
    /// is valid (RFC 9256 section 8.8, color-only flags 01). Its binding SID leads to no node that is known before, and is
    /// taken for unknown. O(size of the configuration, log).
    pub fn build(network: &Network, devices: &BTreeMap<NodeId, DeviceConfig>) -> Self {
        let graph = network.graph();
        let known: Vec<(NodeIx, &DeviceConfig)> =
            devices.iter().filter_map(|(id, config)| Some((graph.node_ix(id)?, config))).collect();
        let mut built = Self::default();
        let mut bindings = Bindings::new();
        for (number, (head, policy, endpoint)) in policies(network, &known).enumerate() {
            built.register(&mut bindings, number, head, policy, endpoint);
        }
        let mut first = BTreeMap::new();
        for (number, (head, policy, endpoint)) in policies(network, &known).enumerate() {
            let like = *first.entry((head, endpoint, lists(policy))).or_insert(number);
            built.policies.push(compile(network, &bindings, head, policy, endpoint, like));
        }
        built.bound_nesting(network);
        for (head, config) in &known {
            let rules = built.rules.entry(*head).or_default();
            for rule in config.steering.values() {
                rules.entry(rule.key.vrf.clone()).or_default().push(rule.clone());
            }
        }
        built.ports = graph
            .edges()
            .map(|(ix, edge)| Port::new(devices.get(graph.node_id(edge.from)), network.interface(ix)))
            .collect();
        built.astray = astray(network, devices);
        built
    }

    /// Makes a policy known by what leads into it: its color and endpoint, its binding SID.
    fn register(
        &mut self,
        bindings: &mut Bindings,
        number: usize,
        head: NodeIx,
        policy: &SrPolicy,
        endpoint: Option<NodeIx>,
    ) {
        let Some(endpoint) = endpoint else {
            let any = self.anywhere.entry(head).or_default().entry(policy.key.color).or_default();
            any[usize::from(policy.key.endpoint.is_ipv6())].get_or_insert(number);
            return;
        };
        let toward = self.toward.entry(head).or_default();
        toward.entry((policy.key.color, endpoint)).or_insert(number);
        if let Some(sid) = policy.binding_sid {
            bindings.entry((head, sid)).or_insert((number, endpoint));
        }
    }

    /// The pairs of nodes between which lists follow shortest paths, as far as they are known before: of preferred candidates
    /// only, or of all.
    pub(crate) fn pairs(&self, network: &Network, all: bool) -> Vec<(NodeIx, NodeIx)> {
        let mut pairs = Vec::new();
        for policy in &self.policies {
            let candidates = policy.candidates.iter().take(if all { usize::MAX } else { 1 });
            for list in candidates.flat_map(|path| &path.lists).flat_map(|list| &list.meaning) {
                let mut at = policy.head;
                for segment in &list.segments {
                    let to = match segment {
                        Segment::Node(node) | Segment::Labelled(node, _) => {
                            pairs.push((at, *node));
                            Some(*node)
                        }
                        Segment::Edge(edge) => Some(network.graph().edge(*edge).to),
                        Segment::Function(node) => Some(*node),
                        Segment::Policy(number) => self.policies[*number].endpoint,
                    };
                    at = to.unwrap_or(at);
                }
            }
        }
        pairs
    }

    /// Makes lists invalid whose binding SIDs could lead on more than [`MAX_NESTING`] times, or into a policy that ends in a
    /// service, behind which nothing can follow. Whether they would depends on what fails; that they could does not, so that
    /// walks always end and never depend on where they begin.
    fn bound_nesting(&mut self, network: &Network) {
        for policy in &mut self.policies {
            let mut lists =
                policy.candidates.iter().flat_map(|path| &path.lists).flat_map(|list| &list.meaning);
            policy.turns = lists.any(Resolved::turns);
        }
        if self.policies.iter().all(|policy| policy.nested().next().is_none()) {
            return;
        }
        let mut levels = vec![0; self.policies.len()];
        for _ in 0..=MAX_NESTING {
            levels = self
                .policies
                .iter()
                .map(|policy| policy.nested().map(|inner| levels[inner] + 1).max().unwrap_or(0))
                .collect();
        }
        let name = |node: NodeIx| network.graph().node_id(node).clone();
        let fault_behind = |policy: &Policy, level: u32| match policy.endpoint {
            _ if level >= MAX_NESTING => Some(Fault::Endless { at: name(policy.head) }),
            Some(endpoint) if policy.serves() => Some(Fault::EndsAt { node: name(endpoint) }),
            _ => None,
        };
        let behind: Vec<Option<Fault>> =
            self.policies.iter().zip(levels).map(|(policy, level)| fault_behind(policy, level)).collect();
        for policy in &mut self.policies {
            for list in policy.candidates.iter_mut().flat_map(|path| &mut path.lists) {
                let fault = list.nested().find_map(|inner| behind[inner].clone());
                if let Some(fault) = fault {
                    list.meaning = Err(fault);
                }
            }
        }
    }

    /// What the rules of the headend say: the lowest sequence whose VRF, prefix and code points match gives the color.
    /// A demand without a destination stands for all that is behind its node; only a rule without a prefix matches it.
    pub(crate) fn entry(&self, from: NodeIx, to: NodeIx, demand: &Demand) -> Entry {
        let rules = self.rules.get(&from).and_then(|vrfs| vrfs.get(&demand.vrf));
        let Some(rule) = rules.into_iter().flatten().find(|rule| matches(rule, demand)) else {
            return Entry::NoRule;
        };
        let exact = self.toward.get(&from).and_then(|policies| policies.get(&(rule.color, to))).copied();
        let any = self.anywhere.get(&from).and_then(|colors| colors.get(&rule.color));
        let [v4, v6] = any.copied().unwrap_or_default();
        // A null endpoint of the family of the policy toward the node comes first (RFC 9256 section 8.8).
        let v6_first = exact.is_some_and(|number| self.policies[number].key.endpoint.is_ipv6());
        let choice = if v6_first { [exact, v6, v4] } else { [exact, v4, v6] };
        if choice == [None; 3] { Entry::NoPolicy(rule.color) } else { Entry::Policies(choice) }
    }

    /// The number of the queue that packets of this code point find at the start of an edge, or that strays find there.
    pub(crate) fn queue(&self, edge: EdgeIx, dscp: Dscp, stray: bool) -> usize {
        self.ports[edge.ix()].queue(dscp, stray)
    }

    /// Whether what comes over an edge strays at its end.
    pub(crate) fn is_astray(&self, edge: EdgeIx) -> bool {
        self.astray.get(edge.ix()).copied().unwrap_or(false)
    }

    /// Whether anything may stray anywhere.
    pub(crate) fn has_strays(&self) -> bool {
        !self.astray.is_empty()
    }
}

/// By edge: whether the node at its end has a classifier and does not look there. Without one, all traffic finds the lowest queue
/// anyway.
fn astray(network: &Network, devices: &BTreeMap<NodeId, DeviceConfig>) -> Vec<bool> {
    let graph = network.graph();
    let edges = graph.edges().map(|(ix, edge)| {
        let config = devices.get(graph.node_id(edge.to)).filter(|config| config.classifier.is_some());
        let looks = |config: &DeviceConfig| config.classified.contains(network.interface(ix.reverse()));
        network.is_bound(edge.to) && config.is_some_and(|config| !looks(config))
    });
    let astray: Vec<bool> = edges.collect();
    if astray.contains(&true) { astray } else { Vec::new() }
}

/// All policies whose endpoint belongs to a node or is null, headends ascending, then keys.
fn policies<'a>(
    network: &'a Network,
    devices: &'a [(NodeIx, &'a DeviceConfig)],
) -> impl Iterator<Item = (NodeIx, &'a SrPolicy, Option<NodeIx>)> {
    devices.iter().flat_map(move |(head, config)| {
        config.policies.values().filter_map(move |policy| match policy.key.endpoint {
            null if null.is_unspecified() => Some((*head, policy, None)),
            endpoint => Some((*head, policy, Some(network.owner(endpoint)?))),
        })
    })
}

/// The lists of a policy, candidate by candidate in the order in which they are tried.
fn lists(policy: &SrPolicy) -> Vec<&[SegmentList]> {
    let mut paths: Vec<&CandidatePath> = policy.candidates.iter().collect();
    paths.sort_by_key(|path| rank(path.preference, path.discriminator));
    paths.into_iter().map(|path| path.lists.as_slice()).collect()
}

/// Higher preferences first, then higher discriminators: all are of one origin and originator (RFC 9256 section 2.9).
const fn rank(preference: u32, discriminator: u32) -> std::cmp::Reverse<(u32, u32)> {
    std::cmp::Reverse((preference, discriminator))
}

fn compile(
    network: &Network,
    bindings: &Bindings,
    head: NodeIx,
    policy: &SrPolicy,
    endpoint: Option<NodeIx>,
    like: usize,
) -> Policy {
    let list = |list: &SegmentList| List {
        weight: list.weight,
        meaning: resolve(network, bindings, head, list, endpoint),
    };
    let candidate = |path: &CandidatePath| Candidate {
        preference: path.preference,
        discriminator: path.discriminator,
        lists: path.lists.iter().map(list).collect(),
    };
    let mut candidates: Vec<Candidate> = policy.candidates.iter().map(candidate).collect();
    candidates.sort_by_key(|path| rank(path.preference, path.discriminator));
    let (key, last_resort) = (policy.key, policy.last_resort);
    Policy { head, endpoint, key, like, last_resort, candidates, turns: false }
}

fn matches(rule: &SteeringRule, demand: &Demand) -> bool {
    let code_point = |set: &BTreeSet<Dscp>| set.is_empty() || set.contains(&demand.dscp);
    let destination = match (&rule.prefix, &demand.destination) {
        (None, _) => true,
        (Some(prefix), Some(destination)) => prefix.contains(destination),
        (Some(_), None) => false,
    };
    destination && code_point(&rule.dscp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_candidates_of_one_preference_the_higher_discriminator_is_tried_first() {
        // Each is known by the weight of its list.
        let path = |preference: u32, discriminator: u32, weight: u32| CandidatePath {
            discriminator,
            preference,
            name: format!("p{weight}"),
            lists: vec![SegmentList { weight, sids: Vec::new() }],
        };
        let policy = SrPolicy {
            key: PolicyKey { color: 7_u32.try_into().unwrap(), endpoint: "10.0.0.1".parse().unwrap() },
            name: "tl-7".to_owned(),
            binding_sid: None,
            candidates: vec![path(100, 5, 1), path(100, 9, 2), path(200, 1, 3), path(50, 99, 4)],
            last_resort: LastResort::Igp,
        };
        let weights: Vec<u32> = lists(&policy).into_iter().flatten().map(|list| list.weight).collect();
        assert_eq!(weights, [3, 2, 1, 4]);
    }
}
