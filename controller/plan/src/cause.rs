//! Who asked for an object: from policies, colors and interfaces back to services and intents.
//!
//! Every edit names its intents and its rule. The desired state does not say for whom an object stands there, so that equal
//! configuration is equal; the verdicts and the allocations do, and this is the index over them.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Allocations, Bandwidth, Color, Hints, IntentId, IntentSet, InterfaceName, Link, LinkId, NodeId,
    PolicyKey, Service, ServiceId, SteeringRule, Ted, Verdict, link::Side, verdict::DirectionVerdict,
};

/// The index. Built once for a plan: O(services x hops x log nodes). It borrows all names, because a network of ten thousand routers
/// has millions of hops.
#[derive(Clone, Debug)]
pub struct Causes<'a> {
    pub(crate) set: &'a IntentSet,
    pub(crate) ted: &'a Ted,
    /// What the plan gives each service.
    pub(crate) after: &'a BTreeMap<ServiceId, Verdict>,
    /// What each service had, where known.
    pub(crate) before: Option<&'a BTreeMap<ServiceId, Verdict>>,
    /// What the loop knows that the TED does not.
    pub(crate) hints: Option<&'a Hints>,
    colors: BTreeMap<Color, &'a IntentId>,
    nodes: BTreeMap<&'a NodeId, Place<'a>>,
}

/// What stands and passes at one device.
#[derive(Clone, Debug, Default)]
struct Place<'a> {
    policies: BTreeMap<PolicyKey, &'a ServiceId>,
    /// Services by the color by which they leave here.
    steered: BTreeMap<Color, BTreeSet<&'a ServiceId>>,
    /// Intents whose paths or backups touch it.
    intents: BTreeSet<&'a IntentId>,
    /// Of these, by the link by which they leave.
    links: BTreeMap<&'a LinkId, BTreeSet<&'a IntentId>>,
    /// Where its interfaces lead.
    interfaces: BTreeMap<&'a InterfaceName, (&'a Link, Side)>,
}

/// The hops that were put in a moment ago: paths of one intent have most of theirs in common, and seeing that one is in already costs
/// less than looking its names up among ten thousand. A name is known by where its text stands, which does not change while it is
/// borrowed; one that is not recognised is put in once more, which changes nothing.
#[derive(Debug)]
struct Recent(Vec<[usize; 3]>);

/// In so many bits a place is numbered.
const BITS: u32 = 12;

/// 2^64 by the golden ratio: neighbouring addresses come to distant places.
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

impl Recent {
    fn none() -> Self {
        Self(vec![[0; 3]; 1 << BITS])
    }

    fn is_new(&mut self, node: &str, link: &str, intent: &IntentId) -> bool {
        let hop = [node, link, intent.as_str()].map(|name| name.as_ptr().addr());
        let mixed =
            hop.iter().fold(0, |mixed: u64, at| (mixed ^ *at as u64).wrapping_mul(MIX).rotate_left(32));
        let place = (mixed.wrapping_mul(MIX) >> (u64::BITS - BITS)) as usize;
        std::mem::replace(&mut self.0[place], hop) != hop
    }
}

/// The directions of a service that is carried.
pub(crate) fn directions(verdict: Option<&Verdict>) -> &[DirectionVerdict] {
    match verdict {
        Some(Verdict::Carried { directions, .. }) => directions,
        Some(Verdict::Refused { .. }) | None => &[],
    }
}

impl<'a> Causes<'a> {
    /// Builds the index for what is planned.
    pub fn of(
        set: &'a IntentSet,
        ids: &'a Allocations,
        verdicts: &'a BTreeMap<ServiceId, Verdict>,
        ted: &'a Ted,
    ) -> Self {
        let mut nodes: BTreeMap<&NodeId, Place<'_>> =
            ted.nodes.keys().map(|node| (node, Place::default())).collect();
        for link in ted.links.values() {
            for side in [Side::A, Side::Z] {
                let end = link.end(side);
                nodes.entry(&end.node).or_default().interfaces.entry(&end.interface).or_insert((link, side));
            }
        }
        let colors = ids.colors.iter().map(|(intent, color)| (*color, intent)).collect();
        let mut causes = Self { set, ted, after: verdicts, before: None, hints: None, colors, nodes };
        causes.index(verdicts);
        causes
    }

