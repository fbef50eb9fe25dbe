//! What devices are configured with, compiled for walking: steering, policies and queues by number.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Color, Demand, DeviceConfig, Discipline, EdgeIx, InterfaceQos, NodeId, NodeIx, PolicyKey, QueueName,
    QueueShare, SteeringRule, VrfName, sr::LastResort, steering::Dscp,
};

use crate::{
    network::Network,
    segment::{Bindings, Fault, Segment, resolve},
};

/// The name of the one queue of an interface that has none configured.
pub const DEFAULT_QUEUE: &str = "default";

/// Binding SIDs may lead into each other so often.
const MAX_NESTING: u32 = 8;

/// A list with its weight and meaning, or why it has none.
#[derive(Clone, Debug)]
pub(crate) struct List {
    pub(crate) weight: u32,
    pub(crate) segments: Result<Vec<Segment>, Fault>,
}

impl List {
    /// The policies behind its binding SIDs.
    fn nested(&self) -> impl Iterator<Item = usize> {
        self.segments.iter().flatten().filter_map(|segment| match segment {
            Segment::Policy(number) => Some(*number),
            _ => None,
        })
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
    pub(crate) key: PolicyKey,
    pub(crate) last_resort: LastResort,
    /// The order in which they are tried.
    pub(crate) candidates: Vec<Candidate>,
    /// Whether any list goes through a binding SID: what becomes of it then depends on other policies.
    pub(crate) nests: bool,
}

impl Policy {
    fn nested(&self) -> impl Iterator<Item = usize> {
        self.candidates.iter().flat_map(|path| &path.lists).flat_map(List::nested)
    }
}

/// The queues at the start of an edge.
#[derive(Clone, Debug)]
pub(crate) struct Port {
    pub(crate) names: Vec<QueueName>,
    pub(crate) shares: Vec<QueueShare>,
    /// The number of the queue of each code point.
    of_dscp: [u16; 64],
}

/// The compiled configuration of all devices. It holds no reference to what it was built from.
#[derive(Clone, Debug)]
pub struct Forwarding {
    pub(crate) policies: Vec<Policy>,
    /// By headend: color and endpoint's node to policy.
    toward: BTreeMap<NodeIx, BTreeMap<(Color, NodeIx), usize>>,
    /// By headend and VRF, in the order of sequence.
    rules: BTreeMap<NodeIx, BTreeMap<VrfName, Vec<SteeringRule>>>,
    pub(crate) ports: Vec<Port>,
}

/// What the headend's rules say about a demand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Entry {
    /// No rule matches.
    NoRule,
    /// A rule gives a color for which the headend has no policy toward that node.
    NoPolicy(Color),
    /// Into this policy.
    Policy(usize),
}