    /// With what each service had before, so that the report shows both and removed objects find their owners.
    #[must_use]
    pub fn since(mut self, before: &'a BTreeMap<ServiceId, Verdict>) -> Self {
        self.before = Some(before);
        self.index(before);
        self
    }

    /// With what the loop has learned, so that a moved service says what it was moved away from.
    #[must_use]
    pub const fn knowing(mut self, hints: &'a Hints) -> Self {
        self.hints = Some(hints);
        self
    }

    fn index(&mut self, verdicts: &'a BTreeMap<ServiceId, Verdict>) {
        let mut recent = Recent::none();
        for (id, verdict) in verdicts {
            for direction in directions(Some(verdict)) {
                let key = direction.policy;
                let head = self.nodes.entry(&direction.from).or_default();
                head.policies.entry(key).or_insert(id);
                head.steered.entry(key.color).or_default().insert(id);
                let Some(intent) = self.intent_of(id, key.color) else { continue };
                for route in [Some(&direction.primary), direction.backup.as_ref()].into_iter().flatten() {
                    // A path has one hop less than nodes; the last node is left by none.
                    let hops = route.path.hops.iter().map(Some).chain([None]);
                    for (node, hop) in route.path.nodes.iter().zip(hops) {
                        if !recent.is_new(node.as_str(), hop.map_or("", |hop| hop.link.as_str()), intent) {
                            continue;
                        }
                        let place = self.nodes.entry(node).or_default();
                        place.intents.insert(intent);
                        if let Some(hop) = hop {
                            place.links.entry(&hop.link).or_default().insert(intent);
                        }
                    }
                }
            }
        }
    }

    /// The intent of a service; that of its color where the service is gone.
    fn intent_of(&self, id: &ServiceId, color: Color) -> Option<&'a IntentId> {
        let service = self.set.services.get(id).map(|service| &service.intent);
        service.or_else(|| self.colors.get(&color).copied())
    }

    /// The service that a policy carries.
    pub fn service(&self, node: &NodeId, key: PolicyKey) -> Option<&'a ServiceId> {
        self.nodes.get(node)?.policies.get(&key).copied()
    }

    /// The intents behind a color.
    pub fn of_color(&self, color: Color) -> Vec<IntentId> {
        self.colors.get(&color).copied().cloned().into_iter().collect()
    }

    /// The intents whose paths or backups leave by an interface.
    pub fn of_interface(&self, node: &NodeId, interface: &InterfaceName) -> Vec<IntentId> {
        let leave = || {
            let place = self.nodes.get(node)?;
            let (link, _) = place.interfaces.get(interface)?;
            place.links.get(&link.id)
        };
        leave().into_iter().flatten().copied().cloned().collect()
    }

    /// The intents whose paths or backups touch a device.
    pub fn of_node(&self, node: &NodeId) -> Vec<IntentId> {
        self.nodes.get(node).into_iter().flat_map(|place| &place.intents).copied().cloned().collect()
    }

    /// The services whose traffic a steering rule takes: those of its color on that headend, narrowed by prefix and code
    /// points where that leaves any.
    pub fn of_rule(&self, node: &NodeId, rule: &SteeringRule) -> BTreeSet<&'a ServiceId> {
        let steered = self.nodes.get(node).and_then(|place| place.steered.get(&rule.color));
        let Some(all) = steered else { return BTreeSet::new() };
        let fits = |service: &Service| {
            service.vrf == rule.key.vrf
                && service.matches.iter().any(|m| m.prefix == rule.prefix && m.dscp.is_subset(&rule.dscp))
        };
        let narrow: BTreeSet<&ServiceId> =
            all.iter().copied().filter(|id| self.set.services.get(*id).is_some_and(fits)).collect();
        if narrow.is_empty() { all.clone() } else { narrow }
    }

    /// What an interface can carry.
    pub(crate) fn capacity(&self, node: &NodeId, interface: &InterfaceName) -> Option<Bandwidth> {
        let (link, side) = self.nodes.get(node)?.interfaces.get(interface)?;
        Some(link.direction(*side).bandwidth.value)
    }

    /// What a service was moved away from, where the loop moved it or a person did.
    pub(crate) fn relief(&self, service: &ServiceId) -> Option<&str> {
        let hints = self.hints?;
        let balance = || hints.balanced.get(service).map(|balance| balance.why.as_str());
        hints.relief.get(service).map(|relief| relief.why.as_str()).or_else(balance)
    }
}