impl Forwarding {
    /// Compiles. Devices that the network does not have are left out; so are policies whose endpoint belongs to no node.
    /// Where two policies of one color lead to one node, the lower endpoint address counts: the router id before SRv6.
    /// Candidates of one preference are tried in the order of discriminators (RFC 9256 section 2.9).
    /// O(size of the configuration, log).
    pub fn build(network: &Network, devices: &BTreeMap<NodeId, DeviceConfig>) -> Self {
        let graph = network.graph();
        let mut built =
            Self { policies: Vec::new(), toward: BTreeMap::new(), rules: BTreeMap::new(), ports: Vec::new() };
        let known: Vec<(NodeIx, &DeviceConfig)> =
            devices.iter().filter_map(|(id, config)| Some((graph.node_ix(id)?, config))).collect();
        let mut bindings = Bindings::new();
        for (number, (head, policy, endpoint)) in policies(network, &known).enumerate() {
            built.toward.entry(head).or_default().entry((policy.key.color, endpoint)).or_insert(number);
            if let Some(sid) = policy.binding_sid {
                bindings.entry((head, sid)).or_insert((number, endpoint));
            }
        }
        for (head, policy, endpoint) in policies(network, &known) {
            let mut candidates: Vec<Candidate> = policy
                .candidates
                .iter()
                .map(|path| Candidate {
                    preference: path.preference,
                    discriminator: path.discriminator,
                    lists: path
                        .lists
                        .iter()
                        .map(|list| List {
                            weight: list.weight,
                            segments: resolve(network, &bindings, head, list, endpoint),
                        })
                        .collect(),
                })
                .collect();
            candidates.sort_by_key(|path| (std::cmp::Reverse(path.preference), path.discriminator));
            built.policies.push(Policy {
                head,
                key: policy.key,
                last_resort: policy.last_resort,
                candidates,
                nests: false,
            });
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
            .map(|(ix, edge)| port(devices.get(graph.node_id(edge.from)), network.interface(ix)))
            .collect();
        built
    }

    /// Makes lists invalid whose binding SIDs could lead on more than [`MAX_NESTING`] times. Whether they would depends on
    /// what fails; that they could does not, so that walks always end and never depend on where they begin.
    fn bound_nesting(&mut self, network: &Network) {
        let mut levels = vec![0; self.policies.len()];
        for _ in 0..=MAX_NESTING {
            levels = self
                .policies
                .iter()
                .map(|policy| policy.nested().map(|inner| levels[inner] + 1).max().unwrap_or(0))
                .collect();
        }
        let heads: Vec<NodeIx> = self.policies.iter().map(|policy| policy.head).collect();
        for list in
            self.policies.iter_mut().flat_map(|policy| &mut policy.candidates).flat_map(|c| &mut c.lists)
        {
            let endless = list.nested().find(|inner| levels[*inner] >= MAX_NESTING);
            if let Some(inner) = endless {
                let at = network.graph().node_id(heads[inner]).clone();
                list.segments = Err(Fault::Endless { at });
            }
        }
        for policy in &mut self.policies {
            let nests = policy.nested().next().is_some();
            policy.nests = nests;
        }
    }

    /// What the rules of the headend say: the lowest sequence whose VRF, prefix and code points match gives the color.
    /// A demand without a destination stands for all that is behind its node; only a rule without a prefix matches it.
    pub(crate) fn entry(&self, from: NodeIx, to: NodeIx, demand: &Demand) -> Entry {
        let rules = self.rules.get(&from).and_then(|vrfs| vrfs.get(&demand.vrf));
        let Some(rule) = rules.into_iter().flatten().find(|rule| matches(rule, demand)) else {
            return Entry::NoRule;
        };
        self.toward
            .get(&from)
            .and_then(|policies| policies.get(&(rule.color, to)))
            .map_or(Entry::NoPolicy(rule.color), |policy| Entry::Policy(*policy))
    }

    /// The number of the queue that packets of this code point find at the start of an edge.
    pub(crate) fn queue(&self, edge: EdgeIx, dscp: Dscp) -> usize {
        usize::from(self.ports[edge.ix()].of_dscp[usize::from(dscp.number() & 63)])
    }
}

/// All policies whose endpoint belongs to a node, headends ascending, then keys.
fn policies<'a>(
    network: &'a Network,
    devices: &'a [(NodeIx, &'a DeviceConfig)],
) -> impl Iterator<Item = (NodeIx, &'a model::SrPolicy, NodeIx)> {
    devices.iter().flat_map(move |(head, config)| {
        config
            .policies
            .values()
            .filter_map(move |policy| Some((*head, policy, network.owner(policy.key.endpoint)?)))
    })
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

fn port(device: Option<&DeviceConfig>, interface: &model::InterfaceName) -> Port {
    let qos = device.and_then(|config| config.qos.get(interface)).filter(|qos| !qos.queues.is_empty());
    let Some(qos) = qos else {
        let share = QueueShare { discipline: Discipline::Weighted(1), guarantee: model::Bandwidth::ZERO };
        return Port { names: vec![QueueName::lit(DEFAULT_QUEUE)], shares: vec![share], of_dscp: [0; 64] };
    };
    let names: Vec<QueueName> = qos.queues.keys().cloned().collect();
    let place = |name: &QueueName| names.binary_search(name).ok().and_then(|ix| u16::try_from(ix).ok());
    let rest = lowest(qos).and_then(place).unwrap_or(0);
    let mut of_dscp = [rest; 64];
    if let Some(classifier) = device.and_then(|config| config.classifier.as_ref()) {
        for (dscp, queue) in &classifier.queues {
            of_dscp[usize::from(dscp.number() & 63)] = place(queue).unwrap_or(rest);
        }
    }
    Port { shares: qos.queues.values().copied().collect(), names, of_dscp }
}

/// The queue of all that is not classified, or classified to a queue that the interface lacks: the least weight, then the
/// least guarantee, then the first name. Strict queues come last.
fn lowest(qos: &InterfaceQos) -> Option<&QueueName> {
    let rank = |share: &QueueShare| match share.discipline {
        Discipline::Weighted(weight) => (0, weight, share.guarantee),
        Discipline::Strict => (1, 0, share.guarantee),
    };
    qos.queues.iter().min_by_key(|(_, share)| rank(share)).map(|(name, _)| name)
}
